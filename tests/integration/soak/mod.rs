//! Everything at once, for as long as one likes: people work in GestSup and in Gestan, customers write, and the service
//! carries it all to and fro, while it is killed and told to read its configuration again, and its gateway and all servers are
//! restarted. In the end both sides say the same, every mail has one outcome, nobody was told anything twice, and the service
//! has grown in neither memory nor open files.
//!
//! `SOAK_SECONDS` is how long people work, `SOAK_SEED` the seed of what happens.

mod figures;
mod people;

use crate::histories::{Log, Random, number_from};
use crate::killed::Program;
use crate::mail::settings as mail_settings;
use crate::mailbox::Post;
use crate::notify::settings as notify_settings;
use crate::support::{World, sandbox_on};
use figures::Figures;
use gestan_connector::demo::compare::faults;
use gestan_connector::demo::dovecot::PrivateDovecot;
use gestan_connector::demo::mariadb::PrivateMariaDb;
use gestan_connector::demo::smtp::PrivateSmtp;
use people::People;
use std::process::Child;
use std::time::{Duration, Instant};

const SEED: u64 = 20_261_126;
/// Long enough for each kind of trouble; `scripts/soak --minutes` takes as long as one likes.
const SECONDS: u64 = 40;

const MORE: &str = "[tickets]\nstart_at = \"2026-01-01T00:00:00\"\nschedule = \"every 5 s\"\n[tickets.brake]\n\
create = { number = 9999, percent = 100 }\nclose = { number = 9999, percent = 100 }\nbill = { number = 9999, percent = 100 }\n\
cancel = { number = 9999, percent = 100 }\ndeleted = { number = 9999, percent = 100 }\n\
[follow_up]\nenabled = true\nschedule = \"every 5 s\"\n[reference]\nenabled = true\nschedule = \"every 1 min\"\nequipment = false\n";
const MAIL: &str = "schedule = \"every 5 s\"\nsender_per_hour = 999999\nmailbox_per_hour = 999999\nattempts = 1000";
const NOTIFY: &str =
    "schedule = \"every 5 s\"\nmax_age_hours = 1000000\ndigest_above = 99999\nmost_per_pass = 99999\nattempts = 1000";
const TOLD: &str = "[[notify.rules]]\non = [\"opened\"]\nto = [\"requester\"]\n[[notify.rules]]\nto = []\n";

/// What can happen to the programs and servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Trouble {
    ServiceKilled,
    GatewayKilled,
    Reload,
    BaseRestarted,
    MailboxRestarted,
    PostRestarted,
}

const TROUBLES: [Trouble; 6] = [
    Trouble::ServiceKilled,
    Trouble::GatewayKilled,
    Trouble::Reload,
    Trouble::BaseRestarted,
    Trouble::MailboxRestarted,
    Trouble::PostRestarted,
];

struct Soak {
    world: World,
    server: PrivateMariaDb,
    post: Post,
    smtp: PrivateSmtp,
    program: Program,
    service: Child,
    gateway: Child,
    people: People,
    random: Random,
    log: Log,
    figures: Figures,
}

impl Soak {
    async fn begin(seed: u64, seconds: u64) -> Self {
        let server = tokio::task::spawn_blocking(|| PrivateMariaDb::start().unwrap()).await.unwrap();
        // A mail server of its own, which can be restarted while others are at work; it lives as long as the test run.
        let dovecot = tokio::task::spawn_blocking(|| PrivateDovecot::start(&["soak"]).unwrap()).await.unwrap();
        let post = Post {
            server: Box::leak(Box::new(dovecot)),
            account: "soak".to_owned(),
            spool: tempfile::tempdir().unwrap(),
        };
        let smtp = PrivateSmtp::start().unwrap();
        let upload = tempfile::tempdir().unwrap();
        std::fs::create_dir(upload.path().join("ticket")).unwrap();
        let mail = mail_settings(&post, upload.path(), MAIL, "");
        let more = format!("{MORE}{mail}{}", notify_settings(&smtp, NOTIFY, TOLD));
        let mut world = World::on(sandbox_on(&server).await, &more).await;
        world.kept.push(upload);
        world.sandbox.let_it_take_mails().await.unwrap();
        world.sandbox.let_it_follow_up().await.unwrap();
        world.sandbox.let_it_refer().await.unwrap();
        let program = Program::on(&mut world).await;
        let people = People::new(&world);
        let log = Log { again: format!("SOAK_SEED={seed} SOAK_SECONDS={seconds}"), lines: Vec::new() };
        let gateway = program.start_gateway().await;
        let service = program.start(true, &["run"]);
        let figures = Figures::default();
        Self { world, server, post, smtp, program, service, gateway, people, random: Random(seed), log, figures }
    }

    /// People work for a while, and the service is looked at meanwhile.
    async fn work(&mut self, end: Instant) {
        while Instant::now() < end {
            let what = self.people.act(&mut self.world, &self.post, &mut self.random).await;
            self.log.lines.push(what);
            self.figures.look(self.service.id());
            tokio::time::sleep(Duration::from_millis(20 + u64::try_from(self.random.below(200)).unwrap())).await;
        }
    }

    async fn trouble(&mut self, trouble: Trouble) {
        self.log.lines.push(format!("{trouble:?}"));
        self.figures.count(trouble);
        let pause = Duration::from_millis(u64::try_from(self.random.below(1500)).unwrap());
        match trouble {
            Trouble::ServiceKilled => {
                self.service.kill().unwrap();
                self.service.wait().unwrap();
                tokio::time::sleep(pause).await;
                self.service = self.program.start(true, &["run"]);
                self.figures.begins_anew();
            }
            Trouble::GatewayKilled => {
                self.gateway.kill().unwrap();
                self.gateway.wait().unwrap();
                tokio::time::sleep(pause).await;
                self.gateway = self.program.start_gateway().await;
            }
            Trouble::Reload => crate::commands::signal(&self.service, "-HUP"),
            Trouble::BaseRestarted => {
                self.server.stop("TERM").unwrap();
                tokio::time::sleep(pause).await;
                self.server.start_again().unwrap();
                let clock = self.world.desk.clock;
                self.world.desk = self.world.sandbox.help_desk(clock).await.unwrap();
                self.world.erp = self.world.sandbox.erp().await.unwrap();
            }
            Trouble::MailboxRestarted => {
                self.post.server.stop("TERM").unwrap();
                tokio::time::sleep(pause).await;
                self.post.server.start_again().unwrap();
            }
            Trouble::PostRestarted => {
                self.smtp.stop();
                tokio::time::sleep(pause).await;
                self.smtp.start_again().unwrap();
            }
        }
    }

    /// The service alone, until it has nothing to do any more.
    async fn settle(&mut self) {
        let begun = Instant::now();
        // Gestan's lists are read once a minute at most: whoever waits for them asks.
        let mut asked = self.program.run(&["sync", "reference"]).await;
        while asked.code != Some(0) {
            assert!(begun.elapsed() < Duration::from_secs(120), "{}{}", asked.output, asked.errors);
            tokio::time::sleep(Duration::from_secs(2)).await;
            asked = self.program.run(&["sync", "reference"]).await;
        }
        let mut quiet = 0;
        let mut before = Vec::new();
        while quiet < 3 {
            assert!(begun.elapsed() < Duration::from_secs(180), "it does not come to rest: {}", self.open().await);
            tokio::time::sleep(Duration::from_secs(2)).await;
            self.figures.look(self.service.id());
            let now = self.people.sides(&mut self.world, &self.post).await;
            let open = self.open().await;
            quiet = if now == before && open.is_empty() { quiet + 1 } else { 0 };
            before = now;
        }
    }

    /// What the program itself says is not done yet.
    async fn open(&self) -> String {
        let status = self.program.run(&["status", "--json"]).await;
        let status: serde_json::Value = serde_json::from_str(&status.output).unwrap();
        let mut open = Vec::new();
        for name in ["circuits", "attention", "follow_up", "reference_cases"] {
            if status[name].as_array().is_none_or(|list| !list.is_empty()) {
                open.push(format!("{name}: {}", status[name]));
            }
        }
        if status["unconfirmed"] != 0 || status["outbox"].as_object().is_none_or(|held| !held.is_empty()) {
            open.push(format!("unconfirmed {}, outbox {}", status["unconfirmed"], status["outbox"]));
        }
        open.join("; ")
    }

    async fn check(&mut self) {
        let wrong = faults(&self.world.sandbox).await.unwrap();
        assert!(wrong.is_empty(), "{wrong:#?}");
        crate::killed::sound(&mut self.world).await;
        let wrong = self.people.wrong(&mut self.world, &self.smtp).await;
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

impl Drop for Soak {
    fn drop(&mut self) {
        for child in [&mut self.service, &mut self.gateway] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "the figures of a long run")]
async fn whatever_is_killed_or_restarted_while_everybody_works_all_sides_agree_in_the_end() {
    let (seed, seconds) = (number_from("SOAK_SEED", SEED), number_from("SOAK_SECONDS", SECONDS));
    let mut soak = Soak::begin(seed, seconds).await;
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut round: Vec<Trouble> = Vec::new();
    while Instant::now() < end {
        // Long enough between two of them for passes to be under way, or done.
        let pause = Duration::from_millis(1_000 + u64::try_from(soak.random.below(5_000)).unwrap());
        soak.work((Instant::now() + pause).min(end)).await;
        if round.is_empty() {
            round = TROUBLES.to_vec();
        }
        let trouble = round.remove(soak.random.below(round.len()));
        soak.trouble(trouble).await;
    }
    soak.settle().await;
    soak.check().await;
    crate::commands::signal(&soak.service, "-TERM");
    assert_eq!(crate::commands::wait(&mut soak.service, Duration::from_secs(10)), 0);
    soak.program.settled().await;
    eprintln!("{}", soak.figures.table(seed, seconds, &soak.people));
    soak.figures.check();
}
