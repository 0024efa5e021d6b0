//! Places where a test ends the process as a kill would: each lies between a write and its record.
//! Without the feature `failpoints`, which no release has, nothing of them is compiled.

/// Every place, in the order of a pass.
#[cfg(feature = "failpoints")]
pub const ALL: [&str; 65] = [
    "daemon: pass begun",
    "daemon: tickets that need no write settled",
    "daemon: intents stored",
    "gateway: INTERVENTION inserted",
    "gateway: Z83 inserted",
    "gateway: link inserted",
    "gateway: Z83 changed",
    "gateway: INTERVENTION changed",
    "gateway: steps stored",
    "gateway: before COMMIT",
    "gateway: after COMMIT",
    "daemon: gateway answered",
    "state: before COMMIT",
    "daemon: outcomes committed",
    "daemon: between two batches",
    "daemon: before the cursors",
    "daemon: after the cursors",
    "gateway: before COMMIT of a link",
    "gateway: after COMMIT of a link",
    "daemon: gateway linked",
    "daemon: document read",
    "gateway: file of a document written",
    "gateway: file of a document in its place",
    "gateway: before COMMIT of a document",
    "gateway: after COMMIT of a document",
    "daemon: document sent",
    "follow-up: pass begun",
    "follow-up: intent stored",
    "gestsup: step inserted",
    "gestsup: ticket changed",
    "gestsup: before COMMIT",
    "gestsup: after COMMIT",
    "follow-up: written",
    "state: before COMMIT of the follow-up",
    "follow-up: outcome committed",
    "follow-up: pass done",
    "reference: contact added",
    "reference: contact committed",
    "gestsup: reference row written",
    "reference: rows staged",
    "reference: intents stored",
    "reference: rows committed",
    "reference: outcome committed",
    "mail: pass begun",
    "mail: fetched",
    "mail: row inserted",
    "mail: staged",
    "mail: intent stored",
    "mail: file written",
    "mail: before COMMIT",
    "mail: after COMMIT",
    "mail: written",
    "state: before COMMIT of a mail",
    "mail: outcome committed",
    "mail: filed",
    "mail: pass done",
    "notify: mails planned",
    "notify: before COMMIT of the look",
    "notify: mails queued",
    "notify: sending remembered",
    "notify: mail accepted",
    "notify: before COMMIT of a mail",
    "notify: mail settled",
    "notify: before COMMIT of an action",
    "notify: after COMMIT of an action",
];

/// Lets `FAILPOINTS` name places: call it once, and keep what it returns while the process lives.
#[cfg(feature = "failpoints")]
pub fn from_environment() -> fail::FailScenario<'static> {
    fail::FailScenario::setup()
}

/// The process has come to a place. It ends here at once, nothing unwound or flushed, if `FAILPOINTS` says
/// `place=return`; with `place=3*off->return` when it comes here for the fourth time.
#[cfg(feature = "failpoints")]
pub fn reached(place: &'static str) {
    assert!(ALL.contains(&place), "“{place}” is not listed");
    fail::fail_point!(place, |_| std::process::abort());
}

/// Nothing, without the feature.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub(crate) const fn reached(_: &'static str) {}
