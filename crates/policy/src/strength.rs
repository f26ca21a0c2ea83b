//! When an authentication strength is met, and by which combinations it still can be (specification 2.9, 5.4, 8.6).

use portcullis_model::authentication_strength::CombinationRestriction;
use portcullis_model::conditional_access::SignInInterval;
use portcullis_model::credential::{AuthenticationMethod, AuthenticationMethods, Factor};
use portcullis_model::sign_in_log::AuthenticationStrengthResult;

use crate::decision::{BlockReason, Challenge, Place};
use crate::demand::{Combination, Strength};
use crate::evidence::{
    Ask, ControlState, Evidence, HELLO, Regard, Registration, Standing, is_first,
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

/// What a user has shown, and could show, of the methods that combinations are made of.
#[derive(Debug)]
struct Shown {
    /// Where MFA is proven.
    place: Place,
    /// How old a second factor may be.
    interval: Option<SignInInterval>,
    /// What counts at all.
    accepted: AuthenticationMethods,
    /// First factors, and others that are fresh.
    proven: AuthenticationMethods,
    /// First factors that are fresh.
    renewed: AuthenticationMethods,
    /// What can be proven, and what could be registered and proven then.
    registered: AuthenticationMethods,
    registrable: AuthenticationMethods,
}

impl Shown {
    /// Whether a combination holds a method that is neither proven nor could be.
    fn lacks_any_of(&self, methods: AuthenticationMethods) -> bool {
        let within_reach = self.proven.union(self.registered).union(self.registrable);
        !within_reach.contains_all(methods)
    }
}

/// Of the combinations that are not met.
#[derive(Debug, Clone, Copy, Default)]
struct Missing {
    /// The fewest proofs of one for which nothing is to be registered.
    proofs: Option<usize>,
    /// The fewest registrations of one of the others.
    registrations: Option<usize>,
    is_restricted: bool,
}

/// What begins a sign-in, and no more.
const FIRST: AuthenticationMethods = {
    let (mut first, mut rest): (_, &[AuthenticationMethod]) =
        (AuthenticationMethods::NONE, &AuthenticationMethod::ALL);
    while let [one, others @ ..] = rest {
        if matches!(one.factor(), Factor::First) {
            first = first.with(*one);
        }
        rest = others;
    }
    first
};
const ALL: AuthenticationMethods = AuthenticationMethods::of(AuthenticationMethod::ALL);
const CERTIFICATE: AuthenticationMethods =
    AuthenticationMethods::of([AuthenticationMethod::X509CertificateSingleFactor]);
/// Of these the certificate is the second.
const CERTIFICATE_AND_PASSWORD: AuthenticationMethods = AuthenticationMethods::of([
    AuthenticationMethod::X509CertificateSingleFactor,
    AuthenticationMethod::Password,
]);

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
        let methods = self.methods_for(place, regard.interval);
        let counting = strength.combinations.iter();
        let counting = counting.filter(|one| methods.accepted.contains_all(one.methods));
        let mut missing = Missing::default();
        for combination in counting.clone() {
            match self.reach(combination, &methods) {
                Reach::Met => {
                    return Finding {
                        state: ControlState::Met(place.tenant()),
                        result: AuthenticationStrengthResult::Satisfied,
                    };
                }
                Reach::Missing {
                    proofs,
                    registrations: 0,
                } => missing.proofs = Some(at_most(missing.proofs, proofs)),
                Reach::Missing { registrations, .. } => {
                    missing.registrations = Some(at_most(missing.registrations, registrations));
                }
                Reach::Restricted => missing.is_restricted = true,
                Reach::Impossible => {}
            }
        }
        let (result, is_ready) = match self.told(missing, place, regard.registration) {
            Ok(told) => told,
            Err((reason, result)) => {
                return Finding {
                    state: ControlState::Unobtainable(reason),
                    result,
                };
            }
        };
        let is_asked_for = |one: &&Combination| match self.reach(one, &methods) {
            Reach::Missing { registrations, .. } => !is_ready || registrations == 0,
            Reach::Met | Reach::Restricted | Reach::Impossible => false,
        };
        let asked_for = counting.filter(is_asked_for);
        let state = regard.detail.open(|| Ask {
            challenge: Challenge::AuthenticationStrength(strength.id),
            place,
            combinations: asked_for.map(|one| one.methods).collect(),
        });
        Finding { state, result }
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

    /// What the user has shown, and could show, of the methods that combinations are made of.
    fn methods_for(&self, place: Place, interval: Option<SignInInterval>) -> Shown {
        let mut shown = Shown {
            place,
            interval,
            accepted: self.accepted_in(place),
            proven: AuthenticationMethods::NONE,
            renewed: AuthenticationMethods::NONE,
            registered: self.of_places(place, |place| self.methods_in(place).registered),
            registrable: self.of_places(place, |place| self.registrable_in(place)),
        };
        for proof in self.proofs_in(self.primary_place) {
            if FIRST.contains(proof.method) {
                shown.proven = shown.proven.with(proof.method);
                if self.is_fresh(Some(proof.at), interval) {
                    shown.renewed = shown.renewed.with(proof.method);
                }
            }
        }
        for proof in self.proofs_in(place) {
            if !FIRST.contains(proof.method) && self.is_fresh(Some(proof.at), interval) {
                shown.proven = shown.proven.with(proof.method);
            }
        }
        if shown.proven.contains_all(HELLO)
            && !self.began_with(AuthenticationMethod::WindowsHelloForBusiness, place)
        {
            shown.proven = shown.proven.without(HELLO);
        }
        let can_begin = self.can_begin_with_hello(
            AuthenticationMethod::WindowsHelloForBusiness,
            place,
            interval,
        );
        if !can_begin {
            shown.registered = shown.registered.without(HELLO);
            shown.registrable = shown.registrable.without(HELLO);
        }
        shown
    }

    /// First factors are proven where sign-ins begin, the others where MFA is done.
    fn of_places(
        &self,
        place: Place,
        methods: impl Fn(Place) -> AuthenticationMethods,
    ) -> AuthenticationMethods {
        let first = methods(self.primary_place).intersection(FIRST);
        first.union(methods(place).without(FIRST))
    }

    /// The methods that count there: a combination does when all of its methods do.
    fn accepted_in(&self, place: Place) -> AuthenticationMethods {
        let hello = AuthenticationMethod::WindowsHelloForBusiness;
        let mut accepted = ALL;
        if !self.may_vouch(hello) {
            accepted = accepted.without(HELLO);
        }
        if !self.standing.is_external() {
            return accepted;
        }
        let accepted = accepted.iter().filter(|method| is_accepted(*method, place));
        accepted.fold(AuthenticationMethods::NONE, AuthenticationMethods::with)
    }

    #[inline]
    fn reach(&self, combination: &Combination, shown: &Shown) -> Reach {
        // The common end, passed at a glance.
        if combination.restrictions.is_empty() && shown.lacks_any_of(combination.methods) {
            return Reach::Impossible;
        }
        self.reach_closely(combination, shown)
    }

    fn reach_closely(&self, combination: &Combination, shown: &Shown) -> Reach {
        let methods = combination.methods;
        let mut proven = methods.intersection(shown.proven);
        if methods.contains_all(CERTIFICATE_AND_PASSWORD) {
            let too_old = CERTIFICATE.without(shown.renewed);
            proven = proven.without(too_old);
        }
        let mut restricted = AuthenticationMethods::NONE;
        if !combination.restrictions.is_empty() {
            let unfit = proven
                .iter()
                .filter(|method| !self.is_shown_as_demanded(*method, combination, shown));
            restricted = unfit.fold(restricted, AuthenticationMethods::with);
            proven = proven.without(restricted);
        }
        let missing = methods.without(proven);
        if missing.is_empty() {
            return Reach::Met;
        }
        let obtainable = shown.registered.union(shown.registrable);
        if obtainable.contains_all(missing) {
            return Reach::Missing {
                proofs: missing.len(),
                registrations: missing.without(shown.registered).len(),
            };
        }
        if restricted.is_empty() {
            return Reach::Impossible;
        }
        // What is in the way is told of the first method that cannot be had, in Graph's order.
        let mut so_far = AuthenticationMethods::NONE;
        let first = missing.iter().find(|method| {
            so_far = so_far.with(*method);
            !obtainable.contains(*method)
        });
        match first {
            Some(_) if !so_far.intersection(restricted).is_empty() => Reach::Restricted,
            Some(_) | None => Reach::Impossible,
        }
    }

    /// Whether a method that is proven is proven as the combination's configurations demand: a proof that is too old does
    /// not lend its certificate or key to a younger one.
    fn is_shown_as_demanded(
        &self,
        method: AuthenticationMethod,
        combination: &Combination,
        shown: &Shown,
    ) -> bool {
        let place = match method.factor() {
            Factor::First => self.primary_place,
            Factor::Second | Factor::Both => shown.place,
        };
        let is_renewed = is_renewed(method, combination.methods);
        let interval = shown.interval.filter(|_| is_renewed);
        self.proofs_of(method, place)
            .filter(|proof| self.is_fresh(Some(proof.at), interval))
            .any(|proof| self.satisfies(proof, combination))
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

    /// Of a strength that is not met: how the log tells it, and whether registered methods are enough; or why nothing is.
    /// What can be proven with registered methods is asked for before anything is registered.
    fn told(
        &self,
        missing: Missing,
        place: Place,
        registration: Registration,
    ) -> Result<(AuthenticationStrengthResult, bool), (BlockReason, AuthenticationStrengthResult)>
    {
        use AuthenticationStrengthResult as R;
        match (missing.proofs, missing.registrations) {
            (Some(0 | 1), _) => Ok((R::SingleChallengeRequired, true)),
            (Some(_), _) => Ok((R::MultipleChallengesRequired, true)),
            // None is ready: every one that is missing wants something registered.
            (None, Some(fewest)) => match self.check_registration(place, registration) {
                Err(reason) => Err((reason, R::CannotSatisfy)),
                Ok(()) if fewest < 2 => Ok((R::SingleRegistrationRequired, false)),
                Ok(()) => Ok((R::MultipleRegistrationsRequired, false)),
            },
            (None, None) if missing.is_restricted => Err((
                BlockReason::StrengthNotObtainable,
                R::CannotSatisfyDueToCombinationConfiguration,
            )),
            (None, None) => Err((BlockReason::StrengthNotObtainable, R::CannotSatisfy)),
        }
    }
}

fn at_most(so_far: Option<usize>, one: usize) -> usize {
    so_far.map_or(one, |so_far| so_far.min(one))
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
