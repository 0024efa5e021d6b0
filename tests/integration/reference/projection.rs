//! Whatever people do on either side: after a pass GestSup is what Gestan's lists say, links are one to one, and
//! another pass writes nothing.

use super::{links, person, refer_with, referring, settled, society};
use crate::follow_up::ask;
use crate::support::World;
use gestan_connector::flows::tickets::PassOptions;
use std::collections::HashSet;

/// Numbers from a seed: a failure names the seed and happens again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    fn pick<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }
}

const NAMES: [&str; 6] = ["Dupont & Fils", "L'Étoile", "Mairie \"A\"", "Garage <Léon>", "Ateliers Roux", "Café été"];

/// Somebody does something in Gestan.
async fn in_gestan(world: &mut World, dice: &mut Dice, n: u64) {
    let sql = match dice.below(15) {
        0 => {
            society(world, &format!("{} {n}", dice.pick(&NAMES)), &format!("{n:014}"), "38000").await;
            return;
        }
        1 | 2 => {
            let societies = world.erp.ask("SELECT CAST(IDSOCIETE AS CHAR) FROM SOCIETE").await.unwrap();
            let society = dice.pick(&societies).parse().unwrap();
            person(world, ("Ana", &format!("O'Neil {n}")), &format!("p{n}@x.fr"), society).await;
            return;
        }
        3 => {
            let clients =
                world.erp.ask("SELECT CAST(IDCONTACT AS CHAR) FROM CONTACT WHERE RAISON_SOCIALE <> ''").await.unwrap();
            let client = dice.pick(&clients).parse().unwrap();
            world.erp.machine(&format!("M{n}"), &format!("Machine {n}"), &format!("SN{n}"), client).await.unwrap();
            return;
        }
        4 => format!(
            "UPDATE CONTACT SET RAISON_SOCIALE = 'Renommé {n}' WHERE RAISON_SOCIALE <> '' ORDER BY RAND({n}) LIMIT 1"
        ),
        5 => format!(
            "UPDATE CONTACT SET NOMFAMILLE = 'Nom {n}', TELP1 = '0{n}' WHERE NOMFAMILLE <> '' ORDER BY RAND({n}) LIMIT 1"
        ),
        6 => format!("UPDATE CONTACT SET IARCHIVE = 1 - IARCHIVE ORDER BY RAND({n}) LIMIT 1"),
        8 => {
            world.erp.project(&format!("Projet {n}"), 0).await.unwrap();
            return;
        }
        9 => format!("INSERT INTO TACHES SELECT {n}, IDPROJET, 'Tâche {n}', 0 FROM PROJET ORDER BY RAND({n}) LIMIT 1"),
        10 => format!("UPDATE TACHES SET FINIE = 1 - FINIE, NOM = 'Autre <{n}>' ORDER BY RAND({n}) LIMIT 1"),
        11 => {
            let user = if dice.below(2) == 0 { "LRO" } else { "PDU" };
            let day = |days: u64| (chrono::Utc::now().date_naive() + chrono::Days::new(days)).to_string();
            world.erp.absence(user, &day(n % 40), &day(n % 40 + 3)).await.unwrap();
            return;
        }
        12 => format!(
            "UPDATE ABSENCE SET IVALIDE = 1 - IVALIDE, DT_FIN = DT_FIN + INTERVAL 1 DAY ORDER BY RAND({n}) LIMIT 1"
        ),
        13 => {
            let code = format!("U{}", n % 100);
            world.erp.user(&code, ("Théo", &format!("Agent {n}")), &format!("u{n}@sav.fr")).await.unwrap();
            return;
        }
        14 => format!(
            "UPDATE USER SET IARCHIVE = 1 - IARCHIVE, TELBUR = '{n}' WHERE CDUSER LIKE 'U%' ORDER BY RAND({n}) LIMIT 1"
        ),
        7 => format!(
            "UPDATE MACHINE_MNT SET IARCHIVE = 1 - IARCHIVE, LIB_MACHINE = 'Autre {n}', MARQUE = 'B{}', MODELE = 'X{}' ORDER BY RAND({n}) LIMIT 1",
            n % 3,
            n % 2
        ),
        _ => format!(
            "UPDATE MACHINE_MNT SET IDCONTACT = (SELECT IDCONTACT FROM CONTACT WHERE RAISON_SOCIALE <> '' ORDER BY RAND({n}) LIMIT 1) ORDER BY RAND({n}) LIMIT 1"
        ),
    };
    world.erp.run(sql).await.unwrap();
}

/// Somebody does something in GestSup.
async fn in_gestsup(world: &mut World, dice: &mut Dice, n: u64) {
    let sql = match dice.below(8) {
        0 => format!(
            "UPDATE tcompany SET name = 'Faux {n}', zip = '9' WHERE id > 0 AND zip <> '' ORDER BY RAND({n}) LIMIT 1"
        ),
        1 => format!(
            "UPDATE tusers SET lastname = 'Faux {n}' WHERE id > 10 AND mail LIKE 'p%@x.fr' ORDER BY RAND({n}) LIMIT 1"
        ),
        2 => format!(
            "UPDATE tassets SET netbios = 'faux{n}', disable = 1 - disable WHERE id > 1 ORDER BY RAND({n}) LIMIT 1"
        ),
        4 => format!(
            "UPDATE tevents SET title = 'Autre {n}', date_end = date_end + INTERVAL 1 HOUR ORDER BY RAND({n}) LIMIT 1"
        ),
        5 => format!("UPDATE tprojects SET name = 'Faux {n}', disable = 1 - disable ORDER BY RAND({n}) LIMIT 1"),
        6 => {
            format!("UPDATE tusers SET phone = 'Faux {n}' WHERE login LIKE 'u%' AND id > 10 ORDER BY RAND({n}) LIMIT 1")
        }
        3 => format!("UPDATE tassets SET model = 1 WHERE id > 1 ORDER BY RAND({n}) LIMIT 1"),
        _ => format!("UPDATE tcompany SET disable = 1 - disable WHERE id > 1 ORDER BY RAND({n}) LIMIT 1"),
    };
    world.desk.run(sql).await.unwrap();
}

/// What both sides say of everything that is linked.
async fn compare(world: &World, seed: u64) {
    let all = links(world).await;
    let (mut keys, mut rows) = (HashSet::new(), HashSet::new());
    for link in &all {
        let parts: Vec<&str> = link.split(' ').collect();
        let place = match parts[0] {
            "client" => "tcompany",
            "equipment" => "tassets",
            "project" => "tprojects",
            "absence" => "tevents",
            _ => "tusers",
        };
        assert!(keys.insert((parts[0].to_owned(), parts[1].to_owned())), "seed {seed}: {link} twice");
        assert!(rows.insert((place, parts[2].to_owned())), "seed {seed}: {link} is a row of two");
    }
    let gestan = &world.sandbox.gestan;
    let company_of = |contact: &str| {
        let of = format!("client {contact} ");
        all.iter().find_map(|link| link.strip_prefix(&of)).unwrap_or("0").to_owned()
    };
    let own =
        ask(world, "c.LOGIN, c.IDCONTACT", &format!("{gestan}.CONTACT c WHERE c.CTG_CONTACT = 3 AND c.IARCHIVE = 0"))
            .await;
    for link in &all {
        let parts: Vec<&str> = link.split(' ').collect();
        let (key, id) = (parts[1], parts[2]);
        let decoded = |column: &str| {
            format!(
                "REPLACE(REPLACE(REPLACE(REPLACE(REPLACE({column}, '&lt;', '<'), '&gt;', '>'), '&quot;', '\"'), '&#039;', '\\''), '&amp;', '&')"
            )
        };
        let sql = match parts[0] {
            "client" => format!(
                "{gestan}.CONTACT c LEFT JOIN {gestan}.SOCIETE s ON s.IDSOCIETE = c.IDSOCIETE, tcompany g WHERE c.IDCONTACT = {key} AND g.id = {id} \
                 AND NOT (BINARY {} = COALESCE(NULLIF(c.RAISON_SOCIALE, ''), s.RAISON_SOCIALE) AND g.disable = c.IARCHIVE AND (s.SIRET IS NULL OR (g.SIRET = s.SIRET AND g.zip = s.CPOSTALP)))",
                decoded("g.name")
            ),
            "contact" => format!(
                "{gestan}.CONTACT c, tusers g WHERE c.IDCONTACT = {key} AND g.id = {id} \
                 AND NOT (BINARY {} = c.NOMFAMILLE AND g.mail = c.EMAILP AND g.disable = c.IARCHIVE AND (c.TELP1 IS NULL OR g.phone = c.TELP1))",
                decoded("g.lastname")
            ),
            "equipment" => format!(
                "{gestan}.MACHINE_MNT c, tassets g JOIN tassets_model m ON m.id = g.model JOIN tassets_manufacturer b ON b.id = g.manufacturer WHERE c.IDMACHINE = {key} AND g.id = {id} \
                 AND NOT ({} = c.LIB_MACHINE AND g.sn_manufacturer = c.NUM_SERIE AND g.disable = c.IARCHIVE AND (c.MARQUE IS NULL OR (b.name = c.MARQUE AND m.name = c.MODELE)))",
                decoded("g.netbios")
            ),
            "project" => {
                let (project, task) = key.split_once('/').unwrap_or((key, ""));
                let tasks = format!("(SELECT COUNT(*) FROM {gestan}.TACHES x WHERE x.PROJET = {project})");
                match task {
                    // One that has tasks is none any more.
                    "" => format!(
                        "{gestan}.PROJET c, tprojects g WHERE c.IDPROJET = {key} AND g.id = {id} \
                         AND NOT (g.disable = ({tasks} > 0) AND ({tasks} > 0 OR {} = c.NOMPROJET))",
                        decoded("g.name")
                    ),
                    task => format!(
                        "{gestan}.PROJET c, {gestan}.TACHES t, tprojects g WHERE c.IDPROJET = {project} AND t.IDTACHE = {task} AND g.id = {id} \
                         AND NOT (g.disable = t.FINIE AND {} = CONCAT(c.NOMPROJET, ' – ', t.NOM))",
                        decoded("g.name")
                    ),
                }
            }
            "absence" => format!(
                "{gestan}.ABSENCE c, tevents g WHERE c.IDABSENCE = {key} AND g.id = {id} AND NOT (g.title = 'Absence' AND g.disable = 1 - c.IVALIDE \
                 AND g.date_start = CONCAT(c.DT_DEBUT, ' 00:00:00') AND g.date_end = CONCAT(c.DT_FIN + INTERVAL 1 DAY, ' 00:00:00'))"
            ),
            "technician" => {
                let contact = own.iter().find_map(|line| line.strip_prefix(&format!("{key}|")));
                let company = contact.map(company_of);
                let company = company.map_or_else(String::new, |company| format!(" AND g.company = {company}"));
                format!(
                    "{gestan}.USER c, tusers g WHERE c.CDUSER = '{key}' AND g.id = {id} AND NOT (g.disable = c.IARCHIVE AND (c.TELBUR IS NULL OR g.phone = c.TELBUR){company})"
                )
            }
            _ => continue,
        };
        let wrong = ask(world, "'differs'", &sql).await;
        assert!(wrong.is_empty(), "seed {seed}: {link} is not what Gestan says: {sql}");
    }
}

#[tokio::test]
async fn after_any_edits_on_both_sides_gestsup_is_what_gestan_says_and_another_pass_writes_nothing() {
    for seed in 1..=4 {
        let mut dice = Dice(seed * 7_919);
        let mut world = referring(
            "[gateway.psp]\ngroup = 3\ncreate = true\n\n[gateway.tasks]\nquery = \"SELECT IDTACHE AS task, PROJET AS project, NOM AS label, FINIE AS closed FROM TACHES\"",
        )
        .await;
        world.erp.run("CREATE TABLE TACHES (IDTACHE bigint, PROJET bigint, NOM varchar(80), FINIE int)").await.unwrap();
        society(&mut world, "Premier", "00000000000001", "38000").await;
        let mut n = 100;
        for _ in 0..5 {
            for _ in 0..12 {
                n += 1;
                if dice.below(3) > 0 {
                    in_gestan(&mut world, &mut dice, n).await;
                } else {
                    in_gestsup(&mut world, &mut dice, n).await;
                }
            }
            refer_with(&world, PassOptions { allow_mass_change: true, ..PassOptions::default() }).await;
            compare(&world, seed).await;
            settled(&world).await;
        }
        let twice = ask(&world, "name", "tassets_manufacturer GROUP BY name HAVING COUNT(*) > 1").await;
        assert_eq!(twice, Vec::<String>::new(), "seed {seed}");
    }
}
