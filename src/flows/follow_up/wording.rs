//! The words that the follow-up itself writes into GestSup.

use crate::config::Locale;
use crate::flows::tickets::Link;
use crate::model::{ObjectKind, Person};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// Tells the number of what a ticket became in Gestan.
pub(super) fn number(locale: Locale, kind: ObjectKind, id: i64) -> String {
    match (locale, kind) {
        (Locale::Fr, ObjectKind::Intervention) => format!("Intervention n°{id} créée dans Gestan."),
        (Locale::Fr, ObjectKind::Anomaly) => format!("Anomalie n°{id} créée dans Gestan."),
        (Locale::En, ObjectKind::Intervention) => format!("Intervention #{id} created in Gestan."),
        (Locale::En, ObjectKind::Anomaly) => format!("Anomaly #{id} created in Gestan."),
    }
}

/// Tells of a document that somebody added in Gestan.
pub(super) fn document(locale: Locale, link: &Link, name: &str, by: Option<&str>) -> String {
    let id = link.gestan_id;
    let who = |word: &str| by.map(|by| format!(" {word} {by}")).unwrap_or_default();
    match (locale, link.kind) {
        (Locale::Fr, ObjectKind::Intervention) => {
            format!("Document ajouté dans Gestan{} (intervention n°{id}) : {name}", who("par"))
        }
        (Locale::Fr, ObjectKind::Anomaly) => {
            format!("Document ajouté dans Gestan{} (anomalie n°{id}) : {name}", who("par"))
        }
        (Locale::En, ObjectKind::Intervention) => {
            format!("Document added in Gestan{} (intervention #{id}): {name}", who("by"))
        }
        (Locale::En, ObjectKind::Anomaly) => format!("Document added in Gestan{} (anomaly #{id}): {name}", who("by")),
    }
}

/// Tells the requester when somebody comes; `None` cancels what was told before.
pub(super) fn appointment(locale: Locale, zone: Tz, start: Option<DateTime<Utc>>, who: Option<&Person>) -> String {
    let name = who.map(Person::display_name);
    match (locale, start.map(|start| start.with_timezone(&zone))) {
        (Locale::Fr, Some(start)) => {
            let with = name.map(|name| format!(" avec {name}")).unwrap_or_default();
            format!("Intervention planifiée le {} à {}{with}.", start.format("%d/%m/%Y"), start.format("%H:%M"))
        }
        (Locale::Fr, None) => "L'intervention n'est plus planifiée.".to_owned(),
        (Locale::En, Some(start)) => {
            let with = name.map(|name| format!(" with {name}")).unwrap_or_default();
            format!("Intervention planned on {} at {}{with}.", start.format("%Y-%m-%d"), start.format("%H:%M"))
        }
        (Locale::En, None) => "The intervention is no longer planned.".to_owned(),
    }
}

/// What GestSup writes itself when a ticket's first timed comment comes after time without one.
pub(super) fn carried_time(locale: Locale) -> &'static str {
    match locale {
        Locale::Fr => "Report du temps passé, précédemment enregistré",
        Locale::En => "Time spent that was recorded before",
    }
}
