//! The status page: a small site for support staff, rendered here, read in a browser on this machine or through a tunnel
//! or a reverse proxy. It works without scripts, in French and English; what people wrote is escaped by the templates. It only
//! shows, unless the configuration has a password for its buttons.

mod actions;
mod activity;
mod chart;
mod guard;
mod journal;
mod language;
mod login;
mod mails;
mod money;
mod overview;
mod said;
mod search;
mod session;
mod ticket;
mod view;
mod visitor;

pub(crate) use said::in_french;

use super::site::Site;
use super::socket::Hands;
use crate::config::SecretHash;
use axum::Router;
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use session::Sessions;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::{Mutex, watch};
use visitor::Visitor;

/// What all of its pages share.
#[derive(Debug)]
pub(super) struct Page {
    sites: watch::Receiver<Arc<Site>>,
    address: SocketAddr,
    hands: Hands,
    sessions: Sessions,
    /// Held by whoever has the money report made.
    money: Mutex<()>,
}

impl Page {
    pub(super) fn new(sites: watch::Receiver<Arc<Site>>, address: SocketAddr, hands: Hands) -> Self {
        Self { sites, address, hands, sessions: Sessions::default(), money: Mutex::default() }
    }

    /// The site as it is configured now.
    fn site(&self) -> Arc<Site> {
        Arc::clone(&self.sites.borrow())
    }

    /// The password of the buttons; `None` where there are none.
    fn password(&self) -> Option<SecretHash> {
        let site = self.site();
        let password = site.config().service.page.actions_password.as_ref()?;
        match password.resolve() {
            Ok(password) => Some(SecretHash::new(&password)),
            Err(error) => {
                tracing::warn!(
                    "the status page has no buttons, since [service.page] actions_password cannot be had: {error}"
                );
                None
            }
        }
    }
}

/// Its addresses. Where it is switched off they are not found.
pub(super) fn router(page: Arc<Page>) -> Router {
    Router::new()
        .route("/", get(|| async { Redirect::to("/page") }))
        .route("/page", get(overview::show))
        .route("/page/ticket/{number}", get(ticket::show))
        .route("/page/search", get(search::show))
        .route("/page/activity", get(activity::show))
        .route("/page/money", get(money::show))
        .route("/page/mails", get(mails::show))
        .route("/page/journal", get(journal::show))
        .route("/page/login", get(login::show).post(login::enter))
        .route("/page/logout", post(login::leave))
        .route("/page/action", post(actions::press))
        .route("/page/style.css", get(style))
        .layer(middleware::from_fn_with_state(Arc::clone(&page), guard::guard))
        .with_state(page)
}

async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("templates/style.css")).into_response()
}

/// Something that cannot be shown now: a page that says so, with an error's sentence.
fn trouble(visitor: &Visitor, status: StatusCode, sentence: &str) -> Response {
    (status, visitor.page("trouble.html", minijinja::context! { sentence, words => "en" })).into_response()
}

/// Something that does not exist, or was not understood: a page that says so in the visitor's language.
fn refused(visitor: &Visitor, status: StatusCode, name: &str, values: &[String]) -> Response {
    let (sentence, words) = (visitor.text(name, values), language::code(visitor.view.locale));
    (status, visitor.page("trouble.html", minijinja::context! { sentence, words })).into_response()
}
