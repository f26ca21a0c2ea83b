//! What a sign-in has to show, and where it may still be proven (seed article, steps 3 to 6).

use std::cell::OnceCell;

use portcullis_model::Timestamp;
use portcullis_model::conditional_access::{ClientAppType, SignInInterval, UserAction};
use portcullis_model::credential::{AuthenticationMethod, AuthenticationMethods, Factor};
use portcullis_model::id::{PolicyId, TenantId};
use smallvec::{SmallVec, smallvec};

use crate::compile::CompiledTenant;
use crate::cross_tenant::{CrossTenantChannel, Trust};
use crate::decision::{BlockReason, Challenge, Place};
use crate::facts::{Methods, Origin, Proof, SignIn, Subject};
use crate::judge::refusing_registration;

/// Proofs and claims of one sign-in, as far as the tenant believes them.
#[derive(Debug)]
pub(crate) struct Evidence<'a> {
    pub(crate) tenant: &'a CompiledTenant,
    pub(crate) sign_in: &'a SignIn,
    pub(crate) standing: Standing,
    /// Where the first factor is proven.
    pub(crate) primary_place: Place,
    /// Where MFA is proven, or why it cannot be. Proofs from anywhere else count for nothing.
    pub(crate) mfa_place: Result<Place, BlockReason>,
    /// When the first factor was last proven.
    primary_proven_at: Option<Timestamp>,
    /// The policies about security information that keep methods from being registered; asked for seldom.
    refusing_registration: OnceCell<Vec<PolicyId>>,
}

/// How the tenant stands to the one who signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A user with credentials here.
    Own(TenantId),
    /// A user of another tenant.
    Foreign(CrossTenantChannel, TenantId, Trust),
    /// A guest whose identity is no tenant's.
    WithoutHome,
    /// An application on its own behalf.
    Service,
}

impl Standing {
    /// Whether the credentials live elsewhere.
    pub(crate) const fn is_external(self) -> bool {
        match self {
            Self::Foreign(..) | Self::WithoutHome => true,
            Self::Own(_) | Self::Service => false,
        }
    }
}

/// What a control finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ControlState {
    /// The tenant that vouches.
    Met(TenantId),
    /// The user can still meet it: by these, in this order; empty only where no more than the [`Detail::Verdict`] was asked
    /// for.
    Open(Asks),
    /// Nobody can meet it in this sign-in.
    Unobtainable(BlockReason),
}

/// Something the user can still do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) challenge: Challenge,
    pub(crate) place: Place,
    /// Of a strength: what is within reach and strong enough.
    pub(crate) combinations: Vec<AuthenticationMethods>,
}

/// Hardly ever more than one.
pub(crate) type Asks = SmallVec<[Ask; 1]>;

/// What weighs beside the evidence when MFA is judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Regard {
    /// How old a second factor may be.
    pub(crate) interval: Option<SignInInterval>,
    /// Whether somebody without a method may register one now.
    pub(crate) registration: Registration,
    /// A policy in force has the risk remediated, which takes precedence over a change of password (specification 3.3).
    pub(crate) remediates: bool,
    pub(crate) detail: Detail,
}

/// How much is worked out of what is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// That it is open.
    Verdict,
    /// By what it can be met, too.
    Whole,
}

impl Detail {
    /// Open, by this.
    #[inline]
    pub(crate) fn open(self, ask: impl FnOnce() -> Ask) -> ControlState {
        ControlState::Open(match self {
            Self::Verdict => Asks::new(),
            Self::Whole => smallvec![ask()],
        })
    }
}

/// Whether somebody without a method may register one now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Registration {
    /// As the tenant's policies about security information say.
    AsPoliciesSay,
    /// Not now.
    Refused(BlockReason),
}

/// `everyTime` asks at most once in this many seconds (specification 5.10).
const EVERY_TIME_SECONDS: i64 = 300;
/// Clocks of two nodes may differ by this much; a proof from further in the future proves nothing.
const CLOCK_SKEW_SECONDS: i64 = 300;

/// Methods that cannot be registered in the middle of a sign-in, whatever the facts say (specification 5.4), or that are
/// never registered by a user: issued by an administrator, or vouched for by somebody else.
const NEVER_REGISTRABLE: AuthenticationMethods = AuthenticationMethods::of([
    AuthenticationMethod::DeviceBasedPush,
    AuthenticationMethod::X509CertificateSingleFactor,
    AuthenticationMethod::X509CertificateMultiFactor,
    AuthenticationMethod::WindowsHelloForBusiness,
    AuthenticationMethod::TemporaryAccessPassOneTime,
    AuthenticationMethod::TemporaryAccessPassMultiUse,
    AuthenticationMethod::FederatedSingleFactor,
    AuthenticationMethod::FederatedMultiFactor,
]);

impl<'a> Evidence<'a> {
    pub(crate) fn gather(tenant: &'a CompiledTenant, sign_in: &'a SignIn) -> Self {
        let here = Place::ResourceTenant(tenant.id());
        let (standing, primary_place, mfa_place) = match &sign_in.subject {
            Subject::User(user) => match &user.origin {
                Origin::Internal => (Standing::Own(tenant.id()), here, Ok(here)),
                // Their MFA is always this tenant's business (seed article, "MFA for non-Azure AD external users").
                Origin::WithoutHome(_) => (Standing::WithoutHome, here, Ok(here)),
                Origin::External(admission) => {
                    let (channel, home) = (admission.channel(), admission.home().tenant_id);
                    let trust = tenant.trust(home);
                    let at_home = Place::HomeTenant(home);
                    let mfa_place = place_of_mfa(channel, trust, (here, at_home));
                    (Standing::Foreign(channel, home, trust), at_home, mfa_place)
                }
            },
            Subject::ServicePrincipal(_) => {
                (Standing::Service, here, Err(BlockReason::BlockedByPolicy))
            }
        };
        let first = proofs_in(sign_in, primary_place).filter(|proof| is_first(proof.method));
        Self {
            tenant,
            sign_in,
            standing,
            primary_place,
            mfa_place,
            primary_proven_at: first.map(|proof| proof.at).max(),
            refusing_registration: OnceCell::new(),
        }
    }

    /// Legacy clients can neither show a challenge nor send device state: any grant blocks (specification 4.6).
    pub(crate) fn is_legacy(&self) -> bool {
        match self.sign_in.client_app_type {
            ClientAppType::Browser | ClientAppType::MobileAppsAndDesktopClients => false,
            ClientAppType::ExchangeActiveSync
            | ClientAppType::EasSupported
            | ClientAppType::Other => true,
        }
    }

    /// Whether the user has an object in this tenant.
    pub(crate) fn has_object(&self) -> bool {
        match &self.sign_in.subject {
            Subject::User(user) => user.user.is_some(),
            Subject::ServicePrincipal(_) => false,
        }
    }

    /// Whether the first factor is proven, and as lately as that.
    pub(crate) fn primary_is_proven(&self, interval: Option<SignInInterval>) -> bool {
        self.is_fresh(self.primary_proven_at, interval)
    }

    /// The demand for a first factor.
    pub(crate) fn ask_for_primary(&self) -> Ask {
        Ask {
            challenge: Challenge::PrimaryAuthentication,
            place: self.primary_place,
            combinations: Vec::new(),
        }
    }

    /// Whether a first factor and, as lately as `interval`, a second one are proven where the tenant wants them.
    pub(crate) fn mfa_is_proven(&self, place: Place, interval: Option<SignInInterval>) -> bool {
        let latest = self.second_factors(place).map(|proof| proof.at).max();
        self.primary_is_proven(None) && self.is_fresh(latest, interval)
    }

    /// Whether a second factor was proven there before `moment`, as lately then as `interval`.
    pub(crate) fn mfa_was_proven(
        &self,
        place: Place,
        moment: Timestamp,
        interval: Option<SignInInterval>,
    ) -> bool {
        let proofs = self.second_factors(place).map(|proof| proof.at);
        let latest = proofs.filter(|proven_at| *proven_at <= moment).max();
        is_fresh_at(moment, latest, interval)
    }

    /// The proofs of second factors that count, there.
    fn second_factors(&self, place: Place) -> impl Iterator<Item = &'a Proof> {
        let is_second = move |proof: &&Proof| match proof.method.factor() {
            Factor::Second => true,
            // The word of a guest's own identity provider is one factor, never two (seed article, MFA for others).
            Factor::Both => {
                self.standing != Standing::WithoutHome
                    || proof.method != AuthenticationMethod::FederatedMultiFactor
            }
            // A certificate beside a password is a second factor (specification 2.9).
            Factor::First => {
                proof.method == AuthenticationMethod::X509CertificateSingleFactor
                    && self.is_proven(AuthenticationMethod::Password, place, None)
            }
        };
        self.proofs_in(place)
            .filter(|proof| self.may_vouch(proof.method))
            .filter(is_second)
    }

    /// What is bound to a device cannot vouch for registering it (specification 4.3).
    pub(crate) fn may_vouch(&self, method: AuthenticationMethod) -> bool {
        method != AuthenticationMethod::WindowsHelloForBusiness
            || self.sign_in.user_action != Some(UserAction::RegisterOrJoinDevices)
    }

    /// Nobody is asked for Windows Hello for Business in the middle (specification 5.4): only where the sign-in begins anew.
    pub(crate) fn can_begin_with_hello(
        &self,
        method: AuthenticationMethod,
        place: Place,
        interval: Option<SignInInterval>,
    ) -> bool {
        method == AuthenticationMethod::WindowsHelloForBusiness
            && place == self.primary_place
            && !self.primary_is_proven(interval)
    }

    /// Whether one method is proven there, and as lately as that.
    pub(crate) fn is_proven(
        &self,
        method: AuthenticationMethod,
        place: Place,
        interval: Option<SignInInterval>,
    ) -> bool {
        let latest = self.proofs_of(method, place).map(|proof| proof.at).max();
        self.is_fresh(latest, interval)
    }

    /// The proofs of one method in one place.
    pub(crate) fn proofs_of(
        &self,
        method: AuthenticationMethod,
        place: Place,
    ) -> impl Iterator<Item = &'a Proof> {
        self.proofs_in(place)
            .filter(move |proof| proof.method == method)
    }

    /// Every proof of the tenant of that place, but what claims to be from the future.
    pub(crate) fn proofs_in(&self, place: Place) -> impl Iterator<Item = &'a Proof> {
        proofs_in(self.sign_in, place)
    }

    /// What the user could prove there.
    pub(crate) fn methods_in(&self, place: Place) -> Methods {
        match place {
            Place::HomeTenant(_) => self.sign_in.methods.home,
            Place::ResourceTenant(_) => self.sign_in.methods.resource,
        }
    }

    /// What of it can be registered in the middle of a sign-in.
    pub(crate) fn registrable_in(&self, place: Place) -> AuthenticationMethods {
        self.methods_in(place)
            .registrable
            .without(NEVER_REGISTRABLE)
    }

    /// Whether what is to be registered may be, there and now. Risk weighs first: nobody registers a method because a
    /// sign-in is suspicious (decision 14).
    pub(crate) fn check_registration(
        &self,
        place: Place,
        registration: Registration,
    ) -> Result<(), BlockReason> {
        match registration {
            Registration::Refused(reason) => Err(reason),
            Registration::AsPoliciesSay => match place {
                Place::ResourceTenant(_) if !self.refusing_registration().is_empty() => {
                    Err(BlockReason::ProofUpBlockedByPolicy)
                }
                // What the home tenant says of registering there is not known here.
                Place::HomeTenant(_) | Place::ResourceTenant(_) => Ok(()),
            },
        }
    }

    /// The policies that keep this user from registering a method now.
    pub(crate) fn refusing_registration(&self) -> &[PolicyId] {
        // Somebody who is registering already is judged by those policies themselves.
        if self.sign_in.user_action == Some(UserAction::RegisterSecurityInformation) {
            return &[];
        }
        self.refusing_registration
            .get_or_init(|| refusing_registration(self.tenant, self.sign_in))
    }

    /// A proof must be renewed once it is as old as the interval.
    pub(crate) fn is_fresh(
        &self,
        proven_at: Option<Timestamp>,
        interval: Option<SignInInterval>,
    ) -> bool {
        is_fresh_at(self.sign_in.at, proven_at, interval)
    }
}

/// See [`Evidence::proofs_in`].
fn proofs_in(sign_in: &SignIn, place: Place) -> impl Iterator<Item = &Proof> {
    let (tenant, now) = (place.tenant(), sign_in.at);
    sign_in.proofs.iter().filter(move |proof| {
        proof.tenant == tenant
            && (proof.at <= now || proof.at.duration_since(now).as_secs() <= CLOCK_SKEW_SECONDS)
    })
}

/// Whether it was fresh at that moment.
fn is_fresh_at(
    moment: Timestamp,
    proven_at: Option<Timestamp>,
    interval: Option<SignInInterval>,
) -> bool {
    let Some(proven_at) = proven_at else {
        return false;
    };
    let age_max = match interval {
        None => return true,
        Some(SignInInterval::EveryTime) => EVERY_TIME_SECONDS,
        Some(SignInInterval::Hours(hours)) => EVERY_TIME_SECONDS.max(i64::from(hours) * 3600),
    };
    moment.duration_since(proven_at).as_secs() < age_max
}

/// With trust on, the resource tenant never falls back to its own MFA (specification 2.4).
fn place_of_mfa(
    channel: CrossTenantChannel,
    trust: Trust,
    (here, at_home): (Place, Place),
) -> Result<Place, BlockReason> {
    match channel {
        _ if trust.mfa => Ok(at_home),
        CrossTenantChannel::Collaboration => Ok(here),
        // Without an object there is nothing to register here.
        CrossTenantChannel::DirectConnect | CrossTenantChannel::ServiceProvider => {
            Err(BlockReason::InboundMfaTrustRequired)
        }
    }
}

/// Whether it can begin a sign-in.
pub(crate) fn is_first(method: AuthenticationMethod) -> bool {
    match method.factor() {
        Factor::First | Factor::Both => true,
        Factor::Second => false,
    }
}

/// What can be asked for as a second step: whoever wants Windows Hello for Business must begin with it.
pub(crate) const SECOND_STEPS: AuthenticationMethods = {
    let (mut steps, mut rest): (_, &[AuthenticationMethod]) =
        (AuthenticationMethods::NONE, &AuthenticationMethod::ALL);
    while let [one, others @ ..] = rest {
        if !matches!(one.factor(), Factor::First) {
            steps = steps.with(*one);
        }
        rest = others;
    }
    steps.without(HELLO)
};
/// Windows Hello for Business alone.
pub(crate) const HELLO: AuthenticationMethods =
    AuthenticationMethods::of([AuthenticationMethod::WindowsHelloForBusiness]);
