//! Changes of tickets that show in Gestan as actions: once the ticket is there, once each.

use super::Notified;
use crate::support::World;
use gestan_connector::demo::help_desk::state;
use gestan_connector::flows::notify::Phase;
use gestan_connector::flows::tickets::PassOptions;
use gestan_connector::gateway::memo::Memo;
use gestan_connector::store::OutboxFilter;
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection};

const ACTIONS: &str =
    "[notify.action]\nenabled = true\n[[notify.rules]]\nto = []\n[gateway.actions]\nkind = 5\nstatus = 2\n";

/// The actions that Gestan holds.
async fn actions(world: &World) -> Vec<String> {
    let mut root = MySqlConnection::connect(&world.sandbox.url(&world.sandbox.gestan)).await.unwrap();
    let columns = "TYPACT, ST_ACTION, CDUSER, IDCONTACT, CLE_PIECE_CIBLE, USCRE, LIB100";
    let sql = format!("SELECT CAST(CONCAT_WS('|', {columns}) AS CHAR) FROM ACTION ORDER BY IDACTION");
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut root).await.unwrap()
}

async fn comments(world: &World) -> Vec<String> {
    let mut root = MySqlConnection::connect(&world.sandbox.url(&world.sandbox.gestan)).await.unwrap();
    let rows: Vec<String> =
        sqlx::query_scalar("SELECT COMMENTAIRE FROM ACTION ORDER BY IDACTION").fetch_all(&mut root).await.unwrap();
    rows.iter().map(|raw| Memo::parse(raw).visible_text()).collect()
}

async fn phases(world: &World) -> Vec<Phase> {
    let mut all = world.site.store().outbox(OutboxFilter { limit: 99, ..OutboxFilter::default() }).await.unwrap();
    all.reverse();
    all.iter().map(|action| action.phase).collect()
}

#[tokio::test]
async fn a_change_of_an_attributed_ticket_is_one_action_once_it_is_in_gestan() {
    let mut it = Notified::with("", ACTIONS).await;
    let requester = it.world.requester;
    let ticket = it.world.desk.open(requester, "Écran noir", "<p>a</p>").await.unwrap();
    it.pass().await;
    assert_eq!(phases(&it.world).await, [], "it is nobody's yet");
    it.world.desk.attribute(ticket, it.world.paul, it.world.paul).await.unwrap();
    let report = it.pass().await;
    assert_eq!((report.queued, report.sent), (1, 0));
    assert_eq!(phases(&it.world).await, [Phase::Waiting], "Gestan does not have it yet");
    it.world.pass().await;
    assert_eq!(it.pass().await.sent, 1);
    let id = it.world.only().await.id;
    let client = it.world.client;
    assert_eq!(
        actions(&it.world).await,
        [format!("5|2|PDU|{client}|INT{id}|GSC|Ticket n°{ticket} : Attente PEC (Écran noir)")]
    );
    assert_eq!(it.pass().await.sent, 0);
    it.world
        .desk
        .set_state_with(ticket, state::RESOLVED, it.world.paul, "<p>Câble &lt;HDMI&gt; changé</p>")
        .await
        .unwrap();
    it.world.pass().await;
    assert_eq!(it.pass().await.sent, 1);
    assert_eq!(actions(&it.world).await.len(), 2);
    let comment = comments(&it.world).await.pop().unwrap();
    assert!(comment.starts_with("Câble <HDMI> changé\nhttps://support.example.fr/"), "{comment}");
    assert_eq!(it.mails().len(), 0);
    // A dry run says what would be.
    it.world.desk.reopen(ticket).await.unwrap();
    let plan = it.pass_with(PassOptions { dry_run: true, ..PassOptions::default() }, it.now()).await;
    assert_eq!(plan.queued, 1);
}

#[tokio::test]
async fn actions_wait_while_gestan_is_not_set_up_for_them_and_only_the_states_that_are_named_are_told() {
    let own = "[notify.action]\nenabled = true\nstates = [3]\n[[notify.rules]]\nto = []\n";
    let mut it = Notified::with("", own).await;
    let ticket = it.world.ticket("Panne", "<p>a</p>").await;
    it.world.pass().await;
    it.pass().await;
    it.world.desk.close(ticket, it.world.paul).await.unwrap();
    let report = it.pass().await;
    assert_eq!((report.queued, report.given_up), (1, 1), "{report:#?}");
    assert!(report.records[0].message.contains("set [gateway.actions] kind"), "{report:#?}");
    it.world = it
        .world
        .reconfigured(&super::settings(
            &it.server,
            "",
            &format!("{own}[gateway.actions]\nkind = 5\n[tickets]\nstart_at = \"2026-01-01T00:00:00\"\n"),
        ))
        .await;
    assert_eq!(it.world.site.store().retry_mails(&[]).await.unwrap(), 1);
    assert_eq!(it.pass().await.sent, 1);
    assert!(actions(&it.world).await[0].ends_with(&format!("Ticket n°{ticket} : Résolu (Panne)")));
}
