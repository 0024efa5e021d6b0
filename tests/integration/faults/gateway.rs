//! A gateway that is down, slow, cuts its answers, refuses or talks nonsense.

use super::has_no_secret;
use super::proxy::Act;
use crate::support::World;
use gestan_connector::cli::ExitCode;
use gestan_connector::flows::tickets::{Memory as _, Outcome, PassOptions};
use gestan_connector::gestan::contract::Problem;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn problem(status: u16, code: &str, detail: &str) -> Act {
    let kind = format!("{}{code}", Problem::PREFIX);
    let body = json!({ "type": kind, "title": code, "status": status, "detail": detail }).to_string();
    Act::Answer(status, "content-type: application/problem+json\r\n", body)
}

type Answering = fn() -> Act;

/// A script that acts once on writes.
fn once(act: impl Fn() -> Act + Send + 'static) -> impl FnMut(&super::proxy::Asked) -> Act + Send {
    let done = AtomicBool::new(false);
    move |asked| if asked.writes() && !done.swap(true, Ordering::Relaxed) { act() } else { Act::Forward }
}

async fn three_tickets() -> (World, super::proxy::Proxy) {
    let mut world = World::new().await;
    world.tickets(3).await;
    world.behind_a_proxy().await
}

#[tokio::test]
async fn a_gateway_that_is_down_is_named_with_what_to_check() {
    let (world, proxy) = three_tickets().await;
    let there = format!("http://{}", proxy.address);
    let mut world = world.altered(&there, "http://127.0.0.1:1").await;
    let failed = world.fails().await;
    failed.says(
        &["the gateway http://127.0.0.1:1 does not answer (", "refused", "check that it runs"],
        ExitCode::Unavailable,
    );
    assert!(world.gestan().await.is_empty());
    world.altered("http://127.0.0.1:1", &there).await.converges(3).await;
}

#[tokio::test]
async fn a_gateway_that_never_answers_is_given_up_after_the_configured_time() {
    let (mut world, proxy) = three_tickets().await;
    proxy.play(|asked| if asked.writes() { Act::Hang } else { Act::Forward });
    let begun = std::time::Instant::now();
    world.fails().await.says(&["does not answer (no answer in time)"], ExitCode::Unavailable);
    assert!((2..6).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    proxy.play(|_| Act::Forward);
    world.converges(3).await;
}

#[tokio::test]
async fn what_was_committed_before_its_answer_was_cut_is_found_again_and_not_written_twice() {
    let (mut world, proxy) = three_tickets().await;
    let modified = async |world: &mut World| -> Vec<String> {
        world.gestan().await.into_iter().map(|seen| format!("{} {}", seen.modified, seen.memo)).collect()
    };
    for (round, kept) in [None, Some(0), Some(200)].into_iter().enumerate() {
        let text = format!("Tour {round}");
        if round > 0 {
            world.comments(3, &text).await;
        }
        proxy.play(once(move || Act::Cut(kept)));
        world.fails().await.says(&["does not answer ("], ExitCode::Unavailable);
        let before = modified(&mut world).await;
        assert_eq!(before.len(), 3, "it was committed");
        proxy.play(|_| Act::Forward);
        world.converges(3).await;
        let alone = proxy
            .asked()
            .iter()
            .filter(|asked| asked.method == "GET" && asked.path.starts_with("/v1/tickets/"))
            .count();
        assert_eq!(alone, 0, "what became of them is asked for in one request");
        assert_eq!(before, modified(&mut world).await, "nothing is written again");
        if round > 0 {
            world.holds_once(&text).await;
        }
    }
    let (_, journal, _) = crate::commands::run(&world.config_file(), &["journal", "--ticket", "2"]).await;
    assert!(
        [
            "new intervention; 3 new entries – found done",
            "updated; status; 2 new entries – found done",
            "updated; 1 new entry – found done",
        ]
        .iter()
        .all(|told| journal.contains(told)),
        "{journal}"
    );
    let (_, journal, _) = crate::commands::run(&world.config_file(), &["journal"]).await;
    assert!(journal.contains("Passes are made again, after "), "{journal}");
}

#[tokio::test]
async fn a_token_that_is_refused_is_a_matter_of_configuration() {
    let (mut world, proxy) = three_tickets().await;
    for status in [401, 403] {
        world.comments(3, "Vu").await;
        proxy.play(move |_| problem(status, "unauthorized", "no"));
        let failed = world.fails().await;
        failed.says(&["refuses the token", "[gestan] token here must be [gateway] token over there"], ExitCode::Config);
        assert!(world.site.store().circuits().await.unwrap().is_empty(), "it is not left alone: a person mends it");
        proxy.play(|_| Act::Forward);
        world.converges(3).await;
    }
}

#[tokio::test]
async fn a_conflict_about_one_ticket_sets_aside_that_ticket_alone() {
    let (mut world, proxy) = three_tickets().await;
    proxy.play(|asked| {
        if !asked.is_batch() {
            return Act::Forward;
        }
        Act::Alter(|answer| {
            answer["results"][1] = json!({ "problem": {
                "type": format!("{}other-ticket", Problem::PREFIX), "title": "x", "status": 409,
                "detail": "ticket 2 is linked to intervention 9 under another identity" } });
        })
    });
    let report = world.attempt_with(PassOptions::default()).await.unwrap();
    assert_eq!((report.count(Outcome::Done), report.count(Outcome::Quarantined)), (2, 1));
    let (_, show, _) = crate::commands::run(&world.config_file(), &["show", "2"]).await;
    assert!(show.contains("it set aside: ticket 2 is linked to intervention 9 under another identity"), "{show}");
    proxy.play(|_| Act::Forward);
    world.site.store().retry(Some(&[2])).await.unwrap();
    world.converges(3).await;
}

#[tokio::test]
async fn a_refusal_that_does_not_say_what_gestan_holds_is_looked_up_and_planned_again() {
    let mut world = World::new().await;
    world.tickets(1).await;
    let (mut world, proxy) = world.behind_a_proxy().await;
    world.pass().await;
    for (status, code) in [(412, "precondition-failed"), (409, "billed")] {
        world.desk.comment(1, world.paul, "<p>Vu</p>").await.unwrap();
        proxy.play(once(move || problem(status, code, "it is not what the request was made for")));
        let report = world.attempt_with(PassOptions::default()).await.unwrap();
        assert_eq!(report.count(Outcome::Done), 1, "{report:#?}");
        let asked: Vec<String> = proxy.asked().into_iter().map(|asked| asked.method).collect();
        assert_eq!(asked.iter().filter(|method| *method == "PUT").count(), 2, "{asked:?}");
        world.converges(1).await;
    }
}

#[tokio::test]
async fn a_batch_that_is_too_large_goes_one_by_one_and_a_ticket_that_is_too_large_alone_is_set_aside() {
    let (mut world, proxy) = three_tickets().await;
    world.tickets(1).await;
    for says in [Some("The request is larger than [gateway] max_body_kib allows."), None] {
        world.comments(3, "Vu").await;
        world.desk.comment(4, world.paul, &format!("<p>{}</p>", "Très long. ".repeat(800))).await.unwrap();
        proxy.play(move |asked| match says {
            _ if asked.body.len() < 6000 => Act::Forward,
            Some(detail) => problem(413, "too-large", detail),
            None => Act::page(413),
        });
        let report = world.attempt_with(PassOptions::default()).await.unwrap();
        assert_eq!((report.count(Outcome::Done), report.count(Outcome::Quarantined)), (3, 1), "{report:#?}");
        let (code, status, _) = crate::commands::run(&world.config_file(), &["status"]).await;
        let reason = says.unwrap_or("larger than a proxy before the gateway accepts");
        assert!(code == 0 && status.contains("set aside") && status.contains(reason), "{status}");
        let attention = world.site.store().attention().await.unwrap();
        assert_eq!((attention.len(), attention[&4].code.as_str()), (1, "too-large"));
        proxy.play(|_| Act::Forward);
        world.site.store().retry(None).await.unwrap();
        let report = world.attempt_with(PassOptions::default()).await.unwrap();
        assert_eq!(report.count(Outcome::Done), 1);
        world.settled().await;
        assert_eq!(world.gestan().await.len(), 4);
    }
}

#[tokio::test]
async fn a_gateway_that_asks_for_patience_is_left_alone_for_as_long_as_it_says() {
    let (mut world, proxy) = three_tickets().await;
    let patience = "retry-after: 40\r\n";
    proxy.play(move |asked| match asked.writes() {
        true => Act::Answer(429, patience, String::new()),
        false => Act::Forward,
    });
    world.fails().await.says(&["takes no requests (status 429 Too Many Requests)"], ExitCode::Unavailable);
    let circuit = world.site.store().circuits().await.unwrap().remove(0);
    let asked = (circuit.until.unwrap() - circuit.since.unwrap()).num_seconds();
    assert_eq!((circuit.failures, asked), (1, 40), "{circuit:?}");
    let put_off = world.attempt_with(PassOptions::default()).await.unwrap_err();
    put_off.says(&["Gestan has not answered since", "next attempt after", "status 429"], ExitCode::TryLater);
    // What a person asks for by number is tried all the same; 503 says it with a problem document.
    let one = PassOptions { only: vec![1], ..PassOptions::default() };
    proxy.play(|_| {
        let body = json!({ "type": format!("{}timeout", Problem::PREFIX), "title": "x", "status": 503, "detail": "The request took too long" });
        Act::Answer(503, "retry-after: 1\r\n", body.to_string())
    });
    world.attempt_with(one).await.unwrap_err().says(&["The request took too long"], ExitCode::Unavailable);
    world.nobody_is_blamed().await;
    proxy.play(|_| Act::Forward);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    world.pass().await;
    world.converges(3).await;
    assert!(world.site.store().circuits().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_batch_on_which_the_gateway_fails_goes_one_by_one_and_only_the_bad_ticket_fails() {
    let (mut world, proxy) = three_tickets().await;
    proxy.play(|asked| match asked.writes() && asked.body.contains("Panne 2") {
        true => problem(500, "internal", "The gateway failed; its log says where. Please report it."),
        false => Act::Forward,
    });
    let report = world.attempt_with(PassOptions::default()).await.unwrap();
    assert_eq!((report.count(Outcome::Done), report.count(Outcome::Failed)), (2, 1), "{report:#?}");
    let attention = world.site.store().attention().await.unwrap();
    assert_eq!((attention.len(), attention[&2].attempts), (1, 1));
    let (_, show, _) = crate::commands::run(&world.config_file(), &["show", "2"]).await;
    assert!(show.contains("will be retried: ") && show.contains("The gateway failed"), "{show}");
    let again = world.attempt_with(PassOptions::default()).await.unwrap();
    assert!(again.records.is_empty(), "not before its delay is over: {:#?}", again.records);
    proxy.play(|_| Act::Forward);
    world.site.store().retry(None).await.unwrap();
    world.converges(3).await;
}

#[tokio::test]
async fn a_page_of_a_proxy_is_no_answer_of_the_gateway() {
    let (mut world, proxy) = three_tickets().await;
    for status in [500, 502, 503] {
        world.comments(3, "Vu").await;
        proxy.play(move |asked| if asked.writes() { Act::page(status) } else { Act::Forward });
        let failed = world.fails().await;
        failed.says(&["takes no requests (status 50", "check that the gateway runs behind it"], ExitCode::Unavailable);
        proxy.play(|_| Act::Forward);
        world.converges(3).await;
    }
}

#[tokio::test]
async fn an_answer_that_is_no_gateways_blames_no_ticket() {
    let garbage = || Act::Answer(200, "", "<html>Welcome</html>".to_owned());
    let more = || Act::Alter(|answer| answer["results"].as_array_mut().unwrap().push(Value::Null));
    let fewer = || Act::Alter(|answer| answer["results"].as_array_mut().unwrap().truncate(2));
    let swapped = || Act::Alter(|answer| answer["results"].as_array_mut().unwrap().swap(0, 2));
    let short = || Act::Answer(200, "", "{\"results\": [{\"ok\": {\"id\": 1".to_owned());
    let old = || problem(400, "bad-request", "The body is not what docs/gateway-api.yaml says: unknown field.");
    let older = || problem(404, "not-found", "There is no such address; see docs/gateway-api.yaml.");
    let cases: [(Answering, &str); 7] = [
        (garbage, "is not a gateway of this version (expected value at line 1"),
        (more, "is not a gateway of this version ("),
        (fewer, "it answered 3 questions with 2 results"),
        (swapped, "its results are not those of the tickets that were sent"),
        (short, "is not a gateway of this version (EOF while parsing"),
        (old, "daemon and gateway must be of the same version"),
        (older, "does not understand this program (There is no such address"),
    ];
    let (mut world, proxy) = three_tickets().await;
    for (round, (act, says)) in cases.into_iter().enumerate() {
        let text = format!("Tour {round}.");
        world.comments(3, &text).await;
        proxy.play(once(act));
        world.fails().await.says(&[says], ExitCode::Unavailable);
        world.converges(3).await;
        world.holds_once(&text).await;
    }
}

#[tokio::test]
async fn show_tells_what_is_remembered_while_the_gateway_is_down() {
    let (world, proxy) = three_tickets().await;
    world.pass().await;
    proxy.play(|_| Act::page(502));
    let (code, show, errors) = crate::commands::run(&world.config_file(), &["show", "2"]).await;
    assert_eq!(code, 69, "{show}{errors}");
    assert!(show.contains("Ticket n°2, as far as is remembered:") && show.contains("Intervention 2"), "{show}");
    assert!(show.contains("Next: unknown until both systems can be asked: the gateway"), "{show}");
    has_no_secret(&show);
    let (code, show, errors) = crate::commands::run(&world.config_file(), &["show", "99"]).await;
    assert!(code == 69 && errors.contains("takes no requests"), "{show}{errors}");
}
