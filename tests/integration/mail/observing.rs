//! A mailbox that GestSup's own connector reads.

use super::*;
use gestan_connector::demo::help_desk::{Mail, MailHeader};

async fn observing() -> Desk {
    let desk = Desk::new().await;
    let world = desk.world.altered("user = \"connector\"", "user = \"connector\"").await;
    let world = world.altered("name = \"support\"", "name = \"support\"\nmode = \"observe\"").await;
    let sql =
        format!("UPDATE tparameters SET imap = 1, imap_server = '127.0.0.1', imap_user = '{}'", desk.post.account);
    root(&world, &sql).await;
    Desk { world, post: desk.post }
}

#[tokio::test]
async fn mails_that_gestsup_takes_are_linked_to_what_it_made_of_them_and_nothing_is_touched() {
    let mut desk = observing().await;
    let requester = desk.world.requester;
    let now = chrono::Local::now().naive_local();
    for (id, subject) in [("a@x", "L'imprimante est en panne"), ("l@x", "Perdu")] {
        desk.deliver(&Letter::new("helene@helene.fr", subject, "En panne").id(id));
    }
    let mail = Mail {
        sender: requester,
        from: "helene@helene.fr",
        subject: "L'imprimante est en panne",
        html: "En panne",
        sent: now,
    };
    let ticket = desk.world.desk.open_by_mail(&mail, Some(MailHeader::FRENCH)).await.unwrap();
    desk.deliver(&Letter::new("helene@helene.fr", &format!("RE: pour le ticket n°{ticket} : x"), "Alors ?").id("b@x"));
    let reply = Mail { subject: "x", html: "", ..mail };
    desk.world.desk.reply_by_mail(ticket, &reply).await.unwrap();
    let before = desk.ask("COUNT(*)", "tthreads").await;
    let report = desk.pass().await;
    assert_eq!((report.tickets, report.replies, report.parked), (1, 1, 0), "{report:#?}");
    let told = desk.told().await;
    assert_eq!(
        told,
        [
            format!("ticket observed Some({ticket})"),
            "failed observed None".to_owned(),
            format!("reply spoiled-by-gestsup Some({ticket})")
        ]
    );
    assert_eq!(desk.ask("COUNT(*)", "tthreads").await, before, "nothing is written");
    assert!(!desk.post.marks().contains('S'), "nothing is marked");
    // An hour later.
    use sqlx::Connection as _;
    let url = format!("sqlite://{}", desk.world.state_path().display());
    let mut state = sqlx::SqliteConnection::connect(&url).await.unwrap();
    let sql = "UPDATE mail SET next_at = '2020-01-01T00:00:00+00:00', received_at = '2026-01-01T00:00:00+00:00' WHERE outcome = 'failed'";
    sqlx::query(sql).execute(&mut state).await.unwrap();
    let report = desk.pass().await;
    assert_eq!(report.parked, 1, "{report:#?}");
    assert!(desk.told().await.contains(&"parked lost-by-gestsup None".to_owned()));
}
