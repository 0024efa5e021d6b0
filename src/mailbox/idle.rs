//! Waiting until a server tells of new mails (RFC 2177).

use super::connection::CHATTER;
use super::error::{MailboxError, tidy};
use super::session::{ImapSession, broken};
use async_imap::imap_proto::{MailboxDatum, Response, Status};
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

/// A server may log off who says nothing for half an hour.
const LONGEST: Duration = Duration::from_secs(29 * 60);

impl ImapSession {
    /// Waits in the open folder. After an error the session is dropped.
    pub(super) async fn wait_now(
        &mut self,
        at_most: Duration,
        cancel: &CancellationToken,
    ) -> Result<bool, MailboxError> {
        if !self.abilities.idle || self.open.is_none() || cancel.is_cancelled() {
            return Ok(false);
        }
        let waited = self.wait_at_last(at_most.min(LONGEST), cancel).await;
        if waited.is_err() {
            self.imap = None;
        }
        waited
    }

    async fn wait_at_last(&mut self, at_most: Duration, cancel: &CancellationToken) -> Result<bool, MailboxError> {
        let place = self.place();
        let seconds = self.account.settings.timeout_seconds;
        let limit = Duration::from_secs(seconds);
        let silent = || MailboxError::Silent { place: place.clone(), command: "IDLE".to_owned(), seconds };
        let lost = |reason: &str| MailboxError::Unreachable { place: place.clone(), reason: tidy(reason) };
        let end = Instant::now() + at_most;
        let known = self.exists;
        // A keep-alive every few minutes is little, and no server has more to say here.
        self.meter.allow(4 * CHATTER);
        let imap = self.imap.as_mut().ok_or_else(|| lost("the session has ended"))?;
        let begun = timeout(limit, imap.run_command("IDLE")).await.map_err(|_| silent())?;
        let id = begun.map_err(|error| lost(&error.to_string()))?;
        let mut begun = false;
        let mut news = false;
        loop {
            let until = if begun { end } else { Instant::now() + limit };
            let answer = tokio::select! {
                answer = timeout_at(until, imap.read_response()) => answer,
                () = cancel.cancelled(), if begun => break,
            };
            let answer = match answer {
                Ok(answer) => answer.map_err(|error| broken(&place, &error))?,
                Err(_) if begun => break,
                Err(_) => return Err(silent()),
            };
            let answer = answer.ok_or_else(|| lost("the connection ended"))?;
            match answer.parsed() {
                Response::Continue { .. } => begun = true,
                Response::MailboxData(MailboxDatum::Exists(count)) => {
                    news |= *count > known;
                    self.exists = *count;
                }
                // One less: what comes next is news again.
                Response::Expunge(_) => self.exists = self.exists.saturating_sub(1),
                Response::Data { status: Status::Bye, outcome } => {
                    return Err(lost(outcome.information.as_deref().unwrap_or("it hangs up")));
                }
                // It said no to the command.
                Response::Done { tag, .. } if *tag == id => {
                    self.abilities.idle = false;
                    return Ok(news);
                }
                _ => {}
            }
            if begun && news {
                break;
            }
        }
        timeout(limit, async {
            imap.run_command_untagged("DONE").await.map_err(|error| lost(&error.to_string()))?;
            loop {
                let answer = imap.read_response().await.map_err(|error| broken(&place, &error))?;
                match answer.ok_or_else(|| lost("the connection ended"))?.parsed() {
                    Response::Done { tag, .. } if *tag == id => return Ok(()),
                    Response::MailboxData(MailboxDatum::Exists(count)) => {
                        news |= *count > known;
                        self.exists = *count;
                    }
                    _ => {}
                }
            }
        })
        .await
        .map_err(|_| silent())??;
        Ok(news)
    }
}
