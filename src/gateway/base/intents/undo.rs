//! Undoing what was noted, the last first.

use super::super::{BaseError, Column, Condition, Select, SqlValue, Update};
use super::act::{self, Act, Spare};
use super::{DONE, Work};

impl Work {
    /// Undoes everything that was noted. Repeating it changes nothing.
    pub(super) async fn undo(&mut self) -> Result<(), BaseError> {
        for act in self.acts.clone().into_iter().rev() {
            match act {
                Act::Own { table, column, keys, blank } => {
                    for key in keys {
                        self.set_aside(&table, &column, key, &blank).await?;
                    }
                }
                Act::Added { table, column, after, says_who, blank } => {
                    let key = act::name(&column);
                    let mut filter = vec![Condition::Greater(key, SqlValue::Int(after))];
                    if says_who {
                        filter.push(Condition::Equals("USCRE", SqlValue::Text(self.intents.user.clone())));
                    }
                    let rows = self.inner.select(&Select::new(&table, &[Column::int(key)], filter)).await?;
                    for id in rows.iter().filter_map(|row| row.int(key)) {
                        tracing::warn!(
                            table,
                            id,
                            "a row was begun and not finished: the next one of its table takes its place"
                        );
                        let (table, column, blank) = (table.clone(), column.clone(), blank.clone());
                        self.keep(Spare { table, column, key: SqlValue::Int(id), blank });
                    }
                }
                Act::Changed { table, filter, before } => {
                    let (values, filter) = (act::values(&before), act::conditions(&filter));
                    self.inner.update(&Update { table, values, filter }).await?;
                }
                Act::Taken(spare) => {
                    let says_who = spare.blank.iter().any(|(column, _)| column == "USCRE");
                    if self.is_there(&spare, says_who).await? {
                        self.keep(spare);
                    }
                }
            }
        }
        self.acts.clear();
        self.say(DONE).await
    }

    /// Takes a row of the connector's own out of sight.
    async fn set_aside(&mut self, table: &str, column: &str, key: String, blank: &act::Named) -> Result<(), BaseError> {
        let column = act::name(column);
        let filter = vec![Condition::Equals(column, SqlValue::Text(key))];
        let found = self.inner.select(&Select::new(table, &[Column::text(column)], filter.clone())).await?;
        if found.is_empty() {
            return Ok(());
        }
        let aside = SqlValue::Text(format!("undone:{}", uuid::Uuid::now_v7()));
        let mut values = act::values(blank);
        for (name, value) in &mut values {
            if *name == column {
                *value = aside.clone();
            }
        }
        self.inner.update(&Update { table: table.to_owned(), values, filter }).await?;
        self.keep(Spare { table: table.to_owned(), column: column.to_owned(), key: aside, blank: blank.clone() });
        Ok(())
    }

    fn keep(&mut self, spare: Spare) {
        let is_it = |known: &Spare| known.is_of(&spare.table) && known.key == spare.key;
        if !self.held.spare.iter().any(is_it) {
            self.held.spare.push(spare);
        }
    }
}
