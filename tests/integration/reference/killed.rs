//! Killed between any write and its record, the next pass ends in the same rows: nothing is there twice.

use super::{person, referring, society, whole};
use crate::killed::{Program, is_of_reference};
use crate::support::World;
use futures::stream::{self, StreamExt as _};
use gestan_connector::failpoint;

const SYNC: [&str; 2] = ["sync", "reference"];
const ABORTED: Option<i32> = Some(6);

async fn begin() -> (World, Program) {
    let mut world = referring("[gateway.psp]\ngroup = 3\ncreate = true").await;
    let (company, lead) = society(&mut world, "Mairie", "", "38000").await;
    // Two that nothing but their links tells apart.
    society(&mut world, "Jumeau", "", "38000").await;
    society(&mut world, "Jumeau", "", "38000").await;
    person(&mut world, ("Ana", "Sol"), "ana@mairie.fr", company).await;
    person(&mut world, ("Sans", "Adresse"), "", company).await;
    world.erp.machine("M2", "Imprimante", "SN-2", lead).await.unwrap();
    world.erp.machine("M3", "Sans numéro", "", lead).await.unwrap();
    world.erp.project("Migration", 0).await.unwrap();
    world.erp.absence("LRO", "2026-12-21", "2026-12-31").await.unwrap();
    let program = Program::on(&mut world).await;
    (world, program)
}

async fn change(world: &mut World) {
    world.erp.run("UPDATE CONTACT SET TELP1 = '0400' WHERE NOMFAMILLE = 'Sol'").await.unwrap();
    world.erp.run("UPDATE MACHINE_MNT SET IARCHIVE = 1 WHERE CD_MACHINE = 'M2'").await.unwrap();
    world.erp.run("UPDATE ABSENCE SET DT_FIN = '2027-01-03'").await.unwrap();
}

/// Both sides without ids, which a pass that was undone uses up.
async fn sides(world: &mut World) -> Vec<String> {
    let mut lines = crate::follow_up::ask(world, "c.name, c.zip, c.disable", "tcompany c").await;
    lines.extend(
        crate::follow_up::ask(
            world,
            "u.login, u.lastname, u.mail, u.phone, COALESCE(c.name, ''), u.disable",
            "tusers u LEFT JOIN tcompany c ON c.id = u.company",
        )
        .await,
    );
    lines.extend(
        crate::follow_up::ask(
            world,
            "a.netbios, a.sn_internal, u.lastname, m.name, a.disable",
            "tassets a JOIN tusers u ON u.id = a.user JOIN tassets_model m ON m.id = a.model",
        )
        .await,
    );
    lines.extend(crate::follow_up::ask(world, "technician, title, date_start, date_end, disable", "tevents").await);
    for list in ["tprojects", "tassets_type", "tassets_manufacturer", "tassets_model"] {
        lines.extend(crate::follow_up::ask(world, "name", list).await);
    }
    lines.extend(
        world.erp.ask("SELECT CONCAT_WS(' ', LOGIN, CTG_CONTACT) FROM CONTACT WHERE LOGIN <> ''").await.unwrap(),
    );
    lines.sort();
    lines
}

#[tokio::test]
async fn killed_between_any_write_of_a_row_and_its_record_no_row_is_there_twice_and_none_is_missing() {
    let (mut world, program) = begin().await;
    assert_eq!(program.run(&SYNC).await.code, Some(0));
    change(&mut world).await;
    assert_eq!(program.run(&SYNC).await.code, Some(0));
    let expected = sides(&mut world).await;
    let told = async |place: &'static str| {
        let (mut world, program) = begin().await;
        let mut kills = 0;
        for chapter in 0..2 {
            if chapter == 1 {
                change(&mut world).await;
            }
            for when in ["", "1*off->", "2*off->", "4*off->"] {
                let ended = program.run_until(&format!("{place}={when}return"), &SYNC).await;
                match ended.signal {
                    ABORTED => kills += 1,
                    _ => assert_eq!(ended.code, Some(0), "{}{}", ended.output, ended.errors),
                }
            }
            let ended = program.run(&SYNC).await;
            assert_eq!(ended.code, Some(0), "{}{}", ended.output, ended.errors);
        }
        assert!(kills > 0, "no pass comes to “{place}”");
        assert_eq!(sides(&mut world).await, expected, "{place}");
        let before = whole(&world).await;
        assert_eq!(program.run(&SYNC).await.code, Some(0));
        assert_eq!(whole(&world).await, before, "{place}");
    };
    let places = failpoint::ALL.into_iter().filter(|place| is_of_reference(place));
    stream::iter(places).map(told).buffer_unordered(2).collect::<()>().await;
}
