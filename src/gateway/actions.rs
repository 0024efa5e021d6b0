//! Actions: what Gestan's users are to see of a ticket beside its intervention. Each has an id of its own, so that one that
//! is asked for twice is written once; one that was written is never changed.

use super::base::{Column, Condition, Insert, Select, SqlValue};
use super::columns::Values;
use super::extension::{not_installed, ticket_key};
use super::linking::nothing_there;
use super::memo::{Block, Memo};
use super::{Catalogue, Gateway, GatewayFault, cp1252, has};
use crate::failpoint::reached;
use crate::gestan::contract::{ActionPost, ActionState};
use crate::model::{Field, Line, ObjectKind, Value};

pub(super) const ACTION: &str = "ACTION";
/// Columns without which an action says nothing.
const NEEDED: [&str; 5] = ["IDACTION", "TYPACT", "LIB100", "COMMENTAIRE", "IDCONTACT"];
/// Characters of `LIB100`.
const LABEL: usize = 100;

impl Gateway {
    /// Whether actions can be written here.
    pub(super) fn acts(&self, catalogue: &Catalogue) -> bool {
        self.actions.is_some() && NEEDED.iter().all(|column| has(catalogue, ACTION, column))
    }

    /// Writes an action about a ticket; says whether it is new. Repeating it changes nothing.
    ///
    /// # Errors
    /// When actions are not configured, the ticket has no intervention or anomaly, or the base does not answer.
    pub async fn act(&self, post: &ActionPost) -> Result<(ActionState, bool), GatewayFault> {
        let catalogue = self.catalogue().await?;
        let Some(settings) = self.actions.as_ref().filter(|_| self.acts(&catalogue)) else {
            return Err(GatewayFault::Unsupported(
                "actions are not written here: set [gateway.actions] kind beside Gestan (the base needs the table ACTION)"
                    .to_owned(),
            ));
        };
        if post.id.is_empty() || post.id.len() > 120 || !post.id.chars().all(|c| c.is_ascii_graphic()) {
            return Err(GatewayFault::Invalid("the id of an action has 1 to 120 letters, digits and signs".to_owned()));
        }
        let table = self.extension.action_table().to_owned();
        let mut transaction = self.base.begin().await?;
        let by_id = vec![Condition::Equals("CC_ACTION", SqlValue::Text(post.id.clone()))];
        let select = Select { lock: true, ..Select::new(&table, &[Column::int("IDACTION")], by_id) };
        let known = transaction.select(&select).await.map_err(not_installed)?;
        if let Some(row) = known.first() {
            return Ok((ActionState { id: row.int("IDACTION").unwrap_or(0) }, false));
        }
        let found = self.find(&catalogue, transaction.as_mut(), &post.key, false).await?;
        let state = found.ok_or_else(|| nothing_there(&post.key, None))?.state;
        let number = |field: Field| match state.fields.get(&field) {
            Some(Value::Number(number)) => *number,
            _ => 0,
        };
        let user = match state.fields.get(&Field::Technician) {
            Some(Value::Text(code)) if !code.is_empty() => code.clone(),
            _ => self.user_code.clone(),
        };
        let at = self.local(post.at);
        let lines = post.text.lines().map(Line::plain).collect();
        let comment = Memo::of(self.memo, &[Block { key: "text".to_owned(), at: post.at, lines }]);
        let target = match state.kind {
            ObjectKind::Intervention => format!("INT{}", state.id),
            ObjectKind::Anomaly => String::new(),
        };
        let mut values: Values = vec![
            ("TYPACT", SqlValue::Int(settings.kind)),
            ("LIB100", SqlValue::Text(cp1252::clean(&post.title, LABEL))),
            ("COMMENTAIRE", SqlValue::Text(comment)),
            ("IDCONTACT", SqlValue::Int(number(Field::Client))),
            ("IDPROJET", SqlValue::Int(number(Field::Project))),
            ("IDTACHE", SqlValue::Int(number(Field::Task))),
            ("CDUSER", SqlValue::Text(user)),
            ("DT_AFAIRE", SqlValue::Date(at.date())),
            ("DTREAL", SqlValue::Date(at.date())),
            ("DH_REAL", SqlValue::DateTime(at)),
            ("CLE_PIECE_CIBLE", SqlValue::Text(target)),
            ("IARCHIVE", SqlValue::Int(0)),
        ];
        if let Some(status) = settings.status {
            values.push(("ST_ACTION", SqlValue::Int(status)));
        }
        let values = self.created(values).into_iter().filter(|(column, _)| has(&catalogue, ACTION, column)).collect();
        let made = transaction.insert(&Insert { table: ACTION.to_owned(), values, key: Some("IDACTION") }).await?;
        let id = made.unwrap_or(0);
        // Two that ask for the same at once meet at the UNIQUE index.
        let values = vec![
            ("CC_ACTION", SqlValue::Text(post.id.clone())),
            ("CC_TICKET", SqlValue::Text(ticket_key(&post.key))),
            ("IDACTION", SqlValue::Int(id)),
        ];
        transaction.insert(&Insert { table, values: self.created(values), key: None }).await.map_err(not_installed)?;
        reached("notify: before COMMIT of an action");
        transaction.commit().await?;
        reached("notify: after COMMIT of an action");
        Ok((ActionState { id }, true))
    }
}
