//! Absences of Gestan's users: events in the calendar of their accounts, and what the tickets flow plans around.

use super::known::Key;
use super::lists::Lists;
use super::pass::{Ground, Pass};
use super::record::{Field, Kind, Projected, Values};
use crate::config::Reference;
use crate::flows::PortError;
use crate::model::{AWAY, Absence, Away};
use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use std::collections::HashMap;

/// Days after its end that an absence is still read: an intervention that was planned around it must not move back.
const READ: i64 = 400;
/// Days after its end that one is no longer brought into the calendar.
const OVER: i64 = 31;

/// Absences that end before this are no matter any more.
pub(super) fn horizon(now: DateTime<Utc>) -> DateTime<Utc> {
    now - Duration::days(READ)
}

/// A time as GestSup's calendar has it.
pub(super) fn local(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string()
}

fn counts(settings: &Reference, absence: &Absence) -> bool {
    absence.validated || settings.unvalidated_absences
}

/// An absence as an event; `None` where it is over, or its user has no account.
fn event(settings: &Reference, absence: &Absence, name: &str, account: i64, zone: Tz, title_ends: &str) -> Projected {
    let title = settings
        .absence_title
        .replace("{name}", name)
        .replace("{label}", &absence.label)
        .replace("{reason}", &absence.reason);
    // The page of the calendar cannot bear this one.
    let title = title.trim().replace(']', ")").replace('[', "(");
    let title = if title.is_empty() { title_ends.to_owned() } else { title };
    let flag = |set: bool| if set { "1" } else { "0" }.to_owned();
    Projected {
        key: absence.id.to_string(),
        aliases: Vec::new(),
        name: format!("{} from {}", absence.user, absence.start.with_timezone(&zone).format("%Y-%m-%d")),
        values: Values::from([
            (Field::Name, title),
            (Field::Owner, account.to_string()),
            (Field::Starts, local(absence.start, zone)),
            (Field::Ends, local(absence.end, zone)),
            (Field::AllDay, absence.whole_days.to_string()),
            (Field::Disabled, flag(!counts(settings, absence))),
        ]),
        of_company: None,
        waits: None,
        note: None,
    }
}

impl Ground {
    /// Absences as events. What is long over is brought in no more, and followed where it was.
    pub(super) fn events(&self, settings: &Reference, lists: &Lists) -> Vec<Projected> {
        let names: HashMap<&str, &str> =
            lists.users.iter().map(|user| (user.code.as_str(), user.name.as_str())).collect();
        let (accounts, linked) = (self.known(Kind::Technician), self.known(Kind::Absence));
        let over = self.now - Duration::days(OVER);
        let wanted = lists.absences.iter().filter(|absence| absence.end > over || linked.id_of(absence.id).is_some());
        let event = |absence: &Absence| {
            let account = accounts.id(Key::new(&absence.user))?;
            let name = names.get(absence.user.as_str()).copied().unwrap_or(absence.user.as_str());
            Some(event(settings, absence, name, account, self.zone, "Absence"))
        };
        wanted.filter_map(event).collect()
    }
}

impl Pass<'_> {
    /// What the tickets flow plans around.
    pub(super) async fn remember_absences(&self, lists: &Lists) -> Result<(), PortError> {
        let settings = self.flow.settings;
        let mut away: Vec<Away> = lists
            .absences
            .iter()
            .filter(|absence| counts(settings, absence))
            .map(|absence| Away { user: absence.user.clone(), from: absence.start, until: absence.end })
            .collect();
        away.sort();
        let text = serde_json::to_string(&away).unwrap_or_default();
        if self.flow.memory.reference_value(AWAY).await?.as_ref() != Some(&text) {
            self.flow.memory.set_reference_value(AWAY, &text).await?;
        }
        Ok(())
    }
}
