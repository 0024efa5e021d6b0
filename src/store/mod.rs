//! The state: an SQLite file that remembers links, agreed values, fingerprints, cursors, intents, the
//! journal and what is set aside. All SQL of the state is in this folder.

mod circuit;
mod documents;
mod error;
mod follow_up;
mod keeping;
mod links;
mod lock;
mod mail;
mod memory;
mod messages;
mod notify;
mod queries;
mod reference;

pub use circuit::Circuit;
pub use error::StoreError;
pub use keeping::StateCheck;
pub use lock::StateLock;
pub use messages::Message;
pub use notify::OutboxFilter;
pub use queries::{JournalFilter, OfClient, RunRow, StatusReport, WritingRun};

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Pool, Sqlite, Transaction};
use std::path::{Path, PathBuf};
use std::time::Duration;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// How long a command waits for the service to finish a commit.
const BUSY: Duration = Duration::from_secs(10);

/// The state of one site.
#[derive(Debug, Clone)]
pub struct Store {
    path: PathBuf,
    pool: Pool<Sqlite>,
}

impl Store {
    /// Opens the state for work; creates it, and brings an older one up to date.
    ///
    /// # Errors
    /// When the file cannot be created, read or written, is no state, or was written by a newer program.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        create_private(path, true)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            // What was acknowledged must survive a power cut, not only a kill.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY);
        let this = Self::connect(path, options).await?;
        MIGRATIONS.run(&this.pool).await.map_err(|error| this.migration_error(error))?;
        Ok(this)
    }

    /// Opens the state to look at it: nothing is created or brought up to date.
    ///
    /// # Errors
    /// When the file is missing or unreadable, or its structure is not the one this program knows.
    pub async fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        let (this, found) = Self::open_versioned(path).await?;
        if found < known_version() { Err(StoreError::Older { path: path.to_owned() }) } else { Ok(this) }
    }

    /// Opens a copy to look at it, an older one too.
    ///
    /// # Errors
    /// When the file is missing or unreadable, is no state, or was written by a newer program.
    pub async fn open_any(path: &Path) -> Result<Self, StoreError> {
        Ok(Self::open_versioned(path).await?.0)
    }

    /// A state that is only read, with the version of its structure.
    async fn open_versioned(path: &Path) -> Result<(Self, i64), StoreError> {
        if !path.exists() {
            return Err(StoreError::Missing { path: path.to_owned() });
        }
        let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY);
        let this = Self::connect(path, options).await?;
        let (found, known) = (this.schema_version().await?, known_version());
        if found > known { Err(StoreError::Newer { path: path.to_owned(), found, known }) } else { Ok((this, found)) }
    }

    /// An empty state that is gone with the process: for a look at a site that has none yet.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub async fn in_memory() -> Result<Self, StoreError> {
        let path = Path::new("(memory)");
        let this = Self::connect(path, SqliteConnectOptions::new().in_memory(true)).await?;
        MIGRATIONS.run(&this.pool).await.map_err(|error| this.migration_error(error))?;
        Ok(this)
    }

    /// Copies the state, as it is at one instant, into a new file.
    ///
    /// # Errors
    /// When the file exists, or cannot be written.
    pub async fn copy_to(&self, target: &Path) -> Result<(), StoreError> {
        let query = sqlx::query("VACUUM INTO ?").bind(target.to_string_lossy().into_owned());
        self.done(query.execute(&self.pool).await).map(|_| ())
    }

    async fn connect(path: &Path, options: SqliteConnectOptions) -> Result<Self, StoreError> {
        // One connection: SQLite has one writer, and the reads here are bulk loads.
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(Duration::from_secs(30))
            .connect_with(options)
            .await
            .map_err(|error| StoreError::from_sqlx(path, error))?;
        Ok(Self { path: path.to_owned(), pool })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the lock that keeps a second connector away from this state.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process holds it.
    pub fn lock(&self) -> Result<StateLock, StoreError> {
        StateLock::take(&self.path)
    }

    /// Moves the write-ahead log into the file.
    ///
    /// # Errors
    /// When the disk refuses.
    pub async fn checkpoint(&self) -> Result<(), StoreError> {
        self.done(sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&self.pool).await).map(|_| ())
    }

    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        // A deferred transaction that turns into a writer fails at once when another writer was faster.
        self.done(self.pool.begin_with("BEGIN IMMEDIATE").await)
    }

    fn done<T>(&self, result: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        result.map_err(|error| StoreError::from_sqlx(&self.path, error))
    }

    async fn schema_version(&self) -> Result<i64, StoreError> {
        let sql = "SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations WHERE success";
        match sqlx::query_scalar(sql).fetch_one(&self.pool).await {
            Ok(version) => Ok(version),
            // A database without that table is somebody else's, or a state that was never finished.
            Err(sqlx::Error::Database(error)) if error.message().contains("no such table") => {
                Err(StoreError::NotAState { path: self.path.clone(), message: "it has no version".to_owned() })
            }
            Err(error) => Err(StoreError::from_sqlx(&self.path, error)),
        }
    }

    fn migration_error(&self, error: MigrateError) -> StoreError {
        let known = known_version();
        match error {
            MigrateError::VersionMissing(found) | MigrateError::VersionTooNew(found, _) => {
                StoreError::Newer { path: self.path.clone(), found, known }
            }
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                StoreError::from_sqlx(&self.path, error)
            }
            other => StoreError::NotAState { path: self.path.clone(), message: other.to_string() },
        }
    }
}

/// The structure that this program knows.
fn known_version() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// The state names clients and technicians: only its owner may read it. `in_place`: it is the state itself, the service's.
fn create_private(path: &Path, in_place: bool) -> Result<(), StoreError> {
    if path.exists() {
        return Ok(());
    }
    let io = |source| StoreError::File { path: path.to_owned(), source };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(io)?;
    }
    if in_place {
        return crate::private::make_for_folder(path).map_err(io);
    }
    crate::private::options().write(true).create(true).truncate(false).open(path).map_err(io)?;
    Ok(())
}

#[cfg(test)]
mod tests;
