//! A browser with its client application: real HTTP and real forms, no knowledge of the server's code.

use anyhow::Context as _;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::LOCATION;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use crate::remote::world::{Algorithm, PASSWORD, REDIRECT_URI, SECRET, TENANT};

/// The header by which a client names its own correlation id.
const CLIENT_REQUEST_ID: &str = "client-request-id";
/// Pages and redirects of one sign-in at most; more is a loop.
const STEPS_MAX: usize = 20;

/// A code as it was handed out, with what it takes to redeem it.
#[derive(Debug, Clone)]
pub struct HandedCode {
    /// The code.
    pub code: String,
    /// The PKCE verifier of its request.
    pub verifier: String,
    /// The correlation id of its request.
    pub correlation_id: Uuid,
}

/// What the token endpoint says: the status, and the JSON.
#[derive(Debug, Clone)]
pub struct TokenAnswer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body.
    pub body: Value,
}

impl TokenAnswer {
    /// A member of the body, if it is text.
    pub fn text(&self, member: &str) -> Option<&str> {
        self.body.get(member).and_then(Value::as_str)
    }

    /// The answer, if it hands out an access token.
    pub fn granted(self) -> anyhow::Result<Self> {
        anyhow::ensure!(
            self.status == StatusCode::OK && self.text("access_token").is_some(),
            "{}: {}",
            self.status,
            self.body
        );
        Ok(self)
    }
}

/// A request that was sent to the authorization endpoint.
struct AuthorizeRequest {
    url: Url,
    verifier: String,
    correlation_id: Uuid,
}

/// One browser, and the confidential client whose application it uses. Clones share their cookies.
#[derive(Debug, Clone)]
pub struct RemoteClient {
    http: Client,
    base: Url,
    algorithm: Algorithm,
}

impl RemoteClient {
    /// A browser without cookies.
    pub fn new(base: &Url, algorithm: Algorithm) -> anyhow::Result<Self> {
        let http = Client::builder()
            .redirect(Policy::none())
            .cookie_store(true)
            .build()?;
        Ok(Self {
            http,
            base: base.clone(),
            algorithm,
        })
    }

    /// Name, password, no further questions.
    pub async fn sign_in(&self, name: &str) -> anyhow::Result<HandedCode> {
        let request = self.authorize_request(None)?;
        let correlation_id = request.correlation_id.to_string();
        let mut url = request.url;
        let ask = self.http.get(url.clone());
        let mut response = ask
            .header(CLIENT_REQUEST_ID, &correlation_id)
            .send()
            .await?;
        for _ in 0..STEPS_MAX {
            if response.status().is_redirection() {
                url = location(&response)?;
                if url.as_str().starts_with(REDIRECT_URI) {
                    return Ok(HandedCode {
                        code: query(&url, "code").with_context(|| format!("no code in {url}"))?,
                        verifier: request.verifier,
                        correlation_id: request.correlation_id,
                    });
                }
                response = self.http.get(url.clone()).send().await?;
                continue;
            }
            let (action, fields) = fill_in(&response.text().await?, name)?;
            url = url.join(&action)?;
            response = self.http.post(url.clone()).form(&fields).send().await?;
        }
        anyhow::bail!("no end of pages: the last was {url}")
    }

    /// Asks for a code with the session alone (`prompt=none`).
    pub async fn authorize_silently(&self) -> anyhow::Result<HandedCode> {
        let request = self.authorize_request(Some("none"))?;
        let ask = self.http.get(request.url);
        let ask = ask.header(CLIENT_REQUEST_ID, request.correlation_id.to_string());
        let there = location(&ask.send().await?)?;
        Ok(HandedCode {
            code: query(&there, "code").with_context(|| format!("no code in {there}"))?,
            verifier: request.verifier,
            correlation_id: request.correlation_id,
        })
    }

    /// Presents a code.
    pub async fn redeem(&self, code: &HandedCode) -> anyhow::Result<TokenAnswer> {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", &code.code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", &code.verifier),
        ])
        .await
    }

    /// Presents a refresh token.
    pub async fn refresh(&self, token: &str) -> anyhow::Result<TokenAnswer> {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)])
            .await
    }

    /// Asks for a token of the client itself.
    pub async fn client_credentials(&self, scope: &str) -> anyhow::Result<TokenAnswer> {
        self.token(&[("grant_type", "client_credentials"), ("scope", scope)])
            .await
    }

    /// The scope of the client's own application: it is client and resource at once.
    pub fn own_scope(&self) -> String {
        format!("api://{}/.default", self.algorithm.client_id())
    }

    /// Reads JSON with an access token.
    pub async fn read(&self, url: Url, access_token: &str) -> anyhow::Result<Value> {
        let response = self.http.get(url).bearer_auth(access_token).send().await?;
        let status = response.status();
        let text = response.text().await?;
        anyhow::ensure!(status == StatusCode::OK, "{status}: {text}");
        Ok(serde_json::from_str(&text)?)
    }

    async fn token(&self, form: &[(&str, &str)]) -> anyhow::Result<TokenAnswer> {
        let mut form = form.to_vec();
        form.extend([
            ("client_id", self.algorithm.client_id()),
            ("client_secret", SECRET),
        ]);
        let url = self.base.join(&format!("{TENANT}/oauth2/v2.0/token"))?;
        let response = self.http.post(url).form(&form).send().await?;
        let status = response.status();
        Ok(TokenAnswer {
            status,
            body: response.json().await?,
        })
    }

    fn authorize_request(&self, prompt: Option<&str>) -> anyhow::Result<AuthorizeRequest> {
        let verifier = format!("{}{}", unique().simple(), unique().simple());
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        let mut url = self.base.join(&format!("{TENANT}/oauth2/v2.0/authorize"))?;
        url.query_pairs_mut()
            .append_pair("client_id", self.algorithm.client_id())
            .append_pair("response_type", "code")
            .append_pair("redirect_uri", REDIRECT_URI)
            .append_pair("scope", "openid profile offline_access")
            .append_pair("state", &unique().to_string())
            .append_pair("nonce", &unique().to_string())
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .extend_pairs(prompt.map(|prompt| ("prompt", prompt)));
        Ok(AuthorizeRequest {
            url,
            verifier,
            correlation_id: unique(),
        })
    }
}

/// An id that nobody used before. Clients come from outside: the house's clock and chance are not theirs.
#[expect(
    clippy::disallowed_methods,
    reason = "a client of the binary makes its ids as clients do; no test depends on which they are"
)]
fn unique() -> Uuid {
    Uuid::new_v4()
}

/// The action and the fields of a page's form, answered.
fn fill_in(html: &str, name: &str) -> anyhow::Result<(String, Vec<(String, String)>)> {
    let refused = || {
        let beginning: String = html.chars().take(4000).collect();
        anyhow::anyhow!("a page without a form: {beginning}")
    };
    let (_, form) = html
        .split_once("<form method=\"post\" action=\"")
        .ok_or_else(refused)?;
    let (action, rest) = form.split_once('"').ok_or_else(refused)?;
    let mut fields: Vec<(String, String)> = rest
        .split("<input type=\"hidden\" name=\"")
        .skip(1)
        .filter_map(|input| {
            let (name, rest) = input.split_once("\" value=\"")?;
            let (value, _) = rest.split_once('"')?;
            Some((name.to_owned(), value.replace("&amp;", "&")))
        })
        .collect();
    let kind = fields.iter().find(|(name, _)| name == "form");
    let (field, answer) = match kind.map(|(_, kind)| kind.as_str()) {
        Some("user-name") => ("name", name),
        Some("password") => ("password", PASSWORD),
        Some("stay-signed-in") => ("choice", "leave"),
        other => anyhow::bail!("an unexpected form {other:?}"),
    };
    fields.push((field.to_owned(), answer.to_owned()));
    Ok((action.replace("&amp;", "&"), fields))
}

fn location(response: &Response) -> anyhow::Result<Url> {
    let header = response.headers().get(LOCATION);
    let header = header.with_context(|| format!("no redirect but {}", response.status()))?;
    Ok(response.url().join(header.to_str()?)?)
}

fn query(url: &Url, name: &str) -> Option<String> {
    url.query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}
