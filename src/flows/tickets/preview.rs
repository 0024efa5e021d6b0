//! What one ticket asks for and what would happen to it next, for whoever asks.

use super::links::known_before;
use super::operation::Verdict;
use super::pass::TicketsFlow;
use super::rewind::REWOUND;
use crate::flows::PortError;
use crate::gestan::contract::ObjectState;
use crate::mapping::project;
use crate::model::{Field, Fields, ObjectKind, Ticket};
use chrono::{DateTime, Utc};

/// One ticket, and what would happen to it next.
#[derive(Debug)]
pub struct Preview {
    /// The ticket; `None` where it no longer exists.
    pub ticket: Option<Ticket>,
    /// What would happen next.
    pub verdict: Verdict,
    /// What GestSup asks for; `None` where that cannot be said yet, or the ticket is gone.
    pub asked: Option<Asked>,
}

/// What GestSup asks for of one ticket, and why.
#[derive(Debug, serde::Serialize)]
pub struct Asked {
    /// What the ticket is in Gestan, or becomes.
    pub kind: ObjectKind,
    /// Which rule of `[mapping.mode]` says what it becomes.
    pub why_kind: String,
    /// The fields.
    pub fields: Fields,
    /// Which rule decided what, by field.
    pub reasons: Vec<(Field, String)>,
}

impl Asked {
    /// Which rule decided a field; `None` where the ticket's own value stands.
    pub fn reason(&self, field: Field) -> Option<&str> {
        self.reasons.iter().rev().find(|(decided, _)| *decided == field).map(|(_, why)| why.as_str())
    }
}

impl TicketsFlow<'_> {
    /// What one ticket needs, without writing anything: for `show`.
    ///
    /// # Errors
    /// When a system does not answer.
    pub async fn preview(
        &self,
        number: i64,
        current: Option<&ObjectState>,
        now: DateTime<Utc>,
    ) -> Result<Preview, PortError> {
        let mut snapshot = self.source.snapshot().await?;
        let ticket = self.load(snapshot.as_mut(), &[number]).await?.into_iter().next();
        let links = self.memory.links(&[number]).await?;
        let directory = self.directory().await?;
        let restored = self.memory.value(REWOUND).await?.is_some_and(|sentence| !sentence.is_empty());
        let planner = self.planner(&directory, restored, true, now);
        let Some(ticket) = ticket else {
            let merged_into = snapshot.merged_into(&[number]).await?.get(&number).copied();
            let verdict = planner.plan_gone(&links, merged_into, current);
            return Ok(Preview { ticket: None, verdict, asked: None });
        };
        let verdict = planner.plan(&ticket, &links, current, &[]).verdict;
        let complete = match links.last() {
            Some(link) => ticket.clone().completed(&link.last_known),
            None => ticket.clone(),
        };
        let projected = project(&complete, &known_before(&links), &planner.context).ok();
        let asked = projected.map(|projection| Asked {
            kind: projection.kind,
            why_kind: projection.why_mode,
            fields: projection.fields,
            reasons: projection.reasons,
        });
        Ok(Preview { ticket: Some(ticket), verdict, asked })
    }
}
