//! Lists, page after page.

use super::GatewayClient;
use crate::flows::reference::Asked;
use crate::gestan::contract::{ObjectRecord, Page};
use crate::gestan::error::GatewayError;
use crate::model::ObjectKind;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::de::DeserializeOwned;

impl GatewayClient {
    /// Every record of a list, page after page.
    pub(super) async fn all<T: DeserializeOwned>(&self, list: &str) -> Result<Vec<T>, GatewayError> {
        self.all_with(list, Vec::new()).await
    }

    pub(super) async fn all_with<T: DeserializeOwned>(
        &self,
        list: &str,
        query: Vec<(&str, &str)>,
    ) -> Result<Vec<T>, GatewayError> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let page: Page<T> = self.fetch(&page_path(list, LARGE, &query, cursor.as_deref())).await?;
            let empty = page.items.is_empty();
            items.extend(page.items);
            match page.next {
                // A cursor that does not move would never end.
                Some(next) if !empty && Some(&next) != cursor.as_ref() => cursor = Some(next),
                _ => return Ok(items),
            }
        }
    }

    /// One page of a list.
    pub(super) async fn page_of<T: DeserializeOwned>(
        &self,
        list: &str,
        asked: &Asked,
    ) -> Result<Page<T>, GatewayError> {
        let since = asked.changed_since.map(|since| since.to_rfc3339_opts(SecondsFormat::Secs, true));
        let query: Vec<(&str, &str)> = since.iter().map(|since| ("changed_since", since.as_str())).collect();
        self.fetch(&page_path(list, SMALL, &query, asked.cursor.as_deref())).await
    }

    /// The interventions or anomalies that were changed after a time, whoever made and changed them; with
    /// `linked_only` those of a ticket. Gestan stores local times, of which an hour comes twice a year: ask from
    /// a little before the newest that was seen.
    ///
    /// # Errors
    /// When the gateway or its base does not answer.
    pub async fn changed(
        &self,
        kind: ObjectKind,
        since: DateTime<Utc>,
        linked_only: bool,
    ) -> Result<Vec<ObjectRecord>, GatewayError> {
        let list = match kind {
            ObjectKind::Intervention => "interventions",
            ObjectKind::Anomaly => "anomalies",
        };
        let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
        let linked = linked_only.to_string();
        self.all_with(list, vec![("changed_since", since.as_str()), ("linked", linked.as_str())]).await
    }
}

/// Records of a page: of a list that is wanted whole, and of one that is gone through page by page.
const LARGE: u32 = 2_000;
const SMALL: u32 = 500;

fn page_path(list: &str, limit: u32, query: &[(&str, &str)], cursor: Option<&str>) -> String {
    let mut encoded = url::form_urlencoded::Serializer::new(String::new());
    encoded.append_pair("limit", &limit.to_string());
    encoded.extend_pairs(query);
    encoded.extend_pairs(cursor.map(|cursor| ("cursor", cursor)));
    format!("/v1/{list}?{}", encoded.finish())
}
