//! The gateway as a service of Windows: the service manager starts it, and asks it to stop.

use super::{ExitCode, Globals, exit_code, gateway, output};
use crate::config::LogFormat;
use crate::telemetry::{self, Destination};
use anyhow::Context as _;
use std::ffi::OsString;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use windows_service::service::{
    ServiceControl, ServiceControlAccept, ServiceExitCode, ServiceState, ServiceStatus, ServiceType,
};
use windows_service::service_control_handler::{self, ServiceControlHandlerResult, ServiceStatusHandle};
use windows_service::{define_windows_service, service_dispatcher};

/// The name in the guides. Another one does: a process of one service is only asked for that.
const NAME: &str = "gestan-gateway";
/// How long it may take to stop, at most: requests under way end first.
const STOPS_WITHIN: Duration = Duration::from_secs(10);

/// What the manager's call, which brings nothing along, works with.
static STARTED: OnceLock<(Handle, Globals)> = OnceLock::new();

define_windows_service!(called_by_manager, work);

/// Serves until the service manager stops it.
///
/// # Errors
/// When no service manager started this process.
pub(super) async fn serve(globals: &Globals) -> anyhow::Result<ExitCode> {
    let folder = globals.config.parent().unwrap_or(Path::new(".")).to_owned();
    let mut own = Globals::new(globals.config.clone(), false);
    own.log_goes = Destination::Folder(folder);
    let _ = STARTED.set((Handle::current(), own));
    // Blocks for as long as the service is at work.
    tokio::task::spawn_blocking(|| service_dispatcher::start(NAME, called_by_manager)).await?.context(
        "while speaking to the service manager of Windows, which alone starts this: leave --service out here",
    )?;
    Ok(ExitCode::Ok)
}

fn work(_: Vec<OsString>) {
    let Some((runtime, globals)) = STARTED.get() else { return };
    let cancel = CancellationToken::new();
    let asked = cancel.clone();
    let manager = service_control_handler::register(NAME, move |control| match control {
        ServiceControl::Stop | ServiceControl::Shutdown => {
            asked.cancel();
            ServiceControlHandlerResult::NoError
        }
        ServiceControl::Interrogate => ServiceControlHandlerResult::NoError,
        _ => ServiceControlHandlerResult::NotImplemented,
    });
    // Without it nobody can be told of anything; the manager sees the process end.
    let Ok(manager) = manager else { return };
    tell(manager, ServiceState::Running, ExitCode::Ok);
    let stops = cancel.clone();
    runtime.spawn(async move {
        stops.cancelled().await;
        tell(manager, ServiceState::StopPending, ExitCode::Ok);
    });
    let code = runtime.block_on(gateway::serve(globals, cancel)).unwrap_or_else(|error| {
        // A configuration with mistakes has no log yet.
        let _ = telemetry::init("info", LogFormat::Text, &globals.log_goes);
        tracing::error!("{}", output::error_texts(&error, false).1.trim_end());
        exit_code(&error)
    });
    tell(manager, ServiceState::Stopped, code);
}

fn tell(manager: ServiceStatusHandle, state: ServiceState, code: ExitCode) {
    let (controls, wait_hint) = match state {
        ServiceState::Running => (ServiceControlAccept::STOP | ServiceControlAccept::SHUTDOWN, Duration::ZERO),
        _ => (ServiceControlAccept::empty(), STOPS_WITHIN),
    };
    // A manager that does not listen changes nothing about the work.
    let _ = manager.set_service_status(ServiceStatus {
        service_type: ServiceType::OWN_PROCESS,
        current_state: state,
        controls_accepted: controls,
        exit_code: match code {
            ExitCode::Ok => ServiceExitCode::NO_ERROR,
            // The manager starts a service again that ends so, where it is told to.
            code => ServiceExitCode::ServiceSpecific(code as u32),
        },
        checkpoint: 0,
        wait_hint,
        process_id: None,
    });
}
