//! `[mail]`: mails become tickets.

use super::{Condition, Mailbox, Schedule};
use crate::model::Filing;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// Which mails that lay in a folder before the connector first looked are taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FirstLook {
    /// Those that nobody has read.
    #[default]
    Unread,
    /// None.
    Nothing,
    /// All of them.
    All,
}

/// What a ticket's opening date is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OpeningDate {
    /// The mail's own date, in GestSup's time zone; when the server received it, where that date cannot be.
    #[default]
    Mail,
    /// When it was taken.
    Taken,
}

/// `[mail]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MailFlow {
    /// Switches the flow on. GestSup's account then needs rights on a few more tables: docs/operator-guide.md lists them, `check --online` says which are missing.
    pub enabled: bool,
    /// When `run` looks at the mailboxes, written as for `[tickets]`; where a server tells of new mails, they are taken at once.
    pub schedule: Schedule,
    /// Mails that lay in a folder before the first look.
    pub first_look: FirstLook,
    /// Opening date of a ticket.
    pub opened: OpeningDate,
    /// A ticket's description begins with GestSup's own block of lines: sender, date, recipients, subject.
    pub header: bool,
    /// MiB that a mail may have: of a larger one only the headers are taken.
    pub max_mib: u64,
    /// Mails of a folder that one pass takes before it looks at the next folder.
    pub batch: u32,
    /// Attempts before a mail that keeps failing is set aside.
    pub attempts: u32,
    /// Tickets and replies that one sender's mails may become within an hour; further ones are excluded.
    pub sender_per_hour: u32,
    /// Tickets and replies that one mailbox's mails may become within an hour; further ones stay in it for so long.
    pub mailbox_per_hour: u32,
    /// Own addresses beside those of the mailboxes and the one that GestSup sends from: mails from them are excluded.
    #[schemars(extend("examples" = [["support@example.fr"]]))]
    pub own_addresses: Vec<String>,
    /// Whose tickets they are.
    pub senders: MailSenders,
    /// What counts as a reply, and what it does.
    pub replies: MailReplies,
    /// Files and pictures of mails.
    pub attachments: MailAttachments,
    /// Mails that become nothing. Each has its line in the journal with the name of the rule, and `gestan-connector mail replay` takes it in after all.
    pub exclude: MailExclude,
    /// What is done with a mail in its mailbox once its outcome is written: "seen", "flag", { keyword = "…" }, { copy = "folder" }, { move = "folder" }, "delete"; [] leaves it as it is.
    pub filing: MailFiling,
    /// The mailboxes.
    pub mailboxes: Vec<Mailbox>,
    /// What new tickets get. Each key is set by the first rule that applies and has it.
    #[schemars(extend("examples" = [{"when": {"mailbox": "support", "subject": {"matches": "urgent|bloqué"}}, "priority": "Urgent", "group": "Niveau 2"}]))]
    pub rules: Vec<MailRule>,
}

impl Default for MailFlow {
    fn default() -> Self {
        Self {
            enabled: false,
            schedule: Schedule::every(Duration::from_secs(60)),
            first_look: FirstLook::default(),
            opened: OpeningDate::default(),
            header: true,
            max_mib: 30,
            batch: 500,
            attempts: 5,
            sender_per_hour: 30,
            mailbox_per_hour: 1000,
            own_addresses: Vec::new(),
            senders: MailSenders::default(),
            replies: MailReplies::default(),
            attachments: MailAttachments::default(),
            exclude: MailExclude::default(),
            filing: MailFiling::default(),
            mailboxes: Vec::new(),
            rules: Vec::new(),
        }
    }
}

/// What becomes of a new mail whose sender GestSup does not know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnknownSender {
    /// A ticket without requester, as GestSup makes one.
    #[default]
    Nobody,
    /// An account without client is made for the sender.
    Create,
    /// The mail is set aside until somebody replays it.
    Park,
    /// The mail is excluded.
    Refuse,
}

/// `[mail.senders]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MailSenders {
    /// An unknown sender whose domain belongs to one client alone gets an account of that client.
    pub by_domain: bool,
    /// Domains that belong to nobody, beside the well-known providers.
    #[schemars(extend("examples" = [["mairies.example"]]))]
    pub shared_domains: Vec<String>,
    /// What becomes of another unknown sender's mail.
    pub unknown: UnknownSender,
}

impl Default for MailSenders {
    fn default() -> Self {
        Self { by_domain: true, shared_domains: Vec::new(), unknown: UnknownSender::default() }
    }
}

/// What becomes of a reply by somebody who has nothing to do with the ticket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stranger {
    /// A new ticket.
    #[default]
    NewTicket,
    /// The mail is set aside until somebody replays it.
    Park,
}

/// What a reply does to a closed ticket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClosedTicket {
    /// It is opened again where the requester, an observer of the same client or an administrator writes; others get a new ticket that names it.
    #[default]
    Reopen,
    /// A new ticket that names it.
    NewTicket,
}

/// `[mail.replies]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MailReplies {
    /// The number in a subject (ticket n°12 :) tells the ticket, where the mail answers one and its sender may write on it.
    pub by_subject: bool,
    /// Address with the ticket's number that tells the ticket.
    #[schemars(example = &"support+{ticket}@example.fr")]
    pub plus_address: Option<String>,
    /// A reply by somebody who has nothing to do with the ticket.
    pub strangers: Stranger,
    /// A reply to a closed ticket.
    pub closed: ClosedTicket,
    /// Days after its resolution from which on a reply makes a new ticket; 0 for no limit.
    pub reopen_days: u32,
    /// GestSup's states that count as closed (tstates.id).
    pub closed_states: Vec<i64>,
    /// The state that a reopened ticket gets.
    pub reopened_state: i64,
    /// Quoted mails and signatures are left out of a reply.
    pub trim: bool,
    /// Where something was left out, the whole text is attached.
    pub keep_whole: bool,
}

impl Default for MailReplies {
    fn default() -> Self {
        Self {
            by_subject: true,
            plus_address: None,
            strangers: Stranger::default(),
            closed: ClosedTicket::default(),
            reopen_days: 0,
            closed_states: vec![3, 4],
            reopened_state: 2,
            trim: true,
            keep_whole: true,
        }
    }
}

/// Endings of file names that a web server or a workstation might run.
const BLOCKED: [&str; 62] = [
    "ade", "adp", "app", "asp", "aspx", "bas", "bat", "cer", "cgi", "chm", "cmd", "com", "cpl", "crt", "dll", "exe",
    "hlp", "hta", "htaccess", "htm", "html", "inf", "iso", "jar", "js", "jse", "jsp", "ksh", "lnk", "mdb", "mht",
    "mhtml", "msc", "msi", "msp", "mst", "phar", "php", "php3", "php4", "php5", "php7", "php8", "phps", "pht", "phtml",
    "pif", "pl", "ps1", "psm1", "py", "reg", "scf", "scr", "sct", "sh", "shtml", "svg", "vb", "vbe", "vbs", "wsf",
];

/// `[mail.attachments]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MailAttachments {
    /// GestSup's folder of uploaded files (`upload` beside its index.php), which the service must be allowed to write; by itself `folder` of `[documents]`. Without any, files are named in the ticket and stay in the mailbox.
    #[schemars(example = &"/var/www/gestsup/upload")]
    pub folder: Option<PathBuf>,
    /// MiB that a file may have.
    pub max_mib: u64,
    /// KiB that a picture inside the text may have, 128 at most; a larger one is attached.
    pub picture_kib: u64,
    /// Files with these endings are not kept.
    pub blocked: Vec<String>,
}

impl Default for MailAttachments {
    fn default() -> Self {
        Self { folder: None, max_mib: 20, picture_kib: 128, blocked: BLOCKED.map(str::to_owned).to_vec() }
    }
}

/// `[mail.exclude]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MailExclude {
    /// Automatic replies, absences (rule auto-reply).
    pub auto_replies: bool,
    /// Reports that a mail could not be delivered (rule delivery-report).
    pub delivery_reports: bool,
    /// Mailing lists and newsletters (rule bulk). Set it to false where the support's address is itself a list, as a group of Google or Microsoft is.
    pub bulk: bool,
    /// Mails from own addresses, and own mails that come back (rules own-address, own-mail).
    pub own: bool,
    /// Senders that take no answers (rule no-reply).
    pub no_reply: bool,
    /// Mails that the server marked as spam (rule spam).
    pub spam: bool,
    /// Mails without subject, text and files (rule empty).
    pub empty: bool,
    /// Mails without a sender (rule no-sender).
    pub no_sender: bool,
    /// Senders (rule blocked-sender): addresses, or with * for anything, as in "*@publicite.example".
    #[schemars(extend("examples" = [["*@publicite.example"]]))]
    pub senders: Vec<String>,
    /// Recipients (rule blocked-recipient), written like senders.
    #[schemars(extend("examples" = [["compta@example.fr"]]))]
    pub recipients: Vec<String>,
    /// Subjects (rule blocked-subject), with * for anything.
    #[schemars(extend("examples" = [["[SPAM]*"]]))]
    pub subjects: Vec<String>,
}

impl Default for MailExclude {
    fn default() -> Self {
        Self {
            auto_replies: true,
            delivery_reports: true,
            bulk: true,
            own: true,
            no_reply: true,
            spam: true,
            empty: true,
            no_sender: true,
            senders: Vec::new(),
            recipients: Vec::new(),
            subjects: Vec::new(),
        }
    }
}

/// `[mail.filing]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MailFiling {
    /// A mail that became a ticket.
    pub ticket: Vec<Filing>,
    /// A reply.
    pub reply: Vec<Filing>,
    /// An excluded mail.
    pub excluded: Vec<Filing>,
    /// A mail that is set aside.
    pub failed: Vec<Filing>,
}

impl Default for MailFiling {
    fn default() -> Self {
        Self {
            ticket: vec![Filing::Seen],
            reply: vec![Filing::Seen],
            excluded: Vec::new(),
            failed: vec![Filing::Move("Quarantaine".to_owned())],
        }
    }
}

/// When a rule for mails applies: all the conditions that are given must hold; written as those of `[mapping]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MailWhen {
    /// Address of the sender.
    pub sender: Option<Condition>,
    /// What comes after the @ in it.
    pub domain: Option<Condition>,
    /// One of the recipients.
    pub recipient: Option<Condition>,
    /// The subject.
    pub subject: Option<Condition>,
    /// Name of the mailbox.
    pub mailbox: Option<Condition>,
    /// Folder in it.
    pub folder: Option<Condition>,
    /// Client of the sender, by its name in GestSup.
    pub client: Option<Condition>,
}

/// One of `[[mail.rules]]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MailRule {
    /// The conditions.
    pub when: MailWhen,
    /// Type of the ticket, by its name in GestSup, as all of these are.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Category.
    pub category: Option<String>,
    /// Sub-category.
    pub subcategory: Option<String>,
    /// Priority.
    pub priority: Option<String>,
    /// Criticality.
    pub criticality: Option<String>,
    /// Service that it is addressed to.
    pub service: Option<String>,
    /// Technician in charge, by login.
    pub technician: Option<String>,
    /// Group in charge.
    pub group: Option<String>,
    /// Such mails become nothing.
    pub exclude: Option<bool>,
}
