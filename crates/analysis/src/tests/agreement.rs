//! Symbolic is concrete: at random sign-ins the circuit is forced to exactly what the engine decides, and whoever gets a token
//! without something is found where the circuit says so.

use std::collections::BTreeSet;

use batsat::Lit;
use portcullis_model::conditional_access::{ClientAppType, GrantControl, UserAction};
use portcullis_model::id::{ServicePrincipalId, TenantId};
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::decision::Outcome;
use portcullis_policy::facts::{Proof, SignIn};
use portcullis_policy::hypothesis::Hypothesis;

use super::dice::Dice;
use super::locate::locate;
use super::selections::{is_selected, loosened, selection};
use super::sign_ins::{Drawn, prove, sign_in};
use super::worlds::{OWN, World, id, world};
use crate::analysis::Analysis;
use crate::circuit::Answer;
use crate::evidence::{Evidence, Shown};
use crate::gap::{Without, is_shown_by_evidence};
use crate::selection::Interest;
use crate::who::SubjectKind;

/// How many worlds a normal run draws. A long proof is this test with thousands of them, in a release build.
const WORLDS: u64 = 40;

/// What was looked at, so that a test that looks at nothing is seen.
#[derive(Debug, Default)]
struct Tally {
    points: usize,
    granted: usize,
    elsewhere: usize,
    lacking: usize,
    selected: usize,
}

/// Forced to this at the point.
fn forced(analysis: &mut Analysis, point: &[Lit], literal: Lit) -> Result<bool, String> {
    let mut ask = |literal: Lit| {
        let mut assumed = point.to_vec();
        assumed.push(literal);
        analysis.space.circuit.solve(&assumed)
    };
    match (ask(literal), ask(!literal)) {
        (Answer::Yes, Answer::No) => Ok(true),
        (Answer::No, Answer::Yes) => Ok(false),
        (Answer::No, Answer::No) => Err("no such sign-in in the space".to_owned()),
        (one, other) => Err(format!("not told apart: {one:?}, {other:?}")),
    }
}

fn principals(analysis: &Analysis) -> Vec<ServicePrincipalId> {
    let all = analysis.sides[0].configuration.service_principals.iter();
    all.map(|principal| principal.id).collect()
}

/// What the engine says of somebody who shows this.
fn is_granted(tenant: &CompiledTenant, drawn: &Drawn, facts: &SignIn) -> bool {
    let supposed = Hypothesis::new(tenant, facts.clone(), drawn.origin).decide(tenant);
    *supposed.outcome() == Outcome::Granted
}

/// The evidence, spelled out once more.
fn show(analysis: &Analysis, evidence: Evidence, drawn: &Drawn) -> SignIn {
    let mut facts = drawn.facts.clone();
    if drawn.kind == SubjectKind::WorkloadIdentity {
        return facts;
    }
    let home: TenantId = id(drawn.home.unwrap_or(OWN));
    analysis.wallet.show(evidence, &mut facts, id(OWN), home);
    for (at, shown) in analysis.wallet.all.iter().enumerate() {
        let Shown::Proof(method, authenticator, _) = shown else {
            continue;
        };
        for tenant in BTreeSet::from([home, id(OWN)]) {
            let is_it = |proof: &&Proof| {
                let its = (&proof.method, &proof.authenticator);
                proof.tenant == tenant && its == (method, authenticator)
            };
            let count = facts.proofs.iter().filter(is_it).count();
            assert_eq!(count, usize::from(evidence.has(at)));
        }
    }
    facts
}

/// The whole wallet, everything but one thing, a first factor alone, and any of it.
fn evidences(dice: &mut Dice, analysis: &Analysis) -> Vec<Evidence> {
    let count = analysis.wallet.all.len();
    let whole = analysis.wallet.whole();
    let mut evidences = vec![
        whole,
        whole.without(dice.below(count)),
        Evidence::NONE.with(0),
    ];
    for percent in [15, 40, 75] {
        let some = (0..count).filter(|_| dice.chance(percent));
        evidences.push(some.fold(Evidence::NONE, Evidence::with));
    }
    evidences
}

fn withouts() -> Vec<Without> {
    let strengths =
        [2u128, 3, 4, 0x61, 0x62, 0x63, 0x64].map(|number| Without::strength(id(number)));
    let mut all = vec![
        Without::mfa(),
        Without::AnyPolicy,
        Without::managed_device(),
        Without::Controls(vec![GrantControl::CompliantDevice]),
        Without::Controls(vec![GrantControl::Mfa, GrantControl::DomainJoinedDevice]),
        Without::Controls(vec![GrantControl::TermsOfUse(id(0x71))]),
        Without::Controls(vec![GrantControl::PasswordChange, GrantControl::Mfa]),
        Without::Controls(vec![GrantControl::RiskRemediation]),
        Without::Controls(vec![
            GrantControl::CustomAuthenticationFactor("first".to_owned()),
            GrantControl::CompliantDevice,
        ]),
        Without::Controls(vec![
            GrantControl::ApprovedApplication,
            GrantControl::CompliantApplication,
        ]),
    ];
    all.extend(strengths);
    all
}

/// One world, so many sign-ins.
fn compare(seed: u64, points: usize, tally: &mut Tally) {
    let mut dice = Dice::new(seed);
    let drawn_world = world(&mut dice, 6);
    if let Err(what) = compare_in(&mut dice, &drawn_world, points, tally) {
        let (least, what) = shrink(seed, drawn_world, what);
        panic!("seed {seed}: {what}\nin\n{}", least.shown());
    }
}

/// Takes policies away as long as something is still wrong.
fn shrink(seed: u64, mut world: World, mut what: String) -> (World, String) {
    let mut at = 0;
    while at < world.configuration.conditional_access_policies.len() {
        let taken = world.configuration.conditional_access_policies.remove(at);
        let again = compare_in(&mut Dice::new(seed), &world, 300, &mut Tally::default());
        match again {
            Err(still) => what = still,
            Ok(()) => {
                let policies = &mut world.configuration.conditional_access_policies;
                policies.insert(at, taken);
                at += 1;
            }
        }
    }
    (world, what)
}

fn compare_in(
    dice: &mut Dice,
    world: &World,
    points: usize,
    tally: &mut Tally,
) -> Result<(), String> {
    let mut analysis = world.analysis(&Interest::default());
    let tenant = CompiledTenant::compile(&analysis.sides[0].configuration);
    let principals = principals(&analysis);
    let evidences = evidences(dice, &analysis);
    let withouts = withouts();
    let without = dice.pick(&withouts);
    let mut lacking = Lacks::new(&mut analysis, &without);
    let selected = selection(dice);
    let selected = loosened(dice, selected);
    let mut interested = world.analysis(&Interest::of([&selected]));
    let among = interested.select(&selected);
    let among = interested.space.circuit.all(among);
    let literals: Vec<Lit> = evidences
        .iter()
        .map(|evidence| analysis.granted(0, *evidence))
        .collect();
    for _ in 0..points {
        let drawn = sign_in(dice, world, &principals);
        let point = locate(&analysis, &drawn);
        // One of them is asked both ways; the others follow from the point as that one does.
        let sample = literals[dice.below(literals.len())];
        forced(&mut analysis, &point, sample).map_err(|what| format!("{what}\n{drawn:#?}"))?;
        assert_eq!(analysis.space.circuit.solve(&point), Answer::Yes);
        let found: Vec<bool> = literals
            .iter()
            .map(|literal| analysis.space.circuit.holds(*literal))
            .collect();
        for (evidence, found) in evidences.iter().zip(found) {
            if drawn.kind.is_person() && !analysis.wallet.begins(*evidence) {
                continue;
            }
            tally.points += 1;
            tally.granted += usize::from(found);
            if !drawn.is_admitted {
                // Another account of that kind may be let in.
                tally.elsewhere += 1;
                continue;
            }
            let facts = show(&analysis, *evidence, &drawn);
            let decided = is_granted(&tenant, &drawn, &facts);
            if found != decided {
                let scopes = scopes(&mut analysis, &point);
                return Err(format!(
                    "the circuit says {found}, the engine {decided}\nscopes {scopes:?}\n{drawn:#?}\n{evidence:?}"
                ));
            }
        }
        lacking.compare(dice, &mut analysis, (&tenant, &drawn, &point), tally)?;
        let point = locate(&interested, &drawn);
        let who = interested.space.whos.literals.iter();
        let at = who.clone().position(|literal| point.contains(literal));
        let who = interested.space.whos.values[at.unwrap()];
        let located = &world.configuration.named_locations;
        let is_selected = is_selected(&selected, &who, &drawn.facts, located);
        tally.selected += usize::from(is_selected);
        if forced(&mut interested, &point, among)? != is_selected {
            return Err(format!("selected {is_selected}: {selected:?}\n{drawn:#?}"));
        }
    }
    Ok(())
}

fn scopes(analysis: &mut Analysis, point: &[Lit]) -> Vec<Result<bool, String>> {
    let scopes = analysis.encoded[0].scopes.clone();
    let forced = |literal| forced(analysis, point, literal);
    scopes.into_iter().map(forced).collect()
}

/// A question, and whether the engine says that something is lacked.
struct Lacks {
    goal: Lit,
    whole: Lit,
    without: Without,
    demanding: Option<[crate::probe::Demanding; 2]>,
}

impl Lacks {
    fn new(analysis: &mut Analysis, without: &Without) -> Self {
        let goal = analysis.lacking(0, without).goal;
        let whole = analysis.wallet.whole();
        let whole = analysis.granted(0, whole);
        let demanding = match without {
            Without::AnyPolicy => None,
            Without::Controls(controls) => {
                let side = &analysis.sides[0];
                Some(crate::grant::demanding_any(side, controls, None))
            }
        };
        Self {
            goal,
            whole,
            without: without.clone(),
            demanding,
        }
    }

    /// Whoever gets in without it, whatever they proved, is somebody that the circuit knows of.
    fn compare(
        &mut self,
        dice: &mut Dice,
        analysis: &mut Analysis,
        (tenant, drawn, point): (&CompiledTenant, &Drawn, &[Lit]),
        tally: &mut Tally,
    ) -> Result<(), String> {
        let facts = prove(dice, drawn);
        if !drawn.is_admitted || !is_granted(tenant, drawn, &facts) {
            return Ok(());
        }
        if !forced(analysis, point, self.whole)? {
            return Err(format!(
                "somebody gets in, and would not with everything there is to show\n{facts:#?}"
            ));
        }
        let lacks = match &self.demanding {
            Some([reaching, registering]) => {
                let registers = facts.user_action == Some(UserAction::RegisterOrJoinDevices);
                let demanding = if registers { registering } else { reaching };
                !demanding.is_met(facts.clone(), drawn.origin)
            }
            None => {
                let supposed = Hypothesis::new(tenant, facts.clone(), drawn.origin).decide(tenant);
                let demanding = |id| {
                    let mut policies = analysis.sides[0].policies().iter();
                    policies.any(|policy| policy.id == id && policy.grant_controls.is_some())
                };
                let mut results = supposed.results();
                !results.any(|(id, _)| demanding(id))
            }
        };
        // A device that is compliant is that even where nothing of it is shown (a flow by code, a legacy client).
        let shows_device = facts.transfer_method.is_none()
            && matches!(
                facts.client_app_type,
                ClientAppType::Browser | ClientAppType::MobileAppsAndDesktopClients
            );
        if !lacks || !(shows_device || is_about_methods(&self.without)) {
            return Ok(());
        }
        tally.lacking += 1;
        if forced(analysis, point, self.goal)? {
            return Ok(());
        }
        let supposed = Hypothesis::new(tenant, facts.clone(), drawn.origin).decide(tenant);
        Err(format!(
            "{:?}: somebody gets in without it and is not found\nkind {:?} of {:?}\n{facts:#?}\n{:?}",
            self.without,
            drawn.kind,
            drawn.home,
            supposed.results().collect::<Vec<_>>()
        ))
    }
}

fn is_about_methods(without: &Without) -> bool {
    match without {
        Without::AnyPolicy => true,
        Without::Controls(controls) => controls.iter().all(is_shown_by_evidence),
    }
}

fn run(seeds: std::ops::Range<u64>, points: usize) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        compare(seed, points, &mut tally);
    }
    tally
}

#[test]
fn the_circuit_says_of_random_sign_ins_what_the_engine_decides() {
    let tally = run(0..WORLDS, 60);
    assert!(tally.points > 10_000, "{tally:?}");
    assert!(tally.granted * 6 > tally.points, "{tally:?}");
    assert!(tally.lacking > 100, "{tally:?}");
    assert!(tally.selected > 50, "{tally:?}");
}
