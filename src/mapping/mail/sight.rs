//! What GestSup's own mail connector makes of a mail: where to look for it.

use super::desk::DeskFacts;
use super::reply::number_in_subject;
use crate::mapping::fold::fold;
use chrono::{DateTime, TimeDelta, Utc};

/// GestSup stores the sender's clock, or its own: either may be of another zone.
const SLACK: TimeDelta = TimeDelta::hours(26);
/// Signs from which on a title, its entities written out, may have been cut.
const CUT: usize = 90;

/// What is known of a mail that GestSup may have taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// Accounts of its sender; 0 stands for nobody.
    pub authors: Vec<i64>,
    /// Its subject, folded.
    pub subject: String,
    /// The ticket that its subject names as GestSup's own mails do.
    pub number: Option<i64>,
    /// The earliest date that it may have there.
    pub from: DateTime<Utc>,
    /// The latest.
    pub to: DateTime<Utc>,
}

/// What to look for.
pub fn sight(sender: &str, subject: &str, received: DateTime<Utc>, facts: &DeskFacts) -> Sight {
    let mut authors: Vec<i64> = facts.of(sender).iter().map(|account| account.id).collect();
    authors.push(0);
    Sight {
        authors,
        subject: fold(subject),
        number: number_in_subject(subject),
        from: received - SLACK,
        to: received + SLACK,
    }
}

impl Sight {
    /// Whether a ticket's title may be this mail's subject, cut.
    pub fn is_title(&self, title: &str) -> bool {
        let stored: usize = title.chars().map(|c| if "&<>\"'".contains(c) { 6 } else { 1 }).sum();
        let title = fold(title);
        if stored < CUT {
            return title == self.subject;
        }
        let begin: String = title.chars().take(title.chars().count().saturating_sub(4)).collect();
        self.subject.starts_with(begin.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_a_subject_that_may_be_cut() {
        let of = |subject: &str| sight("a@b.fr", subject, DateTime::UNIX_EPOCH, &DeskFacts::default());
        assert!(of("L'imprimante_HP est en panne").is_title("L'imprimante HP est en panne"));
        assert!(of(&"x y ".repeat(60)).is_title(&"x y ".repeat(24)));
        assert!(!of("Imprimante").is_title("Écran"));
        assert!(!of("Imprimante du bureau").is_title("Imprimante du bureau 2"));
        assert_eq!(of("RE: pour le ticket n°12 : x").number, Some(12));
    }
}
