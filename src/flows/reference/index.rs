//! Which rows of GestSup a record might be: of each row only numbers are held, and the rows themselves are read where
//! one of a record's numbers is among them.

use super::known::print_of;
use super::matching::marks;
use super::ports::RegisterPen;
use super::record::{Field, Kind, Projected};
use crate::flows::PortError;

/// Rows that are read at once.
const ROWS: usize = 2_000;

/// Marks of rows, and the rows that bear them.
#[derive(Debug)]
pub(super) struct Index(Vec<(u64, i64)>);

/// What tells rows of a kind apart.
fn fields(kind: Kind) -> &'static [Field] {
    match kind {
        Kind::Client => &[Field::Name, Field::Siret, Field::Vat],
        Kind::Technician | Kind::Contact | Kind::Owner => {
            &[Field::FirstName, Field::LastName, Field::Mail, Field::Login]
        }
        Kind::Equipment => &[Field::Serial, Field::Internal],
        Kind::Project => &[Field::Name],
        Kind::Absence => &[Field::Owner, Field::Starts, Field::Ends, Field::Name],
    }
}

impl Index {
    pub(super) async fn build(kind: Kind, pen: &mut dyn RegisterPen) -> Result<Self, PortError> {
        let (mut index, mut after) = (Vec::new(), 0);
        loop {
            let rows = pen.rows_after(kind.place(), fields(kind), after, ROWS).await?;
            for row in &rows {
                after = row.id;
                index.extend(marks(kind, &row.values).iter().map(|mark| (print_of(mark), row.id)));
            }
            if rows.len() < ROWS {
                index.sort_unstable();
                return Ok(Self(index));
            }
        }
    }

    /// Rows that a record might be, or whose mail or login it would take.
    pub(super) fn candidates(&self, kind: Kind, record: &Projected) -> Vec<i64> {
        let mut marks = marks(kind, &record.values);
        if kind == Kind::Technician {
            marks.extend(super::matching::login_mark(&record.key));
        }
        let mut found = Vec::new();
        for mark in marks {
            let print = print_of(&mark);
            let from = self.0.partition_point(|(known, _)| *known < print);
            found.extend(self.0[from..].iter().take_while(|(known, _)| *known == print).map(|(_, id)| *id));
        }
        found
    }
}
