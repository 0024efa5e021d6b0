//! A GestSup base that was restored from a backup: numbers are given a second time, and tickets say
//! again what they said before. Its counters tell, before anything is written.

use super::operation::Verdict;
use super::ports::{Attention, Trouble};
use serde::{Deserialize, Serialize};

/// The counters in the state.
pub(super) const MARKS: &str = "tickets.marks";
/// What was noticed, until it is settled.
pub const REWOUND: &str = "tickets.rewound";
/// Code of a ticket that waits for a person because of a restored base.
pub const RESTORED: &str = "restored";
/// Code of a ticket whose number belongs to another one now.
pub const OTHER_TICKET: &str = "other-ticket";

/// The next numbers that GestSup will give (`AUTO_INCREMENT`). In one base they only ever grow; 0 where
/// the server does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Marks {
    /// Of `tincidents`.
    pub next_ticket: i64,
    /// Of `tthreads`.
    pub next_step: i64,
}

impl Marks {
    /// Whether the base cannot be what it was when `before` was read.
    pub fn is_behind(&self, before: &Self) -> bool {
        let behind = |now: i64, before: i64| now > 0 && now < before;
        behind(self.next_ticket, before.next_ticket) || behind(self.next_step, before.next_step)
    }

    /// What a person is told.
    pub(super) fn sentence(&self, before: &Self) -> String {
        format!(
            "GestSup's base was restored: its next ticket will be n°{} (it was to be n°{}), its next step {} (was {}). Linked tickets that differ are left alone until `gestan-connector reconcile` is run.",
            self.next_ticket, before.next_ticket, self.next_step, before.next_step
        )
    }
}

/// The verdict about a linked ticket that differs in a base that was restored.
pub(super) fn held(number: i64, gestan_id: i64, gone: bool) -> Verdict {
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
