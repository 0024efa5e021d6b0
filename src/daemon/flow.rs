//! The flows as the service sees them: their names, when they are at work, and whom they wake.

use super::site::Site;
use crate::config::{Config, Schedule};
use crate::flows::System;

/// The lane of the flows that share the links.
pub(super) const LINKS: &str = "links";
/// The lane of the mails that are sent.
pub(super) const NOTICES: &str = "notify";
/// The lane of the mail flow.
pub(super) const MAIL: &str = "mail";

/// A flow that the service makes passes of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Flow {
    /// Gestan's lists into GestSup.
    Reference,
    /// What Gestan's users did, into GestSup.
    FollowUp,
    /// Mails into GestSup.
    Mail,
    /// Tickets into Gestan.
    Tickets,
    /// Mails to people.
    Notify,
}

impl Flow {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Reference, Self::FollowUp, Self::Mail, Self::Tickets, Self::Notify];

    /// Name in the state, the log and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::FollowUp => "follow_up",
            Self::Mail => "mail",
            Self::Tickets => "tickets",
            Self::Notify => "notify",
        }
    }

    /// The command that makes a pass of it.
    pub(super) fn command(self) -> &'static str {
        match self {
            Self::Reference => "sync reference",
            Self::FollowUp => "sync follow_up",
            Self::Mail => "sync mail",
            Self::Tickets => "sync",
            Self::Notify => "sync notify",
        }
    }

    /// The lane that it works in: flows of one lane work one at a time, in the order of [`Flow::ALL`]. Those that read and
    /// write the links between tickets and Gestan share one.
    pub(super) fn lane(self) -> &'static str {
        match self {
            Self::Reference | Self::FollowUp | Self::Tickets => LINKS,
            Self::Notify => NOTICES,
            Self::Mail => MAIL,
        }
    }

    /// The systems that it cannot work without.
    pub(super) fn systems(self) -> &'static [System] {
        match self {
            Self::Reference | Self::FollowUp | Self::Tickets => &[System::Gestsup, System::Gestan],
            // What changed is noted down while no mail can be sent.
            Self::Notify => &[System::Gestsup],
            Self::Mail => &[System::Gestsup, System::Mailbox],
        }
    }

    /// Those that are switched on.
    pub(super) fn on(site: &Site) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|flow| flow.is_on(site))
    }

    fn is_on(self, site: &Site) -> bool {
        match self {
            Self::Reference => site.refers(),
            Self::FollowUp => site.follows_up(),
            Self::Mail => site.takes_mails(),
            Self::Tickets => true,
            Self::Notify => site.notifies(),
        }
    }

    pub(super) fn schedule(self, config: &Config) -> &Schedule {
        match self {
            Self::Reference => &config.reference.schedule,
            Self::FollowUp => &config.follow_up.schedule,
            Self::Mail => &config.mail.schedule,
            Self::Tickets => &config.tickets.schedule,
            Self::Notify => &config.notify.schedule,
        }
    }

    /// Flows that have something to do once this one wrote.
    pub(super) fn wakes(self) -> &'static [Self] {
        match self {
            // A ticket may have waited for its client, and a mail may be attributed by a rule.
            Self::Reference => &[Self::Tickets],
            Self::Mail => &[Self::Tickets, Self::Notify],
            // What was carried back is agreed with Gestan.
            Self::FollowUp => &[Self::Tickets, Self::Notify],
            Self::Tickets => &[Self::Notify],
            Self::Notify => &[],
        }
    }
}
