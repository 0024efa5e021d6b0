//! Mails that mean harm.

use super::*;

#[tokio::test]
async fn a_hostile_mail_runs_nothing_forges_nothing_and_escapes_nowhere() {
    let desk = Desk::new().await;
    desk.deliver(&Letter::new("helene@helene.fr", "Imprimante", "En panne").id("a@x"));
    desk.pass().await;
    let html = "<p onclick=\"x()\">a</p><script>alert(1)</script><img src=\"http://t/p.gif\"><a href=\"javascript:x()\">l</a>\
                <form action=\"index.php\"><input name=\"state\"></form><svg onload=\"x()\"></svg>";
    let hostile = Letter::new(
        "\"<script>x</script>\" <mal@ailleurs.fr>",
        "</title><script>alert(2)</script>\u{1b}[31m n°1 :",
        html,
    )
    .with("Content-Type", "text/html; charset=utf-8")
    .with("In-Reply-To", "<a@x>")
    .with("References", "<a@x>")
    .id("h@x");
    desk.deliver(&hostile);
    let report = desk.pass().await;
    assert_eq!((report.tickets, report.replies), (1, 0), "a stranger makes a ticket of his own: {report:#?}");
    assert_eq!(desk.ask("COUNT(*)", "tthreads WHERE ticket = 1 AND type = 0").await, ["0"]);
    let stored = desk.ask("CONCAT(title, description)", "tincidents WHERE id = 2").await.remove(0);
    for word in ["<script", "onclick", "onload", "javascript:", "<form", "<input", "http://t/", "\u{1b}"] {
        assert!(!stored.contains(word), "{word}: {stored}");
    }
    let journal = desk.world.site.store().journal(&Default::default()).await.unwrap();
    assert!(journal.iter().all(|line| !line.message.chars().any(char::is_control)), "{journal:#?}");
}

#[tokio::test]
async fn own_mails_that_come_back_end_there() {
    let desk = Desk::new().await;
    root(&desk.world, "UPDATE tparameters SET mail_from_adr = 'gestsup@sav.fr'").await;
    desk.deliver(&Letter::new("gestsup@sav.fr", "Votre ticket n°1 : x", "Un ticket").id("a@x"));
    let report = desk.pass().await;
    assert_eq!((report.excluded, report.writes()), (1, 0));
    assert_eq!(desk.told().await, ["excluded own-address None"]);
}
