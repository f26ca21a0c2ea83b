//! Sign-ins that reach several resources at once (specification 4.3): they are asked for what each of them demands, so that the
//! questions need no more than one resource at a time, and no gap and no change hides behind two.

use std::collections::BTreeSet;

use portcullis_model::id::ClientId;
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::decision::{Outcome, SessionDecision};
use portcullis_policy::facts::SignIn;
use portcullis_policy::hypothesis::Hypothesis;

use super::dice::Dice;
use super::differences::{change, told};
use super::edits::{earlier, later};
use super::locate::locate;
use super::sign_ins::{Drawn, prove, sign_in};
use super::worlds::{AZURE_PORTAL, EXCHANGE, OWN, id};
use crate::analysis::Analysis;
use crate::circuit::Answer;
use crate::difference::{Change, Sought};
use crate::evidence::Evidence;
use crate::gap::Without;
use crate::grant::demanding_any;

const WORLDS: u64 = 30;

#[derive(Debug, Default)]
struct Tally {
    several: usize,
    granted: usize,
    gaps: usize,
    changed: usize,
    sessions: usize,
}

/// The same sign-in to other resources.
fn reaching(drawn: &Drawn, audiences: &BTreeSet<ClientId>) -> Drawn {
    let mut other = drawn.clone();
    other.facts.audiences.clone_from(audiences);
    other
}

/// Two or three resources, the directory among them as it is when a request for another one asks for baseline scopes too.
fn several(dice: &mut Dice) -> BTreeSet<ClientId> {
    let all = [0xa1, 0xa2, 0xa3, 0xa4, 0xaf, EXCHANGE, AZURE_PORTAL];
    let mut all: Vec<ClientId> = all.iter().map(|number| id(*number)).collect();
    all.push(ClientId::DIRECTORY);
    dice.several(2, 3, &all).into_iter().collect()
}

fn decide(tenant: &CompiledTenant, drawn: &Drawn, facts: &SignIn) -> (bool, SessionDecision) {
    let supposed = Hypothesis::new(tenant, facts.clone(), drawn.origin).decide(tenant);
    let is_granted = *supposed.outcome() == Outcome::Granted;
    (is_granted, supposed.session_controls())
}

fn shown(analysis: &Analysis, drawn: &Drawn, evidence: Evidence) -> SignIn {
    let mut facts = drawn.facts.clone();
    if drawn.kind.is_person() {
        let home = id(drawn.home.unwrap_or(OWN));
        analysis.wallet.show(evidence, &mut facts, id(OWN), home);
    }
    facts
}

/// Whether the circuit has it that one of these holds of one of the resources by itself.
fn some_single(analysis: &mut Analysis, drawn: &Drawn, goal: batsat::Lit) -> bool {
    let audiences = drawn.facts.audiences.clone();
    audiences.into_iter().any(|one| {
        let single = reaching(drawn, &BTreeSet::from([one]));
        let mut assumed = locate(analysis, &single);
        assumed.push(goal);
        analysis.space.circuit.solve(&assumed) == Answer::Yes
    })
}

/// Whoever gets in to several without MFA gets in to each of them without it.
fn look_for_gap(
    dice: &mut Dice,
    analysis: &mut Analysis,
    (tenant, drawn): (&CompiledTenant, &Drawn),
    tally: &mut Tally,
) {
    let Without::Controls(mfa) = Without::mfa() else {
        panic!("MFA is a control");
    };
    let facts = prove(dice, drawn);
    let [demanding, _] = demanding_any(&analysis.sides[0], &mfa, None);
    if !decide(tenant, drawn, &facts).0 || demanding.is_met(facts, drawn.origin) {
        return;
    }
    tally.gaps += 1;
    let goal = analysis.lacking(0, &Without::mfa()).goal;
    for one in &drawn.facts.audiences {
        let single = reaching(drawn, &BTreeSet::from([*one]));
        assert!(some_single(analysis, &single, goal), "{one} of {drawn:#?}");
    }
}

fn is_looked_for(sought: &Sought, granted: [bool; 2]) -> bool {
    sought.expected == granted && !matches!(sought.change, Change::Session(_))
}

fn check(seed: u64, tally: &mut Tally) {
    let mut dice = Dice::new(seed);
    let world = earlier(&mut dice);
    let (after, _) = later(&mut dice, &world);
    let mut analysis = change(&world, &after);
    let tenants = [0, 1].map(|at: usize| analysis.sides[at].compiled.clone());
    let sought = analysis.sought();
    for _ in 0..40 {
        let drawn = sign_in(&mut dice, &world, &[]);
        // Whom the settings let cross to all of them is asked elsewhere.
        if drawn.facts.user_action.is_some() || drawn.kind.is_external() {
            continue;
        }
        let drawn = reaching(&drawn, &several(&mut dice));
        tally.several += usize::from(drawn.facts.audiences.len() > 1);
        look_for_gap(&mut dice, &mut analysis, (&tenants[0], &drawn), tally);
        let count = analysis.wallet.all.len();
        for percent in [10, 30, 100] {
            let some = (0..count).filter(|_| dice.chance(percent));
            let evidence = some.fold(Evidence::NONE.with(0), Evidence::with);
            let facts = shown(&analysis, &drawn, evidence);
            let decided = [0, 1].map(|at: usize| decide(&tenants[at], &drawn, &facts));
            let granted = [decided[0].0, decided[1].0];
            tally.granted += usize::from(granted[0]);
            let each = drawn.facts.audiences.iter().map(|one| {
                let single = reaching(&drawn, &BTreeSet::from([*one]));
                decide(&tenants[0], &single, &shown(&analysis, &single, evidence)).0
            });
            assert_eq!(each.min(), Some(granted[0]), "seed {seed}: {drawn:#?}");
            if granted[0] != granted[1] {
                tally.changed += 1;
                let ways = sought.iter().filter(|one| is_looked_for(one, granted));
                let ways = ways.flat_map(|one| one.ways.iter().map(|(_, way)| *way));
                let goal = analysis.space.circuit.any(ways);
                assert!(
                    some_single(&mut analysis, &drawn, goal),
                    "seed {seed}: {drawn:#?}"
                );
            }
            let [before, after] = [&decided[0].1, &decided[1].1].map(told);
            if granted == [true, true] && before != after {
                tally.sessions += 1;
                let ways = sought.iter().filter(|one| one.expected == [true, true]);
                let ways = ways.flat_map(|one| one.ways.iter().map(|(_, way)| *way));
                let goal = analysis.space.circuit.any(ways);
                assert!(
                    some_single(&mut analysis, &drawn, goal),
                    "seed {seed}: {drawn:#?}"
                );
            }
        }
    }
}

#[test]
fn several_resources_at_once_are_asked_for_what_each_demands_and_hide_nothing() {
    let mut tally = Tally::default();
    for seed in 0..WORLDS {
        check(seed, &mut tally);
    }
    assert!(tally.several > 300 && tally.granted > 200, "{tally:?}");
    assert!(
        tally.gaps > 30 && tally.changed > 30 && tally.sessions > 30,
        "{tally:?}"
    );
}
