//! Boolean circuits over a SAT solver: literals are built bottom-up, each gate once, and asked about under assumptions.

mod guess;

use std::collections::HashMap;

use batsat::{Callbacks, Lit, Solver, SolverInterface as _, SolverOpts, lbool};

use guess::Guessing;

/// So many clauses may be learnt for one question; then the answer is [`Answer::Unknown`]. Real sets need some hundreds.
const LEARNT_CLAUSES_MAX: u64 = 2_000_000;
/// Up to this many literals every pair is excluded by a clause of its own; longer ones go along a ladder.
const PAIRWISE_MAX: usize = 8;

/// What the solver says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// There is an assignment; [`Circuit::holds`] tells it.
    Yes,
    /// There is none; [`Circuit::needed`] tells which assumptions it took.
    No,
    /// It took too long.
    Unknown,
}

/// Gates and the solver that knows them.
pub(crate) struct Circuit {
    solver: Solver<Budget>,
    always: Lit,
    gates: HashMap<Vec<Lit>, Lit>,
    guessing: Guessing,
}

/// Ends a search by the work it took, not by a clock: the same question has the same answer everywhere.
#[derive(Debug, Default)]
struct Budget {
    learnt: u64,
}

impl Callbacks for Budget {
    fn on_start(&mut self) {
        self.learnt = 0;
    }

    fn on_new_clause(&mut self, _clause: &[Lit], kind: batsat::ClauseKind) {
        if kind == batsat::ClauseKind::Learnt {
            self.learnt += 1;
        }
    }

    fn stop(&self) -> bool {
        self.learnt > LEARNT_CLAUSES_MAX
    }
}

impl Circuit {
    pub(crate) fn new() -> Self {
        let mut solver = Solver::new(SolverOpts::default(), Budget::default());
        let always = Lit::new(solver.new_var_default(), true);
        solver.add_clause_reuse(&mut vec![always]);
        let mut guessing = Guessing::default();
        guessing.gate(always.var(), Vec::new());
        Self {
            solver,
            always,
            gates: HashMap::new(),
            guessing,
        }
    }

    /// A literal that nothing is known of.
    pub(crate) fn free(&mut self) -> Lit {
        let variable = self.solver.new_var_default();
        self.guessing.free(variable);
        Lit::new(variable, true)
    }

    /// The same, false where nothing speaks for it: assignments are read by people, who expect few things to be so.
    pub(crate) fn free_and_rather_false(&mut self) -> Lit {
        let variable = self.solver.new_var(lbool::FALSE, true);
        self.guessing.free(variable);
        Lit::new(variable, true)
    }

    pub(crate) const fn always(&self) -> Lit {
        self.always
    }

    pub(crate) fn never(&self) -> Lit {
        !self.always
    }

    pub(crate) fn constant(&self, value: bool) -> Lit {
        if value { self.always } else { !self.always }
    }

    /// True when all are; of nothing, true.
    pub(crate) fn all(&mut self, literals: impl IntoIterator<Item = Lit>) -> Lit {
        let always = self.always;
        let mut inputs: Vec<Lit> = literals.into_iter().filter(|one| *one != always).collect();
        inputs.sort_unstable();
        inputs.dedup();
        let contradicts = |pair: &[Lit]| matches!(pair, [one, next] if *one == !*next);
        if inputs.contains(&!always) || inputs.windows(2).any(contradicts) {
            return !always;
        }
        match inputs.as_slice() {
            [] => return always,
            [one] => return *one,
            _ => {}
        }
        if let Some(gate) = self.gates.get(&inputs) {
            return *gate;
        }
        let gate = Lit::new(self.solver.new_var_default(), true);
        for input in &inputs {
            self.clause([!gate, *input]);
        }
        self.clause(inputs.iter().map(|input| !*input).chain([gate]));
        self.guessing.gate(gate.var(), inputs.clone());
        self.gates.insert(inputs, gate);
        gate
    }

    /// True when one is; of nothing, false.
    pub(crate) fn any(&mut self, literals: impl IntoIterator<Item = Lit>) -> Lit {
        let none = self.all(literals.into_iter().map(|one| !one));
        !none
    }

    /// True unless the first is and the second is not.
    pub(crate) fn implies(&mut self, one: Lit, other: Lit) -> Lit {
        self.any([!one, other])
    }

    /// True when exactly one of both is.
    pub(crate) fn differ(&mut self, one: Lit, other: Lit) -> Lit {
        let (only_one, only_other) = (self.all([one, !other]), self.all([!one, other]));
        self.any([only_one, only_other])
    }

    /// From now on one of these holds.
    pub(crate) fn require(&mut self, literals: impl IntoIterator<Item = Lit>) {
        let literals: Vec<Lit> = literals.into_iter().collect();
        self.guessing.rule(&literals);
        self.clause(literals);
    }

    fn clause(&mut self, literals: impl IntoIterator<Item = Lit>) {
        let mut clause: Vec<Lit> = literals.into_iter().collect();
        self.solver.add_clause_reuse(&mut clause);
    }

    /// From now on exactly one of these holds, which were free before.
    pub(crate) fn require_exactly_one(&mut self, literals: &[Lit]) {
        self.guessing.choice(literals);
        self.clause(literals.iter().copied());
        if literals.len() <= PAIRWISE_MAX {
            for (at, one) in literals.iter().enumerate() {
                for other in literals.iter().skip(at + 1) {
                    self.clause([!*one, !*other]);
                }
            }
            return;
        }
        // A ladder: `before` says that one of those so far holds.
        let mut before: Option<Lit> = None;
        for one in literals {
            let so_far = Lit::new(self.solver.new_var_default(), true);
            self.guessing.internal(so_far.var());
            self.clause([!*one, so_far]);
            if let Some(before) = before {
                self.clause([!before, so_far]);
                self.clause([!before, !*one]);
            }
            before = Some(so_far);
        }
    }

    /// Whether everything required can hold together with these.
    pub(crate) fn solve(&mut self, assumptions: &[Lit]) -> Answer {
        let answer = self.solver.solve_limited(assumptions);
        if answer == lbool::TRUE {
            let solver = &self.solver;
            self.guessing
                .learn(|variable| solver.value_var(variable) == lbool::TRUE);
            Answer::Yes
        } else if answer == lbool::FALSE {
            Answer::No
        } else {
            Answer::Unknown
        }
    }

    /// The same, faster where the answer is a plain yes. Then [`Circuit::found`] tells what is in the assignment, and
    /// [`Circuit::holds`] does not.
    pub(crate) fn possible(&mut self, assumptions: &[Lit]) -> Answer {
        if self.guessing.finds(assumptions) {
            Answer::Yes
        } else {
            self.solve(assumptions)
        }
    }

    /// What a literal is in what was found last, by the solver or without it.
    pub(crate) fn found(&mut self, literal: Lit) -> bool {
        self.guessing.holds(literal)
    }

    /// What a literal is in the assignment that the solver found last.
    pub(crate) fn holds(&self, literal: Lit) -> bool {
        self.solver.value_lit(literal) == lbool::TRUE
    }

    /// Of the assumptions of the last question those that it took to answer no.
    pub(crate) fn needed(&self, assumption: Lit) -> bool {
        self.solver.unsat_core_contains_lit(assumption)
            || self.solver.unsat_core_contains_lit(!assumption)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::dice::Dice;

    #[test]
    fn gates_are_what_they_say_for_every_assignment() {
        let mut circuit = Circuit::new();
        let (a, b, c) = (circuit.free(), circuit.free(), circuit.free());
        let all = circuit.all([a, b, c, a]);
        let any = circuit.any([a, b, c]);
        let implies = circuit.implies(a, b);
        let differ = circuit.differ(a, b);
        for bits in 0..8u8 {
            let value = |at: u8| bits & (1 << at) != 0;
            let say = |literal: Lit, at: u8| if value(at) { literal } else { !literal };
            let assumptions = [say(a, 0), say(b, 1), say(c, 2)];
            assert_eq!(circuit.solve(&assumptions), Answer::Yes);
            assert_eq!(circuit.holds(all), bits == 7);
            assert_eq!(circuit.holds(any), bits != 0);
            assert_eq!(circuit.holds(implies), !value(0) || value(1));
            assert_eq!(circuit.holds(differ), value(0) != value(1));
        }
    }

    #[test]
    fn constants_fold_and_contradictions_are_never_true() {
        let mut circuit = Circuit::new();
        let (a, always, never) = (circuit.free(), circuit.always(), circuit.never());
        assert_eq!(circuit.all([]), always);
        assert_eq!(circuit.any([]), never);
        assert_eq!(circuit.all([a, always]), a);
        assert_eq!(circuit.all([a, never]), never);
        assert_eq!(circuit.all([a, !a]), never);
        assert_eq!(circuit.any([a, !a]), always);
    }

    #[test]
    fn exactly_one_means_so_for_short_lists_and_long_ones() {
        for count in [1, 2, 3, 20] {
            let mut circuit = Circuit::new();
            let literals: Vec<Lit> = (0..count).map(|_| circuit.free()).collect();
            circuit.require_exactly_one(&literals);
            for (at, one) in literals.iter().enumerate() {
                assert_eq!(circuit.solve(&[*one]), Answer::Yes);
                let held = literals.iter().filter(|one| circuit.holds(**one)).count();
                assert_eq!(held, 1);
                for other in literals.iter().skip(at + 1) {
                    assert_eq!(circuit.solve(&[*one, *other]), Answer::No);
                }
            }
            let none: Vec<Lit> = literals.iter().map(|one| !*one).collect();
            assert_eq!(circuit.solve(&none), Answer::No);
        }
    }

    #[test]
    fn what_is_rather_false_is_false_unless_it_must_be_true() {
        let mut circuit = Circuit::new();
        let rather: Vec<Lit> = (0..50).map(|_| circuit.free_and_rather_false()).collect();
        circuit.require([rather[3], rather[7]]);
        assert_eq!(circuit.solve(&[]), Answer::Yes);
        let held = rather.iter().filter(|one| circuit.holds(**one)).count();
        assert_eq!(held, 1);
    }

    /// Over random circuits: what is guessed holds of the very inputs that were found, as the solver sees it.
    #[test]
    fn a_guess_is_what_the_solver_confirms() {
        let mut dice = Dice::new(7);
        let mut guessed = 0;
        for _ in 0..60 {
            let mut circuit = Circuit::new();
            let inputs: Vec<Lit> = (0..12).map(|_| circuit.free()).collect();
            let (choice, others) = inputs.split_at(6);
            circuit.require_exactly_one(choice);
            let mut all = inputs.clone();
            for _ in 0..20 {
                let some: Vec<Lit> = (0..3).map(|_| sign(&mut dice, &all)).collect();
                all.push(circuit.all(some));
            }
            for _ in 0..3 {
                let rule = [sign(&mut dice, others), sign(&mut dice, &all)];
                circuit.require(rule);
            }
            assert!(!circuit.guessing.finds(&[]), "nothing was found before");
            circuit.solve(&[]);
            for _ in 0..20 {
                let wanted: Vec<Lit> = (0..3).map(|_| sign(&mut dice, &all)).collect();
                if !circuit.guessing.finds(&wanted) {
                    continue;
                }
                guessed += 1;
                let mut point = wanted;
                for one in &inputs {
                    let holds = circuit.found(*one);
                    point.push(if holds { *one } else { !*one });
                }
                assert!(point.iter().all(|one| circuit.found(*one)));
                assert_eq!(circuit.solve(&point), Answer::Yes);
            }
        }
        assert!(guessed > 300, "{guessed}");
    }

    fn sign(dice: &mut Dice, among: &[Lit]) -> Lit {
        let one = among[dice.below(among.len())];
        if dice.below(2) == 0 { one } else { !one }
    }

    #[test]
    fn a_no_names_the_assumptions_it_took() {
        let mut circuit = Circuit::new();
        let (a, b, c) = (circuit.free(), circuit.free(), circuit.free());
        circuit.require([!a, !b]);
        assert_eq!(circuit.solve(&[c, a, b]), Answer::No);
        assert!(circuit.needed(a) && circuit.needed(b) && !circuit.needed(c));
        assert_eq!(circuit.solve(&[c, a]), Answer::Yes);
    }
}
