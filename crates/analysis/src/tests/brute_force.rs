//! Small spaces enumerated whole: a gap is found exactly where there is one, and a class holds gaps only, all of them, and is
//! as wide as it can be.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::conditional_access::signal::{
    InsiderRiskLevels, RiskLevels, TransferMethods,
};
use portcullis_model::conditional_access::{DeviceCondition, GrantControl, LocationCondition};
use portcullis_model::device::DeviceTrustType;
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::decision::Outcome;
use portcullis_policy::facts::{SignIn, Subject};
use portcullis_policy::hypothesis::{Hypothesis, SupposedOrigin};

use super::dice::Dice;
use super::enumerate::{Active, points};
use super::selections::{is_selected, selection};
use super::worlds::{World, id, world};
use crate::analysis::Analysis;
use crate::evidence::{Ask, Evidence};
use crate::gap::{Without, is_shown_by_evidence};
use crate::grant::demanding_any;
use crate::probe::Demanding;
use crate::region::{End, Point, Question, Region};
use crate::selection::{Interest, Selection};
use crate::space::AxisId;
use crate::target::Reached;
use crate::who::Who;
use crate::witness::Reading;

/// How many worlds a normal run draws. A long proof is this test with thousands of them, in a release build.
const WORLDS: u64 = 30;
const POINTS_MOST: usize = 3_000;
const CLASSES_MOST: usize = 400;

fn withouts() -> Vec<Without> {
    vec![
        Without::mfa(),
        Without::strength(id(2)),
        Without::strength(id(3)),
        Without::phishing_resistant_mfa(),
        Without::strength(id(0x61)),
        Without::strength(id(0x64)),
        Without::Controls(vec![GrantControl::CompliantDevice]),
        Without::managed_device(),
        Without::Controls(vec![GrantControl::Mfa, GrantControl::CompliantDevice]),
        Without::Controls(vec![GrantControl::ApprovedApplication]),
        Without::Controls(vec![GrantControl::TermsOfUse(id(0x71))]),
        Without::Controls(vec![GrantControl::PasswordChange]),
        Without::AnyPolicy,
    ]
}

/// A world of few policies with few conditions, and without the places that none of them names.
pub(super) fn tiny(dice: &mut Dice) -> World {
    let mut world = world(dice, 3);
    let policies = &mut world.configuration.conditional_access_policies;
    let mut named = BTreeSet::new();
    let mut names_trusted = false;
    for policy in policies {
        let conditions = &mut policy.conditions;
        let dropped = dice.below(8);
        for number in 0..8 {
            // All but one or two of the circumstances go.
            if number == dropped || dice.chance(25) {
                continue;
            }
            match number {
                0 => conditions.client_app_types = None,
                1 => conditions.platforms = None,
                2 => conditions.locations = None,
                3 => conditions.sign_in_risk_levels = RiskLevels::default(),
                4 => conditions.user_risk_levels = RiskLevels::default(),
                5 => conditions.insider_risk_levels = InsiderRiskLevels::default(),
                6 => conditions.transfer_methods = TransferMethods::default(),
                _ => conditions.devices = None,
            }
        }
        if matches!(&conditions.devices, Some(DeviceCondition::Filter(filter)) if filter.rule.expression.to_string().len() > 90)
        {
            conditions.devices = None;
        }
        let locations = conditions.locations.iter();
        for one in locations.flat_map(|one| one.include.iter().chain(&one.exclude)) {
            match one {
                LocationCondition::NamedLocation(id) => {
                    named.insert(*id);
                }
                LocationCondition::AllTrusted => names_trusted = true,
                LocationCondition::All => {}
            }
        }
    }
    let configuration = &mut world.configuration;
    configuration
        .named_locations
        .retain(|one| named.contains(&one.id) || (names_trusted && one.is_trusted()));
    let partners = &mut configuration.cross_tenant_access_policy.partners;
    partners.truncate(1);
    configuration.applications.truncate(2);
    configuration.service_principals.truncate(1);
    world
}

/// What the engine says of the points.
struct Oracle<'a> {
    analysis: &'a Analysis,
    tenant: CompiledTenant,
    without: Without,
    methods: Option<[Demanding; 2]>,
    surroundings: Vec<GrantControl>,
    evidences: BTreeMap<(Who, bool), Vec<Evidence>>,
}

impl<'a> Oracle<'a> {
    fn new(analysis: &'a Analysis, without: &Without) -> Self {
        let side = &analysis.sides[0];
        let (methods, surroundings): (Vec<_>, Vec<_>) = match without {
            Without::AnyPolicy => (Vec::new(), Vec::new()),
            Without::Controls(controls) => controls.iter().cloned().partition(is_shown_by_evidence),
        };
        let demanding = (!methods.is_empty()).then(|| demanding_any(side, &methods, None));
        Self {
            analysis,
            tenant: CompiledTenant::compile(&side.configuration),
            without: without.clone(),
            methods: demanding,
            surroundings,
            evidences: BTreeMap::new(),
        }
    }

    /// The fullest evidences of this kind of subject without what is asked for; that they are is proven elsewhere.
    fn evidences(&mut self, who: &Who, registers: bool) -> Vec<Evidence> {
        let wallet = &self.analysis.wallet;
        let Without::Controls(controls) = &self.without else {
            return vec![wallet.whole()];
        };
        if !who.kind.is_person() {
            return vec![wallet.whole()];
        }
        let side = &self.analysis.sides[0];
        let find = || {
            let reached = Reached::Application(portcullis_model::id::ClientId::DIRECTORY);
            let ask = Ask { side, who, reached };
            let named: Vec<_> = controls.iter().map(|control| (control, None)).collect();
            wallet.fullest_without_any(&named, &ask)
        };
        self.evidences
            .entry((*who, registers))
            .or_insert_with(find)
            .clone()
    }

    fn is_gap(&mut self, point: &Point) -> bool {
        let analysis = self.analysis;
        let (space, side) = (&analysis.space, &analysis.sides[0]);
        let reading = Reading::new(space, side, 0, point);
        let (facts, origin, _) = reading.facts().unwrap();
        let who = space.whos.values[point.values[&AxisId::Who]];
        let through = &space.throughs.values[point.values[&AxisId::Through]];
        if let Some(application) = facts.audiences.first()
            && side
                .admitted(&who, *application, through.client(*application))
                .is_none()
        {
            return false;
        }
        let registers = facts.user_action.is_some();
        self.evidences(&who, registers).iter().any(|evidence| {
            let mut facts = facts.clone();
            if who.kind.is_person() {
                let own = side.configuration.organization.id;
                let home = who.home_tenant().unwrap_or(own);
                analysis.wallet.show(*evidence, &mut facts, own, home);
            }
            let supposed =
                Hypothesis::new(&self.tenant, facts.clone(), origin).decide(&self.tenant);
            *supposed.outcome() == Outcome::Granted
                && match &self.without {
                    Without::AnyPolicy => supposed.results().all(|(id, _)| {
                        let mut policies = side.policies().iter();
                        policies.any(|one| one.id == id && one.grant_controls.is_none())
                    }),
                    Without::Controls(_) => self.lacks(&facts, origin, &who),
                }
        })
    }

    fn lacks(&self, facts: &SignIn, origin: SupposedOrigin, who: &Who) -> bool {
        use portcullis_model::conditional_access::{DevicePlatform as P, UserAction};
        if matches!(facts.subject, Subject::ServicePrincipal(_)) {
            return true;
        }
        let is_met = self
            .methods
            .as_ref()
            .is_some_and(|[reaching, registering]| {
                let registers = facts.user_action == Some(UserAction::RegisterOrJoinDevices);
                let demanding = if registers { registering } else { reaching };
                demanding.is_met(facts.clone(), origin)
            });
        let trust = who.home_tenant().map(|home| self.tenant.trust(home));
        let device = facts.device.as_ref();
        let is_there = |control: &GrantControl| match control {
            GrantControl::CompliantDevice => {
                trust.is_none_or(|trust| trust.compliant_device)
                    && device.is_some_and(|device| device.is_compliant)
            }
            GrantControl::DomainJoinedDevice => {
                trust.is_none_or(|trust| trust.hybrid_joined_device)
                    && device.is_some_and(|device| device.trust_type == DeviceTrustType::ServerAd)
            }
            GrantControl::ApprovedApplication => {
                !who.kind.is_external()
                    && facts.client_protection.is_approved
                    && matches!(facts.platform, Some(P::Ios | P::Android))
            }
            other => panic!("{other:?} is not asked for"),
        };
        !is_met && !self.surroundings.iter().any(is_there)
    }
}

pub(super) fn holds(analysis: &Analysis, region: &Region, point: &Point) -> bool {
    let switches = analysis.space.switches.clone();
    let mut switches = switches.iter().zip(&point.switches);
    region
        .axes
        .iter()
        .all(|(axis, inside)| inside.contains(&point.values[axis]))
        && switches
            .all(|((switch, _), holds)| region.switches.get(switch).is_none_or(|its| its == holds))
}

#[derive(Debug, Default)]
struct Tally {
    worlds: usize,
    points: usize,
    gaps: usize,
    classes: usize,
    complete: usize,
    none: usize,
}

fn check(seed: u64, tally: &mut Tally) -> Result<(), String> {
    let mut dice = Dice::new(seed);
    let world = tiny(&mut dice);
    let without = dice.pick(&withouts());
    let selection = selection(&mut dice);
    let mut analysis = world.analysis(&Interest::of([&selection]));
    let asked = match &without {
        Without::AnyPolicy => Vec::new(),
        Without::Controls(controls) => controls.clone(),
    };
    let active = Active::of(analysis.sides[0].policies(), &asked);
    let among = analysis.select(&selection);
    let Some(points) = points(&mut analysis, &among, &active, POINTS_MOST) else {
        return Ok(());
    };
    let question = Question {
        goal: analysis.lacking(0, &without).goal,
        among,
    };
    let findings = analysis.space.classes(&question, CLASSES_MOST);
    tally.worlds += 1;
    tally.points += points.len();
    tally.classes += findings.found.len();
    tally.complete += usize::from(findings.end == End::Complete);
    tally.none += usize::from(findings.found.is_empty());
    let mut oracle = Oracle::new(&analysis, &without);
    let gaps: Vec<bool> = points.iter().map(|point| oracle.is_gap(point)).collect();
    tally.gaps += gaps.iter().filter(|is_gap| **is_gap).count();
    let context = || format!("{without:?}\n{selection:?}\n{}", world.shown());
    if findings.found.is_empty() == gaps.contains(&true) {
        return Err(format!("gaps and classes do not agree\n{}", context()));
    }
    for (point, is_gap) in points.iter().zip(&gaps) {
        selected(&analysis, &selection, point)?;
        let mut regions = findings.found.iter().map(|found| &found.region);
        let is_found = regions.any(|region| holds(&analysis, region, point));
        let is_complete = findings.end == End::Complete;
        if is_found != *is_gap && (is_found || is_complete) {
            return Err(format!(
                "found {is_found}, but a gap {is_gap}: {:#?}\n{}",
                facts(&analysis, point),
                context()
            ));
        }
    }
    for found in &findings.found {
        if !holds(&analysis, &found.region, &found.point) {
            return Err("a class without its own sign-in".to_owned());
        }
        widest(&analysis, &active, &found.region, (&points, &gaps))
            .map_err(|what| format!("{what}\n{}", context()))?;
    }
    let again = analysis.gaps(&without, &selection, CLASSES_MOST);
    let again = again.map_err(|disagreement| format!("{disagreement}\n{}", context()))?;
    let is_doubted = again.end == End::Unknown && analysis.encoded[0].has_doubts();
    let is_same = again.end == findings.end || is_doubted;
    if !is_same || again.gaps.is_empty() != findings.found.is_empty() {
        return Err("asked again, it says something else".to_owned());
    }
    Ok(())
}

fn facts(analysis: &Analysis, point: &Point) -> Option<(SignIn, SupposedOrigin)> {
    let reading = Reading::new(&analysis.space, &analysis.sides[0], 0, point);
    reading.facts().map(|(facts, origin, _)| (facts, origin))
}

fn selected(analysis: &Analysis, selection: &Selection, point: &Point) -> Result<(), String> {
    let who = analysis.space.whos.values[point.values[&AxisId::Who]];
    let (facts, _) = facts(analysis, point).unwrap();
    let located = &analysis.sides[0].configuration.named_locations;
    if is_selected(selection, &who, &facts, located) {
        return Ok(());
    }
    Err(format!("{selection:?} does not select {who:?} {facts:#?}"))
}

/// Without any one of its bounds the class would hold somebody who is no gap.
fn widest(
    analysis: &Analysis,
    active: &Active,
    region: &Region,
    (points, gaps): (&[Point], &[bool]),
) -> Result<(), String> {
    let mut wider: Vec<(String, Region)> = Vec::new();
    for (axis, inside) in &region.axes {
        // Kinds of whom nobody is in the class are left out though they bound nothing.
        let are_kinds = *axis == AxisId::Who;
        if !are_kinds && !active.axes.contains(axis) {
            return Err(format!("bounded by {axis:?}, which nothing looks at"));
        }
        let outside = (0..analysis.space.literals(*axis).len()).filter(|at| !inside.contains(at));
        for at in outside {
            let mut one = region.clone();
            one.axes.get_mut(axis).unwrap().insert(at);
            let mut more = points.iter().filter(|point| point.values[axis] == at);
            if are_kinds && !more.any(|point| holds(analysis, &one, point)) {
                continue;
            }
            wider.push((format!("{axis:?} {at}"), one));
        }
    }
    for switch in region.switches.keys() {
        if !active.switch(switch) {
            return Err(format!("bounded by {switch:?}, which nothing looks at"));
        }
        let mut one = region.clone();
        one.switches.remove(switch);
        wider.push((format!("{switch:?}"), one));
    }
    for (bound, wider) in wider {
        let mut all = points.iter().zip(gaps);
        if all.all(|(point, is_gap)| *is_gap || !holds(analysis, &wider, point)) {
            return Err(format!("{bound} bounds {region:#?} for nothing"));
        }
    }
    Ok(())
}

fn run(seeds: std::ops::Range<u64>) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        if let Err(what) = check(seed, &mut tally) {
            panic!("seed {seed}: {what}");
        }
    }
    tally
}

#[test]
fn classes_are_sound_complete_and_as_wide_as_can_be() {
    let tally = run(0..WORLDS);
    assert!(tally.worlds > 10 && tally.gaps > 1_000, "{tally:?}");
    assert!(tally.complete * 2 > tally.worlds, "{tally:?}");
    assert!(tally.none > 1, "{tally:?}");
}
