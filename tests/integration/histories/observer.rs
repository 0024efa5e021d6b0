//! An observer who reads GestSup's rows by plain SQL at every pass and knows the rules from the operator's
//! guide alone: what must Gestan hold in the end?

use super::Random;
use crate::support::World;
use gestan_connector::demo::erp::Seen;
use gestan_connector::demo::sandbox::code;
use gestan_connector::flows::tickets::{Outcome, PassOptions};
use gestan_connector::gateway::memo::Memo;
use std::collections::{BTreeMap, BTreeSet};

/// A ticket as its rows say.
struct Fact {
    state: i64,
    billable: bool,
    /// Codes in Gestan: technician, team.
    charge: (String, String),
    minutes: i64,
    title: String,
    description: String,
    /// Comments that the requester may read: id, text.
    public: Vec<(i64, String)>,
    /// Words of the other ones.
    private: Vec<String>,
}

impl Fact {
    fn attributed(&self) -> bool {
        self.charge != (String::new(), String::new())
    }

    fn closed(&self) -> bool {
        [3, 4].contains(&self.state)
    }

    fn status(&self) -> i64 {
        match self.state {
            2 => code::IN_PROGRESS,
            3 if self.billable => code::TO_BILL,
            3 => code::DONE,
            4 => code::CANCELLED,
            6 => code::WAITING,
            _ => code::PLANNED,
        }
    }
}

/// What the observer remembers of a ticket that Gestan knows.
#[derive(Default)]
struct Line {
    interventions: usize,
    gone: bool,
    billed: bool,
    /// Who was in charge at the passes since the newest intervention was made.
    charges: Vec<(String, String)>,
    planned: bool,
    started: bool,
    minutes: i64,
    minutes_billed: i64,
    /// Comments that were readable at some pass, and those among them that a billed intervention carries.
    sent: BTreeSet<i64>,
    settled: BTreeSet<i64>,
}

impl Line {
    fn begin(&mut self, fact: &Fact) {
        self.interventions += 1;
        self.billed = false;
        self.started = false;
        self.charges.clear();
        self.settled = self.sent.clone();
        self.minutes_billed = self.minutes;
        self.follow(fact);
    }

    fn follow(&mut self, fact: &Fact) {
        if fact.attributed() {
            self.charges.push(fact.charge.clone());
        }
        self.planned = fact.status() == code::PLANNED;
        self.minutes = fact.minutes;
        self.sent.extend(fact.public.iter().map(|(step, _)| *step));
    }
}

/// Where passes are made.
#[derive(Default, PartialEq, Eq)]
pub enum Passes {
    /// By the tests' own site, when somebody asks for one.
    #[default]
    Here,
    /// By a program that works meanwhile and may be killed at any moment: what it saw is not known. What
    /// may not happen meanwhile is put off.
    Meanwhile { bill: bool, notes: usize },
}

/// What the observer remembers.
#[derive(Default)]
pub struct Book {
    lines: BTreeMap<i64, Line>,
    pub passes: Passes,
    /// Who was in charge, since the last whole pass, of tickets that had no intervention to change.
    charges: BTreeMap<i64, Vec<(String, String)>>,
    /// What Gestan's users typed into memos: intervention, word.
    typed: Vec<(i64, String)>,
}

/// The words by which texts are found again.
fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.starts_with("mot") && word.ends_with('z'))
        .map(str::to_owned)
        .collect()
}

fn ticket_of(seen: &Seen) -> i64 {
    let text = Memo::parse(&seen.memo).visible_text();
    let number = text.split("Ticket GestSup n°").nth(1).and_then(|rest| rest.split(' ').next());
    number.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("no head: {text}"))
}

async fn rows(world: &mut World, columns: &[&str], from: &str) -> Vec<Vec<String>> {
    let columns: Vec<String> = columns.iter().map(|column| format!("COALESCE({column}, '')")).collect();
    let rows = world.desk.ask(format!("SELECT CONCAT_WS(CHAR(31), {}) FROM {from}", columns.join(", "))).await.unwrap();
    rows.iter().map(|row| row.split('\u{1f}').map(str::to_owned).collect()).collect()
}

async fn facts(world: &mut World) -> BTreeMap<i64, Fact> {
    let columns = ["t.id", "t.state", "t.billable", "u.login", "t.t_group", "t.time", "t.title", "t.description"];
    let from = "tincidents t LEFT JOIN tusers u ON u.id = t.technician AND u.id > 0 ORDER BY t.id";
    let mut facts = BTreeMap::new();
    for row in rows(world, &columns, from).await {
        let code = match row[3].as_str() {
            "paul" => "PDU",
            "lea" => "LRO",
            _ => "",
        };
        let team = if code.is_empty() && row[4] != "0" { "PDU;LRO" } else { "" };
        let fact = Fact {
            state: row[1].parse().unwrap(),
            billable: row[2] == "1",
            charge: (code.to_owned(), team.to_owned()),
            minutes: row[5].parse().unwrap(),
            title: row[6].clone(),
            description: row[7].clone(),
            public: Vec::new(),
            private: Vec::new(),
        };
        facts.insert(row[0].parse::<i64>().unwrap(), fact);
    }
    let mut sums: BTreeMap<i64, i64> = BTreeMap::new();
    for row in rows(world, &["ticket", "id", "private", "time", "type", "text"], "tthreads ORDER BY id").await {
        let ticket: i64 = row[0].parse().unwrap();
        let Some(fact) = facts.get_mut(&ticket) else { continue };
        *sums.entry(ticket).or_default() += row[3].parse::<i64>().unwrap();
        match (row[4].as_str(), row[2].as_str()) {
            ("0", "0") => fact.public.push((row[1].parse().unwrap(), row[5].clone())),
            ("0", _) => fact.private.extend(words(&row[5])),
            _ => {}
        }
    }
    for (ticket, fact) in &mut facts {
        let sum = sums.get(ticket).copied().unwrap_or(0);
        let minutes = if sum > 0 { sum } else { fact.minutes };
        fact.minutes = if minutes > 1 { minutes } else { 0 };
    }
    facts
}

impl Book {
    /// A pass, watched; where passes are made meanwhile, only a glance.
    pub async fn pass(&mut self, world: &mut World) {
        self.pass_with(world, false).await;
    }

    /// The same; perhaps a pass that looks at every ticket.
    pub async fn pass_with(&mut self, world: &mut World, full: bool) {
        if self.passes != Passes::Here {
            return self.glance(world).await;
        }
        self.before_pass(world).await;
        let report = world.pass_with(PassOptions { allow_mass_change: true, full, ..PassOptions::default() }).await;
        for outcome in [Outcome::Failed, Outcome::Quarantined, Outcome::Waiting] {
            assert_eq!(report.count(outcome), 0, "{:#?}", report.records);
        }
    }

    /// What a pass, during which nobody does anything, will see.
    pub async fn before_pass(&mut self, world: &mut World) {
        let facts = facts(world).await;
        self.charges.clear();
        for (number, line) in &mut self.lines {
            line.gone = line.gone || !facts.contains_key(number);
        }
        for (number, fact) in &facts {
            match self.lines.get_mut(number) {
                None if fact.attributed() && fact.state != 4 => self.lines.entry(*number).or_default().begin(fact),
                Some(line) if line.billed && fact.attributed() && !fact.closed() => line.begin(fact),
                Some(line) if !line.billed && (fact.attributed() || fact.closed()) => {
                    line.started |= !line.planned;
                    line.follow(fact);
                }
                _ => {}
            }
        }
    }

    /// What a pass may see that is under way, or not: it widens what is allowed, and demands nothing.
    pub async fn glance(&mut self, world: &mut World) {
        for (number, fact) in facts(world).await {
            match self.lines.get_mut(&number) {
                Some(line) if !line.billed => {
                    line.started |= fact.status() != code::PLANNED;
                    line.sent.extend(fact.public.iter().map(|(step, _)| *step));
                    if fact.attributed() {
                        line.charges.push(fact.charge);
                    }
                }
                _ if fact.attributed() => self.charges.entry(number).or_default().push(fact.charge),
                _ => {}
            }
        }
    }

    /// Interventions that a pass made before it was killed.
    pub async fn after_kill(&mut self, world: &mut World) {
        let table = format!("{}.Z90_TICKET ORDER BY NUMERO, SEQUENCE", world.sandbox.gestan);
        for row in rows(world, &["CAST(NUMERO AS CHAR)", "CAST(SEQUENCE AS CHAR)"], &table).await {
            let (number, sequence): (i64, usize) = (row[0].parse().unwrap(), row[1].parse().unwrap());
            let line = self.lines.entry(number).or_default();
            if sequence > line.interventions {
                assert!(
                    line.interventions == 0 || line.billed,
                    "ticket {number}: another intervention, and none billed"
                );
                assert_eq!(sequence, line.interventions + 1, "ticket {number}");
                line.interventions = sequence;
                line.billed = false;
                line.started = true;
                line.charges = self.charges.remove(&number).unwrap_or_default();
                line.settled = line.sent.clone();
                line.minutes_billed = line.minutes;
            }
        }
    }

    /// Gestan's users bill what is to be billed.
    pub async fn bill(&mut self, world: &mut World) {
        if let Passes::Meanwhile { bill, .. } = &mut self.passes {
            *bill = true;
            return;
        }
        for seen in world.gestan().await.iter().filter(|seen| seen.status == code::TO_BILL) {
            world.erp.set_status(seen.id, code::BILLED).await.unwrap();
            let line = self.lines.get_mut(&ticket_of(seen)).unwrap();
            line.billed = true;
            line.minutes = line.minutes_billed + seen.time_spent;
        }
    }

    /// A user of Gestan types a line into a memo.
    pub async fn type_a_note(&mut self, world: &mut World, random: &mut Random) {
        if let Passes::Meanwhile { notes, .. } = &mut self.passes {
            *notes += 1;
            return;
        }
        let ids: Vec<i64> = world.gestan().await.iter().map(|seen| seen.id).collect();
        if !ids.is_empty() {
            let (id, word) = (random.pick(&ids), format!("note{}z", self.typed.len()));
            world.erp.type_in_memo(id, &word).await.unwrap();
            self.typed.push((id, word));
        }
    }

    /// Compares what Gestan holds with what the rows say.
    pub async fn check(&self, world: &mut World) {
        let facts = facts(world).await;
        let mut held: BTreeMap<i64, Vec<Seen>> = BTreeMap::new();
        for seen in world.gestan().await {
            let memo = Memo::parse(&seen.memo).visible_text();
            for (_, word) in self.typed.iter().filter(|(id, _)| *id == seen.id) {
                assert_eq!(memo.matches(word.as_str()).count(), 1, "“{word}”, typed into the memo:\n{memo}");
            }
            held.entry(ticket_of(&seen)).or_default().push(seen);
        }
        let counts: BTreeMap<i64, usize> = held.iter().map(|(number, seen)| (*number, seen.len())).collect();
        let expected: BTreeMap<i64, usize> =
            self.lines.iter().map(|(number, line)| (*number, line.interventions)).collect();
        assert_eq!(counts, expected, "interventions by ticket");
        for (number, line) in self.lines.iter().filter(|(_, line)| !line.billed) {
            let seen = held[number].last().unwrap();
            let memo = Memo::parse(&seen.memo).visible_text();
            let Some(fact) = facts.get(number) else {
                assert!(memo.contains("supprimé dans GestSup") || memo.contains("fusionné dans le ticket"), "{memo}");
                continue;
            };
            if !fact.attributed() && !fact.closed() {
                assert!(memo.contains("Le ticket n'est plus attribué dans GestSup."), "ticket {number}: {memo}");
                // What is new waits, but nothing stands that was hidden, deleted or edited away.
                let texts = fact.public.iter().map(|(_, text)| text).chain([&fact.description]);
                let readable: BTreeSet<String> = texts.flat_map(|text| words(text)).collect();
                let stray: Vec<String> = words(&memo).into_iter().filter(|word| !readable.contains(word)).collect();
                assert!(
                    stray.is_empty(),
                    "{stray:?} in the memo of ticket {number}, private: {:?}:\n{memo}",
                    fact.private
                );
                continue;
            }
            check_ticket(*number, line, fact, seen, &memo);
        }
    }
}

fn check_ticket(number: i64, line: &Line, fact: &Fact, seen: &Seen, memo: &str) {
    assert_eq!(seen.status, fact.status(), "status of ticket {number}");
    assert_eq!(seen.title, fact.title, "title of ticket {number}");
    let minutes = (fact.minutes - line.minutes_billed).max(0);
    assert_eq!(seen.time_spent, minutes, "time of ticket {number}");
    let charge = (seen.technician.clone(), seen.team.clone());
    let allowed = if line.started { &line.charges[..] } else { &line.charges[line.charges.len() - 1..] };
    assert!(allowed.contains(&charge), "ticket {number}: {charge:?}, not of {allowed:?}");
    let count = |word: &String| memo.split(|c: char| !c.is_alphanumeric()).filter(|found| found == word).count();
    let settled = |step: &i64| line.settled.contains(step);
    let of_settled: BTreeSet<String> =
        fact.public.iter().filter(|(step, _)| settled(step)).flat_map(|(_, text)| words(text)).collect();
    let mut wanted: BTreeMap<String, usize> = BTreeMap::new();
    for text in fact.public.iter().filter(|(step, _)| !settled(step)).map(|(_, text)| text).chain([&fact.description]) {
        for word in words(text) {
            *wanted.entry(word).or_default() += 1;
        }
    }
    for (word, times) in &wanted {
        if !of_settled.contains(word) {
            assert_eq!(count(word), *times, "“{word}” in the memo of ticket {number}:\n{memo}");
        }
    }
    // What nobody may read, what was edited away and what was deleted is not there.
    let known: BTreeSet<&String> = wanted.keys().chain(&of_settled).collect();
    let found = words(memo);
    let stray: Vec<&String> = found.iter().filter(|word| !known.contains(word)).collect();
    assert!(stray.is_empty(), "{stray:?} in the memo of ticket {number}, private: {:?}:\n{memo}", fact.private);
}
