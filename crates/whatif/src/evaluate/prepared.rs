//! One sign-in, prepared to be decided as often as anybody asks what would be if more of it were said.

use portcullis_model::store::TenantConfiguration;
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::facts::SignIn;
use portcullis_policy::hypothesis::{Hypothesis, Supposed, SupposedOrigin};
use portcullis_policy::what_if::{self, NotGiven, SignalValue, WhatIf};

use super::filters::{self, Bounds};
use super::worlds::Sayable;
use super::{Filters, PolicyAnswer, Signal, membership, policies};
use crate::directory::{DirectoryTenant, Unresolved};
use crate::resolve::{Question, Resolved, resolve};

/// A question with its facts, and what each policy makes of them.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) resolved: Resolved,
    pub(super) policies: Vec<PolicyAnswer>,
    not_given: NotGiven,
    /// `None`: every filter can be answered, and both ends are the tenant as it is.
    bounds: Option<Bounds>,
    /// The sign-in of somebody who has every group and role that nobody denied and a policy includes, if there are any.
    joined: Option<SignIn>,
}

impl Prepared {
    pub(super) fn of(question: &Question<'_>, filters: Filters) -> Result<Self, Unresolved> {
        Ok(Self::of_resolved(question, resolve(question)?, filters))
    }

    pub(super) fn of_resolved(
        question: &Question<'_>,
        resolved: Resolved,
        filters: Filters,
    ) -> Self {
        let tenant = question.tenant;
        let not_given: NotGiven = what_if::Signal::ALL
            .into_iter()
            .filter(|signal| resolved.not_given.contains(&Signal::from(*signal)))
            .collect();
        let bounds = match filters {
            Filters::AsListed => None,
            Filters::ThreeValued => {
                filters::bounds(tenant, &resolved, question.situation, not_given)
            }
        };
        let (mut policies, most) = match &bounds {
            Some(bounds) => (
                policies::tell_between((&bounds.least, &bounds.most), &bounds.signals),
                &bounds.most_configuration,
            ),
            None => (
                policies::tell(&whole(&resolved, not_given)),
                resolved.configuration(tenant),
            ),
        };
        let joined = membership::reconsider(most, &resolved, not_given, &mut policies);
        Self {
            resolved,
            policies,
            not_given,
            bounds,
            joined,
        }
    }

    /// The tenant with what surely applies, whatever filters look at.
    pub(super) fn surely<'p>(&'p self, tenant: &'p DirectoryTenant) -> &'p TenantConfiguration {
        match &self.bounds {
            Some(bounds) => &bounds.least_configuration,
            None => self.resolved.configuration(tenant),
        }
    }

    /// The tenant without its policies, to put some of them in.
    pub(super) fn without_policies(&self, tenant: &DirectoryTenant) -> TenantConfiguration {
        TenantConfiguration {
            conditional_access_policies: Vec::new(),
            ..self.resolved.configuration(tenant).clone()
        }
    }

    /// What the policies with these numbers make of another sign-in; `few` is the tenant without policies.
    pub(super) fn rows(
        &self,
        tenant: &DirectoryTenant,
        few: &mut TenantConfiguration,
        (sign_in, numbers): (&SignIn, &[usize]),
    ) -> Vec<PolicyAnswer> {
        let mut ask = |configuration: &TenantConfiguration| {
            let all = &configuration.conditional_access_policies;
            let some = numbers.iter().filter_map(|number| all.get(*number));
            few.conditional_access_policies = some.cloned().collect();
            let compiled = CompiledTenant::compile(few);
            let hypothesis = Hypothesis::new(&compiled, sign_in.clone(), self.resolved.origin);
            what_if::evaluate(&compiled, &hypothesis, self.not_given)
        };
        match &self.bounds {
            Some(bounds) => {
                let least = ask(&bounds.least_configuration);
                let most = ask(&bounds.most_configuration);
                policies::tell_between((&least, &most), &bounds.signals)
            }
            None => policies::tell(&ask(self.resolved.configuration(tenant))),
        }
    }

    /// The sign-in between both ends.
    pub(super) fn ends(&self) -> Ends<'_> {
        let compiled = &self.resolved.compiled;
        let (least, most) = self.bounds.as_ref().map_or((compiled, compiled), |bounds| {
            (&bounds.least_compiled, &bounds.most_compiled)
        });
        Ends {
            least,
            most,
            sign_in: &self.resolved.sign_in,
            joined: self.joined.as_ref(),
            origin: self.resolved.origin,
            not_given: self.not_given,
        }
    }
}

fn whole(resolved: &Resolved, not_given: NotGiven) -> WhatIf {
    what_if::evaluate(&resolved.compiled, &resolved.hypothesis, not_given)
}

/// A sign-in that is decided with what surely applies and with what possibly does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends<'p> {
    least: &'p CompiledTenant,
    most: &'p CompiledTenant,
    sign_in: &'p SignIn,
    joined: Option<&'p SignIn>,
    origin: SupposedOrigin,
    not_given: NotGiven,
}

impl<'p> Ends<'p> {
    /// The same sign-in by somebody else, who is in no group and has no role beside those that are said.
    pub(super) const fn of_another(self, sign_in: &'p SignIn) -> Self {
        Self {
            sign_in,
            joined: None,
            ..self
        }
    }

    /// The same sign-in at another tenant.
    pub(super) const fn at(self, tenant: &'p CompiledTenant) -> Self {
        Self {
            least: tenant,
            most: tenant,
            ..self
        }
    }

    /// What could be said of what controls look at.
    pub(super) fn sayable(&self) -> Sayable {
        let tell_apart = what_if::distinguishable(self.most, self.sign_in, self.not_given);
        Sayable::of(tell_apart)
    }

    /// What happens if these values are said, and only those policies apply that surely do.
    pub(super) fn definite(&self, values: &[SignalValue]) -> Supposed {
        let (hypothesis, not_given) = self.saying(values, (self.least, self.sign_in));
        what_if::definite(self.least, &hypothesis, not_given)
    }

    /// What happens if these values are said, and every policy applies that could.
    pub(super) fn possible(&self, values: &[SignalValue]) -> Supposed {
        let sign_in = self.joined.unwrap_or(self.sign_in);
        let (hypothesis, not_given) = self.saying(values, (self.most, sign_in));
        what_if::possible(self.most, &hypothesis, not_given)
    }

    fn saying(
        &self,
        values: &[SignalValue],
        (tenant, sign_in): (&CompiledTenant, &SignIn),
    ) -> (Hypothesis, NotGiven) {
        let mut sign_in = sign_in.clone();
        for value in values {
            value.put(&mut sign_in);
        }
        let is_said = |signal| values.iter().any(|value| value.signal() == signal);
        let not_given = what_if::Signal::ALL
            .into_iter()
            .filter(|signal| self.not_given.contains(*signal) && !is_said(*signal))
            .collect();
        (Hypothesis::new(tenant, sign_in, self.origin), not_given)
    }
}
