//! Killed while a file is sent: it is in Gestan once, whole, and nothing else of it is left behind.

use super::program::Program;
use crate::support::World;
use gestan_connector::failpoint;
use std::path::Path;

const CONTENT: &[u8] = b"two pages of a contract";

/// A ticket with two files of the same content and one of another.
async fn begin() -> (World, Program) {
    let sandbox = crate::support::sandbox().await;
    let folder = tempfile::tempdir().unwrap();
    let more = format!(
        "[tickets]\nstart_at = \"2026-01-01T00:00:00\"\n\n[documents]\nenabled = true\nfolder = \"{0}/upload\"\n\n[gateway.documents]\nfolder = \"{0}/DOCUMENTS\"\n",
        folder.path().display()
    );
    let mut world = World::on(sandbox, &more).await;
    // The world's own folder lives as long as the world.
    let (upload, documents) = (folder.path().join("upload/ticket"), folder.path().join("DOCUMENTS"));
    std::fs::create_dir_all(&upload).unwrap();
    std::fs::create_dir_all(&documents).unwrap();
    let ticket = world.ticket("Contrat", "<p>Ci-joint</p>").await;
    for (name, content) in [("Contrat signé.pdf", CONTENT), ("Copie.pdf", CONTENT), ("Photo.jpg", b"jpg")] {
        world.desk.attach(ticket, name).await.unwrap();
        let sql = "SELECT storage_filename FROM tattachments ORDER BY id DESC LIMIT 1";
        let stored = world.desk.ask(sql.to_owned()).await.unwrap().remove(0);
        std::fs::write(upload.join(stored), content).unwrap();
    }
    world.kept.push(folder);
    let program = Program::on(&mut world).await;
    (world, program)
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            found.push((name, std::fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

/// What is in Gestan in the end: files with their contents, rows, and whose they are.
async fn end(world: &mut World) -> (Vec<(String, Vec<u8>)>, Vec<String>) {
    let gestan = world.sandbox.gestan.clone();
    let sql = format!(
        "SELECT CONCAT_WS('|', z.CLE, z.NOM, z.EMPREINTE, z.TAILLE, d.LIB100, d.FILEREF, d.TRGCIBLE, (SELECT COUNT(*) FROM {gestan}.DOCUMENT)) \
         FROM {gestan}.Z90_DOCUMENT z JOIN {gestan}.DOCUMENT d ON d.IDDOCUMENT = z.IDDOCUMENT ORDER BY z.CLE"
    );
    let rows = world.desk.ask(sql).await.unwrap();
    (files(&world.kept[0].path().join("DOCUMENTS")), rows)
}

#[tokio::test]
async fn killed_anywhere_while_files_are_sent_each_content_is_there_once_and_whole() {
    let (mut world, program) = begin().await;
    program.pass().await;
    program.settled().await;
    let undisturbed = end(&mut world).await;
    assert_eq!((undisturbed.0.len(), undisturbed.1.len()), (2, 3), "{undisturbed:?}");
    for place in failpoint::ALL.into_iter().filter(|place| place.contains("document")) {
        for when in ["", "1*off->"] {
            let (mut world, program) = begin().await;
            let ended = program.run_until(&format!("{place}={when}return"), &["sync", "--allow-mass-change"]).await;
            assert_eq!(ended.signal, Some(6), "{when}{place}: {}{}", ended.output, ended.errors);
            program.pass().await;
            program.settled().await;
            assert_eq!(end(&mut world).await, undisturbed, "{when}{place}");
        }
    }
}

#[tokio::test]
async fn a_gateway_that_is_killed_while_it_stores_a_file_stores_it_once() {
    let (mut world, program) = begin().await;
    program.pass().await;
    let undisturbed = end(&mut world).await;
    for place in failpoint::ALL.into_iter().filter(|place| place.starts_with("gateway: ") && place.contains("document"))
    {
        let (mut world, program) = begin().await;
        assert!(program.pass_while_gateway_ends(&format!("{place}=return")).await, "{place}");
        program.pass().await;
        program.settled().await;
        assert_eq!(end(&mut world).await, undisturbed, "{place}");
    }
}
