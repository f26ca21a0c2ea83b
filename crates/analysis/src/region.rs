//! Classes of sign-ins: for each dimension the values that are in it. Found from one sign-in by leaving out whatever it does
//! not take to prove that the answer holds.

use std::collections::{BTreeMap, BTreeSet};

use batsat::Lit;

use crate::circuit::Answer;
use crate::space::{AxisId, Space, Switch};

/// One sign-in, as a value of each axis and each switch.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    pub(crate) values: BTreeMap<AxisId, usize>,
    pub(crate) switches: Vec<bool>,
}

/// A class: what is not mentioned may be anything that makes sense.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Region {
    /// The values that are in it.
    pub(crate) axes: BTreeMap<AxisId, BTreeSet<usize>>,
    /// What must be true or false.
    pub(crate) switches: BTreeMap<Switch, bool>,
}

/// A class and a sign-in in it.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) region: Region,
    pub(crate) point: Point,
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Findings {
    pub(crate) found: Vec<Found>,
    /// Whether every sign-in that answers the question is in one of them.
    pub(crate) end: End,
}

/// Why no more was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// There is no more.
    Complete,
    /// As many as were asked for; there is more.
    Limit,
    /// The solver gave up: there may be more.
    Unknown,
}

/// What is asked: is there a sign-in with all of these?
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// What makes a sign-in an answer.
    pub(crate) goal: Lit,
    /// Among which sign-ins; the classes do not repeat it.
    pub(crate) among: Vec<Lit>,
}

impl Space {
    /// Whether there is a sign-in that answers the question, and one that is as plain as possible.
    pub(crate) fn find(&mut self, question: &Question) -> (Answer, Option<Point>) {
        self.find_apart(question, &[])
    }

    fn find_apart(&mut self, question: &Question, apart: &[Lit]) -> (Answer, Option<Point>) {
        let mut assumed: Vec<Lit> = question.among.clone();
        assumed.push(question.goal);
        assumed.push(self.populated);
        assumed.extend(apart);
        match self.circuit.solve(&assumed) {
            Answer::Yes => {}
            answer => return (answer, None),
        }
        // Nobody is in a group or has a role unless it takes that.
        let mut plain = self.plain();
        let memberships = self.groups.values().chain(self.roles.values());
        plain.extend(memberships.map(|one| !*one));
        if !self.are_possible(&mut assumed, &plain) {
            return (Answer::Unknown, None);
        }
        (Answer::Yes, Some(self.point()))
    }

    /// Assumes as many of these as can hold together, the first ones rather than the last. False when the solver gives up.
    fn are_possible(&mut self, assumed: &mut Vec<Lit>, wanted: &[Lit]) -> bool {
        let mut rest = wanted;
        while !rest.is_empty() {
            let before = assumed.len();
            let mut tried = rest;
            loop {
                assumed.extend(tried);
                match self.circuit.possible(assumed) {
                    Answer::Yes => break,
                    Answer::No => {}
                    Answer::Unknown => return false,
                }
                assumed.truncate(before);
                // What contradicts ends here: the last of it cannot hold if the ones before it do.
                let mut last = tried.iter();
                let Some(last) = last.rposition(|one| self.circuit.needed(*one)) else {
                    return false;
                };
                (tried, _) = tried.split_at(last);
            }
            rest = rest.get(tried.len() + 1..).unwrap_or_default();
        }
        true
    }

    /// What was found last.
    pub(crate) fn point(&mut self) -> Point {
        let mut values = BTreeMap::new();
        for axis in AxisId::ALL {
            let literals = self.literals(axis).to_vec();
            let at = literals.iter().position(|one| self.circuit.found(*one));
            values.extend(at.map(|at| (axis, at)));
        }
        let switches = self.switches.iter();
        let switches = switches.map(|(_, literal)| self.circuit.found(*literal));
        Point {
            switches: switches.collect(),
            values,
        }
    }

    /// The classes of sign-ins that answer the question, at most so many.
    pub(crate) fn classes(&mut self, question: &Question, limit: usize) -> Findings {
        let apart = self.circuit.free();
        let mut found = Vec::new();
        loop {
            let (answer, point) = self.find_apart(question, &[apart]);
            let end = match answer {
                Answer::Yes if found.len() >= limit => Some(End::Limit),
                Answer::Yes => None,
                Answer::No => Some(End::Complete),
                Answer::Unknown => Some(End::Unknown),
            };
            if let Some(end) = end {
                return Findings { found, end };
            }
            let Some(point) = point else {
                let end = End::Unknown;
                return Findings { found, end };
            };
            let Some(mut region) = self.widen(question, &point) else {
                let end = End::Unknown;
                return Findings { found, end };
            };
            let outside = self.outside(&region);
            self.inhabit(question, &mut region, &outside);
            self.circuit.require(outside.into_iter().chain([!apart]));
            found.push(Found { region, point });
        }
    }

    /// Leaves out kinds of subjects of whom nobody is in the class: of them everything would be true. Whom the directory lists does
    /// not matter, since classes speak of whoever may come.
    fn inhabit(&mut self, question: &Question, region: &mut Region, outside: &[Lit]) {
        let mut inside = question.among.clone();
        inside.push(question.goal);
        inside.extend(outside.iter().map(|one| !*one));
        let within = region.axes.get(&AxisId::Who);
        let all = self.whos.literals.clone();
        let mut somebody = BTreeSet::new();
        for (at, literal) in all.iter().enumerate() {
            if within.is_some_and(|within| !within.contains(&at)) {
                continue;
            }
            inside.push(*literal);
            if self.circuit.solve(&inside) != Answer::No {
                somebody.insert(at);
            }
            inside.pop();
        }
        if somebody.len() < all.len() {
            region.axes.insert(AxisId::Who, somebody);
        }
    }

    /// The widest class around a sign-in in which everything answers the question; `None` when the solver gives up.
    pub(crate) fn widen(&mut self, question: &Question, point: &Point) -> Option<Region> {
        let mut bounds = self.bounds(point);
        let mut fixed = question.among.clone();
        fixed.push(!question.goal);
        bounds = self.needed(&fixed, bounds)?;
        let mut at = 0;
        while at < bounds.len() {
            let mut fewer = bounds.clone();
            fewer.remove(at);
            match self.needed(&fixed, fewer) {
                // What comes before has been tried and stays.
                Some(still) => bounds = keep_order(&bounds, &still),
                None => at += 1,
            }
        }
        Some(self.region(&bounds))
    }

    /// Those of the bounds that it takes to rule everything else out; `None` where they do not.
    fn needed(&mut self, fixed: &[Lit], bounds: Vec<Lit>) -> Option<Vec<Lit>> {
        let mut assumed = fixed.to_vec();
        assumed.extend(&bounds);
        match self.circuit.solve(&assumed) {
            Answer::No => {}
            Answer::Yes | Answer::Unknown => return None,
        }
        let needed = bounds.into_iter();
        Some(needed.filter(|bound| self.circuit.needed(*bound)).collect())
    }

    /// Everything that holds this sign-in in place, the least telling first: those are given up first.
    fn bounds(&self, point: &Point) -> Vec<Lit> {
        let switches = &self.switches;
        let mut bounds: Vec<Lit> = Vec::new();
        let held = switches.iter().zip(&point.switches);
        let (people, others): (Vec<_>, Vec<_>) =
            held.partition(|((switch, _), _)| matches!(switch, Switch::Group(_) | Switch::Role(_)));
        let literal = |((_, literal), holds): (&(Switch, Lit), &bool)| {
            if *holds { *literal } else { !*literal }
        };
        bounds.extend(others.into_iter().map(|(one, holds)| literal((one, holds))));
        for axis in AxisId::ALL.into_iter().rev() {
            let literals = self.literals(axis).iter().enumerate();
            let value = point.values.get(&axis);
            let others = literals.filter(|(at, _)| Some(at) != value);
            bounds.extend(others.map(|(_, literal)| !*literal));
        }
        bounds.extend(people.into_iter().map(|(one, holds)| literal((one, holds))));
        bounds
    }

    fn region(&self, bounds: &[Lit]) -> Region {
        let bounds: BTreeSet<Lit> = bounds.iter().copied().collect();
        let mut region = Region::default();
        for axis in AxisId::ALL {
            let literals = self.literals(axis);
            let inside = literals.iter().enumerate();
            let inside: BTreeSet<usize> = inside
                .filter(|(_, literal)| !bounds.contains(&!**literal))
                .map(|(at, _)| at)
                .collect();
            if inside.len() < literals.len() {
                region.axes.insert(axis, inside);
            }
        }
        for (switch, literal) in &self.switches {
            if bounds.contains(literal) {
                region.switches.insert(switch.clone(), true);
            } else if bounds.contains(&!*literal) {
                region.switches.insert(switch.clone(), false);
            }
        }
        region
    }

    /// Literals of which one holds of whatever is not in the class.
    fn outside(&self, region: &Region) -> Vec<Lit> {
        let mut outside = Vec::new();
        for (axis, inside) in &region.axes {
            let literals = self.literals(*axis).iter().enumerate();
            let others = literals.filter(|(at, _)| !inside.contains(at));
            outside.extend(others.map(|(_, literal)| *literal));
        }
        for (switch, literal) in &self.switches {
            match region.switches.get(switch) {
                Some(true) => outside.push(!*literal),
                Some(false) => outside.push(*literal),
                None => {}
            }
        }
        outside
    }
}

/// Those that are still there, in the order they had.
fn keep_order(all: &[Lit], still: &[Lit]) -> Vec<Lit> {
    let still: BTreeSet<Lit> = still.iter().copied().collect();
    all.iter()
        .copied()
        .filter(|one| still.contains(one))
        .collect()
}
