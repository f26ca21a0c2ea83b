//! An organisation's own facts: names, verified domains, branding (Graph `organization`, `organizationalBranding`).

mod document;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::TenantId;

pub(crate) use document::check_name;

/// The member that says it.
const STRENGTHS_FOR_ALL_GUESTS: &str = "strengthsForAllGuests";
/// The member that says what becomes of a change that breaks what must hold.
const POLICY_CHANGE_GUARD: &str = "policyChangeGuard";

/// What becomes of a change of policies that breaks a declared invariant, or locks every administrator out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PolicyChangeGuard {
    /// It is not made.
    #[default]
    Refuse,
    /// It is made, and what it breaks is told.
    Warn,
    /// Nobody looks.
    Off,
}

impl PolicyChangeGuard {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Warn => "warn",
            Self::Off => "off",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        let all = [Self::Refuse, Self::Warn, Self::Off];
        all.into_iter().find(|one| one.word() == word)
    }
}

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

    /// Portcullis, member `policyChangeGuard`: `refuse` unless it says `warn` or `off`.
    pub fn policy_change_guard(&self) -> PolicyChangeGuard {
        let word = self.other.get(POLICY_CHANGE_GUARD).and_then(Value::as_str);
        word.and_then(PolicyChangeGuard::parse).unwrap_or_default()
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
