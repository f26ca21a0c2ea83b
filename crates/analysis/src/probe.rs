//! Asks the engine about single conditions and controls, so that no rule of Conditional Access stands here a second time.
//!
//! A policy is cut down to one condition (or one control) and decided on a sign-in that has one value; what comes out is
//! what the value means to that policy. How conditions combine is all that the analysis adds.

use std::collections::BTreeSet;

use portcullis_model::Timestamp;
use portcullis_model::conditional_access::{ApplicationCondition, ApplicationConditions};
use portcullis_model::conditional_access::{
    ConditionalAccessPolicy, Conditions, GrantControls, PolicyState, SessionControls, Target,
    UserCondition, UserConditions,
};
use portcullis_model::id::{ClientId, PolicyId, UserId};
use portcullis_model::store::TenantConfiguration;
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::decision::Outcome;
use portcullis_policy::facts::{Origin, SignIn, Subject, UserSubject};
use portcullis_policy::hypothesis::{Hypothesis, SupposedOrigin};
use serde_json::Map;
use uuid::Uuid;

use crate::who::Who;

/// The moment of every supposed sign-in: decisions compare moments, and never ask what day it is.
pub(crate) const MOMENT: Timestamp = Timestamp::constant(1_798_761_600, 0);

/// The account of whoever has no other.
pub(crate) const ACCOUNT: UserId =
    UserId::new(Uuid::from_u128(0xacc0_0000_0000_4000_8000_0000_0000_0001));

/// A tenant without its policies, to be asked about one thing at a time.
pub(crate) struct Probe {
    bare: TenantConfiguration,
}

/// A policy about everybody and everything that demands nothing.
fn open_policy(number: usize) -> ConditionalAccessPolicy {
    ConditionalAccessPolicy {
        id: PolicyId::new(Uuid::from_u128(number as u128)),
        display_name: String::new(),
        state: PolicyState::Enabled,
        conditions: Conditions::new(everybody(), everything()),
        grant_controls: None,
        session_controls: SessionControls::default(),
        expanded_strength: None,
        document: Map::new(),
    }
}

pub(crate) fn everybody() -> UserConditions {
    UserConditions {
        include: vec![UserCondition::All],
        exclude: Vec::new(),
    }
}

pub(crate) fn everything() -> Target {
    Target::Applications(ApplicationConditions {
        include: vec![ApplicationCondition::All],
        exclude: Vec::new(),
        filter: None,
    })
}

/// Policies cut down to one condition, compiled.
pub(crate) struct Cut(CompiledTenant);

impl Cut {
    /// The numbers of the policies that this sign-in is in scope of.
    pub(crate) fn matching(&self, sign_in: SignIn, origin: SupposedOrigin) -> BTreeSet<usize> {
        let supposed = Hypothesis::new(&self.0, sign_in, origin).decide(&self.0);
        let numbers = supposed.results();
        numbers
            .filter_map(|(id, _)| usize::try_from(id.uuid().as_u128()).ok())
            .collect()
    }
}

impl Probe {
    pub(crate) fn new(configuration: &TenantConfiguration) -> Self {
        let mut bare = configuration.clone();
        bare.conditional_access_policies = Vec::new();
        Self { bare }
    }

    fn compile(&self, policies: Vec<ConditionalAccessPolicy>) -> CompiledTenant {
        CompiledTenant::compile(&TenantConfiguration {
            conditional_access_policies: policies,
            ..self.bare.clone()
        })
    }

    /// Policies of which `keep` takes over some conditions, everything else being open.
    pub(crate) fn cut<'p>(
        &self,
        policies: impl Iterator<Item = &'p ConditionalAccessPolicy>,
        keep: impl Fn(&Conditions, &mut Conditions),
    ) -> Cut {
        let cut = policies.enumerate().map(|(number, policy)| {
            let mut open = open_policy(number);
            keep(&policy.conditions, &mut open.conditions);
            open
        });
        Cut(self.compile(cut.collect()))
    }

    /// One policy for each of these conditions.
    pub(crate) fn conditions(&self, conditions: impl Iterator<Item = Conditions>) -> Cut {
        let policies = conditions.enumerate().map(|(number, conditions)| {
            let mut open = open_policy(number);
            open.conditions = conditions;
            open
        });
        Cut(self.compile(policies.collect()))
    }

    /// The tenant with one policy that demands this of everybody; of a strength the policy's own copy is taken along.
    pub(crate) fn demanding(
        &self,
        target: Target,
        grant: GrantControls,
        policy: Option<&ConditionalAccessPolicy>,
    ) -> Demanding {
        let mut demanding = open_policy(0);
        demanding.conditions.target = target;
        demanding.grant_controls = Some(grant);
        demanding.expanded_strength = policy.and_then(|policy| policy.expanded_strength.clone());
        Demanding(self.compile(vec![demanding]))
    }
}

/// A tenant with one policy that demands something of everybody.
pub(crate) struct Demanding(CompiledTenant);

impl Demanding {
    /// Whether this sign-in meets it.
    pub(crate) fn is_met(&self, sign_in: SignIn, origin: SupposedOrigin) -> bool {
        let supposed = Hypothesis::new(&self.0, sign_in, origin).decide(&self.0);
        *supposed.outcome() == Outcome::Granted
    }
}

/// A person of this kind who reaches this application and of whom nothing else is known.
pub(crate) fn person(who: &Who, application: ClientId) -> (SignIn, SupposedOrigin) {
    let origin = who.origin(ACCOUNT);
    let subject = UserSubject {
        user: who.kind.has_object().then_some(ACCOUNT),
        origin: Origin::Internal,
        external_user_types: who.types(false),
        groups: [].into(),
        roles: [].into(),
    };
    let audiences = BTreeSet::from([application]);
    let sign_in = SignIn::new(Subject::User(subject), application, audiences, MOMENT);
    (sign_in, origin)
}
