//! The plan of a pass: every ticket that was found changed, gone, or different in Gestan, with its
//! links and what is to become of it.

use super::apply::{BATCH, Work};
use super::compare::{Compared, Held};
use super::operation::{Decision, Planned, Verdict};
use super::pass::{PassOptions, TicketsFlow};
use super::plan::{MergedTicket, Planner};
use super::ports::{Link, Snapshot};
use super::read::{Candidate, Found};
use super::remembered::Remembered;
use super::rewind::held_back;
use crate::flows::PortError;
use crate::model::{Field, Status, Ticket, Value};
use std::collections::{HashMap, HashSet};

/// Code of a linked ticket that is gone without a trace, at the first pass that misses it.
const VANISHED: &str = "vanished";
/// Code of a ticket whose link in Gestan cannot be read.
const UNREADABLE: &str = "unreadable";
/// Code of a ticket whose intervention somebody deleted in Gestan.
pub const DELETED_IN_GESTAN: &str = "deleted-in-gestan";

/// Code of a ticket whose intervention was deleted in Gestan and which a person asked to be tried again: if it
/// has not come back by then, the next pass makes another.
pub const ANEW: &str = "anew";

/// What a pass found, and what it needs to plan it.
pub(super) struct Cases<'a> {
    pub flow: &'a TicketsFlow<'a>,
    pub planner: &'a Planner<'a>,
    pub found: &'a Found,
    pub compared: &'a Compared,
    pub remembered: &'a Remembered,
    pub options: &'a PassOptions,
}

/// The plan of a pass as it is made, a part at a time.
pub(super) struct Plan<'a> {
    cases: &'a Cases<'a>,
    merged_into: HashMap<i64, i64>,
    merges: Merges,
    gone_links: HashMap<i64, Vec<Link>>,
    /// Tickets to read that are still to be planned, the next one last.
    numbers: Vec<i64>,
    /// Whether the tickets that are gone are still to be planned.
    gone: bool,
}

impl Plan<'_> {
    /// How many tickets are still to be planned.
    pub(super) fn rest(&self) -> usize {
        self.numbers.len() + if self.gone { self.cases.found.gone.len() } else { 0 }
    }

    /// The next part; `None` when all is planned.
    pub(super) async fn next(&mut self, snapshot: &mut dyn Snapshot) -> Result<Option<Vec<Work>>, PortError> {
        let (cases, memory) = (self.cases, self.cases.flow.memory);
        let numbers: Vec<i64> = self.numbers.drain(self.numbers.len().saturating_sub(BATCH)..).rev().collect();
        let mut works = Vec::with_capacity(numbers.len());
        if !numbers.is_empty() {
            let mut links = by_number(memory.links(&numbers).await?);
            let known = memory.fingerprints_of(&numbers).await?;
            for ticket in cases.flow.load(snapshot, &numbers).await? {
                let links = links.remove(&ticket.number).unwrap_or_default();
                let known = known.get(&ticket.number);
                works.push(cases.existing(ticket, links, known, &self.merges));
            }
            return Ok(Some(works));
        }
        if !std::mem::take(&mut self.gone) {
            return Ok(None);
        }
        let gone = &cases.found.gone;
        let recorded = snapshot.deletions(gone).await?;
        for number in gone {
            let links = self.gone_links.remove(number).unwrap_or_default();
            let is_recorded = recorded.as_ref().map(|known| known.contains(number));
            works.push(cases.vanished(*number, links, self.merged_into.get(number).copied(), is_recorded));
        }
        Ok(Some(works))
    }

    /// Everything that is still to be planned.
    pub(super) async fn all(&mut self, snapshot: &mut dyn Snapshot) -> Result<Vec<Work>, PortError> {
        let mut all = Vec::new();
        while let Some(works) = self.next(snapshot).await? {
            all.extend(works);
        }
        Ok(all)
    }
}

impl<'a> Cases<'a> {
    /// Begins the plan. It may be made more than once: from the same snapshot it comes out the same.
    pub(super) async fn begin(&'a self, snapshot: &mut dyn Snapshot) -> Result<Plan<'a>, PortError> {
        let gone = &self.found.gone;
        let merged_into = snapshot.merged_into(gone).await?;
        let gone_links = by_number(self.flow.memory.links(gone).await?);
        let merges = Merges::new(&merged_into, &gone_links);
        let mut numbers = self.numbers(&merges);
        numbers.reverse();
        Ok(Plan { cases: self, merged_into, merges, gone_links, numbers, gone: !gone.is_empty() })
    }

    /// Tickets to read: what changed, what Gestan holds otherwise, and the targets of merges, which are
    /// told even if their copied comments were seen before.
    fn numbers(&self, merges: &Merges) -> Vec<i64> {
        let mut numbers: Vec<i64> = self.found.candidates.iter().map(|sighting| sighting.number).collect();
        let mut known: HashSet<i64> = numbers.iter().copied().collect();
        let targets = merges.targets().filter(|number| self.remembered.linked.contains_key(number));
        let gone: HashSet<i64> = self.found.gone.iter().copied().collect();
        let differing = self.compared.differing.keys().copied().filter(|number| !gone.contains(number));
        let mut more: Vec<i64> = targets.chain(differing).filter(|number| known.insert(*number)).collect();
        more.sort_unstable();
        numbers.extend(more);
        numbers
    }

    fn existing(&self, ticket: Ticket, mut links: Vec<Link>, known: Option<&String>, merges: &Merges) -> Work {
        let number = ticket.number;
        let anew = self.lose(number, &mut links);
        let seen = self.found.candidate(number);
        let merged = merges.of(number).to_vec();
        let another = self.planner.is_another(&ticket, &links);
        let mut fingerprint = seen.map(|seen| seen.fingerprint.to_string()).or_else(|| known.cloned());
        let closed_at = seen.and_then(Candidate::closed_at);
        let held_back_for = links.last().filter(|_| self.is_rewound() && !another);
        let Decision { verdict, lacking, documents } = match (held_back_for, self.compared.differing.get(&number)) {
            (Some(link), _) => held_back(number, link.gestan_id, false).into(),
            _ if another && self.options.settle && !self.planner.is_settled(&links) => {
                // Without a fingerprint the ticket that has the number now is planned by the next pass.
                fingerprint = None;
                self.planner.plan_gone(&links, None, None).into()
            }
            (_, Some(Held::Nothing { gestan_id })) if !anew => {
                let reason = deleted_in_gestan(number, *gestan_id, links.last().is_some_and(is_billed));
                Verdict::Quarantine { code: DELETED_IN_GESTAN, reason }.into()
            }
            (_, Some(Held::Unreadable(reason))) => unreadable(number, reason).into(),
            (_, Some(Held::Other(state))) => self.planner.plan(&ticket, &links, Some(state), &merged),
            _ => self.planner.plan(&ticket, &links, None, &merged),
        };
        let planned =
            Planned { number, title: ticket.title.clone(), fingerprint, closed_at, verdict, lacking, documents };
        // Only what may have to be planned again keeps its texts.
        let ticket = matches!(planned.verdict, Verdict::Write(_)).then_some(ticket);
        Work { ticket, links, merged_into: None, merged, planned }
    }

    /// `recorded`: whether GestSup recorded the deletion; `None` where it keeps no record.
    fn vanished(&self, number: i64, mut links: Vec<Link>, merged_into: Option<i64>, recorded: Option<bool>) -> Work {
        self.lose(number, &mut links);
        let confirmed = merged_into.is_some() || recorded == Some(true);
        let missed_before = self.remembered.attention.get(&number).is_some_and(|known| known.code == VANISHED);
        let asked = self.options.only.contains(&number) || self.options.settle;
        let verdict = match links.last() {
            Some(link) if self.is_rewound() && !confirmed => held_back(number, link.gestan_id, true),
            _ if confirmed || recorded.is_none() || missed_before || asked => {
                self.planner.plan_gone(&links, merged_into, None)
            }
            _ => Verdict::Wait { code: VANISHED, reason: vanished(number) },
        };
        let title = links.last().and_then(|link| link.held.get(&Field::Title)?.as_text()).unwrap_or_default();
        let planned = Planned {
            number,
            title: title.to_owned(),
            fingerprint: None,
            closed_at: None,
            verdict,
            lacking: None,
            documents: Vec::new(),
        };
        Work { ticket: None, links, merged_into, merged: Vec::new(), planned }
    }

    /// Whether the intervention is still deleted and a person asked for another attempt: its link is then lost.
    fn lose(&self, number: i64, links: &mut [Link]) -> bool {
        let deleted = matches!(self.compared.differing.get(&number), Some(Held::Nothing { .. }));
        let asked = self.remembered.attention.get(&number).is_some_and(|known| known.code == ANEW);
        let Some(link) = links.last_mut().filter(|_| deleted && asked) else { return false };
        link.lose();
        true
    }

    /// Whether linked tickets that differ are to be left to a person.
    fn is_rewound(&self) -> bool {
        self.found.rewound.is_some() && !self.options.settle
    }
}

/// A linked ticket is gone and GestSup's log does not tell of it: perhaps its deletion is under way.
fn vanished(number: i64) -> String {
    format!(
        "Ticket n°{number} is gone from GestSup, whose log does not tell of a deletion. If it is still gone at the next pass, this is noted in Gestan."
    )
}

fn is_billed(link: &Link) -> bool {
    link.held.get(&Field::Status).and_then(Value::as_status) == Some(Status::Billed)
}

/// What is said of a ticket whose intervention is no longer there.
pub(super) fn deleted_in_gestan(number: i64, gestan_id: i64, billed: bool) -> String {
    let billed = if billed { " It was billed: a new one asks to be billed again." } else { "" };
    format!(
        "Intervention {gestan_id} of ticket n°{number} was deleted in Gestan. Nothing is written for this ticket any more; `gestan-connector retry {number}` goes on with it if it was restored in Gestan before, and otherwise makes a new one with everything that the ticket says.{billed}"
    )
}

fn unreadable(number: i64, reason: &str) -> Verdict {
    Verdict::Quarantine {
        code: UNREADABLE,
        reason: format!(
            "What Gestan holds for ticket n°{number} cannot be read: {reason}. Nothing was written; once it is mended, run `gestan-connector retry {number}`."
        ),
    }
}

/// Which tickets were merged into which.
#[derive(Debug, Default)]
struct Merges(HashMap<i64, Vec<MergedTicket>>);

impl Merges {
    fn new(merged: &HashMap<i64, i64>, links: &HashMap<i64, Vec<Link>>) -> Self {
        let mut map: HashMap<i64, Vec<MergedTicket>> = HashMap::new();
        for (from, into) in merged {
            let gestan_id =
                links.get(from).and_then(|links| links.last()).map(|link| link.gestan_id).filter(|id| *id > 0);
            map.entry(*into).or_default().push(MergedTicket { number: *from, gestan_id });
        }
        map.values_mut().for_each(|tickets| tickets.sort_unstable_by_key(|ticket| ticket.number));
        Self(map)
    }

    fn targets(&self) -> impl Iterator<Item = i64> {
        self.0.keys().copied()
    }

    fn of(&self, number: i64) -> &[MergedTicket] {
        self.0.get(&number).map_or(&[], Vec::as_slice)
    }
}

fn by_number(links: Vec<Link>) -> HashMap<i64, Vec<Link>> {
    let mut map: HashMap<i64, Vec<Link>> = HashMap::new();
    for link in links {
        map.entry(link.number).or_default().push(link);
    }
    map
}
