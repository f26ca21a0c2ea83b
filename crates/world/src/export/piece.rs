//! Tells what a document of an export is: by its type, or by the members only its kind has.

use portcullis_model::document::Document;
use serde_json::Value;

use super::cross_tenant::has_member;
use super::kind::ListKind;

/// What a document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Policy,
    NamedLocation,
    AuthenticationStrength,
    AuthenticationContext,
    Agreement,
    CrossTenantDefault,
    CrossTenantPartner,
    User,
    Group,
    RoleAssignment,
    Application,
    ServicePrincipal,
    /// None of these; the text says what it has instead.
    SomethingElse(String),
}

/// Members of which one is enough, in the order in which they are looked for.
const BY_MEMBER: [(&str, Piece); 26] = [
    ("conditions", Piece::Policy),
    ("grantControls", Piece::Policy),
    ("sessionControls", Piece::Policy),
    ("ipRanges", Piece::NamedLocation),
    ("countriesAndRegions", Piece::NamedLocation),
    ("compliantNetworkType", Piece::NamedLocation),
    ("allowedCombinations", Piece::AuthenticationStrength),
    ("isAvailable", Piece::AuthenticationContext),
    ("isViewingBeforeAcceptanceRequired", Piece::Agreement),
    ("isPerDeviceAcceptanceRequired", Piece::Agreement),
    ("isServiceDefault", Piece::CrossTenantDefault),
    ("b2bCollaborationInbound", Piece::CrossTenantPartner),
    ("b2bCollaborationOutbound", Piece::CrossTenantPartner),
    ("b2bDirectConnectInbound", Piece::CrossTenantPartner),
    ("b2bDirectConnectOutbound", Piece::CrossTenantPartner),
    ("inboundTrust", Piece::CrossTenantPartner),
    ("isServiceProvider", Piece::CrossTenantPartner),
    ("automaticUserConsentSettings", Piece::CrossTenantPartner),
    ("userPrincipalName", Piece::User),
    ("securityEnabled", Piece::Group),
    ("roleDefinitionId", Piece::RoleAssignment),
    ("servicePrincipalType", Piece::ServicePrincipal),
    ("signInAudience", Piece::Application),
    ("identifierUris", Piece::Application),
    ("appId", Piece::ServicePrincipal),
    ("members", Piece::Group),
];

/// What a document is that lies in a file or an envelope of this kind. Where its own members do not say, the kind does, as world
/// files have it.
pub(crate) fn piece_in(kind: Option<ListKind>, members: &Document) -> Piece {
    match (piece(members), kind) {
        (Piece::SomethingElse(_), Some(kind)) if has(members, "@odata.type").is_none() => {
            match kind {
                ListKind::Users => Piece::User,
                ListKind::Groups => Piece::Group,
                ListKind::RoleAssignments => Piece::RoleAssignment,
                ListKind::Applications => Piece::Application,
                ListKind::ServicePrincipals => Piece::ServicePrincipal,
                ListKind::Policies => Piece::Policy,
                ListKind::NamedLocations => Piece::NamedLocation,
                ListKind::Strengths => Piece::AuthenticationStrength,
                ListKind::Contexts => Piece::AuthenticationContext,
                ListKind::Agreements => Piece::Agreement,
            }
        }
        // Both have an appId, and in world files little else.
        (Piece::ServicePrincipal, Some(ListKind::Applications))
            if has(members, "servicePrincipalType").is_none() =>
        {
            Piece::Application
        }
        (piece, _) => piece,
    }
}

pub(crate) fn piece(members: &Document) -> Piece {
    let declared = members.get("@odata.type").and_then(Value::as_str);
    if let Some(declared) = declared {
        return by_type(declared);
    }
    let known = BY_MEMBER
        .into_iter()
        .find(|(name, _)| has(members, name).is_some());
    let is_partner = has(members, "tenantId").is_some_and(Value::is_string);
    let Some((_, piece)) = known else {
        // What a partner leaves to the default is null.
        if is_partner && has_member(members) {
            return Piece::CrossTenantPartner;
        }
        if has_state_of_policy(members) {
            return Piece::Policy;
        }
        let names: Vec<_> = members
            .keys()
            .take(3)
            .map(|name| format!("`{name}`"))
            .collect();
        let names = if names.is_empty() {
            "no member".to_owned()
        } else {
            names.join(", ")
        };
        return Piece::SomethingElse(format!(
            "an object without `conditions`, `grantControls` and `sessionControls` (it has {names})"
        ));
    };
    match piece {
        Piece::CrossTenantPartner if !is_partner => Piece::CrossTenantDefault,
        piece => piece,
    }
}

/// A name and one of the states that policies have: what a policy without anything else has, and nothing else that is read here.
fn has_state_of_policy(members: &Document) -> bool {
    const STATES: [&str; 3] = ["enabled", "disabled", "enabledForReportingButNotEnforced"];
    let is_state = |state: &str| STATES.iter().any(|one| one.eq_ignore_ascii_case(state));
    text(members, "displayName").is_some() && text(members, "state").is_some_and(is_state)
}

fn by_type(declared: &str) -> Piece {
    let declared = declared.trim_start_matches('#');
    match declared.trim_start_matches("microsoft.graph.") {
        "conditionalAccessPolicy" => Piece::Policy,
        "namedLocation"
        | "ipNamedLocation"
        | "countryNamedLocation"
        | "compliantNetworkNamedLocation"
        | "serviceTagNamedLocation"
        | "privateLinkNamedLocation" => Piece::NamedLocation,
        "authenticationStrengthPolicy" => Piece::AuthenticationStrength,
        "authenticationContextClassReference" => Piece::AuthenticationContext,
        "agreement" => Piece::Agreement,
        "crossTenantAccessPolicyConfigurationDefault" => Piece::CrossTenantDefault,
        "crossTenantAccessPolicyConfigurationPartner" => Piece::CrossTenantPartner,
        "user" => Piece::User,
        "group" => Piece::Group,
        "unifiedRoleAssignment" => Piece::RoleAssignment,
        "application" => Piece::Application,
        "servicePrincipal" => Piece::ServicePrincipal,
        other => Piece::SomethingElse(format!("a document of type `{other}`")),
    }
}

/// The member of this name, in any case, unless it is null.
pub(crate) fn has<'d>(members: &'d Document, name: &str) -> Option<&'d Value> {
    let mut members = members.iter();
    let found = members.find(|(member, _)| member.eq_ignore_ascii_case(name));
    found
        .map(|(_, value)| value)
        .filter(|value| !value.is_null())
}

/// The text of this name, unless it is empty.
pub(super) fn text<'d>(members: &'d Document, name: &str) -> Option<&'d str> {
    let text = has(members, name)?.as_str()?;
    (!text.trim().is_empty()).then_some(text)
}
