//! What support staff looks for on the page: tickets by words, activity, the money report.

use super::{HOSTILE, Site, settings, shop};
use crate::service::free_address;
use crate::support::World;
use gestan_connector::demo::sandbox::code;
use reqwest::StatusCode;
use reqwest::header::LOCATION;

#[tokio::test]
async fn a_ticket_is_found_by_its_number_title_client_requester_technician_and_equipment() {
    let address = free_address();
    let mut world = World::with(&settings(&address, "")).await;
    let shop = world.ticket("L'écran à 100% noir_gris", "<p>Noir</p>").await;
    world.desk.set(shop, "asset_id", &world.asset.to_string()).await.unwrap();
    let other = world.desk.open(world.requester, "Imprimante", "<p>Bac 2</p>").await.unwrap();
    world.desk.attribute(other, world.lea, world.lea).await.unwrap();
    let nobody = world.desk.person("bob", ("Bob", "Martin"), "bob@ailleurs.fr", 2, 0).await.unwrap();
    world.desk.open(nobody, HOSTILE, "<p>Oups</p>").await.unwrap();
    world.pass().await;
    let mut page = Site::of(world, &address).await;
    for number in ["1", "%20%231", "n%C2%B0%201"] {
        let answer = page.get(&format!("/page/search?q={number}")).await;
        assert_eq!(
            (answer.status, answer.headers[LOCATION].to_str().unwrap()),
            (StatusCode::SEE_OTHER, "/page/ticket/1")
        );
    }
    let numbers = |answer: &super::Answer| -> Vec<i64> {
        (1..=3).filter(|number| answer.says(&format!("/page/ticket/{number}\""))).collect()
    };
    for (asked, found) in [
        ("l'écran", vec![1]),
        ("ÉCRAN", vec![1]),
        ("100%", vec![1]),
        ("noir_", vec![1]),
        ("%", vec![1]),
        ("_", vec![1]),
        ("boulangerie hélène", vec![1, 2]),
        ("d'arc", vec![1, 2]),
        ("léa roy", vec![2]),
        ("durand boulangerie", vec![1]),
        ("srv-01", vec![1]),
        ("cz 1234", vec![1]),
        ("<script>alert('x')</script>", vec![3]),
        ("martin", vec![3]),
        ("martin boulangerie", vec![]),
        ("aucun", vec![]),
        ("' OR 1=1 -- ", vec![]),
        ("\\", vec![]),
        ("", vec![]),
    ] {
        let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", asked).finish();
        let answer = page.get(&format!("/page/search?{query}")).await;
        assert_eq!((answer.status, numbers(&answer)), (StatusCode::OK, found), "{asked}");
        assert!(!answer.says("<script") && !answer.says("<img"), "{answer:#?}");
    }
    let listed = page.get("/page/search?q=boulangerie").await;
    assert!(listed.says("intervention 1") && listed.says("Paul Durand") && listed.says("SRV-01"), "{listed:#?}");
    assert!(page.get("/page/search?q=zzz").await.says("No ticket was found"));
    page.language = "fr";
    assert!(page.get("/page/search?q=zzz").await.says("Aucun ticket trouvé"));
}

#[tokio::test]
async fn activity_of_any_period_is_told_by_day_state_technician_and_client_with_charts() {
    let address = free_address();
    let mut world = World::with(&settings(&address, "")).await;
    let done = world.ticket("Caisse", "<p>x</p>").await;
    world.desk.set_time(done, 95).await.unwrap();
    world.desk.close(done, world.paul).await.unwrap();
    world.ticket("Écran", "<p>x</p>").await;
    let nobody = world.desk.person("bob", ("Bob", "Martin"), "bob@ailleurs.fr", 2, 0).await.unwrap();
    world.desk.open(nobody, "Sans client", "<p>x</p>").await.unwrap();
    let mut page = Site::of(world, &address).await;
    let march = page.get("/page/activity?from=2026-03-01&to=2026-03-31").await;
    assert_eq!(march.status, StatusCode::OK);
    assert!(
        march.says("<b>3</b> opened") && march.says("<b>1</b> resolved") && march.says("<b>1 h 35</b>"),
        "{march:#?}"
    );
    assert!(march.says("Paul Durand") && march.says("Boulangerie Hélène") && march.says("By state"), "{march:#?}");
    assert!(
        march.says("<svg viewBox=\"0 0 720 180\" role=\"img\"") && march.says("<rect class=\"bar2\""),
        "{march:#?}"
    );
    assert!(!march.says(" style="), "the policy would drop it: {march:#?}");
    let today = page.get("/page/activity").await;
    assert!(today.says("No ticket was opened or resolved in this period."), "{today:#?}");
    let odd = page.get("/page/activity?from=%22%3E%3Cscript%3E&to=9999-99-99").await;
    assert!(odd.status == StatusCode::OK && !odd.says("<script"), "{odd:#?}");
    let ages = page.get("/page/activity?from=0001-01-01&to=9999-12-31").await;
    assert!(ages.status == StatusCode::OK && ages.says("<b>3</b> opened"), "{ages:#?}");
}

#[tokio::test]
async fn the_money_report_is_made_on_the_button_only() {
    let address = free_address();
    let mut world = World::with(&settings(&address, "")).await;
    let undone = world.ticket("Remis à terminé", "<p>x</p>").await;
    world.desk.set(undone, "billable", "1").await.unwrap();
    world.desk.set_time(undone, 40).await.unwrap();
    world.desk.close(undone, world.paul).await.unwrap();
    world.pass().await;
    world.erp.set_status(1, code::DONE).await.unwrap();
    let mut page = Site::of(world, &address).await;
    let before = page.get("/page/money").await;
    assert!(before.says("takes a minute or more") && !before.says("Remis à terminé"), "{before:#?}");
    let made = page.get("/page/money?since=&patience=31&make=1").await;
    assert!(made.says("Billable tickets that Gestan would not bill (1)") && made.says("Remis à terminé"), "{made:#?}");
    assert!(made.says("/page/ticket/1\"") && made.says("0 h 40") && made.says("−0 h 40"), "{made:#?}");
    let later = page.get("/page/money?since=2027-01-01&make=1").await;
    assert!(later.says("Nothing to mend: 0 closed tickets"), "{later:#?}");
    page.language = "fr";
    let french = page.get("/page/money?make=1").await;
    assert!(french.says("Tickets facturables que Gestan ne facturerait pas (1)"), "{french:#?}");
}

#[tokio::test]
async fn what_cannot_be_asked_now_is_told_on_the_page() {
    let address = free_address();
    let mut page = Site::of(shop(&address, "").await, &address).await;
    page.program.desk.run("RENAME TABLE tincidents TO away").await.unwrap();
    for path in ["/page/search?q=caisse", "/page/activity", "/page/money?make=1"] {
        let answer = page.get(path).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(answer.says("This cannot be shown now") && answer.says("tincidents"), "{answer:#?}");
    }
}
