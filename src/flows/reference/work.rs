//! The records of a kind, part after part: what is in step is left out, what may be a row of GestSup is found, the rest is
//! planned and carried out. Nothing here holds more than a part of a list.

use super::index::Index;
use super::known::Key;
use super::lists::Lists;
use super::matching::{Match, Rows};
use super::pass::{Ground, Pass};
use super::plan::{Planned, Planner};
use super::ports::{Decision, KnownLink, ReferenceLink, RegisterPen};
use super::record::{Kind, Row};
use super::scene::{Scene, Work, prints};
use super::source::Source;
use super::survey::survey;
use crate::flows::PortError;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Records that are planned at once: their rows are one transaction of GestSup.
const PART: usize = 500;

/// What a dry run takes for done.
#[derive(Default)]
pub(super) struct Imagined {
    pub gone: HashSet<Key>,
    pub links: Vec<KnownLink>,
}

/// How far a kind is.
struct Pace {
    done: usize,
    total: usize,
}

impl Pass<'_> {
    /// Brings the records of a kind in line. Returns whether a signal interrupted it.
    pub(super) async fn synchronise(
        &mut self,
        kind: Kind,
        lists: &Lists,
        ground: &mut Ground,
        pen: &mut dyn RegisterPen,
        dry_run: bool,
    ) -> Result<bool, PortError> {
        let (interrupted, imagined) = self.bring_in_line(kind, lists, ground, pen, dry_run).await?;
        if let Some(imagined) = imagined {
            ground.imagine(kind, imagined);
        } else if !interrupted {
            ground.set(kind, self.flow.memory.known_reference_links(kind).await?);
        }
        Ok(interrupted)
    }

    async fn bring_in_line(
        &mut self,
        kind: Kind,
        lists: &Lists,
        ground: &Ground,
        pen: &mut dyn RegisterPen,
        dry_run: bool,
    ) -> Result<(bool, Option<Imagined>), PortError> {
        let settings = self.flow.settings;
        let source = Source::new(kind, settings, lists, ground);
        let prints = prints(kind, pen).await?;
        let known = ground.known(kind);
        let mut scene = Scene::new(kind, known, prints, settings, pen.shape(kind), self.survey.is_some());
        scene.taken = ground.of_other_kinds(kind).collect();
        let alive: Vec<i64> = known.all().iter().map(|link| link.id).filter(|id| scene.is_there(*id)).collect();
        scene.taken.extend(alive);
        let of_kind = self.cases.iter().filter(|((of, _), _)| *of == kind);
        scene.cases = of_kind.map(|((_, key), case)| (key.clone(), case.clone())).collect();
        let mut imagined = dry_run.then(Imagined::default);

        let (mut open, mut total) = (0, 0);
        let mut walk = source.walk();
        while let Some(records) = source.next(&mut walk)? {
            for work in records.into_iter().filter_map(|record| scene.work(record)) {
                total += 1;
                open += usize::from(work.is_open());
            }
        }
        let gone = self.gone(&scene).await?;
        if open > 0 || (total > 0 && kind.is_account()) {
            scene.index = Some(Index::build(kind, pen).await?);
        }
        if open > 0 {
            let mut walk = source.walk();
            while let Some(records) = source.next(&mut walk)? {
                let works: Vec<Work> = records.into_iter().filter_map(|record| scene.work(record)).collect();
                claim(&works, &mut scene, pen).await?;
            }
        }
        let mut pace = Pace { done: 0, total: total + gone.len() };
        let (mut walk, mut works, mut more) = (source.walk(), Vec::new(), total > 0);
        while more {
            let records = source.next(&mut walk)?;
            let last = records.is_none();
            more = !last;
            works.extend(records.into_iter().flatten().filter_map(|record| scene.work(record)));
            // Of a long list few pages hold much: their works are one transaction.
            while works.len() >= PART || (last && !works.is_empty()) {
                if self.cancel.is_cancelled() {
                    return Ok((true, None));
                }
                let part: Vec<Work> = works.drain(..works.len().min(PART)).collect();
                let plans = self.plan(&part, &mut scene, ground, pen).await?;
                self.carry_out(kind, part.len(), plans, pen, &mut pace, imagined.as_mut()).await?;
            }
        }
        for links in gone.chunks(PART) {
            if self.cancel.is_cancelled() {
                return Ok((true, None));
            }
            let plans = self.vanished(links, &scene, ground, pen).await?;
            self.carry_out(kind, links.len(), plans, pen, &mut pace, imagined.as_mut()).await?;
        }
        self.tell_alone(&scene, pen).await?;
        Ok((false, imagined))
    }

    /// Links whose record Gestan lists no longer.
    async fn gone(&self, scene: &Scene<'_>) -> Result<Vec<KnownLink>, PortError> {
        let mut gone = scene.unmet();
        if scene.kind == Kind::Absence && !gone.is_empty() {
            let over = super::absences::local(super::absences::horizon(self.now), self.flow.zone);
            let links = self.flow.memory.reference_links(Kind::Absence).await?;
            // Gestan's list does not reach back to these.
            let past = links
                .iter()
                .filter(|link| link.agreed.get(&super::record::Field::Ends).is_some_and(|ends| *ends < over));
            let past: HashSet<i64> = past.map(|link| link.id).collect();
            gone.retain(|link| !past.contains(&link.id));
        }
        Ok(gone)
    }

    async fn carry_out(
        &mut self,
        kind: Kind,
        count: usize,
        plans: Vec<Planned>,
        pen: &mut dyn RegisterPen,
        pace: &mut Pace,
        imagined: Option<&mut Imagined>,
    ) -> Result<(), PortError> {
        match imagined {
            Some(imagined) => self.imagine(kind, plans, imagined),
            None => self.apply(kind, plans, pen).await?,
        }
        pace.done += count;
        if pace.total > PART && !self.report.dry_run {
            tracing::info!(
                flow = super::apply::FLOW,
                kind = kind.as_str(),
                done = pace.done,
                total = pace.total,
                "writing to GestSup"
            );
            self.progress(kind, pace.done, pace.total);
        }
        Ok(())
    }

    async fn links(&self, kind: Kind, ids: &[i64]) -> Result<HashMap<i64, ReferenceLink>, PortError> {
        let links = if ids.is_empty() { Vec::new() } else { self.flow.memory.reference_links_of(kind, ids).await? };
        Ok(links.into_iter().map(|link| (link.id, link)).collect())
    }

    async fn plan(
        &mut self,
        works: &[Work],
        scene: &mut Scene<'_>,
        ground: &Ground,
        pen: &mut dyn RegisterPen,
    ) -> Result<Vec<Planned>, PortError> {
        let kind = scene.kind;
        let rows = rows(works, scene, pen).await?;
        let ids: Vec<i64> = works.iter().filter_map(|work| work.row.or(work.lost)).collect();
        let links = self.links(kind, &ids).await?;
        let mut promised = std::mem::take(&mut scene.promised);
        let mut table = Rows::new(kind, &rows, &scene.taken, &mut promised);
        let (settings, residents, now) = (self.flow.settings, &ground.residents, self.now);
        let planner = Planner { kind, settings, pen: &*pen, scene: &*scene, residents, now };
        let plans = planner.plan(works, &links, &rows, &mut table);
        scene.promised = promised;
        if let Some(lines) = &mut self.survey {
            lines.extend(survey(works, &links, &plans, &self.cases, kind));
        }
        Ok(plans)
    }

    async fn vanished(
        &mut self,
        known: &[KnownLink],
        scene: &Scene<'_>,
        ground: &Ground,
        pen: &mut dyn RegisterPen,
    ) -> Result<Vec<Planned>, PortError> {
        let ids: Vec<i64> = known.iter().map(|link| link.id).collect();
        let links = self.links(scene.kind, &ids).await?;
        let rows = pen.rows_of(scene.kind.place(), &ids).await?;
        let rows: HashMap<i64, &Row> = rows.iter().map(|row| (row.id, row)).collect();
        let (kind, settings, residents, now) = (scene.kind, self.flow.settings, &ground.residents, self.now);
        let planner = Planner { kind, settings, pen: &*pen, scene, residents, now };
        let mut plans: Vec<Planned> =
            ids.iter().filter_map(|id| Some(planner.vanished(links.get(id)?, rows.get(id).copied()))).collect();
        plans.retain(Planned::matters);
        Ok(plans)
    }

    /// For a survey: rows that GestSup alone has.
    async fn tell_alone(&mut self, scene: &Scene<'_>, pen: &mut dyn RegisterPen) -> Result<(), PortError> {
        let Some(lines) = &mut self.survey else { return Ok(()) };
        let told: HashSet<i64> =
            lines.iter().filter(|line| line.kind == scene.kind).flat_map(|line| line.gestsup.iter().copied()).collect();
        let reserved = scene.kind.place().reserved();
        let alone: Vec<i64> =
            scene.rows().filter(|id| *id > reserved && !scene.taken.contains(id) && !told.contains(id)).collect();
        for ids in alone.chunks(PART) {
            let rows = pen.rows_of(scene.kind.place(), ids).await?;
            lines.extend(rows.iter().filter_map(|row| super::survey::alone(scene.kind, row)));
        }
        Ok(())
    }
}

/// The rows that records are, or might be.
async fn rows(works: &[Work], scene: &Scene<'_>, pen: &mut dyn RegisterPen) -> Result<Vec<Row>, PortError> {
    let mut ids: BTreeSet<i64> = works.iter().filter_map(|work| work.row).collect();
    if let Some(index) = &scene.index {
        ids.extend(works.iter().flat_map(|work| index.candidates(scene.kind, &work.record)));
    }
    let ids: Vec<i64> = ids.into_iter().collect();
    Ok(if ids.is_empty() { Vec::new() } else { pen.rows_of(scene.kind.place(), &ids).await? })
}

/// Notes which rows records turn out to be: two that are the same row are told apart by nobody.
async fn claim(works: &[Work], scene: &mut Scene<'_>, pen: &mut dyn RegisterPen) -> Result<(), PortError> {
    let Some(index) = &scene.index else { return Ok(()) };
    let may_be = |work: &&Work| {
        let new = scene.cases.get(&work.record.key).is_some_and(|case| case.decision == Some(Decision::Create));
        work.is_open() && !new && !index.candidates(scene.kind, &work.record).is_empty()
    };
    let works: Vec<&Work> = works.iter().filter(may_be).collect();
    for works in works.chunks(PART) {
        let ids: BTreeSet<i64> = works.iter().flat_map(|work| index.candidates(scene.kind, &work.record)).collect();
        let rows = pen.rows_of(scene.kind.place(), &ids.into_iter().collect::<Vec<_>>()).await?;
        let mut none = HashSet::new();
        let table = Rows::new(scene.kind, &rows, &scene.taken, &mut none);
        for work in works {
            if let Match::One(row, _) = table.find(&work.record) {
                scene.claims.entry(row).or_default().push(work.record.name.clone());
            }
        }
    }
    Ok(())
}
