//! Anomalies: the same machinery for the other kind of sheet.

use super::{ANOMALY, CREATE, INTERVENTION, Served, entry};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn an_anomaly_fills_gestans_columns_and_reads_back_as_it_was_given() {
    let served = Served::new().await;
    let created = served.put_anomaly(1, &CREATE, &served.new_anomaly()).await;
    assert_eq!((created.status, &created.body["kind"]), (StatusCode::CREATED, &json!("anomaly")));
    let mut expected = served.new_anomaly()["fields"].clone();
    expected["title"] = json!("Écran noir au démarrage");
    assert_eq!(created.body["fields"], expected);
    assert_eq!(created.body["memo"], "Ticket n°1\nÉtape 1\nNoir");
    let row = served
        .column(
            "SELECT CONCAT_WS('|', LIB_ANOMALIE, DETECTE_PAR, US_TRT, US_RESP, ID2_TYPANOM, ST_ANOM, ITERMINE, PRIORITE, CRITICITE, \
             TRGCIBLE, DATE_FORMAT(DH_CONSTAT, '%Y-%m-%d %H:%i'), REF_EXTERNE, USCRE, USMOD, DHCRE = DHMOD, LEFT(OBSERVATIONS, 5)) AS v FROM ANOMALIE",
        )
        .await;
    assert_eq!(
        row,
        ["Écran noir au démarrage|Hélène|PDU|PDU|4|0|0|1|8|MNT1|2026-07-02 10:30|gestsup:1|GSC|GSC|1|{\\rtf"]
    );
    let links = served
        .column("SELECT CONCAT_WS('|', IDANOMALIE, COALESCE(IDINTERVENTION, 0), IDCONTACT) AS v FROM Z90_TICKET")
        .await;
    assert_eq!(links, [format!("1|0|{}", served.client)]);
}

#[tokio::test]
async fn repeating_an_anomaly_changes_nothing_and_a_change_touches_what_it_names() {
    let mut served = Served::new().await;
    served.put_anomaly(1, &CREATE, &served.new_anomaly()).await;
    let mut body = served.new_anomaly();
    body["fields"]["priority"] = json!(null);
    let unnamed = served.put_anomaly(1, &[], &body).await;
    assert_eq!((&unnamed.body["fields"]["priority"], unnamed.status), (&json!(null), StatusCode::OK));
    let created = served.put_anomaly(1, &[], &served.new_anomaly()).await;
    served.erp.run("UPDATE ANOMALIE SET DHMOD = '2020-01-01 00:00:00'").await.unwrap();
    let again = served.put_anomaly(1, &[], &served.new_anomaly()).await;
    assert_eq!((again.status, &again.etag), (StatusCode::OK, &created.etag));
    assert_eq!(served.column("SELECT YEAR(DHMOD) AS v FROM ANOMALIE").await, ["2020"]);
    let mut body = served.new_anomaly();
    body["fields"] =
        json!({ "machine": null, "status": "done", "resolved_at": "2026-07-03T08:00:00Z", "responsible": null });
    body["entries"] = json!([entry(2, "2026-03-02T09:00:00Z", "Réparé")]);
    let done = served.put_anomaly(1, &[("if-match", created.etag.as_deref().unwrap())], &body).await;
    assert_eq!((done.status, &done.body["fields"]["client"]), (StatusCode::OK, &json!(served.client)));
    assert!(done.body["memo"].as_str().unwrap().ends_with("Étape 2\nRéparé"));
    let row = served
        .column("SELECT CONCAT_WS('|', TRGCIBLE, ST_ANOM, ITERMINE, US_RESP, DH_RESOLUTION) AS v FROM ANOMALIE")
        .await;
    assert_eq!(row, [format!("CTC{}|2|1||2026-07-03 10:00:00.000", served.client)]);
    body["fields"] = json!({ "status": "in_progress" });
    served.put_anomaly(1, &[], &body).await;
    assert_eq!(served.column("SELECT ITERMINE AS v FROM ANOMALIE").await, ["0"], "it goes on");
    let stale = served.put_anomaly(1, &[("if-match", created.etag.as_deref().unwrap())], &body).await;
    assert_eq!((stale.status, stale.problem()), (StatusCode::PRECONDITION_FAILED, "precondition-failed"));
}

#[tokio::test]
async fn an_anomaly_without_a_machine_points_at_its_client_which_stays() {
    let mut served = Served::new().await;
    let mut body = served.new_anomaly();
    body["fields"].as_object_mut().unwrap().remove("machine");
    let created = served.put_anomaly(1, &CREATE, &body).await;
    assert_eq!((&created.body["fields"]["machine"], created.status), (&Value::Null, StatusCode::CREATED));
    assert_eq!(served.column("SELECT TRGCIBLE AS v FROM ANOMALIE").await, [format!("CTC{}", served.client)]);
    let other = served.erp.client("Autre", "").await.unwrap();
    body["fields"] = json!({ "client": other });
    let moved = served.put_anomaly(1, &[], &body).await;
    assert!(moved.body["detail"].as_str().unwrap().contains("client of an anomaly cannot change"), "{}", moved.body);
    served.erp.run("UPDATE ANOMALIE SET TRGCIBLE = 'PRJ9'").await.unwrap();
    let got = served.call(Method::GET, "/v1/tickets/gestsup/1/1/anomaly", ANOMALY, &[], None).await;
    assert_eq!(got.body["fields"]["client"], json!(served.client), "whatever people let it point at");
}

#[tokio::test]
async fn what_a_ticket_became_it_stays() {
    let served = Served::new().await;
    served.put_anomaly(1, &CREATE, &served.new_anomaly()).await;
    served.put(2, &CREATE, &served.new_intervention()).await;
    let mut other = served.new_intervention();
    other["kind"] = json!("intervention");
    for headers in [&CREATE[..], &[]] {
        let refused = served.put(1, headers, &other).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::CONFLICT, "other-kind"), "{}", refused.body);
        let refused = served.put_anomaly(2, headers, &served.new_anomaly()).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::CONFLICT, "other-kind"));
    }
    let refused = served.call(Method::GET, "/v1/tickets/gestsup/1/1/intervention", INTERVENTION, &[], None).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let contradicts = served.put_anomaly(3, &CREATE, &other).await;
    assert_eq!((contradicts.status, contradicts.problem()), (StatusCode::BAD_REQUEST, "bad-request"));
    assert_eq!(served.column("SELECT COUNT(*) AS v FROM Z90_TICKET").await, ["2"]);
}

#[tokio::test]
async fn a_value_that_an_anomaly_cannot_hold_names_the_field_and_writes_nothing() {
    let mut served = Served::new().await;
    served.erp.run("INSERT INTO MACHINE_MNT (IDMACHINE, CD_MACHINE) VALUES (123456789, 'M9')").await.unwrap();
    for (field, value, says) in [
        ("client", json!(999), "Gestan has no client “999”"),
        ("responsible", json!("XXX"), "Gestan has no user “XXX”"),
        ("machine", json!(77), "Gestan has no machine “77”"),
        ("machine", json!(123_456_789), "has more than the 11 characters"),
        ("anomaly_type", json!("inconnu"), "[gateway.codes.anomaly_type]"),
        ("priority", json!("normale"), "[gateway.codes.anomaly_priority]"),
        ("status", json!("to_bill"), "[gateway.codes.anomaly_status]"),
        ("reference", json!("x".repeat(26)), "has more than the 25 characters"),
        ("title", Value::Null, "a new anomaly needs its title"),
    ] {
        let mut body = served.new_anomaly();
        body["fields"][field] = value;
        let answer = served.put_anomaly(5, &CREATE, &body).await;
        let detail = answer.body["detail"].as_str().unwrap();
        assert_eq!((answer.status, answer.problem()), (StatusCode::UNPROCESSABLE_ENTITY, "invalid"), "{detail}");
        assert!(detail.contains(says), "{detail}");
    }
    assert_eq!(served.column("SELECT COUNT(*) AS v FROM ANOMALIE").await, ["0"]);
}

#[tokio::test]
async fn anomalies_and_interventions_of_a_batch_are_written_together() {
    let served = Served::new().await;
    let item = |number: i64, body: Value| json!({ "key": { "source": "gestsup", "number": number, "sequence": 1 }, "precondition": "absent", "object": body });
    let mut items: Vec<Value> = (1..=30)
        .map(|number| {
            let mut body = if number % 2 == 0 { served.new_anomaly() } else { served.new_intervention() };
            body["fields"]["title"] = json!(format!("N° {number}"));
            item(number, body)
        })
        .collect();
    items[3]["object"]["fields"]["responsible"] = json!("XXX");
    let body = json!({ "items": items });
    let answer = served.call(Method::POST, "/v1/tickets:batch", "/v1/tickets:batch", &[], Some(&body)).await;
    for (index, result) in answer.body["results"].as_array().unwrap().iter().enumerate() {
        let state = &result["ok"];
        assert_eq!(state.is_object(), index != 3, "{result}");
        if index != 3 {
            let kind = if index % 2 == 1 { "anomaly" } else { "intervention" };
            assert_eq!(
                (&state["kind"], &state["fields"]["title"]),
                (&json!(kind), &json!(format!("N° {}", index + 1)))
            );
        }
    }
    assert_eq!(
        served.column("SELECT COUNT(*) AS v FROM ANOMALIE UNION ALL SELECT COUNT(*) FROM INTERVENTION").await,
        ["14", "15"]
    );
    let puts = (0..6).map(|_| async { served.put_anomaly(99, &CREATE, &served.new_anomaly()).await.status });
    let answers = futures::future::join_all(puts).await;
    assert_eq!(answers.iter().filter(|status| **status == StatusCode::CREATED).count(), 1, "{answers:?}");
    assert_eq!(served.column("SELECT COUNT(*) AS v FROM ANOMALIE").await, ["15"]);
}

#[tokio::test]
async fn a_base_without_anomalies_refuses_them_in_a_sentence_and_goes_on_with_the_rest() {
    let mut served = Served::new().await;
    let linked = served.put_anomaly(7, &CREATE, &served.new_anomaly()).await;
    served.erp.run("DROP TABLE ANOMALIE").await.unwrap();
    let capabilities = served.get("/v1/capabilities").await.body;
    assert_eq!(capabilities["anomaly_fields"], json!([]));
    assert!(capabilities["missing"].as_array().unwrap().contains(&json!("ANOMALIE")));
    let refused = served.put_anomaly(1, &CREATE, &served.new_anomaly()).await;
    assert_eq!((refused.status.as_u16(), refused.problem()), (501, "unsupported"));
    assert!(refused.body["detail"].as_str().unwrap().contains("it lacks ANOMALIE"), "{}", refused.body);
    let created = served.put(1, &CREATE, &served.new_intervention()).await;
    assert_eq!(created.status, StatusCode::CREATED);
    let key = |number: i64| json!({ "source": "gestsup", "number": number, "sequence": 1 });
    let states = json!({ "items": [{ "key": key(7), "etag": linked.body["etag"] }, { "key": key(1), "etag": created.body["etag"] }] });
    let answer = served.call(Method::POST, "/v1/tickets:states", "/v1/tickets:states", &[], Some(&states)).await;
    assert_eq!(answer.body["results"][0]["problem"]["status"], 501, "it was not deleted: {}", answer.body);
    assert_eq!(answer.body["results"][1], "unchanged");
    assert_eq!(served.get("/v1/anomalies").await.body["items"], json!([]));
}
