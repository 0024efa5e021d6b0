//! HFSQL cannot be had for a test: a MariaDB server behind its own ODBC driver stands in for it, and this filter
//! before it refuses what HFSQL refuses. It can also be told to crash, hang or warn, as HFSQL's driver does.

use crate::gateway::base::tokens::{Token, tokens};
use crate::gateway::base::wire::Diagnostic;
use std::path::PathBuf;

/// The filter. Its file says what the driver is to do, once: `crash`, `crash-after`, `hang` or `warn`, a space, and
/// part of the statement that it does it at.
pub(super) struct StandIn {
    trouble: PathBuf,
    /// Whether it keeps transactions.
    pub transactions: bool,
}

/// Words that HFSQL, or its driver, does not take.
const REFUSED: [&str; 12] = [
    "RETURNING",
    "INFORMATION_SCHEMA",
    "LIMIT",
    "DUPLICATE",
    "CAST",
    "CONVERT",
    "NOW",
    "UNSIGNED",
    "ENGINE",
    "FOR",
    "SCHEMA",
    "TYPE",
];

impl StandIn {
    /// What makes the server understand the same literals.
    pub(super) const PREPARE: [&'static str; 1] = [
        "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_BACKSLASH_ESCAPES,IGNORE_SPACE', innodb_lock_wait_timeout = 3",
    ];

    /// The filter, where a connection string asks for it (`StandIn=FILE`, and `StandInKeeps=nothing` for one without
    /// transactions); and the string as MariaDB's driver reads it.
    pub(super) fn of(connection: &str) -> (Option<Self>, String) {
        let (mut trouble, mut transactions) = (None, true);
        let parts: Vec<String> = connection
            .split(';')
            .map(|part| match part.split_once('=') {
                Some(("StandIn", file)) => {
                    trouble = Some(PathBuf::from(file));
                    "CHARSET=latin1".to_owned()
                }
                Some(("StandInKeeps", what)) => {
                    transactions = what != "nothing";
                    String::new()
                }
                Some(("Server Name", host)) => format!("SERVER={host}"),
                Some(("Server Port", port)) => format!("PORT={port}"),
                _ => part.to_owned(),
            })
            .collect();
        match trouble {
            Some(trouble) => (Some(Self { trouble, transactions }), parts.join(";")),
            None => (None, connection.to_owned()),
        }
    }

    /// The statement as MariaDB reads it.
    pub(super) fn admit(&self, sql: &str) -> Result<String, Diagnostic> {
        let tokens = tokens(sql).map_err(|reason| refused(&reason, sql))?;
        if let Some(reason) = reason_against(&tokens) {
            return Err(refused(&reason, sql));
        }
        let pieces: Vec<String> = tokens
            .into_iter()
            .map(|token| match token {
                Token::Word(word) | Token::Number(word) => word,
                Token::Bracketed(name) => format!("`{name}`"),
                Token::Text(text) => format!("'{}'", text.replace('\'', "''")),
                Token::Sign(sign) => sign.to_string(),
            })
            .collect();
        Ok(match pieces.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            // MariaDB wants another right for it than for the table.
            ["CREATE", "INDEX", name, "ON", table, column @ ..] => {
                format!("ALTER TABLE {table} ADD INDEX {name} {}", column.join(" "))
            }
            pieces => pieces.join(" "),
        })
    }

    /// Does the work, or what the file says.
    pub(super) fn around<T>(&self, sql: &str, work: impl FnOnce() -> Result<T, Diagnostic>) -> Result<T, Diagnostic> {
        let Some(what) = self.trouble_at(sql) else { return work() };
        match what.as_str() {
            "hang" => loop {
                std::thread::park();
            },
            "crash-after" => {
                let _ = work();
                std::process::abort()
            }
            "warn" => Err(Diagnostic { state: "01000".to_owned(), native: 0, message: "General warning".to_owned() }),
            _ => std::process::abort(),
        }
    }

    fn trouble_at(&self, sql: &str) -> Option<String> {
        let text = std::fs::read_to_string(&self.trouble).ok()?;
        let (what, part) = text.trim().split_once(' ')?;
        // Of several processes one takes it.
        (sql.contains(part) && std::fs::remove_file(&self.trouble).is_ok()).then(|| what.to_owned())
    }
}

fn reason_against(tokens: &[Token]) -> Option<String> {
    let is_select = tokens.first().is_some_and(|token| token.is("SELECT"));
    if is_select && !tokens.iter().any(|token| token.is("FROM")) {
        return Some("a SELECT needs FROM".to_owned());
    }
    if let Some(word) = REFUSED.iter().find(|word| tokens.iter().any(|token| token.is(word))) {
        return Some(format!("{word} is not known"));
    }
    for (token, next) in tokens.iter().zip(tokens.iter().skip(1)) {
        if *next == Token::Sign('*') && (token.is("SELECT") || *token == Token::Sign('.')) {
            return Some("columns are to be named".to_owned());
        }
    }
    let values = tokens.iter().position(|token| token.is("VALUES"));
    if values.is_some_and(|at| tokens[at..].windows(2).any(|pair| pair == [Token::Sign(')'), Token::Sign(',')])) {
        return Some("one row at a time".to_owned());
    }
    tokens.iter().find_map(|token| match token {
        Token::Sign(sign @ ('?' | ';' | '`' | '"' | '@')) => Some(format!("unexpected {sign}")),
        Token::Word(name) | Token::Bracketed(name) if !name.is_ascii() => Some(format!("unexpected name {name}")),
        Token::Text(text) => {
            let odd = text.chars().find(|c| c.is_control() && !matches!(c, '\t' | '\r' | '\n'));
            odd.map(|c| format!("unexpected character {}", u32::from(c)))
        }
        _ => None,
    })
}

fn refused(reason: &str, sql: &str) -> Diagnostic {
    let message = format!("Error in the SQL code: {reason} in {sql}");
    Diagnostic { state: "42000".to_owned(), native: 70001, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_refuses_what_hfsql_refuses() {
        let stand_in = StandIn { trouble: PathBuf::from("/nowhere"), transactions: true };
        for bad in [
            "SELECT 1",
            "SELECT * FROM T",
            "SELECT T.* FROM T",
            "SELECT A FROM T WHERE B = ?",
            "INSERT INTO T (A) VALUES (1) RETURNING A",
            "INSERT INTO T (A) VALUES (1), (2)",
            "SELECT `A` FROM T",
            "SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES",
            "SELECT A FROM T FOR UPDATE",
            "SELECT A FROM T; DELETE FROM T",
            "SELECT ACTION_Défaut FROM [USER]",
            "SELECT A FROM T WHERE B = 'a\u{0}b'",
        ] {
            assert!(stand_in.admit(bad).is_err(), "{bad}");
        }
        assert_eq!(
            stand_in.admit("UPDATE [T] SET [A] = 'l''été; ?' WHERE [B] IN (1, 2)").ok().as_deref(),
            Some("UPDATE `T` SET `A` = 'l''été; ?' WHERE `B` IN ( 1 , 2 )")
        );
    }
}
