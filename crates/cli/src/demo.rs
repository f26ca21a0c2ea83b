//! `portcullis demo`: two organisations, a third, sample applications, and five stories to try.

mod applications;
mod introduction;

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use anyhow::Context as _;
use portcullis_payroll::{PayrollConfiguration, SampleApplication};
use portcullis_server::route::ServerConfiguration;
use portcullis_world::files::Files;
use portcullis_world::{World, demo as world_demo, parse};
use tokio::net::TcpListener;
use url::Url;

use crate::command::{DataOptions, DemoOptions};
use crate::countries;
use crate::demo::introduction::Introduction;
use crate::dev_authority;
use crate::installation::Installation;
use crate::serve::{self, Serving};

/// The port the demo world's files name.
const PAYROLL_PORT_IN_FILES: &str = "http://localhost:8401";

pub(crate) async fn run(options: DemoOptions) -> anyhow::Result<()> {
    let countries = countries::open(options.country_database.as_deref())?;
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let listener = serve::bind(loopback, options.port)?;
    let payroll_listener = serve::bind(loopback, options.payroll_port)?;
    let data = DataOptions {
        data: options.data.clone(),
        master_key_file: None,
    };
    // Held until the demo ends.
    let _claim = claim(&data, options.fresh)?;
    let installation = Installation::open_or_create(&data).await?;
    let payroll_url = serve::local_url(false, payroll_listener.local_addr()?.port())?;
    let world = demo_world(&payroll_url)?;
    let plain = world.credentials.clone();
    let tenants = world.tenants.clone();
    crate::import::import_guarded(&installation, world).await?;

    let tls = match options.tls {
        Some(_) => Some(dev_authority::open_or_create(&installation.folder)?),
        None => None,
    };
    let public_url = serve::local_url(tls.is_some(), listener.local_addr()?.port())?;
    let introduction = Introduction {
        address: &public_url,
        payroll: &payroll_url,
        authority_file: tls.as_ref().map(|tls| tls.authority_file.as_path()),
        data: &options.data,
        tenants: &tenants,
        credentials: &plain,
    };
    let stop = serve::stop_signal()?;
    introduction.print(options.output);

    let applications = applications::sample_applications(&public_url, &tenants, &plain);
    let authority_pem = tls.as_ref().map(|tls| tls.authority_pem.clone());
    let payroll = payroll(
        payroll_listener,
        payroll_url,
        applications,
        authority_pem,
        stop.clone(),
    );
    let serving = Serving {
        installation,
        countries,
        listener,
        configuration: ServerConfiguration {
            trusted_proxies: Vec::new(),
            is_secure: tls.is_some(),
            back_channel_to_loopback: true,
            ..ServerConfiguration::default()
        },
        public_url,
        certificate: tls.map(|tls| tls.certificate),
    };
    let (served, played) = tokio::join!(serving.until(stop), payroll);
    served.and(played)
}

/// Plays the sample applications until it is asked to stop.
async fn payroll(
    listener: std::net::TcpListener,
    public_base: Url,
    applications: Vec<SampleApplication>,
    root_certificate_pem: Option<String>,
    mut stop: tokio::sync::watch::Receiver<bool>,
) -> anyhow::Result<()> {
    listener.set_nonblocking(true)?;
    let configuration = PayrollConfiguration {
        listener: TcpListener::from_std(listener)?,
        public_base,
        applications,
        root_certificate_pem,
    };
    let stopped = async move {
        drop(stop.wait_for(|stop| *stop).await);
    };
    portcullis_payroll::serve(configuration, stopped)
        .await
        .context("the sample applications stopped")
}

/// The demo world, with the sample applications where they really listen.
fn demo_world(payroll: &Url) -> anyhow::Result<World> {
    let Files(mut files) = world_demo::two_organisations_files();
    let base = payroll.as_str().trim_end_matches('/');
    for bytes in files.values_mut() {
        if let Ok(text) = std::str::from_utf8(bytes)
            && text.contains(PAYROLL_PORT_IN_FILES)
        {
            *bytes = text.replace(PAYROLL_PORT_IN_FILES, base).into_bytes();
        }
    }
    parse::parse_world(&Files(files))
        .context("the demo world cannot be read; this is a fault of ours")
}

/// The file by which a folder is known to be the demo's; locked while one runs.
const MARK: &str = "demo.lock";

/// Claims the data folder for this run, so that no other demo has it open, and forgets what earlier runs left there when
/// a fresh start is asked for. An installation that no demo made is neither marked nor ever forgotten.
fn claim(data: &DataOptions, fresh: bool) -> anyhow::Result<Option<std::fs::File>> {
    let folder = data.data.as_path();
    let shown = folder.display();
    let mark = folder.join(MARK);
    if Installation::exists(data) && !mark.exists() {
        anyhow::ensure!(
            !fresh,
            "the installation in `{shown}` was not made by `portcullis demo`, nothing was deleted; name another folder with --data"
        );
        return Ok(None);
    }
    crate::installation::create_private(folder)?;
    let file = std::fs::File::create(&mark)
        .with_context(|| format!("cannot write `{}`", mark.display()))?;
    anyhow::ensure!(
        file.try_lock().is_ok(),
        "a demo is running on `{shown}`, nothing was deleted; stop it first, or name another folder with --data"
    );
    if fresh {
        forget(folder)?;
    }
    Ok(Some(file))
}

/// Deletes the files of earlier runs, by name: a folder that holds anything else is left alone.
fn forget(folder: &Path) -> anyhow::Result<()> {
    let files = [
        "portcullis.sqlite",
        "portcullis.sqlite-wal",
        "portcullis.sqlite-shm",
        "master.key",
    ];
    for file in files.map(|file| folder.join(file)) {
        match std::fs::remove_file(&file) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(error).with_context(|| format!("cannot delete `{}`", file.display()));
            }
        }
    }
    Ok(())
}
