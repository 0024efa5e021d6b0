//! The reference flow on real bases: GestSup's lists become what Gestan's are, and stay so.

mod absences;
mod changes;
mod commands;
#[cfg(feature = "failpoints")]
mod killed;
mod limits;
mod loading;
mod lost;
mod matching;
mod projection;
mod projects;
mod psp;
mod rights;

use crate::follow_up::ask;
use crate::support::World;
use gestan_connector::daemon::PassResult;
use gestan_connector::flows::reference::{ReferenceReport, Standing, SurveyLine};
use gestan_connector::flows::tickets::PassOptions;
use tokio_util::sync::CancellationToken;

/// A world whose reference flow is on; `more` goes into its table.
pub async fn referring(more: &str) -> World {
    // Tests change rows behind Gestan's back.
    let world = World::with(&format!("[reference]\nenabled = true\nfull_every_minutes = 0\n{more}")).await;
    world.sandbox.let_it_refer().await.unwrap();
    world
}

pub async fn refer_with(world: &World, options: PassOptions) -> ReferenceReport {
    match world.site.refer(&options, None, &CancellationToken::new()).await.unwrap() {
        PassResult::Done(report) => *report,
        PassResult::CircuitOpen(sentence) => panic!("{sentence}"),
    }
}

pub async fn refer(world: &World) -> ReferenceReport {
    refer_with(world, PassOptions::default()).await
}

/// A pass, and a second one that writes nothing.
pub async fn settle(world: &World) -> ReferenceReport {
    let report = refer(world).await;
    assert_eq!(report.brake, []);
    settled(world).await;
    report
}

pub async fn settled(world: &World) {
    let again = refer(world).await;
    assert_eq!(again.writes, 0, "written again: {:#?}", again.records);
    // Nor is anything found where every record is compared with its row.
    world.site.store().break_reference_seals().await.unwrap();
    let anew = refer(world).await;
    assert_eq!(anew.writes, 0, "written again: {:#?}", anew.records);
}

pub async fn survey(world: &World) -> Vec<SurveyLine> {
    world.site.reference(None).survey("look", chrono::Utc::now()).await.unwrap()
}

/// `kind standing key gestsup detail` of what stands so.
pub async fn standing(world: &World, wanted: Standing) -> Vec<String> {
    let lines = survey(world).await;
    let of = lines.iter().filter(|line| line.standing == wanted);
    of.map(|line| format!("{} {} {:?} {}", line.kind, line.key, line.gestsup, line.detail)).collect()
}

/// Codes and records of a report, `kind key code`.
pub fn told(report: &ReferenceReport) -> Vec<String> {
    report.records.iter().map(|record| format!("{} {} {}", record.kind, record.key, record.code)).collect()
}

/// A contact person of a business client.
pub async fn person(world: &mut World, name: (&str, &str), mail: &str, society: i64) -> i64 {
    let sql = format!(
        "INSERT INTO CONTACT (PRENOM, NOMFAMILLE, EMAILP, RAISON_SOCIALE, IDSOCIETE, ICLTPRO, IARCHIVE, DHCRE, DHMOD) \
         VALUES ('{}', '{}', '{mail}', '', {society}, 1, 0, NOW(), NOW())",
        name.0.replace('\'', "''"),
        name.1.replace('\'', "''")
    );
    world.erp.run(sql).await.unwrap()
}

/// A company of Gestan, and the contact that stands for it.
pub async fn society(world: &mut World, name: &str, siret: &str, zip: &str) -> (i64, i64) {
    let name = name.replace('\'', "''");
    let sql = format!(
        "INSERT INTO SOCIETE (RAISON_SOCIALE, SIRET, NUM_TVA, ADRESSEP1, CPOSTALP, VILLEP) VALUES ('{name}', '{siret}', '', '1 rue de la Paix', '{zip}', 'Lyon')"
    );
    let society = world.erp.run(sql).await.unwrap();
    let sql = format!(
        "INSERT INTO CONTACT (RAISON_SOCIALE, IDSOCIETE, ICLTPRO, IARCHIVE, DHCRE, DHMOD) VALUES ('{name}', {society}, 1, 0, NOW(), NOW())"
    );
    (society, world.erp.run(sql).await.unwrap())
}

/// Links as the state has them: `kind key id`.
pub async fn links(world: &World) -> Vec<String> {
    use gestan_connector::flows::reference::{Kind, ReferenceMemory as _};
    let mut lines = Vec::new();
    for kind in Kind::ALL {
        let links = world.site.store().reference_links(kind).await.unwrap();
        lines.extend(links.iter().map(|link| format!("{kind} {} {}", link.key, link.id)));
    }
    lines
}

/// Everything that the flow may write, and what it must not, as it stands.
pub async fn whole(world: &World) -> Vec<String> {
    let people = "id, login, password, salt, firstname, lastname, profile, mail, phone, mobile, fax, function, company, address1, address2, zip, city, custom1, custom2, disable, chgpwd, last_login, skin, language";
    let companies = "id, name, address, zip, city, country, legal_status, SIRET, TVA, limit_ticket_number, comment, information_message, disable";
    let equipment = "id, sn_internal, sn_manufacturer, sn_indent, netbios, description, type, manufacturer, model, user, state, department, date_install, date_end_warranty, location, technician, maintenance, net_scan, uuid, disable";
    let mut lines = ask(world, people, "tusers ORDER BY id").await;
    lines.extend(ask(world, companies, "tcompany ORDER BY id").await);
    lines.extend(ask(world, equipment, "tassets ORDER BY id").await);
    lines.extend(ask(world, "id, name, disable", "tprojects ORDER BY id").await);
    lines.extend(
        ask(
            world,
            "id, technician, title, date_start, date_end, allday, type, incident, disable",
            "tevents ORDER BY id",
        )
        .await,
    );
    lines.extend(ask(world, "id, name", "tassets_type ORDER BY id").await);
    lines.extend(ask(world, "id, name", "tassets_manufacturer ORDER BY id").await);
    lines.extend(ask(world, "id, type, manufacturer, name", "tassets_model ORDER BY id").await);
    lines
}

/// One row of GestSup, columns joined by `|`.
pub async fn one(world: &World, columns: &str, from: &str) -> String {
    let rows = ask(world, columns, from).await;
    assert_eq!(rows.len(), 1, "{from}: {rows:#?}");
    rows.into_iter().next().unwrap()
}
