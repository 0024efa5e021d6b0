//! A plan as data: what is to be written to one ticket in GestSup, all of it in one transaction there. The same
//! value is printed by `--dry-run`, carried out by the adapter, kept as intent and written into the journal.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// A value as the plan assumes it, and as it is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change<T> {
    /// What GestSup holds; where it holds another, nothing is written.
    pub from: T,
    /// What it is to hold.
    pub to: T,
}

/// The ticket gets another state (`tincidents.state`), and a step of type 5, or 4 when it is resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateChange {
    /// `tstates.id` that is assumed.
    pub from: i64,
    /// `tstates.id` that it gets.
    pub to: i64,
    /// When it was resolved, where Gestan says so; else the time of the write.
    pub resolved_at: Option<DateTime<Utc>>,
    /// Mark of the step.
    pub mark: String,
}

/// The ticket gets another technician, and a step of type 1 or 2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TechnicianChange {
    /// `tincidents.technician` that is assumed, 0 for nobody.
    pub from: i64,
    /// `tincidents.t_group` that is assumed, 0 for none.
    pub from_group: i64,
    /// `tusers.id` that it gets.
    pub to: i64,
    /// Appointments of the ticket go with it (`tevents`).
    pub with_events: bool,
    /// Mark of the step.
    pub mark: String,
}

/// An appointment in the technician's calendar (`tevents` of type 2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventChange {
    /// A new one.
    Create {
        /// `tusers.id`.
        technician: i64,
        /// Start.
        start: DateTime<Utc>,
        /// End.
        end: DateTime<Utc>,
    },
    /// It is at another time.
    Move {
        /// `tevents.id`.
        id: i64,
        /// `tusers.id`.
        technician: i64,
        /// Start.
        start: DateTime<Utc>,
        /// End.
        end: DateTime<Utc>,
    },
    /// It no longer takes place (`disable = 1`).
    Cancel {
        /// `tevents.id`.
        id: i64,
    },
}

/// A comment (`tthreads` of type 0).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewStep {
    /// Its mark: what it is found again by.
    pub mark: String,
    /// `tusers.id`, 0 for GestSup itself.
    pub author: i64,
    /// Hidden from the requester.
    pub private: bool,
    /// Lines of plain text, joined by `\n`.
    pub text: String,
    /// Its own minutes.
    pub minutes: i64,
}

/// A comment that came from Gestan gets another text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepEdit {
    /// `tthreads.id`.
    pub step: i64,
    /// The mark it gets.
    pub mark: String,
    /// The text that is assumed.
    pub from: String,
    /// Lines of plain text, joined by `\n`.
    pub text: String,
}

/// A comment gets other minutes (`tthreads.time`); the ticket's total moves with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MinutesChange {
    /// `tthreads.id`.
    pub step: i64,
    /// Minutes that are assumed.
    pub from: i64,
    /// Minutes that it gets.
    pub to: i64,
}

/// A file of the ticket (`tattachments`), which a comment of the same change tells of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewFile {
    /// `DOCUMENT.IDDOCUMENT` that it comes from.
    pub document: i64,
    /// Its name for people.
    pub name: String,
    /// Its name in the folder of uploaded files.
    pub stored_as: String,
    /// SHA-256 of its content.
    pub sha256: String,
}

/// Everything that one ticket gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketChange {
    /// `tincidents.id`.
    pub number: i64,
    /// The date of its rows.
    pub at: DateTime<Utc>,
    /// Who does it: `tusers.id` of the Gestan user, else of the ticket's technician, else 0.
    pub author: i64,
    /// The state.
    pub state: Option<StateChange>,
    /// The technician.
    pub technician: Option<TechnicianChange>,
    /// The planned resolution date (`tincidents.date_hope`).
    pub due: Option<Change<Option<NaiveDate>>>,
    /// The estimated minutes (`tincidents.time_hope`).
    pub estimate: Option<Change<i64>>,
    /// The total of minutes (`tincidents.time`), where comments have none of their own.
    pub total: Option<Change<i64>>,
    /// The appointment.
    pub event: Option<EventChange>,
    /// New comments.
    pub steps: Vec<NewStep>,
    /// Comments with another text.
    pub edits: Vec<StepEdit>,
    /// Comments with other minutes.
    pub minutes: Vec<MinutesChange>,
    /// New files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<NewFile>,
}

impl TicketChange {
    /// One that changes nothing yet.
    pub fn new(number: i64, at: DateTime<Utc>, author: i64) -> Self {
        Self {
            number,
            at,
            author,
            state: None,
            technician: None,
            due: None,
            estimate: None,
            total: None,
            event: None,
            steps: Vec::new(),
            edits: Vec::new(),
            minutes: Vec::new(),
            files: Vec::new(),
        }
    }

    /// Whether nothing is to be written.
    pub fn is_empty(&self) -> bool {
        *self == Self::new(self.number, self.at, self.author)
    }

    /// Marks of the rows that it adds.
    pub fn marks(&self) -> impl Iterator<Item = &str> {
        let state = self.state.iter().map(|state| state.mark.as_str());
        let technician = self.technician.iter().map(|technician| technician.mark.as_str());
        state.chain(technician).chain(self.steps.iter().map(|step| step.mark.as_str()))
    }

    /// Whether the requester sees something new.
    pub fn is_seen_by_requester(&self) -> bool {
        self.steps.iter().any(|step| !step.private)
    }

    /// A sentence for people; `state` and `person` name what the numbers stand for.
    pub fn sentence(&self, state: impl Fn(i64) -> String, person: impl Fn(i64) -> String) -> String {
        let mut parts = Vec::new();
        if let Some(change) = &self.state {
            parts.push(format!("state “{}”", state(change.to)));
        }
        if let Some(change) = &self.technician {
            parts.push(format!("technician {}", person(change.to)));
        }
        if let Some(change) = &self.due {
            let day = change.to.map_or_else(|| "none".to_owned(), |day| day.to_string());
            parts.push(format!("planned resolution date {day}"));
        }
        match &self.event {
            Some(EventChange::Create { .. }) => parts.push("appointment added".to_owned()),
            Some(EventChange::Move { .. }) => parts.push("appointment moved".to_owned()),
            Some(EventChange::Cancel { .. }) => parts.push("appointment cancelled".to_owned()),
            None => {}
        }
        if let Some(change) = &self.estimate {
            parts.push(format!("estimated time {} min", change.to));
        }
        if let Some(change) = &self.total {
            parts.push(format!("time spent {} min", change.to));
        }
        for file in &self.files {
            parts.push(format!("file “{}” (document {})", file.name, file.document));
        }
        for (count, one, many) in [
            (self.steps.len(), "new step", "new steps"),
            (self.edits.len(), "step corrected", "steps corrected"),
            (self.minutes.len(), "step with other minutes", "steps with other minutes"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {}", if count == 1 { one } else { many }));
            }
        }
        format!("to GestSup: {}", parts.join("; "))
    }
}

/// Something that a person should know, said once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// A short stable code.
    pub code: String,
    /// A sentence.
    pub message: String,
}

impl Remark {
    /// A remark.
    pub(super) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}
