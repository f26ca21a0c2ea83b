//! The demo world as the tests name it, and what they look up after a sign-in.

use portcullis_model::id::{ClientId, TenantId, UserId};
use portcullis_model::sign_in_log::SignIn;
use portcullis_signin::page::StayChoice;
use portcullis_signin::token::text::{self, ArtefactKind};
use portcullis_testkit::browser::{Person, Place};
use portcullis_testkit::house::{TestHouse, World};

pub(crate) const CONTOSO: &str = "c0c0c0c0-0000-4000-8000-000000000001";
pub(crate) const FABRIKAM: &str = "fafafafa-0000-4000-8000-000000000001";
pub(crate) const WOODGROVE: &str = "b0b0b0b0-0000-4000-8000-000000000001";

pub(crate) const PAYROLL: (&str, &str) = (
    "c0c0c0c0-0004-4000-8000-000000000001",
    "http://localhost:8401/callback",
);
pub(crate) const VAULT: (&str, &str) = (
    "c0c0c0c0-0004-4000-8000-000000000002",
    "http://localhost:8401/vault/callback",
);
pub(crate) const CHANNEL: (&str, &str) = (
    "c0c0c0c0-0004-4000-8000-000000000003",
    "http://localhost:8401/channel/callback",
);
pub(crate) const MOBILE: (&str, &str) =
    ("c0c0c0c0-0004-4000-8000-000000000005", "http://localhost");
pub(crate) const TIMESHEET: (&str, &str) = (
    "c0c0c0c0-0004-4000-8000-000000000006",
    "http://localhost:8401/timesheet/callback",
);
pub(crate) const LUNCH: (&str, &str) = (
    "c0c0c0c0-0004-4000-8000-000000000007",
    "http://localhost:8401/lunch/callback",
);
pub(crate) const INTRANET: (&str, &str) = (
    "fafafafa-0004-4000-8000-000000000001",
    "http://localhost:8401/intranet/callback",
);

pub(crate) const ADA_AT_HOME: &str = "fafafafa-0001-4000-8000-000000000001";
pub(crate) const ADA_THE_GUEST: &str = "c0c0c0c0-0001-4000-8000-000000000011";
pub(crate) const GRACE_AT_HOME: &str = "fafafafa-0001-4000-8000-000000000002";
pub(crate) const GRACE_THE_GUEST: &str = "c0c0c0c0-0001-4000-8000-000000000012";
pub(crate) const WENDY_AT_HOME: &str = "b0b0b0b0-0001-4000-8000-000000000001";
pub(crate) const WENDY_THE_GUEST: &str = "c0c0c0c0-0001-4000-8000-000000000013";
pub(crate) const DAVE: &str = "c0c0c0c0-0001-4000-8000-000000000002";

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) fn id<K>(text: &str) -> portcullis_model::id::Id<K> {
    text.parse().unwrap()
}

/// The demo world in which nobody has consented for everybody, so that people are asked; Payroll mobile aside.
pub(crate) async fn demo() -> TestHouse {
    edited(|_| {}).await
}

/// The same, changed by the test.
pub(crate) async fn edited(edit: impl FnOnce(&mut World)) -> TestHouse {
    TestHouse::edited(|world| {
        for tenant in &mut world.tenants {
            for principal in tenant.service_principals.iter_mut().flatten() {
                if principal.app_id != client(MOBILE) {
                    principal.admin_consented_scopes.clear();
                }
            }
        }
        edit(world);
    })
    .await
}

/// An authorization request for this application, with more parameters (`&name=value`) behind it.
pub(crate) fn request((client, redirect_uri): (&str, &str), more: &str) -> String {
    let redirect_uri = redirect_uri.replace(':', "%3A").replace('/', "%2F");
    format!(
        "client_id={client}&redirect_uri={redirect_uri}&response_type=code&scope=openid%20profile&state=s-1&nonce=n-1&code_challenge={CHALLENGE}&code_challenge_method=S256{more}"
    )
}

/// Somebody who answers truthfully; with the authenticator the world gave them, if any.
pub(crate) fn person<'p>(house: &TestHouse, name: &'p str) -> Person<'p> {
    let user = house
        .credentials
        .iter()
        .flat_map(|plain| &plain.passwords)
        .find(|entry| entry.user_principal_name == name)
        .unwrap()
        .user;
    let seed = house
        .credentials
        .iter()
        .flat_map(|plain| &plain.totp)
        .find(|totp| totp.user == user)
        .map(|totp| totp.seed.to_vec());
    Person {
        name,
        password: house.password(name),
        seed,
        stay: StayChoice::Leave,
    }
}

/// The rows of a tenant's log, oldest first, as `code who`.
pub(crate) async fn log_codes(house: &TestHouse, tenant: &str) -> Vec<u32> {
    let rows = log(house, tenant).await;
    rows.iter().map(|row| row.status.error_code).collect()
}

/// The rows of a tenant's log, oldest first.
pub(crate) async fn log(house: &TestHouse, tenant: &str) -> Vec<SignIn> {
    let mut rows = house.log(id(tenant)).await;
    rows.reverse();
    rows
}

/// How many authenticators somebody has registered in a tenant.
pub(crate) async fn authenticators(house: &TestHouse, tenant: &str, user: &str) -> usize {
    let store = house
        .house
        .store
        .tenant(id::<portcullis_model::id::TenantKind>(tenant));
    let user: UserId = id(user);
    store.list_totp(user).await.unwrap().len()
}

/// The code that was issued, as the store keeps it.
pub(crate) async fn code(
    house: &TestHouse,
    place: &Place,
) -> portcullis_model::artefact::AuthorizationCode {
    let presented = text::parse(
        ArtefactKind::AuthorizationCode,
        place.client().get("code").unwrap(),
    )
    .unwrap();
    let store = house.house.store.tenant(presented.tenant);
    store.find_code(presented.hash).await.unwrap().unwrap().0
}

pub(crate) fn client(application: (&str, &str)) -> ClientId {
    id(application.0)
}

pub(crate) fn tenant(text: &str) -> TenantId {
    id(text)
}
