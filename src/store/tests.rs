//! The state on a real file: what is committed is there after a restart, all of it or nothing, and a
//! file that is not ours is refused in words.

use super::*;
use crate::flows::System;
use crate::flows::tickets::{
    AgreedEntry, Attention, Begun, Commit, Intent, JournalEntry, Link, LinkPhase, Memory, Outcome, SentDocument,
    Trouble,
};
use crate::model::{Conso, EntryMark, Field, Fields, Identity, LastKnown, ObjectKind, Value};
use chrono::{DateTime, TimeZone as _, Utc};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap};

fn noon(minutes: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 2, 12, 0, 0).unwrap() + chrono::Duration::minutes(minutes)
}

fn link(number: i64, sequence: u32) -> Link {
    let mut fields = Fields::default();
    fields.insert(Field::Title, Value::text("L'écran 😀"));
    fields.insert(Field::Status, Value::text("to_bill"));
    fields.insert(Field::TimeSpent, Value::Number(45));
    Link {
        number,
        sequence,
        kind: ObjectKind::Anomaly,
        gestan_id: number * 10 + i64::from(sequence),
        etag: "abc".to_owned(),
        identity: Identity { created: "2026-03-02 09:00:00".to_owned(), creator: 3, first_step: Some(7) },
        phase: LinkPhase::Live,
        minutes_before: 5,
        minutes: 50,
        held: fields.clone(),
        followed: fields.clone(),
        sent: fields,
        head_hash: "h".to_owned(),
        entries: BTreeMap::from([(
            "step:7".to_owned(),
            AgreedEntry {
                content: "c".to_owned(),
                rendered: "r".to_owned(),
                mark: EntryMark::Edited,
                at: noon(0),
                minutes: 5,
                conso: Some(Conso { project: 3, task: None, label: "Pose".to_owned() }),
                heading: "02/03/2026 – Léa".to_owned(),
            },
        )]),
        documents: BTreeMap::from([(
            "file:4".to_owned(),
            SentDocument { document: Some(7), sha256: "ab".to_owned(), trouble: String::new() },
        )]),
        last_known: LastKnown { due: Some(noon(5)), ..LastKnown::default() },
    }
}

fn attention(number: i64, trouble: Trouble) -> Attention {
    Attention {
        number,
        trouble,
        code: "client-unknown".to_owned(),
        reason: "No client matches. Create it.".to_owned(),
        attempts: 3,
        next_at: Some(noon(10)),
        since: noon(0),
    }
}

fn line(ticket: i64, outcome: Outcome, minutes: i64) -> JournalEntry {
    JournalEntry {
        at: noon(minutes),
        run_id: "run".to_owned(),
        flow: "tickets".to_owned(),
        ticket: Some(ticket),
        gestan_id: None,
        action: "update".to_owned(),
        outcome,
        message: "updated; status".to_owned(),
        detail: serde_json::json!({"changes": ["status"]}),
    }
}

struct Folder {
    folder: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("deep/state.db")
    }

    async fn open(&self) -> Store {
        Store::open(&self.path()).await.unwrap()
    }
}

#[tokio::test]
async fn what_was_committed_is_there_after_a_restart() {
    let folder = Folder::new();
    let store = folder.open().await;
    let (first, second) = (link(4, 1), Link { phase: LinkPhase::Closed, ..link(4, 2) });
    store.intend(vec![intent(4), intent(5)]).await.unwrap();
    store
        .commit(vec![Commit {
            number: 4,
            links: vec![first.clone(), second.clone()],
            fingerprint: Some(Some("f4".to_owned())),
            closed_at: None,
            attention: Some(Some(attention(4, Trouble::Retrying))),
            journal: vec![line(4, Outcome::Done, 0), line(4, Outcome::Reported, 1)],
            clear_intents: true,
        }])
        .await
        .unwrap();
    store.set_value("cursor", "12").await.unwrap();
    drop(store);
    let store = folder.open().await;
    assert_eq!(store.links(&[3, 4]).await.unwrap(), [first, second]);
    assert_eq!(store.fingerprints().await.unwrap(), HashMap::from([(4, "f4".to_owned())]));
    assert_eq!(store.attention().await.unwrap()[&4], attention(4, Trouble::Retrying));
    assert_eq!(store.linked_numbers().await.unwrap(), HashMap::from([(4, LinkPhase::Closed)]), "the newest decides");
    assert_eq!(store.unconfirmed().await.unwrap().into_iter().collect::<Vec<_>>(), [5]);
    assert_eq!(store.intents().await.unwrap(), [intent(5)]);
    assert_eq!(store.value("cursor").await.unwrap().as_deref(), Some("12"));
    assert_eq!(
        store.journal(&JournalFilter::default()).await.unwrap(),
        [line(4, Outcome::Done, 0), line(4, Outcome::Reported, 1)]
    );
}

fn intent(number: i64) -> Intent {
    let link = link(number, 1);
    let begun = Begun {
        verb: "update".to_owned(),
        message: "updated; time_spent".to_owned(),
        fields: link.sent.clone(),
        entries: [("step:1".to_owned(), "hash".to_owned())].into(),
        link,
    };
    Intent { number, sequence: 1, action: "put".to_owned(), run_id: "run".to_owned(), at: noon(0), begun: Some(begun) }
}

#[tokio::test]
async fn records_are_committed_all_or_none() {
    let folder = Folder::new();
    let store = folder.open().await;
    // SQLite itself refuses the second record.
    sqlx::query(
        "CREATE TRIGGER refuse BEFORE INSERT ON fingerprint WHEN NEW.number = 2 BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    .execute(&store.pool)
    .await
    .unwrap();
    let commit = |number| Commit {
        number,
        links: vec![link(number, 1)],
        fingerprint: Some(Some("f".to_owned())),
        journal: vec![line(number, Outcome::Done, 0)],
        ..Commit::default()
    };
    assert!(store.commit(vec![commit(1), commit(2)]).await.is_err());
    assert!(store.links(&[1, 2]).await.unwrap().is_empty());
    assert!(store.fingerprints().await.unwrap().is_empty());
    assert!(store.journal(&JournalFilter::default()).await.unwrap().is_empty());
    store.commit(vec![commit(1)]).await.unwrap();
    assert_eq!(store.links(&[1, 2]).await.unwrap().len(), 1, "and the connection still works");
}

#[tokio::test]
async fn one_process_at_a_time_and_the_next_when_the_first_is_gone() {
    let folder = Folder::new();
    let store = folder.open().await;
    let lock = store.lock().unwrap();
    let refused = store.lock().unwrap_err();
    assert!(refused.to_string().contains(&format!("(process {})", std::process::id())), "{refused}");
    assert!(refused.retryable());
    drop(lock);
    store.lock().unwrap();
}

#[tokio::test]
async fn a_state_of_a_newer_program_is_refused_and_left_as_it_is() {
    let folder = Folder::new();
    let store = folder.open().await;
    sqlx::query("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (99, 'later', TRUE, x'00', 1)")
        .execute(&store.pool)
        .await
        .unwrap();
    drop(store);
    for error in
        [Store::open(&folder.path()).await.unwrap_err(), Store::open_read_only(&folder.path()).await.unwrap_err()]
    {
        assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
        assert!(error.to_string().contains("written by a newer gestan-connector"), "{error}");
        assert!(!error.retryable());
    }
}

#[tokio::test]
async fn a_file_that_is_no_state_is_refused_and_left_as_it_is() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path().parent().unwrap()).unwrap();
    let garbage = "not a database, ".repeat(500);
    std::fs::write(folder.path(), &garbage).unwrap();
    let error = Store::open(&folder.path()).await.unwrap_err();
    assert!(error.to_string().contains("is not a state of gestan-connector"), "{error}");
    assert_eq!(std::fs::read_to_string(folder.path()).unwrap(), garbage);
    let other = folder.folder.path().join("other.db");
    let foreign = SqliteConnectOptions::new().filename(&other).create_if_missing(true);
    let pool = SqlitePoolOptions::new().connect_with(foreign).await.unwrap();
    sqlx::query("CREATE TABLE somebody (id INTEGER)").execute(&pool).await.unwrap();
    pool.close().await;
    let error = Store::open_read_only(&other).await.unwrap_err();
    assert!(matches!(error, StoreError::NotAState { .. }), "{error}");
    let error = Store::open_read_only(&folder.folder.path().join("none.db")).await.unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    folder.open().await;
    assert_eq!(std::fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[cfg(unix)]
#[tokio::test]
async fn what_root_makes_in_the_service_s_folder_is_the_service_s() {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let folder = Folder::new();
    // Anybody but root cannot give a folder away: then all is one account's, and stays so.
    let owner = match std::fs::metadata(folder.folder.path()).unwrap().uid() {
        0 => 65_534,
        own => own,
    };
    let service_s = folder.path().parent().unwrap().to_owned();
    std::fs::create_dir_all(&service_s).unwrap();
    chown(&service_s, Some(owner), None).unwrap();
    let store = folder.open().await;
    let _lock = store.lock().unwrap();
    store.start_run("r", "tickets", Utc::now()).await.unwrap();
    let mut files = 0;
    for entry in std::fs::read_dir(&service_s).unwrap().map(Result::unwrap) {
        assert_eq!(entry.metadata().unwrap().uid(), owner, "{}", entry.path().display());
        files += 1;
    }
    assert!(files >= 3, "the state, its log and its lock: {files}");
}

#[tokio::test]
async fn a_reader_sees_what_the_service_commits_and_can_change_nothing() {
    let folder = Folder::new();
    let store = folder.open().await;
    let reader = Store::open_read_only(&folder.path()).await.unwrap();
    store.set_value("cursor", "1").await.unwrap();
    assert_eq!(reader.value("cursor").await.unwrap().as_deref(), Some("1"));
    let refused = reader.set_value("cursor", "2").await.unwrap_err();
    assert!(refused.message.contains("cannot be written"), "{refused}");
}

#[tokio::test]
async fn the_journal_is_filtered_by_ticket_outcome_and_period_and_cut_from_the_old_end() {
    let store = Store::in_memory().await.unwrap();
    let lines: Vec<JournalEntry> =
        (0..6).map(|index| line(index % 2, if index < 3 { Outcome::Done } else { Outcome::Failed }, index)).collect();
    store.commit(vec![Commit { number: 1, journal: lines.clone(), ..Commit::default() }]).await.unwrap();
    let found = async |filter: JournalFilter| store.journal(&filter).await.unwrap();
    let any = JournalFilter::default();
    assert_eq!(
        found(JournalFilter { ticket: Some(1), ..any.clone() }).await,
        [lines[1].clone(), lines[3].clone(), lines[5].clone()]
    );
    assert_eq!(found(JournalFilter { outcome: Some(Outcome::Failed), ..any.clone() }).await, lines[3..]);
    assert_eq!(found(JournalFilter { since: Some(noon(2)), until: Some(noon(4)), ..any.clone() }).await, lines[2..5]);
    assert_eq!(found(JournalFilter { limit: Some(2), ..any.clone() }).await, lines[4..]);
    assert!(found(JournalFilter { flow: Some("mail".to_owned()), ..any }).await.is_empty());
}

#[tokio::test]
async fn retry_takes_up_what_failed_and_not_what_merely_waits() {
    let store = Store::in_memory().await.unwrap();
    let troubles = [(1, Trouble::Waiting), (2, Trouble::Retrying), (3, Trouble::Quarantined)];
    let commits = troubles.map(|(number, trouble)| Commit {
        number,
        fingerprint: Some(Some("f".to_owned())),
        attention: Some(Some(attention(number, trouble))),
        ..Commit::default()
    });
    store.commit(commits.to_vec()).await.unwrap();
    assert_eq!(store.retry(None).await.unwrap(), 2);
    let left = store.fingerprints().await.unwrap();
    assert_eq!(left.keys().copied().collect::<Vec<_>>(), [1], "the others are looked at again");
    assert_eq!(store.attention().await.unwrap()[&3].next_at, None);
    assert_eq!(store.retry(Some(&[1, 9])).await.unwrap(), 1);
}

#[tokio::test]
async fn a_circuit_opens_after_three_failures_for_longer_each_time_and_closes_with_a_success() {
    let store = Store::in_memory().await.unwrap();
    let mut pauses = Vec::new();
    for failure in 1..=12 {
        let circuit = store.record_failure(System::Gestan, "refused", None, noon(0)).await.unwrap();
        assert_eq!(circuit.failures, failure);
        pauses.push(circuit.until.map_or(0, |until| (until - noon(0)).num_seconds()));
    }
    assert_eq!(pauses, [0, 0, 10, 20, 40, 80, 160, 320, 600, 600, 600, 600]);
    let circuit = store.circuit(System::Gestan).await.unwrap();
    assert!(circuit.is_open(noon(9)) && !circuit.is_open(noon(11)));
    assert!(!store.circuit(System::Gestsup).await.unwrap().is_open(noon(0)), "each system has its own");
    assert_eq!(store.record_success(System::Gestan).await.unwrap().unwrap().failures, 12);
    assert_eq!(store.record_success(System::Gestan).await.unwrap(), None);
    assert!(store.circuits().await.unwrap().is_empty());
}

#[tokio::test]
async fn status_counts_tickets_once_and_names_the_last_passes() {
    let store = Store::in_memory().await.unwrap();
    let links = vec![Link { phase: LinkPhase::Superseded, ..link(1, 1) }, link(1, 2), link(2, 1)];
    store.commit(vec![Commit { number: 1, links, ..Commit::default() }]).await.unwrap();
    store.intend(vec![intent(2)]).await.unwrap();
    for (id, minutes, ending) in [("a", 0, Some("done")), ("b", 1, Some("failed")), ("c", 2, None)] {
        store.start_run(id, "tickets", noon(minutes)).await.unwrap();
        if let Some(ending) = ending {
            let counts = serde_json::json!({"writes": 1});
            store.end_run(id, noon(minutes + 1), ending, &counts, None).await.unwrap();
        }
    }
    let status = store.status().await.unwrap();
    assert_eq!(status.links, BTreeMap::from([("live".to_owned(), 2)]));
    assert_eq!(status.unconfirmed, 1);
    assert_eq!((status.last_runs[0].id.as_str(), status.last_runs[0].outcome.as_str()), ("c", "running"));
    assert_eq!((status.last_successes[0].id.as_str(), status.last_successes[0].ended), ("a", Some(noon(1))));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// The file against a plain map, over any sequence of commits.
    #[test]
    fn the_state_holds_what_the_last_commits_said(
        steps in proptest::collection::vec((1i64..6, 0u8..3, 0u8..3, any::<bool>()), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = Store::in_memory().await.unwrap();
            let mut fingerprints = HashMap::new();
            let mut troubles = HashMap::new();
            let mut links = BTreeMap::new();
            for (round, (number, fingerprint, trouble, linked)) in steps.into_iter().enumerate() {
                let mut commit = Commit { number, ..Commit::default() };
                match fingerprint {
                    0 => {}
                    1 => {
                        commit.fingerprint = Some(None);
                        fingerprints.remove(&number);
                    }
                    _ => {
                        commit.fingerprint = Some(Some(round.to_string()));
                        fingerprints.insert(number, round.to_string());
                    }
                }
                match trouble {
                    0 => {}
                    1 => {
                        commit.attention = Some(None);
                        troubles.remove(&number);
                    }
                    _ => {
                        let attention = attention(number, Trouble::Waiting);
                        troubles.insert(number, attention.clone());
                        commit.attention = Some(Some(attention));
                    }
                }
                if linked {
                    let link = Link { etag: round.to_string(), ..link(number, 1) };
                    links.insert(number, link.clone());
                    commit.links.push(link);
                }
                store.commit(vec![commit]).await.unwrap();
            }
            assert_eq!(store.fingerprints().await.unwrap(), fingerprints);
            assert_eq!(store.attention().await.unwrap(), troubles);
            assert_eq!(store.links(&[1, 2, 3, 4, 5]).await.unwrap(), links.into_values().collect::<Vec<_>>());
        });
    }
}
