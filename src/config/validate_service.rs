//! Mistakes of `[service]` and of schedules.

use super::validate::Check;
use super::{Config, Schedule, Secret};

impl Check<'_> {
    /// An interval that is too short, or a schedule that names no time.
    pub(super) fn not_oftener(&mut self, path: &str, schedule: &Schedule, least: u64) {
        let key = path.replace('/', ".");
        match schedule.interval() {
            Some(interval) if interval.as_secs() < least => {
                self.at(
                    path,
                    format!("`{key}` must be at least {least} s"),
                    format!("write \"every {least} s\" or more"),
                );
            }
            None if schedule.next(chrono::Utc::now(), chrono_tz::UTC).is_none() => self.at(
                path,
                format!("no day is meant by \"{schedule}\": the flow would never run"),
                "look at the day and the month of the expression",
            ),
            _ => {}
        }
    }
}

pub(super) fn service(config: &Config, check: &mut Check<'_>) {
    let service = &config.service;
    check.at_least("service/deadline_minutes", service.deadline_minutes, 1);
    check.at_least("state/journal_days", config.state.journal_days.into(), 31);
    if service.jitter_seconds > 3600 {
        check.at("service/jitter_seconds", "more than an hour", "write 0 to 3600");
    }
    if service.listen.is_some_and(|address| !address.ip().is_loopback()) {
        check.at(
            "service/listen",
            "what it tells is not for other machines",
            "write 127.0.0.1 and a port; a reverse proxy or an SSH tunnel can lead there",
        );
    }
    page(config, check);
}

fn page(config: &Config, check: &mut Check<'_>) {
    let page = &config.service.page;
    if page.enabled && config.service.listen.is_none() {
        check.at(
            "service/page/enabled",
            "the status page has no address",
            "set [service] listen, for instance \"127.0.0.1:9480\"",
        );
    }
    if let Some(Secret::Inline(password)) = &page.actions_password
        && password.chars().count() < 12
    {
        check.at(
            "service/page/actions_password",
            "the password is too short to be safe",
            "choose one of at least 12 characters, and write actions_password = { file = \"…\" }",
        );
    }
    for host in &page.hosts {
        let is_name = url::Url::parse(&format!("http://{host}/"))
            .is_ok_and(|url| url.path() == "/" && url.username().is_empty() && url.has_host());
        if !is_name || host.contains(['/', '?', '#', '@']) {
            check.at(
                "service/page/hosts",
                format!("\"{host}\" is no name of a host"),
                "write it as in the address bar, without https:// and path",
            );
        }
    }
}
