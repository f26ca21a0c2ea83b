//! When each grant control is met, and whether it still can be (specification 5.4, 5.5, 8.3).

use portcullis_model::conditional_access::signal::TransferMethod;
use portcullis_model::conditional_access::{ClientAppType, DevicePlatform};
use portcullis_model::credential::AuthenticationMethod;
use portcullis_model::device::{DeviceClaims, DeviceTrustType};
use portcullis_model::id::TenantId;

use crate::cross_tenant::{CrossTenantChannel, Trust};
use crate::decision::{BlockReason, Challenge, Place};
use crate::demand::{Concern, Control, Strength, Terms};
use crate::evidence::{
    Ask, Asks, ControlState, Detail, Evidence, Regard, Registration, SECOND_STEPS, Standing,
};

impl Evidence<'_> {
    /// What a control finds that a policy about this demands.
    pub(crate) fn of(&self, control: &Control, concern: Concern, regard: Regard) -> ControlState {
        if self.is_legacy() || self.standing == Standing::Service {
            return ControlState::Unobtainable(self.not_shown(control));
        }
        match control {
            Control::Mfa => self.mfa(regard),
            Control::Strength(strength) => self.strength(strength, regard).state,
            Control::CompliantDevice => self.device(
                |trust| trust.compliant_device,
                |device| device.is_compliant,
                BlockReason::DeviceNotCompliant,
            ),
            Control::DomainJoinedDevice => self.device(
                |trust| trust.hybrid_joined_device,
                |device| device.trust_type == DeviceTrustType::ServerAd,
                BlockReason::DeviceNotDomainJoined,
            ),
            Control::ApprovedApplication => self.approved_application(),
            Control::CompliantApplication => self.compliant_application(),
            Control::PasswordChange => self.password_change(concern, regard),
            Control::RiskRemediation(strength) => self.risk_remediation(strength, concern, regard),
            Control::TermsOfUse(terms) => self.terms_of_use(*terms, regard.detail),
            Control::Custom(id) => self.custom(id, regard.detail),
        }
    }

    /// Why whoever can show nothing is refused. To `ActiveSync` another application is offered (specification 4.6).
    fn not_shown(&self, control: &Control) -> BlockReason {
        match (control, self.sign_in.client_app_type) {
            (
                Control::ApprovedApplication,
                ClientAppType::ExchangeActiveSync | ClientAppType::EasSupported,
            ) if self.standing != Standing::Service => BlockReason::ApplicationNotApproved,
            _ => BlockReason::BlockedByPolicy,
        }
    }

    /// A second factor proven where the tenant wants it, beside a first one.
    pub(crate) fn mfa(&self, regard: Regard) -> ControlState {
        if self.is_legacy() {
            return ControlState::Unobtainable(BlockReason::BlockedByPolicy);
        }
        let place = match self.mfa_place {
            Ok(place) => place,
            Err(reason) => return ControlState::Unobtainable(reason),
        };
        if self.mfa_is_proven(place, regard.interval) {
            return ControlState::Met(place.tenant());
        }
        let asked = || {
            regard.detail.open(|| Ask {
                challenge: Challenge::MultifactorAuthentication,
                place,
                combinations: Vec::new(),
            })
        };
        let registered = self.methods_in(place).registered;
        let hello = AuthenticationMethod::WindowsHelloForBusiness;
        let begins_with_hello = registered.contains(hello)
            && self.may_vouch(hello)
            && self.can_begin_with_hello(hello, place, regard.interval);
        if begins_with_hello || !registered.intersection(SECOND_STEPS).is_empty() {
            return asked();
        }
        if let Registration::Refused(reason) = regard.registration {
            return ControlState::Unobtainable(reason);
        }
        let registrable = self.registrable_in(place);
        if registrable.intersection(SECOND_STEPS).is_empty() {
            return ControlState::Unobtainable(BlockReason::NoMultifactorMethod);
        }
        match self.check_registration(place, regard.registration) {
            Ok(()) => asked(),
            Err(reason) => ControlState::Unobtainable(reason),
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
            Standing::Own(tenant) => tenant,
            Standing::Foreign(_, home, trust) if trusted(trust) => home,
            Standing::Foreign(..) | Standing::WithoutHome => {
                return ControlState::Unobtainable(BlockReason::DeviceTrustNotConfigured);
            }
            Standing::Service => return ControlState::Unobtainable(BlockReason::BlockedByPolicy),
        };
        match self.shown_device(vouching, holds, otherwise) {
            Ok(()) => ControlState::Met(vouching),
            Err(reason) => ControlState::Unobtainable(reason),
        }
    }

    /// A device that this tenant vouches for.
    fn shown_device(
        &self,
        vouching: TenantId,
        holds: fn(&DeviceClaims) -> bool,
        otherwise: BlockReason,
    ) -> Result<(), BlockReason> {
        if self.sign_in.transfer_method == Some(TransferMethod::DeviceCodeFlow) {
            return Err(BlockReason::DeviceInDeviceCodeFlow);
        }
        match &self.sign_in.device {
            Some(device) if device.tenant_id == vouching && holds(device) => Ok(()),
            Some(_) | None => Err(otherwise),
        }
    }

    /// iOS and Android only. The device would have to be registered here, which those of external users cannot be.
    fn approved_application(&self) -> ControlState {
        let is_met = self.sign_in.client_protection.is_approved
            && matches!(
                self.sign_in.platform,
                Some(DevicePlatform::Ios | DevicePlatform::Android)
            );
        self.application(is_met, BlockReason::ApplicationNotApproved)
    }

    /// Likewise, and on Windows in one browser.
    fn compliant_application(&self) -> ControlState {
        let is_met = self.sign_in.client_protection.is_compliant
            && matches!(
                self.sign_in.platform,
                Some(DevicePlatform::Ios | DevicePlatform::Android | DevicePlatform::Windows)
            );
        self.application(is_met, BlockReason::ApplicationNotProtected)
    }

    fn application(&self, is_met: bool, otherwise: BlockReason) -> ControlState {
        match self.standing {
            Standing::Own(tenant) if is_met => ControlState::Met(tenant),
            Standing::Own(_)
            | Standing::Foreign(..)
            | Standing::WithoutHome
            | Standing::Service => ControlState::Unobtainable(otherwise),
        }
    }

    /// MFA first, always, and with a method from before the risk (specification 5.3, 11.4); a change before it is none. A
    /// remediation of the risk, done or demanded, takes precedence (specification 3.3): then nobody is asked for a change,
    /// nor kept out for want of a password.
    fn password_change(&self, concern: Concern, regard: Regard) -> ControlState {
        let here = match self.remediable_here(concern) {
            Ok(here) => here,
            Err(reason) => return ControlState::Unobtainable(reason),
        };
        let mfa = self.mfa(Regard {
            registration: Registration::Refused(BlockReason::ProofUpBlockedByRisk),
            ..regard
        });
        let fulfilled = &self.sign_in.fulfilled;
        let is_changed = fulfilled
            .password_changed_at
            .is_some_and(|changed_at| self.mfa_was_proven(here, changed_at, regard.interval));
        if is_changed || regard.remediates || fulfilled.risk_remediated_at.is_some() {
            return mfa;
        }
        let password = AuthenticationMethod::Password;
        if !self.methods_in(here).registered.contains(password) {
            return ControlState::Unobtainable(BlockReason::PasswordNotChangeable);
        }
        followed_by(mfa, Challenge::PasswordChange, here)
    }

    /// Brings a strength; what is done about the risk comes after it.
    fn risk_remediation(
        &self,
        strength: &Strength,
        concern: Concern,
        regard: Regard,
    ) -> ControlState {
        let here = match self.remediable_here(concern) {
            Ok(here) => here,
            Err(reason) => return ControlState::Unobtainable(reason),
        };
        let regard = Regard {
            registration: Registration::Refused(BlockReason::ProofUpBlockedByRisk),
            ..regard
        };
        let proven = self.strength(strength, regard).state;
        if self.sign_in.fulfilled.risk_remediated_at.is_some() {
            return proven;
        }
        followed_by(proven, Challenge::RiskRemediation, here)
    }

    /// The risk of a user of another tenant is remedied there (specification 8.7).
    fn remediable_here(&self, concern: Concern) -> Result<Place, BlockReason> {
        match self.standing {
            Standing::Own(tenant) => Ok(Place::ResourceTenant(tenant)),
            Standing::Foreign(..) | Standing::WithoutHome => Err(self
                .risk_elsewhere(concern)
                .unwrap_or(BlockReason::NotForExternalUsers)),
            Standing::Service => Err(BlockReason::BlockedByPolicy),
        }
    }

    /// What is told of a policy that refuses a user of another tenant because of the risk they bring from there.
    #[inline]
    pub(crate) fn risk_elsewhere(&self, concern: Concern) -> Option<BlockReason> {
        let Standing::Foreign(channel, ..) = self.standing else {
            return None;
        };
        concern.is_user_risk(self.sign_in).then_some(match channel {
            CrossTenantChannel::Collaboration | CrossTenantChannel::DirectConnect => {
                BlockReason::UserRiskAtHome
            }
            CrossTenantChannel::ServiceProvider => BlockReason::ServiceProviderAtRisk,
        })
    }

    /// Accepted in this tenant by somebody with an object here, and on each device where that is asked: on one registered
    /// here, which users of other tenants do not have.
    fn terms_of_use(&self, terms: Terms, detail: Detail) -> ControlState {
        if !self.has_object() || (terms.is_per_device && self.standing.is_external()) {
            return ControlState::Unobtainable(BlockReason::NotForExternalUsers);
        }
        if terms.is_per_device {
            let is_registered = |_: &DeviceClaims| true;
            let otherwise = BlockReason::DeviceNotRegistered;
            if let Err(reason) = self.shown_device(self.tenant.id(), is_registered, otherwise) {
                return ControlState::Unobtainable(reason);
            }
        }
        let is_accepted = self
            .sign_in
            .fulfilled
            .terms_of_use
            .contains(&terms.agreement);
        let challenge = || Challenge::TermsOfUse(terms.agreement);
        self.done_here(is_accepted, detail, challenge)
    }

    /// Never by evidence from a home tenant (decision 7), hence never without an object here.
    fn custom(&self, id: &str, detail: Detail) -> ControlState {
        if !self.has_object() {
            return ControlState::Unobtainable(BlockReason::NotForExternalUsers);
        }
        let is_vouched_for = self.sign_in.fulfilled.custom_factors.contains(id);
        let challenge = || Challenge::CustomAuthenticationFactor(id.to_owned());
        self.done_here(is_vouched_for, detail, challenge)
    }

    fn done_here(
        &self,
        is_met: bool,
        detail: Detail,
        challenge: impl FnOnce() -> Challenge,
    ) -> ControlState {
        let tenant = self.tenant.id();
        if is_met {
            return ControlState::Met(tenant);
        }
        detail.open(|| Ask {
            challenge: challenge(),
            place: Place::ResourceTenant(tenant),
            combinations: Vec::new(),
        })
    }
}

/// The first thing, then one more.
fn followed_by(first: ControlState, challenge: Challenge, place: Place) -> ControlState {
    let mut asks = match first {
        ControlState::Met(_) => Asks::new(),
        ControlState::Open(asks) => asks,
        ControlState::Unobtainable(reason) => return ControlState::Unobtainable(reason),
    };
    asks.push(Ask {
        challenge,
        place,
        combinations: Vec::new(),
    });
    ControlState::Open(asks)
}
