//! Controls that whoever is in scope can never meet (the article's tables, specification 8.3).

use std::collections::{BTreeMap, BTreeSet};

use batsat::Lit;
use portcullis_model::conditional_access::{
    ClientAppType, ConditionalAccessPolicy, GrantControl, GrantOperator,
};

use super::{Finding, Rule, Whom};
use crate::analysis::Analysis;
use crate::circuit::Answer;
use crate::difference::SessionPart;
use crate::grant::controls;
use crate::region::{Found, Question, Region};
use crate::told::{Names, kinds_of};
use crate::who::{Home, SubjectKind};
use crate::witness::Witness;

/// Kinds of people in scope who never meet what a policy demands.
#[derive(Default)]
struct Never {
    never: BTreeMap<SubjectKind, BTreeSet<Home>>,
    /// Whether others in scope do.
    somebody: bool,
}

/// Whether nobody of a kind ever meets a demand, whatever the policy is about: many policies demand the same.
pub(super) type Hopeless = BTreeMap<(Lit, Lit), bool>;

impl Analysis {
    pub(super) fn lint_controls(&mut self, found: &mut Vec<Finding>) {
        let mut hopeless = Hopeless::new();
        for (number, policy) in self.numbered() {
            if controls(&policy).contains(&GrantControl::ApprovedApplication) {
                found.push(Finding::about(
                    Rule::RetiredControl,
                    &policy,
                    format!("`{}` asks for an approved application", policy.display_name),
                    "ask for compliantApplication",
                ));
            }
            if !self.lint_platforms(number, &policy, &mut hopeless, found) {
                self.never_met(number, &policy, &mut hopeless, found);
            }
            self.lint_legacy_clients(number, &policy, found);
            self.session_not_applied(number, &policy, found);
        }
    }

    /// Kinds of subjects in scope for whom nothing satisfies the policy, by client applications that could show something.
    fn never_met(
        &mut self,
        number: usize,
        policy: &ConditionalAccessPolicy,
        hopeless: &mut Hopeless,
        found: &mut Vec<Finding>,
    ) {
        let is_demand = policy.grant_controls.is_some();
        let blocks = controls(policy).contains(&GrantControl::Block);
        if !is_demand || blocks || self.is_defective(number) {
            return;
        }
        let Never { never, somebody } = self.never(number, policy, hopeless);
        if never.is_empty() {
            return;
        }
        let names = Names::new(&self.tenant).with(&self.directory);
        let whom = kinds_of(&never, &names, |_, _| false);
        let demanded = self.demanded(policy);
        let mut finding = Finding::about(
            Rule::NeverMet,
            policy,
            format!(
                "`{}` demands {demanded}, which can never be met by {whom}",
                policy.display_name
            ),
            cure(policy, &never),
        );
        if !somebody {
            finding.what.push_str("; nobody else is in its scope");
        }
        finding.witness = self.shut_out(number, &never);
        found.push(finding);
    }

    /// Of the kinds of people in scope those of whom nobody passes, whatever they show.
    fn never(
        &mut self,
        number: usize,
        policy: &ConditionalAccessPolicy,
        hopeless: &mut Hopeless,
    ) -> Never {
        let whole = self.wallet.whole();
        let (scope, modern) = (self.scope(number), self.modern());
        let passes = self.passes(0, whole, number);
        let satisfied = self.satisfied(whole, policy);
        let admitted = self.encoded.first().map(|one| one.admitted);
        let mut found = Never::default();
        let among: Vec<Lit> = [scope, modern].into_iter().chain(admitted).collect();
        let shut_out: Vec<Lit> = among.iter().copied().chain([!passes]).collect();
        if self.is_possible(&shut_out, Whom::Listed) == Answer::No {
            return found;
        }
        // Where nobody says who there is, guests in groups and with roles are none to count on.
        let unless_listed = if self.space.listed.is_empty() {
            self.nobody_in_particular()
        } else {
            Vec::new()
        };
        for (who, literal) in self.whos() {
            let mut all = among.clone();
            all.push(literal);
            if who.kind.is_external() {
                all.extend(&unless_listed);
            }
            if self.is_possible(&all, Whom::Listed) != Answer::Yes {
                continue;
            }
            all.push(passes);
            let is_hopeless = self.is_hopeless(hopeless, satisfied, literal);
            if is_hopeless || self.is_possible(&all, Whom::Anybody) == Answer::No {
                found.never.entry(who.kind).or_default().insert(who.home);
            } else {
                found.somebody = true;
            }
        }
        found
    }

    /// Whether nobody of a kind meets this, wherever and whatever they show.
    pub(super) fn is_hopeless(
        &mut self,
        hopeless: &mut Hopeless,
        satisfied: Lit,
        who: Lit,
    ) -> bool {
        *hopeless
            .entry((satisfied, who))
            .or_insert_with(|| self.is_possible(&[satisfied, who], Whom::Anybody) == Answer::No)
    }

    /// Somebody in scope whom the policy shuts out, as the engine decides.
    fn shut_out(
        &mut self,
        number: usize,
        never: &BTreeMap<SubjectKind, BTreeSet<Home>>,
    ) -> Option<Witness> {
        let (scope, modern) = (self.scope(number), self.modern());
        let passes = self.passes(0, self.wallet.whole(), number);
        let meant = self.space.whos.any(&mut self.space.circuit, |who| {
            let homes = never.get(&who.kind);
            homes.is_some_and(|homes| homes.contains(&who.home))
        });
        let admitted = self.encoded.first().map(|one| one.admitted)?;
        let question = Question {
            goal: !passes,
            among: vec![scope, modern, admitted, meant],
        };
        let (Answer::Yes, Some(point)) = self.space.find(&question) else {
            return None;
        };
        let found = Found {
            region: Region::default(),
            point,
        };
        self.confirmed_decided(&found, false).ok()
    }

    fn session_not_applied(
        &mut self,
        number: usize,
        policy: &ConditionalAccessPolicy,
        found: &mut Vec<Finding>,
    ) {
        let parts: Vec<&str> = SessionPart::not_applied_to_direct_connect(policy)
            .map(SessionPart::name)
            .collect();
        if parts.is_empty() {
            return;
        }
        let direct_connect = self.space.whos.any(&mut self.space.circuit, |who| {
            who.kind == SubjectKind::B2bDirectConnectUser
        });
        let scope = self.scope(number);
        let mut all = vec![scope, direct_connect];
        all.extend(self.encoded.first().map(|one| one.admitted));
        if self.is_possible(&all, Whom::Listed) == Answer::Yes {
            found.push(Finding::about(
                Rule::SessionControlNotApplied,
                policy,
                format!(
                    "`{}` sets {} for B2B direct connect users too, to whom it is not applied",
                    policy.display_name,
                    parts.join(" and ")
                ),
                "block these users, or do not count on the control for them",
            ));
        }
    }

    /// The controls of a policy by the names that people know.
    pub(super) fn demanded(&self, policy: &ConditionalAccessPolicy) -> String {
        let names: Vec<String> = controls(policy)
            .iter()
            .map(|control| self.control(control, policy))
            .collect();
        let grant = policy.grant_controls.as_ref();
        let and = grant.is_some_and(|grant| grant.operator == GrantOperator::And);
        names.join(if and { " and " } else { " or " })
    }

    /// Somebody whom no policy names, in no group and without a role.
    fn nobody_in_particular(&self) -> Vec<Lit> {
        let space = &self.space;
        let memberships = space.groups.values().chain(space.roles.values());
        let unnamed = space.users.find(Vec::is_empty);
        memberships.map(|one| !*one).chain(unnamed).collect()
    }

    /// A browser or a modern client: the others meet no control whatever anybody does.
    pub(super) fn modern(&mut self) -> Lit {
        self.space.clients.any(&mut self.space.circuit, |client| {
            matches!(
                client,
                ClientAppType::Browser | ClientAppType::MobileAppsAndDesktopClients
            )
        })
    }

    /// Kinds of people with their literals.
    pub(super) fn whos(&self) -> Vec<(crate::who::Who, Lit)> {
        let whos = self.space.whos.iter();
        whos.filter(|(who, _)| who.kind.is_person())
            .map(|(who, literal)| (*who, literal))
            .collect()
    }
}

fn cure(
    policy: &ConditionalAccessPolicy,
    never: &BTreeMap<SubjectKind, BTreeSet<Home>>,
) -> &'static str {
    let controls = controls(policy);
    let is_foreign = never.keys().all(|kind| kind.is_external());
    let mut homes = never.values().flatten();
    let has_no_tenant = homes.all(|home| *home == Home::NoTenant);
    let asks_device = controls.contains(&GrantControl::CompliantDevice)
        || controls.contains(&GrantControl::DomainJoinedDevice);
    let asks_change = controls.contains(&GrantControl::PasswordChange)
        || controls.contains(&GrantControl::RiskRemediation);
    let is_strength = |one: &GrantControl| matches!(one, GrantControl::AuthenticationStrength(_));
    let is_strength = controls.iter().any(is_strength);
    if !is_foreign {
        "ask for something that can be met, or say `block` if that is meant"
    } else if asks_change {
        "leave these users out: only their own tenant can change their password or end their risk"
    } else if has_no_tenant && is_strength {
        "ask guests without a tenant for `mfa` instead: no strength is supported for them"
    } else if asks_device {
        "trust the device claims of their tenant in the cross-tenant access settings, or leave these users out"
    } else if is_strength {
        "trust the MFA of their tenant in the cross-tenant access settings, and ask guests without a tenant for `mfa` instead"
    } else if controls.contains(&GrantControl::Mfa) {
        "trust the MFA of their tenant in the cross-tenant access settings"
    } else {
        "leave these users out, or ask them for something that is supported for them"
    }
}
