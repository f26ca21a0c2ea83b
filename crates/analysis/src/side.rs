//! One set of policies and the tenant it stands in, ready to be asked about.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net};
use portcullis_model::application::ServicePrincipal;
use portcullis_model::conditional_access::filter::{
    Comparison, FilterOperator, Operand, SecurityAttribute,
};
use portcullis_model::conditional_access::{
    ConditionalAccessPolicy, IncludeExclude, LocationCondition, PolicyState,
};
use portcullis_model::cross_tenant_access::{
    B2bSetting, CrossTenantAccessPolicy, CrossTenantSettings, TargetType,
};
use portcullis_model::id::{
    ClientId, GroupId, NamedLocationId, ServicePrincipalId, TenantId, UserId,
};
use portcullis_model::named_location::{NamedLocation, NamedLocationKind};
use portcullis_model::store::TenantConfiguration;
use portcullis_model::user::HomeAccount;
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::cross_tenant::{Crossing, admit, admit_without_home};
use portcullis_whatif::directory::{Directory, DirectoryTenant};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::mentions::Mentions;
use crate::probe::{ACCOUNT, Probe};
use crate::told::or;
use crate::who::{Home, Who};

/// Of so many different attribute values that filters name, every combination is looked at; of more, each one alone.
const ATTRIBUTES_COMBINED_MAX: usize = 6;

/// The place that stands for all that a tenant trusts, where nobody knows what that is.
pub(crate) const SUPPOSED_PLACE: NamedLocationId =
    NamedLocationId::new(Uuid::from_u128(0x91ac_0000_0000_4000_8000_0000_0000_0001));

/// A tenant, its policies, and what was supposed to be able to ask about them.
pub(crate) struct Side {
    pub(crate) configuration: TenantConfiguration,
    pub(crate) compiled: CompiledTenant,
    pub(crate) probe: Probe,
    /// What could not be encoded exactly, in sentences without a full stop.
    pub(crate) unknown: Vec<String>,
    /// Policies came without the named locations that stood beside them, so that no place is trusted, and some was.
    has_no_places: bool,
    homes: BTreeMap<TenantId, HomeTenant>,
    /// Applications that some cross-tenant access setting names.
    pub(crate) in_settings: BTreeSet<ClientId>,
}

/// Another tenant that the directory knows.
struct HomeTenant {
    compiled: CompiledTenant,
    settings: CrossTenantAccessPolicy,
}

/// Which policies count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Counted {
    /// The enforced ones.
    #[default]
    Enabled,
    /// Those that only report too, as if they were enforced.
    ReportOnlyToo,
}

impl Counted {
    fn counts(self, policy: &ConditionalAccessPolicy) -> bool {
        match policy.state {
            PolicyState::Enabled => true,
            PolicyState::ReportOnly => self == Self::ReportOnlyToo,
            PolicyState::Disabled => false,
        }
    }
}

impl Side {
    /// Only the policies that count remain, as enforced ones. Exports do not say whose they are: both sides of a change are
    /// taken to be of the same tenant.
    pub(crate) fn new(
        tenant: &DirectoryTenant,
        of: TenantId,
        directory: &Directory,
        counted: Counted,
    ) -> Self {
        let mut configuration = tenant.configuration().clone();
        configuration.organization.id = of;
        let policies = &mut configuration.conditional_access_policies;
        policies.retain(|policy| counted.counts(policy));
        for policy in policies {
            policy.state = PolicyState::Enabled;
        }
        let has_no_places = !tenant.lists_people() && configuration.named_locations.is_empty();
        let mut unknown = Vec::new();
        if configuration.service_principals.is_empty() {
            configuration.service_principals = supposed_principals(&configuration, &mut unknown);
        }
        let homes = directory.tenants().map(|tenant| {
            let home = HomeTenant {
                compiled: tenant.compiled().clone(),
                settings: tenant.configuration().cross_tenant_access_policy.clone(),
            };
            (tenant.id(), home)
        });
        let homes: BTreeMap<TenantId, HomeTenant> = homes.collect();
        let settings = homes.values().map(|home| &home.settings);
        let settings = settings.chain([&configuration.cross_tenant_access_policy]);
        let in_settings = settings.flat_map(applications_in).collect();
        Self {
            compiled: CompiledTenant::compile(&configuration),
            probe: Probe::new(&configuration),
            configuration,
            unknown,
            has_no_places,
            homes,
            in_settings,
        }
    }

    /// Policies that cannot be evaluated, in sentences without a full stop.
    pub(crate) fn not_evaluable(&self) -> impl Iterator<Item = String> {
        self.compiled.not_evaluable().map(|(id, why)| {
            let mut policies = self.policies().iter();
            let policy = policies.find(|policy| policy.id == id);
            let name = policy.map_or_else(|| id.to_string(), |one| one.display_name.clone());
            format!("whom `{name}` lets through cannot be said ({why}): it blocks")
        })
    }

    /// Whether a policy spares trusted locations, which are not known.
    pub(crate) fn may_be_spared(&self, policy: &ConditionalAccessPolicy) -> bool {
        let locations = policy.conditions.locations.as_ref();
        let spares = |one: &IncludeExclude<LocationCondition>| {
            one.exclude.contains(&LocationCondition::AllTrusted)
        };
        self.has_no_places && locations.is_some_and(spares)
    }

    /// Whether a policy is about trusted locations, which are not known.
    pub(crate) fn may_be_about(&self, policy: &ConditionalAccessPolicy) -> bool {
        let locations = policy.conditions.locations.as_ref();
        self.has_no_places
            && locations.is_some_and(|one| one.include.contains(&LocationCondition::AllTrusted))
    }

    /// Whether some policy is about trusted locations, which are not known.
    pub(crate) fn may_single_out(&self) -> bool {
        let mut policies = self.policies().iter();
        policies.any(|policy| self.may_be_about(policy))
    }

    fn speaking_of_trusted(&self) -> impl Iterator<Item = &ConditionalAccessPolicy> {
        let speaks = |policy: &&ConditionalAccessPolicy| {
            let locations = policy.conditions.locations.iter();
            let mut all = locations.flat_map(|one| one.include.iter().chain(&one.exclude));
            all.any(|one| *one == LocationCondition::AllTrusted)
        };
        self.policies().iter().filter(speaks)
    }

    /// In a sentence without a full stop, if policies speak of trusted locations that are not known.
    pub(crate) fn without_its_places(&self) -> Option<String> {
        let names: Vec<String> = self
            .speaking_of_trusted()
            .map(|policy| format!("`{}`", policy.display_name))
            .collect();
        (self.has_no_places && !names.is_empty()).then(|| {
            format!(
                "the policies came without named locations: what holds inside trusted ones, of which {} speaks, cannot be said",
                or(names)
            )
        })
    }

    /// Of two versions that came without their places the trusted ones are the same, whichever they are: one stands for all.
    pub(crate) fn suppose_a_trusted_place(sides: &mut [Self]) {
        let lacks = |side: &Self| side.has_no_places;
        let speaks = |side: &Self| side.speaking_of_trusted().next().is_some();
        if sides.len() < 2 || !sides.iter().all(lacks) || !sides.iter().any(speaks) {
            return;
        }
        for side in sides {
            side.has_no_places = false;
            side.configuration.named_locations = vec![supposed_place()];
            side.compiled = CompiledTenant::compile(&side.configuration);
            side.probe = Probe::new(&side.configuration);
        }
    }

    /// Whether MFA of this other tenant counts on one side only: its users prove it at home there, and here on the other.
    pub(crate) fn trusts_mfa_unlike(&self, other: &Self, home: TenantId) -> bool {
        self.compiled.trust(home).mfa != other.compiled.trust(home).mfa
    }

    pub(crate) fn policies(&self) -> &[ConditionalAccessPolicy] {
        &self.configuration.conditional_access_policies
    }

    /// Tenants that the cross-tenant access settings name.
    pub(crate) fn partners(&self) -> impl Iterator<Item = TenantId> {
        let partners = self
            .configuration
            .cross_tenant_access_policy
            .partners
            .iter();
        partners.map(|partner| partner.tenant_id)
    }

    /// Some account of this kind that both tenants let cross to this application through this client, if there is one. Of a
    /// home tenant that nobody knows it is supposed that it lets everybody out.
    pub(crate) fn admitted(
        &self,
        who: &Who,
        application: ClientId,
        client: ClientId,
    ) -> Option<UserId> {
        let resources = BTreeSet::from([application]);
        let (channel, tenant) = match (who.kind.cross_tenant_channel(), who.home) {
            (None, _) | (Some(_), Home::Here) => return Some(ACCOUNT),
            (Some(_), Home::NoTenant) => {
                let admission = admit_without_home(&self.compiled, client, &resources);
                return admission.is_ok().then_some(ACCOUNT);
            }
            (Some(channel), Home::Tenant(tenant) | Home::AnyOtherTenant(tenant)) => {
                (channel, tenant)
            }
        };
        let supposed;
        let home = if let Some(home) = self.homes.get(&tenant) {
            &home.compiled
        } else {
            supposed = lets_everybody_out(tenant);
            &supposed
        };
        let crosses = |account: &(UserId, BTreeSet<GroupId>)| {
            let crossing = Crossing {
                channel,
                home: HomeAccount {
                    tenant_id: tenant,
                    user_id: account.0,
                },
                home_groups: &account.1,
                client,
                resources: &resources,
            };
            admit(home, &self.compiled, &crossing).is_ok()
        };
        let mut accounts = self.accounts(tenant).into_iter();
        accounts.find(crosses).map(|account| account.0)
    }

    /// Applications that open or shut a door to whatever is reached through them: settings that name the client speak of that
    /// too, and the directory is reached by direct connect through a client that takes part in it. All others are as good as
    /// the application that is reached.
    pub(crate) fn clients(&self) -> impl Iterator<Item = ClientId> {
        let takes_part = self.configuration.applications.iter();
        let takes_part = takes_part.filter(|one| one.supports_direct_connect);
        let takes_part = takes_part.map(|one| one.app_id);
        self.in_settings.iter().copied().chain(takes_part)
    }

    /// Accounts of another tenant that its or our settings could tell apart. Each side looks for one name at most, so one
    /// that nobody names, each name, and each name of ours together with each of theirs are all there are.
    fn accounts(&self, tenant: TenantId) -> Vec<(UserId, BTreeSet<GroupId>)> {
        let own = accounts_in(&self.configuration.cross_tenant_access_policy, tenant);
        let home = self.homes.get(&tenant);
        let here = self.configuration.organization.id;
        let theirs = home.map(|home| accounts_in(&home.settings, here));
        let theirs = theirs.unwrap_or_default();
        let mut accounts = vec![(ACCOUNT, BTreeSet::new())];
        accounts.extend(own.iter().chain(&theirs).map(|name| account([*name])));
        for one in &own {
            for other in &theirs {
                match (one, other) {
                    (AccountName::User(one), AccountName::User(other)) if one != other => {}
                    _ => accounts.push(account([*one, *other])),
                }
            }
        }
        accounts
    }
}

/// At addresses that are nobody's (RFC 5737, section 3).
fn supposed_place() -> NamedLocation {
    NamedLocation {
        id: SUPPOSED_PLACE,
        display_name: String::new(),
        kind: NamedLocationKind::IpRanges {
            is_trusted: true,
            ranges: vec![IpNet::V4(Ipv4Net::new_assert(
                Ipv4Addr::new(192, 0, 2, 0),
                24,
            ))],
        },
        document: Map::new(),
    }
}

/// What a setting can call an account of another tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum AccountName {
    User(UserId),
    Group(GroupId),
}

/// An account that all these names are of.
fn account<const N: usize>(names: [AccountName; N]) -> (UserId, BTreeSet<GroupId>) {
    let mut account = (ACCOUNT, BTreeSet::new());
    for name in names {
        match name {
            AccountName::User(user) => account.0 = user,
            AccountName::Group(group) => {
                account.1.insert(group);
            }
        }
    }
    account
}

fn gates(settings: &CrossTenantSettings) -> impl Iterator<Item = &B2bSetting> {
    [
        &settings.b2b_collaboration_inbound,
        &settings.b2b_collaboration_outbound,
        &settings.b2b_direct_connect_inbound,
        &settings.b2b_direct_connect_outbound,
    ]
    .into_iter()
    .flatten()
}

/// Accounts that these settings name where they speak of this tenant.
fn accounts_in(policy: &CrossTenantAccessPolicy, tenant: TenantId) -> BTreeSet<AccountName> {
    let partners = policy.partners.iter();
    let partners = partners.filter(|one| one.tenant_id == tenant);
    let settings = partners.map(|one| &one.settings).chain([&policy.default]);
    let targets = settings
        .flat_map(gates)
        .filter_map(|gate| gate.users_and_groups.as_ref())
        .flat_map(|users| &users.targets);
    let names = targets.filter_map(|target| match target.target_type {
        TargetType::User => target.target.parse().ok().map(AccountName::User),
        TargetType::Group => target.target.parse().ok().map(AccountName::Group),
        TargetType::Application => None,
    });
    names.collect()
}

fn applications_in(policy: &CrossTenantAccessPolicy) -> impl Iterator<Item = ClientId> {
    let partners = policy.partners.iter().map(|one| &one.settings);
    let targets = partners
        .chain([&policy.default])
        .flat_map(gates)
        .filter_map(|gate| gate.applications.as_ref())
        .flat_map(|applications| &applications.targets);
    targets.filter_map(|target| target.target.parse().ok())
}

/// Another tenant of which nothing is known: it is supposed to hold nobody back.
fn lets_everybody_out(id: TenantId) -> CompiledTenant {
    let mut configuration = TenantConfiguration::empty(id);
    configuration.cross_tenant_access_policy.default = CrossTenantSettings::letting_everybody_out();
    CompiledTenant::compile(&configuration)
}

/// An export of policies has no service principals: those that policies name are supposed to be single-tenant ones of this
/// tenant, and one is supposed for each combination of attributes that filters tell apart.
fn supposed_principals(
    configuration: &TenantConfiguration,
    unknown: &mut Vec<String>,
) -> Vec<ServicePrincipal> {
    let mut mentions = Mentions::default();
    for policy in &configuration.conditional_access_policies {
        mentions.add(policy);
    }
    let named = mentions.principals.iter();
    let mut supposed: Vec<ServicePrincipal> = named
        .map(|id| supposed_principal(*id, &id.to_string(), &Map::new()))
        .collect();
    let comparisons = mentions
        .application_attributes
        .iter()
        .chain(&mentions.principal_attributes);
    for (number, attributes) in combinations(comparisons, unknown).iter().enumerate() {
        let name = format!("an application with {}", told(attributes));
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, number.to_string().as_bytes());
        supposed.push(supposed_principal(
            ServicePrincipalId::new(id),
            &name,
            attributes,
        ));
    }
    // One that no policy tells from any other.
    let plain = ServicePrincipalId::new(ACCOUNT.uuid());
    supposed.push(supposed_principal(
        plain,
        "any other application of this tenant",
        &Map::new(),
    ));
    supposed
}

fn supposed_principal(
    id: ServicePrincipalId,
    name: &str,
    attributes: &Map<String, Value>,
) -> ServicePrincipal {
    let app_id = Uuid::new_v5(&Uuid::NAMESPACE_URL, id.to_string().as_bytes());
    let mut other = Map::new();
    if !attributes.is_empty() {
        other.insert("customSecurityAttributes".to_owned(), json!(attributes));
    }
    ServicePrincipal {
        id,
        app_id: ClientId::new(app_id),
        display_name: name.to_owned(),
        app_owner_organization_id: None,
        account_enabled: true,
        app_role_assignment_required: false,
        assigned_to: Vec::new(),
        granted_app_roles: Vec::new(),
        admin_consented_scopes: Vec::new(),
        other,
    }
}

/// Attribute sets as Graph writes them, one for each combination of the values that filters name; the empty one is left out.
fn combinations<'c>(
    comparisons: impl Iterator<Item = &'c Comparison<SecurityAttribute>>,
    unknown: &mut Vec<String>,
) -> Vec<Map<String, Value>> {
    let mut values: BTreeSet<(SecurityAttribute, String)> = BTreeSet::new();
    for comparison in comparisons {
        match comparison.operator {
            FilterOperator::Equal
            | FilterOperator::NotEqual
            | FilterOperator::Contains
            | FilterOperator::NotContains
            | FilterOperator::In
            | FilterOperator::NotIn => {}
            FilterOperator::StartsWith
            | FilterOperator::NotStartsWith
            | FilterOperator::EndsWith
            | FilterOperator::NotEndsWith => unknown.push(format!(
                "applications whose attribute `{}` begins or ends like `{:?}` are looked at only where they are equal to it",
                comparison.property.name(),
                comparison.operand
            )),
        }
        let texts: &[String] = match &comparison.operand {
            Operand::Null => &[],
            Operand::Text(text) => std::slice::from_ref(text),
            Operand::List(texts) => texts,
        };
        for text in texts {
            values.insert((comparison.property.clone(), text.clone()));
        }
        if comparison.operand == Operand::Null {
            values.insert((comparison.property.clone(), "some value".to_owned()));
        }
    }
    let values: Vec<_> = values.into_iter().collect();
    let chosen: Vec<Vec<&(SecurityAttribute, String)>> = if values.len() <= ATTRIBUTES_COMBINED_MAX
    {
        (1..1usize << values.len())
            .map(|bits| {
                let every = values.iter().enumerate();
                let chosen = every.filter(|(at, _)| bits & (1 << at) != 0);
                chosen.map(|(_, value)| value).collect()
            })
            .collect()
    } else {
        unknown.push(format!(
            "filters for applications name {} attribute values; applications with several of them at once are not looked at",
            values.len()
        ));
        values.iter().map(|value| vec![value]).collect()
    };
    chosen.into_iter().map(|chosen| document(&chosen)).collect()
}

fn document(values: &[&(SecurityAttribute, String)]) -> Map<String, Value> {
    let mut sets: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for (attribute, text) in values {
        let set = sets.entry(attribute.set()).or_default();
        set.entry(attribute.name()).or_default().push(text);
    }
    sets.into_iter()
        .map(|(set, values)| (set.to_owned(), json!(values)))
        .collect()
}

fn told(attributes: &Map<String, Value>) -> String {
    let mut words = Vec::new();
    for values in attributes.values().filter_map(Value::as_object) {
        for (name, texts) in values {
            for text in texts.as_array().into_iter().flatten() {
                words.push(format!("{name} {}", text.as_str().unwrap_or_default()));
            }
        }
    }
    words.join(" and ")
}
