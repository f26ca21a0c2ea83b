//! Two versions of small tenants, every sign-in decided by both: whatever they decide differently is in some class, and every
//! sign-in of a class is decided as the class says.

use std::collections::BTreeSet;

use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_model::credential::{AuthenticationMethod, Factor};
use portcullis_model::id::PolicyId;
use portcullis_model::store::TenantConfiguration;
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::decision::{Outcome, SessionDecision};
use portcullis_policy::facts::SignIn;
use portcullis_policy::hypothesis::{Hypothesis, SupposedOrigin};
use portcullis_whatif::directory::{DirectoryTenant, People};

use super::brute_force::holds;
use super::dice::Dice;
use super::edits::{earlier, is_appearance, later};
use super::enumerate::{Active, points};
use super::worlds::{OWN, World, id};
use crate::analysis::Analysis;
use crate::difference::{Change, ProofPlace, SessionPart, Sought};
use crate::evidence::{Evidence, ProvenAt, Shown};
use crate::region::{End, Found, Point, Question};
use crate::selection::{Interest, Selection};
use crate::space::AxisId;
use crate::who::Who;
use crate::witness::Reading;

/// How many worlds a normal run draws. A long proof is this test with thousands of them, in a release build.
const WORLDS: u64 = 60;
const POINTS_MOST: usize = 5_000;
const CLASSES_MOST: usize = 300;

pub(super) fn change(world: &World, after: &TenantConfiguration) -> Analysis {
    let directory = world.directory();
    let before = directory.tenant(id(OWN)).unwrap();
    let compiled = CompiledTenant::compile(after);
    let after = DirectoryTenant::new(after.clone(), compiled, People::NotListed);
    let interest = Interest::default();
    Analysis::of_change(&directory, before, &after, world.counted, &interest)
}

/// One sign-in as both sides read it: what sort of guest somebody is depends on settings of either.
struct Sides<'a> {
    analysis: &'a Analysis,
    who: Who,
    facts: [(SignIn, SupposedOrigin); 2],
    is_admitted: [bool; 2],
}

impl<'a> Sides<'a> {
    fn new(analysis: &'a Analysis, point: &Point) -> Self {
        let space = &analysis.space;
        let who = space.whos.values[point.values[&AxisId::Who]];
        let facts = [0, 1].map(|at| {
            let reading = Reading::new(space, &analysis.sides[at], at, point);
            let (facts, origin, _) = reading.facts().unwrap();
            (facts, origin)
        });
        let is_admitted = [0, 1].map(|at: usize| {
            let application = facts[at].0.audiences.first();
            let through = &space.throughs.values[point.values[&AxisId::Through]];
            application.is_none_or(|one| {
                let client = through.client(*one);
                let account = analysis.sides[at].admitted(&who, *one, client);
                account.is_some()
            })
        });
        Self {
            analysis,
            who,
            facts,
            is_admitted,
        }
    }

    fn shown(&self, at: usize, evidence: Evidence) -> (SignIn, SupposedOrigin) {
        let (mut facts, origin) = self.facts[at].clone();
        if self.who.kind.is_person() {
            let own = id(OWN);
            let home = self.who.home_tenant().unwrap_or(own);
            self.analysis.wallet.show(evidence, &mut facts, own, home);
        }
        (facts, origin)
    }

    /// Whether each side lets in with this.
    fn granted(&self, evidence: Evidence) -> [bool; 2] {
        [0, 1].map(|at: usize| {
            let tenant = &self.analysis.sides[at].compiled;
            let (facts, origin) = self.shown(at, evidence);
            let supposed = Hypothesis::new(tenant, facts, origin).decide(tenant);
            self.is_admitted[at] && *supposed.outcome() == Outcome::Granted
        })
    }

    fn sessions(&self) -> [Told; 2] {
        [0, 1].map(|at: usize| {
            let tenant = &self.analysis.sides[at].compiled;
            let (facts, origin) = self.shown(at, self.analysis.wallet.whole());
            told(
                &Hypothesis::new(tenant, facts, origin)
                    .decide(tenant)
                    .session_controls(),
            )
        })
    }
}

/// A part of a session in words, whoever says so.
pub(super) type Told = Vec<(SessionPart, String)>;

pub(super) fn told(session: &SessionDecision) -> Told {
    use SessionPart as S;
    let said = |policies: &Vec<PolicyId>| !policies.is_empty();
    let frequency = session.sign_in_frequency.as_ref();
    vec![
        (
            S::SignInFrequency,
            format!("{:?}", frequency.map(|(interval, ..)| interval)),
        ),
        (
            S::SignInFrequencyAuthenticationType,
            format!("{:?}", frequency.map(|(_, renewed, _)| renewed)),
        ),
        (
            S::PersistentBrowser,
            format!("{:?}", session.persistent_browser.as_ref().map(|one| one.0)),
        ),
        (
            S::ApplicationEnforcedRestrictions,
            said(&session.application_enforced_restrictions).to_string(),
        ),
        (
            S::CloudAppSecurity,
            format!("{:?}", session.cloud_app_security.as_ref().map(|one| one.0)),
        ),
        (
            S::SecureSignInSession,
            said(&session.secure_sign_in_session).to_string(),
        ),
        (
            S::DisableResilienceDefaults,
            said(&session.disable_resilience_defaults).to_string(),
        ),
        (
            S::ContinuousAccessEvaluation,
            format!(
                "{:?}",
                session
                    .continuous_access_evaluation
                    .as_ref()
                    .map(|one| one.0)
            ),
        ),
        (
            S::GlobalSecureAccessFilteringProfile,
            format!(
                "{:?}",
                session.global_secure_access_filtering_profiles.keys()
            ),
        ),
    ]
}

/// Little, much and any of what there is to show, each of it in one place or in both.
fn evidences(dice: &mut Dice, analysis: &Analysis) -> Vec<Evidence> {
    let wallet = &analysis.wallet;
    let all = || wallet.all.iter().enumerate();
    let of = |wanted: &dyn Fn(&Shown) -> bool| {
        let some = all().filter(|(_, shown)| wanted(shown));
        some.fold(Evidence::NONE, |so_far, (at, _)| so_far.with(at))
    };
    let is_at = |shown: &Shown, place| matches!(shown, Shown::Proof(_, _, at) if *at == place);
    let password = of(
        &|shown| matches!(shown, Shown::Proof(AuthenticationMethod::Password, _, at) if *at != ProvenAt::Here),
    );
    let mut evidences = vec![
        wallet.whole(),
        password,
        of(&|shown| !is_at(shown, ProvenAt::Here)),
        of(&|shown| {
            !is_at(shown, ProvenAt::Home)
                || matches!(shown, Shown::Proof(AuthenticationMethod::Password, ..))
        }),
    ];
    let count = wallet.all.len();
    for percent in [0, 5, 15, 50, 85] {
        for _ in 0..2 {
            let least = password.with(dice.below(count));
            let some = (0..count).filter(|_| dice.chance(percent));
            evidences.push(some.fold(least, Evidence::with));
        }
        evidences.push(wallet.whole().without(dice.below(count)));
    }
    evidences.retain(|one| wallet.begins(*one));
    evidences
}

#[derive(Debug, Default)]
struct Tally {
    worlds: usize,
    alike: usize,
    points: usize,
    different: usize,
    classes: usize,
    held: usize,
    places: usize,
    sessions: usize,
}

/// What is looked for, and the classes that are found of it.
struct Answer {
    sought: Sought,
    found: Vec<Found>,
}

fn answers(analysis: &mut Analysis) -> Option<Vec<Answer>> {
    let mut answers = Vec::new();
    for sought in analysis.sought() {
        let goal = analysis
            .space
            .circuit
            .any(sought.ways.iter().map(|(_, way)| *way));
        let question = Question {
            goal,
            among: Vec::new(),
        };
        let findings = analysis.space.classes(&question, CLASSES_MOST);
        if findings.end != End::Complete {
            return None;
        }
        answers.push(Answer {
            sought,
            found: findings.found,
        });
    }
    Some(answers)
}

fn check(seed: u64, tally: &mut Tally) -> Result<(), String> {
    let mut dice = Dice::new(seed);
    let world = earlier(&mut dice);
    let (after, edits) = later(&mut dice, &world);
    let mut analysis = change(&world, &after);
    let policies: Vec<ConditionalAccessPolicy> = analysis
        .sides
        .iter()
        .flat_map(|side| side.policies().to_vec())
        .collect();
    let active = Active::of(&policies, &[]);
    let Some(points) = points(&mut analysis, &[], &active, POINTS_MOST) else {
        return Ok(());
    };
    let Some(answers) = answers(&mut analysis) else {
        return Ok(());
    };
    let context = |what: String| {
        let after = World {
            configuration: after.clone(),
            fabrikam: world.fabrikam.clone(),
            counted: world.counted,
        };
        format!(
            "{what}\n{edits:?}\nBEFORE {}\nAFTER {}",
            world.shown(),
            after.shown()
        )
    };
    compare(&mut dice, &analysis, &points, &answers, tally).map_err(context)?;
    let changes = analysis.differences(&Selection::default(), CLASSES_MOST);
    let changes = changes.map_err(|wrong| context(wrong.to_string()))?;
    let of = |answer: &Answer| (!answer.found.is_empty()).then(|| answer.sought.change.clone());
    let told: BTreeSet<Change> = changes.iter().map(|one| one.change.clone()).collect();
    if told != answers.iter().filter_map(of).collect() {
        return Err(context(format!("asked again, it says {told:?}")));
    }
    if is_appearance(&edits) && !told.is_empty() {
        return Err(context(format!("nothing changes, and it says {told:?}")));
    }
    tally.worlds += 1;
    tally.alike += usize::from(told.is_empty() && !is_appearance(&edits));
    tally.points += points.len();
    Ok(())
}

fn compare(
    dice: &mut Dice,
    analysis: &Analysis,
    points: &[Point],
    answers: &[Answer],
    tally: &mut Tally,
) -> Result<(), String> {
    let evidences = evidences(dice, analysis);
    for point in points {
        let sides = Sides::new(analysis, point);
        let within: Vec<&Answer> = answers
            .iter()
            .filter(|answer| {
                let mut regions = answer.found.iter().map(|found| &found.region);
                regions.any(|region| holds(analysis, region, point))
            })
            .collect();
        tally.held += within.len();
        for answer in &within {
            let change = &answer.sought.change;
            if !is_as_said(&sides, answer) {
                return Err(format!("not {change:?}: {:#?}", sides.facts[0]));
            }
            tally.places += usize::from(matches!(
                change,
                Change::CountsNow(..) | Change::CountsNoMore(..)
            ));
            tally.sessions += usize::from(matches!(change, Change::Session(_)));
        }
        let is_told_of =
            |expected: [bool; 2]| within.iter().any(|one| one.sought.expected == expected);
        let decided = evidences.iter().map(|evidence| sides.granted(*evidence));
        let decided: BTreeSet<[bool; 2]> = decided.collect();
        for differing in [[false, true], [true, false]] {
            if !decided.contains(&differing) {
                continue;
            }
            tally.different += 1;
            if !is_told_of(differing) {
                let facts = &sides.facts[0];
                return Err(format!(
                    "decided {differing:?}, and not told of: {facts:#?}"
                ));
            }
        }
        let [before, after] = sides.sessions();
        let is_in = sides.granted(analysis.wallet.whole()) == [true, true];
        if is_in && before != after && !is_told_of([true, true]) {
            return Err(format!(
                "other sessions, and not told of: {before:?} {after:?}"
            ));
        }
    }
    tally.classes += answers
        .iter()
        .map(|answer| answer.found.len())
        .sum::<usize>();
    Ok(())
}

/// Whether the engine decides about a sign-in of a class as the class says.
fn is_as_said(sides: &Sides<'_>, answer: &Answer) -> bool {
    let analysis = sides.analysis;
    let whole = analysis.wallet.whole();
    let some_evidence = |expected: [bool; 2]| {
        let mut ways = answer.sought.ways.iter();
        let proves = ways.any(|(evidence, _)| sides.granted(*evidence) == expected);
        proves && sides.granted(whole) == [true, true]
    };
    let by_place = |place: ProofPlace, expected: [bool; 2]| {
        let is_moved = sides.who.home_tenant().is_some_and(|home| {
            let trusts = [0, 1].map(|at: usize| analysis.sides[at].compiled.trust(home).mfa);
            // The side that lets in is the one that looks there.
            let looks = trusts.map(|trusts| trusts == (place == ProofPlace::Home));
            looks == expected
        });
        let mut ways = answer.sought.ways.iter();
        let proves = ways.any(|(evidence, _)| {
            let there = only_at(analysis, place, *evidence);
            sides.granted(there) == expected
        });
        is_moved && proves && sides.granted(whole) == [true, true]
    };
    match &answer.sought.change {
        Change::LetIn => sides.granted(whole) == [false, true],
        Change::ShutOut => sides.granted(whole) == [true, false],
        Change::NoLongerAsked(_) => some_evidence([false, true]),
        Change::NewlyAsked(_) => some_evidence([true, false]),
        Change::CountsNow(place, _) => by_place(*place, [false, true]),
        Change::CountsNoMore(place, _) => by_place(*place, [true, false]),
        Change::Session(part) => {
            let of = |told: &Told| told.iter().find(|(one, _)| one == part).cloned();
            let [before, after] = sides.sessions();
            of(&before) != of(&after) && sides.granted(whole) == [true, true]
        }
    }
}

/// Of an evidence what is proven there, and what begins a sign-in.
fn only_at(analysis: &Analysis, place: ProofPlace, evidence: Evidence) -> Evidence {
    let stays = |shown: &Shown| match (place, shown) {
        (ProofPlace::Home, Shown::Proof(_, _, at)) => *at != ProvenAt::Here,
        (ProofPlace::Here, Shown::Proof(method, _, at)) => {
            *at != ProvenAt::Home || method.factor() == Factor::First
        }
        _ => true,
    };
    let all = analysis.wallet.shown(evidence);
    let staying = all.filter(|(_, shown)| stays(shown));
    staying.fold(Evidence::NONE, |so_far, (at, _)| so_far.with(at))
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
fn changes_are_sound_and_none_is_missed() {
    let tally = run(0..WORLDS);
    assert!(tally.worlds > 20 && tally.alike > 2, "{tally:?}");
    assert!(tally.different > 1_000 && tally.held > 1_000, "{tally:?}");
    assert!(tally.places > 100 && tally.sessions > 100, "{tally:?}");
}
