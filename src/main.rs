//! gestan-connector: keeps a GestSup help-desk and a Gestan ERP in step.

#![forbid(unsafe_code)]

use clap::Parser as _;
use gestan_connector::cli::{self, Cli, ExitCode};

fn main() -> std::process::ExitCode {
    // Two crates speak TLS here: whichever comes first would otherwise choose the provider, or panic.
    let _ = rustls::crypto::ring::default_provider().install_default();
    #[cfg(feature = "failpoints")]
    let _places = gestan_connector::failpoint::from_environment();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::Usage } else { ExitCode::Ok }.into();
        }
    };
    let json = cli.json;
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            cli::report_error(&anyhow::Error::new(error).context("while starting"), json);
            return ExitCode::TryLater.into();
        }
    };
    match runtime.block_on(cli.execute()) {
        Ok(code) => code.into(),
        Err(error) => {
            cli::report_error(&error, json);
            cli::exit_code(&error).into()
        }
    }
}
