//! What mails become.

use super::*;
use gestan_connector::demo::help_desk::state;

#[tokio::test]
async fn a_mail_becomes_a_ticket_as_gestsup_s_own_connector_would_write_it() {
    let desk = Desk::new().await;
    let letter =
        Letter::new("Hélène <helene@helene.fr>", "L'imprimante \"HP\" <bloque> & fume 😀", "Bonjour,\nTout est noir.")
            .with("Cc", "paul@sav.fr, qui@ailleurs.fr")
            .with("Date", "Mon, 02 Mar 2026 09:00:00 +0100")
            .id("a@x");
    desk.deliver(&letter);
    let report = desk.pass().await;
    assert_eq!((report.tickets, report.replies, report.looked_at), (1, 0, 1), "{report:#?}");
    let requester = desk.world.requester;
    let paul = desk.world.paul;
    let ticket = desk
        .ask(
            "user, creator, technician, state, criticality, techread, observer1, date_create = date_modif, title",
            "tincidents",
        )
        .await;
    let title = "L&#039;imprimante &quot;HP&quot; &lt;bloque&gt; &amp; fume ?";
    assert_eq!(ticket, [format!("{requester}|{requester}|0|5|4|0|{paul}|1|{title}")]);
    let text = desk.ask("description", "tincidents").await.remove(0);
    for words in [
        "<b>De :</b> helene@helene.fr<br />",
        "<b>Envoyé le : </b>",
        "<b>Copie :</b> paul@sav.fr, qui@ailleurs.fr",
        "Bonjour,<br />\nTout est noir.",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(desk.ask("type, author, ticket", "tthreads").await, ["6|0|1"]);
    assert_eq!(desk.post.marks(), "S", "it is marked as read");
    let again = desk.pass().await;
    assert_eq!((again.writes(), again.looked_at), (0, 0), "{again:#?}");
    let journal = desk.world.site.store().journal(&Default::default()).await.unwrap();
    assert_eq!(journal.len(), 1);
    assert!(journal[0].message.starts_with("Mail from helene@helene.fr, “L'imprimante"), "{}", journal[0].message);
}

#[tokio::test]
async fn an_answer_becomes_a_comment_and_reopens_a_closed_ticket_for_its_requester_only() {
    let mut desk = Desk::new().await;
    desk.deliver(&Letter::new("helene@helene.fr", "Imprimante", "En panne").id("a@x"));
    desk.pass().await;
    let (paul, requester) = (desk.world.paul, desk.world.requester);
    desk.world.desk.attribute(1, paul, paul).await.unwrap();
    desk.world.desk.close(1, paul).await.unwrap();
    let company = desk.ask("company", &format!("tusers WHERE id = {requester}")).await[0].parse().unwrap();
    let colleague = desk.world.desk.person("luc", ("Luc", "B"), "luc@helene.fr", 2, company).await.unwrap();
    let answer = |from: &str, id: &str, body: &str| {
        Letter::new(from, "Re: Imprimante", body).with("In-Reply-To", "<a@x>").id(id)
    };
    desk.deliver(&answer("luc@helene.fr", "b@x", "Ici aussi"));
    desk.deliver(&answer("paul@sav.fr", "c@x", "Je regarde"));
    desk.deliver(&answer(
        "helene@helene.fr",
        "d@x",
        "C'est revenu\n\nLe 2 mars 2026 à 09:00, Paul a écrit :\n> On a changé le bac\n",
    ));
    desk.deliver(&answer("etranger@ailleurs.fr", "e@x", "Moi, je n'ai rien à voir"));
    let report = desk.pass().await;
    assert_eq!((report.tickets, report.replies), (2, 2), "{report:#?}");
    assert_eq!(
        desk.told().await,
        [
            "ticket new Some(1)",
            "ticket follows Some(2)",
            "reply thread Some(1)",
            "reply thread Some(1)",
            "ticket new Some(3)"
        ]
    );
    assert_eq!(desk.ask("user", "tincidents WHERE id = 2").await, [colleague.to_string()]);
    assert!(desk.ask("description", "tincidents WHERE id = 2").await[0].contains("Suite du ticket <a href"));
    let steps = desk
        .ask("type, author, state, text", "tthreads WHERE ticket = 1 AND type IN (0, 5) AND id > 3 ORDER BY id")
        .await;
    let comments: Vec<&String> = steps.iter().filter(|step| step.starts_with("0|") || step.starts_with("5|")).collect();
    let tail: Vec<&str> = comments.iter().rev().take(3).rev().map(|step| step.as_str()).collect();
    assert_eq!(
        tail,
        [format!("0|{paul}|0|Je regarde"), format!("5|{requester}|2|"), format!("0|{requester}|0|C&#x27;est revenu")],
        "{steps:#?}"
    );
    let ticket = desk.ask("state, date_res, techread", "tincidents WHERE id = 1").await;
    assert_eq!(ticket, [format!("{}|0000-00-00 00:00:00|0", state::IN_PROGRESS)]);
    assert_eq!(desk.ask("real_filename", "tattachments WHERE ticket_id = 1").await, ["mail-complet.txt"]);
    let stored = desk.ask("storage_filename", "tattachments WHERE ticket_id = 1").await.remove(0);
    let whole = std::fs::read_to_string(desk.files().join(stored)).unwrap();
    assert!(whole.contains("> On a changé le bac"), "{whole}");
}

#[tokio::test]
async fn a_number_in_a_subject_is_checked_before_it_is_believed() {
    let desk = Desk::new().await;
    desk.deliver(&Letter::new("helene@helene.fr", "Imprimante", "En panne").id("a@x"));
    desk.pass().await;
    for (number, (from, subject)) in [
        ("helene@helene.fr", "RE: Ouverture pour le ticket n°1 : Imprimante"),
        ("helene@helene.fr", "Écran n°1 : noir"),
        ("etranger@ailleurs.fr", "RE: Ouverture pour le ticket n°1 : Imprimante"),
        ("helene@helene.fr", "RE: pour le ticket n°999999 : x"),
    ]
    .into_iter()
    .enumerate()
    {
        desk.deliver(&Letter::new(from, subject, "Oui").id(&format!("{number}@y")));
    }
    desk.pass().await;
    assert_eq!(
        desk.told().await,
        [
            "ticket new Some(1)",
            "reply subject Some(1)",
            "ticket new Some(2)",
            "ticket new Some(3)",
            "ticket new Some(4)"
        ]
    );
    assert!(desk.ask("id", "tthreads WHERE ticket = 999999").await.is_empty(), "no orphan");
}

#[tokio::test]
async fn rules_give_a_ticket_its_fields_and_an_attributed_one_is_an_intervention_after_one_command() {
    let rules = "[[mail.rules]]\nwhen = { subject = { matches = \"urgent\" } }\npriority = \"urgent\"\ntype = \"Incident\"\ntechnician = \"paul\"\n";
    let mut desk = Desk::with("", rules).await;
    desk.deliver(&Letter::new("helene@helene.fr", "URGENT : serveur", "Il ne démarre plus").id("a@x"));
    desk.pass().await;
    let paul = desk.world.paul;
    assert_eq!(desk.ask("technician, priority, type, state", "tincidents").await, [format!("{paul}|1|2|1")]);
    let steps = desk.ask("type, tech1, state", "tthreads ORDER BY id").await;
    assert_eq!(steps, ["6|0|0".to_owned(), format!("1|{paul}|0"), "5|0|1".to_owned()]);
    desk.world.pass().await;
    let seen = desk.world.only().await;
    assert_eq!(seen.technician, "PDU");
    let memo = desk.world.memo().await;
    assert!(memo.contains("Il ne démarre plus") && !memo.contains("Envoyé le"), "{memo}");
}

#[tokio::test]
async fn an_unknown_sender_of_a_client_s_domain_gets_an_account_of_that_client() {
    let desk = Desk::new().await;
    desk.deliver(&Letter::new("\"MARTIN Zoé\" <zoe@helene.fr>", "Bonjour", "Une question").id("a@x"));
    desk.deliver(&Letter::new("zoe@helene.fr", "Encore", "Une autre").id("b@x"));
    desk.deliver(&Letter::new("qui@ailleurs.fr", "Bonjour", "Une question").id("c@x"));
    desk.pass().await;
    let users = desk
        .ask(
            "login, mail, firstname, lastname, profile, password = '', company > 0",
            "tusers WHERE mail = 'zoe@helene.fr'",
        )
        .await;
    assert_eq!(users, ["zoe@helene.fr|zoe@helene.fr|Zoé|MARTIN|2|1|1"]);
    let tickets = desk
        .ask("t.user = u.id", "tincidents t LEFT JOIN tusers u ON u.mail = 'zoe@helene.fr' AND u.id > 0 ORDER BY t.id")
        .await;
    assert_eq!(tickets, ["1", "1", "0"]);
}

#[tokio::test]
async fn an_excluded_mail_is_told_of_and_can_be_taken_in_after_all() {
    let desk = Desk::with("", "[mail.exclude]\nsenders = [\"*@pub.example\"]\n").await;
    desk.deliver(&Letter::new("a@pub.example", "Promotion", "Achetez").id("a@x"));
    desk.deliver(
        &Letter::new("helene@helene.fr", "Absence", "Je reviens lundi")
            .with("Auto-Submitted", "auto-replied")
            .id("b@x"),
    );
    let report = desk.pass().await;
    assert_eq!((report.excluded, report.writes()), (2, 0));
    assert_eq!(desk.told().await, ["excluded blocked-sender None", "excluded auto-reply None"]);
    assert_eq!(desk.post.marks(), "", "they stay unread");
    let row = desk.rows().await.pop().unwrap();
    desk.world.site.replay_mail(row).await.unwrap();
    let report = desk.pass().await;
    assert_eq!(report.tickets, 1, "{report:#?}");
    assert_eq!(desk.told().await, ["ticket new Some(1)", "excluded auto-reply None"]);
    let row = desk.rows().await.pop().unwrap();
    let refused = desk.world.site.replay_mail(row).await.unwrap_err().to_string();
    assert!(refused.contains("is in ticket n°1"), "{refused}");
}

#[tokio::test]
async fn files_and_pictures_are_kept_as_gestsup_keeps_them_and_blocked_ones_are_named() {
    let desk = Desk::new().await;
    let body = "--b\nContent-Type: text/html; charset=utf-8\n\n<p>Voir <img src=\"cid:p@x\"></p><script>alert(1)</script>\n\
        --b\nContent-Type: image/png; name=p.png\nContent-ID: <p@x>\nContent-Disposition: inline\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n\
        --b\nContent-Type: application/pdf; name=\"=?utf-8?Q?Relev=C3=A9?=.pdf\"\nContent-Disposition: attachment\n\n%PDF\n\
        --b\nContent-Type: application/octet-stream; name=\"../../evil.php\"\nContent-Disposition: attachment\n\n<?php\n--b--";
    desk.deliver(
        &Letter::new("helene@helene.fr", "Photo", body).with("Content-Type", "multipart/mixed; boundary=b").id("a@x"),
    );
    desk.pass().await;
    let text = desk.ask("description", "tincidents").await.remove(0);
    assert!(text.contains("<img src=\"data:image/png;base64,iVBORw0KGgo=\""), "{text}");
    assert!(!text.contains("<script") && text.contains("Fichier non repris : evil.php"), "{text}");
    let files = desk
        .ask("ticket_id, real_filename, storage_filename REGEXP '^1_[0-9a-f]{32}$', LENGTH(uid)", "tattachments")
        .await;
    assert_eq!(files, ["1|Releve.pdf|1|32"]);
    let stored = desk.ask("storage_filename", "tattachments").await.remove(0);
    assert_eq!(std::fs::read_to_string(desk.files().join(stored)).unwrap().trim(), "%PDF");
    assert_eq!(std::fs::read_dir(desk.files()).unwrap().count(), 1, "nothing else was written");
}

#[tokio::test]
async fn a_dry_run_says_what_would_become_of_the_mails_and_leaves_them_alone() {
    let desk = Desk::new().await;
    desk.deliver(&Letter::new("helene@helene.fr", "Imprimante", "En panne").id("a@x"));
    let report = desk.pass_with(PassOptions { dry_run: true, ..PassOptions::default() }).await;
    assert_eq!((report.tickets, report.records.len()), (1, 1));
    assert!(desk.rows().await.is_empty() && desk.ask("id", "tincidents").await.is_empty());
    assert_eq!(desk.post.server.count(&desk.post.account, "INBOX"), 1);
    assert_eq!(desk.pass().await.tickets, 1);
}

#[tokio::test]
async fn a_mailbox_that_gestsup_reads_itself_is_left_alone() {
    let desk = Desk::new().await;
    let sql =
        format!("UPDATE tparameters SET imap = 1, imap_server = '127.0.0.1', imap_user = '{}'", desk.post.account);
    root(&desk.world, &sql).await;
    desk.deliver(&Letter::new("helene@helene.fr", "Imprimante", "En panne").id("a@x"));
    let refused = desk.world.site.take_mails(&PassOptions::default(), &CancellationToken::new()).await.unwrap_err();
    assert!(refused.to_string().contains("GestSup's own mail connector reads the mailbox support too"), "{refused}");
    assert!(desk.ask("id", "tincidents").await.is_empty());
}

#[tokio::test]
async fn an_answer_to_a_ticket_that_was_merged_goes_to_the_one_that_it_was_merged_into() {
    let mut desk = Desk::new().await;
    let requester = desk.world.requester;
    let company = desk.ask("company", &format!("tusers WHERE id = {requester}")).await[0].parse().unwrap();
    let luc = desk.world.desk.person("luc", ("Luc", "B"), "luc@helene.fr", 2, company).await.unwrap();
    desk.world.desk.person("autre", ("Zoé", "T"), "zoe@autre.fr", 2, 0).await.unwrap();
    desk.deliver(&Letter::new("helene@helene.fr", "Imprimante", "En panne").id("a@x"));
    desk.deliver(&Letter::new("luc@helene.fr", "Bac vide", "Rien ne sort").id("b@x"));
    desk.deliver(&Letter::new("zoe@autre.fr", "Chez nous aussi", "En panne").id("c@x"));
    desk.deliver(&Letter::new("luc@helene.fr", "Sans commentaire", "En panne").id("d@x"));
    desk.pass().await;
    let paul = desk.world.paul;
    for ticket in [2, 3] {
        desk.world.desk.comment(ticket, paul, "<p>Doublon.</p>").await.unwrap();
    }
    // By way of another one; and the newest ticket of all, of whose merge GestSup leaves no mark.
    desk.world.desk.merge(3, 2).await.unwrap();
    desk.world.desk.merge(2, 1).await.unwrap();
    desk.world.desk.merge(4, 1).await.unwrap();
    desk.world.desk.close(1, paul).await.unwrap();
    let answer = |from: &str, subject: &str, to: &str, id: &str| {
        let letter = Letter::new(from, subject, &format!("Suite {id}")).id(id);
        if to.is_empty() { letter } else { letter.with("In-Reply-To", to) }
    };
    desk.deliver(&answer("helene@helene.fr", "Re: Bac vide", "<b@x>", "e@x"));
    desk.deliver(&answer("luc@helene.fr", "RE: Ouverture pour le ticket n°2 : Bac vide", "", "f@x"));
    desk.deliver(&answer("zoe@autre.fr", "Re: Chez nous aussi", "<c@x>", "g@x"));
    desk.deliver(&answer("luc@helene.fr", "Re: Sans commentaire", "<d@x>", "h@x"));
    let report = desk.pass().await;
    assert_eq!((report.replies, report.tickets), (2, 2), "{report:#?}");
    assert_eq!(
        desk.told().await[4..],
        [
            "reply thread Some(1)",
            "reply subject Some(1)",
            // She has nothing to do with the ticket that hers became part of.
            "ticket new Some(5)",
            "ticket new Some(6)"
        ]
    );
    let steps =
        desk.ask("author, text", "tthreads WHERE ticket = 1 AND type = 0 AND text LIKE 'Suite%' ORDER BY id").await;
    assert_eq!(steps, [format!("{requester}|Suite e@x"), format!("{luc}|Suite f@x")]);
    assert_eq!(desk.ask("state", "tincidents WHERE id = 1").await, [state::IN_PROGRESS.to_string()], "open again");
    let told = desk.rows().await.into_iter().find(|row| row.message_id.as_deref() == Some("e@x")).unwrap();
    assert!(told.reason.contains("ticket n°2 was merged into this one"), "{}", told.reason);
}
