#![allow(clippy::unwrap_used)]
use super::*;
use std::path::Path;

/// The texts between quotes of a source file, without its tests and comments.
fn literals(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]").next().unwrap();
    let code: String =
        code.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect();
    let quoted = Regex::new(r#"(?s)"((?:[^"\\]|\\.)*)""#).unwrap();
    let joined = Regex::new(r"\\\n\s*").unwrap();
    let texts = quoted.captures_iter(&code).map(|found| joined.replace_all(&found[1], "").replace("\\\"", "\""));
    texts.collect()
}

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs")
            && !path.display().to_string().contains("/page/said")
        {
            found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

fn all_sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found
}

fn pairs() -> HashMap<String, String> {
    let mut pairs = HashMap::new();
    for list in LISTS {
        for (english, french) in toml::from_str::<HashMap<String, String>>(list).unwrap() {
            assert!(pairs.insert(english.clone(), french).is_none(), "“{english}” is there twice");
        }
    }
    pairs
}

#[test]
fn every_pattern_is_whole_and_its_french_has_the_same_gaps() {
    assert_eq!(PATTERNS.len(), pairs().len());
    for (english, french) in pairs() {
        let gaps = |text: &str| {
            let mut gaps: Vec<String> = pieces(text)
                .iter()
                .filter_map(|piece| match piece {
                    Piece::Gap { name, .. } => Some((*name).to_owned()),
                    Piece::Fixed(_) => None,
                })
                .collect();
            gaps.sort();
            gaps
        };
        assert_eq!(gaps(&english), gaps(&french), "{english}");
    }
}

#[test]
fn every_pattern_is_said_by_the_source() {
    let joined = Regex::new(r"\\\n\s*").unwrap();
    let sources: Vec<String> = all_sources().into_iter().map(|(_, source)| source).collect();
    let said = joined.replace_all(&sources.join("\n"), "").replace("\\\"", "\"");
    let mut nowhere = Vec::new();
    for english in pairs().keys() {
        for piece in pieces(english) {
            let Piece::Fixed(text) = piece else { continue };
            // What stands alone between two gaps may be put together.
            let text = text.trim_matches([' ', ',', ';', '“', '”', ':', '.', '[', ']', '(', ')', '–']);
            // The name of a field, and whether a profile has a right, stand before the rest.
            let text = ["status ", "has ", "lacks "].iter().find_map(|word| text.strip_prefix(word)).unwrap_or(text);
            if text.len() >= 8 && !said.contains(text) {
                nowhere.push(format!("“{text}” of “{english}”"));
            }
        }
    }
    assert!(nowhere.is_empty(), "nowhere in the source: {nowhere:#?}");
}

/// What the page and `init` show is made in these files and folders.
const SHOWN: [&str; 30] = [
    "flows/",
    "mapping/matching.rs",
    "mapping/deciding.rs",
    "mapping/planning.rs",
    "mapping/projection.rs",
    "mapping/directory.rs",
    "mapping/mail/attributes.rs",
    "mapping/mail/decide.rs",
    "mapping/mail/desk.rs",
    "mapping/mail/exclude.rs",
    "gestsup/error.rs",
    "gestsup/check.rs",
    "gestsup/granted.rs",
    "gestsup/features.rs",
    "gestsup/settings.rs",
    "gestsup/files.rs",
    "gestsup/mail/rights.rs",
    "gestsup/mail/files.rs",
    "gestsup/mail/mod.rs",
    "gestsup/reference/rights.rs",
    "gestsup/reference/visibility.rs",
    "gestsup/writing/",
    "gestan/error.rs",
    "mailbox/error.rs",
    "mailbox/token.rs",
    "mailbox/check.rs",
    "smtp/",
    "store/error.rs",
    "store/circuit.rs",
    "cli/check/",
];
/// Of these, what only commands print, in English; and what goes into Gestan, GestSup or a mail, in the language of the site.
const ELSEWHERE: [&str; 7] = [
    "flows/tickets/adoption.rs",
    "flows/tickets/evidence.rs",
    "flows/tickets/reconcile.rs",
    "flows/tickets/shadow.rs",
    "flows/tickets/sweep.rs",
    "flows/follow_up/wording.rs",
    "flows/notify/act.rs",
];
/// What is no sentence for whoever runs the connector, by how it begins.
const OTHERS: [&str; 46] = [
    // Titles, dates and examples.
    "n°{number}",
    "Ticket n°{number}",
    "Intervention, ticket n°",
    "Écran noir",
    "01/03/2026",
    "05/03/2026",
    "{first} {last}",
    "{name} (n°{})",
    "(no name)",
    "(no client)",
    "Non renseigné",
    // What other tests put together.
    "a contract covers",
    "rule {",
    "default of [",
    "{code} (no room",
    "{reason}, without",
    "{mail} {what}",
    "Mail from {sender}, “{}”",
    "{} “{}” is {} ({evidence}){rest}",
    "Intervention {gestan_id} of ticket n°{number} was deleted",
    "{message}, but not here",
    "{name} has not answered since",
    "The mailbox {mailbox} cannot be read since",
    "this GestSup has no {}{came}",
    "table {table}",
    "profile “{}” {is} the right",
    "{folder} ({} mails)",
    "(version unknown)",
    "a name of that form",
    "{} and {more} more",
    // Names of settings and systems, within a sentence or in the log.
    "[notify] ",
    "[follow_up.brake]",
    "[reference] brake",
    "[tickets.brake]",
    "the mailbox",
    "the mail server",
    "the state file",
    "what a write needs",
    "line {line}",
    // What is said on the command line alone.
    "Not ready: mend",
    "The configuration is complete",
    "Ready",
    "Billable tickets that Gestan",
    "To be billed, and not",
    "Billed twice",
    "Billed with another",
];

/// Whether a text is none that a person reads: words to recognise a mail or a refusal by, SQL, formats, addresses.
fn is_for_programs(path: &str, text: &str) -> bool {
    let sql = Regex::new(
        r"SELECT|CAST\(|SET SESSION|START TRANSACTION|BETWEEN|ORDER BY|UPDATE|INSERT|DELETE FROM|SHOW GRANTS|ALTER TABLE|LEFT JOIN|COALESCE|CONCAT|GREATEST|ALL PRIVILEGES|%[dYH]|^[a-z]\.[a-z_]+ |^`?\{[a-z]+\}`? = |^0000-|GETQUOTA|^IF\(|^text/|^https:",
    );
    let known = ["RSA auth backend", "basic authentication", "application-specific password", "utilisateur avec"];
    let lists = path.ends_with("mapping/mail/exclude.rs") && !text.starts_with("It");
    sql.unwrap().is_match(text) || lists || known.iter().any(|known| text.starts_with(known))
}

#[test]
fn everything_that_the_page_and_init_show_has_its_french() {
    let gap = Regex::new(r"\{[^}]*\}").unwrap();
    // A moment at which a test ends the program, and a line of the log, are no sentences of a flow.
    let code = Regex::new(r#"(?s)(reached|progress|info!|warn!|debug!|error!)\([^;]*?\);"#).unwrap();
    let bare = |text: &str| gap.replace_all(text, "{}").into_owned();
    let known: Vec<String> = pairs().keys().map(|english| bare(english)).collect();
    let (mut missing, mut seen) = (Vec::new(), 0);
    for (path, source) in all_sources() {
        let path = path.split("/src/").nth(1).unwrap().to_owned();
        let is_of = |files: &[&str]| files.iter().any(|file| path.starts_with(file));
        if !is_of(&SHOWN) || is_of(&ELSEWHERE) || path.ends_with("tests.rs") {
            continue;
        }
        seen += 1;
        for text in literals(&code.replace_all(&source.replace("'\"'", "' '"), "")) {
            let is_sentence = text.split(' ').filter(|word| word.len() > 2).count() > 1;
            if !is_sentence || is_for_programs(&path, &text) || OTHERS.iter().any(|other| text.starts_with(other)) {
                continue;
            }
            // A part of a sentence stands within it.
            let bare = bare(text.trim());
            if !known.iter().any(|known| known.contains(&bare)) && in_french(&text).is_none() {
                missing.push(format!("{path}: {text}"));
            }
        }
    }
    assert!(seen > 100, "{seen} files");
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn sentences_within_sentences_are_french_as_a_whole() {
    let told = |text: &str| in_french(text).unwrap_or_else(|| panic!("{text}"));
    assert_eq!(
        told(
            "No client of Gestan matches the company “Dupont & <b>”. Create it in Gestan under the same name, or add it to [mapping.clients.table]."
        ),
        "Aucun client de Gestan ne correspond : la société « Dupont & <b> ». Créez-le dans Gestan sous le même nom, ou ajoutez-le à [mapping.clients.table]."
    );
    assert_eq!(
        told("rule 2 of [mapping.billing]: type is “Incident” or “Demande”, client starts with “M”, billable is false"),
        "règle 2 de [mapping.billing] : type est « Incident » ou « Demande », client commence par « M », billable est faux"
    );
    assert_eq!(
        told("state “Résolu”, billable or not by the ticket's billable tick"),
        "état « Résolu » ; facturable ou non d'après la case « Facturable » du ticket"
    );
    assert_eq!(
        told("updated; title, planned_start; 2 new entries – title was set to “HS” in Gestan and is left to Gestan"),
        "mis à jour ; titre, début prévu ; 2 nouveaux paragraphes – titre : mis à « HS » dans Gestan, et laissé à Gestan"
    );
    assert_eq!(
        told("status was changed in Gestan from “to_bill” to “done”, GestSup says “to_bill”: it is left"),
        "statut : changé dans Gestan de « à facturer » en « terminée », GestSup dit « à facturer » ; c'est laissé tel quel"
    );
    assert_eq!(told("members of the group “N1”, without Zoé"), "membres du groupe « N1 », sans Zoé");
    assert_eq!(told("new intervention"), "nouveau dans Gestan : intervention");
}

#[test]
fn what_the_other_flows_and_systems_say_is_french_with_another_system_s_words_as_they_are() {
    let told = |text: &str| in_french(text).unwrap_or_else(|| panic!("{text}"));
    assert_eq!(
        told(
            "Mail from paul@martin.fr, “Panne, encore” became a comment of ticket n°12: it answers a mail of this ticket; which is open again"
        ),
        "Mail de paul@martin.fr, « Panne, encore » : est devenu un commentaire du ticket n°12 – il répond à un mail de ce ticket ; le ticket est rouvert"
    );
    assert_eq!(
        told("Mail from nobody, “” is set aside: [IN-USE] later. It was tried 5 times."),
        "Mail de quelqu'un d'inconnu, «  » : mis de côté – [IN-USE] later. Essayé 5 fois."
    );
    assert_eq!(
        told("client “Martin” is 12: name “Martin” instead of “MARTIN”; disabled “0” instead of “1”"),
        "client « Martin » (n°12) : nom « Martin » au lieu de « MARTIN » ; désactivé « 0 » au lieu de « 1 »"
    );
    assert_eq!(
        told("Not sent to a@b.fr yet, tried again later: the mail server refuses the recipient (550 no)"),
        "Pas encore envoyé à a@b.fr, nouvel essai plus tard : le serveur d'envoi refuse le destinataire (550 no)"
    );
    assert_eq!(
        told("a mail to a@b.fr (requester): the ticket's state changed, now “Résolu”"),
        "un mail à a@b.fr (demandeur) : l'état du ticket a changé, maintenant « Résolu »"
    );
    assert_eq!(
        told(
            "GestSup has not answered since 2026-01-05 08:00:00 UTC (3 attempts); next attempt after 08:10:00 UTC: GestSup's database server 10.0.0.5:3306 does not answer (connection refused): check that it runs and that this machine may reach it ([gestsup] host and port)"
        ),
        "GestSup ne répond pas depuis le 2026-01-05 08:00:00 UTC (3 essais) ; prochain essai après 08:10:00 UTC : le serveur de la base de GestSup 10.0.0.5:3306 ne répond pas (connection refused) : vérifiez qu'il fonctionne et que cette machine peut le joindre ([gestsup] host et port)"
    );
    assert_eq!(
        told("300 mails would be sent, 200 are allowed in one pass ([notify] most_per_pass)"),
        "300 mails seraient envoyés, 200 sont admis en un passage ([notify] most_per_pass)"
    );
    assert_eq!(
        told("the pass 01a2 was taken back, but not here: it was billed since: nothing of it is changed any more"),
        "le passage 01a2 a été repris, mais pas ici : elle a été facturée depuis : plus rien n'y est changé"
    );
    assert_eq!(
        told(
            "Its intervention is in_progress in Gestan: set it to be billed there, or run `gestan-connector show 4` to see why."
        ),
        "Statut de son intervention dans Gestan : en cours. Mettez-l'y à facturer, ou lancez `gestan-connector show 4` pour voir pourquoi."
    );
    assert_eq!(
        told("gateway (embedded) answers, base mysql, zone Europe/Paris"),
        "la passerelle (intégrée) répond, base mysql, fuseau Europe/Paris"
    );
    assert_eq!(
        told(
            "GestSup itself sends mails to requesters of tickets that they open (mail_auto_user_newticket), and to technicians and groups of tickets that they are given (mail_auto_tech_attribution): the connector sends them none for the same. Switch these mails off in GestSup's parameters, or leave such changes out of [notify] rules"
        ),
        "GestSup envoie lui-même des mails aux demandeurs, des tickets qu'ils ouvrent (mail_auto_user_newticket), et aux techniciens et groupes, des tickets qui leur sont confiés (mail_auto_tech_attribution) : le connecteur ne leur en envoie pas pour la même chose. Coupez ces mails dans les paramètres de GestSup, ou laissez ces changements hors de [notify] rules"
    );
}

#[test]
fn what_is_not_wholly_known_stays_as_it_is_and_costs_little() {
    assert_eq!(in_french("updated; something new"), None);
    assert_eq!(in_french(""), None);
    let begun = std::time::Instant::now();
    assert_eq!(in_french(&"title, title; title – ".repeat(150)), None);
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
}
