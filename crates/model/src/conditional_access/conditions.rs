//! Reads a policy's conditions: whom and what it is about.

use super::signal::{InsiderRiskLevels, RiskLevels, TransferMethods};
use super::{
    ApplicationCondition, ApplicationConditions, ClientAppType, Conditions, DevicePlatform,
    IncludeExclude, LocationCondition, PlatformCondition, Target, users,
};
use crate::document::{Findings, Members, Reason, shown_text};
use crate::id::{Id, NamedLocationId};

/// The conditions, and whether the applications among them were read without a finding.
pub(super) struct ReadConditions {
    pub(super) conditions: Conditions,
    pub(super) applications_are_clear: bool,
}

pub(super) fn read(root: &Members<'_>, findings: &mut Findings) -> Option<ReadConditions> {
    let Some(conditions) = root.object("conditions", findings) else {
        if root.set("conditions").is_none() {
            findings.add(
                "$.conditions",
                Reason::Rule("CA-V03"),
                "no conditions",
                "an object with `users` and `applications`",
            );
        }
        return None;
    };
    for (name, feature) in NOT_ENFORCED {
        conditions.refuse(name, feature, findings);
    }
    refuse_authentication_flows(&conditions, findings);
    refuse_insider_risk(&conditions, findings);
    conditions.refuse_unknown(KNOWN, findings);
    let before = findings.count();
    let target = Target::Applications(read_applications(&conditions, findings));
    let applications_are_clear = findings.count() == before;
    Some(ReadConditions {
        conditions: Conditions {
            users: users::read(&conditions, findings),
            client_applications: None,
            target,
            client_app_types: read_client_app_types(&conditions, findings),
            platforms: read_platforms(&conditions, findings),
            locations: read_locations(&conditions, findings),
            sign_in_risk_levels: RiskLevels::default(),
            user_risk_levels: RiskLevels::default(),
            service_principal_risk_levels: RiskLevels::default(),
            insider_risk_levels: InsiderRiskLevels::default(),
            devices: None,
            transfer_methods: TransferMethods::default(),
        },
        applications_are_clear,
    })
}

const NOT_ENFORCED: [(&str, &str); 10] = [
    ("signInRiskLevels", "sign-in risk"),
    ("userRiskLevels", "user risk"),
    ("servicePrincipalRiskLevels", "service principal risk"),
    ("agentIdRiskLevels", "agent identity risk"),
    ("clientApplications", "a policy for workload identities"),
    ("devices", "a condition on devices"),
    ("deviceStates", "a condition on device states"),
    ("times", "a condition on times"),
    ("agents", "a condition on agents"),
    ("agentContext", "a condition on agents"),
];

const KNOWN: &[&str] = &[
    "users",
    "applications",
    "clientAppTypes",
    "platforms",
    "locations",
    "signInRiskLevels",
    "userRiskLevels",
    "servicePrincipalRiskLevels",
    "agentIdRiskLevels",
    "insiderRiskLevels",
    "authenticationFlows",
    "clientApplications",
    "devices",
    "deviceStates",
    "times",
    "agents",
    "agentContext",
];

/// `none` is the empty set of this flags enum.
fn refuse_authentication_flows(conditions: &Members<'_>, findings: &mut Findings) {
    let flows = conditions.set("authenticationFlows");
    let methods = flows.and_then(|flows| flows.get("transferMethods")?.as_str());
    if methods != Some("none") {
        conditions.refuse(
            "authenticationFlows",
            "a condition on authentication flows",
            findings,
        );
    }
}

fn refuse_insider_risk(conditions: &Members<'_>, findings: &mut Findings) {
    let levels = conditions.set("insiderRiskLevels");
    if levels.and_then(serde_json::Value::as_str) != Some("none") {
        conditions.refuse("insiderRiskLevels", "insider risk", findings);
    }
}

/// An object id, or a finding that says what stands there instead.
pub(super) fn read_id<K>(
    (path, text): (String, &str),
    whose: &str,
    findings: &mut Findings,
) -> Option<Id<K>> {
    let id = text.trim().parse().ok();
    if id.is_none() {
        findings.add(
            path,
            Reason::NameForId,
            shown_text(text),
            format!("the object id (a GUID) of {whose}"),
        );
    }
    id
}

fn read_applications(conditions: &Members<'_>, findings: &mut Findings) -> ApplicationConditions {
    let nothing = ApplicationConditions {
        include: Vec::new(),
        exclude: Vec::new(),
        filter: None,
    };
    let Some(applications) = conditions.object("applications", findings) else {
        if conditions.set("applications").is_none() {
            findings.add(
                "$.conditions.applications",
                Reason::Rule("CA-V03"),
                "no applications",
                "an object with `includeApplications`",
            );
        }
        return nothing;
    };
    let before = findings.count();
    for (name, feature) in [
        ("includeUserActions", "a user action as target"),
        (
            "includeAuthenticationContextClassReferences",
            "an authentication context as target",
        ),
        ("applicationFilter", "a filter for applications"),
        ("networkAccess", "network traffic as target"),
        ("globalSecureAccess", "network traffic as target"),
    ] {
        applications.refuse(name, feature, findings);
    }
    applications.refuse_unknown(
        &[
            "includeApplications",
            "excludeApplications",
            "includeUserActions",
            "includeAuthenticationContextClassReferences",
            "applicationFilter",
            "networkAccess",
            "globalSecureAccess",
        ],
        findings,
    );
    let other_target = findings.count() > before;
    let include = applications.texts("includeApplications", findings);
    check_one_target(&applications, include.len(), other_target, findings);
    check_stands_alone(&include, &["All", "None"], "CA-V06", findings);
    let exclude = applications.texts("excludeApplications", findings);
    ApplicationConditions {
        filter: None,
        include: include
            .into_iter()
            .filter(|(_, text)| !text.eq_ignore_ascii_case("None"))
            .filter_map(|entry| read_application(entry, findings))
            .collect(),
        exclude: exclude
            .into_iter()
            .filter_map(|entry| match read_application(entry.clone(), findings) {
                Some(ApplicationCondition::All) => {
                    findings.add(
                        entry.0,
                        Reason::Value,
                        shown_text(entry.1),
                        "single applications; nothing can be excluded from all",
                    );
                    None
                }
                one => one,
            })
            .collect(),
    }
}

fn check_one_target(
    applications: &Members<'_>,
    include: usize,
    other_target: bool,
    findings: &mut Findings,
) {
    let path = applications.path_of("includeApplications");
    if include == 0 && !other_target {
        findings.add(
            path,
            Reason::Rule("CA-V03"),
            "no applications",
            "`All`, `None` or application ids",
        );
    } else if include > 0 && applications.set("includeUserActions").is_some() {
        findings.add(
            path,
            Reason::Rule("CA-V04"),
            "applications beside user actions",
            "exactly one kind of target",
        );
    }
}

fn read_application(
    (path, text): (String, &str),
    findings: &mut Findings,
) -> Option<ApplicationCondition> {
    const GROUPS_OF_APPLICATIONS: [&str; 3] =
        ["Office365", "MicrosoftAdminPortals", "AllAgentIdResources"];
    if text.eq_ignore_ascii_case("All") {
        return Some(ApplicationCondition::All);
    }
    if GROUPS_OF_APPLICATIONS
        .iter()
        .any(|name| name.eq_ignore_ascii_case(text))
    {
        findings.add(
            path,
            Reason::NotEnforced("a named group of applications"),
            shown_text(text),
            "`All` or application ids",
        );
        return None;
    }
    read_id((path, text), "an application (`appId`)", findings)
        .map(ApplicationCondition::Application)
}

/// Refuses a list in which one of `keywords` has company.
pub(super) fn check_stands_alone(
    list: &[(String, &str)],
    keywords: &[&str],
    rule: &'static str,
    findings: &mut Findings,
) {
    for (path, text) in list {
        let keyword = keywords.iter().find(|name| name.eq_ignore_ascii_case(text));
        if let Some(keyword) = keyword.filter(|_| list.len() > 1) {
            findings.add(
                path,
                Reason::Rule(rule),
                format!("`{keyword}` beside {} more", list.len() - 1),
                format!("`{keyword}` alone in its list"),
            );
        }
    }
}

fn read_client_app_types(
    conditions: &Members<'_>,
    findings: &mut Findings,
) -> Option<Vec<ClientAppType>> {
    const TYPES: [(&str, ClientAppType); 5] = [
        ("browser", ClientAppType::Browser),
        (
            "mobileAppsAndDesktopClients",
            ClientAppType::MobileAppsAndDesktopClients,
        ),
        ("exchangeActiveSync", ClientAppType::ExchangeActiveSync),
        ("easSupported", ClientAppType::EasSupported),
        ("other", ClientAppType::Other),
    ];
    let given = conditions.texts("clientAppTypes", findings);
    check_stands_alone(&given, &["all"], "CA-V06", findings);
    let mut types = Vec::new();
    for (path, text) in given {
        if text.eq_ignore_ascii_case("all") {
            return None;
        }
        match TYPES
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(text))
        {
            Some((_, one)) => types.push(*one),
            None => findings.add(path, Reason::Value, shown_text(text), one_of(&TYPES)),
        }
    }
    (!types.is_empty()).then_some(types)
}

/// The known names, for a finding.
pub(super) fn one_of<T>(names: &[(&str, T)]) -> String {
    let names: Vec<_> = names.iter().map(|(name, _)| format!("`{name}`")).collect();
    format!("one of {}", names.join(", "))
}

fn read_platforms(
    conditions: &Members<'_>,
    findings: &mut Findings,
) -> Option<IncludeExclude<PlatformCondition>> {
    let platforms = conditions.object("platforms", findings)?;
    platforms.refuse_unknown(&["includePlatforms", "excludePlatforms"], findings);
    let include = platforms.texts("includePlatforms", findings);
    let exclude = platforms.texts("excludePlatforms", findings);
    check_include_side(&platforms, "includePlatforms", include.len(), findings);
    check_stands_alone(&include, &["all"], "CA-V13", findings);
    for (path, text) in &exclude {
        if text.eq_ignore_ascii_case("all") {
            findings.add(
                path,
                Reason::Rule("CA-V13"),
                shown_text(text),
                "single platforms; `all` belongs to the include side",
            );
        }
    }
    let mut read = |list: Vec<(String, &str)>| {
        list.into_iter()
            .filter_map(|entry| read_platform(entry, findings))
            .collect()
    };
    Some(IncludeExclude {
        include: read(include),
        exclude: read(exclude),
    })
}

fn read_platform(
    (path, text): (String, &str),
    findings: &mut Findings,
) -> Option<PlatformCondition> {
    const PLATFORMS: [(&str, PlatformCondition); 7] = [
        ("all", PlatformCondition::All),
        (
            "android",
            PlatformCondition::Platform(DevicePlatform::Android),
        ),
        ("iOS", PlatformCondition::Platform(DevicePlatform::Ios)),
        (
            "windows",
            PlatformCondition::Platform(DevicePlatform::Windows),
        ),
        (
            "windowsPhone",
            PlatformCondition::Platform(DevicePlatform::WindowsPhone),
        ),
        ("macOS", PlatformCondition::Platform(DevicePlatform::MacOs)),
        ("linux", PlatformCondition::Platform(DevicePlatform::Linux)),
    ];
    let known = PLATFORMS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(text));
    if known.is_none() {
        findings.add(path, Reason::Value, shown_text(text), one_of(&PLATFORMS));
    }
    known.map(|(_, platform)| *platform)
}

/// A condition that only excludes would never bring a sign-in in (CA-V12, CA-V13).
fn check_include_side(
    condition: &Members<'_>,
    include: &str,
    count: usize,
    findings: &mut Findings,
) {
    if count == 0 && condition.set(include).is_none() {
        let rule = if include == "includeLocations" {
            "CA-V12"
        } else {
            "CA-V13"
        };
        findings.add(
            condition.path_of(include),
            Reason::Rule(rule),
            "an empty list in a configured condition",
            "at least one entry, for instance `All`",
        );
    }
}

fn read_locations(
    conditions: &Members<'_>,
    findings: &mut Findings,
) -> Option<IncludeExclude<LocationCondition>> {
    let locations = conditions.object("locations", findings)?;
    locations.refuse_unknown(&["includeLocations", "excludeLocations"], findings);
    let include = locations.texts("includeLocations", findings);
    let exclude = locations.texts("excludeLocations", findings);
    check_include_side(&locations, "includeLocations", include.len(), findings);
    for (path, text) in &exclude {
        if text.eq_ignore_ascii_case("All") {
            findings.add(
                path,
                Reason::Value,
                shown_text(text),
                "`AllTrusted` or ids; nothing would remain when all locations are excluded",
            );
        }
    }
    let mut read = |list: Vec<(String, &str)>| {
        list.into_iter()
            .filter_map(|entry| read_location(entry, findings))
            .collect()
    };
    Some(IncludeExclude {
        include: read(include),
        exclude: read(exclude),
    })
}

fn read_location(
    (path, text): (String, &str),
    findings: &mut Findings,
) -> Option<LocationCondition> {
    if text.eq_ignore_ascii_case("All") {
        return Some(LocationCondition::All);
    }
    if text.eq_ignore_ascii_case("AllTrusted") {
        return Some(LocationCondition::AllTrusted);
    }
    let id: NamedLocationId = read_id((path.clone(), text), "a named location", findings)?;
    if id.uuid().is_nil() {
        findings.add(
            path,
            Reason::NotEnforced("the location of MFA trusted addresses"),
            shown_text(text),
            "`All`, `AllTrusted` or the id of a named location",
        );
        return None;
    }
    Some(LocationCondition::NamedLocation(id))
}
