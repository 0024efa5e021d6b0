//! What the gateway's account needs to be allowed to write in Gestan's base: the tables that its settings make use of, and
//! of Gestan's own only the columns that are ever changed.

use super::actions::ACTION;
use super::conso::CONSO;
use super::documents::DOCUMENT;
use super::extension::Extension;
use super::sheet::{How, Place, Sheet};
use crate::config;
use crate::grants::{Need, Right};
use crate::model::ObjectKind;

/// Columns that say who changed a row of Gestan, and when.
const AUDIT: [&str; 2] = ["DHMOD", "USMOD"];

/// What is written into a base.
#[derive(Debug, Clone)]
pub struct Writes {
    extension: Extension,
    quantity_column: Option<&'static str>,
    anomalies: bool,
    time: bool,
    documents: bool,
    contacts: bool,
    actions: bool,
    /// Rows that were begun and not finished are taken again, whatever their columns.
    undoing: bool,
}

impl Writes {
    /// What these settings have the gateway write; `counts`: time of projects too.
    pub fn of(settings: &config::Gateway, counts: bool) -> Self {
        Self {
            extension: Extension::new(&settings.extension_prefix, settings.base.kind == config::BaseKind::Hfsql),
            quantity_column: settings.quantity_column.clone().map(|column| &*column.leak()),
            anomalies: !settings.codes.anomaly_status.is_empty(),
            time: counts,
            documents: settings.documents.is_some(),
            contacts: settings.psp.as_ref().is_some_and(|psp| psp.create),
            actions: settings.actions.is_some(),
            undoing: settings.base.kind == config::BaseKind::Hfsql,
        }
    }

    /// All that a gateway may write.
    pub fn most() -> Self {
        Self {
            extension: Extension::new("Z90_", false),
            quantity_column: Some("USDEF_NUM"),
            anomalies: true,
            time: true,
            documents: true,
            contacts: true,
            actions: true,
            undoing: false,
        }
    }

    /// The same in an HFSQL base; `undoing`: one that keeps no transactions.
    #[must_use]
    pub fn over_odbc(self, undoing: bool) -> Self {
        Self { extension: Extension::new("Z90_", true), undoing, ..self }
    }

    /// The rights that it takes; `install`: to make the tables of the links too.
    pub fn needs(&self, install: bool) -> Vec<Need> {
        let links = self.extension.tables().into_iter().map(|table| {
            let right = Right::on(table).insert().update_all();
            if install { right.create() } else { right }
        });
        let need = |of, purpose, rights| Need { of, purpose, rights };
        let mut needs = vec![
            match install {
                true => {
                    need("", "the tables of the links; CREATE and ALTER are for `gateway install`", links.collect())
                }
                false => need("", "the tables of the links", links.collect()),
            },
            need("", "tickets become interventions", self.sheet(ObjectKind::Intervention)),
        ];
        if self.anomalies {
            let rights = self.sheet(ObjectKind::Anomaly);
            needs.push(need("[gateway.codes.anomaly_status]", "tickets become anomalies", rights));
        }
        if self.time {
            // Which columns a base's table has beside the known ones is not public.
            let rights = vec![Right::on(CONSO).insert().update_all()];
            needs.push(need("[mapping.time] to_conso", "time is counted by project", rights));
        }
        if self.documents {
            needs.push(need("[gateway.documents]", "files become documents", vec![self.adding(DOCUMENT)]));
        }
        if self.contacts {
            let purpose = "users' own contacts are made";
            needs.push(need("[gateway.psp] create", purpose, vec![self.adding("CONTACT")]));
        }
        if self.actions {
            let purpose = "changes of tickets show as actions";
            needs.push(need("[gateway.actions]", purpose, vec![self.adding(ACTION)]));
        }
        needs
    }

    /// To add rows.
    fn adding(&self, table: &str) -> Right {
        let right = Right::on(table).insert();
        if self.undoing { right.update_all() } else { right }
    }

    /// To make a sheet, and to change the fields that are kept in columns; never its client.
    fn sheet(&self, kind: ObjectKind) -> Vec<Right> {
        let sheet = Sheet::of(kind);
        let columns = |place: Place| -> Vec<&'static str> {
            let homes = sheet.homes(self.quantity_column).filter(|(_, home)| home.place == place);
            homes
                .filter(|(_, home)| home.how != How::Client)
                .flat_map(|(_, home)| match home.how {
                    How::DateAndTime(time) => vec![home.column, time],
                    _ => vec![home.column],
                })
                .collect()
        };
        if self.undoing {
            let tables = [Some(sheet.table), sheet.aside].into_iter().flatten();
            return tables.map(|table| self.adding(table)).collect();
        }
        let own = columns(Place::Main).into_iter().chain([sheet.memo]).chain(sheet.closed).chain(AUDIT);
        let mut rights = vec![Right::on(sheet.table).insert().update(own)];
        if let Some(aside) = sheet.aside {
            rights.push(Right::on(aside).insert().update(columns(Place::Aside).into_iter().chain(AUDIT)));
        }
        rights
    }
}
