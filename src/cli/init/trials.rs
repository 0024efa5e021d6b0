//! A system is tried as soon as it was named: what is wrong is told where it can still be mended.

use super::ask::Reply;
use super::questions::Question;
use super::simple::line;
use super::{Step, Wizard};
use crate::cli::{grants, output};
use crate::config::Config;
use crate::daemon::{embedded_gateway, gestan_client};
use crate::gateway::Probe;
use crate::gestan::contract::Capabilities;
use crate::gestsup::{Finding, Gestsup, Level};
use crate::grants::{Account, Writer};
use crate::model::Label;
use crate::smtp::MailServer;
use anyhow::Context as _;

/// What an error says of a certificate that no known authority signed.
const UNTRUSTED: &str = "cannot be trusted";

/// What a person does about a system that does not answer as it should.
#[derive(Debug, Clone, Copy)]
enum Then {
    Correct,
    Again,
    /// Its certificate is not a public authority's: name that authority's.
    Authority,
    GoOn,
}

impl Wizard {
    /// Tries a system; where it is not as it should be, a person decides.
    pub(super) async fn attempt(&mut self, trial: Question) -> anyhow::Result<Step> {
        let first = match trial {
            Question::TryGestsup => Question::GestsupHost,
            Question::TryGestan if self.answers.is_embedded() => Question::GestanHost,
            Question::TryGestan => Question::Gateway,
            Question::TrySmtp => Question::Smtp,
            _ => Question::Mailbox,
        };
        loop {
            let findings = self.findings(trial).await?;
            let failed = self.tell(&findings);
            if !failed {
                return Ok(Step::Next);
            }
            // A mailbox has no account of a base; what its mails need there has.
            let of_account = |finding: &Finding| trial != Question::TryMailbox || finding.text.contains("GRANT ");
            let account = self.account_of(trial)?.filter(|_| findings.iter().any(of_account));
            if let Some(mut account) = account {
                if let Some(from) = findings.iter().find_map(|finding| seen_from(&finding.text, &account.user)) {
                    account.from = from;
                }
                self.tell_account(&account)?;
            }
            let ask = self.ask;
            let mut choices = vec![
                (Then::Correct, ask.of("corriger les réponses", "correct the answers").to_owned()),
                (Then::Again, ask.of("réessayer", "try again").to_owned()),
                (Then::GoOn, ask.of("continuer quand même", "go on all the same").to_owned()),
            ];
            if self.authority(trial).is_some() && findings.iter().any(|finding| finding.text.contains(UNTRUSTED)) {
                let text = ask.of("indiquer le certificat de son autorité", "name the certificate of its authority");
                choices.insert(0, (Then::Authority, text.to_owned()));
            }
            match ask.choose(ask.of("Que faire ?", "What now?"), choices, 0)? {
                Reply::Given(Then::Again) => {}
                Reply::Given(Then::Authority) => {
                    let message = ask.of("Fichier de ce certificat (PEM) :", "File of that certificate (PEM):");
                    if let Some(file) = self.authority(trial) {
                        line(ask, message, "", "", file)?;
                    }
                }
                Reply::Given(Then::GoOn) => return Ok(Step::Next),
                Reply::Given(Then::Correct) => return Ok(Step::To(first)),
                Reply::Back => return Ok(Step::Back),
            }
        }
    }

    /// Where the authority of a mail server's certificate is named.
    fn authority(&mut self, trial: Question) -> Option<&mut Option<String>> {
        match trial {
            Question::TryMailbox => Some(&mut self.answers.mailbox_ca_file),
            Question::TrySmtp => Some(&mut self.answers.smtp_ca_file),
            _ => None,
        }
    }

    /// Prints the statements that make an account and give it its rights, and puts them into a file: lines as long as these
    /// are not copied from a terminal.
    fn tell_account(&self, account: &Account) -> anyhow::Result<()> {
        let told = |line: &str| match line.strip_prefix("-- ").map(|remark| (remark, self.said(remark))) {
            Some((remark, said)) if remark != said => format!("-- {said}"),
            _ => line.to_owned(),
        };
        let statements = grants::text(account).lines().map(told).collect::<Vec<_>>().join("\n");
        let name = format!("{}-grants.sql", account.system.to_lowercase());
        let file = self.config.with_file_name(name);
        super::prepare::write_private(&file, &format!("{statements}\n"))?;
        let text = match self.ask.french {
            true => format!(
                "Si le compte n'existe pas encore, ou n'a pas ses droits, ces instructions les créent ; elles sont aussi dans {}. Donnez-les à l'administrateur de ce serveur. Pour créer le compte, il ôte les tirets devant CREATE USER et y met le mot de passe à la place de « … ».",
                file.display()
            ),
            false => format!(
                "If the account is not there yet, or has no rights, these statements make them; they are also in {}. Give them to the administrator of that server. To make the account, remove the dashes before CREATE USER and put the password in the place of “…”.",
                file.display()
            ),
        };
        self.note(&output::wrapped(&text, 0));
        self.note(&statements);
        Ok(())
    }

    /// Prints what a trial found; says whether anything is wrong.
    pub(super) fn tell(&self, findings: &[Finding]) -> bool {
        for finding in findings {
            let line = format!("  {:<9} {}", self.level(finding.level), self.said(&finding.text));
            self.note(&output::wrapped(&line, 12));
        }
        findings.iter().any(|finding| finding.level == Level::Error)
    }

    fn level(&self, level: Level) -> &'static str {
        match (level, self.ask.french) {
            (Level::Warning, true) => "attention",
            (Level::Error, true) => "ERREUR",
            (level, _) => crate::cli::check::word(level),
        }
    }

    /// The account that a system that refuses may miss.
    fn account_of(&self, trial: Question) -> anyhow::Result<Option<Account>> {
        let config = self.answers.draft()?;
        Ok(match trial {
            Question::TryGestsup | Question::TryMailbox => Account::of_gestsup(&config, &[]),
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
            Question::TrySmtp => smtp(&config).await,
            _ => mailbox(&config).await,
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

/// Where the server sees that account come from, when it says so: `'connector'@'10.0.0.7'`. One that looks up no names sees
/// an address where another sees `localhost`, and an account is of one of both.
fn seen_from(text: &str, user: &str) -> Option<String> {
    let (_, behind) = text.split_once(&format!("'{user}'@'"))?;
    let (from, _) = behind.split_once('\'')?;
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '_' | '%');
    (!from.is_empty() && from.chars().all(is_host)).then(|| from.to_owned())
}

fn open(config: &Config) -> anyhow::Result<Gestsup> {
    let settings = config.gestsup.as_ref().context("[gestsup] is missing")?;
    Ok(Gestsup::new(settings, &settings.password.resolve()?))
}

async fn gestsup(config: &Config) -> anyhow::Result<Vec<Finding>> {
    let writers: Vec<Writer> = Writer::ALL.into_iter().filter(|writer| writer.is_on(config)).collect();
    let gestsup = open(config)?;
    let mut findings = gestsup.check_for(&writers).await?;
    if config.follow_up.enabled {
        findings.extend(gestsup.check_writing(&config.follow_up).await?);
    }
    if config.reference.enabled {
        findings.extend(gestsup.check_register(&config.reference).await?);
    }
    Ok(findings)
}

/// The mailbox, and whether its mails may be written to GestSup: nobody asks a server's administrator twice.
async fn mailbox(config: &Config) -> anyhow::Result<Vec<Finding>> {
    let mut findings = crate::mailbox::check(&config.mail.mailboxes).await;
    match open(config)?.check_mail(&config.mail, config.upload_folder().as_deref()).await {
        Ok(more) => findings.extend(more),
        // That GestSup does not answer was told where it was asked for.
        Err(error) => findings.push(Finding::new(Level::Note, error.to_string())),
    }
    Ok(findings)
}

/// The server that mails are sent through, and whom GestSup itself writes to.
async fn smtp(config: &Config) -> anyhow::Result<Vec<Finding>> {
    let post = MailServer::new(&config.notify).context("[notify.smtp] is missing")?;
    let mut findings = vec![crate::cli::check::server(&post).await];
    // That GestSup does not answer was told where it was asked for.
    if let Ok(more) = crate::cli::check::beside(&open(config)?).await {
        findings.extend(more);
    }
    Ok(findings)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_made_for_where_the_server_sees_it_come_from() {
        let refused =
            "refuses the account “connector” (Access denied for user 'connector'@'127.0.0.1' (using password: YES))";
        assert_eq!(seen_from(refused, "connector").as_deref(), Some("127.0.0.1"));
        assert_eq!(seen_from(refused, "gateway"), None);
        assert_eq!(seen_from("user 'connector'@'x; DROP'", "connector"), None);
        assert_eq!(seen_from("does not answer", "connector"), None);
    }
}
