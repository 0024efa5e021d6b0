//! Tickets that people already handled by hand in Gestan: their interventions are found by evidence,
//! and become the tickets' own.

use super::evidence::{Pair, Wanted, pairs};
use super::pass::{PassOptions, TicketsFlow};
use super::ports::{AgreedEntry, Commit, JournalEntry, Link, Outcome, Scope};
use super::read::{closed_states, is_history};
use super::remembered::Remembered;
use crate::failpoint::reached;
use crate::flows::{Blast, PortError, System};
use crate::gestan::contract::{LinkPut, ObjectRecord, TicketKey};
use crate::mapping::{Before, Directory, Found, project, ticket_url};
use crate::model::{EntryMark, Field, ObjectKind, Ticket, Value};
use chrono::{DateTime, Utc};

/// How a ticket is to be linked.
#[derive(Debug, Clone, Copy, Default)]
pub struct LinkOptions {
    /// What the ticket already says counts as known in Gestan: only later steps go into the memo.
    pub new_steps_only: bool,
    /// Link although the intervention is another client's.
    pub force: bool,
}

/// Tickets and interventions that may belong together, with both whole.
#[derive(Debug, Default)]
pub struct Evidenced {
    /// The pairs.
    pub pairs: Vec<Pair>,
    /// The interventions that were looked at.
    pub records: Vec<ObjectRecord>,
}

impl TicketsFlow<'_> {
    /// Makes an intervention that people made a ticket's. Nothing else is written: the next pass is
    /// planned from what both then hold.
    ///
    /// # Errors
    /// [`Blast::Record`] when both cannot be linked, for a reason that is told; otherwise when a system
    /// does not answer.
    pub async fn link_to(
        &self,
        number: i64,
        intervention: i64,
        options: LinkOptions,
        run_id: &str,
        now: DateTime<Utc>,
    ) -> Result<Link, PortError> {
        if self.config.is_shadow() {
            return refuse(
                "in shadow mode nothing is written to Gestan, links neither: set [gestan] shadow = false first"
                    .to_owned(),
            );
        }
        let mut snapshot = self.source.snapshot().await?;
        let Some(ticket) = snapshot.load(&[number]).await?.into_iter().next() else {
            return refuse(format!("there is no ticket n°{number} in GestSup"));
        };
        drop(snapshot);
        if let Some(link) = self.memory.links(&[number]).await?.pop() {
            if link.gestan_id == intervention {
                return Ok(link);
            }
            return refuse(format!("ticket n°{number} has intervention {} already", link.gestan_id));
        }
        let Some(record) = self.gestan.record(intervention).await? else {
            return refuse(format!("Gestan has no intervention {intervention}"));
        };
        let directory = self.directory().await?;
        let theirs = record.fields.get(&Field::Client).and_then(Value::as_number);
        if let (Some(ours), Some(theirs)) = (self.client_of(&ticket, &directory), theirs)
            && ours != theirs
            && !options.force
        {
            return refuse(format!(
                "ticket n°{number} is of client n°{ours}, intervention {intervention} of client n°{theirs}: --force links them all the same"
            ));
        }
        let key = TicketKey { source: self.source_name.to_owned(), number, sequence: 1 };
        let url = ticket_url(self.url, number).map(String::from);
        let put = LinkPut { intervention, origin: ticket.identity.clone(), url };
        let state = self.gestan.link(&key, put).await?;
        reached("daemon: gateway linked");
        let planner = self.planner(&directory, false, false, now);
        let mut link = planner.adopt(&state, Some(&ticket), &[]);
        if options.new_steps_only
            && let Ok(projection) = project(
                &ticket,
                &Before { kind: Some(ObjectKind::Intervention), ..Before::default() },
                &planner.context,
            )
        {
            for projected in projection.entries {
                let agreed = AgreedEntry {
                    minutes: projected.entry.minutes,
                    conso: None,
                    content: projected.content,
                    rendered: projected.entry.hash(),
                    mark: EntryMark::None,
                    at: projected.entry.at,
                    heading: projected.heading_withdrawn,
                };
                link.entries.entry(projected.entry.key).or_insert(agreed);
            }
        }
        let message = format!("linked to intervention {intervention}, which people made");
        let journal = JournalEntry {
            at: now,
            run_id: run_id.to_owned(),
            flow: "tickets".to_owned(),
            ticket: Some(number),
            gestan_id: Some(intervention),
            action: "link".to_owned(),
            outcome: Outcome::Done,
            message,
            detail: serde_json::Value::Null,
        };
        let commit = Commit {
            number,
            links: vec![link.clone()],
            // The next pass plans it, whatever was remembered.
            fingerprint: Some(None),
            closed_at: None,
            attention: Some(None),
            journal: vec![journal],
            clear_intents: true,
        };
        self.memory.commit(vec![commit]).await?;
        Ok(link)
    }

    /// Looks for interventions that people made for tickets: those that are to be sent and have none,
    /// or the named ones.
    ///
    /// # Errors
    /// When a system does not answer.
    pub async fn evidence(&self, only: &[i64], now: DateTime<Utc>) -> Result<Evidenced, PortError> {
        let settings = &self.config.tickets;
        let mut remembered = Remembered::load(self.memory, settings, self.zone, "", now).await?;
        remembered.learn_all(self.memory).await?;
        let closed_states = closed_states(self.config);
        let mut snapshot = self.source.snapshot().await?;
        let scope = if only.is_empty() { Scope::Full } else { Scope::Only(only.to_vec()) };
        let wanted: Vec<i64> = snapshot
            .sweep(&scope)
            .await?
            .into_iter()
            .filter(|sighting| {
                let open = sighting.attributed && !is_history(sighting, &closed_states, remembered.start_at);
                !only.is_empty() || (open && !remembered.linked.contains_key(&sighting.number))
            })
            .map(|sighting| sighting.number)
            .collect();
        let tickets = snapshot.load(&wanted).await?;
        drop(snapshot);
        if tickets.is_empty() {
            return Ok(Evidenced::default());
        }
        let directory = self.directory().await?;
        let since = tickets.iter().filter_map(|ticket| ticket.created_at).min();
        let records = self.gestan.records(since).await?;
        let wanted: Vec<Wanted<'_>> =
            tickets.iter().map(|ticket| Wanted { ticket, client: self.client_of(ticket, &directory) }).collect();
        Ok(Evidenced { pairs: pairs(&wanted, &records), records })
    }

    /// What the next pass will do with one ticket, as a sentence.
    ///
    /// # Errors
    /// When a system does not answer.
    pub async fn forecast(&self, number: i64, run_id: &str, now: DateTime<Utc>) -> Result<String, PortError> {
        let options = PassOptions { dry_run: true, only: vec![number], ..PassOptions::default() };
        let report = self.pass(&options, run_id, now, &tokio_util::sync::CancellationToken::new()).await?;
        let messages: Vec<String> = report.records.into_iter().map(|record| record.message).collect();
        Ok(if messages.is_empty() { "nothing: both sides agree".to_owned() } else { messages.join("; ") })
    }

    fn client_of(&self, ticket: &Ticket, directory: &Directory) -> Option<i64> {
        match directory.client(&self.config.mapping.clients, ticket.client(), ticket.requester.as_ref()) {
            Found::One(id, _) => Some(id),
            _ => None,
        }
    }
}

fn refuse<T>(message: String) -> Result<T, PortError> {
    Err(PortError { system: System::Gestan, blast: Blast::Record, retry_after: None, message })
}
