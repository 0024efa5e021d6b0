//! Where each field is kept, and what the live columns can hold: they differ by version of GestSup.

use super::super::rows::{nothing, number, text};
use super::super::{Gestsup, GestsupError};
use crate::flows::reference::{Field, Kind, Place};
use sqlx::MySqlConnection;
use std::collections::HashMap;

/// Look-up lists of equipment, in the order in which they refer to each other.
pub(super) const TYPES: &str = "tassets_type";
pub(super) const MANUFACTURERS: &str = "tassets_manufacturer";
pub(super) const MODELS: &str = "tassets_model";

/// The column of a field in the table of a place; `None`: not kept there.
pub(super) fn column(place: Place, field: Field) -> Option<&'static str> {
    let column = match (place, field) {
        (Place::Companies, Field::Name) => "name",
        (Place::Companies, Field::Address) => "address",
        (Place::Companies, Field::Country) => "country",
        (Place::Companies, Field::Siret) => "SIRET",
        (Place::Companies, Field::Vat) => "TVA",
        (Place::Companies, Field::Comment) => "comment",
        (Place::Companies | Place::People, Field::Zip) => "zip",
        (Place::Companies | Place::People, Field::City) => "city",
        (Place::People, Field::FirstName) => "firstname",
        (Place::People, Field::LastName) => "lastname",
        (Place::People, Field::Mail) => "mail",
        (Place::People, Field::Phone) => "phone",
        (Place::People, Field::Mobile) => "mobile",
        (Place::People, Field::Function) => "function",
        (Place::People, Field::Company) => "company",
        (Place::People, Field::Address1) => "address1",
        (Place::People, Field::Address2) => "address2",
        (Place::People, Field::Login) => "login",
        (Place::People, Field::Profile) => "profile",
        (Place::Equipment, Field::Name) => "netbios",
        (Place::Equipment, Field::Serial) => "sn_manufacturer",
        (Place::Equipment, Field::Internal) => "sn_internal",
        (Place::Equipment, Field::Type) => "type",
        (Place::Equipment, Field::Manufacturer) => "manufacturer",
        (Place::Equipment, Field::Model) => "model",
        (Place::Equipment, Field::Owner) => "user",
        (Place::Equipment, Field::State) => "state",
        (Place::Equipment, Field::Installed) => "date_install",
        (Place::Equipment, Field::Warranty) => "date_end_warranty",
        (Place::Projects, Field::Name) => "name",
        (Place::Calendar, Field::Name) => "title",
        (Place::Calendar, Field::Owner) => "technician",
        (Place::Calendar, Field::Starts) => "date_start",
        (Place::Calendar, Field::Ends) => "date_end",
        (Place::Calendar, Field::AllDay) => "allday",
        (_, Field::Disabled) => "disable",
        _ => return None,
    };
    Some(column)
}

/// The fields of a kind.
pub(super) fn fields(place: Place) -> impl Iterator<Item = (Field, &'static str)> {
    Field::ALL.into_iter().filter_map(move |field| Some((field, column(place, field)?)))
}

/// The look-up list of a field.
pub(super) fn list(field: Field) -> Option<&'static str> {
    match field {
        Field::Type => Some(TYPES),
        Field::Manufacturer => Some(MANUFACTURERS),
        Field::Model => Some(MODELS),
        _ => None,
    }
}

/// Which rows of a table are of a place.
pub(super) fn condition(place: Place) -> &'static str {
    match place {
        Place::Calendar => "type = 0 AND incident = 0",
        _ => "id <> 0",
    }
}

/// What a new row of a place gets beside its fields: how events that people make look.
pub(super) fn constants(place: Place) -> &'static [(&'static str, &'static str)] {
    match place {
        Place::Calendar => &[("classname", "'badge-secondary'")],
        _ => &[],
    }
}

/// A column of the live base.
#[derive(Debug, Clone)]
struct Live {
    /// What stands there for nothing.
    nothing: &'static str,
    /// It must be named in an INSERT.
    required: bool,
    /// Characters that it holds; `None`: it holds no text.
    characters: Option<usize>,
    /// It holds no more than Windows-1252.
    latin1: bool,
}

/// The columns of the tables that are written.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns(HashMap<(String, String), Live>);

impl Columns {
    pub(super) async fn read(gestsup: &Gestsup, connection: &mut MySqlConnection) -> Result<Self, GestsupError> {
        let sql = "SELECT LOWER(CAST(table_name AS CHAR)) AS t, LOWER(CAST(column_name AS CHAR)) AS c, LOWER(CAST(data_type AS CHAR)) AS d, \
                   CAST(is_nullable = 'NO' AND column_default IS NULL AND extra NOT LIKE '%auto_increment%' AS CHAR) AS r, \
                   CAST(COALESCE(character_maximum_length, 0) AS SIGNED) AS n, \
                   LOWER(CAST(COALESCE(character_set_name, '') AS CHAR)) AS s \
                   FROM information_schema.columns WHERE table_schema = DATABASE() \
                   AND table_name IN ('tcompany', 'tusers', 'tassets', 'tassets_type', 'tassets_manufacturer', 'tassets_model', 'tprojects', 'tevents')";
        let mut columns = HashMap::new();
        for row in gestsup.within(sqlx::raw_sql(sql).fetch_all(&mut *connection)).await? {
            let data_type = text(&row, "d");
            let characters = usize::try_from(number(&row, "n")).unwrap_or(usize::MAX);
            let live = Live {
                nothing: nothing(&data_type),
                required: text(&row, "r") == "1",
                characters: (nothing(&data_type) == "''").then_some(characters),
                latin1: text(&row, "s") == "latin1",
            };
            columns.insert((text(&row, "t"), text(&row, "c")), live);
        }
        let this = Self(columns);
        for table in ["tcompany", "tusers"] {
            if !this.has(table, "id") {
                return Err(GestsupError::NotGestsup {
                    place: gestsup.place.clone(),
                    missing: format!("table {table}"),
                });
            }
        }
        Ok(this)
    }

    fn get(&self, table: &str, column: &str) -> Option<&Live> {
        self.0.get(&(table.to_owned(), column.to_lowercase()))
    }

    pub(super) fn has(&self, table: &str, column: &str) -> bool {
        self.get(table, column).is_some()
    }

    /// Whether there is a column for a field of a kind.
    pub(super) fn keeps(&self, kind: Kind, field: Field) -> bool {
        let place = kind.place();
        let listed = list(field).is_none_or(|list| self.has(list, "name"));
        listed && column(place, field).is_some_and(|column| self.has(place.table(), column))
    }

    /// How many characters a field's text may have, encoded, and whether they must be of Windows-1252; `None`: it is
    /// no text.
    pub(super) fn room(&self, kind: Kind, field: Field) -> Option<(usize, bool)> {
        let (table, column) = match list(field) {
            Some(list) => (list, "name"),
            None => (kind.place().table(), column(kind.place(), field)?),
        };
        let live = self.get(table, column)?;
        Some((live.characters?, live.latin1))
    }

    /// Columns that an INSERT must name beside these, with what stands there for nothing.
    pub(super) fn beside<'a>(
        &'a self,
        table: &'a str,
        given: &'a [&str],
    ) -> impl Iterator<Item = (&'a str, &'static str)> + 'a {
        let of_table = self.0.iter().filter(move |((of, _), live)| of == table && live.required);
        let others =
            of_table.filter(move |((_, column), _)| !given.iter().any(|known| known.eq_ignore_ascii_case(column)));
        others.map(|((_, column), live)| (column.as_str(), live.nothing))
    }
}
