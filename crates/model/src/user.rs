//! People in a directory: members, guests, and whom a guest object stands for (Graph `user`).

mod document;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Timestamp;
use crate::id::{TenantId, UserId};

/// Graph `user`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The object id in this tenant.
    pub id: UserId,
    /// The name of the account; for guests the `#EXT#` form.
    pub user_principal_name: String,
    /// The name people see.
    pub display_name: String,
    /// First name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surname: Option<String>,
    /// The mail address; never a key for authorisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
    /// Further addresses by which a guest may be found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_mails: Vec<String>,
    /// Relationship to the tenant; says nothing about how the user signs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_type: Option<UserType>,
    /// False: nobody signs in with this account (50057).
    #[serde(default = "yes")]
    pub account_enabled: bool,
    /// Set for invited users only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_user_state: Option<ExternalUserState>,
    /// Tokens and sessions from before this moment are refused (50173).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in_sessions_valid_from_date_time: Option<Timestamp>,
    /// Graph `identities`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<ObjectIdentity>,
    /// The home account a guest object stands for: the matching key, never mail or UPN (specification 3.4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home_account: Option<HomeAccount>,
    /// Members we do not interpret, kept for export.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

fn yes() -> bool {
    true
}

/// Graph `userType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum UserType {
    /// Belongs to the organisation.
    Member,
    /// Is a guest of the organisation.
    Guest,
}

/// Graph `externalUserState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExternalUserState {
    /// Invited, has not come yet.
    PendingAcceptance,
    /// Has redeemed the invitation.
    Accepted,
}

/// Graph `objectIdentity`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectIdentity {
    /// `userPrincipalName`, `federated`, `emailAddress`, …
    pub sign_in_type: String,
    /// Who vouches; `ExternalAzureAD` for guests from other tenants (decision 13).
    pub issuer: String,
    /// The issuer's id for the person.
    #[serde(default)]
    pub issuer_assigned_id: Option<String>,
}

/// An account in its home tenant: (home tenant id, home object id), the key of a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HomeAccount {
    /// The home tenant.
    pub tenant_id: TenantId,
    /// The user's object id there.
    pub user_id: UserId,
}

/// A name as a key: trimmed and lower-cased once, so that `John`, `JOHN` and `john ` share one bucket.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CanonicalName(String);

impl CanonicalName {
    /// The longest name we look at, in bytes.
    pub const LENGTH_BYTES_MAX: usize = 320;

    /// The canonical form; `None` when empty, too long, or holding control characters.
    pub fn parse(typed: &str) -> Option<Self> {
        let name = typed.trim().to_lowercase();
        let fits = !name.is_empty() && name.len() <= Self::LENGTH_BYTES_MAX;
        (fits && !name.chars().any(char::is_control)).then_some(Self(name))
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows the last `@`, if anything does.
    pub fn domain(&self) -> Option<&str> {
        self.0
            .rsplit_once('@')
            .map(|(_, domain)| domain)
            .filter(|domain| !domain.is_empty())
    }
}

impl fmt::Debug for CanonicalName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.0)
    }
}

impl User {
    /// Every name by which a person may be found when they type it: UPN, mail, other mails.
    pub fn names(&self) -> impl Iterator<Item = CanonicalName> {
        std::iter::once(self.user_principal_name.as_str())
            .chain(self.mail.as_deref())
            .chain(self.other_mails.iter().map(String::as_str))
            .filter_map(CanonicalName::parse)
    }

    /// Invited, not yet accepted, and so nobody's account: which home account it will stand for is not known.
    pub fn is_unclaimed_invitation(&self) -> bool {
        self.external_user_state == Some(ExternalUserState::PendingAcceptance)
            && self.home_account.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_name_share_one_bucket() {
        for spelling in [
            "Ada@Fabrikam.example",
            " ada@fabrikam.example ",
            "ADA@FABRIKAM.EXAMPLE",
        ] {
            assert_eq!(
                CanonicalName::parse(spelling).unwrap().as_str(),
                "ada@fabrikam.example"
            );
        }
        for nothing in ["", "   ", "a\nb", &"x".repeat(321)] {
            assert_eq!(CanonicalName::parse(nothing), None, "{nothing:?}");
        }
    }
}
