//! Replies of the mail programs that people use, and what is new in them.

use super::*;
use proptest::prelude::*;

fn trimmed(text: &str) -> String {
    let fresh = fresh_text(text);
    assert!(fresh.trimmed, "nothing was trimmed of:\n{text}");
    fresh.body
}

fn whole(text: &str) {
    assert_eq!(fresh_text(text), Fresh { body: text.to_owned(), trimmed: false });
}

/// The visible text of what stays of an HTML reply.
fn shown(html: &str) -> String {
    let fresh = fresh_html(html);
    assert!(fresh.trimmed, "nothing was trimmed of:\n{html}");
    let clean = crate::mapping::mail::clean(&fresh.body, &|_| None);
    let lines = of_html(&clean);
    lines.iter().map(|line| line.folded.as_str()).collect::<Vec<_>>().join(" | ")
}

fn whole_html(html: &str) {
    assert_eq!(fresh_html(html), Fresh { body: html.to_owned(), trimmed: false });
}

#[test]
fn an_answer_above_a_quotation_is_what_is_new() {
    for attribution in [
        "Le lun. 2 mars 2026 à 09:00, Support <support@sav.fr> a écrit :",
        "Le 02/03/2026 à 09:00, Support a écrit :",
        "Le 2 mars 2026 à 09:00, Support <support@sav.fr> a écrit :",
        "Le lundi 2 mars 2026 à 09:00:12 UTC+1, Support <support@sav.fr> a\nécrit :",
        "On Mon, Mar 2, 2026 at 9:00 AM Support <support@sav.fr> wrote:",
        "On 02/03/2026 09:00, Support\nService <support@sav.fr>\nwrote:",
        "Am 02.03.2026 um 09:00 schrieb Support <support@sav.fr>:",
        "El lun, 2 mar 2026 a las 9:00, Support (<support@sav.fr>) escribió:",
        "2026-03-02 9:00 GMT+01:00 Support <support@sav.fr>:",
    ] {
        let text = format!(
            "Bonjour,\n\nC'est réglé : merci.\n\n{attribution}\n\n> Bonjour,\n> avez-vous essayé ?\n>> avant\n\n> Cordialement\n"
        );
        assert_eq!(trimmed(&text), "Bonjour,\n\nC'est réglé : merci.", "{attribution}");
    }
    assert_eq!(trimmed("Oui.\n> vous confirmez ?\n"), "Oui.");
}

#[test]
fn an_answer_above_outlook_s_older_mail_is_what_is_new() {
    for older in [
        "-----Message d'origine-----\nDe : Support\nObjet : x\n\nBonjour",
        "-----Original Message-----\nFrom: Support\n\nHello",
        "________________________________\nDe : Support <support@sav.fr>\nEnvoyé : lundi 2 mars 2026 09:00\nÀ : Claire\nObjet : RE: x\n\nBonjour",
        "De : Support <support@sav.fr>\nEnvoyé : lundi 2 mars 2026 09:00\nÀ : Claire\nObjet : RE: x\n\nBonjour",
        "*De :* Support\n*Envoyé :* lundi\n*À :* Claire\n\nBonjour",
        "From: Support\nSent: Monday\nTo: Claire\nSubject: x\n\nHello",
        "Von: Support\nGesendet: Montag\nAn: Claire\nBetreff: x\n\nHallo",
        "Le lun. 2 mars 2026 à 09:00, Support <support@sav.fr> a écrit :\n\nBonjour sans signe",
    ] {
        assert_eq!(trimmed(&format!("C'est bon.\n\n{older}\nfin\n")), "C'est bon.", "{older}");
    }
}

#[test]
fn gestsup_s_own_lines_are_known_in_its_languages() {
    for (above, below) in [
        ("Repondre au dessus de cette ligne", "Repondre au dessus du ticket"),
        ("Answer above this line", "Answer above the ticket"),
        ("Responda por encima de esta línea", "Responda arriba del boleto"),
        ("Antworte über diese Zeile", "Über dem Ticket antworten"),
    ] {
        let mail = format!("---- {above} ----\nTicket n°12\nBonjour\n---- {below} ----\n");
        let quoted: String = mail.lines().map(|line| format!("> {line}\n")).collect();
        assert_eq!(
            trimmed(&format!("Merci !\n\nLe 2 mars 2026 à 09:00, GestSup <a@b.fr> a écrit :\n{quoted}")),
            "Merci !"
        );
        assert_eq!(trimmed(&format!("Merci !\n\n{mail}")), "Merci !");
        assert_eq!(
            trimmed(&format!("Merci !\n\nLe 2 mars 2026 à 09:00, GestSup a écrit :\n{mail}\ndes restes")),
            "Merci !"
        );
        let html = format!("<p>Merci !</p><div>---- {above} ----</div><p>Ticket</p><p>---- {below} ----</p>");
        assert_eq!(shown(&html), "merci !");
    }
}

#[test]
fn an_answer_below_the_quotation_is_what_is_new() {
    assert_eq!(trimmed("Le 2 mars 2026 à 09:00, Support a écrit :\n> Essayez ceci.\n\nCela marche.\n"), "Cela marche.");
    assert_eq!(trimmed("Bonjour,\n\n> Essayez ceci.\n\nCela marche.\n"), "Bonjour,\n\nCela marche.");
}

#[test]
fn an_answer_between_the_quoted_lines_is_left_whole() {
    whole("Le 2 mars 2026 à 09:00, Support a écrit :\n> La marque ?\nHP\n> Le modèle ?\n4200\n");
    whole("Voir plus bas\n> La marque ?\nHP\n> Le modèle ?\n4200\n");
    whole_html(
        "<p>a</p><blockquote type=\"cite\">La marque ?</blockquote><p>HP</p><blockquote type=\"cite\">Le modèle ?</blockquote><p>4200</p>",
    );
}

#[test]
fn signatures_go() {
    assert_eq!(trimmed("Bonjour\n\n-- \nClaire Martin\n01 02 03 04 05\n"), "Bonjour");
    assert_eq!(trimmed("Bonjour\n\nEnvoyé de mon iPhone\n"), "Bonjour");
    assert_eq!(trimmed("Bonjour\n\nSent from my iPhone\n\n> cité\n"), "Bonjour");
    assert_eq!(
        trimmed(
            "Bonjour\n\nObtenez Outlook pour Android<https://aka.ms/x>\n________________________________\nDe : A\nEnvoyé : b\nÀ : c\n"
        ),
        "Bonjour"
    );
    assert_eq!(
        shown("<p>Bonjour</p><div class=\"gmail_signature\" data-x=\"y\"><div>Claire</div><div>01 02</div></div>"),
        "bonjour"
    );
    assert_eq!(shown("<p>Bonjour</p><pre class=\"moz-signature\" cols=\"72\">-- \nClaire</pre>"), "bonjour");
    whole("-- \nClaire Martin");
    whole("Envoyé de mon iPhone");
}

#[test]
fn a_mail_that_is_passed_on_is_left_whole() {
    whole("Pour vous.\n\n---------- Forwarded message ---------\nDe : x\nDate : y\nÀ : z\nSubject: w\n\nLa panne\n");
    whole("Pour vous.\n\nDébut du message transféré :\n\nDe : x\nDate : y\nÀ : z\n\nLa panne\n");
    whole("---------- Message transféré ----------\nDe : x\nDate : y\nÀ : z\n\nLa panne\n");
    whole_html(
        "<div>voir</div><div class=\"gmail_quote\"><div class=\"gmail_attr\">---------- Forwarded message ---------<br>De : x</div>La panne</div>",
    );
}

#[test]
fn what_would_leave_nothing_is_left_whole() {
    whole("> tout est cité\n> ici\n");
    whole("-----Message d'origine-----\nDe : x\n\nBonjour\n");
    whole("");
    whole("\n\n");
    whole_html("<blockquote>tout</blockquote>");
    whole_html("");
}

#[test]
fn sentences_that_look_a_little_like_marks_stay() {
    whole("Le client a écrit :\nrien ne marche\n");
    whole("De : là où je suis\nje ne vois rien\n");
    whole("On the screen it wrote:\nerror 5\n");
    whole("Un tiret\n--- \nsuite\n");
    whole("Le message transféré est vide\nvoilà\n");
    whole_html("<p>Le client a écrit :</p><p>rien</p>");
}

#[test]
fn replies_in_html_are_trimmed_as_their_programs_write_them() {
    for html in [
        // Gmail
        "<div dir=\"ltr\">C&#39;est bon.</div><br><div class=\"gmail_quote\"><div dir=\"ltr\" class=\"gmail_attr\">Le lun. 2 mars 2026 à 09:00, Support &lt;<a href=\"mailto:s@sav.fr\">s@sav.fr</a>&gt; a écrit :<br></div><blockquote class=\"gmail_quote\" style=\"margin:0\"><div>Bonjour</div></blockquote></div>",
        // Thunderbird
        "<html><head><title>x</title><style>p{}</style></head><body><p>C'est bon.</p><div class=\"moz-cite-prefix\">Le 02/03/2026 à 09:00, Support a écrit&nbsp;:<br></div><blockquote type=\"cite\" cite=\"mid:x\"><p>Bonjour</p></blockquote></body></html>",
        // Apple
        "<div>C'est bon.</div><div><br><blockquote type=\"cite\"><div>Le 2 mars 2026 à 09:00, Support &lt;s@sav.fr&gt; a écrit :</div><br><div>Bonjour</div></blockquote></div>",
        "<div>C'est bon.<div><br><div>Le 2 mars 2026 à 09:00, Support &lt;s@sav.fr&gt; a écrit :</div><br><blockquote type=\"cite\"><div>Bonjour</div></blockquote></div></div>",
        // Outlook
        "<div class=WordSection1><p class=MsoNormal>C'est bon.</p><div style='border:none;border-top:solid #E1E1E1 1.0pt'><p class=MsoNormal><b>De&nbsp;:</b> Support<br><b>Envoyé&nbsp;:</b> lundi<br><b>À&nbsp;:</b> Claire<br><b>Objet&nbsp;:</b> x</p></div><p>Bonjour</p></div>",
        "<div>C'est bon.</div><div id=\"appendonsend\"></div><hr style=\"display:inline-block\" tabindex=\"-1\"><div id=\"divRplyFwdMsg\" dir=\"ltr\"><font><b>From:</b> Support<br><b>Sent:</b> x</font></div><div>Bonjour</div>",
        "<div>C'est bon.</div><div id=\"ms-outlook-mobile-signature\">Obtenez <a href=\"https://aka.ms/o0ukef\">Outlook pour iOS</a></div><div id=\"mail-editor-reference-message-container\"><div>Bonjour</div></div>",
        // Yahoo
        "<div>C'est bon.</div><div id=\"yahoo_quoted_1\" class=\"yahoo_quoted\"><div>Le lundi 2 mars 2026 à 09:00, Support a écrit :</div><div>Bonjour</div></div>",
    ] {
        assert_eq!(shown(html), "c'est bon.", "{html}");
    }
    assert_eq!(
        shown(
            "<div class=\"moz-cite-prefix\">Le 2 mars à 9:00, S a écrit :</div><blockquote type=\"cite\">x</blockquote><p>En dessous.</p>"
        ),
        "en dessous."
    );
}

proptest! {
    #[test]
    fn what_is_kept_was_there_and_is_not_empty(text in "(Bonjour|> cité|Le 2 mars 2026 à 09:00, S <a@b.fr> a écrit :|-- |\n|<div>|<blockquote>|</div>|</blockquote|--- Answer above this line ----|De : x|Envoyé : y|À : é|<style>|\u{1F600}|<a b=\"){0,30}") {
        let fresh = fresh_text(&text);
        prop_assert!(fresh.trimmed || fresh.body == text);
        prop_assert!(!fresh.trimmed || !fresh.body.trim().is_empty());
        for line in fresh.body.lines() {
            prop_assert!(text.contains(line));
        }
        let html = fresh_html(&text);
        prop_assert!(html.body.len() <= text.len());
    }

    #[test]
    fn lines_of_html_cover_it(html in "(<p>|</p>|a|<br>|<b>|é|<style>|</style>|<!--|-->|<|>|&amp;| ){0,40}") {
        let lines = of_html(&html);
        for pair in lines.windows(2) {
            prop_assert_eq!(pair[0].place.end, pair[1].place.start);
        }
        if let (Some(first), Some(last)) = (lines.first(), lines.last()) {
            prop_assert_eq!((first.place.start, last.place.end), (0, html.len()));
        }
    }
}
