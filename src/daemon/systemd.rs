//! What systemd is told (`Type=notify`). Without systemd nothing happens.

use sd_notify::NotifyState;

fn tell(states: &[NotifyState<'_>]) {
    // Nobody listens, or the socket is gone: the service works all the same.
    let _ = sd_notify::notify(states);
}

/// The configuration is read, the state is open: systems that are down are waited for at work.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// A new configuration is being read; [`ready`] follows.
pub(super) fn reloading() {
    // systemd wants to know when, else it cannot tell this reload from the one before.
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// A line for `systemctl status`.
pub(super) fn status(status: &str) {
    tell(&[NotifyState::Status(status)]);
}

/// The service goes on.
pub(super) fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// The service ends.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}
