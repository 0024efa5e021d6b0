//! The file as a tree whose every key and value knows its place.

use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A parsed file.
pub(super) struct Document<'a> {
    root: Spanned<DeTable<'a>>,
}

impl<'a> Document<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, toml::de::Error> {
        Ok(Self { root: DeTable::parse(text)? })
    }

    pub(super) fn root(&self) -> &DeTable<'a> {
        self.root.get_ref()
    }

    /// Where the value of a key stands; where it is missing, the nearest table above it.
    pub(super) fn locate(&self, path: &[&str]) -> Range<usize> {
        let mut table = self.root();
        let mut place = 0..0;
        for (depth, name) in path.iter().enumerate() {
            let Some((key, value)) = table.iter().find(|(key, _)| key.get_ref().as_ref() == *name) else {
                return place;
            };
            let last = depth + 1 == path.len();
            match value.get_ref() {
                DeValue::Table(inner) => {
                    place = key.span();
                    table = inner;
                }
                _ if last => return value.span(),
                DeValue::Array(items) => {
                    // A rule of a list: its number follows.
                    let index: Option<usize> = path.get(depth + 1).and_then(|index| index.parse().ok());
                    let Some(item) = index.and_then(|index| items.get(index)) else { return key.span() };
                    let DeValue::Table(inner) = item.get_ref() else { return item.span() };
                    let rest = path.get(depth + 2).copied().unwrap_or_default();
                    let found = inner.iter().find(|(key, _)| key.get_ref().as_ref() == rest);
                    return found.map_or_else(|| item.span(), |(_, value)| value.span());
                }
                _ => return value.span(),
            }
        }
        place
    }

    /// Where the name of a key stands.
    pub(super) fn locate_key(&self, path: &[&str]) -> Range<usize> {
        let Some((name, parents)) = path.split_last() else { return 0..0 };
        let mut table = self.root();
        for parent in parents {
            let found = table.iter().find(|(key, _)| key.get_ref().as_ref() == *parent);
            match found.map(|(_, value)| value.get_ref()) {
                Some(DeValue::Table(inner)) => table = inner,
                _ => return self.locate(path),
            }
        }
        let found = table.iter().find(|(key, _)| key.get_ref().as_ref() == *name);
        found.map_or_else(|| self.locate(path), |(key, _)| key.span())
    }
}
