//! What each step of a ticket is called in the memo, and which steps go there: the operator's rules,
//! then the built-in ones.

use super::texts::{Kind, Wording};
use crate::config::{StepAuthor, StepRule, StepWhen, Steps};
use crate::model::{RichText, Step, StepType, Ticket};

/// A step as it goes into the memo.
pub(super) struct NamedStep<'a> {
    pub step: &'a Step,
    pub kind: String,
    pub text: RichText,
}

/// What the rules look at beside the step itself.
struct Surroundings {
    author: StepAuthor,
    follows: StepAuthor,
    closes: bool,
    rejects: bool,
}

/// The steps that are sent, with their kinds and texts, in the order of the ticket.
pub(super) fn named_steps<'a>(
    ticket: &'a Ticket,
    rules: &Steps,
    wording: &Wording,
    private: bool,
    rejected: &dyn Fn(i64) -> bool,
) -> Vec<NamedStep<'a>> {
    let built_in = built_in(wording);
    let mut previous_author = StepAuthor::Requester;
    let mut named = Vec::new();
    for (index, step) in ticket.steps.iter().enumerate() {
        let author = author_of(step, ticket);
        let next = next_event(&ticket.steps[index + 1..]);
        let is_rejection = |event: &Step| event.state.as_ref().is_some_and(|state| rejected(state.id));
        let surroundings = Surroundings {
            author,
            follows: previous_author,
            // What GestSup resolves by itself, for its age, is no one's solution.
            closes: next.is_some_and(|event| event.step_type == StepType::Closed && event.author.is_some()),
            rejects: next.into_iter().chain(event_saved_with(step, &ticket.steps[..index])).any(is_rejection),
        };
        if step.step_type == StepType::Comment {
            previous_author = author;
        }
        // What came from Gestan does not go back there.
        if step.from_gestan.is_some() || (step.private && !private) {
            continue;
        }
        let rule = rules.kinds.iter().chain(&built_in).find(|rule| applies(&rule.when, step, &surroundings));
        let Some(rule) = rule.filter(|rule| rule.send) else { continue };
        let text = text_of(step, wording);
        if text.is_blank() && step.minutes == 0 {
            continue;
        }
        named.push(NamedStep { step, kind: rule.kind.clone(), text });
    }
    named
}

/// The event that a comment leads to: what follows it before the next comment.
fn next_event(later: &[Step]) -> Option<&Step> {
    later
        .iter()
        // What people decide in Gestan makes no solution of an earlier comment: its paragraph stays as it is.
        .filter(|step| step.from_gestan.is_none())
        .take_while(|step| step.step_type != StepType::Comment)
        .find(|step| matches!(step.step_type, StepType::Closed | StepType::StateChanged))
}

/// The change of state that was saved with a comment: GestSup writes it before the comment, in the same
/// second.
fn event_saved_with<'a>(comment: &Step, earlier: &'a [Step]) -> Option<&'a Step> {
    let author = |step: &Step| step.author.as_ref().map(|person| person.id);
    earlier
        .iter()
        .rev()
        .filter(|step| step.from_gestan.is_none())
        .take_while(|step| step.step_type != StepType::Comment && step.at == comment.at)
        .find(|step| step.step_type == StepType::StateChanged && author(step) == author(comment))
}

fn author_of(step: &Step, ticket: &Ticket) -> StepAuthor {
    match &step.author {
        None => StepAuthor::System,
        // A technician who opens a ticket for himself still speaks as its requester.
        Some(person) if ticket.requester.as_ref().is_some_and(|requester| requester.id == person.id) => {
            StepAuthor::Requester
        }
        Some(person) if person.role.is_staff() => StepAuthor::Technician,
        Some(_) => StepAuthor::Requester,
    }
}

fn applies(when: &StepWhen, step: &Step, around: &Surroundings) -> bool {
    when.step_type.is_none_or(|wanted| wanted == step.step_type)
        && when.author.is_none_or(|wanted| wanted == around.author)
        && when.private.is_none_or(|wanted| wanted == step.private)
        && when.closes.is_none_or(|wanted| wanted == around.closes)
        && when.rejects.is_none_or(|wanted| wanted == around.rejects)
        && when.follows.is_none_or(|wanted| wanted == around.follows)
}

fn built_in(wording: &Wording) -> Vec<StepRule> {
    let rule = |when: StepWhen, kind: Kind, send: bool| StepRule { when, kind: wording.kind(kind).to_owned(), send };
    let of_type = |step_type| StepWhen { step_type: Some(step_type), ..StepWhen::default() };
    let by = |author| StepWhen { author: Some(author), ..of_type(StepType::Comment) };
    vec![
        rule(of_type(StepType::MailSent), Kind::History, false),
        rule(of_type(StepType::CreatedByMail), Kind::History, false),
        rule(of_type(StepType::Unknown), Kind::History, false),
        rule(of_type(StepType::Attribution), Kind::Event, true),
        rule(of_type(StepType::Transfer), Kind::Event, true),
        rule(of_type(StepType::Closed), Kind::Event, true),
        rule(of_type(StepType::StateChanged), Kind::Event, true),
        rule(by(StepAuthor::System), Kind::Information, true),
        rule(StepWhen { private: Some(true), ..by(StepAuthor::Technician) }, Kind::Instruction, true),
        rule(StepWhen { closes: Some(true), ..by(StepAuthor::Technician) }, Kind::Solution, true),
        rule(StepWhen { rejects: Some(true), ..by(StepAuthor::Technician) }, Kind::Reason, true),
        rule(StepWhen { follows: Some(StepAuthor::Requester), ..by(StepAuthor::Technician) }, Kind::Answer, true),
        rule(by(StepAuthor::Technician), Kind::Information, true),
        rule(StepWhen { follows: Some(StepAuthor::Technician), ..by(StepAuthor::Requester) }, Kind::Answer, true),
        rule(by(StepAuthor::Requester), Kind::Question, true),
    ]
}

fn text_of(step: &Step, wording: &Wording) -> RichText {
    let event = match step.step_type {
        StepType::Attribution => step.assigned_to.as_deref().map(|to| wording.assigned(to)),
        StepType::Transfer => {
            Some(step.assigned_to.as_deref().map_or_else(|| wording.unassigned().to_owned(), |to| wording.assigned(to)))
        }
        StepType::Closed => Some(wording.closed().to_owned()),
        StepType::StateChanged => step.state.as_ref().map(|state| wording.new_state(&state.name)),
        _ => None,
    };
    match event {
        // An event says one line; what GestSup stores as its text (usually nothing) follows.
        Some(line) if step.text.is_blank() => RichText::plain(&line),
        Some(line) => RichText::plain(&line).0.iter().chain(step.text.0.iter()).cloned().collect(),
        None => step.text.clone(),
    }
}
