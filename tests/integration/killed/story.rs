//! A story with tickets in every situation, the same each time it is told.

use crate::support::World;
use gestan_connector::demo::help_desk::state;
use gestan_connector::demo::sandbox::code;

/// After each chapter the program makes a pass.
pub const CHAPTERS: usize = 4;

/// What the story is told on: the same bases each time, but for Gestan's next intervention.
pub async fn begin(first_intervention: i64) -> World {
    let mut world = World::new().await;
    world.erp.run(format!("ALTER TABLE INTERVENTION AUTO_INCREMENT = {first_intervention}")).await.unwrap();
    world
}

/// One chapter.
pub async fn tell(world: &mut World, chapter: usize) {
    match chapter {
        0 => open(world).await,
        1 => go_on(world).await,
        2 => bill_and_reopen(world).await,
        _ => end(world).await,
    }
}

async fn open(world: &mut World) {
    for title in ["Modifié", "Fermé", "Facturé", "Supprimé", "Fusionné", "Rejeté", "Plus attribué"] {
        world.ticket(title, &format!("<p>Demande : {title}</p>")).await;
    }
    world.desk.comment(1, world.paul, "<p>Câble débranhcé</p>").await.unwrap();
    world.desk.comment_with(1, world.lea, "<p>Mot de passe</p>", 20, false).await.unwrap();
    // Nobody knows its client: it waits.
    let stranger = world.desk.person("x", ("X", "Inconnu"), "x@nulle-part.fr", 2, 0).await.unwrap();
    let ticket = world.desk.open(stranger, "Attend", "<p>Qui ?</p>").await.unwrap();
    world.desk.attribute(ticket, world.paul, world.paul).await.unwrap();
    // Nobody is in charge of it.
    world.desk.open(world.requester, "Pas encore", "<p>x</p>").await.unwrap();
}

async fn step_of(world: &mut World, text: &str) -> i64 {
    let sql = format!("SELECT CAST(id AS CHAR) FROM tthreads WHERE text LIKE '%{text}%'");
    world.desk.ask(sql).await.unwrap()[0].parse().unwrap()
}

/// The newest intervention of a ticket.
async fn intervention_of(world: &mut World, ticket: i64) -> i64 {
    let (gestan, order) = (world.sandbox.gestan.clone(), "ORDER BY SEQUENCE DESC LIMIT 1");
    let sql = format!("SELECT CAST(IDINTERVENTION AS CHAR) FROM {gestan}.Z90_TICKET WHERE NUMERO = {ticket} {order}");
    world.desk.ask(sql).await.unwrap()[0].parse().unwrap()
}

async fn go_on(world: &mut World) {
    world.desk.clock += chrono::Duration::hours(3);
    let first = step_of(world, "branhc").await;
    world.desk.edit_comment(first, "<p>Câble débranché</p>").await.unwrap();
    let second = step_of(world, "Mot de passe").await;
    world.desk.delete_comment(second).await.unwrap();
    world.desk.comment(1, world.requester, "<p>Merci</p>").await.unwrap();
    world.desk.close(2, world.paul).await.unwrap();
    world.desk.set(3, "billable", "1").await.unwrap();
    world.desk.set_time(3, 45).await.unwrap();
    world.desk.close(3, world.paul).await.unwrap();
    world.desk.delete(4).await.unwrap();
    world.desk.comment(5, world.paul, "<p>Vu de près</p>").await.unwrap();
    world.desk.merge(5, 1).await.unwrap();
    world.desk.set_state(6, state::REJECTED, world.paul).await.unwrap();
    world.desk.unattribute(7, world.lea).await.unwrap();
    world.desk.attribute(9, world.lea, world.paul).await.unwrap();
    // Gestan's users are at work too: what the connector last saw is not what is there.
    let typed = intervention_of(world, 2).await;
    world.erp.type_in_memo(typed, "Passer avant 17 h").await.unwrap();
}

async fn bill_and_reopen(world: &mut World) {
    world.desk.clock += chrono::Duration::days(1);
    let billed = intervention_of(world, 3).await;
    world.erp.set_status(billed, code::BILLED).await.unwrap();
    world.desk.reopen(3).await.unwrap();
    world.desk.comment_with(3, world.paul, "<p>Encore en panne</p>", 15, false).await.unwrap();
    world.desk.reopen(2).await.unwrap();
    world.desk.attribute(7, world.lea, world.lea).await.unwrap();
    world.desk.close(1, world.paul).await.unwrap();
}

async fn end(world: &mut World) {
    world.desk.clock += chrono::Duration::hours(1);
    world.desk.set_time(3, 90).await.unwrap();
    world.desk.close(3, world.lea).await.unwrap();
    world.desk.delete(2).await.unwrap();
    world.desk.set(7, "title", "Encore attribué").await.unwrap();
    world.ticket("Le dernier", "<p>Bonsoir</p>").await;
}
