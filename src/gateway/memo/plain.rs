//! A memo of plain text.

/// The line break of a memo that has none yet.
pub(super) const LINE_BREAK: &str = "\r\n";

/// Lines, with the line break that the text uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainMemo {
    raw: String,
}

impl PlainMemo {
    pub(super) fn parse(raw: &str) -> Self {
        // An empty memo may read as a single NUL.
        Self { raw: if raw.trim_matches('\0').is_empty() { String::new() } else { raw.to_owned() } }
    }

    pub(super) fn raw(&self) -> &str {
        &self.raw
    }

    pub(super) fn lines(&self) -> Vec<String> {
        if self.raw.is_empty() {
            return Vec::new();
        }
        self.raw.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line).to_owned()).collect()
    }

    fn line_break(&self) -> &'static str {
        if self.raw.contains("\r\n") || !self.raw.contains('\n') { LINE_BREAK } else { "\n" }
    }

    /// Byte offset at which a line begins; the end of the text for one past the last.
    fn offset(&self, line: usize) -> usize {
        if line == 0 {
            return 0;
        }
        self.raw.match_indices('\n').nth(line - 1).map_or(self.raw.len(), |(at, _)| at + 1)
    }

    pub(super) fn insert(&mut self, line: usize, lines: &[String]) {
        let line_break = self.line_break();
        let text = lines.join(line_break);
        let at = self.offset(line);
        if self.raw.is_empty() {
            self.raw = text;
        } else if at == self.raw.len() {
            self.raw.push_str(line_break);
            self.raw.push_str(&text);
        } else {
            self.raw.insert_str(at, &format!("{text}{line_break}"));
        }
    }

    pub(super) fn replace(&mut self, first: usize, last: usize, lines: &[String]) {
        let text = lines.join(self.line_break());
        let start = self.offset(first);
        let mut end = self.offset(last + 1);
        if self.raw[start..end].ends_with('\n') {
            end -= 1;
            if self.raw[start..end].ends_with('\r') {
                end -= 1;
            }
        }
        self.raw.replace_range(start..end, &text);
    }
}
