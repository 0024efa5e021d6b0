//! The part of the story where customers write: a mail becomes a ticket, by a rule an intervention, the answer to it a comment of
//! both; what nobody wrote becomes nothing.

use super::dovecot::{PASSWORD, PrivateDovecot};
use super::stage::Stage;
use super::story::{Cast, Told};

const ACCOUNT: &str = "support";

/// A rule that attributes, in the words of an operator.
const RULE: &str = "[[mail.rules]]\nwhen = { subject = { matches = \"terminal de paiement\" } }\npriority = \"Urgent\"\ntechnician = \"p.durand\"\n";

fn letter(headers: &str, body: &str) -> Vec<u8> {
    let kind = "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit";
    format!("{headers}\nTo: support@sival.fr\n{kind}\n\n{body}\n").replace('\n', "\r\n").into_bytes()
}

fn deliver(stage: &Stage, mail: &[u8]) -> anyhow::Result<()> {
    stage.mailbox().map_or(Ok(()), |server| server.deliver(ACCOUNT, "INBOX", mail))
}

pub(super) async fn by_mail(stage: &mut Stage, cast: &Cast, told: &mut Told) -> anyhow::Result<()> {
    stage.act("Customers write: mails become tickets, answers become comments, what nobody wrote becomes nothing");
    let server = tokio::task::spawn_blocking(|| PrivateDovecot::start(&[ACCOUNT])).await??;
    stage.sandbox.let_it_take_mails().await?;
    let more = format!(
        "\n[mail]\nenabled = true\n{RULE}\n[[mail.mailboxes]]\nname = \"support\"\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nuser = \"{ACCOUNT}\"\npassword = \"{}\"\n",
        server.port(),
        PASSWORD.replace('"', "\\\"")
    );
    stage.add_mailbox(server, &more)?;
    for mail in [
        letter(
            "From: =?utf-8?Q?H=C3=A9l=C3=A8ne?= <helene@client.fr>\nSubject: Le terminal de paiement est muet\nMessage-ID: <panne@client.fr>",
            "Bonjour,\n\nPlus aucun paiement par carte depuis midi.\n\n-- \nHélène",
        ),
        letter(
            "From: Chloé <mairie@client.fr>\nSubject: Écran n°1 : il clignote\nMessage-ID: <ecran@client.fr>",
            "Celui de l'accueil.",
        ),
        letter(
            "From: Lettre <infos@fournisseur.example>\nSubject: Nos promotions\nList-Id: <infos.fournisseur.example>\nMessage-ID: <p@f>",
            "Profitez-en !",
        ),
        letter(
            "From: Léon <leon@client.fr>\nSubject: Absence du bureau\nAuto-Submitted: auto-replied\nMessage-ID: <a@client.fr>",
            "Je reviens lundi.",
        ),
    ] {
        deliver(stage, &mail)?;
    }
    stage.run(&["sync"]).await?;
    deliver(
        stage,
        &letter(
            "From: helene@client.fr\nSubject: Re: Le terminal de paiement est muet\nIn-Reply-To: <panne@client.fr>\nMessage-ID: <suite@client.fr>",
            "Il remarche, sauf sans contact.\n\nLe 26 novembre 2026 à 14:10, Support a écrit :\n> Avez-vous essayé de le redémarrer ?",
        ),
    )?;
    stage.run(&["sync"]).await?;
    stage.run(&["mail", "list"]).await?;
    let mails = stage.ask(&["mail", "list"]).await?;
    let count =
        |outcome: &str| mails.as_array().map_or(0, |rows| rows.iter().filter(|row| row["outcome"] == outcome).count());
    told.mails = mails.as_array().map_or(0, Vec::len);
    (told.tickets_from_mail, told.replies, told.excluded) = (count("ticket"), count("reply"), count("excluded"));
    stage.expect(
        "of five mails two are tickets, one is a comment, two are excluded by a rule with a name",
        (told.mails, told.tickets_from_mail, told.replies, told.excluded) == (5, 2, 1, 2),
    );
    let all = stage.erp.see_all().await?;
    let of_mail: Vec<_> = all.iter().filter(|seen| seen.memo.contains("paiement par carte")).collect();
    stage.expect(
        "the mail that a rule attributes is an intervention of Paul's, with the answer in its memo and without what it quotes",
        of_mail.iter().map(|seen| seen.technician.as_str()).eq(["PDU"])
            && of_mail.iter().all(|seen| seen.memo.contains("sans contact") && !seen.memo.contains("red\\'e9marrer")),
    );
    let whose = stage.desk.ask("SELECT CAST(user AS CHAR) FROM tincidents WHERE title LIKE 'Le terminal%'").await?;
    stage.expect("the ticket is the customer's", whose == [cast.helene.to_string()]);
    Ok(())
}
