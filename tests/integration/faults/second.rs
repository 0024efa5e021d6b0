//! A second connector on the same help-desk.

use crate::commands::run;
use crate::support::World;

#[tokio::test]
async fn a_second_connector_is_turned_away_whatever_state_it_has() {
    let mut world = World::new().await;
    world.tickets(2).await;
    world.pass().await;
    world.comments(2, "Vu").await;
    let same = world.config_file();
    let copied = world.folder.path().join("copied.toml");
    // A machine that was cloned: a copy of the state, the same bases.
    world.site.store().copy_to(&world.folder.path().join("copy.db")).await.unwrap();
    std::fs::write(&copied, std::fs::read_to_string(&same).unwrap().replace("state.db", "copy.db")).unwrap();
    for arguments in [&["sync"][..], &["run"], &["sync", "--ticket", "1"], &["reconcile", "--fix"]] {
        let (code, said, errors) = run(&same, arguments).await;
        assert_eq!(code, 75, "{arguments:?} {said}{errors}");
        assert!(errors.contains("another gestan-connector (process ") && errors.contains("is at work on"), "{errors}");
    }
    // To look is allowed, and nobody is blamed for having been turned away.
    let (code, status, _) = run(&copied, &["status"]).await;
    assert!(code == 0 && status.contains("Nothing waits and nothing failed."), "{status}");
    assert_eq!(run(&copied, &["sync", "--dry-run"]).await.0, 0);
    for arguments in [&["sync"][..], &["run"]] {
        let (code, said, errors) = run(&copied, arguments).await;
        assert_eq!(code, 75, "{arguments:?} {said}{errors}");
        assert!(
            errors.contains("another gestan-connector works on this GestSup base, with a state of its own"),
            "{errors}"
        );
        super::has_no_secret(&errors);
    }
    world.converges(2).await;
    world.holds_once("Vu").await;
}
