//! The processes of the driver: a few, each with one connection, since HFSQL's driver does one thing at a time and
//! may take its process down. One that crashed or hung is replaced, after a while that grows.

use super::wire::Ask;
use super::worker::Worker;
use crate::gateway::base::BaseError;
use crate::retry;
use secrecy::SecretString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Processes at most.
const PROCESSES: usize = 4;
/// HFSQL may take over a minute.
const CONNECT: Duration = Duration::from_secs(120);
/// A connection that was not used for so long is tried before it is.
const STALE: Duration = Duration::from_secs(10);
/// How long somebody who only wants to know waits.
const GLANCE: Duration = Duration::from_secs(5);

/// The processes, and what they are started with.
#[derive(Debug)]
pub(super) struct Pool {
    program: PathBuf,
    connection: SecretString,
    /// Whether the driver's transactions are relied on.
    transactions: bool,
    /// How long a statement may take.
    pub timeout: Duration,
    /// A table that every base has, by which a connection is tried.
    table: &'static str,
    places: Arc<Semaphore>,
    idle: Mutex<Vec<Worker>>,
    trouble: Mutex<Trouble>,
}

/// Connections that failed, one after the other.
#[derive(Debug, Default)]
struct Trouble {
    failures: u32,
    /// Not before, and why.
    pause: Option<(Instant, BaseError)>,
}

/// A process that is somebody's, and its place.
#[derive(Debug)]
pub(super) struct Lease {
    pool: Arc<Pool>,
    worker: Worker,
    _place: OwnedSemaphorePermit,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pool {
    pub(super) fn new(
        program: PathBuf,
        (connection, transactions): (SecretString, bool),
        timeout: Duration,
        table: &'static str,
    ) -> Arc<Self> {
        Arc::new(Self {
            program,
            connection,
            transactions,
            timeout,
            table,
            places: Arc::new(Semaphore::new(PROCESSES)),
            idle: Mutex::default(),
            trouble: Mutex::default(),
        })
    }

    /// A process with a connection that works.
    pub(super) async fn lease(self: &Arc<Self>) -> Result<Lease, BaseError> {
        self.lease_within(CONNECT).await
    }

    /// Whether there is one: said soon, whatever the driver does.
    pub(super) async fn glance(self: &Arc<Self>) -> Result<(), BaseError> {
        if self.places.available_permits() == 0 {
            // All are at work or connecting: what the last of them said counts.
            let pause = locked(&self.trouble).pause.clone();
            return pause.map_or(Ok(()), |(_, error)| Err(error));
        }
        self.lease_within(GLANCE).await?.give_back();
        Ok(())
    }

    async fn lease_within(self: &Arc<Self>, wait: Duration) -> Result<Lease, BaseError> {
        let place = tokio::time::timeout(wait.min(self.timeout), Arc::clone(&self.places).acquire_owned()).await;
        let Ok(Ok(place)) = place else { return Err(BaseError::Slow(self.timeout.as_secs())) };
        loop {
            let Some(mut worker) = locked(&self.idle).pop() else { break };
            if worker.used.elapsed() < STALE {
                return Ok(Lease { pool: Arc::clone(self), worker, _place: place });
            }
            let ask = Ask::Columns(vec![self.table.to_owned()]);
            if worker.ask(&ask, GLANCE.min(self.timeout), false).await.is_ok() && worker.sound {
                return Ok(Lease { pool: Arc::clone(self), worker, _place: place });
            }
        }
        if let Some((until, error)) = locked(&self.trouble).pause.clone()
            && until > Instant::now()
        {
            return Err(error);
        }
        // It goes on connecting when nobody waits any more: the next one finds it.
        let pool = Arc::clone(self);
        let (told, connected) = oneshot::channel();
        tokio::spawn(async move {
            let worker = Worker::connect(&pool.program, &pool.connection, pool.transactions, CONNECT).await;
            pool.note(worker.as_ref().err());
            let lease = worker.map(|worker| Lease { pool, worker, _place: place });
            if let Err(Ok(lease)) = told.send(lease) {
                lease.give_back();
            }
        });
        match tokio::time::timeout(wait, connected).await {
            Ok(Ok(lease)) => lease,
            _ => Err(BaseError::Unavailable("the driver is still connecting".to_owned())),
        }
    }

    /// Remembers how a connection went.
    fn note(&self, error: Option<&BaseError>) {
        let mut trouble = locked(&self.trouble);
        match error {
            None => *trouble = Trouble::default(),
            Some(error) => {
                trouble.failures += 1;
                let pause = retry::pause_after(trouble.failures);
                trouble.pause = Some((Instant::now() + pause, error.clone()));
            }
        }
    }
}

impl Lease {
    /// The process.
    pub(super) fn worker(&mut self) -> &mut Worker {
        &mut self.worker
    }

    /// Whether its driver keeps transactions.
    pub(super) fn keeps_transactions(&self) -> bool {
        self.worker.transactions
    }

    /// How long a statement may take.
    pub(super) fn timeout(&self) -> Duration {
        self.pool.timeout
    }

    /// Gives the process back, or ends it where it cannot be asked again.
    pub(super) fn give_back(self) {
        if self.worker.sound {
            locked(&self.pool.idle).push(self.worker);
        }
    }
}
