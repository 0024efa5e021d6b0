//! Absences of Gestan's users, as the reference flow left them: which tickets they concern is found out when they
//! change, so that no pass asks Gestan for them.

use super::pass::TicketsFlow;
use super::ports::LinkPhase;
use super::remembered::Remembered;
use crate::flows::PortError;
use crate::model::{AWAY, Away, Field};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The absences that the open tickets were last planned with.
pub(super) const PLANNED_WITH: &str = "tickets.absences";
/// Links that are read at a time.
const CHUNK: usize = 500;

fn parsed(text: &str) -> Vec<Away> {
    serde_json::from_str(text).unwrap_or_default()
}

fn by_user(away: &[Away]) -> BTreeMap<&str, Vec<&Away>> {
    let mut map: BTreeMap<&str, Vec<&Away>> = BTreeMap::new();
    for away in away {
        map.entry(away.user.as_str()).or_default().push(away);
    }
    map
}

/// Users whose absences are not what they were.
fn changed<'a>(before: &'a [Away], now: &'a [Away]) -> BTreeSet<&'a str> {
    let (before, now) = (by_user(before), by_user(now));
    let users = before.keys().chain(now.keys()).copied();
    users.filter(|user| before.get(user) != now.get(user)).collect()
}

impl TicketsFlow<'_> {
    /// Absences as text; empty where the reference flow does not look after them.
    async fn absences_text(&self) -> Result<String, PortError> {
        let settings = &self.config.reference;
        if !settings.enabled || !settings.absences {
            return Ok(String::new());
        }
        Ok(self.memory.value(AWAY).await?.unwrap_or_default())
    }

    pub(super) async fn absences(&self) -> Result<Vec<Away>, PortError> {
        Ok(parsed(&self.absences_text().await?))
    }

    /// Has the open tickets of users planned again whose absences changed.
    pub(super) async fn regard_absences(&self, remembered: &mut Remembered) -> Result<(), PortError> {
        let text = self.absences_text().await?;
        let known = self.memory.value(PLANNED_WITH).await?.unwrap_or_default();
        if text == known {
            return Ok(());
        }
        let (before, now) = (parsed(&known), parsed(&text));
        let users = changed(&before, &now);
        let live = remembered.linked.iter().filter(|(_, phase)| **phase == LinkPhase::Live);
        let numbers: Vec<i64> = live.map(|(number, _)| *number).collect();
        let mut concerned = HashSet::new();
        for chunk in numbers.chunks(CHUNK) {
            let links = self.memory.links(chunk).await?;
            let technician = links.iter().filter_map(|link| Some((link.number, link.sent.get(&Field::Technician)?)));
            concerned.extend(
                technician
                    .filter(|(_, code)| code.as_text().is_some_and(|code| users.contains(code)))
                    .map(|(number, _)| number),
            );
        }
        remembered.concerned = concerned;
        remembered.absences = Some(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_users_whose_absences_changed_are_concerned() {
        let away = |user: &str, hour: i64| Away {
            user: user.to_owned(),
            from: chrono::DateTime::from_timestamp(hour * 3600, 0).unwrap_or_default(),
            until: chrono::DateTime::from_timestamp((hour + 1) * 3600, 0).unwrap_or_default(),
        };
        let before = [away("A", 1), away("B", 1), away("C", 1)];
        let now = [away("A", 1), away("B", 2), away("D", 1)];
        assert_eq!(changed(&before, &now), BTreeSet::from(["B", "C", "D"]));
    }
}
