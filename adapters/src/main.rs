//! The one binary: reads the settings, starts the process, prints the way in, stops on a signal.

use std::process::ExitCode;

use adapters::cli;
use adapters::process::Process;
use adapters::sandbox::Invented;
use adapters::settings::Settings;
use adapters::telemetry;
use tokio::signal::unix::{SignalKind, signal};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    telemetry::start(std::env::var("GANGWAY_LOG").is_ok_and(|format| format == "json"));
    // reqwest takes the process's provider of TLS and panics without one.
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        tracing::debug!("a provider of TLS was installed before");
    }
    if let Some((text, end)) = Box::pin(cli::run(std::env::args_os().skip(1).collect())).await {
        say(&mut std::io::stdout(), &text);
        return end;
    }
    let started = match Settings::read() {
        Ok((settings, figment)) => Box::pin(Process::start(settings, figment)).await,
        Err(error) => Err(error.into()),
    };
    let process = match started {
        Ok(process) => process,
        Err(error) => {
            say(
                &mut std::io::stderr(),
                &format!("gangway did not start: {error}\n"),
            );
            return ExitCode::from(78);
        }
    };
    if let Some(invented) = &process.invented {
        say(&mut std::io::stdout(), &welcome(&process, invented));
    }
    tracing::info!(public_url = process.public_url, admin = %process.admin, "ready");
    wait_for_signal().await;
    tracing::info!("stopping: work under way is finished or left due");
    process.stop().await;
    ExitCode::SUCCESS
}

async fn wait_for_signal() {
    let interrupted = signal(SignalKind::interrupt());
    let terminated = signal(SignalKind::terminate());
    let (Ok(mut interrupted), Ok(mut terminated)) = (interrupted, terminated) else {
        tracing::error!("signals cannot be heard on this system; stop the process by a kill");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
}

/// What someone who just typed one command needs to go on.
fn welcome(process: &Process, invented: &Invented) -> String {
    let url = &process.public_url;
    let meta = process
        .simulator
        .as_ref()
        .map_or("", |simulator| simulator.url());
    let link = invented.demo_link.as_ref().map_or("", |link| link.expose());
    let key = invented.partner_key.expose();
    let token = invented.operator_token.expose();
    let admin = process.admin;
    format!(
        "
Gangway sandbox. Everything stays on this machine; Meta is simulated.

  Client's link    {link}
  Partner key      {key}
  Partner API      {url}/v1/onboardings
  Console          {url}/console
  Operator token   {token}
  Simulated Meta   {meta}
  Metrics, probes  http://{admin}/metrics

Open the link, click through the simulated signup, and watch the console.

Another link:
  curl -X POST {url}/v1/onboardings -H 'Authorization: Bearer {key}' \\
       -H 'Content-Type: application/json' -d '{{\"external_id\":\"cust-42\"}}'

Try a failure: Meta answers the next two registrations with an error
  curl -X POST {meta}/control/scenario \\
       -d '{{\"endpoint\":\"register\",\"effect\":\"fail\",\"times\":2,\"error\":{{\"code\":131016,\"http\":500}}}}'
or make a link with \"external_id\":\"sim:pin_mismatch\" (also sim:code_expired, sim:otp_needed,
sim:graph_down_60s, sim:register_rate_limited, sim:name_pending, sim:coexistence).
Kill this process at any moment and start it again: it goes on where it was.

"
    )
}

/// Writes to a person; a closed pipe is no reason to stop.
fn say(to: &mut impl std::io::Write, text: &str) {
    if to
        .write_all(text.as_bytes())
        .and_then(|()| to.flush())
        .is_err()
    {
        tracing::debug!("nobody reads what is printed");
    }
}
