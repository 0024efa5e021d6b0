//! Answers to notifications come back to their ticket through the mail flow.

use super::{settings, texts};
use crate::mail::{Desk, Letter};
use chrono::Utc;
use gestan_connector::demo::smtp::{PrivateSmtp, Taken};
use gestan_connector::flows::tickets::PassOptions;
use tokio_util::sync::CancellationToken;

/// Tells people of what changed, and returns the newest mail.
async fn tell(desk: &Desk, server: &PrivateSmtp) -> Option<Taken> {
    let flow = desk.world.site.notices();
    let report = flow.pass(&PassOptions::default(), "test", Utc::now(), &CancellationToken::new()).await.unwrap();
    assert!(report.mail_server.is_none(), "{report:#?}");
    server.taken().unwrap().pop()
}

async fn state(desk: &Desk, ticket: i64) -> String {
    desk.ask("state", &format!("tincidents WHERE id = {ticket}")).await.remove(0)
}

#[tokio::test]
async fn the_requesters_answer_to_a_notification_reopens_the_ticket_and_a_holiday_message_does_not() {
    let server = PrivateSmtp::start().unwrap();
    let mut desk = Desk::with("", &settings(&server, "", "")).await;
    tell(&desk, &server).await;
    let ticket = desk.world.ticket("Écran noir", "<p>Plus rien.</p>").await;
    tell(&desk, &server).await.unwrap();
    desk.world.desk.close(ticket, desk.world.paul).await.unwrap();
    let told = tell(&desk, &server).await.unwrap();
    let text = texts(&told).0;
    assert!(text.starts_with("---- Repondre au dessus de cette ligne ----"), "{text}");
    assert!(text.contains("répondez simplement à ce message : le ticket sera rouvert"), "{text}");
    let id = told.header("Message-ID");
    let answer = |subject: &str, body: &str| {
        Letter::new(
            "Hélène <helene@helene.fr>",
            subject,
            &format!("{body}\n\nLe 2 mars 2026, Support a écrit :\n> {}", text.replace('\n', "\n> ")),
        )
    };
    let holiday = answer(&format!("Absence : Re: {}", told.subject()), "Je suis en congés.").with("In-Reply-To", &id);
    desk.deliver(&holiday.id("h1@helene.fr").with("Auto-Submitted", "auto-replied"));
    let report = desk.pass().await;
    assert_eq!((report.replies, report.tickets, report.excluded, state(&desk, ticket).await.as_str()), (0, 0, 1, "3"));

    // Whatever the subject, the headers tell.
    desk.deliver(&answer("Toujours en panne", "Toujours noir !").id("r1@helene.fr").with("In-Reply-To", &id));
    let report = desk.pass().await;
    assert_eq!((report.replies, report.tickets, state(&desk, ticket).await.as_str()), (1, 0, "2"), "{report:#?}");
    let comments = desk.ask("text", &format!("tthreads WHERE ticket = {ticket} AND type = 0 ORDER BY id")).await;
    assert!(comments[0].contains("Toujours noir") && !comments[0].contains("Repondre"), "{comments:?}");
    tell(&desk, &server).await;
    // The thread goes on.
    desk.world.desk.close(ticket, desk.world.paul).await.unwrap();
    let told = tell(&desk, &server).await.unwrap();
    let references = told.header("References");
    assert!(references.contains("<r1@helene.fr>") && references.contains(&id), "{references}");
    // A program that keeps no headers leaves the subject.
    desk.deliver(&answer(&format!("RE: {}", told.subject()), "Encore noir").id("r2@helene.fr"));
    let report = desk.pass().await;
    assert_eq!((report.replies, state(&desk, ticket).await.as_str()), (1, "2"), "{report:#?}");
}
