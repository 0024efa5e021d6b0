//! What people are told by mail, as a mail server of our own took it.

use super::smtp::{PrivateSmtp, Taken};
use super::stage::Stage;
use super::story::{Cast, Told};

/// Settings by which requesters are told that their ticket is closed. The story's dates are its own.
pub(super) fn settings(server: &PrivateSmtp) -> String {
    format!(
        r#"
[notify]
enabled = true
from = "Support Sival <support@sival.fr>"
max_age_hours = 1000000

[[notify.rules]]
when = {{ state = ["3", "4"] }}
to = ["requester"]

[[notify.rules]]
to = []

[notify.smtp]
host = "127.0.0.1"
port = {}
security = "none"
"#,
        server.port()
    )
}

/// A ticket is closed, and the mail about it arrives.
pub(super) async fn people_are_told(stage: &mut Stage, cast: &Cast, told: &mut Told) -> anyhow::Result<()> {
    stage.act("A ticket is closed: its requester is told by mail, once");
    let Some(before) = taken(stage)? else {
        println!("  (left out: aiosmtpd is not installed here; apt-get install python3-aiosmtpd)");
        return Ok(());
    };
    let ticket =
        stage.desk.open(cast.helene, "L'imprimante de l'étage grince", "<p>Un bruit au démarrage.</p>").await?;
    stage.desk.attribute(ticket, cast.paul, cast.paul).await?;
    stage.run(&["sync"]).await?;
    stage.desk.comment(ticket, cast.paul, "<p>Rouleau nettoyé &amp; graissé.</p>").await?;
    stage.desk.close(ticket, cast.paul).await?;
    stage.run(&["sync", "notify", "--dry-run"]).await?;
    stage.run(&["sync"]).await?;
    stage.run(&["sync", "notify"]).await?;
    stage.run(&["notify", "list", "--ticket", &ticket.to_string()]).await?;
    let mails = taken(stage)?.unwrap_or_default();
    let number = format!("n°{ticket} :");
    let own: Vec<&Taken> = mails.iter().filter(|mail| mail.subject().contains(&number)).collect();
    stage.expect(
        "the requester got one mail, which says what was done",
        own.len() == 1
            && own.iter().all(|mail| {
                mail.to == ["helene@client.fr"]
                    && mail.parts().is_ok_and(|parts| parts.iter().all(|(_, text)| text.contains("Rouleau nettoyé")))
            }),
    );
    stage.expect("others were told of theirs while the week went by", !before.is_empty());
    told.notifications = mails.len();
    Ok(())
}

fn taken(stage: &Stage) -> anyhow::Result<Option<Vec<Taken>>> {
    stage.smtp.as_ref().map(PrivateSmtp::taken).transpose()
}
