//! Documents that Gestan's users add become files of the ticket, each once, and go no further.

use super::*;
use gestan_connector::flows::tickets::Memory as _;
use std::path::{Path, PathBuf};

/// Settings for files in both directions; the folders are GestSup's and Gestan's.
pub fn settings(upload: &Path, documents: &Path) -> String {
    std::fs::create_dir_all(upload.join("ticket")).unwrap();
    format!(
        "[documents]\nenabled = true\nfolder = \"{}\"\n[gateway.documents]\nfolder = \"{}\"\n",
        upload.display(),
        documents.display()
    )
}

/// A world with both folders, whose documents come back.
pub async fn bringing(more: &str, other: &str) -> World {
    let (upload, documents) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let other = format!("{other}\n{}", settings(upload.path(), documents.path()));
    let mut world = following(&format!("documents = \"private\"\n{more}"), &other).await;
    world.kept = vec![upload, documents];
    world
}

/// Files of tickets in GestSup's folder, with their contents.
pub fn uploaded(world: &World) -> Vec<String> {
    let folder = std::fs::read_dir(world.kept[0].path().join("ticket")).unwrap();
    let mut contents: Vec<String> =
        folder.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    contents.sort();
    contents
}

/// As Gestan's window adds a document to an intervention; the answer is where its file is to be.
pub async fn row(world: &mut World, intervention: i64, name: &str, file: &str) -> PathBuf {
    let sql = format!("SELECT CAST(IDCONTACT AS CHAR) FROM INTERVENTION WHERE IDINTERVENTION = {intervention}");
    let contact = world.erp.ask(sql).await.unwrap().pop().unwrap_or_else(|| "1".to_owned());
    let folder = world.kept[1].path().join(format!("CONTACT_{contact}"));
    std::fs::create_dir_all(&folder).unwrap();
    let sql = format!(
        "INSERT INTO DOCUMENT (LIB100, FILEREF, IDCONTACT, TRGCIBLE, CDUSER, DHCRE) VALUES ('{name}', '{file}', {contact}, 'INT{intervention}', 'LRO', NOW())"
    );
    world.erp.run(sql).await.unwrap();
    folder.join(file)
}

/// The same, with its file.
pub async fn add(world: &mut World, intervention: i64, name: &str, file: &str, content: &str) {
    let path = row(world, intervention, name, file).await;
    std::fs::write(path, content).unwrap();
}

async fn attached(world: &World) -> Vec<String> {
    ask(world, "ticket_id, real_filename", "tattachments ORDER BY id").await
}

async fn documents(world: &mut World) -> Vec<String> {
    let sql = "SELECT CONCAT_WS('|', LIB100, TRGCIBLE) FROM DOCUMENT ORDER BY IDDOCUMENT";
    world.erp.ask(sql).await.unwrap()
}

#[tokio::test]
async fn a_document_of_gestan_becomes_a_file_of_the_ticket_once_and_does_not_go_back() {
    let mut world = bringing("", "").await;
    let (ticket, intervention) = linked(&mut world).await;
    add(&mut world, intervention, "Devis signé", "devis-1.PDF", "signé").await;
    let report = cycle(&world).await;
    assert_eq!(
        told(&report),
        [format!("{ticket} done follow: to GestSup: file “Devis signe.pdf” (document 1); 1 new step")]
    );
    assert_eq!(attached(&world).await, [format!("{ticket}|Devis signe.pdf")]);
    assert_eq!(uploaded(&world), ["signé"]);
    let steps = steps(&world, ticket).await;
    let words = format!("Document ajouté dans Gestan par LRO (intervention n°{intervention}) : Devis signe.pdf");
    assert!(steps.len() == 1 && steps[0].starts_with("0|0|1|") && steps[0].contains(&words), "{steps:#?}");
    quiet(&mut world).await;
    assert_eq!(documents(&mut world).await, [format!("Devis signé|INT{intervention}")], "it did not go back");
    // What comes from the ticket goes to Gestan as before, and does not come back either.
    world.desk.attach(ticket, "photo.jpg").await.unwrap();
    let stored = ask(&world, "storage_filename", "tattachments ORDER BY id DESC LIMIT 1").await;
    std::fs::write(world.kept[0].path().join("ticket").join(&stored[0]), "photo").unwrap();
    cycle(&world).await;
    assert_eq!(documents(&mut world).await.len(), 2);
    quiet(&mut world).await;
    assert_eq!(attached(&world).await.len(), 2);
    assert_eq!(documents(&mut world).await.len(), 2);
}

#[tokio::test]
async fn a_document_from_before_of_somebody_else_or_of_no_ticket_stays_where_it_is() {
    let mut world = bringing("", "").await;
    let (_, intervention) = linked(&mut world).await;
    // Added while it was off.
    let mut world = world.altered("documents = \"private\"", "documents = \"off\"").await;
    cycle(&world).await;
    add(&mut world, intervention, "Avant", "avant.txt", "avant").await;
    let mut world = world.altered("documents = \"off\"", "documents = \"public\"").await;
    cycle(&world).await;
    add(&mut world, 99_999, "Sans ticket", "autre.txt", "autre").await;
    assert!(told(&cycle(&world).await).is_empty());
    add(&mut world, intervention, "Après", "apres.txt", "après").await;
    assert_eq!(told(&cycle(&world).await).len(), 1);
    assert_eq!(uploaded(&world), ["après"]);
    let private = ask(&world, "private", "tthreads WHERE dest_mail LIKE 'gestan:%'").await;
    assert_eq!(private, ["0"], "the requester sees it");
}

#[tokio::test]
async fn a_missing_file_is_told_and_tried_again_and_what_may_not_come_is_left_out() {
    let mut world = bringing("", "[mail.attachments]\nmax_mib = 1").await;
    let (ticket, intervention) = linked(&mut world).await;
    let late = row(&mut world, intervention, "En route", "route.txt").await;
    add(&mut world, intervention, "Gros", "gros.txt", &"x".repeat(1024 * 1024 + 1)).await;
    add(&mut world, intervention, "Programme", "programme.exe", "MZ").await;
    add(&mut world, intervention, "Bon", "bon.txt", "bon").await;
    let lines = told(&cycle(&world).await);
    for (line, words) in lines.iter().zip([
        "waiting file-missing: document 1 of Gestan, “En route”, waits: ",
        "reported file-refused: document 2 of Gestan, “Gros”, is left out: “Gros.txt” has 2 MiB",
        "reported file-refused: document 3 of Gestan, “Programme”, is left out: “Programme.exe”",
        "done follow: to GestSup: file “Bon.txt”",
    ]) {
        assert!(line.contains(words), "{words} is not in {lines:#?}");
    }
    assert!(told(&cycle(&world).await).is_empty(), "told once");
    assert_eq!(uploaded(&world), ["bon"]);
    std::fs::write(late, "arrivé").unwrap();
    use sqlx::Connection as _;
    let url = format!("sqlite://{}", world.state_path().display());
    let mut state = sqlx::SqliteConnection::connect(&url).await.unwrap();
    sqlx::query("UPDATE follow_up_document SET next_at = NULL").execute(&mut state).await.unwrap();
    assert_eq!(told(&cycle(&world).await).len(), 1);
    assert_eq!(uploaded(&world), ["arrivé", "bon"]);
    assert_eq!(attached(&world).await, [format!("{ticket}|Bon.txt"), format!("{ticket}|En route.txt")]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_leaves_nothing_half_done_and_a_lost_state_doubles_nothing() {
    let mut world = bringing("", "").await;
    let (ticket, intervention) = linked(&mut world).await;
    add(&mut world, intervention, "Devis", "devis.txt", "devis").await;
    let (folder, away) = (world.kept[0].path().join("ticket"), world.kept[0].path().join("away"));
    std::fs::rename(&folder, &away).unwrap();
    let lines = told(&cycle(&world).await);
    assert!(lines.len() == 1 && lines[0].contains("folder of uploaded files"), "{lines:#?}");
    assert!(attached(&world).await.is_empty() && steps(&world, ticket).await.is_empty());
    std::fs::rename(&away, &folder).unwrap();
    let state = world.state_path();
    let url = format!("sqlite://{}", state.display());
    {
        use sqlx::Connection as _;
        let mut base = sqlx::SqliteConnection::connect(&url).await.unwrap();
        sqlx::query("UPDATE follow_up_document SET next_at = NULL").execute(&mut base).await.unwrap();
    }
    cycle(&world).await;
    assert_eq!(attached(&world).await.len(), 1);
    // The state is lost: the marks of the steps say what came from Gestan.
    let links = world.site.store().links(&[ticket]).await.unwrap();
    assert!(links[0].documents.values().any(|known| known.document == Some(1)), "{links:#?}");
    let mut world = world.altered("state.db", "other.db").await;
    for _ in 0..2 {
        cycle(&world).await;
    }
    assert_eq!(attached(&world).await.len(), 1);
    assert_eq!(documents(&mut world).await, [format!("Devis|INT{intervention}")]);
}
