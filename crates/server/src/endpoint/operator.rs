//! For whoever runs the server: is it alive, is it ready, how is it doing.

use std::sync::{Arc, OnceLock};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::app::App;
use crate::arrival::Arrival;
use crate::respond;

/// The process's metrics: the recorder behind the `metrics` macros is one per process by their nature.
static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Begins to count, once per process.
pub(crate) fn record_metrics() {
    RECORDER.get_or_init(|| {
        let recorder = PrometheusBuilder::new()
            .set_buckets(&[0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0])
            .ok()?
            .build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).ok()?;
        Some(handle)
    });
}

/// The process answers.
pub(crate) async fn health() -> Response {
    respond::content("text/plain; charset=utf-8", "ok\n")
}

/// The process can do its work: the store answers.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Response {
    match app.house.store.ping().await {
        Ok(()) => respond::content("text/plain; charset=utf-8", "ready\n"),
        Err(error) => {
            tracing::error!(%error, "the store does not answer");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// The metrics in Prometheus' text form; for this machine only, since they tell how busy whom is.
pub(crate) async fn metrics(arrival: Arrival) -> Response {
    match RECORDER.get().and_then(Option::as_ref) {
        Some(recorder) if arrival.ip_address.is_loopback() => {
            respond::content("text/plain; version=0.0.4", recorder.render())
        }
        Some(_) | None => StatusCode::NOT_FOUND.into_response(),
    }
}
