//! Small charts: bars whose places and heights are computed here, drawn as SVG by a template. Attributes only, since the
//! page takes no styles but its own sheet.

use crate::daemon::activity::Sum;
use chrono::{Datelike as _, Days, Months, NaiveDate};
use serde::Serialize;

/// Days up to which each has a bar of its own; beyond, weeks have, then months.
const BY_DAY: i64 = 45;
const BY_WEEK: i64 = 300;
/// Bars at most, however long a period somebody asks for.
const MOST: usize = 240;
/// Size of the drawing, in its own units.
const WIDTH: i64 = 720;
const HEIGHT: i64 = 180;
const LEFT: i64 = 56;
const BOTTOM: i64 = 28;
const TOP: i64 = 14;
/// Room of a text under the bars.
const LABEL: i64 = 70;

/// What a bar stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scale {
    Days,
    Weeks,
    Months,
}

impl Scale {
    /// The one for a period of so many days.
    fn of(days: i64) -> Self {
        match days {
            days if days <= BY_DAY => Self::Days,
            days if days <= BY_WEEK => Self::Weeks,
            _ => Self::Months,
        }
    }
}

/// What a day, a week or a month comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Bucket {
    /// Its first day.
    pub first: NaiveDate,
    /// As it is written under the bar.
    pub label: String,
    pub opened: i64,
    pub resolved: i64,
    pub minutes: i64,
}

/// A bar.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Bar {
    pub x: i64,
    pub y: i64,
    pub width: i64,
    pub height: i64,
    /// Of what was resolved rather than opened.
    pub second: bool,
}

/// A text at a place.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Label {
    pub at: i64,
    pub text: String,
}

/// A drawing.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Chart {
    pub width: i64,
    pub height: i64,
    pub left: i64,
    /// Where the bars stand.
    pub floor: i64,
    pub bars: Vec<Bar>,
    pub below: Vec<Label>,
    pub beside: Vec<Label>,
}

/// The part of `whole` that `most` would take all of.
pub(super) fn share(part: i64, most: i64, whole: i64) -> i64 {
    if most <= 0 || part <= 0 {
        return 0;
    }
    // What is there is seen, however small.
    (part.saturating_mul(whole) / most).clamp(1, whole)
}

/// Days, weeks or months of a period with what they come to, the empty ones included.
pub(super) fn buckets(from: NaiveDate, to: NaiveDate, days: &[Sum]) -> Vec<Bucket> {
    let scale = Scale::of((to - from).num_days() + 1);
    let first_of = |day: NaiveDate| match scale {
        Scale::Days => day,
        Scale::Weeks => day.week(chrono::Weekday::Mon).first_day(),
        Scale::Months => day.with_day(1).unwrap_or(day),
    };
    let after = |day: NaiveDate| match scale {
        Scale::Days => day.checked_add_days(Days::new(1)),
        Scale::Weeks => day.checked_add_days(Days::new(7)),
        Scale::Months => day.checked_add_months(Months::new(1)),
    };
    let format = if scale == Scale::Months { "%m/%Y" } else { "%d/%m" };
    let mut buckets: Vec<Bucket> = std::iter::successors(Some(first_of(from)), |day| after(*day))
        .take_while(|day| *day <= to)
        .map(|first| Bucket { first, label: first.format(format).to_string(), opened: 0, resolved: 0, minutes: 0 })
        .collect();
    if buckets.len() > MOST {
        buckets.drain(..buckets.len() - MOST);
    }
    for sum in days {
        let first = sum.name.parse().map(first_of);
        let Some(bucket) = buckets.iter_mut().find(|bucket| Ok(bucket.first) == first) else { continue };
        bucket.opened += i64::try_from(sum.opened).unwrap_or(0);
        bucket.resolved += i64::try_from(sum.resolved).unwrap_or(0);
        bucket.minutes += sum.minutes;
    }
    buckets
}

/// Two bars for each: opened and resolved.
pub(super) fn draw(buckets: &[Bucket]) -> Chart {
    let count = i64::try_from(buckets.len()).unwrap_or(1).max(1);
    let top = rounded(buckets.iter().map(|bucket| bucket.opened.max(bucket.resolved)).max().unwrap_or(0));
    let floor = HEIGHT - BOTTOM;
    let room = WIDTH - LEFT;
    // More labels than these would overlap on a phone.
    let every = (count + 8) / 9;
    let mut chart = Chart { width: WIDTH, height: HEIGHT, left: LEFT, floor, ..Chart::default() };
    for (index, bucket) in (0..).zip(buckets) {
        let (begins, ends) = (LEFT + room * index / count, LEFT + room * (index + 1) / count);
        let gap = ((ends - begins) / 6).min(8);
        let width = ((ends - begins - gap) / 2).clamp(1, 40);
        for (value, second) in [(bucket.opened, false), (bucket.resolved, true)] {
            let height = share(value, top, floor - TOP);
            if height > 0 {
                let x = begins + gap / 2 + if second { width } else { 0 };
                chart.bars.push(Bar { x, y: floor - height, width, height, second });
            }
        }
        let at = begins + gap / 2;
        if index % every == 0 && at + LABEL <= WIDTH {
            chart.below.push(Label { at, text: bucket.label.clone() });
        }
    }
    for value in [0, top / 2, top] {
        if value == 0 || chart.beside.last().is_some_and(|label| label.text != value.to_string()) {
            chart.beside.push(Label { at: floor - (floor - TOP) * value / top, text: value.to_string() });
        }
    }
    chart
}

/// The next round number, at which the scale ends.
fn rounded(most: i64) -> i64 {
    let mut step = 1;
    loop {
        for times in [2, 4, 10] {
            if most <= step * times {
                return step * times;
            }
        }
        step *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn sum(name: &str, opened: usize, resolved: usize) -> Sum {
        Sum { name: name.to_owned(), opened, resolved, minutes: 30 }
    }

    #[test]
    fn a_long_period_is_told_by_weeks_and_then_by_months() {
        let of =
            |from: &str, to: &str| buckets(day(from), day(to), &[sum("2026-03-04", 2, 1), sum("2026-03-05", 1, 0)]);
        let days = of("2026-03-04", "2026-03-06");
        let told: Vec<_> = days.iter().map(|bucket| (bucket.label.as_str(), bucket.opened, bucket.resolved)).collect();
        assert_eq!(told, [("04/03", 2, 1), ("05/03", 1, 0), ("06/03", 0, 0)]);
        let weeks = of("2026-01-01", "2026-03-31");
        assert_eq!((weeks.len(), weeks[0].first), (14, day("2025-12-29")));
        assert!(weeks.iter().any(|week| week.label == "02/03" && week.opened == 3 && week.minutes == 60), "{weeks:#?}");
        let months = of("2025-01-15", "2026-04-02");
        assert_eq!((months.len(), months[14].label.as_str(), months[14].opened), (16, "03/2026", 3));
        assert_eq!(of("0001-01-01", "9999-12-31").len(), MOST, "nobody's browser is filled");
    }

    #[test]
    fn bars_stay_inside_the_drawing_and_the_least_of_them_is_seen() {
        let buckets =
            buckets(day("2026-03-01"), day("2026-03-31"), &[sum("2026-03-04", 900, 1), sum("2026-03-31", 0, 7)]);
        let chart = draw(&buckets);
        assert_eq!(chart.bars.len(), 3);
        for bar in &chart.bars {
            assert!(bar.x >= LEFT && bar.x + bar.width <= WIDTH && bar.y >= TOP && bar.height > 0, "{bar:?}");
            assert_eq!(bar.y + bar.height, chart.floor);
        }
        assert_eq!(chart.beside.last().map(|label| label.text.as_str()), Some("1000"));
        assert!(chart.below.len() <= 9);
    }

    #[test]
    fn a_day_without_anything_is_an_empty_drawing() {
        let chart = draw(&buckets(day("2026-03-01"), day("2026-03-01"), &[]));
        assert!(chart.bars.is_empty());
        assert_eq!(chart.beside.len(), 3);
    }
}
