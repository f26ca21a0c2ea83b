//! Gaps: who gets a token without something, over all possible sign-ins.

use std::cell::RefCell;
use std::collections::BTreeSet;

use batsat::Lit;
use portcullis_model::authentication_strength::{AuthenticationStrengthPolicy, BuiltInStrength};
use portcullis_model::conditional_access::{ConditionalAccessPolicy, GrantControl, UserAction};
use portcullis_model::id::{AuthenticationStrengthId, ClientId};
use portcullis_policy::facts::{SignIn, Subject};
use portcullis_policy::hypothesis::SupposedOrigin;

use crate::analysis::Analysis;
use crate::circuit::Answer;
use crate::evidence::{Ask, Evidence};
use crate::grant::{controls, demanding_any};
use crate::probe::Demanding;
use crate::region::{End, Found, Question, Region};
use crate::selection::Selection;
use crate::space::AxisId;
use crate::target::Reached;
use crate::told::{Class, Names};
use crate::witness::{Claim, Disagreement, Reading, Witness, confirm};

/// Without what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Without {
    /// Without any of these controls being met; at least one.
    Controls(Vec<GrantControl>),
    /// Without any policy that demands something applying.
    AnyPolicy,
}

impl Without {
    /// MFA.
    pub fn mfa() -> Self {
        Self::Controls(vec![GrantControl::Mfa])
    }

    /// The built-in strength that only phishing-resistant methods meet.
    pub fn phishing_resistant_mfa() -> Self {
        let [.., phishing_resistant] = BuiltInStrength::ALL;
        Self::strength(phishing_resistant.id)
    }

    /// A strength.
    pub fn strength(id: AuthenticationStrengthId) -> Self {
        Self::Controls(vec![GrantControl::AuthenticationStrength(id)])
    }

    /// A device that is compliant or hybrid joined.
    pub fn managed_device() -> Self {
        Self::Controls(vec![
            GrantControl::CompliantDevice,
            GrantControl::DomainJoinedDevice,
        ])
    }
}

/// A class of sign-ins, and one of them.
#[derive(Debug, Clone)]
pub struct Gap {
    /// Which sign-ins.
    pub class: Class,
    /// One of them; the engine has confirmed it.
    pub witness: Witness,
}

/// The gaps that were found.
#[derive(Debug, Clone)]
pub struct Gaps {
    /// Classes, each as wide as it can be; they may overlap.
    pub gaps: Vec<Gap>,
    /// Whether there are more.
    pub end: End,
}

/// Whether there is a gap at all.
#[derive(Debug, Clone)]
pub enum Anybody {
    /// Somebody gets in; the engine has confirmed it.
    Somebody(Box<Witness>),
    /// Nobody does.
    Nobody,
    /// Nobody knows: the solver gave up, or a policy that cannot be evaluated could let more through.
    Unknown,
}

/// What a question looks for: evidences, each with the literal of getting in with it and lacking what is asked for.
pub(crate) struct Lacking {
    pub(crate) ways: Vec<(Evidence, Lit)>,
    pub(crate) goal: Lit,
    /// The goal if policies that cannot be evaluated were not there, where there are such.
    pub(crate) at_most: Option<Lit>,
    /// What is asked for, of whoever reaches anything, and of whoever registers a device.
    pub(crate) demanding: Option<[Demanding; 2]>,
}

/// A side and controls, each with the strength that a policy brings along.
type Key = (
    usize,
    Vec<(GrantControl, Option<Box<AuthenticationStrengthPolicy>>)>,
);

/// The fullest evidences that leave controls unmet, for each question that was asked: many policies demand the same.
pub(crate) type LackingEvidences = RefCell<Vec<(Key, Vec<Evidence>)>>;

impl Analysis {
    /// Who gets a token without this, among the selected sign-ins; at most so many classes.
    pub fn gaps(
        &mut self,
        without: &Without,
        selection: &Selection,
        limit: usize,
    ) -> Result<Gaps, Disagreement> {
        let lacking = self.lacking(0, without);
        let question = Question {
            goal: lacking.goal,
            among: self.select(selection),
        };
        let mut findings = self.space.classes(&question, limit);
        self.doubt(&question, lacking.at_most, &mut findings.end);
        let mut gaps = Vec::new();
        for found in &findings.found {
            gaps.push(Gap {
                class: self.class(found, selection),
                witness: self.confirmed(0, &lacking, found)?,
            });
        }
        Ok(Gaps {
            gaps,
            end: findings.end,
        })
    }

    /// Whether anybody gets a token without this, among the selected sign-ins.
    pub fn anybody(
        &mut self,
        without: &Without,
        selection: &Selection,
    ) -> Result<Anybody, Disagreement> {
        let lacking = self.lacking(0, without);
        let question = Question {
            goal: lacking.goal,
            among: self.select(selection),
        };
        let (answer, point) = self.space.find(&question);
        let mut end = match (answer, point) {
            (Answer::Yes, Some(point)) => {
                let region = Region::default();
                let found = Found { region, point };
                let witness = self.confirmed(0, &lacking, &found)?;
                return Ok(Anybody::Somebody(Box::new(witness)));
            }
            (Answer::No, _) => End::Complete,
            (Answer::Yes | Answer::Unknown, _) => End::Unknown,
        };
        self.doubt(&question, lacking.at_most, &mut end);
        Ok(match end {
            End::Complete => Anybody::Nobody,
            End::Limit | End::Unknown => Anybody::Unknown,
        })
    }

    /// Nothing is complete of which policies that cannot be evaluated could let more through.
    pub(crate) fn doubt(&mut self, question: &Question, at_most: Option<Lit>, end: &mut End) {
        let (Some(at_most), End::Complete) = (at_most, *end) else {
            return;
        };
        let more = Question {
            goal: self.space.circuit.all([at_most, !question.goal]),
            among: question.among.clone(),
        };
        if self.space.find(&more).0 != Answer::No {
            *end = End::Unknown;
        }
    }

    /// Getting a token without this.
    pub(crate) fn lacking(&mut self, at: usize, without: &Without) -> Lacking {
        let mut lacking = self.lacking_as_read(at, without);
        let at_most = self.leniently(at, |analysis| analysis.lacking_as_read(at, without).goal);
        lacking.at_most = at_most;
        lacking
    }

    fn lacking_as_read(&mut self, at: usize, without: &Without) -> Lacking {
        match without {
            Without::AnyPolicy => self.without_policies(at),
            Without::Controls(wanted) => self.without_controls(at, wanted),
        }
    }

    fn without_policies(&mut self, at: usize) -> Lacking {
        let whole = self.wallet.whole();
        let mut all = vec![self.granted(at, whole)];
        let (Some(side), Some(encoded)) = (self.sides.get(at), self.encoded.get(at)) else {
            return Lacking::nothing(self.space.circuit.never());
        };
        let policies = side.policies().iter().zip(&encoded.scopes);
        for (number, (policy, scope)) in policies.enumerate() {
            if policy.grant_controls.is_some() && encoded.counts(number) {
                all.push(!*scope);
            }
        }
        let goal = self.space.circuit.all(all);
        Lacking {
            ways: vec![(whole, goal)],
            goal,
            at_most: None,
            demanding: None,
        }
    }

    fn without_controls(&mut self, at: usize, wanted: &[GrantControl]) -> Lacking {
        let Some(side) = self.sides.get(at) else {
            return Lacking::nothing(self.space.circuit.never());
        };
        let brought = brought(side.policies(), wanted).cloned();
        let demanding = demanding_any(side, wanted, brought.as_ref());
        let named: Vec<_> = wanted.iter().map(|one| (one, brought.as_ref())).collect();
        let evidences = self.evidences_without(at, &named);
        let (by_evidence, by_surroundings): (Vec<_>, Vec<_>) =
            wanted.iter().cloned().partition(is_shown_by_evidence);
        let surroundings = self.surroundings(at, &by_surroundings);
        let mut ways = Vec::new();
        for evidence in evidences {
            let granted = self.granted(at, evidence);
            let shown = self.shown(at, &by_evidence, brought.as_ref(), evidence);
            let way = self.space.circuit.all([granted, !shown, !surroundings]);
            ways.push((evidence, way));
        }
        let goal = self.space.circuit.any(ways.iter().map(|(_, way)| *way));
        Lacking {
            ways,
            goal,
            at_most: None,
            demanding: Some(demanding),
        }
    }

    /// The fullest evidences with which some kind of subject meets none of these controls.
    pub(crate) fn evidences_without(
        &self,
        at: usize,
        wanted: &[(&GrantControl, Option<&ConditionalAccessPolicy>)],
    ) -> Vec<Evidence> {
        let Some(side) = self.sides.get(at) else {
            return Vec::new();
        };
        let brought = |policy: &ConditionalAccessPolicy| policy.expanded_strength.clone();
        let key = wanted
            .iter()
            .map(|(control, policy)| ((*control).clone(), policy.and_then(brought)));
        let key: Key = (at, key.collect());
        let mut asked = self.lacking.borrow_mut();
        if let Some((_, known)) = asked.iter().find(|(known, _)| *known == key) {
            return known.clone();
        }
        let mut evidences = BTreeSet::new();
        let mut known = BTreeSet::new();
        let people = self.space.whos.values.iter();
        for who in people.filter(|who| who.kind.is_person()) {
            // What is met depends on how the subject stands to the tenant, not on which tenant that is.
            let trust = who.home_tenant().map(|home| side.compiled.trust(home).mfa);
            if !known.insert((who.kind.is_external(), who.kind.has_object(), trust)) {
                continue;
            }
            for reached in [
                Reached::Application(ClientId::DIRECTORY),
                Reached::Action(UserAction::RegisterOrJoinDevices),
            ] {
                let ask = Ask { side, who, reached };
                evidences.extend(self.wallet.fullest_without_any(wanted, &ask));
            }
        }
        let evidences: Vec<Evidence> = evidences.into_iter().collect();
        asked.push((key, evidences.clone()));
        evidences
    }

    /// One of these controls is met by somebody with this evidence, as far as device and application do not matter.
    fn shown(
        &mut self,
        at: usize,
        wanted: &[GrantControl],
        brought: Option<&ConditionalAccessPolicy>,
        evidence: Evidence,
    ) -> Lit {
        let mut any = Vec::new();
        for control in wanted {
            let (Some(side), Some(encoded)) = (self.sides.get(at), self.encoded.get_mut(at)) else {
                continue;
            };
            let (space, wallet) = (&mut self.space, &self.wallet);
            any.push(encoded.shown(space, side, wallet, evidence, (control, brought)));
        }
        self.space.circuit.any(any)
    }

    /// One of the controls that the device or the application meets is there, and of somebody of whom it counts: an approved
    /// application of a guest is none (specification 5.5).
    fn surroundings(&mut self, at: usize, wanted: &[GrantControl]) -> Lit {
        let whole = self.wallet.whole();
        let mut any = Vec::new();
        for control in wanted {
            let counts = self.shown(at, std::slice::from_ref(control), None, whole);
            let Some(encoded) = self.encoded.get(at) else {
                continue;
            };
            let has = encoded.has(&mut self.space, control);
            any.push(self.space.circuit.all([counts, has]));
        }
        self.space.circuit.any(any)
    }

    /// What was found, confirmed by the engine.
    pub(crate) fn confirmed(
        &self,
        at: usize,
        lacking: &Lacking,
        found: &Found,
    ) -> Result<Witness, Disagreement> {
        let side = self.sides.get(at);
        let lacks = |facts: &SignIn, origin: SupposedOrigin| {
            let demanding = lacking.demanding.as_ref().map(|[reaching, registering]| {
                // There a policy about all resources would not ask for a device at all.
                match facts.user_action {
                    Some(UserAction::RegisterOrJoinDevices) => registering,
                    Some(UserAction::RegisterSecurityInformation) | None => reaching,
                }
            });
            // Policies about people say nothing of applications on their own behalf, which prove nothing.
            matches!(facts.subject, Subject::ServicePrincipal(_))
                || !demanding.is_some_and(|demanding| demanding.is_met(facts.clone(), origin))
        };
        let claim = Claim {
            is_granted: Some(true),
            lacks: &lacks,
        };
        for (evidence, _) in &lacking.ways {
            let Some(side) = side else { break };
            let reading = Reading::new(&self.space, side, at, &found.point);
            if let Some(witness) = confirm(&reading, &self.wallet, *evidence, &claim) {
                return Ok(witness);
            }
        }
        Err(self.disagreement(at, found, "granted"))
    }

    pub(crate) fn disagreement(&self, at: usize, found: &Found, expected: &str) -> Disagreement {
        let decided = self.sides.get(at).and_then(|side| {
            let reading = Reading::new(&self.space, side, at, &found.point);
            let (mut facts, origin, _) = reading.facts()?;
            let own = side.configuration.organization.id;
            self.wallet.show(self.wallet.whole(), &mut facts, own, own);
            Some(format!("{:?}", crate::witness::decide(side, facts, origin)))
        });
        let at = found.point.values.get(&AxisId::Target);
        Disagreement {
            expected: expected.to_owned(),
            decided: decided.unwrap_or_else(|| "nothing".to_owned()),
            what: format!(
                "{} (target {at:?})",
                self.class(found, &Selection::default())
            ),
        }
    }

    /// A class in words, among the selected sign-ins.
    pub(crate) fn class(&self, found: &Found, selection: &Selection) -> Class {
        let names = Names::new(&self.tenant).with(&self.directory);
        Class::of(&self.space, &names, selection, &found.region)
    }
}

impl Lacking {
    /// Ways of getting in, of which nothing else is claimed.
    pub(crate) fn of(ways: Vec<(Evidence, Lit)>, goal: Lit) -> Self {
        Self {
            ways,
            goal,
            at_most: None,
            demanding: None,
        }
    }

    fn nothing(never: Lit) -> Self {
        Self {
            ways: Vec::new(),
            goal: never,
            at_most: None,
            demanding: None,
        }
    }
}

/// Whether evidence meets it, and not the device or the client application.
pub(crate) const fn is_shown_by_evidence(control: &GrantControl) -> bool {
    match control {
        GrantControl::CompliantDevice
        | GrantControl::DomainJoinedDevice
        | GrantControl::ApprovedApplication
        | GrantControl::CompliantApplication => false,
        GrantControl::Block
        | GrantControl::Mfa
        | GrantControl::AuthenticationStrength(_)
        | GrantControl::PasswordChange
        | GrantControl::RiskRemediation
        | GrantControl::TermsOfUse(_)
        | GrantControl::CustomAuthenticationFactor(_) => true,
    }
}

/// A policy whose export holds a strength that is asked for.
fn brought<'p>(
    policies: &'p [ConditionalAccessPolicy],
    wanted: &[GrantControl],
) -> Option<&'p ConditionalAccessPolicy> {
    let mut policies = policies.iter();
    policies.find(|policy| {
        policy.expanded_strength.is_some()
            && controls(policy).iter().any(|control| {
                matches!(control, GrantControl::AuthenticationStrength(_))
                    && wanted.contains(control)
            })
    })
}
