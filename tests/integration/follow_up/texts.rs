//! What a Gestan user types in a memo: new, corrected, taken out; on the ticket once, and never back in the memo.

use super::{ask, cycle, following, linked, quiet, steps, told};
use gestan_connector::gateway::memo::Memo;

#[tokio::test]
async fn what_is_typed_becomes_a_private_step_of_whoever_typed_it() {
    let mut world = following("", "").await;
    let (ticket, id) = linked(&mut world).await;
    world.erp.type_in_memo(id, "Client rappel\\'e9, <b>pi\\'e8ce</b> & c\\'e2ble").await.unwrap();
    world.erp.run(format!("UPDATE INTERVENTION SET USMOD = 'LRO' WHERE IDINTERVENTION = {id}")).await.unwrap();
    let report = cycle(&world).await;
    assert_eq!(told(&report), ["1 done follow: to GestSup: 1 new step"]);
    let text = "<p>Client rappelé, &lt;b&gt;pièce&lt;/b&gt; &amp; câble</p>";
    assert_eq!(steps(&world, ticket).await, [format!("0|{}|1|0|0|0|{text}", world.lea)]);
    assert_eq!(ask(&world, "userread, techread", "tincidents").await, ["1|0"], "the requester is told nothing");
    quiet(&mut world).await;
    assert_eq!(world.memo().await.matches("Client rappelé").count(), 1);
}

#[tokio::test]
async fn text_is_public_or_stays_in_gestan_where_that_is_configured() {
    let mut world = following("[follow_up.text]\ninterventions = \"public\"", "").await;
    let (ticket, id) = linked(&mut world).await;
    world.erp.type_in_memo(id, "Vu").await.unwrap();
    cycle(&world).await;
    assert_eq!(steps(&world, ticket).await, [format!("0|{}|0|0|0|0|<p>Vu</p>", world.paul)]);
    assert_eq!(ask(&world, "userread", "tincidents").await, ["0"]);
    let mut world = world.altered("interventions = \"public\"", "interventions = \"off\"").await;
    world.erp.retype(id, "LRO", "Vu", "Vu\\par \\par Autre").await.unwrap();
    cycle(&world).await;
    assert_eq!(steps(&world, ticket).await.len(), 1);
    quiet(&mut world).await;
}

#[tokio::test]
async fn a_corrected_paragraph_corrects_its_step_and_one_taken_out_leaves_it() {
    let mut world = following("", "").await;
    let (ticket, id) = linked(&mut world).await;
    world.erp.type_in_memo(id, "Cable a changer").await.unwrap();
    cycle(&world).await;
    let before = ask(&world, "id", "tthreads WHERE dest_mail LIKE 'gestan:%'").await;
    world.erp.retype(id, "LRO", "Cable a changer", "Cable change hier").await.unwrap();
    assert_eq!(told(&cycle(&world).await), ["1 done follow: to GestSup: 1 step corrected"]);
    assert_eq!(
        ask(&world, "id, text", "tthreads WHERE dest_mail LIKE 'gestan:%'").await,
        [format!("{}|<p>Cable change hier</p>", before[0])]
    );
    quiet(&mut world).await;
    world.erp.retype(id, "LRO", "Cable change hier", "").await.unwrap();
    let report = cycle(&world).await;
    assert_eq!(report.records.len(), 1);
    assert_eq!(report.records[0].code, "text-gone");
    assert_eq!(steps(&world, ticket).await.len(), 1);
    quiet(&mut world).await;
}

#[tokio::test]
async fn a_step_that_both_sides_changed_stays_as_each_left_it_and_is_told_once() {
    let mut world = following("", "").await;
    let (_, id) = linked(&mut world).await;
    world.erp.type_in_memo(id, "Cable a changer").await.unwrap();
    cycle(&world).await;
    world.desk.run("UPDATE tthreads SET text = '<p>Autre</p>' WHERE dest_mail LIKE 'gestan:%'").await.unwrap();
    world.erp.retype(id, "LRO", "Cable a changer", "Cable change").await.unwrap();
    let report = cycle(&world).await;
    assert_eq!(report.records.len(), 1);
    assert_eq!(report.records[0].code, "text-conflict");
    quiet(&mut world).await;
    world.desk.run("DELETE FROM tthreads WHERE dest_mail LIKE 'gestan:%'").await.unwrap();
    world.erp.retype(id, "LRO", "Cable change", "Cable rechange").await.unwrap();
    assert_eq!(cycle(&world).await.records[0].code, "text-conflict");
    quiet(&mut world).await;
}

#[tokio::test]
async fn a_comment_in_gestsup_and_text_in_gestan_pass_each_other_once() {
    let mut world = following("", "").await;
    let (ticket, id) = linked(&mut world).await;
    world.erp.type_in_memo(id, "Tape dans Gestan").await.unwrap();
    world.desk.comment(ticket, world.paul, "<p>Dit dans GestSup</p>").await.unwrap();
    cycle(&world).await;
    cycle(&world).await;
    let memo = world.memo().await;
    for text in ["Tape dans Gestan", "Dit dans GestSup"] {
        assert_eq!(memo.matches(text).count(), 1, "{memo}");
        assert_eq!(ask(&world, "id", &format!("tthreads WHERE text LIKE '%{text}%'")).await.len(), 1);
    }
    quiet(&mut world).await;
}

#[tokio::test]
async fn a_lost_state_sends_no_text_twice() {
    let mut world = following("number_step = true", "").await;
    let (ticket, id) = linked(&mut world).await;
    world.erp.type_in_memo(id, "Vu").await.unwrap();
    cycle(&world).await;
    let before = steps(&world, ticket).await;
    let path = world.state_path();
    let world = {
        let mut world = world;
        drop(std::mem::replace(&mut world.folder, tempfile::tempdir().unwrap()));
        let _ = path;
        world.reopen().await
    };
    let mut world = world;
    cycle(&world).await;
    cycle(&world).await;
    assert_eq!(steps(&world, ticket).await, before);
    world.erp.retype(id, "LRO", "Vu", "Vu et revu").await.unwrap();
    cycle(&world).await;
    let after = steps(&world, ticket).await;
    assert_eq!(after.len(), before.len());
    assert!(after.iter().any(|step| step.ends_with("<p>Vu et revu</p>")), "{after:#?}");
    assert!(Memo::parse(&world.only().await.memo).visible_text().contains("Vu et revu"));
    quiet(&mut world).await;
}
