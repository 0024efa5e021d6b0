//! Projects and tasks of Gestan. GestSup knows projects only: each task is one, named after both, and so is a project that
//! has no task.

use super::record::{Field, Projected, Values};
use crate::config::ProjectKey;
use crate::model::{Project, Task};
use std::collections::{HashMap, HashSet};

/// Characters of `tprojects.name`, as it is stored.
const NAME: usize = 50;
/// Between a project and its task.
const DASH: &str = " – ";

/// What a project, or a task of it, is known by.
fn key(project: i64, task: Option<i64>) -> String {
    task.map_or_else(|| project.to_string(), |task| format!("{project}/{task}"))
}

/// The project and task behind a key.
pub(crate) fn parse(key: &str) -> Option<ProjectKey> {
    let (project, task) = key.split_once('/').map_or((key, None), |(project, task)| (project, Some(task)));
    Some(ProjectKey { project: project.parse().ok()?, task: task.map(str::parse).transpose().ok()? })
}

/// Characters that a character is stored as: what HTML means something by is an entity.
fn width(c: char) -> usize {
    match c {
        '<' | '>' => 4,
        '&' => 5,
        '"' | '\'' => 6,
        _ => 1,
    }
}

/// As much of a text as is stored in so many characters.
fn cut(text: &str, most: usize) -> &str {
    let ends = text.char_indices().scan(0, |used, (at, c)| {
        *used += width(c);
        Some((*used, at + c.len_utf8()))
    });
    let end = ends.take_while(|(used, _)| *used <= most).last().map_or(0, |(_, end)| end);
    text[..end].trim_end()
}

/// Both names, neither crowding the other out.
fn named(project: &str, task: &str) -> String {
    let room = NAME - DASH.chars().count();
    let stored = |text: &str| text.chars().map(width).sum::<usize>();
    let (long, short) = (stored(project), stored(task));
    if long + short <= room {
        return format!("{project}{DASH}{task}");
    }
    let of_task = short.min(room - long.min(room / 2));
    format!("{}{DASH}{}", cut(project, room - of_task), cut(task, of_task))
}

fn projected(key: String, name: String, closed: bool) -> Projected {
    Projected {
        key,
        aliases: Vec::new(),
        values: Values::from([
            (Field::Name, name.clone()),
            (Field::Disabled, if closed { "1" } else { "0" }.to_owned()),
        ]),
        name,
        of_company: None,
        waits: None,
        note: None,
    }
}

/// Every row that GestSup is to have.
pub(super) fn rows(projects: &[Project], tasks: &[Task]) -> Vec<Projected> {
    let mut of: HashMap<i64, Vec<&Task>> = HashMap::new();
    for task in tasks {
        of.entry(task.project).or_default().push(task);
    }
    let mut rows = Vec::new();
    for project in projects {
        let name = project.name.trim();
        let name = if name.is_empty() { format!("Projet {}", project.id) } else { name.to_owned() };
        match of.get(&project.id) {
            None => rows.push(projected(key(project.id, None), name, false)),
            Some(tasks) => rows.extend(tasks.iter().map(|task| {
                let label = if task.label.is_empty() { task.id.to_string() } else { task.label.clone() };
                projected(key(project.id, Some(task.id)), named(&name, &label), task.closed)
            })),
        }
    }
    rows
}

/// The keys of every row that GestSup is to have.
pub(crate) fn keys(projects: &[Project], tasks: &[Task]) -> HashSet<String> {
    rows(projects, tasks).into_iter().map(|row| row.key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_carries_both_and_neither_crowds_the_other_out() {
        assert_eq!(named("Migration", "Messagerie"), "Migration – Messagerie");
        let (long, short) = ("P".repeat(80), "T".repeat(80));
        let both = named(&long, &short);
        assert_eq!((both.chars().count(), both.matches('P').count(), both.matches('T').count()), (50, 23, 24));
        assert_eq!(named(&long, "Câblage"), format!("{} – Câblage", "P".repeat(40)));
        assert_eq!(
            named("Migration de la \"messagerie\" & l'agenda", "Étude n°1 d'impact"),
            "Migration de la \"me – Étude n°1 d'impact"
        );
        let quotes = named(&"'".repeat(80), &"\"".repeat(80));
        assert_eq!((quotes.matches('\'').count(), quotes.matches('"').count()), (3, 4), "as they are stored");
        assert_eq!(named("Court", &short), format!("Court – {}", "T".repeat(42)));
    }

    #[test]
    fn a_project_with_tasks_is_a_row_for_each_and_one_without_is_one() {
        let project = |id, name: &str| Project { id, name: name.into(), client: None };
        let task = |id, project| Task { id, project, label: format!("T{id}"), closed: id == 2 };
        let rows = rows(&[project(1, "A"), project(2, "")], &[task(1, 1), task(2, 1), task(3, 9)]);
        let seen: Vec<_> = rows.iter().map(|row| (row.key.as_str(), row.name.as_str(), row.is_archived())).collect();
        assert_eq!(seen, [("1/1", "A – T1", false), ("1/2", "A – T2", true), ("2", "Projet 2", false)]);
        assert_eq!(parse("1/2"), Some(ProjectKey { project: 1, task: Some(2) }));
        assert_eq!(parse("x"), None);
    }
}
