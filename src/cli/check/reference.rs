//! What `check --online` says of Gestan's reference data.

use super::Section;
use crate::daemon::Site;
use crate::flows::PortError;
use crate::flows::reference::{Catalogues as _, without_contact};
use crate::gestan::contract::PspMode;
use crate::gestsup::{Finding, Level};

/// What must be done by hand in Gestan before the reference flow can bring everything over.
pub(super) async fn reference(site: &Site) -> Section {
    let findings = match psp_contacts(site).await {
        Ok(findings) => findings,
        Err(error) => vec![Finding::new(Level::Error, error.to_string())],
    };
    Section { about: "Reference data", findings }
}

async fn psp_contacts(site: &Site) -> Result<Vec<Finding>, PortError> {
    let (settings, gestan) = (&site.config().reference, site.gestan());
    if !settings.clients || !settings.psp_contacts {
        return Ok(Vec::new());
    }
    let mode = gestan.psp_mode().await?;
    if mode == PspMode::Off {
        let text =
            "users' own contacts are left alone: [gateway.psp] group beside Gestan says which category they are of";
        return Ok(vec![Finding::new(Level::Note, text)]);
    }
    let (users, clients) = (gestan.all_users().await?, gestan.all_clients().await?);
    let have = clients.iter().filter_map(|client| client.user.as_deref());
    let missing: Vec<String> =
        without_contact(&users, have).into_iter().map(|user| format!("{} ({})", user.code, user.name)).collect();
    let list = missing.join(", ");
    Ok(vec![match (missing.is_empty(), mode) {
        (true, _) => Finding::new(Level::Ok, "every Gestan user in use has a contact of its own"),
        (false, PspMode::Create) => {
            Finding::new(Level::Note, format!("the next pass makes a contact in Gestan for these users: {list}"))
        }
        (false, _) => Finding::new(
            Level::Warning,
            format!(
                "these users have no contact of category PSP: create one in Gestan for each, with the user code as its login, or grant [gateway.psp] create: {list}"
            ),
        ),
    }])
}
