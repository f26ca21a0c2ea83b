//! A browser or daemon that goes through one flow again and again.

use anyhow::Context as _;
use portcullis_testkit::remote::client::{RemoteClient, TokenAnswer};
use portcullis_testkit::remote::world::{self, Algorithm};
use url::Url;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Password,
    Silent,
    ClientCredentials,
    Refresh,
}

impl Flow {
    pub(crate) const ALL: [Self; 4] = [
        Self::Password,
        Self::Silent,
        Self::ClientCredentials,
        Self::Refresh,
    ];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Password => "(a) password sign-in with code redemption",
            Self::Silent => "(b) silent re-authorize",
            Self::ClientCredentials => "(c) client_credentials",
            Self::Refresh => "(d) refresh",
        }
    }
}

/// One browser or daemon.
pub(crate) struct Visitor {
    client: RemoteClient,
    base: Url,
    algorithm: Algorithm,
    number: usize,
    refresh_token: String,
}

impl Visitor {
    pub(crate) fn new(base: &Url, algorithm: Algorithm, number: usize) -> anyhow::Result<Self> {
        Ok(Self {
            client: RemoteClient::new(base, algorithm)?,
            base: base.clone(),
            algorithm,
            number,
            refresh_token: String::new(),
        })
    }

    /// What the flow takes for granted: a session, or a refresh token.
    pub(crate) async fn prepare(&mut self, flow: Flow) -> anyhow::Result<()> {
        match flow {
            Flow::Password | Flow::ClientCredentials => Ok(()),
            Flow::Silent | Flow::Refresh => self.sign_in().await,
        }
    }

    /// The flow, once.
    pub(crate) async fn run(&mut self, flow: Flow) -> anyhow::Result<()> {
        match flow {
            Flow::Password => {
                self.client = RemoteClient::new(&self.base, self.algorithm)?;
                self.sign_in().await
            }
            Flow::Silent => self.client.authorize_silently().await.map(drop),
            Flow::ClientCredentials => {
                let scope = self.client.own_scope();
                self.client.client_credentials(&scope).await?.granted()?;
                Ok(())
            }
            Flow::Refresh => {
                let token = std::mem::take(&mut self.refresh_token);
                let answer = self.client.refresh(&token).await?.granted()?;
                self.keep_refresh_token(&answer)
            }
        }
    }

    /// Name, password, no further questions; then the code is redeemed.
    async fn sign_in(&mut self) -> anyhow::Result<()> {
        let code = self.client.sign_in(&world::name(self.number)).await?;
        let answer = self.client.redeem(&code).await?.granted()?;
        self.keep_refresh_token(&answer)
    }

    fn keep_refresh_token(&mut self, answer: &TokenAnswer) -> anyhow::Result<()> {
        let token = answer.text("refresh_token").context("no refresh token")?;
        token.clone_into(&mut self.refresh_token);
        Ok(())
    }
}
