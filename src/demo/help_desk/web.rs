//! Work on the pages of GestSup: tickets are opened, attributed, commented, resolved.

use super::{Comment, Form, HelpDesk, Saving, bmp, encoded_title, state};

/// # Errors
/// Every method fails when the base refuses a statement, or the ticket does not exist.
impl HelpDesk {
    /// A requester opens a ticket: one INSERT, state 5, no step.
    pub async fn open(&mut self, requester: i64, title: &str, html: &str) -> anyhow::Result<i64> {
        let form = self.new_form(requester, title, html).with("state", state::NOT_ATTRIBUTED);
        self.save(None, requester, form, Comment::default()).await
    }

    /// A technician opens a ticket for somebody and takes it: history rows with a predicted number first,
    /// then the ticket, each committed by itself. Nobody has worked for the minute that it carries.
    pub async fn open_as_technician(
        &mut self,
        technician: i64,
        requester: i64,
        title: &str,
        html: &str,
        comment: Comment<'_>,
    ) -> anyhow::Result<i64> {
        let saving = self.begin_to_open(technician, requester, title, html, comment).await?;
        self.finish(saving).await
    }

    /// The first half of it, for whoever wants to look in between; [`HelpDesk::finish`] is the second.
    pub async fn begin_to_open(
        &mut self,
        technician: i64,
        requester: i64,
        title: &str,
        html: &str,
        comment: Comment<'_>,
    ) -> anyhow::Result<Saving> {
        let form = self.new_form(requester, title, html).with_presets();
        let form = form.with("time", 1).with("technician", technician);
        self.begin(None, technician, form, comment).await
    }

    fn new_form(&self, requester: i64, title: &str, html: &str) -> Form {
        let at = self.clock + chrono::Duration::seconds(1);
        let form = Form::blank().with("user", requester).with("title", encoded_title(title));
        form.with("description", bmp(html)).with("date_create", at)
    }

    /// A technician takes a ticket, or is given it: step 1 or 2, and state 5 becomes 1 with step 5.
    pub async fn attribute(&mut self, ticket: i64, technician: i64, author: i64) -> anyhow::Result<()> {
        let form = self.form(ticket).await?.with("technician", technician).with("t_group", "");
        self.save(Some(ticket), author, form, Comment::default()).await?;
        Ok(())
    }

    /// A group is given a ticket.
    pub async fn attribute_to_group(&mut self, ticket: i64, group: i64, author: i64) -> anyhow::Result<()> {
        let form = self.form(ticket).await?.with("technician", "").with("t_group", group);
        self.save(Some(ticket), author, form, Comment::default()).await?;
        Ok(())
    }

    /// Nobody is in charge any more: step 2 with tech2 = 0; no step at all where a group was in charge.
    pub async fn unattribute(&mut self, ticket: i64, author: i64) -> anyhow::Result<()> {
        self.attribute(ticket, 0, author).await
    }

    /// A comment; the first one of the technician in charge starts the work (1 becomes 2).
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
        let form = self.form(ticket).await?;
        self.save(Some(ticket), author, form, Comment { html, minutes, private, ..Comment::default() }).await?;
        self.last_comment(ticket).await
    }

    /// A comment by somebody whose page does not show every field: what it hides is emptied.
    pub async fn comment_without_rights(&mut self, ticket: i64, author: i64, html: &str) -> anyhow::Result<i64> {
        let form = self.form(ticket).await?.without_rights();
        self.save(Some(ticket), author, form, Comment { html, ..Comment::default() }).await?;
        self.last_comment(ticket).await
    }

    /// The page is saved by somebody whose page does not show every field.
    pub async fn save_without_rights(&mut self, ticket: i64, author: i64) -> anyhow::Result<()> {
        let form = self.form(ticket).await?.without_rights();
        self.save(Some(ticket), author, form, Comment::default()).await?;
        Ok(())
    }

    async fn last_comment(&mut self, ticket: i64) -> anyhow::Result<i64> {
        self.number(&format!("(SELECT MAX(id) FROM tthreads WHERE ticket = {ticket} AND type = 0)")).await
    }

    /// A comment is edited: the page is saved, `date_modif` moves, the same row changes.
    pub async fn edit_comment(&mut self, step: i64, html: &str) -> anyhow::Result<()> {
        let minutes = self.number(&format!("(SELECT time FROM tthreads WHERE id = {step})")).await?;
        self.edit_comment_with(step, html, minutes).await
    }

    /// A comment and its minutes are edited: the ticket's own time grows by the new ones all the same.
    pub async fn edit_comment_with(&mut self, step: i64, html: &str, minutes: i64) -> anyhow::Result<()> {
        let ticket = self.number(&format!("(SELECT ticket FROM tthreads WHERE id = {step})")).await?;
        let author = self.number(&format!("(SELECT author FROM tthreads WHERE id = {step})")).await?;
        let form = self.form(ticket).await?;
        let comment = Comment { html, minutes, edits: Some(step), ..Comment::default() };
        self.save(Some(ticket), author, form, comment).await?;
        Ok(())
    }

    /// A comment is deleted: the row is gone and nothing else changes.
    pub async fn delete_comment(&mut self, step: i64) -> anyhow::Result<()> {
        self.run(format!("DELETE FROM tthreads WHERE id = {step}")).await
    }

    /// A comment is hidden from the requester, or shown: nothing else changes.
    pub async fn set_private(&mut self, step: i64, private: bool) -> anyhow::Result<()> {
        self.run(format!("UPDATE tthreads SET private = {} WHERE id = {step}", i32::from(private))).await
    }

    /// The state is chosen in the form: step 5 (4 for resolved) and `date_modif`; of a ticket of a group,
    /// neither unless it is resolved.
    pub async fn set_state(&mut self, ticket: i64, state: i64, author: i64) -> anyhow::Result<()> {
        self.set_state_with(ticket, state, author, "").await
    }

    /// The state is chosen in the form, and a comment is written with it.
    pub async fn set_state_with(&mut self, ticket: i64, state: i64, author: i64, html: &str) -> anyhow::Result<()> {
        let form = self.form(ticket).await?;
        let form = if form.number("t_group") == 0 { form } else { form.with("technician", "") };
        self.save(Some(ticket), author, form.with("state", state), Comment { html, ..Comment::default() }).await?;
        Ok(())
    }

    /// The close button: the page is saved as it is, then the ticket is resolved.
    pub async fn close(&mut self, ticket: i64, author: i64) -> anyhow::Result<()> {
        let form = self.form(ticket).await?;
        self.save(Some(ticket), author, form, Comment::default()).await?;
        let at = self.clock;
        self.run(format!("UPDATE tincidents SET state = 3, date_res = '{at}' WHERE id = {ticket}")).await?;
        self.step(ticket, at, author, 4, "").await?;
        self.touch(ticket, at).await
    }

    /// The re-open button: the page is saved as it is, then state 2; no step, and `date_modif` is left alone.
    pub async fn reopen(&mut self, ticket: i64) -> anyhow::Result<()> {
        let form = self.form(ticket).await?;
        let author = form.number("technician");
        self.save(Some(ticket), author, form, Comment::default()).await?;
        self.run(format!(
            "UPDATE tincidents SET state = 2, date_res = '', user_validation_date = '', user_validation = 0 WHERE id = {ticket}"
        ))
        .await
    }

    /// The requester refuses the resolution on the page that a mail led to: state 2 with step 5, and the
    /// reason as a comment; `date_modif` is left alone.
    pub async fn refuse_resolution(&mut self, ticket: i64, reason: &str) -> anyhow::Result<()> {
        let now = self.now();
        let requester = self.form(ticket).await?.number("user");
        self.run(format!(
            "UPDATE tincidents SET state = 2, date_res = '', user_validation_date = '', user_validation = 0, techread = 0 WHERE id = {ticket}"
        ))
        .await?;
        self.step(ticket, now, requester, 5, "state = 2").await?;
        if !reason.is_empty() {
            let sql = format!(
                "INSERT INTO tthreads (ticket, date, type, author, text) VALUES ({ticket}, '{now}', 0, {requester}, ?)"
            );
            self.insert(sql, &[&bmp(reason)]).await?;
        }
        Ok(())
    }

    /// The requester answers the survey; where it is so configured, that resolves the ticket.
    pub async fn answer_survey(&mut self, ticket: i64, answer: &str, closes: bool) -> anyhow::Result<()> {
        let now = self.now();
        let requester = self.form(ticket).await?.number("user");
        let sql = format!(
            "INSERT INTO tsurvey_answers (date, ticket_id, question_id, answer) VALUES ('{now}', {ticket}, 1, ?)"
        );
        self.insert(sql, &[answer]).await?;
        self.run(format!("DELETE FROM ttoken WHERE ticket_id = {ticket}")).await?;
        if closes {
            self.run(format!("UPDATE tincidents SET state = 3, date_res = '{now}' WHERE id = {ticket}")).await?;
            self.step(ticket, now, requester, 4, "").await?;
        }
        Ok(())
    }

    /// The total of minutes is chosen in the form: it replaces the one before.
    pub async fn set_time(&mut self, ticket: i64, minutes: i64) -> anyhow::Result<()> {
        self.set(ticket, "time", &minutes.to_string()).await
    }

    /// A field of the page is edited: all 28 columns are saved; no step, and `date_modif` is left alone.
    /// Fields that the page does not have (observers, say) have statements of their own.
    pub async fn set(&mut self, ticket: i64, column: &str, value: &str) -> anyhow::Result<()> {
        let mut form = self.form(ticket).await?;
        if !form.set(column, bmp(value)) {
            self.insert(format!("UPDATE tincidents SET `{column}` = ? WHERE id = {ticket}"), &[value]).await?;
            return Ok(());
        }
        self.overwrite(ticket, &form).await
    }

    /// A file is attached: its row, and nothing else.
    pub async fn attach(&mut self, ticket: i64, name: &str) -> anyhow::Result<i64> {
        let uid = format!("{:x}", self.now().and_utc().timestamp());
        let sql = format!(
            "INSERT INTO tattachments (uid, ticket_id, storage_filename, real_filename) VALUES ('{uid}', {ticket}, '{ticket}_{uid}', ?)"
        );
        self.insert(sql, &[name]).await
    }

    /// Somebody looks at a ticket's page: a token, and who has read it.
    pub async fn view(&mut self, ticket: i64, person: i64) -> anyhow::Result<()> {
        let now = self.now();
        let form = self.form(ticket).await?;
        self.run(format!(
            "INSERT INTO ttoken (date, token, action, ticket_id, user_id) VALUES ('{now}', MD5('{now}'), 'ticket_access', {ticket}, {person})"
        ))
        .await?;
        if form.number("technician") == person {
            self.run(format!("UPDATE tincidents SET techread = 1, techread_date = '{now}' WHERE id = {ticket}"))
                .await?;
        }
        if form.number("user") == person {
            self.run(format!("UPDATE tincidents SET userread = 1 WHERE id = {ticket}")).await?;
        }
        Ok(())
    }
}
