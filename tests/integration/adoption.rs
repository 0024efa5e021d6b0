//! A running shop: interventions that people made by hand become the tickets' own, and shadow mode
//! shows what would be written beside what people do.

use crate::support::{World, story};
use gestan_connector::demo::sandbox::code;
use gestan_connector::flows::PortError;
use gestan_connector::flows::tickets::{DriftKind, LinkOptions, PassOptions};

const SHADOW: &str = "[tickets]\nstart_at = \"2026-01-01T00:00:00\"";

impl World {
    /// A person makes an intervention in Gestan; returns its number.
    async fn by_hand(&mut self, client: i64, title: &str, status: i64, memo: &str) -> i64 {
        let (title, memo) = (title.replace('\'', "''"), memo.replace('\\', "\\\\").replace('\'', "''"));
        self.erp
            .run(format!(
                "INSERT INTO INTERVENTION (IDCONTACT, LIB50, ST_INTER, LIB_INTERVENTION, CDUSER, DT_INTER_DBT, HR_DEBUT, DHCRE, USCRE) \
                 VALUES ({client}, '{title}', {status}, '{memo}', 'LRO', '2026-03-04', '14:00:00', '2026-03-02 10:00:00', 'DIS')"
            ))
            .await
            .unwrap();
        self.gestan().await.last().unwrap().id
    }

    async fn link(&self, ticket: i64, intervention: i64, options: LinkOptions) -> Result<(), PortError> {
        let flow = self.site.tickets().unwrap();
        flow.link_to(ticket, intervention, options, "run", chrono::Utc::now()).await.map(|_| ())
    }

    async fn pairs(&self) -> Vec<(i64, i64, bool)> {
        let found = self.site.tickets().unwrap().evidence(&[], chrono::Utc::now()).await.unwrap();
        found.pairs.iter().map(|pair| (pair.ticket, pair.intervention, pair.certain)).collect()
    }

    /// The same site in shadow mode, or no longer.
    async fn shadowed(self, shadow: bool) -> Self {
        let mut world = self;
        world.shadow = shadow;
        world.reconfigured(SHADOW).await
    }
}

#[tokio::test]
async fn an_intervention_made_by_hand_becomes_the_tickets_and_its_planning_and_text_stay() {
    let mut world = World::new().await;
    let ticket = world.ticket("Imprimante en panne", "<p>Bourrage</p>").await;
    let hand = world.by_hand(world.client, "Imprimante", code::PLANNED, "Prendre un toner").await;
    world.link(ticket, hand, LinkOptions::default()).await.unwrap();
    assert_eq!(world.only().await.title, "Imprimante", "linking alone writes nothing else");
    world.converge(&["1 update title=Imprimante en panne requester=Hélène D'Arc head +description +step +step"]).await;
    let seen = world.only().await;
    assert_eq!((seen.technician.as_str(), seen.start.as_str()), ("LRO", "2026-03-04 14:00:00"), "the dispatcher's");
    let memo = world.memo().await;
    assert!(memo.contains("Prendre un toner") && memo.contains("Bourrage"), "{memo}");
    world.desk.close(ticket, world.paul).await.unwrap();
    world.converge(&["1 close status=done +step"]).await;
    world.link(ticket, hand, LinkOptions::default()).await.unwrap();
    world.settled().await;
}

#[tokio::test]
async fn with_new_steps_only_what_was_said_before_the_link_stays_in_gestsup() {
    let mut world = World::new().await;
    let ticket = world.ticket("Imprimante en panne", "<p>Bourrage</p>").await;
    let hand = world.by_hand(world.client, "Imprimante en panne", code::IN_PROGRESS, "Vu au téléphone").await;
    world.link(ticket, hand, LinkOptions { new_steps_only: true, ..LinkOptions::default() }).await.unwrap();
    world.desk.comment(ticket, world.requester, "<p>Merci</p>").await.unwrap();
    world.pass().await;
    let memo = world.memo().await;
    assert!(memo.contains("Merci") && memo.contains("Vu au téléphone") && !memo.contains("Bourrage"), "{memo}");
    world.settled().await;
    world.pass_with(PassOptions { full: true, ..PassOptions::default() }).await;
    assert!(!world.memo().await.contains("Bourrage"), "nor does the comparison bring it");
}

#[tokio::test]
async fn what_cannot_be_linked_is_refused_with_its_reason() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    let other = world.erp.client("Autre client", "").await.unwrap();
    let foreign = world.by_hand(other, "Un", code::PLANNED, "").await;
    let own = world.by_hand(world.client, "Un", code::PLANNED, "").await;
    let refusal = async |ticket, intervention| {
        world.link(ticket, intervention, LinkOptions::default()).await.unwrap_err().message
    };
    assert!(refusal(99, own).await.contains("no ticket n°99"));
    assert!(refusal(ticket, 999).await.contains("no intervention 999"));
    assert!(refusal(ticket, foreign).await.contains("--force"));
    world.link(ticket, own, LinkOptions::default()).await.unwrap();
    let refusal = async |ticket, intervention| {
        world.link(ticket, intervention, LinkOptions::default()).await.unwrap_err().message
    };
    assert!(refusal(ticket, foreign).await.contains(&format!("has intervention {own} already")));
    let second = world.ticket("Deux", "<p>x</p>").await;
    assert!(world.link(second, own, LinkOptions::default()).await.unwrap_err().message.contains("belongs to ticket 1"));
    world.link(second, foreign, LinkOptions { force: true, ..LinkOptions::default() }).await.unwrap();
}

#[tokio::test]
async fn evidence_pairs_what_people_made_and_never_guesses_between_two() {
    let mut world = World::new().await;
    let (client, other) = (world.client, world.erp.client("Autre client", "").await.unwrap());
    for title in ["Serveur inaccessible depuis lundi", "Écran bleu au démarrage", "Badgeuse muette", "Sans pareil"] {
        world.ticket(title, "<p>x</p>").await;
    }
    let titled = world.by_hand(client, "SERVEUR INACCESSIBLE depuis lundi", code::PLANNED, "").await;
    let numbered = world.by_hand(client, "Dépannage", code::DONE, "{\\rtf1\\ansi cf. ticket n\\'b02\\par}").await;
    let twins = [
        world.by_hand(client, "Badgeuse muette", code::PLANNED, "").await,
        world.by_hand(client, "Badgeuse muette", code::PLANNED, "").await,
    ];
    world.by_hand(other, "Sans pareil", code::PLANNED, "").await;
    assert_eq!(
        world.pairs().await,
        [(1, titled, true), (2, numbered, true), (3, twins[0], false), (3, twins[1], false)]
    );
    world.link(1, titled, LinkOptions::default()).await.unwrap();
    assert_eq!(world.pairs().await.len(), 3, "what is linked is no longer looked for");
}

#[tokio::test]
async fn shadow_mode_plans_and_journals_everything_and_writes_nothing() {
    let mut world = World::new().await.shadowed(true).await;
    let ticket = world.ticket("Imprimante en panne", "<p>Bourrage</p>").await;
    world.converge(&["1 create +description +step +step"]).await;
    world.desk.comment(ticket, world.paul, "<p>Rouleau changé</p>").await.unwrap();
    world.desk.set_time(ticket, 30).await.unwrap();
    world.desk.close(ticket, world.paul).await.unwrap();
    world.converge(&["1 close status=done time_spent=30 head +step +step +step"]).await;
    assert_eq!(world.gestan().await, []);
    let journal = world.site.store().journal(&Default::default()).await.unwrap();
    let actions: Vec<&str> = journal.iter().map(|line| line.action.as_str()).collect();
    assert_eq!(actions, ["create", "close"]);
    let kinds = async |world: &World| {
        let found = world.site.tickets().unwrap().beside_people(chrono::Utc::now()).await.unwrap();
        found.into_iter().map(|drift| (drift.kind, drift.gestan_id, drift.detail)).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&world).await[0].0, DriftKind::NotByHand);
    let hand = world.by_hand(world.client, "Imprimante en panne", code::IN_PROGRESS, "").await;
    let found = kinds(&world).await;
    assert_eq!((found[0].0, found[0].1), (DriftKind::ByHand, Some(hand)));
    assert!(found[0].2.contains("status: done here, in_progress by hand"), "{}", found[0].2);
    let refused = world.link(ticket, hand, LinkOptions::default()).await.unwrap_err().message;
    assert!(refused.contains("shadow = false"), "{refused}");
    let world = world.shadowed(false).await;
    assert_eq!(
        story(&world.plan().await),
        ["1 create +description +step +step +step +step +step"],
        "nothing counts as done"
    );
}

#[tokio::test]
async fn a_shadow_of_a_connector_that_was_at_work_goes_on_from_what_was_agreed() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.pass().await;
    let before = world.gestan().await;
    let mut world = world.shadowed(true).await;
    world.settled().await;
    world.desk.close(ticket, world.paul).await.unwrap();
    world.converge(&["1 close status=done +step"]).await;
    assert_eq!(world.gestan().await, before);
    let mut world = world.shadowed(false).await;
    world.converge(&["1 close status=done +step"]).await;
    assert_eq!(world.only().await.status, code::DONE);
}
