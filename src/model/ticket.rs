//! A GestSup ticket as the flows see it: texts decoded, dates in UTC, "0 means none" turned into `None`.

use super::{ObjectKind, RichText};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A row of one of GestSup's lists (`tstates`, `ttypes`, `tcategory`, …).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Label {
    /// Primary key of the list's row.
    pub id: i64,
    /// Decoded name.
    pub name: String,
}

/// What a person may do in GestSup (`tusers.profile`, which is `tprofiles.level`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Profile 0.
    Technician,
    /// Profile 1, "utilisateur avec pouvoir".
    PowerUser,
    /// Profile 2, "utilisateur".
    User,
    /// Profile 3.
    Supervisor,
    /// Profile 4.
    Administrator,
}

impl Role {
    /// Whether people with this role work on tickets rather than open them.
    pub fn is_staff(self) -> bool {
        matches!(self, Self::Technician | Self::Supervisor | Self::Administrator)
    }
}

/// A row of `tusers`: requester, contact or technician.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// `tusers.id`, never 0.
    pub id: i64,
    /// `tusers.login`.
    pub login: String,
    /// Decoded first name, possibly empty.
    pub first_name: String,
    /// Decoded last name, possibly empty.
    pub last_name: String,
    /// Mail address, possibly empty.
    pub mail: String,
    /// Role, from `tusers.profile`.
    pub role: Role,
    /// `tusers.company`, where it is not 0 and exists.
    pub company: Option<Company>,
    /// `tusers.disable = 1`.
    pub disabled: bool,
}

/// The account that stands for people who were deleted in GestSup: every reference to them goes to it.
pub const FORGOTTEN: &str = "delete_user_gs";

impl Person {
    /// Whether this is the account that stands for people who were deleted.
    pub fn is_forgotten(&self) -> bool {
        self.login == FORGOTTEN
    }

    /// First and last name, else the login, else `n°<id>`.
    pub fn display_name(&self) -> String {
        let name = format!("{} {}", self.first_name, self.last_name);
        match (name.trim(), self.login.trim()) {
            ("", "") => format!("n°{}", self.id),
            ("", login) => login.to_owned(),
            (name, _) => name.to_owned(),
        }
    }
}

/// A row of `tcompany`: the client.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Company {
    /// `tcompany.id`, never 0.
    pub id: i64,
    /// Decoded name.
    pub name: String,
}

/// A row of `tgroups` of type 1 (technicians) with its members (`tgroups_assoc`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// `tgroups.id`, never 0.
    pub id: i64,
    /// Decoded name.
    pub name: String,
    /// Enabled members, by `tusers.id`.
    pub members: Vec<Person>,
}

/// A row of `tassets`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Equipment {
    /// `tassets.id`, never 0.
    pub id: i64,
    /// `netbios`, the name that GestSup displays.
    pub name: String,
    /// `sn_manufacturer`, possibly empty.
    pub serial: String,
    /// `sn_internal`, possibly empty.
    pub internal_serial: String,
}

/// A `tevents` row of type 2: work on the ticket planned in a technician's calendar.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PlannedEvent {
    /// `tevents.id`.
    pub id: i64,
    /// Start.
    pub start: DateTime<Utc>,
    /// End; the start where GestSup holds none.
    pub end: DateTime<Utc>,
    /// `tevents.technician`, 0 for nobody.
    pub technician: i64,
}

/// `tthreads.type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepType {
    /// 0: a comment.
    Comment,
    /// 1: first attribution.
    Attribution,
    /// 2: transfer or un-assignment.
    Transfer,
    /// 3: a mail was sent.
    MailSent,
    /// 4: resolved.
    Closed,
    /// 5: the state changed.
    StateChanged,
    /// 6: the ticket was created by mail.
    CreatedByMail,
    /// A type that this program does not know.
    Unknown,
}

/// A row of `tthreads`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// `tthreads.id`.
    pub id: i64,
    /// `tthreads.date`; `None` for a zero date.
    pub at: Option<DateTime<Utc>>,
    /// Who wrote it; `None` for GestSup itself or an unknown sender (author 0).
    pub author: Option<Person>,
    /// What kind of row it is.
    pub step_type: StepType,
    /// The text of a comment.
    pub text: RichText,
    /// `tthreads.time`, in minutes.
    pub minutes: i64,
    /// Hidden from the requester.
    pub private: bool,
    /// New state of a state change.
    pub state: Option<Label>,
    /// Whom an attribution or transfer names as the new technician or group (display name).
    pub assigned_to: Option<String>,
    /// Its author, or whom it names, was deleted: GestSup no longer tells who it was.
    pub forgotten: bool,
    /// The follow-up wrote it: what it says came from Gestan. Its mark (`tthreads.dest_mail`), or an empty text where
    /// only the state tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_gestan: Option<String>,
}

/// How the mark of a step that came from Gestan begins.
pub const FROM_GESTAN: &str = "gestan:";

/// What makes a ticket number *this* ticket: after a restore a number can be used again
/// (GestSup really deletes rows), so a link keeps these and compares them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// `tincidents.date_create` exactly as stored (local, `YYYY-MM-DD HH:MM:SS`).
    pub created: String,
    /// `tincidents.creator`.
    pub creator: i64,
    /// The smallest `tthreads.id` of the ticket when the link was made; `None` while it had no step.
    pub first_step: Option<i64>,
}

impl Identity {
    /// Whether `now` can be the ticket that `self` was taken from. `date_create` can be edited by
    /// GestSup's users, a creator and a first step can be deleted, so one of the three may differ.
    pub fn matches(&self, now: &Self) -> bool {
        let created = self.created == now.created;
        let creator = self.creator == now.creator;
        let step = match (self.first_step, now.first_step) {
            (Some(then), Some(now)) => Some(then == now),
            (Some(_), None) => Some(false),
            (None, _) => None,
        };
        match step {
            Some(true) | None => created || creator,
            Some(false) => created && creator,
        }
    }
}

/// A GestSup ticket (`tincidents`) with everything that is projected to Gestan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// `tincidents.id`, the public number.
    pub number: i64,
    /// What tells it from another ticket under the same number.
    pub identity: Identity,
    /// Decoded title; GestSup cuts it at 100 encoded characters.
    pub title: String,
    /// The request itself.
    pub description: RichText,
    /// `ttypes` row.
    pub kind: Option<Label>,
    /// `tcategory` row.
    pub category: Option<Label>,
    /// `tsubcat` row.
    pub subcategory: Option<Label>,
    /// The service the ticket is addressed to (`u_service`).
    pub service: Option<Label>,
    /// `tstates` row; the name is empty when the row is missing.
    pub state: Label,
    /// `tpriority` row.
    pub priority: Option<Label>,
    /// `tcriticality` row.
    pub criticality: Option<Label>,
    /// The technician, where one is attributed.
    pub technician: Option<Person>,
    /// The technician group, where one is attributed instead.
    pub group: Option<Group>,
    /// The requester; its company is the ticket's client.
    pub requester: Option<Person>,
    /// The requesting group (`u_group`), which GestSup sets instead of a requester.
    pub requester_group: Option<Group>,
    /// The company of that group's members, where all of them belong to the same.
    pub requester_group_company: Option<Company>,
    /// The equipment concerned.
    pub equipment: Option<Equipment>,
    /// The project the ticket is filed under (`tprojects_task`), the first where there are several.
    pub project: Option<Label>,
    /// `tincidents.billable`.
    pub billable: bool,
    /// Minutes spent on the whole ticket.
    pub minutes_spent: i64,
    /// Estimated minutes.
    pub minutes_estimated: i64,
    /// Opening date.
    pub created_at: Option<DateTime<Utc>>,
    /// Resolution date; GestSup may leave one on an open ticket and none on a resolved one.
    pub resolved_at: Option<DateTime<Utc>>,
    /// Planned resolution date (`date_hope`): the start of that day.
    pub due: Option<DateTime<Utc>>,
    /// Planned work, by start.
    pub events: Vec<PlannedEvent>,
    /// The ticket's history, by date then id.
    pub steps: Vec<Step>,
    /// Its files (`tattachments`), by id.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// Pictures inside the description, in their order.
    #[serde(default)]
    pub pictures: Vec<Picture>,
    /// Mean of the survey's answers on a scale (`tsurvey_answers` of questions of type 4), rounded.
    #[serde(default)]
    pub satisfaction: Option<i64>,
}

/// A picture that was pasted into a text: its bytes stand there in base64.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Picture {
    /// SHA-256 of the base64 text, in hexadecimal.
    pub hash: String,
    /// From its media type: `png`, `jpg`, …
    pub extension: String,
}

/// A file of a ticket (a row of `tattachments`); it lies in GestSup's upload folder.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Attachment {
    /// `tattachments.id`.
    pub id: i64,
    /// `real_filename`: the name that people see.
    pub name: String,
    /// `storage_filename`: the file's name under `upload/ticket/`.
    pub stored_as: String,
}

impl Ticket {
    /// Whether somebody is in charge: a technician or a technician group.
    pub fn is_attributed(&self) -> bool {
        self.technician.is_some() || self.group.is_some()
    }

    /// The client: the company of the requester, or of all members of the requesting group.
    pub fn client(&self) -> Option<&Company> {
        match &self.requester {
            Some(person) => person.company.as_ref(),
            None => self.requester_group_company.as_ref(),
        }
    }

    /// When it was last resolved: the last closing step, else the resolution date, which may be left over
    /// from an earlier time.
    pub fn closed_at(&self) -> Option<DateTime<Utc>> {
        let closing = self.steps.iter().rev().find(|step| step.step_type == StepType::Closed);
        closing.and_then(|step| step.at).or(self.resolved_at)
    }

    /// The values that GestSup may lose by itself.
    pub fn last_known(&self) -> LastKnown {
        LastKnown {
            kind: self.kind.clone(),
            equipment: self.equipment.clone(),
            due: self.due,
            requester: self.requester.clone().filter(|requester| !requester.is_forgotten()),
            identity: Some(self.identity.clone()),
            mode: None,
        }
    }

    /// Puts back what GestSup lost by itself.
    #[must_use]
    pub fn completed(mut self, known: &LastKnown) -> Self {
        self.kind = self.kind.or_else(|| known.kind.clone());
        self.equipment = self.equipment.or_else(|| known.equipment.clone());
        self.due = self.due.or(known.due);
        if known.requester.is_some() && self.requester.as_ref().is_some_and(Person::is_forgotten) {
            self.requester.clone_from(&known.requester);
        }
        self
    }
}

/// Values of a ticket that a save in GestSup resets to nothing when the form of whoever saves does not
/// show them (`type`, `asset_id`, `date_hope`), and the requester, whom GestSup forgets when the account is
/// deleted: nothing there is no decision of a person, so the last value stands until somebody sets another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LastKnown {
    /// `tincidents.type`.
    pub kind: Option<Label>,
    /// `tincidents.asset_id`.
    pub equipment: Option<Equipment>,
    /// `tincidents.date_hope`.
    pub due: Option<DateTime<Utc>>,
    /// `tincidents.user`, while the account was not deleted.
    pub requester: Option<Person>,
    /// By what the ticket was recognised, as people may have changed it since the link was made.
    pub identity: Option<Identity>,
    /// What the rules made of it when it was last planned.
    pub mode: Option<ObjectKind>,
}
