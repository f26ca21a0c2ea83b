//! When an authentication strength is met, and by which combinations it still can be (specification 2.9, 5.4, 8.6).

use portcullis_model::authentication_strength::CombinationRestriction;
use portcullis_model::conditional_access::SignInInterval;
use portcullis_model::credential::{AuthenticationMethod, AuthenticationMethods, Factor};
use portcullis_model::sign_in_log::AuthenticationStrengthResult;
use smallvec::SmallVec;

use crate::decision::{BlockReason, Challenge, Place};
use crate::demand::{Combination, Strength};
use crate::evidence::{
    Ask, ControlState, Evidence, Obtainable, Regard, Registration, Standing, is_first,
};
use crate::facts::{Authenticator, Proof};
use crate::method_place::is_accepted;

/// What a strength finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) state: ControlState,
    /// As the log says it.
    pub(crate) result: AuthenticationStrengthResult,
}

/// How far one combination is from being met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Met,
    /// This many methods are to be proven, so many of them registered first.
    Missing {
        proofs: usize,
        registrations: usize,
    },
    /// Its methods are proven, but not as its configuration demands, nor can they be.
    Restricted,
    Impossible,
}

impl Evidence<'_> {
    /// All methods of one allowed combination, proven where this tenant wants them.
    pub(crate) fn strength(&self, strength: &Strength, regard: Regard) -> Finding {
        let place = match self.place_of_strength() {
            Ok(place) => place,
            Err(reason) => {
                return Finding {
                    state: ControlState::Unobtainable(reason),
                    result: AuthenticationStrengthResult::CannotSatisfy,
                };
            }
        };
        let counting = strength
            .combinations
            .iter()
            .filter(|combination| self.counts_in(combination.methods, place));
        let mut reaches: SmallVec<[(AuthenticationMethods, Reach); 24]> = SmallVec::new();
        for combination in counting {
            let reach = self.reach(combination, place, regard.interval);
            if reach == Reach::Met {
                return Finding {
                    state: ControlState::Met(place.tenant()),
                    result: AuthenticationStrengthResult::Satisfied,
                };
            }
            reaches.push((combination.methods, reach));
        }
        self.missing(strength, place, &reaches, regard.registration)
    }

    /// Where MFA is proven. A guest whose identity is no tenant's can meet a strength only where the tenant says so
    /// (decision 6).
    fn place_of_strength(&self) -> Result<Place, BlockReason> {
        match self.standing {
            Standing::WithoutHome if !self.tenant.takes_strengths_of_all_guests() => {
                Err(BlockReason::StrengthNeedsHomeTenant)
            }
            Standing::WithoutHome
            | Standing::Own(_)
            | Standing::Foreign(..)
            | Standing::Service => self.mfa_place,
        }
    }

    /// Whether every method of the combination is one that is accepted there.
    fn counts_in(&self, methods: AuthenticationMethods, place: Place) -> bool {
        if !methods.iter().all(|method| self.may_vouch(method)) {
            return false;
        }
        !self.standing.is_external() || methods.iter().all(|method| is_accepted(method, place))
    }

    fn reach(
        &self,
        combination: &Combination,
        place: Place,
        interval: Option<SignInInterval>,
    ) -> Reach {
        let (mut proofs, mut registrations) = (0, 0);
        let mut is_restricted = false;
        for method in combination.methods.iter() {
            // First factors are proven where sign-ins begin, the others where MFA is done.
            let place = match method.factor() {
                Factor::First => self.primary_place,
                Factor::Second | Factor::Both => place,
            };
            let interval = interval.filter(|_| is_renewed(method, combination.methods));
            if self.is_proven(method, place, interval) && self.began_with(method, place) {
                // A proof that is too old does not lend its certificate or key to a younger one.
                let mut shown = self
                    .proofs_of(method, place)
                    .filter(|proof| self.is_fresh(Some(proof.at), interval));
                if shown.any(|proof| self.satisfies(proof, combination)) {
                    continue;
                }
                is_restricted = true;
            }
            proofs += 1;
            match self.obtainable(method, place, interval) {
                Obtainable::Registered => {}
                Obtainable::Registrable => registrations += 1,
                Obtainable::Nothing if is_restricted => return Reach::Restricted,
                Obtainable::Nothing => return Reach::Impossible,
            }
        }
        match proofs {
            0 => Reach::Met,
            _ => Reach::Missing {
                proofs,
                registrations,
            },
        }
    }

    /// Windows Hello for Business counts only where the sign-in began with it (specification 5.4): before anything else
    /// that could have begun it.
    fn began_with(&self, method: AuthenticationMethod, place: Place) -> bool {
        if method != AuthenticationMethod::WindowsHelloForBusiness {
            return true;
        }
        let Some(first) = self.proofs_of(method, place).map(|proof| proof.at).min() else {
            return false;
        };
        self.proofs_in(place)
            .filter(|proof| proof.method != method && is_first(proof.method))
            .all(|other| first < other.at)
    }

    /// Whether the user can still prove this method there.
    fn obtainable(
        &self,
        method: AuthenticationMethod,
        place: Place,
        interval: Option<SignInInterval>,
    ) -> Obtainable {
        let is_too_late = method == AuthenticationMethod::WindowsHelloForBusiness
            && !self.can_begin_with_hello(method, place, interval);
        if is_too_late {
            Obtainable::Nothing
        } else if self.methods_in(place).registered.contains(method) {
            Obtainable::Registered
        } else if self.registrable_in(place).contains(method) {
            Obtainable::Registrable
        } else {
            Obtainable::Nothing
        }
    }

    /// Whether a proof is what the combination's configurations demand.
    fn satisfies(&self, proof: &Proof, combination: &Combination) -> bool {
        combination
            .restrictions
            .iter()
            .all(|restriction| match restriction {
                CombinationRestriction::Fido2 { allowed_aaguids } => {
                    if proof.method != AuthenticationMethod::Fido2 {
                        return true;
                    }
                    match &proof.authenticator {
                        Authenticator::Fido2(model) => allowed_aaguids.contains(model),
                        Authenticator::Unnamed | Authenticator::Certificate { .. } => false,
                    }
                }
                CombinationRestriction::X509Certificate {
                    allowed_issuer_skis,
                    allowed_policy_oids,
                } => {
                    let is_certificate = matches!(
                        proof.method,
                        AuthenticationMethod::X509CertificateSingleFactor
                            | AuthenticationMethod::X509CertificateMultiFactor
                    );
                    !is_certificate
                        || self.certificate_satisfies(
                            &proof.authenticator,
                            allowed_issuer_skis,
                            allowed_policy_oids,
                        )
                }
            })
    }

    /// Values inside one list are alternatives; both lists must be satisfied. Of users of other tenants no issuer is
    /// looked at, so that a list of issuers cannot be satisfied (specification 8.6).
    ///
    /// At most five policies of a certificate are considered, the first in order of those that match: one that matches
    /// is always among them.
    fn certificate_satisfies(
        &self,
        authenticator: &Authenticator,
        issuers: &[String],
        policies: &[String],
    ) -> bool {
        let (issuer_ski, policy_oids) = match authenticator {
            Authenticator::Certificate {
                issuer_ski,
                policy_oids,
            } => (issuer_ski.as_deref(), policy_oids.as_slice()),
            Authenticator::Unnamed | Authenticator::Fido2(_) => (None, &[][..]),
        };
        let is_of_issuer = issuers.is_empty()
            || (!self.standing.is_external()
                && issuer_ski.is_some_and(|ski| {
                    issuers
                        .iter()
                        .any(|allowed| allowed.eq_ignore_ascii_case(ski))
                }));
        let is_under_policy =
            policies.is_empty() || policy_oids.iter().any(|oid| policies.contains(oid));
        is_of_issuer && is_under_policy
    }

    /// Of a strength that is not met: what is within reach. What can be proven with registered methods is asked for
    /// before anything is registered.
    fn missing(
        &self,
        strength: &Strength,
        place: Place,
        reaches: &[(AuthenticationMethods, Reach)],
        registration: Registration,
    ) -> Finding {
        use AuthenticationStrengthResult as R;
        let missing = || {
            reaches.iter().filter_map(|(methods, reach)| match reach {
                Reach::Missing {
                    proofs,
                    registrations,
                } => Some((*methods, *proofs, *registrations)),
                Reach::Met | Reach::Restricted | Reach::Impossible => None,
            })
        };
        let ready = || missing().filter(|(.., registrations)| *registrations == 0);
        let asked = |combinations| {
            ControlState::Open(vec![Ask {
                challenge: Challenge::AuthenticationStrength(strength.id),
                place,
                combinations,
            }])
        };
        if let Some(fewest) = ready().map(|(_, proofs, _)| proofs).min() {
            return Finding {
                state: asked(ready().map(|(methods, ..)| methods).collect()),
                result: match fewest {
                    0 | 1 => R::SingleChallengeRequired,
                    _ => R::MultipleChallengesRequired,
                },
            };
        }
        // None is ready: every one that is missing wants something registered.
        if let Some(fewest) = missing().map(|(.., registrations)| registrations).min() {
            return match self.check_registration(place, registration) {
                Err(reason) => unobtainable(reason, R::CannotSatisfy),
                Ok(()) => Finding {
                    state: asked(missing().map(|(methods, ..)| methods).collect()),
                    result: match fewest {
                        0 | 1 => R::SingleRegistrationRequired,
                        _ => R::MultipleRegistrationsRequired,
                    },
                },
            };
        }
        let is_restricted = reaches.iter().any(|(_, reach)| *reach == Reach::Restricted);
        let result = if is_restricted {
            R::CannotSatisfyDueToCombinationConfiguration
        } else {
            R::CannotSatisfy
        };
        unobtainable(BlockReason::StrengthNotObtainable, result)
    }
}

fn unobtainable(reason: BlockReason, result: AuthenticationStrengthResult) -> Finding {
    Finding {
        state: ControlState::Unobtainable(reason),
        result,
    }
}

/// Whether a sign-in frequency renews the method: the first factor of a combination is renewed by itself, where the
/// frequency says so.
fn is_renewed(method: AuthenticationMethod, combination: AuthenticationMethods) -> bool {
    match method.factor() {
        Factor::Second | Factor::Both => true,
        // A certificate beside a password is the second of the two.
        Factor::First => {
            method == AuthenticationMethod::X509CertificateSingleFactor
                && combination.contains(AuthenticationMethod::Password)
        }
    }
}
