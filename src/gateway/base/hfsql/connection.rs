//! The connection string: the driver crashes on keys that it does not know, and each that it needs is there.

use crate::config::GestanBase;
use secrecy::{ExposeSecret as _, SecretString};

/// For a base.
pub(super) fn string(config: &GestanBase, password: &SecretString) -> SecretString {
    let target = match &config.dsn {
        Some(dsn) => format!("DSN={}", value(dsn)),
        None => format!(
            "DRIVER={};Server Name={};Server Port={};Database={}",
            driver(config.driver.as_deref().unwrap_or("HFSQL")),
            value(&config.host),
            config.port(),
            value(&config.database)
        ),
    };
    let more = config.options.iter().map(|(key, text)| format!(";{key}={}", value(text))).collect::<String>();
    let (user, password) = (value(&config.user), value(password.expose_secret()));
    SecretString::from(format!("{target};UID={user};PWD={password}{more}"))
}

/// The name of a driver stands between braces, the path of one does not: iODBC would look for a file of that name.
fn driver(driver: &str) -> String {
    if driver.contains(['/', '\\']) { driver.to_owned() } else { format!("{{{driver}}}") }
}

/// A value; between braces where it would end early.
fn value(text: &str) -> String {
    let is_plain = !text.contains([';', '{', '}', '=']) && text.trim() == text;
    if is_plain { text.to_owned() } else { format!("{{{}}}", text.replace('}', "}}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(more: &str) -> String {
        let text = format!(
            "host = \"10.0.0.2\"\ndatabase = \"GESTAN\"\nuser = \"passerelle\"\npassword = \"x\"\nkind = \"hfsql\"\n{more}"
        );
        let config: GestanBase = toml::from_str(&text).unwrap();
        string(&config, &SecretString::from("a;b}")).expose_secret().to_owned()
    }

    #[test]
    fn the_driver_gets_the_keys_that_it_knows_and_no_other() {
        assert_eq!(
            of(""),
            "DRIVER={HFSQL};Server Name=10.0.0.2;Server Port=4900;Database=GESTAN;UID=passerelle;PWD={a;b}}};IntegrityCheck=1"
        );
        assert_eq!(of("dsn = \"Gestan\""), "DSN=Gestan;UID=passerelle;PWD={a;b}}};IntegrityCheck=1");
        assert!(
            of("driver = \"/opt/hfsql/libwd.so\"\noptions = {}").starts_with("DRIVER=/opt/hfsql/libwd.so;Server Name")
        );
    }
}
