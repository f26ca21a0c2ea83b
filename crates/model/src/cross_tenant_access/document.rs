//! Reads the cross-tenant access settings; the rules of writing are those of specification 1.5.

use super::{
    AccessType, B2bSetting, CrossTenantAccessPolicy, CrossTenantPartner, CrossTenantSettings,
    Target, TargetConfiguration, TargetType,
};
use crate::document::{Document, Findings, Members, Reason, Refusal, read_typed, shown_text};
use crate::id::TenantId;

impl CrossTenantAccessPolicy {
    /// The settings of tenant `own` that a document `{"default": {…}, "partners": […]}` describes, with all that is
    /// wrong with it. Unknown members are refused: a setting with a misspelled name would be a setting nobody keeps.
    pub fn from_document(document: &Document, own: TenantId) -> Result<Self, Refusal> {
        let mut findings = Findings::default();
        let root = Members::root(document);
        root.refuse_unknown(&["default", "partners", "displayName", "id"], &mut findings);
        let default = match root.object("default", &mut findings) {
            Some(members) => read_settings(&members, &mut findings),
            None => CrossTenantSettings::default(),
        };
        check_settings("$.default", &default, None, &mut findings);
        let mut policy = Self {
            default,
            partners: Vec::new(),
        };
        for members in root.objects("partners", &mut findings) {
            read_partner(&members, own, &mut policy, &mut findings);
        }
        findings.into_result(Some(policy))
    }
}

const SETTINGS: [&str; 4] = [
    "b2bCollaborationInbound",
    "b2bCollaborationOutbound",
    "b2bDirectConnectInbound",
    "b2bDirectConnectOutbound",
];

/// Members Graph has here that are kept and not interpreted (specification 1.2).
const KEPT: &[&str] = &[
    "inboundTrust",
    "automaticUserConsentSettings",
    "tenantRestrictions",
    "invitationRedemptionIdentityProviderConfiguration",
    "isServiceDefault",
    "blockServiceProviderOutboundAccess",
    "m365CollaborationInbound",
    "m365CollaborationOutbound",
    "appServiceConnectInbound",
    "isInMultiTenantOrganization",
    "identitySynchronization",
    "tenantId",
    "isServiceProvider",
    "id",
];

fn read_settings(members: &Members<'_>, findings: &mut Findings) -> CrossTenantSettings {
    let known: Vec<_> = SETTINGS.iter().chain(KEPT).copied().collect();
    members.refuse_unknown(&known, findings);
    for name in SETTINGS {
        let Some(setting) = members.object(name, findings) else {
            continue;
        };
        setting.refuse_unknown(&["usersAndGroups", "applications"], findings);
        for half in ["usersAndGroups", "applications"] {
            if let Some(half) = setting.object(half, findings) {
                half.refuse_unknown(&["accessType", "targets"], findings);
            }
        }
    }
    refuse_unknown_below(
        members,
        "inboundTrust",
        &[
            "isMfaAccepted",
            "isCompliantDeviceAccepted",
            "isHybridAzureADJoinedDeviceAccepted",
        ],
        findings,
    );
    refuse_unknown_below(
        members,
        "automaticUserConsentSettings",
        &["inboundAllowed", "outboundAllowed"],
        findings,
    );
    match read_typed(members.without(&["tenantId", "isServiceProvider"])) {
        Ok(settings) => settings,
        Err(refusal) => {
            findings.take_over(members.path(), refusal);
            CrossTenantSettings::default()
        }
    }
}

fn refuse_unknown_below(
    members: &Members<'_>,
    name: &str,
    known: &[&str],
    findings: &mut Findings,
) {
    if let Some(below) = members.object(name, findings) {
        below.refuse_unknown(known, findings);
    }
}

fn read_partner(
    members: &Members<'_>,
    own: TenantId,
    policy: &mut CrossTenantAccessPolicy,
    findings: &mut Findings,
) {
    let path = members.path_of("tenantId");
    let given = members.text("tenantId", findings);
    let tenant = given.and_then(|text| text.parse::<TenantId>().ok());
    let is_service_provider = members.value("isServiceProvider").and_then(|value| {
        let flag = value.as_bool();
        if flag.is_none() {
            let path = members.path_of("isServiceProvider");
            let found = crate::document::shown(value);
            findings.add(path, Reason::Shape, found, "`true` or `false`");
        }
        flag
    });
    let settings = read_settings(members, findings);
    check_settings(members.path(), &settings, Some(&policy.default), findings);
    let Some(tenant_id) = tenant else {
        findings.add(
            path,
            Reason::NameForId,
            given.map_or_else(|| "nothing".into(), shown_text),
            "the partner's tenant id (a GUID)",
        );
        return;
    };
    if tenant_id == own || tenant_id.uuid().is_nil() {
        findings.add(
            path,
            Reason::Rule("XT-own"),
            format!("`{tenant_id}`"),
            "another tenant than this one",
        );
    } else if policy
        .partners
        .iter()
        .any(|other| other.tenant_id == tenant_id)
    {
        findings.add(
            path,
            Reason::Duplicate,
            format!("`{tenant_id}`"),
            "one entry for each partner",
        );
    }
    policy.partners.push(CrossTenantPartner {
        tenant_id,
        is_service_provider,
        settings,
    });
}

/// Checks the four settings; a partner's holes are filled from the default, the default's from the system default.
fn check_settings(
    path: &str,
    settings: &CrossTenantSettings,
    default: Option<&CrossTenantSettings>,
    findings: &mut Findings,
) {
    let four = |settings: &CrossTenantSettings| {
        [
            settings.b2b_collaboration_inbound.clone(),
            settings.b2b_collaboration_outbound.clone(),
            settings.b2b_direct_connect_inbound.clone(),
            settings.b2b_direct_connect_outbound.clone(),
        ]
    };
    let defaults = default.map(four).unwrap_or_default();
    for ((name, setting), below) in SETTINGS.iter().zip(four(settings)).zip(defaults) {
        let Some(setting) = setting else { continue };
        let path = format!("{path}.{name}");
        let users = setting.users_and_groups.as_ref();
        if let Some(users) = users {
            check_targets(
                &format!("{path}.usersAndGroups"),
                users,
                Half::Users,
                findings,
            );
        }
        if let Some(applications) = &setting.applications {
            let path = format!("{path}.applications");
            check_targets(&path, applications, Half::Applications, findings);
        }
        let names_single = users.is_some_and(|users| users.targets.iter().any(|one| !is_all(one)));
        if default.is_none() && name.ends_with("Inbound") && names_single {
            findings.add(
                format!("{path}.usersAndGroups.targets"),
                Reason::Rule("XT-default"),
                "single users or groups of everybody else's tenants",
                "`AllUsers`; name single users in a partner's entry",
            );
        }
        check_pair(&path, &setting, &below.unwrap_or_default(), findings);
    }
}

const ALL_USERS: &str = "AllUsers";
const ALL_APPLICATIONS: &str = "AllApplications";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Users,
    Applications,
}

fn check_targets(
    path: &str,
    configuration: &TargetConfiguration,
    half: Half,
    findings: &mut Findings,
) {
    let targets = &configuration.targets;
    if targets.is_empty() {
        findings.add(
            format!("{path}.targets"),
            Reason::Missing,
            "an empty list",
            "at least one target; `AllUsers` or `AllApplications` for all",
        );
    }
    for (index, target) in targets.iter().enumerate() {
        let path = format!("{path}.targets[{index}]");
        check_target(&path, target, half, findings);
        let all = is_all(target);
        if all && targets.len() > 1 {
            findings.add(
                path,
                Reason::Rule("XT-all"),
                format!(
                    "{} beside {} more",
                    shown_text(&target.target),
                    targets.len() - 1
                ),
                "the keyword alone in its list",
            );
        }
    }
}

fn is_all(target: &Target) -> bool {
    target.target == ALL_USERS || target.target == ALL_APPLICATIONS
}

fn check_target(path: &str, target: &Target, half: Half, findings: &mut Findings) {
    let id_or = |keyword: &str| {
        target.target == keyword || target.target.parse::<crate::id::UserId>().is_ok()
    };
    if half == Half::Applications && target.target == "Office365" {
        findings.add(
            format!("{path}.target"),
            Reason::NotEnforced("a named group of applications"),
            "`Office365`",
            "`AllApplications` or application ids",
        );
        return;
    }
    let (fits, expected) = match (half, target.target_type) {
        (Half::Users, TargetType::User) => (id_or(ALL_USERS), "`AllUsers` or a user's object id"),
        (Half::Users, TargetType::Group) => (
            target.target != ALL_USERS && id_or(""),
            "a group's object id",
        ),
        (Half::Applications, TargetType::Application) => (
            id_or(ALL_APPLICATIONS),
            "`AllApplications` or an application id",
        ),
        (Half::Users, TargetType::Application) => (false, "`targetType` `user` or `group`"),
        (Half::Applications, TargetType::User | TargetType::Group) => {
            (false, "`targetType` `application`")
        }
    };
    if !fits {
        let found = shown_text(&target.target);
        findings.add(format!("{path}.target"), Reason::NameForId, found, expected);
    }
}

/// The pairs that Graph refuses (specification 1.5): nobody could mean them, and the truth table (1.6) would surprise.
fn check_pair(path: &str, setting: &B2bSetting, below: &B2bSetting, findings: &mut Findings) {
    let half = |own: &Option<TargetConfiguration>, other: &Option<TargetConfiguration>| {
        let configuration = own.as_ref().or(other.as_ref())?;
        let all = configuration.targets.iter().any(is_all);
        Some((configuration.access_type, all))
    };
    let users = half(&setting.users_and_groups, &below.users_and_groups);
    let applications = half(&setting.applications, &below.applications);
    let (Some(users), Some(applications)) = (users, applications) else {
        return;
    };
    match (users, applications) {
        ((AccessType::Blocked, true), (AccessType::Blocked, true)) => {}
        ((AccessType::Blocked, true), _) => findings.add(
            path,
            Reason::Rule("XT-pair"),
            "all users blocked, but not all applications",
            "all users and all applications blocked together",
        ),
        ((AccessType::Allowed, _), (AccessType::Blocked, true)) => findings.add(
            path,
            Reason::Rule("XT-pair"),
            "users allowed, but all applications blocked",
            "at least one application for whoever is allowed",
        ),
        ((AccessType::Allowed | AccessType::Blocked, _), _) => {}
    }
}

#[cfg(test)]
mod tests;
