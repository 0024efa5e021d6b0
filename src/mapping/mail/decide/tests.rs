//! Decisions, without any server.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::model::{MailAddress, Role};

struct Desk {
    facts: DeskFacts,
    settings: MailFlow,
    tickets: Vec<TicketFacts>,
    known: Vec<(String, i64, bool)>,
    merged: HashMap<i64, i64>,
}

fn address(text: &str) -> MailAddress {
    MailAddress { name: None, address: text.to_owned() }
}

fn mail(from: &str, subject: &str, text: &str) -> Mail {
    Mail {
        message_id: Some("m@x".into()),
        from: Some(address(from)),
        to: vec![address("support@sav.fr")],
        subject: subject.into(),
        text: Some(text.into()),
        date: Some("2026-03-02T08:00:00Z".parse().unwrap()),
        received: Some("2026-03-02T08:00:10Z".parse().unwrap()),
        ..Mail::default()
    }
}

impl Desk {
    fn new() -> Self {
        let account = |id, role, company| Account { id, name: String::new(), login: String::new(), role, company };
        let mut facts = DeskFacts { french: true, ..DeskFacts::default() };
        for (mail, one) in [
            ("claire@martin.fr", account(10, Role::User, 5)),
            ("luc@martin.fr", account(11, Role::User, 5)),
            ("zoe@autre.fr", account(12, Role::User, 6)),
            ("paul@sav.fr", account(20, Role::Technician, 0)),
            ("chef@sav.fr", account(21, Role::Administrator, 0)),
        ] {
            facts.accounts.insert(mail.to_owned(), vec![one]);
        }
        facts.domains = [("martin.fr".to_owned(), 5), ("gmail.com".to_owned(), 6)].into();
        facts.companies = [(5, "Martin".to_owned())].into();
        let ticket = |number, state| TicketFacts {
            number,
            title: "Imprimante".into(),
            state,
            requester: 10,
            requester_mails: vec!["claire@martin.fr".into()],
            company: 5,
            observers: vec![],
            group: vec![],
            technician: 20,
            resolved_at: Some("2026-02-01T08:00:00Z".parse().unwrap()),
        };
        let states = [(1, 1), (2, 2), (3, 3), (4, 4), (6, 6)];
        Self {
            facts,
            settings: MailFlow::default(),
            tickets: states.into_iter().map(|(number, state)| ticket(number, state)).collect(),
            merged: [(7, 2)].into(),
            known: (1..=7).map(|number| (format!("{number}@sav.fr"), number, true)).collect(),
        }
    }

    fn ask(&self, mail: &Mail, forced: bool) -> Verdict {
        let question = Question {
            mail,
            mailbox: "support",
            folder: "INBOX",
            settings: &self.settings,
            facts: &self.facts,
            own: &["support@sav.fr".to_owned()],
            known: &self.known,
            tickets: &self.tickets,
            merged: &self.merged,
            forced,
            keeps_files: true,
            zone: chrono_tz::Europe::Paris,
            now: "2026-03-02T08:01:00Z".parse().unwrap(),
        };
        question.decide()
    }

    /// In a line.
    fn told(&self, mail: &Mail) -> String {
        match self.ask(mail, false) {
            Verdict::Excluded { code, .. } => format!("excluded {code}"),
            Verdict::Parked { code, .. } => format!("parked {code}"),
            Verdict::Write(written) => match written.write {
                MailWrite::Reply(reply) => format!(
                    "{} {} by {} {}->{:?}{}",
                    written.code,
                    reply.ticket,
                    reply.author,
                    reply.state,
                    reply.to_state,
                    if reply.reopens { " reopens" } else { "" }
                ),
                MailWrite::Ticket(ticket) => {
                    let whose = match ticket.requester {
                        Requester::Nobody => "nobody".to_owned(),
                        Requester::Known(id) => id.to_string(),
                        Requester::New(contact) => format!("new {} of {}", contact.mail, contact.company),
                    };
                    format!("{} of {whose} {:?}", written.code, ticket.follows)
                }
            },
        }
    }
}

fn answer(from: &str, ticket: i64) -> Mail {
    Mail { in_reply_to: vec![format!("{ticket}@sav.fr")], ..mail(from, "Re: x", "Voilà") }
}

#[test]
fn an_answer_does_to_a_ticket_what_its_sender_may() {
    let desk = Desk::new();
    for (from, ticket, wanted) in [
        ("claire@martin.fr", 2, "thread 2 by 10 2->None"),
        ("claire@martin.fr", 6, "thread 6 by 10 6->Some(2)"),
        ("claire@martin.fr", 3, "thread 3 by 10 3->Some(2) reopens"),
        ("claire@martin.fr", 4, "thread 4 by 10 4->Some(2) reopens"),
        ("luc@martin.fr", 2, "thread 2 by 11 2->None"),
        ("luc@martin.fr", 3, "follows of 11 Some(3)"),
        ("inconnu@martin.fr", 2, "thread 2 by 0 2->None"),
        ("paul@sav.fr", 1, "thread 1 by 20 1->Some(2)"),
        ("paul@sav.fr", 6, "thread 6 by 20 6->None"),
        ("paul@sav.fr", 3, "thread 3 by 20 3->None"),
        ("chef@sav.fr", 3, "thread 3 by 21 3->Some(2) reopens"),
        ("zoe@autre.fr", 2, "new of 12 None"),
        ("qui@ailleurs.fr", 2, "new of nobody None"),
        ("claire@martin.fr", 5, "new of 10 None"),
    ] {
        assert_eq!(desk.told(&answer(from, ticket)), wanted, "{from} {ticket}");
    }
}

#[test]
fn settings_decide_about_strangers_and_closed_tickets() {
    let mut desk = Desk::new();
    desk.settings.replies.strangers = Stranger::Park;
    assert_eq!(desk.told(&answer("zoe@autre.fr", 2)), "parked stranger");
    assert!(matches!(desk.ask(&answer("zoe@autre.fr", 2), true), Verdict::Write(_)), "a person wants it in");
    desk.settings.replies.reopen_days = 10;
    assert_eq!(desk.told(&answer("claire@martin.fr", 3)), "follows of 10 Some(3)");
    desk.settings.replies.reopen_days = 60;
    assert_eq!(desk.told(&answer("claire@martin.fr", 3)), "thread 3 by 10 3->Some(2) reopens");
    desk.settings.replies.closed = ClosedTicket::NewTicket;
    assert_eq!(desk.told(&answer("claire@martin.fr", 3)), "follows of 10 Some(3)");
}

#[test]
fn a_number_in_a_subject_tells_a_ticket_only_to_those_who_may_write_on_it() {
    let desk = Desk::new();
    for (from, subject, wanted) in [
        ("claire@martin.fr", "RE: Ouverture pour le ticket n°2 : Imprimante", "subject 2 by 10 2->None"),
        ("zoe@autre.fr", "RE: Ouverture pour le ticket n°2 : Imprimante", "new of 12 None"),
        ("claire@martin.fr", "Écran n°2 : noir", "new of 10 None"),
        ("claire@martin.fr", "RE: Écran n°2 : noir", "new of 10 None"),
        ("claire@martin.fr", "RE: pour le ticket n°999 : x", "new of 10 None"),
    ] {
        assert_eq!(desk.told(&mail(from, subject, "Oui")), wanted, "{from} {subject}");
    }
}

#[test]
fn an_unknown_sender_is_of_the_client_of_its_domain_or_what_the_settings_say() {
    let mut desk = Desk::new();
    assert_eq!(desk.told(&mail("neuf@martin.fr", "x", "y")), "new of new neuf@martin.fr of 5 None");
    assert_eq!(desk.told(&mail("neuf@gmail.com", "x", "y")), "new of nobody None", "a domain that anybody may have");
    for (unknown, wanted) in [
        (UnknownSender::Create, "new of new qui@x.fr of 0 None"),
        (UnknownSender::Park, "parked unknown-sender"),
        (UnknownSender::Refuse, "excluded unknown-sender"),
    ] {
        desk.settings.senders.unknown = unknown;
        assert_eq!(desk.told(&mail("qui@x.fr", "x", "y")), wanted);
    }
    desk.settings.senders.by_domain = false;
    assert_eq!(desk.told(&mail("neuf@martin.fr", "x", "y")), "excluded unknown-sender");
}

#[test]
fn a_date_that_cannot_be_is_not_believed() {
    let desk = Desk::new();
    let opened = |date: Option<&str>| {
        let mut one = mail("claire@martin.fr", "x", "y");
        one.date = date.map(|date| date.parse().unwrap());
        let Verdict::Write(written) = desk.ask(&one, false) else { panic!() };
        let MailWrite::Ticket(ticket) = written.write else { panic!() };
        ticket.opened_at.to_rfc3339()
    };
    assert_eq!(opened(Some("2026-03-01T23:00:00Z")), "2026-03-01T23:00:00+00:00");
    for wrong in [None, Some("2036-01-01T00:00:00Z"), Some("1970-01-01T00:00:00Z")] {
        assert_eq!(opened(wrong), "2026-03-02T08:00:10+00:00", "{wrong:?}");
    }
}

#[test]
fn what_a_ticket_says_is_escaped_and_begins_with_gestsup_s_own_block() {
    let desk = Desk::new();
    let mut one = mail("claire@martin.fr", "<b>Panne</b> & \"co\"", "a <script>alert(1)</script>");
    one.cc =
        vec![address("luc@martin.fr"), address("support@sav.fr"), address("claire@martin.fr"), address("paul@sav.fr")];
    let Verdict::Write(written) = desk.ask(&one, false) else { panic!() };
    let MailWrite::Ticket(ticket) = written.write else { panic!() };
    assert!(
        ticket
            .html
            .starts_with("<b>De :</b> claire@martin.fr<br /> \n<b>Envoyé le : </b> lundi 2 mars 2026 à 09:00<br />"),
        "{}",
        ticket.html
    );
    assert!(!ticket.html.contains("<script") && !ticket.html.contains("<b>Panne"), "{}", ticket.html);
    assert_eq!(ticket.observers, [11, 20]);
}
