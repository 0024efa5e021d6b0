//! The process that a driver is loaded into, and nothing else: it runs what the gateway asks for on one connection, a
//! statement at a time. A driver that crashes ends this process alone, and one that hangs is ended with it.

mod narrow;
mod session;
#[cfg(feature = "failpoints")]
mod stand_in;

use super::base::wire::{self, Ask, Diagnostic, Found, Told};
use serde::Serialize;
use session::Session;
use std::io::{self, Read as _, Write as _};
use std::sync::mpsc;

/// Serves until the gateway ends the conversation.
///
/// # Errors
/// When it cannot be answered.
pub fn serve() -> io::Result<()> {
    let (sender, asks) = mpsc::channel();
    std::thread::spawn(move || {
        let mut input = io::stdin().lock();
        while let Ok(ask) = receive(&mut input) {
            if sender.send(ask).is_err() {
                break;
            }
        }
        // The gateway is gone: there is nobody to answer, even if the driver hangs.
        std::process::exit(0);
    });
    let mut session = None;
    for ask in asks {
        match ask {
            Ask::Connect { text, transactions } => match Session::connect(&text, transactions) {
                Ok(connected) => {
                    let kept = u64::from(connected.keeps_transactions());
                    session = Some(connected);
                    answer(&Told::Done(Found { changed: Some(kept), ..Found::default() }))?;
                }
                Err(diagnostic) => answer(&Told::Failed(diagnostic))?,
            },
            ask => match &mut session {
                Some(session) => carry_out(session, ask)?,
                None => answer(&Told::Failed(Diagnostic {
                    state: "08003".to_owned(),
                    native: 0,
                    message: "there is no connection".to_owned(),
                }))?,
            },
        }
    }
    Ok(())
}

fn carry_out(session: &mut Session, ask: Ask) -> io::Result<()> {
    let done = match ask {
        Ask::Run(statements) => {
            for statement in statements {
                let told = session.run(&statement).map_or_else(Told::Failed, Told::Done);
                answer(&told)?;
                if matches!(told, Told::Failed(_)) {
                    break;
                }
            }
            return Ok(());
        }
        Ask::Columns(tables) => session.columns(&tables),
        Ask::Commit => session.commit(),
        Ask::Rollback => session.rollback(),
        Ask::Connect { .. } => Ok(Found::default()),
    };
    answer(&done.map_or_else(Told::Failed, Told::Done))
}

fn receive(input: &mut impl io::Read) -> io::Result<Ask> {
    let mut head = [0; 4];
    input.read_exact(&mut head)?;
    let mut body = Vec::new();
    input.take(wire::length(head)? as u64).read_to_end(&mut body)?;
    wire::message(&body)
}

fn answer(told: &impl Serialize) -> io::Result<()> {
    let frame = wire::framed(told)?;
    let mut output = io::stdout().lock();
    output.write_all(&frame)?;
    output.flush()
}
