//! A reply split into what its sender wrote and what was there before: the mail that is answered, a signature. What cannot be
//! told apart with confidence stays: a line too many in a ticket is a smaller harm than one that is missing.

mod lines;
mod marks;

use lines::{Line, of_html, of_text};
use std::ops::Range;

/// Lines that an attribution may be wrapped over.
const WRAPPED: usize = 4;
/// Lines of a signature.
const SIGNATURE: usize = 30;

/// What is new in a reply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fresh {
    /// The new text; the whole one where nothing could be told apart.
    pub body: String,
    /// Something was left out: a quotation or a signature.
    pub trimmed: bool,
}

/// What is new in a plain text. A mail that is passed on is left whole, and so is one that would have nothing new.
pub fn fresh_text(text: &str) -> Fresh {
    match kept(&of_text(text)) {
        Some(places) => {
            let parts = places.into_iter().map(|place| text[place].trim_end().trim_start_matches('\n'));
            Fresh { body: parts.collect::<Vec<_>>().join("\n\n"), trimmed: true }
        }
        None => Fresh { body: text.to_owned(), trimmed: false },
    }
}

/// What is new in an HTML text. Elements may be left open or closed twice: the result is for [`super::clean`], which mends it.
pub fn fresh_html(html: &str) -> Fresh {
    match kept(&of_html(html)) {
        Some(places) => Fresh { body: places.into_iter().map(|place| &html[place]).collect(), trimmed: true },
        None => Fresh { body: html.to_owned(), trimmed: false },
    }
}

/// Whether GestSup's own lines stand in a text: it is, or answers, one of its mails.
pub fn has_marker(text: &str) -> bool {
    let lines = text.lines().filter(|line| line.contains("--")).take(lines::MANY);
    lines.map(marks::folded).any(|line| marks::is_gestsup_above(&line) || marks::is_gestsup_below(&line))
}

/// The places that stay, one or two; `None` where all does.
fn kept(lines: &[Line]) -> Option<Vec<Range<usize>>> {
    if lines.len() > lines::MANY {
        return None;
    }
    let rest = end_of_new(lines)?;
    let (mut parts, mut trimmed) = around_quotes(lines, rest.unwrap_or(lines.len()));
    trimmed |= rest.is_some();
    for part in &mut parts {
        let end = without_signature(lines, part);
        trimmed |= end < part.end;
        part.end = end;
    }
    parts.retain(|part| lines[part.clone()].iter().any(|line| !line.is_blank()));
    if !trimmed || parts.is_empty() {
        return None;
    }
    Some(parts.into_iter().map(|part| lines[part.start].place.start..lines[part.end - 1].place.end).collect())
}

/// Where all is older from there on; `Some(None)` where that is nowhere, `None` where the mail passes another one on.
fn end_of_new(lines: &[Line]) -> Option<Option<usize>> {
    let mut gestsup = false;
    for (index, line) in lines.iter().enumerate() {
        if line.is_blank() {
            continue;
        }
        if !line.quoted && marks::is_forwarded(&line.folded) {
            return None;
        }
        // GestSup's mail is quoted, or stands there as it came; what is below its last line is new again.
        if marks::is_gestsup_above(&line.folded) && !std::mem::replace(&mut gestsup, true) {
            let begin = attribution_before(lines, index);
            let below = lines.iter().skip(index).rposition(|line| marks::is_gestsup_below(&line.folded));
            let answered_below = below.is_some_and(|below| {
                lines[index + below + 1..].iter().any(|line| !line.is_blank() && !line.quoted && !line.signature)
            });
            let written_above = lines[..begin].iter().any(|line| !line.is_blank() && !line.quoted);
            if !answered_below || written_above {
                return Some(Some(begin));
            }
        }
        if line.quoted {
            continue;
        }
        let is_rule_above =
            marks::is_rule(&line.folded) && next(lines, index + 1).is_some_and(|next| is_header_block(lines, next));
        if line.older || marks::is_original(&line.folded) || is_rule_above || is_header_block(lines, index) {
            return Some(Some(index));
        }
        // "… wrote:" above a text that is not quoted by any sign.
        if let Some(length) = attribution(lines, index)
            && next(lines, index + length)
                .is_some_and(|next| !lines[next].quoted && !marks::is_gestsup_above(&lines[next].folded))
        {
            return Some(Some(index));
        }
    }
    Some(None)
}

/// The next line that says something.
fn next(lines: &[Line], from: usize) -> Option<usize> {
    (from..lines.len()).find(|index| !lines[*index].is_blank())
}

/// Outlook's repeated headers: the sender's, then two more right below.
fn is_header_block(lines: &[Line], index: usize) -> bool {
    if lines[index].quoted || marks::header_label(&lines[index].folded) != Some(true) {
        return false;
    }
    let below = lines[index + 1..].iter().filter(|line| !line.is_blank()).take(5);
    below.filter(|line| marks::header_label(&line.folded) == Some(false)).count() >= 2
}

/// How many lines from here on tell who wrote what follows.
fn attribution(lines: &[Line], index: usize) -> Option<usize> {
    if lines[index].quoted || lines[index].is_blank() {
        return None;
    }
    if lines[index].attribution {
        return Some(lines[index..].iter().take_while(|line| line.attribution).count());
    }
    if !marks::may_begin_attribution(&lines[index].folded) {
        return None;
    }
    let mut joined = String::new();
    for (length, line) in lines[index..].iter().take(WRAPPED).enumerate() {
        if line.is_blank() || line.quoted {
            return None;
        }
        joined.push_str(&line.folded);
        if marks::is_attribution(&joined) {
            return Some(length + 1);
        }
        joined.push(' ');
    }
    None
}

/// Where an attribution that ends right above a line begins; the line itself where there is none.
fn attribution_before(lines: &[Line], index: usize) -> usize {
    let above = (0..index).rev().filter(|at| !lines[*at].is_blank()).take(WRAPPED);
    let mut begin = index;
    for at in above {
        if attribution(lines, at).is_some_and(|length| next(lines, at + length) == Some(index)) {
            begin = at;
        }
    }
    begin
}

/// What stays of the lines before `end`: what is above a quotation, what is below it, or all where it is answered line by line.
fn around_quotes(lines: &[Line], end: usize) -> (Vec<Range<usize>>, bool) {
    let one = |part: Range<usize>| Vec::from([part]);
    let whole = (one(0..end), false);
    let Some(first) = (0..end).find(|index| lines[*index].quoted) else { return whole };
    let runs = runs_of_quotes(&lines[..end]);
    let begin = attribution_before(lines, first);
    let last = runs.last().map_or(first, |run| run.end);
    let says = |range: Range<usize>| lines[range].iter().any(|line| !line.is_blank() && !line.signature);
    let below = without_signature(lines, &(last..end));
    match (says(0..begin), says(last..below), runs.len()) {
        (_, false, 1) | (true, false, _) if runs.len() == 1 || !between(lines, &runs) => (one(0..begin), true),
        (false, true, 1) => (one(last..end), true),
        (true, true, 1) => (vec![0..begin, last..end], true),
        _ => whole,
    }
}

/// Whether something is written between quotations.
fn between(lines: &[Line], runs: &[Range<usize>]) -> bool {
    runs.windows(2).any(|pair| {
        let gap = pair[0].end..pair[1].start;
        let told = gap.clone().find_map(|index| attribution(lines, index));
        lines[gap].iter().filter(|line| !line.is_blank()).count() > told.unwrap_or(0)
    })
}

/// Quoted lines in a row, blank ones among them included.
fn runs_of_quotes(lines: &[Line]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        if !line.quoted {
            continue;
        }
        match runs.last_mut() {
            Some(run) if lines[run.end..index].iter().all(Line::is_blank) => run.end = index + 1,
            _ => runs.push(index..index + 1),
        }
    }
    runs
}

/// Where the signature of a part begins; its end where there is none.
fn without_signature(lines: &[Line], part: &Range<usize>) -> usize {
    let mark = part.clone().find(|index| {
        let line = &lines[*index];
        line.signature || (!line.quoted && marks::is_signature_mark(&line.folded) && part.end - index <= SIGNATURE)
    });
    let mut end = match mark {
        // A signature that something follows is not the end.
        Some(begin) if lines[begin].signature => {
            let after = (begin..part.end).find(|index| !lines[*index].signature && !lines[*index].is_blank());
            if after.is_none() { begin } else { part.end }
        }
        Some(begin) => begin,
        None => part.end,
    };
    while let Some(last) = (part.start..end).rev().find(|index| !lines[*index].is_blank())
        && marks::is_device(&lines[last].folded)
    {
        end = last;
    }
    end
}

#[cfg(test)]
mod tests;
