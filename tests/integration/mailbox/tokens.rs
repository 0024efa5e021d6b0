use super::*;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// What a provider was asked, and which tokens are good.
#[derive(Default)]
struct Provider {
    asked: Vec<HashMap<String, String>>,
    good: Vec<String>,
    lasts: u64,
    refuse: Option<&'static str>,
}

type Shared = Arc<Mutex<Provider>>;

async fn token(State(provider): State<Shared>, body: String) -> Json<serde_json::Value> {
    let mut provider = provider.lock().unwrap();
    let form: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    provider.asked.push(form);
    if let Some(error) = provider.refuse {
        return Json(json!({"error": error, "error_description": "AADSTS70008: expired\r\nTrace ID: 1"}));
    }
    let number = provider.asked.len();
    let token = format!("jeton-{number}");
    provider.good.push(token.clone());
    Json(json!({"access_token": token, "expires_in": provider.lasts, "refresh_token": format!("r{number}")}))
}

/// What Dovecot asks of a token.
async fn info(
    State(provider): State<Shared>,
    Query(query): Query<HashMap<String, String>>,
) -> (StatusCode, Json<serde_json::Value>) {
    let provider = provider.lock().unwrap();
    let good = query.get("access_token").is_some_and(|token| provider.good.contains(token));
    if good {
        (StatusCode::OK, Json(json!({"email": "jeton", "active": true})))
    } else {
        (StatusCode::UNAUTHORIZED, Json(json!({"error": "invalid_token"})))
    }
}

async fn provider() -> (Shared, u16) {
    let shared: Shared = Arc::new(Mutex::new(Provider { lasts: 3600, ..Provider::default() }));
    let app = Router::new().route("/token", post(token)).route("/info", get(info)).with_state(Arc::clone(&shared));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (shared, port)
}

/// A Dovecot that takes the provider's tokens and nothing else.
async fn by_token(provider: u16) -> (PrivateDovecot, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let file = folder.path().join("oauth2.conf");
    let url = format!("http://127.0.0.1:{provider}/info?access_token=");
    std::fs::write(&file, format!("tokeninfo_url = {url}\nusername_attribute = email\n")).unwrap();
    let more = format!(
        "auth_mechanisms = xoauth2 oauthbearer plain login\npassdb {{\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = {}\n}}",
        file.display()
    );
    (tokio::task::spawn_blocking(move || start(&["jeton"], &more)).await.unwrap(), folder)
}

fn fetched(server: &PrivateDovecot, provider: u16, folder: &TempDir, more: &str) -> Mailbox {
    let file = folder.path().join("refresh");
    if !file.exists() {
        std::fs::write(&file, "r0\n").unwrap();
    }
    let oauth = format!(
        "security = \"none\"\n[oauth]\ntoken_url = \"http://127.0.0.1:{provider}/token\"\nclient_id = \"appli\"\nclient_secret = \"s3cret&\"\nrefresh_token_file = {file:?}\n{more}"
    );
    settings("127.0.0.1", server.port(), "jeton", &oauth)
}

#[tokio::test]
async fn a_token_is_fetched_kept_and_its_new_refresh_token_written() {
    let (shared, port) = provider().await;
    let (server, folder) = by_token(port).await;
    server.deliver("jeton", "INBOX", b"Subject: x\r\n\r\ny").unwrap();
    let mailboxes = ImapMailboxes::new(&[fetched(&server, port, &folder, "scope = \"imap\"")]);
    for _ in 0..3 {
        let mut session = mailboxes.open("support").await.unwrap();
        assert_eq!(session.select("INBOX", true).await.unwrap().exists, 1);
        session.close().await;
    }
    let asked = shared.lock().unwrap().asked.clone();
    assert_eq!(asked.len(), 1, "the token was not kept: {asked:?}");
    for (name, value) in
        [("grant_type", "refresh_token"), ("refresh_token", "r0"), ("client_secret", "s3cret&"), ("scope", "imap")]
    {
        assert_eq!(asked[0][name], value);
    }
    assert_eq!(std::fs::read_to_string(folder.path().join("refresh")).unwrap(), "r1");
    // Another start of the service uses the new one; an expired token is fetched anew.
    shared.lock().unwrap().lasts = 1;
    let mailboxes = ImapMailboxes::new(&[fetched(&server, port, &folder, "")]);
    for _ in 0..2 {
        mailboxes.open("support").await.unwrap().close().await;
    }
    let asked = shared.lock().unwrap().asked.clone();
    assert_eq!(asked.iter().map(|form| form["refresh_token"].as_str()).collect::<Vec<_>>(), ["r0", "r1", "r2"]);
}

#[tokio::test]
async fn a_token_that_was_taken_back_is_replaced_once() {
    let (shared, port) = provider().await;
    let (server, folder) = by_token(port).await;
    let mailboxes = ImapMailboxes::new(&[fetched(&server, port, &folder, "")]);
    mailboxes.open("support").await.unwrap().close().await;
    shared.lock().unwrap().good.clear();
    // Dovecot itself remembers nothing of tokens here.
    mailboxes.open("support").await.unwrap().close().await;
    assert_eq!(shared.lock().unwrap().asked.len(), 2);
}

#[tokio::test]
async fn a_refused_refresh_token_says_what_to_do_and_holds_no_secret() {
    let (shared, port) = provider().await;
    let (server, folder) = by_token(port).await;
    shared.lock().unwrap().refuse = Some("invalid_grant");
    let error = refused(fetched(&server, port, &folder, "")).await;
    assert_says(&error, Blast::Configuration, &["sign in anew", "refresh_token_file", "AADSTS70008"]);
    assert!(!error.message.contains("s3cret") && !error.message.contains("r0"), "{error}");
    shared.lock().unwrap().refuse = Some("temporarily_unavailable");
    assert_eq!(refused(fetched(&server, port, &folder, "")).await.blast, Blast::System);
}

#[tokio::test]
async fn tokens_come_from_a_program_or_a_file_too() {
    let (shared, port) = provider().await;
    let (server, folder) = by_token(port).await;
    shared.lock().unwrap().good = vec!["du-programme".to_owned(), "du-fichier".to_owned()];
    let file = folder.path().join("token");
    std::fs::write(&file, "du-fichier\n").unwrap();
    let by = |oauth: &str| {
        settings("127.0.0.1", server.port(), "jeton", &format!("security = \"none\"\noauth = {{ {oauth} }}"))
    };
    for oauth in [&format!("token_file = {file:?}"), "token_command = [\"sh\", \"-c\", \"echo; echo du-programme\"]"] {
        ImapMailboxes::new(&[by(oauth)])
            .open("support")
            .await
            .unwrap_or_else(|error| panic!("{oauth}: {error}"))
            .close()
            .await;
    }
    let error = refused(by("token_command = [\"sh\", \"-c\", \"exit 3\"]")).await;
    assert_says(&error, Blast::System, &["token_command failed", "run sh as the service's user"]);
    let error = refused(by("token_command = [\"/nulle/part\"]")).await;
    assert_says(&error, Blast::Configuration, &["cannot be run"]);
    let error = refused(by("token_command = [\"echo\", \"mauvais\"]")).await;
    assert_says(&error, Blast::Configuration, &["refuses jeton", "token"]);
}
