//! `check`: the configuration, and with `--online` both systems.

mod gestan;
mod names;
mod notify;
mod reference;

pub(super) use notify::{beside, server};

use super::{ExitCode, Globals, LogTo, output};
use crate::config::{self, Config, Role};
use crate::daemon::Site;
use crate::flows::notify::Templates;
use crate::gestsup::{Finding, Level};
use crate::grants::Writer;
use clap::Args;
use serde::Serialize;

/// Check the configuration; with --online, both systems too.
#[derive(Debug, Args)]
pub struct Check {
    /// Try GestSup, the gateway and Gestan's base too; nothing is written.
    #[arg(long)]
    online: bool,
    /// Print the example configuration and stop.
    #[arg(long)]
    print_example: bool,
}

/// Findings about one thing.
#[derive(Debug, Serialize)]
pub(super) struct Section {
    pub(super) about: &'static str,
    pub(super) findings: Vec<Finding>,
}

impl Section {
    /// The worst that was found.
    pub(super) fn worst(&self) -> Option<Level> {
        self.findings.iter().map(|finding| finding.level).max()
    }
}

impl Check {
    pub(super) async fn execute(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        if self.print_example {
            print!("{}", config::example());
            return Ok(ExitCode::Ok);
        }
        let loaded = globals.load(Role::Daemon, LogTo::Check)?;
        let sections = sections(loaded, self.online).await?;
        let worst = sections.iter().filter_map(Section::worst).max();
        if globals.json {
            output::json(&sections)?;
        } else {
            sections.iter().for_each(print);
            println!("{}", output::wrapped(conclusion(worst, self.online), 0));
        }
        Ok(if worst == Some(Level::Error) { ExitCode::Unavailable } else { ExitCode::Ok })
    }
}

/// What is found, of both systems too where that is asked for.
pub(super) async fn sections(loaded: config::Loaded, online: bool) -> anyhow::Result<Vec<Section>> {
    let mut sections = vec![offline(&loaded)];
    if online {
        let site = Site::open_to_look(loaded.config).await?;
        sections.push(gestsup(&site).await);
        sections.push(gestan::gestan(&site).await);
        sections.push(names::names(&site).await);
        if site.config().mail.enabled {
            let findings = crate::mailbox::check(&site.config().mail.mailboxes).await;
            sections.push(Section { about: "Mailboxes", findings });
        }
        if site.config().reference.enabled {
            sections.push(reference::reference(&site).await);
        }
        if site.config().notify.enabled {
            sections.push(notify::notify(&site).await);
        }
    }
    Ok(told_once(sections))
}

/// The sections without what one before them told already: a system that refuses is asked for more than one of them.
fn told_once(mut sections: Vec<Section>) -> Vec<Section> {
    let mut told: Vec<String> = Vec::new();
    for section in &mut sections {
        let is_new = |finding: &Finding| {
            let is_known = finding.level == Level::Error && told.contains(&finding.text);
            if finding.level == Level::Error {
                told.push(finding.text.clone());
            }
            !is_known
        };
        let found = !section.findings.is_empty();
        section.findings.retain(is_new);
        if found && section.findings.is_empty() {
            section.findings.push(Finding::new(Level::Note, "not looked at, for the reason above"));
        }
    }
    sections
}

/// Prints what was found about one thing.
pub(super) fn print(section: &Section) {
    println!("{}", section.about);
    for finding in &section.findings {
        println!("{}", output::wrapped(&format!("  {:<8} {}", word(finding.level), finding.text), 11));
    }
}

/// How a level is told.
pub(super) fn word(level: Level) -> &'static str {
    match level {
        Level::Ok => "ok",
        Level::Note => "note",
        Level::Warning => "warning",
        Level::Error => "ERROR",
    }
}

fn conclusion(worst: Option<Level>, online: bool) -> &'static str {
    match (worst, online) {
        (Some(Level::Error), _) => "Not ready: mend what is marked ERROR.",
        (_, false) => "The configuration is complete. `gestan-connector check --online` tries both systems too.",
        (Some(Level::Warning), true) => {
            "Ready, with warnings. `gestan-connector sync --dry-run` shows what a first pass would write."
        }
        (_, true) => "Ready. `gestan-connector sync --dry-run` shows what a first pass would write.",
    }
}

fn offline(loaded: &config::Loaded) -> Section {
    let mut findings = vec![Finding::new(Level::Ok, format!("{} is complete", loaded.path.display()))];
    findings.extend(loaded.warnings.iter().map(|warning| Finding::new(Level::Warning, warning.summary())));
    findings.extend(secrets(&loaded.config));
    if let Err(error) = Templates::load(loaded.config.notify.templates.as_deref()) {
        findings.push(Finding::new(Level::Error, error.to_string()));
    }
    Section { about: "Configuration", findings }
}

/// Secrets that cannot be had would only be missed when the service starts.
fn secrets(config: &Config) -> Vec<Finding> {
    let gateway = config.gateway.as_ref();
    let mailboxes = config.mail.mailboxes.iter().filter(|_| config.mail.enabled);
    let mailboxes =
        mailboxes.map(|mailbox| (format!("password of the mailbox {}", mailbox.name), mailbox.password.as_ref()));
    [
        ("[gestsup] password", config.gestsup.as_ref().map(|gestsup| &gestsup.password)),
        ("[gestan] token", config.gestan.as_ref().and_then(|gestan| gestan.token.as_ref())),
        ("[gateway] token", gateway.and_then(|gateway| gateway.token.as_ref())),
        ("[gateway.base] password", gateway.map(|gateway| &gateway.base.password)),
        ("[notify.smtp] password", config.notify.smtp.as_ref().and_then(|smtp| smtp.password.as_ref())),
    ]
    .into_iter()
    .map(|(name, secret)| (name.to_owned(), secret))
    .chain(mailboxes)
    .filter_map(|(name, secret)| {
        let error = secret?.resolve().err()?;
        Some(Finding::new(Level::Error, format!("{name}: {error}")))
    })
    .collect()
}

async fn gestsup(site: &Site) -> Section {
    let follow_up = &site.config().follow_up;
    let writers: Vec<Writer> = Writer::ALL.into_iter().filter(|writer| writer.is_on(site.config())).collect();
    let mut findings = match site.gestsup().check_for(&writers).await {
        Ok(findings) => findings,
        Err(error) => vec![Finding::new(Level::Error, error.to_string())],
    };
    if follow_up.enabled {
        match site.gestsup().check_writing(follow_up).await {
            Ok(more) => findings.extend(more),
            Err(error) => findings.push(Finding::new(Level::Error, error.to_string())),
        }
    }
    let mail = &site.config().mail;
    if mail.enabled {
        match site.gestsup().check_mail(mail, site.config().upload_folder().as_deref()).await {
            Ok(more) => findings.extend(more),
            Err(error) => findings.push(Finding::new(Level::Error, error.to_string())),
        }
    }
    let reference = &site.config().reference;
    if reference.enabled {
        match site.gestsup().check_register(reference).await {
            Ok(more) => findings.extend(more),
            Err(error) => findings.push(Finding::new(Level::Error, error.to_string())),
        }
    }
    if let Ok(states) = site.gestsup().states().await {
        let mapped = &site.config().mapping.status.0;
        let unmapped: Vec<String> = states
            .iter()
            .filter(|state| state.id != 0 && !mapped.contains_key(&state.id.to_string()))
            .map(|state| format!("{} (“{}”)", state.id, state.name))
            .collect();
        if !unmapped.is_empty() {
            findings.push(Finding::new(
                Level::Warning,
                format!(
                    "tickets in these states will wait, since [mapping.status] does not list them: {}",
                    unmapped.join(", ")
                ),
            ));
        }
    }
    if let Some(folder) = site.files() {
        let finding = match folder.trouble().await {
            Some(trouble) => Finding::new(Level::Error, trouble),
            None => Finding::new(Level::Ok, "the folder of uploaded files can be read"),
        };
        findings.push(finding);
    }
    Section { about: "GestSup", findings }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_trouble_is_told_in_the_first_section_that_meets_it_and_once() {
        let refused = || Finding::new(Level::Error, "GestSup's database refuses the account “connector”");
        let fine = || Finding::new(Level::Ok, "gateway answers");
        let sections = vec![
            Section { about: "GestSup", findings: vec![refused(), refused()] },
            Section { about: "Gestan", findings: vec![fine()] },
            Section { about: "Mapping", findings: vec![refused(), fine()] },
            Section { about: "Notifications", findings: vec![refused()] },
            Section { about: "Reference data", findings: Vec::new() },
        ];
        let told = told_once(sections);
        let levels: Vec<Vec<Level>> =
            told.iter().map(|section| section.findings.iter().map(|finding| finding.level).collect()).collect();
        let expected = [vec![Level::Error], vec![Level::Ok], vec![Level::Ok], vec![Level::Note], Vec::new()];
        assert_eq!(levels, expected);
    }
}
