//! The form of a ticket's page: whatever is changed on it, GestSup writes history rows by comparing it
//! with the ticket, then saves all of its 28 columns, then adds the comment. Each statement is committed
//! by itself, so that another program can look in between.

use super::{HelpDesk, bmp, state};
use anyhow::Context as _;
use chrono::NaiveDateTime;
use sqlx::{AssertSqlSafe, Executor as _, Row as _};
use std::collections::HashSet;

/// The columns that every save of the page writes, in its order.
const COLUMNS: [&str; 28] = [
    "user",
    "type",
    "type_answer",
    "u_group",
    "u_service",
    "u_agency",
    "sender_service",
    "technician",
    "t_group",
    "title",
    "description",
    "date_create",
    "date_hope",
    "date_res",
    "priority",
    "criticality",
    "billable",
    "state",
    "user_validation",
    "user_validation_date",
    "time",
    "time_hope",
    "category",
    "subcat",
    "techread",
    "techread_date",
    "place",
    "asset_id",
];
const NO_DATE: &str = "0000-00-00 00:00:00";

/// What a ticket's page posts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form(Vec<(&'static str, String)>);

impl Form {
    /// The page of a ticket that does not exist yet.
    pub fn blank() -> Self {
        let mut form = Self(COLUMNS.iter().map(|column| (*column, String::new())).collect());
        form.set("state", state::WAITING_TO_BE_TAKEN);
        form.set("time_hope", 5);
        form
    }

    /// What a field shows; empty for a field that this page does not have.
    pub fn get(&self, column: &str) -> &str {
        self.0.iter().find(|(known, _)| *known == column).map_or("", |(_, value)| value)
    }

    /// All fields, in the order in which they are saved.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(column, value)| (*column, value.as_str()))
    }

    /// What a field shows, as a number.
    pub fn number(&self, column: &str) -> i64 {
        self.get(column).parse().unwrap_or(0)
    }

    /// Sets a field; says whether this page has it.
    #[expect(clippy::needless_pass_by_value, reason = "numbers and texts are written at the call as they are")]
    pub fn set(&mut self, column: &str, value: impl ToString) -> bool {
        let field = self.0.iter_mut().find(|(known, _)| *known == column);
        field.map(|(_, field)| *field = value.to_string()).is_some()
    }

    /// The form with another value in a field.
    #[must_use]
    pub fn with(mut self, column: &str, value: impl ToString) -> Self {
        self.set(column, value);
        self
    }

    /// The page as it is posted for a profile whose form does not show these fields: it empties them.
    #[must_use]
    pub fn without_rights(mut self) -> Self {
        for column in ["date_res", "date_hope", "asset_id", "type", "place", "u_agency"] {
            self.set(column, "");
        }
        self
    }

    /// The page as a technician sees it of a ticket without priority and criticality: the lists have
    /// something chosen that nobody chose.
    #[must_use]
    pub fn with_presets(mut self) -> Self {
        for (column, preset) in [("priority", 6), ("criticality", 4)] {
            if self.number(column) == 0 {
                self.set(column, preset);
            }
        }
        self
    }
}

/// A comment that is posted with the page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Comment<'a> {
    /// Its text; none is posted when it is empty.
    pub html: &'a str,
    /// Its own minutes.
    pub minutes: i64,
    /// Hidden from the requester.
    pub private: bool,
    /// The comment that it is the new text of; a new comment where there is none.
    pub edits: Option<i64>,
}

/// A save of a page between its history rows and the ticket itself.
#[derive(Debug, Clone)]
pub struct Saving {
    /// The ticket's number; of a new one, what GestSup predicts it to be.
    pub ticket: i64,
    new: bool,
    at: NaiveDateTime,
    author: i64,
    form: Form,
    before: Form,
    html: String,
    minutes: i64,
    private: bool,
    edits: Option<i64>,
}

impl HelpDesk {
    /// The page of a ticket as it is shown.
    pub async fn form(&mut self, ticket: i64) -> anyhow::Result<Form> {
        let known = self.columns("tincidents").await?;
        let known: Vec<&str> = COLUMNS.into_iter().filter(|column| known.contains(*column)).collect();
        let columns: Vec<String> = known.iter().map(|column| format!("CAST(`{column}` AS CHAR)")).collect();
        let sql = format!("SELECT {} FROM tincidents WHERE id = {ticket}", columns.join(", "));
        let row = self.base.fetch_optional(sqlx::raw_sql(AssertSqlSafe(sql))).await?;
        let row = row.with_context(|| format!("ticket {ticket} does not exist"))?;
        let mut form = Form::blank();
        for (index, column) in known.iter().enumerate() {
            form.set(column, row.try_get::<String, _>(index)?);
        }
        Ok(form)
    }

    /// Saves a ticket's page, or a new ticket's.
    pub async fn save(
        &mut self,
        ticket: Option<i64>,
        author: i64,
        form: Form,
        comment: Comment<'_>,
    ) -> anyhow::Result<i64> {
        let saving = self.begin(ticket, author, form, comment).await?;
        self.finish(saving).await
    }

    /// The first half of a save: the history rows of what the page changes. Those of a new ticket carry
    /// the number that it will get if nobody else is quicker.
    pub async fn begin(
        &mut self,
        ticket: Option<i64>,
        author: i64,
        form: Form,
        comment: Comment<'_>,
    ) -> anyhow::Result<Saving> {
        let at = self.now();
        let before = match ticket {
            Some(ticket) => self.form(ticket).await?,
            None => Form::blank(),
        };
        let predicted = "(SELECT GREATEST(COALESCE(MAX(auto_increment), 0), (SELECT COALESCE(MAX(id), 0) + 1 FROM tincidents)) \
             FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'tincidents')";
        let number = match ticket {
            Some(ticket) => ticket,
            None => self.number(predicted).await?,
        };
        let mut saving = Saving {
            ticket: number,
            new: ticket.is_none(),
            at,
            author,
            form,
            before,
            html: comment.html.to_owned(),
            minutes: comment.minutes,
            private: comment.private,
            edits: comment.edits,
        };
        self.charge(&mut saving).await?;
        self.history_of_attribution(&saving).await?;
        self.history_of_state(&mut saving).await?;
        let is_resolved = saving.form.number("state") == state::RESOLVED;
        let was_resolved = saving.before.number("state") == state::RESOLVED;
        if is_resolved && !was_resolved && ["", NO_DATE].contains(&saving.form.get("date_res")) {
            saving.form.set("date_res", at);
        }
        if was_resolved && !is_resolved {
            saving.form.set("date_res", "");
        }
        let by_technician = saving.before.number("technician") == author;
        saving.form.set("techread", i32::from(by_technician || saving.html.is_empty()));
        saving.form.set("techread_date", if by_technician { at.to_string() } else { String::new() });
        Ok(saving)
    }

    /// With a time per comment, the page posts the sum of the comments (or the ticket's own time while no
    /// comment has one) and adds what is chosen for this comment, whether there is a comment or not.
    async fn charge(&mut self, saving: &mut Saving) -> anyhow::Result<()> {
        if self.time_per_comment {
            saving.minutes = saving.minutes.max(1);
        }
        if saving.minutes == 0 {
            return Ok(());
        }
        let timed = self.number(&format!("(SELECT SUM(time) FROM tthreads WHERE ticket = {})", saving.ticket)).await?;
        let shown = if timed > 0 { timed } else { saving.form.number("time") };
        saving.form.set("time", shown + saving.minutes);
        Ok(())
    }

    async fn history_of_attribution(&mut self, saving: &Saving) -> anyhow::Result<()> {
        let Saving { ticket, at, author, form, before, .. } = saving;
        let (technician, group) = (form.number("technician"), form.number("t_group"));
        let (technician_before, group_before) = (before.number("technician"), before.number("t_group"));
        // A group leaves the field of the technician empty, which is not the choice "nobody".
        let chosen = group == 0 && !form.get("technician").is_empty();
        if chosen && technician_before != 0 && technician != 0 && technician != technician_before {
            self.run(format!("UPDATE tevents SET technician = {technician} WHERE incident = {ticket}")).await?;
        }
        let mut rows = Vec::new();
        if group != group_before && technician_before == 0 && group != 0 && group_before != 0 {
            rows.push((2, format!("group1 = {group_before}, group2 = {group}")));
        }
        if chosen && technician_before != 0 && technician != technician_before {
            rows.push((2, format!("tech1 = {technician_before}, tech2 = {technician}")));
        }
        if group_before != 0 && technician != 0 {
            rows.push((2, format!("group1 = {group_before}, tech2 = {technician}")));
        }
        if technician_before != 0 && group != 0 {
            rows.push((2, format!("tech1 = {technician_before}, group2 = {group}")));
        }
        if technician_before == 0 && technician != 0 && group_before == 0 {
            rows.push((1, format!("tech1 = {technician}")));
        }
        if group_before == 0 && group != 0 && technician_before == 0 {
            rows.push((1, format!("group1 = {group}")));
        }
        for (kind, columns) in rows {
            self.step(*ticket, *at, *author, kind, &columns).await?;
            self.touch(*ticket, *at).await?;
        }
        Ok(())
    }

    async fn history_of_state(&mut self, saving: &mut Saving) -> anyhow::Result<()> {
        let Saving { ticket, new, at, author, form, before, html, .. } = saving;
        let row = |state: i64| format!("state = {state}");
        let (was, is) = (before.number("state"), form.number("state"));
        let in_a_group = form.number("t_group") != 0;
        if was != is && is != state::RESOLVED && !in_a_group && !form.get("technician").is_empty() {
            self.step(*ticket, *at, *author, 5, &row(is)).await?;
            self.touch(*ticket, *at).await?;
        }
        let (technician, technician_before) = (form.number("technician"), before.number("technician"));
        let taken = technician_before == 0 && technician != 0 && !in_a_group;
        let given_to_group = before.number("t_group") == 0 && in_a_group;
        if was == state::NOT_ATTRIBUTED && is == was && (taken || given_to_group) {
            form.set("state", state::WAITING_TO_BE_TAKEN);
            self.step(*ticket, *at, *author, 5, &row(state::WAITING_TO_BE_TAKEN)).await?;
        }
        let is = form.number("state");
        let begun = technician_before == *author || (*new && technician == *author);
        let answered = *author == form.number("user") && *author != technician && !*new;
        let begins = is == state::WAITING_TO_BE_TAKEN && begun;
        if !html.is_empty() && (begins || (is == state::WAITING_FOR_REQUESTER && answered)) {
            form.set("state", state::IN_PROGRESS);
            self.step(*ticket, *at, *author, 5, &row(state::IN_PROGRESS)).await?;
        }
        Ok(())
    }

    /// The second half of a save: the ticket, its comment, its resolution.
    pub async fn finish(&mut self, saving: Saving) -> anyhow::Result<i64> {
        let Saving { ticket, new, at, author, form, before, html, minutes, private, edits } = saving;
        let ticket_id = if new {
            let userread = i32::from(form.number("user") == author).to_string();
            let author = author.to_string();
            let more = [
                ("date_modif", form.get("date_create")),
                ("creator", author.as_str()),
                ("userread", userread.as_str()),
            ];
            self.write("INSERT INTO tincidents SET", "tincidents", form.fields().chain(more), "").await?
        } else {
            self.overwrite(ticket, &form).await?;
            ticket
        };
        if let Some(step) = edits {
            self.touch(ticket, at).await?;
            let sql = format!("UPDATE tthreads SET text = ?, time = {minutes} WHERE id = {step}");
            self.insert(sql, &[&bmp(&html)]).await?;
        } else if !html.is_empty() {
            // The first comment with a time keeps what was spent before as a comment of its own.
            let spent = before.number("time");
            let timed = format!("(SELECT COUNT(*) FROM tthreads WHERE ticket = {ticket} AND time <> 0)");
            if minutes != 0 && spent != 0 && self.number(&timed).await? == 0 {
                let text = "Report du temps passé, précédemment enregistré";
                self.step(ticket, at, 0, 0, &format!("text = '{text}', time = {spent}")).await?;
            }
            let (number, date, author_id) = (ticket.to_string(), at.to_string(), author.to_string());
            let (private, minutes) = (i32::from(private).to_string(), minutes.to_string());
            let row = [
                ("ticket", number.as_str()),
                ("date", date.as_str()),
                ("author", author_id.as_str()),
                ("text", &bmp(&html)),
                ("type", "0"),
                ("private", private.as_str()),
                ("time", minutes.as_str()),
            ];
            self.write("INSERT INTO tthreads SET", "tthreads", row.into_iter(), "").await?;
            self.touch(ticket, at).await?;
            if form.number("technician") == author {
                self.run(format!("UPDATE tincidents SET userread = 0 WHERE id = {ticket}")).await?;
            }
        }
        if form.number("state") == state::RESOLVED && before.number("state") != state::RESOLVED {
            self.step(ticket, at, author, 4, "").await?;
            self.touch(ticket, at).await?;
        }
        Ok(ticket_id)
    }

    /// Writes all columns of a page without comparing anything.
    pub(super) async fn overwrite(&mut self, ticket: i64, form: &Form) -> anyhow::Result<()> {
        let which = format!(" WHERE id = {ticket}");
        self.write("UPDATE tincidents SET", "tincidents", form.fields(), &which).await?;
        Ok(())
    }

    /// An INSERT or UPDATE of the columns that this version has.
    async fn write<'a>(
        &mut self,
        verb: &str,
        table: &str,
        values: impl Iterator<Item = (&'static str, &'a str)>,
        which: &str,
    ) -> anyhow::Result<i64> {
        let known = self.columns(table).await?;
        let (columns, values): (Vec<String>, Vec<&str>) = values
            .filter(|(column, _)| known.contains(*column))
            .map(|(column, value)| (format!("`{column}` = ?"), value))
            .unzip();
        self.insert(format!("{verb} {}{which}", columns.join(", ")), &values).await
    }

    async fn columns(&mut self, table: &str) -> anyhow::Result<HashSet<String>> {
        let sql = format!(
            "SELECT CAST(column_name AS CHAR) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = '{table}'"
        );
        Ok(self.ask(sql).await?.into_iter().collect())
    }
}
