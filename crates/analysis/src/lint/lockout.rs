//! Whether an administrator still gets in, and whether one does whatever the circumstances.

use std::collections::{BTreeMap, BTreeSet};

use batsat::Lit;
use portcullis_model::conditional_access::ClientAppType;
use portcullis_model::conditional_access::signal::RiskLevel;
use portcullis_model::id::{ClientId, RoleTemplateId, UserId};
use portcullis_policy::well_known_applications::microsoft_admin_portals;
use portcullis_whatif::directory::{DirectoryTenant, NameOf};
use uuid::{Uuid, uuid};

use super::{Finding, Rule, Whom};
use crate::analysis::Analysis;
use crate::circuit::Answer;
use crate::region::{Found, Question, Region};
use crate::selection::{Interest, Principals, Reaching, Selection};
use crate::target::{Reached, TargetClass};
use crate::told::Names;
use crate::who::SubjectKind;
use crate::witness::{Disagreement, Witness};

/// Global Administrator.
const GLOBAL_ADMINISTRATOR: Uuid = uuid!("62e90394-69f5-4237-9190-012177145e10");
/// Microsoft Graph, by which a directory is administered where policies tell it from the directory.
const GRAPH: ClientId = ClientId::new(uuid!("00000003-0000-0000-c000-000000000000"));

/// So many people are named in a finding.
const NAMED_MAX: usize = 5;

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
        let directory = BTreeSet::from([Reached::Application(ClientId::DIRECTORY)]);
        let administering = self.selection().reaching(Reaching::Any(directory));
        Interest::of([&self.selection(), &administering])
    }

    /// Whether the directory has one whose account is enabled, or is not.
    pub(crate) fn are_in(&self, tenant: &DirectoryTenant, account: Account) -> bool {
        let mut users = tenant.users().iter();
        users.any(|user| {
            let roles = tenant.memberships(user).roles;
            user.account_enabled == (account == Account::Enabled) && !self.roles.is_disjoint(&roles)
        })
    }
}

/// Whether an account can sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Account {
    Enabled,
    Disabled,
}

/// People with roles whom no policy tells apart.
struct Holders {
    literal: Lit,
    names: String,
    rank: Rank,
}

/// Whether somebody is one of those who must be able to repair things, or holds some other role.
enum Rank {
    Administrator,
    Other,
}

/// What somebody reaches of what administering needs.
enum Need {
    /// There is no such sign-in.
    NobodyThere,
    /// All of it.
    AllReached,
    /// Not this.
    Shut(Lit),
    /// The solver gave up.
    Unknown,
}

/// Something that administering needs.
struct Served {
    /// The classes of targets any of which will do.
    served_by: Vec<Lit>,
    /// Whether some policy speaks of it.
    is_told_apart: bool,
}

/// Whether administrators get in.
#[derive(Debug, Clone)]
pub enum Lockout {
    /// At least one reaches all that administering needs; the directory like this.
    Open(Box<Witness>),
    /// Not one, whatever they show, wherever they come from; one who tries what she does not reach.
    LockedOut(Box<Witness>),
    /// The directory lists no administrator whose account is enabled.
    NoAdministrator,
    /// The solver gave up.
    Unknown,
}

impl Analysis {
    /// Whether some administrator gets in to all that administering needs: the directory, and Graph and an admin portal where
    /// policies tell them from other applications; by a browser or an app, under some circumstances.
    pub fn lockout(&mut self, administrators: &Administrators) -> Result<Lockout, Disagreement> {
        // An empty selection would be everybody.
        if administrators.roles.is_empty() {
            return Ok(Lockout::NoAdministrator);
        }
        let among = self.administering(administrators);
        let needs = self.needs();
        let granted = self.granted_to_all(0);
        let (mut shut, mut is_unknown) = (None, false);
        for person in self.people() {
            let mut among = among.clone();
            among.extend(person);
            match self.shut_need(&among, &needs) {
                Need::NobodyThere => {}
                Need::Unknown => is_unknown = true,
                Need::Shut(need) => shut = shut.or(Some((among, need))),
                Need::AllReached => {
                    among.extend(needs.first());
                    let open = self.witnessed(among, granted, true)?;
                    return Ok(open.map_or(Lockout::Unknown, |one| Lockout::Open(Box::new(one))));
                }
            }
        }
        let Some((mut among, need)) = shut.filter(|_| !is_unknown) else {
            return Ok(if is_unknown {
                Lockout::Unknown
            } else {
                Lockout::NoAdministrator
            });
        };
        among.push(need);
        let tries = self.witnessed(among, !granted, false)?;
        Ok(tries.map_or(Lockout::Unknown, |one| Lockout::LockedOut(Box::new(one))))
    }

    /// Whether some administrator gets in if policies are passed over of which it is not known what they say.
    fn may_be_open(&mut self, administrators: &Administrators) -> bool {
        let is_open = self.leniently(0, |analysis| {
            let among = analysis.administering(administrators);
            let needs = analysis.needs();
            analysis.people().into_iter().any(|person| {
                let among: Vec<Lit> = among.iter().copied().chain(person).collect();
                matches!(analysis.shut_need(&among, &needs), Need::AllReached)
            })
        });
        is_open.unwrap_or(false)
    }

    /// Sign-ins of theirs by which they could administer.
    fn administering(&mut self, administrators: &Administrators) -> Vec<Lit> {
        let mut among = self.select(&administrators.selection());
        among.extend(self.somehow());
        among
    }

    /// By a browser or an app, on a device that there can be.
    fn somehow(&mut self) -> Vec<Lit> {
        let modern = self.modern();
        let devices = self.devices_that_there_are();
        std::iter::once(modern).chain(devices).collect()
    }

    /// What administering needs and policies tell apart, each with whatever serves it; the directory first.
    fn needs(&mut self) -> Vec<Lit> {
        let mut told_apart = Vec::new();
        for need in self.each_need() {
            if need.is_told_apart {
                told_apart.push(self.space.circuit.any(need.served_by));
            }
        }
        told_apart
    }

    /// The directory, Graph and a portal. What nobody tells apart is reached as whatever nobody names, so that a portal may be one
    /// that a policy names or another.
    fn each_need(&self) -> [Served; 3] {
        let portals: BTreeSet<ClientId> = microsoft_admin_portals().collect();
        let targets = &self.space.targets;
        let members = targets.values.iter().flat_map(|one| &one.members);
        let named: BTreeSet<ClientId> = members.filter_map(|one| one.application()).collect();
        let needs = [
            BTreeSet::from([ClientId::DIRECTORY]),
            BTreeSet::from([GRAPH]),
            portals,
        ];
        needs.map(|need| {
            let is_elsewhere_too = !need.is_subset(&named);
            let serves = |one: &TargetClass| {
                let mut members = one.members.iter().filter_map(|one| one.application());
                members.any(|one| need.contains(&one)) || one.is_rest && is_elsewhere_too
            };
            let served_by = targets.iter().filter(|(one, _)| serves(one));
            Served {
                served_by: served_by.map(|(_, literal)| literal).collect(),
                is_told_apart: !need.is_disjoint(&named),
            }
        })
    }

    /// Each class of listed people; or anybody, where none are listed.
    fn people(&self) -> Vec<Option<Lit>> {
        if !self.tenant.lists_people() {
            return vec![None];
        }
        let listed = self.space.listed.iter();
        listed.map(|class| Some(class.literal)).collect()
    }

    /// The first need that is never reached in these sign-ins.
    fn shut_need(&mut self, among: &[Lit], needs: &[Lit]) -> Need {
        match self.is_possible(among, Whom::Listed) {
            Answer::Yes => {}
            Answer::No => return Need::NobodyThere,
            Answer::Unknown => return Need::Unknown,
        }
        let granted = self.granted_to_all(0);
        let mut is_unknown = false;
        for need in needs {
            let all: Vec<Lit> = among.iter().copied().chain([*need, granted]).collect();
            match self.is_possible(&all, Whom::Listed) {
                Answer::Yes => {}
                Answer::No => return Need::Shut(*need),
                Answer::Unknown => is_unknown = true,
            }
        }
        if is_unknown {
            Need::Unknown
        } else {
            Need::AllReached
        }
    }

    /// One of these sign-ins, confirmed.
    fn witnessed(
        &mut self,
        among: Vec<Lit>,
        goal: Lit,
        is_granted: bool,
    ) -> Result<Option<Witness>, Disagreement> {
        let (Answer::Yes, Some(point)) = self.space.find(&Question { goal, among }) else {
            return Ok(None);
        };
        let found = Found {
            region: Region::default(),
            point,
        };
        self.confirmed_decided(&found, is_granted).map(Some)
    }

    pub(super) fn lint_lockout(
        &mut self,
        administrators: &Administrators,
        found: &mut Vec<Finding>,
    ) -> Result<(), Disagreement> {
        match self.lockout(administrators)? {
            // Said of those policies already; the tenant that they come from has what an export lacks.
            Lockout::LockedOut(_)
                if !self.tenant.lists_people() && self.may_be_open(administrators) => {}
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
            Lockout::Open(_) => {
                found.extend(self.no_break_glass(administrators)?);
                found.extend(self.administrators_shut_out(administrators)?);
            }
            Lockout::NoAdministrator => {
                found.extend(self.locked_out_if_there_were_one(administrators));
            }
            Lockout::Unknown => {}
        }
        Ok(())
    }

    /// Nobody has the role today; whoever is given it would not get in either.
    fn locked_out_if_there_were_one(&mut self, administrators: &Administrators) -> Option<Finding> {
        self.would_lock_out(administrators).then(|| {
            Finding::general(
                Rule::Lockout,
                format!(
                    "nobody whose account is enabled is a Global Administrator, and whoever became one would not get in{}",
                    self.while_some_are_defective()
                ),
                "exclude an account for emergencies from every policy, and give it the role",
            )
        })
    }

    /// Whether nobody would get in to all that administering needs, whoever were given one of the roles.
    pub(crate) fn would_lock_out(&mut self, administrators: &Administrators) -> bool {
        if administrators.roles.is_empty() {
            return false;
        }
        let among = self.administering(administrators);
        let needs = self.needs();
        let granted = self.granted_to_all(0);
        needs.iter().any(|need| {
            let all: Vec<Lit> = among.iter().copied().chain([*need, granted]).collect();
            self.is_possible(&all, Whom::Anybody) == Answer::No
        })
    }

    /// Listed people with a role who never reach the directory; Global Administrators who never reach all that they need.
    fn administrators_shut_out(
        &mut self,
        administrators: &Administrators,
    ) -> Result<Vec<Finding>, Disagreement> {
        let (needs, somehow) = (self.needs(), self.somehow());
        let granted = self.granted_to_all(0);
        let mut found = Vec::new();
        for holders in self.role_holders(administrators) {
            let mut among = vec![holders.literal];
            among.extend(&somehow);
            let needs = match holders.rank {
                Rank::Administrator => needs.as_slice(),
                Rank::Other => needs.get(..1).unwrap_or_default(),
            };
            let Need::Shut(need) = self.shut_need(&among, needs) else {
                continue;
            };
            let what = if needs.first() == Some(&need) {
                "the directory"
            } else {
                "all that administering needs"
            };
            let mut finding = Finding::general(
                Rule::AdministratorShutOut,
                format!(
                    "by a browser or an app {what} is never reached, whatever is shown, by {}",
                    holders.names
                ),
                "leave them out of the policies that block them, or take the role from them",
            );
            among.push(need);
            finding.witness = self.witnessed(among, !granted, false)?;
            found.push(finding);
        }
        Ok(found)
    }

    /// Classes of listed people, some of whom hold a role.
    fn role_holders(&self, administrators: &Administrators) -> Vec<Holders> {
        let mut roles_of: BTreeMap<UserId, BTreeSet<RoleTemplateId>> = BTreeMap::new();
        for user in self.tenant.users() {
            let roles = self.tenant.memberships(user).roles;
            if !roles.is_empty() {
                roles_of.insert(user.id, roles);
            }
        }
        let with_roles = |user: &UserId, roles: &BTreeSet<RoleTemplateId>| {
            let roles = roles.iter().map(|role| {
                let name = self.tenant.name_of(NameOf::Role, role.uuid());
                name.unwrap_or_else(|| role.to_string())
            });
            format!(
                "{} ({})",
                self.name_of(*user),
                roles.collect::<Vec<_>>().join(", ")
            )
        };
        let mut all = Vec::new();
        for class in &self.space.listed {
            let holders = class.users.iter();
            let holders = holders.filter_map(|user| Some((user, roles_of.get(user)?)));
            let holders: Vec<_> = holders.collect();
            if holders.is_empty() {
                continue;
            }
            let shown = holders.iter().take(NAMED_MAX);
            let mut names: Vec<String> =
                shown.map(|(user, roles)| with_roles(user, roles)).collect();
            let more = holders.len().saturating_sub(NAMED_MAX);
            if more > 0 {
                names.push(format!("{more} more"));
            }
            let is_administrator = !class.roles.is_disjoint(&administrators.roles);
            all.push(Holders {
                literal: class.literal,
                names: names.join(", "),
                rank: if is_administrator {
                    Rank::Administrator
                } else {
                    Rank::Other
                },
            });
        }
        all
    }

    /// An account for emergencies gets in to all that administering needs by a browser from anywhere, on any device, as long as its
    /// own risk is none, with what it holds itself. A guest is none: whether she gets in is up to her own tenant and to the trust in it.
    fn no_break_glass(
        &mut self,
        administrators: &Administrators,
    ) -> Result<Option<Finding>, Disagreement> {
        let selection = administrators.selection();
        let mut among = self.select(&selection);
        among.extend(self.emergency());
        let held = self.wallet.held_by_the_account();
        let granted = self.granted(0, held);
        let needs = self.each_need();
        for candidate in self.candidates(administrators).into_iter().rev() {
            let all: Vec<Lit> = among.iter().chain(&candidate).copied().collect();
            if needs
                .iter()
                .all(|need| self.is_always_served(need, &all, granted))
            {
                return Ok(None);
            }
        }
        let needed: Vec<Lit> = needs.into_iter().flat_map(|one| one.served_by).collect();
        let needed = self.space.circuit.any(needed);
        among.push(needed);
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
                "no administrator's account gets in from everywhere and on every device with what it holds itself: each one is blocked under some circumstances{}",
                self.while_some_are_defective()
            ),
            "keep an account for emergencies that every policy excludes, or that needs no more than its password, its key or its certificate, and watch its sign-ins",
        );
        finding.class = Some(self.class(one, &selection));
        finding.witness = Some(self.confirmed_with(held, one, false)?);
        Ok(Some(finding))
    }

    /// Whether something that serves a need is reached in all of these sign-ins. Nobody who is never there is kept for emergencies.
    fn is_always_served(&mut self, need: &Served, among: &[Lit], granted: Lit) -> bool {
        need.served_by.iter().any(|served_by| {
            let mut all: Vec<Lit> = among.iter().copied().chain([*served_by]).collect();
            let is_there = self.is_possible(&all, Whom::Listed) == Answer::Yes;
            all.push(!granted);
            is_there && self.is_possible(&all, Whom::Listed) == Answer::No
        })
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
