//! Texts that are stored as nobody wrote them.

use crate::support::{World, at};
use gestan_connector::demo::help_desk::{Mail, MailHeader};

#[tokio::test]
async fn a_title_that_was_cut_inside_an_entity_does_not_show_its_remains() {
    let mut world = World::with("[mapping.texts]\nhead = [\"{title}\"]").await;
    let ticket = world.ticket(&format!("{}l'imprimante", "x".repeat(95)), "<p>x</p>").await;
    let stored = world.desk.form(ticket).await.unwrap();
    assert!(stored.get("title").ends_with("xl&#03"), "{}", stored.get("title"));
    world.pass().await;
    let memo = world.memo().await;
    assert!(memo.starts_with(&format!("{}l\n", "x".repeat(95))), "{memo}");
    assert_eq!(world.only().await.title, format!("{}…", "x".repeat(49)));
}

#[tokio::test]
async fn a_list_row_reads_as_it_was_typed_however_often_it_was_encoded() {
    let more =
        "[mapping.genre]\nrules = [{ when = { category = \"Câbles d'alim & \\\"co\\\"\" }, genre = \"installation\" }]";
    let mut world = World::with(more).await;
    let twice = world.desk.category("Câbles d'alim & \"co\"").await.unwrap();
    world.desk.run("INSERT INTO tcategory (name) VALUES ('Câbles d&#039;alim &amp; &quot;co&quot;')").await.unwrap();
    for category in [twice, twice + 1] {
        let ticket = world.ticket("Un", "<p>x</p>").await;
        world.desk.set(ticket, "category", &category.to_string()).await.unwrap();
        let plan = world.plan().await;
        let operation = plan.records.last().unwrap().operation.as_ref().unwrap();
        let genre = operation.changes.iter().find(|change| change.field.as_str() == "genre");
        assert_eq!(genre.map(|change| change.to.to_string()).as_deref(), Some("installation"), "{category}");
    }
}

#[tokio::test]
async fn what_a_program_sent_as_html_or_as_text_reads_as_it_was_meant() {
    let mut world = World::new().await;
    let title = "Température > 40° & \"alerte\"";
    let ticket =
        world.desk.open_by_api("helene@helene.fr", 1, title, "<h2>Alerte</h2><p>Salle <b>2</b></p>").await.unwrap();
    world.desk.attribute(ticket, world.paul, world.paul).await.unwrap();
    world.desk.comment_by_api(ticket, world.paul, "si a < b && c > d alors <nom>").await.unwrap();
    world.desk.comment_by_api(ticket, world.paul, "Ligne 1\nLigne 2").await.unwrap();
    world.pass().await;
    assert_eq!(world.only().await.title, title);
    let memo = world.memo().await;
    for text in ["Alerte", "Salle 2", "si a < b && c > d alors <nom>", "Ligne 1\nLigne 2"] {
        assert!(memo.contains(text), "{text}: {memo}");
    }
    assert!(!memo.contains("<p>") && !memo.contains("h2>"), "{memo}");
}

/// GestSup stores an emoji as `????`. These stay: a person may have typed them, GestSup's own pages show
/// them, and one sign or none would say something else ("Merci ?" is a question, "Vraiment" is none).
#[tokio::test]
async fn an_emoji_that_gestsup_lost_reads_in_the_erp_as_it_reads_in_gestsup() {
    let mut world = World::new().await;
    let ticket = world.ticket("Merci 👍", "<p>Super 🎉🎉</p>").await;
    world.desk.comment(ticket, world.paul, "<p>Vraiment ????</p>").await.unwrap();
    world.pass().await;
    assert_eq!(world.only().await.title, "Merci ????");
    let memo = world.memo().await;
    assert!(memo.contains("Super ????????") && memo.contains("Vraiment ????"), "{memo}");
    world.settled().await;
}

#[tokio::test]
async fn the_block_before_a_mail_is_left_out_in_every_language_of_gestsup() {
    let mut world = World::new().await;
    let languages = [
        ["De", "Envoyé le", "Destinataire(s)", "Copie", "Objet", "Message"],
        ["Of", "Send it", "Recipient (s)", "Copy", "Object", "Mail"],
        ["Von", "Gesendet am", "Empfänger", "Kopie", "Gegenstand", "Nachricht"],
        ["De", "Enviado el", "Destinatario (s)", "Copia", "Objeto", "Mensaje"],
    ];
    let to = vec!["une.adresse.assez.longue@client.fr"; 120].join(", ");
    for labels in languages {
        let header = MailHeader { labels, to: &to, copy: "Jean <jean@client.fr>, b@client.fr" };
        let sent = at("2026-03-02T08:00:00");
        let html = "Bonjour,\nTout est noir.";
        let mail = Mail { sender: world.requester, from: "helene@helene.fr", subject: "Panne : noir", html, sent };
        let ticket = world.desk.open_by_mail(&mail, Some(header)).await.unwrap();
        assert_eq!(world.read(ticket).await.description.to_plain(), "Bonjour,\nTout est noir.", "{}", labels[0]);
    }
}

#[tokio::test]
async fn megabytes_of_pasted_images_leave_a_short_memo() {
    let mut world = World::new().await;
    let image = |size: usize| format!("<img src=\"data:image/png;base64,{}\" />", "QUJD".repeat(size));
    let ticket = world.ticket("Capture", &format!("<p>Voir</p>{}", image(500_000))).await;
    let text = format!("<p>Avant</p>{}<p>Entre</p>{}<p>Après</p>", image(300_000), image(300_000));
    let step = world.desk.comment(ticket, world.paul, &text).await.unwrap();
    world.converge(&["1 create +description +step +step +step +step"]).await;
    let seen = world.only().await;
    assert!(seen.memo.len() < 10_000, "{}", seen.memo.len());
    assert!(["Voir", "Avant", "Entre", "Après"].iter().all(|word| seen.memo.contains(word) || word.contains('è')));
    // Another picture, the same words: nothing to say.
    world.desk.edit_comment(step, &text.replace("QUJDQUJD", "REVGREVG")).await.unwrap();
    world.converge(&[]).await;
}
