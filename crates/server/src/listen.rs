//! Listens: TLS by itself or plain HTTP, answers what is in flight when asked to stop, and then ends.

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum_server::tls_rustls::RustlsConfig;
use axum_server::{Address, Handle, Server};
use tokio::sync::watch;

/// How long requests in flight may take once the server was asked to stop.
const GRACE: Duration = Duration::from_secs(10);
/// How long the connections have to close once the last request is answered: the answer's bytes leave, HTTP/2 peers say
/// farewell. Who does not is gone or asks nothing.
const FAREWELL: Duration = Duration::from_secs(1);

/// How long the headers of a request may take to arrive; also how long an idle connection is kept.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// Request line and headers: authorization requests carry up to 32 KiB of parameters.
const HEADER_BYTES_MAX: usize = 64 * 1024;
const HEADER_LIST_BYTES_MAX: u32 = 64 * 1024;
const STREAMS_MAX: u32 = 100;
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// A certificate chain and its private key, both PEM.
pub struct Certificate {
    /// Leaf first.
    pub chain_pem: Vec<u8>,
    /// PKCS#8, PKCS#1 or SEC 1.
    pub key_pem: Vec<u8>,
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The certificate or key cannot be used.
    #[error("the TLS certificate or its private key cannot be used")]
    Certificate(#[source] std::io::Error),
    /// The listener failed.
    #[error("cannot serve on {address}")]
    Serve {
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
}

/// Serves until `shutdown` is done and what was in flight is answered, or the grace of ten seconds is over. Connections that
/// ask nothing are closed at once, those that do not say so within a second.
pub async fn serve(
    router: Router,
    listener: TcpListener,
    certificate: Option<Certificate>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ListenError> {
    let unknown = SocketAddr::from(([0, 0, 0, 0], 0));
    let address = listener.local_addr().unwrap_or(unknown);
    let failed = |cause| ListenError::Serve { address, cause };
    listener.set_nonblocking(true).map_err(failed)?;
    let handle = Handle::new();
    let in_flight = InFlight::default();
    let (stopping, answered) = (handle.clone(), in_flight.clone());
    tokio::spawn(async move {
        shutdown.await;
        stopping.graceful_shutdown(Some(GRACE));
        answered.none_left().await;
        tokio::time::sleep(FAREWELL).await;
        stopping.shutdown();
    });
    let service = router
        .layer(from_fn_with_state(in_flight, hold))
        .into_make_service_with_connect_info::<SocketAddr>();
    if let Some(certificate) = certificate {
        let tls = RustlsConfig::from_pem(certificate.chain_pem, certificate.key_pem)
            .await
            .map_err(ListenError::Certificate)?;
        let mut server = axum_server::from_tcp_rustls(listener, tls).map_err(failed)?;
        limit(&mut server);
        return server.handle(handle).serve(service).await.map_err(failed);
    }
    let mut server = axum_server::from_tcp(listener).map_err(failed)?;
    limit(&mut server);
    server.handle(handle).serve(service).await.map_err(failed)
}

/// The requests that are being answered: each holds a receiver of the channel, on which nothing is ever sent.
#[derive(Debug, Clone, Default)]
struct InFlight(Arc<watch::Sender<()>>);

impl InFlight {
    async fn none_left(&self) {
        self.0.closed().await;
    }
}

async fn hold(State(in_flight): State<InFlight>, request: Request, next: Next) -> Response {
    let _held = in_flight.0.subscribe();
    next.run(request).await
}

/// Headers arrive soon and are few, whoever sends them: half a request held open costs nothing for long.
fn limit<A: Address, Acceptor>(server: &mut Server<A, Acceptor>) {
    let builder = server.http_builder();
    builder
        .http1()
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(HEADER_BYTES_MAX);
    builder
        .http2()
        .max_header_list_size(HEADER_LIST_BYTES_MAX)
        .max_concurrent_streams(STREAMS_MAX)
        .keep_alive_interval(KEEP_ALIVE);
}
