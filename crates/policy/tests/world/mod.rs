//! Small worlds: a resource tenant, home tenants, policies and sign-ins, each with one sensible beginning.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::Timestamp;
use portcullis_model::application::Application;
use portcullis_model::conditional_access::{
    ApplicationCondition, ApplicationConditions, ConditionalAccessPolicy, Conditions,
    ExternalUserTypes, FrequencyAuthenticationType, GrantControl, GrantControls, GrantOperator,
    IncludeExclude, PolicyState, SessionControls, SignInFrequency, SignInInterval,
    Target as PolicyTarget, UserCondition,
};
use portcullis_model::credential::{AuthenticationMethod, AuthenticationMethods};
use portcullis_model::cross_tenant_access::{
    AccessType, B2bSetting, CrossTenantAccessPolicy, CrossTenantPartner, CrossTenantSettings,
    InboundTrust, Target, TargetConfiguration, TargetType,
};
use portcullis_model::device::{DeviceAttributes, DeviceClaims, DeviceTrustType};
use portcullis_model::id::{ClientId, DeviceId, Id, PolicyId, TenantId, UserId};
use portcullis_model::named_location::{NamedLocation, NamedLocationKind};
use portcullis_model::store::TenantConfiguration;
use portcullis_model::user::{HomeAccount, UserType};
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::cross_tenant::{Admission, CrossTenantChannel, Crossing, Trust, admit};
use portcullis_policy::decide::decide;
use portcullis_policy::decision::{Challenge, Decision, Outcome, Place};
use portcullis_policy::external_user::external_user_types;
use portcullis_policy::facts::{
    Authenticator, ExternalUserFacts, Interaction, MethodFacts, Methods, Origin, Proof, SignIn,
    Subject, UserSubject,
};
use serde_json::{Map, json};
use uuid::Uuid;

/// The id of any kind with this number.
pub(crate) fn id<K>(number: u128) -> Id<K> {
    Id::new(Uuid::from_u128(number))
}

/// The resource tenant of every story.
pub(crate) fn contoso() -> TenantId {
    id(0xc0)
}
/// The home tenant of every guest, unless a story says otherwise.
pub(crate) fn fabrikam() -> TenantId {
    id(0xfa)
}
/// A third tenant.
pub(crate) fn woodgrove() -> TenantId {
    id(0x3d)
}
/// The application that is reached.
pub(crate) fn payroll() -> ClientId {
    id(0xa1)
}
/// Now.
pub(crate) fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}
/// So many seconds ago.
pub(crate) fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() - seconds).unwrap()
}

/// A tenant that has configured nothing; payroll takes part in direct connect.
pub(crate) fn tenant(tenant: TenantId) -> TenantConfiguration {
    let application = |client: ClientId| -> Application {
        serde_json::from_value(json!({
            "id": client.to_string(),
            "appId": client.to_string(),
            "displayName": "Payroll",
            "supportsDirectConnect": true,
        }))
        .unwrap()
    };
    TenantConfiguration {
        version: 1,
        organization: serde_json::from_value(json!({
            "id": tenant.to_string(), "displayName": "Tenant", "verifiedDomains": [],
        }))
        .unwrap(),
        applications: [payroll(), id(0xa2), id(0xa3)].map(application).into(),
        service_principals: Vec::new(),
        conditional_access_policies: Vec::new(),
        named_locations: Vec::new(),
        authentication_strengths: Vec::new(),
        authentication_contexts: Vec::new(),
        agreements: Vec::new(),
        cross_tenant_access_policy: CrossTenantAccessPolicy::default(),
        invariants: None,
    }
}

/// Contoso with these policies, trusting fabrikam so far and open to its direct connect users.
pub(crate) fn contoso_with(
    trust: Trust,
    policies: &[ConditionalAccessPolicy],
) -> TenantConfiguration {
    let mut configuration = tenant(contoso());
    configuration.conditional_access_policies = policies.to_vec();
    configuration.cross_tenant_access_policy.partners = vec![CrossTenantPartner {
        tenant_id: fabrikam(),
        is_service_provider: None,
        settings: CrossTenantSettings {
            inbound_trust: Some(InboundTrust {
                is_mfa_accepted: Some(trust.mfa),
                is_compliant_device_accepted: Some(trust.compliant_device),
                is_hybrid_azure_ad_joined_device_accepted: Some(trust.hybrid_joined_device),
            }),
            ..open_to_direct_connect()
        },
    }];
    configuration
}

/// Settings that let everybody through direct connect, both ways.
pub(crate) fn open_to_direct_connect() -> CrossTenantSettings {
    let all = || {
        Some(setting(
            AccessType::Allowed,
            &["AllUsers"],
            AccessType::Allowed,
            &["AllApplications"],
        ))
    };
    CrossTenantSettings {
        b2b_direct_connect_inbound: all(),
        b2b_direct_connect_outbound: all(),
        ..CrossTenantSettings::default()
    }
}

/// A setting with these targets; a user target that begins with `g:` is a group.
pub(crate) fn setting(
    users_access: AccessType,
    users: &[&str],
    applications_access: AccessType,
    applications: &[&str],
) -> B2bSetting {
    let user = |text: &&str| match text.strip_prefix("g:") {
        Some(group) => target(TargetType::Group, group),
        None => target(TargetType::User, text),
    };
    B2bSetting {
        users_and_groups: Some(TargetConfiguration {
            access_type: users_access,
            targets: users.iter().map(user).collect(),
        }),
        applications: Some(TargetConfiguration {
            access_type: applications_access,
            targets: applications
                .iter()
                .map(|text| target(TargetType::Application, text))
                .collect(),
        }),
    }
}

pub(crate) fn target(target_type: TargetType, target: &str) -> Target {
    Target {
        target: target.to_owned(),
        target_type,
    }
}

/// Trust in nothing, in everything.
pub(crate) const NO_TRUST: Trust = Trust {
    mfa: false,
    compliant_device: false,
    hybrid_joined_device: false,
};
pub(crate) const FULL_TRUST: Trust = Trust {
    mfa: true,
    compliant_device: true,
    hybrid_joined_device: true,
};
pub(crate) const MFA_TRUST: Trust = Trust {
    mfa: true,
    ..NO_TRUST
};

/// An enabled policy for all users and all resources that demands these controls.
pub(crate) fn policy(
    number: u128,
    operator: GrantOperator,
    controls: &[GrantControl],
) -> ConditionalAccessPolicy {
    ConditionalAccessPolicy {
        id: id(number),
        display_name: format!("Policy {number}"),
        state: PolicyState::Enabled,
        conditions: Conditions::new(
            including(UserCondition::All),
            reaching(&[ApplicationCondition::All], &[]),
        ),
        grant_controls: Some(GrantControls {
            operator,
            controls: controls.to_vec(),
        }),
        session_controls: SessionControls::default(),
        expanded_strength: None,
        document: Map::new(),
    }
}

/// Resources as a target.
pub(crate) fn reaching(
    include: &[ApplicationCondition],
    exclude: &[ApplicationCondition],
) -> PolicyTarget {
    PolicyTarget::Applications(ApplicationConditions {
        include: include.to_vec(),
        exclude: exclude.to_vec(),
        filter: None,
    })
}

/// The resources a policy is about.
pub(crate) fn applications(policy: &mut ConditionalAccessPolicy) -> &mut ApplicationConditions {
    match &mut policy.conditions.target {
        PolicyTarget::Applications(applications) => applications,
        PolicyTarget::UserActions(_) | PolicyTarget::AuthenticationContexts(_) => {
            panic!("not about resources")
        }
    }
}

/// A policy that demands all of these controls.
pub(crate) fn require(controls: &[GrantControl]) -> ConditionalAccessPolicy {
    policy(1, GrantOperator::And, controls)
}

/// A policy that only says how old a proof may be.
pub(crate) fn frequency(
    number: u128,
    interval: SignInInterval,
    authentication_type: FrequencyAuthenticationType,
) -> ConditionalAccessPolicy {
    let mut policy = policy(number, GrantOperator::And, &[]);
    policy.grant_controls = None;
    policy.session_controls.sign_in_frequency = Some(SignInFrequency {
        interval,
        authentication_type,
    });
    policy
}

pub(crate) fn including<T>(one: T) -> IncludeExclude<T> {
    IncludeExclude {
        include: vec![one],
        exclude: vec![],
    }
}

pub(crate) fn location(number: u128, is_trusted: bool, ranges: &[&str]) -> NamedLocation {
    NamedLocation {
        id: id(number),
        display_name: format!("Location {number}"),
        kind: NamedLocationKind::IpRanges {
            is_trusted,
            ranges: ranges.iter().map(|range| range.parse().unwrap()).collect(),
        },
        document: Map::new(),
    }
}

/// What people of these stories have registered, unless a story says otherwise.
pub(crate) const EVERYDAY: Methods = Methods {
    registered: AuthenticationMethods::of([
        AuthenticationMethod::Password,
        AuthenticationMethod::SoftwareOath,
    ]),
    registrable: AuthenticationMethods::NONE,
};

/// The same in both tenants.
pub(crate) fn everywhere(methods: Methods) -> MethodFacts {
    MethodFacts {
        home: methods,
        resource: methods,
    }
}

/// A member of contoso, who typed a password a minute ago.
pub(crate) fn member() -> SignIn {
    let subject = Subject::User(UserSubject {
        user: Some(id(0x11)),
        origin: Origin::Internal,
        external_user_types: ExternalUserTypes::NONE,
        groups: [].into(),
        roles: [].into(),
    });
    SignIn {
        proofs: vec![proof(contoso(), AuthenticationMethod::Password, 60)],
        methods: everywhere(EVERYDAY),
        interaction: Interaction::Interactive,
        ..SignIn::new(subject, payroll(), BTreeSet::from([payroll()]), now())
    }
}

/// A user of another tenant, who typed a password at home a minute ago.
pub(crate) fn external(channel: CrossTenantChannel, home: TenantId) -> SignIn {
    let has_object = channel == CrossTenantChannel::Collaboration;
    let mut sign_in = member();
    sign_in.proofs = vec![proof(home, AuthenticationMethod::Password, 60)];
    let all_applications = BTreeSet::from([payroll(), id(0xa2), id(0xa3)]);
    edit_user(&mut sign_in, |user| {
        user.user = has_object.then(|| id(0x22));
        user.origin = Origin::External(admission(channel, home, &all_applications));
        user.external_user_types = external_user_types(&ExternalUserFacts {
            object: has_object.then_some(Some(UserType::Guest)),
            channel: channel.into(),
            direct_connect_eligible: false,
        });
    });
    sign_in
}

pub(crate) fn guest() -> SignIn {
    external(CrossTenantChannel::Collaboration, fabrikam())
}

pub(crate) fn direct_connect_user() -> SignIn {
    external(CrossTenantChannel::DirectConnect, fabrikam())
}

/// What two tenants that are open to each other say.
pub(crate) fn admission(
    channel: CrossTenantChannel,
    home: TenantId,
    resources: &BTreeSet<ClientId>,
) -> Admission {
    let open = |own: TenantId| {
        let mut configuration = tenant(own);
        configuration.cross_tenant_access_policy.default = open_to_direct_connect();
        CompiledTenant::compile(&configuration)
    };
    let crossing = Crossing {
        channel,
        home: HomeAccount {
            tenant_id: home,
            user_id: home_user(),
        },
        home_groups: &BTreeSet::new(),
        client: payroll(),
        resources,
    };
    admit(&open(home), &open(contoso()), &crossing).unwrap()
}

pub(crate) fn home_user() -> UserId {
    id(0x99)
}

pub(crate) fn edit_user(sign_in: &mut SignIn, edit: impl FnOnce(&mut UserSubject)) {
    match &mut sign_in.subject {
        Subject::User(user) => edit(user),
        Subject::ServicePrincipal(_) => panic!("not a user"),
    }
}

pub(crate) fn proof(tenant: TenantId, method: AuthenticationMethod, seconds_ago: i64) -> Proof {
    Proof {
        tenant,
        method,
        at: ago(seconds_ago),
        authenticator: Authenticator::Unnamed,
    }
}

/// The same sign-in with a second factor proven in a tenant a minute ago.
pub(crate) fn with_mfa(mut sign_in: SignIn, tenant: TenantId) -> SignIn {
    sign_in
        .proofs
        .push(proof(tenant, AuthenticationMethod::SoftwareOath, 60));
    sign_in
}

/// The same sign-in on a device a tenant vouches for.
pub(crate) fn with_device(
    mut sign_in: SignIn,
    tenant_id: TenantId,
    is_compliant: bool,
    trust_type: DeviceTrustType,
) -> SignIn {
    sign_in.device = Some(DeviceClaims {
        tenant_id,
        device_id: DeviceId::new(Uuid::from_u128(0xde)),
        is_compliant,
        trust_type,
        attributes: DeviceAttributes::default(),
    });
    sign_in
}

pub(crate) fn decided(configuration: &TenantConfiguration, sign_in: &SignIn) -> Decision {
    decide(&CompiledTenant::compile(configuration), sign_in)
}

/// Decides, and says in a few words what comes next: `granted`, `blocked 53003`, `open: mfa in home`.
pub(crate) fn outcome(configuration: &TenantConfiguration, sign_in: &SignIn) -> String {
    words(&decided(configuration, sign_in))
}

pub(crate) fn words(decision: &Decision) -> String {
    match &decision.outcome {
        Outcome::Granted => "granted".into(),
        Outcome::Blocked(block) => format!("blocked {}", block.reason.error_code()),
        Outcome::Open(requirements) => {
            let each: Vec<String> = requirements
                .iter()
                .map(|requirement| {
                    let what = match &requirement.challenge {
                        Challenge::PrimaryAuthentication => "primary".to_owned(),
                        Challenge::MultifactorAuthentication => "mfa".to_owned(),
                        Challenge::AuthenticationStrength(_) => {
                            let texts = requirement.combinations.iter().map(ToString::to_string);
                            format!("strength ({})", texts.collect::<Vec<_>>().join(" or "))
                        }
                        Challenge::RiskRemediation => "remediation".to_owned(),
                        Challenge::PasswordChange => "password change".to_owned(),
                        Challenge::TermsOfUse(id) => format!("terms {:x}", id.uuid().as_u128()),
                        Challenge::CustomAuthenticationFactor(id) => format!("custom {id}"),
                    };
                    match requirement.place {
                        Place::HomeTenant(tenant) => {
                            assert_ne!(tenant, contoso());
                            format!("{what} in home")
                        }
                        Place::ResourceTenant(tenant) => {
                            assert_eq!(tenant, contoso());
                            format!("{what} in resource")
                        }
                    }
                })
                .collect();
            format!("open: {}", each.join(", "))
        }
    }
}

/// Each policy's result by the policy's number.
pub(crate) fn results(decision: &Decision) -> BTreeMap<PolicyId, String> {
    decision
        .policies()
        .into_iter()
        .map(|policy| {
            let result = serde_json::to_value(policy.result).unwrap();
            (policy.id, result.as_str().unwrap().to_owned())
        })
        .collect()
}
