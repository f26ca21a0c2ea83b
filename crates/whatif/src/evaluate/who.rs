//! Who else it could be that signs in: other kinds of user, and accounts of other tenants.

use std::collections::BTreeSet;

use portcullis_model::conditional_access::UserCondition;
use portcullis_model::id::TenantId;

use super::alternatives::Alternative;
use super::{Answer, Signal};
use crate::resolve::Question;
use crate::resolve::known::{has_unsaid_home, kinds};
use crate::situation::{DescribedUser, Situation, UserTypeWord, Who};

/// At most so many other tenants are asked about where nobody said which one it is.
const TENANTS_MAX: usize = 8;

/// Who it could be that signs in, beside those whom policies name.
pub(super) fn who(question: &Question<'_>, answer: &Answer) -> Vec<Alternative> {
    let described = match &question.situation.user {
        None => return Vec::new(),
        Some(Who::Described(described)) => described.clone(),
        Some(Who::Named(name)) => DescribedUser {
            id: Some(name.clone()),
            ..DescribedUser::default()
        },
    };
    let say = |described: DescribedUser| Situation {
        user: Some(Who::Described(described)),
        ..Situation::default()
    };
    let mut alternatives = Vec::new();
    if answer.not_given.contains(&Signal::UserType) {
        let (tenant, name) = (question.tenant, described.id.as_deref());
        let listed = name.and_then(|name| tenant.find_user(name).ok().flatten());
        // Of somebody who is listed the name leaves some kinds only.
        let may_be = |kind| listed.is_none_or(|object| kinds(tenant, object).contains(&kind));
        let is_home_open = listed.is_none_or(|object| has_unsaid_home(tenant, object));
        for (user_type, words) in TYPES.into_iter().filter(|(kind, _)| may_be(*kind)) {
            let as_one = |home_tenant: Option<TenantId>| {
                say(DescribedUser {
                    user_type: Some(user_type),
                    home_tenant: home_tenant.map(|id| id.to_string()),
                    ..described.clone()
                })
            };
            if user_type != UserTypeWord::InternalGuest && is_home_open {
                alternatives.extend(homes(question).into_iter().map(|(id, home)| {
                    let words = if id == TenantId::UNDISCOVERED {
                        words.to_owned()
                    } else {
                        format!("{words} and {home}")
                    };
                    Alternative::new(Signal::UserType, words, as_one(Some(id)))
                }));
            }
            alternatives.push(Alternative::new(Signal::UserType, words, as_one(None)));
        }
    }
    if answer.not_given.contains(&Signal::HomeTenant) {
        let mut types = answer
            .who
            .user_types
            .iter()
            .filter_map(|name| name.parse().ok());
        let user_type = described.user_type.or_else(|| types.next());
        let user_type = user_type.or(Some(UserTypeWord::B2bCollaborationGuest));
        let homes = homes(question);
        alternatives.extend(homes.into_iter().map(|(id, words)| {
            let said = say(DescribedUser {
                user_type,
                home_tenant: Some(id.to_string()),
                ..described.clone()
            });
            Alternative::new(Signal::HomeTenant, words, said)
        }));
    }
    alternatives
}

/// Every type but the supposed one.
const TYPES: [(UserTypeWord, &str); 6] = [
    (
        UserTypeWord::B2bCollaborationGuest,
        "the user is a guest from elsewhere",
    ),
    (
        UserTypeWord::B2bCollaborationMember,
        "the user is a member from elsewhere",
    ),
    (
        UserTypeWord::InternalGuest,
        "the user is a guest with credentials of the tenant itself",
    ),
    (
        UserTypeWord::B2bDirectConnectUser,
        "the user comes through B2B direct connect",
    ),
    (
        UserTypeWord::OtherExternalUser,
        "the user is external in another way",
    ),
    (
        UserTypeWord::ServiceProvider,
        "the user is a service provider's",
    ),
];

/// Tenants that the account could belong to: one of which nothing is said, and those that settings and policies name.
fn homes(question: &Question<'_>) -> Vec<(TenantId, String)> {
    let configuration = question.tenant.configuration();
    let partners = configuration.cross_tenant_access_policy.partners.iter();
    let users = configuration
        .conditional_access_policies
        .iter()
        .map(|policy| &policy.conditions.users);
    let named = users
        .flat_map(|users| users.include.iter().chain(&users.exclude))
        .filter_map(|condition| match condition {
            UserCondition::ExternalUsers { tenants, .. } => tenants.as_ref(),
            UserCondition::All
            | UserCondition::User(_)
            | UserCondition::Group(_)
            | UserCondition::Role(_)
            | UserCondition::GuestsOrExternalUsers => None,
        })
        .flatten()
        .copied();
    let tenants: BTreeSet<TenantId> = partners.map(|one| one.tenant_id).chain(named).collect();
    let any =
        "the account belongs to a tenant without an entry in the cross-tenant access settings";
    let name = |id: TenantId| {
        let known = question.directory.tenant(id);
        known.map_or_else(|| format!("tenant {id}"), |tenant| tenant.name().to_owned())
    };
    std::iter::once((TenantId::UNDISCOVERED, any.to_owned()))
        .chain(
            tenants
                .into_iter()
                .take(TENANTS_MAX)
                .map(|id| (id, format!("the account belongs to {}", name(id)))),
        )
        .collect()
}
