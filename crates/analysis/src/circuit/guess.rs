//! Guesses an assignment before the solver is asked: it mends the one that was found last until it is what is wanted.
//!
//! Most questions about a single policy have a plain yes, and the solver, which assigns every variable there is, takes twenty
//! times as long to say so. A guess is believed only once every gate it hangs on has been evaluated and every rule holds; where
//! none is found nothing has been said.

use std::collections::HashMap;

use batsat::{Lit, Var};

/// So many times what was broken by mending is mended.
const ROUNDS_MAX: usize = 4;
/// So many literals are made true for one guess.
const STEPS_MAX: usize = 4_000;

/// What a variable is.
#[derive(Debug)]
enum Part {
    /// True or false by itself.
    Free,
    /// One of those of which exactly one holds.
    Choice(usize),
    /// True when all of these are.
    Gate(Vec<Lit>),
    /// Only the solver looks at it.
    Internal,
}

/// A circuit as it was built, and one assignment of its inputs.
#[derive(Debug, Default)]
pub(super) struct Guessing {
    parts: Vec<Part>,
    choices: Vec<Vec<Lit>>,
    rules: Vec<Vec<Lit>>,
    /// Rules that speak of gates; the others are looked at only when one of their inputs changes.
    of_gates: Vec<usize>,
    of_inputs: HashMap<Var, Vec<usize>>,
    inputs: Vec<Var>,
    /// What was found last.
    values: Vec<bool>,
    /// Whether something was found, of which every rule holds.
    is_sound: bool,
    /// What a guess has changed so far, with what it was before.
    changed: Vec<(Var, bool)>,
    wanted: HashMap<Var, bool>,
    /// What gates come to, with the state of `values` that this was worked out in.
    gates: Vec<(u64, bool)>,
    state: u64,
    steps: usize,
}

fn at(variable: Var) -> usize {
    variable.idx() as usize
}

impl Guessing {
    fn part(&mut self, variable: Var, part: Part) {
        while self.parts.len() <= at(variable) {
            self.parts.push(Part::Internal);
            self.gates.push((0, false));
            self.values.push(false);
        }
        if let Some(own) = self.parts.get_mut(at(variable)) {
            *own = part;
        }
    }

    /// A variable that nothing is known of.
    pub(super) fn free(&mut self, variable: Var) {
        self.part(variable, Part::Free);
        self.inputs.push(variable);
    }

    /// A variable that means nothing beside the clauses it helps to write.
    pub(super) fn internal(&mut self, variable: Var) {
        self.part(variable, Part::Internal);
    }

    /// A variable that is true when all of these are.
    pub(super) fn gate(&mut self, variable: Var, inputs: Vec<Lit>) {
        self.part(variable, Part::Gate(inputs));
    }

    /// Free variables of which exactly one holds from now on.
    pub(super) fn choice(&mut self, literals: &[Lit]) {
        for literal in literals {
            self.part(literal.var(), Part::Choice(self.choices.len()));
        }
        self.choices.push(literals.to_vec());
        self.is_sound = false;
    }

    /// From now on one of these holds. What the solver found before need not be so.
    pub(super) fn rule(&mut self, literals: &[Lit]) {
        let number = self.rules.len();
        let is_gate = |one: &Lit| matches!(self.parts.get(at(one.var())), Some(Part::Gate(_)));
        if literals.iter().any(is_gate) {
            self.of_gates.push(number);
        } else {
            for literal in literals {
                self.of_inputs
                    .entry(literal.var())
                    .or_default()
                    .push(number);
            }
        }
        self.rules.push(literals.to_vec());
        self.is_sound = false;
    }

    /// The solver has found something.
    pub(super) fn learn(&mut self, holds: impl Fn(Var) -> bool) {
        self.changed.clear();
        self.state += 1;
        for variable in &self.inputs {
            if let Some(value) = self.values.get_mut(at(*variable)) {
                *value = holds(*variable);
            }
        }
        self.is_sound = true;
    }

    /// What a literal is in what was found last.
    pub(super) fn holds(&mut self, literal: Lit) -> bool {
        let value = match self.parts.get(at(literal.var())) {
            Some(Part::Gate(_)) => self.gate_holds(literal.var()),
            Some(Part::Free | Part::Choice(_)) => self.values.get(at(literal.var())) == Some(&true),
            Some(Part::Internal) | None => false,
        };
        value == literal.sign()
    }

    fn gate_holds(&mut self, gate: Var) -> bool {
        if let Some((state, value)) = self.gates.get(at(gate))
            && *state == self.state
        {
            return *value;
        }
        let Some(Part::Gate(inputs)) = self.parts.get_mut(at(gate)) else {
            return false;
        };
        let inputs = std::mem::take(inputs);
        let value = inputs.iter().all(|input| self.holds(*input));
        if let Some(Part::Gate(own)) = self.parts.get_mut(at(gate)) {
            *own = inputs;
        }
        if let Some(known) = self.gates.get_mut(at(gate)) {
            *known = (self.state, value);
        }
        value
    }

    /// Whether an assignment is found in which all of these hold, and every rule.
    pub(super) fn finds(&mut self, wanted: &[Lit]) -> bool {
        if !self.is_sound {
            return false;
        }
        self.changed.clear();
        self.wanted.clear();
        self.steps = 0;
        let is_found = self.mend(wanted);
        if !is_found {
            self.take_back();
        }
        is_found
    }

    fn mend(&mut self, wanted: &[Lit]) -> bool {
        for one in wanted {
            if self.wanted.insert(one.var(), one.sign()) == Some(!one.sign()) {
                return false;
            }
        }
        for _ in 0..ROUNDS_MAX {
            if !wanted.iter().all(|one| self.make(*one)) {
                return false;
            }
            let broken = self.broken();
            if broken.is_empty() && wanted.iter().all(|one| self.holds(*one)) {
                return true;
            }
            for number in broken {
                if !self.keep(number) {
                    return false;
                }
            }
        }
        false
    }

    /// Back to what was found before.
    fn take_back(&mut self) {
        for (variable, before) in self.changed.drain(..).rev() {
            if let Some(value) = self.values.get_mut(at(variable)) {
                *value = before;
            }
        }
        self.state += 1;
    }

    /// Rules that do not hold.
    fn broken(&mut self) -> Vec<usize> {
        let touched = self.changed.iter();
        let touched = touched.filter_map(|(variable, _)| self.of_inputs.get(variable));
        let mut looked_at: Vec<usize> = touched.flatten().copied().collect();
        looked_at.sort_unstable();
        looked_at.dedup();
        looked_at.extend(&self.of_gates);
        looked_at.retain(|number| {
            let rule = self.rules.get_mut(*number).map(std::mem::take);
            let rule = rule.unwrap_or_default();
            let is_kept = rule.iter().any(|one| self.holds(*one));
            if let Some(own) = self.rules.get_mut(*number) {
                *own = rule;
            }
            !is_kept
        });
        looked_at
    }

    /// Makes a rule hold. What follows stands last in most of them.
    fn keep(&mut self, number: usize) -> bool {
        let rule = self.rules.get(number).cloned().unwrap_or_default();
        rule.iter().any(|one| self.holds(*one)) || rule.iter().rev().any(|one| self.make(*one))
    }

    /// Makes a literal true; whether that worked, as far as it was looked at.
    fn make(&mut self, literal: Lit) -> bool {
        if self.holds(literal) {
            return true;
        }
        let variable = literal.var();
        self.steps += 1;
        if self.steps > STEPS_MAX || self.wanted.get(&variable) == Some(&!literal.sign()) {
            return false;
        }
        match self.parts.get(at(variable)) {
            Some(Part::Free) => {
                self.set(variable, literal.sign());
                true
            }
            Some(Part::Choice(number)) => {
                let all = self.choices.get(*number).cloned().unwrap_or_default();
                self.choose(&all, literal)
            }
            Some(Part::Gate(inputs)) => {
                let inputs = inputs.clone();
                if literal.sign() {
                    inputs.iter().all(|one| self.make(*one))
                } else {
                    inputs.iter().any(|one| self.make(!*one))
                }
            }
            Some(Part::Internal) | None => false,
        }
    }

    /// Chooses this, or anything but this.
    fn choose(&mut self, all: &[Lit], literal: Lit) -> bool {
        let held = all.iter().copied().find(|one| self.holds(*one));
        let is_fixed = |held: Lit| self.wanted.get(&held.var()) == Some(&true);
        if held.is_some_and(is_fixed) {
            return false;
        }
        let chosen = if literal.sign() {
            Some(literal)
        } else {
            let mut others = all.iter().copied().filter(|one| *one != !literal);
            others.find(|one| self.wanted.get(&one.var()) != Some(&false))
        };
        let Some(chosen) = chosen else {
            return false;
        };
        if let Some(held) = held {
            self.set(held.var(), false);
        }
        self.set(chosen.var(), true);
        true
    }

    fn set(&mut self, variable: Var, value: bool) {
        if let Some(own) = self.values.get_mut(at(variable)) {
            self.changed.push((variable, *own));
            *own = value;
        }
        self.state += 1;
    }
}
