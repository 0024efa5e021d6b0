//! A GestSup base that was restored from yesterday's dump: recognised before anything is written,
//! explained, and settled by a person.

use crate::support::{World, story};
use gestan_connector::daemon::PassResult;
use gestan_connector::demo::erp::Seen;
use gestan_connector::flows::tickets::{DriftKind, PassOptions, PassReport};
use gestan_connector::gateway::memo::Memo;
use tokio_util::sync::CancellationToken;

const TABLES: [&str; 5] = ["tincidents", "tthreads", "tevents", "tattachments", "tlogs"];

impl World {
    /// The nightly dump.
    async fn dump(&mut self) {
        for table in TABLES {
            self.desk.run(format!("CREATE TABLE dump_{table} LIKE {table}")).await.unwrap();
            self.desk.run(format!("INSERT INTO dump_{table} SELECT * FROM {table}")).await.unwrap();
        }
    }

    /// The dump is loaded: the counters go back with the rows.
    async fn restore(&mut self) {
        for table in TABLES {
            self.desk.run(format!("DROP TABLE {table}")).await.unwrap();
            self.desk.run(format!("RENAME TABLE dump_{table} TO {table}")).await.unwrap();
        }
    }

    async fn mend(&self) -> PassReport {
        match self.site.mend(false, &CancellationToken::new()).await.unwrap() {
            PassResult::Done(report) => *report,
            PassResult::CircuitOpen(sentence) => panic!("{sentence}"),
        }
    }

    async fn drift_kinds(&self) -> Vec<(i64, DriftKind)> {
        let drifts = self.site.tickets().unwrap().drifts("run", chrono::Utc::now()).await.unwrap();
        drifts.into_iter().map(|drift| (drift.ticket, drift.kind)).collect()
    }

    async fn rewound(&self) -> Option<String> {
        self.site.store().status().await.unwrap().rewound
    }

    /// Ticket 1 is in the dump; after it, ticket 1 gets a comment, ticket 2 is made, all is carried over;
    /// then the dump is loaded.
    async fn restored() -> (Self, Vec<Seen>) {
        let mut world = Self::new().await;
        let kept = world.ticket("Gardé", "<p>x</p>").await;
        world.dump().await;
        world.desk.comment(kept, world.paul, "<p>Perdu par la restauration</p>").await.unwrap();
        world.ticket("Perdu", "<p>y</p>").await;
        world.pass().await;
        let before = world.gestan().await;
        world.restore().await;
        world.desk.clock += chrono::Duration::days(1);
        (world, before)
    }
}

fn text(seen: &Seen) -> String {
    Memo::parse(&seen.memo).visible_text()
}

#[tokio::test]
async fn a_restored_base_is_recognised_and_nothing_is_written_for_the_tickets_concerned() {
    let (mut world, before) = World::restored().await;
    let fresh = world.desk.open(world.requester, "Nouveau sous l'ancien numéro", "<p>z</p>").await.unwrap();
    assert_eq!(fresh, 2);
    world.desk.attribute(fresh, world.lea, world.lea).await.unwrap();
    let report = world.pass().await;
    assert_eq!(story(&report), ["1 quarantined restored", "2 quarantined other-ticket"]);
    assert!(report.rewound.as_ref().is_some_and(|text| text.contains("was restored")), "{report:#?}");
    assert!(report.records[0].message.contains("reconcile"), "{}", report.records[0].message);
    assert_eq!(world.gestan().await, before);
    assert!(world.rewound().await.is_some_and(|text| text.contains("next ticket will be n°")));
    world.desk.comment(1, world.paul, "<p>Plus tard</p>").await.unwrap();
    assert!(world.pass().await.records.is_empty(), "it is said once, and a later change does not slip through");
    assert_eq!(world.gestan().await, before);
    assert_eq!(world.drift_kinds().await, [(1, DriftKind::Restored), (2, DriftKind::OtherTicket)]);
    assert_eq!(world.gestan().await, before, "looking writes nothing");
    let report = world.mend().await;
    assert_eq!(
        story(&report),
        ["1 update +step +step -step -step", "2 gone status=cancelled +note", "2 create +description +step +step"]
    );
    let after = world.gestan().await;
    assert_eq!(after.len(), 3);
    assert!(text(&after[0]).contains("Plus tard") && !text(&after[0]).contains("Perdu par"), "{}", text(&after[0]));
    assert!(text(&after[1]).contains("y"), "the intervention of the lost ticket keeps what it told");
    assert_eq!((after[2].title.as_str(), after[2].technician.as_str()), ("Nouveau sous l'ancien numéro", "LRO"));
    assert!(world.pass().await.records.is_empty());
    assert_eq!(world.rewound().await, None);
    assert_eq!(world.drift_kinds().await, []);
    world.desk.comment(2, world.lea, "<p>Vu</p>").await.unwrap();
    world.converge(&["2 update status=in_progress +step +step"]).await;
}

#[tokio::test]
async fn a_ticket_that_the_dump_does_not_have_is_not_taken_for_deleted() {
    let (mut world, before) = World::restored().await;
    let report = world.pass().await;
    assert_eq!(story(&report), ["1 quarantined restored", "2 quarantined restored"]);
    assert!(report.records[1].message.contains("no longer exists"), "{}", report.records[1].message);
    assert_eq!(world.gestan().await, before);
    assert!(world.pass().await.records.is_empty());
    let report = world.mend().await;
    assert_eq!(story(&report), ["1 update status=planned -step -step", "2 gone status=cancelled +note"]);
    assert!(world.pass().await.records.is_empty());
    assert_eq!(world.rewound().await, None);
}

#[tokio::test]
async fn without_a_log_of_deletions_a_restore_is_no_deletion_either() {
    let (mut world, before) = World::restored().await;
    world.desk.run("UPDATE tparameters SET log = 0").await.unwrap();
    assert_eq!(story(&world.pass().await), ["1 quarantined restored", "2 quarantined restored"]);
    assert_eq!(world.gestan().await, before);
}

#[tokio::test]
async fn a_restore_is_recognised_although_more_was_written_since_than_was_lost() {
    let (mut world, before) = World::restored().await;
    for number in 0..4 {
        let ticket = world.desk.open(world.paul, &format!("Après {number}"), "<p>z</p>").await.unwrap();
        for _ in 0..4 {
            world.desk.comment(ticket, world.paul, "<p>Note</p>").await.unwrap();
        }
    }
    let report = world.pass().await;
    assert!(report.rewound.as_ref().is_some_and(|text| text.contains("now belongs to ticket")), "{:?}", report.rewound);
    assert!(story(&report).contains(&"1 quarantined restored".to_owned()), "{:?}", story(&report));
    assert_eq!(world.gestan().await, before);
}

#[tokio::test]
async fn a_pass_for_one_ticket_does_not_go_around_it() {
    let (mut world, before) = World::restored().await;
    let report = world.pass_with(PassOptions { only: vec![1], ..PassOptions::default() }).await;
    assert_eq!(story(&report), ["1 quarantined restored"]);
    assert_eq!(world.gestan().await, before);
    assert_eq!(story(&world.pass().await), ["2 quarantined restored"], "the base is still recognised");
}

#[tokio::test]
async fn a_ticket_that_the_dump_brings_back_is_held_and_then_goes_on() {
    let mut world = World::new().await;
    let ticket = world.ticket("Revenant", "<p>x</p>").await;
    world.pass().await;
    world.dump().await;
    world.ticket("Autre", "<p>x</p>").await;
    world.desk.delete(ticket).await.unwrap();
    world.pass().await;
    world.restore().await;
    assert_eq!(story(&world.pass().await), ["1 quarantined restored", "2 quarantined restored"]);
    assert_eq!(story(&world.mend().await), ["1 reopen status=planned", "2 gone status=cancelled +note"]);
    world.settled().await;
}

#[tokio::test]
async fn a_base_of_which_nothing_linked_differs_goes_on_after_a_restore() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.pass().await;
    world.dump().await;
    world.desk.open(world.requester, "Jamais attribué", "<p>x</p>").await.unwrap();
    world.pass().await;
    world.restore().await;
    let report = world.pass().await;
    assert!(report.rewound.is_some() && report.records.is_empty(), "{report:#?}");
    world.desk.comment(ticket, world.paul, "<p>Vu</p>").await.unwrap();
    world.converge(&["1 update status=in_progress +step +step"]).await;
    assert_eq!(world.rewound().await, None);
}
