//! What rules give a ticket that a mail becomes.

use super::desk::DeskFacts;
use super::exclude::recipients;
use super::verdict::Attributes;
use crate::config::{Condition, MailRule, MailWhen};
use crate::mapping::fold::fold;
use crate::model::Mail;

/// The keys that rules give, and what they are called in GestSup's list of them.
pub const KEYS: [&str; 8] =
    ["type", "category", "subcategory", "priority", "criticality", "service", "technician", "group"];

impl MailRule {
    /// The name that it gives to a key.
    pub fn gives(&self, key: &str) -> Option<&str> {
        let name = match key {
            "type" => &self.kind,
            "category" => &self.category,
            "subcategory" => &self.subcategory,
            "priority" => &self.priority,
            "criticality" => &self.criticality,
            "service" => &self.service,
            "technician" => &self.technician,
            "group" => &self.group,
            _ => &None,
        };
        name.as_deref()
    }
}

/// Where a mail came in.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The mail.
    pub mail: &'a Mail,
    /// Name of the mailbox.
    pub mailbox: &'a str,
    /// Folder.
    pub folder: &'a str,
    /// Client of its sender; empty for none.
    pub client: &'a str,
}

impl MailWhen {
    fn applies_to(&self, entry: &Entry<'_>) -> bool {
        let from = entry.mail.from.as_ref();
        let holds = |condition: &Option<Condition>, texts: &[&str]| {
            condition.as_ref().is_none_or(|condition| texts.iter().any(|text| condition.holds(text)))
        };
        holds(&self.sender, &[from.map_or("", |from| from.address.as_str())])
            && holds(&self.domain, &[from.map_or("", |from| from.domain())])
            && holds(&self.recipient, &recipients(entry.mail))
            && holds(&self.subject, &[&entry.mail.subject])
            && holds(&self.mailbox, &[entry.mailbox])
            && holds(&self.folder, &[entry.folder])
            && holds(&self.client, &[entry.client])
    }
}

/// The number of the first rule that excludes a mail.
pub fn excluding(rules: &[MailRule], entry: &Entry<'_>) -> Option<usize> {
    let decided = rules.iter().enumerate().find(|(_, rule)| rule.exclude.is_some() && rule.when.applies_to(entry));
    decided.filter(|(_, rule)| rule.exclude == Some(true)).map(|(index, _)| index + 1)
}

/// What the rules give, and a sentence for each name that GestSup does not have.
pub fn attributes(rules: &[MailRule], entry: &Entry<'_>, facts: &DeskFacts) -> (Attributes, Vec<String>) {
    let mut given = Attributes::new();
    let mut notes = Vec::new();
    for key in KEYS {
        let rule = rules.iter().enumerate().find(|(_, rule)| rule.gives(key).is_some() && rule.when.applies_to(entry));
        let Some((number, name)) = rule.and_then(|(index, rule)| Some((index + 1, rule.gives(key)?))) else { continue };
        match id_of(key, name, facts) {
            Some(id) => {
                given.insert(key, id);
            }
            None => notes.push(format!("rule {number} of [mail] gives {key} = “{name}”, which GestSup does not have")),
        }
    }
    // A group is in charge, or a person.
    if given.contains_key("technician") {
        given.remove("group");
    }
    (given, notes)
}

/// The id of a name in GestSup.
pub fn id_of(key: &str, name: &str, facts: &DeskFacts) -> Option<i64> {
    let rows = if key == "technician" { &facts.technicians } else { facts.lists.get(key)? };
    let wanted = fold(name);
    rows.iter().find(|row| fold(&row.name) == wanted && row.id != 0).map(|row| row.id)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::model::{Label, MailAddress};

    #[derive(serde::Deserialize)]
    struct Rules {
        rules: Vec<MailRule>,
    }

    #[test]
    fn each_key_is_set_by_the_first_rule_that_applies_and_has_it() {
        let rules: Rules = toml::from_str(
            "[[rules]]\nwhen = { subject = { matches = \"urgent\" } }\npriority = \"urgent\"\n\
             [[rules]]\nwhen = { mailbox = \"support\", domain = \"martin.fr\" }\npriority = \"Basse\"\ntype = \"INCIDENT\"\ngroup = \"N2\"\n\
             [[rules]]\nwhen = { recipient = \"compta@sav.fr\" }\nservice = \"Compta\"\ntechnician = \"paul\"\n\
             [[rules]]\nwhen = { sender = \"pub@martin.fr\" }\nexclude = true\n",
        )
        .unwrap();
        let label = |id, name: &str| Label { id, name: name.to_owned() };
        let facts = DeskFacts {
            lists: [
                ("priority", vec![label(1, "Urgent"), label(5, "Basse")]),
                ("type", vec![label(2, "Incident")]),
                ("group", vec![label(9, "N2")]),
            ]
            .into(),
            technicians: vec![label(4, "paul")],
            ..DeskFacts::default()
        };
        let mut mail = Mail {
            from: Some(MailAddress { name: None, address: "claire@martin.fr".into() }),
            subject: "C'est URGENT".into(),
            ..Mail::default()
        };
        let of = |mail: &Mail| {
            let entry = Entry { mail, mailbox: "support", folder: "INBOX", client: "Martin" };
            (attributes(&rules.rules, &entry, &facts), excluding(&rules.rules, &entry))
        };
        let ((given, notes), excluded) = of(&mail);
        assert_eq!(given, [("priority", 1), ("type", 2), ("group", 9)].into());
        assert_eq!((notes, excluded), (vec![], None));
        mail.cc = vec![MailAddress { name: None, address: "compta@sav.fr".into() }];
        mail.from.as_mut().unwrap().address = "pub@martin.fr".into();
        let ((given, notes), excluded) = of(&mail);
        assert_eq!(
            given,
            [("priority", 1), ("type", 2), ("technician", 4)].into(),
            "a technician is named, not a group"
        );
        assert!(notes[0].contains("“Compta”"), "{notes:?}");
        assert_eq!(excluded, Some(4));
    }
}
