//! Once everything is answered: the files are written, and what a first pass needs is made or named.

use super::Wizard;
use super::answers::{Product, Typed, kept_in};
use super::ask::Reply;
use crate::cli::{ExitCode, Globals, check, output};
use crate::config::{self, Role};
use crate::daemon::{Site, embedded_gateway, gestan_client};
use crate::flows::tickets::{Outcome, PassOptions, PassReport};
use crate::gestsup::{Finding, Level};
use crate::private;
use anyhow::Context as _;
use chrono::Utc;
use secrecy::ExposeSecret as _;
use serde_json::json;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Writes a file that nobody but its owner, and the group of its folder, may read; it is whole or not there at all.
///
/// # Errors
/// When the folder cannot be written.
pub(super) fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let told = || format!("while writing {} (run this as root, or name another file with --config)", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).with_context(told)?;
    let beside = path.with_extension("new");
    let mut file = private::options().write(true).create(true).truncate(true).open(&beside).with_context(told)?;
    file.write_all(text.as_bytes()).with_context(told)?;
    private::share_with_group(&beside, folder).with_context(told)?;
    file.sync_all().with_context(told)?;
    std::fs::rename(&beside, path).with_context(told)
}

/// What a first pass would do, as `sync` says it in English.
fn in_french(report: &PassReport) -> String {
    let verbs = report.by_verb().into_iter().map(|(verb, count)| {
        let what = match verb.as_str() {
            "create" => "à créer",
            "update" => "à mettre à jour",
            "close" => "à clore",
            "bill" => "à mettre à facturer",
            "cancel" => "à annuler",
            "reopen" => "à rouvrir",
            _ => "à noter",
        };
        format!("{count} {what}")
    });
    let outcomes = [
        (Outcome::Waiting, "en attente (`gestan-connector status` dit pourquoi)"),
        (Outcome::Failed, "en échec"),
        (Outcome::Quarantined, "mis de côté"),
    ];
    let outcomes = outcomes.into_iter().map(|(outcome, what)| (report.count(outcome), what));
    let outcomes = outcomes.filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    let parts: Vec<String> = verbs.chain(outcomes).collect();
    let what = if parts.is_empty() { "rien à faire".to_owned() } else { parts.join(", ") };
    let tickets = if report.tickets == 1 { "ticket" } else { "tickets" };
    format!("{what}, pour {} {tickets} dans GestSup. Rien n'a encore été écrit.", report.tickets)
}

impl Wizard {
    /// Writes everything, then makes or names what a first pass needs.
    pub(super) async fn prepare(
        &mut self,
        interactive: bool,
        install: bool,
        globals: &Globals,
    ) -> anyhow::Result<ExitCode> {
        let written = self.write()?;
        let loaded = config::load(&self.config, Role::Daemon)?;
        let mut ok = true;
        let created = self.install(interactive, install, &loaded.config).await.unwrap_or_else(|error| {
            ok = false;
            self.tell(&[Finding::new(Level::Error, format!("{error:#}"))]);
            Vec::new()
        });
        let state = loaded.config.state_file();
        if state.exists() {
            let (french, english) =
                ("L'état d'avant est gardé, avec ses liens :", "The state of before is kept, with its links:");
            self.note(&format!("{} {}", self.ask.of(french, english), state.display()));
        }
        self.note("");
        let sections = check::sections(loaded, true).await?;
        for section in sections.iter().filter(|_| !self.json) {
            self.note(&self.said(section.about));
            self.tell(&section.findings);
        }
        ok &= sections.iter().all(|section| section.worst() != Some(Level::Error));
        let first = if ok { self.first_pass().await } else { None };
        let next = self.next_steps(ok);
        if globals.json {
            output::json(&json!({
                "written": written,
                "created": created,
                "checks": sections,
                "first_pass": first,
                "ready": ok,
                "next": next,
            }))?;
        } else {
            println!("\n{}", self.ask.of("Pour la suite :", "From here:"));
            for step in next {
                println!("{}", output::wrapped(&format!("  • {step}"), 4));
            }
        }
        Ok(if ok { ExitCode::Ok } else { ExitCode::Unavailable })
    }

    /// The secrets, the configuration; the answers that were kept are no longer needed.
    fn write(&mut self) -> anyhow::Result<Vec<PathBuf>> {
        let text = config::filled(&self.answers.values(false));
        // Nothing is left that does not pass: a mistake here would be one of this program.
        config::parse(&text, &self.config.display().to_string(), Role::Daemon)?;
        let mut written = Vec::new();
        for (file, Typed(secret)) in &self.answers.typed {
            write_private(file, &format!("{}\n", secret.expose_secret()))?;
            written.push(file.clone());
        }
        if self.config.exists() {
            let copy = self.config.with_extension(format!("toml.{}", Utc::now().format("%Y%m%d-%H%M%S")));
            std::fs::copy(&self.config, &copy).with_context(|| format!("while writing {}", copy.display()))?;
            written.push(copy);
        }
        write_private(&self.config, &text)?;
        written.push(self.config.clone());
        let _ = std::fs::remove_file(kept_in(&self.config));
        for file in &written {
            self.note(&format!("{} {}", self.ask.of("Écrit :", "Written:"), file.display()));
        }
        Ok(written)
    }

    /// Creates the tables of the links where they are missing and that is wanted.
    async fn install(&self, interactive: bool, install: bool, config: &config::Config) -> anyhow::Result<Vec<String>> {
        let capabilities = gestan_client(config)?.capabilities().await?;
        if capabilities.extension_installed || !self.answers.is_embedded() {
            return Ok(Vec::new());
        }
        let wanted = install
            || interactive
                && matches!(
                    self.ask.confirm(
                        self.ask.of(
                            "Créer les tables des liens (Z90_…) à côté de celles de Gestan ?",
                            "Create the tables of the links (Z90_…) beside Gestan's own?",
                        ),
                        self.ask.of("celles de Gestan ne sont pas touchées", "Gestan's own are not touched"),
                        true,
                    )?,
                    Reply::Given(true)
                );
        if !wanted {
            return Ok(Vec::new());
        }
        let created = embedded_gateway(config)?.install().await.context("while creating the tables of the links")?;
        self.note(&format!("{} {}", self.ask.of("Créées :", "Created:"), created.join(", ")));
        Ok(created)
    }

    /// What a first pass would write: how many of each, in a sentence.
    async fn first_pass(&self) -> Option<serde_json::Value> {
        let loaded = config::load(&self.config, Role::Daemon).ok()?;
        let site = Site::open_to_look(loaded.config).await.ok()?;
        let options = PassOptions { dry_run: true, ..PassOptions::default() };
        let flow = site.tickets().ok()?;
        let cancel = tokio_util::sync::CancellationToken::new();
        let report = flow.pass(&options, &uuid::Uuid::now_v7().to_string(), Utc::now(), &cancel).await.ok()?;
        let sentence = match self.ask.french {
            true => in_french(&report),
            false => crate::cli::sync::summary(&report),
        };
        let text = format!("\n{} {sentence}", self.ask.of("Un premier passage :", "A first pass:"));
        self.note(&output::wrapped(&text, 2));
        Some(json!({ "sentence": sentence }))
    }

    /// What is left for a person to do.
    fn next_steps(&self, ok: bool) -> Vec<String> {
        let ask = self.ask;
        let config = match self.config == Path::new(crate::cli::CONFIG) {
            true => String::new(),
            false => format!(" --config {}", self.config.display()),
        };
        let command = |rest: &str| format!("gestan-connector{config} {rest}");
        let mut steps = Vec::new();
        let mut step = |french: String, english: String| steps.push(if ask.french { french } else { english });
        if !ok {
            step(
                format!("corriger ce qui est marqué ERREUR, puis : {}", command("check --online")),
                format!("mend what is marked ERROR, then: {}", command("check --online")),
            );
        }
        match self.answers.product_from {
            Some(Product::Task) => step(
                "compléter [mapping.billing.by_task] : l'article de chaque tâche".to_owned(),
                "complete [mapping.billing.by_task]: the product of each task".to_owned(),
            ),
            Some(Product::Contract) => step(
                "écrire [gateway.contracts] query, qui trouve les contrats de maintenance, puis contracts = true dans [mapping.billing]".to_owned(),
                "write [gateway.contracts] query, which finds the maintenance contracts, then contracts = true in [mapping.billing]".to_owned(),
            ),
            _ => {}
        }
        step(
            format!("voir ce qu'un premier passage écrirait : {}", command("sync --dry-run")),
            format!("see what a first pass would write: {}", command("sync --dry-run")),
        );
        step(
            format!("rapprocher les interventions déjà faites à la main : {}", command("link --find")),
            format!("link what people made by hand: {}", command("link --find")),
        );
        let unit = "systemctl enable --now gestan-connector";
        step(format!("mettre le service en marche : {unit}"), format!("start the service: {unit}"));
        if self.answers.shadow == Some(true) {
            step(
                "au bout de la semaine à blanc : shadow = false dans [gestan], puis systemctl restart gestan-connector"
                    .to_owned(),
                "after the week in shadow mode: shadow = false in [gestan], then systemctl restart gestan-connector"
                    .to_owned(),
            );
        }
        steps
    }
}
