//! The part of a look that is about appointments: what Gestan's interventions say, compared with what people were told.

use super::appointment::{self, Appointment, Change, Invitation, Notice};
use super::audience::Circle;
use super::letter::{Letter, Means, NewMail, message_id};
use super::pass::{NotifyFlow, of_template};
use super::plan::shown;
use super::ports::{Look, NoticeView};
use super::report::{NotifyRecord, NotifyReport};
use crate::flows::PortError;
use crate::model::Ticket;
use chrono::{DateTime, Utc};
use lettre::message::Mailbox;
use minijinja::context;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

impl NotifyFlow<'_> {
    /// Adds invitations to a look; `silently`, they are only known from then on.
    pub(super) async fn invite(
        &self,
        view: &mut dyn NoticeView,
        silently: bool,
        now: DateTime<Utc>,
        report: &mut NotifyReport,
        look: &mut Look,
    ) -> Result<(), PortError> {
        if self.config.notify.appointments.is_empty() {
            return Ok(());
        }
        let current = self.memory.appointments(now).await?;
        let known = self.memory.invitations().await?;
        let differ = differing(&current, &known, now);
        if differ.is_empty() {
            return Ok(());
        }
        if silently {
            let unknown = differ.iter().filter_map(|number| Some((*number, current.get(number)?)));
            look.invitations.extend(unknown.map(|(number, held)| self.unheard_of(number, Some(held.clone()))));
            return Ok(());
        }
        let own = view.own_mails().await?;
        let ours = self.ours();
        let circle =
            Circle { settings: &self.config.notify, usual: self.config.mapping.locale, own: &own, ours: &ours };
        let tickets: HashMap<i64, Ticket> =
            view.load(&differ).await?.into_iter().map(|ticket| (ticket.number, ticket)).collect();
        let observers = view.observers(&differ).await?;
        let answers = self.config.mail.enabled || own.takes_answers;
        for number in differ {
            let before = known.get(&number);
            // Of a ticket that is gone nothing can be told; what was told of it is over.
            let Some(ticket) = tickets.get(&number) else {
                look.invitations.push(Invitation {
                    held: None,
                    ..before.cloned().unwrap_or_else(|| self.unheard_of(number, None))
                });
                continue;
            };
            let held = current.get(&number);
            let start_hour = self.config.mapping.planning.start_hour;
            let chosen = held.filter(|held| !appointment::is_proposed(held, ticket, start_hour, self.zone));
            let people = observers.get(&number).map_or(&[][..], Vec::as_slice);
            let invitees = appointment::invitees(&circle, ticket, people);
            let (told, mut invitation) = appointment::changes(before, chosen, &invitees, number, || self.uid(number));
            // A proposal is known, so that it is not looked at again.
            invitation.held = held.cloned();
            for (invitee, change) in told {
                let cancelled = before.and_then(|before| before.held.as_ref());
                let of = if change == Change::Cancelled { cancelled.or(chosen) } else { chosen };
                let Some(appointment) = of.cloned() else { continue };
                let (uid, sequence) = (invitation.uid.clone(), invitation.sequence);
                let notice = Notice { ticket: ticket.clone(), invitee, change, appointment, uid, sequence };
                look.mails.push(self.notice(&notice, answers, now, report).await?);
            }
            look.invitations.push(invitation);
        }
        Ok(())
    }

    fn unheard_of(&self, number: i64, held: Option<Appointment>) -> Invitation {
        Invitation { number, uid: self.uid(number), sequence: 0, held, invited: Vec::new() }
    }

    fn uid(&self, number: i64) -> String {
        format!("gestan-connector.{number}.{}@{}", Uuid::now_v7().simple(), self.domain())
    }

    async fn notice(
        &self,
        notice: &Notice,
        answers: bool,
        now: DateTime<Utc>,
        report: &mut NotifyReport,
    ) -> Result<NewMail, PortError> {
        let shown = shown(&notice.ticket, self.zone, self.url);
        let local = |at: DateTime<Utc>| at.with_timezone(&self.zone).format("%d/%m/%Y %H:%M").to_string();
        let from = self.config.notify.from.as_deref().and_then(|from| from.parse::<Mailbox>().ok());
        let organizer = from.map(|from| from.email.to_string()).unwrap_or_default();
        let calendar = appointment::calendar(notice, &organizer, shown.url(), now);
        let number = notice.ticket.number;
        let values = context! {
            change => notice.change.as_str(),
            audience => notice.invitee.audience.as_str(),
            name => notice.invitee.to.name.clone().unwrap_or_default(),
            answers,
            sender => self.sender(),
            start => local(notice.appointment.start),
            end => local(notice.appointment.end),
            ticket => minijinja::Value::from(minijinja::value::Serde(&shown)),
        };
        let rendered = self.templates.render(notice.invitee.locale, "appointment", &values);
        let (subject, text, html) = rendered.map_err(|error| of_template(&error))?;
        report.records.push(NotifyRecord {
            ticket: Some(number),
            mail: None,
            to: notice.invitee.to.address.clone(),
            outcome: None,
            code: "mail".to_owned(),
            message: format!(
                "a mail to {} ({}): the appointment of {} is {}",
                notice.invitee.to.address,
                notice.invitee.audience.as_str(),
                local(notice.appointment.start),
                notice.change.as_str()
            ),
        });
        Ok(NewMail {
            kind: Means::Mail,
            ticket: Some(number),
            occasion: "appointment".to_owned(),
            audience: notice.invitee.audience.as_str().to_owned(),
            message_id: message_id(Some(number), &self.domain()),
            letter: Letter {
                to: notice.invitee.to.clone(),
                subject,
                text,
                html,
                references: self.memory.thread(number, super::pass::THREAD).await?,
                comment: None,
                calendar: Some(calendar),
            },
        })
    }
}

/// Tickets whose appointment is not the one that is known. One that has begun is over: nobody is told of it any more.
fn differing(current: &HashMap<i64, Appointment>, known: &HashMap<i64, Invitation>, now: DateTime<Utc>) -> Vec<i64> {
    let held = |number: &i64| known.get(number).and_then(|known| known.held.as_ref());
    let alike =
        |one: &Appointment, other: &Appointment| (one.start, one.end, &one.who) == (other.start, other.end, &other.who);
    let set = current.iter().filter(|(number, now)| held(number).is_none_or(|before| !alike(before, now)));
    let gone = known.iter().filter(|(number, invitation)| {
        !current.contains_key(number) && invitation.held.as_ref().is_some_and(|held| held.start > now)
    });
    let all: HashSet<i64> = set.map(|(number, _)| *number).chain(gone.map(|(number, _)| *number)).collect();
    let mut all: Vec<i64> = all.into_iter().collect();
    all.sort_unstable();
    all
}
