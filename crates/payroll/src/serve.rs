//! Starts the sample and ends it when it is told to.

use std::future::Future;
use std::sync::Arc;

use axum::Router;

use crate::configuration::{PayrollConfiguration, SampleApplication};
use crate::http_client::{Authorities, HttpClient};
use crate::relying_party::RelyingParty;
use crate::routes::routes;

/// Why the sample could not be started or went on no longer.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The client could not be built, most likely because of the root certificate.
    #[error("cannot build the HTTP client; is the root certificate valid PEM?")]
    HttpClient(#[source] reqwest::Error),
    /// Two applications lie at one place.
    #[error("two sample applications lie at `{path}`; give each its own path")]
    PathTaken {
        /// The place.
        path: String,
    },
    /// A path that is not empty and not like `/vault`.
    #[error("the path `{path}` of a sample application is not empty and not like `/vault`")]
    PathMalformed {
        /// The place.
        path: String,
    },
    /// The socket failed.
    #[error("the sample can no longer listen")]
    Socket(#[source] std::io::Error),
}

/// Serves the applications until `shutdown` is done; requests under way are finished.
pub async fn serve(
    configuration: PayrollConfiguration,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let PayrollConfiguration {
        listener,
        public_base,
        applications,
        root_certificate_pem,
    } = configuration;
    check_paths(&applications)?;
    let authorities = authorities(&applications, root_certificate_pem.as_deref());
    let http = Arc::new(HttpClient::new(&authorities).map_err(ServeError::HttpClient)?);
    let mut router = Router::new();
    for application in &applications {
        let others = applications
            .iter()
            .filter(|other| other.path != application.path);
        let neighbours = others
            .map(|other| (other.name.clone(), home_path(other)))
            .collect();
        let party = RelyingParty::new(
            application.clone(),
            &public_base,
            neighbours,
            Arc::clone(&http),
        );
        router = router.merge(routes(Arc::new(party)));
    }
    axum::serve(listener, router)
        .with_graceful_shutdown(shutdown)
        .await
        .map_err(ServeError::Socket)
}

fn home_path(application: &SampleApplication) -> String {
    if application.path.is_empty() {
        "/".to_owned()
    } else {
        application.path.clone()
    }
}

fn check_paths(applications: &[SampleApplication]) -> Result<(), ServeError> {
    let mut taken = std::collections::BTreeSet::new();
    for SampleApplication { path, .. } in applications {
        let plain = |name: &str| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if !path.is_empty() && !path.strip_prefix('/').is_some_and(plain) {
            return Err(ServeError::PathMalformed { path: path.clone() });
        }
        if !taken.insert(path) {
            return Err(ServeError::PathTaken { path: path.clone() });
        }
    }
    Ok(())
}

/// A machine without any certificate can still play the demo in the clear.
fn authorities<'a>(applications: &[SampleApplication], root: Option<&'a str>) -> Authorities<'a> {
    let in_the_clear = applications
        .iter()
        .all(|application| application.issuer.starts_with("http://"));
    match root {
        Some(pem) => Authorities::Only(pem),
        None if in_the_clear => Authorities::Nobody,
        None => Authorities::OfTheMachine,
    }
}
