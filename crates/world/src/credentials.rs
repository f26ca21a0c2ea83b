//! Reads `credentials.json`: passwords, authenticator seeds and client secrets in clear. They are never written back.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::document::{Reason, read_typed, shown_text};
use portcullis_model::id::{ClientId, MethodId, TenantId, UserId};
use portcullis_model::secret::SecretText;
use portcullis_model::user::User;
use serde::Deserialize;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::error::{Place, WorldFindings};
use crate::tenant::{Placed, PlacedTenant};

/// The credentials a world sets for one tenant, in clear; whoever stores them hashes or seals them first.
#[derive(Debug, Clone, PartialEq)]
pub struct PlainCredentials {
    /// Whose.
    pub tenant: TenantId,
    /// Passwords of users.
    pub passwords: Vec<PlainPassword>,
    /// Authenticators of users.
    pub totp: Vec<PlainTotp>,
    /// Secrets of applications.
    pub client_secrets: Vec<PlainClientSecret>,
}

/// A user's password.
#[derive(Debug, Clone, PartialEq)]
pub struct PlainPassword {
    /// Whose.
    pub user: UserId,
    /// The user's name, for messages.
    pub user_principal_name: String,
    /// The password.
    pub password: SecretText,
}

/// A user's authenticator.
#[derive(Clone, PartialEq)]
pub struct PlainTotp {
    /// The method's id: the same at every reading, also when the file gives none.
    pub id: MethodId,
    /// Whose.
    pub user: UserId,
    /// The user's name, for messages.
    pub user_principal_name: String,
    /// The seed: at least 160 bits.
    pub seed: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for PlainTotp {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("PlainTotp")
            .field("id", &self.id)
            .field("user", &self.user)
            .field("seed", &"[redacted]")
            .finish_non_exhaustive()
    }
}

/// An application's secret.
#[derive(Debug, Clone, PartialEq)]
pub struct PlainClientSecret {
    /// Whose.
    pub client: ClientId,
    /// The secret.
    pub secret: SecretText,
}

/// The file as it is written.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CredentialsFile {
    #[serde(default)]
    passwords: Vec<PasswordEntry>,
    #[serde(default)]
    totp: Vec<TotpEntry>,
    #[serde(default)]
    client_secrets: Vec<ClientSecretEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PasswordEntry {
    #[serde(default)]
    user_principal_name: Option<String>,
    #[serde(default)]
    user_id: Option<UserId>,
    password: SecretText,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TotpEntry {
    #[serde(default)]
    user_principal_name: Option<String>,
    #[serde(default)]
    user_id: Option<UserId>,
    #[serde(default)]
    method_id: Option<MethodId>,
    secret_base32: SecretText,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ClientSecretEntry {
    app_id: ClientId,
    secret: SecretText,
}

/// The longest password; longer ones would only burn memory when hashed.
const PASSWORD_LENGTH_BYTES_MAX: usize = 1024;
/// Client secrets are kept as a plain digest, so they must be beyond guessing: 128 bits in base64.
const CLIENT_SECRET_LENGTH_MIN: usize = 22;
/// RFC 4226 §4, R6.
const SEED_LENGTH_BYTES_MIN: usize = 20;
/// The namespace of ids for authenticators that come without one.
const METHODS_WITHOUT_ID: Uuid = Uuid::from_u128(0x9b0f_4c1e_51d3_4f0a_9d6e_07a5_3c8b_2e11);

/// The tenant's credentials; nothing that is wrong with them shows a secret.
pub(crate) fn read(tenant: &PlacedTenant, findings: &mut WorldFindings) -> PlainCredentials {
    let mut credentials = PlainCredentials {
        tenant: tenant.organization.value.id,
        passwords: Vec::new(),
        totp: Vec::new(),
        client_secrets: Vec::new(),
    };
    let Some(Placed { place, value }) = &tenant.credentials else {
        return credentials;
    };
    let file: CredentialsFile = match read_typed(value.clone()) {
        Ok(file) => file,
        Err(mut refusal) => {
            for finding in &mut refusal.findings {
                // What stands there may be a secret in the wrong place.
                let harmless =
                    finding.reason == Reason::Missing || finding.found.starts_with("unknown field");
                if !harmless {
                    finding.found = "something else (not shown: it may be a secret)".into();
                }
            }
            findings.take_over(place, refusal);
            return credentials;
        }
    };
    let users = tenant.users.iter().flatten().map(|user| &user.value);
    let mut reading = Reading {
        tenant,
        place,
        findings,
        by_id: users.clone().map(|user| user.id).zip(0..).collect(),
        by_name: users
            .map(|user| user.user_principal_name.to_ascii_lowercase())
            .zip(0..)
            .collect(),
    };
    reading.passwords(file.passwords, &mut credentials);
    reading.totp(file.totp, &mut credentials);
    reading.client_secrets(file.client_secrets, &mut credentials);
    credentials
}

struct Reading<'r> {
    tenant: &'r PlacedTenant,
    place: &'r Place,
    findings: &'r mut WorldFindings,
    /// Where in the tenant's users each id is.
    by_id: BTreeMap<UserId, usize>,
    /// The same by user principal name, in lower case.
    by_name: BTreeMap<String, usize>,
}

impl Reading<'_> {
    fn passwords(&mut self, entries: Vec<PasswordEntry>, credentials: &mut PlainCredentials) {
        let mut seen = BTreeSet::new();
        for (index, entry) in entries.into_iter().enumerate() {
            let place = self.place.below(&format!(".passwords[{index}]"));
            let length = entry.password.expose().len();
            if length == 0 || length > PASSWORD_LENGTH_BYTES_MAX {
                let found = format!("{length} bytes");
                let expected = "a password of 1 to 1024 bytes";
                let place = place.below(".password");
                self.findings.add(&place, Reason::Value, found, expected);
            }
            let names = (entry.user_id, entry.user_principal_name);
            let Some(user) = self.find_user(&place, names) else {
                continue;
            };
            let elsewhere = user.home_account.is_some();
            let (user, user_principal_name) = (user.id, user.user_principal_name.clone());
            if elsewhere {
                let found =
                    format!("a password of `{user_principal_name}`, who signs in elsewhere");
                let expected = "passwords of this tenant's own users";
                self.findings.add(&place, Reason::Value, found, expected);
            }
            if !seen.insert(user) {
                let found = format!("a second password of `{user_principal_name}`");
                let expected = "one password for each user";
                self.findings
                    .add(&place, Reason::Duplicate, found, expected);
            }
            credentials.passwords.push(PlainPassword {
                user,
                user_principal_name,
                password: entry.password,
            });
        }
    }

    fn totp(&mut self, entries: Vec<TotpEntry>, credentials: &mut PlainCredentials) {
        let mut ids = BTreeSet::new();
        // How many authenticators each user has so far.
        let mut own = BTreeMap::new();
        for (index, entry) in entries.into_iter().enumerate() {
            let place = self.place.below(&format!(".totp[{index}]"));
            let seed = data_encoding::BASE32_NOPAD
                .decode(
                    entry
                        .secret_base32
                        .expose()
                        .trim_end_matches('=')
                        .as_bytes(),
                )
                .map(Zeroizing::new)
                .ok()
                .filter(|seed| seed.len() >= SEED_LENGTH_BYTES_MIN);
            if seed.is_none() {
                let place = place.below(".secretBase32");
                let found = "something else (not shown)".into();
                let expected = "at least 20 bytes in base32 (A to Z, 2 to 7)";
                self.findings.add(&place, Reason::Value, found, expected);
            }
            let names = (entry.user_id, entry.user_principal_name);
            let Some(user) = self.find_user(&place, names) else {
                continue;
            };
            let (user, user_principal_name) = (user.id, user.user_principal_name.clone());
            let own = own.entry(user).or_insert(0_usize);
            let name = format!("{user}/{own}");
            let id = entry.method_id.unwrap_or_else(|| {
                MethodId::new(Uuid::new_v5(&METHODS_WITHOUT_ID, name.as_bytes()))
            });
            if !ids.insert(id) {
                let found = format!("a second `{id}`");
                let expected = "a method id that no other has";
                self.findings
                    .add(&place, Reason::Duplicate, found, expected);
            }
            *own += usize::from(seed.is_some());
            credentials.totp.extend(seed.map(|seed| PlainTotp {
                id,
                user,
                user_principal_name,
                seed,
            }));
        }
    }

    fn client_secrets(
        &mut self,
        entries: Vec<ClientSecretEntry>,
        credentials: &mut PlainCredentials,
    ) {
        let applications = self.tenant.applications.iter().flatten();
        let clients: BTreeSet<_> = applications.map(|one| one.value.app_id).collect();
        for (index, entry) in entries.into_iter().enumerate() {
            let place = self.place.below(&format!(".clientSecrets[{index}]"));
            if entry.secret.expose().len() < CLIENT_SECRET_LENGTH_MIN {
                let place = place.below(".secret");
                let found = "a short secret".into();
                let expected = "at least 22 characters, made at random";
                self.findings.add(&place, Reason::Value, found, expected);
            }
            if !clients.contains(&entry.app_id) {
                let found = format!("`{}`", entry.app_id);
                let expected = "the appId of an application in this tenant's files";
                let place = place.below(".appId");
                self.findings
                    .add(&place, Reason::Reference, found, expected);
            }
            credentials.client_secrets.push(PlainClientSecret {
                client: entry.app_id,
                secret: entry.secret,
            });
        }
    }

    /// The user of this tenant's files that an entry names.
    fn find_user(
        &mut self,
        place: &Place,
        (id, name): (Option<UserId>, Option<String>),
    ) -> Option<&User> {
        let users = self.tenant.users.as_deref().unwrap_or_default();
        let by_name = name
            .as_ref()
            .map(|name| self.by_name.get(&name.to_ascii_lowercase()).copied());
        let by_id = id.map(|id| self.by_id.get(&id).copied());
        // Where both are given, both must say the same.
        let index = match (by_id, by_name) {
            (Some(index), None) | (None, Some(index)) => index,
            (Some(by_id), Some(by_name)) if by_id == by_name => by_id,
            (Some(_), Some(_)) | (None, None) => None,
        };
        let found = index
            .and_then(|index| users.get(index))
            .map(|user| &user.value);
        if found.is_none() {
            let id = id.map(|id| format!("`{id}`"));
            let shown = id.or_else(|| name.map(|name| shown_text(&name)));
            let found = shown.unwrap_or_else(|| "no user".into());
            let expected = "`userPrincipalName` or `userId` of a user in this tenant's files";
            self.findings.add(place, Reason::Reference, found, expected);
        }
        found
    }
}
