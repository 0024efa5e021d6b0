//! What GestSup does by itself, inside the first page view of a day, and copies of model tickets.

use super::HelpDesk;

/// # Errors
/// Every method fails when the base refuses a statement.
impl HelpDesk {
    /// Open tickets that were opened so many days ago are resolved, whatever happened to them since:
    /// step 4 by nobody, and `date_modif` is left alone.
    pub async fn auto_close(&mut self, days: i64) -> anyhow::Result<Vec<i64>> {
        let now = self.now();
        let old = self
            .ask(format!(
                "SELECT CAST(id AS CHAR) FROM tincidents WHERE date_create < '{now}' - INTERVAL {days} DAY AND state <> 3 AND disable = 0"
            ))
            .await?;
        let mut closed = Vec::new();
        for ticket in old.iter().filter_map(|ticket| ticket.parse::<i64>().ok()) {
            self.run(format!("UPDATE tincidents SET state = 3, date_res = '{now}' WHERE id = {ticket}")).await?;
            self.step(ticket, now, 0, 4, "").await?;
            closed.push(ticket);
        }
        Ok(closed)
    }

    /// A model ticket is copied, by a person or because it recurs: state 1, `date_modif` zero, its time,
    /// a resolution date where the model is resolved, and its steps (but for the resolution) with today's date, the
    /// copier as author, and no technician, state, minutes or privacy.
    pub async fn copy(&mut self, model: i64, author: i64) -> anyhow::Result<i64> {
        let now = self.now();
        let same = "user, u_service, u_group, title, description, priority";
        let more = "time, category, subcat";
        let rest = "technician, t_group, criticality";
        let last = "place, type_answer, type";
        let ticket = self
            .insert(
                format!(
                    "INSERT INTO tincidents ({same}, state, {more}, date_create, {rest}, creator, {last}, date_res) \
                     SELECT {same}, 1, {more}, '{now}', {rest}, {author}, {last}, IF(state = 3, '{now}', '') FROM tincidents WHERE id = {model}"
                ),
                &[],
            )
            .await?;
        let steps = self
            .ask(format!("SELECT CAST(id AS CHAR) FROM tthreads WHERE ticket = {model} AND type <> 4 ORDER BY id"))
            .await?;
        for step in steps {
            self.run(format!(
                "INSERT INTO tthreads (ticket, date, author, text, type) SELECT {ticket}, '{now}', {author}, text, type FROM tthreads WHERE id = {step}"
            ))
            .await?;
        }
        self.run(format!(
            "INSERT INTO tattachments (uid, ticket_id, storage_filename, real_filename) \
             SELECT MD5(CONCAT(uid, {ticket})), {ticket}, CONCAT('{ticket}_', MD5(CONCAT(uid, {ticket}))), real_filename FROM tattachments WHERE ticket_id = {model}"
        ))
        .await?;
        Ok(ticket)
    }
}
