//! What the follow-up did and remembers, as people read it.

use super::output;
use crate::flows::follow_up::{FollowReport, Following};
use crate::flows::tickets::Outcome;
use std::fmt::Write as _;

/// A report as people read it.
pub(super) fn render(report: &FollowReport) -> String {
    let mut text = String::new();
    if !report.records.is_empty() {
        let rows = report.records.iter().map(|record| {
            let what = match record.outcome {
                Some(Outcome::Failed) => "failed",
                Some(Outcome::Quarantined) => "set aside",
                _ => &record.code,
            };
            vec![
                record.ticket.to_string(),
                record.gestan_id.to_string(),
                what.to_owned(),
                output::short(&record.title, 40),
                record.message.clone(),
            ]
        });
        let _ = writeln!(text, "{}\n", output::table(&["ticket", "in gestan", "what", "title", "detail"], rows));
    }
    if let Some(sentence) = &report.held {
        let _ = writeln!(text, "{sentence}");
    }
    for reason in &report.brake {
        let _ = writeln!(
            text,
            "Stopped before the first write: {reason}. If this is what you want, run `gestan-connector sync follow_up --allow-mass-change`."
        );
    }
    if report.interrupted {
        let _ = writeln!(text, "Interrupted between two records; the next pass goes on where this one ended.");
    }
    let tickets = output::count(report.writes(), "ticket", "tickets");
    let what = match (report.dry_run || !report.brake.is_empty(), report.writes()) {
        (_, 0) => "nothing to carry back".to_owned(),
        (true, _) => format!("{tickets} to be written, nothing was"),
        (false, _) => format!("{tickets} written"),
    };
    let seconds = std::time::Duration::from_millis(report.milliseconds).as_secs_f64();
    let _ = write!(
        text,
        "Follow-up: {what}. {} looked at in Gestan, {} changed; {seconds:.2} s.",
        report.looked_at, report.changed
    );
    text
}

/// What is remembered of one ticket.
pub(super) fn tell(following: &Following) -> String {
    let mut text = String::new();
    for (field, value) in following.carried.iter() {
        let _ = writeln!(text, "  {field} was last carried back as “{value}”");
    }
    for paragraph in &following.typed {
        let line = output::short(&output::one_line(&paragraph.text), 60);
        let _ = match paragraph.step {
            Some(step) => writeln!(text, "  “{line}” is step {step} of the ticket"),
            None => writeln!(text, "  “{line}” is known and not on the ticket"),
        };
    }
    if let Some(event) = following.event {
        let _ = writeln!(text, "  appointment {event} in GestSup's calendar");
    }
    if let Some(attention) = &following.attention {
        let _ = writeln!(text, "  since {}: {}", output::local(attention.since), attention.reason);
    }
    if text.is_empty() { text } else { format!("Follow-up:\n{}", text.trim_end()) }
}
