//! People at work in GestSup: each method issues the same kinds of statements, in the same order, as
//! the application does for that action, down to the columns that it forgets to update.

use anyhow::Context as _;
use chrono::{Duration, NaiveDateTime};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection};

/// States of a fresh GestSup (`tstates`).
pub mod state {
    /// Attente PEC.
    pub const WAITING_TO_BE_TAKEN: i64 = 1;
    /// En cours.
    pub const IN_PROGRESS: i64 = 2;
    /// Résolu.
    pub const RESOLVED: i64 = 3;
    /// Rejeté.
    pub const REJECTED: i64 = 4;
    /// Non attribué.
    pub const NOT_ATTRIBUTED: i64 = 5;
    /// Attente retour.
    pub const WAITING_FOR_REQUESTER: i64 = 6;
}

/// A GestSup base with people at work in it. Every action takes a second of its clock.
#[derive(Debug)]
pub struct HelpDesk {
    base: MySqlConnection,
    /// The local time at which the next action happens.
    pub clock: NaiveDateTime,
}

impl HelpDesk {
    /// Connects as GestSup does: `sql_mode` empty.
    ///
    /// # Errors
    /// When the base cannot be reached.
    pub async fn connect(url: &str, clock: NaiveDateTime) -> anyhow::Result<Self> {
        let mut base = MySqlConnection::connect(url).await.context("while connecting to the GestSup base")?;
        base.execute("SET sql_mode = ''").await?;
        Ok(Self { base, clock })
    }

    fn now(&mut self) -> NaiveDateTime {
        self.clock += Duration::seconds(1);
        self.clock
    }

    async fn insert(&mut self, sql: String, texts: &[&str]) -> anyhow::Result<i64> {
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for text in texts {
            query = query.bind((*text).to_owned());
        }
        let id = query.execute(&mut self.base).await?.last_insert_id();
        Ok(i64::try_from(id)?)
    }

    /// Runs a statement as it is.
    ///
    /// # Errors
    /// When the base refuses it.
    pub async fn run(&mut self, sql: impl Into<String>) -> anyhow::Result<()> {
        let sql = sql.into();
        self.base.execute(AssertSqlSafe(sql.clone())).await.with_context(|| format!("while running {sql}"))?;
        Ok(())
    }

    /// A company.
    ///
    /// # Errors
    /// When the base refuses it, as for everything below.
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

    /// A group of technicians.
    pub async fn group(&mut self, name: &str, members: &[i64]) -> anyhow::Result<i64> {
        let group = self.insert("INSERT INTO tgroups (name, type) VALUES (?, 1)".to_owned(), &[&encode(name)]).await?;
        for member in members {
            self.run(format!("INSERT INTO tgroups_assoc (`group`, user) VALUES ({group}, {member})")).await?;
        }
        Ok(group)
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

    /// A category of tickets.
    pub async fn category(&mut self, name: &str) -> anyhow::Result<i64> {
        self.insert("INSERT INTO tcategory (name) VALUES (?)".to_owned(), &[&encode(name)]).await
    }

    /// Files a ticket under a project.
    pub async fn file_under(&mut self, ticket: i64, project: i64) -> anyhow::Result<()> {
        self.run(format!("INSERT INTO tprojects_task (number, project_id, ticket_id) VALUES (1, {project}, {ticket})"))
            .await
    }

    /// A requester opens a ticket on the web: one INSERT, state 5, no step.
    pub async fn open(&mut self, requester: i64, title: &str, html: &str) -> anyhow::Result<i64> {
        let now = self.now();
        let sql = format!(
            "INSERT INTO tincidents (user, title, description, date_create, date_modif, state, creator, techread, userread, time, time_hope) \
             VALUES ({requester}, ?, ?, '{now}', '{now}', 5, {requester}, 0, 1, 0, 5)"
        );
        let title: String = encode(title).chars().take(100).collect();
        self.insert(sql, &[&title, &bmp(html)]).await
    }

    /// A technician takes a ticket, or is given it: step 1, and state 5 becomes 1 with step 5.
    pub async fn attribute(&mut self, ticket: i64, technician: i64, author: i64) -> anyhow::Result<()> {
        let (before, group, state) = self.attribution(ticket).await?;
        let now = self.now();
        match (before, group) {
            (0, 0) => self.step(ticket, now, author, 1, &format!("tech1 = {technician}")).await?,
            (0, group) => self.step(ticket, now, author, 2, &format!("group1 = {group}, tech2 = {technician}")).await?,
            (tech, _) => self.step(ticket, now, author, 2, &format!("tech1 = {tech}, tech2 = {technician}")).await?,
        };
        if state == state::NOT_ATTRIBUTED {
            self.step(ticket, now, author, 5, "state = 1").await?;
            self.run(format!("UPDATE tincidents SET state = 1 WHERE id = {ticket}")).await?;
        }
        self.run(format!("UPDATE tincidents SET technician = {technician}, t_group = 0 WHERE id = {ticket}")).await?;
        self.touch(ticket, now).await
    }

    /// A group is given a ticket.
    pub async fn attribute_to_group(&mut self, ticket: i64, group: i64, author: i64) -> anyhow::Result<()> {
        let (before, _, state) = self.attribution(ticket).await?;
        let now = self.now();
        let step = if before == 0 {
            (1, format!("group1 = {group}"))
        } else {
            (2, format!("tech1 = {before}, group2 = {group}"))
        };
        self.step(ticket, now, author, step.0, &step.1).await?;
        if state == state::NOT_ATTRIBUTED {
            self.step(ticket, now, author, 5, "state = 1").await?;
            self.run(format!("UPDATE tincidents SET state = 1 WHERE id = {ticket}")).await?;
        }
        self.run(format!("UPDATE tincidents SET technician = 0, t_group = {group} WHERE id = {ticket}")).await?;
        self.touch(ticket, now).await
    }

    /// Nobody is in charge any more: step 2 with tech2 = 0.
    pub async fn unattribute(&mut self, ticket: i64, author: i64) -> anyhow::Result<()> {
        let (before, ..) = self.attribution(ticket).await?;
        let now = self.now();
        self.step(ticket, now, author, 2, &format!("tech1 = {before}, tech2 = 0")).await?;
        self.run(format!("UPDATE tincidents SET technician = 0, t_group = 0 WHERE id = {ticket}")).await?;
        self.touch(ticket, now).await
    }

    /// A comment on the web; the first one of the technician in charge starts the work (1 becomes 2).
    pub async fn comment(&mut self, ticket: i64, author: i64, html: &str) -> anyhow::Result<i64> {
        self.comment_with(ticket, author, html, 0, false).await
    }

    /// A comment with its own minutes (`ticket_time_response_element = 1`), private or not.
    pub async fn comment_with(
        &mut self,
        ticket: i64,
        author: i64,
        html: &str,
        minutes: i64,
        private: bool,
    ) -> anyhow::Result<i64> {
        let (technician, _, state) = self.attribution(ticket).await?;
        let now = self.now();
        let sql = format!(
            "INSERT INTO tthreads (ticket, date, author, text, type, private, time) VALUES ({ticket}, '{now}', {author}, ?, 0, {}, {minutes})",
            i32::from(private)
        );
        let id = self.insert(sql, &[&bmp(html)]).await?;
        let next = match state {
            state::WAITING_TO_BE_TAKEN if author == technician => Some(state::IN_PROGRESS),
            state::WAITING_FOR_REQUESTER if author != technician => Some(state::IN_PROGRESS),
            _ => None,
        };
        if let Some(next) = next {
            self.run(format!("UPDATE tincidents SET state = {next} WHERE id = {ticket}")).await?;
            self.step(ticket, now, author, 5, &format!("state = {next}")).await?;
        }
        if minutes > 0 {
            self.run(format!("UPDATE tincidents SET time = time + {minutes} WHERE id = {ticket}")).await?;
        }
        self.touch(ticket, now).await?;
        Ok(id)
    }

    /// A comment is edited: the same row changes, and `date_modif`.
    pub async fn edit_comment(&mut self, step: i64, html: &str) -> anyhow::Result<()> {
        let now = self.now();
        self.insert(format!("UPDATE tthreads SET text = ? WHERE id = {step}"), &[&bmp(html)]).await?;
        self.run(format!(
            "UPDATE tincidents SET date_modif = '{now}' WHERE id = (SELECT ticket FROM tthreads WHERE id = {step})"
        ))
        .await
    }

    /// A comment is deleted: the row is gone and nothing else changes.
    pub async fn delete_comment(&mut self, step: i64) -> anyhow::Result<()> {
        self.run(format!("DELETE FROM tthreads WHERE id = {step}")).await
    }

    /// A comment is hidden from the requester, or shown: nothing else changes.
    pub async fn set_private(&mut self, step: i64, private: bool) -> anyhow::Result<()> {
        self.run(format!("UPDATE tthreads SET private = {} WHERE id = {step}", i32::from(private))).await
    }

    /// The state is chosen in the form: step 5 (4 for resolved), and `date_modif`.
    pub async fn set_state(&mut self, ticket: i64, state: i64, author: i64) -> anyhow::Result<()> {
        let now = self.now();
        if state == state::RESOLVED {
            self.run(format!("UPDATE tincidents SET state = 3, date_res = '{now}' WHERE id = {ticket}")).await?;
            self.step(ticket, now, author, 4, "state = 0").await?;
        } else {
            self.run(format!(
                "UPDATE tincidents SET state = {state}, date_res = '0000-00-00 00:00:00' WHERE id = {ticket}"
            ))
            .await?;
            self.step(ticket, now, author, 5, &format!("state = {state}")).await?;
        }
        self.touch(ticket, now).await
    }

    /// The close button.
    pub async fn close(&mut self, ticket: i64, author: i64) -> anyhow::Result<()> {
        self.set_state(ticket, state::RESOLVED, author).await
    }

    /// The list's mass action: state and step, and `date_modif` is left alone.
    pub async fn mass_state(&mut self, tickets: &[i64], state: i64, author: i64) -> anyhow::Result<()> {
        for ticket in tickets {
            let now = self.now();
            if state == state::RESOLVED {
                self.run(format!("UPDATE tincidents SET state = 3, date_res = '{now}' WHERE id = {ticket}")).await?;
                self.step(*ticket, now, author, 4, "state = 3").await?;
            } else {
                self.run(format!("UPDATE tincidents SET state = {state} WHERE id = {ticket}")).await?;
                self.step(*ticket, now, author, 5, &format!("state = {state}")).await?;
            }
        }
        Ok(())
    }

    /// The re-open button: state 2, no step, and `date_modif` is left alone.
    pub async fn reopen(&mut self, ticket: i64) -> anyhow::Result<()> {
        self.run(format!("UPDATE tincidents SET state = 2, date_res = '0000-00-00 00:00:00' WHERE id = {ticket}")).await
    }

    /// The total of minutes is chosen in the form: it replaces the one before, and nothing else changes.
    pub async fn set_time(&mut self, ticket: i64, minutes: i64) -> anyhow::Result<()> {
        self.run(format!("UPDATE tincidents SET time = {minutes} WHERE id = {ticket}")).await
    }

    /// A column of the ticket is edited in the form; nothing else changes.
    pub async fn set(&mut self, ticket: i64, column: &str, value: &str) -> anyhow::Result<()> {
        self.insert(format!("UPDATE tincidents SET {column} = ? WHERE id = {ticket}"), &[value]).await?;
        Ok(())
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

    /// A ticket is deleted: the rows are gone; `tlogs` keeps a line.
    pub async fn delete(&mut self, ticket: i64) -> anyhow::Result<()> {
        let now = self.now();
        for (table, column) in [
            ("tincidents", "id"),
            ("tevents", "incident"),
            ("tthreads", "ticket"),
            ("tmails", "incident"),
            ("tattachments", "ticket_id"),
        ] {
            self.run(format!("DELETE FROM {table} WHERE {column} = {ticket}")).await?;
        }
        self.run(format!(
            "INSERT INTO tlogs (type, date, message, user) VALUES ('ticket', '{now}', 'Ticket {ticket} deleted ', 1)"
        ))
        .await
    }

    /// A ticket is merged into another: its comments are copied with their dates, then it is deleted.
    pub async fn merge(&mut self, from: i64, into: i64) -> anyhow::Result<()> {
        let prefix = format!("<b>Commentaire fusionné du ticket n°{from} vers le ticket n°{into} :</b><br />");
        self.insert(
            format!(
                "INSERT INTO tthreads (ticket, date, author, text, type, private) \
                 SELECT {into}, date, author, CONCAT(?, text), 0, private FROM tthreads WHERE ticket = {from} AND type = 0 ORDER BY id"
            ),
            &[&prefix],
        )
        .await?;
        self.run(format!("UPDATE tevents SET incident = {into} WHERE incident = {from}")).await?;
        self.run(format!("UPDATE tprojects_task SET ticket_id = {into} WHERE ticket_id = {from}")).await?;
        self.run(format!("UPDATE tattachments SET ticket_id = {into} WHERE ticket_id = {from}")).await?;
        self.delete(from).await
    }

    async fn attribution(&mut self, ticket: i64) -> anyhow::Result<(i64, i64, i64)> {
        let row: (i32, i32, i32) = sqlx::query_as("SELECT technician, t_group, state FROM tincidents WHERE id = ?")
            .bind(ticket)
            .fetch_one(&mut self.base)
            .await
            .with_context(|| format!("while looking at ticket {ticket}"))?;
        Ok((row.0.into(), row.1.into(), row.2.into()))
    }

    async fn step(
        &mut self,
        ticket: i64,
        at: NaiveDateTime,
        author: i64,
        kind: i64,
        columns: &str,
    ) -> anyhow::Result<()> {
        self.run(format!(
            "INSERT INTO tthreads SET ticket = {ticket}, date = '{at}', author = {author}, type = {kind}, {columns}"
        ))
        .await
    }

    async fn touch(&mut self, ticket: i64, at: NaiveDateTime) -> anyhow::Result<()> {
        self.run(format!("UPDATE tincidents SET date_modif = '{at}' WHERE id = {ticket}")).await
    }
}

/// Short texts are stored with these five characters as entities, and nothing outside the BMP survives.
fn encode(text: &str) -> String {
    bmp(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#039;")
}

/// GestSup's connection is 3-byte UTF-8: a character outside the BMP arrives as four question marks.
fn bmp(text: &str) -> String {
    text.chars().map(|c| if u32::from(c) > 0xFFFF { "????".to_owned() } else { c.to_string() }).collect()
}
