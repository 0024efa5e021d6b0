//! Listens to mail servers that tell of new mails (IDLE), and wakes the mail flow when one does: a mail is then a ticket within
//! seconds. A listener reads nothing; what it misses is found by the schedule.

use super::flow::Flow;
use super::lane::Wakes;
use super::site::Site;
use crate::flows::PortError;
use crate::flows::mail::Mailboxes as _;
use crate::retry;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long one IDLE lasts: servers log off who says nothing for half an hour.
const LISTENS: Duration = Duration::from_secs(25 * 60);

/// Listens to every folder that mails are taken from, until it is cancelled; to others once the configuration was read again.
pub(super) async fn watch(mut sites: watch::Receiver<Arc<Site>>, wakes: Arc<Wakes>, cancel: CancellationToken) {
    loop {
        let site = Arc::clone(&sites.borrow_and_update());
        let stop = cancel.child_token();
        let mut listeners = JoinSet::new();
        for mailbox in site.config().mail.mailboxes.iter().filter(|_| site.takes_mails()) {
            for folder in &mailbox.folders {
                let (site, wakes, stop) = (Arc::clone(&site), Arc::clone(&wakes), stop.clone());
                listeners.spawn(attend(site, mailbox.name.clone(), folder.clone(), wakes, stop));
            }
        }
        let goes_on = tokio::select! {
            () = cancel.cancelled() => false,
            changed = sites.changed() => changed.is_ok(),
        };
        stop.cancel();
        while listeners.join_next().await.is_some() {}
        if !goes_on {
            return;
        }
    }
}

/// Listens again and again, growing delays between where the server does not answer.
async fn attend(site: Arc<Site>, mailbox: String, folder: String, wakes: Arc<Wakes>, stop: CancellationToken) {
    let mut failures = 0;
    while !stop.is_cancelled() {
        match listen(&site, &mailbox, &folder, &wakes, &stop, &mut failures).await {
            Ok(()) => return,
            Err(error) => {
                failures += 1;
                // The flow itself meets the same trouble and tells of it.
                tracing::debug!(flow = "mail", mailbox, folder, "not listened to: {error}");
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(retry::delay_after(failures)) => {}
                }
            }
        }
    }
}

/// Listens until it is cancelled, or for ever gives up since the server cannot tell.
async fn listen(
    site: &Site,
    mailbox: &str,
    folder: &str,
    wakes: &Wakes,
    stop: &CancellationToken,
    failures: &mut u32,
) -> Result<(), PortError> {
    let mut session = site.mailboxes().open(mailbox).await?;
    if !session.tells() {
        session.close().await;
        return Ok(());
    }
    session.select(folder, true).await?;
    *failures = 0;
    // What came while nobody listened.
    wakes.wake(Flow::Mail);
    while !stop.is_cancelled() && session.tells() {
        if session.wait(LISTENS, stop).await? {
            wakes.wake(Flow::Mail);
        }
    }
    session.close().await;
    Ok(())
}
