//! Which external user types a sign-in has: a property of the sign-in, not of the object alone (specification 3.5).

use portcullis_model::conditional_access::{ExternalUserType, ExternalUserTypes};
use portcullis_model::user::UserType;

use crate::facts::{Channel, ExternalUserFacts};

/// The types: none for internal members, else exactly one; a guest who is eligible for direct connect has that one too.
pub fn external_user_types(facts: &ExternalUserFacts) -> ExternalUserTypes {
    let none = ExternalUserTypes::NONE;
    match (facts.object, facts.channel) {
        // Asked first: the type is one of the sign-in, not of the object (specification 8.1).
        (_, Channel::ServiceProvider) => none.with(ExternalUserType::ServiceProvider),
        (None, Channel::DirectConnect) => none.with(ExternalUserType::B2bDirectConnectUser),
        (None, Channel::Collaboration | Channel::Internal) => {
            none.with(ExternalUserType::OtherExternalUser)
        }
        (Some(Some(UserType::Guest)), Channel::Internal) => {
            none.with(ExternalUserType::InternalGuest)
        }
        (Some(Some(UserType::Member) | None), Channel::Internal) => none,
        (Some(user_type), channel @ (Channel::Collaboration | Channel::DirectConnect)) => {
            let types = none.with(match user_type {
                Some(UserType::Guest) => ExternalUserType::B2bCollaborationGuest,
                Some(UserType::Member) => ExternalUserType::B2bCollaborationMember,
                None => ExternalUserType::OtherExternalUser,
            });
            if facts.direct_connect_eligible || channel == Channel::DirectConnect {
                types.with(ExternalUserType::B2bDirectConnectUser)
            } else {
                types
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Requirement V06: over every combination of facts the types are complete and, one documented addition aside, disjoint.
    #[test]
    fn v06_every_sign_in_but_an_internal_members_has_one_type_and_perhaps_direct_connect() {
        let objects = [
            None,
            Some(None),
            Some(Some(UserType::Member)),
            Some(Some(UserType::Guest)),
        ];
        let channels = [
            Channel::Internal,
            Channel::Collaboration,
            Channel::DirectConnect,
            Channel::ServiceProvider,
        ];
        for object in objects {
            for channel in channels {
                for direct_connect_eligible in [false, true] {
                    let facts = ExternalUserFacts {
                        object,
                        channel,
                        direct_connect_eligible,
                    };
                    let types = external_user_types(&facts);
                    let internal_member = channel == Channel::Internal
                        && matches!(object, Some(None | Some(UserType::Member)));
                    assert_eq!(types.is_empty(), internal_member, "{facts:?}");

                    let added = types.iter().count().saturating_sub(1);
                    let expect_added = usize::from(
                        object.is_some()
                            && channel != Channel::Internal
                            && channel != Channel::ServiceProvider
                            && (direct_connect_eligible || channel == Channel::DirectConnect),
                    );
                    assert_eq!(added, expect_added, "{facts:?}");
                    assert!(
                        added == 0 || types.contains(ExternalUserType::B2bDirectConnectUser),
                        "{facts:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn v06_each_row_of_the_table() {
        use ExternalUserType as T;
        let guest = Some(Some(UserType::Guest));
        let member = Some(Some(UserType::Member));
        for (object, channel, expect) in [
            (member, Channel::Internal, None),
            (Some(None), Channel::Internal, None),
            (guest, Channel::Internal, Some(T::InternalGuest)),
            (
                guest,
                Channel::Collaboration,
                Some(T::B2bCollaborationGuest),
            ),
            (
                member,
                Channel::Collaboration,
                Some(T::B2bCollaborationMember),
            ),
            (
                Some(None),
                Channel::Collaboration,
                Some(T::OtherExternalUser),
            ),
            (None, Channel::Collaboration, Some(T::OtherExternalUser)),
            (None, Channel::DirectConnect, Some(T::B2bDirectConnectUser)),
            (None, Channel::ServiceProvider, Some(T::ServiceProvider)),
            (guest, Channel::ServiceProvider, Some(T::ServiceProvider)),
        ] {
            let types = external_user_types(&ExternalUserFacts {
                object,
                channel,
                direct_connect_eligible: false,
            });
            assert_eq!(
                types.iter().collect::<Vec<_>>(),
                expect.into_iter().collect::<Vec<_>>(),
                "{object:?} {channel:?}"
            );
        }
    }
}
