#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use proptest::prelude::*;

fn report(text: &str) -> String {
    parse(text, "connector.toml", Role::Daemon).expect_err("a mistake").to_string()
}

fn messages(text: &str) -> Vec<String> {
    let errors = parse(text, "connector.toml", Role::Daemon).expect_err("a mistake");
    errors.diagnostics.iter().map(|one| format!("{}: {}", one.line, one.message)).collect()
}

/// The example with some lines replaced.
fn changed(from: &str, to: &str) -> String {
    let example = example();
    assert!(example.contains(from), "the example has no `{from}`");
    example.replacen(from, to, 1)
}

#[test]
fn the_example_is_the_one_in_the_repository() {
    let committed = include_str!("../../connector.toml.example");
    assert!(
        committed == example(),
        "connector.toml.example is stale: run `cargo run -- check --print-example > connector.toml.example`"
    );
}

#[test]
fn an_example_that_is_filled_in_holds_the_values_and_leaves_off_what_needs_others() {
    let values = serde_json::json!({
        "gestsup": { "host": "db", "database": "b", "user": "u", "password": { "file": "/p" }, "time_zone": "Europe/Paris" },
        "gestan": { "gateway": "https://gestan.example.fr:8480", "token": { "file": "/t" }, "shadow": true },
        "mail": { "enabled": true, "mailboxes": [{ "name": "support", "host": "imap", "user": "s", "password": "\"quoted\"" }] },
        "mapping": { "billing": { "by_genre": { "dépannage": "MO" } }, "status": { "1": "planned", "9": "waiting" } },
    });
    let text = filled(&values);
    let (config, _) = parse(&text, "filled", Role::Daemon).map_err(|error| error.to_string()).unwrap();
    assert_eq!(config.gestsup.unwrap().host, "db");
    assert!(config.gestan.unwrap().shadow);
    assert!(config.gateway.is_none(), "it is elsewhere: {text}");
    assert_eq!(config.mail.mailboxes[0].password.as_ref().unwrap(), &Secret::Inline("\"quoted\"".to_owned()));
    assert_eq!(config.mapping.status.0.len(), 2);
    assert!(filled(&serde_json::json!({})).lines().any(|line| line == "#[gestsup]"));
}

#[test]
fn the_example_works_as_it_stands_and_with_every_key_set() {
    for role in [Role::Daemon, Role::Install] {
        let (config, warnings) = parse(&example(), "example", role).map_err(|error| error.to_string()).unwrap();
        assert_eq!(warnings, Vec::new());
        assert_eq!(config.tickets, Tickets::default());
    }
    let every_key_set: String = example()
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ') && !rest.is_empty()).unwrap_or(line))
        .map(|line| format!("{line}\n"))
        .collect();
    let (config, _) = parse(&every_key_set, "example", Role::Daemon).map_err(|error| error.to_string()).unwrap();
    assert!(config.gateway.unwrap().tls.is_some());
    assert_eq!(config.mapping.genre.rules.len(), 1);
}

#[test]
fn a_misspelt_key_names_the_nearest_one_under_a_caret() {
    let text = changed("database = \"bsup\"", "databse = \"bsup\"");
    let line = text.lines().position(|line| line.starts_with("databse")).unwrap() + 1;
    let report = report(&text);
    let expected = format!(
        "error: unknown key `databse` in [gestsup]\n{m}--> connector.toml:{line}:1\n{m} |\n{line} | databse = \"bsup\"\n{m} | ^^^^^^^\n{m} = did you mean `database`?\n",
        m = " ".repeat(line.to_string().len())
    );
    assert!(report.contains(&expected), "{report}\n---\n{expected}");
    assert!(report.contains("`database` is missing in [gestsup]"), "{report}");
}

#[test]
fn all_mistakes_are_reported_at_once_in_the_order_of_the_file() {
    let text =
        "[gestsup]\nhost = 5\nport = \"x\"\ntime_zone = \"Europe/Pari\"\ncolour = 1\n[log]\nformat = \"jsn\"\n[stat]\n";
    assert_eq!(
        messages(text),
        [
            "1: `database` is missing in [gestsup]",
            "1: `user` is missing in [gestsup]",
            "1: `password` is missing in [gestsup]",
            "2: `gestsup.host` must be text, not a whole number",
            "3: `gestsup.port` must be a whole number, not text",
            "4: there is no time zone \"Europe/Pari\"",
            "5: unknown key `colour` in [gestsup]",
            "7: `log.format` cannot be \"jsn\"",
            "8: unknown key `stat` in this file",
        ]
    );
    let report = report(text);
    assert!(report.contains("did you mean \"Europe/Paris\"?") && report.contains("did you mean \"json\"?"), "{report}");
    assert!(report.contains("did you mean `state`?") && report.ends_with("9 mistakes in connector.toml"), "{report}");
}

#[test]
fn a_number_out_of_range_says_the_range() {
    let report = report(&changed("#port = 3306", "port = 70000"));
    assert!(report.contains("`gestsup.port` is out of range") && report.contains("from 0 to 65535"), "{report}");
}

#[test]
fn broken_toml_is_shown_where_it_breaks() {
    let report = report("[gestsup]\nhost = \"a\nport = 1\n");
    assert!(report.contains("connector.toml:2:"), "{report}");
}

#[test]
fn contradictions_point_at_the_value_and_say_what_would_be_right() {
    for (from, to, message, help) in [
        ("#source = \"gestsup\"", "source = \"Gest Sup\"", "cannot name a source", "lower-case"),
        (
            "#gateway = \"embedded\"",
            "gateway = \"http://10.0.0.1:1\"\ntoken = \"x\"",
            "must be reached by https",
            "certificate",
        ),
        ("#gateway = \"embedded\"", "gateway = \"https://g.fr\"", "`token` is missing in [gestan]", "token ="),
        ("#user_code = \"GSC\"", "user_code = \"connector\"", "no user code", "3 capital letters"),
        ("#extension_prefix = \"Z90_\"", "extension_prefix = \"X_\"", "no prefix", "Z90_"),
        ("#quantity_column = \"USDEF_NUM\"", "quantity_column = \"A B\"", "name of a column", "USDEF_NUM"),
        ("#machine = \"MNT\"", "machine = \"R1\"", "before a number in TRGCIBLE", "gateway probe"),
        ("#machine = \"MNT\"", "machine = \"CTC\"", "both told by \"CTC\"", "different letters"),
        (
            "#folder = \"/mnt/gestan/DOCUMENTS\"",
            "folder = \"DOCUMENTS\"",
            "where the gateway is run from",
            "whole path",
        ),
        (
            "#[gateway.documents]",
            "[gateway.documents]\nfolder = \"/d\"\nmax_mib = 2000",
            "1 to 1024 MiB",
            "from 1 to 1024",
        ),
        (
            "#[gateway.documents]",
            "[gateway.documents]\nfolder = \"/d\"\nextensions = [\"p*f\"]",
            "no extension",
            "letters and digits",
        ),
        (
            "#[gateway.contracts]",
            "[gateway.contracts]\nquery = \"DELETE FROM x\"",
            "not one SELECT",
            "number and client",
        ),
        (
            "#[gateway.contracts]",
            "[gateway.contracts]\nquery = \"SELECT 1; SELECT 2\"",
            "not one SELECT",
            "number and client",
        ),
        (
            "#[gateway.codes.anomaly_status]",
            "[gateway.codes.anomaly_status]\nplanned = 1\ndone = 1",
            "1 already stands for planned",
            "of its own",
        ),
        ("planned = 0\n", "", "no number for planned", "gateway probe"),
        ("waiting = 3\n", "waiting = 0\n", "0 already stands for planned", "of its own"),
        ("#schedule = \"every 2 min\"", "schedule = \"every 1 s\"", "at least 5 s", "every 5 s"),
        ("#schedule = \"every 2 min\"", "schedule = \"* * *\"", "no schedule", "every 2 min"),
        ("#schedule = \"every 2 min\"", "schedule = \"0 0 30 2 *\"", "would never run", "day and the month"),
        ("#listen = \"127.0.0.1:9480\"", "listen = \"0.0.0.0:9480\"", "other machines", "127.0.0.1"),
        ("#level = \"info\"", "level = \"loud\"", "no log level", "info"),
        ("#create = { number = 200, percent = 50 }", "create = { number = 1, percent = 101 }", "101 %", "0 to 100"),
        ("#[mapping.status]", "[mapping.status]\nx = \"planned\"", "no GestSup state", "tstates"),
        ("#[mapping.status]", "[mapping.status]\n3 = \"billed\"", "billing alone", "to_bill"),
        ("#title = \"{title}\"", "title = \"{titel}\"", "no value {titel}", "{title}"),
        ("#title = \"{title}\"", "title = \"{title\"", "not closed", "}"),
        ("#default = \"depannage\"", "default = \"depanage\"", "no genre \"depanage\"", "add a line"),
        ("#hours_per_day = 7", "hours_per_day = 25", "1 to 24", "7"),
        ("#start_hour = 9", "start_hour = 24", "no such hour", "0 to 23"),
        (
            "#[[mapping.mode.rules]]",
            "[[mapping.mode.rules]]\nwhen = { title = { matches = \"(\" } }\nmode = \"anomalies\"",
            "no regular expression",
            "starts_with",
        ),
        (
            "#[[mapping.status_rules]]",
            "[[mapping.status_rules]]\nwhen = { genre = \"x\" }\nstatus = \"done\"",
            "not known yet",
            "[mapping.billing]",
        ),
        (
            "#[[mapping.genre.rules]]",
            "[[mapping.genre.rules]]\nwhen = { type = [\"A\", \"B\"] }\ngenre = \"depannage\"\n[[mapping.genre.rules]]\nwhen = { type = \"b\", category = \"C\" }\ngenre = \"depannage\"",
            "rule 1 applies wherever it would",
            "narrower rule first",
        ),
        (
            "#[[mapping.billing.rules]]",
            "[[mapping.billing.rules]]\nwhen = { type = \"A\" }\nbillable = false\n[[mapping.billing.rules]]\nwhen = { type = \"A\" }\nbillable = true",
            "rule 1 applies wherever it would",
            "narrower rule first",
        ),
        (
            "#[mapping.policies.anomalies]",
            "[mapping.policies.anomalies]\nproduct = \"always\"",
            "an anomaly has no product",
            "take the line out",
        ),
    ] {
        // Replacing may need the table above to be set as well.
        let text = if to.starts_with('[') { changed(from, to) } else { with_table(&changed(from, to), to) };
        let report = match parse(&text, "c", Role::Daemon) {
            Ok(_) => panic!("accepted: {to}"),
            Err(errors) => errors.to_string(),
        };
        assert!(report.contains(message) && report.contains(help), "{to}:\n{report}");
    }
}

/// Uncomments the header of the table that holds `line`, where the example leaves it out.
fn with_table(text: &str, line: &str) -> String {
    let first = line.lines().next().unwrap_or_default();
    let at = text.find(first).unwrap_or(0);
    let header = text[..at]
        .rfind("\n#[")
        .map(|header| header + 1)
        .filter(|header| !text[*header..at].contains("\n[") && !first.is_empty());
    match header {
        Some(header) => format!("{}{}", &text[..header], &text[header + 1..]),
        None => text.to_owned(),
    }
}

#[test]
fn a_rule_after_one_without_condition_can_never_apply() {
    let rules = "[gateway.codes.genre]\na = 1\n[[mapping.genre.rules]]\ngenre = \"a\"\n[[mapping.genre.rules]]\ngenre = \"a\"\nwhen = { type = \"x\" }\n";
    let report = report(&format!("{}\n{rules}", example()));
    assert!(report.contains("this rule can never apply"), "{report}");
}

#[test]
fn no_password_is_ever_shown() {
    let text = changed(
        "password = { file = \"/etc/gestan-connector/gestsup-password\" }",
        "password = \"s3cret\", colour = 1",
    );
    assert!(!report(&text).contains("s3cret"));
    for text in [
        "[gestsup]\npassword = \"s3cret",
        "[gestsup]\npassword = [\"s3cret\"]",
        "[gateway]\nbase = { password = 's3cret', hots = 1 }",
        "[gestan]\ntoken = s3cret",
    ] {
        let errors = parse(text, "c", Role::Daemon).expect_err("a mistake");
        assert!(!errors.to_string().contains("s3cret"), "{errors}");
        assert!(!serde_json::to_string(&errors).unwrap().contains("s3cret"), "{errors}");
    }
    let (config, _) = parse(
        &changed("password = { file = \"/etc/gestan-connector/gestsup-password\" }", "password = \"s3cret\""),
        "c",
        Role::Daemon,
    )
    .unwrap();
    assert!(!format!("{config:?}").contains("s3cret") && !serde_json::to_string(&config).unwrap().contains("s3cret"));
}

#[test]
fn a_secret_of_the_wrong_shape_says_which_shapes_there_are() {
    let report = report(&changed(
        "password = { file = \"/etc/gestan-connector/gestsup-password\" }",
        "password = { path = \"/x\" }",
    ));
    assert!(report.contains("`gestsup.password` is not a secret") && report.contains("{ env = \"NAME\" }"), "{report}");
}

#[test]
fn secrets_come_from_files_without_their_final_line_break() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p");
    std::fs::write(&file, "hunter2\n").unwrap();
    let secret = Secret::File { file: file.clone() };
    assert_eq!(secrecy::ExposeSecret::expose_secret(&secret.resolve().unwrap()), "hunter2");
    std::fs::write(&file, "\n").unwrap();
    assert_eq!(secret.resolve().unwrap_err(), SecretError::Empty);
    let missing = Secret::File { file: folder.path().join("q") }.resolve().unwrap_err().to_string();
    assert!(missing.contains("cannot be read"), "{missing}");
    let unset = Secret::Env { env: "GESTAN_CONNECTOR_NOT_SET".into() }.resolve().unwrap_err().to_string();
    assert!(unset.contains("GESTAN_CONNECTOR_NOT_SET is not set"), "{unset}");
}

#[test]
fn the_gateway_alone_needs_a_token_and_a_certificate_off_loopback() {
    let gateway = "[gateway]\ntime_zone = \"Europe/Paris\"\nlisten = \"0.0.0.0:8480\"\n[gateway.base]\nhost = \"h\"\ndatabase = \"d\"\nuser = \"u\"\npassword = \"p\"\n[gateway.codes.status]\nplanned = 0\nin_progress = 1\nwaiting = 6\ndone = 2\nto_bill = 3\ncancelled = 4\n";
    let errors = parse(gateway, "c", Role::Gateway).expect_err("a mistake").to_string();
    assert!(errors.contains("`token` is missing") && errors.contains("there is no certificate"), "{errors}");
}

#[test]
fn a_change_of_mapping_changes_the_fingerprint_and_a_change_of_rhythm_does_not() {
    let (base, _) = parse(&example(), "c", Role::Daemon).unwrap();
    let mut other = base.clone();
    other.tickets.schedule = Schedule::every(std::time::Duration::from_secs(7));
    assert_eq!(base.fingerprint_of_projection(), other.fingerprint_of_projection());
    other.mapping.time.hours_per_day = 8;
    assert_ne!(base.fingerprint_of_projection(), other.fingerprint_of_projection());
}

proptest! {
    #[test]
    fn no_text_upsets_the_reader(text in "(\\[[a-z.]{0,12}\\]|[a-z_]{1,12} = (\"[a-z]{0,5}\"|[0-9]{1,6}|\\{[a-z =\"]{0,9}\\}|\\[|true)|\\PC{0,20}|\n){0,30}") {
        if let Err(errors) = parse(&text, "c", Role::Daemon) {
            prop_assert!(!errors.to_string().is_empty());
        }
    }

    #[test]
    fn any_misspelt_key_of_the_example_is_named_at_its_line(pick in 0usize..1000, letter in "[a-z]") {
        let example = example();
        let keys: Vec<(usize, &str)> = example
            .lines()
            .enumerate()
            .filter(|(_, line)| line.chars().next().is_some_and(|c| c.is_ascii_lowercase()) && line.contains(" = "))
            .map(|(number, line)| (number + 1, line.split(" = ").next().unwrap_or_default()))
            .filter(|(_, key)| key.len() > 3)
            .collect();
        let (line, key) = keys[pick % keys.len()];
        let wrong = format!("{key}{letter}");
        let text: String = example
            .lines()
            .enumerate()
            .map(|(number, text)| if number + 1 == line { text.replacen(key, &wrong, 1) } else { text.to_owned() })
            .map(|text| text + "\n")
            .collect();
        let errors = parse(&text, "c", Role::Daemon).expect_err("a misspelt key");
        let found = errors.diagnostics.iter().any(|one| one.line == line);
        prop_assert!(found, "{wrong} at {line}: {errors}");
    }
}
