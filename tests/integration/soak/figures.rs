//! What a long run came to, and whether the service grew.

use super::Trouble;
use super::people::People;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// A service that has worked for so long has met everything it works with.
const WARM: Duration = Duration::from_secs(60);

/// Memory (MiB) and open files of a process.
#[derive(Debug, Clone, Copy, Default)]
struct Sample {
    memory: f64,
    files: usize,
}

/// One life of the service.
#[derive(Debug)]
struct Life {
    begun: Instant,
    warm: Option<Sample>,
    last: Sample,
}

#[derive(Debug, Default)]
pub struct Figures {
    troubles: BTreeMap<Trouble, usize>,
    lives: Vec<Life>,
    anew: bool,
    most: Sample,
}

fn sample(pid: u32) -> Option<Sample> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(Sample { memory: kib / 1024.0, files: std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count() })
}

impl Figures {
    pub fn count(&mut self, trouble: Trouble) {
        *self.troubles.entry(trouble).or_default() += 1;
    }

    /// The service was started again.
    pub fn begins_anew(&mut self) {
        self.anew = true;
    }

    /// Looks at the running service.
    pub fn look(&mut self, pid: u32) {
        let Some(sample) = sample(pid) else { return };
        if std::mem::take(&mut self.anew) || self.lives.is_empty() {
            self.lives.push(Life { begun: Instant::now(), warm: None, last: sample });
        }
        self.most.memory = self.most.memory.max(sample.memory);
        self.most.files = self.most.files.max(sample.files);
        if let Some(life) = self.lives.last_mut() {
            life.last = sample;
            if life.begun.elapsed() >= WARM {
                life.warm.get_or_insert(sample);
            }
        }
    }

    /// The longest life that had time to become warm, and to grow.
    fn longest(&self) -> Option<(&Life, Sample)> {
        let lives = self.lives.iter().filter_map(|life| Some((life, life.warm?)));
        lives.max_by_key(|(life, _)| life.begun.elapsed())
    }

    /// Memory and files stay flat.
    pub fn check(&self) {
        // A build for tests takes more than a release; what must not be is growth.
        assert!(self.most.memory < 160.0 && self.most.files < 100, "{:?}", self.most);
        for life in &self.lives {
            let Some(warm) = life.warm else { continue };
            assert!(life.last.memory < warm.memory * 1.25 + 8.0, "memory grew: {life:?}");
            assert!(life.last.files <= warm.files + 10, "open files grew: {life:?}");
        }
    }

    pub fn table(&self, seed: u64, seconds: u64, people: &People) -> String {
        let mut text = format!("SOAK_SEED={seed}: {seconds} s\n");
        for (trouble, count) in &self.troubles {
            let _ = writeln!(text, "  {count:>6}  {trouble:?}");
        }
        for (what, count) in people.figures() {
            let _ = writeln!(text, "  {count:>6}  {what}");
        }
        let _ = writeln!(text, "  {:>6}  lives of the service", self.lives.len());
        let _ = writeln!(text, "  {:>6.1}  MiB at most, {} open files at most", self.most.memory, self.most.files);
        if let Some((life, warm)) = self.longest() {
            let _ = writeln!(
                text,
                "  of one life: {:.1} MiB and {} files after a minute, {:.1} MiB and {} files at its end",
                warm.memory, warm.files, life.last.memory, life.last.files
            );
        }
        text
    }
}
