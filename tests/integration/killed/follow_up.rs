//! The follow-up killed between any write to GestSup and its record: nothing is written twice, nothing is missing.

use super::places::is_of_follow_up;
use super::program::Program;
use crate::follow_up::ask;
use crate::follow_up::documents::{self, bringing};
use crate::support::World;
use futures::stream::{self, StreamExt as _};
use gestan_connector::demo::sandbox::code;
use gestan_connector::failpoint;

const SYNC: [&str; 2] = ["sync", "--allow-mass-change"];
const ABORTED: Option<i32> = Some(6);

/// What Gestan's users do before the first pass, the second, …
async fn tell(world: &mut World, chapter: usize) {
    match chapter {
        0 => {
            let step = world.ticket("Un", "<p>x</p>").await;
            world.desk.comment_with(step, world.paul, "<p>Vu</p>", 30, false).await.unwrap();
            world.ticket("Deux", "<p>x</p>").await;
        }
        1 => {
            let ids: Vec<i64> = world.gestan().await.iter().map(|seen| seen.id).collect();
            world.erp.dispatch(ids[0], "LRO", "2026-03-05", "14:00:00").await.unwrap();
            world.erp.set_status(ids[0], code::WAITING).await.unwrap();
            world.erp.type_in_memo(ids[0], "Client appel\\'e9").await.unwrap();
            world.erp.type_in_memo(ids[1], "Vu").await.unwrap();
            documents::add(world, ids[0], "Devis", "devis.txt", "devis").await;
            world.erp.run("UPDATE Z90_STEP SET MINUTES = 45 WHERE MINUTES = 30").await.unwrap();
        }
        _ => {
            let id = world.gestan().await[0].id;
            world.erp.retype(id, "LRO", "Client appel\\'e9", "Client venu").await.unwrap();
            let sql = format!(
                "UPDATE INTERVENTION SET DT_INTER_DBT = '2026-03-06', ST_INTER = {} WHERE IDINTERVENTION = {id}",
                code::DONE
            );
            world.erp.run(sql).await.unwrap();
        }
    }
}

const CHAPTERS: usize = 3;

/// Both sides without what a repeated write may fill otherwise.
async fn sides(world: &mut World) -> Vec<String> {
    let mut lines =
        ask(world, "id, state, technician, time, date_hope, date_res > '2026-01-01'", "tincidents ORDER BY id").await;
    lines.extend(ask(world, "ticket, type, author, private, state, tech1, tech2, time, text, SUBSTRING_INDEX(SUBSTRING_INDEX(dest_mail, ':', 3), ':', -1)", "tthreads ORDER BY ticket, id").await);
    lines.extend(ask(world, "incident, technician, date_start, date_end, disable", "tevents ORDER BY id").await);
    lines.extend(ask(world, "ticket_id, real_filename", "tattachments ORDER BY id").await);
    lines.extend(documents::uploaded(world));
    lines.extend(
        world.erp.ask("SELECT CONCAT_WS('|', LIB100, TRGCIBLE) FROM DOCUMENT ORDER BY IDDOCUMENT").await.unwrap(),
    );
    lines.extend(world.gestan().await.iter().map(|seen| {
        format!(
            "{} {} {} {} {}",
            seen.technician,
            seen.status,
            seen.start,
            seen.time_spent,
            gestan_connector::gateway::memo::Memo::parse(&seen.memo).visible_text()
        )
    }));
    lines
}

async fn begin() -> (World, Program) {
    let mut world = bringing("calendar = true\nappointment_step = true\nnumber_step = true", "").await;
    world.desk.run("UPDATE tparameters SET ticket_time_response_element = 1").await.unwrap();
    world.desk.time_per_comment = true;
    let program = Program::on(&mut world).await;
    // The follow-up is on before the first intervention is made.
    program.pass().await;
    (world, program)
}

async fn undisturbed() -> Vec<String> {
    let (mut world, program) = begin().await;
    for chapter in 0..CHAPTERS {
        tell(&mut world, chapter).await;
        program.pass().await;
        program.pass().await;
    }
    program.settled().await;
    sides(&mut world).await
}

#[tokio::test]
async fn killed_between_any_write_to_gestsup_and_its_record_nothing_is_there_twice_and_nothing_is_missing() {
    let expected = undisturbed().await;
    assert!(expected.iter().any(|line| line.contains("Client venu")), "{expected:#?}");
    let told = async |place: &'static str| {
        let (mut world, program) = begin().await;
        let mut kills = 0;
        for chapter in 0..CHAPTERS {
            tell(&mut world, chapter).await;
            for when in ["", "1*off->"] {
                let ended = program.run_until(&format!("{place}={when}return"), &SYNC).await;
                match ended.signal {
                    ABORTED => kills += 1,
                    _ => assert_eq!(ended.code, Some(0), "{}{}", ended.output, ended.errors),
                }
            }
            program.pass().await;
            program.pass().await;
        }
        program.settled().await;
        assert!(kills > 0, "no pass of the story comes to “{place}”");
        let sides = sides(&mut world).await;
        assert!(sides == expected, "{place}: {sides:#?}\nundisturbed: {expected:#?}");
    };
    let places = failpoint::ALL.into_iter().filter(|place| is_of_follow_up(place));
    stream::iter(places).map(told).buffer_unordered(2).collect::<()>().await;
}
