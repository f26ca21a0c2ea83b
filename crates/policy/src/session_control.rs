//! Session controls of several policies, merged: the stricter of each kind wins (decision 16).

use std::collections::BTreeMap;

use portcullis_model::conditional_access::{
    CloudAppSecurity, ContinuousAccessEvaluation, FrequencyAuthenticationType, PersistentBrowser,
    SessionControls, SignInFrequency, SignInInterval,
};
use portcullis_model::id::PolicyId;

use crate::compile::CompiledPolicy;
use crate::cross_tenant::CrossTenantChannel;
use crate::decision::SessionDecision;
use crate::evidence::Standing;

/// The strictest sign-in frequency of some policies: the shortest interval and the wider authentication type, each
/// taken for itself (specification 5.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frequency {
    strictest: SignInFrequency,
    /// One policy says both; else one says the interval and another the authentication type.
    is_said_by_one: bool,
}

impl Frequency {
    pub(crate) fn of(said: impl Iterator<Item = SignInFrequency>) -> Option<Self> {
        said.fold(None, |so_far, one| Some(Self::with(so_far, one)))
    }

    /// The strictest of these and of one more policy's.
    pub(crate) fn with(so_far: Option<Self>, one: SignInFrequency) -> Self {
        let so_far = so_far.unwrap_or(Self {
            strictest: one,
            is_said_by_one: true,
        });
        let strictest = SignInFrequency {
            interval: so_far.strictest.interval.min(one.interval),
            authentication_type: so_far
                .strictest
                .authentication_type
                .min(one.authentication_type),
        };
        Self {
            strictest,
            is_said_by_one: strictest == one
                || (strictest == so_far.strictest && so_far.is_said_by_one),
        }
    }

    /// How old a proof may be.
    pub(crate) fn interval(self) -> SignInInterval {
        self.strictest.interval
    }

    /// Whether the first factor must be renewed too.
    pub(crate) fn renews_primary(self) -> bool {
        match self.strictest.authentication_type {
            FrequencyAuthenticationType::PrimaryAndSecondaryAuthentication => true,
            FrequencyAuthenticationType::SecondaryAuthentication => false,
        }
    }

    /// Whether a policy that says this is why the frequency is so strict: it says all of it, or, where no policy does, a
    /// part.
    pub(crate) fn is_due_to(self, said: Option<SignInFrequency>) -> bool {
        said.is_some_and(|one| {
            if self.is_said_by_one {
                one == self.strictest
            } else {
                one.interval == self.strictest.interval
                    || one.authentication_type == self.strictest.authentication_type
            }
        })
    }
}

/// The kinds of session control, in Graph's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    ApplicationEnforcedRestrictions,
    CloudAppSecurity,
    SignInFrequency,
    PersistentBrowser,
    SecureSignInSession,
    DisableResilienceDefaults,
    ContinuousAccessEvaluation,
    GlobalSecureAccessFilteringProfile,
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::ApplicationEnforcedRestrictions,
        Self::CloudAppSecurity,
        Self::SignInFrequency,
        Self::PersistentBrowser,
        Self::SecureSignInSession,
        Self::DisableResilienceDefaults,
        Self::ContinuousAccessEvaluation,
        Self::GlobalSecureAccessFilteringProfile,
    ];

    /// The kinds a policy configures.
    pub(crate) fn of(controls: &SessionControls) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|kind| match kind {
            Self::ApplicationEnforcedRestrictions => controls.application_enforced_restrictions,
            Self::CloudAppSecurity => controls.cloud_app_security.is_some(),
            Self::SignInFrequency => controls.sign_in_frequency.is_some(),
            Self::PersistentBrowser => controls.persistent_browser.is_some(),
            Self::SecureSignInSession => controls.secure_sign_in_session,
            Self::DisableResilienceDefaults => controls.disable_resilience_defaults,
            Self::ContinuousAccessEvaluation => controls.continuous_access_evaluation.is_some(),
            Self::GlobalSecureAccessFilteringProfile => {
                controls.global_secure_access_filtering_profile.is_some()
            }
        })
    }

    /// Whether it is applied to such a user: the seed's table of controls, and specification 10.6 of guests.
    pub(crate) fn is_applied_to(self, standing: Standing) -> bool {
        let is_direct_connect = match standing {
            Standing::Foreign(CrossTenantChannel::DirectConnect, ..) => true,
            Standing::Foreign(
                CrossTenantChannel::Collaboration | CrossTenantChannel::ServiceProvider,
                ..,
            )
            | Standing::Own(_)
            | Standing::WithoutHome
            | Standing::Service => false,
        };
        match self {
            Self::ApplicationEnforcedRestrictions
            | Self::CloudAppSecurity
            | Self::SignInFrequency
            | Self::PersistentBrowser => !is_direct_connect,
            Self::ContinuousAccessEvaluation => !standing.is_external(),
            Self::SecureSignInSession
            | Self::DisableResilienceDefaults
            | Self::GlobalSecureAccessFilteringProfile => true,
        }
    }

    /// How the log names it.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::ApplicationEnforcedRestrictions => "ApplicationEnforcedRestrictions",
            Self::CloudAppSecurity => "CloudAppSecurity",
            Self::SignInFrequency => "SignInFrequency",
            Self::PersistentBrowser => "PersistentBrowserSessionMode",
            Self::SecureSignInSession => "SignInTokenProtection",
            Self::DisableResilienceDefaults => "DisableResilienceDefaults",
            Self::ContinuousAccessEvaluation => "ContinuousAccessEvaluation",
            Self::GlobalSecureAccessFilteringProfile => "GlobalSecureAccessFilteringProfile",
        }
    }
}

/// What these policies say together of the session of such a user, and which of them say it.
pub(crate) fn merge(policies: &[&CompiledPolicy], standing: Standing) -> SessionDecision {
    let applied = |kind: Kind| -> &[&CompiledPolicy] {
        if kind.is_applied_to(standing) {
            policies
        } else {
            &[]
        }
    };
    let frequency_of = applied(Kind::SignInFrequency);
    let said = |policy: &CompiledPolicy| policy.session_controls.sign_in_frequency;
    let all_said = frequency_of.iter().filter_map(|policy| said(policy));
    let filtering_of = applied(Kind::GlobalSecureAccessFilteringProfile);
    let mut filtering: BTreeMap<String, Vec<PolicyId>> = BTreeMap::new();
    for policy in filtering_of {
        if let Some(profile) = &policy
            .session_controls
            .global_secure_access_filtering_profile
        {
            let saying = filtering.entry(profile.clone()).or_default();
            saying.push(policy.id);
        }
    }
    SessionDecision {
        sign_in_frequency: Frequency::of(all_said).map(|frequency| {
            (
                frequency.interval(),
                frequency.strictest.authentication_type,
                saying(frequency_of, |policy| frequency.is_due_to(said(policy))),
            )
        }),
        persistent_browser: persistence(applied(Kind::PersistentBrowser)),
        application_enforced_restrictions: saying(
            applied(Kind::ApplicationEnforcedRestrictions),
            |policy| policy.session_controls.application_enforced_restrictions,
        ),
        cloud_app_security: cloud_app_security(applied(Kind::CloudAppSecurity)),
        secure_sign_in_session: saying(applied(Kind::SecureSignInSession), |policy| {
            policy.session_controls.secure_sign_in_session
        }),
        disable_resilience_defaults: saying(applied(Kind::DisableResilienceDefaults), |policy| {
            policy.session_controls.disable_resilience_defaults
        }),
        continuous_access_evaluation: continuous_access(applied(Kind::ContinuousAccessEvaluation)),
        global_secure_access_filtering_profiles: filtering,
    }
}

fn saying(policies: &[&CompiledPolicy], says: impl Fn(&CompiledPolicy) -> bool) -> Vec<PolicyId> {
    let saying = policies.iter().filter(|policy| says(policy));
    saying.map(|policy| policy.id).collect()
}

/// Never beats always.
fn persistence(policies: &[&CompiledPolicy]) -> Option<(PersistentBrowser, Vec<PolicyId>)> {
    [PersistentBrowser::Never, PersistentBrowser::Always]
        .into_iter()
        .map(|mode| {
            let says =
                |policy: &CompiledPolicy| policy.session_controls.persistent_browser == Some(mode);
            (mode, saying(policies, says))
        })
        .find(|(_, policies)| !policies.is_empty())
}

/// The strongest; the proxy is told of every policy that sends the session there (specification 5.9).
fn cloud_app_security(policies: &[&CompiledPolicy]) -> Option<(CloudAppSecurity, Vec<PolicyId>)> {
    let kind = |policy: &CompiledPolicy| policy.session_controls.cloud_app_security;
    let strongest = policies.iter().filter_map(|policy| kind(policy)).max()?;
    Some((strongest, saying(policies, |policy| kind(policy).is_some())))
}

/// The strictest; disabled only where no policy demands more.
fn continuous_access(
    policies: &[&CompiledPolicy],
) -> Option<(ContinuousAccessEvaluation, Vec<PolicyId>)> {
    let mode = |policy: &CompiledPolicy| policy.session_controls.continuous_access_evaluation;
    let strictest = policies.iter().filter_map(|policy| mode(policy)).max()?;
    Some((
        strictest,
        saying(policies, |policy| mode(policy) == Some(strictest)),
    ))
}
