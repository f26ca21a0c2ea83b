//! What a sign-in has to show for each control, and where it may still be proven (seed article, steps 3 to 6).

use portcullis_model::Timestamp;
use portcullis_model::conditional_access::{ClientAppType, GrantControl, SignInInterval};
use portcullis_model::credential::AuthenticationMethod;
use portcullis_model::device::{DeviceClaims, DeviceTrustType};
use portcullis_model::id::TenantId;

use crate::compile::CompiledTenant;
use crate::cross_tenant::{CrossTenantChannel, Trust};
use crate::decision::{BlockReason, Place};
use crate::facts::{Origin, SignIn, Subject};

/// Proofs and claims of one sign-in, as far as the tenant believes them.
#[derive(Debug)]
pub(crate) struct Evidence<'a> {
    at: Timestamp,
    pub(crate) standing: Standing,
    /// Where the first factor is proven.
    pub(crate) primary_place: Place,
    /// Where MFA is proven, or why it cannot be.
    pub(crate) mfa_place: Result<Place, BlockReason>,
    /// The latest first factor from `primary_place`.
    primary_at: Option<Timestamp>,
    /// The latest second factor from `mfa_place`. Proofs from anywhere else count for nothing.
    second_at: Option<Timestamp>,
    device: Option<&'a DeviceClaims>,
    is_legacy: bool,
}

/// How the tenant stands to the one who signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A user with credentials here.
    Own(TenantId),
    /// A user of another tenant.
    Foreign(CrossTenantChannel, TenantId, Trust),
    /// An application on its own behalf.
    Service,
}

/// What a control finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ControlState {
    /// The tenant that vouches.
    Met(TenantId),
    /// The user can still meet it there.
    Open(Place),
    /// Nobody can meet it in this sign-in.
    Unobtainable(BlockReason),
}

/// `everyTime` asks at most once in this many seconds (specification 5.10).
const EVERY_TIME_SECONDS: i64 = 300;
/// Clocks of two nodes may differ by this much; a proof from further in the future proves nothing.
const CLOCK_SKEW_SECONDS: i64 = 300;

impl<'a> Evidence<'a> {
    pub(crate) fn gather(tenant: &CompiledTenant, sign_in: &'a SignIn) -> Self {
        let here = Place::ResourceTenant(tenant.id());
        let (standing, primary_place, mfa_place) = match &sign_in.subject {
            Subject::User(user) => match &user.origin {
                Origin::Internal => (Standing::Own(tenant.id()), here, Ok(here)),
                Origin::External(admission) => {
                    let (channel, home) = (admission.channel(), admission.home().tenant_id);
                    let trust = tenant.trust(home);
                    let at_home = Place::HomeTenant(home);
                    // With trust on, the resource tenant never falls back to its own MFA (specification 2.4).
                    let mfa_place = match channel {
                        CrossTenantChannel::Collaboration | CrossTenantChannel::DirectConnect
                            if trust.mfa =>
                        {
                            Ok(at_home)
                        }
                        CrossTenantChannel::Collaboration => Ok(here),
                        // Without an object there is nothing to register here.
                        CrossTenantChannel::DirectConnect => {
                            Err(BlockReason::InboundMfaTrustRequired)
                        }
                    };
                    (Standing::Foreign(channel, home, trust), at_home, mfa_place)
                }
            },
            Subject::ServicePrincipal(_) => {
                (Standing::Service, here, Err(BlockReason::BlockedByPolicy))
            }
        };
        // Legacy clients can neither show a challenge nor send device state: any grant blocks (specification 4.6).
        let is_legacy = match sign_in.client_app_type {
            ClientAppType::Browser | ClientAppType::MobileAppsAndDesktopClients => false,
            ClientAppType::ExchangeActiveSync
            | ClientAppType::EasSupported
            | ClientAppType::Other => true,
        };
        Self {
            at: sign_in.at,
            standing,
            primary_place,
            mfa_place,
            primary_at: latest(sign_in, Factor::First, primary_place),
            second_at: mfa_place
                .ok()
                .and_then(|place| latest(sign_in, Factor::Second, place)),
            device: sign_in.device.as_ref(),
            is_legacy,
        }
    }

    /// Whether session controls are applied to this user; direct connect does not support them (decision 12).
    pub(crate) fn session_controls_apply(&self) -> bool {
        match self.standing {
            Standing::Own(_) | Standing::Service => true,
            Standing::Foreign(channel, ..) => match channel {
                CrossTenantChannel::Collaboration => true,
                CrossTenantChannel::DirectConnect => false,
            },
        }
    }

    /// Whether the first factor is proven, and as lately as that.
    pub(crate) fn primary_is_proven(&self, interval: Option<SignInInterval>) -> bool {
        self.is_fresh(self.primary_at, interval)
    }

    /// What a control finds, where a second factor counts for as long as `interval`.
    pub(crate) fn of(
        &self,
        control: &GrantControl,
        interval: Option<SignInInterval>,
    ) -> ControlState {
        if self.is_legacy {
            return ControlState::Unobtainable(BlockReason::BlockedByPolicy);
        }
        match control {
            GrantControl::Block => ControlState::Unobtainable(BlockReason::BlockedByPolicy),
            GrantControl::Mfa => self.mfa(interval),
            GrantControl::CompliantDevice => self.device(
                |trust| trust.compliant_device,
                |device| device.is_compliant,
                BlockReason::DeviceNotCompliant,
            ),
            GrantControl::DomainJoinedDevice => self.device(
                |trust| trust.hybrid_joined_device,
                |device| device.trust_type == DeviceTrustType::ServerAd,
                BlockReason::DeviceNotDomainJoined,
            ),
            // Nothing meets these yet.
            GrantControl::AuthenticationStrength(_)
            | GrantControl::ApprovedApplication
            | GrantControl::CompliantApplication
            | GrantControl::PasswordChange
            | GrantControl::RiskRemediation
            | GrantControl::TermsOfUse(_)
            | GrantControl::CustomAuthenticationFactor(_) => {
                ControlState::Unobtainable(BlockReason::PolicyNotEvaluable)
            }
        }
    }

    /// A second factor proven where the tenant wants it, beside a first one.
    fn mfa(&self, interval: Option<SignInInterval>) -> ControlState {
        match self.mfa_place {
            Err(reason) => ControlState::Unobtainable(reason),
            Ok(place) if self.primary_at.is_some() && self.is_fresh(self.second_at, interval) => {
                ControlState::Met(place.tenant())
            }
            Ok(place) => ControlState::Open(place),
        }
    }

    /// Only the user's own tenant vouches for a device, and another tenant's word counts only where it is trusted.
    fn device(
        &self,
        trusted: fn(Trust) -> bool,
        holds: fn(&DeviceClaims) -> bool,
        otherwise: BlockReason,
    ) -> ControlState {
        let vouching = match self.standing {
            Standing::Service => {
                return ControlState::Unobtainable(BlockReason::BlockedByPolicy);
            }
            Standing::Own(tenant) => tenant,
            Standing::Foreign(_, home, trust) if trusted(trust) => home,
            Standing::Foreign(..) => {
                return ControlState::Unobtainable(BlockReason::DeviceTrustNotConfigured);
            }
        };
        match self.device {
            Some(device) if device.tenant_id == vouching && holds(device) => {
                ControlState::Met(vouching)
            }
            Some(_) | None => ControlState::Unobtainable(otherwise),
        }
    }

    /// A proof must be renewed once it is as old as the interval.
    fn is_fresh(&self, proven_at: Option<Timestamp>, interval: Option<SignInInterval>) -> bool {
        let Some(proven_at) = proven_at else {
            return false;
        };
        let age_seconds = self.at.duration_since(proven_at).as_secs();
        match interval {
            None => true,
            Some(SignInInterval::EveryTime) => age_seconds < EVERY_TIME_SECONDS,
            Some(SignInInterval::Hours(hours)) => {
                age_seconds < EVERY_TIME_SECONDS.max(i64::from(hours) * 3600)
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Factor {
    First,
    Second,
}

fn factor(method: AuthenticationMethod) -> Option<Factor> {
    use AuthenticationMethod as M;
    match method {
        M::Password => Some(Factor::First),
        M::SoftwareOath => Some(Factor::Second),
        // Nobody can prove these yet.
        M::Voice
        | M::HardwareOath
        | M::Sms
        | M::Fido2
        | M::WindowsHelloForBusiness
        | M::MicrosoftAuthenticatorPush
        | M::DeviceBasedPush
        | M::TemporaryAccessPassOneTime
        | M::TemporaryAccessPassMultiUse
        | M::Email
        | M::X509CertificateSingleFactor
        | M::X509CertificateMultiFactor
        | M::FederatedSingleFactor
        | M::FederatedMultiFactor
        | M::QrCodePin => None,
    }
}

/// When such a factor was last proven in the tenant of that place.
fn latest(sign_in: &SignIn, wanted: Factor, place: Place) -> Option<Timestamp> {
    sign_in
        .proofs
        .iter()
        .filter(|proof| proof.tenant == place.tenant() && factor(proof.method) == Some(wanted))
        .map(|proof| proof.at)
        .filter(|at| at.duration_since(sign_in.at).as_secs() <= CLOCK_SKEW_SECONDS)
        .max()
}
