//! Looking for tickets by what people remember of them: a title, a client, a requester, a technician, an equipment.

use super::features::{COMPANIES, EQUIPMENT, SERIALS};
use super::reference::fitting::encode;
use super::rows::{list, number, text};
use super::{Gestsup, GestsupError, decode, decode_deeply, decode_listed};
use crate::mapping::fold;
use crate::model::Company;
use serde::Serialize;
use sqlx::AssertSqlSafe;

/// Words that count; the rest of a longer question is left out.
const WORDS: usize = 6;

/// A ticket that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// `tincidents.id`.
    pub number: i64,
    /// Its title.
    pub title: String,
    /// Name of its state.
    pub state: String,
    /// Whoever is in charge: the technician's name, or the group's; empty where nobody is.
    pub in_charge: String,
    /// The requester's company; empty where there is none.
    pub client: String,
    /// Name of the requester.
    pub requester: String,
    /// Name of the equipment; empty where there is none.
    pub equipment: String,
}

impl Gestsup {
    /// Tickets in which each of the words occurs: in the title, or the name of the client, the requester, whoever is in
    /// charge, or the name or serial number of the equipment. The newest first, at most `limit`.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub async fn search(&self, asked: &str, limit: u32) -> Result<Vec<Found>, GestsupError> {
        let words: Vec<String> = asked.split_whitespace().take(WORDS).map(pattern).collect();
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let mut snapshot = self.open().await?;
        let known = &snapshot.catalogue;
        let near: Vec<_> = known.neighbours().filter(|near| ["s", "g", "c"].contains(&near.alias)).collect();
        let has = |alias: &str| near.iter().any(|near| near.alias == alias);
        // The row of id 0 is named as people name nothing.
        let named =
            |alias: &str| if has(alias) { format!("IF({alias}.id <> 0, {alias}.name, '')") } else { "''".to_owned() };
        let full = |alias: &str| format!("TRIM(CONCAT({alias}.firstname, ' ', {alias}.lastname))");
        let mut joins: String = near.iter().map(|near| near.join()).collect();
        let mut places = vec!["t.title".to_owned(), full("te"), full("u")];
        places.extend(["g", "c"].into_iter().filter(|alias| has(alias)).map(named));
        let mut equipment = "''";
        if known.offers(&EQUIPMENT) {
            joins += " LEFT JOIN tassets a ON a.id = t.asset_id AND a.id <> 0";
            equipment = "a.netbios";
            places.push(equipment.to_owned());
            if known.offers(&SERIALS) {
                places.extend(["a.sn_manufacturer".to_owned(), "a.sn_internal".to_owned()]);
            }
        }
        let anywhere: Vec<String> = places.iter().map(|place| format!("{place} LIKE ? ESCAPE '!'")).collect();
        let anywhere = format!("({})", anywhere.join(" OR "));
        let all = vec![anywhere; words.len()].join(" AND ");
        let sql = format!(
            "SELECT CAST(t.id AS SIGNED) AS number, t.title AS title, s.name AS state, {} AS technician, {} AS team, \
             {} AS client, {} AS requester, {equipment} AS equipment FROM tincidents t \
             LEFT JOIN tusers te ON te.id = t.technician AND te.id <> 0 LEFT JOIN tusers u ON u.id = t.user AND u.id <> 0{joins} \
             WHERE {} AND {all} ORDER BY t.id DESC LIMIT {limit}",
            full("te"),
            named("g"),
            named("c"),
            full("u"),
            known.not_deleted("t")
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for word in &words {
            for _ in &places {
                query = query.bind(word.clone());
            }
        }
        let rows = self.within(query.fetch_all(&mut snapshot.connection)).await?;
        let found = rows.iter().map(|row| {
            let technician = decode(&text(row, "technician"));
            Found {
                number: number(row, "number"),
                title: decode(&text(row, "title")),
                state: decode_listed(&text(row, "state")),
                in_charge: if technician.is_empty() { decode(&text(row, "team")) } else { technician },
                client: decode(&text(row, "client")),
                requester: decode(&text(row, "requester")),
                equipment: decode_deeply(&text(row, "equipment")),
            }
        });
        Ok(found.collect())
    }
}

impl Gestsup {
    /// Companies of that name; where there is none, those in whose name it occurs.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub async fn companies_named(&self, name: &str) -> Result<Vec<Company>, GestsupError> {
        let mut snapshot = self.open().await?;
        if !snapshot.catalogue.offers(&COMPANIES) {
            return Ok(Vec::new());
        }
        let sql =
            "SELECT CAST(id AS SIGNED) AS id, name FROM tcompany WHERE id <> 0 AND name LIKE ? ESCAPE '!' ORDER BY id";
        let query = sqlx::query(sql).bind(pattern(name.trim()));
        let rows = self.within(query.fetch_all(&mut snapshot.connection)).await?;
        let found = rows.iter().map(|row| Company { id: number(row, "id"), name: decode(&text(row, "name")) });
        let found: Vec<Company> = found.collect();
        let same = |company: &&Company| fold(&company.name) == fold(name);
        let exact: Vec<Company> = found.iter().filter(same).cloned().collect();
        Ok(if exact.is_empty() { found } else { exact })
    }

    /// Numbers of the tickets whose requester belongs to one of these companies, deleted ones too.
    ///
    /// # Errors
    /// When the base cannot be read.
    pub async fn tickets_of_companies(&self, companies: &[i64]) -> Result<Vec<i64>, GestsupError> {
        if companies.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT CAST(t.id AS SIGNED) AS number FROM tincidents t JOIN tusers u ON u.id = t.user WHERE u.company IN ({})",
            list(companies)
        );
        Ok(self.open().await?.fetch(sql).await?.iter().map(|row| number(row, "number")).collect())
    }
}

/// A word as the inside of a text: as GestSup stores it, and without a meaning for LIKE.
fn pattern(word: &str) -> String {
    let mut pattern = "%".to_owned();
    for c in encode(word).chars() {
        if matches!(c, '!' | '%' | '_') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_stands_for_itself() {
        assert_eq!(pattern("100%"), "%100!%%");
        assert_eq!(pattern("a_b!"), "%a!_b!!%");
        assert_eq!(pattern("l'été"), "%l&#039;été%");
    }
}
