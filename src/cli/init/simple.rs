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
                    "du contrat de maintenance du client (couvert : non facturé, ou facturé selon le contrat)",
                    "from the client's maintenance contract (covered: not billed, or billed as it says)",
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
                "CD_PRODUIT dans Gestan ; vide : aucun article n'est écrit, sauf celui qu'une règle désigne",
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
                    "des anomalies : un défaut suivi dans Gestan, que le client voit avancer dans GestSup",
                    "anomalies: a fault that is followed in Gestan, and whose progress the customer sees in GestSup",
                ),
            ];
            let message = ask.of("Que deviennent les tickets dans Gestan ?", "What do tickets become in Gestan?");
            choose(ask, message, &choices, &mut answers.mode)
        }
        Question::Reference => {
            let message = ask.of(
                "Reprendre de Gestan dans GestSup les clients, contacts, matériels, techniciens et projets ?",
                "Bring Gestan's clients, contacts, equipment, technicians and projects into GestSup?",
            );
            let help = ask.of(
                "peut attendre : [reference] enabled ; le compte de GestSup a alors besoin de droits d'écriture",
                "can wait: [reference] enabled; GestSup's account then needs rights to write",
            );
            wanted(ask, message, help, &mut answers.reference)
        }
        Question::FollowUp => {
            let message = ask.of(
                "Reporter sur les tickets ce qui est fait dans Gestan (état, technicien, dates, texte) ?",
                "Carry what is done in Gestan (state, technician, dates, text) back to the tickets?",
            );
            let help = ask.of(
                "peut attendre : [follow_up] enabled ; le compte de GestSup a alors besoin de droits d'écriture",
                "can wait: [follow_up] enabled; GestSup's account then needs rights to write",
            );
            wanted(ask, message, help, &mut answers.follow_up)
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
    let help = ask.of(
        "« today » : ce qui a été résolu avant aujourd'hui est de l'histoire ; une date : 2026-01-31 ; « all » : tout. Les tickets encore ouverts sont toujours repris",
        "today: what was resolved before is history; a date: 2026-01-31; all: everything. Tickets that are still open are always taken",
    );
    let french = ask.french;
    let check = move |text: &str| {
        let sentence =
            |english| if french { "« today », « all », ou une date : 2026-01-31".to_owned() } else { english };
        start(text).map(|_| ()).map_err(sentence)
    };
    let proposed = answers.start_at.clone().unwrap_or_else(|| "today".to_owned());
    Ok(match ask.text(message, help, &proposed, check)? {
        Reply::Given(day) => {
            answers.start_at = Some(day);
            Reply::Given(())
        }
        Reply::Back => Reply::Back,
    })
}

fn shadow(ask: Ask, answers: &mut Answers) -> anyhow::Result<Reply<()>> {
    let message = ask.of(
        "Commencer par une semaine à blanc (tout est planifié et montré, rien n'est écrit) ?",
        "Begin with a week in shadow mode (all is planned and shown, nothing is written)?",
    );
    Ok(match ask.confirm(message, "", answers.shadow.unwrap_or(true))? {
        Reply::Given(yes) => {
            answers.shadow = Some(yes);
            Reply::Given(())
        }
        Reply::Back => Reply::Back,
    })
}

/// Whether a flow is wanted that is off by itself.
fn wanted(ask: Ask, message: &str, help: &str, answer: &mut Option<bool>) -> anyhow::Result<Reply<()>> {
    Ok(match ask.confirm(message, help, answer.unwrap_or(false))? {
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
