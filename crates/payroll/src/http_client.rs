//! The one outbound HTTP client: no redirects, short waits, small answers.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

/// An answer of the provider may not be longer than this.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
const CONNECT_SECONDS_MAX: u64 = 5;
const ANSWER_SECONDS_MAX: u64 = 20;

/// Whose certificates are believed.
pub(crate) enum Authorities<'a> {
    /// Those the machine believes.
    OfTheMachine,
    /// Only this one (PEM).
    Only(&'a str),
    /// None: every provider is spoken to in the clear, on this machine.
    Nobody,
}

pub(crate) struct HttpClient(reqwest::Client);

/// Why the provider could not be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    #[error("the provider cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    #[error("the provider's answer is longer than {ANSWER_BYTES_MAX} bytes")]
    TooLong,
    #[error("the provider's answer is not HTTP as it should be")]
    Malformed(#[source] openidconnect::http::Error),
}

impl HttpClient {
    pub(crate) fn new(authorities: &Authorities<'_>) -> Result<Self, reqwest::Error> {
        let builder = reqwest::Client::builder()
            // A provider that redirects could make us fetch anything.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(CONNECT_SECONDS_MAX))
            .timeout(Duration::from_secs(ANSWER_SECONDS_MAX));
        let builder = match authorities {
            Authorities::OfTheMachine => builder,
            Authorities::Only(pem) => {
                builder.tls_certs_only([reqwest::Certificate::from_pem(pem.as_bytes())?])
            }
            Authorities::Nobody => builder.tls_certs_only([]),
        };
        builder.build().map(Self)
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let request = reqwest::Request::try_from(request).map_err(HttpError::Unreachable)?;
        let mut answer = self
            .0
            .execute(request)
            .await
            .map_err(HttpError::Unreachable)?;
        let mut response = openidconnect::http::Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            response = response.header(name, value);
        }
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(HttpError::Unreachable)? {
            if body.len() + piece.len() > ANSWER_BYTES_MAX {
                return Err(HttpError::TooLong);
            }
            body.extend_from_slice(&piece);
        }
        response.body(body).map_err(HttpError::Malformed)
    }
}

impl<'c> AsyncHttpClient<'c> for HttpClient {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.exchange(request))
    }
}
