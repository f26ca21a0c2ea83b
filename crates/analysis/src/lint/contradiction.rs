//! Why a policy never applies: the fewest of its conditions that no sign-in meets together.

use portcullis_model::conditional_access::signal::{
    InsiderRiskLevels, RiskLevels, TransferMethods,
};
use portcullis_model::conditional_access::{
    ApplicationCondition, ApplicationConditions, ConditionalAccessPolicy, Conditions, Target,
    UserCondition, UserConditions,
};

use super::Whom;
use crate::analysis::Analysis;
use crate::circuit::Answer;

/// A condition that can be taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    ClientAppTypes,
    Platforms,
    Locations,
    SignInRisk,
    UserRisk,
    PrincipalRisk,
    InsiderRisk,
    Devices,
    Transfers,
    Target,
    Subjects,
}

impl Part {
    /// Those that are likely to matter least first, so that they are left out where others say it all.
    const ALL: [Self; 11] = [
        Self::ClientAppTypes,
        Self::SignInRisk,
        Self::UserRisk,
        Self::PrincipalRisk,
        Self::InsiderRisk,
        Self::Transfers,
        Self::Platforms,
        Self::Devices,
        Self::Locations,
        Self::Target,
        Self::Subjects,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::ClientAppTypes => "the kinds of clients",
            Self::Platforms => "the platforms",
            Self::Locations => "the locations",
            Self::SignInRisk => "the sign-in risk",
            Self::UserRisk => "the user risk",
            Self::PrincipalRisk => "the service principal risk",
            Self::InsiderRisk => "the insider risk",
            Self::Devices => "the device filter",
            Self::Transfers => "the authentication flows",
            Self::Target => "the applications",
            Self::Subjects => "the users",
        }
    }

    /// The conditions without this one.
    fn taken_from(self, conditions: &mut Conditions) {
        match self {
            Self::ClientAppTypes => conditions.client_app_types = None,
            Self::Platforms => conditions.platforms = None,
            Self::Locations => conditions.locations = None,
            Self::SignInRisk => conditions.sign_in_risk_levels = RiskLevels::default(),
            Self::UserRisk => conditions.user_risk_levels = RiskLevels::default(),
            Self::PrincipalRisk => {
                conditions.service_principal_risk_levels = RiskLevels::default();
            }
            Self::InsiderRisk => conditions.insider_risk_levels = InsiderRiskLevels::default(),
            Self::Devices => conditions.devices = None,
            Self::Transfers => conditions.transfer_methods = TransferMethods::default(),
            Self::Target => {
                conditions.target = Target::Applications(ApplicationConditions {
                    include: vec![ApplicationCondition::All],
                    exclude: Vec::new(),
                    filter: None,
                });
            }
            Self::Subjects => {
                conditions.client_applications = None;
                conditions.users = UserConditions {
                    include: vec![UserCondition::All],
                    exclude: Vec::new(),
                };
            }
        }
    }
}

impl Analysis {
    /// What contradicts what in a policy that never applies, in a sentence without a full stop.
    pub(super) fn contradiction(&self, policy: &ConditionalAccessPolicy) -> String {
        let mut least = policy.clone();
        let mut needed: Vec<&str> = Vec::new();
        for part in Part::ALL {
            let mut without = least.clone();
            part.taken_from(&mut without.conditions);
            let is_said = without.conditions != least.conditions;
            if !is_said {
                continue;
            }
            if self.can_apply(without.clone()) {
                needed.push(part.name());
            } else {
                least = without;
            }
        }
        let name = &policy.display_name;
        match needed.as_slice() {
            [] => format!("`{name}` can never apply: no sign-in meets all of its conditions"),
            [one] => format!(
                "`{name}` can never apply: {}",
                alone(one, &least.conditions)
            ),
            [others @ .., final_one] => format!(
                "`{name}` can never apply: {} and {final_one} that it names never come together",
                others.join(", ")
            ),
        }
    }

    fn can_apply(&self, policy: ConditionalAccessPolicy) -> bool {
        let mut alone = self.alone(policy);
        let scope = alone.scope(0);
        alone.is_possible(&[scope], Whom::Anybody) != Answer::No
    }
}

/// Why one condition is enough.
fn alone(part: &str, conditions: &Conditions) -> String {
    let names_no_application = match &conditions.target {
        Target::Applications(applications) => applications.include.is_empty(),
        Target::UserActions(_) | Target::AuthenticationContexts(_) => false,
    };
    let names_nobody =
        conditions.users.include.is_empty() && conditions.client_applications.is_none();
    if part == Part::Target.name() && names_no_application {
        "it includes no application (`None`)".to_owned()
    } else if part == Part::Subjects.name() && names_nobody {
        "it includes no user (`None`)".to_owned()
    } else {
        format!("no sign-in meets what it says of {part}")
    }
}
