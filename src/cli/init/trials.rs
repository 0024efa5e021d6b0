//! A system is tried as soon as it was named: what is wrong is told where it can still be mended.

use super::ask::Reply;
use super::questions::Question;
use super::{Step, Wizard};
use crate::cli::grants;
use crate::config::Config;
use crate::daemon::{embedded_gateway, gestan_client};
use crate::gateway::Probe;
use crate::gestan::contract::Capabilities;
use crate::gestsup::{Finding, Gestsup, Level};
use crate::grants::{Account, Writer};
use crate::model::Label;
use anyhow::Context as _;

/// What a person does about a system that does not answer as it should.
#[derive(Debug, Clone, Copy)]
enum Then {
    Correct,
    Again,
    GoOn,
}

impl Wizard {
    /// Tries a system; where it is not as it should be, a person decides.
    pub(super) async fn attempt(&mut self, trial: Question) -> anyhow::Result<Step> {
        let first = match trial {
            Question::TryGestsup => Question::GestsupHost,
            Question::TryGestan if self.answers.is_embedded() => Question::GestanHost,
            Question::TryGestan => Question::Gateway,
            _ => Question::Mailbox,
        };
        loop {
            let findings = self.findings(trial).await?;
            let failed = self.tell(&findings);
            if !failed {
                return Ok(Step::Next);
            }
            if let Some(account) = self.account_of(trial)? {
                self.note(self.ask.of(
                    "Si le compte n'existe pas encore, ou n'a pas ses droits, ces instructions les créent (à lancer par un administrateur de ce serveur) :",
                    "If the account is not there yet, or has no rights, these statements make them (for an administrator of that server to run):",
                ));
                self.note(&grants::text(&account));
            }
            let ask = self.ask;
            let choices = vec![
                (Then::Correct, ask.of("corriger les réponses", "correct the answers").to_owned()),
                (Then::Again, ask.of("réessayer", "try again").to_owned()),
                (Then::GoOn, ask.of("continuer quand même", "go on all the same").to_owned()),
            ];
            match ask.choose(ask.of("Que faire ?", "What now?"), choices, 0)? {
                Reply::Given(Then::Again) => {}
                Reply::Given(Then::GoOn) => return Ok(Step::Next),
                Reply::Given(Then::Correct) => return Ok(Step::To(first)),
                Reply::Back => return Ok(Step::Back),
            }
        }
    }

    /// Prints what a trial found; says whether anything is wrong.
    pub(super) fn tell(&self, findings: &[Finding]) -> bool {
        for finding in findings {
            self.note(&format!("  {:<8} {}", crate::cli::check::word(finding.level), finding.text));
        }
        findings.iter().any(|finding| finding.level == Level::Error)
    }

    /// The account that a system that refuses may miss.
    fn account_of(&self, trial: Question) -> anyhow::Result<Option<Account>> {
        let config = self.answers.draft()?;
        Ok(match trial {
            Question::TryGestsup => Account::of_gestsup(&config, &[]),
            Question::TryGestan => Account::of_gateway(&config, true),
            _ => None,
        })
    }

    /// What is found of a system.
    pub(super) async fn findings(&self, trial: Question) -> anyhow::Result<Vec<Finding>> {
        let config = self.answers.draft()?;
        let found = match trial {
            Question::TryGestsup => gestsup(&config).await,
            Question::TryGestan => gestan(&config).await,
            _ => Ok(crate::mailbox::check(&config.mail.mailboxes).await),
        };
        Ok(found.unwrap_or_else(|error| vec![Finding::new(Level::Error, format!("{error:#}"))]))
    }

    /// The states of this GestSup; none where it does not answer.
    pub(super) async fn own_states(&self) -> Vec<Label> {
        let Ok(config) = self.answers.draft() else { return Vec::new() };
        let Ok(gestsup) = open(&config) else { return Vec::new() };
        gestsup.states().await.unwrap_or_default()
    }

    /// Looks once for the codes that Gestan's base holds.
    pub(super) async fn probe_gestan(&mut self) {
        if self.probe.is_none() {
            self.probe = self.probed().await.ok();
        }
    }

    async fn probed(&self) -> anyhow::Result<Probe> {
        Ok(embedded_gateway(&self.answers.draft()?)?.probe().await?)
    }
}

fn open(config: &Config) -> anyhow::Result<Gestsup> {
    let settings = config.gestsup.as_ref().context("[gestsup] is missing")?;
    Ok(Gestsup::new(settings, &settings.password.resolve()?))
}

async fn gestsup(config: &Config) -> anyhow::Result<Vec<Finding>> {
    let writers: Vec<Writer> = Writer::ALL.into_iter().filter(|writer| writer.is_on(config)).collect();
    Ok(open(config)?.check_for(&writers).await?)
}

async fn gestan(config: &Config) -> anyhow::Result<Vec<Finding>> {
    let client = gestan_client(config)?;
    let capabilities: Capabilities = client.capabilities().await?;
    let mut findings = vec![Finding::new(
        Level::Ok,
        format!("gateway {} answers, base {}, zone {}", client.place(), capabilities.base, capabilities.time_zone),
    )];
    if !capabilities.blocking.is_empty() {
        let text = format!(
            "Gestan's base lacks {}: without them no intervention can be written; is it the right database?",
            capabilities.blocking.join(", ")
        );
        findings.push(Finding::new(Level::Error, text));
    }
    Ok(findings)
}
