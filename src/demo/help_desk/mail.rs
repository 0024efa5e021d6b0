//! The mail connector, as cron runs it: mails become tickets and comments.

use super::{ADMIN, HelpDesk, bmp, encoded_title, state};
use chrono::NaiveDateTime;

/// A mail that arrived in the support's mailbox.
#[derive(Debug, Clone, Copy)]
pub struct Mail<'a> {
    /// Whose address it came from; 0 for nobody that GestSup knows.
    pub sender: i64,
    /// That address.
    pub from: &'a str,
    /// Its subject.
    pub subject: &'a str,
    /// Its text as GestSup stores it.
    pub html: &'a str,
    /// The wall clock that its date is stored by, possibly in the past or of another zone.
    pub sent: NaiveDateTime,
}

/// The block of lines that GestSup puts before the text of a new ticket.
#[derive(Debug, Clone, Copy)]
pub struct MailHeader<'a> {
    /// Labels: sender, date, recipients, copy, subject, text.
    pub labels: [&'a str; 6],
    /// Recipients.
    pub to: &'a str,
    /// Copies, empty for none.
    pub copy: &'a str,
}

impl MailHeader<'static> {
    /// The block in French.
    pub const FRENCH: Self = Self {
        labels: ["De", "Envoyé le", "Destinataire(s)", "Copie", "Objet", "Message"],
        to: "support@sav.fr",
        copy: "",
    };
}

impl MailHeader<'_> {
    fn of(&self, mail: &Mail<'_>) -> String {
        let [from, sent, to, copy, subject, text] = self.labels;
        let copied = if self.copy.is_empty() { String::new() } else { format!("<b>{copy} :</b> {}<br />", self.copy) };
        format!(
            "<b>{from} :</b> {}<br /> \n            <b>{sent} : </b> {}<br /> \n            <b>{to} :</b> {} <br />{copied}\n            \
             <b>{subject} :</b> {}<br /> \n            <b>{text} :</b><br /> \n            ",
            mail.from,
            mail.sent.format("lundi %-d mars %Y à %H:%M"),
            self.to,
            mail.subject
        )
    }
}

/// # Errors
/// Every method fails when the base refuses a statement.
impl HelpDesk {
    /// A mail becomes a ticket: its row with an empty description, step 6, then the description.
    pub async fn open_by_mail(&mut self, mail: &Mail<'_>, header: Option<MailHeader<'_>>) -> anyhow::Result<i64> {
        let ticket = self.begin_mail(mail).await?;
        self.finish_mail(ticket, mail, header).await?;
        Ok(ticket)
    }

    /// The first half of it: the ticket has no text yet.
    pub async fn begin_mail(&mut self, mail: &Mail<'_>) -> anyhow::Result<i64> {
        let (sender, sent) = (mail.sender, mail.sent);
        let technician = self.number(&format!("(SELECT MAX(tech) FROM tusers_tech WHERE user = {sender})")).await?;
        let service =
            self.number(&format!("(SELECT MAX(service_id) FROM tusers_services WHERE user_id = {sender})")).await?;
        let sql = format!(
            "INSERT INTO tincidents (user, sender_service, technician, title, description, date_create, date_modif, techread, state, criticality, disable, place, creator) \
             VALUES ({sender}, {service}, {technician}, ?, '', '{sent}', '{sent}', 0, {}, 4, 0, 0, {sender})",
            state::NOT_ATTRIBUTED
        );
        let ticket = self.insert(sql, &[&encoded_title(mail.subject)]).await?;
        self.run(format!("INSERT INTO tthreads (ticket, date, type) VALUES ({ticket}, '{sent}', 6)")).await?;
        Ok(ticket)
    }

    /// The second half of it.
    pub async fn finish_mail(
        &mut self,
        ticket: i64,
        mail: &Mail<'_>,
        header: Option<MailHeader<'_>>,
    ) -> anyhow::Result<()> {
        let head = header.map(|header| header.of(mail)).unwrap_or_default();
        let text = format!("{head}{}", bmp(mail.html));
        self.insert(format!("UPDATE tincidents SET description = ? WHERE id = {ticket}"), &[&text]).await?;
        Ok(())
    }

    /// A mail becomes a comment: a resolved ticket is in progress again with step 5 and keeps its
    /// resolution date, one that waited for its requester is in progress without a step. `date_modif`
    /// goes to the mail's date. The ticket need not exist.
    pub async fn reply_by_mail(&mut self, ticket: i64, mail: &Mail<'_>) -> anyhow::Result<i64> {
        let (sender, sent) = (mail.sender, mail.sent);
        let state = self.number(&format!("(SELECT state FROM tincidents WHERE id = {ticket})")).await?;
        if [state::RESOLVED, state::WAITING_FOR_REQUESTER].contains(&state) {
            self.run(format!("UPDATE tincidents SET state = 2 WHERE id = {ticket}")).await?;
        }
        if state == state::RESOLVED {
            self.step(ticket, sent, sender, 5, "state = 2").await?;
        }
        let sql = format!("INSERT INTO tthreads (ticket, date, author, text) VALUES ({ticket}, '{sent}', {sender}, ?)");
        let step = self.insert(sql, &[&bmp(mail.html)]).await?;
        self.touch(ticket, sent).await?;
        self.run(format!("UPDATE tincidents SET techread = 0 WHERE id = {ticket}")).await?;
        Ok(step)
    }

    /// GestSup sends a mail about a ticket by itself, or somebody does by the button.
    pub async fn send_mail(&mut self, ticket: i64, author: i64, to: &str) -> anyhow::Result<()> {
        let now = self.now();
        let sql = format!(
            "INSERT INTO tthreads (ticket, date, author, text, type, dest_mail) VALUES ({ticket}, '{now}', {author}, '', 3, ?)"
        );
        self.insert(sql, &[to]).await?;
        if author == ADMIN {
            self.run(format!("INSERT INTO tmails (incident, open, close) VALUES ({ticket}, 1, 0)")).await?;
        }
        Ok(())
    }
}
