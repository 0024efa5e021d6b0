//! The mail flow killed between any write and its record, and at random moments: each mail has one outcome, and what was to be done
//! with it in its mailbox is done.
//!
//! `MAIL_KILLS` is the number of mails of the random story, `MAIL_KILL_SEED` its seed.

use super::program::Program;
use crate::histories::{Random, number_from};
use crate::mail::{Letter, ask, settings};
use crate::mailbox::Post;
use crate::support::World;
#[cfg(feature = "failpoints")]
use futures::stream::{self, StreamExt as _};
#[cfg(feature = "failpoints")]
use gestan_connector::failpoint;
use std::collections::BTreeMap;
use std::time::Duration;

const SYNC: [&str; 2] = ["sync", "mail"];
const SEED: u64 = 20_260_303;
const MAILS: u64 = 40;

struct Story {
    world: World,
    post: Post,
    program: Program,
}

const WITH_FILE: &str = "--b\nContent-Type: text/html; charset=utf-8\n\n<p>Voir</p>\n--b\nContent-Type: application/pdf; name=a.pdf\n\
Content-Disposition: attachment\n\n%PDF\n--b\nContent-Type: text/csv; name=b.csv\nContent-Disposition: attachment\n\n1;2\n--b--";

impl Story {
    async fn begin() -> Self {
        let post = Post::new().await;
        let upload = tempfile::tempdir().unwrap();
        std::fs::create_dir(upload.path().join("ticket")).unwrap();
        let more = "sender_per_hour = 9999\nmailbox_per_hour = 99999\nbatch = 7\n\
                    filing = { ticket = [\"seen\", { move = \"Traités\" }], reply = [\"seen\"], excluded = [\"flag\"] }\n";
        let mut world = World::with(&settings(&post, upload.path(), more, "")).await;
        world.kept.push(upload);
        world.sandbox.let_it_take_mails().await.unwrap();
        let program = Program::on(&mut world).await;
        Self { world, post, program }
    }

    fn deliver(&self, letter: &Letter) {
        self.post.deliver(&letter.text());
    }

    /// A mail of the story: a ticket, with files or without, an answer, an excluded one, the same once more.
    fn mail(&self, number: u64) {
        let title = format!("N {number}");
        let letter = Letter::new("helene@helene.fr", &title, "Texte").id(&format!("{number}@x"));
        match number % 5 {
            0 => self.deliver(
                &Letter::new("helene@helene.fr", &title, WITH_FILE)
                    .with("Content-Type", "multipart/mixed; boundary=b")
                    .id(&format!("{number}@x")),
            ),
            1 => self.deliver(&Letter::new("neuf@helene.fr", &title, "Texte").id(&format!("{number}@x"))),
            2 if number > 2 => self.deliver(
                &Letter::new("helene@helene.fr", "Re: suite", &format!("Réponse {number}"))
                    .with("In-Reply-To", &format!("<{}@x>", number - 2))
                    .id(&format!("{number}@x")),
            ),
            3 => self.deliver(&letter.with("Auto-Submitted", "auto-replied")),
            _ => {
                self.deliver(&letter);
                self.deliver(&letter);
            }
        }
    }

    /// Both sides without ids.
    async fn sides(&self) -> Vec<String> {
        let mut lines =
            ask(&self.world, "title, user > 0, state, LENGTH(description)", "tincidents ORDER BY title").await;
        let steps = "tthreads h LEFT JOIN tincidents t ON t.id = h.ticket";
        lines.extend(ask(&self.world, "t.title, h.type, h.state, h.text", steps).await);
        let files = "tattachments a LEFT JOIN tincidents t ON t.id = a.ticket_id";
        lines.extend(ask(&self.world, "t.title, a.real_filename", files).await);
        lines.sort();
        lines.extend(ask(&self.world, "login", "tusers WHERE id > 6 ORDER BY login").await);
        let stored = ask(&self.world, "storage_filename", "tattachments ORDER BY storage_filename").await;
        let folder = self.world.kept[0].path().join("ticket");
        let mut there: Vec<String> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        there.sort();
        assert_eq!(there, stored, "files that nobody knows, or that are missing");
        for folder in ["INBOX", "Traités"] {
            lines.push(format!("{folder}: {}", self.post.server.count(&self.post.account, folder)));
        }
        let rows = self.program.run(&["mail", "list", "--json", "--limit", "9999"]).await;
        let rows: serde_json::Value = serde_json::from_str(&rows.output).unwrap();
        let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
        for row in rows.as_array().unwrap() {
            assert_eq!(row["filed"], true, "{row:#}");
            *outcomes.entry(format!("{} {}", row["outcome"], row["code"])).or_default() += 1;
        }
        lines.push(format!("{outcomes:?}"));
        lines
    }

    /// A pass that nothing disturbs.
    async fn pass(&self) {
        let ended = self.program.run(&SYNC).await;
        assert_eq!(ended.code, Some(0), "{}{}", ended.output, ended.errors);
    }
}

#[cfg(feature = "failpoints")]
#[tokio::test]
async fn killed_between_any_write_of_a_mail_and_its_record_each_mail_has_one_outcome() {
    const MANY: u64 = 8;
    let undisturbed = Story::begin().await;
    (0..MANY).for_each(|number| undisturbed.mail(number));
    undisturbed.pass().await;
    let expected = undisturbed.sides().await;
    let told = async |place: &'static str| {
        let story = Story::begin().await;
        (0..MANY).for_each(|number| story.mail(number));
        let mut kills = 0;
        for when in ["", "1*off->", "3*off->"] {
            let ended = story.program.run_until(&format!("{place}={when}return"), &SYNC).await;
            match ended.signal {
                Some(6) => kills += 1,
                _ => assert_eq!(ended.code, Some(0), "{}{}", ended.output, ended.errors),
            }
        }
        story.pass().await;
        assert!(kills > 0, "no pass comes to “{place}”");
        let sides = story.sides().await;
        assert!(sides == expected, "{place}: {sides:#?}\nundisturbed: {expected:#?}");
    };
    let places = failpoint::ALL.into_iter().filter(|place| super::places::is_of_mail(place));
    stream::iter(places).map(told).buffer_unordered(2).collect::<()>().await;
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a long run says what it came to")]
async fn killed_at_random_moments_each_mail_has_one_outcome_and_is_filed() {
    let mails = number_from("MAIL_KILLS", MAILS);
    let seed = number_from("MAIL_KILL_SEED", SEED);
    let mut random = Random(seed);
    let undisturbed = Story::begin().await;
    (0..mails).for_each(|number| undisturbed.mail(number));
    undisturbed.pass().await;
    let expected = undisturbed.sides().await;
    let story = Story::begin().await;
    let (mut delivered, mut kills, mut whole) = (0, 0, 0);
    while delivered < mails || whole < 1 {
        for _ in 0..=random.below(6) {
            if delivered < mails {
                story.mail(delivered);
                delivered += 1;
            }
        }
        let mut pass = story.program.start(false, &SYNC);
        let patience = Duration::from_millis(20 + u64::try_from(random.below(400)).unwrap());
        tokio::time::sleep(patience).await;
        match pass.try_wait().unwrap() {
            Some(ended) => {
                assert!(ended.success(), "MAIL_KILL_SEED={seed}");
                whole += u64::from(delivered == mails);
            }
            None => {
                pass.kill().unwrap();
                pass.wait().unwrap();
                kills += 1;
            }
        }
        if delivered == mails && kills > 3 * mails {
            break;
        }
    }
    story.pass().await;
    let sides = story.sides().await;
    assert!(sides == expected, "MAIL_KILL_SEED={seed}: {sides:#?}\nundisturbed: {expected:#?}");
    eprintln!("{mails} mails, {kills} kills, MAIL_KILL_SEED={seed}");
}
