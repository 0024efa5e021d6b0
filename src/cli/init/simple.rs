//! The questions of the first three screens, and of the start: how work is billed, what tickets become, how time is
//! counted, when and how to begin.

use super::answers::{Answers, Product, start};
use super::ask::{Ask, Reply};
use super::questions::Question;
use crate::config::{Billable, BilledBy, Mode};
use crate::model::TimeUnit;

/// Puts a question that needs neither system; the answer goes into the answers.
pub(super) fn put(question: Question, ask: Ask, answers: &mut Answers) -> anyhow::Result<Reply<()>> {
    match question {
        Question::Billable => {
            let choices = [
                (
                    Billable::Flag,
                    "ceux dont la case « Facturable » est cochée dans GestSup",
                    "those whose “billable” box is ticked in GestSup",
                ),
                (Billable::Always, "tous", "all of them"),
                (Billable::Never, "aucun", "none"),
            ];
            let message = ask.of("Quels tickets sont facturés ?", "Which tickets are billed?");
            choose(ask, message, &choices, &mut answers.billable)
        }
        Question::ProductFrom => {
            let choices = [
                (Product::Single, "toujours le même", "always the same"),
                (Product::Genre, "du genre de l'intervention", "from the genre of the intervention"),
                (Product::Task, "de la tâche du projet", "from the project's task"),
                (
                    Product::Contract,
                    "du contrat de maintenance du client, qui dit aussi si c'est facturé",
                    "from the client's maintenance contract, which also says if it is billed",
                ),
            ];
            let message = ask.of(
                "D'où vient l'article sous lequel Gestan facture ?",
                "Where does the product come from that Gestan bills as?",
            );
            choose(ask, message, &choices, &mut answers.product_from)
        }
        Question::Product => {
            let message = ask.of("Code de l'article par défaut :", "Code of the default product:");
            let help = ask.of(
                "CD_PRODUIT dans Gestan ; vide : aucun, sauf celui qu'une règle désigne",
                "CD_PRODUIT in Gestan; empty: no product is written but what a rule says",
            );
            line(ask, message, help, "", &mut answers.product)
        }
        Question::BilledBy => {
            let choices = [
                (BilledBy::TimeSpent, "le temps passé", "the time spent"),
                (BilledBy::Hours, "le début et la fin de l'intervention", "start and end of the intervention"),
                (BilledBy::Quantity, "une quantité", "a quantity"),
            ];
            let message =
                ask.of("D'après quoi Gestan calcule-t-il le prix ?", "What does Gestan compute the price from?");
            choose(ask, message, &choices, &mut answers.billed_by)
        }
        Question::Mode => {
            let choices = [
                (
                    Mode::Interventions,
                    "des interventions : un travail planifié, fait et facturé",
                    "interventions: work that is planned, done and billed",
                ),
                (
                    Mode::Anomalies,
                    "des anomalies : un défaut suivi dans Gestan jusqu'à sa résolution",
                    "anomalies: a fault that is followed in Gestan until it is resolved",
                ),
            ];
            let message = ask.of("Que deviennent les tickets dans Gestan ?", "What do tickets become in Gestan?");
            choose(ask, message, &choices, &mut answers.mode)
        }
        Question::Reference => {
            let message = ask.of(
                "Clients, contacts, matériels et projets de Gestan vers GestSup ?",
                "Gestan's clients, contacts, equipment and projects into GestSup?",
            );
            let help = ask.of(
                "peut attendre ([reference]) ; demande des droits d'écriture sur GestSup",
                "can wait ([reference]); needs rights to write to GestSup",
            );
            confirmed(ask, message, help, false, &mut answers.reference)
        }
        Question::FollowUp => {
            let message = ask.of(
                "Reporter sur les tickets ce qui est fait dans Gestan ?",
                "Carry what is done in Gestan back to the tickets?",
            );
            let help = ask.of(
                "état, technicien, dates, texte ; peut attendre ([follow_up])",
                "state, technician, dates, text; can wait ([follow_up])",
            );
            confirmed(ask, message, help, false, &mut answers.follow_up)
        }
        Question::Unit => {
            let choices = [
                (TimeUnit::Minute, "la minute", "the minute"),
                (TimeUnit::Hour, "l'heure", "the hour"),
                (TimeUnit::Day, "le jour", "the day"),
            ];
            let message = ask
                .of("Unité de temps des paramètres généraux de Gestan :", "Unit of time in Gestan's general settings:");
            choose(ask, message, &choices, &mut answers.unit)
        }
        Question::HoursPerDay => {
            let french = ask.french;
            let check = move |text: &str| match text.parse::<u32>() {
                Ok(1..=24) => Ok(()),
                _ if french => Err("un nombre de 1 à 24".to_owned()),
                _ => Err("a number from 1 to 24".to_owned()),
            };
            let proposed = answers.hours_per_day.unwrap_or(7).to_string();
            let message = ask.of("Heures dans une journée :", "Hours in a day:");
            Ok(match ask.text(message, "", &proposed, check)? {
                Reply::Given(hours) => {
                    answers.hours_per_day = hours.parse().ok();
                    Reply::Given(())
                }
                Reply::Back => Reply::Back,
            })
        }
        Question::StartAt => begin(ask, answers),
        _ => shadow(ask, answers),
    }
}

fn begin(ask: Ask, answers: &mut Answers) -> anyhow::Result<Reply<()>> {
    let message = ask
        .of("À partir de quel jour reprendre les tickets résolus ?", "From which day on are resolved tickets taken?");
    let (today, all) = (ask.of("aujourd'hui", "today"), ask.of("tous", "all"));
    let help = ask.of(
        "aujourd'hui, une date (2026-01-31) ou tous ; les ouverts sont toujours repris",
        "today, a date (2026-01-31) or all; those still open are always taken",
    );
    let french = ask.french;
    let meant = move |text: &str| match text {
        text if text == today => "today".to_owned(),
        text if text == all => "all".to_owned(),
        other => other.to_owned(),
    };
    let check = move |text: &str| {
        let sentence = |english| {
            if french { "« aujourd'hui », « tous », ou une date : 2026-01-31".to_owned() } else { english }
        };
        start(&meant(text)).map(|_| ()).map_err(sentence)
    };
    let proposed = match answers.start_at.as_deref() {
        None | Some("today") => today.to_owned(),
        Some("all") => all.to_owned(),
        Some(day) => day.to_owned(),
    };
    Ok(match ask.text(message, help, &proposed, check)? {
        Reply::Given(day) => {
            answers.start_at = Some(meant(&day));
            Reply::Given(())
        }
        Reply::Back => Reply::Back,
    })
}

fn shadow(ask: Ask, answers: &mut Answers) -> anyhow::Result<Reply<()>> {
    let message = ask.of(
        "Commencer à blanc (tout est planifié et montré, rien n'est écrit) ?",
        "Begin in shadow mode (all is planned and shown, nothing is written)?",
    );
    Ok(match ask.confirm(message, "", answers.shadow.unwrap_or(true))? {
        Reply::Given(yes) => {
            answers.shadow = Some(yes);
            Reply::Given(())
        }
        Reply::Back => Reply::Back,
    })
}

/// Yes or no, with what is usual proposed.
pub(super) fn confirmed(
    ask: Ask,
    message: &str,
    help: &str,
    usual: bool,
    answer: &mut Option<bool>,
) -> anyhow::Result<Reply<()>> {
    Ok(match ask.confirm(message, help, answer.unwrap_or(usual))? {
        Reply::Given(yes) => {
            *answer = Some(yes);
            Reply::Given(())
        }
        Reply::Back => Reply::Back,
    })
}

/// One of a few values, in both languages; the cursor stands at the answer of before.
pub(super) fn choose<T: Copy + PartialEq>(
    ask: Ask,
    message: &str,
    choices: &[(T, &str, &str)],
    answer: &mut Option<T>,
) -> anyhow::Result<Reply<()>> {
    let first = choices.iter().position(|(value, ..)| Some(*value) == *answer).unwrap_or_default();
    let choices = choices.iter().map(|(value, french, english)| (*value, ask.of(french, english).to_owned())).collect();
    Ok(match ask.choose(message, choices, first)? {
        Reply::Given(value) => {
            *answer = Some(value);
            Reply::Given(())
        }
        Reply::Back => Reply::Back,
    })
}

/// A line that may be empty.
pub(super) fn line(
    ask: Ask,
    message: &str,
    help: &str,
    proposed: &str,
    answer: &mut Option<String>,
) -> anyhow::Result<Reply<()>> {
    let proposed = answer.clone().unwrap_or_else(|| proposed.to_owned());
    Ok(match ask.text(message, help, &proposed, |_| Ok(()))? {
        Reply::Given(text) => {
            *answer = Some(text);
            Reply::Given(())
        }
        Reply::Back => Reply::Back,
    })
}
