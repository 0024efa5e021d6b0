//! Which questions there are, in their order, and when each applies.

use super::answers::{Answers, Product};
use crate::config::Mode;
use crate::model::TimeUnit;

/// A question of the set-up, or, between them, a system that is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    Billable,
    ProductFrom,
    Product,
    BilledBy,
    Mode,
    Reference,
    FollowUp,
    Unit,
    HoursPerDay,
    GestsupFolder,
    GestsupUrl,
    GestsupHost,
    GestsupPort,
    GestsupDatabase,
    GestsupUser,
    GestsupPassword,
    TimeZone,
    TryGestsup,
    States,
    Gateway,
    GatewayToken,
    GatewayCa,
    GestanDsn,
    GestanDriver,
    GestanHost,
    GestanPort,
    GestanDatabase,
    GestanUser,
    GestanPassword,
    GestanTransactions,
    TryGestan,
    StatusCodes,
    AnomalyStatusCodes,
    Genres,
    DefaultGenre,
    GenreProducts,
    Mailbox,
    MailboxSecurity,
    MailboxUser,
    MailboxPassword,
    TryMailbox,
    UploadFolder,
    Notify,
    NotifyFrom,
    Smtp,
    SmtpSecurity,
    SmtpUser,
    SmtpPassword,
    TrySmtp,
    StartAt,
    Shadow,
}

/// A part of the set-up, with a heading of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Screen {
    Billing,
    Mode,
    Time,
    Systems,
    Start,
}

impl Question {
    /// All of them, in their order.
    pub(super) const ALL: [Self; 51] = [
        Self::Billable,
        Self::ProductFrom,
        Self::Product,
        Self::BilledBy,
        Self::Mode,
        Self::Reference,
        Self::FollowUp,
        Self::Unit,
        Self::HoursPerDay,
        Self::GestsupFolder,
        Self::GestsupUrl,
        Self::GestsupHost,
        Self::GestsupPort,
        Self::GestsupDatabase,
        Self::GestsupUser,
        Self::GestsupPassword,
        Self::TimeZone,
        Self::TryGestsup,
        Self::States,
        Self::Gateway,
        Self::GatewayToken,
        Self::GatewayCa,
        Self::GestanDsn,
        Self::GestanDriver,
        Self::GestanHost,
        Self::GestanPort,
        Self::GestanDatabase,
        Self::GestanUser,
        Self::GestanPassword,
        Self::GestanTransactions,
        Self::TryGestan,
        Self::StatusCodes,
        Self::AnomalyStatusCodes,
        Self::Genres,
        Self::DefaultGenre,
        Self::GenreProducts,
        Self::Mailbox,
        Self::MailboxSecurity,
        Self::MailboxUser,
        Self::MailboxPassword,
        Self::UploadFolder,
        Self::TryMailbox,
        Self::Notify,
        Self::NotifyFrom,
        Self::Smtp,
        Self::SmtpSecurity,
        Self::SmtpUser,
        Self::SmtpPassword,
        Self::TrySmtp,
        Self::StartAt,
        Self::Shadow,
    ];

    /// The part that it belongs to.
    pub(super) fn screen(self) -> Screen {
        match self {
            Self::Billable | Self::ProductFrom | Self::Product | Self::BilledBy => Screen::Billing,
            Self::Mode | Self::Reference | Self::FollowUp => Screen::Mode,
            Self::Unit | Self::HoursPerDay => Screen::Time,
            Self::StartAt | Self::Shadow => Screen::Start,
            _ => Screen::Systems,
        }
    }

    /// Whether it is put, given the other answers.
    pub(super) fn applies(self, answers: &Answers) -> bool {
        let embedded = answers.is_embedded();
        match self {
            Self::HoursPerDay => answers.unit == Some(TimeUnit::Day),
            Self::GatewayToken | Self::GatewayCa => !embedded,
            Self::GestanDsn | Self::GestanTransactions => answers.is_hfsql(),
            Self::GestanDriver => answers.is_hfsql() && !answers.has_dsn(),
            Self::GestanHost
            | Self::GestanPort
            | Self::GestanDatabase
            | Self::GestanUser
            | Self::GestanPassword
            | Self::StatusCodes
            | Self::Genres
            | Self::DefaultGenre => embedded,
            Self::AnomalyStatusCodes => embedded && answers.mode == Some(Mode::Anomalies),
            Self::GenreProducts => {
                embedded && answers.product_from == Some(Product::Genre) && !answers.genre.is_empty()
            }
            Self::MailboxSecurity
            | Self::MailboxUser
            | Self::MailboxPassword
            | Self::TryMailbox
            | Self::UploadFolder => answers.has_mailbox(),
            Self::NotifyFrom | Self::Smtp | Self::SmtpSecurity | Self::SmtpUser | Self::TrySmtp => answers.notifies(),
            Self::SmtpPassword => answers.has_smtp_account(),
            _ => true,
        }
    }

    /// Whether it only tries what was answered.
    pub(super) fn is_trial(self) -> bool {
        matches!(self, Self::TryGestsup | Self::TryGestan | Self::TryMailbox | Self::TrySmtp)
    }

    /// Whether nothing is missing where nobody answers it.
    pub(super) fn is_optional(self) -> bool {
        self.is_trial() || matches!(self, Self::States | Self::Genres | Self::GenreProducts)
    }

    /// Its flags, where it was not answered.
    pub(super) fn missing(self, answers: &Answers) -> Option<&'static str> {
        let (answered, flags) = match self {
            Self::Billable => (answers.billable.is_some(), "--billable"),
            Self::ProductFrom => (answers.product_from.is_some(), "--product-from"),
            Self::Product => (answers.product.is_some(), "--product"),
            Self::BilledBy => (answers.billed_by.is_some(), "--billed-by"),
            Self::Mode => (answers.mode.is_some(), "--mode"),
            Self::Reference => (answers.reference.is_some(), "--reference"),
            Self::FollowUp => (answers.follow_up.is_some(), "--follow-up"),
            Self::Unit => (answers.unit.is_some(), "--unit"),
            Self::HoursPerDay => (answers.hours_per_day.is_some(), "--hours-per-day"),
            Self::GestsupFolder => (answers.gestsup_folder.is_some(), "--gestsup-folder"),
            Self::GestsupUrl => (answers.gestsup_url.is_some(), "--gestsup-url"),
            Self::GestsupHost => (answers.gestsup_host.is_some(), "--gestsup-host"),
            Self::GestsupPort => (answers.gestsup_port.is_some(), "--gestsup-port"),
            Self::GestsupDatabase => (answers.gestsup_database.is_some(), "--gestsup-database"),
            Self::GestsupUser => (answers.gestsup_user.is_some(), "--gestsup-user"),
            Self::GestsupPassword => {
                (answers.has_secret(answers.gestsup_password_file.as_ref()), "--gestsup-password-file")
            }
            Self::TimeZone => (answers.time_zone.is_some(), "--time-zone"),
            Self::Gateway => (answers.gateway.is_some(), "--gateway"),
            Self::GatewayToken => (answers.has_secret(answers.gateway_token_file.as_ref()), "--gateway-token-file"),
            Self::GatewayCa => (answers.gateway_ca_file.is_some(), "--gateway-ca-file"),
            Self::GestanDsn => (answers.gestan_dsn.is_some(), "--gestan-dsn"),
            Self::GestanDriver => (answers.gestan_driver.is_some(), "--gestan-driver"),
            Self::GestanHost => (answers.gestan_host.is_some(), "--gestan-host"),
            Self::GestanPort => (answers.gestan_port.is_some(), "--gestan-port"),
            Self::GestanDatabase => (answers.gestan_database.is_some(), "--gestan-database"),
            Self::GestanUser => (answers.gestan_user.is_some(), "--gestan-user"),
            Self::GestanPassword => {
                (answers.has_secret(answers.gestan_password_file.as_ref()), "--gestan-password-file")
            }
            Self::GestanTransactions => (answers.gestan_transactions.is_some(), "--gestan-transactions"),
            Self::StatusCodes => (!answers.status.is_empty(), "--status"),
            Self::AnomalyStatusCodes => (!answers.anomaly_status.is_empty(), "--anomaly-status"),
            Self::DefaultGenre => (answers.default_genre.is_some(), "--default-genre"),
            Self::Mailbox => (answers.mailbox.is_some(), "--mailbox"),
            Self::MailboxSecurity => (answers.mailbox_security.is_some(), "--mailbox-security"),
            Self::MailboxUser => (answers.mailbox_user.is_some(), "--mailbox-user"),
            Self::MailboxPassword => {
                (answers.has_secret(answers.mailbox_password_file.as_ref()), "--mailbox-password-file")
            }
            Self::UploadFolder => (answers.upload_folder.is_some(), "--upload-folder"),
            Self::Notify => (answers.notify.is_some(), "--notify"),
            Self::NotifyFrom => (answers.notify_from.is_some(), "--notify-from"),
            Self::Smtp => (answers.smtp.is_some(), "--smtp"),
            Self::SmtpSecurity => (answers.smtp_security.is_some(), "--smtp-security"),
            Self::SmtpUser => (answers.smtp_user.is_some(), "--smtp-user"),
            Self::SmtpPassword => (answers.has_secret(answers.smtp_password_file.as_ref()), "--smtp-password-file"),
            Self::StartAt => (answers.start_at.is_some(), "--start-at"),
            Self::Shadow => (answers.shadow.is_some(), "--shadow"),
            Self::TryGestsup | Self::TryGestan | Self::TryMailbox | Self::TrySmtp => (false, ""),
            Self::States => (!answers.state.is_empty(), "--state"),
            Self::Genres => (!answers.genre.is_empty(), "--genre"),
            Self::GenreProducts => (!answers.genre_product.is_empty(), "--genre-product"),
        };
        (!answered).then_some(flags)
    }
}

impl Answers {
    /// What is taken where nobody is asked and a flag says nothing: what is true of most, and never a number of Gestan's
    /// or an account.
    pub(super) fn with_usual(mut self) -> Self {
        self.billable.get_or_insert_default();
        self.product_from.get_or_insert(Product::Single);
        self.product.get_or_insert_default();
        self.billed_by.get_or_insert_default();
        self.mode.get_or_insert_default();
        self.reference.get_or_insert_default();
        self.follow_up.get_or_insert_default();
        self.unit.get_or_insert_default();
        self.hours_per_day.get_or_insert(7);
        self.gestsup_folder.get_or_insert_default();
        self.gestsup_url.get_or_insert_default();
        self.gestsup_port.get_or_insert(3306);
        self.time_zone.get_or_insert(chrono_tz::Europe::Paris);
        self.gateway.get_or_insert_with(|| "embedded".to_owned());
        self.gateway_ca_file.get_or_insert_default();
        self.gestan_dsn.get_or_insert_default();
        self.gestan_driver.get_or_insert_default();
        self.gestan_transactions.get_or_insert(true);
        let port = self.usual_port();
        self.gestan_port.get_or_insert(port);
        self.default_genre.get_or_insert_default();
        self.mailbox.get_or_insert_default();
        self.mailbox_security.get_or_insert_default();
        self.upload_folder.get_or_insert_default();
        self.notify.get_or_insert_default();
        self.smtp_security.get_or_insert_default();
        self.smtp_user.get_or_insert_default();
        self.start_at.get_or_insert_with(|| "today".to_owned());
        self.shadow.get_or_insert(true);
        self
    }
}
