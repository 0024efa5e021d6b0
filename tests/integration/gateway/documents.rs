//! Documents: stored once, listed with those of people, read back, and never from outside the folder.

use super::{Answer, CONTENT, CREATE, DOCUMENT, DOCUMENTS, Served, TOKEN};
use gestan_connector::flows::tickets::Interventions as _;
use gestan_connector::gestan::GatewayClient;
use gestan_connector::gestan::contract::DocumentPut;
use gestan_connector::model::sha256_hex_of;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

impl Served {
    pub(super) async fn put_document(&self, number: i64, id: &str, name: &str, content: &[u8]) -> Answer {
        self.put_document_as(number, id, name, content, &sha256_hex_of(content)).await
    }

    async fn put_document_as(&self, number: i64, id: &str, name: &str, content: &[u8], sha256: &str) -> Answer {
        let mut url: reqwest::Url =
            format!("{}/v1/tickets/gestsup/{number}/1/documents/{id}", self.base).parse().unwrap();
        let query = [("name", name), ("sha256", sha256), ("at", "2026-03-02T08:00:00Z")];
        url.query_pairs_mut().extend_pairs(query);
        let request = self.http.put(url).bearer_auth(TOKEN).body(content.to_vec());
        let response = request.send().await.unwrap();
        let (status, kind) = (response.status(), response.headers()["content-type"].to_str().unwrap().to_owned());
        let body: Value = response.json().await.unwrap();
        self.contract.check(DOCUMENT, "put", status.as_u16(), &kind, &body);
        Answer { status, etag: None, body }
    }

    pub(super) async fn documents(&self, number: i64) -> Answer {
        let path = format!("/v1/tickets/gestsup/{number}/1/documents");
        self.call(Method::GET, &path, DOCUMENTS, &[], None).await
    }

    /// The bytes of a document, or the problem.
    pub(super) async fn content(&self, number: i64, document: i64) -> Result<Vec<u8>, Value> {
        let path = format!("{}/v1/tickets/gestsup/{number}/1/documents/{document}/content", self.base);
        let response = self.http.get(path).bearer_auth(TOKEN).send().await.unwrap();
        let (status, kind) = (response.status(), response.headers()["content-type"].to_str().unwrap().to_owned());
        if status.is_success() {
            assert_eq!(kind, "application/octet-stream");
            return Ok(response.bytes().await.unwrap().to_vec());
        }
        let body: Value = response.json().await.unwrap();
        self.contract.check(CONTENT, "get", status.as_u16(), &kind, &body);
        Err(body)
    }

    fn contact(&self) -> PathBuf {
        self.folder.path().join(format!("CONTACT_{}", self.client))
    }

    /// Names of the files of the client.
    fn files(&self) -> Vec<String> {
        let Ok(folder) = std::fs::read_dir(self.contact()) else { return Vec::new() };
        let mut names: Vec<String> = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[tokio::test]
async fn a_file_is_stored_once_however_often_it_is_sent() {
    let served = Served::new().await;
    let shared = std::fs::Permissions::from_mode(0o2775);
    std::fs::set_permissions(served.folder.path(), shared).unwrap();
    served.put(1, &CREATE, &served.new_intervention()).await;
    let stored = served.put_document(1, "file:12", "../Écran noir 🎉.PNG", b"abc").await;
    assert_eq!(stored.status, StatusCode::CREATED, "{}", stored.body);
    assert_eq!((&stored.body["id"], &stored.body["size"]), (&json!("file:12"), &json!(3)));
    let row = served
        .column("SELECT CONCAT_WS('|', CDUSER, LIB100, FILEREF, IDCONTACT, IDPROJET, DT_DOC, TRGCIBLE, COMMENTAIRE, USCRE, USMOD, DHCRE = DHMOD) AS v FROM DOCUMENT")
        .await;
    let file = served.files()[0].clone();
    assert!(file.starts_with("Écran noir _-") && file.ends_with(".png"), "{file}");
    let expected =
        format!("GSC|../Écran noir .PNG|{file}|{}|1|2026-03-02|INT1|Ticket GestSup n°1|GSC|GSC|1", served.client);
    assert_eq!(row, [expected]);
    assert_eq!(std::fs::read(served.contact().join(&file)).unwrap(), b"abc");
    let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(served.contact()), mode(served.contact().join(&file))), (0o2775, 0o664), "as open as the folder");
    for _ in 0..2 {
        let again = served.put_document(1, "file:12", "../Écran noir 🎉.PNG", b"abc").await;
        assert_eq!((again.status, &again.body), (StatusCode::OK, &stored.body));
    }
    let same = served.put_document(1, "picture:ab", "image-1.png", b"abc").await;
    assert_eq!(
        (same.status, &same.body["document"]),
        (StatusCode::CREATED, &stored.body["document"]),
        "the same content"
    );
    let other = served.put_document(1, "file:13", "Écran noir.png", b"abcd").await;
    assert_ne!(other.body["document"], stored.body["document"]);
    assert_eq!(
        (served.files().len(), served.column("SELECT COUNT(*) AS v FROM DOCUMENT").await),
        (2, vec!["2".to_owned()])
    );
    let changed = served.put_document(1, "file:12", "Écran noir.png", b"other").await;
    assert_eq!(changed.problem(), "invalid");
    assert!(changed.body["detail"].as_str().unwrap().contains("another content"), "{}", changed.body);
}

#[tokio::test]
async fn the_same_file_sent_at_once_is_stored_once() {
    let served = Served::new().await;
    served.put(1, &CREATE, &served.new_intervention()).await;
    let content = vec![7; 200_000];
    let puts = (0..8).map(|number| {
        let id = if number % 2 == 0 { "file:1" } else { "file:2" };
        served.put_document(1, id, "a.bin", &content)
    });
    let answers = futures::future::join_all(puts).await;
    assert!(
        answers
            .iter()
            .all(|answer| answer.status.is_success() && answer.body["document"] == answers[0].body["document"])
    );
    assert_eq!(served.files().len(), 1);
    assert_eq!(
        served.column("SELECT COUNT(*) AS v FROM DOCUMENT UNION ALL SELECT COUNT(*) FROM Z90_DOCUMENT").await,
        ["1", "2"]
    );
}

#[tokio::test]
async fn documents_of_people_are_listed_and_read_and_no_path_leads_out_of_the_folder() {
    let mut served = Served::new().await;
    served.put(1, &CREATE, &served.new_intervention()).await;
    served.put_anomaly(2, &CREATE, &served.new_anomaly()).await;
    std::fs::create_dir_all(served.contact()).unwrap();
    std::fs::write(served.contact().join("Devis signé.pdf"), b"pdf").unwrap();
    std::fs::write(served.folder.path().join("secret.txt"), b"secret").unwrap();
    std::os::unix::fs::symlink("/etc/hostname", served.contact().join("lien.txt")).unwrap();
    let refs =
        ["Devis signé.pdf", "../secret.txt", "/etc/passwd", "..\\\\secret.txt", "absent.pdf", "lien.txt", "..", ""];
    for (index, file) in refs.iter().enumerate() {
        let sql = format!(
            "INSERT INTO DOCUMENT (IDDOCUMENT, LIB100, FILEREF, IDCONTACT, TRGCIBLE, DHCRE) VALUES ({}, 'D', '{file}', {}, 'INT1', NOW())",
            100 + index,
            served.client
        );
        served.erp.run(sql).await.unwrap();
    }
    let ours = served.put_document(1, "file:1", "photo.jpg", b"jpg").await;
    let listed = served.documents(1).await.body;
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), refs.len() + 1, "{listed}");
    assert_eq!((&items[0]["id"], &items[0]["size"], &items[0]["sha256"]), (&json!(null), &json!(3), &json!(null)));
    assert_eq!(items.iter().filter(|item| item["size"].is_null()).count(), refs.len() - 1);
    assert_eq!(items.last().unwrap(), &ours.body);
    assert_eq!(served.content(1, 100).await.unwrap(), b"pdf");
    for document in 101..=107 {
        let problem = served.content(1, document).await.unwrap_err();
        assert_eq!(problem["status"], 404, "{document}: {problem}");
    }
    let added = served.get("/v1/documents?source=gestsup&cursor=0").await.body;
    let keys: Vec<i64> =
        added["items"].as_array().unwrap().iter().map(|item| item["document"].as_i64().unwrap()).collect();
    assert_eq!(keys, (100..108).collect::<Vec<i64>>(), "those of people: {added}");
    assert_eq!((&added["items"][0]["size"], &added["items"][1]["size"]), (&json!(3), &json!(null)));
    assert_eq!((&added["items"][0]["number"], &added["last"]), (&json!(1), &added["newest"]));
    let page = served.get("/v1/documents?source=gestsup&cursor=100&limit=2").await.body;
    assert_eq!((page["items"].as_array().unwrap().len(), &page["last"]), (2, &json!(102)), "{page}");
    assert_eq!(served.get("/v1/documents?source=autre&cursor=0").await.body["items"], json!([]));
    assert_eq!(served.get("/v1/documents?source=gestsup").await.body["items"], json!([]), "only where to begin");
    assert_eq!(served.documents(2).await.body["items"], json!([]));
    let stranger = served.content(2, 100).await.unwrap_err();
    assert!(stranger["detail"].as_str().unwrap().contains("ticket 2 has no document 100"), "{stranger}");
    let of_anomaly = served.put_document(2, "file:1", "photo.jpg", b"jpg").await;
    assert_eq!(of_anomaly.status, StatusCode::CREATED, "each ticket has its own");
    assert_eq!(served.column("SELECT TRGCIBLE AS v FROM DOCUMENT ORDER BY IDDOCUMENT DESC LIMIT 1").await, ["ANO1"]);
}

#[tokio::test]
async fn a_file_that_is_not_to_be_stored_is_refused_in_a_sentence_and_leaves_nothing() {
    let served = Served::new().await;
    let nobody = served.put_document(1, "file:1", "a.png", b"x").await;
    assert_eq!((nobody.status, nobody.problem()), (StatusCode::NOT_FOUND, "not-found"));
    served.put(1, &CREATE, &served.new_intervention()).await;
    let program = served.put_document(1, "file:1", "Facture.pdf.EXE ", b"MZ").await;
    assert!(program.body["detail"].as_str().unwrap().contains("is a program or a script"), "{}", program.body);
    let cut = served.put_document_as(1, "file:1", "a.png", b"x", &sha256_hex_of(b"xy")).await;
    assert!(cut.body["detail"].as_str().unwrap().contains("did not arrive as it was sent"), "{}", cut.body);
    let id = served.put_document(1, "é", "a.png", b"x").await;
    assert_eq!(id.problem(), "invalid");
    let large = served.put_document(1, "file:1", "a.png", &vec![0; 1024 * 1024 + 1]).await;
    assert_eq!((large.status, large.problem()), (StatusCode::PAYLOAD_TOO_LARGE, "too-large"), "{}", large.body);
    let huge = served.put_document(1, "file:1", "a.png", &vec![0; 9 * 1024 * 1024]).await;
    assert_eq!((huge.status, huge.problem()), (StatusCode::PAYLOAD_TOO_LARGE, "too-large"), "{}", huge.body);
    assert_eq!(
        (served.files(), served.column("SELECT COUNT(*) AS v FROM DOCUMENT").await),
        (vec![], vec!["0".to_owned()])
    );
    // Its limit is its own, not that of other requests.
    let more = format!("[gateway.documents]\nfolder = \"{}\"\nmax_mib = 12\n", served.folder.path().display());
    let client = GatewayClient::embedded(super::gateway_of(&served.sandbox, &more).await);
    let key = gestan_connector::gestan::contract::TicketKey { source: "gestsup".into(), number: 1, sequence: 1 };
    let content = vec![1; 9 * 1024 * 1024];
    let put = DocumentPut { name: "Grand.zip".into(), sha256: sha256_hex_of(&content), at: None };
    let stored = client.put_document(&key, "file:9", put, content.clone()).await.unwrap();
    assert_eq!(client.document_content(&key, stored.document).await.unwrap(), content);
    assert_eq!(client.documents(&key).await.unwrap(), [stored]);
    // A share that is not mounted.
    let folder = served.folder.path().to_owned();
    std::fs::rename(&folder, folder.with_extension("away")).unwrap();
    let unmounted = served.put_document(1, "file:1", "a.png", b"x").await;
    std::fs::rename(folder.with_extension("away"), &folder).unwrap();
    assert_eq!((unmounted.status.as_u16(), unmounted.problem()), (500, "documents-folder"), "{}", unmounted.body);
    assert!(unmounted.body["detail"].as_str().unwrap().contains("check that it is mounted"));
    assert_eq!(served.put_document(1, "file:1", "a.png", b"x").await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn what_a_killed_put_left_half_written_is_cleaned_by_the_next_one_of_the_same_document() {
    let served = Served::new().await;
    served.put(1, &CREATE, &served.new_intervention()).await;
    served.put_document(1, "file:1", "a.png", b"one").await;
    let file = served.files()[0].clone();
    let suffix = file.strip_prefix("a-").unwrap().strip_suffix(".png").unwrap().to_owned();
    // As if that PUT had been killed after it wrote its file, and before.
    for table in ["DOCUMENT", "Z90_DOCUMENT"] {
        let url = served.sandbox.url(&served.sandbox.gestan);
        let mut base = <sqlx::MySqlConnection as sqlx::Connection>::connect(&url).await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(format!("DELETE FROM {table}"))).execute(&mut base).await.unwrap();
    }
    std::fs::write(served.contact().join(format!(".gestan-connector-{suffix}.part")), b"o").unwrap();
    let again = served.put_document(1, "file:1", "a.png", b"one").await;
    assert_eq!(again.status, StatusCode::CREATED);
    assert_eq!(served.files(), std::slice::from_ref(&file));
    assert_eq!(std::fs::read(served.contact().join(file)).unwrap(), b"one");
}
