//! The state file: no room, no right to write, damaged, of another version.

use super::has_no_secret;
use crate::commands::run;
use crate::support::World;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection as _, Executor as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A world that the real program works on, with two tickets in step and two comments to be written.
struct Stage {
    world: World,
    config: PathBuf,
}

impl Stage {
    async fn new() -> Self {
        let mut world = World::new().await;
        world.tickets(2).await;
        world.pass().await;
        world.comments(2, "Nouveau").await;
        let config = world.config_file();
        world.site.store().checkpoint().await.unwrap();
        // The tests' own site lets go of the state, and keeps another.
        let aside = world.folder.path().join("aside.db");
        world.site.store().copy_to(&aside).await.unwrap();
        let world = world.altered("state.db", "aside.db").await;
        Self { world, config }
    }

    fn state(&self) -> PathBuf {
        self.world.state_path()
    }

    /// The program goes on once the state is well again, and both sides agree.
    async fn goes_on(mut self) {
        let (code, done, errors) = run(&self.config, &["sync"]).await;
        assert_eq!(code, 0, "{done}{errors}");
        self.world.holds_once("Nouveau").await;
        let (code, done, _) = run(&self.config, &["sync"]).await;
        assert!(code == 0 && done.starts_with("Nothing to do: both sides agree."), "{done}");
        let (_, status, _) = run(&self.config, &["status"]).await;
        assert!(status.contains("Nothing waits and nothing failed."), "{status}");
        assert_eq!(self.world.gestan().await.len(), 2);
    }
}

/// Runs the program in a shell: its exit code and all that it says.
async fn shell(script: &str, config: &Path) -> (i32, String) {
    let program = assert_cmd::cargo::cargo_bin("gestan-connector");
    let mut command = Command::new("sh");
    command.args(["-c", script]).env("PROGRAM", program).env("CONFIG", config);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    has_no_secret(&said);
    (output.status.code().unwrap_or(-1), said)
}

/// Whether this machine lets the tests mount something that only they see.
fn mounts() -> Option<&'static str> {
    ["unshare -m", "unshare -rm"].into_iter().find(|unshare| {
        let script = format!("{unshare} sh -c 'mount -t tmpfs none /mnt'");
        Command::new("sh").args(["-c", &script]).output().is_ok_and(|output| output.status.success())
    })
}

#[tokio::test]
async fn a_file_that_may_grow_no_more_stops_the_pass_and_the_next_one_goes_on() {
    let stage = Stage::new().await;
    // As a quota does: SQLite cannot add a page to its log.
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$PROGRAM\" --config \"$CONFIG\" sync";
    let (code, said) = shell(script, &stage.config).await;
    assert_eq!(code, 69, "{said}");
    assert!(
        said.contains("the disk of the state ") && said.contains("nothing is lost, the next pass goes on"),
        "{said}"
    );
    stage.goes_on().await;
}

#[tokio::test]
async fn a_disk_that_is_full_is_named_and_what_was_written_is_found_again() {
    let stage = Stage::new().await;
    let Some(unshare) = mounts() else {
        // Nothing can be mounted here: limits on the size of files are the nearest to it.
        for blocks in [0, 4, 70] {
            let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$PROGRAM\" --config \"$CONFIG\" sync");
            let (code, said) = shell(&script, &stage.config).await;
            assert!(code == 69 && said.contains("the disk of the state "), "{blocks}: {said}");
        }
        stage.goes_on().await;
        return;
    };
    // A small file system of the program's own, filled up once the state is there; the state is then
    // brought back from it, whatever became of it.
    let folder = stage.world.folder.path().to_path_buf();
    let full = folder.join("full");
    std::fs::create_dir(&full).unwrap();
    let text = std::fs::read_to_string(&stage.config).unwrap();
    let config = folder.join("full.toml");
    std::fs::write(&config, text.replace("state.db\"", "full/state.db\"")).unwrap();
    for left in [0, 8, 40, 48] {
        let script = format!(
            "{unshare} sh -c 'set -e; cd {folder}; mount -t tmpfs -o size=1m none full; cp state.db* full/; \
             touch full/state.db.lock; head -c 2000000 /dev/zero >full/rest 2>/dev/null || true; \
             truncate -s -{left}k full/rest; set +e; \"$PROGRAM\" --config \"$CONFIG\" sync; code=$?; \
             rm -f full/rest full/*.lock; rm -f state.db*; cp full/state.db* .; exit $code'",
            folder = folder.display(),
        );
        let (code, said) = shell(&script, &config).await;
        if code == 0 {
            assert!(left > 8, "{said}");
            continue;
        }
        assert_eq!(code, 69, "{left}: {said}");
        assert!(
            said.contains("the disk of the state ")
                && (said.contains("free some room") || said.contains("check its room"))
                && said.contains("nothing is lost"),
            "{said}"
        );
    }
    stage.goes_on().await;
}

#[tokio::test]
async fn a_state_that_may_not_be_written_is_told_with_what_to_do() {
    let stage = Stage::new().await;
    // Whoever runs the tests may be root, whom no mode of a file stops: not without that right.
    let folder = stage.world.folder.path().to_path_buf();
    let root = "[ \"$(id -u)\" = 0 ] && set -- setpriv --bounding-set=-dac_override,-dac_read_search";
    let limited = format!("{root} \"$PROGRAM\" || set -- \"$PROGRAM\"; \"$@\" --config \"$CONFIG\" ");
    let mode = |mode: &str, files: &str| {
        let script = format!("chmod {mode} {}/{files}", folder.display());
        let done = || Command::new("sh").args(["-c", &script]).status().unwrap().success();
        // A file of SQLite's that its last reader removes may be gone between the listing and the change.
        assert!((0..50).any(|_| done() || (std::thread::sleep(std::time::Duration::from_millis(20)), false).1));
    };
    mode("0444", "state.db*");
    let (code, said) = shell(&format!("{limited} sync"), &stage.config).await;
    assert_eq!(code, 78, "{said}");
    assert!(said.contains("state.db") && said.contains("check the folder, its owner and [state] path"), "{said}");
    // The lock can be taken and the file can be read.
    mode("0644", "state.db.lock");
    let (code, said) = shell(&format!("{limited} sync"), &stage.config).await;
    assert_eq!(code, 78, "{said}");
    assert!(said.contains("cannot be written: give its file and folder to the service's user"), "{said}");
    let (code, said) = shell(&format!("{limited} status"), &stage.config).await;
    assert!(code == 0 && said.contains("Linked tickets: 2 live"), "to look needs no right to write: {said}");
    mode("0644", "state.db*");
    stage.goes_on().await;
}

#[tokio::test]
async fn a_folder_that_is_not_there_and_cannot_be_made_is_a_mistake_in_the_configuration() {
    let stage = Stage::new().await;
    let text = std::fs::read_to_string(&stage.config).unwrap();
    let config = stage.world.folder.path().join("nowhere.toml");
    let path = stage.state().display().to_string();
    std::fs::write(&config, text.replace(&path, "/proc/nowhere/state.db")).unwrap();
    let (code, _, errors) = run(&config, &["sync"]).await;
    assert!(code == 78 && errors.contains("cannot open the state /proc/nowhere/state.db"), "{code} {errors}");
}

#[tokio::test]
async fn a_damaged_state_is_told_from_one_of_a_newer_version_and_none_is_written_over() {
    let stage = Stage::new().await;
    let good = std::fs::read(stage.state()).unwrap();
    let mut torn = good.clone();
    let middle = torn.len() / 2;
    torn[4096..middle].fill(0x5A);
    for (bytes, what) in [(b"this is a letter, not a state".repeat(400), "a letter"), (torn, "torn pages")] {
        std::fs::write(stage.state(), &bytes).unwrap();
        for arguments in [&["sync"][..], &["status"]] {
            let (code, said, errors) = run(&stage.config, arguments).await;
            assert_eq!(code, 78, "{what} {arguments:?}: {said}{errors}");
            assert!(
                errors.contains("is not a state of gestan-connector, or it is damaged (")
                    && errors.contains("state restore FILE"),
                "{what}: {errors}"
            );
        }
    }
    remove_log(&stage.state());
    std::fs::write(stage.state(), &good).unwrap();
    let mut base = SqliteConnection::connect(&format!("sqlite://{}", stage.state().display())).await.unwrap();
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', TRUE, x'00', 1)";
    base.execute(newer).await.unwrap();
    base.close().await.unwrap();
    for arguments in [&["sync"][..], &["status"], &["show", "1"], &["retry", "--all"]] {
        let (code, said, errors) = run(&stage.config, arguments).await;
        assert_eq!(code, 78, "{arguments:?}: {said}{errors}");
        assert!(errors.contains("was written by a newer gestan-connector (structure 9999"), "{errors}");
    }
    remove_log(&stage.state());
    std::fs::write(stage.state(), &good).unwrap();
    stage.goes_on().await;
}

fn remove_log(state: &Path) {
    for end in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", state.display()));
    }
}
