//! Every Gestan user has a contact of its own: found, or made where that is granted, and never twice.

use super::{one, refer_with, referring, settle, standing, told};
use crate::follow_up::ask;
use gestan_connector::flows::reference::Standing;
use gestan_connector::flows::tickets::PassOptions;

const FIND: &str = "[gateway.psp]\ngroup = 3";
const CREATE: &str = "[gateway.psp]\ngroup = 3\ncreate = true";

#[tokio::test]
async fn where_none_may_be_made_those_that_are_missing_are_listed_and_one_made_by_hand_is_found() {
    let mut world = referring(FIND).await;
    let report = settle(&world).await;
    let missing: Vec<String> = told(&report).into_iter().filter(|told| told.ends_with("psp-contact-missing")).collect();
    assert_eq!(missing, ["technician LRO psp-contact-missing", "technician PDU psp-contact-missing"]);
    let waiting = standing(&world, Standing::Waiting).await;
    assert!(
        waiting.iter().any(|line| line.starts_with("technician PDU") && line.contains("login is PDU")),
        "{waiting:?}"
    );
    // A supplier of the same category, and another contact with that login, are no user's.
    for (group, login) in [(3, "XYZ"), (1, "PDU"), (3, "pdu")] {
        world.erp.run(format!("INSERT INTO CONTACT (PRENOM, NOMFAMILLE, EMAILP, RAISON_SOCIALE, LOGIN, CTG_CONTACT, ICLTPRO, IARCHIVE) VALUES ('Paul', 'Durand', 'paul@sav.fr', '', '{login}', {group}, 1, 0)")).await.unwrap();
    }
    world.erp.run("UPDATE CONTACT SET EMAILP = CONCAT(LOGIN, CTG_CONTACT, '@x.fr'), NOMFAMILLE = CONCAT(LOGIN, CTG_CONTACT) WHERE LOGIN <> '' AND NOT (LOGIN = 'pdu' AND CTG_CONTACT = 3)").await.unwrap();
    let report = settle(&world).await;
    assert!(!told(&report).contains(&"technician PDU psp-contact-missing".to_owned()), "{:?}", told(&report));
    let company = one(&world, "c.name", "tusers u JOIN tcompany c ON c.id = u.company WHERE u.login = 'paul'").await;
    assert_eq!(company, "Paul Durand");
    assert_eq!(ask(&world, "login", "tusers WHERE mail = 'paul@sav.fr'").await, ["paul"], "no second account");
}

#[tokio::test]
async fn where_it_is_granted_each_user_in_use_gets_one_and_another_pass_makes_none() {
    let mut world = referring(CREATE).await;
    world.erp.user("OLD", ("Ann", "Cien"), "ann@sav.fr").await.unwrap();
    world.erp.run("UPDATE USER SET IARCHIVE = 1 WHERE CDUSER = 'OLD'").await.unwrap();
    let plan = refer_with(&world, PassOptions { dry_run: true, ..PassOptions::default() }).await;
    assert_eq!(told(&plan).iter().filter(|told| told.ends_with("psp-contact-create")).count(), 2);
    let count = "SELECT CONCAT_WS(' ', LOGIN, NOMFAMILLE, EMAILP, CTG_CONTACT, USCRE) FROM CONTACT WHERE LOGIN <> '' ORDER BY LOGIN";
    assert_eq!(world.erp.ask(count).await.unwrap(), Vec::<String>::new(), "a dry run makes none");
    settle(&world).await;
    let made = ["LRO Roy lea@sav.fr 3 GSC", "PDU Durand paul@sav.fr 3 GSC"];
    assert_eq!(world.erp.ask(count).await.unwrap(), made);
    settle(&world).await;
    assert_eq!(world.erp.ask(count).await.unwrap(), made);
    // One that was thrown away is made again, under the same promise.
    world.erp.run("DELETE FROM CONTACT WHERE LOGIN = 'LRO'").await.unwrap();
    settle(&world).await;
    assert_eq!(world.erp.ask(count).await.unwrap(), made);
}

#[tokio::test]
async fn a_colleagues_ticket_is_an_intervention_for_the_contact_of_its_user() {
    let mut world = referring(CREATE).await;
    settle(&world).await;
    let ticket = world.desk.open(world.lea, "Mon écran", "<p>Noir.</p>").await.unwrap();
    world.desk.attribute(ticket, world.paul, world.paul).await.unwrap();
    world.pass().await;
    let own = "SELECT CAST(i.IDINTERVENTION AS CHAR) FROM INTERVENTION i JOIN CONTACT c ON c.IDCONTACT = i.IDCONTACT WHERE c.LOGIN = 'LRO'";
    assert_eq!(world.erp.ask(own).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_company_that_people_chose_for_a_technician_stands() {
    let mut world = referring(CREATE).await;
    let own = world.desk.company("Notre société").await.unwrap();
    world.desk.run(format!("UPDATE tusers SET company = {own} WHERE login = 'lea'")).await.unwrap();
    settle(&world).await;
    let of = "u.login, c.name";
    let rows =
        ask(&world, of, "tusers u JOIN tcompany c ON c.id = u.company WHERE u.login IN ('lea', 'paul') ORDER BY u.id")
            .await;
    assert_eq!(rows, ["paul|Paul Durand", "lea|Notre société"]);
}
