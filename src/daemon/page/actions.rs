//! The buttons: what a person may set going from the page. Each is a command of the command line, carried out as the
//! service does for whoever gives it by the socket; the journal tells that the page asked.

use super::session::Notice;
use super::visitor::Visitor;
use super::{Page, refused};
use crate::daemon::{Flow, Site};
use crate::flows::reference::Kind;
use crate::flows::tickets::{Commit, JournalEntry, Memory as _, Outcome};
use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use chrono::Utc;
use serde::Deserialize;
use std::sync::Arc;
use uuid::Uuid;

/// Code of a line of the journal that tells of a button.
const CODE: &str = "page";

/// What a button's form says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Pressed {
    form: String,
    what: String,
    /// Ticket, flow, mail or record.
    id: String,
    /// Kind of the record.
    kind: String,
    back: String,
}

/// Something that can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Action {
    Retry(i64),
    Replay(i64),
    Ignore(Kind, String),
    Run(Flow),
}

impl Action {
    fn read(pressed: &Pressed) -> Option<Self> {
        let number = || pressed.id.parse().ok().filter(|number: &i64| *number > 0);
        match pressed.what.as_str() {
            "retry" => number().map(Self::Retry),
            "replay" => number().map(Self::Replay),
            "ignore" => Kind::named(&pressed.kind).map(|kind| Self::Ignore(kind, pressed.id.clone())),
            "run" => Flow::ALL.into_iter().find(|flow| flow.as_str() == pressed.id).map(Self::Run),
            _ => None,
        }
    }

    /// The command, and what it is about.
    fn words(&self) -> (&'static [&'static str], Vec<String>) {
        match self {
            Self::Retry(ticket) => (&["retry"], vec![ticket.to_string()]),
            Self::Replay(mail) => (&["mail", "replay"], vec![mail.to_string()]),
            Self::Ignore(kind, key) => (&["reference", "ignore"], vec![kind.as_str().to_owned(), key.clone()]),
            Self::Run(flow) => (&["sync"], vec![flow.as_str().to_owned()]),
        }
    }

    /// As it is given on the command line; what comes from a form is never an option.
    fn arguments(&self) -> Vec<String> {
        let (command, about) = self.words();
        command.iter().map(|word| (*word).to_owned()).chain(["--".to_owned()]).chain(about).collect()
    }

    /// As a person reads it.
    fn told(&self) -> String {
        let (command, about) = self.words();
        format!("{} {}", command.join(" "), about.join(" "))
    }

    fn flow(&self) -> Flow {
        match self {
            Self::Retry(_) => Flow::Tickets,
            Self::Replay(_) => Flow::Mail,
            Self::Ignore(..) => Flow::Reference,
            Self::Run(flow) => *flow,
        }
    }

    fn ticket(&self) -> Option<i64> {
        match self {
            Self::Retry(ticket) => Some(*ticket),
            _ => None,
        }
    }
}

/// Carries out what a button says, and leads back with what came of it.
pub(super) async fn press(State(page): State<Arc<Page>>, visitor: Visitor, Form(pressed): Form<Pressed>) -> Response {
    let back = own_path(&pressed.back).unwrap_or("/page");
    let Some(token) = visitor.acting() else {
        return Redirect::to(&super::login::address(back)).into_response();
    };
    if !visitor.sent(&pressed.form) {
        return refused(&visitor, StatusCode::FORBIDDEN, "action.stale", &[]);
    }
    let Some(action) = Action::read(&pressed) else {
        return refused(&visitor, StatusCode::BAD_REQUEST, "action.unknown", &[]);
    };
    let site = page.site();
    let notice = carry_out(&page, &site, &action).await;
    note(&site, &action, &notice).await;
    page.sessions.leave(token, notice);
    Redirect::to(back).into_response()
}

async fn carry_out(page: &Page, site: &Arc<Site>, action: &Action) -> Notice {
    if let Action::Run(flow) = action {
        if !Flow::on(site).any(|on| on == *flow) {
            return Notice { good: false, said: format!("The flow {} is switched off.", flow.as_str()) };
        }
        // As by its schedule: nobody waits in a browser for a long pass to end.
        page.hands.wake(*flow);
        return Notice { good: true, said: format!("A pass of {} begins as soon as its lane is free.", flow.as_str()) };
    }
    let (code, said) = page.hands.carry_out(Arc::clone(site), action.arguments()).await;
    Notice { good: code == 0, said: said.trim().to_owned() }
}

/// The journal tells who asked for it.
async fn note(site: &Site, action: &Action, notice: &Notice) {
    let line = JournalEntry {
        at: Utc::now(),
        run_id: Uuid::now_v7().to_string(),
        flow: action.flow().as_str().to_owned(),
        ticket: action.ticket(),
        gestan_id: None,
        action: CODE.to_owned(),
        // What is written to either system has lines of its own.
        outcome: if notice.good { Outcome::Reported } else { Outcome::Failed },
        message: format!("`{}` was asked for on the status page: {}", action.told(), notice.said),
        detail: serde_json::Value::Null,
    };
    if let Err(error) = site.store().commit(vec![Commit { journal: vec![line], ..Commit::default() }]).await {
        tracing::warn!("what was asked for on the status page is not in the journal: {error}");
    }
}

/// A path of this page, as it stood in a form; nothing else is led to.
pub(super) fn own_path(path: &str) -> Option<&str> {
    let ours = path == "/page" || path.starts_with("/page/") || path.starts_with("/page?");
    (ours && path.chars().all(|c| c.is_ascii_graphic() && c != '\\')).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(what: &str, id: &str, kind: &str) -> Option<Action> {
        Action::read(&Pressed { what: what.into(), id: id.into(), kind: kind.into(), ..Pressed::default() })
    }

    #[test]
    fn a_button_is_one_of_four_commands_and_nothing_of_a_form_is_an_option() {
        assert_eq!(pressed("retry", "12", ""), Some(Action::Retry(12)));
        assert_eq!(pressed("replay", "3", ""), Some(Action::Replay(3)));
        assert_eq!(pressed("run", "follow_up", ""), Some(Action::Run(Flow::FollowUp)));
        let ignored = pressed("ignore", "--all", "client").unwrap();
        assert_eq!(ignored.arguments(), ["reference", "ignore", "--", "client", "--all"]);
        for (what, id, kind) in [
            ("retry", "--all", ""),
            ("retry", "0", ""),
            ("retry", "", ""),
            ("run", "everything", ""),
            ("ignore", "1", "--help"),
            ("undo", "1", ""),
            ("", "", ""),
        ] {
            assert_eq!(pressed(what, id, kind), None, "{what} {id} {kind}");
        }
    }

    #[test]
    fn a_form_leads_back_to_this_page_only() {
        for path in ["/page", "/page/ticket/12", "/page/journal?ticket=1&flow=mail", "/page?lang=fr"] {
            assert_eq!(own_path(path), Some(path));
        }
        for path in
            ["", "//evil.example", "/page\\evil", "https://evil.example/page", "/pages", "/page/\r\nx: y", "/page/é"]
        {
            assert_eq!(own_path(path), None, "{path}");
        }
    }
}
