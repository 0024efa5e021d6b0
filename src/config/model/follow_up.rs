//! `[follow_up]`: what Gestan's users do comes back to GestSup's tickets.

use super::{Limit, Schedule};
use crate::model::{ObjectKind, Status};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// How what people type in Gestan shows in GestSup.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextPolicy {
    /// As a comment that the requester does not see.
    #[default]
    Private,
    /// As a comment that the requester sees.
    Public,
    /// Not at all.
    Off,
}

/// `[follow_up.text]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FollowText {
    /// Of interventions.
    pub interventions: TextPolicy,
    /// Of anomalies.
    pub anomalies: TextPolicy,
}

impl Default for FollowText {
    fn default() -> Self {
        Self { interventions: TextPolicy::Private, anomalies: TextPolicy::Public }
    }
}

/// `[follow_up.states]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct StateMap(pub BTreeMap<Status, i64>);

impl Default for StateMap {
    fn default() -> Self {
        Self(BTreeMap::from([
            (Status::Planned, 1),
            (Status::InProgress, 2),
            (Status::Waiting, 6),
            (Status::Done, 3),
            (Status::ToBill, 3),
            (Status::Billed, 3),
            (Status::Cancelled, 4),
        ]))
    }
}

/// `[follow_up.brake]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FollowBrake {
    /// Tickets whose state changes in one pass.
    pub state: Limit,
}

impl Default for FollowBrake {
    fn default() -> Self {
        Self { state: Limit { number: 50, percent: 20 } }
    }
}

/// `[follow_up]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FollowUp {
    /// Switches the flow on. GestSup's account then needs a few rights more than SELECT: docs/operator-guide.md lists them, `check --online` says which are missing.
    pub enabled: bool,
    /// When `run` makes a pass, written as for `[tickets]`; it comes just before that of the tickets.
    pub schedule: Schedule,
    /// Seconds between the beginnings of two looks at every intervention and anomaly. What Gestan says was changed, and all of the first thousand open tickets, is looked at on every pass.
    pub full_every_seconds: u64,
    /// The status that a Gestan user sets becomes the ticket's state.
    pub status: bool,
    /// The intervenant, or whoever handles an anomaly, becomes the ticket's technician.
    pub technician: bool,
    /// The planned day becomes the ticket's planned resolution date.
    pub planned: bool,
    /// The planned time becomes an appointment in the technician's GestSup calendar.
    pub calendar: bool,
    /// A planned time is told to the requester, as a comment.
    pub appointment_step: bool,
    /// A private comment on each ticket tells the number of its intervention or anomaly.
    pub number_step: bool,
    /// Minutes that a Gestan user sets on a step go back to it.
    pub minutes: bool,
    /// The load of an intervention becomes the ticket's estimated time.
    pub load: bool,
    /// How what people type in a memo shows in GestSup: "private", "public" or "off".
    pub text: FollowText,
    /// Documents that people add in Gestan to a linked intervention or anomaly become files of its ticket, with a comment that names each: "private", "public" or "off". Needs `[gateway.documents]` beside Gestan, and GestSup's folder of uploaded files (`folder` of `[mail.attachments]` or `[documents]`), which the service must be allowed to write; size and endings as in `[mail.attachments]`.
    pub documents: TextPolicy,
    /// Status ⇒ GestSup state (its number in tstates). A status that is not listed is not carried back.
    pub states: StateMap,
    /// How much one pass may change before it stops and asks for `--allow-mass-change`.
    pub brake: FollowBrake,
}

impl Default for FollowUp {
    fn default() -> Self {
        Self {
            enabled: false,
            schedule: Schedule::every(Duration::from_secs(120)),
            full_every_seconds: 3600,
            status: true,
            technician: true,
            planned: true,
            calendar: false,
            appointment_step: false,
            number_step: false,
            minutes: true,
            load: false,
            text: FollowText::default(),
            documents: TextPolicy::Off,
            states: StateMap::default(),
            brake: FollowBrake::default(),
        }
    }
}

impl FollowUp {
    /// How typed text of an object of this kind shows.
    pub fn text_of(&self, kind: ObjectKind) -> TextPolicy {
        match kind {
            ObjectKind::Intervention => self.text.interventions,
            ObjectKind::Anomaly => self.text.anomalies,
        }
    }
}
