//! Whose session changes: each part of the merged session controls, by how strict it is.

use std::collections::{BTreeMap, BTreeSet};

use batsat::Lit;
use portcullis_model::conditional_access::{
    CloudAppSecurity, ConditionalAccessPolicy, ContinuousAccessEvaluation,
    FrequencyAuthenticationType, GrantControl, PersistentBrowser, SignInInterval,
};

use super::{AFTER, BEFORE, Change, Sought};
use crate::analysis::Analysis;
use crate::grant::controls;
use crate::who::SubjectKind;

/// One part of what holds of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SessionPart {
    /// How old proofs may be.
    SignInFrequency,
    /// Which proofs must be that fresh.
    SignInFrequencyAuthenticationType,
    /// Whether the session outlives the browser.
    PersistentBrowser,
    /// What the application limits.
    ApplicationEnforcedRestrictions,
    /// How the proxy treats it.
    CloudAppSecurity,
    /// Whether tokens are bound to the device.
    SecureSignInSession,
    /// Whether an outage is bridged.
    DisableResilienceDefaults,
    /// How changes reach the application.
    ContinuousAccessEvaluation,
    /// What filters its traffic.
    GlobalSecureAccessFilteringProfile,
}

impl SessionPart {
    const ALL: [Self; 9] = [
        Self::SignInFrequency,
        Self::SignInFrequencyAuthenticationType,
        Self::PersistentBrowser,
        Self::ApplicationEnforcedRestrictions,
        Self::CloudAppSecurity,
        Self::SecureSignInSession,
        Self::DisableResilienceDefaults,
        Self::ContinuousAccessEvaluation,
        Self::GlobalSecureAccessFilteringProfile,
    ];

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignInFrequency => "sign-in frequency",
            Self::SignInFrequencyAuthenticationType => "what the sign-in frequency renews",
            Self::PersistentBrowser => "persistent browser session",
            Self::ApplicationEnforcedRestrictions => "application enforced restrictions",
            Self::CloudAppSecurity => "app control by proxy",
            Self::SecureSignInSession => "token protection",
            Self::DisableResilienceDefaults => "resilience defaults",
            Self::ContinuousAccessEvaluation => "continuous access evaluation",
            Self::GlobalSecureAccessFilteringProfile => "traffic filtering profile",
        }
    }

    /// What of a policy's session controls is not applied to B2B direct connect users.
    pub(crate) fn not_applied_to_direct_connect(
        policy: &ConditionalAccessPolicy,
    ) -> impl Iterator<Item = Self> {
        let all = Self::ALL.into_iter();
        all.filter(|part| !part.is_applied_to_direct_connect() && part.rank(policy).is_some())
    }

    /// Whether it is applied to B2B direct connect users (decision 12).
    const fn is_applied_to_direct_connect(self) -> bool {
        match self {
            Self::SignInFrequency
            | Self::SignInFrequencyAuthenticationType
            | Self::PersistentBrowser
            | Self::ApplicationEnforcedRestrictions
            | Self::CloudAppSecurity => false,
            Self::SecureSignInSession
            | Self::DisableResilienceDefaults
            | Self::ContinuousAccessEvaluation
            | Self::GlobalSecureAccessFilteringProfile => true,
        }
    }

    /// What a policy says of it, as a rank: of several policies the highest wins (decision 16), profiles add up.
    fn rank(self, policy: &ConditionalAccessPolicy) -> Option<Rank> {
        let session = &policy.session_controls;
        // A risk remediation brings a sign-in frequency of its own (specification 3.3).
        let remediates = controls(policy).contains(&GrantControl::RiskRemediation);
        let frequency = session.sign_in_frequency;
        let said = |is_said: bool| is_said.then_some(Rank::Level(1));
        match self {
            Self::SignInFrequency if remediates => Some(Rank::Level(u32::MAX)),
            Self::SignInFrequency => frequency.map(|one| match one.interval {
                SignInInterval::EveryTime => Rank::Level(u32::MAX),
                SignInInterval::Hours(hours) => Rank::Level(u32::MAX - hours.max(1)),
            }),
            Self::SignInFrequencyAuthenticationType if remediates => Some(Rank::Level(2)),
            Self::SignInFrequencyAuthenticationType => {
                frequency.map(|one| match one.authentication_type {
                    FrequencyAuthenticationType::PrimaryAndSecondaryAuthentication => {
                        Rank::Level(2)
                    }
                    FrequencyAuthenticationType::SecondaryAuthentication => Rank::Level(1),
                })
            }
            Self::PersistentBrowser => session.persistent_browser.map(|mode| match mode {
                PersistentBrowser::Always => Rank::Level(1),
                PersistentBrowser::Never => Rank::Level(2),
            }),
            Self::ApplicationEnforcedRestrictions => {
                said(session.application_enforced_restrictions)
            }
            Self::CloudAppSecurity => session.cloud_app_security.map(|one| match one {
                CloudAppSecurity::MonitorOnly => Rank::Level(1),
                CloudAppSecurity::Configured => Rank::Level(2),
                CloudAppSecurity::BlockDownloads => Rank::Level(3),
            }),
            Self::SecureSignInSession => said(session.secure_sign_in_session),
            Self::DisableResilienceDefaults => said(session.disable_resilience_defaults),
            Self::ContinuousAccessEvaluation => {
                session.continuous_access_evaluation.map(|one| match one {
                    ContinuousAccessEvaluation::Disabled => Rank::Level(1),
                    ContinuousAccessEvaluation::StrictEnforcement => Rank::Level(2),
                    ContinuousAccessEvaluation::StrictLocation => Rank::Level(3),
                })
            }
            Self::GlobalSecureAccessFilteringProfile => {
                let profile = session.global_secure_access_filtering_profile.clone();
                profile.map(Rank::Named)
            }
        }
    }
}

/// How strict.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Level(u32),
    Named(String),
}

impl Rank {
    /// Whether what a policy says reaches this.
    fn is_reached_by(&self, said: &Self) -> bool {
        match (self, said) {
            (Self::Level(level), Self::Level(said)) => said >= level,
            (Self::Named(name), Self::Named(said)) => name == said,
            (Self::Level(_), Self::Named(_)) | (Self::Named(_), Self::Level(_)) => false,
        }
    }
}

impl Analysis {
    /// Each part, wherever both sides let in.
    pub(super) fn sessions(&mut self) -> Vec<Sought> {
        let whole = self.wallet.whole();
        let before = self.granted(BEFORE, whole);
        let after = self.granted(AFTER, whole);
        let parts = SessionPart::ALL.into_iter();
        let sought = parts.map(|part| {
            let differs = self.differs(part);
            let way = self.space.circuit.all([before, after, differs]);
            Sought {
                change: Change::Session(part),
                reasons: Vec::new(),
                ways: vec![(whole, way)],
                expected: [true, true],
            }
        });
        sought.collect()
    }

    /// The strictest that is said of a part differs.
    fn differs(&mut self, part: SessionPart) -> Lit {
        let mut ranks: BTreeSet<Rank> = BTreeSet::new();
        for side in &self.sides {
            ranks.extend(
                side.policies()
                    .iter()
                    .filter_map(|policy| part.rank(policy)),
            );
        }
        let is_spared = if part.is_applied_to_direct_connect() {
            self.space.circuit.never()
        } else {
            self.space.whos.any(&mut self.space.circuit, |who| {
                who.kind == SubjectKind::B2bDirectConnectUser
            })
        };
        let mut differs = Vec::new();
        let mut reached: BTreeMap<(usize, &Rank), Lit> = BTreeMap::new();
        for rank in &ranks {
            for (at, (side, encoded)) in self.sides.iter().zip(&self.encoded).enumerate() {
                let policies = side.policies().iter().zip(&encoded.scopes);
                let saying = policies.filter(|(policy, _)| {
                    let said = part.rank(policy);
                    said.is_some_and(|said| rank.is_reached_by(&said))
                });
                let scopes: Vec<Lit> = saying.map(|(_, scope)| *scope).collect();
                reached.insert((at, rank), self.space.circuit.any(scopes));
            }
            let side = |at| reached.get(&(at, rank)).copied();
            if let (Some(before), Some(after)) = (side(BEFORE), side(AFTER)) {
                differs.push(self.space.circuit.differ(before, after));
            }
        }
        let differs = self.space.circuit.any(differs);
        self.space.circuit.all([differs, !is_spared])
    }
}
