//! A browser or daemon that goes through one flow again and again: real HTTP, real forms, no knowledge of the server's code.

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use url::Url;
use uuid::Uuid;

use crate::world::{self, Algorithm, PASSWORD, REDIRECT_URI, SECRET, TENANT};

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
    http: Client,
    base: Url,
    algorithm: Algorithm,
    number: usize,
    refresh_token: String,
}

impl Visitor {
    pub(crate) fn new(base: &Url, algorithm: Algorithm, number: usize) -> anyhow::Result<Self> {
        Ok(Self {
            http: browser()?,
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
                self.http = browser()?;
                self.sign_in().await
            }
            Flow::Silent => {
                let url = self
                    .authorize_url("a-challenge-that-nobody-will-redeem-0000000", Some("none"))?;
                let location = location(&self.http.get(url).send().await?)?;
                anyhow::ensure!(query(&location, "code").is_some(), "no code in {location}");
                Ok(())
            }
            Flow::ClientCredentials => {
                let scope = format!("api://{}/.default", self.algorithm.client_id());
                self.token(&[("grant_type", "client_credentials"), ("scope", &scope)])
                    .await
                    .map(drop)
            }
            Flow::Refresh => {
                let token = std::mem::take(&mut self.refresh_token);
                let answer = self
                    .token(&[("grant_type", "refresh_token"), ("refresh_token", &token)])
                    .await?;
                self.keep_refresh_token(&answer)
            }
        }
    }

    /// Name, password, no further questions; then the code is redeemed.
    async fn sign_in(&mut self) -> anyhow::Result<()> {
        let verifier = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
        let challenge = URL_SAFE_NO_PAD.encode(digest.as_ref());
        let mut url = self.authorize_url(&challenge, None)?;
        let mut response = self.http.get(url.clone()).send().await?;
        let code = loop {
            if response.status().is_redirection() {
                let next = url.join(location(&response)?.as_str())?;
                if next.as_str().starts_with(REDIRECT_URI) {
                    break query(&next, "code").with_context(|| format!("no code in {next}"))?;
                }
                url = next;
                response = self.http.get(url.clone()).send().await?;
                continue;
            }
            let html = response.text().await?;
            let (action, fields) = self.fill_in(&html)?;
            url = url.join(&action)?;
            response = self.http.post(url.clone()).form(&fields).send().await?;
        };
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", verifier.as_str()),
        ];
        let answer = self.token(&form).await?;
        self.keep_refresh_token(&answer)
    }

    fn keep_refresh_token(&mut self, answer: &serde_json::Value) -> anyhow::Result<()> {
        let token = answer
            .get("refresh_token")
            .and_then(serde_json::Value::as_str);
        token
            .context("no refresh token")?
            .clone_into(&mut self.refresh_token);
        Ok(())
    }

    async fn token(&self, form: &[(&str, &str)]) -> anyhow::Result<serde_json::Value> {
        let mut form = form.to_vec();
        form.extend([
            ("client_id", self.algorithm.client_id()),
            ("client_secret", SECRET),
        ]);
        let url = self.base.join(&format!("{TENANT}/oauth2/v2.0/token"))?;
        let response = self.http.post(url).form(&form).send().await?;
        let status = response.status();
        let answer: serde_json::Value = response.json().await?;
        anyhow::ensure!(status == StatusCode::OK, "{status}: {answer}");
        Ok(answer)
    }

    fn authorize_url(&self, challenge: &str, prompt: Option<&str>) -> anyhow::Result<Url> {
        let mut url = self.base.join(&format!("{TENANT}/oauth2/v2.0/authorize"))?;
        url.query_pairs_mut()
            .append_pair("client_id", self.algorithm.client_id())
            .append_pair("response_type", "code")
            .append_pair("redirect_uri", REDIRECT_URI)
            .append_pair("scope", "openid profile offline_access")
            .append_pair("state", &Uuid::new_v4().to_string())
            .append_pair("nonce", &Uuid::new_v4().to_string())
            .append_pair("code_challenge", challenge)
            .append_pair("code_challenge_method", "S256")
            .extend_pairs(prompt.map(|prompt| ("prompt", prompt)));
        Ok(url)
    }

    /// The fields of a page's form, answered.
    fn fill_in(&self, html: &str) -> anyhow::Result<(String, Vec<(String, String)>)> {
        let refused = || {
            anyhow::anyhow!(
                "a page without a form: {}",
                html.chars().take(4000).collect::<String>()
            )
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
        let kind = fields
            .iter()
            .find(|(name, _)| name == "form")
            .map(|(_, kind)| kind.clone());
        let answer = match kind.as_deref() {
            Some("user-name") => ("name", world::name(self.number)),
            Some("password") => ("password", PASSWORD.to_owned()),
            Some("stay-signed-in") => ("choice", "leave".to_owned()),
            other => anyhow::bail!("an unexpected form {other:?}"),
        };
        fields.push((answer.0.to_owned(), answer.1));
        Ok((action.replace("&amp;", "&"), fields))
    }
}

fn browser() -> anyhow::Result<Client> {
    let client = Client::builder()
        .redirect(Policy::none())
        .cookie_store(true)
        .build()?;
    Ok(client)
}

fn location(response: &Response) -> anyhow::Result<Url> {
    let header = response.headers().get(reqwest::header::LOCATION);
    let text = header.context("no redirect")?.to_str()?;
    Url::parse(text).or_else(|_| Ok(response.url().join(text)?))
}

fn query(url: &Url, name: &str) -> Option<String> {
    url.query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}
