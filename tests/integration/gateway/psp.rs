//! Users' own contacts.

use super::{PSP_CONTACT, Served, gateway_of};
use gestan_connector::gestan::contract::PspMode;
use reqwest::{Method, StatusCode};
use std::sync::Arc;

#[tokio::test]
async fn without_its_table_nothing_is_done_and_without_the_grant_nothing_is_made() {
    let served = Served::new().await;
    let gateway = gateway_of(&served.sandbox, "").await;
    assert_eq!(gateway.psp_contact("PDU").await.unwrap_err().problem(None).code(), "unsupported");
    let gateway = gateway_of(&served.sandbox, "[gateway.psp]\ngroup = 3").await;
    let problem = gateway.psp_contact("PDU").await.unwrap_err().problem(None);
    assert_eq!((problem.status, problem.code()), (409, "not-granted"));
    assert!(problem.detail.contains("whose login is PDU"), "{}", problem.detail);
    assert_eq!(gateway.psp_contact("XXX").await.unwrap_err().problem(None).status, 404);
    assert_eq!(gateway.capabilities().await.unwrap().psp_contacts, PspMode::Find);
}

#[tokio::test]
async fn two_that_ask_at_once_get_the_same_contact() {
    let served = Served::new().await;
    let gateway = Arc::clone(&served.gateway);
    let ask = || {
        let gateway = Arc::clone(&gateway);
        tokio::spawn(async move {
            loop {
                match gateway.psp_contact("pdu").await {
                    Ok((client, _)) => break client,
                    // The one that came second gives way and asks again.
                    Err(fault) => assert!([409, 500].contains(&fault.problem(None).status)),
                }
            }
        })
    };
    let (one, other) = (ask(), ask());
    let (one, other) = (one.await.unwrap(), other.await.unwrap());
    assert_eq!((one.id, one.user.as_deref()), (other.id, Some("PDU")));
    assert_eq!(served.column("SELECT COUNT(*) AS v FROM CONTACT WHERE LOGIN = 'PDU'").await, ["1"]);
}

#[tokio::test]
async fn a_contact_that_lost_its_login_is_told_and_not_made_a_second_time() {
    let mut served = Served::new().await;
    let gateway = Arc::clone(&served.gateway);
    let put = async || served.call(Method::PUT, "/v1/users/PDU/psp-contact", PSP_CONTACT, &[], None).await;
    let (made, again) = (put().await, put().await);
    assert_eq!((made.status, again.status), (StatusCode::CREATED, StatusCode::OK));
    assert_eq!((&made.body, &made.body["name"]), (&again.body, &serde_json::json!("Paul Durand")));
    assert_eq!(served.get("/v1/contacts").await.body["items"], serde_json::json!([]), "no person beside the user");
    served.erp.run("UPDATE CONTACT SET LOGIN = '' WHERE LOGIN = 'PDU'").await.unwrap();
    let problem = gateway.psp_contact("PDU").await.unwrap_err().problem(None);
    assert_eq!((problem.status, problem.code()), (409, "linked"));
}
