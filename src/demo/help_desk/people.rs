//! The lists that GestSup's administrators keep: companies, people, groups, equipment.

use super::{ADMIN, HelpDesk, encode};
use chrono::{Duration, NaiveDateTime};

/// # Errors
/// Every method fails when the base refuses a statement.
impl HelpDesk {
    /// A company.
    pub async fn company(&mut self, name: &str) -> anyhow::Result<i64> {
        self.insert("INSERT INTO tcompany (name) VALUES (?)".to_owned(), &[&encode(name)]).await
    }

    /// A person; `profile` is `tprofiles.level` (0 technician … 4 administrator).
    pub async fn person(
        &mut self,
        login: &str,
        name: (&str, &str),
        mail: &str,
        profile: i64,
        company: i64,
    ) -> anyhow::Result<i64> {
        let sql = format!(
            "INSERT INTO tusers (login, firstname, lastname, mail, profile, company) VALUES (?, ?, ?, ?, {profile}, {company})"
        );
        self.insert(sql, &[&encode(login), &encode(name.0), &encode(name.1), mail]).await
    }

    /// A person's account is disabled: nothing else changes.
    pub async fn disable_person(&mut self, person: i64) -> anyhow::Result<()> {
        self.run(format!("UPDATE tusers SET disable = 1 WHERE id = {person}")).await
    }

    /// A person is deleted: every reference goes to the account that stands for deleted people, then the row.
    pub async fn delete_person(&mut self, person: i64) -> anyhow::Result<()> {
        let now = self.now();
        let heir = self.number("(SELECT id FROM tusers WHERE login = 'delete_user_gs')").await?;
        for (table, columns) in [
            ("tincidents", &["user", "technician", "creator", "observer1", "observer2", "observer3"][..]),
            ("tthreads", &["author", "tech1", "tech2", "user"]),
            ("tassets", &["user", "technician"]),
            ("tlogs", &["user"]),
        ] {
            for column in columns {
                self.run(format!("UPDATE {table} SET `{column}` = {heir} WHERE `{column}` = {person}")).await?;
            }
        }
        for (table, column) in [
            ("tevents", "technician"),
            ("tgroups_assoc", "user"),
            ("ttoken", "user_id"),
            ("tusers_services", "user_id"),
            ("tusers_tech", "user"),
            ("tusers_tech", "tech"),
            ("tusers", "id"),
        ] {
            self.run(format!("DELETE FROM {table} WHERE `{column}` = {person}")).await?;
        }
        self.log(now, &format!("User {person} deleted ")).await
    }

    /// A group of technicians.
    pub async fn group(&mut self, name: &str, members: &[i64]) -> anyhow::Result<i64> {
        self.group_of(1, name, members).await
    }

    /// A group of requesters.
    pub async fn requester_group(&mut self, name: &str, members: &[i64]) -> anyhow::Result<i64> {
        self.group_of(0, name, members).await
    }

    async fn group_of(&mut self, kind: i64, name: &str, members: &[i64]) -> anyhow::Result<i64> {
        let group =
            self.insert(format!("INSERT INTO tgroups (name, type) VALUES (?, {kind})"), &[&encode(name)]).await?;
        for member in members {
            self.run(format!("INSERT INTO tgroups_assoc (`group`, user) VALUES ({group}, {member})")).await?;
        }
        Ok(group)
    }

    /// Tickets that a person sends by mail go to this technician.
    pub async fn attribute_mails(&mut self, requester: i64, technician: i64) -> anyhow::Result<()> {
        self.run(format!("INSERT INTO tusers_tech (user, tech) VALUES ({requester}, {technician})")).await
    }

    /// A piece of equipment, owned by a person.
    pub async fn asset(&mut self, name: &str, serial: &str, owner: i64) -> anyhow::Result<i64> {
        let sql = format!("INSERT INTO tassets (netbios, sn_manufacturer, user, state) VALUES (?, ?, {owner}, 2)");
        self.insert(sql, &[&encode(name), serial]).await
    }

    /// A project.
    pub async fn project(&mut self, name: &str) -> anyhow::Result<i64> {
        self.insert("INSERT INTO tprojects (name) VALUES (?)".to_owned(), &[&encode(name)]).await
    }

    /// A category of tickets. The list editor's form for a new row encodes its name twice.
    pub async fn category(&mut self, name: &str) -> anyhow::Result<i64> {
        self.insert("INSERT INTO tcategory (name) VALUES (?)".to_owned(), &[&encode(&encode(name))]).await
    }

    /// Files a ticket under a project.
    pub async fn file_under(&mut self, ticket: i64, project: i64) -> anyhow::Result<()> {
        self.run(format!("INSERT INTO tprojects_task (number, project_id, ticket_id) VALUES (1, {project}, {ticket})"))
            .await
    }

    /// Work is planned in a technician's calendar.
    pub async fn plan(
        &mut self,
        ticket: i64,
        technician: i64,
        start: NaiveDateTime,
        minutes: i64,
    ) -> anyhow::Result<()> {
        let end = start + Duration::minutes(minutes);
        self.run(format!(
            "INSERT INTO tevents (technician, incident, date_start, date_end, type) VALUES ({technician}, {ticket}, '{start}', '{end}', 2)"
        ))
        .await
    }

    /// A line of GestSup's own log; deletions of people carry the type of tickets too.
    pub(super) async fn log(&mut self, at: NaiveDateTime, message: &str) -> anyhow::Result<()> {
        self.insert(
            format!("INSERT INTO tlogs (type, date, message, user) VALUES ('ticket', '{at}', ?, {ADMIN})"),
            &[message],
        )
        .await?;
        Ok(())
    }
}
