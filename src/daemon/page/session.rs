//! Who may press buttons: whoever gave the password lately. Sessions are kept in memory only; what a browser holds is a
//! random number, of which only the hash is kept here.

use crate::config::SecretHash;
use crate::model::sha256_hex;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A session that was not used for so long is over.
const IDLE: Duration = Duration::from_secs(3600);
/// Sessions at most: the one that was used longest ago ends, those without a password first.
const MOST: usize = 200;
/// The longest wait after wrong passwords.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What came of a button, told once on the next page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notice {
    /// It was done.
    pub good: bool,
    /// What the command said.
    pub said: String,
}

#[derive(Debug)]
struct Session {
    used: Instant,
    /// The password that was given; `None` before.
    password: Option<SecretHash>,
    notice: Option<Notice>,
}

/// Attempts at the password.
#[derive(Debug, Default)]
struct Gate {
    wrong: u32,
    closed_until: Option<Instant>,
}

/// Everybody who is at a form.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    known: Mutex<HashMap<String, Session>>,
    gate: Mutex<Gate>,
}

/// How an attempt at the password went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// It was right: the token of the session from now on.
    Open(String),
    /// It was wrong.
    Wrong,
    /// It was not looked at: wrong ones were given before.
    Wait(Duration),
}

/// What stands in the forms of a session: who cannot read its cookie or its pages cannot know it.
pub(super) fn form_token(token: &str) -> String {
    sha256_hex(&format!("form:{token}"))
}

/// A random number of 256 bits.
fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

impl Sessions {
    fn known(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        // A panic elsewhere leaves whole sessions behind.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new session; its token.
    pub(super) fn begin(&self, password: Option<SecretHash>, now: Instant) -> Result<String, getrandom::Error> {
        let token = random()?;
        let mut known = self.known();
        known.retain(|_, session| now.duration_since(session.used) < IDLE);
        if known.len() >= MOST {
            let oldest = known.iter().min_by_key(|(_, session)| (session.password.is_some(), session.used));
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                known.remove(&oldest);
            }
        }
        known.insert(sha256_hex(&token), Session { used: now, password, notice: None });
        Ok(token)
    }

    /// Whether there is such a session, and whether its password is the one that counts now. It is used by this.
    pub(super) fn look(&self, token: &str, password: Option<&SecretHash>, now: Instant) -> Option<bool> {
        let mut known = self.known();
        let session = known.get_mut(&sha256_hex(token))?;
        if now.duration_since(session.used) >= IDLE {
            known.remove(&sha256_hex(token));
            return None;
        }
        session.used = now;
        // Another password in the configuration ends what was begun with the one before.
        Some(password.is_some() && session.password.as_ref() == password)
    }

    /// Ends one.
    pub(super) fn end(&self, token: &str) {
        self.known().remove(&sha256_hex(token));
    }

    /// Leaves something to be told on the next page.
    pub(super) fn leave(&self, token: &str, notice: Notice) {
        if let Some(session) = self.known().get_mut(&sha256_hex(token)) {
            session.notice = Some(notice);
        }
    }

    /// What was left to be told.
    pub(super) fn take(&self, token: &str) -> Option<Notice> {
        self.known().get_mut(&sha256_hex(token))?.notice.take()
    }

    /// An attempt at the password. After a wrong one nobody may try for a while, the longer the more there were.
    pub(super) fn enter(&self, given: &str, password: &SecretHash, now: Instant) -> Result<Entry, getrandom::Error> {
        {
            let mut gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(until) = gate.closed_until.filter(|until| *until > now) {
                return Ok(Entry::Wait(until - now));
            }
            if !password.is(given) {
                gate.wrong = gate.wrong.saturating_add(1);
                let wait = Duration::from_secs(1 << (gate.wrong - 1).min(6)).min(LONGEST_WAIT);
                gate.closed_until = Some(now + wait);
                return Ok(Entry::Wrong);
            }
            *gate = Gate::default();
        }
        self.begin(Some(password.clone()), now).map(Entry::Open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretString;

    fn hash(password: &str) -> SecretHash {
        SecretHash::new(&SecretString::from(password))
    }

    fn entered(sessions: &Sessions, given: &str, now: Instant) -> Entry {
        sessions.enter(given, &hash("right"), now).unwrap()
    }

    #[test]
    fn a_session_ends_after_an_hour_without_use_and_with_its_password() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let Entry::Open(token) = entered(&sessions, "right", now) else { panic!("the password is right") };
        assert_eq!(token.len(), 64);
        let half = Duration::from_secs(1800);
        assert_eq!(sessions.look(&token, Some(&hash("right")), now + half), Some(true));
        assert_eq!(sessions.look(&token, Some(&hash("other")), now + half * 2), Some(false), "another password");
        assert_eq!(sessions.look(&token, None, now + half * 2), Some(false), "switched off");
        assert_eq!(sessions.look(&token, Some(&hash("right")), now + half * 3), Some(true), "it was used meanwhile");
        assert_eq!(sessions.look(&token, Some(&hash("right")), now + half * 5), None);
        assert_eq!(sessions.look("", Some(&hash("right")), now), None);
    }

    #[test]
    fn wrong_passwords_close_the_door_for_longer_and_longer_and_the_right_one_opens_it() {
        let (sessions, mut now) = (Sessions::default(), Instant::now());
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            assert_eq!(entered(&sessions, "wrong", now), Entry::Wrong);
            assert_eq!(entered(&sessions, "right", now), Entry::Wait(Duration::from_secs(seconds)));
            now += Duration::from_secs(seconds);
        }
        assert!(matches!(entered(&sessions, "right", now), Entry::Open(_)));
        assert_eq!(entered(&sessions, "wrong", now), Entry::Wrong);
        assert_eq!(entered(&sessions, "right", now), Entry::Wait(Duration::from_secs(1)), "counted anew");
    }

    #[test]
    fn visitors_without_a_password_push_out_nobody_who_gave_it() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let Entry::Open(token) = entered(&sessions, "right", now) else { panic!("the password is right") };
        for _ in 0..MOST * 2 {
            sessions.begin(None, now + Duration::from_secs(1)).unwrap();
        }
        assert!(sessions.known().len() <= MOST);
        assert_eq!(sessions.look(&token, Some(&hash("right")), now), Some(true));
    }

    #[test]
    fn what_is_left_to_be_told_is_told_once() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let token = sessions.begin(None, now).unwrap();
        let notice = Notice { good: true, said: "done".to_owned() };
        sessions.leave(&token, notice.clone());
        assert_eq!((sessions.take(&token), sessions.take(&token)), (Some(notice), None));
        sessions.end(&token);
        assert_eq!(sessions.look(&token, None, now), None);
    }
}
