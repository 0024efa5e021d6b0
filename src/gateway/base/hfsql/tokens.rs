//! The words of a statement, as a parser of HFSQL reads them: for queries that administrators write, and to
//! prove that no value changes what a statement says.

/// A piece of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::gateway) enum Token {
    /// A name or a keyword.
    Word(String),
    /// A name between square brackets.
    Bracketed(String),
    /// A literal between quotes: the text that it means.
    Text(String),
    /// A number.
    Number(String),
    /// Anything else, a character at a time.
    Sign(char),
}

impl Token {
    /// Whether it is this keyword.
    pub(in crate::gateway) fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Word(word) if word.eq_ignore_ascii_case(keyword))
    }
}

/// The pieces of a statement.
///
/// # Errors
/// With a sentence, when a literal or a name does not end, or there is a comment.
pub(in crate::gateway) fn tokens(sql: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = sql.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            c if c.is_whitespace() => {}
            '\'' => tokens.push(Token::Text(until(&mut rest, '\'', "a text")?)),
            '[' => tokens.push(Token::Bracketed(until(&mut rest, ']', "a name")?)),
            '-' if rest.peek() == Some(&'-') => return Err("it has a comment (--)".to_owned()),
            '/' if rest.peek() == Some(&'*') => return Err("it has a comment (/*)".to_owned()),
            c if c.is_alphanumeric() || c == '_' => {
                let mut word = String::from(c);
                while let Some(more) = rest.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    word.push(more);
                }
                let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
                tokens.push(if is_number { Token::Number(word) } else { Token::Word(word) });
            }
            sign => tokens.push(Token::Sign(sign)),
        }
    }
    Ok(tokens)
}

/// What stands up to an end, which is doubled where it is meant itself.
fn until(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, end: char, what: &str) -> Result<String, String> {
    let mut text = String::new();
    while let Some(c) = rest.next() {
        if c != end {
            text.push(c);
        } else if rest.next_if_eq(&end).is_some() {
            text.push(end);
        } else {
            return Ok(text);
        }
    }
    Err(format!("{what} in it does not end ({end})"))
}

/// A statement without its comments, which HFSQL need not know.
fn without_comments(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(c) = rest.chars().next() {
        let skipped = if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else {
            let end = match c {
                '\'' => Some('\''),
                '[' => Some(']'),
                _ => None,
            };
            // One that is doubled begins another one at once, which is skipped as well.
            let after = end.map_or(c.len_utf8(), |end| rest[1..].find(end).map_or(rest.len(), |at| at + 2));
            out.push_str(&rest[..after]);
            rest = &rest[after..];
            continue;
        };
        out.push(' ');
        rest = &rest[skipped..];
    }
    out.trim().to_owned()
}

/// A query as it is sent, where it is one SELECT.
///
/// # Errors
/// With a sentence, where it is anything else.
pub(super) fn one_select(sql: &str) -> Result<String, String> {
    let sql = without_comments(sql);
    let tokens = tokens(&sql)?;
    if !tokens.first().is_some_and(|first| first.is("SELECT")) {
        return Err("it is not a SELECT".to_owned());
    }
    if tokens.contains(&Token::Sign(';')) {
        return Err("it is more than one statement (;)".to_owned());
    }
    if tokens.iter().any(|token| token.is("INTO")) {
        return Err("it writes (INTO)".to_owned());
    }
    if tokens.iter().zip(tokens.iter().skip(1)).any(|(one, next)| {
        *next == Token::Sign('*') && (one.is("SELECT") || one.is("DISTINCT") || *one == Token::Sign('.'))
    }) {
        return Err("it does not name its columns (*), for which the driver may answer nothing".to_owned());
    }
    Ok(sql)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_of_an_administrator_is_one_select_that_names_its_columns() {
        for good in [
            "SELECT NUM AS number, IDCONTACT AS client FROM CONTRAT WHERE LIB = 'a;b -- c'",
            "select COUNT(*) AS n from [CONTRAT]",
            "SELECT A * 2 AS client FROM T",
            "SELECT [a--b] FROM T WHERE A = 'l''été -- /*'",
        ] {
            assert_eq!(one_select(good).as_deref(), Ok(good));
        }
        for (query, sent) in
            [("SELECT A FROM T -- all", "SELECT A FROM T"), ("-- all\nSELECT A /* b */ FROM T", "SELECT A   FROM T")]
        {
            assert_eq!(one_select(query).as_deref(), Ok(sent));
        }
        for bad in [
            "DELETE FROM CONTRAT",
            "SELECT A FROM T; DELETE FROM T",
            "SELECT * FROM T",
            "SELECT t.* FROM T AS t",
            "SELECT A INTO B FROM T",
            "SELECT 'a FROM T",
            "/* SELECT A FROM T",
            "",
        ] {
            assert!(one_select(bad).is_err(), "{bad}");
        }
    }
}
