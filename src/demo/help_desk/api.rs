//! Programs at work through GestSup's API: what they send is stored escaped, by the clock of PHP's own
//! zone, and moves nothing else.

use super::{HelpDesk, encode, encoded_title};

/// # Errors
/// Every method fails when the base refuses a statement.
impl HelpDesk {
    /// A program opens a ticket for the owner of a mail address: state 5, creator 0, no step.
    pub async fn open_by_api(&mut self, mail: &str, kind: i64, title: &str, html: &str) -> anyhow::Result<i64> {
        let now = self.now();
        let quoted = mail.replace('\'', "''");
        let user = self.number(&format!("(SELECT MIN(id) FROM tusers WHERE mail = '{quoted}' AND id > 0)")).await?;
        let sql = format!(
            "INSERT INTO tincidents (user, type, title, description, date_create, date_modif, state) VALUES ({user}, {kind}, ?, ?, '{now}', '{now}', 5)"
        );
        self.insert(sql, &[&encoded_title(title), &encode(html)]).await
    }

    /// A program adds a comment; neither the ticket nor the person need exist.
    pub async fn comment_by_api(&mut self, ticket: i64, author: i64, html: &str) -> anyhow::Result<i64> {
        let now = self.now();
        let sql = format!(
            "INSERT INTO tthreads (ticket, author, date, type, text) VALUES ({ticket}, {author}, '{now}', 0, ?)"
        );
        self.insert(sql, &[&encode(html)]).await
    }
}
