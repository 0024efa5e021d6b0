//! What the connector takes from a GestSup base beyond the essential, and what goes missing where a
//! version lacks a table or a column for it. The same list decides which statements are made and what
//! an administrator is told.

use super::catalogue::Catalogue;

/// Something that is taken from GestSup where it is there, whole or not at all.
#[derive(Debug)]
pub(super) struct Feature {
    /// Tables and columns without which there is nothing to take.
    needs: &'static [(&'static str, &'static [&'static str])],
    /// The version that brought them, where one did.
    since: &'static str,
    /// What is so without them, in an administrator's words.
    without: &'static str,
}

pub(super) static DISABLED_ACCOUNTS: Feature =
    Feature { needs: &[("tusers", &["disable"])], since: "", without: "accounts that were disabled count as enabled" };
pub(super) static COMPANIES: Feature = Feature {
    needs: &[("tcompany", &["id", "name"])],
    since: "",
    without: "no ticket has a client, so every one of them waits",
};
pub(super) static GROUPS: Feature = Feature {
    needs: &[("tincidents", &["t_group"]), ("tgroups", &["id", "name"])],
    since: "",
    without: "tickets are attributed to technicians only, never to a group",
};
pub(super) static GROUP_MEMBERS: Feature = Feature {
    needs: &[("tgroups_assoc", &["group", "user"])],
    since: "",
    without: "the members of a group are not known, so it makes no team in Gestan and gives no client",
};
pub(super) static REQUESTER_GROUPS: Feature = Feature {
    needs: &[("tincidents", &["u_group"]), ("tgroups", &["id", "name"])],
    since: "",
    without: "a ticket's client is known from a requester only, never from a requesting group",
};
pub(super) static TYPES: Feature = Feature {
    needs: &[("tincidents", &["type"]), ("ttypes", &["id", "name"])],
    since: "",
    without: "tickets have no type, so rules by type match none",
};
pub(super) static CATEGORIES: Feature = Feature {
    needs: &[("tincidents", &["category"]), ("tcategory", &["id", "name"])],
    since: "",
    without: "tickets have no category, so rules by category match none",
};
pub(super) static SUBCATEGORIES: Feature = Feature {
    needs: &[("tincidents", &["subcat"]), ("tsubcat", &["id", "name"])],
    since: "",
    without: "tickets have no sub-category, so rules by sub-category match none",
};
pub(super) static SERVICES: Feature = Feature {
    needs: &[("tincidents", &["u_service"]), ("tservices", &["id", "name"])],
    since: "",
    without: "tickets are addressed to no service, so rules by service match none",
};
pub(super) static PRIORITIES: Feature = Feature {
    needs: &[("tincidents", &["priority"]), ("tpriority", &["id", "name"])],
    since: "",
    without: "interventions get no priority",
};
pub(super) static CRITICALITIES: Feature = Feature {
    needs: &[("tincidents", &["criticality"]), ("tcriticality", &["id", "name"])],
    since: "",
    without: "the memo does not tell how critical a ticket is",
};
pub(super) static EQUIPMENT: Feature = Feature {
    needs: &[("tincidents", &["asset_id"]), ("tassets", &["id", "netbios"])],
    since: "",
    without: "the equipment of a ticket is not known, so interventions get no machine",
};
pub(super) static SERIALS: Feature = Feature {
    needs: &[("tassets", &["sn_internal", "sn_manufacturer"])],
    since: "",
    without: "a machine is found in Gestan by [mapping.equipment] alone, not by its serial number",
};
pub(super) static BILLABLE: Feature = Feature {
    needs: &[("tincidents", &["billable"])],
    since: "3.2.12",
    without: "no ticket is marked as billable, so a resolved one is done and not to be billed, unless [mapping.billing] decides it otherwise",
};
pub(super) static TIME: Feature = Feature {
    needs: &[("tincidents", &["time"])],
    since: "",
    without: "the time spent on a ticket is known from its comments only",
};
pub(super) static STEP_TIME: Feature = Feature {
    needs: &[("tthreads", &["time"])],
    since: "3.2.27",
    without: "time per comment is not known, the ticket's total is used",
};
pub(super) static ESTIMATE: Feature = Feature {
    needs: &[("tincidents", &["time_hope"])],
    since: "",
    without: "the estimated time of a ticket is not known",
};
pub(super) static RESOLUTION_DATE: Feature = Feature {
    needs: &[("tincidents", &["date_res"])],
    since: "",
    without: "the date of a resolution is taken from the closing step",
};
pub(super) static DUE_DATE: Feature = Feature {
    needs: &[("tincidents", &["date_hope"])],
    since: "",
    without: "no ticket has a planned resolution date, so it plans no intervention",
};
pub(super) static PRIVATE_STEPS: Feature = Feature {
    needs: &[("tthreads", &["private"])],
    since: "",
    without: "no comment can be private, so all of them go to Gestan",
};
pub(super) static STEP_STATES: Feature = Feature {
    needs: &[("tthreads", &["state"])],
    since: "",
    without: "the memo tells that a state changed, not which one came",
};
pub(super) static STEP_PEOPLE: Feature = Feature {
    needs: &[("tthreads", &["tech1", "tech2"])],
    since: "",
    without: "the memo tells that a ticket was attributed, not to which technician",
};
pub(super) static STEP_GROUPS: Feature = Feature {
    needs: &[("tthreads", &["group1", "group2"])],
    since: "",
    without: "the memo tells that a ticket was attributed, not to which group",
};
pub(super) static APPOINTMENTS: Feature = Feature {
    needs: &[("tevents", &["id", "incident", "technician", "date_start", "date_end", "type"])],
    since: "",
    without: "work planned in GestSup's calendar is not known, so it plans no intervention",
};
pub(super) static PROJECTS: Feature = Feature {
    needs: &[("tprojects_task", &["id", "project_id", "ticket_id"]), ("tprojects", &["id", "name"])],
    since: "",
    without: "tickets belong to no project, so [mapping.projects] has no effect",
};
pub(super) static DELETION_LOG: Feature = Feature {
    needs: &[("tlogs", &["message"]), ("tparameters", &["log"])],
    since: "3.2.1",
    without: "a deletion cannot be confirmed by GestSup's log: a ticket that is gone counts as deleted at once",
};
/// Attachments in rows of their own; before 3.1.49 in `tincidents.img1` to `img5`, see [`Catalogue::losses`].
pub(super) static ATTACHMENTS: Feature = Feature {
    needs: &[("tattachments", &["id", "ticket_id"])],
    since: "3.1.49",
    without: "an attachment alone does not make a ticket look changed",
};
pub(super) static SURVEY: Feature = Feature {
    needs: &[("tsurvey_answers", &["id", "ticket_id"])],
    since: "",
    without: "an answer to the survey alone does not make a ticket look changed",
};
/// What an answer to the survey means.
pub(super) static SURVEY_SCALES: Feature = Feature {
    needs: &[("tsurvey_answers", &["ticket_id", "question_id", "answer"]), ("tsurvey_questions", &["id", "type"])],
    since: "",
    without: "answers to the survey are not sent",
};
/// Files with the names that they are stored under.
pub(super) static FILES: Feature = Feature {
    needs: &[("tattachments", &["id", "ticket_id", "storage_filename", "real_filename"])],
    since: "3.1.49",
    without: "files of tickets are not sent",
};

/// All of them, in the order of their importance.
static ALL: [&Feature; 30] = [
    &COMPANIES,
    &GROUPS,
    &GROUP_MEMBERS,
    &REQUESTER_GROUPS,
    &BILLABLE,
    &STEP_TIME,
    &TIME,
    &PRIVATE_STEPS,
    &EQUIPMENT,
    &SERIALS,
    &TYPES,
    &CATEGORIES,
    &SUBCATEGORIES,
    &SERVICES,
    &PRIORITIES,
    &CRITICALITIES,
    &PROJECTS,
    &APPOINTMENTS,
    &DUE_DATE,
    &ESTIMATE,
    &RESOLUTION_DATE,
    &STEP_PEOPLE,
    &STEP_GROUPS,
    &STEP_STATES,
    &DISABLED_ACCOUNTS,
    &DELETION_LOG,
    &ATTACHMENTS,
    &SURVEY,
    &SURVEY_SCALES,
    &FILES,
];

/// A row with a name that a ticket points to.
#[derive(Debug)]
pub(super) struct Neighbour {
    pub(super) alias: &'static str,
    table: &'static str,
    /// What holds its id; `t` is the ticket and `u` its requester.
    on: &'static str,
    feature: Option<&'static Feature>,
}

static NEIGHBOURS: [Neighbour; 10] = [
    Neighbour { alias: "s", table: "tstates", on: "t.state", feature: None },
    Neighbour { alias: "ty", table: "ttypes", on: "t.type", feature: Some(&TYPES) },
    Neighbour { alias: "ca", table: "tcategory", on: "t.category", feature: Some(&CATEGORIES) },
    Neighbour { alias: "sc", table: "tsubcat", on: "t.subcat", feature: Some(&SUBCATEGORIES) },
    Neighbour { alias: "pr", table: "tpriority", on: "t.priority", feature: Some(&PRIORITIES) },
    Neighbour { alias: "cr", table: "tcriticality", on: "t.criticality", feature: Some(&CRITICALITIES) },
    Neighbour { alias: "sv", table: "tservices", on: "t.u_service", feature: Some(&SERVICES) },
    Neighbour { alias: "g", table: "tgroups", on: "t.t_group", feature: Some(&GROUPS) },
    Neighbour { alias: "ug", table: "tgroups", on: "t.u_group", feature: Some(&REQUESTER_GROUPS) },
    Neighbour { alias: "c", table: "tcompany", on: "u.company", feature: Some(&COMPANIES) },
];

impl Neighbour {
    /// Its join; rows for "none" (id 0) may be missing.
    pub(super) fn join(&self) -> String {
        let Self { alias, table, on, .. } = self;
        format!(" LEFT JOIN {table} {alias} ON {alias}.id = {on}")
    }
}

impl Feature {
    /// What of it a base lacks, as an administrator finds it: a column, or a whole table.
    fn missing(&self, known: &Catalogue) -> Vec<String> {
        let mut missing = Vec::new();
        for (table, columns) in self.needs {
            if !known.has_table(table) {
                missing.push(format!("table {table}"));
                continue;
            }
            let lacking = columns.iter().filter(|column| !known.has(table, column));
            missing.extend(lacking.map(|column| format!("{table}.{column}")));
        }
        missing
    }
}

impl Catalogue {
    /// Whether everything that a feature needs is there.
    pub(super) fn offers(&self, feature: &Feature) -> bool {
        feature.needs.iter().all(|(table, columns)| columns.iter().all(|column| self.has(table, column)))
    }

    /// The rows with a name that a ticket of this base points to.
    pub(super) fn neighbours(&self) -> impl Iterator<Item = &'static Neighbour> {
        NEIGHBOURS.iter().filter(|neighbour| neighbour.feature.is_none_or(|feature| self.offers(feature)))
    }

    /// A sentence for each feature that this base does not offer.
    pub(super) fn losses(&self) -> Vec<String> {
        // Attachments were columns of the ticket before they had a table: nothing is lost there.
        let as_columns = |feature: &Feature| std::ptr::eq(feature, &ATTACHMENTS) && self.has("tincidents", "img1");
        let sentence = |feature: &Feature| {
            let missing = feature.missing(self);
            let came = match (feature.since, missing.len()) {
                ("", _) => String::new(),
                (version, 1) => format!(" (it came with {version})"),
                (version, _) => format!(" (they came with {version})"),
            };
            format!("this GestSup has no {}{came}: {}", missing.join(", no "), feature.without)
        };
        ALL.into_iter().filter(|feature| !self.offers(feature) && !as_columns(feature)).map(sentence).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_says_what_is_missing_since_when_and_what_follows() {
        let nothing = Catalogue::default().losses();
        assert_eq!(nothing.len(), ALL.len());
        assert!(nothing.contains(&"this GestSup has no table tgroups_assoc: the members of a group are not known, so it makes no team in Gestan and gives no client".to_owned()), "{nothing:#?}");
        assert!(
            nothing.iter().any(|sentence| sentence.starts_with(
                "this GestSup has no table tlogs, no table tparameters (they came with 3.2.1): a deletion"
            )),
            "{nothing:#?}"
        );
        let only_ticket = Catalogue::of(&[("tthreads", &["id"]), ("tincidents", &["img1"])]).losses();
        let time = "this GestSup has no tthreads.time (it came with 3.2.27): time per comment is not known, the ticket's total is used";
        assert!(only_ticket.contains(&time.to_owned()), "{only_ticket:#?}");
        assert!(!only_ticket.iter().any(|sentence| sentence.contains("an attachment alone")), "{only_ticket:#?}");
    }
}
