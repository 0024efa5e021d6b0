//! What people do, drawn at random. Every text carries a word of its own, by which it is found again.

use super::Random;
use super::observer::Book;
use crate::support::World;
use chrono::Duration;
use gestan_connector::demo::help_desk::{Comment, Mail, MailHeader, state};

/// Tickets that are opened in a short history, at most.
pub const TICKETS: usize = 4;
const STATES: [i64; 5] =
    [state::WAITING_TO_BE_TAKEN, state::IN_PROGRESS, state::RESOLVED, state::REJECTED, state::WAITING_FOR_REQUESTER];

/// The people of the help desk, and what they have opened.
pub struct Desk {
    opened: usize,
    most: usize,
    words: usize,
    requester: i64,
    colleague: i64,
    /// What the counters of tickets and steps were last raised to.
    elsewhere: [i64; 2],
}

impl Desk {
    /// `most`: tickets that are opened at most.
    pub async fn new(world: &mut World, most: usize) -> Self {
        let company = world.desk.ask("SELECT CAST(MAX(id) AS CHAR) FROM tcompany").await.unwrap()[0].parse().unwrap();
        let colleague = world.desk.person("jean", ("Jean", "Petit"), "jean@helene.fr", 2, company).await.unwrap();
        Self { opened: 0, most, words: 0, requester: world.requester, colleague, elsewhere: [0; 2] }
    }

    /// A text that is found again by its one word.
    fn text(&mut self) -> String {
        self.words += 1;
        format!("<p>Texte mot{}z</p>", self.words)
    }

    async fn numbers(world: &mut World, sql: &str) -> Vec<i64> {
        world.desk.ask(sql).await.unwrap().iter().map(|number| number.parse().unwrap()).collect()
    }

    pub async fn act(&mut self, world: &mut World, book: &mut Book, random: &mut Random, log: &mut Vec<String>) {
        world.desk.clock += match random.below(12) {
            0 => Duration::days(9),
            1 => -Duration::hours(1),
            2 => -Duration::seconds(1),
            _ => Duration::minutes(13),
        };
        let tickets = Self::numbers(world, "SELECT CAST(id AS CHAR) FROM tincidents ORDER BY id").await;
        if tickets.is_empty() || (self.opened < self.most && random.one_in(6)) {
            self.open(world, book, random, log).await;
            return;
        }
        if random.one_in(15) {
            log.push("somebody types a note in Gestan".to_owned());
            book.type_a_note(world, random).await;
            return;
        }
        if random.one_in(25) {
            // Much happens elsewhere: what is here is far behind the newest numbers.
            log.push("thousands of other tickets".to_owned());
            for (table, raised) in ["tincidents", "tthreads"].into_iter().zip(&mut self.elsewhere) {
                let most =
                    Self::numbers(world, &format!("SELECT CAST(COALESCE(MAX(id), 0) AS CHAR) FROM {table}")).await;
                // Where the newest was deleted the counter is further than any row: GestSup gives no number twice.
                *raised = most[0].max(*raised) + 2000;
                world.desk.run(format!("ALTER TABLE {table} AUTO_INCREMENT = {raised}")).await.unwrap();
            }
        }
        let ticket = random.pick(&tickets);
        match random.below(5) {
            0 => self.charge(world, book, random, log, ticket).await,
            1 => self.comment(world, random, log, ticket).await,
            2 => self.correct(world, random, log, ticket).await,
            3 => self.change_state(world, book, random, log, &tickets, ticket).await,
            _ => self.change_field(world, book, random, log, &tickets, ticket).await,
        }
    }

    async fn open(&mut self, world: &mut World, book: &mut Book, random: &mut Random, log: &mut Vec<String>) {
        self.opened += 1;
        let (html, title) = (self.text(), format!("Titre {}", self.opened));
        let (requester, paul) = (self.requester, world.paul);
        let kind = random.below(5);
        let ticket = match kind {
            0 | 1 => world.desk.open(requester, &title, &html).await.unwrap(),
            2 => {
                let text = self.text();
                let comment = Comment { html: &text, ..Comment::default() };
                let saving = world.desk.begin_to_open(paul, requester, &title, &html, comment).await.unwrap();
                if random.one_in(2) {
                    log.push("pass in the middle of it:".to_owned());
                    book.pass(world).await;
                }
                world.desk.finish(saving).await.unwrap()
            }
            3 => {
                let sent = world.desk.clock - Duration::hours(20);
                let from = "helene@helene.fr";
                let mail = Mail { sender: requester, from, subject: &title, html: &html, sent };
                let ticket = world.desk.begin_mail(&mail).await.unwrap();
                if random.one_in(2) {
                    log.push("pass in the middle of it:".to_owned());
                    book.pass(world).await;
                }
                world.desk.finish_mail(ticket, &mail, Some(MailHeader::FRENCH)).await.unwrap();
                ticket
            }
            _ => world.desk.open_by_api("helene@helene.fr", 1, &title, &html).await.unwrap(),
        };
        log.push(format!("opened {ticket} (way {kind})"));
        if random.one_in(2) {
            world.desk.attribute(ticket, world.paul, world.lea).await.unwrap();
            log.push(format!("attributed {ticket}"));
        }
    }

    async fn charge(
        &mut self,
        world: &mut World,
        book: &mut Book,
        random: &mut Random,
        log: &mut Vec<String>,
        ticket: i64,
    ) {
        let (paul, lea, group) = (world.paul, world.lea, world.group);
        match random.below(6) {
            0 | 1 => world.desk.attribute(ticket, paul, lea).await.unwrap(),
            2 => world.desk.attribute(ticket, lea, lea).await.unwrap(),
            3 => world.desk.attribute_to_group(ticket, group, paul).await.unwrap(),
            4 => world.desk.unattribute(ticket, lea).await.unwrap(),
            _ => {
                let form = world.desk.form(ticket).await.unwrap().with("technician", lea).with("t_group", "");
                let saving = world.desk.begin(Some(ticket), paul, form, Comment::default()).await.unwrap();
                log.push("pass in the middle of it:".to_owned());
                book.pass(world).await;
                world.desk.finish(saving).await.unwrap();
            }
        }
        let form = world.desk.form(ticket).await.unwrap();
        log.push(format!("{ticket} in charge: {} / {}", form.get("technician"), form.get("t_group")));
    }

    async fn comment(&mut self, world: &mut World, random: &mut Random, log: &mut Vec<String>, ticket: i64) {
        let html = self.text();
        let (paul, lea, requester) = (world.paul, world.lea, self.requester);
        let kind = random.below(8);
        let step = match kind {
            0 => world.desk.comment(ticket, paul, &html).await,
            1 => world.desk.comment(ticket, requester, &html).await,
            2 => world.desk.comment_with(ticket, paul, &html, 0, true).await,
            3 => world.desk.comment_with(ticket, lea, &html, random.pick(&[5, 30, 60]), random.one_in(3)).await,
            4 => world.desk.comment_without_rights(ticket, requester, &html).await,
            5 => world.desk.comment_by_api(ticket, lea, &html).await,
            _ => {
                let sent = world.desk.clock - Duration::minutes(random.pick(&[0, 40, 3_000]));
                let html = if random.one_in(5) { "" } else { html.as_str() };
                let mail = Mail { sender: requester, from: "helene@helene.fr", subject: "Re", html, sent };
                world.desk.reply_by_mail(ticket, &mail).await
            }
        };
        log.push(format!("{ticket} commented, step {} (way {kind}): {html}", step.unwrap()));
    }

    async fn correct(&mut self, world: &mut World, random: &mut Random, log: &mut Vec<String>, ticket: i64) {
        let sql = format!("SELECT CAST(id AS CHAR) FROM tthreads WHERE type = 0 AND ticket = {ticket}");
        let comments = Self::numbers(world, &sql).await;
        if comments.is_empty() {
            return;
        }
        let step = random.pick(&comments);
        let html = self.text();
        let what = random.below(6);
        match what {
            0 => world.desk.edit_comment(step, &html).await,
            1 => world.desk.edit_comment_with(step, &html, random.pick(&[5, 30])).await,
            2 => world.desk.delete_comment(step).await,
            3 => world.desk.set_private(step, false).await,
            4 => world.desk.set_private(step, true).await,
            _ => {
                let other = random.pick(&comments);
                let swap = "SET a.text = b.text, b.text = a.text, a.time = b.time, b.time = a.time";
                world
                    .desk
                    .run(format!("UPDATE tthreads a JOIN tthreads b ON a.id = {step} AND b.id = {other} {swap}"))
                    .await
            }
        }
        .unwrap();
        log.push(format!("{ticket} corrected, step {step} (way {what}): {html}"));
    }

    /// Undoes or changes something of a ticket that was perhaps just written to Gestan.
    pub async fn upset(&mut self, world: &mut World, random: &mut Random, log: &mut Vec<String>, ticket: i64) {
        let exists =
            Self::numbers(world, &format!("SELECT CAST(id AS CHAR) FROM tincidents WHERE id = {ticket}")).await;
        if exists.is_empty() {
            return;
        }
        let sql =
            format!("SELECT CAST(id AS CHAR) FROM tthreads WHERE type = 0 AND ticket = {ticket} ORDER BY id DESC");
        let newest = Self::numbers(world, &sql).await.first().copied();
        let what = random.below(6);
        match (what, newest) {
            (0, _) => world.desk.delete(ticket).await,
            (1, _) => world.desk.unattribute(ticket, world.paul).await,
            (2, Some(step)) => world.desk.delete_comment(step).await,
            (3, Some(step)) => world.desk.set_private(step, true).await,
            (4, Some(step)) => world.desk.edit_comment(step, &self.text()).await,
            _ => world.desk.attribute(ticket, random.pick(&[world.paul, world.lea]), world.lea).await,
        }
        .unwrap();
        log.push(format!("{ticket} upset (way {what})"));
    }

    async fn change_state(
        &mut self,
        world: &mut World,
        book: &mut Book,
        random: &mut Random,
        log: &mut Vec<String>,
        tickets: &[i64],
        ticket: i64,
    ) {
        let to = random.pick(&STATES);
        let (paul, lea) = (world.paul, world.lea);
        let what = random.below(9);
        match what {
            0 => world.desk.set_state(ticket, to, lea).await.unwrap(),
            1 => world.desk.set_state_with(ticket, to, paul, &self.text()).await.unwrap(),
            2 | 3 => world.desk.close(ticket, paul).await.unwrap(),
            4 => world.desk.reopen(ticket).await.unwrap(),
            5 => world.desk.refuse_resolution(ticket, "Non").await.unwrap(),
            6 => world.desk.mass_state(&[ticket, tickets[0]], to, lea).await.unwrap(),
            7 => {
                world.desk.auto_close(30).await.unwrap();
            }
            _ => {
                if random.one_in(2) {
                    world.desk.set(ticket, "billable", "1").await.unwrap();
                    world.desk.set_time(ticket, 45).await.unwrap();
                    world.desk.close(ticket, paul).await.unwrap();
                    log.push(format!("{ticket} closed, billable"));
                }
                log.push("pass, then Gestan bills what is to be billed:".to_owned());
                book.pass(world).await;
                book.bill(world).await;
                if random.one_in(2) {
                    world.desk.reopen(ticket).await.unwrap();
                    log.push(format!("{ticket} reopened"));
                }
            }
        }
        log.push(format!("{ticket} state to {to} (way {what})"));
    }

    async fn change_field(
        &mut self,
        world: &mut World,
        book: &mut Book,
        random: &mut Random,
        log: &mut Vec<String>,
        tickets: &[i64],
        ticket: i64,
    ) {
        let html = self.text();
        let (requester, colleague) = (self.requester, self.colleague);
        let what = random.below(14);
        let done = match what {
            0 => world.desk.set_time(ticket, random.pick(&[1, 5, 60, 480])).await,
            1 => world.desk.set(ticket, "title", &format!("Nouveau titre {}", self.words)).await,
            2 => world.desk.set(ticket, "description", &html).await,
            3 => world.desk.set(ticket, "billable", "1").await,
            4 => world.desk.set(ticket, "billable", random.pick(&["0", "1"])).await,
            5 => world.desk.set(ticket, "priority", random.pick(&["1", "6"])).await,
            6 => world.desk.set(ticket, "date_hope", "2026-06-10").await,
            7 => world.desk.set(ticket, "asset_id", random.pick(&["0", "1"])).await,
            8 => world.desk.set(ticket, "user", &random.pick(&[requester, colleague]).to_string()).await,
            9 => world.desk.save_without_rights(ticket, requester).await,
            10 => world.desk.view(ticket, random.pick(&[requester, world.paul])).await,
            11 => world.desk.attach(ticket, "capture.png").await.map(drop),
            12 if random.one_in(2) => world.desk.delete(ticket).await,
            12 => {
                let into = random.pick(tickets);
                if into == ticket {
                    Ok(())
                } else {
                    world.desk.begin_merge(ticket, into).await.unwrap();
                    if random.one_in(2) {
                        log.push("pass in the middle of it:".to_owned());
                        book.pass(world).await;
                    }
                    world.desk.finish_merge(ticket, into).await
                }
            }
            _ if self.opened < self.most => {
                self.opened += 1;
                world.desk.copy(ticket, world.lea).await.map(drop)
            }
            _ => world.desk.send_mail(ticket, 0, "helene@helene.fr").await,
        };
        done.unwrap();
        log.push(format!("{ticket} field (way {what}): {html}"));
    }
}
