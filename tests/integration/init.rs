//! The set-up: by flags, and on a terminal of its own as a person answers it.

use crate::commands::run;
use crate::support::{World, server};
use assert_cmd::cargo::cargo_bin;
use gestan_connector::demo::smtp::{PrivateSmtp, SmtpMode};
use rexpect::session::{PtySession, spawn_command};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Two bases, a folder for what the set-up writes, and the flags that name them.
struct Place {
    world: World,
    config: PathBuf,
    flags: Vec<String>,
}

const CODES: [&str; 7] = ["planned=0", "in_progress=1", "waiting=3", "done=2", "to_bill=5", "billed=4", "cancelled=10"];

async fn place() -> Place {
    place_in(World::new().await).await
}

async fn place_in(mut world: World) -> Place {
    world.ticket("Caisse en panne", "<p>Noir</p>").await;
    let folder = world.folder.path().join("etc");
    std::fs::create_dir(&folder).unwrap();
    for (file, password) in [("gestsup", "lecture-seule"), ("gestan", "passerelle")] {
        std::fs::write(folder.join(file), password).unwrap();
    }
    let port = server().await.port().to_string();
    let text = |path: PathBuf| path.display().to_string();
    let flags = [
        ("--gestsup-host", "127.0.0.1".to_owned()),
        ("--gestsup-port", port.clone()),
        ("--gestsup-database", world.sandbox.gestsup.clone()),
        ("--gestsup-user", "connector".to_owned()),
        ("--gestsup-password-file", text(folder.join("gestsup"))),
        ("--gestan-host", "127.0.0.1".to_owned()),
        ("--gestan-port", port),
        ("--gestan-database", world.sandbox.gestan.clone()),
        ("--gestan-user", "gateway".to_owned()),
        ("--gestan-password-file", text(folder.join("gestan"))),
        ("--state-file", text(folder.join("state.db"))),
    ];
    let flags = flags.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]).collect();
    Place { config: folder.join("connector.toml"), world, flags }
}

impl Place {
    async fn init(&self, more: &[&str]) -> (i32, String, String) {
        let mut arguments: Vec<&str> = vec!["init", "--non-interactive", "--lang", "en"];
        arguments.extend(self.flags.iter().map(String::as_str));
        arguments.extend(more);
        run(&self.config, &arguments).await
    }

    /// A terminal on which the set-up asks.
    fn terminal(&self, more: &[&str]) -> PtySession {
        let mut command = Command::new(cargo_bin("gestan-connector"));
        command.arg("--config").arg(&self.config).args(["init", "--lang", "fr"]).args(more);
        command.env("NO_COLOR", "1").env("TERM", "xterm");
        spawn_command(command, Some(20_000)).unwrap()
    }
}

/// Waits for a text. What the terminal shows is read as one character a byte.
fn see(terminal: &mut PtySession, text: &str) {
    let bytes: String = text.bytes().map(char::from).collect();
    terminal.exp_string(&bytes).unwrap_or_else(|error| panic!("{text}: {error}"));
}

/// Waits for a question, and presses these keys.
fn press(terminal: &mut PtySession, question: &str, keys: &str) {
    see(terminal, question);
    terminal.send(keys).unwrap();
    terminal.flush().unwrap();
}

fn with_codes<'c>(more: &[&'c str]) -> Vec<&'c str> {
    CODES.into_iter().flat_map(|code| ["--status", code]).chain(more.iter().copied()).collect()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn what_flags_say_becomes_a_configuration_that_checks_and_sends_the_first_ticket() {
    let mut place = place().await;
    place.world.erp.run("DROP TABLE Z90_TICKET, Z90_STEP, Z90_LINK, Z90_DOCUMENT, Z90_ACTION").await.unwrap();
    let more =
        with_codes(&["--genre", "depannage=1", "--default-genre", "depannage", "--install", "--shadow", "false"]);
    let (code, said, errors) = place.init(&more).await;
    assert_eq!(code, 0, "{said}{errors}");
    assert!(said.contains("Created: Z90_TICKET"), "{said}");
    assert!(said.contains("A first pass: ") && said.contains("1 ticket in GestSup"), "{said}");
    assert!(said.contains("systemctl enable --now gestan-connector"), "{said}");
    assert_eq!(mode(&place.config), 0o600, "nobody else reads it");
    let written = std::fs::read_to_string(&place.config).unwrap();
    assert!(written.contains("\ndefault = \"depannage\"\n"), "{written}");
    assert!(written.contains("\nstart_at = \""), "what was closed before today is history: {written}");
    assert!(!written.contains("passerelle"), "passwords stay in their files");
    let (code, said, errors) = run(&place.config, &["check", "--online"]).await;
    assert_eq!(code, 0, "{said}{errors}");
    let (code, said, errors) = run(&place.config, &["sync"]).await;
    assert_eq!(code, 0, "{said}{errors}");
    assert_eq!(place.world.erp.ask("SELECT LIB50 FROM INTERVENTION").await.unwrap(), ["Caisse en panne"]);
}

#[tokio::test]
async fn everything_that_is_missing_is_named_at_once_and_numbers_are_shown_rather_than_guessed() {
    let mut place = place().await;
    let made_by_hand = "INSERT INTO INTERVENTION (LIB50, ST_INTER, DHCRE) VALUES ('À la main', 2, NOW())";
    place.world.erp.run(made_by_hand).await.unwrap();
    let (code, _, errors) = run(&place.config, &["init", "--non-interactive"]).await;
    assert_ne!(code, 0);
    for flag in ["--gestsup-host", "--gestsup-password-file", "--gestan-database", "--status"] {
        assert!(errors.contains(flag), "{errors}");
    }
    let (code, _, errors) = place.init(&[]).await;
    assert_ne!(code, 0);
    assert!(errors.contains("needed, or cannot be read: --status;"), "{errors}");
    assert!(
        errors.contains("INTERVENTION.ST_INTER") && errors.contains("À la main"),
        "what the base uses is shown: {errors}"
    );
    assert!(!place.config.exists(), "nothing half done is left");
    let (code, _, errors) = place.init(&["--status", "planifiee=0"]).await;
    assert_eq!(code, 64);
    assert!(errors.contains("is none of planned"), "{errors}");
    let (code, _, errors) = place.init(&["--billed-by", "weight"]).await;
    assert_eq!(code, 64);
    assert!(errors.contains("`time_spent`"), "{errors}");
}

#[tokio::test]
async fn a_configuration_that_is_there_is_only_replaced_when_that_is_said_and_a_copy_is_kept() {
    let place = place().await;
    std::fs::write(&place.config, "# by hand\n").unwrap();
    let (code, _, errors) = place.init(&with_codes(&[])).await;
    assert_ne!(code, 0);
    assert!(errors.contains("is there already") && errors.contains("--force"), "{errors}");
    let (code, said, errors) = place.init(&with_codes(&["--force", "--json"])).await;
    assert_eq!(code, 0, "{said}{errors}");
    let told: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(told["ready"], true);
    let copy =
        told["written"].as_array().unwrap().iter().filter_map(Value::as_str).find(|file| file.contains(".toml."));
    assert_eq!(std::fs::read_to_string(copy.unwrap()).unwrap(), "# by hand\n");
    let written = std::fs::read_to_string(&place.config).unwrap();
    assert!(written.contains("\nshadow = true\n"), "by itself the first week is a shadow: {written}");
}

#[tokio::test]
async fn gestsup_s_own_configuration_says_where_its_base_is() {
    let place = place().await;
    let folder = place.world.folder.path().join("gestsup");
    std::fs::create_dir(&folder).unwrap();
    let port = server().await.port();
    let database = place.world.sandbox.gestsup.clone();
    let php = format!("<?php\n$host='localhost';\n$port = '{port}';\n$db_name=\"{database}\";\n$user='root';\n");
    std::fs::write(folder.join("connect.php"), php).unwrap();
    let folder = folder.display().to_string();
    let mut place = place;
    place.flags.drain(0..6);
    place.flags.extend(["--gestsup-folder".to_owned(), folder]);
    let (code, said, errors) = place.init(&with_codes(&[])).await;
    assert_eq!(code, 0, "{said}{errors}");
    let written = std::fs::read_to_string(&place.config).unwrap();
    assert!(written.contains(&format!("\ndatabase = \"{database}\"\n")) && written.contains("host = \"127.0.0.1\""));
    assert!(!written.contains("root"), "the account is the connector's own");
}

#[tokio::test]
async fn a_wrong_password_is_told_on_the_spot_and_can_be_corrected() {
    let place = place().await;
    let typed = tokio::task::spawn_blocking({
        let mut without = place.flags.clone();
        let at = without.iter().position(|flag| flag == "--gestsup-password-file").unwrap();
        without.drain(at..at + 2);
        move || {
            let more: Vec<&str> = without.iter().map(String::as_str).collect();
            let mut terminal = place.terminal(&more);
            let mut answer = |prompt: &str, keys: &str| press(&mut terminal, prompt, keys);
            answer("Quels tickets sont facturés", "\r");
            answer("D'où vient l'article", "\r");
            // Back to the first question, and on again.
            answer("article par défaut", "\x1b");
            answer("D'où vient l'article", "\r");
            answer("article par défaut", "\r");
            answer("D'après quoi", "\r");
            answer("Que deviennent les tickets", "\r");
            answer("Clients, contacts, matériels", "\x1b");
            answer("Que deviennent les tickets", "\r");
            answer("Clients, contacts, matériels", "\r");
            answer("Reporter sur les tickets", "\r");
            answer("Unité de temps", "\r");
            answer("Dossier de GestSup", "\r");
            answer("Adresse des pages", "https://support.example.fr\r");
            answer("Serveur MariaDB", "\r");
            answer("Port", "\r");
            answer("Base de données de GestSup", "\r");
            answer("Compte du connecteur", "\r");
            answer("Mot de passe", "faux\r");
            answer("Fuseau horaire", "\r");
            answer("la base de GestSup refuse le compte", "");
            answer("Access denied", "");
            answer("-- tous les flux lisent", "");
            answer("GRANT SELECT", "");
            answer("Que faire", "\r");
            answer("Serveur MariaDB", "\x03");
            see(&mut terminal, "les réponses sont gardées");
            terminal.exp_eof().unwrap();
            let kept = std::fs::read_to_string(place.config.with_extension("init.json")).unwrap();
            assert!(!kept.contains("faux"), "{kept}");
            // Taken up where it was left: the password comes first.
            let mut terminal = place.terminal(&[]);
            let mut answer = |prompt: &str, keys: &str| press(&mut terminal, prompt, keys);
            answer("Mot de passe de connector", "lecture-seule\r");
            answer("Fuseau horaire", "\r");
            answer("Comment joindre Gestan", "\r");
            answer("Serveur de la copie", "\r");
            answer("Port", "\r");
            answer("Base de données de Gestan", "\r");
            answer("Compte de la passerelle", "\r");
            answer("Mot de passe", "\r");
            for (status, number) in [
                ("planifiée", "0"),
                ("en cours", "1"),
                ("en attente", "3"),
                ("terminée", "2"),
                ("à facturer", "5"),
                ("facturée", "4"),
                ("annulée", "10"),
            ] {
                answer(&format!("Numéro de « {status} »"), "autre\r");
                answer(&format!("Numéro de « {status} »"), &format!("{number}\r"));
            }
            answer("Serveur IMAP", "\r");
            answer("Prévenir les demandeurs", "\r");
            answer("À partir de quel jour", "\r");
            answer("Commencer à blanc", "n\r");
            answer("Écrire", "\r");
            see(&mut terminal, "la passerelle (intégrée) répond");
            see(&mut terminal, "Un premier passage : 1 à créer, pour 1 ticket dans GestSup.");
            see(&mut terminal, "Pour la suite");
            terminal.exp_eof().unwrap();
            drop(terminal);
            place
        }
    });
    let place = typed.await.unwrap();
    assert!(!place.config.with_extension("init.json").exists(), "what is done needs no keeping");
    let (code, said, errors) = run(&place.config, &["check", "--online"]).await;
    assert_eq!(code, 0, "{said}{errors}");
    let password = place.config.with_file_name("gestsup-password");
    assert_eq!((std::fs::read_to_string(&password).unwrap().as_str(), mode(&password)), ("lecture-seule\n", 0o600));
}

#[tokio::test]
async fn the_flows_towards_gestsup_are_off_unless_they_are_asked_for_and_then_pass_the_check() {
    let place = place().await;
    let (code, said, errors) = place.init(&with_codes(&[])).await;
    assert_eq!(code, 0, "{said}{errors}");
    let written = std::fs::read_to_string(&place.config).unwrap();
    assert_eq!(both(&written), [false, false], "{written}");
    let more = with_codes(&["--force", "--reference", "true", "--follow-up", "true"]);
    let (_, said, _) = place.init(&more).await;
    assert!(said.contains("Reference data"), "what the flow needs is looked at: {said}");
    let written = std::fs::read_to_string(&place.config).unwrap();
    assert_eq!(both(&written), [true, true], "{written}");
    let (code, said, errors) = run(&place.config, &["check"]).await;
    assert_eq!(code, 0, "{said}{errors}");
    let (_, rights, _) = run(&place.config, &["grants"]).await;
    assert!(rights.contains(".tthreads TO") && rights.contains(".tcompany TO"), "both flows need rights: {rights}");
}

#[tokio::test]
async fn a_gestan_without_a_number_for_what_waits_has_such_tickets_in_progress() {
    let place = place().await;
    let codes = CODES.into_iter().filter(|code| !code.starts_with("waiting"));
    let more: Vec<&str> = codes.flat_map(|code| ["--status", code]).chain(["--state", "7=waiting"]).collect();
    let (code, said, errors) = place.init(&more).await;
    assert_eq!(code, 0, "{said}{errors}");
    let written: toml::Table = std::fs::read_to_string(&place.config).unwrap().parse().unwrap();
    let states = written["mapping"]["status"].as_table().unwrap();
    for state in ["6", "7"] {
        assert_eq!(states[state].as_str(), Some("in_progress"), "{states}");
    }
    assert_eq!(states["3"].as_str(), Some("done"), "{states}");
}

#[tokio::test]
async fn people_are_told_by_mail_only_where_that_is_wanted_and_the_server_is_tried() {
    let place = place().await;
    let (code, said, errors) = place.init(&with_codes(&[])).await;
    assert_eq!(code, 0, "{said}{errors}");
    assert!(!said.contains("Notifications"), "{said}");
    let (code, _, errors) = place.init(&with_codes(&["--force", "--notify", "true"])).await;
    assert_ne!(code, 0);
    assert!(errors.contains("--notify-from, --smtp;"), "{errors}");
    let (code, _, errors) = place.init(&with_codes(&["--notify-from", "support"])).await;
    assert_eq!(code, 64);
    assert!(errors.contains("Support <support@example.fr>"), "{errors}");
    let mut server = PrivateSmtp::start().unwrap();
    let port = server.port().to_string();
    let asked = |port| {
        let more =
            ["--notify-from", "Support du Val <support@val.example>", "--smtp", "127.0.0.1", "--smtp-port", port];
        with_codes(&["--force", "--notify", "true", "--smtp-security", "none"]).into_iter().chain(more).collect()
    };
    let more: Vec<&str> = asked(port.as_str());
    let (code, said, errors) = place.init(&more).await;
    assert_eq!(code, 0, "{said}{errors}");
    assert!(said.contains(&format!("127.0.0.1:{port} takes mails from support@val.example")), "{said}");
    let (code, said, errors) = run(&place.config, &["check"]).await;
    assert_eq!(code, 0, "{said}{errors}");
    server.stop();
    let (code, said, _) = place.init(&more).await;
    assert_ne!(code, 0);
    assert!(said.contains("the sending mail server") && said.contains("does not answer"), "{said}");
}

#[tokio::test]
async fn the_server_that_mails_go_through_is_asked_for_and_its_authority_can_be_named() {
    let place = place().await;
    let server = PrivateSmtp::start_with(SmtpMode::Tls, None).unwrap();
    let (folder, port) = (server.certificate(), server.port());
    let mut kept = serde_json::json!({
        "billable": "flag", "product_from": "single", "product": "", "billed_by": "time_spent",
        "mode": "interventions", "reference": false, "follow_up": false, "unit": "minute",
        "gestsup_folder": "", "gestsup_url": "", "time_zone": "Europe/Paris", "gateway": "embedded",
        "gestan_kind": "mysql", "default_genre": "", "mailbox": "", "status": CODES,
    });
    for pair in place.flags.chunks(2) {
        let name = pair[0].trim_start_matches("--").replace('-', "_");
        kept[&name] = pair[1].parse::<u16>().map_or_else(|_| pair[1].clone().into(), Value::from);
    }
    std::fs::write(place.config.with_extension("init.json"), kept.to_string()).unwrap();
    let typed = tokio::task::spawn_blocking(move || {
        let mut terminal = place.terminal(&[]);
        let mut answer = |prompt: &str, keys: &str| press(&mut terminal, prompt, keys);
        answer("Prévenir les demandeurs", "o\r");
        answer("Expéditeur", "Support du Val\r");
        answer("une adresse, ou Nom", " <support@val.example>\r");
        answer("Serveur SMTP", &format!("localhost:{port}\r"));
        answer("Chiffrement", "\r");
        answer("Compte sur ce serveur", "\r");
        answer("n'est pas digne de confiance", "");
        answer("Que faire", "\r");
        answer("Fichier de ce certificat", &format!("{}\r", folder.display()));
        answer("admet les mails de support@val.example", "");
        answer("aujourd'hui", &format!("{}tous\r", "\x7f".repeat("aujourd'hui".len())));
        answer("Commencer à blanc", "\r");
        answer("Écrire", "\r");
        see(&mut terminal, "Pour la suite");
        terminal.exp_eof().unwrap();
        drop(terminal);
        place
    });
    let place = typed.await.unwrap();
    let written = std::fs::read_to_string(&place.config).unwrap();
    assert!(written.contains("\nfrom = \"Support du Val <support@val.example>\"\n"), "{written}");
    assert!(!written.contains("\nstart_at = "), "all of them are taken: {written}");
    let (code, said, errors) = run(&place.config, &["check", "--online"]).await;
    assert_eq!(code, 0, "{said}{errors}");
}

#[tokio::test]
async fn an_account_that_is_refused_is_told_once() {
    let place = place().await;
    let (code, said, errors) = place.init(&with_codes(&["--reference", "true", "--follow-up", "true"])).await;
    assert!(code == 0 || said.contains("lacks rights"), "{said}{errors}");
    std::fs::write(place.config.with_file_name("gestsup"), "faux").unwrap();
    let (code, said, _) = run(&place.config, &["check", "--online"]).await;
    assert_ne!(code, 0);
    assert_eq!(said.matches("refuses the account").count(), 1, "{said}");
}

/// Whether a configuration switches `[reference]` and `[follow_up]` on.
fn both(text: &str) -> [bool; 2] {
    let config: toml::Table = text.parse().unwrap();
    let is_on = |flow: &str| config.get(flow).and_then(|flow| flow.get("enabled")).and_then(toml::Value::as_bool);
    ["reference", "follow_up"].map(|flow| is_on(flow).unwrap_or(false))
}

#[cfg(all(feature = "hfsql", feature = "failpoints"))]
mod of_hfsql {
    use super::*;
    use crate::support::{over_odbc, sandbox, stand_in};

    fn flags() -> [String; 6] {
        let stand_in = stand_in();
        let option = format!("StandIn={}", stand_in.trouble.display());
        let driver = stand_in.driver.display().to_string();
        ["--gestan-kind", "hfsql", "--gestan-driver", &driver, "--gestan-option", &option].map(str::to_owned)
    }

    #[tokio::test]
    async fn gestan_s_own_base_is_named_by_flags_and_a_ticket_goes_there() {
        let mut place = place_in(World::on(over_odbc(sandbox().await).await, "").await).await;
        place.flags.extend(flags());
        let (code, said, errors) = place.init(&with_codes(&["--shadow", "false"])).await;
        assert_eq!(code, 0, "{said}{errors}");
        assert!(said.contains("base hfsql"), "{said}");
        let written = || std::fs::read_to_string(&place.config).unwrap();
        assert!(!written().contains("\ntransactions = "), "they are relied on by themselves: {}", written());
        let more = with_codes(&["--shadow", "false", "--force", "--gestan-transactions", "false"]);
        let (code, said, errors) = place.init(&more).await;
        assert_eq!(code, 0, "{said}{errors}");
        assert!(written().contains("\ntransactions = false\n"), "{}", written());
        let (code, said, errors) = run(&place.config, &["sync"]).await;
        assert_eq!(code, 0, "{said}{errors}");
        assert_eq!(place.world.erp.ask("SELECT LIB50 FROM INTERVENTION").await.unwrap(), ["Caisse en panne"]);
    }

    #[tokio::test]
    async fn gestan_s_own_base_is_asked_for_with_its_driver_its_port_and_a_way_back() {
        let mut place = place_in(World::on(over_odbc(sandbox().await).await, "").await).await;
        let [.., option, value] = flags();
        place.flags.extend([option, value]);
        let kept = serde_json::json!({
            "billable": "flag", "product_from": "single", "product": "", "billed_by": "time_spent",
            "mode": "interventions", "reference": false, "follow_up": false, "unit": "minute",
            "gestsup_folder": "", "gestsup_url": "", "time_zone": "Europe/Paris",
        });
        std::fs::write(place.config.with_extension("init.json"), kept.to_string()).unwrap();
        let typed = tokio::task::spawn_blocking(move || {
            let at = place.flags.iter().position(|flag| flag == "--gestan-port").unwrap();
            let port: Vec<String> = place.flags.drain(at..at + 2).collect();
            let more: Vec<&str> = place.flags.iter().map(String::as_str).collect();
            let mut terminal = place.terminal(&more);
            let mut answer = |prompt: &str, keys: &str| press(&mut terminal, prompt, keys);
            answer("Comment joindre Gestan", "HFSQL\r");
            answer("Source de données", "\x1b");
            answer("Comment joindre Gestan", "\r");
            answer("Source de données", "\r");
            // It proposes a name; the file is typed in its place.
            answer("Pilote ODBC", &format!("{}{}\r", "\x7f".repeat(5), stand_in().driver.display()));
            answer("Serveur HFSQL", "\r");
            answer("Port : 4900", &format!("{}{}\r", "\x7f".repeat(4), port[1]));
            answer("majuscules comprises", "\r");
            answer("Compte de la passerelle", "\r");
            answer("Mot de passe", "\r");
            answer("Se fier aux transactions", "n\r");
            see(&mut terminal, "base hfsql");
            press(&mut terminal, "Numéro de", "\x03");
            see(&mut terminal, "les réponses sont gardées");
            terminal.exp_eof().unwrap();
            let kept = std::fs::read_to_string(place.config.with_extension("init.json")).unwrap();
            assert!(kept.contains("\"gestan_kind\": \"hfsql\""), "{kept}");
            assert!(kept.contains("\"gestan_transactions\": false"), "{kept}");
        });
        typed.await.unwrap();
    }
}

#[cfg(not(feature = "hfsql"))]
#[tokio::test]
async fn a_program_without_odbc_says_so_before_anything_is_written() {
    let place = place().await;
    let (code, _, errors) = place.init(&with_codes(&["--gestan-kind", "hfsql"])).await;
    assert_ne!(code, 0);
    assert!(errors.contains("This program was built without ODBC"), "{errors}");
    assert!(!place.config.exists());
}
