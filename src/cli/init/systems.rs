//! The fourth screen: where GestSup and Gestan are. Each is tried on the spot.

use super::ask::{Ask, Reply};
use super::questions::Question;
use super::simple::{choose, confirmed, line};
use super::{Step, Wizard};
use crate::config::BaseKind;
use chrono_tz::Tz;
use std::path::Path;

/// What `connect.php` of a GestSup says of its database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Connect {
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) database: Option<String>,
}

/// Folders where GestSup is usually installed.
const USUAL: [&str; 5] =
    ["/var/www/html/gestsup", "/var/www/gestsup", "/var/www/html", "/srv/www/gestsup", "/usr/share/gestsup"];

impl Connect {
    /// Reads it from GestSup's folder.
    pub(super) fn read(folder: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(folder.join("connect.php")).ok()?;
        let value = |name: &str| {
            let pattern = format!(r#"(?m)^\s*\$({name})\s*=\s*['"]([^'"]*)['"]"#);
            let found = regex::Regex::new(&pattern).ok()?.captures(&text)?.get(2)?.as_str().to_owned();
            Some(found).filter(|found| !found.is_empty())
        };
        // A server of this machine listens on loopback; the name would mean its socket.
        let host = value("host").map(|host| if host == "localhost" { "127.0.0.1".to_owned() } else { host });
        Some(Self { host, port: value("port").and_then(|port| port.parse().ok()), database: value("db_name") })
    }
}

impl Wizard {
    /// Puts a question about the systems.
    pub(super) async fn put_of_systems(&mut self, question: Question) -> anyhow::Result<Step> {
        let ask = self.ask;
        let answers = &mut self.answers;
        let reply = match question {
            Question::GestsupFolder => return self.folder(),
            Question::GestsupUrl => {
                let message = ask.of("Adresse des pages de GestSup :", "Address of GestSup's pages:");
                let help = ask.of(
                    "https://support.exemple.fr, pour les liens depuis Gestan ; peut rester vide",
                    "https://support.example.fr, for the links from Gestan; may be left empty",
                );
                let french = ask.french;
                let proposed = answers.gestsup_url.clone().unwrap_or_default();
                let check =
                    move |text: &str| match text.is_empty() || url::Url::parse(text).is_ok_and(|url| url.has_host()) {
                        true => Ok(()),
                        false if french => Err("une adresse complète, avec https://".to_owned()),
                        false => Err("a whole address, with https://".to_owned()),
                    };
                answer(ask.text(message, help, &proposed, check)?, &mut answers.gestsup_url)
            }
            Question::GestsupHost => {
                let message = ask.of("Serveur MariaDB/MySQL de GestSup :", "MariaDB/MySQL server of GestSup:");
                required(ask, message, "127.0.0.1", &mut answers.gestsup_host)?
            }
            Question::GestsupPort => port(ask, 3306, &mut answers.gestsup_port)?,
            Question::GestsupDatabase => {
                let message = ask.of("Base de données de GestSup :", "GestSup's database:");
                required(ask, message, "bsup", &mut answers.gestsup_database)?
            }
            Question::GestsupUser => {
                let message =
                    ask.of("Compte du connecteur sur ce serveur :", "The connector's account on that server:");
                required(ask, message, "connector", &mut answers.gestsup_user)?
            }
            Question::GestsupPassword => return self.password(question, "gestsup-password"),
            Question::TimeZone => self.zone()?,
            Question::States => return self.states().await,
            Question::Gateway => self.gateway()?,
            Question::GatewayToken => return self.password(question, "gestan-token"),
            Question::GatewayCa => {
                let message = ask.of(
                    "Certificat de l'autorité de la passerelle (PEM, vide s'il est public) :",
                    "Certificate of the gateway's authority (PEM, empty if it is public):",
                );
                line(ask, message, "", "", &mut answers.gateway_ca_file)?
            }
            Question::GestanDsn => {
                let message = ask.of(
                    "Source de données de odbc.ini qui désigne la base (vide : aucune) :",
                    "Data source of odbc.ini that names the base (empty: none):",
                );
                let help = ask.of("sans elle, le pilote est demandé", "without one, the driver is asked for");
                line(ask, message, help, "", &mut answers.gestan_dsn)?
            }
            Question::GestanDriver => {
                let message = ask.of("Pilote ODBC de PC SOFT :", "ODBC driver of PC SOFT:");
                let help = ask.of(
                    "son nom dans odbcinst.ini, ou son fichier : /opt/hfsql/wd300hfo64.so",
                    "its name in odbcinst.ini, or its file: /opt/hfsql/wd300hfo64.so",
                );
                line(ask, message, help, "HFSQL", &mut answers.gestan_driver)?
            }
            Question::GestanHost => {
                let message = match answers.is_hfsql() {
                    true => ask.of("Serveur HFSQL de Gestan :", "HFSQL server of Gestan:"),
                    false => ask.of("Serveur de la copie MySQL de Gestan :", "Server of Gestan's MySQL copy:"),
                };
                required(ask, message, "127.0.0.1", &mut answers.gestan_host)?
            }
            Question::GestanPort => port(ask, answers.usual_port(), &mut answers.gestan_port)?,
            Question::GestanDatabase => {
                let message = match answers.is_hfsql() {
                    true => ask.of(
                        "Base de données de Gestan (majuscules comprises) :",
                        "Gestan's database (capitals matter):",
                    ),
                    false => ask.of("Base de données de Gestan :", "Gestan's database:"),
                };
                required(ask, message, "gestan", &mut answers.gestan_database)?
            }
            Question::GestanUser => {
                let message =
                    ask.of("Compte de la passerelle sur ce serveur :", "The gateway's account on that server:");
                required(ask, message, "gateway", &mut answers.gestan_user)?
            }
            Question::GestanPassword => return self.password(question, "gateway-base-password"),
            Question::GestanTransactions => {
                let message =
                    ask.of("Se fier aux transactions du pilote HFSQL ?", "Rely on the HFSQL driver's transactions?");
                let help = ask.of(
                    "oui, sauf si `gateway selftest --write` dit le contraire",
                    "yes, unless `gateway selftest --write` says otherwise",
                );
                confirmed(ask, message, help, true, &mut answers.gestan_transactions)?
            }
            Question::StatusCodes => return self.status_codes(false).await,
            Question::AnomalyStatusCodes => return self.status_codes(true).await,
            Question::Genres => return self.genres().await,
            Question::DefaultGenre => return self.default_genre(),
            Question::GenreProducts => return self.genre_products(),
            question if question.is_trial() => return self.attempt(question).await,
            question => return self.put_of_mails(question),
        };
        Ok(reply.into())
    }

    fn folder(&mut self) -> anyhow::Result<Step> {
        let ask = self.ask;
        let found = USUAL.into_iter().find(|folder| Path::new(folder).join("connect.php").exists());
        let message = ask.of(
            "Dossier de GestSup, s'il est sur cette machine (sinon vide) :",
            "GestSup's folder, if it is on this machine (else empty):",
        );
        let help = ask.of("son connect.php dit où est la base", "its connect.php says where the base is");
        let reply = line(ask, message, help, found.unwrap_or_default(), &mut self.answers.gestsup_folder)?;
        self.take_from_folder();
        Ok(reply.into())
    }

    /// What GestSup's own configuration says, where nobody said otherwise.
    pub(super) fn take_from_folder(&mut self) {
        let Some(folder) = self.answers.gestsup_folder.as_ref().filter(|folder| !folder.is_empty()) else { return };
        let Some(connect) = Connect::read(Path::new(folder)) else {
            self.note(self.ask.of(
                "Aucun connect.php n'a pu être lu dans ce dossier : la base est à indiquer à la main.",
                "No connect.php could be read in that folder: say by hand where the base is.",
            ));
            return;
        };
        let answers = &mut self.answers;
        answers.gestsup_host = answers.gestsup_host.take().or(connect.host);
        answers.gestsup_port = answers.gestsup_port.or(connect.port);
        answers.gestsup_database = answers.gestsup_database.take().or(connect.database);
    }

    fn zone(&mut self) -> anyhow::Result<Reply<()>> {
        let ask = self.ask;
        let own = std::fs::read_to_string("/etc/timezone").ok().and_then(|text| text.trim().parse::<Tz>().ok());
        // A server that was never told where it is says UTC: GestSup's PHP was.
        let own = own.filter(|zone| !zone.name().ends_with("UTC"));
        let proposed = self.answers.time_zone.or(own).unwrap_or(Tz::Europe__Paris).name();
        let french = ask.french;
        let check = move |text: &str| match text.parse::<Tz>() {
            Ok(_) => Ok(()),
            Err(_) if french => Err("un fuseau tel que Europe/Paris".to_owned()),
            Err(_) => Err("a zone such as Europe/Paris".to_owned()),
        };
        let message = ask.of("Fuseau horaire des dates des deux systèmes :", "Time zone of both systems' dates:");
        Ok(match ask.text(message, "", proposed, check)? {
            Reply::Given(zone) => {
                self.answers.time_zone = zone.parse().ok();
                Reply::Given(())
            }
            Reply::Back => Reply::Back,
        })
    }

    fn gateway(&mut self) -> anyhow::Result<Reply<()>> {
        let ask = self.ask;
        let places = [
            (Some(BaseKind::Mysql), "d'ici, par la copie MySQL de sa base", "from here, by the MySQL copy of its base"),
            (
                Some(BaseKind::Hfsql),
                "d'ici, par sa base HFSQL elle-même (pilote ODBC de PC SOFT)",
                "from here, by its own HFSQL base (ODBC driver of PC SOFT)",
            ),
            (
                None,
                "par une passerelle à côté de lui, sur une autre machine",
                "by a gateway beside it, on another machine",
            ),
        ];
        let message = ask.of("Comment joindre Gestan ?", "How is Gestan reached?");
        let kind = loop {
            let known = self.answers.gateway.is_some();
            let before = self.answers.gestan_kind.unwrap_or_default();
            let before = if self.answers.is_embedded() || !known { Some(before) } else { None };
            let mut chosen = Some(before);
            if choose(ask, message, &places, &mut chosen)? == Reply::Back {
                return Ok(Reply::Back);
            }
            let chosen = chosen.flatten();
            match chosen.and_then(|kind| without_odbc(ask, kind)) {
                Some(sentence) => self.note(&format!("  {sentence}")),
                None => break chosen,
            }
        };
        if let Some(kind) = kind {
            self.answers.gateway = Some("embedded".to_owned());
            if self.answers.gestan_kind.unwrap_or_default() != kind {
                // What was answered of a base of another kind says nothing of this one.
                self.answers.gestan_port = None;
                self.probe = None;
            }
            self.answers.gestan_kind = Some(kind);
            return Ok(Reply::Given(()));
        }
        let proposed = self.answers.gateway.clone().filter(|gateway| gateway != "embedded").unwrap_or_default();
        let french = ask.french;
        let check = move |text: &str| match url::Url::parse(text).is_ok_and(|url| url.has_host()) {
            true => Ok(()),
            false if french => Err("une adresse telle que https://gestan.exemple.fr:8480".to_owned()),
            false => Err("an address such as https://gestan.example.fr:8480".to_owned()),
        };
        let message = ask.of("Adresse de la passerelle :", "The gateway's address:");
        Ok(answer(ask.text(message, "", &proposed, check)?, &mut self.answers.gateway))
    }
}

/// Why this program cannot reach a base of that kind: it was built without what that needs.
pub(super) fn without_odbc(ask: Ask, kind: BaseKind) -> Option<&'static str> {
    (kind == BaseKind::Hfsql && cfg!(not(feature = "hfsql"))).then_some(ask.of(
        "Ce programme a été compilé sans ODBC, par quoi une base HFSQL est jointe : prenez celui qui l'a été avec (cargo build --release --features hfsql), ou passez par une passerelle.",
        "This program was built without ODBC, by which an HFSQL base is reached: take the one that was built with it (cargo build --release --features hfsql), or go by a gateway.",
    ))
}

pub(super) fn answer(reply: Reply<String>, to: &mut Option<String>) -> Reply<()> {
    match reply {
        Reply::Given(text) => {
            *to = Some(text);
            Reply::Given(())
        }
        Reply::Back => Reply::Back,
    }
}

/// A line that may not be empty.
pub(super) fn required(ask: Ask, message: &str, proposed: &str, to: &mut Option<String>) -> anyhow::Result<Reply<()>> {
    let proposed = to.clone().unwrap_or_else(|| proposed.to_owned());
    let french = ask.french;
    let check = move |text: &str| match text.is_empty() {
        false => Ok(()),
        true if french => Err("il en faut un".to_owned()),
        true => Err("this is needed".to_owned()),
    };
    Ok(answer(ask.text(message, "", &proposed, check)?, to))
}

fn port(ask: Ask, usual: u16, to: &mut Option<u16>) -> anyhow::Result<Reply<()>> {
    let french = ask.french;
    let check = move |text: &str| match text.parse::<u16>() {
        Ok(1..) => Ok(()),
        _ if french => Err("un numéro de 1 à 65535".to_owned()),
        _ => Err("a number from 1 to 65535".to_owned()),
    };
    Ok(match ask.text("Port :", "", &to.unwrap_or(usual).to_string(), check)? {
        Reply::Given(port) => {
            *to = port.parse().ok();
            Reply::Given(())
        }
        Reply::Back => Reply::Back,
    })
}
