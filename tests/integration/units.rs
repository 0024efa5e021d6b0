//! The units for systemd, as Debian 12's own tools see them.

use std::path::{Path, PathBuf};
use std::process::Command;

const UNITS: [&str; 4] = [
    "gestan-connector.service",
    "gestan-connector@.service",
    "gestan-gateway.service",
    "gestan-connector-tunnel@.service",
];
/// Highest exposure that is accepted, in tenths.
const THRESHOLD: &str = "--threshold=15";

fn units() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd")
}

/// A unit in a folder of its own, with programs that are there; and what is added to it.
fn copy(unit: &str, more: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(units().join(unit)).unwrap();
    let program = assert_cmd::cargo::cargo_bin("gestan-connector");
    let text =
        text.replace("/usr/bin/gestan-connector", program.to_str().unwrap()).replace("/usr/bin/ssh", "/bin/true");
    let name = if unit.contains('@') { unit.replace('@', "@site") } else { unit.to_owned() };
    let path = folder.path().join(name);
    std::fs::write(&path, format!("{text}\n{more}")).unwrap();
    (folder, path)
}

fn analyze(arguments: &[&str], unit: &Path) -> (bool, String) {
    let output = Command::new("systemd-analyze").args(arguments).arg(unit).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.success(), said)
}

#[test]
fn systemd_understands_every_line_of_the_units() {
    for unit in UNITS {
        let (_folder, path) = copy(unit, "");
        let (fine, said) = analyze(&["verify", "--man=no"], &path);
        // It also tells of units of the machine that it met on its way.
        let ours: Vec<&str> = said.lines().filter(|line| line.contains("gestan")).collect();
        assert!(fine && ours.is_empty(), "{unit}:\n{said}");
    }
}

#[test]
fn a_service_that_is_broken_into_can_do_little() {
    let drop_in = |name: &str| std::fs::read_to_string(units().join(name)).unwrap();
    let upload = drop_in("gestan-connector.service.d/upload-folder.conf.example");
    let hfsql = drop_in("gestan-gateway.service.d/hfsql.conf.example");
    let gateway = UNITS.into_iter().find(|unit| unit.contains("gateway")).unwrap();
    let with_drop_ins = [(UNITS[0], upload.as_str()), (gateway, hfsql.as_str())];
    for (unit, more) in UNITS.map(|unit| (unit, "")).into_iter().chain(with_drop_ins) {
        let (_folder, path) = copy(unit, more);
        let (fine, said) = analyze(&["security", "--offline=yes", "--no-pager", THRESHOLD], &path);
        assert!(fine, "{unit} is exposed to more than 1.5:\n{said}");
    }
}

#[test]
fn the_units_run_nothing_that_a_small_debian_lacks() {
    // The package itself, the shell, and what a tunnel asks for by itself.
    let known = ["/usr/bin/gestan-connector", "/bin/sh", "/usr/bin/ssh"];
    for unit in UNITS {
        let text = std::fs::read_to_string(units().join(unit)).unwrap();
        let commands = text.lines().filter(|line| line.starts_with("Exec")).filter_map(|line| line.split_once('='));
        for program in commands.filter_map(|(_, command)| command.split_whitespace().next()) {
            assert!(known.contains(&program.trim_start_matches(['-', '+', '!', '@'])), "{unit} runs {program}");
        }
    }
}

#[test]
fn several_sites_differ_from_one_in_their_names_alone() {
    let read = |unit: &str| std::fs::read_to_string(units().join(unit)).unwrap();
    let plain = |text: String| -> Vec<String> {
        let text = text.replace("/%i", "").replace(" (%i)", "").replace("%i.toml", "connector.toml");
        text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
    };
    let (one, several) = (plain(read(UNITS[0])), plain(read(UNITS[1]).replace("/%i.toml", "/connector.toml")));
    assert_eq!(one, several);
}
