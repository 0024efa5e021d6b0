//! GestSup's lists of companies, people and equipment: read, and written as its own pages would.

mod columns;
pub(super) mod fitting;
mod pen;
mod rights;
mod visibility;
mod write;

pub use rights::reference_need;

use super::{Gestsup, GestsupError};
use crate::flows::PortError;
use crate::flows::reference::{Register, RegisterPen};
use async_trait::async_trait;
use columns::Columns;
use pen::GestsupRegister;
use sqlx::Executor as _;

/// As strict as GestSup's tables allow: zero dates are its way to say none.
const SQL_MODE: &str = "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'";
/// Seconds that we wait for a row that somebody in GestSup is just saving.
const LOCK_WAIT: &str = "SET SESSION innodb_lock_wait_timeout = 5";

#[async_trait]
impl Register for Gestsup {
    async fn register(&self) -> Result<Box<dyn RegisterPen>, PortError> {
        Ok(Box::new(self.open_register().await?))
    }
}

impl Gestsup {
    async fn open_register(&self) -> Result<GestsupRegister, GestsupError> {
        let mut connection = self.connect().await?;
        for setting in [SQL_MODE, LOCK_WAIT, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"] {
            self.within(connection.execute(setting)).await?;
        }
        let columns = Columns::read(self, &mut connection).await?;
        Ok(GestsupRegister::new(self.clone(), connection, columns))
    }
}
