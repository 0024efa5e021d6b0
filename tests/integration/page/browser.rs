//! The page in a real browser: people's ways through it, with an accessibility checker that finds nothing, in both
//! languages, light and dark, on a desk and on a phone. `PAGE_IMAGES=docs/images` makes the pictures of the guides.

use super::buttons::{PASSWORD, with_password};
use super::chrome::{Chrome, DESKTOP, LOOKS, PHONE, PHONE_DARK};
use super::{Site, settings};
use crate::service::free_address;
use crate::support::{World, at};
use gestan_connector::demo::sandbox::code;
use std::path::PathBuf;
use std::time::Duration;

/// The pages, by the names of their pictures.
const PAGES: [(&str, &str); 11] = [
    ("overview", "/page"),
    ("ticket", "/page/ticket/1"),
    ("ticket-waiting", "/page/ticket/7"),
    ("search", "/page/search?q=boulangerie"),
    ("activity", "/page/activity?from=2026-03-02&to=2026-03-20"),
    ("activity-today", "/page/activity"),
    ("money", "/page/money?make=1"),
    ("mails", "/page/mails"),
    ("journal", "/page/journal"),
    ("login", "/page/login"),
    ("unknown", "/page/ticket/99"),
];

/// Three weeks of a small shop: work done and to be billed, a machine, a client that Gestan does not know.
async fn shop(address: &str) -> World {
    let mut world = World::with(&settings(address, &with_password())).await;
    world.erp.client("Garage du Port", "contact@garage.fr").await.unwrap();
    let garage = world.desk.company("Garage du Port").await.unwrap();
    let yves = world.desk.person("yves", ("Yves", "Le Goff"), "yves@garage.fr", 2, garage).await.unwrap();
    let stories = [
        ("Caisse en panne depuis ce matin", 45, true, "2026-03-02T09:12:00"),
        ("L'imprimante de l'étage n'imprime plus", 30, false, "2026-03-03T14:40:00"),
        ("Installer deux postes", 240, true, "2026-03-06T10:00:00"),
        ("Sauvegarde en échec", 20, false, "2026-03-11T08:05:00"),
        ("Messagerie : quota dépassé", 15, false, "2026-03-17T16:20:00"),
    ];
    for (index, (title, minutes, billable, opened)) in stories.into_iter().enumerate() {
        world.desk.clock = at(opened);
        let (requester, technician) = if index % 2 == 0 { (world.requester, world.paul) } else { (yves, world.lea) };
        let ticket = world.desk.open(requester, title, "<p>Bonjour,</p><p>pouvez-vous regarder ?</p>").await.unwrap();
        world.desk.attribute(ticket, technician, technician).await.unwrap();
        world.desk.comment(ticket, technician, "<p>Vu sur place : pièce remplacée, essais bons.</p>").await.unwrap();
        world.desk.set(ticket, "billable", if billable { "1" } else { "0" }).await.unwrap();
        world.desk.set_time(ticket, minutes).await.unwrap();
        if index < 3 {
            world.desk.close(ticket, technician).await.unwrap();
        }
    }
    world.desk.clock = at("2026-03-18T09:00:00");
    world.desk.set(1, "asset_id", &world.asset.to_string()).await.unwrap();
    world.desk.open(world.requester, "Question sur la garantie", "<p>?</p>").await.unwrap();
    let nobody = world.desk.person("bob", ("Bob", "Martin"), "bob@ailleurs.fr", 2, 0).await.unwrap();
    let waiting = world.desk.open(nobody, "Écran <noir> & clavier", "<p>Tout est <b>noir</b>.</p>").await.unwrap();
    world.desk.attribute(waiting, world.lea, world.lea).await.unwrap();
    world.pass().await;
    // Somebody at Gestan did what makes findings.
    world.erp.set_status(1, code::DONE).await.unwrap();
    world.erp.run("UPDATE INTERVENTION SET LIB50 = 'Sauvegarde KO' WHERE IDINTERVENTION = 4").await.unwrap();
    world
}

async fn chrome_at(address: &str) -> (Site, Chrome) {
    let page = Site::of(shop(address).await, address).await;
    (page, Chrome::start().await)
}

#[tokio::test]
async fn people_find_their_way_by_clicks_and_the_buttons_do_what_they_say() {
    let address = free_address();
    let (page, chrome) = chrome_at(&address).await;
    chrome.look(DESKTOP).await;
    chrome.driver.goto(&format!("http://{address}/?")).await.unwrap();
    chrome.press("Français").await;
    chrome.shows("Vue d'ensemble").await;
    // The ticket that waits, its story, and its lines of the journal.
    chrome.press("7").await;
    chrome.is_at("/page/ticket/7").await;
    let told = chrome.shows("Que faire :").await;
    assert!(told.contains("Écran <noir> & clavier"), "{told}");
    chrome.press("Ses lignes du journal").await;
    chrome.is_at("/page/journal?ticket=7").await;
    // A search by words, and the memo of what was found.
    chrome.press("Recherche").await;
    chrome.fill("q", "caisse hélène").await;
    chrome.press("Rechercher").await;
    chrome.press("1").await;
    chrome.press("Afficher le mémo").await;
    chrome.shows("Temps passé : 45 min").await;
    // Activity of a period, then of today.
    chrome.press("Activité").await;
    chrome.driver.goto(&format!("http://{address}/page/activity?from=2026-03-01&to=2026-03-31")).await.unwrap();
    chrome.shows("Par technicien").await;
    chrome.press("aujourd'hui").await;
    chrome.shows("Aucun ticket ouvert ou résolu").await;
    // The money report, on its button.
    chrome.press("Facturation").await;
    chrome.shows("prend une minute ou plus").await;
    chrome.press("Établir le rapport").await;
    chrome.shows("Tickets facturables que Gestan ne facturerait pas (1)").await;
    // The password, once wrong, and the buttons.
    chrome.press("Vue d'ensemble").await;
    chrome.press("Se connecter").await;
    chrome.fill("password", "faux").await;
    chrome.press("Se connecter").await;
    chrome.shows("Ce n'est pas le mot de passe").await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    chrome.fill("password", PASSWORD).await;
    chrome.press("Se connecter").await;
    chrome.press("Réessayer").await;
    let done = chrome.shows("1 ticket is tried again").await;
    assert!(done.contains("Fait."), "{done}");
    chrome.press("Se déconnecter").await;
    chrome.shows("Se connecter").await;
    let (_, journal, _) = page.program.run(&["journal", "--ticket", "7"]).await;
    assert!(journal.contains("was asked for on the status page"), "{journal}");
}

#[tokio::test]
async fn every_page_is_without_findings_in_both_languages_light_and_dark_on_a_desk_and_on_a_phone() {
    let address = free_address();
    let (_page, chrome) = chrome_at(&address).await;
    let pictures = std::env::var_os("PAGE_IMAGES").map(PathBuf::from);
    // The checker itself is tried on a page that is wrong.
    chrome
        .driver
        .goto("data:text/html,<html><body><img src='x'><p style='color:%23ddd'>pale</p></body></html>")
        .await
        .unwrap();
    let known = chrome.findings().await.join(" ");
    for rule in ["image-alt", "color-contrast", "html-has-lang"] {
        assert!(known.contains(rule), "the checker does not see {rule}: {known}");
    }
    let mut wrong = Vec::new();
    // Without the password, then with the buttons.
    for acts in [false, true] {
        if acts {
            chrome.driver.goto(&format!("http://{address}/page/login?lang=fr")).await.unwrap();
            chrome.fill("password", PASSWORD).await;
            chrome.press("Se connecter").await;
            chrome.shows("Se déconnecter").await;
        }
        for (name, path) in PAGES.into_iter().filter(|(name, _)| !acts || ["overview", "ticket-waiting"].contains(name))
        {
            for language in ["fr", "en"] {
                let join = if path.contains('?') { '&' } else { '?' };
                for look in LOOKS {
                    chrome.look(look).await;
                    chrome.driver.goto(&format!("http://{address}{path}{join}lang={language}")).await.unwrap();
                    if let Some(folder) =
                        pictures.as_ref().filter(|_| language == "fr" && [DESKTOP, PHONE_DARK].contains(&look))
                    {
                        let acting = if acts { "-buttons" } else { "" };
                        chrome.picture(&folder.join(format!("page-{name}{acting}-{}.png", look.name))).await;
                    }
                    let found = chrome.findings().await;
                    wrong
                        .extend(found.into_iter().map(|finding| format!("{path} {language} {}: {finding}", look.name)));
                    if chrome.is_too_wide().await {
                        wrong.push(format!("{path} {language} {}: wider than the window", look.name));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} findings:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn the_page_works_where_scripts_are_forbidden() {
    let address = free_address();
    let (_page, chrome) = chrome_at(&address).await;
    chrome.look(PHONE).await;
    chrome.tell("Emulation.setScriptExecutionDisabled", serde_json::json!({ "value": true })).await;
    chrome.driver.goto(&format!("http://{address}/page/search?lang=fr")).await.unwrap();
    chrome.fill("q", "garage").await;
    chrome.press("Rechercher").await;
    chrome.shows("Garage du Port").await;
    let source = chrome.driver.source().await.unwrap();
    assert!(!source.contains("<script"), "{source}");
}
