//! Whether two tenants let a user cross from one to the other, and what the one believes of the other.
//!
//! Settings are resolved when a tenant is compiled: the partner's entry, its holes filled from the tenant's default,
//! whose own holes are the system default (specification 1.3 and 1.4, decision 10).

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::cross_tenant_access::{
    AccessType, B2bSetting, CrossTenantAccessPolicy, CrossTenantSettings, InboundTrust,
    TargetConfiguration, TargetType,
};
use portcullis_model::id::{ClientId, GroupId, TenantId, UserId};
use portcullis_model::user::HomeAccount;

use crate::compile::CompiledTenant;
use crate::facts::Channel;

/// A user of one tenant who wants to reach resources of another.
#[derive(Debug, Clone, Copy)]
pub struct Crossing<'a> {
    /// By which channel.
    pub channel: CrossTenantChannel,
    /// The account at home: both tenants' lists speak of it, never of the guest object (specification 1.6).
    pub home: HomeAccount,
    /// Its groups at home, nesting followed.
    pub home_groups: &'a BTreeSet<GroupId>,
    /// The client.
    pub client: ClientId,
    /// Every resource of the request; each one must be let through, and there must be one.
    pub resources: &'a BTreeSet<ClientId>,
}

/// The channels that lead from one tenant to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CrossTenantChannel {
    /// B2B collaboration: there is an object in the resource tenant.
    Collaboration,
    /// B2B direct connect: there is none.
    DirectConnect,
    /// Delegated administration by a service provider: there is none either.
    ServiceProvider,
}

impl From<CrossTenantChannel> for Channel {
    fn from(channel: CrossTenantChannel) -> Self {
        match channel {
            CrossTenantChannel::Collaboration => Self::Collaboration,
            CrossTenantChannel::DirectConnect => Self::DirectConnect,
            CrossTenantChannel::ServiceProvider => Self::ServiceProvider,
        }
    }
}

/// The proof that both tenants let one account cross, for one client and its resources. Only [`admit`] makes it, it
/// cannot be stored, so that every evaluation (a refresh too) asks both tenants again (requirement U12).
///
/// ```compile_fail,E0451
/// use portcullis_model::user::HomeAccount;
/// use portcullis_policy::cross_tenant::Admission;
/// fn for_somebody_else(admission: Admission, home: HomeAccount) -> Admission {
///     Admission { home, ..admission }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    channel: CrossTenantChannel,
    home: HomeAccount,
    resource_tenant: TenantId,
    client: ClientId,
    resources: BTreeSet<ClientId>,
}

impl Admission {
    /// An admission that nobody gave, for [`Hypothesis`](crate::hypothesis::Hypothesis): it never leaves there.
    pub(crate) fn supposed(
        resource_tenant: TenantId,
        channel: CrossTenantChannel,
        home: HomeAccount,
        (client, resources): (ClientId, &BTreeSet<ClientId>),
    ) -> Self {
        Self {
            channel,
            home,
            resource_tenant,
            client,
            resources: resources.clone(),
        }
    }

    /// By which channel.
    pub fn channel(&self) -> CrossTenantChannel {
        self.channel
    }
    /// Who.
    pub fn home(&self) -> HomeAccount {
        self.home
    }
    /// The tenant that lets them in.
    pub fn resource_tenant(&self) -> TenantId {
        self.resource_tenant
    }

    /// Whether the proof is about this: the tenant, the client, and at least these resources.
    pub(crate) fn covers(
        &self,
        tenant: TenantId,
        client: ClientId,
        resources: &BTreeSet<ClientId>,
    ) -> bool {
        self.resource_tenant == tenant
            && self.client == client
            && resources.is_subset(&self.resources)
    }
}

/// The proof that a tenant lets in guests whose identity is no tenant's, for one client and its resources. Only
/// [`admit_without_home`] makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmissionWithoutHome {
    resource_tenant: TenantId,
    client: ClientId,
    resources: BTreeSet<ClientId>,
}

impl AdmissionWithoutHome {
    /// One that nobody gave, as that of [`Admission`].
    pub(crate) fn supposed(
        resource_tenant: TenantId,
        (client, resources): (ClientId, &BTreeSet<ClientId>),
    ) -> Self {
        Self {
            resource_tenant,
            client,
            resources: resources.clone(),
        }
    }

    /// Whether the proof is about this, as that of [`Admission`].
    pub(crate) fn covers(
        &self,
        tenant: TenantId,
        client: ClientId,
        resources: &BTreeSet<ClientId>,
    ) -> bool {
        self.resource_tenant == tenant
            && self.client == client
            && resources.is_subset(&self.resources)
    }
}

/// Which tenant holds the user back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CrossTenantRefusal {
    /// The home tenant does not let the user out; reported first, it is the user's own administrator's decision.
    #[error(
        "the home tenant's outbound access settings hold this user back; its administrator can change them"
    )]
    Outbound,
    /// The resource tenant does not let the user in.
    #[error(
        "the resource tenant's inbound access settings hold this user back; its administrator can change them"
    )]
    Inbound,
}

impl CrossTenantRefusal {
    /// The error number shown and logged (specification 2.3).
    pub const fn error_code(self) -> u32 {
        match self {
            Self::Outbound => 500_212,
            Self::Inbound => 500_213,
        }
    }
}

/// Asks both tenants, the home tenant first (specification 2.2, steps 5 and 6).
pub fn admit(
    home: &CompiledTenant,
    resource: &CompiledTenant,
    crossing: &Crossing<'_>,
) -> Result<Admission, CrossTenantRefusal> {
    // A tenant lets out only accounts of its own (requirement U11).
    if crossing.home.tenant_id != home.id() {
        return Err(CrossTenantRefusal::Outbound);
    }
    let outbound = home.cross_tenant().toward(resource.id());
    if !outbound.lets_out(crossing) {
        return Err(CrossTenantRefusal::Outbound);
    }
    let inbound = resource.cross_tenant().toward(home.id());
    let reachable = match crossing.channel {
        CrossTenantChannel::Collaboration | CrossTenantChannel::ServiceProvider => true,
        CrossTenantChannel::DirectConnect => resource.offers_direct_connect(crossing),
    };
    if home.id() == resource.id() || !reachable || !inbound.lets_in(crossing) {
        return Err(CrossTenantRefusal::Inbound);
    }
    Ok(Admission {
        channel: crossing.channel,
        home: crossing.home,
        resource_tenant: resource.id(),
        client: crossing.client,
        resources: crossing.resources.clone(),
    })
}

/// Asks the resource tenant about a guest whose identity is no tenant's: only the default setting applies, and of its lists
/// of users only the one that names all of them can name such a guest (decision 2).
pub fn admit_without_home(
    resource: &CompiledTenant,
    client: ClientId,
    resources: &BTreeSet<ClientId>,
) -> Result<AdmissionWithoutHome, CrossTenantRefusal> {
    let inbound = &resource.cross_tenant().default.collaboration_inbound;
    if !inbound.admits(std::iter::empty(), client, resources) {
        return Err(CrossTenantRefusal::Inbound);
    }
    Ok(AdmissionWithoutHome {
        resource_tenant: resource.id(),
        client,
        resources: resources.clone(),
    })
}

/// Whether the account could come through direct connect too, which makes policies for direct connect users apply to a
/// guest (specification 3.5). The channel of `crossing` does not matter.
pub fn can_direct_connect(
    home: &CompiledTenant,
    resource: &CompiledTenant,
    crossing: &Crossing<'_>,
) -> bool {
    let crossing = Crossing {
        channel: CrossTenantChannel::DirectConnect,
        ..*crossing
    };
    admit(home, resource, &crossing).is_ok()
}

/// Whether the redemption consent is skipped: both tenants must say so in their entry for the other (requirement U13).
pub fn skips_consent(home: &CompiledTenant, resource: &CompiledTenant) -> bool {
    let outbound = home.cross_tenant().toward(resource.id()).consent_outbound;
    let inbound = resource.cross_tenant().toward(home.id()).consent_inbound;
    outbound && inbound
}

/// Which of another tenant's claims count here; each stands on its own (specification 2.4).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Trust {
    /// MFA done there.
    pub mfa: bool,
    /// Its word on compliance.
    pub compliant_device: bool,
    /// Its word on hybrid join.
    pub hybrid_joined_device: bool,
}

/// A tenant's settings, resolved for every partner.
#[derive(Debug)]
pub(crate) struct CrossTenant {
    default: Effective,
    partners: BTreeMap<TenantId, Effective>,
}

/// What holds toward one other tenant.
#[derive(Debug)]
pub(crate) struct Effective {
    collaboration_inbound: Gate,
    collaboration_outbound: Gate,
    direct_connect_inbound: Gate,
    direct_connect_outbound: Gate,
    pub(crate) trust: Trust,
    consent_inbound: bool,
    consent_outbound: bool,
    delegation: Delegation,
}

/// Delegated administration between two tenants.
#[derive(Debug, Clone, Copy)]
struct Delegation {
    /// The other tenant administers this one.
    is_service_provider: bool,
    /// This tenant's users may not administer others (Graph beta `blockServiceProviderOutboundAccess`).
    holds_own_back: bool,
}

/// One setting: users and applications judged together.
#[derive(Debug)]
struct Gate {
    users: Targets<Account>,
    applications: Targets<ClientId>,
}

/// One list of targets.
#[derive(Debug)]
struct Targets<T> {
    access_type: AccessType,
    named: Named<T>,
}

#[derive(Debug)]
enum Named<T> {
    All,
    Listed(BTreeSet<T>),
    /// Empty, or holding an entry that names nothing we know: the gate stays shut (decision 18).
    NotEvaluable,
}

/// A user or a group of the home tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Account {
    User(UserId),
    Group(GroupId),
}

impl CrossTenant {
    pub(crate) fn compile(policy: &CrossTenantAccessPolicy) -> Self {
        let mut partners = BTreeMap::new();
        for partner in &policy.partners {
            let mut effective = Effective::resolve(Some(&partner.settings), &policy.default);
            effective.delegation.is_service_provider = partner.is_service_provider == Some(true);
            // Two entries for one tenant contradict each other: nothing passes until one is gone.
            if partners.insert(partner.tenant_id, effective).is_some() {
                partners.insert(partner.tenant_id, Effective::closed());
            }
        }
        Self {
            default: Effective::resolve(None, &policy.default),
            partners,
        }
    }

    /// What holds toward this tenant: its entry, else the default.
    pub(crate) fn toward(&self, other: TenantId) -> &Effective {
        self.partners.get(&other).unwrap_or(&self.default)
    }
}

impl Effective {
    fn resolve(partner: Option<&CrossTenantSettings>, default: &CrossTenantSettings) -> Self {
        let gate = |pick: fn(&CrossTenantSettings) -> Option<&B2bSetting>, system: AccessType| {
            Gate::resolve([partner.and_then(pick), pick(default)], system)
        };
        let trust = |pick: fn(&InboundTrust) -> Option<bool>| {
            partner
                .and_then(|settings| settings.inbound_trust.as_ref().and_then(pick))
                .or_else(|| default.inbound_trust.as_ref().and_then(pick))
                .unwrap_or(false)
        };
        // The default is constantly false here, so a hole is false (specification 1.4).
        let consent = partner.and_then(|settings| settings.automatic_user_consent_settings);
        Self {
            collaboration_inbound: gate(
                |settings| settings.b2b_collaboration_inbound.as_ref(),
                AccessType::Allowed,
            ),
            collaboration_outbound: gate(
                |settings| settings.b2b_collaboration_outbound.as_ref(),
                AccessType::Allowed,
            ),
            direct_connect_inbound: gate(
                |settings| settings.b2b_direct_connect_inbound.as_ref(),
                AccessType::Blocked,
            ),
            direct_connect_outbound: gate(
                |settings| settings.b2b_direct_connect_outbound.as_ref(),
                AccessType::Blocked,
            ),
            trust: Trust {
                mfa: trust(|flags| flags.is_mfa_accepted),
                compliant_device: trust(|flags| flags.is_compliant_device_accepted),
                hybrid_joined_device: trust(|flags| {
                    flags.is_hybrid_azure_ad_joined_device_accepted
                }),
            },
            consent_inbound: consent.and_then(|consent| consent.inbound_allowed) == Some(true),
            consent_outbound: consent.and_then(|consent| consent.outbound_allowed) == Some(true),
            delegation: Delegation {
                is_service_provider: false,
                holds_own_back: partner
                    .and_then(blocks_service_providers)
                    .or_else(|| blocks_service_providers(default))
                    .unwrap_or(false),
            },
        }
    }

    fn closed() -> Self {
        let gate = || Gate::resolve([None, None], AccessType::Blocked);
        Self {
            collaboration_inbound: gate(),
            collaboration_outbound: gate(),
            direct_connect_inbound: gate(),
            direct_connect_outbound: gate(),
            trust: Trust::default(),
            consent_inbound: false,
            consent_outbound: false,
            delegation: Delegation {
                is_service_provider: false,
                holds_own_back: true,
            },
        }
    }

    fn lets_in(&self, crossing: &Crossing<'_>) -> bool {
        match crossing.channel {
            CrossTenantChannel::Collaboration => self.collaboration_inbound.lets_through(crossing),
            CrossTenantChannel::DirectConnect => self.direct_connect_inbound.lets_through(crossing),
            CrossTenantChannel::ServiceProvider => {
                self.delegation.is_service_provider && !crossing.resources.is_empty()
            }
        }
    }

    fn lets_out(&self, crossing: &Crossing<'_>) -> bool {
        match crossing.channel {
            CrossTenantChannel::Collaboration => self.collaboration_outbound.lets_through(crossing),
            CrossTenantChannel::DirectConnect => {
                self.direct_connect_outbound.lets_through(crossing)
            }
            CrossTenantChannel::ServiceProvider => !self.delegation.holds_own_back,
        }
    }
}

impl Gate {
    /// The first setting that speaks of each half; where none does, everybody and everything under `system`.
    fn resolve(layers: [Option<&B2bSetting>; 2], system: AccessType) -> Self {
        let layers = layers.into_iter().flatten();
        let users = layers
            .clone()
            .find_map(|setting| setting.users_and_groups.as_ref());
        let applications = layers
            .clone()
            .find_map(|setting| setting.applications.as_ref());
        Self {
            users: Targets::compile(users, system, account),
            applications: Targets::compile(applications, system, application),
        }
    }

    fn lets_through(&self, crossing: &Crossing<'_>) -> bool {
        let groups = crossing.home_groups.iter().copied().map(Account::Group);
        let user = Account::User(crossing.home.user_id);
        let accounts = std::iter::once(user).chain(groups);
        self.admits(accounts, crossing.client, crossing.resources)
    }

    /// Whether somebody with these names may reach every resource of the request; an empty request reaches nothing.
    fn admits(
        &self,
        accounts: impl Iterator<Item = Account>,
        client: ClientId,
        resources: &BTreeSet<ClientId>,
    ) -> bool {
        let user_named = self.users.names(accounts);
        !resources.is_empty()
            && resources.iter().all(|resource| {
                let application_named = self.applications.names([client, *resource].into_iter());
                self.combine(user_named, application_named)
            })
    }

    /// Specification 1.6. With both blocked the two lists are one pair: only listed users at listed applications are held back.
    fn combine(&self, user_named: Option<bool>, application_named: Option<bool>) -> bool {
        let (Some(user), Some(application)) = (user_named, application_named) else {
            return false;
        };
        match (self.users.access_type, self.applications.access_type) {
            (AccessType::Allowed, AccessType::Allowed) => user && application,
            (AccessType::Allowed, AccessType::Blocked) => user && !application,
            (AccessType::Blocked, AccessType::Allowed) => !user && application,
            (AccessType::Blocked, AccessType::Blocked) => !(user && application),
        }
    }
}

impl<T: Ord> Targets<T> {
    fn compile(
        configured: Option<&TargetConfiguration>,
        system: AccessType,
        read: fn(TargetType, &str) -> Option<Named<T>>,
    ) -> Self {
        let Some(configured) = configured else {
            return Self {
                access_type: system,
                named: Named::All,
            };
        };
        let mut named = Named::Listed(BTreeSet::new());
        if configured.targets.is_empty() {
            named = Named::NotEvaluable;
        }
        for target in &configured.targets {
            let next = read(target.target_type, &target.target).unwrap_or(Named::NotEvaluable);
            named = named.and(next);
        }
        Self {
            access_type: configured.access_type,
            named,
        }
    }

    /// Whether the list names any of these; `None` when that cannot be told.
    fn names(&self, mut candidates: impl Iterator<Item = T>) -> Option<bool> {
        match &self.named {
            Named::All => Some(true),
            Named::Listed(listed) => Some(candidates.any(|candidate| listed.contains(&candidate))),
            Named::NotEvaluable => None,
        }
    }
}

impl<T: Ord> Named<T> {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::NotEvaluable, _) | (_, Self::NotEvaluable) => Self::NotEvaluable,
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::Listed(mut listed), Self::Listed(more)) => {
                listed.extend(more);
                Self::Listed(listed)
            }
        }
    }
}

fn blocks_service_providers(settings: &CrossTenantSettings) -> Option<bool> {
    settings
        .other
        .get("blockServiceProviderOutboundAccess")?
        .as_bool()
}

fn account(kind: TargetType, target: &str) -> Option<Named<Account>> {
    let one = |account| Named::Listed(BTreeSet::from([account]));
    match (kind, target) {
        (TargetType::User, "AllUsers") => Some(Named::All),
        (TargetType::User, id) => id.parse().ok().map(Account::User).map(one),
        (TargetType::Group, id) => id.parse().ok().map(Account::Group).map(one),
        (TargetType::Application, _) => None,
    }
}

fn application(kind: TargetType, target: &str) -> Option<Named<ClientId>> {
    match (kind, target) {
        (TargetType::Application, "AllApplications") => Some(Named::All),
        // The suite holds no application of this installation.
        (TargetType::Application, "Office365") => Some(Named::Listed(BTreeSet::new())),
        (TargetType::Application, id) => {
            let id = id.parse().ok()?;
            Some(Named::Listed(BTreeSet::from([id])))
        }
        (TargetType::User | TargetType::Group, _) => None,
    }
}
