//! The gateway over real HTTP on a real base.

use crate::contract::Contract;
use crate::support::{World, sandbox};
use gestan_connector::config::{self, Role};
use gestan_connector::daemon::embedded_gateway;
use gestan_connector::demo::erp::Erp;
use gestan_connector::demo::sandbox::{Sandbox, code};
use gestan_connector::flows::tickets::Interventions as _;
use gestan_connector::gateway::http::{self, serve};
use gestan_connector::gateway::{Gateway, memo::Memo};
use gestan_connector::gestan::GatewayClient;
use reqwest::{Client, Method, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const INTERVENTION: &str = "/v1/tickets/{source}/{number}/{sequence}/intervention";

/// A gateway that listens.
struct Served {
    sandbox: Sandbox,
    erp: Erp,
    gateway: Arc<Gateway>,
    base: String,
    http: Client,
    contract: Contract,
    client: i64,
    _stop: tokio_util::sync::DropGuard,
}

/// An answer.
struct Answer {
    status: StatusCode,
    etag: Option<String>,
    body: Value,
}

impl Answer {
    fn problem(&self) -> &str {
        self.body["type"].as_str().unwrap_or_default().rsplit(':').next().unwrap_or_default()
    }
}

async fn gateway_of(sandbox: &Sandbox, more: &str) -> Arc<Gateway> {
    let text = sandbox.config(std::path::Path::new("/nowhere/state.db"), more);
    let (config, _) = config::parse(&text, "test", Role::Daemon).map_err(|error| error.to_string()).unwrap();
    Arc::new(embedded_gateway(&config).unwrap())
}

impl Served {
    async fn new() -> Self {
        let sandbox = sandbox().await;
        let mut erp = sandbox.erp().await.unwrap();
        let client = erp.client("Boulangerie Hélène", "h@h.fr").await.unwrap();
        erp.user("PDU", ("Paul", "Durand"), "p@sav.fr").await.unwrap();
        erp.product("MO", "Main").await.unwrap();
        erp.machine("M1", "Serveur", "CZ1", client).await.unwrap();
        erp.project("Projet", client).await.unwrap();
        let gateway = gateway_of(&sandbox, "").await;
        gateway.install().await.unwrap();
        let listen: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let free = std::net::TcpListener::bind(listen).unwrap().local_addr().unwrap();
        let cancel = CancellationToken::new();
        let (served, stop) = (Arc::clone(&gateway), cancel.clone());
        tokio::spawn(async move { serve(served, free, SecretString::from(TOKEN), None, stop).await.unwrap() });
        let this = Self {
            sandbox,
            erp,
            gateway,
            base: format!("http://{free}"),
            http: Client::builder().no_proxy().build().unwrap(),
            contract: Contract::load(),
            client,
            _stop: cancel.drop_guard(),
        };
        for _ in 0..100 {
            if this.http.get(&this.base).send().await.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        this
    }

    /// A call whose answer is compared with the contract.
    async fn call(
        &self,
        method: Method,
        path: &str,
        template: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base)).bearer_auth(TOKEN);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (content_type, etag) = (text("content-type").unwrap_or_default(), text("etag"));
        assert!(text("x-request-id").is_some());
        let body: Value = response.json().await.unwrap();
        let method = method.as_str().to_lowercase();
        self.contract.check(template, &method, status.as_u16(), &content_type, &body);
        Answer { status, etag, body }
    }

    async fn get(&self, path: &str) -> Answer {
        let template = path.split('?').next().unwrap().to_owned();
        self.call(Method::GET, path, &template, &[], None).await
    }

    async fn put(&self, number: i64, headers: &[(&str, &str)], body: &Value) -> Answer {
        let path = format!("/v1/tickets/gestsup/{number}/1/intervention");
        self.call(Method::PUT, &path, INTERVENTION, headers, Some(body)).await
    }

    fn new_intervention(&self) -> Value {
        let body = json!({
            "origin": { "created": "2026-03-02 09:00:00", "creator": 7, "first_step": null },
            "url": "https://support.example.fr/index.php?page=ticket&id=1",
            "fields": {
                "title": "Écran noir 🎉", "client": self.client, "status": "planned", "technician": "PDU", "team": ["PDU"],
                "genre": "depannage", "priority": "haute", "machine": 1, "project": 1, "task": null, "product": "MO",
                "requester": "Hélène", "planned_start": "2026-07-02T08:30:00Z", "planned_end": null,
                "time_spent": 12, "load": 30,
            },
            "head": [[{ "text": "Ticket n°1" }], [{ "text": "Hélène" }]],
            "entries": [entry(1, "2026-03-02T08:00:00Z", "Noir")],
        });
        self.contract.check_request(INTERVENTION, "put", &body);
        body
    }
}

fn entry(id: i64, at: &str, text: &str) -> Value {
    json!({ "key": format!("step:{id}"), "at": at, "author": "Paul", "kind": "réponse", "minutes": 5, "mark": "none",
            "heading": format!("Étape {id}"), "text": [[{ "text": text, "bold": true }]] })
}

const LINK: &str = "/v1/tickets/{source}/{number}/{sequence}/link";
const CREATE: [(&str, &str); 1] = [("if-none-match", "*")];

#[tokio::test]
async fn every_answer_is_what_the_contract_says() {
    let served = Served::new().await;
    let mut seen: Vec<(String, String)> = Vec::new();
    for path in
        ["/v1/health", "/v1/capabilities", "/v1/clients", "/v1/machines", "/v1/users", "/v1/projects", "/v1/products"]
    {
        let answer = served.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        seen.push((path.to_owned(), "get".to_owned()));
    }
    let created = served.put(1, &CREATE, &served.new_intervention()).await;
    assert_eq!(created.status, StatusCode::CREATED);
    seen.push((INTERVENTION.to_owned(), "put".to_owned()));
    let got = served.call(Method::GET, "/v1/tickets/gestsup/1/1/intervention", INTERVENTION, &[], None).await;
    assert_eq!((got.status, &got.body["etag"]), (StatusCode::OK, &created.body["etag"]));
    seen.push((INTERVENTION.to_owned(), "get".to_owned()));
    let batch = json!({ "items": [
        { "key": { "source": "gestsup", "number": 2, "sequence": 1 }, "precondition": "absent", "intervention": served.new_intervention() },
        { "key": { "source": "gestsup", "number": 3, "sequence": 1 }, "precondition": { "match": "x" }, "intervention": served.new_intervention() },
    ] });
    served.contract.check_request("/v1/tickets:batch", "post", &batch);
    let answer = served.call(Method::POST, "/v1/tickets:batch", "/v1/tickets:batch", &[], Some(&batch)).await;
    assert!(answer.body["results"][0]["ok"].is_object() && answer.body["results"][1]["problem"].is_object());
    seen.push(("/v1/tickets:batch".to_owned(), "post".to_owned()));
    let tickets = served.get("/v1/tickets?source=gestsup&limit=1").await;
    assert_eq!((tickets.body["items"][0]["number"].as_i64(), tickets.body["next"].is_string()), (Some(1), true));
    seen.push(("/v1/tickets".to_owned(), "get".to_owned()));
    let records = served.get("/v1/interventions?since=2020-01-01T00:00:00").await;
    assert_eq!(records.body["items"][0]["ticket"]["number"], 1);
    seen.push(("/v1/interventions".to_owned(), "get".to_owned()));
    let key = |number: i64| json!({ "source": "gestsup", "number": number, "sequence": 1 });
    let states = json!({ "items": [
        { "key": key(1), "etag": created.body["etag"] }, { "key": key(2), "etag": "old" }, { "key": key(9), "etag": "x" },
    ] });
    served.contract.check_request("/v1/tickets:states", "post", &states);
    let answer = served.call(Method::POST, "/v1/tickets:states", "/v1/tickets:states", &[], Some(&states)).await;
    assert_eq!(
        (&answer.body["results"][0], &answer.body["results"][1]["changed"]["number"]),
        (&json!("unchanged"), &json!(2))
    );
    assert_eq!(answer.body["results"][2]["problem"]["status"], 404);
    seen.push(("/v1/tickets:states".to_owned(), "post".to_owned()));
    let link = json!({ "intervention": 999, "origin": { "created": "x", "creator": 7, "first_step": null } });
    served.contract.check_request(LINK, "put", &link);
    let answer = served.call(Method::PUT, "/v1/tickets/gestsup/5/1/link", LINK, &[], Some(&link)).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    seen.push((LINK.to_owned(), "put".to_owned()));
    let (mut all, mut seen) = (served.contract.operations(), seen);
    all.sort();
    seen.sort();
    assert_eq!(seen, all, "an operation of the contract was not tried");
}

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
    let mut again = body.clone();
    again["fields"]["title"] = json!("Écran noir");
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
    let item = |number: i64, body: Value| json!({ "key": { "source": "gestsup", "number": number, "sequence": 1 }, "precondition": "absent", "intervention": body });
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
async fn whoever_has_no_token_learns_nothing_and_bad_requests_are_explained() {
    let served = Served::new().await;
    let url = |path: &str| format!("{}{path}", served.base);
    for token in [None, Some("wrong"), Some("")] {
        let mut request = served.http.get(url("/v1/clients"));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert!(response.text().await.unwrap().contains("[gestan] token"));
    }
    let ask = async |method: Method, path: &str, body: String| {
        let request = served.http.request(method, url(path)).bearer_auth(TOKEN).body(body);
        let response = request.send().await.unwrap();
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        assert_eq!(kind, "application/problem+json", "{path}");
        (response.status().as_u16(), response.json::<Value>().await.unwrap()["detail"].as_str().unwrap().to_owned())
    };
    assert_eq!(ask(Method::GET, "/v1/nothing", String::new()).await.0, 404);
    assert_eq!(ask(Method::DELETE, "/v1/clients", String::new()).await.0, 405);
    assert_eq!(ask(Method::PUT, "/v1/tickets/gestsup/0/1/intervention", "{}".into()).await.0, 400);
    assert_eq!(ask(Method::PUT, "/v1/tickets/GestSup;/1/1/intervention", "{}".into()).await.0, 400);
    let (status, detail) = ask(Method::PUT, "/v1/tickets/gestsup/1/1/intervention", "{\"origin\": 1}".into()).await;
    assert!(status == 400 && detail.contains("origin") || detail.contains("Identity"), "{detail}");
    let (status, detail) = ask(Method::POST, "/v1/tickets:batch", "x".repeat(9 * 1024 * 1024)).await;
    assert!(status == 413 && detail.contains("max_body_kib"), "{status} {detail}");
    let (status, _) = ask(Method::GET, "/v1/clients?cursor=abc", String::new()).await;
    assert_eq!(status, 422);
}

#[tokio::test]
async fn lists_come_page_after_page_with_archived_records_marked() {
    let mut served = Served::new().await;
    for number in 0..7 {
        served.erp.client(&format!("Client {number}"), "").await.unwrap();
    }
    served.erp.run("UPDATE CONTACT SET IARCHIVE = 1 WHERE RAISON_SOCIALE = 'Client 3'").await.unwrap();
    served
        .erp
        .run("INSERT INTO CONTACT (NOMFAMILLE, PRENOM, EMAIL, RAISON_SOCIALE) VALUES ('Petit', 'Zoé', 'z@z.fr', '')")
        .await
        .unwrap();
    let (mut cursor, mut names, mut pages) = (String::new(), Vec::new(), 0);
    loop {
        let page = served.get(&format!("/v1/clients?limit=3{cursor}")).await;
        names.extend(
            page.body["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| (item["name"].as_str().unwrap().to_owned(), item["archived"] == true)),
        );
        pages += 1;
        match page.body["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!((names.len(), pages), (9, 4));
    assert!(
        names.contains(&("Client 3".to_owned(), true)) && names.contains(&("Zoé Petit".to_owned(), false)),
        "{names:?}"
    );
    let remote =
        GatewayClient::remote(&served.base, Some(SecretString::from(TOKEN)), None, Duration::from_secs(5)).unwrap();
    assert_eq!(remote.clients().await.unwrap().len(), 9);
}

#[tokio::test]
async fn a_base_without_the_extension_says_to_install_it_and_installing_twice_is_harmless() {
    let sandbox = sandbox().await;
    let gateway = gateway_of(&sandbox, "").await;
    let client = GatewayClient::embedded(Arc::clone(&gateway));
    assert!(!client.capabilities().await.unwrap().extension_installed);
    let key = gestan_connector::gestan::contract::TicketKey { source: "gestsup".into(), number: 1, sequence: 1 };
    let error = client.get(&key).await.unwrap_err().to_string();
    assert!(error.contains("gateway install"), "{error}");
    assert_eq!(gateway.install().await.unwrap(), ["Z90_TICKET", "Z90_STEP", "Z90_LINK"]);
    assert_eq!(gateway.install().await.unwrap(), Vec::<String>::new());
    assert!(client.capabilities().await.unwrap().extension_installed);
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

#[tokio::test]
async fn a_gateway_open_to_the_network_needs_a_certificate_and_serves_tls_with_one() {
    let served = Served::new().await;
    let open: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let refused =
        serve(Arc::clone(&served.gateway), open, SecretString::from(TOKEN), None, CancellationToken::new()).await;
    assert!(matches!(refused, Err(http::ServeError::NoTls(_))));
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
    let made = std::process::Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
        ])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .expect("openssl (apt-get install openssl)");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let tls = config::GatewayTls { certificate: certificate.clone(), key };
    let cancel = CancellationToken::new();
    let (gateway, stop) = (Arc::clone(&served.gateway), cancel.clone());
    let task = tokio::spawn(async move { serve(gateway, free, SecretString::from(TOKEN), Some(&tls), stop).await });
    let address = format!("https://localhost:{}", free.port());
    let trusting =
        GatewayClient::remote(&address, Some(SecretString::from(TOKEN)), Some(&certificate), Duration::from_secs(5))
            .unwrap();
    assert_eq!(trusting.health().await.unwrap().status, "ok");
    let wary = GatewayClient::remote(&address, Some(SecretString::from(TOKEN)), None, Duration::from_secs(5)).unwrap();
    assert!(wary.health().await.is_err(), "an unknown certificate is not trusted");
    let stranger =
        GatewayClient::remote(&address, Some(SecretString::from("x")), Some(&certificate), Duration::from_secs(5))
            .unwrap();
    let error = stranger.health().await.unwrap_err().to_string();
    assert!(error.contains("refuses the token"), "{error}");
    cancel.cancel();
    tokio::time::timeout(Duration::from_secs(10), task).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_base_that_is_down_is_told_from_one_that_refuses_the_account() {
    let served = Served::new().await;
    let text = served.sandbox.config(std::path::Path::new("/x/state.db"), "");
    let with = |from: &str, to: &str| {
        let (config, _) = config::parse(&text.replace(from, to), "t", Role::Daemon).unwrap();
        GatewayClient::embedded(Arc::new(embedded_gateway(&config).unwrap()))
    };
    let denied = with("passerelle", "faux").health().await.unwrap_err().to_string();
    assert!(denied.contains("refuses the gateway's account"), "{denied}");
    let port = text.lines().find(|line| line.starts_with("port")).unwrap().to_owned();
    let down = with(&port, "port = 1").health().await.unwrap_err().to_string();
    assert!(down.contains("does not answer") && down.contains("refused"), "{down}");
}

#[tokio::test]
async fn probing_shows_the_codes_in_use_with_examples_and_toml_to_paste() {
    let mut world = World::new().await;
    world.ticket("Caisse", "<p>x</p>").await;
    world.pass().await;
    world.erp.run("INSERT INTO PARAMLIB VALUES (31, 0, 'À planifier')").await.unwrap();
    let probe = embedded_gateway(world.site.config()).unwrap().probe().await.unwrap();
    let status = &probe.lists[0];
    assert_eq!(
        (status.column.as_str(), status.values[0].code, status.values[0].count),
        ("INTERVENTION.ST_INTER", Some(0), 1)
    );
    assert_eq!(
        (status.values[0].labels[0].as_str(), status.values[0].examples[0].as_str()),
        ("À planifier (type 31)", "Caisse")
    );
    let toml = probe.to_toml();
    assert!(
        toml.contains("[gateway.codes.status]\n# planned =")
            && toml.contains("# a_planifier = 0  # 1 rows, e.g. Caisse"),
        "{toml}"
    );
    toml::from_str::<toml::Table>(&toml).expect("it can be pasted");
    assert!(!Memo::parse(&world.only().await.memo).is_empty());
}
