//! The guard of a change: whether it breaks what must hold of every sign-in, or locks every administrator out; what was no
//! better before is told apart, so that a tenant can be repaired step by step.

mod declared;
mod former;
mod told;

use portcullis_model::id::PolicyId;
use portcullis_policy::decision::{BlockReason, Outcome};
use portcullis_whatif::directory::{Directory, DirectoryTenant};

use crate::analysis::Analysis;
use crate::gap::Gap;
use crate::invariant::{Invariant, Statement, Verdict};
use crate::lint::{Account, Administrators, Lockout};
use crate::region::{End, Question};
use crate::selection::Interest;
use crate::side::Counted;
use crate::witness::{Disagreement, Witness};

pub use declared::declared;
pub use former::{Former, former};

/// The versions of a tenant in a comparison, the later one first: its people and places are those that are asked about.
const AFTER: usize = 0;
const BEFORE: usize = 1;

/// A tenant before or after a change, among the tenants around it.
#[derive(Clone, Copy)]
pub struct Version<'a> {
    /// Every tenant that is known.
    pub directory: &'a Directory,
    /// The one that changes.
    pub tenant: &'a DirectoryTenant,
}

/// What is wrong with a change.
#[derive(Debug, Clone)]
pub struct Breach {
    /// What is broken.
    pub broken: Broken,
    /// Whether the change is why.
    pub standing: Standing,
}

/// Whether a change is why something is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// There are sign-ins of which it did not hold before it, or nobody knows that there are none.
    Breaks,
    /// It was broken before of every sign-in of which it is broken now.
    BrokenBefore,
}

/// What is broken.
#[derive(Debug, Clone)]
pub enum Broken {
    /// An invariant does not hold of these sign-ins.
    Invariant {
        /// Which one.
        invariant: Invariant,
        /// Classes, each with a witness; of those that the change breaks, if there are some.
        violations: Vec<Gap>,
        /// Whether there are more.
        end: End,
    },
    /// Whether an invariant holds could not be found out.
    Undecided(Invariant),
    /// No administrator gets in, whatever they show; one who tries.
    Lockout(Box<Witness>),
    /// The directory lists people, and no administrator whose account is enabled.
    NoAdministrator,
    /// Nobody is an administrator, and whoever became one would not get in: nobody could take the change back.
    NobodyCouldAdminister,
    /// Whether an administrator gets in could not be found out.
    LockoutUndecided,
}

/// What looking at a change came to.
#[derive(Debug, Clone, Default)]
pub struct Examined {
    /// What is broken.
    pub breaches: Vec<Breach>,
    /// What could not be encoded exactly, in sentences without a full stop: that nothing was found does not cover it.
    pub unknown: Vec<String>,
}

impl Examined {
    /// What the change breaks.
    pub fn broken_by_change(&self) -> impl Iterator<Item = &Breach> {
        let breaches = self.breaches.iter();
        breaches.filter(|breach| breach.standing == Standing::Breaks)
    }
}

/// What a change breaks, and what it leaves broken; of each invariant at most so many classes.
pub fn examine(
    before: Option<Version<'_>>,
    after: Version<'_>,
    invariants: &[Invariant],
    limit: usize,
) -> Result<Examined, Disagreement> {
    let administrators = Administrators::default();
    let selections = invariants.iter().map(|invariant| &invariant.selection);
    let examination = Examination {
        interest: Interest::of(selections).and(administrators.interest()),
        administrators,
        limit,
    };
    let mut analysis = examination.analysis(after);
    let mut broken = Vec::new();
    for invariant in invariants {
        let invariant = invariant.clone();
        match analysis.check(&invariant, limit)? {
            Verdict::Holds | Verdict::Vacuous => {}
            Verdict::Unknown => broken.push(Broken::Undecided(invariant)),
            Verdict::Violated { violations, end } => broken.push(Broken::Invariant {
                invariant,
                violations,
                end,
            }),
        }
    }
    match analysis.lockout(&examination.administrators)? {
        Lockout::Open(_) => {}
        Lockout::NoAdministrator => {
            let are_lost = examination.administrators_are_lost(before, after);
            broken.extend(are_lost.then_some(Broken::NoAdministrator));
            let is_shut = analysis.would_lock_out(&examination.administrators);
            broken.extend(is_shut.then_some(Broken::NobodyCouldAdminister));
        }
        Lockout::LockedOut(witness) => broken.push(Broken::Lockout(witness)),
        Lockout::Unknown => broken.push(Broken::LockoutUndecided),
    }
    let breaches = examination.compared(before, after, broken)?;
    Ok(Examined {
        breaches,
        unknown: analysis.unknown().to_vec(),
    })
}

/// What is looked for.
struct Examination {
    interest: Interest,
    administrators: Administrators,
    limit: usize,
}

impl Examination {
    fn analysis(&self, version: Version<'_>) -> Analysis {
        let Version { directory, tenant } = version;
        Analysis::new(directory, tenant, Counted::Enabled, &self.interest)
    }

    /// Whether nobody is an administrator whose account is enabled though somebody was one, or would be one if it were. A tenant
    /// that never had one loses none.
    fn administrators_are_lost(&self, before: Option<Version<'_>>, after: Version<'_>) -> bool {
        let are_in =
            |version: Version<'_>, account| self.administrators.are_in(version.tenant, account);
        let had_some = before.is_some_and(|before| are_in(before, Account::Enabled));
        !are_in(after, Account::Enabled) && (had_some || are_in(after, Account::Disabled))
    }

    /// What is broken, with whether the change is why.
    fn compared(
        &self,
        before: Option<Version<'_>>,
        after: Version<'_>,
        broken: Vec<Broken>,
    ) -> Result<Vec<Breach>, Disagreement> {
        let Some(before) = before.filter(|_| !broken.is_empty()) else {
            let breaks = |broken| Breach {
                broken,
                standing: Standing::Breaks,
            };
            return Ok(broken.into_iter().map(breaks).collect());
        };
        let mut stored = self.analysis(before);
        let mut both = Analysis::of_change(
            after.directory,
            after.tenant,
            before.tenant,
            Counted::Enabled,
            &self.interest,
        );
        let mut breaches = Vec::new();
        for broken in broken {
            breaches.push(match broken {
                Broken::Invariant {
                    invariant,
                    violations,
                    end,
                } => self.invariant(&mut stored, &mut both, (invariant, violations, end))?,
                Broken::Undecided(invariant) => {
                    let was = stored.check(&invariant, 1)?;
                    Breach {
                        standing: match was {
                            Verdict::Unknown => Standing::BrokenBefore,
                            Verdict::Holds | Verdict::Vacuous | Verdict::Violated { .. } => {
                                Standing::Breaks
                            }
                        },
                        broken: Broken::Undecided(invariant),
                    }
                }
                Broken::NoAdministrator => Breach {
                    broken,
                    standing: if self.administrators.are_in(before.tenant, Account::Enabled) {
                        Standing::Breaks
                    } else {
                        Standing::BrokenBefore
                    },
                },
                Broken::NobodyCouldAdminister => Breach {
                    broken,
                    standing: if stored.would_lock_out(&self.administrators) {
                        Standing::BrokenBefore
                    } else {
                        Standing::Breaks
                    },
                },
                Broken::Lockout(_) | Broken::LockoutUndecided => Breach {
                    broken,
                    standing: match stored.lockout(&self.administrators)? {
                        Lockout::LockedOut(_) => Standing::BrokenBefore,
                        Lockout::Open(_) | Lockout::NoAdministrator | Lockout::Unknown => {
                            Standing::Breaks
                        }
                    },
                },
            });
        }
        Ok(breaches)
    }

    fn invariant(
        &self,
        stored: &mut Analysis,
        both: &mut Analysis,
        (invariant, violations, end): (Invariant, Vec<Gap>, End),
    ) -> Result<Breach, Disagreement> {
        let whole = |invariant, standing| Breach {
            broken: Broken::Invariant {
                invariant,
                violations: violations.clone(),
                end,
            },
            standing,
        };
        match stored.check(&invariant, 1)? {
            Verdict::Violated { .. } => {}
            Verdict::Holds | Verdict::Vacuous | Verdict::Unknown => {
                return Ok(whole(invariant, Standing::Breaks));
            }
        }
        let (newly, newly_end) = both.newly_broken(&invariant, self.limit)?;
        Ok(match (newly.is_empty(), newly_end) {
            (true, End::Complete) => whole(invariant, Standing::BrokenBefore),
            (true, End::Limit | End::Unknown) => whole(invariant, Standing::Breaks),
            (false, end) => Breach {
                broken: Broken::Invariant {
                    invariant,
                    violations: newly,
                    end,
                },
                standing: Standing::Breaks,
            },
        })
    }
}

impl Analysis {
    /// The sign-ins of which an invariant does not hold afterwards, and did before.
    fn newly_broken(
        &mut self,
        invariant: &Invariant,
        limit: usize,
    ) -> Result<(Vec<Gap>, End), Disagreement> {
        let selection = &invariant.selection;
        match &invariant.statement {
            Statement::NeverWithout(without) => {
                let lacking = self.lacking(AFTER, without);
                let before = self.lacking(BEFORE, without).goal;
                let question = Question {
                    goal: self.space.circuit.all([lacking.goal, !before]),
                    among: self.select(selection),
                };
                let findings = self.space.classes(&question, limit);
                let mut gaps = Vec::new();
                for found in &findings.found {
                    gaps.push(Gap {
                        class: self.class(found, selection),
                        witness: self.confirmed(AFTER, &lacking, found)?,
                    });
                }
                Ok((gaps, findings.end))
            }
            Statement::NeverGranted => {
                let (after, before) = (self.granted_to_all(AFTER), self.granted_to_all(BEFORE));
                let goal = self.space.circuit.all([after, !before]);
                self.decided(goal, true, selection, limit)
            }
            Statement::NeverBlocked => {
                let (after, before) = (self.granted_to_all(AFTER), self.granted_to_all(BEFORE));
                let goal = self.space.circuit.all([!after, before]);
                self.decided(goal, false, selection, limit)
            }
        }
    }
}

impl Broken {
    /// Sign-ins that show it.
    pub fn witnesses(&self) -> impl Iterator<Item = &Witness> {
        let (violations, lockout) = match self {
            Self::Invariant { violations, .. } => (violations.as_slice(), None),
            Self::Lockout(witness) => (&[][..], Some(&**witness)),
            Self::Undecided(_)
            | Self::NoAdministrator
            | Self::NobodyCouldAdminister
            | Self::LockoutUndecided => (&[][..], None),
        };
        let of_violations = violations.iter().map(|gap| &gap.witness);
        of_violations.chain(lockout)
    }
}

/// The policies that keep a sign-in out, and whether cross-tenant access settings do before any policy is asked.
fn held_back(outcome: &Outcome) -> (Vec<PolicyId>, bool) {
    match outcome {
        Outcome::Granted => (Vec::new(), false),
        Outcome::Blocked(block) => {
            let is_held = block.reason == BlockReason::NotAdmitted;
            (block.policies.clone(), is_held)
        }
        Outcome::Open(open) => {
            let named = open.iter().flat_map(|one| one.policies.iter().copied());
            (named.collect(), false)
        }
    }
}
