//! What a journey does about an open decision: which of the challenges it can show, and how it refuses the others.
//!
//! A challenge that no page can show yet is met by nobody here, so it refuses before anybody is asked for anything else
//! (decision 15): truthfully, with its number, and never in a circle.

use portcullis_model::credential::{AuthenticationMethod, AuthenticationMethods};
use portcullis_policy::decision::{Challenge, Requirement};
use portcullis_protocol::oauth::error_catalogue::ErrorCode;

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// The first factor is asked for again.
    FirstFactor,
    /// A second factor is asked for, or registered.
    SecondFactor(Requirement),
    /// It cannot be shown.
    Refuse(ErrorCode),
}

/// What is done about these requirements. None at all is never made; if it were, it must not open the door.
pub(crate) fn next_step(requirements: &[Requirement]) -> Next {
    let steps = requirements.iter().map(step);
    let mut first = None;
    for step in steps {
        match step {
            Next::Refuse(_) => return step,
            Next::FirstFactor | Next::SecondFactor(_) => first = first.or(Some(step)),
        }
    }
    first.unwrap_or(Next::Refuse(ErrorCode::BlockedByConditionalAccess))
}

fn step(requirement: &Requirement) -> Next {
    match requirement.challenge {
        Challenge::PrimaryAuthentication => Next::FirstFactor,
        Challenge::MultifactorAuthentication => Next::SecondFactor(requirement.clone()),
        Challenge::AuthenticationStrength(_) if is_met_by_totp(requirement) => {
            Next::SecondFactor(requirement.clone())
        }
        Challenge::AuthenticationStrength(_) => {
            Next::Refuse(ErrorCode::AuthenticationMethodNotSupported)
        }
        Challenge::PasswordChange => Next::Refuse(ErrorCode::PasswordChangeRequired),
        Challenge::TermsOfUse(_) => Next::Refuse(ErrorCode::TermsOfUseNotShown),
        Challenge::RiskRemediation | Challenge::CustomAuthenticationFactor(_) => {
            Next::Refuse(ErrorCode::ExternalSecurityChallenge)
        }
    }
}

/// Whether the second step that pages can show is strong enough beside the password.
fn is_met_by_totp(requirement: &Requirement) -> bool {
    let shown = AuthenticationMethods::of([
        AuthenticationMethod::Password,
        AuthenticationMethod::SoftwareOath,
    ]);
    requirement.combinations.iter().any(|combination| {
        shown.contains_all(*combination) && combination.contains(AuthenticationMethod::SoftwareOath)
    })
}

#[cfg(test)]
mod tests {
    use portcullis_model::id::{AgreementId, AuthenticationStrengthId, TenantId};
    use portcullis_policy::decision::Place;
    use uuid::Uuid;

    use super::*;

    fn requirement(challenge: Challenge, combinations: &[AuthenticationMethods]) -> Requirement {
        Requirement {
            challenge,
            place: Place::ResourceTenant(TenantId::new(Uuid::from_u128(1))),
            policies: Vec::new(),
            combinations: combinations.to_vec(),
        }
    }

    fn strength(combinations: &[AuthenticationMethods]) -> Requirement {
        let id = AuthenticationStrengthId::new(Uuid::from_u128(2));
        requirement(Challenge::AuthenticationStrength(id), combinations)
    }

    #[test]
    fn what_no_page_can_show_is_refused_before_anything_is_asked() {
        use AuthenticationMethod as M;
        let mfa = requirement(Challenge::MultifactorAuthentication, &[]);
        let first = requirement(Challenge::PrimaryAuthentication, &[]);
        let terms = Challenge::TermsOfUse(AgreementId::new(Uuid::from_u128(3)));
        let terms = requirement(terms, &[]);
        let change = requirement(Challenge::PasswordChange, &[]);
        let custom = Challenge::CustomAuthenticationFactor("RequireDuo".into());
        let custom = requirement(custom, &[]);
        let key = AuthenticationMethods::of([M::Fido2]);
        let totp = AuthenticationMethods::of([M::Password, M::SoftwareOath]);
        let other = ErrorCode::ExternalSecurityChallenge;
        for (requirements, expect) in [
            (vec![], Next::Refuse(ErrorCode::BlockedByConditionalAccess)),
            (vec![first.clone(), mfa.clone()], Next::FirstFactor),
            (vec![mfa.clone()], Next::SecondFactor(mfa.clone())),
            (
                vec![mfa.clone(), terms],
                Next::Refuse(ErrorCode::TermsOfUseNotShown),
            ),
            (vec![first, custom], Next::Refuse(other)),
            (
                vec![mfa, change],
                Next::Refuse(ErrorCode::PasswordChangeRequired),
            ),
            (
                vec![strength(&[key, totp])],
                Next::SecondFactor(strength(&[key, totp])),
            ),
            (
                vec![strength(&[key])],
                Next::Refuse(ErrorCode::AuthenticationMethodNotSupported),
            ),
        ] {
            assert_eq!(next_step(&requirements), expect, "{requirements:?}");
        }
    }

    #[test]
    fn every_reason_to_refuse_has_its_number() {
        use portcullis_policy::decision::BlockReason;
        for reason in BlockReason::ALL {
            let number = reason.error_code();
            assert!(ErrorCode::find(number).is_some(), "{reason:?} {number}");
        }
    }
}
