//! The one place that knows the `backoff` crate. It is unmaintained (RUSTSEC-2025-0012) and was asked
//! for all the same; what it does here is small, and this file is all that a replacement would touch.

use backoff::ExponentialBackoff;
use backoff::backoff::Backoff as _;
use std::future::Future;
use std::time::Duration;

/// How long to wait before a record's next attempt, after so many failed ones: about 10 s, then twice
/// as long each time, an hour at most, with some jitter so that records that failed together spread.
pub fn delay_after(attempts: u32) -> Duration {
    nth(schedule(Duration::from_secs(10), Duration::from_secs(3600), None), attempts)
}

/// How long to wait before something that failed so many times in a row is started again: a second, then twice as
/// long each time, a minute at most.
pub fn pause_after(failures: u32) -> Duration {
    nth(schedule(Duration::from_secs(1), Duration::from_secs(60), None), failures)
}

fn nth(mut schedule: ExponentialBackoff, attempts: u32) -> Duration {
    let mut delay = schedule.initial_interval;
    for _ in 0..attempts.clamp(1, 64) {
        delay = schedule.next_backoff().unwrap_or(schedule.max_interval);
    }
    delay
}

/// What an error says about another attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// It will not help.
    Never,
    /// It may help.
    Again,
    /// It may help after this long.
    After(Duration),
}

/// Repeats a short operation while its error says that it may pass, for some seconds in all.
///
/// # Errors
/// The last error of the operation.
pub async fn with_retries<T, E, F, Fut>(hint: impl Fn(&E) -> Hint, mut operation: F) -> Result<T, E>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    let schedule = schedule(Duration::from_millis(100), Duration::from_secs(2), Some(Duration::from_secs(5)));
    backoff::future::retry(schedule, || {
        let attempt = operation();
        let hint = &hint;
        async move {
            attempt.await.map_err(|error| match hint(&error) {
                Hint::Never => backoff::Error::permanent(error),
                Hint::Again => backoff::Error::transient(error),
                Hint::After(delay) => backoff::Error::retry_after(error, delay),
            })
        }
    })
    .await
}

/// Every field is set: the crate's own default gives up after 15 minutes.
fn schedule(initial: Duration, max: Duration, in_all: Option<Duration>) -> ExponentialBackoff {
    ExponentialBackoff {
        current_interval: initial,
        initial_interval: initial,
        randomization_factor: 0.2,
        multiplier: 2.0,
        max_interval: max,
        max_elapsed_time: in_all,
        ..ExponentialBackoff::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn delays_grow_from_ten_seconds_to_an_hour() {
        let seconds = |attempts| delay_after(attempts).as_secs_f64();
        assert!((8.0..=12.0).contains(&seconds(1)), "{}", seconds(1));
        assert!((32.0..=48.0).contains(&seconds(3)), "{}", seconds(3));
        for attempts in [10, 20, 64, 1000] {
            assert!((2880.0..=4320.0).contains(&seconds(attempts)), "{attempts}: {}", seconds(attempts));
        }
    }

    #[tokio::test]
    async fn an_error_that_may_pass_is_tried_again_and_a_permanent_one_is_not() {
        let calls = AtomicU32::new(0);
        let flaky = || async {
            match calls.fetch_add(1, Ordering::Relaxed) {
                0 | 1 => Err("busy"),
                _ => Ok("done"),
            }
        };
        let hint = |error: &&str| if *error == "busy" { Hint::After(Duration::from_millis(1)) } else { Hint::Never };
        assert_eq!(with_retries(hint, flaky).await, Ok("done"));
        let calls = AtomicU32::new(0);
        let wrong = || async {
            calls.fetch_add(1, Ordering::Relaxed);
            Err::<(), _>("wrong")
        };
        assert_eq!(with_retries(hint, wrong).await, Err("wrong"));
        assert_eq!(calls.load(Ordering::Relaxed), 1);
    }
}
