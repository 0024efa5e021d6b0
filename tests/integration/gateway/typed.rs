//! What people typed between the connector's paragraphs, and what else they change.

use super::{CREATE, Served, entry};
use serde_json::json;

#[tokio::test]
async fn what_people_typed_is_told_from_what_was_written_for_them() {
    let mut served = Served::new().await;
    let created = served.put(1, &CREATE, &served.new_intervention()).await;
    assert_eq!((&created.body["typed"], &created.body["modified_by"]), (&json!([]), &json!("GSC")));
    let id = created.body["id"].as_i64().unwrap();
    for line in ["Rappeler demain", "  avant midi ", "", "Clé sous le pot"] {
        served.erp.type_in_memo(id, line).await.unwrap();
    }
    let mut body = served.new_intervention();
    body["entries"] = json!([entry(2, "2026-03-02T09:00:00Z", "Réparé")]);
    let state = served.put(1, &[], &body).await.body;
    assert_eq!(state["typed"], json!(["Rappeler demain\navant midi", "Clé sous le pot"]), "{}", state["memo"]);
    // A paragraph that is written anew is ours in its older wording too, which an old window brings back.
    body["entries"] = json!([entry(2, "2026-03-02T09:00:00Z", "Réparé deux fois")]);
    served.put(1, &[], &body).await;
    served.erp.type_in_memo(id, "Étape 2").await.unwrap();
    served.erp.type_in_memo(id, "Réparé").await.unwrap();
    let state = served.put(1, &[], &json!({ "origin": body["origin"] })).await.body;
    assert_eq!(state["typed"], json!(["Rappeler demain\navant midi", "Clé sous le pot"]), "{}", state["memo"]);
}

#[tokio::test]
async fn minutes_that_people_correct_change_the_etag_and_nothing_else_does_it_for_them() {
    let mut served = Served::new().await;
    let created = served.put(1, &CREATE, &served.new_intervention()).await;
    assert_eq!(created.body["entries"]["step:1"]["minutes"], 5);
    served.erp.run("UPDATE Z90_STEP SET MINUTES = 20 WHERE CLE = 'step:1'").await.unwrap();
    let nothing = json!({ "origin": served.new_intervention()["origin"] });
    let state = served.put(1, &[], &nothing).await;
    assert_eq!(state.body["entries"]["step:1"]["minutes"], 20);
    assert_ne!(state.etag, created.etag);
    // The entry as it was written first takes the minutes back.
    let again = served.put(1, &[], &served.new_intervention()).await;
    assert_eq!((&again.body["entries"]["step:1"]["minutes"], &again.etag), (&json!(5), &created.etag));
}

#[tokio::test]
async fn satisfaction_contract_and_quantity_are_fields_like_the_others() {
    let served = Served::new().await;
    let mut body = served.new_intervention();
    body["fields"]["satisfaction"] = json!(4);
    body["fields"]["contract"] = json!("C-2026-17");
    body["fields"]["quantity"] = json!(90);
    let created = served.put(1, &CREATE, &body).await;
    let fields = &created.body["fields"];
    assert_eq!(
        (&fields["satisfaction"], &fields["contract"], &fields["quantity"]),
        (&json!(4), &json!("C-2026-17"), &json!(90)),
        "{}",
        created.body
    );
    assert_eq!(served.column("SELECT SATISFACTION_CLIENT AS v FROM Z83_INTERVENTION").await, ["4"]);
    assert_eq!(served.column("SELECT CONTRAT AS v FROM Z90_TICKET").await, ["C-2026-17"]);
    assert_eq!(served.column("SELECT USDEF_NUM AS v FROM INTERVENTION").await, ["90"]);
    body["fields"] = json!({ "satisfaction": null, "contract": null, "quantity": 0 });
    let emptied = served.put(1, &[], &body).await;
    let fields = &emptied.body["fields"];
    assert_eq!(
        (&fields["satisfaction"], &fields["contract"], &fields["quantity"]),
        (&json!(null), &json!(null), &json!(0))
    );
    assert_eq!(served.put(1, &[], &body).await.etag, emptied.etag);
    body["fields"] = json!({ "satisfaction": 500 });
    assert_eq!(served.put(1, &[], &body).await.problem(), "invalid");
}
