//! The status page of the running service, asked as a browser asks.

mod browser;
mod buttons;
mod chrome;
mod looking;

use crate::commands::{Program, Service};
use crate::service::{NEVER, free_address};
use crate::support::World;
use reqwest::header::{HeaderMap, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, StatusCode};

/// A service with its page.
pub struct Site {
    pub program: Program,
    pub service: Service,
    pub address: String,
    client: Client,
    /// Sent with every request.
    pub cookies: String,
    pub language: &'static str,
    /// GestSup: a person who opens tickets.
    pub requester: i64,
}

/// What the page answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn says(&self, text: &str) -> bool {
        self.text.contains(text)
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// What the configuration of a page looks like; `more` belongs to `[service.page]`.
pub fn settings(address: &str, more: &str) -> String {
    format!("{NEVER}\n[service]\nlisten = \"{address}\"\n[service.page]\nenabled = true\n{more}")
}

impl Site {
    /// The page of a world that is as it is to be; its configuration came from [`settings`].
    pub async fn of(world: World, address: &str) -> Self {
        let requester = world.requester;
        let program = Program::on(world);
        let service = program.at_work(&[]).await;
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        Self {
            program,
            service,
            address: address.to_owned(),
            client,
            cookies: String::new(),
            language: "en",
            requester,
        }
    }

    pub async fn ask(&mut self, method: Method, path: &str, headers: &[(&str, &str)], form: &[(&str, &str)]) -> Answer {
        let mut request = self.client.request(method.clone(), format!("http://{}{path}", self.address));
        request = request.header("accept-language", self.language).header("cookie", &self.cookies);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if method == Method::POST {
            let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
            request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        }
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            self.cookies = format!("{pair}; {}", self.cookies);
        }
        let (status, headers) = (response.status(), response.headers().clone());
        Answer { status, headers, text: response.text().await.unwrap() }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[], &[]).await
    }

    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.ask(Method::POST, path, &[], form).await
    }
}

pub const HOSTILE: &str = "<script>alert('x')</script><img src=x onerror=alert(1)>";

/// A ticket in Gestan, one with a hostile title that waits for its client, and a pass over both.
pub async fn shop(address: &str, more: &str) -> World {
    let mut world = World::with(&settings(address, more)).await;
    world.ticket("Caisse en panne", "<p>Noir</p>").await;
    let nobody = world.desk.person("bob", ("Bob", "Martin"), "bob@ailleurs.fr", 2, 0).await.unwrap();
    let hostile = world.desk.open(nobody, HOSTILE, "<p>Oups</p>").await.unwrap();
    world.desk.attribute(hostile, world.paul, world.paul).await.unwrap();
    world.pass().await;
    world
}

#[tokio::test]
async fn the_overview_tells_what_is_in_step_and_what_waits_and_why_in_both_languages() {
    let address = free_address();
    let mut page = Site::of(shop(&address, "").await, &address).await;
    let root = page.get("/").await;
    assert_eq!((root.status, root.headers[LOCATION].to_str().unwrap()), (StatusCode::SEE_OTHER, "/page"));
    let english = page.get("/page").await;
    assert_eq!(english.status, StatusCode::OK);
    assert!(english.says("<html lang=\"en\">") && english.says("<b>1</b> tickets followed"), "{english:#?}");
    assert!(english.says("<b>1</b> waiting") && english.says("/page/ticket/2\""), "{english:#?}");
    assert!(english.says("<p class=\"quiet\" lang=\"en\">"), "the reason: {english:#?}");
    assert!(english.says("Reference data") && english.says("switched off"), "{english:#?}");
    page.language = "fr-FR,fr;q=0.9";
    let french = page.get("/page").await;
    assert!(french.says("<html lang=\"fr\">") && french.says("<b>1</b> tickets suivis"), "{french:#?}");
    assert!(french.says("Que faire") && !french.says("What to do"), "{french:#?}");
    assert!(french.says("<p class=\"quiet\">Aucun client de Gestan ne correspond"), "the reason too: {french:#?}");
    assert!(!french.says("lang=\"en\">No client"), "{french:#?}");
    let why = page.get("/page/ticket/1").await;
    assert!(
        why.says("<span>client du même nom</span>") && why.says("<p class=\"quiet\">nouveau dans Gestan"),
        "{why:#?}"
    );
    // A choice is kept, whatever the browser likes.
    let chosen = page.get("/page?lang=en").await;
    assert!(chosen.says("<html lang=\"en\">") && chosen.header("set-cookie").contains("SameSite=Lax; HttpOnly"));
    assert!(page.get("/page").await.says("<html lang=\"en\">"));
}

#[tokio::test]
async fn the_journal_is_filtered_by_ticket_client_flow_outcome_and_day() {
    let address = free_address();
    let mut page = Site::of(shop(&address, "").await, &address).await;
    let all = page.get("/page/journal").await;
    assert!(all.says("/page/ticket/1\"") && all.says("/page/ticket/2\""), "{all:#?}");
    let one = page.get("/page/journal?ticket=1&flow=tickets&outcome=done&from=2020-01-01&to=").await;
    assert!(one.says("/page/ticket/1\"") && !one.says("/page/ticket/2\""), "{one:#?}");
    let client = page.get("/page/journal?client=h%C3%A9l%C3%A8ne").await;
    assert!(client.says("/page/ticket/1\"") && !client.says("/page/ticket/2\""), "{client:#?}");
    assert!(client.says("<input name=\"client\" value=\"hélène\">"), "{client:#?}");
    assert!(page.get("/page/journal?client=Personne").await.says("holds nothing of the kind"));
    assert!(page.get("/page/journal?outcome=failed").await.says("holds nothing of the kind"));
    assert!(page.get("/page/journal?to=2020-01-01").await.says("holds nothing of the kind"));
    let odd = page.get("/page/journal?ticket=%22%3E%3Cscript%3E&from=never").await;
    assert!(odd.status == StatusCode::OK && !odd.says("<script"), "{odd:#?}");
}

#[tokio::test]
async fn a_tickets_page_tells_both_sides_what_was_agreed_and_which_rule_decided() {
    let address = free_address();
    let mut page = Site::of(shop(&address, "").await, &address).await;
    let linked = page.get("/page/ticket/1").await;
    assert_eq!(linked.status, StatusCode::OK);
    assert!(linked.says("<h1>Ticket n°1: Caisse en panne</h1>") && linked.says("Nothing: both sides agree."));
    assert!(linked.says("<li>intervention ") && linked.says("– followed</li>"), "{linked:#?}");
    assert!(linked.says("<span lang=\"en\">client of the same name"), "which rule decided: {linked:#?}");
    assert!(linked.says("<div class=\"memo\">Noir</div>") && linked.says("<summary>Show the memo"), "{linked:#?}");
    assert!(linked.says("<time datetime="), "dates read as dates: {linked:#?}");
    assert!(!linked.says("changed since"), "{linked:#?}");
    // What Gestan's users change shows as theirs.
    let mut erp = page.program.sandbox.erp().await.unwrap();
    erp.run("UPDATE INTERVENTION SET LIB50 = 'Caisse HS'").await.unwrap();
    let changed = page.get("/page/ticket/1").await;
    assert!(changed.says("class=\"differs\">Caisse HS <small>(changed since)"), "{changed:#?}");
    let waiting = page.get("/page/ticket/2").await;
    assert!(waiting.says("Nothing of it is in Gestan.") && waiting.says("<span class=\"mark waiting\">waits</span>"));
    assert!(waiting.says("What to do:") && !waiting.says("<script") && !waiting.says("<img"), "{waiting:#?}");
    page.language = "fr";
    let french = page.get("/page/ticket/1").await;
    assert!(french.says("Les valeurs, côte à côte") && french.says("<h1>Ticket n° 1 : Caisse en panne</h1>"));
    let unknown = page.get("/page/ticket/99").await;
    assert!(unknown.status == StatusCode::NOT_FOUND && unknown.says("Il n'y a pas de ticket n° 99"), "{unknown:#?}");
    for odd in ["/page/ticket/0", "/page/ticket/-1", "/page/ticket/%3Cscript%3E", "/page/ticket/99999999999999999999"] {
        assert_eq!(page.get(odd).await.status, StatusCode::NOT_FOUND, "{odd}");
    }
}

#[tokio::test]
async fn a_tickets_page_tells_what_is_remembered_while_a_system_is_down() {
    let address = free_address();
    let mut page = Site::of(shop(&address, "").await, &address).await;
    let mut erp = page.program.sandbox.erp().await.unwrap();
    erp.run("RENAME TABLE INTERVENTION TO INTERVENTION_GONE").await.unwrap();
    let shown = page.get("/page/ticket/1").await;
    assert!(shown.status == StatusCode::OK && shown.says("A system does not answer"), "{shown:#?}");
}

#[tokio::test]
async fn the_page_is_off_by_default_and_answers_under_its_own_names_only_with_strict_headers() {
    let address = free_address();
    let plain = format!("{NEVER}\n[service]\nlisten = \"{address}\"");
    let mut page = Site::of(World::with(&plain).await, &address).await;
    assert_eq!(page.get("/page").await.status, StatusCode::NOT_FOUND);
    assert_eq!(page.get("/").await.status, StatusCode::NOT_FOUND);
    assert_eq!(page.get("/healthz").await.status, StatusCode::OK);
    page.program.reconfigure("[service]", "[service.page]\nenabled = true\nhosts = [\"aide.example.fr\"]\n[service]");
    crate::commands::signal(&page.service, "-HUP");
    let client = page.client.clone();
    let url = format!("http://{address}/page");
    page.program.soon("the page is on", async || client.get(&url).send().await.unwrap().status() == 200).await;
    let shown = page.get("/page").await;
    let policy = shown.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'self'") && !policy.contains("unsafe"), "{policy}");
    assert!(!shown.says("<style") && !shown.says(" style=") && !shown.says("<script"), "{shown:#?}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cache-control", "no-store"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(shown.header(name), value, "{name}");
    }
    for (host, status) in [("evil.example", 403), ("127.0.0.1:1", 403), ("aide.example.fr", 200)] {
        assert_eq!(page.ask(Method::GET, "/page", &[("host", host)], &[]).await.status, status, "{host}");
    }
    assert_eq!(page.post("/page", &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
    let elsewhere = page.ask(Method::POST, "/page", &[("origin", "http://evil.example")], &[]).await;
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
    let sheet = page.get("/page/style.css").await;
    assert!(sheet.header("content-type").starts_with("text/css") && sheet.says("prefers-color-scheme: dark"));
}
