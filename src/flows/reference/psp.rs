//! Every Gestan user in use has a contact of its own in Gestan, of the category for partners and providers (PSP). It is a
//! client like others, and the company of the user's account in GestSup: so a request of a colleague has a client too.

use super::lists::Lists;
use super::pass::Pass;
use super::ports::Psp;
use super::record::Kind;
use super::report::ReferenceRecord;
use super::survey::{Standing, SurveyLine};
use crate::flows::PortError;
use crate::flows::tickets::Outcome;
use crate::gestan::contract::PspMode;
use crate::model::User;
use std::collections::HashSet;

/// Users in use without a contact of their own, from the codes of those that have one.
pub fn without_contact<'u, 'c>(users: &'u [User], owners: impl IntoIterator<Item = &'c str>) -> Vec<&'u User> {
    let have: HashSet<&str> = owners.into_iter().collect();
    users.iter().filter(|user| !user.archived && !have.contains(user.code.as_str())).collect()
}

impl Pass<'_> {
    /// Has the contacts that are missing made, where that is granted; tells of the others.
    pub(super) async fn psp_contacts(&mut self, lists: &mut Lists, dry_run: bool) -> Result<(), PortError> {
        let settings = self.flow.settings;
        if !settings.clients || !settings.psp_contacts {
            return Ok(());
        }
        let have = lists.own.iter().map(|own| own.user.as_str());
        let missing: Vec<(String, String)> = without_contact(&lists.users, have)
            .into_iter()
            .map(|user| (user.code.clone(), user.name.clone()))
            .collect();
        let mode = if missing.is_empty() { PspMode::Off } else { self.flow.gestan.psp_mode().await? };
        let mut records = Vec::new();
        for (code, name) in missing.into_iter().filter(|_| mode != PspMode::Off) {
            let record = |outcome, word: &str, message: String| ReferenceRecord {
                kind: Kind::Technician,
                key: code.clone(),
                name: name.clone(),
                gestsup_id: None,
                outcome,
                code: word.to_owned(),
                message,
                change: None,
            };
            let by_hand = format!(
                "{name} has no contact of category PSP in Gestan: create one whose login is {code}, or grant [gateway.psp] create"
            );
            let told = match mode {
                PspMode::Create if dry_run => record(
                    None,
                    "psp-contact-create",
                    format!("a contact of category PSP is made in Gestan for {name}"),
                ),
                PspMode::Create => match self.flow.gestan.psp_contact(&code).await? {
                    Psp::Found(client) => {
                        lists.add(*client);
                        continue;
                    }
                    Psp::Made(client) => {
                        let message = format!("contact n°{} of category PSP was made in Gestan for {name}", client.id);
                        lists.add(*client);
                        record(Some(Outcome::Done), "psp-contact-create", message)
                    }
                    Psp::Refused(reason) => record(Some(Outcome::Waiting), "psp-contact-missing", reason),
                },
                _ => record(Some(Outcome::Waiting), "psp-contact-missing", by_hand),
            };
            records.push(told);
        }
        if let Some(lines) = &mut self.survey {
            lines.extend(records.iter().map(|record| SurveyLine {
                kind: record.kind,
                standing: Standing::Waiting,
                key: record.key.clone(),
                gestsup: Vec::new(),
                name: record.name.clone(),
                detail: record.message.clone(),
            }));
        }
        self.tell(records).await
    }
}
