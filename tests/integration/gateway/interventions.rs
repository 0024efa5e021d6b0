//! Interventions: created, changed, refused, linked, at once and in batches.

use super::{CREATE, LINK, Served, entry};
use gestan_connector::demo::sandbox::code;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn an_intervention_that_people_made_is_linked_once_and_nothing_else_of_it_changes() {
    let mut served = Served::new().await;
    let client = served.client;
    served
        .erp
        .run(format!("INSERT INTO INTERVENTION (IDCONTACT, LIB50, ST_INTER, LIB_INTERVENTION) VALUES ({client}, 'À la main', 1, 'Vu sur place')"))
        .await
        .unwrap();
    let before = served.erp.see_all().await.unwrap();
    let body = |creator: i64| json!({ "intervention": before[0].id, "origin": { "created": format!("2026-03-0{creator} 09:00:00"), "creator": creator, "first_step": null } });
    let link = async |number: i64, creator: i64| {
        let path = format!("/v1/tickets/gestsup/{number}/1/link");
        let answer = served.call(Method::PUT, &path, LINK, &[], Some(&body(creator))).await;
        (answer.status.as_u16(), answer.body)
    };
    let (status, state) = link(7, 3).await;
    assert_eq!((status, &state["memo"], &state["fields"]["title"]), (200, &json!("Vu sur place"), &json!("À la main")));
    assert_eq!(link(7, 3).await.0, 200, "repeating it changes nothing");
    let (status, problem) = link(8, 3).await;
    assert_eq!(status, 409);
    assert!(problem["detail"].as_str().unwrap().contains("belongs to ticket 7 already"), "{problem}");
    assert_eq!(link(7, 4).await.0, 409, "under another identity");
    assert_eq!(served.erp.see_all().await.unwrap(), before);
}

#[tokio::test]
async fn a_put_fills_gestans_columns_and_reads_back_as_it_was_given() {
    let mut served = Served::new().await;
    let created = served.put(1, &CREATE, &served.new_intervention()).await;
    let fields = &created.body["fields"];
    assert_eq!(fields["title"], "Écran noir", "what Windows-1252 cannot hold is dropped");
    assert_eq!(fields["planned_start"], "2026-07-02T08:30:00Z");
    assert_eq!(
        (&fields["status"], &fields["genre"], &fields["priority"]),
        (&json!("planned"), &json!("depannage"), &json!("haute"))
    );
    assert_eq!((&fields["machine"], &fields["team"], &fields["time_spent"]), (&json!(1), &json!(["PDU"]), &json!(12)));
    assert_eq!(created.body["memo"], "Ticket n°1\nHélène\nÉtape 1\nNoir");
    let rows = served
        .erp
        .run("UPDATE INTERVENTION SET USDEF_LIB = 'vu' WHERE DT_INTER_DBT = '2026-07-02' AND HR_DEBUT = '10:30:00' AND CLE_MACHINE_CIBLE = 'R1' \
              AND USCRE = 'GSC' AND USMOD = 'GSC' AND DHCRE IS NOT NULL AND DHMOD IS NOT NULL AND ID2GENRE_INTER = 1 AND ST_INTER = 0")
        .await;
    assert!(rows.is_ok());
    assert_eq!(served.erp.see_all().await.unwrap().len(), 1);
    let found = served
        .erp
        .run("INSERT INTO PROJET (NOMPROJET) SELECT USDEF_LIB FROM INTERVENTION WHERE USDEF_LIB = 'vu'")
        .await
        .unwrap();
    assert!(found > 0, "the columns hold what was expected");
}

#[tokio::test]
async fn repeating_a_put_changes_nothing_not_even_the_date_of_change() {
    let mut served = Served::new().await;
    let body = served.new_intervention();
    let created = served.put(1, &CREATE, &body).await;
    served.erp.run("UPDATE INTERVENTION SET DHMOD = '2020-01-01 00:00:00'").await.unwrap();
    let before = served.erp.see_all().await.unwrap();
    let again = body.clone();
    let etag = created.etag.unwrap();
    let repeated = served.put(1, &[("if-match", &etag)], &again).await;
    assert_eq!((repeated.status, repeated.etag.as_deref()), (StatusCode::OK, Some(etag.as_str())));
    assert_eq!(repeated.body["entries"]["step:1"]["outcome"], "unchanged");
    assert_eq!(served.erp.see_all().await.unwrap(), before);
}

#[tokio::test]
async fn a_write_on_another_state_than_the_one_read_is_refused_with_what_gestan_holds() {
    let mut served = Served::new().await;
    let body = served.new_intervention();
    let created = served.put(1, &CREATE, &body).await;
    let twice = served.put(1, &CREATE, &body).await;
    assert_eq!((twice.status, twice.problem()), (StatusCode::PRECONDITION_FAILED, "precondition-failed"));
    assert_eq!(twice.body["current"]["etag"], created.body["etag"]);
    served.erp.type_in_memo(created.body["id"].as_i64().unwrap(), "Note").await.unwrap();
    let stale = served.put(1, &[("if-match", created.etag.as_deref().unwrap())], &body).await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    assert!(stale.body["current"]["memo"].as_str().unwrap().ends_with("Note"));
    let absent = served.put(9, &[("if-match", "\"x\"")], &body).await;
    assert_eq!((absent.status, absent.body["current"].is_null()), (StatusCode::PRECONDITION_FAILED, true));
}

#[tokio::test]
async fn two_first_writes_at_once_make_one_intervention() {
    let mut served = Served::new().await;
    let body = served.new_intervention();
    let puts = (0..8).map(|_| served.put(1, &CREATE, &body));
    let answers = futures::future::join_all(puts).await;
    let created = answers.iter().filter(|answer| answer.status == StatusCode::CREATED).count();
    let refused = answers.iter().filter(|answer| answer.status == StatusCode::PRECONDITION_FAILED).count();
    assert_eq!((created, refused), (1, 7));
    assert_eq!(served.erp.see_all().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_billed_intervention_is_immutable_and_another_tickets_number_is_refused() {
    let mut served = Served::new().await;
    let mut body = served.new_intervention();
    let created = served.put(1, &CREATE, &body).await;
    served.erp.set_status(created.body["id"].as_i64().unwrap(), code::BILLED).await.unwrap();
    body["fields"] = json!({ "title": "Autre" });
    let refused = served.put(1, &[], &body).await;
    assert_eq!((refused.status, refused.problem()), (StatusCode::CONFLICT, "billed"));
    body["fields"] = json!({});
    assert_eq!(served.put(1, &[], &body).await.status, StatusCode::OK, "a write that changes nothing is none");
    body["origin"] = json!({ "created": "2026-09-09 09:00:00", "creator": 8, "first_step": null });
    let other = served.put(1, &[], &body).await;
    assert_eq!((other.status, other.problem()), (StatusCode::CONFLICT, "other-ticket"));
}

#[tokio::test]
async fn a_value_that_gestan_cannot_hold_names_the_field_and_writes_nothing() {
    let mut served = Served::new().await;
    for (field, value, says) in [
        ("client", json!(999), "Gestan has no client “999”"),
        ("technician", json!("XXX"), "Gestan has no user “XXX”"),
        ("technician", json!("TOOLONG"), "Gestan has no user"),
        ("product", json!("NO"), "Gestan has no product “NO”"),
        ("machine", json!(77), "Gestan has no machine “77”"),
        ("genre", json!("inconnu"), "[gateway.codes.genre]"),
        ("status", json!("code:x"), "[gateway.codes.status]"),
        ("time_spent", json!(40_000), "more than Gestan can hold"),
        ("title", Value::Null, "a new intervention needs its title"),
    ] {
        let mut body = served.new_intervention();
        body["fields"][field] = value;
        let answer = served.put(5, &CREATE, &body).await;
        let detail = answer.body["detail"].as_str().unwrap();
        assert_eq!((answer.status, answer.problem()), (StatusCode::UNPROCESSABLE_ENTITY, "invalid"), "{detail}");
        assert!(detail.contains(says), "{detail}");
    }
    assert_eq!(served.erp.see_all().await.unwrap(), []);
    let created = served.put(1, &CREATE, &served.new_intervention()).await;
    let other = served.erp.client("Autre", "").await.unwrap();
    let body = json!({ "origin": served.new_intervention()["origin"], "fields": { "client": other } });
    let moved = served.put(1, &[("if-match", created.etag.as_deref().unwrap())], &body).await;
    assert!(moved.body["detail"].as_str().unwrap().contains("client of an intervention cannot change"));
}

#[tokio::test]
async fn one_bad_item_of_a_batch_does_not_stop_the_others() {
    let mut served = Served::new().await;
    let item = |number: i64, body: Value| json!({ "key": { "source": "gestsup", "number": number, "sequence": 1 }, "precondition": "absent", "object": body });
    let mut bad = served.new_intervention();
    bad["fields"]["client"] = json!(999);
    let body = json!({ "items": [item(1, served.new_intervention()), item(2, bad), item(3, served.new_intervention()), item(3, served.new_intervention())] });
    let answer = served.call(Method::POST, "/v1/tickets:batch", "/v1/tickets:batch", &[], Some(&body)).await;
    let done: Vec<bool> =
        answer.body["results"].as_array().unwrap().iter().map(|result| result["ok"].is_object()).collect();
    assert_eq!(done, [true, false, true, false]);
    assert_eq!(served.erp.see_all().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_base_of_latin1_columns_holds_the_same_texts() {
    let mut served = Served::new().await;
    served.erp.run("ALTER TABLE INTERVENTION CONVERT TO CHARACTER SET latin1").await.unwrap();
    let created = served.put(1, &CREATE, &served.new_intervention()).await;
    assert_eq!((created.status, &created.body["fields"]["title"]), (StatusCode::CREATED, &json!("Écran noir")));
    let mut body = served.new_intervention();
    body["entries"] = json!([entry(2, "2026-03-02T09:00:00Z", "漢字 🎉 €")]);
    let etag = created.etag.unwrap();
    let updated = served.put(1, &[("if-match", &etag)], &body).await;
    assert!(updated.body["memo"].as_str().unwrap().ends_with("Étape 2\n漢字 🎉 €"), "{}", updated.body["memo"]);
}

#[tokio::test]
async fn a_write_that_is_dropped_half_way_leaves_nothing() {
    let mut served = Served::new().await;
    for microseconds in [300u64, 700, 1_200, 2_000, 3_000, 4_500] {
        let put = serde_json::from_value(served.new_intervention()).unwrap();
        let key = gestan_connector::gestan::contract::TicketKey { source: "gestsup".into(), number: 4, sequence: 1 };
        let work = served.gateway.put(&key, None, &put);
        let _ = tokio::time::timeout(Duration::from_micros(microseconds), work).await;
        let links = served.erp.run("DELETE FROM Z90_LINK").await;
        assert!(links.is_ok());
        let interventions = i64::try_from(served.erp.see_all().await.unwrap().len()).unwrap();
        let listed = served.get("/v1/tickets?source=gestsup").await.body["items"].as_array().unwrap().len();
        assert_eq!(interventions, i64::try_from(listed).unwrap(), "an intervention has its link, or neither is there");
    }
}
