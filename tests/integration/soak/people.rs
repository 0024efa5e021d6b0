//! Who is at work: technicians and requesters in GestSup, users of Gestan, customers who write mails. Every text has a word of
//! its own, so that it can be counted afterwards where it must stand once.

use crate::histories::Random;
use crate::mail::Letter;
use crate::mailbox::Post;
use crate::support::World;
use gestan_connector::demo::help_desk::state;
use gestan_connector::demo::smtp::PrivateSmtp;
use std::collections::{BTreeMap, BTreeSet};

/// Mails that are answered, at most.
const ANSWERED: usize = 50;

pub struct People {
    paul: i64,
    lea: i64,
    requester: i64,
    next: u64,
    /// Open tickets that somebody works on.
    at_work: Vec<i64>,
    closed: Vec<i64>,
    /// Words of mails that must each be in one ticket or comment, and of those that must be in none.
    written: BTreeSet<String>,
    excluded: BTreeSet<String>,
    /// Mails that may be answered, by their Message-ID.
    answerable: Vec<String>,
    /// Words that were typed into memos in Gestan.
    typed: BTreeSet<String>,
    /// Names of clients that were made in Gestan, by their number.
    clients: BTreeMap<i64, String>,
    done: BTreeMap<&'static str, usize>,
}

impl People {
    pub fn new(world: &World) -> Self {
        Self {
            paul: world.paul,
            lea: world.lea,
            requester: world.requester,
            next: 0,
            at_work: Vec::new(),
            closed: Vec::new(),
            written: BTreeSet::new(),
            excluded: BTreeSet::new(),
            answerable: Vec::new(),
            typed: BTreeSet::new(),
            clients: BTreeMap::new(),
            done: BTreeMap::new(),
        }
    }

    fn word(&mut self) -> String {
        self.next += 1;
        format!("mot{:06}x", self.next)
    }

    /// What was done, and how often.
    pub fn figures(&self) -> impl Iterator<Item = (&'static str, usize)> {
        self.done.iter().map(|(what, count)| (*what, *count))
    }

    /// Somebody does something.
    pub async fn act(&mut self, world: &mut World, post: &Post, random: &mut Random) -> String {
        let what = match random.below(12) {
            0 | 1 => self.open(world, random).await,
            2..=4 if !self.at_work.is_empty() => self.comment(world, random).await,
            5 if !self.at_work.is_empty() => self.close(world, random).await,
            6 if !self.closed.is_empty() => self.reopen(world, random).await,
            7 => self.type_in_gestan(world, random).await,
            8 => self.client(world, random).await,
            9 | 10 => self.write(post),
            _ => self.answer(post, random),
        };
        *self.done.entry(what).or_default() += 1;
        what.to_owned()
    }

    async fn open(&mut self, world: &mut World, random: &mut Random) -> &'static str {
        let word = self.word();
        let desk = &mut world.desk;
        let ticket =
            desk.open(self.requester, &format!("Panne {word}"), &format!("<p>Texte {word}</p>")).await.unwrap();
        if random.one_in(6) {
            return "tickets that nobody took";
        }
        let who = random.pick(&[self.paul, self.lea]);
        desk.attribute(ticket, who, who).await.unwrap();
        self.at_work.push(ticket);
        "tickets"
    }

    async fn comment(&mut self, world: &mut World, random: &mut Random) -> &'static str {
        let (word, ticket) = (self.word(), random.pick(&self.at_work));
        let who = random.pick(&[self.paul, self.lea, self.requester]);
        world.desk.comment(ticket, who, &format!("<p>Suite {word}</p>")).await.unwrap();
        if random.one_in(3) {
            world.desk.set_time(ticket, i64::try_from(5 + random.below(90)).unwrap()).await.unwrap();
        }
        "comments"
    }

    async fn close(&mut self, world: &mut World, random: &mut Random) -> &'static str {
        let ticket = self.at_work.swap_remove(random.below(self.at_work.len()));
        if random.one_in(2) {
            world.desk.set(ticket, "billable", "1").await.unwrap();
        }
        world.desk.close(ticket, self.paul).await.unwrap();
        self.closed.push(ticket);
        "closings"
    }

    async fn reopen(&mut self, world: &mut World, random: &mut Random) -> &'static str {
        let ticket = self.closed.swap_remove(random.below(self.closed.len()));
        world.desk.set_state(ticket, state::IN_PROGRESS, self.paul).await.unwrap();
        self.at_work.push(ticket);
        "reopenings"
    }

    /// A user of Gestan types a line under what the memo says.
    async fn type_in_gestan(&mut self, world: &mut World, random: &mut Random) -> &'static str {
        let sql = "SELECT CAST(IDINTERVENTION AS CHAR) FROM INTERVENTION WHERE ST_INTER <> 4 ORDER BY IDINTERVENTION DESC LIMIT 40";
        let there: Vec<i64> = world.erp.ask(sql).await.unwrap().iter().map(|id| id.parse().unwrap()).collect();
        if there.is_empty() {
            return "looks into Gestan";
        }
        let (word, id) = (self.word(), random.pick(&there));
        // A memo that is saved over what the connector writes at that moment loses its line, as Gestan's own windows do: it
        // is looked for afterwards.
        world.erp.type_in_memo(id, &format!("Note {word}")).await.unwrap();
        self.typed.insert(word);
        "notes typed in Gestan"
    }

    async fn client(&mut self, world: &mut World, random: &mut Random) -> &'static str {
        let name = format!("Société {}", self.word());
        if self.clients.is_empty() || random.one_in(2) {
            let id = world.erp.client(&name, &format!("contact@{}.example", self.next)).await.unwrap();
            self.clients.insert(id, name);
            return "clients made in Gestan";
        }
        let numbers: Vec<i64> = self.clients.keys().copied().collect();
        let id = random.pick(&numbers);
        let sql = format!("UPDATE CONTACT SET RAISON_SOCIALE = '{name}', DHMOD = NOW() WHERE IDCONTACT = {id}");
        world.erp.run(sql).await.unwrap();
        self.clients.insert(id, name);
        "clients renamed in Gestan"
    }

    fn write(&mut self, post: &Post) -> &'static str {
        let word = self.word();
        let letter = Letter::new("helene@helene.fr", &format!("Courriel {word}"), &format!("Bonjour {word}"));
        let letter = letter.id(&format!("{word}@client"));
        if self.next.is_multiple_of(5) {
            self.deliver(post, &letter.with("Auto-Submitted", "auto-replied"));
            self.excluded.insert(word);
            return "automatic mails";
        }
        self.deliver(post, &letter);
        if self.next.is_multiple_of(7) {
            // It was sent to two of our addresses.
            self.deliver(post, &letter);
        }
        self.answerable.push(format!("{word}@client"));
        self.written.insert(word);
        "mails"
    }

    fn answer(&mut self, post: &Post, random: &mut Random) -> &'static str {
        let last = self.answerable.len().saturating_sub(ANSWERED);
        let recent = &self.answerable[last..];
        if recent.is_empty() {
            return self.write(post);
        }
        let of = recent[random.below(recent.len())].clone();
        let word = self.word();
        let letter = Letter::new("helene@helene.fr", "Re: la suite", &format!("Réponse {word}"));
        self.deliver(post, &letter.with("In-Reply-To", &format!("<{of}>")).id(&format!("{word}@client")));
        self.written.insert(word);
        "answers by mail"
    }

    #[expect(clippy::unused_self, reason = "people write mails")]
    fn deliver(&self, post: &Post, letter: &Letter) {
        // Into the folder itself: mails arrive while the server is down, too.
        post.deliver(&letter.text());
    }

    /// What both sides hold, as far as it shows that something is still on its way.
    pub async fn sides(&self, world: &mut World, post: &Post) -> Vec<String> {
        let mut sides = vec![post.server.count(&post.account, "INBOX").to_string()];
        for sql in [
            "SELECT CONCAT_WS(' ', COUNT(*), MAX(id), SUM(state), SUM(time)) FROM tincidents",
            "SELECT CONCAT_WS(' ', COUNT(*), MAX(id)) FROM tthreads",
            "SELECT CONCAT_WS(' ', COUNT(*), SUM(CRC32(name))) FROM tcompany",
        ] {
            sides.extend(world.desk.ask(sql).await.unwrap());
        }
        let sql = "SELECT CONCAT_WS(' ', COUNT(*), SUM(ST_INTER), SUM(LENGTH(LIB_INTERVENTION))) FROM INTERVENTION";
        sides.extend(world.erp.ask(sql).await.unwrap());
        sides
    }

    /// Everything that stands not as often as it must.
    pub async fn wrong(&self, world: &mut World, smtp: &PrivateSmtp) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut texts = world.desk.ask("SELECT description FROM tincidents").await.unwrap();
        texts.extend(world.desk.ask("SELECT text FROM tthreads").await.unwrap());
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for text in &texts {
            let words: BTreeSet<&str> =
                text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| is_word(word)).collect();
            for word in words {
                *counts.entry(word).or_default() += 1;
            }
        }
        let times = |word: &String| counts.get(word.as_str()).copied().unwrap_or_default();
        let not = |words: &BTreeSet<String>, wanted: usize, what: &str| -> Vec<String> {
            let odd = words.iter().filter(|word| times(word) != wanted);
            odd.map(|word| format!("{what} {word} stands {} times in GestSup, not {wanted}", times(word))).collect()
        };
        wrong.extend(not(&self.written, 1, "mail"));
        wrong.extend(not(&self.excluded, 0, "excluded mail"));
        let memos = world.erp.see_all().await.unwrap();
        let still: BTreeSet<String> =
            self.typed.iter().filter(|word| memos.iter().any(|seen| seen.memo.contains(*word))).cloned().collect();
        wrong.extend(not(&still, 1, "note of Gestan"));
        for name in self.clients.values() {
            let sql = format!(
                "SELECT CAST(COUNT(*) AS CHAR) FROM tcompany WHERE name LIKE '%{}%'",
                name.rsplit(' ').next().unwrap()
            );
            let found = world.desk.ask(sql).await.unwrap();
            if found != ["1"] {
                wrong.push(format!("client {name} is there {found:?} times"));
            }
        }
        wrong.extend(told_twice(world, smtp).await);
        wrong
    }
}

fn is_word(text: &str) -> bool {
    text.len() == 10 && text.starts_with("mot") && text.ends_with('x')
}

/// Everybody whose ticket was opened since the beginning was told so, by one mail; the same one may have come again.
async fn told_twice(world: &mut World, smtp: &PrivateSmtp) -> Vec<String> {
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for mail in smtp.taken().unwrap() {
        let subject = mail.subject();
        let number = subject.split("n°").nth(1).and_then(|rest| rest.split_whitespace().next());
        ids.entry(number.unwrap_or_default().to_owned()).or_default().insert(mail.header("Message-ID"));
    }
    let tickets = world.desk.ask("SELECT CAST(id AS CHAR) FROM tincidents WHERE user > 0").await.unwrap();
    let told = |ticket: &String| ids.get(ticket).map_or(0, BTreeSet::len);
    let twice = tickets.iter().filter(|ticket| told(ticket) > 1);
    let mut wrong: Vec<String> = twice.map(|ticket| format!("ticket {ticket}: told {} times", told(ticket))).collect();
    let first = tickets.iter().position(|ticket| told(ticket) > 0).unwrap_or_default();
    let never = tickets[first..].iter().filter(|ticket| told(ticket) == 0);
    wrong.extend(never.map(|ticket| format!("ticket {ticket}: its requester was not told")));
    wrong
}
