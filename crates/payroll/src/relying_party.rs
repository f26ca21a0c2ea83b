//! One application at work: sends people to the provider, takes them back, remembers who is in.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use openidconnect::core::{CoreResponseType, CoreTokenResponse};
use openidconnect::{
    AuthenticationFlow, ClientId, CsrfToken, LoginHint, LogoutRequest, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PostLogoutRedirectUrl, Scope,
};
use url::Url;

use crate::claims::Claims;
use crate::configuration::{AnswerMode, SampleApplication};
use crate::cookies::{BrowserCookie, fresh_id};
use crate::http_client::HttpClient;
use crate::provider::{Provider, ProviderError, Tokens, granted_scopes, may_be_new_keys};
use crate::trouble::{ProviderAnswer, Trouble};
use crate::visit::{Answer, Memory, PendingSignIn, Purpose, Visit, locked, seconds};

/// A second step counts for the sensitive action if the sign-in is not older than this.
const STEP_UP_SECONDS_MAX: u32 = 300;
/// Clocks may differ by this much.
const CLOCK_SECONDS: i64 = 60;
/// The claims parameter that demands a second step.
const DEMAND_MFA: &str =
    r#"{"id_token":{"amr":{"essential":true,"values":["mfa"]},"auth_time":{"essential":true}}}"#;
/// What the provider says of itself is asked again after this.
const DISCOVERY_SECONDS_MAX: u64 = 600;
/// New keys are looked for no more often than this.
const DISCOVERY_SECONDS_MIN: u64 = 30;

pub(crate) struct RelyingParty {
    pub(crate) application: SampleApplication,
    pub(crate) cookie: BrowserCookie,
    pub(crate) memory: Memory,
    /// The other applications of the house, name and address.
    pub(crate) neighbours: Vec<(String, String)>,
    redirect_uri: String,
    http: Arc<HttpClient>,
    provider: tokio::sync::Mutex<Option<(Instant, Arc<Provider>)>>,
}

impl RelyingParty {
    pub(crate) fn new(
        application: SampleApplication,
        public_base: &Url,
        neighbours: Vec<(String, String)>,
        http: Arc<HttpClient>,
    ) -> Self {
        let base = public_base.as_str().trim_end_matches('/');
        Self {
            cookie: BrowserCookie::new(&application.path, public_base.scheme()),
            redirect_uri: format!("{base}{}/callback", application.path),
            memory: Memory::new(),
            provider: tokio::sync::Mutex::new(None),
            application,
            neighbours,
            http,
        }
    }

    /// Sends a browser to the provider; answers where to.
    pub(crate) async fn begin(&self, browser: &str, purpose: Purpose) -> Result<Url, Trouble> {
        let provider = self.provider(DISCOVERY_SECONDS_MAX).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = provider
            .client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(self.application.scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(challenge);
        if self.application.answer_mode == AnswerMode::FormPost {
            request = request.add_extra_param("response_mode", "form_post");
        }
        match &purpose {
            Purpose::SignIn => {}
            Purpose::StepUp => {
                let age = Duration::from_secs(u64::from(STEP_UP_SECONDS_MAX));
                request = request
                    .add_extra_param("claims", DEMAND_MFA)
                    .set_max_age(age);
            }
            Purpose::Challenge { claims } => {
                request = request.add_extra_param("claims", claims.clone());
            }
        }
        if let Some(hint) = self.login_hint(browser) {
            request = request.set_login_hint(LoginHint::new(hint));
        }
        let (location, state, nonce) = request.url();
        let begun_at = SystemTime::now();
        let pending = PendingSignIn {
            browser: browser.to_owned(),
            nonce,
            verifier,
            purpose,
            begun_at,
        };
        locked(&self.memory.pending).insert(state.into_secret(), pending);
        Ok(location)
    }

    /// Takes the provider's answer; answers the new id of the browser, which is in now.
    pub(crate) async fn complete(&self, browser: &str, answer: Answer) -> Result<String, Trouble> {
        let state = answer.state.as_deref().unwrap_or_default();
        let pending = locked(&self.memory.pending)
            .take(state)
            .ok_or(Trouble::UnknownSignIn)?;
        // Whoever carries somebody else's answer into this browser stops here.
        if pending.browser != browser || pending.is_over(SystemTime::now()) {
            return Err(Trouble::UnknownSignIn);
        }
        let provider = self.provider(DISCOVERY_SECONDS_MAX).await?;
        if answer
            .iss
            .as_ref()
            .is_some_and(|issuer| *issuer != provider.issuer)
        {
            return Err(Trouble::AnotherIssuer);
        }
        let code = match (answer.error, answer.code) {
            (None, Some(code)) => code,
            (error, _) => {
                return Err(Trouble::Refused(ProviderAnswer {
                    error: error.unwrap_or_else(|| "no code and no error".to_owned()),
                    description: answer.error_description,
                    address: answer.error_uri,
                }));
            }
        };
        let redeemed = provider.redeem(code, pending.verifier, &self.http).await;
        let tokens = match redeemed.map_err(Trouble::Provider)? {
            Tokens::Granted(tokens) => tokens,
            Tokens::Refused(refusal) => return Err(Trouble::TokensRefused(refusal)),
        };
        let id_token = match provider.id_token(&tokens, &pending.nonce) {
            Err(error) if may_be_new_keys(&error) => {
                let provider = self.provider(DISCOVERY_SECONDS_MIN).await?;
                provider.id_token(&tokens, &pending.nonce)
            }
            outcome => outcome,
        };
        let id_token = id_token.map_err(Trouble::Provider)?;
        let claims = Claims::of_verified(&id_token.to_string()).ok_or(unreadable())?;
        let visit = Visit {
            refresh_token: tokens.refresh_token().cloned(),
            scopes: granted_scopes(&tokens),
            expires_at: expiry(&tokens),
            refreshed: 0,
            approved_at: None,
            challenge: None,
            id_token,
            claims,
        };
        self.admit(browser, visit, &pending.purpose)
    }

    /// Lets somebody in under a new browser id, so that an id planted before the sign-in is worth nothing.
    fn admit(&self, browser: &str, mut visit: Visit, purpose: &Purpose) -> Result<String, Trouble> {
        let mut visits = locked(&self.memory.visits);
        match purpose {
            Purpose::SignIn | Purpose::Challenge { .. } => {}
            Purpose::StepUp => {
                let before = visits.find(browser).ok_or(Trouble::NotSignedIn)?;
                if before.claims.text("sub") != visit.claims.text("sub") {
                    return Err(Trouble::AnotherPerson);
                }
                let now = seconds(SystemTime::now());
                if !is_stepped_up(&visit.claims, now) {
                    return Err(Trouble::StepUpUnmet);
                }
                visit.approved_at = Some(now);
            }
        }
        visits.take(browser);
        let fresh = fresh_id();
        visits.insert(fresh.clone(), visit);
        Ok(fresh)
    }

    /// Asks for new tokens with the refresh token.
    pub(crate) async fn refresh(&self, browser: &str) -> Result<(), Trouble> {
        let (refresh_token, subject) = {
            let visits = locked(&self.memory.visits);
            let visit = visits.find(browser).ok_or(Trouble::NotSignedIn)?;
            let token = visit.refresh_token.clone().ok_or(Trouble::NoRefreshToken)?;
            (token, visit.claims.text("sub").map(str::to_owned))
        };
        let provider = self.provider(DISCOVERY_SECONDS_MAX).await?;
        let refreshed = provider.refresh(&refresh_token, &self.http).await;
        let tokens = match refreshed.map_err(Trouble::Provider)? {
            Tokens::Granted(tokens) => tokens,
            Tokens::Refused(refusal) => {
                if let Some(visit) = locked(&self.memory.visits).find_mut(browser) {
                    visit.challenge.clone_from(&refusal.claims);
                }
                return Err(Trouble::TokensRefused(refusal));
            }
        };
        let id_token = provider
            .refreshed_id_token(&tokens)
            .map_err(Trouble::Provider)?;
        let mut visits = locked(&self.memory.visits);
        let visit = visits.find_mut(browser).ok_or(Trouble::NotSignedIn)?;
        if let Some(id_token) = id_token {
            let claims = Claims::of_verified(&id_token.to_string()).ok_or(unreadable())?;
            if claims.text("sub") != subject.as_deref() {
                return Err(Trouble::AnotherPerson);
            }
            visit.claims = claims;
            visit.id_token = id_token;
        }
        // Refresh tokens rotate: the old one is worth nothing now.
        if let Some(rotated) = tokens.refresh_token() {
            visit.refresh_token = Some(rotated.clone());
        }
        visit.expires_at = expiry(&tokens);
        visit.refreshed = visit.refreshed.saturating_add(1);
        visit.challenge = None;
        Ok(())
    }

    /// Forgets the visit; answers where the browser can sign out of the provider as well.
    pub(crate) async fn sign_out(&self, browser: &str) -> Result<Url, Trouble> {
        let visit = locked(&self.memory.visits)
            .take(browser)
            .ok_or(Trouble::NotSignedIn)?;
        let provider = self.provider(DISCOVERY_SECONDS_MAX).await?;
        let end_session = provider.end_session().map_err(Trouble::Provider)?;
        let back = PostLogoutRedirectUrl::new(self.redirect_uri.clone());
        let back = back.map_err(|cause| Trouble::Provider(ProviderError::Address(cause)))?;
        Ok(LogoutRequest::from(end_session)
            .set_id_token_hint(&visit.id_token)
            .set_client_id(ClientId::new(self.application.client_id.clone()))
            .set_post_logout_redirect_uri(back)
            .http_get_url())
    }

    /// The provider's page of sign-outs loaded our address in a frame.
    pub(crate) fn front_channel_logout(
        &self,
        issuer: Option<&str>,
        session: Option<&str>,
    ) -> usize {
        match (issuer, session) {
            (Some(issuer), Some(session)) if issuer == self.application.issuer => {
                locked(&self.memory.visits)
                    .remove_where(|visit| visit.claims.text("sid") == Some(session))
            }
            (_, _) => 0,
        }
    }

    /// The provider itself told us that somebody signed out.
    pub(crate) async fn back_channel_logout(&self, token: &str) -> Result<usize, Trouble> {
        let provider = self.provider(DISCOVERY_SECONDS_MAX).await?;
        let signed_out = match provider.signed_out(token) {
            Err(error) if may_be_new_keys(&error) => self
                .provider(DISCOVERY_SECONDS_MIN)
                .await?
                .signed_out(token),
            outcome => outcome,
        };
        let signed_out = signed_out.map_err(Trouble::Provider)?;
        let ended = |visit: &Visit| match &signed_out.session {
            Some(session) => visit.claims.text("sid") == Some(session),
            None => visit.claims.text("sub") == Some(&signed_out.subject),
        };
        Ok(locked(&self.memory.visits).remove_where(ended))
    }

    fn login_hint(&self, browser: &str) -> Option<String> {
        let visits = locked(&self.memory.visits);
        visits
            .find(browser)?
            .claims
            .text("preferred_username")
            .map(str::to_owned)
    }

    /// The provider, asked about itself if that was longer ago than `seconds_max`.
    async fn provider(&self, seconds_max: u64) -> Result<Arc<Provider>, Trouble> {
        let mut known = self.provider.lock().await;
        if let Some((asked_at, provider)) = known.as_ref()
            && asked_at.elapsed() < Duration::from_secs(seconds_max)
        {
            return Ok(Arc::clone(provider));
        }
        let discovered =
            Provider::discover(&self.application, &self.redirect_uri, &self.http).await;
        let provider = Arc::new(discovered.map_err(Trouble::Provider)?);
        *known = Some((Instant::now(), Arc::clone(&provider)));
        Ok(provider)
    }
}

/// Holds iff the claims show a second step in a recent sign-in. What was asked for must not be taken for what came.
fn is_stepped_up(claims: &Claims, now: i64) -> bool {
    let age_max = i64::from(STEP_UP_SECONDS_MAX) + CLOCK_SECONDS;
    claims.shows_mfa()
        && claims
            .number("auth_time")
            .is_some_and(|at| now.saturating_sub(at) <= age_max)
}

fn expiry(tokens: &CoreTokenResponse) -> Option<i64> {
    tokens
        .expires_in()
        .map(|life| seconds(SystemTime::now() + life))
}

fn unreadable() -> Trouble {
    Trouble::Provider(ProviderError::Unreadable)
}
