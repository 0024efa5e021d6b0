//! The door before the buttons: a password, asked for only where the configuration has one.

use super::actions::own_path;
use super::session::Entry;
use super::visitor::Visitor;
use super::{Page, refused, trouble};
use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use minijinja::context;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Instant;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    back: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Given {
    form: String,
    password: String,
    back: String,
}

/// Where somebody who must give the password first is led.
pub(super) fn address(back: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("back", back).finish();
    format!("/page/login?{query}")
}

/// The form.
pub(super) async fn show(State(page): State<Arc<Page>>, mut visitor: Visitor, Query(asked): Query<Asked>) -> Response {
    if !visitor.may_log_in() {
        return refused(&visitor, StatusCode::NOT_FOUND, "login.off", &[]);
    }
    // The form's token belongs to a session, which begins here where there is none.
    if let Err(error) = visitor.begin(&page.sessions) {
        return trouble(&visitor, StatusCode::INTERNAL_SERVER_ERROR, &error.to_string());
    }
    form(&visitor, StatusCode::OK, &asked.back, None)
}

fn form(visitor: &Visitor, status: StatusCode, back: &str, problem: Option<String>) -> Response {
    let back = own_path(back).unwrap_or("/page");
    (status, visitor.page("login.html", context! { back, problem })).into_response()
}

/// The password was given.
pub(super) async fn enter(State(page): State<Arc<Page>>, mut visitor: Visitor, Form(given): Form<Given>) -> Response {
    let Some(password) = page.password() else {
        return refused(&visitor, StatusCode::NOT_FOUND, "login.off", &[]);
    };
    if !visitor.sent(&given.form) {
        // A browser that kept the form for too long gets a new one.
        if let Err(error) = visitor.begin(&page.sessions) {
            return trouble(&visitor, StatusCode::INTERNAL_SERVER_ERROR, &error.to_string());
        }
        return form(&visitor, StatusCode::FORBIDDEN, &given.back, Some(visitor.text("action.stale", &[])));
    }
    match page.sessions.enter(&given.password, &password, Instant::now()) {
        Ok(Entry::Open(token)) => {
            tracing::info!("somebody gave the password of the status page");
            // The token from before the password counts no more.
            visitor.end(&page.sessions);
            let back = own_path(&given.back).unwrap_or("/page");
            visitor.with_session(&token, Redirect::to(back).into_response())
        }
        Ok(Entry::Wrong) => {
            tracing::warn!("a wrong password was given on the status page");
            form(&visitor, StatusCode::FORBIDDEN, &given.back, Some(visitor.text("login.wrong", &[])))
        }
        Ok(Entry::Wait(wait)) => {
            let seconds = (wait.as_secs() + 1).to_string();
            let sentence = visitor.text("login.wait", &[seconds]);
            form(&visitor, StatusCode::TOO_MANY_REQUESTS, &given.back, Some(sentence))
        }
        Err(error) => trouble(&visitor, StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// Ends the session.
pub(super) async fn leave(State(page): State<Arc<Page>>, visitor: Visitor, Form(given): Form<Given>) -> Response {
    if visitor.sent(&given.form) {
        visitor.end(&page.sessions);
    }
    Redirect::to("/page").into_response()
}
