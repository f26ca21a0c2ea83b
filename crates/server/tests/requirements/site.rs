//! The server in process, a browser that reads its pages, the people of the demo world, and what a refusal must not leave.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, Request, StatusCode};
use portcullis_model::Timestamp;
use portcullis_model::id::TenantId;
use portcullis_model::sign_in_log::SignIn;
use portcullis_server::route::{ServerConfiguration, router_with};
use portcullis_server::surroundings::Surroundings;
use portcullis_testkit::browser::code_at;
use portcullis_testkit::house::TestHouse;
use serde_json::Value;
use tower::ServiceExt as _;
use url::Url;

pub(crate) const CONTOSO: &str = "c0c0c0c0-0000-4000-8000-000000000001";
pub(crate) const FABRIKAM: &str = "fafafafa-0000-4000-8000-000000000001";
pub(crate) const WOODGROVE: &str = "b0b0b0b0-0000-4000-8000-000000000001";
/// RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// An application: its tenant, id, and address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct App {
    pub(crate) tenant: &'static str,
    pub(crate) client: &'static str,
    pub(crate) callback: &'static str,
}

pub(crate) const PAYROLL: App = App {
    tenant: CONTOSO,
    client: "c0c0c0c0-0004-4000-8000-000000000001",
    callback: "http://localhost:8401/callback",
};
pub(crate) const TIMESHEET: App = App {
    tenant: CONTOSO,
    client: "c0c0c0c0-0004-4000-8000-000000000006",
    callback: "http://localhost:8401/timesheet/callback",
};
pub(crate) const REPORT: App = App {
    tenant: CONTOSO,
    client: "c0c0c0c0-0004-4000-8000-000000000004",
    callback: "",
};
/// A public client.
pub(crate) const MOBILE: App = App {
    tenant: CONTOSO,
    client: "c0c0c0c0-0004-4000-8000-000000000005",
    callback: "http://127.0.0.1",
};
pub(crate) const INTRANET: App = App {
    tenant: FABRIKAM,
    client: "fafafafa-0004-4000-8000-000000000001",
    callback: "http://localhost:8401/intranet/callback",
};

impl App {
    /// A good authorization request, as pairs.
    pub(crate) fn request(self) -> Vec<(String, String)> {
        [
            ("client_id", self.client),
            ("redirect_uri", self.callback),
            ("response_type", "code"),
            ("scope", "openid profile offline_access"),
            ("state", "st-1"),
            ("nonce", "no-1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// A good authorization request with parameters put in place of, or beside, the usual ones.
    pub(crate) fn path_with(self, more: &[(&str, &str)]) -> String {
        path_of(self.tenant, &with(self.request(), more))
    }

    pub(crate) fn path(self) -> String {
        self.path_with(&[])
    }

    pub(crate) fn token_path(self) -> String {
        format!("/{}/oauth2/v2.0/token", self.tenant)
    }
}

/// Pairs with others put in place of those of the same name, or beside them.
pub(crate) fn with(
    mut pairs: Vec<(String, String)>,
    more: &[(&str, &str)],
) -> Vec<(String, String)> {
    for (name, value) in more {
        pairs.retain(|(known, _)| known != name);
        pairs.push(((*name).to_owned(), (*value).to_owned()));
    }
    pairs
}

pub(crate) fn path_of(tenant: &str, pairs: &[(String, String)]) -> String {
    let query = serde_urlencoded::to_string(pairs).unwrap();
    format!("/{tenant}/oauth2/v2.0/authorize?{query}")
}

/// The server under test.
pub(crate) struct Site {
    pub(crate) house: Arc<TestHouse>,
    router: Router,
}

/// What there was before something that must be refused.
pub(crate) struct Before {
    pub(crate) issued: BTreeMap<&'static str, i64>,
    rows: BTreeSet<String>,
    tenant: &'static str,
}

impl Site {
    pub(crate) async fn demo() -> Self {
        Self::of(TestHouse::demo().await)
    }

    /// The demo world, but no administrator has agreed to anything for everybody.
    pub(crate) async fn where_people_consent() -> Self {
        let house = TestHouse::edited(|world| {
            for tenant in &mut world.tenants {
                for principal in tenant.service_principals.iter_mut().flatten() {
                    principal.admin_consented_scopes.clear();
                }
            }
        });
        Self::of(house.await)
    }

    pub(crate) fn of(house: TestHouse) -> Self {
        let house = Arc::new(house);
        let (clock, chance) = (Arc::clone(&house), Arc::clone(&house));
        let surroundings = Surroundings {
            clock: Arc::new(move || -> Timestamp { clock.now() }),
            entropy: Arc::new(move || Box::new(chance.entropy())),
        };
        let configuration = ServerConfiguration {
            is_secure: true,
            trusted_proxies: vec!["127.0.0.1/32".parse().unwrap()],
            ..ServerConfiguration::default()
        };
        let router = router_with(Arc::clone(&house.house), configuration, surroundings).unwrap();
        Self { house, router }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 22).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).body(Body::empty()).unwrap();
        self.send(request).await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = serde_urlencoded::to_string(fields).unwrap();
        self.send(form_request(path, &body)).await
    }

    pub(crate) fn secret(&self, app: App) -> String {
        let mut secrets = self
            .house
            .credentials
            .iter()
            .flat_map(|plain| &plain.client_secrets);
        let found = secrets.find(|secret| secret.client.to_string() == app.client);
        found.unwrap().secret.expose().to_owned()
    }

    /// The form of a redemption, with the application's secret if it has one.
    pub(crate) fn code_form(&self, app: App, code: &str) -> Vec<(String, String)> {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("client_id", app.client),
            ("code", code),
            ("redirect_uri", app.callback),
            ("code_verifier", VERIFIER),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        self.with_secret(app, pairs)
    }

    pub(crate) fn refresh_form(&self, app: App, token: &str) -> Vec<(String, String)> {
        let pairs = [
            ("grant_type", "refresh_token"),
            ("client_id", app.client),
            ("refresh_token", token),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        self.with_secret(app, pairs)
    }

    fn with_secret(&self, app: App, pairs: Vec<(String, String)>) -> Vec<(String, String)> {
        if app == MOBILE {
            return pairs;
        }
        with(pairs, &[("client_secret", &self.secret(app))])
    }

    pub(crate) async fn token(&self, path: &str, pairs: &[(String, String)]) -> Answer {
        let body = serde_urlencoded::to_string(pairs).unwrap();
        self.send(form_request(path, &body)).await
    }

    /// Signs somebody in with a new browser and gives the browser and the code.
    pub(crate) async fn code(&self, app: App, person: &str) -> (Browser<'_>, String) {
        let mut browser = Browser::new(self);
        let end = browser.sign_in(&app.path(), person).await;
        let code = at_client(&end).remove("code").expect("a code");
        (browser, code)
    }

    /// Signs somebody in and redeems the code.
    pub(crate) async fn tokens(&self, app: App, person: &str) -> (Browser<'_>, Value) {
        let (browser, code) = self.code(app, person).await;
        let form = self.code_form(app, &code);
        let answer = self.token(&app.token_path(), &form).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        (browser, answer.json())
    }

    /// A token for Graph that the mobile application was given for this person.
    pub(crate) async fn delegated(&self, person: &str, scope: &str) -> String {
        let mut browser = Browser::new(self);
        let path = MOBILE.path_with(&[("scope", scope)]);
        let end = browser.sign_in(&path, person).await;
        let form = self.code_form(MOBILE, &at_client(&end)["code"]);
        let tokens = self.token(&MOBILE.token_path(), &form).await.json();
        tokens["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn refresh(&self, app: App, token: &str) -> Answer {
        let form = self.refresh_form(app, token);
        self.token(&app.token_path(), &form).await
    }

    /// The newest rows of a tenant's log.
    pub(crate) async fn log(&self, tenant: &str) -> Vec<SignIn> {
        let tenant: TenantId = tenant.parse().unwrap();
        self.house.log(tenant).await
    }

    pub(crate) async fn before(&self) -> Before {
        self.before_at(CONTOSO).await
    }

    pub(crate) async fn before_at(&self, tenant: &'static str) -> Before {
        Before {
            issued: self.house.issued().await,
            rows: self.log(tenant).await.iter().map(row_id).collect(),
            tenant,
        }
    }

    /// Nothing was issued, neither in the answer nor in the database, and a row of the log says so with this number.
    pub(crate) async fn refused(&self, before: &Before, answer: &Answer, number: u32) {
        self.nothing_issued(before, answer).await;
        let codes = self.logged_since(before).await;
        assert!(codes.contains(&number), "{codes:?}: {}", answer.body);
        assert!(!codes.contains(&0), "{codes:?}");
    }

    /// The numbers of the rows that were logged since.
    pub(crate) async fn logged_since(&self, before: &Before) -> Vec<u32> {
        let rows = self.log(before.tenant).await;
        let new = rows
            .iter()
            .filter(|row| !before.rows.contains(&row_id(row)));
        new.map(|row| row.status.error_code).collect()
    }

    /// Nothing was issued, and some row of the log says that something was refused.
    pub(crate) async fn refused_somehow(&self, before: &Before, answer: &Answer) {
        self.nothing_issued(before, answer).await;
        let codes = self.logged_since(before).await;
        assert!(!codes.is_empty(), "nothing was logged: {}", answer.body);
        assert!(!codes.contains(&0), "{codes:?}");
    }

    /// Nothing was issued, neither in the answer nor in the database.
    pub(crate) async fn nothing_issued(&self, before: &Before, answer: &Answer) {
        assert_eq!(self.house.issued().await, before.issued, "{}", answer.body);
        for cookie in answer.headers.get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let is_harmless = cookie.contains("portcullis-flow=") || cookie.contains("Max-Age=0");
            assert!(is_harmless, "{cookie}");
        }
        let location = answer.header(LOCATION.as_str()).unwrap_or_default();
        assert!(!location.contains("code="), "{location}");
        for word in ["access_token\":", "id_token\":\"", "refresh_token\":"] {
            let is_challenge = answer.body.contains("\"claims\":");
            assert!(
                is_challenge || !answer.body.contains(word),
                "{}",
                answer.body
            );
        }
    }
}

fn row_id(row: &SignIn) -> String {
    row.id.to_string()
}

pub(crate) fn form_request(path: &str, body: &str) -> Request<Body> {
    Request::post(path)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    /// The `error` and number of a refusal in JSON.
    pub(crate) fn error(&self) -> (String, u64) {
        let body = self.json();
        let error = body["error"].as_str().unwrap_or("none").to_owned();
        (error, body["error_codes"][0].as_u64().unwrap_or_default())
    }

    pub(crate) fn heading(&self) -> &str {
        let rest = self.body.split("<h1>").nth(1);
        let rest = rest.unwrap_or_else(|| panic!("no heading: {}", self.body));
        rest.split("</h1>").next().unwrap()
    }

    fn form(&self) -> &str {
        let form = self.body.split("<form").nth(1).expect("a form");
        form.split("</form>").next().unwrap()
    }

    /// Which form of ours the page waits for.
    pub(crate) fn form_name(&self) -> Option<String> {
        if !self.body.contains("<form") {
            return None;
        }
        let fields = self.fields();
        fields
            .into_iter()
            .find(|(name, _)| name == "form")
            .map(|(_, value)| value)
    }

    /// The fields of the page's form, with the values they hold.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        self.form()
            .split("<input")
            .skip(1)
            .filter_map(|input| {
                let input = input.split('>').next().unwrap();
                let name = attribute(input, "name")?;
                Some((name, attribute(input, "value").unwrap_or_default()))
            })
            .collect()
    }

    /// Where the page's form goes.
    pub(crate) fn action(&self) -> String {
        attribute(self.form().split('>').next().unwrap(), "action").expect("an action")
    }

    /// The seed on a registration page.
    fn seed(&self) -> Option<Vec<u8>> {
        let key = self.body.split("id=\"key\">").nth(1)?;
        let key = key.split('<').next()?.replace(' ', "");
        Some(portcullis_testkit::browser::decode_base32(&key))
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag.split(&format!(" {name}=\"")).nth(1)?;
    let value = value.split('"').next()?;
    let entities = [
        ("&#38;", "&"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#60;", "<"),
        ("&#62;", ">"),
    ];
    Some(
        entities
            .iter()
            .fold(value.to_owned(), |text, (entity, plain)| {
                text.replace(entity, plain)
            }),
    )
}

/// One browser.
pub(crate) struct Browser<'s> {
    pub(crate) site: &'s Site,
    pub(crate) cookies: BTreeMap<String, String>,
    /// Every `Set-Cookie` header so far.
    pub(crate) set: Vec<String>,
    /// Every page so far.
    pub(crate) pages: Vec<String>,
    /// The client's address, as the proxy says.
    pub(crate) address: String,
    /// Authenticators registered on the way, by person.
    pub(crate) seeds: BTreeMap<String, Vec<u8>>,
}

impl<'s> Browser<'s> {
    pub(crate) fn new(site: &'s Site) -> Self {
        Self {
            site,
            cookies: BTreeMap::new(),
            set: Vec::new(),
            pages: Vec::new(),
            address: "192.0.2.1".to_owned(),
            seeds: BTreeMap::new(),
        }
    }

    /// Opens an address and follows redirects, until a page is shown or the way leads out of the house.
    pub(crate) async fn open(&mut self, path: &str) -> Answer {
        self.go(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    /// Sends the page's form with these fields typed in; a name that the form lacks is a button.
    pub(crate) async fn submit(&mut self, page: &Answer, typed: &[(&str, &str)]) -> Answer {
        let body = serde_urlencoded::to_string(with(page.fields(), typed)).unwrap();
        let mut request = form_request(&page.action(), &body);
        let headers = request.headers_mut();
        headers.insert("sec-fetch-site", "same-origin".parse().unwrap());
        self.go(request).await
    }

    pub(crate) async fn go(&mut self, mut request: Request<Body>) -> Answer {
        for _ in 0..10 {
            let pairs = self.cookies.iter();
            let jar: Vec<String> = pairs
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let headers = request.headers_mut();
            if !jar.is_empty() {
                headers.insert(COOKIE, jar.join("; ").parse().unwrap());
            }
            headers.insert("x-forwarded-for", self.address.parse().unwrap());
            let answer = self.site.send(request).await;
            self.keep(&answer);
            match answer.header(LOCATION.as_str()) {
                Some(path) if path.starts_with('/') => {
                    request = Request::get(path).body(Body::empty()).unwrap();
                }
                Some(_) | None => return answer,
            }
        }
        panic!("redirected without end");
    }

    fn keep(&mut self, answer: &Answer) {
        self.pages.push(answer.body.clone());
        for value in answer.headers.get_all(SET_COOKIE) {
            let value = value.to_str().unwrap();
            self.set.push(value.to_owned());
            let cookie = cookie::Cookie::parse(value.to_owned()).unwrap();
            if cookie
                .max_age()
                .is_some_and(cookie::time::Duration::is_zero)
            {
                self.cookies.remove(cookie.name());
            } else {
                let (name, value) = (cookie.name().to_owned(), cookie.value().to_owned());
                self.cookies.insert(name, value);
            }
        }
    }

    /// Opens an address and answers page after page truthfully.
    pub(crate) async fn sign_in(&mut self, path: &str, person: &str) -> Answer {
        let page = self.open(path).await;
        self.walk(page, person).await
    }

    /// Answers page after page truthfully, until nothing is asked any more.
    pub(crate) async fn walk(&mut self, page: Answer, person: &str) -> Answer {
        self.walk_until(page, person, "nothing").await
    }

    /// Answers page after page truthfully, until a form of this name, or until nothing is asked.
    pub(crate) async fn walk_until(
        &mut self,
        mut page: Answer,
        person: &str,
        until: &str,
    ) -> Answer {
        for _ in 0..10 {
            let Some(form) = page.form_name() else {
                return page;
            };
            if form == until {
                return page;
            }
            if let Some(seed) = page.seed() {
                self.seeds.insert(person.to_owned(), seed);
            }
            let password = self.site.house.password(person);
            let code = match form.as_str() {
                "code" => self.one_time_code(person),
                _ => String::new(),
            };
            let typed: &[(&str, &str)] = match form.as_str() {
                "user-name" => &[("name", person)],
                "password" => &[("password", password.expose())],
                "code" => &[("code", &code)],
                "stay-signed-in" => &[("choice", "leave")],
                "consent" => &[("choice", "accept")],
                "account" => &[("session", "other")],
                other => panic!("unexpected form {other}"),
            };
            page = self.submit(&page, typed).await;
        }
        page
    }

    /// The code this person's authenticator shows now.
    pub(crate) fn one_time_code(&self, person: &str) -> String {
        let given = self.seeds.get(person).cloned();
        let seed = given.unwrap_or_else(|| {
            let mut seeds = self
                .site
                .house
                .credentials
                .iter()
                .flat_map(|plain| &plain.totp);
            let found = seeds.find(|totp| totp.user_principal_name == person);
            found.expect("an authenticator").seed.to_vec()
        });
        code_at(&seed, &self.site.house)
    }

    /// The names and values of this browser's session cookies.
    pub(crate) fn sessions(&self) -> BTreeMap<String, String> {
        let pairs = self.cookies.iter();
        pairs
            .filter(|(name, _)| name.contains("-session-"))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

/// What the client reads from the address it is given.
pub(crate) fn at_client(answer: &Answer) -> BTreeMap<String, String> {
    let location = answer.header("location");
    let location = location.unwrap_or_else(|| panic!("not at the client: {}", answer.body));
    let url = Url::parse(location).unwrap();
    url.query_pairs().into_owned().collect()
}

/// The claims of a token, unverified.
pub(crate) fn claims(token: &Value) -> Value {
    use base64::Engine as _;
    let part = token.as_str().unwrap().split('.').nth(1).unwrap();
    let octets = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(part)
        .unwrap();
    serde_json::from_slice(&octets).unwrap()
}
