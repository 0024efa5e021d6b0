//! Every place between a write and its record: the program ends there, is started again, and both bases
//! and the state are those of a run that nothing disturbed.

use super::program::Program;
use super::sides::Sides;
use super::story::{CHAPTERS, begin, tell};
use crate::support::World;
use futures::stream::{self, StreamExt as _};
use gestan_connector::failpoint;
use tokio::sync::OnceCell;

/// Stories that are told at the same time, each on bases of its own.
const AT_ONCE: usize = 4;
const SYNC: [&str; 2] = ["sync", "--allow-mass-change"];
/// SIGABRT, by which a place ends the process.
const ABORTED: Option<i32> = Some(6);

static UNDISTURBED: OnceCell<Sides> = OnceCell::const_new();

/// What the story ends in when nothing disturbs it.
async fn undisturbed() -> &'static Sides {
    UNDISTURBED
        .get_or_init(async || {
            let mut world = begin(700_001).await;
            let program = Program::on(&mut world).await;
            for chapter in 0..CHAPTERS {
                tell(&mut world, chapter).await;
                program.pass().await;
            }
            program.settled().await;
            Sides::of(&mut world).await
        })
        .await
}

/// Tells the story; in every chapter the program ends at a place when it first comes there, and again
/// when it has come there a few times. Returns how often it ended.
async fn told_with_kills_at(place: &str) -> usize {
    let mut world = begin(800_001).await;
    let program = Program::on(&mut world).await;
    let mut kills = 0;
    for chapter in 0..CHAPTERS {
        tell(&mut world, chapter).await;
        for when in ["", "2*off->"] {
            let ended = program.run_until(&format!("{place}={when}return"), &SYNC).await;
            match ended.signal {
                ABORTED => kills += 1,
                None => {
                    assert_eq!(ended.code, Some(0), "{}{}", ended.output, ended.errors);
                    break;
                }
                other => panic!("signal {other:?} at {place}: {}", ended.errors),
            }
        }
        program.pass().await;
    }
    program.settled().await;
    Sides::of(&mut world).await.assert_equal(undisturbed().await, place);
    kills
}

/// The places that only `link` comes to.
fn is_of_link(place: &str) -> bool {
    place.ends_with("link") || place.ends_with("linked")
}

/// The places that only a pass with files comes to; `documents.rs` tells of them.
fn is_of_document(place: &str) -> bool {
    place.contains("document")
}

/// The places that only the follow-up comes to, which has a story of its own.
pub(super) fn is_of_follow_up(place: &str) -> bool {
    let of_gestsup = place.starts_with("gestsup: ") && !is_of_reference(place);
    of_gestsup || place.starts_with("follow-up: ") || place.ends_with("of the follow-up")
}

/// Places of the reference flow, which has a story of its own.
pub fn is_of_reference(place: &str) -> bool {
    place.starts_with("reference: ") || place.starts_with("gestsup: reference")
}

/// Places of the mail flow, which has a story of its own.
pub fn is_of_mail(place: &str) -> bool {
    place.starts_with("mail: ") || place == "state: before COMMIT of a mail"
}

#[tokio::test]
async fn killed_between_any_write_and_its_record_the_program_ends_in_what_an_undisturbed_run_ends_in() {
    undisturbed().await;
    let places = failpoint::ALL.into_iter().filter(|place| {
        !is_of_link(place)
            && !is_of_document(place)
            && !is_of_follow_up(place)
            && !is_of_reference(place)
            && !place.starts_with("notify: ")
            && !is_of_mail(place)
    });
    let kills: Vec<(&str, usize)> = stream::iter(places)
        .map(async |place| (place, told_with_kills_at(place).await))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    for (place, kills) in kills {
        assert!(kills > 0, "no pass of the story comes to “{place}”");
    }
}

#[tokio::test]
async fn a_gateway_that_is_killed_in_the_middle_of_a_write_leaves_all_or_nothing_of_it() {
    undisturbed().await;
    let of_a_pass = |place: &&str| !is_of_link(place) && !is_of_document(place);
    let places = failpoint::ALL.into_iter().filter(|place| place.starts_with("gateway: ")).filter(of_a_pass);
    let told = async |place: &'static str| {
        let mut world = begin(800_001).await;
        let program = Program::on(&mut world).await;
        let mut kills = 0;
        for chapter in 0..CHAPTERS {
            tell(&mut world, chapter).await;
            kills += usize::from(program.pass_while_gateway_ends(&format!("{place}=return")).await);
            program.pass().await;
        }
        assert!(kills > 0, "no pass of the story comes to “{place}”");
        program.settled().await;
        Sides::of(&mut world).await.assert_equal(undisturbed().await, place);
    };
    stream::iter(places).map(told).buffer_unordered(AT_ONCE).collect::<()>().await;
}

/// More tickets than two batches hold, which are under way at a time.
async fn many() -> (World, Program) {
    let mut world = begin(700_001).await;
    for number in 1..=153 {
        world.ticket(&format!("N° {number}"), "<p>x</p>").await;
    }
    let program = Program::on(&mut world).await;
    (world, program)
}

#[tokio::test]
async fn killed_between_two_batches_the_program_goes_on_with_the_second() {
    let (mut world, program) = many().await;
    program.run(&SYNC).await;
    let undisturbed = Sides::of(&mut world).await;
    // The first of two that are under way is done; the other may be.
    for (place, done) in
        [("daemon: between two batches=return", [75, 150]), ("gateway: after COMMIT=2*off->return", [153, 153])]
    {
        let (mut world, program) = many().await;
        assert_eq!(program.run_until(place, &SYNC).await.signal, ABORTED);
        let written = world.gestan().await.len();
        assert!(done.contains(&written), "{place}: {written}");
        program.pass().await;
        program.settled().await;
        Sides::of(&mut world).await.assert_equal(&undisturbed, place);
    }
}

#[tokio::test]
async fn killed_while_it_links_what_people_made_the_program_links_it_once() {
    let linked = async |place: Option<&str>| {
        let mut world = begin(700_001).await;
        let (ticket, client) = (world.ticket("Imprimante", "<p>Bac 2</p>").await, world.client);
        let sql = format!(
            "INSERT INTO INTERVENTION (IDCONTACT, LIB50, ST_INTER, LIB_INTERVENTION) VALUES ({client}, 'Imprimante', 1, 'Bac')"
        );
        let intervention = world.erp.run(sql).await.unwrap().to_string();
        let program = Program::on(&mut world).await;
        let arguments = ["link", &ticket.to_string(), &intervention];
        if let Some(place) = place {
            let ended = program.run_until(&format!("{place}=return"), &arguments).await;
            assert_eq!(ended.signal, ABORTED, "at {place}: {}{}", ended.output, ended.errors);
        }
        let ended = program.run(&arguments).await;
        assert_eq!(ended.code, Some(0), "{}{}", ended.output, ended.errors);
        program.pass().await;
        program.settled().await;
        Sides::of(&mut world).await
    };
    let undisturbed = linked(None).await;
    for place in failpoint::ALL.into_iter().filter(|place| is_of_link(place)) {
        linked(Some(place)).await.assert_equal(&undisturbed, place);
    }
}
