//! People at work in Gestan: its reference data, and what its users do to interventions.

use anyhow::Context as _;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection, Row as _};

/// A Gestan base (MySQL copy) with people at work in it.
#[derive(Debug)]
pub struct Erp {
    base: MySqlConnection,
}

/// What a person would look at of one intervention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// `IDINTERVENTION`.
    pub id: i64,
    /// `LIB50`.
    pub title: String,
    /// Name of the client.
    pub client: String,
    /// `CDUSER`.
    pub technician: String,
    /// `US_TEAM`.
    pub team: String,
    /// `ST_INTER`.
    pub status: i64,
    /// `TPS_PASSE`.
    pub time_spent: i64,
    /// `DT_INTER_DBT HR_DEBUT`, empty for none.
    pub start: String,
    /// `CD_PRODUIT`.
    pub product: String,
    /// `LIB_INTERVENTION` as stored.
    pub memo: String,
    /// `DHMOD`.
    pub modified: String,
}

/// What a person would look at of one anomaly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenAnomaly {
    /// `IDANOMALIE`.
    pub id: i64,
    /// `LIB_ANOMALIE`.
    pub label: String,
    /// `DETECTE_PAR`.
    pub found_by: String,
    /// `US_TRT` and `US_RESP`.
    pub people: [String; 2],
    /// `ST_ANOM` and `ITERMINE`.
    pub status: [i64; 2],
    /// `TRGCIBLE`.
    pub target: String,
    /// `REF_EXTERNE`.
    pub reference: String,
    /// `DH_CONSTAT` and `DH_RESOLUTION`, empty for none.
    pub dates: [String; 2],
    /// `ID2_TYPANOM`, `PRIORITE` and `CRITICITE`.
    pub codes: [i64; 3],
    /// `OBSERVATIONS` as stored.
    pub observations: String,
}

impl Erp {
    /// Every anomaly, by its number.
    ///
    /// # Errors
    /// When the base refuses.
    pub async fn see_anomalies(&mut self) -> anyhow::Result<Vec<SeenAnomaly>> {
        let sql = "SELECT IDANOMALIE, LIB_ANOMALIE, DETECTE_PAR, US_TRT, US_RESP, CAST(ST_ANOM AS SIGNED) AS ST_ANOM, \
                   CAST(ITERMINE AS SIGNED) AS ITERMINE, TRGCIBLE, REF_EXTERNE, CAST(DH_CONSTAT AS CHAR) AS DH_CONSTAT, \
                   CAST(DH_RESOLUTION AS CHAR) AS DH_RESOLUTION, CAST(ID2_TYPANOM AS SIGNED) AS ID2_TYPANOM, \
                   CAST(PRIORITE AS SIGNED) AS PRIORITE, CAST(CRITICITE AS SIGNED) AS CRITICITE, OBSERVATIONS \
                   FROM ANOMALIE ORDER BY IDANOMALIE";
        let rows = sqlx::raw_sql(sql).fetch_all(&mut self.base).await?;
        let text = |row: &sqlx::mysql::MySqlRow, column: &str| -> anyhow::Result<String> {
            Ok(row.try_get::<Option<String>, _>(column)?.unwrap_or_default())
        };
        let number = |row: &sqlx::mysql::MySqlRow, column: &str| -> anyhow::Result<i64> {
            Ok(row.try_get::<Option<i64>, _>(column)?.unwrap_or_default())
        };
        rows.iter()
            .map(|row| {
                Ok(SeenAnomaly {
                    id: number(row, "IDANOMALIE")?,
                    label: text(row, "LIB_ANOMALIE")?,
                    found_by: text(row, "DETECTE_PAR")?,
                    people: [text(row, "US_TRT")?, text(row, "US_RESP")?],
                    status: [number(row, "ST_ANOM")?, number(row, "ITERMINE")?],
                    target: text(row, "TRGCIBLE")?,
                    reference: text(row, "REF_EXTERNE")?,
                    dates: [text(row, "DH_CONSTAT")?, text(row, "DH_RESOLUTION")?],
                    codes: [number(row, "ID2_TYPANOM")?, number(row, "PRIORITE")?, number(row, "CRITICITE")?],
                    observations: text(row, "OBSERVATIONS")?,
                })
            })
            .collect()
    }

    /// An absence of a user, whole days; validated.
    ///
    /// # Errors
    /// When the base refuses.
    pub async fn absence(&mut self, user: &str, first: &str, last: &str) -> anyhow::Result<i64> {
        self.run(format!(
            "INSERT INTO ABSENCE (CDUSER, DT_DEBUT, DT_FIN, LIBABSENCE, IVALIDE) VALUES ('{user}', '{first}', '{last}', 'Congés', 1)"
        ))
        .await
    }

    /// A task of a project.
    ///
    /// # Errors
    /// When the base refuses.
    pub async fn task(&mut self) -> anyhow::Result<i64> {
        self.run("INSERT INTO TACHE () VALUES ()").await
    }

    /// Somebody handles an anomaly: status, and who.
    ///
    /// # Errors
    /// When the base refuses.
    pub async fn handle_anomaly(&mut self, id: i64, user: &str, status: i64) -> anyhow::Result<()> {
        self.run(format!(
            "UPDATE ANOMALIE SET ST_ANOM = {status}, US_TRT = '{user}', USMOD = '{user}', DHMOD = NOW() WHERE IDANOMALIE = {id}"
        ))
        .await?;
        Ok(())
    }

    /// Connects.
    ///
    /// # Errors
    /// When the base cannot be reached, or (below) refuses a statement.
    pub async fn connect(url: &str) -> anyhow::Result<Self> {
        let mut base = MySqlConnection::connect(url).await.context("while connecting to the Gestan base")?;
        base.execute("SET sql_mode = ''").await?;
        Ok(Self { base })
    }

    /// Runs a statement as it is.
    pub async fn run(&mut self, sql: impl Into<String>) -> anyhow::Result<i64> {
        let sql = sql.into();
        let done =
            self.base.execute(AssertSqlSafe(sql.clone())).await.with_context(|| format!("while running {sql}"))?;
        Ok(i64::try_from(done.last_insert_id())?)
    }

    /// The first column of each row of an answer, as text.
    ///
    /// # Errors
    /// When the base refuses, or a value is no text.
    pub async fn ask(&mut self, sql: impl Into<String>) -> anyhow::Result<Vec<String>> {
        let rows = sqlx::raw_sql(AssertSqlSafe(sql.into())).fetch_all(&mut self.base).await?;
        rows.iter().map(|row| Ok(row.try_get::<Option<String>, _>(0)?.unwrap_or_default())).collect()
    }

    /// A business client.
    pub async fn client(&mut self, name: &str, mail: &str) -> anyhow::Result<i64> {
        self.run(format!(
            "INSERT INTO CONTACT (RAISON_SOCIALE, EMAILP, ICLTPRO, IARCHIVE, DHCRE, DHMOD) VALUES ('{}', '{mail}', 1, 0, NOW(), NOW())",
            name.replace('\'', "''")
        ))
        .await
    }

    /// A machine of the maintenance park.
    pub async fn machine(&mut self, code: &str, label: &str, serial: &str, client: i64) -> anyhow::Result<i64> {
        self.run(format!(
            "INSERT INTO MACHINE_MNT (CD_MACHINE, LIB_MACHINE, NUM_SERIE, IDCONTACT, IARCHIVE, DHCRE, DHMOD) VALUES ('{code}', '{label}', '{serial}', {client}, 0, NOW(), NOW())"
        ))
        .await
    }

    /// A Gestan user.
    pub async fn user(&mut self, code: &str, name: (&str, &str), mail: &str) -> anyhow::Result<()> {
        self.run(format!(
            "INSERT INTO USER (CDUSER, PRENOM, NOMFAMILLE, EMAIL, IARCHIVE, DHCRE, DHMOD) VALUES ('{code}', '{}', '{}', '{mail}', 0, NOW(), NOW())",
            name.0.replace('\'', "''"),
            name.1.replace('\'', "''")
        ))
        .await?;
        Ok(())
    }

    /// A product.
    pub async fn product(&mut self, code: &str, label: &str) -> anyhow::Result<()> {
        self.run(format!("INSERT INTO PRODUIT (CD_PRODUIT, LIB_PRODUIT, IHORSCATALOGUE, DHCRE, DHMOD) VALUES ('{code}', '{label}', 0, NOW(), NOW())")).await?;
        Ok(())
    }

    /// A project.
    pub async fn project(&mut self, name: &str, client: i64) -> anyhow::Result<i64> {
        self.run(format!("INSERT INTO PROJET (NOMPROJET, IDCONTACT) VALUES ('{}', {client})", name.replace('\'', "''")))
            .await
    }

    /// A dispatcher plans an intervention in Gestan.
    pub async fn dispatch(&mut self, id: i64, user: &str, date: &str, time: &str) -> anyhow::Result<()> {
        self.run(format!(
            "UPDATE INTERVENTION SET CDUSER = '{user}', DT_INTER_DBT = '{date}', HR_DEBUT = '{time}', DHMOD = NOW(), USMOD = 'DIS' WHERE IDINTERVENTION = {id}"
        ))
        .await?;
        Ok(())
    }

    /// A user sets the status, as Gestan's billing does too.
    pub async fn set_status(&mut self, id: i64, status: i64) -> anyhow::Result<()> {
        self.run(format!(
            "UPDATE INTERVENTION SET ST_INTER = {status}, DHMOD = NOW(), USMOD = 'DIS' WHERE IDINTERVENTION = {id}"
        ))
        .await?;
        Ok(())
    }

    /// A user types a line at the end of the memo; Gestan's editor stores it as rich text.
    pub async fn type_in_memo(&mut self, id: i64, line: &str) -> anyhow::Result<()> {
        let memo = with_line(&self.see(id).await?.memo, line);
        sqlx::query(
            "UPDATE INTERVENTION SET LIB_INTERVENTION = ?, DHMOD = NOW(), USMOD = 'DIS' WHERE IDINTERVENTION = ?",
        )
        .bind(memo)
        .bind(id)
        .execute(&mut self.base)
        .await?;
        Ok(())
    }

    /// A user types a line (as rich text) below the observations of an anomaly.
    ///
    /// # Errors
    /// When the base refuses.
    pub async fn type_in_observations(&mut self, id: i64, line: &str) -> anyhow::Result<()> {
        let anomalies = self.see_anomalies().await?;
        let seen = anomalies.iter().find(|seen| seen.id == id).context("there is no such anomaly")?;
        let text = with_line(&seen.observations, line);
        sqlx::query("UPDATE ANOMALIE SET OBSERVATIONS = ?, DHMOD = NOW(), USMOD = US_TRT WHERE IDANOMALIE = ?")
            .bind(text)
            .bind(id)
            .execute(&mut self.base)
            .await?;
        Ok(())
    }

    /// A user corrects what stands in the observations of an anomaly.
    ///
    /// # Errors
    /// When the text is not there, or the base refuses.
    pub async fn retype_in_observations(&mut self, id: i64, from: &str, to: &str) -> anyhow::Result<()> {
        let sql = "UPDATE ANOMALIE SET OBSERVATIONS = REPLACE(OBSERVATIONS, ?, ?), DHMOD = NOW(), USMOD = US_TRT \
                   WHERE IDANOMALIE = ? AND INSTR(OBSERVATIONS, ?) > 0";
        let done = sqlx::query(sql).bind(from).bind(to).bind(id).bind(from).execute(&mut self.base).await?;
        anyhow::ensure!(done.rows_affected() == 1, "{from} is not in the observations of {id}");
        Ok(())
    }

    /// A user corrects what stands in the memo: one text (as rich text) becomes another.
    pub async fn retype(&mut self, id: i64, user: &str, from: &str, to: &str) -> anyhow::Result<()> {
        let seen = self.see(id).await?;
        anyhow::ensure!(seen.memo.contains(from), "{from} is not in {}", seen.memo);
        let memo = seen.memo.replacen(from, to, 1);
        let sql = "UPDATE INTERVENTION SET LIB_INTERVENTION = ?, DHMOD = NOW(), USMOD = ? WHERE IDINTERVENTION = ?";
        sqlx::query(sql).bind(memo).bind(user.to_owned()).bind(id).execute(&mut self.base).await?;
        Ok(())
    }

    /// One intervention.
    pub async fn see(&mut self, id: i64) -> anyhow::Result<Seen> {
        let seen = self.see_all().await?;
        seen.into_iter().find(|seen| seen.id == id).with_context(|| format!("intervention {id} does not exist"))
    }

    /// All interventions, by id.
    pub async fn see_all(&mut self) -> anyhow::Result<Vec<Seen>> {
        let rows = sqlx::query(
            "SELECT CAST(i.IDINTERVENTION AS SIGNED) AS id, COALESCE(i.LIB50, '') AS title, COALESCE(c.RAISON_SOCIALE, '') AS client, \
             COALESCE(i.CDUSER, '') AS technician, COALESCE(i.US_TEAM, '') AS team, CAST(i.ST_INTER AS SIGNED) AS status, \
             CAST(COALESCE(z.TPS_PASSE, 0) AS SIGNED) AS spent, \
             COALESCE(TRIM(CONCAT(COALESCE(CAST(i.DT_INTER_DBT AS CHAR), ''), ' ', COALESCE(CAST(i.HR_DEBUT AS CHAR), ''))), '') AS start, \
             COALESCE(i.CD_PRODUIT, '') AS product, COALESCE(i.LIB_INTERVENTION, '') AS memo, COALESCE(CAST(i.DHMOD AS CHAR), '') AS modified \
             FROM INTERVENTION i LEFT JOIN CONTACT c ON c.IDCONTACT = i.IDCONTACT \
             LEFT JOIN Z83_INTERVENTION z ON z.IDINTERVENTION = i.IDINTERVENTION ORDER BY i.IDINTERVENTION",
        )
        .fetch_all(&mut self.base)
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(Seen {
                    id: row.try_get("id")?,
                    title: row.try_get("title")?,
                    client: row.try_get("client")?,
                    technician: row.try_get("technician")?,
                    team: row.try_get("team")?,
                    status: row.try_get("status")?,
                    time_spent: row.try_get("spent")?,
                    start: row.try_get("start")?,
                    product: row.try_get("product")?,
                    memo: row.try_get("memo")?,
                    modified: row.try_get("modified")?,
                })
            })
            .collect()
    }
}

/// A memo with one more line below it, as Gestan's editor saves it.
fn with_line(memo: &str, line: &str) -> String {
    match memo.rfind('}') {
        Some(end) if memo.starts_with("{\\rtf") => {
            format!("{}\\pard\\f0\\fs20 {line}\\par\r\n{}", &memo[..end], &memo[end..])
        }
        _ => format!("{memo}\r\n{line}"),
    }
}
