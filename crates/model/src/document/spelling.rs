//! Brings the members of policies, and of what they refer to, to Graph's spelling: exports also come in `PascalCase`.

use serde_json::Value;

use super::{Document, Findings, Reason, shown};

/// The document with every known member in Graph's spelling. A member that is there in two spellings is refused:
/// nobody can tell which one was meant.
pub(crate) fn in_graph_spelling(document: Document, findings: &mut Findings) -> Document {
    spell_members(document, "$", findings)
}

fn spell_members(members: Document, path: &str, findings: &mut Findings) -> Document {
    let mut spelled = Document::new();
    for (given, value) in members {
        let known = MEMBERS
            .iter()
            .find(|name| name.eq_ignore_ascii_case(&given));
        let name = known.map_or(given, |name| (*name).to_owned());
        let path = format!("{path}.{name}");
        let value = match known {
            Some(_) => spell_value(value, &path, findings),
            None => value,
        };
        if spelled.contains_key(&name) {
            findings.add(
                path,
                Reason::Duplicate,
                format!("a second `{name}` ({})", shown(&value)),
                "each member once, in one spelling",
            );
        } else {
            spelled.insert(name, value);
        }
    }
    spelled
}

fn spell_value(value: Value, path: &str, findings: &mut Findings) -> Value {
    match value {
        Value::Object(members) => Value::Object(spell_members(members, path, findings)),
        Value::Array(list) => Value::Array(
            list.into_iter()
                .enumerate()
                .map(|(index, value)| spell_value(value, &format!("{path}[{index}]"), findings))
                .collect(),
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

const MEMBERS: &[&str] = &[
    "id",
    "templateId",
    "displayName",
    "description",
    "createdDateTime",
    "modifiedDateTime",
    "deletedDateTime",
    "state",
    "partialEnablementStrategy",
    "conditions",
    "grantControls",
    "sessionControls",
    "applications",
    "users",
    "clientApplications",
    "clientAppTypes",
    "platforms",
    "locations",
    "signInRiskLevels",
    "userRiskLevels",
    "servicePrincipalRiskLevels",
    "insiderRiskLevels",
    "agentIdRiskLevels",
    "devices",
    "deviceStates",
    "authenticationFlows",
    "clients",
    "times",
    "agents",
    "agentContext",
    "includeApplications",
    "excludeApplications",
    "applicationFilter",
    "includeUserActions",
    "includeAuthenticationContextClassReferences",
    "networkAccess",
    "globalSecureAccess",
    "includeUsers",
    "excludeUsers",
    "includeGroups",
    "excludeGroups",
    "includeRoles",
    "excludeRoles",
    "includeGuestsOrExternalUsers",
    "excludeGuestsOrExternalUsers",
    "guestOrExternalUserTypes",
    "externalTenants",
    "membershipKind",
    "members",
    "includeServicePrincipals",
    "excludeServicePrincipals",
    "servicePrincipalFilter",
    "includePlatforms",
    "excludePlatforms",
    "includeLocations",
    "excludeLocations",
    "deviceFilter",
    "includeDevices",
    "excludeDevices",
    "includeDeviceStates",
    "excludeDeviceStates",
    "includeStates",
    "excludeStates",
    "rule",
    "includeAgentIdServicePrincipals",
    "excludeAgentIdServicePrincipals",
    "agentIdServicePrincipalFilter",
    "transferMethods",
    "operator",
    "builtInControls",
    "customAuthenticationFactors",
    "termsOfUse",
    "authenticationStrength",
    "isEnabled",
    "applicationEnforcedRestrictions",
    "cloudAppSecurity",
    "signInFrequency",
    "persistentBrowser",
    "secureSignInSession",
    "disableResilienceDefaults",
    "continuousAccessEvaluation",
    "globalSecureAccessFilteringProfile",
    "networkAccessSecurity",
    "value",
    "type",
    "authenticationType",
    "frequencyInterval",
    "mode",
    "cloudAppSecurityType",
    "profileId",
    "policyType",
    "requirementsSatisfied",
    "allowedCombinations",
    "combinationConfigurations",
    "appliesToCombinations",
    "allowedAAGUIDs",
    "allowedIssuerSkis",
    "allowedPolicyOIDs",
    "ipRanges",
    "cidrAddress",
    "isTrusted",
    "countriesAndRegions",
    "countryLookupMethod",
    "includeUnknownCountriesAndRegions",
    "compliantNetworkType",
    "serviceTags",
    "privateLinkResourcePolicyIds",
    "isAvailable",
    "isPerDeviceAcceptanceRequired",
];
