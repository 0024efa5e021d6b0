//! A GestSup base that was restored from a backup: numbers are given a second time, and tickets say
//! again what they said before. Its counters and its newest steps tell, before anything is written.

use super::operation::Verdict;
use super::ports::{Attention, Trouble};
use serde::{Deserialize, Serialize};

/// The marks in the state.
pub(in crate::flows) const MARKS: &str = "tickets.marks";
/// What was noticed, until it is settled.
pub const REWOUND: &str = "tickets.rewound";
/// Code of a ticket that waits for a person because of a restored base.
pub const RESTORED: &str = "restored";
/// Code of a ticket whose number belongs to another one now.
pub const OTHER_TICKET: &str = "other-ticket";

/// A step that was among the newest when the marks were taken. GestSup never gives an id of its own
/// accord a second time, nor moves a step or its date.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Witness {
    /// `tthreads.id`.
    pub step: i64,
    /// `tthreads.ticket`.
    pub ticket: i64,
    /// `tthreads.date` as stored.
    pub date: String,
}

/// What shows that a base is not the one that was last read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Marks {
    /// The next number of `tincidents` (`AUTO_INCREMENT`), which only ever grows; 0 where the server does
    /// not tell.
    pub next_ticket: i64,
    /// The next number of `tthreads`.
    pub next_step: i64,
    /// The newest steps.
    pub newest: Vec<Witness>,
}

impl Marks {
    /// Why the base cannot be what it was when `before` was read, as a sentence; `None` when it can.
    /// `seen` are the steps that now stand under the ids of `before`'s newest ones; `last_is_there`
    /// whether the ticket with the greatest number then still exists: an administrator may lower the
    /// counter of tickets, which loses none.
    pub(in crate::flows) fn rewound_since(
        &self,
        before: &Self,
        seen: &[Witness],
        last_is_there: bool,
    ) -> Option<String> {
        let behind = |now: i64, before: i64| now > 0 && now < before;
        let advice = "Linked tickets that differ are left alone until `gestan-connector reconcile` shows them and --fix settles them.";
        let tickets = behind(self.next_ticket, before.next_ticket) && !last_is_there;
        if tickets || behind(self.next_step, before.next_step) {
            return Some(format!(
                "GestSup's base was restored: its next ticket will be n°{} (it was to be n°{}), its next step {} (was {}). {advice}",
                self.next_ticket, before.next_ticket, self.next_step, before.next_step
            ));
        }
        // More may have been written since the restore than was lost by it: then ids tell.
        let other = seen.iter().find(|now| before.newest.iter().any(|then| then.step == now.step && then != *now))?;
        Some(format!(
            "GestSup's base was restored: step {} now belongs to ticket n°{} ({}), which it did not at the last pass. {advice}",
            other.step, other.ticket, other.date
        ))
    }
}

/// The verdict about a linked ticket that differs in a base that was restored.
pub(super) fn held_back(number: i64, gestan_id: i64, gone: bool) -> Verdict {
    let what = if gone { "no longer exists" } else { "is not as it was" };
    Verdict::Quarantine {
        code: RESTORED,
        reason: format!(
            "GestSup was restored from a backup, and ticket n°{number} {what} since. Nothing was written to intervention {gestan_id}: `gestan-connector reconcile` shows it, with --fix it brings Gestan in line with GestSup as it is now."
        ),
    }
}

/// Whether a ticket waits for a person to settle what the restored base made of it.
pub(super) fn is_held(attention: &Attention) -> bool {
    attention.trouble == Trouble::Quarantined && attention.code == RESTORED
}

/// Whether a ticket is set aside for what a restored base, or a number used again, made of it.
pub(super) fn concerns_restore(attention: &Attention) -> bool {
    attention.trouble == Trouble::Quarantined && [RESTORED, OTHER_TICKET].contains(&attention.code.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(next_ticket: i64, next_step: i64, newest: &[(i64, i64, &str)]) -> Marks {
        let newest = newest.iter().map(|(step, ticket, date)| witness(*step, *ticket, date)).collect();
        Marks { next_ticket, next_step, newest }
    }

    fn witness(step: i64, ticket: i64, date: &str) -> Witness {
        Witness { step, ticket, date: date.to_owned() }
    }

    #[test]
    fn a_base_that_only_grew_or_lost_rows_was_not_restored() {
        let before = marks(10, 50, &[(49, 9, "a"), (48, 8, "b")]);
        assert_eq!(marks(12, 60, &[]).rewound_since(&before, &[witness(49, 9, "a")], true), None);
        assert_eq!(marks(10, 50, &[]).rewound_since(&before, &[], false), None);
        assert_eq!(marks(0, 0, &[]).rewound_since(&before, &[], false), None, "a server that does not tell");
    }

    #[test]
    fn a_counter_that_went_back_tells_of_a_restore() {
        let before = marks(10, 50, &[]);
        assert!(marks(9, 50, &[]).rewound_since(&before, &[], false).is_some_and(|text| text.contains("n°9")));
        assert!(marks(10, 49, &[]).rewound_since(&before, &[], true).is_some());
    }

    #[test]
    fn a_counter_of_tickets_that_an_administrator_lowered_tells_of_none() {
        assert_eq!(marks(9, 50, &[]).rewound_since(&marks(10, 50, &[]), &[], true), None);
    }

    #[test]
    fn a_step_that_is_another_tickets_tells_of_a_restore_although_the_counters_have_grown_past() {
        let before = marks(10, 50, &[(49, 9, "a"), (48, 8, "b")]);
        let now = marks(30, 90, &[]);
        assert!(now.rewound_since(&before, &[witness(49, 7, "c")], true).is_some_and(|text| text.contains("step 49")));
        assert!(now.rewound_since(&before, &[witness(48, 8, "later")], true).is_some());
    }
}
