//! The tickets flow on the GestSup versions that are about: our 3.2.55 taken down step by step, and a
//! newer one with columns that nobody knows yet.

use crate::support::World;
use gestan_connector::demo::help_desk::state;
use gestan_connector::demo::sandbox::code;
use gestan_connector::gestsup::Level;

const V3_2_43: &str = include_str!("../schemas/3.2.43.sql");
const V3_2_27: &str = include_str!("../schemas/3.2.27.sql");
const V3_2_3: &str = include_str!("../schemas/3.2.3.sql");
const V3_1_30: &str = include_str!("../schemas/3.1.30.sql");
const NEWER: &str = include_str!("../schemas/newer.sql");

/// How a version deletes a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deletion {
    /// `disable = 1`.
    Hidden,
    /// The rows go.
    Silent,
    /// The rows go, and a line in `tlogs` tells of it.
    Logged,
}

struct Version {
    name: &'static str,
    /// From our 3.2.55 on, one after the other.
    scripts: &'static [&'static str],
    has_step_time: bool,
    has_attachments: bool,
    is_billable: bool,
    deletion: Deletion,
}

const MODERN: Version = Version {
    name: "3.2.55",
    scripts: &[],
    has_step_time: true,
    has_attachments: true,
    is_billable: true,
    deletion: Deletion::Logged,
};

/// People at work in a version whatever columns it has: GestSup's statements, less what came later.
impl Version {
    async fn world(&self) -> World {
        let mut world = World::new().await;
        for script in self.scripts {
            world.desk.run(*script).await.unwrap();
        }
        world
    }

    async fn open(&self, world: &mut World) {
        let requester = world.requester;
        let sql = format!(
            "INSERT INTO tincidents (user, title, description, date_create, state, creator, techread, time, time_hope) VALUES \
             ({requester}, 'L&#039;imprimante d&#039;été à l&#039;œuvre : 12 €', '<p>Ça ne s&#039;allume plus, l’écran est noir</p>', \
             '2026-03-02 09:00:01', 5, {requester}, 0, 0, 5)"
        );
        world.desk.run(sql).await.unwrap();
    }

    async fn comment(&self, world: &mut World, minutes: i64) {
        let (column, value) = if self.has_step_time { (", time", format!(", {minutes}")) } else { ("", String::new()) };
        let paul = world.paul;
        for sql in [
            format!(
                "INSERT INTO tthreads (ticket, date, author, text, type{column}) VALUES (1, '2026-03-02 10:00:00', {paul}, '<p>Câble déplacé, dû à un élève</p>', 0{value})"
            ),
            format!("UPDATE tincidents SET state = 2, time = {minutes} WHERE id = 1"),
            format!(
                "INSERT INTO tthreads SET ticket = 1, date = '2026-03-02 10:00:00', author = {paul}, type = 5, state = 2"
            ),
        ] {
            world.desk.run(sql).await.unwrap();
        }
    }

    async fn attach(&self, world: &mut World) {
        let sql = if self.has_attachments {
            "INSERT INTO tattachments (uid, ticket_id, real_filename) VALUES ('u', 1, 'photo.jpg')"
        } else {
            "UPDATE tincidents SET img2 = 'photo.jpg' WHERE id = 1"
        };
        world.desk.run(sql).await.unwrap();
    }

    async fn delete(&self, world: &mut World) {
        if self.deletion == Deletion::Hidden {
            return world.desk.run("UPDATE tincidents SET disable = 1 WHERE id = 1").await.unwrap();
        }
        for table in ["tthreads WHERE ticket = 1", "tevents WHERE incident = 1", "tincidents WHERE id = 1"] {
            world.desk.run(format!("DELETE FROM {table}")).await.unwrap();
        }
        if self.deletion == Deletion::Logged {
            let line = "INSERT INTO tlogs (type, date, message, user) VALUES ('ticket', NOW(), 'Ticket 1 deleted ', 1)";
            world.desk.run(line).await.unwrap();
        }
    }

    /// The whole life of a ticket, in step at each moment of it.
    async fn live(&self) {
        let mut world = self.world().await;
        self.open(&mut world).await;
        world.converge(&[]).await;
        let paul = world.paul;
        world.desk.attribute(1, paul, paul).await.unwrap();
        world.converge(&["1 create +description +step +step"]).await;
        self.comment(&mut world, 30).await;
        world.converge(&["1 update status=in_progress time_spent=30 head +step +step"]).await;
        let seen = world.only().await;
        assert_eq!(seen.title, "L'imprimante d'été à l'œuvre : 12 €");
        assert_eq!((seen.client.as_str(), seen.technician.as_str()), ("Boulangerie Hélène SARL", "PDU"));
        assert_eq!((seen.status, seen.time_spent), (code::IN_PROGRESS, 30));
        let memo = world.memo().await;
        for text in [
            "Demandeur : Hélène D'Arc (Boulangerie Hélène)",
            "Ça ne s'allume plus, l’écran est noir",
            "Attribué à Paul Durand",
            "Nouvel état : Attente PEC",
            "Câble déplacé, dû à un élève",
        ] {
            assert!(memo.contains(text), "{}: {text} is not in {memo}", self.name);
        }
        let before = world.fingerprint(1).await;
        self.attach(&mut world).await;
        assert_ne!(world.fingerprint(1).await, before, "{}: the attachment is not seen", self.name);
        if self.is_billable {
            world.desk.set(1, "billable", "1").await.unwrap();
        }
        world.desk.set_state(1, state::RESOLVED, paul).await.unwrap();
        let (verb, status) = if self.is_billable { ("bill", "to_bill") } else { ("close", "done") };
        world.converge(&[&format!("1 {verb} status={status} +step")]).await;
        self.delete(&mut world).await;
        world.converge(&["1 gone +note"]).await;
        assert!(world.memo().await.contains("Câble déplacé"), "{}: what was written stays", self.name);
        let findings = world.site.gestsup().check().await.unwrap();
        let head = findings.iter().find(|finding| finding.level == Level::Ok).unwrap();
        let name = if self.name == "newer" { "3.3.1" } else { self.name };
        assert!(head.text.starts_with(&format!("GestSup {name} at ")), "{head:?}");
    }

    /// What `check --online` says that this version does not have.
    async fn losses(&self) -> Vec<String> {
        let findings = self.world().await.site.gestsup().check().await.unwrap();
        findings
            .into_iter()
            .map(|finding| finding.text)
            .filter(|text| text.starts_with("this GestSup has no"))
            .collect()
    }
}

#[tokio::test]
async fn a_ticket_lives_its_whole_life_on_3_2_55() {
    MODERN.live().await;
    assert_eq!(MODERN.losses().await, [""; 0]);
}

#[tokio::test]
async fn a_ticket_lives_its_whole_life_on_3_2_43_whose_tables_are_in_latin1() {
    let version = Version { name: "3.2.43", scripts: &[V3_2_43], ..MODERN };
    version.live().await;
    assert_eq!(version.losses().await, [""; 0]);
}

#[tokio::test]
async fn a_ticket_lives_its_whole_life_on_3_2_27() {
    let version = Version { name: "3.2.27", scripts: &[V3_2_43, V3_2_27], ..MODERN };
    version.live().await;
    assert_eq!(version.losses().await, [""; 0]);
}

#[tokio::test]
async fn a_ticket_lives_its_whole_life_on_3_2_3_with_the_time_of_the_whole_ticket_and_unlogged_deletion() {
    let version = Version {
        name: "3.2.3",
        scripts: &[V3_2_43, V3_2_27, V3_2_3],
        has_step_time: false,
        is_billable: false,
        deletion: Deletion::Silent,
        ..MODERN
    };
    version.live().await;
    let losses = version.losses().await;
    assert_eq!(
        losses,
        [
            "this GestSup has no tincidents.billable (it came with 3.2.12): no ticket is marked as billable, so a resolved one is done and not to be billed, unless [mapping.billing] decides it otherwise",
            "this GestSup has no tthreads.time (it came with 3.2.27): time per comment is not known, the ticket's total is used",
        ]
    );
}

#[tokio::test]
async fn a_ticket_lives_its_whole_life_on_3_1_30_which_hides_what_it_deletes_and_attaches_in_columns() {
    let version = Version {
        name: "3.1.30",
        scripts: &[V3_2_43, V3_2_27, V3_2_3, V3_1_30],
        has_step_time: false,
        has_attachments: false,
        is_billable: false,
        deletion: Deletion::Hidden,
    };
    version.live().await;
    let losses = version.losses().await;
    for (number, begins) in [
        "this GestSup has no tincidents.billable (it came with 3.2.12): ",
        "this GestSup has no tthreads.time (it came with 3.2.27): ",
        "this GestSup has no table tprojects_task, no table tprojects: tickets belong to no project",
        "this GestSup has no table tlogs, no tparameters.log (they came with 3.2.1): a deletion cannot be confirmed",
        "this GestSup has no table tattachments (it came with 3.1.49): files of tickets are not sent",
    ]
    .into_iter()
    .enumerate()
    {
        assert!(losses[number].starts_with(begins), "{losses:#?}");
    }
    assert_eq!(losses.len(), 5, "attachments are in columns of the ticket: {losses:#?}");
}

#[tokio::test]
async fn a_ticket_lives_its_whole_life_on_a_newer_version_with_columns_that_nobody_knows() {
    let version = Version { name: "newer", scripts: &[NEWER], ..MODERN };
    version.live().await;
    assert_eq!(version.losses().await, [""; 0]);
}

#[tokio::test]
async fn an_upgrade_of_gestsup_under_a_running_connector_writes_nothing() {
    let old = Version { name: "3.2.27", scripts: &[V3_2_43, V3_2_27], ..MODERN };
    let mut world = old.world().await;
    old.open(&mut world).await;
    let paul = world.paul;
    world.desk.attribute(1, paul, paul).await.unwrap();
    old.comment(&mut world, 30).await;
    world.pass().await;
    let before = world.only().await;
    for table in ["tincidents", "tthreads", "tusers", "tcompany", "tstates", "tparameters"] {
        world.desk.run(format!("ALTER TABLE {table} CONVERT TO CHARACTER SET utf8mb3")).await.unwrap();
    }
    world.desk.run("ALTER TABLE tcompany ADD COLUMN comment varchar(512) NOT NULL").await.unwrap();
    world.converge(&[]).await;
    assert_eq!(world.only().await, before);
}

#[tokio::test]
async fn tables_of_another_engine_or_charset_and_missing_rows_for_none_are_borne_and_told() {
    let mut world = MODERN.world().await;
    world.desk.run("ALTER TABLE tthreads ENGINE=MyISAM").await.unwrap();
    for table in ["tstates", "tusers"] {
        world.desk.run(format!("ALTER TABLE {table} CONVERT TO CHARACTER SET latin1")).await.unwrap();
    }
    for table in
        ["tusers", "tcompany", "tcategory", "tsubcat", "tcriticality", "tpriority", "ttypes", "tservices", "tgroups"]
    {
        world.desk.run(format!("DELETE FROM {table} WHERE id = 0")).await.unwrap();
    }
    MODERN.open(&mut world).await;
    let paul = world.paul;
    world.desk.attribute(1, paul, paul).await.unwrap();
    world.converge(&["1 create +description +step +step"]).await;
    assert!(world.memo().await.contains("Nouvel état : Attente PEC"));
    let findings = world.site.gestsup().check().await.unwrap();
    let engine = findings.iter().find(|finding| finding.text.contains("engine InnoDB")).unwrap();
    assert_eq!(engine.level, Level::Warning);
    assert!(
        engine.text.contains("tthreads (MyISAM)") && engine.text.contains("ALTER TABLE `tthreads` ENGINE=InnoDB"),
        "{engine:?}"
    );
}

#[tokio::test]
async fn whatever_column_or_table_is_missing_a_ticket_still_reaches_gestan() {
    const DROPPED: [&str; 24] = [
        "ALTER TABLE tincidents DROP COLUMN disable",
        "ALTER TABLE tincidents DROP COLUMN u_group",
        "ALTER TABLE tincidents DROP COLUMN date_hope, DROP COLUMN time_hope",
        "ALTER TABLE tincidents DROP COLUMN category, DROP COLUMN subcat, DROP COLUMN u_service",
        "ALTER TABLE tusers DROP COLUMN disable",
        "ALTER TABLE tevents DROP COLUMN type",
        "ALTER TABLE tassets DROP COLUMN sn_internal",
        "ALTER TABLE tthreads DROP COLUMN tech2, DROP COLUMN group1",
        "ALTER TABLE tprojects_task DROP COLUMN project_id",
        "ALTER TABLE tcategory DROP COLUMN name",
        "ALTER TABLE tpriority DROP PRIMARY KEY, DROP COLUMN id",
        "DROP TABLE tcriticality",
        "DROP TABLE ttypes",
        "DROP TABLE tservices",
        "DROP TABLE tgroups_assoc",
        "DROP TABLE tassets",
        "DROP TABLE tevents",
        "DROP TABLE tlogs",
        "DROP TABLE tprojects",
        "DROP TABLE tattachments",
        "DROP TABLE tsurvey_answers",
        "DROP TABLE ttime",
        "DROP TABLE ttemplates",
        "DROP TABLE tprofiles",
    ];
    let mut world = World::new().await;
    world.desk.run("ALTER TABLE tpriority MODIFY id int(2) NOT NULL").await.unwrap();
    MODERN.open(&mut world).await;
    let (paul, group) = (world.paul, world.group);
    world.desk.run(format!("INSERT INTO tthreads SET ticket = 1, date = '2026-03-02 10:00:00', type = 1, author = {paul}, tech1 = {paul}")).await.unwrap();
    world
        .desk
        .run(format!("UPDATE tincidents SET technician = 0, t_group = {group}, state = 1 WHERE id = 1"))
        .await
        .unwrap();
    world.converge(&["1 create +description +step"]).await;
    assert_eq!(world.only().await.team, "PDU;LRO");
    for sql in DROPPED {
        world.desk.run(sql).await.unwrap();
        world.site.gestsup().check().await.unwrap_or_else(|error| panic!("check after {sql}: {error}"));
        world.fingerprint(1).await;
    }
    world.desk.run(format!("UPDATE tincidents SET technician = {paul}, t_group = 0 WHERE id = 1")).await.unwrap();
    world
        .desk
        .run(format!(
            "INSERT INTO tthreads (ticket, date, author, text) VALUES (1, '2026-03-02 11:00:00', {paul}, '<p>Vu</p>')"
        ))
        .await
        .unwrap();
    world.pass().await;
    world.settled().await;
    assert!(world.memo().await.contains("\nVu"));
}
