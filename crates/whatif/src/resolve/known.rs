//! Somebody of the directory who is described as well: what is said must be what the directory says, or the answer is about nobody.

use portcullis_model::user::{User, UserType};

use super::subject::{Elsewhere, elsewhere};
use super::{Notes, Question};
use crate::directory::{DirectoryTenant, Unresolved};
use crate::evaluate::Signal;
use crate::situation::{DescribedUser, UserTypeWord};

/// Refuses a description that is not the directory's.
pub(super) fn agrees(
    question: &Question<'_>,
    described: &DescribedUser,
    object: &User,
) -> Result<(), Unresolved> {
    let tenant = question.tenant;
    let known = kind(object);
    let may_be_another = has_unsaid_home(tenant, object);
    if let Some(said) = described.user_type
        && !kinds(tenant, object).contains(&said)
        && !(may_be_another && is_from_elsewhere(said))
    {
        return Err(is_known(
            tenant,
            described,
            &format!("as `{}`", known.name()),
        ));
    }
    if let Some(name) = &described.home_tenant {
        let is_right = if described.has_no_tenant() {
            let is_of_some_tenant = matches!(elsewhere(object), Some(Elsewhere::SomeTenant));
            object.home_account.is_none() && !is_of_some_tenant
        } else {
            let said = question.directory.find_tenant_id(name)?;
            may_be_another || object.home_account.map(|home| home.tenant_id) == Some(said)
        };
        if !is_right {
            return Err(is_known(tenant, described, "with another home tenant"));
        }
    }
    Ok(())
}

/// That the directory has somebody otherwise than they are described.
pub(super) fn is_known(
    tenant: &DirectoryTenant,
    described: &DescribedUser,
    otherwise: &str,
) -> Unresolved {
    let name: String = described
        .id
        .iter()
        .flat_map(|id| id.chars())
        .take(80)
        .collect();
    Unresolved::Incomplete(format!(
        "{} has `{name}` {otherwise}: leave the description out, or describe somebody without that name",
        tenant.name()
    ))
}

/// Whether nobody says which tenant the guest is from.
pub(crate) fn has_unsaid_home(tenant: &DirectoryTenant, object: &User) -> bool {
    let is_unsaid = tenant.unsaid().of_people.contains(&Signal::HomeTenant);
    let is_of_some_tenant = matches!(elsewhere(object), Some(Elsewhere::SomeTenant));
    object.home_account.is_none() && (is_of_some_tenant || is_unsaid && is_external(object))
}

fn is_external(object: &User) -> bool {
    let name = object.user_principal_name.to_uppercase();
    object.home_account.is_some()
        || elsewhere(object).is_some()
        || name.contains(User::EXTERNAL_MARK)
}

/// The kind of user that the directory says.
pub(super) fn kind(object: &User) -> UserTypeWord {
    match (object.user_type, is_external(object)) {
        (None | Some(UserType::Member), false) => UserTypeWord::Member,
        (Some(UserType::Guest), false) => UserTypeWord::InternalGuest,
        (Some(UserType::Member), true) => UserTypeWord::B2bCollaborationMember,
        (None, true) => UserTypeWord::OtherExternalUser,
        (Some(UserType::Guest), true) => UserTypeWord::B2bCollaborationGuest,
    }
}

/// The kinds of user that a listed one may be: what is said, or, where nobody says whether it is a member or a guest, what its name
/// and identities leave. The first is supposed.
pub(crate) fn kinds(tenant: &DirectoryTenant, object: &User) -> Vec<UserTypeWord> {
    if !tenant.unsaid().user_types.contains(&object.id) {
        vec![kind(object)]
    } else if is_external(object) {
        vec![
            UserTypeWord::B2bCollaborationGuest,
            UserTypeWord::B2bCollaborationMember,
            UserTypeWord::OtherExternalUser,
        ]
    } else {
        vec![UserTypeWord::Member, UserTypeWord::InternalGuest]
    }
}

/// The object as the kind that is described, or the supposed one where nobody says which it is.
pub(super) fn as_kind(
    tenant: &DirectoryTenant,
    object: &User,
    described: Option<UserTypeWord>,
    notes: &mut Notes,
) -> User {
    let kinds = kinds(tenant, object);
    let supposed = match (described, kinds.as_slice()) {
        (None, [first, _, ..]) => {
            notes.not_given.insert(Signal::UserType);
            notes.suppose(format!(
                "{} is {}: the files have no userType of this user",
                object.display_name,
                match first {
                    UserTypeWord::Member => "a member of the tenant and no guest".to_owned(),
                    other => format!("a `{}`", other.name()),
                }
            ));
            Some(*first)
        }
        (Some(said), [_, _, ..]) => Some(said),
        (_, [] | [_]) => None,
    };
    let user_type = match supposed {
        Some(UserTypeWord::Member | UserTypeWord::B2bCollaborationMember) => Some(UserType::Member),
        Some(UserTypeWord::InternalGuest | UserTypeWord::B2bCollaborationGuest) => {
            Some(UserType::Guest)
        }
        Some(
            UserTypeWord::B2bDirectConnectUser
            | UserTypeWord::OtherExternalUser
            | UserTypeWord::ServiceProvider,
        )
        | None => object.user_type,
    };
    User {
        user_type,
        ..object.clone()
    }
}

const fn is_from_elsewhere(kind: UserTypeWord) -> bool {
    match kind {
        UserTypeWord::Member | UserTypeWord::InternalGuest => false,
        UserTypeWord::B2bCollaborationGuest
        | UserTypeWord::B2bCollaborationMember
        | UserTypeWord::B2bDirectConnectUser
        | UserTypeWord::OtherExternalUser
        | UserTypeWord::ServiceProvider => true,
    }
}
