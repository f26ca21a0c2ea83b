//! Files of invariants: what can be written, and what the names in it stand for.
//!
//! ```yaml
//! name: House rules
//! invariants:
//!   - name: no direct connect user reaches Payroll
//!     signIns: { user: { type: b2bDirectConnectUser }, app: Payroll }
//!     never: granted
//! ```

mod known;
mod words;

use std::collections::BTreeSet;

use portcullis_model::authentication_strength::BuiltInStrength;
use portcullis_model::conditional_access::GrantControl;
use portcullis_model::id::NamedLocationId;
use portcullis_policy::well_known_applications::{microsoft_admin_portals, office_365};
use portcullis_whatif::directory::{Directory, DirectoryTenant, Unresolved};
use portcullis_whatif::situation::{
    ClientAppWord, FlowWord, OneOrMany, PlatformWord, RiskWord, UserActionWord, UserTypeWord,
};
use serde::Deserialize;

use super::{Invariant, Statement};
use crate::gap::Without;
use crate::selection::{Principals, Reaching, Selection};
use crate::target::Reached;
use crate::who::Home;
use known::{known_application, known_group, known_tenant, known_user};
use words::{action, client, flow, kind, platform, risk};

/// A file of invariants, read but not resolved.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InvariantFile {
    /// What the file is for.
    #[serde(default)]
    pub name: Option<String>,
    /// The invariants; at least one.
    pub invariants: Vec<InvariantEntry>,
}

/// One invariant as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InvariantEntry {
    /// What it says.
    pub name: String,
    /// Why it matters.
    #[serde(default)]
    pub why: Option<String>,
    /// Where it comes from.
    #[serde(default)]
    pub source: Option<String>,
    /// Of which sign-ins; all of people to applications, if nothing is said.
    #[serde(default)]
    pub sign_ins: SignIns,
    /// What must never happen to them: `granted`, or `blocked`.
    #[serde(default)]
    pub never: Option<Never>,
    /// What nobody gets in without: any of these.
    #[serde(default)]
    pub require: Option<OneOrMany<String>>,
}

/// What must never happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Never {
    /// Somebody gets in, whatever they show.
    Granted,
    /// Somebody does not get in, whatever they show.
    Blocked,
}

/// Sign-ins that are meant; what is not said may be anything.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SignIns {
    /// Who, if they are people.
    pub user: Option<UserEntry>,
    /// Applications on their own behalf instead of people.
    pub workload_identities: bool,
    /// Reaching any of these: names, appIds, `Office365`, `MicrosoftAdminPortals`.
    pub app: Option<OneOrMany<String>>,
    /// Reaching any application but these.
    pub not_app: Option<OneOrMany<String>>,
    /// Doing any of these to the own account, instead of reaching an application.
    pub user_action: Option<OneOrMany<UserActionWord>>,
    /// By any of these kinds of clients.
    pub client_app: Option<OneOrMany<ClientAppWord>>,
    /// From any of these platforms.
    pub platform: Option<OneOrMany<PlatformWord>>,
    /// Inside any of these named locations.
    pub location: Option<OneOrMany<String>>,
    /// Inside none of these.
    pub not_location: Option<OneOrMany<String>>,
    /// At any of these risks of the sign-in.
    pub sign_in_risk: Option<OneOrMany<RiskWord>>,
    /// At any of these risks of the user.
    pub user_risk: Option<OneOrMany<RiskWord>>,
    /// Moved here in any of these ways.
    pub flow: Option<OneOrMany<FlowWord>>,
}

/// People that are meant.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct UserEntry {
    /// Any of these types.
    #[serde(rename = "type")]
    pub user_type: Option<OneOrMany<UserTypeWord>>,
    /// From any of these tenants; `none` is a guest whose identity is no tenant's.
    pub home_tenant: Option<OneOrMany<String>>,
    /// Any of these, or in one of `groups`, or with one of `roles`.
    pub users: Option<OneOrMany<String>>,
    /// In any of these groups.
    pub groups: Option<OneOrMany<String>>,
    /// With any of these roles.
    pub roles: Option<OneOrMany<String>>,
    /// None of these.
    pub not_users: Option<OneOrMany<String>>,
    /// In none of these.
    pub not_groups: Option<OneOrMany<String>>,
    /// With none of these.
    pub not_roles: Option<OneOrMany<String>>,
}

/// Why an entry cannot be understood.
#[derive(Debug, thiserror::Error)]
#[error("invariant `{name}`: {reason}")]
pub struct InvariantError {
    /// The invariant.
    pub name: String,
    /// What is wrong, and what to do.
    pub reason: String,
}

/// Where names are looked up.
#[derive(Clone, Copy)]
struct Lookup<'a> {
    directory: &'a Directory,
    tenant: &'a DirectoryTenant,
}

impl InvariantFile {
    /// The invariants, with every name looked up in the tenant.
    pub fn resolve(
        &self,
        directory: &Directory,
        tenant: &DirectoryTenant,
    ) -> Result<Vec<Invariant>, InvariantError> {
        if self.invariants.is_empty() {
            return Err(InvariantError {
                name: self.name.clone().unwrap_or_default(),
                reason: "the list `invariants` is empty: what checks nothing cannot fail"
                    .to_owned(),
            });
        }
        self.refuse_equal_names()?;
        let lookup = Lookup { directory, tenant };
        let entries = self.invariants.iter();
        entries
            .map(|entry| {
                entry.resolve(lookup).map_err(|reason| InvariantError {
                    name: entry.name.clone(),
                    reason,
                })
            })
            .collect()
    }
}

impl InvariantFile {
    /// By its name an invariant is told of, and known again where a change withdraws or changes it.
    fn refuse_equal_names(&self) -> Result<(), InvariantError> {
        let mut names = BTreeSet::new();
        let mut entries = self.invariants.iter();
        let twice = entries.find(|entry| !names.insert(entry.name.as_str()));
        twice.map_or(Ok(()), |entry| {
            Err(InvariantError {
                name: entry.name.clone(),
                reason: "two invariants have this name: give each one of its own".to_owned(),
            })
        })
    }
}

impl InvariantEntry {
    fn resolve(&self, lookup: Lookup<'_>) -> Result<Invariant, String> {
        let statement = match (&self.never, &self.require) {
            (Some(Never::Granted), None) => Statement::NeverGranted,
            (Some(Never::Blocked), None) => Statement::NeverBlocked,
            (None, Some(required)) => Statement::NeverWithout(without(required, lookup.tenant)?),
            (Some(_), Some(_)) | (None, None) => {
                return Err(
                    "say either `never: granted`, `never: blocked`, or `require:` with what nobody gets in without"
                        .to_owned(),
                );
            }
        };
        Ok(Invariant {
            name: self.name.clone(),
            why: self.why.clone(),
            source: self.source.clone(),
            selection: self.sign_ins.resolve(lookup)?,
            statement,
        })
    }
}

/// The words of `require`, besides names and ids of strengths.
const REQUIREMENTS: &str = "mfa, phishingResistantMfa, passwordlessMfa, compliantDevice, domainJoinedDevice, approvedApplication, compliantApplication, passwordChange, anyPolicy, or the name or id of an authentication strength or of terms of use";

/// What `require` means.
pub fn without(required: &OneOrMany<String>, tenant: &DirectoryTenant) -> Result<Without, String> {
    if required.0.is_empty() {
        return Err("`require` is empty: name what nobody gets in without".to_owned());
    }
    if required.0.iter().any(|one| one == "anyPolicy") {
        return match required.0.as_slice() {
            [_] => Ok(Without::AnyPolicy),
            _ => Err("`anyPolicy` stands alone".to_owned()),
        };
    }
    let controls = required.0.iter().map(|one| control(one, tenant));
    Ok(Without::Controls(controls.collect::<Result<_, _>>()?))
}

fn control(word: &str, tenant: &DirectoryTenant) -> Result<GrantControl, String> {
    let [_, passwordless, phishing_resistant] = BuiltInStrength::ALL;
    Ok(match word {
        "mfa" => GrantControl::Mfa,
        "phishingResistantMfa" => GrantControl::AuthenticationStrength(phishing_resistant.id),
        "passwordlessMfa" => GrantControl::AuthenticationStrength(passwordless.id),
        "compliantDevice" => GrantControl::CompliantDevice,
        "domainJoinedDevice" => GrantControl::DomainJoinedDevice,
        "approvedApplication" => GrantControl::ApprovedApplication,
        "compliantApplication" => GrantControl::CompliantApplication,
        "passwordChange" => GrantControl::PasswordChange,
        _ => return named_control(word, tenant),
    })
}

/// A strength or terms of use, by name or id.
fn named_control(word: &str, tenant: &DirectoryTenant) -> Result<GrantControl, String> {
    // Graph writes `Phishing-resistant MFA`, and pages of Microsoft's leave the hyphen out.
    let plain = |name: &str| name.replace('-', " ").to_lowercase();
    let is = |id: String, name: &str| plain(name) == plain(word) || id.eq_ignore_ascii_case(word);
    let configuration = tenant.configuration();
    let own = configuration.authentication_strengths.iter();
    let own = own.map(|one| (one.id, one.display_name.as_str()));
    let built_in = BuiltInStrength::ALL.iter();
    let mut strengths = own.chain(built_in.map(|one| (one.id, one.display_name)));
    if let Some((id, _)) = strengths.find(|(id, name)| is(id.to_string(), name)) {
        return Ok(GrantControl::AuthenticationStrength(id));
    }
    let mut agreements = configuration.agreements.iter();
    let agreement = agreements.find(|one| is(one.id.to_string(), &one.display_name));
    agreement
        .map(|agreement| GrantControl::TermsOfUse(agreement.id))
        .ok_or_else(|| {
            let shown: String = word.chars().take(64).collect();
            format!("`{shown}` is nothing that can be required; that is {REQUIREMENTS}")
        })
}

/// Each of a list, resolved.
fn each<T, R: Ord>(
    list: Option<&OneOrMany<T>>,
    resolve: impl Fn(&T) -> Result<R, String>,
) -> Result<BTreeSet<R>, String> {
    let list = list.iter().flat_map(|list| &list.0);
    list.map(resolve).collect()
}

/// Each of a list of words, translated.
fn translated<T: Copy, R: Ord>(list: Option<&OneOrMany<T>>, word: fn(T) -> R) -> BTreeSet<R> {
    let list = list.iter().flat_map(|list| &list.0);
    list.map(|one| word(*one)).collect()
}

/// An error as a reason.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it stands where a function from an error is wanted"
)]
fn reason(error: Unresolved) -> String {
    error.to_string()
}

impl SignIns {
    fn resolve(&self, lookup: Lookup<'_>) -> Result<Selection, String> {
        if self.user.is_some() && self.workload_identities {
            return Err(
                "either people or workload identities: leave `user` or `workloadIdentities` out"
                    .to_owned(),
            );
        }
        self.refuse_empty_lists()?;
        self.refuse_what_no_application_has()?;
        let mut selection = if self.workload_identities {
            Selection::workload_identities()
        } else {
            Selection::people()
        };
        if let Some(user) = &self.user {
            user.resolve(lookup, &mut selection)?;
        }
        let location = |name: &String| location(name, lookup.tenant);
        selection.reaching = self.reaching(lookup.tenant)?;
        selection.clients = translated(self.client_app.as_ref(), client);
        selection.platforms = translated(self.platform.as_ref(), platform);
        selection.locations = each(self.location.as_ref(), location)?;
        selection.not_locations = each(self.not_location.as_ref(), location)?;
        selection.sign_in_risks = translated(self.sign_in_risk.as_ref(), risk);
        selection.user_risks = translated(self.user_risk.as_ref(), risk);
        selection.flows = translated(self.flow.as_ref(), flow);
        Ok(selection)
    }

    /// An empty list reads as nobody and as everybody alike.
    fn refuse_empty_lists(&self) -> Result<(), String> {
        fn length<T>(list: Option<&OneOrMany<T>>) -> Option<usize> {
            list.map(|list| list.0.len())
        }
        let none = UserEntry::default();
        let user = self.user.as_ref().unwrap_or(&none);
        let lists = [
            ("user.type", length(user.user_type.as_ref())),
            ("user.homeTenant", length(user.home_tenant.as_ref())),
            ("user.users", length(user.users.as_ref())),
            ("user.groups", length(user.groups.as_ref())),
            ("user.roles", length(user.roles.as_ref())),
            ("user.notUsers", length(user.not_users.as_ref())),
            ("user.notGroups", length(user.not_groups.as_ref())),
            ("user.notRoles", length(user.not_roles.as_ref())),
            ("app", length(self.app.as_ref())),
            ("notApp", length(self.not_app.as_ref())),
            ("userAction", length(self.user_action.as_ref())),
            ("clientApp", length(self.client_app.as_ref())),
            ("platform", length(self.platform.as_ref())),
            ("location", length(self.location.as_ref())),
            ("notLocation", length(self.not_location.as_ref())),
            ("signInRisk", length(self.sign_in_risk.as_ref())),
            ("userRisk", length(self.user_risk.as_ref())),
            ("flow", length(self.flow.as_ref())),
        ];
        let mut empty = lists.iter().filter(|(_, length)| *length == Some(0));
        empty.next().map_or(Ok(()), |(member, _)| {
            Err(format!(
                "`signIns.{member}` is an empty list: name at least one, or leave it out if any will do"
            ))
        })
    }

    /// Applications on their own behalf have no client or platform that policies tell apart, no risk of a person, and move nowhere.
    fn refuse_what_no_application_has(&self) -> Result<(), String> {
        let said = [
            ("userAction", self.user_action.is_some()),
            ("clientApp", self.client_app.is_some()),
            ("platform", self.platform.is_some()),
            ("signInRisk", self.sign_in_risk.is_some()),
            ("userRisk", self.user_risk.is_some()),
            ("flow", self.flow.is_some()),
        ];
        let mut said = said.iter().filter(|(_, is_said)| *is_said);
        match said.next() {
            Some((member, _)) if self.workload_identities => Err(format!(
                "`signIns.{member}` is said of people only: leave it or `workloadIdentities` out"
            )),
            Some(_) | None => Ok(()),
        }
    }

    fn reaching(&self, tenant: &DirectoryTenant) -> Result<Reaching, String> {
        match (&self.app, &self.not_app, &self.user_action) {
            (None, None, None) => Ok(Reaching::Applications),
            (Some(apps), None, None) => Ok(Reaching::Any(applications(apps, tenant)?)),
            (None, Some(apps), None) => Ok(Reaching::ApplicationsBut(applications(apps, tenant)?)),
            (None, None, Some(actions)) => {
                let actions = actions.0.iter().map(|word| Reached::Action(action(*word)));
                Ok(Reaching::Any(actions.collect()))
            }
            _ => Err("say only one of `app`, `notApp` and `userAction`".to_owned()),
        }
    }
}

fn applications(
    names: &OneOrMany<String>,
    tenant: &DirectoryTenant,
) -> Result<BTreeSet<Reached>, String> {
    let mut reached = BTreeSet::new();
    for name in &names.0 {
        match name.as_str() {
            "Office365" => reached.extend(office_365().map(Reached::Application)),
            "MicrosoftAdminPortals" => {
                reached.extend(microsoft_admin_portals().map(Reached::Application));
            }
            _ => {
                let id = tenant.find_application(name).map_err(reason)?;
                known_application(id, tenant)?;
                reached.insert(Reached::Application(id));
            }
        }
    }
    Ok(reached)
}

impl UserEntry {
    fn resolve(&self, lookup: Lookup<'_>, selection: &mut Selection) -> Result<(), String> {
        if let Some(types) = &self.user_type {
            selection.kinds = types.0.iter().map(|word| kind(*word)).collect();
        }
        selection.homes = each(self.home_tenant.as_ref(), |name| {
            if name == "none" {
                return Ok(Home::NoTenant);
            }
            if let Ok(id) = name.parse() {
                known_tenant(id, lookup.directory, lookup.tenant)?;
                return Ok(Home::Tenant(id));
            }
            let found = lookup.directory.find_tenant(name).map_err(reason)?;
            Ok(Home::Tenant(found.id()))
        })?;
        let tenant = lookup.tenant;
        selection.any_of = principals([&self.users, &self.groups, &self.roles], tenant)?;
        selection.none_of =
            principals([&self.not_users, &self.not_groups, &self.not_roles], tenant)?;
        Ok(())
    }
}

fn principals(
    [users, groups, roles]: [&Option<OneOrMany<String>>; 3],
    tenant: &DirectoryTenant,
) -> Result<Principals, String> {
    Ok(Principals {
        users: each(users.as_ref(), |name| {
            let id = tenant.find_user_id(name).map_err(reason)?;
            known_user(id, tenant)
        })?,
        groups: each(groups.as_ref(), |name| {
            let id = tenant.find_group(name).map_err(reason)?;
            known_group(id, tenant)
        })?,
        roles: each(roles.as_ref(), |name| {
            tenant.find_role(name).map_err(reason)
        })?,
    })
}

fn location(name: &str, tenant: &DirectoryTenant) -> Result<NamedLocationId, String> {
    let locations = &tenant.configuration().named_locations;
    let found = locations.iter().find(|location| {
        let is_id = location.id.to_string().eq_ignore_ascii_case(name);
        is_id || location.display_name.eq_ignore_ascii_case(name)
    });
    found.map(|location| location.id).ok_or_else(|| {
        let names: Vec<&str> = locations
            .iter()
            .map(|one| one.display_name.as_str())
            .collect();
        let shown: String = name.chars().take(64).collect();
        let known = if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        };
        format!(
            "there is no named location `{shown}`; {} has: {known}",
            tenant.name()
        )
    })
}
