//! Killed anywhere: the real program ends at every place between a write and its record, and at random
//! moments, and both bases end as if it had not.

#[cfg(feature = "failpoints")]
mod between;
#[cfg(feature = "failpoints")]
mod documents;
#[cfg(feature = "failpoints")]
mod follow_up;
mod mail;
mod moments;
#[cfg(feature = "failpoints")]
mod places;
mod program;
#[cfg(feature = "failpoints")]
mod sides;
#[cfg(feature = "failpoints")]
mod story;

pub use moments::sound;
#[cfg(feature = "failpoints")]
pub use places::is_of_reference;
pub use program::Program;
