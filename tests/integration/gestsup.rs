//! The GestSup adapter on a real base: what a sweep sees, how values that lie read, and what an
//! administrator is told.

use crate::support::{World, at};
use chrono::{TimeZone as _, Utc};
use gestan_connector::config::{self, Role};
use gestan_connector::demo::help_desk::state;
use gestan_connector::flows::tickets::{Scope, TicketSource as _};
use gestan_connector::gestsup::Gestsup;
use gestan_connector::model::Ticket;
use secrecy::SecretString;
use std::time::Duration;

impl World {
    pub async fn fingerprint(&self, ticket: i64) -> String {
        let mut snapshot = self.site.gestsup().snapshot().await.unwrap();
        let seen = snapshot.sweep(&Scope::Full).await.unwrap();
        let only = snapshot.sweep(&Scope::Only(vec![ticket])).await.unwrap();
        let full = seen.into_iter().find(|sighting| sighting.number == ticket).unwrap();
        assert_eq!(only, std::slice::from_ref(&full), "a ticket looks the same in every scope");
        full.fingerprint.to_string()
    }

    async fn load(&self, ticket: i64) -> Ticket {
        self.site.gestsup().snapshot().await.unwrap().load(&[ticket]).await.unwrap().remove(0)
    }
}

#[tokio::test]
async fn everything_that_is_projected_changes_the_fingerprint_and_looking_at_a_page_does_not() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    let one = world.desk.comment_with(ticket, world.paul, "<p>a</p>", 10, false).await.unwrap();
    let two = world.desk.comment_with(ticket, world.paul, "<p>b</p>", 20, true).await.unwrap();
    world.desk.set(ticket, "asset_id", &world.asset.to_string()).await.unwrap();
    world.desk.attribute_to_group(ticket, world.group, world.paul).await.unwrap();
    world.desk.run("INSERT INTO tgroups (id, name, type) VALUES (77, 'Comptabilité', 0)").await.unwrap();
    world.desk.set(ticket, "u_group", "77").await.unwrap();
    let (requester, asset, group, paul) = (world.requester, world.asset, world.group, world.paul);
    let changes = [
        format!("UPDATE tincidents SET title = 'Deux' WHERE id = {ticket}"),
        format!("UPDATE tincidents SET description = '<p>y</p>' WHERE id = {ticket}"),
        format!("UPDATE tincidents SET time = 77 WHERE id = {ticket}"),
        format!("UPDATE tincidents SET billable = 1 WHERE id = {ticket}"),
        format!("UPDATE tincidents SET state = 6 WHERE id = {ticket}"),
        format!("UPDATE tincidents SET priority = 1, criticality = 1 WHERE id = {ticket}"),
        format!("UPDATE tincidents SET date_hope = '2026-05-05' WHERE id = {ticket}"),
        format!("UPDATE tthreads a JOIN tthreads b ON a.id = {one} AND b.id = {two} SET a.time = 20, b.time = 10"),
        format!(
            "UPDATE tthreads a JOIN tthreads b ON a.id = {one} AND b.id = {two} SET a.text = '<p>b</p>', b.text = '<p>a</p>'"
        ),
        format!("UPDATE tthreads SET private = 1 - private WHERE id IN ({one}, {two})"),
        format!("DELETE FROM tthreads WHERE id = {two}"),
        format!(
            "INSERT INTO tevents (technician, incident, date_start, date_end, type) VALUES ({paul}, {ticket}, '2026-04-01 10:00:00', '2026-04-01 11:00:00', 2)"
        ),
        format!("UPDATE tevents SET date_start = '2026-04-01 10:30:00' WHERE incident = {ticket}"),
        "INSERT INTO tprojects (name) VALUES ('P')".to_owned()
            + ";"
            + &format!("INSERT INTO tprojects_task (number, project_id, ticket_id) VALUES (1, 1, {ticket})"),
        "UPDATE tprojects SET name = 'Q'".to_owned(),
        format!("INSERT INTO tattachments (uid, ticket_id, real_filename) VALUES ('u', {ticket}, 'f.png')"),
        format!("INSERT INTO tsurvey_answers (ticket_id, question_id, answer) VALUES ({ticket}, 1, '5')"),
        "UPDATE tcompany SET name = 'Autre nom' WHERE id > 0".to_owned(),
        format!("UPDATE tusers SET lastname = 'Autre' WHERE id = {requester}"),
        format!("UPDATE tassets SET sn_manufacturer = 'X' WHERE id = {asset}"),
        format!("DELETE FROM tgroups_assoc WHERE `group` = {group} AND user = {paul}"),
        "UPDATE tstates SET name = 'Renommé' WHERE id = 6".to_owned(),
        "UPDATE tgroups SET name = 'Compta' WHERE id = 77".to_owned(),
        format!("UPDATE tincidents SET img1 = 'photo.jpg' WHERE id = {ticket}"),
    ];
    let mut before = world.fingerprint(ticket).await;
    for change in changes {
        for statement in change.split(';') {
            world.desk.run(statement).await.unwrap();
        }
        let after = world.fingerprint(ticket).await;
        assert_ne!(before, after, "unseen: {change}");
        before = after;
    }
    for nothing in [
        format!(
            "UPDATE tincidents SET techread = 1, techread_date = '2026-03-03 10:00:00', userread = 0, notify = 1 WHERE id = {ticket}"
        ),
        format!("UPDATE tincidents SET date_modif = '2026-03-03 10:00:00' WHERE id = {ticket}"),
        format!(
            "INSERT INTO ttoken (date, token, action, ticket_id) VALUES ('2026-03-03 10:00:00', 'x', 'ticket_access', {ticket})"
        ),
    ] {
        world.desk.run(&nothing).await.unwrap();
        assert_eq!(before, world.fingerprint(ticket).await, "seen: {nothing}");
    }
}

#[tokio::test]
async fn a_recent_sweep_sees_what_lives_what_is_new_and_what_was_closed_lately() {
    let mut world = World::new().await;
    let mut tickets = Vec::new();
    for title in ["Vieux", "Récent", "Ouvert", "Suivi"] {
        tickets.push(world.ticket(title, "<p>x</p>").await);
    }
    world.desk.mass_state(&[tickets[0], tickets[1], tickets[3]], state::RESOLVED, world.paul).await.unwrap();
    world.desk.run("UPDATE tincidents SET date_res = '2020-01-01 00:00:00' WHERE id IN (1, 4)").await.unwrap();
    let scope = |after, also: &[i64]| Scope::Recent {
        after,
        steps_after: None,
        closed_since: at("2026-03-01T00:00:00"),
        also: also.to_vec(),
        closed_states: vec![3, 4],
    };
    let mut snapshot = world.site.gestsup().snapshot().await.unwrap();
    let mut seen = async |scope: Scope| -> Vec<i64> {
        snapshot.sweep(&scope).await.unwrap().iter().map(|sighting| sighting.number).collect()
    };
    assert_eq!(seen(scope(100, &[])).await, [2, 3]);
    assert_eq!(seen(scope(100, &[4])).await, [2, 3, 4]);
    assert_eq!(seen(scope(0, &[])).await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_snapshot_does_not_see_what_is_written_after_it_began() {
    let mut world = World::new().await;
    let ticket = world.ticket("Avant", "<p>x</p>").await;
    let mut snapshot = world.site.gestsup().snapshot().await.unwrap();
    let before = snapshot.numbers().await.unwrap();
    world.desk.set(ticket, "title", "Après").await.unwrap();
    world.ticket("Nouveau", "<p>x</p>").await;
    assert_eq!(snapshot.load(&[ticket]).await.unwrap()[0].title, "Avant");
    assert_eq!(snapshot.numbers().await.unwrap(), before);
    assert_eq!(world.load(ticket).await.title, "Après");
}

#[tokio::test]
async fn zero_dates_read_as_none_and_local_times_as_points_in_time_on_both_sides_of_a_clock_change() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    let read = world.load(ticket).await;
    assert_eq!((read.resolved_at, read.due), (None, None));
    assert_eq!(read.created_at, Some(Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 1).unwrap()));
    world
        .desk
        .run(format!(
            "UPDATE tincidents SET date_create = '0000-00-00 00:00:00', date_hope = '2026-07-14' WHERE id = {ticket}"
        ))
        .await
        .unwrap();
    world
        .desk
        .run(format!("UPDATE tthreads SET date = '0000-00-00 00:00:00' WHERE ticket = {ticket} AND type = 1"))
        .await
        .unwrap();
    let read = world.load(ticket).await;
    assert_eq!((read.created_at, read.due), (None, Some(Utc.with_ymd_and_hms(2026, 7, 13, 22, 0, 0).unwrap())));
    assert_eq!(read.steps[0].at, None);
    world.pass().await;
    world.settled().await;
    for (local, utc) in [
        ("2026-10-25 02:30:00", "2026-10-25T00:30:00Z"),
        ("2026-10-25 03:30:00", "2026-10-25T02:30:00Z"),
        ("2026-03-29 02:30:00", "2026-03-29T01:30:00Z"),
    ] {
        world.desk.set(ticket, "date_res", local).await.unwrap();
        assert_eq!(world.load(ticket).await.resolved_at, Some(utc.parse().unwrap()), "{local}");
    }
}

#[tokio::test]
async fn names_titles_and_texts_read_as_people_wrote_them() {
    let mut world = World::new().await;
    let ticket =
        world.desk.open(world.requester, "L'été <b> & \"co\" 🎉", "&lt;p&gt;Par l&#039;API&lt;/p&gt;").await.unwrap();
    world.desk.run("UPDATE tcategory SET name = 'Mat&amp;eacute;riel' WHERE id = 2").await.unwrap();
    world.desk.set(ticket, "category", "2").await.unwrap();
    let read = world.load(ticket).await;
    assert_eq!(read.title, "L'été <b> & \"co\" ????");
    assert_eq!(read.description.to_plain(), "Par l'API");
    assert_eq!(read.requester.as_ref().unwrap().display_name(), "Hélène D'Arc");
    assert_eq!(read.category.as_ref().unwrap().name, "Matériel");
}

#[tokio::test]
async fn a_deleted_technician_and_a_missing_one_are_nobody() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    for technician in ["6", "999"] {
        world.desk.set(ticket, "technician", technician).await.unwrap();
        assert!(!world.load(ticket).await.is_attributed());
        let mut snapshot = world.site.gestsup().snapshot().await.unwrap();
        assert!(!snapshot.sweep(&Scope::Full).await.unwrap()[0].attributed, "{technician}");
    }
}

#[tokio::test]
async fn an_older_gestsup_without_some_columns_and_tables_works_with_less() {
    let mut world = World::new().await;
    for sql in [
        "ALTER TABLE tincidents DROP COLUMN billable, DROP COLUMN type_answer, DROP COLUMN asset_id",
        "ALTER TABLE tthreads DROP COLUMN time, DROP COLUMN private",
        "DROP TABLE tattachments",
        "DROP TABLE tsurvey_answers",
        "DROP TABLE tprojects_task",
        "DELETE FROM tusers WHERE id = 0",
    ] {
        world.desk.run(sql).await.unwrap();
    }
    let ticket = world.desk.open(world.requester, "Un", "<p>x</p>").await.unwrap();
    world
        .desk
        .run(format!("UPDATE tincidents SET technician = {}, state = 1 WHERE id = {ticket}", world.paul))
        .await
        .unwrap();
    world.converge(&["1 create +description"]).await;
    let findings = world.site.gestsup().check().await.unwrap();
    for said in [
        "this GestSup has no tincidents.billable (it came with 3.2.12): no ticket is marked as billable",
        "this GestSup has no tincidents.asset_id: the equipment of a ticket is not known",
        "this GestSup has no tthreads.time (it came with 3.2.27): time per comment is not known, the ticket's total is used",
        "this GestSup has no tthreads.private: no comment can be private, so all of them go to Gestan",
        "this GestSup has no table tprojects_task: tickets belong to no project",
    ] {
        assert!(findings.iter().any(|finding| finding.text.starts_with(said)), "{said}: {findings:#?}");
    }
}

#[tokio::test]
async fn what_is_no_gestsup_base_or_refuses_is_told_in_a_sentence() {
    let world = World::new().await;
    let text = world.sandbox.config(&world.state_path(), "");
    let attempt = async |from: &str, to: &str, password: &str| {
        let (config, _) = config::parse(&text.replacen(from, to, 1), "t", Role::Daemon).unwrap();
        let gestsup = Gestsup::new(config.gestsup.as_ref().unwrap(), &SecretString::from(password));
        gestsup.check().await.unwrap_err().to_string()
    };
    let denied = attempt("", "", "faux").await;
    assert!(
        denied.contains("refuses the account “connector”")
            && denied.contains("GRANT SELECT")
            && !denied.contains("faux"),
        "{denied}"
    );
    let port = text.lines().find(|line| line.starts_with("port")).unwrap();
    let down = attempt(port, "port = 1", "lecture-seule").await;
    assert!(down.contains("does not answer") && down.contains("127.0.0.1:1"), "{down}");
    let other = attempt("user = \"connector\"", "user = \"inconnu\"", "x").await;
    assert!(other.contains("refuses the account “inconnu”"), "{other}");
    let gestan = attempt(
        &format!("database = \"{}\"", world.sandbox.gestsup),
        "database = \"information_schema\"",
        "lecture-seule",
    )
    .await;
    assert!(gestan.contains("does not look like a GestSup base (table tincidents is missing)"), "{gestan}");
}

#[tokio::test]
async fn an_account_that_may_only_read_is_enough_and_one_that_may_write_is_warned_of() {
    let mut world = World::new().await;
    let findings = world.site.gestsup().check().await.unwrap();
    assert!(findings.iter().all(|finding| !finding.text.contains("more than read")), "{findings:?}");
    let database = world.sandbox.gestsup.clone();
    world.desk.run(format!("CREATE USER ecrit_{database}@'%' IDENTIFIED BY 'x'")).await.unwrap();
    world.desk.run(format!("GRANT SELECT, UPDATE ON {database}.* TO ecrit_{database}@'%'")).await.unwrap();
    let text = world.sandbox.config(&world.state_path(), "").replacen(
        "user = \"connector\"",
        &format!("user = \"ecrit_{database}\""),
        1,
    );
    let (config, _) = config::parse(&text, "t", Role::Daemon).unwrap();
    let findings = Gestsup::new(config.gestsup.as_ref().unwrap(), &SecretString::from("x")).check().await.unwrap();
    assert!(
        findings.iter().any(|finding| finding.text.contains("may do more than read (SELECT, UPDATE)")),
        "{findings:?}"
    );
}

#[tokio::test]
async fn an_account_of_mysql_8_without_tls_is_refused_with_what_to_do() {
    let mut world = World::new().await;
    let database = world.sandbox.gestsup.clone();
    world.desk.run(format!("CREATE USER clair_{database}@'%' IDENTIFIED BY 'x'")).await.unwrap();
    world.desk.run(format!("GRANT SELECT ON {database}.* TO clair_{database}@'%'")).await.unwrap();
    let text = world.sandbox.config(&world.state_path(), "");
    let check = async |tls: &str| {
        let user = format!("user = \"clair_{database}\"\ntls = \"{tls}\"");
        let (config, _) = config::parse(&text.replacen("user = \"connector\"", &user, 1), "t", Role::Daemon).unwrap();
        Gestsup::new(config.gestsup.as_ref().unwrap(), &SecretString::from("x")).check().await
    };
    if std::env::var_os("GESTAN_TEST_MYSQLD").is_some() {
        let refused = check("off").await.unwrap_err().to_string();
        assert!(refused.contains("over an encrypted connection only: [gestsup] tls must not be \"off\""), "{refused}");
        check("preferred").await.unwrap();
    } else {
        check("off").await.unwrap();
    }
}

#[tokio::test]
async fn only_one_daemon_holds_the_lock_of_a_base_and_it_is_free_again_when_that_one_is_gone() {
    let world = World::new().await;
    let first = world.site.gestsup().lock("gestsup").await.unwrap();
    assert!(first.is_some());
    assert!(world.site.gestsup().lock("gestsup").await.unwrap().is_none());
    drop(first);
    assert!(world.site.gestsup().lock("gestsup").await.unwrap().is_some());
}

#[tokio::test]
async fn megabytes_of_pasted_image_and_thousands_of_tickets_take_little_time() {
    let mut world = World::new().await;
    let image = format!("<p>Voir</p><img src=\"data:image/png;base64,{}\">", "A".repeat(5_000_000));
    let ticket = world.ticket("Capture", &image).await;
    let (paul, requester) = (world.paul, world.requester);
    for batch in 0..20 {
        let rows: Vec<String> = (1..=100)
            .map(|number| {
                format!("({requester}, {paul}, 'T{}', '<p>Texte</p>', '2026-03-02 10:00:00', 2)", batch * 100 + number)
            })
            .collect();
        let sql = "INSERT INTO tincidents (user, technician, title, description, date_create, state) VALUES ";
        world.desk.run(sql.to_owned() + &rows.join(",")).await.unwrap();
    }
    for _ in 0..3 {
        world.desk.run("INSERT INTO tthreads (ticket, date, author, text) SELECT id, '2026-03-02 11:00:00', technician, '<p>Vu</p>' FROM tincidents").await.unwrap();
    }
    let begun = std::time::Instant::now();
    let mut snapshot = world.site.gestsup().snapshot().await.unwrap();
    let numbers = snapshot.numbers().await.unwrap();
    assert_eq!(snapshot.sweep(&Scope::Full).await.unwrap().len(), 2001);
    let tickets = snapshot.load(&numbers).await.unwrap();
    assert_eq!((tickets.len(), tickets[500].steps.len()), (2001, 3));
    let capture = tickets.iter().find(|read| read.number == ticket).unwrap();
    assert!(capture.description.to_plain().len() < 50, "{}", capture.description);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}
