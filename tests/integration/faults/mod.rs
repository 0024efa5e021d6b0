//! What goes wrong with the systems around the connector: what a person is told of it, that no ticket is
//! blamed for it, and that nothing is lost or doubled once it is over.

mod bases;
mod circuit;
mod gateway;
mod help_desk;
mod messages;
mod poison;
mod proxy;
mod rows;
mod second;
mod server;
mod state;

use crate::support::World;
use gestan_connector::cli::{ExitCode, exit_code};
use gestan_connector::daemon::{PassResult, embedded_gateway};
use gestan_connector::flows::System;
use gestan_connector::flows::tickets::{Memory as _, PassOptions, PassReport, Trouble};
use gestan_connector::gateway::http::{Token, router};
use gestan_connector::store::JournalFilter;
use proxy::Proxy;
use secrecy::SecretString;
use std::collections::HashSet;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The gateway's token.
pub const TOKEN: &str = "jeton-de-la-passerelle-0123456789";

/// What no message may hold.
pub fn has_no_secret(text: &str) {
    for secret in [TOKEN, "lecture-seule", "passerelle-0", "'passerelle'", "\"passerelle\"", "root@"] {
        assert!(!text.contains(secret), "{secret} is told: {text}");
    }
}

/// A pass that failed: what it said, and the exit code of `sync`.
#[derive(Debug)]
pub struct Failed {
    pub said: String,
    pub code: ExitCode,
}

impl Failed {
    /// It says all of this.
    #[track_caller]
    pub fn says(&self, words: &[&str], code: ExitCode) {
        for word in words {
            assert!(self.said.contains(word), "“{word}” is not said: {}", self.said);
        }
        assert_eq!(self.code, code, "{}", self.said);
    }
}

impl World {
    /// So many attributed tickets.
    pub async fn tickets(&mut self, count: usize) {
        for number in 1..=count {
            self.ticket(&format!("Panne {number}"), &format!("<p>Texte {number}</p>")).await;
        }
    }

    /// Everybody comments on every ticket: what has to be written next.
    pub async fn comments(&mut self, tickets: usize, text: &str) {
        for number in 1..=tickets {
            self.desk.comment(i64::try_from(number).unwrap(), self.paul, &format!("<p>{text}</p>")).await.unwrap();
        }
    }

    /// A comment is in every memo, once.
    pub async fn holds_once(&mut self, text: &str) {
        for seen in self.gestan().await {
            assert_eq!(seen.memo.matches(&format!("{text}\\par")).count(), 1, "{text} in {}", seen.memo);
        }
    }

    /// Goes to Gestan through a proxy from now on.
    pub async fn behind_a_proxy(self) -> (Self, Proxy) {
        self.behind_a_proxy_for(2).await
    }

    /// With another limit for one request.
    pub async fn behind_a_proxy_for(self, seconds: u64) -> (Self, Proxy) {
        let gateway = embedded_gateway(self.site.config()).unwrap();
        let proxy = Proxy::before(router(Arc::new(gateway), Some(Token::new(&SecretString::from(TOKEN))))).await;
        let gestan =
            format!("gateway = \"http://{}\"\ntoken = \"{TOKEN}\"\ntimeout_seconds = {seconds}", proxy.address);
        (self.altered("gateway = \"embedded\"", &gestan).await, proxy)
    }

    pub async fn attempt_with(&self, options: PassOptions) -> Result<PassReport, Failed> {
        match self.site.pass(&options, &CancellationToken::new()).await {
            Ok(PassResult::Done(report)) => {
                has_no_secret(&serde_json::to_string(&report).unwrap());
                Ok(*report)
            }
            Ok(PassResult::CircuitOpen(said)) => {
                has_no_secret(&said);
                Err(Failed { said, code: ExitCode::TryLater })
            }
            Err(error) => {
                let (said, code) = (format!("{error:#}"), exit_code(&error));
                has_no_secret(&said);
                Err(Failed { said, code })
            }
        }
    }

    /// A pass that is expected to fail as a whole: no ticket is blamed for it, and `status` and the
    /// journal tell of it in the same words.
    pub async fn fails(&self) -> Failed {
        self.is_trusted_again().await;
        let failed = self.attempt_with(PassOptions::default()).await.expect_err("the pass went through");
        self.nobody_is_blamed().await;
        let (_, status, errors) = crate::commands::run(&self.config_file(), &["status"]).await;
        has_no_secret(&format!("{status}{errors}"));
        assert!(status.contains(&failed.said), "{}\nis not in\n{status}{errors}", failed.said);
        let journal = self.site.store().journal(&JournalFilter::default()).await.unwrap();
        assert!(
            journal.iter().any(|line| line.action == "pass" && line.message.starts_with("No pass can be made: ")),
            "{journal:#?}"
        );
        failed
    }

    /// As after the pause of a circuit.
    async fn is_trusted_again(&self) {
        for system in [System::Gestsup, System::Gestan] {
            self.site.store().record_success(system).await.unwrap();
        }
    }

    pub async fn nobody_is_blamed(&self) {
        let attention = self.site.store().attention().await.unwrap();
        let blamed: Vec<_> = attention.values().filter(|known| known.trouble != Trouble::Waiting).collect();
        assert!(blamed.is_empty(), "{blamed:#?}");
    }

    /// The fault is gone: one pass brings everything in step, nothing is lost or doubled, and the
    /// journal tells of every ticket.
    pub async fn converges(&mut self, tickets: usize) {
        self.is_trusted_again().await;
        let report = self.attempt_with(PassOptions::default()).await.expect("the fault is gone");
        assert!(!report.has_failures(), "{report:#?}");
        self.nobody_is_blamed().await;
        self.settled().await;
        let seen = self.gestan().await;
        let titles: HashSet<&str> = seen.iter().map(|seen| seen.title.as_str()).collect();
        assert_eq!((seen.len(), titles.len()), (tickets, tickets), "interventions and their titles");
        for number in seen.iter().map(|seen| seen.title.trim_start_matches("Panne ").to_owned()) {
            let memo = &seen.iter().find(|seen| seen.title == format!("Panne {number}")).unwrap().memo;
            assert_eq!(memo.matches(&format!("Texte {number}\\par")).count(), 1, "{memo}");
        }
        let journal = self.site.store().journal(&JournalFilter::default()).await.unwrap();
        let told: HashSet<i64> = journal.iter().filter_map(|line| line.ticket).collect();
        assert_eq!(told.len(), tickets, "the journal tells of every ticket");
        let again = self.attempt_with(PassOptions { full: true, ..PassOptions::default() }).await.unwrap();
        assert!(again.records.is_empty(), "{:#?}", again.records);
    }
}
