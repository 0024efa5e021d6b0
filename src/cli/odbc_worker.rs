//! `odbc-worker`: the process of the ODBC driver, which a gateway to an HFSQL base starts by itself.

use super::ExitCode;

/// Run an ODBC driver for a gateway, which starts this by itself and speaks to it.
#[derive(Debug, clap::Args)]
pub struct OdbcWorker {
    /// Put what stands in for HFSQL's driver into this folder, and print what [gateway.base] says to use it.
    #[cfg(all(feature = "hfsql", feature = "failpoints"))]
    #[arg(long, value_name = "DIR")]
    stand_in: Option<std::path::PathBuf>,
}

impl OdbcWorker {
    #[cfg(feature = "hfsql")]
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        use anyhow::Context as _;
        #[cfg(feature = "failpoints")]
        if let Some(folder) = &self.stand_in {
            print!("{}", crate::demo::odbc::StandIn::in_folder(folder)?.settings());
            return Ok(ExitCode::Ok);
        }
        crate::gateway::odbc_worker().context("while answering the gateway")?;
        Ok(ExitCode::Ok)
    }

    #[cfg(not(feature = "hfsql"))]
    #[allow(clippy::unnecessary_wraps)]
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        anyhow::bail!("this program was built without ODBC: build it with `--features hfsql`")
    }
}
