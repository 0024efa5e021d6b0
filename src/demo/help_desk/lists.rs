//! Work on many tickets at once, and what makes a ticket disappear.

use super::{ADMIN, HelpDesk, state};

/// # Errors
/// Every method fails when the base refuses a statement.
impl HelpDesk {
    /// The list's mass action: state, step and resolution date; `date_modif` is left alone, and so is the
    /// resolution date of a ticket that leaves state 3.
    pub async fn mass_state(&mut self, tickets: &[i64], state: i64, author: i64) -> anyhow::Result<()> {
        for ticket in tickets {
            let now = self.now();
            self.run(format!("UPDATE tincidents SET state = {state} WHERE id = {ticket}")).await?;
            let kind = if state == state::RESOLVED { 4 } else { 5 };
            self.step(*ticket, now, author, kind, &format!("state = {state}")).await?;
            if state == state::RESOLVED {
                self.run(format!("UPDATE tincidents SET date_res = '{now}' WHERE id = {ticket}")).await?;
            }
        }
        Ok(())
    }

    /// A ticket is deleted: the rows are gone; `tlogs` keeps a line.
    pub async fn delete(&mut self, ticket: i64) -> anyhow::Result<()> {
        let now = self.now();
        for (table, column) in [
            ("tincidents", "id"),
            ("tevents", "incident"),
            ("tthreads", "ticket"),
            ("tmails", "incident"),
            ("tsurvey_answers", "ticket_id"),
            ("ttemplates", "incident"),
            ("ttoken", "ticket_id"),
            ("tattachments", "ticket_id"),
        ] {
            self.run(format!("DELETE FROM {table} WHERE {column} = {ticket}")).await?;
        }
        self.log(now, &format!("Ticket {ticket} deleted ")).await
    }

    /// A ticket is merged into another: its comments are copied with their dates, then it is deleted.
    pub async fn merge(&mut self, from: i64, into: i64) -> anyhow::Result<()> {
        self.begin_merge(from, into).await?;
        self.finish_merge(from, into).await
    }

    /// The first half of a merge: both tickets have the comments.
    pub async fn begin_merge(&mut self, from: i64, into: i64) -> anyhow::Result<()> {
        self.begin_merge_in(from, into, ["Commentaire fusionné du ticket n°", "vers le ticket n°"]).await
    }

    /// The same by somebody whose GestSup speaks another language.
    pub async fn begin_merge_in(&mut self, from: i64, into: i64, words: [&str; 2]) -> anyhow::Result<()> {
        let [from_ticket, to_ticket] = words;
        let now = self.now().format("%d/%m/%Y %H:%M:%S");
        let who = self.ask(format!("SELECT TRIM(CONCAT(firstname, ' ', lastname)) FROM tusers WHERE id = {ADMIN}"));
        let who = who.await?.join("");
        let prefix = format!("<i>{from_ticket}{from} {to_ticket}{into}, le {now}, par {who} : </i><br />");
        let comments =
            self.ask(format!("SELECT CAST(id AS CHAR) FROM tthreads WHERE ticket = {from} AND type = 0 ORDER BY id"));
        for comment in comments.await? {
            let sql = format!(
                "INSERT INTO tthreads (ticket, date, text, author, private) SELECT {into}, date, CONCAT(?, text), author, private FROM tthreads WHERE id = {comment}"
            );
            self.insert(sql, &[&prefix]).await?;
        }
        Ok(())
    }

    /// The second half of a merge.
    pub async fn finish_merge(&mut self, from: i64, into: i64) -> anyhow::Result<()> {
        self.run(format!("UPDATE tevents SET incident = {into} WHERE incident = {from}")).await?;
        self.run(format!("UPDATE tprojects_task SET ticket_id = {into} WHERE ticket_id = {from}")).await?;
        self.run(format!(
            "UPDATE tattachments SET ticket_id = {into}, storage_filename = CONCAT('{into}_', uid) WHERE ticket_id = {from}"
        ))
        .await?;
        self.delete(from).await
    }
}
