//! Which changes are told: openings and changes of state, once, in time, and not too many at once.

use super::{Notified, left, texts};
use crate::support::World;
use chrono::TimeDelta;
use gestan_connector::demo::help_desk::state;
use gestan_connector::flows::notify::NotifyMemory as _;
use gestan_connector::flows::tickets::{JournalEntry, PassOptions};
use gestan_connector::store::JournalFilter;

async fn journal(world: &World) -> Vec<JournalEntry> {
    let filter = JournalFilter { flow: Some("notify".to_owned()), ..JournalFilter::default() };
    world.site.store().journal(&filter).await.unwrap()
}

#[tokio::test]
async fn the_requester_is_told_of_the_opening_and_of_every_state_once() {
    let mut it = Notified::with("", "").await;
    let ticket = it.world.desk.open(it.world.requester, "Écran noir", "<p>Plus rien.</p>").await.unwrap();
    assert_eq!(it.sent().await, [format!("helene@helene.fr Ticket n°{ticket} : Écran noir")]);
    let first = it.last();
    let (text, html) = texts(&first);
    assert!(text.contains(&format!("Votre demande est enregistrée sous le n° {ticket} : Écran noir")), "{text}");
    assert!(text.contains("Bonjour Hélène D'Arc,") && text.contains("État : Non attribué"), "{text}");
    assert!(text.contains(&format!("https://support.example.fr/index.php?page=ticket&id={ticket}")), "{text}");
    assert!(html.contains("<strong>Écran noir</strong>"), "{html}");
    assert_eq!(first.header("Auto-Submitted"), "auto-generated");
    assert_eq!(first.header("X-Auto-Response-Suppress"), "All");
    assert_eq!(first.header("In-Reply-To"), "");
    assert_eq!(first.from, "support@exemple.fr");
    let id = first.header("Message-ID").trim_matches(['<', '>']).to_owned();
    assert_eq!(it.world.site.store().notified_ticket(&id).await.unwrap(), Some(ticket));
    assert_eq!(it.world.site.store().notified_ticket("other@exemple.fr").await.unwrap(), None);

    assert_eq!(it.sent().await, [""; 0], "nothing is told twice");
    it.world.desk.attribute(ticket, it.world.paul, it.world.paul).await.unwrap();
    assert_eq!(it.sent().await.len(), 1);
    assert!(texts(&it.last()).0.contains("État : Attente PEC\nSuivi par : Paul Durand"), "{}", texts(&it.last()).0);
    assert_eq!(it.last().header("In-Reply-To"), format!("<{id}>"));
    assert!(it.last().header("References").contains(&id));
    it.world.desk.comment(ticket, it.world.paul, "<p>Câble remplacé.<br>Testé.</p>").await.unwrap();
    it.world.desk.close(ticket, it.world.paul).await.unwrap();
    assert_eq!(it.sent().await.len(), 1, "two changes between two looks are one mail");
    let (text, html) = texts(&it.last());
    assert!(text.contains("est résolu") && text.contains("Câble remplacé.\nTesté.\n"), "{text}");
    assert!(html.contains("Câble remplacé.<br>"), "{html}");
    // The button leaves no step and no date.
    it.world.desk.reopen(ticket).await.unwrap();
    assert_eq!(it.sent().await.len(), 1);
    let text = texts(&it.last()).0;
    assert!(text.contains("État : En cours") && !text.contains("Câble"), "a comment is told once: {text}");
    it.world.desk.mass_state(&[ticket], state::REJECTED, it.world.paul).await.unwrap();
    assert_eq!(it.sent().await.len(), 1);
    assert!(texts(&it.last()).0.contains("est rejeté"));
    // What is no change of state is not told.
    it.world.desk.set_time(ticket, 90).await.unwrap();
    it.world.desk.comment_with(ticket, it.world.lea, "<p>Interne.</p>", 0, true).await.unwrap();
    assert_eq!(it.sent().await, [""; 0]);
    let told = journal(&it.world).await;
    assert_eq!(told.iter().filter(|line| line.ticket == Some(ticket) && line.action == "mail").count(), 5);
}

#[tokio::test]
async fn rules_decide_by_state_and_occasion_and_a_private_comment_is_nobodys() {
    let rules = "[[notify.rules]]\non = [\"opened\"]\nto = [\"technician\"]\naddresses = [\"Chef <chef@exemple.fr>\"]\n\
                 [[notify.rules]]\nwhen = { state = [\"3\", \"4\"] }\nto = [\"requester\"]\n";
    let mut it = Notified::with("", rules).await;
    let world = &mut it.world;
    let ticket = world.desk.open(world.requester, "Panne", "<p>a</p>").await.unwrap();
    assert_eq!(it.sent().await, [format!("chef@exemple.fr Ticket n°{ticket} : Panne")]);
    assert!(
        texts(&it.last()).0.contains("vient d'être ouvert") && texts(&it.last()).0.contains("(Boulangerie Hélène)")
    );
    let world = &mut it.world;
    world.desk.attribute(ticket, world.paul, world.paul).await.unwrap();
    world.desk.comment_with(ticket, world.paul, "<p>Mauvais payeur</p>", 0, true).await.unwrap();
    assert_eq!(it.sent().await, [""; 0], "no rule is for this");
    it.world.desk.close(ticket, it.world.paul).await.unwrap();
    assert_eq!(it.sent().await, [format!("helene@helene.fr Ticket n°{ticket} : Panne")]);
    assert!(!it.last().content.contains("payeur"));
}

#[tokio::test]
async fn what_was_there_before_the_flow_and_what_is_too_old_is_told_to_nobody() {
    let mut it = Notified::with("max_age_hours = 5", "").await;
    let requester = it.world.requester;
    let ticket = it.world.desk.open(requester, "Vieux", "<p>a</p>").await.unwrap();
    // The service did not run for a day.
    it.world.desk.clock += TimeDelta::hours(24);
    let fresh = it.world.desk.open(requester, "Neuf", "<p>a</p>").await.unwrap();
    let report = it.pass().await;
    assert_eq!((report.sent, left(&report)), (1, vec!["too-old"]), "{report:#?}");
    assert_eq!(it.last().subject(), format!("Ticket n°{fresh} : Neuf"));
    assert!(journal(&it.world).await.iter().any(|line| line.ticket == Some(ticket) && line.action == "too-old"));
    // From then on it is like any other.
    it.world.desk.set_state(ticket, state::IN_PROGRESS, it.world.paul).await.unwrap();
    assert_eq!(it.sent().await, [format!("helene@helene.fr Ticket n°{ticket} : Vieux")]);
    // A day that somebody typed in the past does not make a new ticket old.
    let typed = it.world.desk.open(requester, "Antidaté", "<p>a</p>").await.unwrap();
    it.world
        .desk
        .run(format!("UPDATE tincidents SET date_create = '2025-01-01 08:00:00' WHERE id = {typed}"))
        .await
        .unwrap();
    assert_eq!(it.sent().await, [format!("helene@helene.fr Ticket n°{typed} : Antidaté")]);
}

#[tokio::test]
async fn a_restored_base_tells_nobody_old_news() {
    let mut it = Notified::with("", "").await;
    let mut tickets = Vec::new();
    for number in 0..12 {
        let ticket = it.world.ticket(&format!("Panne {number}"), "<p>a</p>").await;
        it.world.desk.comment(ticket, it.world.paul, "<p>vu</p>").await.unwrap();
        tickets.push(ticket);
    }
    it.pass().await;
    let before = it.mails().len();
    // The backup is from before the last comments: states are what they were, and counters went back.
    let list = tickets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    it.world.desk.run(format!("UPDATE tincidents SET state = 1 WHERE id IN ({list})")).await.unwrap();
    it.world.desk.run("DELETE FROM tthreads WHERE id > 5").await.unwrap();
    it.world.desk.run("ALTER TABLE tthreads AUTO_INCREMENT = 6").await.unwrap();
    let report = it.pass().await;
    assert!(report.held.unwrap().contains("Nobody is told of what a restore changed"));
    assert_eq!((report.changed, it.mails().len()), (12, before));
    // Life goes on.
    it.world.desk.close(tickets[0], it.world.paul).await.unwrap();
    assert_eq!(it.sent().await, [format!("helene@helene.fr Ticket n°{} : Panne 0", tickets[0])]);
}

#[tokio::test]
async fn many_changes_for_one_person_are_one_mail_and_too_many_mails_stop_the_pass() {
    let mut it = Notified::with("digest_above = 3\nmost_per_pass = 4", "").await;
    let requester = it.world.requester;
    for number in 0..7 {
        it.world.desk.open(requester, &format!("Panne <{number}>"), "<p>a</p>").await.unwrap();
    }
    assert_eq!(it.sent().await, ["helene@helene.fr Tickets : 7 changements"]);
    let (text, html) = texts(&it.last());
    assert!(text.contains("- n° 1 : Panne <0> (Non attribué)") && text.contains("- n° 7 : Panne <6>"), "{text}");
    assert!(html.contains("Panne &lt;6&gt;"), "{html}");
    let id = it.last().header("Message-ID").trim_matches(['<', '>']).to_owned();
    assert_eq!(it.world.site.store().notified_ticket(&id).await.unwrap(), None, "it is no single ticket's");

    for number in 0..5 {
        let mail = format!("r{number}@exemple.fr");
        let person = it.world.desk.person(&format!("r{number}"), ("R", "R"), &mail, 2, 0).await.unwrap();
        it.world.desk.open(person, "Panne", "<p>a</p>").await.unwrap();
    }
    let report = it.pass().await;
    assert_eq!((report.sent, report.queued, report.brake.len()), (0, 0, 1), "{report:#?}");
    assert!(report.brake[0].to_string().contains("5 mails would be sent, 4 are allowed"), "{}", report.brake[0]);
    assert!(report.has_failures());
    let plan = it.pass_with(PassOptions { dry_run: true, ..PassOptions::default() }, it.now()).await;
    assert_eq!((plan.queued, plan.brake.len(), plan.records.len()), (5, 1, 5));
    let options = PassOptions { allow_mass_change: true, ..PassOptions::default() };
    assert_eq!(it.pass_with(options, it.now()).await.sent, 5);
}

#[tokio::test]
async fn nobody_is_told_of_what_is_skipped_and_a_dry_run_remembers_nothing() {
    let mut it = Notified::with("most_per_pass = 1", "").await;
    for number in 0..3 {
        let mail = format!("r{number}@exemple.fr");
        let person = it.world.desk.person(&format!("r{number}"), ("R", "R"), &mail, 2, 0).await.unwrap();
        it.world.desk.open(person, "Panne", "<p>a</p>").await.unwrap();
    }
    let dry = PassOptions { dry_run: true, ..PassOptions::default() };
    for _ in 0..2 {
        let plan = it.pass_with(dry.clone(), it.now()).await;
        assert_eq!((plan.queued, plan.sent), (3, 0));
        assert!(plan.records[0].message.contains("a mail to r0@exemple.fr (requester): the ticket was opened"));
    }
    assert_eq!(it.world.site.store().notified().await.unwrap().len(), 0);
    assert_eq!(it.world.site.notices().skip(it.now()).await.unwrap(), 3);
    assert_eq!(it.sent().await, [""; 0]);
    // A deleted ticket is forgotten, and told to nobody.
    it.world.desk.delete(2).await.unwrap();
    assert_eq!(it.sent().await, [""; 0]);
    assert_eq!(it.world.site.store().notified().await.unwrap().len(), 2);
}
