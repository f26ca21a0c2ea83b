//! What whoever starts the sample decides: where it listens, which applications it plays, which provider they trust.

use std::fmt;

use tokio::net::TcpListener;
use url::Url;

/// Everything [`crate::serve`] needs.
#[derive(Debug)]
pub struct PayrollConfiguration {
    /// Already bound, so that the caller knows the port.
    pub listener: TcpListener,
    /// The address people type, without a path, for instance `http://localhost:8401`.
    pub public_base: Url,
    /// The applications to play; the first is at home at `/`.
    pub applications: Vec<SampleApplication>,
    /// The authority behind the provider's certificate, when it is a private one (PEM).
    pub root_certificate_pem: Option<String>,
}

/// One application, registered with the provider as a confidential web client.
///
/// The registration needs the redirect URI `{public_base}{path}/callback`, and for the news of sign-outs
/// `{public_base}{path}/frontchannel-logout` and `{public_base}{path}/backchannel-logout`.
#[derive(Clone)]
pub struct SampleApplication {
    /// What people see, for instance `Payroll`.
    pub name: String,
    /// One sentence under the name.
    pub tagline: String,
    /// What the step-up button says, for instance `Approve salaries`.
    pub sensitive_action: String,
    /// Where it lies: empty, or like `/vault`.
    pub path: String,
    /// The provider's issuer; discovery starts here.
    pub issuer: String,
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub client_secret: String,
    /// Scopes on top of `openid`.
    pub scopes: Vec<String>,
    /// How the provider shall send its answer.
    pub answer_mode: AnswerMode,
}

/// How the provider's answer travels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AnswerMode {
    /// In the query of the redirect.
    #[default]
    Query,
    /// In a form that the browser posts.
    FormPost,
}

impl fmt::Debug for SampleApplication {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SampleApplication")
            .field("name", &self.name)
            .field("path", &self.path)
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("client_secret", &"[redacted]")
            .finish_non_exhaustive()
    }
}
