//! Taking a pass back: the values that it set in Gestan become what they were before, where nobody changed them since. What
//! it made is cancelled, not deleted; paragraphs of memos stay. Both sides agree afterwards that this is how it is: no later
//! pass writes the same again, until the ticket or the mapping says something new.

use super::apply::unavailable;
use super::operation::Verb;
use super::pass::TicketsFlow;
use super::ports::{Begun, Commit, Intent, JournalEntry, Link, Outcome};
use crate::failpoint::reached;
use crate::flows::PortError;
use crate::gestan::contract::{BatchItem, BatchResult, ObjectPut, ObjectState, Precondition, TicketKey};
use crate::model::{Field, Fields, Status, Value};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Writes at a time.
const BATCH: usize = 50;

/// A value that is put back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PutBack {
    /// Which field.
    pub field: Field,
    /// What Gestan holds, which the pass wrote.
    pub now: Value,
    /// What it held before.
    pub back: Value,
}

/// What is to become of one intervention or anomaly that a pass wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Undoing {
    /// Which.
    pub key: TicketKey,
    /// `INTERVENTION.IDINTERVENTION` or `ANOMALIE.IDANOMALIE`; `None` where there is none any more.
    pub gestan_id: Option<i64>,
    /// The ticket's title.
    pub title: String,
    /// What is put back.
    pub back: Vec<PutBack>,
    /// What is left as it is, and why: a sentence each.
    pub kept: Vec<String>,
    /// The write, where there is one.
    #[serde(skip)]
    write: Option<Box<Write>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Write {
    item: BatchItem,
    /// The link once it is done, but for its etag.
    link: Link,
}

/// What became of one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Undone {
    /// The ticket.
    pub ticket: i64,
    /// Whether it was put back.
    pub done: bool,
    /// A sentence.
    pub message: String,
}

/// An operation as the journal keeps it.
#[derive(Debug, Deserialize)]
struct Written {
    key: TicketKey,
    verb: String,
    title: String,
    changes: Vec<Change>,
    entries: Vec<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct Change {
    field: Field,
    from: serde_json::Value,
    to: serde_json::Value,
}

/// Everything that a pass did to one intervention: the value of each field before and after it.
#[derive(Debug, Default)]
struct Sum {
    title: String,
    created: bool,
    fields: BTreeMap<Field, (Value, Value)>,
    entries: usize,
}

/// What the lines of a pass say that it wrote. Lines without an operation (files, links, what was found done after a kill)
/// say nothing that could be put back.
fn sums(lines: &[JournalEntry]) -> BTreeMap<(i64, u32), (TicketKey, Sum)> {
    let mut sums: BTreeMap<(i64, u32), (TicketKey, Sum)> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.outcome == Outcome::Done) {
        let Ok(written) = serde_json::from_value::<Written>(line.detail.clone()) else { continue };
        let place = (written.key.number, written.key.sequence);
        let (_, sum) = sums.entry(place).or_insert_with(|| (written.key.clone(), Sum::default()));
        sum.title = written.title;
        sum.created |= written.verb == Verb::Create.as_str();
        sum.entries += written.entries.len();
        for change in written.changes {
            let (Ok(from), Ok(to)) = (change.field.read(change.from), change.field.read(change.to)) else { continue };
            sum.fields.entry(change.field).and_modify(|known| known.1 = to.clone()).or_insert((from, to));
        }
    }
    sums
}

impl Sum {
    /// What is put back of it, and what is not.
    fn against(&self, current: &ObjectState, link: &Link) -> (Vec<PutBack>, Vec<String>) {
        let (mut back, mut kept) = (Vec::new(), Vec::new());
        let status = current.fields.get(&Field::Status);
        if status.and_then(Value::as_status) == Some(Status::Billed) {
            return (back, vec!["it was billed since: nothing of it is changed any more".to_owned()]);
        }
        if self.created {
            let set = self.fields.get(&Field::Status).map(|(_, to)| to);
            match status {
                Some(now) if now.as_status() == Some(Status::Cancelled) => {
                    kept.push("it is cancelled already".to_owned());
                }
                Some(now) if set == Some(now) => {
                    back.push(PutBack { field: Field::Status, now: now.clone(), back: Status::Cancelled.into() });
                    kept.push("it was made by this pass: it is cancelled, and stays".to_owned());
                }
                _ => kept.push("it was made by this pass, and worked on since: it stays as it is".to_owned()),
            }
            return (back, kept);
        }
        for (field, (from, to)) in &self.fields {
            match current.fields.get(field) {
                Some(now) if now == from => {}
                Some(now) if now == to && link.held.get(field).is_none_or(|held| held == now) => {
                    back.push(PutBack { field: *field, now: now.clone(), back: from.clone() });
                }
                Some(now) => kept.push(format!("{field} was changed since, to “{now}”")),
                None => kept.push(format!("{field} is not there any more")),
            }
        }
        if self.entries > 0 {
            kept.push(match self.entries {
                1 => "its paragraph in the memo stays".to_owned(),
                count => format!("its {count} paragraphs in the memo stay"),
            });
        }
        (back, kept)
    }
}

impl TicketsFlow<'_> {
    /// What taking back the pass of these lines of the journal would do. Nothing is written.
    ///
    /// # Errors
    /// When Gestan does not answer.
    pub async fn plan_undo(&self, lines: &[JournalEntry]) -> Result<Vec<Undoing>, PortError> {
        let mut plan = Vec::new();
        for (key, sum) in sums(lines).into_values() {
            let links = self.memory.links(&[key.number]).await?;
            let title = sum.title.clone();
            let left = |gestan_id, why: &str| Undoing {
                key: key.clone(),
                gestan_id,
                title: title.clone(),
                back: Vec::new(),
                kept: vec![why.to_owned()],
                write: None,
            };
            let Some(link) = links.into_iter().find(|link| link.sequence == key.sequence) else {
                plan.push(left(None, "the state knows no link of this ticket any more"));
                continue;
            };
            let Some(current) = self.gestan.get(&key, link.kind).await? else {
                plan.push(left(Some(link.gestan_id), "it was deleted in Gestan"));
                continue;
            };
            let (back, kept) = sum.against(&current, &link);
            let write = (!back.is_empty()).then(|| Box::new(write(&key, &back, &current, link)));
            plan.push(Undoing { key: key.clone(), gestan_id: Some(current.id), title: sum.title, back, kept, write });
        }
        Ok(plan)
    }

    /// Carries a plan out. What was changed in Gestan since it was made is left alone.
    ///
    /// # Errors
    /// When a system does not answer; what was put back until then is, and planning again finds the rest.
    pub async fn undo(
        &self,
        plan: &[Undoing],
        of: &str,
        run_id: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<Undone>, PortError> {
        let mut all = Vec::new();
        let writes: Vec<(&Undoing, &Write)> =
            plan.iter().filter_map(|undoing| Some((undoing, undoing.write.as_deref()?))).collect();
        for part in writes.chunks(BATCH) {
            let message = format!("the pass {of} was taken back");
            let intents = part.iter().map(|(undoing, write)| Intent {
                number: undoing.key.number,
                sequence: undoing.key.sequence,
                action: "put".to_owned(),
                run_id: run_id.to_owned(),
                at: now,
                begun: Some(Begun {
                    verb: "undo".to_owned(),
                    message: message.clone(),
                    link: write.link.clone(),
                    fields: write.item.object.fields.clone(),
                    entries: BTreeMap::new(),
                }),
            });
            self.memory.intend(intents.collect()).await?;
            let results = self.gestan.put(part.iter().map(|(_, write)| write.item.clone()).collect()).await?;
            reached("daemon: gateway answered");
            let mut commits = Vec::new();
            let fingerprints = self.memory.fingerprints_of(&numbers(part)).await?;
            for ((undoing, write), result) in part.iter().zip(results) {
                let number = undoing.key.number;
                let (links, outcome, sentence) = match result {
                    BatchResult::Ok(state) => {
                        let link = Link { etag: state.etag.clone(), held: state.fields.clone(), ..write.link.clone() };
                        let fields: Vec<&str> = undoing.back.iter().map(|back| back.field.as_str()).collect();
                        (vec![link], Outcome::Done, format!("{message}: {}", fields.join(", ")))
                    }
                    BatchResult::Problem(problem) if matches!(problem.status, 429 | 502..=504) => {
                        return Err(unavailable(problem.detail));
                    }
                    BatchResult::Problem(problem) => {
                        (Vec::new(), Outcome::Reported, format!("{message}, but not here: {}", problem.detail))
                    }
                };
                all.push(Undone { ticket: number, done: outcome == Outcome::Done, message: sentence.clone() });
                commits.push(Commit {
                    number,
                    links,
                    // As it is known: nothing has changed in GestSup by this.
                    fingerprint: fingerprints.get(&number).map(|known| Some(known.clone())),
                    journal: vec![JournalEntry {
                        at: now,
                        run_id: run_id.to_owned(),
                        flow: "tickets".to_owned(),
                        ticket: Some(number),
                        gestan_id: undoing.gestan_id,
                        action: "undo".to_owned(),
                        outcome,
                        message: sentence,
                        detail: serde_json::to_value(undoing).unwrap_or_default(),
                    }],
                    clear_intents: true,
                    ..Commit::default()
                });
            }
            self.memory.commit(commits).await?;
        }
        Ok(all)
    }
}

fn numbers(part: &[(&Undoing, &Write)]) -> Vec<i64> {
    part.iter().map(|(undoing, _)| undoing.key.number).collect()
}

/// The write that puts values back, and the link after it: what GestSup asked for stays remembered as asked for, so that it
/// is not asked for again, and what Gestan then holds is nobody's choice there.
fn write(key: &TicketKey, back: &[PutBack], current: &ObjectState, mut link: Link) -> Write {
    let fields: Fields = back.iter().map(|back| (back.field, back.back.clone())).collect();
    link.held = current.fields.clone();
    for (field, value) in fields.iter() {
        link.held.insert(*field, value.clone());
        link.followed.insert(*field, value.clone());
    }
    let object = ObjectPut {
        kind: current.kind,
        origin: current.origin.clone(),
        url: current.url.clone(),
        fields,
        head: None,
        entries: Vec::new(),
    };
    link.etag.clone_from(&current.etag);
    let precondition = Precondition::Match(current.etag.clone());
    Write { item: BatchItem { key: key.clone(), precondition, object: object.into() }, link }
}
