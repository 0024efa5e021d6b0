//! The clock of the service: a tick a second from the scheduler crate, what is due by it, and what is said when the
//! machine's clock was set or the machine slept.

use super::flow::Flow;
use super::voice::lasted;
use crate::config::Schedule;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

/// How far the two clocks may drift apart between two ticks before it is told.
const JUMP: TimeDelta = TimeDelta::seconds(30);

/// Both clocks of the machine at one moment: the one that people set, and the one that only counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub wall: DateTime<Utc>,
    pub steady: Instant,
}

impl Moment {
    pub(super) fn now() -> Self {
        Self { wall: Utc::now(), steady: Instant::now() }
    }

    /// How far the wall clock was set since then (negative: back), a machine that slept included.
    fn jump_since(self, before: Self) -> Option<TimeDelta> {
        let steady = TimeDelta::from_std(self.steady.saturating_duration_since(before.steady)).unwrap_or_default();
        let jump = (self.wall - before.wall) - steady;
        (jump.abs() >= JUMP).then_some(jump)
    }
}

/// A jump as people are told of it.
pub(super) fn jump_sentence(jump: TimeDelta) -> String {
    if jump < TimeDelta::zero() {
        format!("the machine's clock was set back by {}: schedules go on from here", lasted(-jump))
    } else {
        format!(
            "the machine's clock went forward by {} (it was set, or the machine was asleep): what was due meanwhile is done once",
            lasted(jump)
        )
    }
}

/// Ticks once a second for as long as it lives.
pub(super) struct Ticker {
    scheduler: JobScheduler,
    ticks: watch::Receiver<u64>,
    /// What the others wait for.
    beat: watch::Sender<u64>,
    last: Moment,
}

impl Ticker {
    /// Starts ticking.
    ///
    /// The scheduler crate lets runs overlap, knows no change of summer time and does not wait for anything: so it
    /// gives the beat, and nothing else.
    pub(super) async fn start() -> Result<Self, JobSchedulerError> {
        let scheduler = JobScheduler::new().await?;
        let (sender, ticks) = watch::channel(0u64);
        let tick = Job::new("* * * * * *", move |_, _| {
            sender.send_modify(|count| *count = count.wrapping_add(1));
        })?;
        scheduler.add(tick).await?;
        scheduler.start().await?;
        Ok(Self { scheduler, ticks, beat: watch::Sender::new(0), last: Moment::now() })
    }

    /// Ticks for somebody else to wait for; they come for as long as [`Self::tick`] is called.
    pub(super) fn ticks(&self) -> watch::Receiver<u64> {
        self.beat.subscribe()
    }

    /// Waits for a tick, and passes it on; says how far the machine's clock jumped since the last one.
    pub(super) async fn tick(&mut self) -> Option<TimeDelta> {
        // The crate goes by the clock on the wall: where that is set back an hour, it is silent for an hour, which the
        // service must not be.
        let patience = self.last.steady + Duration::from_secs(2);
        let _ = tokio::time::timeout_at(patience.into(), self.ticks.changed()).await;
        self.beat.send_modify(|count| *count = count.wrapping_add(1));
        let now = Moment::now();
        let jump = now.jump_since(self.last);
        self.last = now;
        jump
    }

    pub(super) async fn stop(mut self) {
        let _ = self.scheduler.shutdown().await;
    }
}

/// When each flow is to make its next pass.
#[derive(Debug, Default)]
pub(super) struct Due {
    flows: HashMap<Flow, Next>,
}

/// The next pass of a flow, by the schedule that was in force.
#[derive(Debug, Clone)]
struct Next {
    schedule: Schedule,
    zone: Tz,
    at: At,
}

#[derive(Debug, Clone, Copy)]
enum At {
    /// By the clock that only counts: an interval is not shortened or stretched by setting the other.
    Steady(Instant),
    /// By the clock on the wall; `set` is when that was worked out.
    Wall {
        at: DateTime<Utc>,
        set: DateTime<Utc>,
    },
    Never,
}

impl Due {
    /// Whether a flow is due. A flow that was never asked about is, where it has an interval.
    pub(super) fn is_due(&mut self, flow: Flow, schedule: &Schedule, zone: Tz, now: Moment) -> bool {
        let known = self.flows.get(&flow).filter(|next| next.schedule == *schedule && next.zone == zone);
        let at = match known.map(|next| next.at) {
            // The clock was set back: a time that is now hours away would be waited for twice.
            Some(At::Wall { set, .. }) if now.wall < set => self.plan(flow, schedule, zone, now, Duration::ZERO),
            Some(at) => at,
            None if schedule.interval().is_some() => return true,
            None => self.plan(flow, schedule, zone, now, Duration::ZERO),
        };
        match at {
            At::Steady(at) => now.steady >= at,
            At::Wall { at, .. } => now.wall >= at,
            At::Never => false,
        }
    }

    /// A pass begins now: plans the next one. Those that were missed meanwhile are one.
    pub(super) fn begins(&mut self, flow: Flow, schedule: &Schedule, zone: Tz, now: Moment, jitter: Duration) {
        self.plan(flow, schedule, zone, now, jitter);
    }

    fn plan(&mut self, flow: Flow, schedule: &Schedule, zone: Tz, now: Moment, jitter: Duration) -> At {
        let at = match schedule.interval() {
            Some(interval) => At::Steady(now.steady + interval + jitter),
            None => schedule.next(now.wall, zone).map_or(At::Never, |at| At::Wall {
                at: at + TimeDelta::from_std(jitter).unwrap_or_default(),
                set: now.wall,
            }),
        };
        self.flows.insert(flow, Next { schedule: schedule.clone(), zone, at });
        at
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const PARIS: Tz = chrono_tz::Europe::Paris;

    struct Clocks(Moment);

    impl Clocks {
        fn at(wall: &str) -> Self {
            Self(Moment { wall: wall.parse().unwrap(), steady: Instant::now() + Duration::from_secs(100_000) })
        }

        fn pass(&mut self, seconds: u64) {
            self.0.steady += Duration::from_secs(seconds);
            self.0.wall += TimeDelta::seconds(i64::try_from(seconds).unwrap());
        }
    }

    /// How often a flow is due within so many seconds, each pass taking `takes`.
    fn runs(due: &mut Due, text: &str, clocks: &mut Clocks, seconds: u64, takes: u64) -> usize {
        let schedule = Schedule::new(text).unwrap();
        let mut runs = 0;
        let end = clocks.0.steady + Duration::from_secs(seconds);
        while clocks.0.steady < end {
            if due.is_due(Flow::Tickets, &schedule, PARIS, clocks.0) {
                due.begins(Flow::Tickets, &schedule, PARIS, clocks.0, Duration::ZERO);
                runs += 1;
                clocks.pass(takes);
            }
            clocks.pass(1);
        }
        runs
    }

    #[test]
    fn an_interval_is_counted_from_beginning_to_beginning_and_missed_runs_are_one() {
        let mut clocks = Clocks::at("2026-01-01T12:00:00Z");
        assert_eq!(runs(&mut Due::default(), "every 2 min", &mut clocks, 600, 0), 5);
        // Passes of five minutes: the next one begins at once, and none is made up for.
        assert_eq!(runs(&mut Due::default(), "every 2 min", &mut clocks, 3000, 300), 10);
    }

    #[test]
    fn setting_the_clock_an_hour_either_way_neither_loses_nor_repeats_passes() {
        for hours in [-1, 1] {
            let mut clocks = Clocks::at("2026-01-01T12:00:30Z");
            let mut due = Due::default();
            assert_eq!(runs(&mut due, "every 2 min", &mut clocks, 600, 0), 5);
            clocks.0.wall += TimeDelta::hours(hours);
            assert_eq!(runs(&mut due, "every 2 min", &mut clocks, 600, 0), 5, "an interval takes no notice");
            let mut due = Due::default();
            assert_eq!(runs(&mut due, "*/10 * * * *", &mut clocks, 3600, 0), 6);
            clocks.0.wall += TimeDelta::hours(hours);
            let after = runs(&mut due, "*/10 * * * *", &mut clocks, 3600, 0);
            assert!((6..=7).contains(&after), "{hours} h: {after}");
        }
    }

    #[test]
    fn a_night_asleep_is_made_up_for_once() {
        let mut clocks = Clocks::at("2026-01-01T20:00:00Z");
        let mut due = Due::default();
        assert_eq!(runs(&mut due, "*/10 * * * *", &mut clocks, 60, 0), 0, "a cron expression waits for its first time");
        clocks.0.wall += TimeDelta::hours(12);
        assert_eq!(runs(&mut due, "*/10 * * * *", &mut clocks, 60, 0), 1);
    }

    #[test]
    fn a_changed_schedule_counts_at_once() {
        let mut clocks = Clocks::at("2026-01-01T20:00:00Z");
        let mut due = Due::default();
        assert_eq!(runs(&mut due, "every 12 h", &mut clocks, 100, 0), 1);
        assert_eq!(runs(&mut due, "every 10 s", &mut clocks, 100, 0), 10);
    }

    #[test]
    fn a_jump_is_told_and_a_steady_clock_is_not() {
        let before = Moment::now();
        let later = |wall: i64, steady: u64| Moment {
            wall: before.wall + TimeDelta::seconds(wall),
            steady: before.steady + Duration::from_secs(steady),
        };
        assert_eq!(later(5, 5).jump_since(before), None);
        assert_eq!(later(3601, 1).jump_since(before), Some(TimeDelta::hours(1)));
        assert!(jump_sentence(later(3601, 1).jump_since(before).unwrap()).contains("forward by 60 min"));
        assert!(jump_sentence(later(-3599, 1).jump_since(before).unwrap()).contains("back by 60 min"));
    }
}
