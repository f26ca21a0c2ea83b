//! `portcullis serve`: one installation, until it is asked to stop.

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use portcullis_custody::country_database::CountryDatabase;
use portcullis_model::Timestamp;
use portcullis_model::store::Store as _;
use portcullis_server::listen::{self, Certificate};
use portcullis_server::route::{ServerConfiguration, router};
use portcullis_server::tenant_budget::TenantAllowance;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::watch;
use url::Url;

use crate::command::{ServeOptions, TlsMode};
use crate::countries;
use crate::dev_authority;
use crate::installation::Installation;
use crate::output::{self, OutputFormat};

/// How often what has expired is deleted.
const PURGE_EVERY: Duration = Duration::from_mins(5);

pub(crate) async fn run(options: ServeOptions) -> anyhow::Result<()> {
    // What can be refused is refused before a data folder is made.
    let is_tls = options.tls.is_some() || options.tls_certificate.is_some();
    anyhow::ensure!(
        is_tls || options.address.is_loopback() || !options.trusted_proxy.is_empty(),
        "plain HTTP is served on loopback only: give --tls-certificate and --tls-key, or name the proxy that speaks TLS with --trusted-proxy"
    );
    options
        .public_url
        .as_ref()
        .map_or(Ok(()), check_public_url)?;
    let given = given_certificate(&options)?;
    let countries = countries::open(options.country_database.as_deref())?;
    let listener = bind(options.address, options.port)?;
    let installation = Installation::open_or_create(&options.data).await?;
    let (certificate, authority_file) = match options.tls {
        Some(TlsMode::Dev) => {
            let tls = dev_authority::open_or_create(&installation.folder)?;
            (Some(tls.certificate), Some(tls.authority_file))
        }
        None => (given, None),
    };
    let public_url = match options.public_url {
        Some(url) => url,
        None => local_url(is_tls, listener.local_addr()?.port())?,
    };
    let stop = stop_signal()?;
    match options.output {
        OutputFormat::Json => output::line(serde_json::json!({
            "publicUrl": public_url, "authorityFile": authority_file,
        })),
        OutputFormat::Text => output::line(format_args!("Portcullis serves {public_url}")),
    }
    let configuration = ServerConfiguration {
        trusted_proxies: options.trusted_proxy,
        is_secure: public_url.scheme() == "https",
        back_channel_to_loopback: options.tls.is_some(),
        tenant_allowance: TenantAllowance {
            requests_per_second: options.tenant_requests_per_second,
        },
    };
    Serving {
        installation,
        countries,
        public_url,
        listener,
        certificate,
        configuration,
    }
    .until(stop)
    .await
}

/// Everything a server needs, ready to go.
pub(crate) struct Serving {
    pub(crate) installation: Installation,
    pub(crate) countries: Option<Arc<CountryDatabase>>,
    pub(crate) public_url: Url,
    pub(crate) listener: TcpListener,
    pub(crate) certificate: Option<Certificate>,
    pub(crate) configuration: ServerConfiguration,
}

impl Serving {
    /// Serves until `stop` changes, then closes the database.
    pub(crate) async fn until(self, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
        let store = Arc::clone(&self.installation.store);
        let house = Arc::new(
            self.installation
                .house(self.public_url, self.countries.as_ref()),
        );
        let attend = tokio::spawn(countries::attend(
            self.countries,
            Arc::clone(&store) as Arc<_>,
        ));
        let purge = tokio::spawn(purge_expired(Arc::clone(&store)));
        let stopped = async move {
            drop(stop.wait_for(|stop| *stop).await);
        };
        let router = router(house, self.configuration)?;
        let served = listen::serve(router, self.listener, self.certificate, stopped).await;
        purge.abort();
        attend.abort();
        store.close().await;
        Ok(served?)
    }
}

/// Becomes true when the process is asked to stop: Ctrl-C, or SIGTERM. From this call on, not from the first poll: who
/// reads that the server is there may stop it at once.
#[cfg(unix)]
pub(crate) fn stop_signal() -> anyhow::Result<watch::Receiver<bool>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        // Nobody listens any more: then there is nothing to stop.
        let _ = sender.send(true);
    });
    Ok(receiver)
}

/// Becomes true when the process is asked to stop: Ctrl-C.
#[cfg(not(unix))]
pub(crate) fn stop_signal() -> anyhow::Result<watch::Receiver<bool>> {
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        drop(tokio::signal::ctrl_c().await);
        let _ = sender.send(true);
    });
    Ok(receiver)
}

/// Binds a port, and says what to do when it is taken.
pub(crate) fn bind(address: IpAddr, port: u16) -> anyhow::Result<TcpListener> {
    let wanted = SocketAddr::new(address, port);
    TcpListener::bind(wanted).with_context(|| {
        format!("cannot listen on {wanted}: choose another port (0 takes a free one)")
    })
}

/// The URL of a server on this machine. `localhost` and not an address: browsers and clients treat it as their own.
pub(crate) fn local_url(is_tls: bool, port: u16) -> anyhow::Result<Url> {
    let scheme = if is_tls { "https" } else { "http" };
    Ok(Url::parse(&format!("{scheme}://localhost:{port}"))?)
}

fn check_public_url(url: &Url) -> anyhow::Result<()> {
    let is_loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    anyhow::ensure!(
        url.scheme() == "https" || (url.scheme() == "http" && is_loopback),
        "the public URL `{url}` must begin with https; http is for loopback only"
    );
    anyhow::ensure!(
        url.path() == "/" && url.query().is_none() && url.fragment().is_none(),
        "the public URL `{url}` must have no path, query or fragment"
    );
    Ok(())
}

/// The certificate files, tried once, so that a wrong one is told before anything is served.
fn given_certificate(options: &ServeOptions) -> anyhow::Result<Option<Certificate>> {
    let (Some(chain), Some(key)) = (&options.tls_certificate, &options.tls_key) else {
        return Ok(None);
    };
    let read = |file: &Path| {
        std::fs::read(file).with_context(|| format!("cannot read `{}`", file.display()))
    };
    let certificate = Certificate {
        chain_pem: read(chain)?,
        key_pem: read(key)?,
    };
    check_certificate(&certificate).with_context(|| {
        let (chain, key) = (chain.display(), key.display());
        format!("the certificate `{chain}` and the key `{key}` cannot be used")
    })?;
    Ok(Some(certificate))
}

fn check_certificate(certificate: &Certificate) -> anyhow::Result<()> {
    let chain = CertificateDer::pem_slice_iter(&certificate.chain_pem)
        .collect::<Result<Vec<_>, _>>()
        .context("the certificate file is no PEM")?;
    anyhow::ensure!(
        !chain.is_empty(),
        "the certificate file holds no certificate"
    );
    let key = PrivateKeyDer::from_pem_slice(&certificate.key_pem)
        .context("the key file holds no private key in PEM")?;
    rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("the private key does not belong to the certificate")?;
    Ok(())
}

async fn purge_expired(store: Arc<portcullis_store::SqliteStore>) {
    let mut every = tokio::time::interval(PURGE_EVERY);
    loop {
        every.tick().await;
        match store.purge_expired(Timestamp::now()).await {
            Ok(rows) => tracing::debug!(rows, "deleted what has expired"),
            Err(error) => tracing::warn!(%error, "could not delete what has expired"),
        }
    }
}
