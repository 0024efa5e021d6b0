//! Minutes that nobody worked, and totals that do not add up.

use crate::support::World;
use gestan_connector::demo::help_desk::Comment;

#[tokio::test]
async fn the_minute_and_the_estimate_of_a_fresh_ticket_are_nobodys() {
    let mut world = World::new().await;
    let (paul, requester) = (world.paul, world.requester);
    let ticket = world.desk.open_as_technician(paul, requester, "Un", "<p>x</p>", Comment::default()).await.unwrap();
    let form = world.desk.form(ticket).await.unwrap();
    assert_eq!((form.number("time"), form.number("time_hope")), (1, 5));
    let plan = world.plan().await;
    let operation = plan.records[0].operation.as_ref().unwrap();
    for change in operation.changes.iter().filter(|change| ["time_spent", "load"].contains(&change.field.as_str())) {
        assert_eq!(change.to.to_string(), "0", "{}", change.field);
    }
    world.pass().await;
    assert!(!world.memo().await.contains("Temps passé"));
    world.desk.set_time(ticket, 5).await.unwrap();
    world.converge(&["1 update time_spent=5 head"]).await;
}

#[tokio::test]
async fn time_that_decreases_decreases() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.set_time(ticket, 480).await.unwrap();
    world.pass().await;
    world.desk.set_time(ticket, 60).await.unwrap();
    world.converge(&["1 update time_spent=60 head"]).await;
    world.desk.set_time(ticket, 0).await.unwrap();
    world.converge(&["1 update time_spent=0 head"]).await;
    assert!(!world.memo().await.contains("Temps passé"));
}

#[tokio::test]
async fn with_a_time_per_comment_the_sum_counts_and_what_gestsup_adds_to_it_does_not() {
    let mut world = World::new().await;
    world.desk.time_per_comment = true;
    let ticket = world.desk.open(world.requester, "Un", "<p>x</p>").await.unwrap();
    world.desk.set(ticket, "technician", &world.paul.to_string()).await.unwrap();
    world.desk.set_time(ticket, 0).await.unwrap();
    let step = world.desk.comment_with(ticket, world.paul, "<p>Diagnostic</p>", 60, false).await.unwrap();
    world.desk.comment_with(ticket, world.paul, "<p>Réparation</p>", 30, false).await.unwrap();
    world.pass().await;
    assert_eq!(world.only().await.time_spent, 90);
    // GestSup's own total is 90 + 10 after this, although 10 replaces 60.
    world.desk.edit_comment_with(step, "<p>Diagnostic</p>", 10).await.unwrap();
    assert_eq!(world.desk.form(ticket).await.unwrap().number("time"), 100);
    world.converge(&["1 update time_spent=40 head ~step"]).await;
    // A save without a comment adds the first choice of the list.
    let form = world.desk.form(ticket).await.unwrap();
    world.desk.save(Some(ticket), world.paul, form, Comment::default()).await.unwrap();
    assert_eq!(world.desk.form(ticket).await.unwrap().number("time"), 41);
    world.converge(&[]).await;
    // A deleted comment's minutes stay in GestSup's total until the next save.
    world.desk.delete_comment(step).await.unwrap();
    // What followed it follows the request now, and is called an answer.
    world.converge(&["1 update time_spent=30 head ~step -step"]).await;
}

#[tokio::test]
async fn what_was_spent_before_times_belonged_to_comments_counts_once_and_can_be_read_in_the_memo() {
    let mut world = World::new().await;
    let ticket = world.ticket("Un", "<p>x</p>").await;
    world.desk.set_time(ticket, 90).await.unwrap();
    world.pass().await;
    assert_eq!(world.only().await.time_spent, 90);
    world.desk.time_per_comment = true;
    world.desk.comment_with(ticket, world.paul, "<p>Suite</p>", 20, false).await.unwrap();
    world.converge(&["1 update status=in_progress time_spent=110 head +step +step +step"]).await;
    assert_eq!(world.only().await.time_spent, 110);
    let memo = world.memo().await;
    assert!(
        memo.contains("GestSup (information, 1 h 30)\nReport du temps passé, précédemment enregistré")
            && memo.contains("20 min)\nSuite")
            && memo.contains("Temps passé : 1 h 50"),
        "{memo}"
    );
}
