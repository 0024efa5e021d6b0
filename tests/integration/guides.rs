//! The guides: the commands that they print are commands of the program, their links lead somewhere, and both languages have the
//! same chapters.

use assert_cmd::cargo::cargo_bin;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every guide.
fn guides() -> Vec<PathBuf> {
    let mut found = vec![root().join("README.md")];
    for folder in ["docs", "docs/fr", "docs/en"] {
        let entries = std::fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
        found.extend(entries.filter(|path| path.extension().is_some_and(|ending| ending == "md")));
    }
    assert!(found.len() > 15, "{found:?}");
    found
}

/// What follows the program's name in code: in blocks, and between backticks.
fn commands(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_block = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if in_block {
            let said = line.trim_start_matches(['#', '$', ' ']);
            found.extend(said.strip_prefix("gestan-connector ").map(str::to_owned));
        } else {
            let code = line.split('`').skip(1).step_by(2);
            found.extend(code.filter_map(|code| code.strip_prefix("gestan-connector ")).map(str::to_owned));
        }
    }
    found
}

/// The help of a command, by its names; `None` where there is none.
fn help(names: &[&str], known: &mut BTreeMap<String, Option<String>>) -> Option<String> {
    let ask = || {
        let output = Command::new(cargo_bin("gestan-connector")).args(names).arg("--help").output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    };
    known.entry(names.join(" ")).or_insert_with(ask).clone()
}

/// What is wrong with a command; nothing where the program takes it.
fn wrong(command: &str, known: &mut BTreeMap<String, Option<String>>) -> Option<String> {
    // What stands behind wide space is a remark; behind > or | the shell's.
    let command = command.split("  ").next().unwrap_or_default();
    let command = [" >", " |", " &"].iter().fold(command, |rest, sign| rest.split(sign).next().unwrap_or_default());
    let mut words: Vec<&str> = command.split_whitespace().collect();
    if words.first() == Some(&"--config") {
        words.drain(..2.min(words.len()));
    }
    let mut names: Vec<&str> = Vec::new();
    for word in &words {
        let is_name = word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-');
        if !is_name || names.len() == 2 {
            break;
        }
        let deeper = [names.as_slice(), &[word]].concat();
        match help(&deeper, known) {
            Some(_) if names.is_empty() || help(&names, known)?.contains(&format!("\n  {word} ")) => names = deeper,
            None if names.is_empty() && *word == "help" => return None,
            None if names.is_empty() => return Some(format!("there is no command `{word}`")),
            _ => break,
        }
    }
    let help = help(&names, known)?;
    let unknown = words
        .iter()
        .filter(|word| word.starts_with("--"))
        .map(|word| word.split('=').next().unwrap_or_default().trim_end_matches([',', '.', ';', ')', '…']))
        .find(|flag| flag.len() > 2 && !help.contains(*flag) && !["--json", "--help", "--version"].contains(flag))?;
    Some(format!("`{}` has no {unknown}", names.join(" ")))
}

#[test]
fn every_command_in_the_guides_is_one_that_the_program_takes() {
    let mut known = BTreeMap::new();
    let (mut count, mut mistakes) = (0, Vec::new());
    for guide in guides() {
        for command in commands(&read(&guide)) {
            count += 1;
            let mistake = wrong(&command, &mut known);
            mistakes.extend(mistake.map(|mistake| format!("{}: {command}: {mistake}", guide.display())));
        }
    }
    assert!(count > 150, "{count} commands found");
    assert!(mistakes.is_empty(), "{mistakes:#?}");
    assert!(wrong("sync --no-such-flag", &mut known).is_some() && wrong("nothing", &mut known).is_some());
}

/// What a heading is called in a link.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-' || *c == '_');
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn headings(text: &str) -> Vec<String> {
    let mut in_block = false;
    let lines = text.lines().filter(|line| {
        in_block ^= line.trim_start().starts_with("```");
        !in_block && line.starts_with('#')
    });
    lines.map(str::to_owned).collect()
}

#[test]
fn every_link_in_the_guides_leads_to_a_file_and_a_heading_that_exist() {
    let link = regex::Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let mut mistakes = Vec::new();
    for guide in guides() {
        let text = read(&guide);
        for found in link.captures_iter(&text).map(|found| found[1].to_owned()) {
            if found.contains("://") {
                continue;
            }
            let (file, place) = found.split_once('#').unwrap_or((&found, ""));
            let target = if file.is_empty() { guide.clone() } else { guide.parent().unwrap().join(file) };
            let there = target.exists()
                && (place.is_empty() || headings(&read(&target)).iter().any(|heading| anchor(heading) == place));
            if !there {
                mistakes.push(format!("{}: {found}", guide.display()));
            }
        }
    }
    assert!(mistakes.is_empty(), "{mistakes:#?}");
}

#[test]
fn both_languages_have_the_same_chapters_commands_and_tables() {
    let pairs = [
        ("docs/guide-exploitant.md", "docs/operator-guide.md"),
        ("docs/fr/README.md", "docs/en/README.md"),
        ("docs/fr/installation.md", "docs/en/installation.md"),
        ("docs/fr/premiere-semaine.md", "docs/en/first-week.md"),
        ("docs/fr/securite.md", "docs/en/security.md"),
        ("docs/fr/mises-a-jour.md", "docs/en/upgrades.md"),
        ("docs/fr/hfsql.md", "docs/en/hfsql.md"),
        ("docs/fr/reprise.md", "docs/en/recovery.md"),
        ("docs/fr/reference.md", "docs/en/reference.md"),
    ];
    for (french, english) in pairs {
        let (french, english) = (read(&root().join(french)), read(&root().join(english)));
        let shape = |text: &str| {
            let levels: Vec<usize> = headings(text).iter().map(|heading| heading.find(' ').unwrap()).collect();
            let rows = text.lines().filter(|line| line.starts_with('|')).count();
            let blocks = text.lines().filter(|line| line.trim_start().starts_with("```")).count();
            (levels, rows, blocks)
        };
        assert_eq!(shape(&french), shape(&english), "{}", french.lines().next().unwrap());
    }
    let listed: BTreeSet<&str> = pairs.iter().flat_map(|(french, english)| [*french, *english]).collect();
    for guide in guides() {
        let name = guide.strip_prefix(root()).unwrap().display().to_string();
        let is_chapter = name.starts_with("docs/fr/") || name.starts_with("docs/en/");
        assert!(!is_chapter || listed.contains(name.as_str()), "{name} has no counterpart");
    }
}
