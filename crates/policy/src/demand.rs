//! What a policy demands, compiled: strengths and agreements are looked up once, not at every sign-in.

use std::collections::BTreeSet;

use portcullis_model::authentication_strength::{
    AuthenticationStrengthPolicy, BuiltInStrength, CombinationConfiguration, CombinationRestriction,
};
use portcullis_model::conditional_access::signal::{RiskLevel, RiskLevels};
use portcullis_model::conditional_access::{
    ConditionalAccessPolicy, FrequencyAuthenticationType, GrantControl, GrantOperator,
    SessionControls, SignInFrequency, SignInInterval, Target,
};
use portcullis_model::credential::{AuthenticationMethod, AuthenticationMethods};
use portcullis_model::id::{AgreementId, AuthenticationStrengthId};
use portcullis_model::store::TenantConfiguration;

use crate::facts::SignIn;

/// What a policy demands before it lets pass.
#[derive(Debug)]
pub(crate) enum Demand {
    /// Only session controls.
    Nothing,
    /// Nobody passes.
    Block,
    /// All of these, in the order in which they are asked for (specification 5.3).
    All(Vec<Control>),
    /// Any of these, likewise.
    Any(Vec<Control>),
}

/// A grant control with what it needs to be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Control {
    Mfa,
    Strength(Strength),
    CompliantDevice,
    DomainJoinedDevice,
    ApprovedApplication,
    CompliantApplication,
    PasswordChange,
    /// Brings a strength of its own (specification 3.3).
    RiskRemediation(Strength),
    TermsOfUse(Terms),
    Custom(String),
}

/// One agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) agreement: AgreementId,
    /// Asked on each registered device: it needs one, which users of other tenants do not have (specification 2.11).
    pub(crate) is_per_device: bool,
}

/// An authentication strength.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Strength {
    pub(crate) id: AuthenticationStrengthId,
    pub(crate) display_name: String,
    pub(crate) combinations: Vec<Combination>,
}

/// Methods that are strong enough together, and what else they must show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Combination {
    pub(crate) methods: AuthenticationMethods,
    pub(crate) restrictions: Vec<CombinationRestriction>,
}

/// What a policy is about, as far as the judgement of its controls depends on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Concern {
    pub(crate) target: TargetKind,
    sign_in_risk: RiskLevels,
    user_risk: RiskLevels,
}

/// What kind of target a policy names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TargetKind {
    Applications,
    UserActions,
    AuthenticationContexts,
}

impl Concern {
    pub(crate) fn of(policy: &ConditionalAccessPolicy) -> Self {
        Self {
            target: match &policy.conditions.target {
                Target::Applications(_) => TargetKind::Applications,
                Target::UserActions(_) => TargetKind::UserActions,
                Target::AuthenticationContexts(_) => TargetKind::AuthenticationContexts,
            },
            sign_in_risk: policy.conditions.sign_in_risk_levels,
            user_risk: policy.conditions.user_risk_levels,
        }
    }

    /// Whether the policy is there because this sign-in is risky. A policy about `none` is not.
    pub(crate) fn is_sign_in_risk(self, sign_in: &SignIn) -> bool {
        sign_in.risk.sign_in != RiskLevel::None && self.sign_in_risk.contains(sign_in.risk.sign_in)
    }

    /// Whether some risk of a sign-in is what brings the policy in.
    pub(crate) fn names_sign_in_risk(self) -> bool {
        !self.sign_in_risk.is_empty()
    }

    /// Whether some risk of a user is what brings the policy in.
    pub(crate) fn names_user_risk(self) -> bool {
        !self.user_risk.is_empty()
    }

    /// Whether the policy is there because this user is at risk.
    pub(crate) fn is_user_risk(self, sign_in: &SignIn) -> bool {
        sign_in.risk.user != RiskLevel::None && self.user_risk.contains(sign_in.risk.user)
    }
}

/// What a policy demands, and what of it cannot be evaluated (decision 18).
pub(crate) fn compile_demand(
    policy: &ConditionalAccessPolicy,
    configuration: &TenantConfiguration,
    defects: &mut Vec<String>,
) -> Demand {
    let Some(grant) = &policy.grant_controls else {
        return Demand::Nothing;
    };
    // All of nothing would be met by everybody (requirement V03).
    if grant.controls.is_empty() {
        defects.push("its list of grant controls is empty".into());
    }
    // Block stands alone; beside another control it still blocks (requirement V02).
    if grant.controls.contains(&GrantControl::Block) {
        return Demand::Block;
    }
    // The order of the enum is the order of challenges.
    let controls: BTreeSet<&GrantControl> = grant.controls.iter().collect();
    let controls = controls
        .into_iter()
        .filter_map(|control| match compile(control, policy, configuration) {
            Ok(control) => control,
            Err(defect) => {
                defects.push(defect);
                None
            }
        })
        .collect();
    match grant.operator {
        GrantOperator::And => Demand::All(controls),
        GrantOperator::Or => Demand::Any(controls),
    }
}

/// The session controls, with the sign-in frequency that a risk remediation brings (specification 3.3).
pub(crate) fn compile_session_controls(policy: &ConditionalAccessPolicy) -> SessionControls {
    let mut controls = policy.session_controls.clone();
    let remediates = policy
        .grant_controls
        .as_ref()
        .is_some_and(|grant| grant.controls.contains(&GrantControl::RiskRemediation));
    if remediates {
        controls.sign_in_frequency = Some(SignInFrequency {
            interval: SignInInterval::EveryTime,
            authentication_type: FrequencyAuthenticationType::PrimaryAndSecondaryAuthentication,
        });
    }
    controls
}

fn compile(
    control: &GrantControl,
    policy: &ConditionalAccessPolicy,
    configuration: &TenantConfiguration,
) -> Result<Option<Control>, String> {
    Ok(Some(match control {
        GrantControl::Block => return Ok(None),
        GrantControl::Mfa => Control::Mfa,
        GrantControl::AuthenticationStrength(id) => {
            Control::Strength(Strength::find(*id, policy, configuration)?)
        }
        GrantControl::CompliantDevice => Control::CompliantDevice,
        GrantControl::DomainJoinedDevice => Control::DomainJoinedDevice,
        GrantControl::ApprovedApplication => Control::ApprovedApplication,
        GrantControl::CompliantApplication => Control::CompliantApplication,
        GrantControl::PasswordChange => Control::PasswordChange,
        GrantControl::RiskRemediation => {
            let [multifactor, ..] = BuiltInStrength::ALL;
            Control::RiskRemediation(Strength::built_in(&multifactor))
        }
        GrantControl::TermsOfUse(agreement) => {
            let agreement = configuration
                .agreements
                .iter()
                .find(|one| one.id == *agreement)
                .ok_or_else(|| {
                    format!("it names terms of use `{agreement}`, which do not exist")
                })?;
            Control::TermsOfUse(Terms {
                agreement: agreement.id,
                is_per_device: agreement.is_per_device_acceptance_required,
            })
        }
        GrantControl::CustomAuthenticationFactor(id) => Control::Custom(id.clone()),
    }))
}

impl Control {
    /// The control as the policy names it.
    pub(crate) fn named(&self) -> GrantControl {
        match self {
            Self::Mfa => GrantControl::Mfa,
            Self::Strength(strength) => GrantControl::AuthenticationStrength(strength.id),
            Self::CompliantDevice => GrantControl::CompliantDevice,
            Self::DomainJoinedDevice => GrantControl::DomainJoinedDevice,
            Self::ApprovedApplication => GrantControl::ApprovedApplication,
            Self::CompliantApplication => GrantControl::CompliantApplication,
            Self::PasswordChange => GrantControl::PasswordChange,
            Self::RiskRemediation(_) => GrantControl::RiskRemediation,
            Self::TermsOfUse(terms) => GrantControl::TermsOfUse(terms.agreement),
            Self::Custom(id) => GrantControl::CustomAuthenticationFactor(id.clone()),
        }
    }
}

impl Control {
    /// The strength it is, not the one a risk remediation brings.
    pub(crate) fn strength(&self) -> Option<&Strength> {
        match self {
            Self::Strength(strength) => Some(strength),
            Self::Mfa
            | Self::CompliantDevice
            | Self::DomainJoinedDevice
            | Self::ApprovedApplication
            | Self::CompliantApplication
            | Self::PasswordChange
            | Self::RiskRemediation(_)
            | Self::TermsOfUse(_)
            | Self::Custom(_) => None,
        }
    }

    /// Whether it is met by proving methods, alone or before something else.
    pub(crate) fn asks_for_methods(&self) -> bool {
        match self {
            Self::Mfa | Self::Strength(_) | Self::PasswordChange | Self::RiskRemediation(_) => true,
            Self::CompliantDevice
            | Self::DomainJoinedDevice
            | Self::ApprovedApplication
            | Self::CompliantApplication
            | Self::TermsOfUse(_)
            | Self::Custom(_) => false,
        }
    }
}

impl Demand {
    /// The controls, in the order of challenges; none of a policy that blocks.
    pub(crate) fn controls(&self) -> &[Control] {
        match self {
            Self::Nothing | Self::Block => &[],
            Self::All(controls) | Self::Any(controls) => controls,
        }
    }

    /// Whether nobody passes without remediating the risk. One of several alternatives need not be taken.
    pub(crate) fn remediates(&self) -> bool {
        let is_remediation = |control: &Control| matches!(control, Control::RiskRemediation(_));
        match self {
            Self::Nothing | Self::Block => false,
            Self::All(controls) => controls.iter().any(is_remediation),
            Self::Any(controls) => controls.iter().all(is_remediation) && !controls.is_empty(),
        }
    }

    /// The strengths among them, without the one a risk remediation brings.
    pub(crate) fn strengths(&self) -> impl Iterator<Item = &Strength> {
        self.controls().iter().filter_map(Control::strength)
    }
}

impl Strength {
    /// A built-in strength, which nobody can change; else the tenant's own; else the one the policy's export holds whole.
    fn find(
        id: AuthenticationStrengthId,
        policy: &ConditionalAccessPolicy,
        configuration: &TenantConfiguration,
    ) -> Result<Self, String> {
        if let Some(built_in) = BuiltInStrength::ALL.iter().find(|one| one.id == id) {
            return Ok(Self::built_in(built_in));
        }
        let own = configuration.authentication_strengths.iter();
        let expanded = policy.expanded_strength.as_deref();
        let found = own.chain(expanded).find(|one| one.id == id);
        let Some(found) = found else {
            return Err(format!(
                "it names authentication strength `{id}`, which does not exist"
            ));
        };
        if found.allowed_combinations.is_empty() {
            return Err(format!("authentication strength `{id}` allows nothing"));
        }
        Ok(Self::custom(found))
    }

    pub(crate) fn built_in(strength: &BuiltInStrength) -> Self {
        let unrestricted = |methods: &AuthenticationMethods| Combination {
            methods: *methods,
            restrictions: Vec::new(),
        };
        Self {
            id: strength.id,
            display_name: strength.display_name.to_owned(),
            combinations: strength
                .allowed_combinations
                .iter()
                .map(unrestricted)
                .collect(),
        }
    }

    fn custom(strength: &AuthenticationStrengthPolicy) -> Self {
        let combination = |methods: &AuthenticationMethods| Combination {
            methods: *methods,
            restrictions: strength
                .combination_configurations
                .iter()
                .filter(|configuration| restricts(configuration, *methods))
                .map(|configuration| configuration.restriction.clone())
                .collect(),
        };
        Self {
            id: strength.id,
            display_name: strength.display_name.clone(),
            combinations: strength
                .allowed_combinations
                .iter()
                .map(combination)
                .collect(),
        }
    }
}

/// A configuration names single methods or whole combinations; whatever holds one of them is restricted, as far as it
/// holds a method that the restriction speaks of.
fn restricts(configuration: &CombinationConfiguration, methods: AuthenticationMethods) -> bool {
    let named = &configuration.applies_to_combinations;
    let is_named = named.is_empty() || named.iter().any(|one| methods.contains_all(*one));
    let speaks_of = match configuration.restriction {
        CombinationRestriction::Fido2 { .. } => methods.contains(AuthenticationMethod::Fido2),
        CombinationRestriction::X509Certificate { .. } => {
            methods.contains(AuthenticationMethod::X509CertificateSingleFactor)
                || methods.contains(AuthenticationMethod::X509CertificateMultiFactor)
        }
    };
    is_named && speaks_of
}
