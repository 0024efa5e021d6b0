//! The buttons of the page: behind a password, with a token in each form, off unless the configuration has the password.

use super::{Answer, Site, settings, shop};
use crate::commands::signal;
use crate::service::free_address;
use crate::support::World;
use reqwest::header::LOCATION;
use reqwest::{Method, StatusCode};
use std::time::Duration;

pub const PASSWORD: &str = "Quatre mots assez longs";

pub fn with_password() -> String {
    format!("actions_password = \"{PASSWORD}\"\n")
}

/// The token that stands in the forms of a page.
fn token(answer: &Answer) -> String {
    let (_, rest) = answer.text.split_once("name=\"form\" value=\"").unwrap_or_else(|| panic!("no form: {answer:#?}"));
    rest.split('"').next().unwrap().to_owned()
}

fn location(answer: &Answer) -> &str {
    answer.headers.get(LOCATION).map_or("", |value| value.to_str().unwrap())
}

impl Site {
    /// Gives a password in the form; the answer.
    async fn give(&mut self, password: &str) -> Answer {
        let form = token(&self.get("/page/login?back=/page/ticket/2").await);
        self.post("/page/login", &[("form", &form), ("password", password), ("back", "/page/ticket/2")]).await
    }

    /// Presses a button with the token of the forms of a page.
    async fn press(&mut self, form: &str, what: &str, kind: &str, id: &str) -> Answer {
        let fields = [("form", form), ("what", what), ("kind", kind), ("id", id), ("back", "/page")];
        self.post("/page/action", &fields).await
    }
}

#[tokio::test]
async fn without_a_password_in_the_configuration_there_are_no_buttons() {
    let address = free_address();
    let mut page = Site::of(shop(&address, "").await, &address).await;
    for path in ["/page", "/page/ticket/2", "/page/mails"] {
        let shown = page.get(path).await;
        assert!(
            shown.status == StatusCode::OK && !shown.says("method=\"post\"") && !shown.says("/page/login"),
            "{path}"
        );
    }
    assert_eq!(page.get("/page/login").await.status, StatusCode::NOT_FOUND);
    assert_eq!(page.post("/page/login", &[("password", PASSWORD)]).await.status, StatusCode::NOT_FOUND);
    let pressed = page.press("", "retry", "", "2").await;
    assert_eq!((pressed.status, location(&pressed)), (StatusCode::SEE_OTHER, "/page/login?back=%2Fpage"));
}

#[tokio::test]
async fn the_password_opens_the_buttons_after_a_delay_for_wrong_ones() {
    let address = free_address();
    let mut page = Site::of(shop(&address, &with_password()).await, &address).await;
    let shown = page.get("/page").await;
    assert!(shown.says("href=\"&#x2f;page&#x2f;login?back=%2Fpage\"") && !shown.says("method=\"post\""), "{shown:#?}");
    let login = page.get("/page/login?back=https://evil.example").await;
    let cookie = login.header("set-cookie").to_owned();
    assert!(cookie.contains("; Path=/page; HttpOnly; SameSite=Strict") && !cookie.contains("Secure"), "{cookie}");
    assert!(login.says("name=\"back\" value=\"&#x2f;page\""), "nobody is led elsewhere: {login:#?}");
    let without_token = page.post("/page/login", &[("password", PASSWORD)]).await;
    assert_eq!(without_token.status, StatusCode::FORBIDDEN);
    let wrong = page.give("wrong").await;
    assert!(wrong.status == StatusCode::FORBIDDEN && wrong.says("This is not the password"), "{wrong:#?}");
    let hasty = page.give(PASSWORD).await;
    assert!(hasty.status == StatusCode::TOO_MANY_REQUESTS && hasty.says("try again in"), "{hasty:#?}");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let before = page.cookies.clone();
    let right = page.give(PASSWORD).await;
    assert_eq!((right.status, location(&right)), (StatusCode::SEE_OTHER, "/page/ticket/2"));
    assert!(page.get("/page").await.says("method=\"post\" action=\"/page/action\""));
    // The token from before the password is nobody's.
    let after = std::mem::replace(&mut page.cookies, before);
    assert!(!page.get("/page").await.says("method=\"post\""));
    page.cookies = after;
    let form = token(&page.get("/page").await);
    assert_eq!(page.post("/page/logout", &[("form", &form)]).await.status, StatusCode::SEE_OTHER);
    assert!(!page.get("/page").await.says("method=\"post\""));
}

#[tokio::test]
async fn a_button_needs_its_forms_token_and_a_form_of_this_page() {
    let address = free_address();
    let mut page = Site::of(shop(&address, &with_password()).await, &address).await;
    page.give(PASSWORD).await;
    let form = token(&page.get("/page/ticket/2").await);
    for wrong in ["", "0", &form.replace(char::is_numeric, "x")] {
        assert_eq!(page.press(wrong, "retry", "", "2").await.status, StatusCode::FORBIDDEN, "{wrong}");
    }
    let fields = [("form", form.as_str()), ("what", "retry"), ("id", "2"), ("back", "/page")];
    let elsewhere = page.ask(Method::POST, "/page/action", &[("origin", "http://evil.example")], &fields).await;
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
    for (what, kind, id) in [("retry", "", "--all"), ("run", "", "all"), ("undo", "", "1"), ("ignore", "x", "1")] {
        assert_eq!(page.press(&form, what, kind, id).await.status, StatusCode::BAD_REQUEST, "{what} {id}");
    }
    let (_, journal, _) = page.program.run(&["journal", "--json"]).await;
    assert!(!journal.contains("status page"), "{journal}");
    let pressed = page.press(&form, "retry", "", "2").await;
    assert_eq!((pressed.status, location(&pressed)), (StatusCode::SEE_OTHER, "/page"));
    // Another password ends what was begun with the one before.
    page.program.reconfigure(PASSWORD, "Un tout autre mot de passe");
    signal(&page.service, "-HUP");
    let (client, cookies) = (page.client.clone(), page.cookies.clone());
    let url = format!("http://{address}/page");
    let shut = async || {
        let shown = client.get(&url).header("cookie", &cookies).send().await.unwrap().text().await.unwrap();
        !shown.contains("action=\"/page/action\"")
    };
    page.program.soon("the buttons are gone", shut).await;
}

#[tokio::test]
async fn buttons_do_what_the_command_line_does_and_the_journal_tells_who_asked() {
    let address = free_address();
    let mut page = Site::of(shop(&address, &with_password()).await, &address).await;
    page.give(PASSWORD).await;
    let overview = page.get("/page").await;
    assert!(
        overview.says("aria-label=\"Try again – Ticket n°2\"") && overview.says("Run now – Tickets"),
        "{overview:#?}"
    );
    let form = token(&overview);
    page.press(&form, "retry", "", "2").await;
    let told = page.get("/page").await;
    assert!(told.says("<strong>Done.</strong>") && told.says("1 ticket is tried again on the next pass"), "{told:#?}");
    assert!(!page.get("/page").await.says("<strong>Done.</strong>"), "it is told once");
    // A pass at once, although the schedule means none.
    let ticket = page.program.desk.open(page.requester, "Écran noir", "<p>x</p>").await.unwrap();
    page.program.desk.attribute(ticket, page.program.paul, page.program.paul).await.unwrap();
    page.press(&form, "run", "", "tickets").await;
    let linked = async || page.program.run(&["status"]).await.1.contains("Linked tickets: 2 live");
    page.program.soon("the ticket is in Gestan", linked).await;
    page.press(&form, "ignore", "client", "1").await;
    let told = page.get("/page").await;
    assert!(told.says("<strong>Done.</strong>"), "{told:#?}");
    for (what, id, said) in [("replay", "99", "there is no mail 99"), ("run", "mail", "The flow mail is switched off.")]
    {
        page.press(&form, what, "", id).await;
        let told = page.get("/page").await;
        assert!(told.says("This could not be done.") && told.says(said), "{told:#?}");
    }
    let (_, journal, _) = page.program.run(&["journal"]).await;
    for said in [
        "`retry 2` was asked for on the status page",
        "`reference ignore client 1` was asked",
        "`sync tickets` was asked",
    ] {
        assert!(journal.contains(said), "{said}: {journal}");
    }
    let (_, explained, _) = page.program.run(&["explain", "page"]).await;
    assert!(explained.contains("status page"), "{explained}");
}

#[tokio::test]
async fn a_password_that_cannot_be_had_leaves_the_page_without_buttons() {
    let address = free_address();
    let more = "actions_password = { file = \"/nowhere/password\" }\n";
    let mut page = Site::of(World::with(&settings(&address, more)).await, &address).await;
    let shown = page.get("/page").await;
    assert!(shown.status == StatusCode::OK && !shown.says("/page/login"), "{shown:#?}");
}
