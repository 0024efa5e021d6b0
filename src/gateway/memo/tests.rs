#![allow(clippy::unwrap_used)]

use super::*;
use crate::model::Span;
use proptest::prelude::*;

const NOTHING: [Known; 0] = [];

fn at(minute: u32) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + chrono::Duration::minutes(minute.into())
}

fn block(key: &str, minute: u32, lines: &[&str]) -> Block {
    let lines =
        lines.iter().enumerate().map(|(index, line)| if index == 0 { Line::bold(*line) } else { Line::plain(*line) });
    Block { key: key.to_owned(), at: at(minute), lines: lines.collect() }
}

fn known(block: &Block) -> Known {
    Known { key: block.key.clone(), at: block.at, text: block.visible_lines().join("\n"), previous: String::new() }
}

/// Puts blocks one after the other, as successive requests would.
fn filled(memo: Memo, blocks: &[Block]) -> (Memo, Vec<Known>) {
    let mut memo = memo;
    let mut done: Vec<Known> = Vec::new();
    for block in blocks {
        memo.put(block, &done);
        memo = Memo::parse(&memo.to_raw());
        done.retain(|known| known.key != block.key);
        done.push(known(block));
    }
    (memo, done)
}

/// What Gestan's editor makes of a memo when a user saves: the same visible text, other source.
fn rewritten(memo: &Memo) -> Memo {
    let mut raw = "{\\rtf1\\fbidis\\ansi\\ansicpg1252\\deff0\\deflang1036{\\fonttbl{\\f0\\fnil\\fcharset0 Tahoma;}{\\f1\\fswiss\\fcharset0 Arial;}}\r\n{\\colortbl ;\\red0\\green0\\blue0;}\r\n{\\*\\generator Riched20 10.0.19041}\\viewkind4\\uc1 \r\n\\pard\\ltrpar\\sb120\\cf1\\b\\f1\\fs20 ".to_owned();
    for (index, line) in memo.visible_text().lines().enumerate() {
        for c in line.chars() {
            match c {
                '\\' | '{' | '}' => raw.push_str(&format!("\\{c}")),
                ' '..='~' => raw.push(c),
                c => {
                    let mut units = [0u16; 2];
                    for unit in c.encode_utf16(&mut units) {
                        raw.push_str(&format!("\\u{}?", unit.cast_signed()));
                    }
                }
            }
        }
        raw.push_str(if index % 2 == 0 { "\\b0\\par\r\n\\pard\\ltrpar\\b " } else { "\\par\r\n" });
    }
    raw.push_str("}\r\n\0");
    Memo::parse(&raw)
}

#[test]
fn a_new_memo_is_seven_bit_rich_text_with_the_blocks_in_order() {
    let blocks = [
        block("step:9", 30, &["Le 3", "non {1} \\ 🎉"]),
        block(HEAD, 99, &["Ticket n°1"]),
        block("description", 50, &["Demande", "été"]),
    ];
    let (memo, _) = filled(Memo::empty(MemoFormat::Rtf), &blocks);
    assert_eq!(memo.visible_text(), "Ticket n°1\nDemande\nété\nLe 3\nnon {1} \\ 🎉");
    let raw = memo.to_raw();
    assert!(raw.is_ascii() && raw.starts_with("{\\rtf1\\ansi\\ansicpg1252"), "{raw}");
    assert!(raw.contains("\\'e9t\\'e9") && raw.contains("\\u-10180?\\u-8311?"), "{raw}");
}

#[test]
fn an_edited_block_is_replaced_where_it_stands_and_nothing_else_changes() {
    for format in [MemoFormat::Rtf, MemoFormat::Text] {
        let one = block("step:1", 1, &["h1", "un"]);
        let two = block("step:2", 2, &["h2", "deux"]);
        let (mut memo, done) = filled(Memo::empty(format), &[one, two]);
        let before = memo.to_raw();
        assert_eq!(memo.put(&block("step:1", 1, &["h1 – modifié", "UN", "et demi"]), &done), Placement::Replaced);
        assert_eq!(memo.visible_text(), "h1 – modifié\nUN\net demi\nh2\ndeux");
        let (mut memo, done) = (
            memo,
            [
                known(&block("step:1", 1, &["h1 – modifié", "UN", "et demi"])),
                known(&block("step:2", 2, &["h2", "deux"])),
            ],
        );
        assert_eq!(memo.put(&block("step:1", 1, &["h1", "un"]), &done), Placement::Replaced);
        assert_eq!(memo.to_raw(), before, "replacing back and forth leaves nothing behind");
    }
}

#[test]
fn a_block_that_stands_there_is_left_byte_for_byte() {
    let one = block("step:1", 1, &["h1", "un"]);
    let (memo, done) = filled(Memo::empty(MemoFormat::Rtf), std::slice::from_ref(&one));
    let mut rewritten = rewritten(&memo);
    let before = rewritten.to_raw();
    assert_eq!(rewritten.put(&one, &done), Placement::Unchanged);
    assert_eq!(rewritten.to_raw(), before);
}

#[test]
fn an_older_step_goes_between_its_neighbours() {
    for format in [MemoFormat::Rtf, MemoFormat::Text] {
        let (memo, _) = filled(
            Memo::empty(format),
            &[block("step:1", 1, &["a"]), block("step:3", 3, &["c"]), block("step:7", 2, &["b"])],
        );
        assert_eq!(memo.visible_text(), "a\nb\nc");
    }
}

#[test]
fn what_a_user_typed_and_pasted_stays_where_it_is() {
    let raw = "{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0 Arial;}}{\\info{\\author X}}\\pard Appeler {\\b avant} midi \\'e0 L\\'e9a\\par {\\pict\\pngblip 89504e47 \\bin3 }}{ }\\par Code 12\\'34}";
    let mut memo = Memo::parse(raw);
    assert_eq!(memo.visible_text(), "Appeler avant midi à Léa\n\nCode 124");
    memo.put(&block(HEAD, 0, &["Ticket"]), &[]);
    memo.put(&block("step:1", 1, &["un"]), &[known(&block(HEAD, 0, &["Ticket"]))]);
    assert_eq!(memo.visible_text(), "Ticket\nun\nAppeler avant midi à Léa\n\nCode 124");
    let kept = "Appeler {\\b avant} midi \\'e0 L\\'e9a\\par {\\pict\\pngblip 89504e47 \\bin3 }}{ }\\par Code 12\\'34}";
    assert!(memo.to_raw().ends_with(kept), "{}", memo.to_raw());
}

#[test]
fn blocks_are_found_again_after_gestans_editor_rewrote_them() {
    let one = block("step:1", 1, &["Le 1er – Zoé (réponse)", "C'est réparé 🎉"]);
    let two = block("step:2", 2, &["Le 2 – Léo", "ok"]);
    let (memo, done) = filled(Memo::empty(MemoFormat::Rtf), &[one, two]);
    let mut memo = rewritten(&memo);
    assert_eq!(memo.read(&done).held, [true, true]);
    assert_eq!(
        memo.put(&block("step:1", 1, &["Le 1er – Zoé (réponse)", "C'est remplacé"]), &done),
        Placement::Replaced
    );
    assert_eq!(memo.visible_text(), "Le 1er – Zoé (réponse)\nC'est remplacé\nLe 2 – Léo\nok");
    assert_balanced(&memo.to_raw());
}

#[test]
fn two_steps_of_the_same_text_have_a_place_each() {
    let (one, two) = (block("step:1", 1, &["ok"]), block("step:2", 1, &["ok"]));
    let (mut memo, done) = filled(Memo::empty(MemoFormat::Rtf), &[one, two]);
    assert_eq!(memo.visible_text(), "ok\nok");
    assert_eq!(memo.read(&done).held, [true, true]);
    memo.put(&block("step:2", 1, &["changé"]), &done);
    assert_eq!(memo.visible_text(), "ok\nchangé");
}

#[test]
fn a_block_that_a_user_spoilt_is_written_anew() {
    let one = block("step:1", 1, &["Le 1er", "texte"]);
    let (memo, done) = filled(Memo::empty(MemoFormat::Text), std::slice::from_ref(&one));
    let mut memo = Memo::parse(&memo.to_raw().replace("texte", "texte de moi"));
    assert!(!memo.read(&done).held[0]);
    assert_eq!(memo.put(&one, &done), Placement::Added);
    assert_eq!(memo.visible_text(), "Le 1er\ntexte de moi\nLe 1er\ntexte");
}

#[test]
fn an_empty_memo_may_read_as_nothing_or_as_a_nul() {
    for raw in ["", "\0", "{\\rtf1\\ansi}"] {
        assert!(Memo::parse(raw).is_empty(), "{raw:?}");
    }
}

#[test]
fn a_memo_with_megabytes_of_picture_takes_time_in_proportion_to_them() {
    let took = |bytes: usize| {
        let raw = format!("{{\\rtf1\\ansi{{\\pict\\pngblip {}}}\\par fin}}", "0a".repeat(bytes));
        let begun = std::time::Instant::now();
        let (memo, _) = filled(Memo::parse(&raw), &[block("step:1", 1, &["un"]), block("step:2", 2, &["deux"])]);
        let took = begun.elapsed();
        assert!(memo.visible_text().ends_with("fin\nun\ndeux"), "{}", memo.visible_text());
        took
    };
    // The best of several: whatever else the machine does only ever adds to it. Eight times as much takes eight
    // times as long, and would take sixty-four times as long if it grew with the square.
    let best = |bytes: usize| (0..5).map(|_| took(bytes)).min().unwrap();
    let (small, large) = (best(150_000), best(1_200_000));
    assert!(large < small * 24, "{small:?}, then {large:?} for eight times as much");
}

fn assert_balanced(raw: &str) {
    let raw = raw.replace("\\\\", "").replace("\\{", "").replace("\\}", "");
    let mut depth = 0i32;
    for c in raw.trim_end_matches('\0').trim_end().chars() {
        depth += match c {
            '{' => 1,
            '}' => -1,
            _ => 0,
        };
        assert!(depth >= 0, "{raw}");
    }
    assert_eq!(depth, 0, "{raw}");
}

fn text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9éàü€–’ {}\\\\*'~🎉漢]{1,30}".prop_filter("visible", |text| !fold(text).is_empty())
}

fn blocks() -> impl Strategy<Value = Vec<Block>> {
    proptest::collection::vec((proptest::collection::vec(text(), 1..4), 0u32..50), 1..6).prop_map(|all| {
        all.into_iter()
            .enumerate()
            .map(|(index, (lines, minute))| {
                let lines =
                    lines.into_iter().map(|text| Line(vec![Span { text, bold: index % 2 == 0, ..Span::default() }]));
                Block { key: format!("step:{index}"), at: at(minute), lines: lines.collect() }
            })
            .collect()
    })
}

#[test]
fn what_people_typed_is_what_is_left_without_our_blocks_and_pictures() {
    let (head, first, second) = (
        block(HEAD, 0, &["Ticket"]),
        block("step:1", 1, &["Étape 1", "", "fin"]),
        block("step:2", 2, &["Étape 2", "Fait"]),
    );
    for start in [
        "{\\rtf1\\ansi \\pard Avant\\par {\\pict\\pngblip 89504e47}\\par  Deux \\par Lignes\\par }",
        "Avant\r\n\r\n Deux \r\nLignes",
    ] {
        let (memo, mut done) = filled(Memo::parse(start), &[head.clone(), first.clone(), second.clone()]);
        assert_eq!(memo.read(&done).typed, ["Avant", "Deux\nLignes"], "{}", memo.to_raw());
        assert_eq!(
            memo.read(&NOTHING).typed.len(),
            3,
            "the empty line of a step parts it: {:?}",
            memo.read(&NOTHING).typed
        );
        // An old window brings the wording before the last one back, beside the newest one.
        let newest = block("step:2", 2, &["Étape 2 (modifiée)", "Fait et refait"]);
        done[2] = Known { previous: done[2].text.clone(), ..known(&newest) };
        let mut both = memo.clone();
        assert_eq!(both.read(&done).typed, ["Avant", "Deux\nLignes"], "the older wording is ours");
        both.put(&block("note:x", 3, &["Étape 2 (modifiée)", "Fait et refait"]), &done);
        assert_eq!(Memo::parse(&both.to_raw()).read(&done).typed, ["Avant", "Deux\nLignes"], "both are");
    }
    assert_eq!(Memo::parse("").read(&NOTHING).typed, Vec::<String>::new());
}

proptest! {
    #[test]
    fn a_memo_that_is_written_at_once_is_the_one_that_putting_each_block_makes(mut blocks in blocks(), rtf in any::<bool>()) {
        let format = if rtf { MemoFormat::Rtf } else { MemoFormat::Text };
        let any_order = Memo::of(format, &blocks);
        blocks.sort_by_key(|block| block.at);
        prop_assert_eq!(&any_order, &Memo::of(format, &blocks));
        prop_assert_eq!(any_order, filled(Memo::empty(format), &blocks).0.to_raw());
    }

    #[test]
    fn any_text_reads_back_as_it_was_put_and_a_second_put_changes_nothing(blocks in blocks(), rtf in any::<bool>()) {
        let format = if rtf { MemoFormat::Rtf } else { MemoFormat::Text };
        let (memo, done) = filled(Memo::empty(format), &blocks);
        prop_assert!(memo.read(&done).held.iter().all(|held| *held), "{:?}", memo.to_raw());
        for block in &blocks {
            let mut again = memo.clone();
            prop_assert_eq!(again.put(block, &done), Placement::Unchanged);
            prop_assert_eq!(again.to_raw(), memo.to_raw());
        }
        if rtf {
            prop_assert!(memo.to_raw().is_ascii());
            assert_balanced(&memo.to_raw());
        }
    }

    #[test]
    fn users_lines_survive_whatever_we_put_and_replace(user in proptest::collection::vec("[a-z]{1,8}", 0..5), blocks in blocks(), rewrite in any::<bool>()) {
        let body: String = user.iter().map(|line| format!("USER-{line}\\par ")).collect();
        let (memo, done) = filled(Memo::parse(&format!("{{\\rtf1\\ansi \\pard\\b {body}}}")), &blocks);
        let mut memo = if rewrite { rewritten(&memo) } else { memo };
        if let Some(first) = blocks.first() {
            let changed = Block { lines: vec![Line::plain(format!("changed {}", first.key))], ..first.clone() };
            memo.put(&changed, &done);
        }
        let kept: Vec<String> = memo.visible_text().lines().filter(|line| line.starts_with("USER-")).map(str::to_owned).collect();
        prop_assert_eq!(kept, user.iter().map(|line| format!("USER-{line}")).collect::<Vec<_>>());
        assert_balanced(&memo.to_raw());
    }

    #[test]
    fn what_people_typed_is_told_from_ours_whatever_that_is(user in proptest::collection::vec("[a-z]{1,8}", 0..5), blocks in blocks(), rewrite in any::<bool>()) {
        let body: String = user.iter().map(|line| format!("USER-{line}\\par \\par ")).collect();
        let (memo, done) = filled(Memo::parse(&format!("{{\\rtf1\\ansi \\pard {body}}}")), &blocks);
        let memo = if rewrite { rewritten(&memo) } else { memo };
        prop_assert_eq!(memo.read(&done).typed, user.iter().map(|line| format!("USER-{line}")).collect::<Vec<_>>());
    }

    #[test]
    fn no_memo_upsets_the_reader(raw in "(\\{\\\\rtf1)?([\\\\{}'*]|\\\\[a-z]{1,7}-?[0-9]{0,4} ?|\\\\'[0-9a-f]{0,2}|\\PC|\r\n){0,60}") {
        let (memo, done) = filled(Memo::parse(&raw), &[block("step:1", 1, &["un", "deux"])]);
        let _ = memo.read(&done).held;
        let _ = memo.read(&done).typed;
    }
}
