//! A gateway that dials out of its office: nothing there listens, and the daemon asks it all the same.

use crate::commands::{Program, Service, signal, wait};
use crate::service::{NEVER, free_address};
use crate::support::{World, certificate};
use std::path::PathBuf;
use std::time::Duration;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A daemon with a door, and the configuration of a gateway that dials there.
struct Office {
    program: Program,
    gateway: PathBuf,
}

impl Office {
    async fn new(tickets: usize) -> Self {
        let mut world = World::with(NEVER).await;
        for number in 0..tickets {
            world.ticket(&format!("Panne {number}"), "<p>Noir</p>").await;
        }
        let program = Program::on(world);
        let (certificate, key) = certificate(program.folder.path());
        let (asked, door) = (free_address(), free_address());
        let port = door.rsplit(':').next().unwrap().to_owned();
        let text = std::fs::read_to_string(&program.config).unwrap();
        let (ca, key) = (certificate.display(), key.display());
        let of_gateway = &text[text.find("[gateway]\n").unwrap()..text.find("[state]").unwrap()];
        let token = format!("[gateway]\ntoken = \"{TOKEN}\"\n");
        let of_gateway = of_gateway.replacen("[gateway]\n", &token, 1);
        let dial = format!("[gateway.dial]\nurl = \"https://localhost:{port}\"\nca_file = \"{ca}\"\n");
        let gateway = program.folder.path().join("gateway.toml");
        std::fs::write(&gateway, format!("{of_gateway}{dial}")).unwrap();
        program.reconfigure(
            "gateway = \"embedded\"\n",
            &format!(
                "gateway = \"http://{asked}\"\ntoken = \"{TOKEN}\"\n[gestan.door]\nlisten = \"{door}\"\n[gestan.door.tls]\ncertificate = \"{ca}\"\nkey = \"{key}\"\n"
            ),
        );
        Self { program, gateway }
    }

    fn dials(&self) -> Service {
        self.program.service(&self.gateway, "gateway")
    }

    async fn comment(&mut self, html: &str) {
        let paul = self.program.paul;
        self.program.desk.comment(1, paul, html).await.unwrap();
    }

    /// Waits until a pass goes through, and returns what it says.
    async fn passes(&self) -> String {
        let mut said = String::new();
        self.program
            .soon("a pass goes through", async || {
                let (code, done, _) = self.program.run(&["sync", "--json"]).await;
                said = done;
                code == 0
            })
            .await;
        said
    }
}

#[tokio::test]
async fn nothing_of_the_office_listens_and_the_connection_comes_back_whoever_is_killed() {
    let mut office = Office::new(2).await;
    let service = office.program.at_work(&[]).await;
    let (code, _, errors) = office.program.run(&["sync"]).await;
    assert!(code != 0 && errors.contains("no gateway has dialled in") && errors.contains("[gateway.dial]"), "{errors}");
    let mut gateway = office.dials();
    let done = office.passes().await;
    let done: serde_json::Value = serde_json::from_str(&done).unwrap();
    assert_eq!(done["records"].as_array().unwrap().len(), 2, "{done:#}");
    // What only looks goes the same way, through the service.
    let (code, told, errors) = office.program.run(&["show", "1"]).await;
    assert!(code == 0 && told.contains("Panne 0"), "{told}{errors}");
    signal(&gateway, "-KILL");
    wait(&mut gateway, Duration::from_secs(5));
    office.comment("<p>Alimentation remplacée.</p>").await;
    let (code, _, errors) = office.program.run(&["sync"]).await;
    assert_ne!(code, 0, "{errors}");
    let gateway = office.dials();
    office.passes().await;
    drop(service);
    let service = office.program.at_work(&[]).await;
    office.comment("<p>Tension mesurée.</p>").await;
    office.passes().await;
    let memo = office.program.sandbox.erp().await.unwrap().see_all().await.unwrap().remove(0).memo;
    assert!(memo.contains("Alimentation") && memo.contains("Tension"), "{memo}");
    let log = office.program.end(gateway);
    assert!(log.contains("connected to the daemon") && log.contains("not connected to the daemon"), "{log}");
    let log = office.program.end(service);
    assert!(log.contains("a gateway dialled in"), "{log}");
}

#[tokio::test]
async fn whoever_has_another_token_is_not_let_in_and_is_told_so() {
    let office = Office::new(1).await;
    let service = office.program.at_work(&[]).await;
    let text = std::fs::read_to_string(&office.gateway).unwrap();
    std::fs::write(&office.gateway, text.replace(TOKEN, "another-token-of-24-characters")).unwrap();
    let gateway = office.dials();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (code, _, errors) = office.program.run(&["sync"]).await;
    assert!(code != 0 && errors.contains("no gateway has dialled in"), "{errors}");
    let log = office.program.end(gateway);
    assert!(log.contains("[gateway] token here must be [gestan] token there"), "{log}");
    assert_eq!(log.matches("not connected to the daemon").count(), 1, "the same is told once: {log}");
    let log = office.program.end(service);
    assert!(log.contains("somebody without the right token"), "{log}");
}
