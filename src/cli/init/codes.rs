//! Gestan's numbers: they are proposed from what its base holds, and a person says what each means. None is guessed.

use super::answers::{numbers, pairs};
use super::ask::Reply;
use super::simple::line;
use super::{Step, Wizard};
use crate::cli::output::{short, wrapped};
use crate::config::{Billable, StatusMap};
use crate::gateway::ProbedValue;
use crate::mapping::fold;
use crate::model::Status;
use std::collections::BTreeMap;

impl Wizard {
    /// What each status is, as a person says it.
    fn status_name(&self, status: Status) -> &'static str {
        match (status, self.ask.french) {
            (Status::Planned, true) => "planifiée",
            (Status::InProgress, true) => "en cours",
            (Status::Waiting, true) => "en attente",
            (Status::Done, true) => "terminée",
            (Status::ToBill, true) => "à facturer",
            (Status::Billed, true) => "facturée",
            (Status::Cancelled, true) => "annulée",
            (Status::InProgress, false) => "in progress",
            (Status::ToBill, false) => "to be billed",
            (status, false) => status.as_str(),
        }
    }

    /// The values of a column of codes that the base holds.
    fn values(&self, list: &str) -> Vec<ProbedValue> {
        let lists = self.probe.iter().flat_map(|probe| &probe.lists);
        lists.filter(|probed| probed.list == list).flat_map(|probed| probed.values.clone()).collect()
    }

    /// A value as it is shown to choose from.
    fn shown(&self, value: &ProbedValue) -> String {
        let rows = match value.count {
            1 => self.ask.of("ligne", "row"),
            _ => self.ask.of("lignes", "rows"),
        };
        let named = self.ask.of("libellé", "label");
        let label = value.labels.first().map(|label| format!(", {named} {label}")).unwrap_or_default();
        let example = value.examples.first().map(|example| format!(" – {}", short(example, 40))).unwrap_or_default();
        format!("{} ({} {rows}{label}){example}", value.code.unwrap_or_default(), value.count)
    }

    /// Asks for the number behind each status.
    pub(super) async fn status_codes(&mut self, of_anomalies: bool) -> anyhow::Result<Step> {
        self.probe_gestan().await;
        let list = if of_anomalies { "anomaly_status" } else { "status" };
        let values: Vec<ProbedValue> = self.values(list).into_iter().filter(|value| value.code.is_some()).collect();
        let kept = if of_anomalies { &self.answers.anomaly_status } else { &self.answers.status };
        let mut chosen: BTreeMap<String, i64> = numbers(kept);
        let wanted: Vec<Status> = Status::ALL
            .into_iter()
            .filter(|status| match status {
                Status::ToBill => !of_anomalies && self.answers.billable != Some(Billable::Never),
                Status::Billed => !of_anomalies,
                _ => true,
            })
            .collect();
        let text = self.ask.of(
            "Gestan note l'état d'une intervention par un numéro, qui n'est pas le même partout. Que veut dire chacun ici ? À chaque numéro, combien d'interventions l'ont, puis la plus récente ; un libellé est celui que les listes de Gestan donnent à ce numéro, parfois pour autre chose.",
            "Gestan keeps the status of an intervention as a number, which differs from base to base. What does each mean here? Beside each number: how many interventions have it, and the newest of them; a label is what Gestan's lists call that number, sometimes of something else.",
        );
        self.note(&wrapped(text, 0));
        let mut at = 0;
        while let Some(status) = wanted.get(at).copied() {
            match self.status_code(status, &values, &chosen)? {
                Reply::Given(Some(number)) => {
                    chosen.insert(status.as_str().to_owned(), number);
                    at += 1;
                }
                Reply::Given(None) => {
                    chosen.remove(status.as_str());
                    at += 1;
                }
                Reply::Back if at == 0 => return Ok(Step::Back),
                Reply::Back => at -= 1,
            }
        }
        let told = chosen.into_iter().map(|(name, number)| format!("{name}={number}")).collect();
        if of_anomalies {
            self.answers.anomaly_status = told;
        } else {
            self.answers.status = told;
        }
        Ok(Step::Next)
    }

    fn status_code(
        &self,
        status: Status,
        values: &[ProbedValue],
        chosen: &BTreeMap<String, i64>,
    ) -> anyhow::Result<Reply<Option<i64>>> {
        let ask = self.ask;
        let name = self.status_name(status);
        let message = match ask.french {
            true => format!("Numéro de « {name} » :"),
            false => format!("Number of “{name}”:"),
        };
        let taken: Vec<i64> =
            chosen.iter().filter(|(other, _)| *other != status.as_str()).map(|(_, number)| *number).collect();
        let free: Vec<&ProbedValue> =
            values.iter().filter(|value| value.code.is_some_and(|code| !taken.contains(&code))).collect();
        let before = chosen.get(status.as_str()).copied();
        let first = free
            .iter()
            .position(|value| before.is_some() && value.code == before)
            .or_else(|| free.iter().position(|value| speaks_of(value, status)));
        let mut choices: Vec<(Choice, String)> =
            free.iter().map(|value| (Choice::Number(value.code.unwrap_or_default()), self.shown(value))).collect();
        choices.push((Choice::Other, ask.of("un autre numéro…", "another number…").to_owned()));
        // The connector never writes it, and a base where nothing was billed yet holds none.
        let without = match status {
            Status::Billed => ask.of("aucun ici", "none here"),
            Status::Waiting => ask.of(
                "aucun ici : un ticket qui attend y reste « en cours »",
                "none here: a ticket that waits stays “in progress” there",
            ),
            _ => "",
        };
        if !without.is_empty() {
            choices.push((Choice::Without, without.to_owned()));
        }
        match ask.choose(&message, choices, first.unwrap_or_default())? {
            Reply::Back => Ok(Reply::Back),
            Reply::Given(Choice::Without) => Ok(Reply::Given(None)),
            Reply::Given(Choice::Number(number)) => Ok(Reply::Given(Some(number))),
            Reply::Given(Choice::Other) => {
                let french = ask.french;
                let check = move |text: &str| match text.parse::<i64>() {
                    Err(_) if french => Err("un nombre".to_owned()),
                    Err(_) => Err("a number".to_owned()),
                    Ok(number) if taken.contains(&number) && french => Err(format!("{number} a déjà un autre sens")),
                    Ok(number) if taken.contains(&number) => Err(format!("{number} has another meaning already")),
                    Ok(_) => Ok(()),
                };
                let proposed = before.map(|number| number.to_string()).unwrap_or_default();
                Ok(match ask.text(&message, "", &proposed, check)? {
                    Reply::Given(text) => Reply::Given(text.parse().ok()),
                    Reply::Back => Reply::Back,
                })
            }
        }
    }

    /// Names the genres that the base uses after its own labels.
    pub(super) async fn genres(&mut self) -> anyhow::Result<Step> {
        self.probe_gestan().await;
        if self.answers.genre.is_empty() {
            let found = self.probe.as_ref().map(|probe| probe.names("genre")).unwrap_or_default();
            self.answers.genre = found.into_iter().map(|(name, number)| format!("{name}={number}")).collect();
        }
        Ok(Step::Silent)
    }

    pub(super) fn default_genre(&mut self) -> anyhow::Result<Step> {
        let ask = self.ask;
        let genres = numbers(&self.answers.genre);
        if genres.is_empty() {
            self.answers.default_genre.get_or_insert_default();
            return Ok(Step::Silent);
        }
        let shown = |number: i64| {
            let value = self.values("genre").into_iter().find(|value| value.code == Some(number));
            value.map(|value| format!(" – {}", self.shown(&value))).unwrap_or_default()
        };
        let mut choices = vec![(String::new(), ask.of("aucun", "none").to_owned())];
        choices.extend(genres.iter().map(|(name, number)| (name.clone(), format!("{name}{}", shown(*number)))));
        let first = choices.iter().position(|(name, _)| Some(name) == self.answers.default_genre.as_ref());
        let message = ask.of(
            "Genre d'une intervention, quand aucune règle n'en dit un autre :",
            "Genre of an intervention, where no rule says another:",
        );
        Ok(match ask.choose(message, choices, first.unwrap_or_default())? {
            Reply::Given(name) => {
                self.answers.default_genre = Some(name);
                Step::Next
            }
            Reply::Back => Step::Back,
        })
    }

    /// Asks for the product of each genre.
    pub(super) fn genre_products(&mut self) -> anyhow::Result<Step> {
        let ask = self.ask;
        let genres: Vec<String> = numbers(&self.answers.genre).into_keys().collect();
        let mut products = pairs(&self.answers.genre_product);
        let mut at = 0;
        while let Some(genre) = genres.get(at) {
            let message = match ask.french {
                true => format!("Article sous lequel « {genre} » est facturé (vide : celui par défaut) :"),
                false => format!("Product that “{genre}” is billed as (empty: the default):"),
            };
            let mut product = products.get(genre).cloned();
            match line(ask, &message, "", "", &mut product)? {
                Reply::Back if at == 0 => return Ok(Step::Back),
                Reply::Back => at -= 1,
                Reply::Given(()) => {
                    match product.filter(|product| !product.is_empty()) {
                        Some(product) => products.insert(genre.clone(), product),
                        None => products.remove(genre),
                    };
                    at += 1;
                }
            }
        }
        self.answers.genre_product =
            products.into_iter().map(|(genre, product)| format!("{genre}={product}")).collect();
        Ok(Step::Next)
    }

    /// Asks what the states mean that this GestSup has beside those that every one has.
    pub(super) async fn states(&mut self) -> anyhow::Result<Step> {
        let standard = StatusMap::default().0;
        let own: Vec<_> = self
            .own_states()
            .await
            .into_iter()
            .filter(|state| state.id != 0 && !standard.contains_key(&state.id.to_string()))
            .collect();
        if own.is_empty() {
            return Ok(Step::Silent);
        }
        let mut chosen = pairs(&self.answers.state);
        let mut at = 0;
        while let Some(state) = own.get(at) {
            let message = match self.ask.french {
                true => format!("Un ticket à l'état « {} » est, dans Gestan :", state.name),
                false => format!("A ticket in state “{}” is, in Gestan:", state.name),
            };
            let statuses = Status::ALL.into_iter().filter(|status| !matches!(status, Status::Billed | Status::ToBill));
            let mut choices: Vec<(Option<Status>, String)> =
                statuses.map(|status| (Some(status), self.status_name(status).to_owned())).collect();
            choices.push((None, self.ask.of("non envoyé : il attend", "not sent: it waits").to_owned()));
            let before = chosen.get(&state.id.to_string()).and_then(|name| Status::from_name(name));
            let first = choices.iter().position(|(status, _)| *status == before && before.is_some());
            match self.ask.choose(&message, choices, first.unwrap_or_default())? {
                Reply::Back if at == 0 => return Ok(Step::Back),
                Reply::Back => at -= 1,
                Reply::Given(status) => {
                    match status {
                        Some(status) => chosen.insert(state.id.to_string(), status.as_str().to_owned()),
                        None => chosen.remove(&state.id.to_string()),
                    };
                    at += 1;
                }
            }
        }
        self.answers.state = chosen.into_iter().map(|(state, status)| format!("{state}={status}")).collect();
        Ok(Step::Next)
    }
}

#[derive(Debug, Clone)]
enum Choice {
    Number(i64),
    Other,
    Without,
}

/// Whether a label of Gestan's own may mean that status: where the cursor stands, no more.
fn speaks_of(value: &ProbedValue, status: Status) -> bool {
    let words: &[&str] = match status {
        Status::Planned => &["planifie", "a faire", "prevu"],
        Status::InProgress => &["en cours"],
        Status::Waiting => &["attente", "suspendu"],
        Status::Done => &["termine", "realise"],
        Status::ToBill => &["a facturer"],
        Status::Billed => &["facture"],
        Status::Cancelled => &["annule"],
    };
    value.labels.iter().map(|label| fold(label)).any(|label| {
        let is = |word: &&str| label.contains(*word);
        words.iter().any(is) && !(status == Status::Billed && label.contains("a facturer"))
    })
}
