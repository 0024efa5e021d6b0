//! The notify flow on real servers: who is told what, once, and what happens when the mail server does not do its part.

mod actions;
mod appointments;
mod changes;
#[cfg(feature = "failpoints")]
mod killed;
mod people;
mod replies;
mod server;

use crate::support::World;
use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use gestan_connector::demo::smtp::{PrivateSmtp, Taken};
use gestan_connector::flows::notify::NotifyReport;
use gestan_connector::flows::tickets::{Outcome, PassOptions};
use tokio_util::sync::CancellationToken;

/// A world with a mail server of its own.
pub struct Notified {
    pub world: World,
    pub server: PrivateSmtp,
}

/// The table that is needed beside what a test sets; what belongs to `[notify]` itself, then other tables.
pub fn settings(server: &PrivateSmtp, own: &str, other: &str) -> String {
    format!(
        "[notify]\nenabled = true\nfrom = \"Support Exemple <support@exemple.fr>\"\n{own}\n\
         [notify.smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\ntimeout_seconds = 5\n{other}\n",
        server.port()
    )
}

impl Notified {
    /// With these settings of `[notify]`, and other tables; everything that is there is known already.
    pub async fn with(own: &str, other: &str) -> Self {
        let server = PrivateSmtp::start().unwrap();
        let world = World::with(&settings(&server, own, other)).await;
        let this = Self { world, server };
        let first = this.pass().await;
        assert!(first.held.unwrap().contains("Notifications begin now"));
        this
    }

    /// A moment after the newest action in GestSup.
    pub fn now(&self) -> DateTime<Utc> {
        let local = chrono_tz::Europe::Paris.from_local_datetime(&self.world.desk.clock).unwrap();
        local.to_utc() + TimeDelta::seconds(10)
    }

    pub async fn pass_with(&self, options: PassOptions, now: DateTime<Utc>) -> NotifyReport {
        let run_id = uuid_of(now);
        self.world.site.notices().pass(&options, &run_id, now, &CancellationToken::new()).await.unwrap()
    }

    pub async fn pass(&self) -> NotifyReport {
        self.pass_with(PassOptions::default(), self.now()).await
    }

    /// What a pass sent: recipient and subject of each mail.
    pub async fn sent(&self) -> Vec<String> {
        let before = self.mails().len();
        let report = self.pass().await;
        let mails = self.mails().split_off(before);
        assert_eq!(report.sent, mails.len(), "{report:#?}");
        mails.iter().map(|mail| format!("{} {}", mail.to.join(","), mail.subject())).collect()
    }

    pub fn mails(&self) -> Vec<Taken> {
        self.server.taken().unwrap()
    }

    /// The newest mail.
    pub fn last(&self) -> Taken {
        self.mails().pop().unwrap()
    }
}

fn uuid_of(now: DateTime<Utc>) -> String {
    format!("test-{}", now.timestamp())
}

/// Plain text and HTML of a mail.
pub fn texts(mail: &Taken) -> (String, String) {
    let parts = mail.parts().unwrap();
    let of = |kind: &str| parts.iter().find(|(found, _)| found == kind).unwrap().1.replace("\r\n", "\n");
    (of("text/plain"), of("text/html"))
}

/// What was left out, by code.
pub fn left(report: &NotifyReport) -> Vec<&str> {
    let reported = report.records.iter().filter(|record| record.outcome == Some(Outcome::Reported));
    reported.map(|record| record.code.as_str()).collect()
}
