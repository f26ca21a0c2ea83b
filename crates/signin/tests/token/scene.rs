//! A house with people who have just signed in: sessions and codes as the authorization endpoint leaves them.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use portcullis_model::Timestamp;
use portcullis_model::application::RedirectKind;
use portcullis_model::artefact::{AuthorizationCode, Grant};
use portcullis_model::conditional_access::{ClientAppType, PolicyState};
use portcullis_model::credential::AuthenticationMethod;
use portcullis_model::id::{ClientId, GrantId, SessionId, TenantId, UserId};
use portcullis_model::secret::SecretText;
use portcullis_model::session::{
    AuthenticationSession, HomeSession, ProvenMethod, SessionClient, SessionSubject, SessionUse,
};
use portcullis_model::sign_in_log::SignIn;
use portcullis_model::store::{Change, Store, TenantWorld};
use portcullis_model::user::HomeAccount;
use portcullis_protocol::oauth::error::{OauthError, WireError, is_description_character};
use portcullis_protocol::oauth::pkce::{CodeChallenge, CodeVerifier};
use portcullis_protocol::oauth::token_response::TokenResponse;
use portcullis_signin::house::House;
use portcullis_signin::subject::pairwise;
use portcullis_signin::token::text::{self, ArtefactKind};
use portcullis_signin::token::{TokenCall, redeem};
use portcullis_testkit::house::{TestHouse, tenant_of};
use serde_json::{Map, Value};

pub(crate) const CONTOSO: &str = "c0c0c0c0-0000-4000-8000-000000000001";
pub(crate) const FABRIKAM: &str = "fafafafa-0000-4000-8000-000000000001";
pub(crate) const WOODGROVE: &str = "b0b0b0b0-0000-4000-8000-000000000001";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// An address inside the trusted location of the demo world.
pub(crate) const OFFICE: &str = "203.0.113.7";
pub(crate) const ABROAD: &str = "198.51.100.9";

pub(crate) fn id<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().unwrap()
}

/// The applications of the demo world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum App {
    Payroll,
    SharedChannel,
    Report,
    Mobile,
    Timesheet,
    LunchMenu,
}

impl App {
    pub(crate) fn client(self) -> ClientId {
        let number = match self {
            Self::Payroll => 1,
            Self::SharedChannel => 3,
            Self::Report => 4,
            Self::Mobile => 5,
            Self::Timesheet => 6,
            Self::LunchMenu => 7,
        };
        id(&format!("c0c0c0c0-0004-4000-8000-00000000000{number}"))
    }

    pub(crate) fn redirect_uri(self) -> &'static str {
        match self {
            Self::Payroll => "http://localhost:8401/callback",
            Self::SharedChannel => "http://localhost:8401/channel/callback",
            Self::Report => "http://localhost:8401/none",
            Self::Mobile => "http://localhost",
            Self::Timesheet => "http://localhost:8401/timesheet/callback",
            Self::LunchMenu => "http://localhost:8401/lunch/callback",
        }
    }

    fn redirect_kind(self) -> RedirectKind {
        match self {
            Self::Mobile => RedirectKind::PublicClient,
            Self::Payroll
            | Self::SharedChannel
            | Self::Report
            | Self::Timesheet
            | Self::LunchMenu => RedirectKind::Web,
        }
    }

    fn client_app_type(self) -> ClientAppType {
        match self.redirect_kind() {
            RedirectKind::Web | RedirectKind::Spa => ClientAppType::Browser,
            RedirectKind::PublicClient => ClientAppType::MobileAppsAndDesktopClients,
        }
    }

    /// What the request reached, as the authorization endpoint works it out.
    fn reach(self) -> (BTreeSet<String>, BTreeSet<ClientId>) {
        let mut scopes: BTreeSet<String> = ["openid", "profile", "email", "offline_access"]
            .map(str::to_owned)
            .into();
        let directory = id("00000002-0000-0000-c000-000000000000");
        let resources = match self {
            Self::Mobile => {
                scopes.insert("api://payroll/access_as_user".to_owned());
                BTreeSet::from([Self::Payroll.client()])
            }
            Self::Payroll
            | Self::SharedChannel
            | Self::Report
            | Self::Timesheet
            | Self::LunchMenu => BTreeSet::from([self.client(), directory]),
        };
        (scopes, resources)
    }
}

/// The people of the demo world, each as they would have signed in at Contoso.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Person {
    /// A member with a password.
    Dave,
    /// A member, administrator, with a second factor.
    Carol,
    /// A guest from Fabrikam, whose MFA Contoso trusts; done there.
    Ada,
    /// A guest from Woodgrove, whose MFA Contoso does not trust; done at Contoso.
    Wendy,
    /// Wendy, having done MFA at home only.
    WendyAtHomeOnly,
    /// A direct connect user from Fabrikam.
    Frank,
}

impl Person {
    pub(crate) fn subject(self) -> SessionSubject {
        let user = |number: u32| {
            SessionSubject::User(id(&format!(
                "c0c0c0c0-0001-4000-8000-0000000000{number:02}"
            )))
        };
        match self {
            Self::Carol => user(1),
            Self::Dave => user(2),
            Self::Ada => user(11),
            Self::Wendy | Self::WendyAtHomeOnly => user(13),
            Self::Frank => SessionSubject::DirectConnect(self.home().unwrap()),
        }
    }

    pub(crate) fn user(self) -> UserId {
        match self.subject() {
            SessionSubject::User(user) => user,
            SessionSubject::DirectConnect(account) => account.user_id,
        }
    }

    pub(crate) fn home(self) -> Option<HomeAccount> {
        let account = |tenant: &str, user: &str| HomeAccount {
            tenant_id: id(tenant),
            user_id: id(user),
        };
        match self {
            Self::Dave | Self::Carol => None,
            Self::Ada => Some(account(FABRIKAM, "fafafafa-0001-4000-8000-000000000001")),
            Self::Frank => Some(account(FABRIKAM, "fafafafa-0001-4000-8000-000000000003")),
            Self::Wendy | Self::WendyAtHomeOnly => {
                Some(account(WOODGROVE, "b0b0b0b0-0001-4000-8000-000000000001"))
            }
        }
    }

    /// Methods proven at Contoso and at home.
    fn methods(
        self,
    ) -> (
        &'static [AuthenticationMethod],
        &'static [AuthenticationMethod],
    ) {
        use AuthenticationMethod::{Password, SoftwareOath};
        match self {
            Self::Dave => (&[Password], &[]),
            Self::Carol => (&[Password, SoftwareOath], &[]),
            Self::Ada | Self::Frank | Self::WendyAtHomeOnly => (&[], &[Password, SoftwareOath]),
            Self::Wendy => (&[SoftwareOath], &[Password]),
        }
    }
}

/// A person who has signed in to an application, and the code the browser was sent back with.
pub(crate) struct Arrival {
    pub(crate) code: String,
    pub(crate) grant: Grant,
    pub(crate) cookie: SecretText,
    pub(crate) home_cookie: Option<SecretText>,
}

pub(crate) struct Scene {
    pub(crate) kit: TestHouse,
}

/// An answer with its refusal looked through.
pub(crate) type Answer = Result<TokenResponse, WireError>;

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::of(TestHouse::demo().await)
    }

    /// For tests that change the configuration while it runs.
    pub(crate) async fn changeable() -> Self {
        Self::of(TestHouse::demo().await.without_cache())
    }

    pub(crate) fn of(kit: TestHouse) -> Self {
        Self { kit }
    }

    pub(crate) fn house(&self) -> &Arc<House> {
        &self.kit.house
    }

    pub(crate) async fn arrive(&self, person: Person, app: App) -> Arrival {
        self.arrive_as(person, app, |_| {}).await
    }

    /// Signs somebody in, as the authorization endpoint leaves it; `edit` changes the code before it is kept.
    pub(crate) async fn arrive_as(
        &self,
        person: Person,
        app: App,
        edit: impl FnOnce(&mut AuthorizationCode),
    ) -> Arrival {
        let now = self.kit.now();
        let mut entropy = self.kit.entropy();
        let ends_at = now + SignedDuration::from_secs(86_400);
        let (here, home) = person.methods();
        let proven = |methods: &[AuthenticationMethod]| -> Vec<ProvenMethod> {
            let at = |method: &AuthenticationMethod| ProvenMethod {
                method: *method,
                at: now,
            };
            methods.iter().map(at).collect()
        };
        let mut home_cookie = None;
        let mut home_session = None;
        if let Some(account) = person.home() {
            let cookie = text::mint(ArtefactKind::RefreshToken, account.tenant_id, &mut entropy);
            let session = AuthenticationSession {
                id: SessionId::random(&mut entropy),
                cookie_hash: cookie.hash,
                subject: SessionSubject::User(account.user_id),
                home_session: None,
                proofs: proven(home),
                device: None,
                created_at: now,
                expires_at: ends_at,
                is_persistent: false,
                last_use: used_at(now),
            };
            home_session = Some(HomeSession {
                tenant_id: account.tenant_id,
                session_id: session.id,
                expires_at: ends_at,
            });
            self.commit(account.tenant_id, vec![Change::OpenSession(session)])
                .await;
            home_cookie = Some(cookie.text);
        }
        let tenant = id::<TenantId>(CONTOSO);
        let cookie = text::mint(ArtefactKind::RefreshToken, tenant, &mut entropy);
        let session = AuthenticationSession {
            id: SessionId::random(&mut entropy),
            cookie_hash: cookie.hash,
            subject: person.subject(),
            home_session,
            proofs: proven(here),
            device: None,
            created_at: now,
            expires_at: ends_at,
            is_persistent: false,
            last_use: used_at(now),
        };
        let (scopes, resources) = app.reach();
        let grant = Grant {
            id: GrantId::random(&mut entropy),
            client: app.client(),
            subject: person.subject(),
            session: session.id,
            home_session,
            scopes,
            resources,
            proofs: proven(here),
            home_proofs: proven(home),
            device: None,
            authentication_contexts: BTreeSet::new(),
            authenticated_at: now,
            ip_address: Some(id(OFFICE)),
            user_agent: Some("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0".to_owned()),
            client_app_type: app.client_app_type(),
            redirect_kind: app.redirect_kind(),
            granted_at: now,
            correlation_id: portcullis_model::id::CorrelationId::random(&mut entropy),
        };
        let minted = text::mint(ArtefactKind::AuthorizationCode, tenant, &mut entropy);
        let verifier = CodeVerifier::parse(VERIFIER).unwrap();
        let mut code = AuthorizationCode {
            hash: minted.hash,
            grant,
            redirect_uri: app.redirect_uri().to_owned(),
            code_challenge: Some(CodeChallenge::of(&verifier).as_str().to_owned()),
            nonce: Some("n-0S6_WzA2Mj".to_owned()),
            expires_at: now + SignedDuration::from_secs(60),
        };
        edit(&mut code);
        let grant = code.grant.clone();
        let client = SessionClient {
            session: session.id,
            client: app.client(),
            subject: pairwise(self.house(), tenant, app.client(), person.subject()),
            correlation_id: grant.correlation_id,
        };
        let mut changes = vec![
            Change::OpenSession(session),
            Change::JoinSession(client),
            Change::IssueCode(code),
        ];
        if let SessionSubject::User(user) = person.subject() {
            changes.push(Change::GrantConsent {
                user,
                client: app.client(),
                // What is asked for by `.default` somebody else has agreed to.
                scopes: grant
                    .scopes
                    .iter()
                    .filter(|scope| !scope.ends_with("/.default"))
                    .cloned()
                    .collect(),
                at: now,
            });
        }
        self.commit(tenant, changes).await;
        Arrival {
            code: minted.text.expose().to_owned(),
            grant,
            cookie: cookie.text,
            home_cookie,
        }
    }

    pub(crate) async fn commit(&self, tenant: TenantId, changes: Vec<Change>) {
        self.house()
            .store
            .tenant(tenant)
            .commit(changes)
            .await
            .unwrap();
    }

    /// Changes one tenant's world while the house stands.
    pub(crate) async fn change(&self, tenant: &str, edit: impl FnOnce(&mut TenantWorld)) {
        change_world(&*self.house().store, tenant, self.kit.now(), edit).await;
    }

    pub(crate) fn secret(&self, app: App) -> String {
        let mut secrets = self
            .kit
            .credentials
            .iter()
            .flat_map(|plain| &plain.client_secrets);
        let found = secrets.find(|secret| secret.client == app.client());
        found.unwrap().secret.expose().to_owned()
    }

    /// The form of a code redemption, with whatever credential the application has.
    pub(crate) fn code_form(&self, app: App, code: &str) -> Form {
        let form = Form::new("authorization_code")
            .with("code", code)
            .with("redirect_uri", app.redirect_uri())
            .with("code_verifier", VERIFIER);
        self.authenticated(form, app)
    }

    pub(crate) fn refresh_form(&self, app: App, token: &str) -> Form {
        self.authenticated(Form::new("refresh_token").with("refresh_token", token), app)
    }

    pub(crate) fn authenticated(&self, form: Form, app: App) -> Form {
        let form = form.with("client_id", &app.client().to_string());
        match app {
            App::Mobile => form,
            App::Payroll | App::SharedChannel | App::Report | App::Timesheet | App::LunchMenu => {
                form.with("client_secret", &self.secret(app))
            }
        }
    }

    pub(crate) async fn send(&self, form: &Form) -> Answer {
        self.send_to(CONTOSO, form, OFFICE).await
    }

    pub(crate) async fn send_to(&self, segment: &str, form: &Form, address: &str) -> Answer {
        let mut entropy = self.kit.entropy();
        let mut moment = self.kit.moment(&mut entropy, id::<IpAddr>(address));
        let body = form.body();
        let call = TokenCall {
            tenant_segment: segment,
            body: body.as_bytes(),
            authorization: form.authorization.as_deref(),
        };
        redeem(self.house(), &mut moment, call).await
    }

    /// Signs in and redeems.
    pub(crate) async fn tokens(&self, person: Person, app: App) -> (Arrival, TokenResponse) {
        let arrival = self.arrive(person, app).await;
        let answer = self.send(&self.code_form(app, &arrival.code)).await;
        let response = answer.unwrap_or_else(|error| panic!("{person:?} {app:?}: {error:?}"));
        (arrival, response)
    }

    /// The row of this moment with this error number; rows of one second have no order.
    pub(crate) async fn row(&self, tenant: &str, number: u32) -> SignIn {
        let now = self.kit.now();
        let mut rows = self.kit.log(id(tenant)).await.into_iter();
        rows.find(|row| row.created_date_time == now && row.status.error_code == number)
            .unwrap_or_else(|| panic!("no row says {number} now"))
    }
}

/// Changes one tenant's world.
pub(crate) async fn change_world(
    store: &dyn Store,
    tenant: &str,
    now: Timestamp,
    edit: impl FnOnce(&mut TenantWorld),
) {
    let mut tenants = store.export().await.unwrap();
    let mut world = portcullis_world_of(&mut tenants, tenant);
    edit(&mut world);
    store.import(&[world], now, false).await.unwrap();
}

fn portcullis_world_of(tenants: &mut Vec<TenantWorld>, tenant: &str) -> TenantWorld {
    let place = tenants
        .iter()
        .position(|world| world.organization.id == id(tenant))
        .unwrap();
    tenants.swap_remove(place)
}

/// A form, field by field.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    fields: Vec<(String, String)>,
    pub(crate) authorization: Option<String>,
}

impl Form {
    pub(crate) fn new(grant_type: &str) -> Self {
        Self {
            fields: vec![("grant_type".to_owned(), grant_type.to_owned())],
            authorization: None,
        }
    }

    /// Sets a field, in place of one that is there.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn body(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.fields)
            .finish()
    }
}

/// The refusal of an answer, which must be well formed (requirement B15).
pub(crate) fn refusal(answer: Answer) -> WireError {
    let Err(error) = answer else {
        panic!("tokens were given");
    };
    assert!(
        error
            .error_description
            .chars()
            .all(is_description_character)
    );
    let expected = format!("AADSTS{}:", error.error_codes[0]);
    assert!(error.error_description.starts_with(&expected), "{error:?}");
    error
}

/// Refused as this, with this number; and the tenant's log says so (the rule of every negative test).
pub(crate) async fn refused(
    scene: &Scene,
    answer: Answer,
    error: OauthError,
    number: u32,
) -> WireError {
    let refusal = refusal(answer);
    assert_eq!(
        (refusal.error, refusal.error_codes[0]),
        (error, number),
        "{refusal:?}"
    );
    let row = scene.row(CONTOSO, number).await;
    assert_eq!(row.unique_token_identifier, None);
    refusal
}

/// The claims of a token, unverified.
pub(crate) fn claims(token: &str) -> Map<String, Value> {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

pub(crate) fn access_claims(response: &TokenResponse) -> Map<String, Value> {
    claims(response.access_token.expose())
}

pub(crate) fn id_claims(response: &TokenResponse) -> Map<String, Value> {
    claims(response.id_token.as_ref().unwrap().expose())
}

pub(crate) fn refresh_text(response: &TokenResponse) -> String {
    response.refresh_token.as_ref().unwrap().expose().to_owned()
}

/// A house whose world is changed before it stands.
pub(crate) async fn edited(tenant: &str, edit: impl FnOnce(&mut TenantWorld)) -> Scene {
    let tenant: TenantId = id(tenant);
    Scene::of(TestHouse::edited(|world| edit(tenant_of(world, tenant))).await)
}

/// Switches on what was only rehearsed: whoever is outside the trusted location is blocked.
pub(crate) fn enforce_rehearsals(world: &mut TenantWorld) {
    let policies = world.conditional_access_policies.iter_mut().flatten();
    for policy in policies.filter(|policy| policy.display_name.starts_with("Rehearsal")) {
        policy.state = PolicyState::Enabled;
        // The document is what is kept.
        policy
            .document
            .insert("state".to_owned(), Value::from("enabled"));
    }
}

fn used_at(at: Timestamp) -> SessionUse {
    SessionUse {
        at,
        ip_address: None,
        user_agent: None,
    }
}
