//! The configuration that answers make.

use super::answers::{Answers, Product, Typed, numbers, pairs, some};
use crate::config::Config;
use crate::model::{Status, TimeUnit};
use anyhow::Context as _;
use chrono_tz::Tz;
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

impl Answers {
    /// The configuration's values. Passwords that were typed are named by their files, or, `on_the_spot`, stand there
    /// themselves.
    pub(super) fn values(&self, on_the_spot: bool) -> Json {
        let secret = |file: Option<&PathBuf>| {
            let file = file?;
            match self.typed.get(file).filter(|_| on_the_spot) {
                Some(Typed(text)) => Some(json!(text.expose_secret())),
                None => Some(json!({ "file": file })),
            }
        };
        let zone = self.time_zone.unwrap_or(Tz::Europe__Paris).name();
        let mut root = Map::new();
        root.insert(
            "gestsup".to_owned(),
            given(json!({
                "host": self.gestsup_host,
                "port": self.gestsup_port.filter(|port| *port != 3306),
                "database": self.gestsup_database,
                "user": self.gestsup_user,
                "password": secret(self.gestsup_password_file.as_ref()),
                "time_zone": zone,
                "url": some(self.gestsup_url.as_ref()),
            })),
        );
        root.insert(
            "gestan".to_owned(),
            given(json!({
                "gateway": self.gateway,
                "token": secret(self.gateway_token_file.as_ref()).filter(|_| !self.is_embedded()),
                "ca_file": some(self.gateway_ca_file.as_ref()).filter(|_| !self.is_embedded()),
                "shadow": self.shadow.filter(|shadow| *shadow),
            })),
        );
        if self.is_embedded() {
            root.insert(
                "gateway".to_owned(),
                self.gateway_values(zone, secret(self.gestan_password_file.as_ref()).as_ref()),
            );
        }
        if let Some(path) = &self.state_file {
            root.insert("state".to_owned(), json!({ "path": path }));
        }
        if let Some(day) = self.first_day() {
            root.insert("tickets".to_owned(), json!({ "start_at": format!("{day}T00:00:00") }));
        }
        for (flow, wanted) in [("reference", self.reference), ("follow_up", self.follow_up)] {
            if wanted == Some(true) {
                root.insert(flow.to_owned(), json!({ "enabled": true }));
            }
        }
        if self.has_mailbox() {
            root.insert("mail".to_owned(), self.mail_values(secret(self.mailbox_password_file.as_ref()).as_ref()));
        }
        if self.notifies() {
            root.insert("notify".to_owned(), self.notify_values(secret(self.smtp_password_file.as_ref()).as_ref()));
        }
        root.insert("mapping".to_owned(), self.mapping_values());
        Json::Object(root)
    }

    fn gateway_values(&self, zone: &str, password: Option<&Json>) -> Json {
        let list = |codes: &[String]| Some(numbers(codes)).filter(|codes| !codes.is_empty());
        given(json!({
            "time_zone": zone,
            "base": given(json!({
                "kind": self.gestan_kind.filter(|_| self.is_hfsql()),
                "driver": some(self.gestan_driver.as_ref()).filter(|_| self.is_hfsql() && !self.has_dsn()),
                "dsn": some(self.gestan_dsn.as_ref()).filter(|_| self.is_hfsql()),
                "transactions": self.gestan_transactions.filter(|kept| self.is_hfsql() && !kept),
                "options": Some(pairs(&self.gestan_option)).filter(|options| self.is_hfsql() && !options.is_empty()),
                "host": self.gestan_host,
                "port": self.gestan_port.filter(|port| *port != self.usual_port()),
                "database": self.gestan_database,
                "user": self.gestan_user,
                "password": password,
            })),
            "codes": given(json!({
                "status": list(&self.status),
                "anomaly_status": list(&self.anomaly_status),
                "genre": list(&self.genre),
            })),
        }))
    }

    fn mail_values(&self, password: Option<&Json>) -> Json {
        let security = self.mailbox_security.unwrap_or_default();
        given(json!({
            "enabled": true,
            "attachments": some(self.upload_folder.as_ref()).map(|folder| json!({ "folder": folder })),
            "mailboxes": [given(json!({
                "name": "support",
                "host": self.mailbox,
                "port": self.mailbox_port,
                "security": security,
                "ca_file": some(self.mailbox_ca_file.as_ref()),
                "user": self.mailbox_user,
                "password": password,
            }))],
        }))
    }

    fn notify_values(&self, password: Option<&Json>) -> Json {
        given(json!({
            "enabled": true,
            "from": self.notify_from,
            "smtp": given(json!({
                "host": self.smtp,
                "port": self.smtp_port,
                "security": self.smtp_security.unwrap_or_default(),
                "ca_file": some(self.smtp_ca_file.as_ref()),
                "user": some(self.smtp_user.as_ref()),
                "password": password.filter(|_| self.has_smtp_account()),
            })),
        }))
    }

    fn mapping_values(&self) -> Json {
        let order = |first: &'static str| {
            let others = ["contract", "task", "genre"].into_iter().filter(|other| *other != first);
            std::iter::once(first).chain(others).collect::<Vec<_>>()
        };
        let order = match self.product_from {
            Some(Product::Genre) => Some(order("genre")),
            Some(Product::Task) => Some(order("task")),
            _ => None,
        };
        let products = Some(pairs(&self.genre_product)).filter(|products| !products.is_empty());
        let own = pairs(&self.state);
        let without_waiting = self.has_no_waiting();
        let states = (!own.is_empty() || without_waiting).then(|| {
            let standard = crate::config::StatusMap::default().0.into_iter();
            let mut all: BTreeMap<String, String> =
                standard.map(|(state, status)| (state, status.as_str().to_owned())).collect();
            all.extend(own);
            if without_waiting {
                let waiting = all.values_mut().filter(|status| *status == Status::Waiting.as_str());
                waiting.for_each(|status| Status::InProgress.as_str().clone_into(status));
            }
            all
        });
        given(json!({
            "mode": { "default": self.mode.unwrap_or_default() },
            "status": states,
            "genre": some(self.default_genre.as_ref()).map(|genre| json!({ "default": genre })),
            "billing": given(json!({
                "billable": self.billable.unwrap_or_default(),
                "product": some(self.product.as_ref()),
                "by_genre": products,
                "order": order,
                "by": self.billed_by.unwrap_or_default(),
            })),
            "time": given(json!({
                "unit": self.unit.unwrap_or_default(),
                "hours_per_day": self.hours_per_day.filter(|_| self.unit == Some(TimeUnit::Day)),
            })),
        }))
    }

    /// Whether this Gestan has no number for what waits: a ticket that does is in progress there.
    fn has_no_waiting(&self) -> bool {
        let lacks = |list: &[String]| {
            let codes = numbers(list);
            !codes.is_empty() && !codes.contains_key(Status::Waiting.as_str())
        };
        self.is_embedded() && (lacks(&self.status) || lacks(&self.anomaly_status))
    }

    /// The day from which on closed tickets are no history.
    fn first_day(&self) -> Option<chrono::NaiveDate> {
        match self.start_at.as_deref()? {
            "all" => None,
            "today" => Some(chrono::Local::now().date_naive()),
            day => day.parse().ok(),
        }
    }

    /// What there is of the configuration, with the passwords that were typed: to try the systems with.
    pub(super) fn draft(&self) -> anyhow::Result<Config> {
        serde_json::from_value(self.values(true)).context("while putting the answers together")
    }
}

/// The object without what is not given.
fn given(value: Json) -> Json {
    match value {
        Json::Object(map) => Json::Object(map.into_iter().filter(|(_, value)| !value.is_null()).collect()),
        other => other,
    }
}
