//! The words of the reference that are not the model's, in both languages.

/// What the reference says around the descriptions of the model.
pub(super) struct Words {
    pub introduction: &'static str,
    pub contents: &'static str,
    /// Heads of the columns: key, type, default, example, description.
    pub columns: [&'static str; 5],
    pub required: &'static str,
    pub table: &'static str,
    pub rules: &'static str,
    pub secret: &'static str,
    pub condition: &'static str,
    pub conditions: &'static str,
    pub limit: &'static str,
    pub text: &'static str,
    pub texts: &'static str,
    pub number: &'static str,
    pub numbers: &'static str,
    pub boolean: &'static str,
    pub address: &'static str,
    pub expression: &'static str,
    pub one_of: &'static str,
    pub list_of: &'static str,
    pub or: &'static str,
    pub colon: &'static str,
    pub by_default: &'static str,
    pub for_instance: &'static str,
    pub keys_are_yours: &'static str,
    pub used_in: &'static str,
    /// Of the chapters on conditions: the chapter, then a ticket, a mail, a step, and the form of a text.
    pub conditions_chapter: &'static str,
    pub conditions_text: &'static str,
    pub conditions_on: [(&'static str, &'static str); 3],
    pub pattern: &'static str,
    pub limits_chapter: &'static str,
    pub limits_text: &'static str,
    /// Units, by the end of a key's name.
    pub units: [(&'static str, &'static str); 6],
}

pub(super) const ENGLISH: Words = Words {
    introduction: "\
# Reference of the configuration

[En français](../fr/reference.md) · [Guides](README.md)

Every table and every key of `connector.toml`, in the order of the example that comes with the program
(`connector.toml.example`). This page is generated from the program (`gestan-connector generate --reference docs`): a change
here does not reach the next release.

- *yes or no* is written `true` or `false`; a *text* stands between quotes: `\"…\"`.
- A *secret* is a password or token: `\"…\"`, `{ env = \"NAME\" }`, `{ file = \"/path\" }` or `{ credential = \"name\" }`
  (systemd's `LoadCredential=`).
- A key that is left out has its default; — means that there is none. A key that is *required* must be there when its table is.
- `gestan-connector check` reads the file and names every mistake, with its line.
- Names are compared without case and accents.
",
    contents: "Contents",
    columns: ["Key", "Type", "Default", "Example", "What it does"],
    required: "required",
    table: "table",
    rules: "list of tables",
    secret: "secret",
    condition: "condition",
    conditions: "conditions",
    limit: "limit",
    text: "text",
    texts: "texts",
    number: "whole number",
    numbers: "whole numbers",
    boolean: "yes or no",
    address: "web address",
    expression: "regular expression",
    one_of: "one of ",
    list_of: "list of ",
    or: " or ",
    colon: ": ",
    by_default: "By default:",
    for_instance: "For instance:",
    keys_are_yours: "On the left the names described above; on the right",
    used_in: "Used in",
    conditions_chapter: "Conditions of rules",
    conditions_text: "\
Rules are tried in their order. A rule applies when all the conditions in its `when = { … }` hold; without any it always
applies. A condition on a text is one text (`\"Incident\"`), a list of which one must match (`[\"Incident\", \"Demande\"]`), or
the form of a text (`{ starts_with = \"Réseau\" }`, `{ matches = \"^(PC|MAC)-[0-9]+$\" }`). Case and accents do not count.",
    conditions_on: [
        ("When", "Conditions on a ticket"),
        ("MailWhen", "Conditions on a mail"),
        ("StepWhen", "Conditions on a step"),
    ],
    pattern: "The form of a text",
    limits_chapter: "Limits",
    limits_text: "\
A limit is written `{ number = 200, percent = 50 }`: a pass stops where it would change more than both the number and the
percentage allow.",
    units: [
        ("_seconds", "seconds"),
        ("_minutes", "minutes"),
        ("_hours", "hours"),
        ("_days", "days"),
        ("_mib", "MiB"),
        ("_kib", "KiB"),
    ],
};

pub(super) const FRENCH: Words = Words {
    introduction: "\
# Référence de la configuration

[In English](../en/reference.md) · [Guides](README.md)

Toutes les tables et toutes les clés de `connector.toml`, dans l'ordre de l'exemple livré avec le programme
(`connector.toml.example`). Cette page est produite par le programme (`gestan-connector generate --reference docs`) : un
changement fait ici n'atteint pas la version suivante.

- *oui ou non* s'écrit `true` ou `false` ; un *texte* se met entre guillemets droits : `\"…\"`.
- Un *secret* est un mot de passe ou un jeton : `\"…\"`, `{ env = \"NOM\" }`, `{ file = \"/chemin\" }` ou `{ credential = \"nom\" }`
  (le `LoadCredential=` de systemd).
- Une clé omise a sa valeur par défaut ; — veut dire qu'il n'y en a pas. Une clé *obligatoire* doit être là si sa table y est.
- `gestan-connector check` lit le fichier et nomme chaque faute, avec sa ligne.
- Les noms sont comparés sans tenir compte des majuscules ni des accents.
",
    contents: "Sommaire",
    columns: ["Clé", "Type", "Par défaut", "Exemple", "Ce qu'elle fait"],
    required: "obligatoire",
    table: "table",
    rules: "liste de tables",
    secret: "secret",
    condition: "condition",
    conditions: "conditions",
    limit: "limite",
    text: "texte",
    texts: "textes",
    number: "nombre entier",
    numbers: "nombres entiers",
    boolean: "oui ou non",
    address: "adresse web",
    expression: "expression rationnelle",
    one_of: "au choix ",
    list_of: "liste de ",
    or: " ou ",
    colon: " : ",
    by_default: "Par défaut :",
    for_instance: "Par exemple :",
    keys_are_yours: "À gauche, les noms décrits ci-dessus ; à droite",
    used_in: "Pour",
    conditions_chapter: "Conditions des règles",
    conditions_text: "\
Les règles sont essayées dans leur ordre. Une règle s'applique si toutes les conditions de son `when = { … }` sont remplies ;
sans condition, elle s'applique toujours. Une condition sur un texte est un texte (`\"Incident\"`), une liste dont l'un doit
convenir (`[\"Incident\", \"Demande\"]`), ou la forme d'un texte (`{ starts_with = \"Réseau\" }`,
`{ matches = \"^(PC|MAC)-[0-9]+$\" }`). Majuscules et accents ne comptent pas.",
    conditions_on: [
        ("When", "Conditions sur un ticket"),
        ("MailWhen", "Conditions sur un mail"),
        ("StepWhen", "Conditions sur une étape"),
    ],
    pattern: "La forme d'un texte",
    limits_chapter: "Limites",
    limits_text: "\
Une limite s'écrit `{ number = 200, percent = 50 }` : un passage s'arrête s'il devait changer plus que le nombre et que le
pourcentage ne permettent l'un et l'autre.",
    units: [
        ("_seconds", "secondes"),
        ("_minutes", "minutes"),
        ("_hours", "heures"),
        ("_days", "jours"),
        ("_mib", "Mio"),
        ("_kib", "Kio"),
    ],
};
