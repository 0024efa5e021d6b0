//! What the package is made of: its files, its maintainers' scripts, its manual pages and completions, and what goes with
//! Prometheus. `scripts/release-check` installs it in a clean root.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const SCRIPTS: [&str; 3] = ["postinst", "prerm", "postrm"];

fn root() -> &'static Path {
    Path::new(ROOT)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// `[package.metadata.deb]`.
fn metadata() -> toml::Table {
    let manifest: toml::Table = toml::from_str(&read("Cargo.toml")).unwrap();
    manifest["package"]["metadata"]["deb"].as_table().unwrap().clone()
}

/// Source, destination and mode of each file.
fn assets() -> Vec<[String; 3]> {
    let of = |asset: &toml::Value| {
        let parts: Vec<String> =
            asset.as_array().unwrap().iter().map(|part| part.as_str().unwrap().to_owned()).collect();
        parts.try_into().unwrap()
    };
    metadata()["assets"].as_array().unwrap().iter().map(of).collect()
}

fn program(arguments: &[&str]) -> String {
    let output = assert_cmd::Command::cargo_bin("gestan-connector").unwrap().args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_file_of_the_package_is_there_and_goes_where_debian_looks_for_it() {
    let assets = assets();
    for [source, destination, mode] in &assets {
        assert!(destination.starts_with("usr/"), "{destination}: nothing below /etc or /var is the package's");
        let program = destination == "usr/bin/";
        assert_eq!(mode, if program { "755" } else { "644" }, "{source}");
        if !source.starts_with("target/") {
            let source = source.trim_end_matches("/*");
            assert!(root().join(source).exists(), "{source}");
        }
    }
    let packed = |what: &str| assets.iter().any(|[source, ..]| source.trim_end_matches("/*") == what);
    for folder in ["systemd", "docs"] {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let name = format!("{folder}/{}", entry.unwrap().file_name().to_str().unwrap());
            let left_out = [
                "docs/architecture.md",
                "docs/benchmarks.md",
                "systemd/gestan-connector.service.d",
                "systemd/gestan-gateway.service.d",
            ];
            assert!(packed(&name) || left_out.contains(&name.as_str()), "{name} is in no package");
        }
    }
    // What the units name is where they look for it.
    for [source, ..] in assets.iter().filter(|[source, ..]| source.ends_with(".service")) {
        for line in read(source).lines().filter(|line| line.contains("file:///usr/share/doc/gestan-connector/")) {
            let name = line.split("/gestan-connector/").nth(1).unwrap().split_whitespace().next().unwrap();
            assert!(packed(&format!("docs/{name}")), "{source} names {name}");
        }
    }
    let metadata = metadata();
    for key in ["maintainer", "section", "priority", "depends", "extended-description", "license-file"] {
        assert!(metadata.contains_key(key), "{key}");
    }
    assert_eq!(metadata["conf-files"].as_array().unwrap().len(), 0, "the administrator's file is nobody else's");
}

#[test]
fn what_the_packaged_guides_link_to_is_packaged_where_they_look_for_it() {
    let documents = "usr/share/doc/gestan-connector/";
    let mut packed: BTreeSet<PathBuf> = BTreeSet::new();
    for [source, destination, _] in assets() {
        let Some(folder) = destination.strip_prefix(documents).map(PathBuf::from) else { continue };
        match source.strip_suffix("/*") {
            Some(all) => {
                let entries = std::fs::read_dir(root().join(all)).unwrap();
                packed.extend(entries.map(|entry| folder.join(entry.unwrap().file_name())));
            }
            None => drop(packed.insert(folder.join(Path::new(&source).file_name().unwrap()))),
        }
    }
    let link = regex::Regex::new(r"\]\(([^)\s#]+)").unwrap();
    let mut mistakes = Vec::new();
    // The list of changes is called otherwise there.
    let is_guide =
        |path: &&PathBuf| path.extension().is_some_and(|ending| ending == "md") && !path.starts_with("changelog");
    for guide in packed.iter().filter(is_guide) {
        let text = read(&format!("docs/{}", guide.display()));
        for found in link.captures_iter(&text).map(|found| found[1].to_owned()) {
            // The changes are there too, under the name that Debian gives them: the guide says so.
            if found.contains("://") || found == "../../CHANGELOG.md" {
                continue;
            }
            let mut target = guide.parent().unwrap().to_owned();
            for part in Path::new(&found).components() {
                match part {
                    std::path::Component::ParentDir => drop(target.pop()),
                    part => target.push(part),
                }
            }
            if !packed.contains(&target) {
                mistakes.push(format!("{}: {found}", guide.display()));
            }
        }
    }
    assert!(mistakes.is_empty(), "{mistakes:#?}");
}

#[test]
fn maintainers_scripts_are_plain_shell_that_stops_at_its_first_error_and_runs_twice() {
    for name in SCRIPTS {
        let path = root().join("packaging/deb").join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("#!/bin/sh\n") && text.contains("\nset -e\n"), "{name}");
        for word in
            ["[[", "function ", "&>", "read ", "debconf", "userdel", "deluser", "rm -r", "/etc/gestan-connector/*"]
        {
            assert!(!text.contains(word), "{name} has {word}");
        }
        let output = Command::new("dash").arg("-n").arg(&path).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}

/// Runs a script as dpkg does for another root.
fn maintain(name: &str, root_of: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("dash");
    command.arg(root().join("packaging/deb").join(name)).args(arguments).env("DPKG_ROOT", root_of);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_purge_takes_the_state_away_and_leaves_what_people_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path();
    let file = |path: &str| -> PathBuf {
        let path = base.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "x").unwrap();
        path
    };
    let ours: Vec<PathBuf> = ["state.db", "state.db-wal", "state.db.lock", "state.shadow.db", "nord/state.db"]
        .map(|name| file(&format!("var/lib/gestan-connector/{name}")))
        .to_vec();
    let theirs: Vec<PathBuf> = [
        "etc/gestan-connector/connector.toml",
        "etc/gestan-connector/gestsup-password",
        "var/lib/gestan-connector/mail-token",
        "var/lib/gestan-connector/backup.db",
        "var/lib/gestan-connector/state.db.before-20260101T000000Z",
        "etc/systemd/system/multi-user.target.wants/mariadb.service",
    ]
    .map(file)
    .to_vec();
    let wants = base.join("etc/systemd/system/multi-user.target.wants/gestan-connector.service");
    std::os::unix::fs::symlink("/usr/lib/systemd/system/gestan-connector.service", &wants).unwrap();
    for arguments in [["remove"].as_slice(), &["upgrade", "0.2.0"]] {
        maintain("prerm", base, arguments);
        maintain("postrm", base, arguments);
    }
    assert!(ours.iter().chain(&theirs).all(|path| path.exists()) && wants.is_symlink(), "a removal leaves everything");
    let said = maintain("postrm", base, &["purge"]);
    assert!(said.contains("/var/lib/gestan-connector is not empty and stays."), "{said}");
    assert!(ours.iter().all(|path| !path.exists()) && !wants.is_symlink());
    assert!(!base.join("var/lib/gestan-connector/nord").exists());
    assert!(theirs.iter().all(|path| path.exists()));
    maintain("postrm", base, &["purge"]);
    for path in &theirs {
        std::fs::remove_file(path).unwrap();
    }
    assert_eq!(maintain("postrm", base, &["purge"]), "");
    assert!(!base.join("var/lib/gestan-connector").exists() && !base.join("etc/gestan-connector").exists());
}

#[test]
fn every_command_has_a_manual_page_and_every_page_that_one_names_exists() {
    let folder = tempfile::tempdir().unwrap();
    program(&["generate", "--man", folder.path().to_str().unwrap()]);
    let pages: BTreeSet<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap().trim_end_matches(".1").to_owned())
        .collect();
    for page in ["gestan-connector", "gestan-connector-sync", "gestan-connector-state-backup"] {
        assert!(pages.contains(page), "{page}: {pages:?}");
    }
    assert!(pages.iter().all(|page| !page.contains("help") && !page.contains("generate")), "{pages:?}");
    for page in &pages {
        let text = std::fs::read_to_string(folder.path().join(format!("{page}.1"))).unwrap().replace("\\-", "-");
        assert!(text.contains(".SH NAME"), "{page}");
        for named in text.split_whitespace().filter_map(|word| word.strip_suffix("(1)")) {
            assert!(pages.contains(named), "{page} names {named}(1), which is no page");
        }
    }
    let first = std::fs::read_to_string(folder.path().join("gestan-connector.1")).unwrap();
    assert!(first.contains("EXIT STATUS") && first.contains("connector.toml"));
}

#[test]
fn completions_are_shell_and_know_the_commands() {
    for (shell, command) in [("bash", "bash"), ("zsh", "zsh"), ("fish", "fish")] {
        let text = program(&["generate", "--completions", shell]);
        assert!(text.contains("reconcile") && text.contains("healthcheck"), "{shell}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("completions");
        std::fs::write(&path, text).unwrap();
        // Where the shell is installed, it reads them.
        if let Ok(output) = Command::new(command).arg("-n").arg(&path).output() {
            assert!(output.status.success(), "{shell}: {output:?}");
        }
    }
}

/// The names under which Prometheus sees the figures that the program registers.
fn figures() -> BTreeSet<String> {
    let source = read("src/daemon/metrics.rs");
    let registered = source.split("registry.register(\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let mut names = BTreeSet::new();
    for name in registered {
        for suffix in ["", "_total", "_bucket", "_sum", "_count"] {
            names.insert(format!("gestan_connector_{name}{suffix}"));
        }
    }
    assert!(names.len() > 20, "{names:?}");
    names
}

#[test]
fn the_dashboard_and_the_alerts_ask_for_figures_that_exist() {
    let dashboard: serde_json::Value = serde_json::from_str(&read("docs/monitoring/grafana-dashboard.json")).unwrap();
    let alerts: serde_yaml_ng::Value = serde_yaml_ng::from_str(&read("docs/monitoring/alerts.yaml")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let mut asked: Vec<String> = panels
        .flat_map(|panel| panel["targets"].as_array().unwrap())
        .map(|target| target["expr"].as_str().unwrap().to_owned())
        .collect();
    assert!(asked.len() > 10);
    let rules = alerts["groups"][0]["rules"].as_sequence().unwrap();
    for rule in rules {
        for part in ["summary", "description"] {
            assert!(rule["annotations"][part].as_str().is_some_and(|text| !text.is_empty()), "{rule:?}");
        }
        asked.push(rule["expr"].as_str().unwrap().to_owned());
    }
    let figures = figures();
    let mut named = BTreeSet::new();
    for expression in &asked {
        let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        for word in words.filter(|word| word.starts_with("gestan_connector_")) {
            assert!(figures.contains(word), "{expression}");
            named.insert(word.to_owned());
        }
    }
    for figure in [
        "passes",
        "records",
        "writes",
        "pass_seconds",
        "lag_seconds",
        "links",
        "attention",
        "circuit_open",
        "unconfirmed_writes",
    ] {
        assert!(named.iter().any(|name| name.contains(figure)), "{figure} shows nowhere");
    }
}
