//! No mass damage: a pass that would disable too many records, or that was given a list suddenly empty or halved,
//! stops before its first write.

use super::record::Kind;
use crate::config::Limit;
use crate::flows::tickets::BrakeReason;

/// Lists shorter than this may halve by chance.
const SHORT: usize = 4;

/// What is known of a kind's list.
pub(super) struct Listed {
    pub kind: Kind,
    /// Linked records that were in use.
    pub linked: usize,
    /// Those of them that are so no longer.
    pub disabled: usize,
    /// Records in the list, archived ones included.
    pub length: usize,
    /// The same at the last pass.
    pub before: usize,
}

/// What stops the pass.
pub(super) fn reasons(listed: &Listed, limit: Limit) -> Vec<BrakeReason> {
    let (kind, vanished) = match listed.kind {
        Kind::Client => ("clients", "vanished-clients"),
        Kind::Contact => ("contacts", "vanished-contacts"),
        Kind::Equipment => ("equipment", "vanished-equipment"),
        Kind::Technician => ("technicians", "vanished-technicians"),
        Kind::Project => ("projects", "vanished-projects"),
        // They end, one after the other.
        Kind::Absence | Kind::Owner => return Vec::new(),
    };
    let (planned, allowed) = (listed.disabled, limit.of(listed.linked));
    let mut reasons = Vec::new();
    if planned > allowed {
        reasons.push(BrakeReason { kind, planned, allowed });
    }
    let lost = listed.before.saturating_sub(listed.length);
    let halved = listed.length == 0 || (listed.before >= SHORT && listed.length * 2 <= listed.before);
    if lost > 0 && halved {
        reasons.push(BrakeReason { kind: vanished, planned: lost, allowed: listed.before.div_ceil(2) - 1 });
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stops(linked: usize, in_use: usize, length: usize, before: usize) -> bool {
        let listed = Listed { kind: Kind::Client, linked, disabled: linked.saturating_sub(in_use), length, before };
        !reasons(&listed, Limit { number: 5, percent: 10 }).is_empty()
    }

    #[test]
    fn five_or_a_tenth_may_be_disabled_and_no_more() {
        assert!(!stops(20, 15, 20, 20));
        assert!(stops(20, 14, 20, 20));
        assert!(!stops(200, 180, 200, 200));
        assert!(stops(200, 179, 200, 200));
    }

    #[test]
    fn a_list_that_is_empty_or_halved_stops_and_two_empty_sides_do_not() {
        assert!(stops(3, 0, 0, 3));
        assert!(stops(8, 8, 4, 8));
        assert!(!stops(8, 8, 5, 8));
        assert!(!stops(0, 0, 0, 0));
        assert!(!stops(2, 1, 1, 2), "one of two is no sign of anything");
    }
}
