//! Claims of other tenants that are believed and that no policy asks for.

use std::collections::BTreeMap;

use batsat::Lit;
use portcullis_model::conditional_access::{ConditionalAccessPolicy, GrantControl};
use portcullis_model::id::TenantId;
use portcullis_policy::cross_tenant::Trust;

use super::{Finding, Rule, Whom};
use crate::analysis::Analysis;
use crate::circuit::Answer;
use crate::grant::controls;
use crate::told::Names;

impl Analysis {
    pub(super) fn lint_trust(&mut self, found: &mut Vec<Finding>) {
        let mut unused: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for tenant in self.partners() {
            for claim in self.unused_claims(tenant) {
                let names = Names::new(&self.tenant).with(&self.directory);
                unused.entry(claim).or_default().push(names.tenant(tenant));
            }
        }
        for (claim, tenants) in unused {
            found.push(Finding::general(
                Rule::UnusedTrust,
                format!(
                    "{claim} of {} is trusted, and no policy asks their users for it",
                    tenants.join(", ")
                ),
                "ask for it, or take the trust back",
            ));
        }
    }

    fn partners(&self) -> Vec<TenantId> {
        let side = self.sides.first();
        side.map_or_else(Vec::new, |side| side.partners().collect())
    }

    fn unused_claims(&mut self, tenant: TenantId) -> Vec<&'static str> {
        let side = self.sides.first();
        let trust = side.map_or_else(Trust::default, |side| side.compiled.trust(tenant));
        let mut unused = Vec::new();
        if trust.mfa && !self.asks(tenant, asks_for_mfa) {
            unused.push("the MFA");
        }
        if trust.compliant_device && !self.asks(tenant, asks_for_compliance) {
            unused.push("the word on compliant devices");
        }
        if trust.hybrid_joined_device && !self.asks(tenant, asks_for_hybrid_join) {
            unused.push("the word on hybrid joined devices");
        }
        unused
    }

    /// Whether a policy of that kind is about some user of that tenant.
    fn asks(&mut self, tenant: TenantId, kind: fn(&ConditionalAccessPolicy) -> bool) -> bool {
        let theirs = self.space.whos.any(&mut self.space.circuit, |who| {
            who.home_tenant() == Some(tenant)
        });
        let scopes: Vec<Lit> = self
            .numbered()
            .iter()
            .filter(|(_, policy)| kind(policy))
            .map(|(number, _)| self.scope(*number))
            .collect();
        let asked = self.space.circuit.any(scopes);
        self.is_possible(&[theirs, asked], Whom::Anybody) != Answer::No
    }
}

fn asks_for_mfa(policy: &ConditionalAccessPolicy) -> bool {
    controls(policy).iter().any(|control| {
        matches!(
            control,
            GrantControl::Mfa | GrantControl::AuthenticationStrength(_)
        )
    })
}

fn asks_for_compliance(policy: &ConditionalAccessPolicy) -> bool {
    policy.conditions.devices.is_some() || controls(policy).contains(&GrantControl::CompliantDevice)
}

fn asks_for_hybrid_join(policy: &ConditionalAccessPolicy) -> bool {
    policy.conditions.devices.is_some()
        || controls(policy).contains(&GrantControl::DomainJoinedDevice)
}
