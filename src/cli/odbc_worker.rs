//! `odbc-worker`: the process of the ODBC driver, which a gateway to an HFSQL base starts by itself.

use super::ExitCode;

/// Run an ODBC driver for a gateway, which starts this by itself and speaks to it.
#[derive(Debug, clap::Args)]
pub struct OdbcWorker {}

impl OdbcWorker {
    #[cfg(feature = "hfsql")]
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        use anyhow::Context as _;
        crate::gateway::odbc_worker().context("while answering the gateway")?;
        Ok(ExitCode::Ok)
    }

    #[cfg(not(feature = "hfsql"))]
    #[allow(clippy::unnecessary_wraps)]
    pub(super) fn execute(self) -> anyhow::Result<ExitCode> {
        anyhow::bail!("this program was built without ODBC: build it with `--features hfsql`")
    }
}
