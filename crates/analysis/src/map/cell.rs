//! One cell of the map: the strongest statement that no sign-in contradicts, asked from the weakest up.

use batsat::Lit;
use portcullis_model::conditional_access::GrantControl;

use super::{Applying, Cell, Lacks, Level, WayIn};
use crate::analysis::Analysis;
use crate::circuit::Answer;
use crate::gap::{Lacking, Without};
use crate::region::{Found, Question, Region};
use crate::witness::Disagreement;

/// The questions that every cell is asked, built once.
pub(super) struct Ladder {
    granted: Lacking,
    any_demand: Lacking,
    mfa_and_managed_device: Lacking,
    mfa: Lacking,
    managed_device: Lacking,
    phishing_resistant_mfa: Lacking,
}

impl Ladder {
    pub(super) fn new(analysis: &mut Analysis) -> Self {
        let mfa_or_managed_device = Without::Controls(vec![
            GrantControl::Mfa,
            GrantControl::CompliantDevice,
            GrantControl::DomainJoinedDevice,
        ]);
        let whole = analysis.wallet.whole();
        let granted = analysis.granted(0, whole);
        let phishing_resistant = Without::phishing_resistant_mfa();
        let at_most = analysis.leniently(0, |analysis| analysis.granted(0, whole));
        Self {
            granted: Lacking {
                at_most,
                ..Lacking::of(vec![(whole, granted)], granted)
            },
            any_demand: analysis.lacking(0, &Without::AnyPolicy),
            mfa_and_managed_device: analysis.lacking(0, &mfa_or_managed_device),
            mfa: analysis.lacking(0, &Without::mfa()),
            managed_device: analysis.lacking(0, &Without::managed_device()),
            phishing_resistant_mfa: analysis.lacking(0, &phishing_resistant),
        }
    }
}

/// Whether somebody gets in without something.
enum Asked {
    /// Nobody does.
    Never,
    /// Somebody does, like this.
    Yes(Box<WayIn>),
    /// Nobody knows.
    Unknown,
}

impl Analysis {
    /// What holds of every selected sign-in to what this literal stands for.
    pub(super) fn cell(
        &mut self,
        among: &[Lit],
        target: Lit,
        ladder: &Ladder,
    ) -> Result<Cell, Disagreement> {
        let mut among = among.to_vec();
        among.push(target);
        let never = self.space.circuit.never();
        let admitted = self.encoded.first().map_or(never, |side| side.admitted);
        let barriers = [
            (self.space.circuit.always(), Level::Nobody),
            (admitted, Level::CannotCome),
            (ladder.granted.goal, Level::Blocked),
        ];
        for (literal, level) in barriers {
            match self.can_be(&among, literal) {
                Answer::Yes => {}
                Answer::No if level == Level::Blocked && self.could_be(&among, &ladder.granted) => {
                    return Ok(Cell::of(Level::Unknown));
                }
                Answer::No if level == Level::Blocked => {
                    let mut cell = Cell::of(level);
                    cell.policies = self.applying(&among, admitted);
                    return Ok(cell);
                }
                Answer::No => return Ok(Cell::of(level)),
                Answer::Unknown => return Ok(Cell::of(Level::Unknown)),
            }
        }
        let mut cell = self.climb(&among, ladder)?;
        cell.policies = self.applying(&among, admitted);
        let demands = |applying: &Applying| self.demands_something(applying.policy);
        if cell.level == Level::SometimesNothing && !cell.policies.iter().any(demands) {
            cell.level = Level::Nothing;
        }
        Ok(cell)
    }

    fn climb(&mut self, among: &[Lit], ladder: &Ladder) -> Result<Cell, Disagreement> {
        let steps = [
            (
                &ladder.any_demand,
                Lacks::AnyDemand,
                Level::SometimesNothing,
            ),
            (
                &ladder.mfa_and_managed_device,
                Lacks::MfaAndManagedDevice,
                Level::Something,
            ),
        ];
        let mut holds = Level::Unknown;
        for (lacking, lacks, otherwise) in steps {
            match self.ask(among, lacking, lacks)? {
                Asked::Never => holds = stronger(otherwise),
                Asked::Yes(way_in) => return Ok(Cell::with(otherwise, *way_in)),
                Asked::Unknown => return Ok(Cell::unfinished(holds)),
            }
        }
        let managed_device = self.can_be(among, ladder.managed_device.goal);
        let is_managed = managed_device == Answer::No;
        let alone = if is_managed {
            Level::ManagedDevice
        } else {
            holds
        };
        let mut cell = match self.ask(among, &ladder.mfa, Lacks::Mfa)? {
            Asked::Yes(way_in) => Cell::with(alone, *way_in),
            Asked::Unknown => Cell::unfinished(alone),
            Asked::Never => {
                let lacking = &ladder.phishing_resistant_mfa;
                let mut cell = match self.ask(among, lacking, Lacks::PhishingResistantMfa)? {
                    Asked::Yes(way_in) => Cell::with(Level::Mfa, *way_in),
                    Asked::Unknown => Cell::unfinished(Level::Mfa),
                    Asked::Never => self.strongest(among, ladder)?,
                };
                cell.managed_device_too = is_managed;
                cell
            }
        };
        cell.may_be_stronger |= managed_device == Answer::Unknown;
        Ok(cell)
    }

    /// Phishing-resistant MFA always, with a sign-in that shows what it takes.
    fn strongest(&mut self, among: &[Lit], ladder: &Ladder) -> Result<Cell, Disagreement> {
        let level = Level::PhishingResistantMfa;
        Ok(match self.ask(among, &ladder.granted, Lacks::Nothing)? {
            Asked::Yes(way_in) => Cell::with(level, *way_in),
            Asked::Never | Asked::Unknown => Cell::of(level),
        })
    }

    fn ask(
        &mut self,
        among: &[Lit],
        lacking: &Lacking,
        without: Lacks,
    ) -> Result<Asked, Disagreement> {
        let question = Question {
            goal: lacking.goal,
            among: among.to_vec(),
        };
        Ok(match self.space.find(&question) {
            (Answer::No, _) if self.could_be(among, lacking) => Asked::Unknown,
            (Answer::No, _) => Asked::Never,
            (Answer::Yes, Some(point)) => {
                let region = Region::default();
                let witness = self.confirmed(0, lacking, &Found { region, point })?;
                Asked::Yes(Box::new(WayIn { without, witness }))
            }
            (Answer::Yes, None) | (Answer::Unknown, _) => Asked::Unknown,
        })
    }

    /// Policies that cannot be evaluated could let somebody through.
    fn could_be(&mut self, among: &[Lit], lacking: &Lacking) -> bool {
        lacking
            .at_most
            .is_some_and(|at_most| self.can_be(among, at_most) != Answer::No)
    }

    fn can_be(&mut self, among: &[Lit], literal: Lit) -> Answer {
        let mut all = among.to_vec();
        all.push(literal);
        all.push(self.space.populated);
        self.space.circuit.solve(&all)
    }

    /// The policies that apply to some of them, in the tenant's order. Where the solver gives up, a policy is taken to apply to
    /// some: that claims nothing.
    fn applying(&mut self, among: &[Lit], admitted: Lit) -> Vec<Applying> {
        let mut base = among.to_vec();
        base.extend([admitted, self.space.populated]);
        let scopes = self.scopes();
        let mut some = vec![false; scopes.len()];
        let mut all = vec![true; scopes.len()];
        loop {
            let pairs = scopes.iter().zip(&some);
            let rest: Vec<Lit> = pairs
                .filter(|(_, known)| !**known)
                .map(|((_, one), _)| *one)
                .collect();
            let any = self.space.circuit.any(rest);
            if !self.look(&base, any, &scopes, &mut some, &mut all) {
                break;
            }
        }
        for at in 0..scopes.len() {
            let (Some((_, scope)), Some(true), Some(true)) =
                (scopes.get(at), some.get(at), all.get(at))
            else {
                continue;
            };
            let outside = !*scope;
            self.look(&base, outside, &scopes, &mut some, &mut all);
        }
        let told = scopes.iter().zip(some).zip(all);
        told.filter(|((_, some), _)| *some)
            .map(|(((policy, _), _), is_always)| Applying {
                policy: *policy,
                is_always,
            })
            .collect()
    }

    /// Notes of one more sign-in which policies apply to it; whether there was one.
    fn look(
        &mut self,
        base: &[Lit],
        literal: Lit,
        scopes: &[(portcullis_model::id::PolicyId, Lit)],
        some: &mut [bool],
        all: &mut [bool],
    ) -> bool {
        let mut assumed = base.to_vec();
        assumed.push(literal);
        match self.space.circuit.solve(&assumed) {
            Answer::No => return false,
            Answer::Unknown => {
                some.fill(true);
                all.fill(false);
                return false;
            }
            Answer::Yes => {}
        }
        for ((_, scope), (some, all)) in scopes.iter().zip(some.iter_mut().zip(all.iter_mut())) {
            let applies = self.space.circuit.holds(*scope);
            *some |= applies;
            *all &= applies;
        }
        true
    }
}

/// What holds once nobody contradicts what would make it weaker.
const fn stronger(level: Level) -> Level {
    match level {
        Level::SometimesNothing => Level::Something,
        Level::Something => Level::MfaOrManagedDevice,
        Level::Nobody
        | Level::CannotCome
        | Level::Blocked
        | Level::PhishingResistantMfa
        | Level::Mfa
        | Level::ManagedDevice
        | Level::MfaOrManagedDevice
        | Level::Nothing
        | Level::Unknown => level,
    }
}

impl Cell {
    const fn of(level: Level) -> Self {
        Self {
            level,
            managed_device_too: false,
            may_be_stronger: false,
            way_in: None,
            policies: Vec::new(),
        }
    }

    fn with(level: Level, way_in: WayIn) -> Self {
        Self {
            way_in: Some(way_in),
            ..Self::of(level)
        }
    }

    const fn unfinished(level: Level) -> Self {
        let mut cell = Self::of(level);
        cell.may_be_stronger = true;
        cell
    }
}
