//! What stands beside a ticket in tables of its own: appointments, project, files, answers to the survey.

use super::GestsupError;
use super::features::{APPOINTMENTS, FILES, PROJECTS, SURVEY_SCALES};
use super::load::label;
use super::rows::{list, number, text, time};
use super::snapshot::GestsupSnapshot;
use super::text::decode;
use crate::model::{Attachment, Label, PlannedEvent};
use std::collections::HashMap;

/// `tsurvey_questions.type` of a question that is answered on a scale.
const SCALE: i64 = 4;

/// Of each ticket, what stands beside it.
#[derive(Debug, Default)]
pub(super) struct Beside {
    events: HashMap<i64, Vec<PlannedEvent>>,
    projects: HashMap<i64, Label>,
    files: HashMap<i64, Vec<Attachment>>,
    satisfaction: HashMap<i64, i64>,
}

impl Beside {
    /// What stands beside one of them.
    pub(super) fn take(&mut self, ticket: i64) -> (Vec<PlannedEvent>, Option<Label>, Vec<Attachment>, Option<i64>) {
        (
            self.events.remove(&ticket).unwrap_or_default(),
            self.projects.remove(&ticket),
            self.files.remove(&ticket).unwrap_or_default(),
            self.satisfaction.remove(&ticket),
        )
    }
}

impl GestsupSnapshot {
    pub(super) async fn beside(&mut self, numbers: &[i64]) -> Result<Beside, GestsupError> {
        Ok(Beside {
            events: self.events(numbers).await?,
            projects: self.projects(numbers).await?,
            files: self.files(numbers).await?,
            satisfaction: self.satisfaction(numbers).await?,
        })
    }

    async fn events(&mut self, numbers: &[i64]) -> Result<HashMap<i64, Vec<PlannedEvent>>, GestsupError> {
        let mut events: HashMap<i64, Vec<PlannedEvent>> = HashMap::new();
        if !self.catalogue.offers(&APPOINTMENTS) {
            return Ok(events);
        }
        let disable = self.catalogue.column("e", "tevents", "disable", "0");
        let sql = format!(
            "SELECT CAST(e.id AS SIGNED) AS id, CAST(e.incident AS SIGNED) AS ticket, CAST(e.technician AS SIGNED) AS technician, \
             CAST(e.date_start AS CHAR) AS start, CAST(e.date_end AS CHAR) AS end FROM tevents e \
             WHERE e.type = 2 AND {disable} = 0 AND e.incident IN ({}) ORDER BY e.date_start, e.id",
            list(numbers)
        );
        let zone = self.gestsup.zone;
        for row in self.fetch(sql).await? {
            let Some(start) = time(&row, "start", zone) else { continue };
            events.entry(number(&row, "ticket")).or_default().push(PlannedEvent {
                id: number(&row, "id"),
                start,
                end: time(&row, "end", zone).unwrap_or(start),
                technician: number(&row, "technician"),
            });
        }
        Ok(events)
    }

    async fn projects(&mut self, numbers: &[i64]) -> Result<HashMap<i64, Label>, GestsupError> {
        let mut projects = HashMap::new();
        if !self.catalogue.offers(&PROJECTS) {
            return Ok(projects);
        }
        let sql = format!(
            "SELECT CAST(k.ticket_id AS SIGNED) AS ticket, CAST(p.id AS SIGNED) AS id, p.name AS name FROM tprojects_task k \
             JOIN tprojects p ON p.id = k.project_id WHERE k.ticket_id IN ({}) ORDER BY k.id",
            list(numbers)
        );
        for row in self.fetch(sql).await? {
            if let Some(project) = label(&row, "id", "name") {
                projects.entry(number(&row, "ticket")).or_insert(project);
            }
        }
        Ok(projects)
    }

    async fn files(&mut self, numbers: &[i64]) -> Result<HashMap<i64, Vec<Attachment>>, GestsupError> {
        let mut files: HashMap<i64, Vec<Attachment>> = HashMap::new();
        if !self.catalogue.offers(&FILES) {
            return Ok(files);
        }
        let sql = format!(
            "SELECT CAST(f.ticket_id AS SIGNED) AS ticket, CAST(f.id AS SIGNED) AS id, f.storage_filename AS stored_as, \
             f.real_filename AS name FROM tattachments f WHERE f.ticket_id IN ({}) ORDER BY f.id",
            list(numbers)
        );
        for row in self.fetch(sql).await? {
            files.entry(number(&row, "ticket")).or_default().push(Attachment {
                id: number(&row, "id"),
                name: decode(&text(&row, "name")),
                stored_as: text(&row, "stored_as"),
            });
        }
        Ok(files)
    }

    /// The mean of the answers on a scale, rounded; an answer that is no number does not count.
    async fn satisfaction(&mut self, numbers: &[i64]) -> Result<HashMap<i64, i64>, GestsupError> {
        if !self.catalogue.offers(&SURVEY_SCALES) {
            return Ok(HashMap::new());
        }
        let sql = format!(
            "SELECT CAST(v.ticket_id AS SIGNED) AS ticket, v.answer AS answer FROM tsurvey_answers v \
             JOIN tsurvey_questions q ON q.id = v.question_id WHERE q.type = {SCALE} AND v.ticket_id IN ({})",
            list(numbers)
        );
        let mut sums: HashMap<i64, (i64, i64)> = HashMap::new();
        for row in self.fetch(sql).await? {
            if let Ok(answer) = text(&row, "answer").trim().parse::<i64>() {
                let (sum, count) = sums.entry(number(&row, "ticket")).or_default();
                (*sum, *count) = (*sum + answer, *count + 1);
            }
        }
        // Half a point up, as people round.
        let mean = |(sum, count): (i64, i64)| (2 * sum + count).div_euclid(2 * count);
        Ok(sums.into_iter().map(|(ticket, sums)| (ticket, mean(sums))).collect())
    }
}
