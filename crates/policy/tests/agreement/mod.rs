//! What the engine says, in the words of the second evaluator, and whether the two agree.

pub(crate) mod seed;

use portcullis_model::conditional_access::PolicyState;
use portcullis_model::store::TenantConfiguration;
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::decide::decide;
use portcullis_policy::facts::SignIn;

use crate::reference::{Answer, Matched, evaluate};

pub(crate) fn engine(configuration: &TenantConfiguration, sign_in: &SignIn) -> Answer {
    let decision = decide(&CompiledTenant::compile(configuration), sign_in);
    let policies = decision.policies();
    Answer {
        outcome: decision.outcome.clone(),
        status: decision.status,
        session: decision.session_controls(),
        results: policies
            .iter()
            .map(|policy| (policy.id, policy.result))
            .collect(),
        matched: policies
            .iter()
            .zip(&configuration.conditional_access_policies)
            .filter(|(_, policy)| policy.state != PolicyState::Disabled)
            .map(|(told, _)| {
                let matched = Matched {
                    satisfied: told.conditions_satisfied.iter().cloned().collect(),
                    not_satisfied: told.conditions_not_satisfied.iter().cloned().collect(),
                };
                (told.id, matched)
            })
            .collect(),
    }
}

/// What the two evaluators disagree about, if they do.
pub(crate) fn compare(configuration: &TenantConfiguration, sign_in: &SignIn) -> Result<(), String> {
    let (found, expect) = (
        engine(configuration, sign_in),
        evaluate(configuration, sign_in),
    );
    if found == expect {
        return Ok(());
    }
    Err(format!(
        "the engine says\n{found:#?}\nand the reference\n{expect:#?}"
    ))
}
