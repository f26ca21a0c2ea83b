//! An organisation's own facts: names, verified domains, branding (Graph `organization`, `organizationalBranding`).

mod document;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::TenantId;

pub(crate) use document::check_name;

/// The member that says it.
const STRENGTHS_FOR_ALL_GUESTS: &str = "strengthsForAllGuests";

/// Graph `organization`, the tenant itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Organization {
    /// The tenant id.
    pub id: TenantId,
    /// The name people know it by.
    pub display_name: String,
    /// Domains this tenant has proven to own; a domain belongs to one tenant of the installation.
    pub verified_domains: Vec<VerifiedDomain>,
    /// How its pages look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branding: Option<OrganizationalBranding>,
    /// Where people ask for help, shown on refusals (Graph `technicalNotificationMails` first entry serves too).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub technical_notification_mails: Vec<String>,
    /// Members we do not interpret, kept for export.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Graph `verifiedDomain`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedDomain {
    /// The domain, lower case ASCII (A-labels).
    pub name: String,
    /// New users get names below this one.
    #[serde(default)]
    pub is_default: bool,
    /// The domain the tenant began with; names of guests are built on it.
    #[serde(default)]
    pub is_initial: bool,
}

/// Graph `organizationalBranding`, the members we show.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationalBranding {
    /// `#rrggbb` behind the sign-in box.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background_color: Option<String>,
    /// Hint inside the user name field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username_hint_text: Option<String>,
    /// A sentence below the sign-in box, plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in_page_text: Option<String>,
    /// The square logo: up to 50 kB of PNG or JPEG, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub square_logo: Option<String>,
    /// Members we do not interpret, kept for export.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Organization {
    /// Portcullis, member `strengthsForAllGuests`: a strength looks at what a guest whose identity is not from a tenant has
    /// proven here, instead of being out of reach (decision 6). Off unless it says `true`.
    pub fn has_strengths_for_all_guests(&self) -> bool {
        self.other.get(STRENGTHS_FOR_ALL_GUESTS) == Some(&Value::Bool(true))
    }

    /// The domain names of guests are built on: the initial one, else the default one, else the first.
    pub fn initial_domain(&self) -> Option<&str> {
        let domains = &self.verified_domains;
        domains
            .iter()
            .find(|domain| domain.is_initial)
            .or_else(|| domains.iter().find(|domain| domain.is_default))
            .or_else(|| domains.first())
            .map(|domain| domain.name.as_str())
    }
}
