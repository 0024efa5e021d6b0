//! Files of tickets become documents in Gestan, each once, and one that cannot be sent holds nothing up.

use crate::support::{World, story};
use gestan_connector::flows::tickets::{Memory as _, Outcome};
use std::path::PathBuf;
use tempfile::TempDir;

/// A world with both folders.
struct Files {
    world: World,
    upload: TempDir,
    documents: TempDir,
}

impl Files {
    async fn new(more: &str) -> Self {
        let (upload, documents) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::create_dir(upload.path().join("ticket")).unwrap();
        let world = World::with(&format!(
            "[documents]\nenabled = true\nfolder = \"{}\"\n{more}\n[gateway.documents]\nfolder = \"{}\"\n",
            upload.path().display(),
            documents.path().display()
        ))
        .await;
        Self { world, upload, documents }
    }

    /// A file of the ticket: its row in GestSup, and its bytes in the upload folder.
    async fn attach(&mut self, ticket: i64, name: &str, content: &[u8]) -> PathBuf {
        let id = self.world.desk.attach(ticket, name).await.unwrap();
        let stored =
            self.world.desk.ask(format!("SELECT storage_filename FROM tattachments WHERE id = {id}")).await.unwrap();
        let path = self.upload.path().join("ticket").join(&stored[0]);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Label and target of every document in Gestan, and its content.
    async fn seen(&mut self) -> Vec<(String, String)> {
        let rows = self
            .world
            .erp
            .ask("SELECT CONCAT_WS('|', LIB100, TRGCIBLE, IDCONTACT, FILEREF) FROM DOCUMENT ORDER BY IDDOCUMENT")
            .await
            .unwrap();
        let content = |row: &str| {
            let parts: Vec<&str> = row.split('|').collect();
            let path = self.documents.path().join(format!("CONTACT_{}", parts[2])).join(parts[3]);
            let content = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
            (format!("{} {}", parts[0], parts[1]), content)
        };
        rows.iter().map(|row| content(row)).collect()
    }
}

#[tokio::test]
async fn files_and_pasted_pictures_of_a_ticket_become_documents_once() {
    let mut files = Files::new("").await;
    let ticket = files.world.ticket("Un", "<p>Voici : <img src=\"data:image/png;base64,aGVsbG8=\"></p>").await;
    files.attach(ticket, "Relevé d'été.txt", b"photo").await;
    let report = files.world.pass().await;
    assert_eq!(story(&report), ["1 create +description +step +step", "1 done documents"]);
    assert_eq!(report.records[1].message, "documents added: Relevé d'été.txt, image-1.png");
    files.world.settled().await;
    let id = files.world.only().await.id;
    assert_eq!(
        files.seen().await,
        [
            (format!("Relevé d'été.txt INT{id}"), "photo".to_owned()),
            (format!("image-1.png INT{id}"), "hello".to_owned())
        ]
    );
    // A file alone makes the ticket change.
    files.attach(ticket, "b.txt", b"two").await;
    assert_eq!(story(&files.world.pass().await), ["1 done documents"]);
    files.world.settled().await;
    assert_eq!(files.seen().await.len(), 3);
}

#[tokio::test]
async fn a_file_that_is_missing_too_large_or_not_taken_is_reported_once_and_the_rest_goes_through() {
    let mut files = Files::new("max_mib = 1").await;
    let ticket = files.world.ticket("Un", "<p>x</p>").await;
    let gone = files.attach(ticket, "perdu.txt", b"x").await;
    std::fs::remove_file(&gone).unwrap();
    files.attach(ticket, "gros.txt", &vec![b'x'; 1024 * 1024 + 1]).await;
    files.attach(ticket, "virus.exe", b"MZ").await;
    files.attach(ticket, "bon.txt", b"bon").await;
    let report = files.world.pass().await;
    assert_eq!(
        story(&report),
        ["1 create +description +step +step", "1 done documents", "1 reported document-missing"]
    );
    let message = &report.records[2].message;
    for part in
        ["“perdu.txt”: GestSup no longer has the file", "“gros.txt”: it has 2 MiB", "“virus.exe”", "sync --ticket 1"]
    {
        assert!(message.contains(part), "{part} is not in {message}");
    }
    files.world.settled().await;
    assert_eq!(files.seen().await.len(), 1);
    // Once it is back, and a person asks for it, it is sent.
    std::fs::write(&gone, b"retrouv\xc3\xa9").unwrap();
    let report = files
        .world
        .pass_with(gestan_connector::flows::tickets::PassOptions { only: vec![ticket], ..Default::default() })
        .await;
    assert_eq!(report.records[0].message, "documents added: perdu.txt");
    assert_eq!(files.seen().await.len(), 2);
}

#[tokio::test]
async fn a_folder_that_is_not_mounted_makes_files_wait_and_nothing_else() {
    let mut files = Files::new("").await;
    let ticket = files.world.ticket("Un", "<p>x</p>").await;
    files.attach(ticket, "a.txt", b"a").await;
    let away = files.upload.path().with_extension("away");
    std::fs::rename(files.upload.path(), &away).unwrap();
    let report = files.world.pass().await;
    assert_eq!(story(&report), ["1 create +description +step +step", "1 waiting upload-folder"]);
    let attention = files.world.site.store().attention().await.unwrap();
    assert!(attention[&ticket].reason.contains("cannot be read"), "{attention:?}");
    files.world.pass().await;
    let journal = files.world.site.store().journal(&Default::default()).await.unwrap();
    assert_eq!(journal.iter().filter(|entry| entry.action == "upload-folder").count(), 1, "told once");
    std::fs::rename(&away, files.upload.path()).unwrap();
    assert_eq!(story(&files.world.pass().await), ["1 done documents"]);
    files.world.settled().await;
    assert!(files.world.site.store().attention().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_name_in_gestsups_base_cannot_lead_out_of_the_upload_folder() {
    let mut files = Files::new("").await;
    let secret = files.upload.path().join("secret");
    std::fs::write(&secret, b"secret").unwrap();
    let ticket = files.world.ticket("Un", "<p>x</p>").await;
    for name in ["../secret", "/etc/passwd", "a/../../secret", ""] {
        let id = files.world.desk.attach(ticket, "a.txt").await.unwrap();
        files
            .world
            .desk
            .run(format!("UPDATE tattachments SET storage_filename = '{name}' WHERE id = {id}"))
            .await
            .unwrap();
    }
    std::os::unix::fs::symlink("/etc/passwd", files.upload.path().join("ticket/link")).unwrap();
    let id = files.world.desk.attach(ticket, "b.txt").await.unwrap();
    files.world.desk.run(format!("UPDATE tattachments SET storage_filename = 'link' WHERE id = {id}")).await.unwrap();
    let report = files.world.pass().await;
    assert!(report.records.iter().any(|record| record.outcome == Some(Outcome::Reported)), "{report:?}");
    assert!(files.seen().await.is_empty());
}

#[tokio::test]
async fn without_a_folder_beside_gestan_every_file_is_reported_and_the_ticket_goes_through() {
    let mut files = Files::new("").await;
    let ticket = files.world.ticket("Un", "<p>x</p>").await;
    files.attach(ticket, "a.txt", b"a").await;
    let upload = files.upload.path().display().to_string();
    files.world = files
        .world
        .reconfigured(&format!(
            "[tickets]\nstart_at = \"2026-01-01T00:00:00\"\n[documents]\nenabled = true\nfolder = \"{upload}\"\n"
        ))
        .await;
    let report = files.world.pass().await;
    assert_eq!(story(&report), ["1 create +description +step +step", "1 reported document-missing"], "{report:?}");
    files.world.settled().await;
}

#[tokio::test]
async fn a_second_intervention_gets_the_files_that_came_after_the_first() {
    let mut files = Files::new("").await;
    let ticket = files.world.ticket("Un", "<p>x</p>").await;
    files.attach(ticket, "a.txt", b"a").await;
    files.world.desk.set(ticket, "billable", "1").await.unwrap();
    files.world.desk.close(ticket, files.world.paul).await.unwrap();
    files.world.pass().await;
    let first = files.world.only().await.id;
    files.world.erp.set_status(first, gestan_connector::demo::sandbox::code::BILLED).await.unwrap();
    files.world.desk.reopen(ticket).await.unwrap();
    files.attach(ticket, "b.txt", b"b").await;
    files.world.pass().await;
    files.world.settled().await;
    let second = files.world.gestan().await[1].id;
    assert_eq!(
        files.seen().await.into_iter().map(|(name, _)| name).collect::<Vec<_>>(),
        [format!("a.txt INT{first}"), format!("b.txt INT{second}")]
    );
}
