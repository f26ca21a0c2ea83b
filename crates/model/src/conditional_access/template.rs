//! Policies to begin from: Graph's `conditionalAccessTemplate`, and the catalogue that comes with the binary.
//!
//! The files of `crates/model/templates` are ours, made from what Microsoft documents of each template (specification 2.13);
//! `docs/reference/templates.md` says whose ids they have, and which template is not among them.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::document::Document;
use crate::id::{TemplateId, UserId};

#[cfg(test)]
mod tests;

/// What stands in a template's `excludeUsers` for the administrator who makes a policy of it; Graph's words.
const WHOEVER_MAKES_THE_POLICY: &str = "Current administrator will be excluded";

/// The catalogue, in the order of specification 2.13.
const FILES: [&str; 18] = [
    include_str!("../../templates/mfa-for-admins.json"),
    include_str!("../../templates/securing-security-info-registration.json"),
    include_str!("../../templates/block-legacy-authentication.json"),
    include_str!("../../templates/mfa-for-admins-at-admin-portals.json"),
    include_str!("../../templates/mfa-for-all-users.json"),
    include_str!("../../templates/mfa-for-azure-management.json"),
    include_str!("../../templates/compliant-or-hybrid-device-or-mfa.json"),
    include_str!("../../templates/compliant-device.json"),
    include_str!("../../templates/mfa-for-guest-access.json"),
    include_str!("../../templates/mfa-for-risky-sign-ins.json"),
    include_str!("../../templates/password-change-for-high-risk-users.json"),
    include_str!("../../templates/block-unknown-or-unsupported-platform.json"),
    include_str!("../../templates/no-persistent-browser-session.json"),
    include_str!("../../templates/approved-apps-or-app-protection.json"),
    include_str!("../../templates/compliant-or-hybrid-device-for-admins.json"),
    include_str!("../../templates/application-enforced-restrictions.json"),
    include_str!("../../templates/phishing-resistant-mfa-for-admins.json"),
    include_str!("../../templates/block-users-with-insider-risk.json"),
];

/// Graph `conditionalAccessTemplate`. It decides nothing; a policy made of it does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionalAccessTemplate {
    /// The same in every installation.
    pub id: TemplateId,
    /// The name people know it by.
    pub name: String,
    /// What a policy made of it does.
    pub description: String,
    /// What it is recommended for.
    pub scenarios: TemplateScenarios,
    /// What a policy made of it says.
    pub details: TemplateDetails,
}

/// Graph `conditionalAccessPolicyDetail`: the members of a policy, as a policy has them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TemplateDetails {
    /// `sessionControls`.
    pub session_controls: Option<Document>,
    /// `conditions`, with the placeholder among the users that are left out.
    pub conditions: Document,
    /// `grantControls`.
    pub grant_controls: Option<Document>,
}

/// Graph `templateScenarios`: flags, one text with commas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TemplateScenarios(Vec<TemplateScenario>);

/// What templates are recommended for. Graph's `new` is the absence of all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplateScenario {
    /// `secureFoundation`: the base for everybody.
    SecureFoundation,
    /// `zeroTrust`.
    ZeroTrust,
    /// `remoteWork`.
    RemoteWork,
    /// `protectAdmins`.
    ProtectAdmins,
    /// `emergingThreats`.
    EmergingThreats,
}

/// A text that is no scenario.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no scenario; they are `secureFoundation`, `zeroTrust`, `remoteWork`, `protectAdmins`, `emergingThreats`"
)]
pub struct TemplateScenarioError(String);

impl TemplateScenario {
    /// All of them, in Graph's order.
    pub const ALL: [Self; 5] = [
        Self::SecureFoundation,
        Self::ZeroTrust,
        Self::RemoteWork,
        Self::ProtectAdmins,
        Self::EmergingThreats,
    ];

    /// Graph's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SecureFoundation => "secureFoundation",
            Self::ZeroTrust => "zeroTrust",
            Self::RemoteWork => "remoteWork",
            Self::ProtectAdmins => "protectAdmins",
            Self::EmergingThreats => "emergingThreats",
        }
    }
}

impl std::str::FromStr for TemplateScenario {
    type Err = TemplateScenarioError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        let found = all.find(|one| one.name() == text);
        found.ok_or_else(|| TemplateScenarioError(text.to_owned()))
    }
}

impl TemplateScenarios {
    /// Whether this is among them.
    pub fn contains(&self, scenario: TemplateScenario) -> bool {
        self.0.contains(&scenario)
    }
}

impl fmt::Display for TemplateScenarios {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return formatter.write_str("new");
        }
        for (index, scenario) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "," };
            write!(formatter, "{separator}{}", scenario.name())?;
        }
        Ok(())
    }
}

impl TryFrom<String> for TemplateScenarios {
    type Error = TemplateScenarioError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text == "new" {
            return Ok(Self(Vec::new()));
        }
        let scenarios: Result<_, _> = text.split(',').map(str::parse).collect();
        scenarios.map(Self)
    }
}

impl From<TemplateScenarios> for String {
    fn from(scenarios: TemplateScenarios) -> Self {
        scenarios.to_string()
    }
}

impl ConditionalAccessTemplate {
    /// Every template that comes with the binary, those of specification 2.13 in its order.
    ///
    /// An error is a fault of ours: a test reads every file.
    pub fn catalogue() -> Result<Vec<Self>, serde_json::Error> {
        FILES.into_iter().map(serde_json::from_str).collect()
    }

    /// The policy it makes: report-only, without an id of its own, leaving out these users and whom the template names.
    pub fn policy(&self, left_out: &[UserId]) -> Document {
        let mut conditions = self.details.conditions.clone();
        let users = conditions.get_mut("users").and_then(Value::as_object_mut);
        if let Some(Value::Array(excluded)) = users.and_then(|users| users.get_mut("excludeUsers"))
        {
            excluded.retain(|user| user.as_str() != Some(WHOEVER_MAKES_THE_POLICY));
            excluded.extend(left_out.iter().map(|user| Value::String(user.to_string())));
        }
        let controls =
            |controls: &Option<Document>| controls.clone().map_or(Value::Null, Value::Object);
        let mut policy = Document::new();
        for (name, value) in [
            ("templateId", Value::String(self.id.to_string())),
            ("displayName", Value::String(self.name.clone())),
            ("state", "enabledForReportingButNotEnforced".into()),
            ("conditions", Value::Object(conditions)),
            ("grantControls", controls(&self.details.grant_controls)),
            ("sessionControls", controls(&self.details.session_controls)),
        ] {
            policy.insert(name.to_owned(), value);
        }
        policy
    }
}
