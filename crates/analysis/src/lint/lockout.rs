//! Whether an administrator still gets in, and whether one does whatever the circumstances.

use std::collections::BTreeSet;

use batsat::Lit;
use portcullis_model::conditional_access::ClientAppType;
use portcullis_model::conditional_access::signal::RiskLevel;
use portcullis_model::id::{RoleTemplateId, UserId};
use uuid::{Uuid, uuid};

use super::{Finding, Rule, Whom};
use crate::analysis::Analysis;
use crate::circuit::Answer;
use crate::region::{End, Question};
use crate::selection::{Interest, Principals, Reaching, Selection};
use crate::told::Names;
use crate::who::SubjectKind;
use crate::witness::{Disagreement, Witness};

/// Global Administrator.
const GLOBAL_ADMINISTRATOR: Uuid = uuid!("62e90394-69f5-4237-9190-012177145e10");

/// Who must be able to get in to repair things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Administrators {
    /// Whoever has one of these roles.
    pub roles: BTreeSet<RoleTemplateId>,
}

impl Default for Administrators {
    fn default() -> Self {
        Self {
            roles: BTreeSet::from([RoleTemplateId::new(GLOBAL_ADMINISTRATOR)]),
        }
    }
}

impl Administrators {
    /// Sign-ins of theirs.
    pub fn selection(&self) -> Selection {
        Selection {
            any_of: Principals {
                roles: self.roles.clone(),
                ..Principals::default()
            },
            ..Selection::of_kinds([SubjectKind::Member]).reaching(Reaching::Applications)
        }
    }

    /// What an analysis must tell apart to ask about them.
    pub fn interest(&self) -> Interest {
        Interest::of([&self.selection()])
    }
}

/// Whether administrators get in.
#[derive(Debug, Clone)]
pub enum Lockout {
    /// At least one does, like this.
    Open(Box<Witness>),
    /// Not one, whatever they show, wherever they come from; one who tries.
    LockedOut(Box<Witness>),
    /// The directory lists no administrator.
    NoAdministrator,
    /// The solver gave up.
    Unknown,
}

impl Analysis {
    /// Whether some administrator gets in to some application, under some circumstances.
    pub fn lockout(&mut self, administrators: &Administrators) -> Result<Lockout, Disagreement> {
        let selection = administrators.selection();
        let granted = self.granted_to_all(0);
        let (open, end) = self.decided(granted, true, &selection, 1)?;
        if let Some(one) = open.into_iter().next() {
            return Ok(Lockout::Open(Box::new(one.witness)));
        }
        if end == End::Unknown {
            return Ok(Lockout::Unknown);
        }
        let (shut, end) = self.decided(!granted, false, &selection, 1)?;
        Ok(match shut.into_iter().next() {
            Some(one) => Lockout::LockedOut(Box::new(one.witness)),
            None if end == End::Unknown => Lockout::Unknown,
            None => Lockout::NoAdministrator,
        })
    }

    pub(super) fn lint_lockout(
        &mut self,
        administrators: &Administrators,
        found: &mut Vec<Finding>,
    ) -> Result<(), Disagreement> {
        match self.lockout(administrators)? {
            Lockout::LockedOut(witness) => {
                let mut finding = Finding::general(
                    Rule::Lockout,
                    format!(
                        "no administrator gets in, whatever they show and wherever they come from{}",
                        self.while_some_are_defective()
                    ),
                    "exclude an account for emergencies from every policy",
                );
                finding.witness = Some(*witness);
                found.push(finding);
            }
            Lockout::Open(_) => found.extend(self.no_break_glass(administrators)?),
            Lockout::NoAdministrator | Lockout::Unknown => {}
        }
        Ok(())
    }

    /// An account for emergencies gets in by a browser from anywhere, on any device, as long as its own risk is none, with
    /// whatever it has to show.
    fn no_break_glass(
        &mut self,
        administrators: &Administrators,
    ) -> Result<Option<Finding>, Disagreement> {
        let selection = administrators.selection();
        let mut among = self.select(&selection);
        among.extend(self.emergency());
        let granted = self.granted_to_all(0);
        let mut candidates = self.candidates(administrators);
        while let Some(candidate) = candidates.pop() {
            let mut all = among.clone();
            all.extend(&candidate);
            if self.is_possible(&all, Whom::Listed) != Answer::Yes {
                continue;
            }
            all.push(!granted);
            if self.is_possible(&all, Whom::Listed) == Answer::No {
                return Ok(None);
            }
        }
        let question = Question {
            goal: !granted,
            among,
        };
        let findings = self.space.classes(&question, 1);
        let Some(one) = findings.found.first() else {
            return Ok(None);
        };
        let mut finding = Finding::general(
            Rule::NoBreakGlass,
            format!(
                "no administrator's account gets in from everywhere and on every device: each one is blocked under some circumstances{}",
                self.while_some_are_defective()
            ),
            "keep an account for emergencies that every policy excludes, and watch its sign-ins",
        );
        finding.class = Some(self.class(one, &selection));
        finding.witness = Some(self.confirmed_decided(one, false)?);
        Ok(Some(finding))
    }

    /// The circumstances under which an account for emergencies is used: a browser, nothing transferred, no risk.
    fn emergency(&mut self) -> [Lit; 5] {
        let space = &mut self.space;
        let circuit = &mut space.circuit;
        [
            space
                .clients
                .any(circuit, |one| *one == ClientAppType::Browser),
            space.flows.any(circuit, Option::is_none),
            space
                .sign_in_risks
                .any(circuit, |one| *one == RiskLevel::None),
            space.user_risks.any(circuit, |one| *one == RiskLevel::None),
            space.insider_risks.any(circuit, Option::is_none),
        ]
    }

    /// Policies that cannot be evaluated block too, and may be the only reason.
    fn while_some_are_defective(&self) -> &'static str {
        let side = self.sides.first();
        let mut defective = side
            .into_iter()
            .flat_map(|side| side.compiled.not_evaluable());
        if defective.next().is_some() {
            "; policies that cannot be evaluated block too, so mend those first"
        } else {
            ""
        }
    }

    /// Accounts that could be the one: each listed person, or else somebody whom policies name, or who is in one of their groups,
    /// or in none; an account that is kept for emergencies is in no other group and has no other role.
    fn candidates(&self, administrators: &Administrators) -> Vec<Vec<Lit>> {
        if !self.space.listed.is_empty() {
            let listed = self.space.listed.iter();
            return listed.map(|class| vec![class.literal]).collect();
        }
        let nowhere = |but: Option<Lit>| {
            let groups = self.space.groups.values().copied();
            let others = groups.filter(move |one| Some(*one) != but);
            let roles = self.space.roles.iter();
            let roles = roles.filter(|(id, _)| !administrators.roles.contains(id));
            others.chain(roles.map(|(_, role)| *role)).map(|one| !one)
        };
        let users = self.space.users.literals.iter();
        let users = users.map(|user| nowhere(None).chain([*user]).collect());
        let unnamed = self.space.users.find(Vec::is_empty);
        let groups = self.space.groups.values();
        let groups = groups.map(|group| {
            let only = nowhere(Some(*group)).chain([*group]);
            only.chain(unnamed).collect()
        });
        groups.chain(users).collect()
    }

    /// A person's name.
    pub fn name_of(&self, user: UserId) -> String {
        Names::new(&self.tenant).user(user)
    }
}
