//! What somebody could show: proofs of methods, told apart as far as strengths tell them apart.
//!
//! More proofs never make a sign-in worse, so that of all the ways in which something is *not* shown only the fullest ones
//! matter: whoever gets in with less gets in with those.

mod places;

use std::collections::BTreeSet;

use portcullis_model::Timestamp;
use portcullis_model::authentication_strength::{
    AuthenticationStrengthPolicy, BuiltInStrength, CombinationRestriction,
};
use portcullis_model::conditional_access::{ConditionalAccessPolicy, DevicePlatform, GrantControl};
use portcullis_model::credential::{AuthenticationMethod, AuthenticationMethods, Factor};
use portcullis_model::device::{DeviceAttributes, DeviceClaims, DeviceTrustType};
use portcullis_model::id::{AgreementId, ClientId, DeviceId, TenantId};
use portcullis_policy::facts::{
    Authenticator, ClientProtection, Fulfilled, MethodFacts, Methods, Proof, SignIn,
};
use uuid::Uuid;

use crate::grant::{controls, demanding};
use crate::probe::{Demanding, MOMENT, person};
use crate::side::Side;
use crate::target::Reached;
use crate::who::Who;

pub(crate) use places::ProvenAt;

/// Whoever signs in has every method, in both tenants.
const EVERYTHING_REGISTERED: MethodFacts = {
    let everything = Methods {
        registered: AuthenticationMethods::of(AuthenticationMethod::ALL),
        registrable: AuthenticationMethods::NONE,
    };
    MethodFacts {
        home: everything,
        resource: everything,
    }
};

/// So many things to show are told apart at most.
const SHOWN_MAX: usize = 128;

/// One thing that somebody could show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shown {
    /// A method, proven with this and there.
    Proof(AuthenticationMethod, Authenticator, ProvenAt),
    /// Terms of use, accepted.
    Accepted(AgreementId),
    /// The word of a custom control's provider.
    Vouched(String),
    /// The password was changed in this flow.
    PasswordChanged,
    /// The risk was remediated in this flow.
    RiskRemediated,
}

/// Everything that some policy tells apart.
#[derive(Debug, Clone)]
pub(crate) struct Wallet {
    pub(crate) all: Vec<Shown>,
    /// Whether it matters to somebody in which tenant a method is proven.
    pub(crate) tells_places_apart: bool,
}

/// Some of a wallet, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Evidence(u128);

impl Wallet {
    /// Places are told apart where a change has it that proofs count elsewhere; one tenant by itself looks at one place only,
    /// so that whoever proves a method there might as well have proven it everywhere.
    pub(crate) fn of(sides: &[Side], tells_places_apart: bool, unknown: &mut Vec<String>) -> Self {
        let unnamed = AuthenticationMethod::ALL.into_iter();
        let unnamed = unnamed.map(|method| everywhere(method, Authenticator::Unnamed));
        let mut all: Vec<Shown> = unnamed.collect();
        all.extend([Shown::RiskRemediated, Shown::PasswordChanged]);
        for side in sides {
            let configuration = &side.configuration;
            for agreement in &configuration.agreements {
                add(&mut all, Shown::Accepted(agreement.id));
            }
            for strength in &configuration.authentication_strengths {
                tell_apart(strength, &mut all);
            }
            for policy in side.policies() {
                if let Some(strength) = &policy.expanded_strength {
                    tell_apart(strength, &mut all);
                }
                for control in controls(policy) {
                    if let GrantControl::CustomAuthenticationFactor(id) = control {
                        add(&mut all, Shown::Vouched(id.clone()));
                    }
                }
            }
        }
        if tells_places_apart {
            all = places::apart(&all);
        }
        if all.len() > SHOWN_MAX {
            unknown.push(format!(
                "policies name more than {SHOWN_MAX} models of keys, kinds of certificates, terms and custom controls; the others are never shown"
            ));
            all.truncate(SHOWN_MAX);
        }
        Self {
            all,
            tells_places_apart,
        }
    }

    /// Everything there is to show.
    pub(crate) fn whole(&self) -> Evidence {
        let all = 0..self.all.len();
        all.fold(Evidence::NONE, Evidence::with)
    }

    /// What an account holds by itself: passwords, security keys, certificates, and what its holder does on the spot. Phones, mail,
    /// authenticators and Windows Hello are things beside it, passes are given by others, and federation and custom controls
    /// are somebody else's word.
    pub(crate) fn held_by_the_account(&self) -> Evidence {
        use AuthenticationMethod as M;
        self.without(|shown| match shown {
            Shown::Proof(method, ..) => match method {
                M::Password
                | M::Fido2
                | M::X509CertificateSingleFactor
                | M::X509CertificateMultiFactor => false,
                M::Voice
                | M::HardwareOath
                | M::SoftwareOath
                | M::Sms
                | M::WindowsHelloForBusiness
                | M::MicrosoftAuthenticatorPush
                | M::DeviceBasedPush
                | M::TemporaryAccessPassOneTime
                | M::TemporaryAccessPassMultiUse
                | M::Email
                | M::FederatedSingleFactor
                | M::FederatedMultiFactor
                | M::QrCodePin => true,
            },
            Shown::Vouched(_) => true,
            Shown::Accepted(_) | Shown::PasswordChanged | Shown::RiskRemediated => false,
        })
    }

    /// Everything but these.
    fn without(&self, left_out: impl Fn(&Shown) -> bool) -> Evidence {
        let all = self.all.iter().enumerate();
        let kept = all.filter(|(_, shown)| !left_out(shown));
        kept.map(|(at, _)| at).fold(Evidence::NONE, Evidence::with)
    }

    /// Puts it all into a sign-in.
    pub(crate) fn show(
        &self,
        evidence: Evidence,
        sign_in: &mut SignIn,
        own: TenantId,
        home: TenantId,
    ) {
        sign_in.fulfilled = Fulfilled::default();
        sign_in.proofs = Vec::new();
        // What is not proven could be, so that a refusal is one that no method helps against.
        sign_in.methods = EVERYTHING_REGISTERED;
        let fulfilled = &mut sign_in.fulfilled;
        for (_, shown) in self.shown(evidence) {
            match shown {
                Shown::Proof(method, authenticator, proven_at) => {
                    let proofs = proven_at.proofs(*method, own, home);
                    let proofs = proofs.map(|(tenant, method)| Proof {
                        tenant,
                        method,
                        at: shown_at(method),
                        authenticator: authenticator.clone(),
                    });
                    sign_in.proofs.extend(proofs);
                }
                Shown::Accepted(id) => {
                    fulfilled.terms_of_use.insert(*id);
                }
                Shown::Vouched(id) => {
                    fulfilled.custom_factors.insert(id.clone());
                }
                Shown::PasswordChanged => fulfilled.password_changed_at = Some(MOMENT),
                Shown::RiskRemediated => fulfilled.risk_remediated_at = Some(MOMENT),
            }
        }
    }

    /// What is in an evidence.
    pub(crate) fn shown(&self, evidence: Evidence) -> impl Iterator<Item = (usize, &Shown)> {
        let all = self.all.iter().enumerate();
        all.filter(move |(at, _)| evidence.has(*at))
    }

    /// Whether a sign-in can begin with it.
    pub(crate) fn begins(&self, evidence: Evidence) -> bool {
        self.shown(evidence).any(|(_, shown)| match shown {
            Shown::Proof(method, _, proven_at) => {
                *proven_at != ProvenAt::Here && method.factor() != Factor::Second
            }
            Shown::Accepted(_)
            | Shown::Vouched(_)
            | Shown::PasswordChanged
            | Shown::RiskRemediated => false,
        })
    }

    /// The fullest evidences with which somebody of this kind meets none of these controls, as far as evidence meets them.
    pub(crate) fn fullest_without_any(
        &self,
        wanted: &[(&GrantControl, Option<&ConditionalAccessPolicy>)],
        ask: &Ask<'_>,
    ) -> Vec<Evidence> {
        let mut found = BTreeSet::from([self.whole()]);
        for (control, policy) in wanted {
            let lacking = self.fullest_without(control, *policy, ask);
            found = found
                .iter()
                .flat_map(|one| lacking.iter().map(|other| one.both(*other)))
                .collect();
            found = fullest(&found);
        }
        let begins = found.into_iter().filter(|one| self.begins(*one));
        begins.collect()
    }

    fn fullest_without(
        &self,
        control: &GrantControl,
        policy: Option<&ConditionalAccessPolicy>,
        ask: &Ask<'_>,
    ) -> Vec<Evidence> {
        let [reaching, _] = demanding(ask.side, control, policy);
        // Some can meet it by nothing, as users of other tenants can change no password here.
        if !ask.meets(&reaching, self, self.whole()) {
            return vec![self.whole()];
        }
        let shown_by_methods = |control: &GrantControl| {
            let [reaching, _] = demanding(ask.side, control, policy);
            self.without_methods(&reaching, ask)
        };
        match control {
            GrantControl::Mfa | GrantControl::AuthenticationStrength(_) => {
                shown_by_methods(control)
            }
            GrantControl::TermsOfUse(id) => {
                vec![self.without(|shown| *shown == Shown::Accepted(*id))]
            }
            GrantControl::CustomAuthenticationFactor(id) => {
                vec![self.without(|shown| *shown == Shown::Vouched(id.clone()))]
            }
            // MFA first, then the change, for which a remediation will do (specification 3.3, 5.3).
            GrantControl::PasswordChange => {
                let unchanged = self.without(|shown| {
                    matches!(shown, Shown::PasswordChanged | Shown::RiskRemediated)
                });
                let mut lacking = shown_by_methods(&GrantControl::Mfa);
                lacking.push(unchanged);
                lacking
            }
            GrantControl::RiskRemediation => {
                let [multifactor, ..] = BuiltInStrength::ALL;
                let strength = GrantControl::AuthenticationStrength(multifactor.id);
                let mut lacking = shown_by_methods(&strength);
                lacking.push(self.without(|shown| *shown == Shown::RiskRemediated));
                lacking
            }
            // No evidence meets these.
            GrantControl::Block
            | GrantControl::CompliantDevice
            | GrantControl::DomainJoinedDevice
            | GrantControl::ApprovedApplication
            | GrantControl::CompliantApplication => vec![self.whole()],
        }
    }

    /// What meets a demand for methods are one or two of them together (specification 2.9 has no longer combination), so that
    /// the fullest sets without any such pair are sought.
    fn without_methods(&self, demanding: &Demanding, ask: &Ask<'_>) -> Vec<Evidence> {
        let meets = |evidence: Evidence| ask.meets(demanding, self, evidence);
        let single = |at| Evidence::NONE.with(at);
        let methods = self.all.iter().enumerate();
        let (methods, others): (Vec<_>, Vec<_>) =
            methods.partition(|(_, shown)| matches!(shown, Shown::Proof(..)));
        let methods = methods.into_iter().map(|(at, _)| at);
        let open: Vec<usize> = methods.filter(|at| !meets(single(*at))).collect();
        let mut apart: Vec<(usize, usize)> = Vec::new();
        for (number, one) in open.iter().enumerate() {
            for other in open.iter().skip(number + 1) {
                if meets(single(*one).with(*other)) {
                    apart.push((*one, *other));
                }
            }
        }
        let others = others.into_iter().map(|(at, _)| at);
        let all = open.into_iter().chain(others);
        let all = all.fold(Evidence::NONE, Evidence::with);
        let mut found = BTreeSet::new();
        split(all, &apart, &mut found);
        fullest(&found)
            .into_iter()
            .filter(|one| self.begins(*one))
            .collect()
    }
}

/// Those that no other one holds.
fn fullest(found: &BTreeSet<Evidence>) -> BTreeSet<Evidence> {
    let is_fullest = |one: &Evidence| !found.iter().any(|other| other != one && other.holds(*one));
    found.iter().copied().filter(is_fullest).collect()
}

/// Breaks up each pair in turn; at most as many sets as there are ways to do so, which are few: the pairs of strengths share
/// their first factors.
fn split(set: Evidence, apart: &[(usize, usize)], found: &mut BTreeSet<Evidence>) {
    const FOUND_MAX: usize = 256;
    if found.len() >= FOUND_MAX {
        return;
    }
    let both = |(one, other): &&(usize, usize)| set.has(*one) && set.has(*other);
    match apart.iter().find(both) {
        None => {
            found.insert(set);
        }
        Some((one, _)) => {
            split(set.without(*one), apart, found);
            // Whoever keeps it goes without everything that pairs with it.
            let pairs = apart
                .iter()
                .filter_map(|(a, b)| match (a == one, b == one) {
                    (true, _) => Some(*b),
                    (_, true) => Some(*a),
                    (false, false) => None,
                });
            split(pairs.fold(set, Evidence::without), apart, found);
        }
    }
}

impl Evidence {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) const fn with(self, at: usize) -> Self {
        Self(self.0 | 1 << at)
    }

    pub(crate) const fn without(self, at: usize) -> Self {
        Self(self.0 & !(1 << at))
    }

    pub(crate) const fn has(self, at: usize) -> bool {
        self.0 & 1 << at != 0
    }

    const fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    const fn holds(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Windows Hello for Business counts only as the beginning (specification 5.4), so it comes first.
fn shown_at(method: AuthenticationMethod) -> Timestamp {
    let seconds = match method {
        AuthenticationMethod::WindowsHelloForBusiness => 2,
        _ => 1,
    };
    let earlier = MOMENT.as_second() - seconds;
    Timestamp::from_second(earlier).unwrap_or(MOMENT)
}

fn add(all: &mut Vec<Shown>, shown: Shown) {
    if !all.contains(&shown) {
        all.push(shown);
    }
}

const fn everywhere(method: AuthenticationMethod, authenticator: Authenticator) -> Shown {
    Shown::Proof(method, authenticator, ProvenAt::Everywhere)
}

/// One proof for each model and each kind of certificate that a restriction names.
fn tell_apart(strength: &AuthenticationStrengthPolicy, all: &mut Vec<Shown>) {
    for configuration in &strength.combination_configurations {
        if let CombinationRestriction::Fido2 { allowed_aaguids } = &configuration.restriction {
            for model in allowed_aaguids {
                let key = Authenticator::Fido2(*model);
                add(all, everywhere(AuthenticationMethod::Fido2, key));
            }
        }
    }
    for certificate in certificates(strength) {
        for method in [
            AuthenticationMethod::X509CertificateSingleFactor,
            AuthenticationMethod::X509CertificateMultiFactor,
        ] {
            let certificate = Authenticator::Certificate {
                issuer_ski: certificate.issuer.clone(),
                policy_oids: certificate.policies.iter().cloned().collect(),
            };
            add(all, everywhere(method, certificate));
        }
    }
}

/// A certificate, as far as restrictions look at it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Certificate {
    issuer: Option<String>,
    policies: BTreeSet<String>,
}

/// Of each restriction an issuer and a policy that it wants; and one certificate may be what several of them want.
fn certificates(strength: &AuthenticationStrengthPolicy) -> BTreeSet<Certificate> {
    let mut found: BTreeSet<Certificate> = BTreeSet::new();
    for configuration in &strength.combination_configurations {
        let CombinationRestriction::X509Certificate {
            allowed_issuer_skis,
            allowed_policy_oids,
        } = &configuration.restriction
        else {
            continue;
        };
        let issuers = allowed_issuer_skis.iter().map(Some);
        let issuers = issuers.chain(allowed_issuer_skis.is_empty().then_some(None));
        let wanted = issuers.flat_map(|issuer| {
            let policies = allowed_policy_oids.iter().map(Some);
            let policies = policies.chain(allowed_policy_oids.is_empty().then_some(None));
            policies.map(move |policy| Certificate {
                issuer: issuer.cloned(),
                policies: policy.into_iter().cloned().collect(),
            })
        });
        let before = found.clone();
        for wanted in wanted {
            // More than that are not told apart anyway.
            if found.len() <= SHOWN_MAX {
                found.extend(before.iter().filter_map(|one| one.and(&wanted)));
            }
            found.insert(wanted);
        }
    }
    found
}

impl Certificate {
    /// A certificate that is what both want; none, if that would take two issuers.
    fn and(&self, other: &Self) -> Option<Self> {
        let issuer = match (&self.issuer, &other.issuer) {
            (Some(one), Some(other)) if !one.eq_ignore_ascii_case(other) => return None,
            (issuer, None) | (_, issuer) => issuer.clone(),
        };
        let policies = self.policies.union(&other.policies).cloned().collect();
        Some(Self { issuer, policies })
    }
}

/// Of whom, and doing what, it is asked whether evidence meets a demand.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) side: &'a Side,
    pub(crate) who: &'a Who,
    pub(crate) reached: Reached,
}

impl Ask<'_> {
    /// Whether somebody with this evidence and a device, an application and a platform that nothing is wrong with meets a demand.
    pub(crate) fn meets(self, demanding: &Demanding, wallet: &Wallet, evidence: Evidence) -> bool {
        let own = self.side.configuration.organization.id;
        let (mut sign_in, origin) = person(self.who, ClientId::DIRECTORY);
        self.reached.put(&mut sign_in);
        let home = self.who.home_tenant().unwrap_or(own);
        wallet.show(evidence, &mut sign_in, own, home);
        sign_in.platform = Some(DevicePlatform::Ios);
        sign_in.client_protection = ClientProtection {
            is_approved: true,
            is_compliant: true,
        };
        sign_in.device = Some(DeviceClaims {
            tenant_id: home,
            device_id: DeviceId::new(Uuid::nil()),
            is_compliant: true,
            trust_type: DeviceTrustType::ServerAd,
            attributes: DeviceAttributes::default(),
        });
        demanding.is_met(sign_in, origin)
    }
}
