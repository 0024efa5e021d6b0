//! Links between Gestan's records and GestSup's rows.

use super::{REFERENCE_LINKS, Served};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

async fn put(served: &Served, path: &str, items: Value) -> (StatusCode, Value) {
    let answer = served.call(Method::PUT, path, REFERENCE_LINKS, &[], Some(&json!({ "items": items }))).await;
    (answer.status, answer.body)
}

#[tokio::test]
async fn links_are_kept_by_source_and_kind_changed_forgotten_and_repeated_without_effect() {
    let served = Served::new().await;
    let path = "/v1/reference-links/gestsup/client";
    let first = json!([{"gestan": "1", "gestsup": 10}, {"gestan": "2", "gestsup": 20}, {"gestan": "3", "gestsup": 30}]);
    assert_eq!(put(&served, path, first.clone()).await, (StatusCode::OK, json!({"written": 3})));
    assert_eq!(put(&served, path, first).await.1, json!({"written": 0}), "repeated");
    put(&served, "/v1/reference-links/other/client", json!([{"gestan": "1", "gestsup": 99}])).await;
    put(&served, "/v1/reference-links/gestsup/project", json!([{"gestan": "1/2", "gestsup": 5}])).await;
    let changed =
        json!([{"gestan": "2", "gestsup": 21}, {"gestan": "3", "gestsup": null}, {"gestan": "4", "gestsup": null}]);
    assert_eq!(put(&served, path, changed).await.1, json!({"written": 2}));
    let mut seen = Vec::new();
    let mut address = format!("{path}?limit=1");
    loop {
        let page = served.call(Method::GET, &address, REFERENCE_LINKS, &[], None).await.body;
        seen.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => address = format!("{path}?limit=1&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(json!(seen), json!([{"gestan": "1", "gestsup": 10}, {"gestan": "2", "gestsup": 21}]));
}

#[tokio::test]
async fn an_address_or_a_key_that_cannot_be_is_refused() {
    let served = Served::new().await;
    for path in ["/v1/reference-links/GestSup/client", "/v1/reference-links/gestsup/Client"] {
        assert_eq!(put(&served, path, json!([])).await.0, StatusCode::BAD_REQUEST, "{path}");
    }
    let long = json!([{"gestan": "x".repeat(31), "gestsup": 1}]);
    let answer = put(&served, "/v1/reference-links/gestsup/client", long).await;
    assert_eq!(answer.0, StatusCode::UNPROCESSABLE_ENTITY);
}
