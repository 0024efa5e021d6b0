//! Appointments of interventions in people's calendars: set, moved, cancelled, each told once.

use super::{Notified, texts};
use gestan_connector::daemon::PassResult;
use gestan_connector::demo::smtp::Taken;
use gestan_connector::flows::tickets::PassOptions;
use tokio_util::sync::CancellationToken;

const FOLLOWED: &str = "[follow_up]\nenabled = true\n[[notify.rules]]\nto = []\n";

/// What a dispatcher does in Gestan comes to the ticket, and people are told.
async fn cycle(it: &Notified) -> Vec<Taken> {
    match it.world.site.follow(&PassOptions::default(), &CancellationToken::new()).await.unwrap() {
        PassResult::Done(_) => {}
        PassResult::CircuitOpen(sentence) => panic!("{sentence}"),
    }
    it.world.pass().await;
    let before = it.mails().len();
    let report = it.pass().await;
    assert!(report.mail_server.is_none(), "{report:#?}");
    it.mails().split_off(before)
}

/// Recipient, method, start and sequence of each invitation, sorted.
fn told(mails: &[Taken]) -> Vec<String> {
    let mut told: Vec<String> = mails
        .iter()
        .map(|mail| {
            let calendar = ics(mail);
            let value = |name: &str| {
                let line = calendar.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{calendar}"));
                line[name.len()..].to_owned()
            };
            format!("{} {} {} {}", mail.to.join(","), value("METHOD:"), value("DTSTART:"), value("SEQUENCE:"))
        })
        .collect();
    told.sort();
    told
}

/// The invitation, unfolded.
fn ics(mail: &Taken) -> String {
    let parts = mail.parts().unwrap();
    let text = &parts.iter().find(|(kind, _)| kind == "text/calendar").expect("an invitation").1;
    text.replace("\r\n ", "").replace("\r\n", "\n")
}

fn uid(mail: &Taken) -> String {
    ics(mail).lines().find(|line| line.starts_with("UID:")).unwrap().to_owned()
}

#[tokio::test]
async fn an_appointment_that_is_set_moved_given_to_another_and_cancelled_is_told_to_whom_it_concerns() {
    let mut it = Notified::with("appointments = [\"requester\", \"technician\"]", FOLLOWED).await;
    it.world.sandbox.let_it_follow_up().await.unwrap();
    let ticket = it.world.ticket("Panne; \"grave\", dit-elle\r\nATTENDEE:mailto:x@y.fr", "<p>a</p>").await;
    it.world.pass().await;
    assert_eq!(cycle(&it).await.len(), 0, "nobody set a time");
    let id = it.world.only().await.id;
    it.world.erp.dispatch(id, "PDU", "2026-03-20", "14:00:00").await.unwrap();
    let set = cycle(&it).await;
    assert_eq!(told(&set), ["helene@helene.fr REQUEST 20260320T130000Z 0", "paul@sav.fr REQUEST 20260320T130000Z 0"]);
    let calendar = ics(&set[0]);
    assert!(
        calendar.contains("SUMMARY:Intervention\\, ticket n°")
            && calendar.contains("Panne\\; \"grave\"\\, dit-elle ATTENDEE"),
        "{calendar}"
    );
    assert_eq!(calendar.matches("\nATTENDEE").count(), 1, "{calendar}");
    assert!(
        calendar.contains("ORGANIZER:mailto:support@exemple.fr") && calendar.contains("STATUS:CONFIRMED"),
        "{calendar}"
    );
    let (text, html) = texts(&set[0]);
    assert!(text.contains("Un rendez-vous est fixé") && text.contains("Début : 20/03/2026 14:00"), "{text}");
    assert!(html.contains("2026 14:00</strong>"), "{html}");
    assert!(set[0].content.contains("method=REQUEST") && set[0].content.contains("invite.ics"));
    assert_eq!(cycle(&it).await.len(), 0, "once");

    it.world.erp.dispatch(id, "PDU", "2026-03-20", "16:30:00").await.unwrap();
    let moved = cycle(&it).await;
    assert_eq!(told(&moved), ["helene@helene.fr REQUEST 20260320T153000Z 1", "paul@sav.fr REQUEST 20260320T153000Z 1"]);
    assert!(moved.iter().all(|mail| uid(mail) == uid(&set[0])), "calendars know it again");
    assert!(texts(&moved[0]).0.contains("est déplacé"));

    it.world.erp.dispatch(id, "LRO", "2026-03-20", "16:30:00").await.unwrap();
    let given = cycle(&it).await;
    assert_eq!(told(&given), ["lea@sav.fr REQUEST 20260320T153000Z 2", "paul@sav.fr CANCEL 20260320T153000Z 2"]);

    it.world.desk.close(ticket, it.world.lea).await.unwrap();
    it.world.pass().await;
    let cancelled = cycle(&it).await;
    assert_eq!(
        told(&cancelled),
        ["helene@helene.fr CANCEL 20260320T153000Z 3", "lea@sav.fr CANCEL 20260320T153000Z 3"]
    );
    assert!(ics(&cancelled[0]).contains("STATUS:CANCELLED") && texts(&cancelled[0]).0.contains("est annulé"));
    assert_eq!(cycle(&it).await.len(), 0);
}

#[tokio::test]
async fn a_day_that_is_only_proposed_and_an_appointment_that_is_over_invite_nobody() {
    let mut it = Notified::with("appointments = [\"requester\"]", FOLLOWED).await;
    it.world.sandbox.let_it_follow_up().await.unwrap();
    let ticket = it.world.ticket("Panne", "<p>a</p>").await;
    it.world.desk.set(ticket, "date_hope", "'2026-03-25'").await.unwrap();
    it.world.pass().await;
    assert_eq!(cycle(&it).await.len(), 0, "the connector proposed it by itself");
    let id = it.world.only().await.id;
    it.world.erp.dispatch(id, "PDU", "2026-02-20", "14:00:00").await.unwrap();
    assert_eq!(cycle(&it).await.len(), 0, "it is over");
    // GestSup's own calendar counts too.
    let other = it.world.ticket("Autre", "<p>a</p>").await;
    let start = it.world.desk.clock + chrono::Duration::days(3);
    it.world.desk.plan(other, it.world.paul, start, 60).await.unwrap();
    it.world.pass().await;
    let set = cycle(&it).await;
    assert_eq!(set.len(), 1);
    assert!(set[0].subject().starts_with(&format!("Rendez-vous, ticket n°{other} : Autre")), "{}", set[0].subject());
}
