//! What in GestSup's own settings makes its tickets tell less than they should, a sentence each with
//! what to do. Only columns that this version has are looked at.

use super::GestsupError;
use super::catalogue::Catalogue;
use super::check::{Finding, Level};
use super::rows::{number, text};
use super::snapshot::GestsupSnapshot;
use super::text::decode_listed;
use super::version;

/// A setting that an administrator should know of.
struct Setting {
    /// Columns that the condition reads.
    needs: &'static [(&'static str, &'static str)],
    /// When it matters; `p` is `tparameters`.
    when: &'static str,
    level: Level,
    /// `{days}` and `{zone}` are replaced.
    sentence: &'static str,
}

static SETTINGS: [Setting; 15] = [
    Setting {
        needs: &[("tparameters", "ticket_type"), ("tincidents", "type")],
        when: "p.ticket_type = 0 AND EXISTS (SELECT 1 FROM tincidents t WHERE t.type <> 0)",
        level: Level::Warning,
        sentence: "ticket types are switched off (ticket_type = 0) though tickets have one: each save in GestSup sets it back to none. The connector keeps the last one that it saw; switch types on in GestSup's parameters, or use no type in [mapping]",
    },
    Setting {
        needs: &[("tparameters", "ticket_places"), ("tincidents", "place")],
        when: "p.ticket_places = 0 AND EXISTS (SELECT 1 FROM tincidents t WHERE t.place <> 0)",
        level: Level::Note,
        sentence: "places are switched off (ticket_places = 0) though tickets have one: each save in GestSup empties it. Nothing of a place goes to Gestan; switch places on if you need them in GestSup",
    },
    Setting {
        needs: &[("tparameters", "asset"), ("tincidents", "asset_id")],
        when: "p.asset = 0 AND EXISTS (SELECT 1 FROM tincidents t WHERE t.asset_id <> 0)",
        level: Level::Warning,
        sentence: "equipment is switched off (asset = 0) though tickets have some: each save in GestSup empties it. The connector keeps the last equipment that it saw; switch equipment on in GestSup's parameters",
    },
    Setting {
        needs: &[("tparameters", "ldap_service")],
        when: "p.ldap_service = 1",
        level: Level::Warning,
        sentence: "LDAP synchronises services by groups (ldap_service = 1): each run disables every account that is not in the directory, those of your clients' contacts and of technicians included. Keep them all in the directory, or synchronise without groups",
    },
    Setting {
        needs: &[("tparameters", "ldap_agency")],
        when: "p.ldap_agency = 1",
        level: Level::Warning,
        sentence: "LDAP synchronises agencies by groups (ldap_agency = 1): each run disables every account that is not in the directory, those of your clients' contacts and of technicians included. Keep them all in the directory, or synchronise without groups",
    },
    Setting {
        needs: &[
            ("tparameters", "ticket_autoclose"),
            ("tparameters", "ticket_autoclose_delay"),
            ("tparameters", "ticket_autoclose_state"),
        ],
        when: "p.ticket_autoclose = 1 AND p.ticket_autoclose_delay <> 0 AND p.ticket_autoclose_state <> 6",
        level: Level::Warning,
        sentence: "GestSup resolves every ticket by itself {days} days after it was opened, whatever happened to it since, rejected ones too: their interventions become done, or to be billed. Switch automatic closing off (ticket_autoclose), or limit it to the state “Attente retour”",
    },
    Setting {
        needs: &[
            ("tparameters", "ticket_autoclose"),
            ("tparameters", "ticket_autoclose_delay"),
            ("tparameters", "ticket_autoclose_state"),
        ],
        when: "p.ticket_autoclose = 1 AND p.ticket_autoclose_delay <> 0 AND p.ticket_autoclose_state = 6",
        level: Level::Warning,
        sentence: "GestSup resolves tickets that wait for their requester by itself {days} days after they were opened, not after the last answer: their interventions become done, or to be billed. Make the delay long enough (ticket_autoclose_delay)",
    },
    Setting {
        needs: &[("tparameters", "ticket_time_response_element"), ("tthreads", "time")],
        when: "p.ticket_time_response_element = 1",
        level: Level::Note,
        sentence: "time is entered per comment (ticket_time_response_element = 1): GestSup's total of a ticket then counts corrections twice and grows at each save. The connector adds up the comments instead; compare invoices with those, not with the total",
    },
    Setting {
        needs: &[("ttime", "min"), ("tincidents", "time")],
        when: "COALESCE((SELECT MIN(m.min) FROM ttime m), 0) > 0",
        level: Level::Note,
        sentence: "the shortest time of GestSup's list is not 0, and a ticket that a technician opens starts with it, though nobody worked: add a time of 0 minutes to the list of times",
    },
    Setting {
        needs: &[("tparameters", "log"), ("tlogs", "message")],
        when: "p.log = 0",
        level: Level::Warning,
        sentence: "GestSup keeps no log (log = 0): a ticket that is gone counts as deleted at once, without a confirmation. Switch logs on in GestSup's parameters",
    },
    Setting {
        needs: &[("tparameters", "imap"), ("tusers", "company")],
        when: "p.imap = 1",
        level: Level::Note,
        sentence: "GestSup opens tickets from mails (imap = 1): a sender without an account, or whose account has no company, makes a ticket without a client, which waits until somebody sets the requester or its company",
    },
    Setting {
        needs: &[("tparameters", "imap"), ("tparameters", "imap_auth_type"), ("tparameters", "imap_date_create")],
        when: "p.imap = 1 AND p.imap_auth_type IN ('login2', 'oauth_azure', 'oauth_google') AND p.imap_date_create = 'date_mail'",
        level: Level::Warning,
        sentence: "tickets from mails carry the sender's local time (imap_date_create = date_mail), which is off for a sender in another time zone: choose the date of polling in the mail connector's settings",
    },
    Setting {
        needs: &[("ttemplates", "incident"), ("tincidents", "time")],
        when: "EXISTS (SELECT 1 FROM ttemplates m JOIN tincidents t ON t.id = m.incident WHERE t.time > 0)",
        level: Level::Warning,
        sentence: "a template copies the time spent of its model ticket: each copy begins with time that nobody worked. Set the time of the model tickets to 0",
    },
    Setting {
        needs: &[("ttemplates", "incident")],
        when: "EXISTS (SELECT 1 FROM ttemplates m JOIN tincidents t ON t.id = m.incident WHERE t.technician <> 0)",
        level: Level::Note,
        sentence: "the model ticket of a template is attributed: it becomes an intervention like any ticket, and so does each copy. Leave model tickets without technician if they are not work of their own",
    },
    Setting {
        needs: &[("tparameters", "server_timezone")],
        when: "p.server_timezone = ''",
        level: Level::Note,
        sentence: "GestSup's parameters name no time zone (server_timezone is empty): date.timezone of its php.ini decides, and must be {zone} like [gestsup] time_zone",
    },
];

/// A field that a save empties when the profile of whoever saves lacks a right.
struct Field {
    right: &'static str,
    name: &'static str,
    column: &'static str,
    /// When some ticket has a value to lose.
    filled: &'static str,
    /// What must be switched on for the right to matter.
    module: Option<&'static str>,
}

static FIELDS: [Field; 2] = [
    Field {
        right: "ticket_date_hope",
        name: "planned resolution date",
        column: "date_hope",
        filled: "t.date_hope >= '1000-01-01'",
        module: None,
    },
    // The form holds the field, shown or hidden, only for who may fill it on a new ticket.
    Field {
        right: "ticket_new_asset_disp",
        name: "equipment",
        column: "asset_id",
        filled: "t.asset_id <> 0",
        module: Some("asset"),
    },
];

impl GestsupSnapshot {
    /// A finding for each setting that harms.
    pub(super) async fn harmful_settings(&mut self) -> Result<Vec<Finding>, GestsupError> {
        let mut findings = Vec::new();
        if !self.catalogue.has_table("tparameters") {
            return Ok(findings);
        }
        let zone = self.gestsup.zone.name();
        let known: Vec<&Setting> =
            SETTINGS.iter().filter(|setting| all_there(&self.catalogue, setting.needs)).collect();
        let mut columns: Vec<String> = known
            .iter()
            .enumerate()
            .map(|(index, setting)| format!("CAST(({}) AS SIGNED) AS s{index}", setting.when))
            .collect();
        for (name, neutral) in
            [("ticket_autoclose_delay", "0"), ("server_timezone", "''"), ("version", "''"), ("api", "0"), ("imap", "0")]
        {
            columns
                .push(format!("CAST({} AS CHAR) AS {name}", self.catalogue.column("p", "tparameters", name, neutral)));
        }
        let rows = self.fetch(format!("SELECT {} FROM tparameters p LIMIT 1", columns.join(", "))).await?;
        let Some(row) = rows.first() else { return Ok(findings) };
        for (_, setting) in known.iter().enumerate().filter(|(index, _)| number(row, &format!("s{index}")) == 1) {
            let days = text(row, "ticket_autoclose_delay");
            let sentence = setting.sentence.replace("{days}", &days).replace("{zone}", zone);
            findings.push(Finding::new(setting.level, sentence));
        }
        let there = text(row, "server_timezone");
        if !there.is_empty() && there != zone {
            findings.push(Finding::new(
                Level::Warning,
                format!("GestSup's own parameters name the zone {there}, [gestsup] time_zone is {zone}: dates will be off unless you know why"),
            ));
        }
        if !there.is_empty() && (text(row, "api") == "1" || text(row, "imap") == "1") {
            findings.push(Finding::new(
                Level::Note,
                format!("GestSup's API and mail connector do not use its own time zone but date.timezone of php.ini, which must be {zone} too"),
            ));
        }
        let version = text(row, "version");
        if self.catalogue.has("tlogs", "message") && !version::logs_deletions(&version) {
            findings.push(Finding::new(
                Level::Warning,
                format!("GestSup {version} writes no line into its log when a ticket is deleted (3.2.20 does): a ticket that is gone counts as deleted at once"),
            ));
        }
        findings.extend(self.fields_lost_by_rights().await?);
        Ok(findings)
    }

    /// Profiles whose every save of a ticket empties a field that they may not fill.
    async fn fields_lost_by_rights(&mut self) -> Result<Vec<Finding>, GestsupError> {
        let mut findings = Vec::new();
        if !all_there(&self.catalogue, &[("trights", "profile"), ("trights", "ticket_save")]) {
            return Ok(findings);
        }
        let named = all_there(&self.catalogue, &[("tprofiles", "level"), ("tprofiles", "name")]);
        // `trights.profile` is `tprofiles.level`, not its id.
        let (name, join) = match named {
            true => ("COALESCE(MAX(l.name), r.profile)", " LEFT JOIN tprofiles l ON l.level = r.profile"),
            false => ("r.profile", ""),
        };
        for field in &FIELDS {
            let module = field.module.unwrap_or("version");
            let needs = [("trights", field.right), ("tincidents", field.column), ("tparameters", module)];
            if !all_there(&self.catalogue, &needs) {
                continue;
            }
            let switched_on = field.module.map_or(String::new(), |module| {
                format!(" AND EXISTS (SELECT 1 FROM tparameters p WHERE p.`{module}` = 1)")
            });
            let sql = format!(
                "SELECT CAST({name} AS CHAR) AS name FROM trights r{join} WHERE r.ticket_save <> 0 AND r.`{}` = 0 \
                 AND EXISTS (SELECT 1 FROM tincidents t WHERE {}){switched_on} GROUP BY r.profile ORDER BY r.profile",
                field.right, field.filled
            );
            let profiles: Vec<String> =
                self.fetch(sql).await?.iter().map(|row| decode_listed(&text(row, "name"))).collect();
            if !profiles.is_empty() {
                findings.push(Finding::new(
                    Level::Warning,
                    format!(
                        "each save of a ticket by these profiles empties its {}, since they lack the right {}: {}. The connector keeps the last value that it saw; give them the right in GestSup's administration",
                        field.name,
                        field.right,
                        profiles.join(", ")
                    ),
                ));
            }
        }
        Ok(findings)
    }

    /// Tables that are read and whose engine keeps no snapshot.
    pub(super) async fn tables_without_snapshot(&mut self) -> Result<Option<Finding>, GestsupError> {
        const READ: &str = "'tincidents','tthreads','tusers','tcompany','tstates','tgroups','tgroups_assoc','tassets','tevents','tattachments',\
                            'tprojects','tprojects_task','tsurvey_answers','ttypes','tcategory','tsubcat','tpriority','tcriticality','tservices'";
        let sql = format!(
            "SELECT LOWER(CAST(table_name AS CHAR)) AS t, CAST(engine AS CHAR) AS e FROM information_schema.tables \
             WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' AND LOWER(engine) <> 'innodb' AND LOWER(table_name) IN ({READ}) ORDER BY 1"
        );
        let rows = self.fetch(sql).await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let tables: Vec<String> = rows.iter().map(|row| format!("{} ({})", text(row, "t"), text(row, "e"))).collect();
        let repair: Vec<String> =
            rows.iter().map(|row| format!("ALTER TABLE `{}` ENGINE=InnoDB", text(row, "t"))).collect();
        Ok(Some(Finding::new(
            Level::Warning,
            format!(
                "these tables are not of the engine InnoDB: {}. A pass may see half of a change there, until the next one sees the rest; after a backup: {}",
                tables.join(", "),
                repair.join("; ")
            ),
        )))
    }
}

fn all_there(known: &Catalogue, columns: &[(&str, &str)]) -> bool {
    columns.iter().all(|(table, column)| known.has(table, column))
}
