//! The map of a tenant: for each kind of subject and each application what is demanded of every such sign-in, by proof.

mod cell;
mod columns;
mod demands;
mod rows;
mod trust;

use batsat::Lit;
use portcullis_model::conditional_access::PolicyState;
use portcullis_model::id::{PolicyId, TenantId};
use portcullis_policy::cross_tenant::Trust;

use crate::analysis::Analysis;
use crate::lint::{Administrators, Finding};
use crate::told::Names;
use crate::witness::{Disagreement, Witness};

use cell::Ladder;

/// What a tenant demands of whom, where.
#[derive(Debug, Clone)]
pub struct Map {
    /// Who signs in.
    pub rows: Vec<Row>,
    /// What is reached.
    pub columns: Vec<Column>,
    /// One cell for each row and column: of each row one for each column.
    pub cells: Vec<Vec<Cell>>,
    /// Kinds of subjects that cannot be, or reach nothing, by name: they have no row.
    pub absent: Vec<String>,
    /// Every policy of the tenant, those too that do not count.
    pub policies: Vec<PolicyTold>,
    /// What holds between this tenant and others; the last one is any tenant without an entry.
    pub neighbours: Vec<Neighbour>,
    /// What is wrong, the worst first.
    pub findings: Vec<Finding>,
}

/// Some subjects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What they are called.
    pub name: String,
    /// Who is meant exactly, in a sentence without a full stop.
    pub note: String,
    /// Under which heading they stand.
    pub section: Section,
}

/// Headings of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// The tenant's own people.
    Members,
    /// People of whom a policy speaks by group.
    Groups,
    /// Guests and external users, by type.
    External,
    /// External users, by home.
    Homes,
    /// People whom some policy leaves out.
    Exceptions,
    /// Applications on their own behalf.
    Workloads,
}

impl Section {
    /// The heading.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Members => "Members",
            Self::Groups => "Members of groups that policies name",
            Self::External => "Guests and external users, by type",
            Self::Homes => "Guests and external users, by home",
            Self::Exceptions => "Left out of policies by name, group or role",
            Self::Workloads => "Applications on their own behalf",
        }
    }
}

/// Applications that no policy tells apart, or an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What it is called, in a few words.
    pub name: String,
    /// All that is in it, by name.
    pub members: Vec<String>,
    /// Whether it also stands for every application that nobody names.
    pub is_rest: bool,
    /// Whether it is what users do to their own account, and no application.
    pub is_action: bool,
}

/// What holds of every sign-in of a row to a column, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// There is no such sign-in.
    Nobody,
    /// The cross-tenant access settings let nobody through.
    CannotCome,
    /// Nobody gets in, whatever they show.
    Blocked,
    /// Nobody gets in without phishing-resistant MFA.
    PhishingResistantMfa,
    /// Nobody gets in without MFA.
    Mfa,
    /// Nobody gets in without a device that is compliant or hybrid joined.
    ManagedDevice,
    /// Nobody gets in without MFA or such a device.
    MfaOrManagedDevice,
    /// Some policy that demands something applies to each.
    Something,
    /// Somebody gets in of whom nothing is demanded.
    SometimesNothing,
    /// No policy that demands anything applies to any.
    Nothing,
    /// The solver gave up: nobody knows, and nothing says that it is safe.
    Unknown,
}

impl Level {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Nobody,
        Self::CannotCome,
        Self::Blocked,
        Self::PhishingResistantMfa,
        Self::Mfa,
        Self::ManagedDevice,
        Self::MfaOrManagedDevice,
        Self::Something,
        Self::SometimesNothing,
        Self::Nothing,
        Self::Unknown,
    ];

    /// The word for it, for machines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::CannotCome => "cannotCome",
            Self::Blocked => "blocked",
            Self::PhishingResistantMfa => "phishingResistantMfa",
            Self::Mfa => "mfa",
            Self::ManagedDevice => "managedDevice",
            Self::MfaOrManagedDevice => "mfaOrManagedDevice",
            Self::Something => "something",
            Self::SometimesNothing => "sometimesNothing",
            Self::Nothing => "nothing",
            Self::Unknown => "unknown",
        }
    }
}

/// One kind of subject and what it reaches.
#[derive(Debug, Clone)]
pub struct Cell {
    /// The strongest statement that holds.
    pub level: Level,
    /// A managed device is demanded beside what `level` says.
    pub managed_device_too: bool,
    /// Whether something stronger could hold, which the solver did not find out.
    pub may_be_stronger: bool,
    /// The weakest way in that was found, and what it does without.
    pub way_in: Option<WayIn>,
    /// The policies that apply to some such sign-in.
    pub policies: Vec<Applying>,
}

/// A sign-in that shows why nothing stronger holds.
#[derive(Debug, Clone)]
pub struct WayIn {
    /// Without what.
    pub without: Lacks,
    /// The sign-in; the engine has confirmed it.
    pub witness: Witness,
}

/// What a way in does without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacks {
    /// Any policy that demands something.
    AnyDemand,
    /// MFA and a managed device.
    MfaAndManagedDevice,
    /// MFA.
    Mfa,
    /// Phishing-resistant MFA.
    PhishingResistantMfa,
    /// Nothing: it shows what it takes.
    Nothing,
}

impl Lacks {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::AnyDemand => "gets in with no policy demanding anything",
            Self::MfaAndManagedDevice => "gets in without MFA and without a managed device",
            Self::Mfa => "gets in without MFA",
            Self::PhishingResistantMfa => "gets in with MFA that can be phished",
            Self::Nothing => "gets in with no more than it takes",
        }
    }
}

/// A policy that applies in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applying {
    /// Which.
    pub policy: PolicyId,
    /// To every sign-in of the cell, or to some.
    pub is_always: bool,
}

/// A policy, told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyTold {
    /// Its id.
    pub id: PolicyId,
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: PolicyState,
    /// Whether the map counts it.
    pub is_counted: bool,
    /// What it demands, in words without a full stop.
    pub demands: String,
    /// What it says of the session, likewise.
    pub session: Vec<&'static str>,
    /// Why it cannot be evaluated, if it cannot.
    pub defect: Option<String>,
    /// In so many cells it applies to some sign-in.
    pub cells: usize,
    /// In so many of them to every sign-in.
    pub always: usize,
}

/// What holds between this tenant and another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// Which; `None` is any tenant without an entry.
    pub tenant: Option<TenantId>,
    /// Its name.
    pub name: String,
    /// Whether it administers this tenant by delegation.
    pub is_service_provider: bool,
    /// Its users, by B2B collaboration.
    pub collaboration_in: Gate,
    /// This tenant's users there.
    pub collaboration_out: Gate,
    /// Its users, by B2B direct connect.
    pub direct_connect_in: Gate,
    /// This tenant's users there.
    pub direct_connect_out: Gate,
    /// Which of its claims count here.
    pub trust: Trust,
}

/// Who is let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// Everybody, to everything.
    Open,
    /// Some, in words.
    Partly(String),
    /// Nobody, with the reason where it is not the setting itself.
    Shut(Option<&'static str>),
}

/// What a policy demands that demands nothing.
const NO_DEMAND: &str = "nothing";

/// Told as the map is made: so many cells are done, of so many.
pub type Progress<'p> = &'p mut dyn FnMut(usize, usize);

impl Analysis {
    /// The map. Administrators must have been of [`Interest`](crate::selection::Interest) when the analysis was built.
    pub fn map(
        &mut self,
        administrators: &Administrators,
        progress: Progress<'_>,
    ) -> Result<Map, Disagreement> {
        let populations = self.populations(administrators);
        let columns = self.columns();
        let ladder = self.ladder();
        let total = populations.len() * columns.len();
        let mut map = Map {
            rows: Vec::new(),
            columns: columns.iter().map(|(_, column)| column.clone()).collect(),
            cells: Vec::new(),
            absent: Vec::new(),
            policies: self.policies_told(),
            neighbours: self.neighbours(),
            findings: Vec::new(),
        };
        let mut done = 0;
        for (row, selection) in populations {
            let among = self.select(&selection);
            let mut cells = Vec::with_capacity(columns.len());
            for (target, _) in &columns {
                cells.push(self.cell(&among, *target, &ladder)?);
                done += 1;
                progress(done, total);
            }
            map.put(row, cells);
        }
        map.count_policies();
        map.findings = self.lint(administrators)?;
        Ok(map)
    }

    fn ladder(&mut self) -> Ladder {
        Ladder::new(self)
    }

    /// What the tenant calls things.
    fn names(&self) -> Names<'_> {
        Names::new(&self.tenant).with(&self.directory)
    }

    /// Of each policy that counts: it applies.
    fn scopes(&self) -> Vec<(PolicyId, Lit)> {
        let (Some(side), Some(encoded)) = (self.sides.first(), self.encoded.first()) else {
            return Vec::new();
        };
        let policies = side.policies().iter().map(|policy| policy.id);
        policies.zip(encoded.scopes.iter().copied()).collect()
    }
}

impl PolicyTold {
    /// Whether it says something of the session only.
    pub fn demands_nothing(&self) -> bool {
        self.defect.is_none() && self.demands == NO_DEMAND
    }
}

impl Map {
    /// Puts a row, unless nobody is in it or comes to any application: no other tenant is crossed for an action, and so it says
    /// nothing of who comes.
    fn put(&mut self, row: Row, cells: Vec<Cell>) {
        let cells_to = self.columns.iter().zip(&cells);
        let mut levels = cells_to
            .filter(|(column, _)| !column.is_action)
            .map(|(_, cell)| cell.level);
        if levels.all(|level| matches!(level, Level::Nobody | Level::CannotCome)) {
            self.absent.push(row.name);
            return;
        }
        self.rows.push(row);
        self.cells.push(cells);
    }

    fn count_policies(&mut self) {
        for applying in self.cells.iter().flatten().flat_map(|cell| &cell.policies) {
            let mut policies = self.policies.iter_mut();
            if let Some(policy) = policies.find(|policy| policy.id == applying.policy) {
                policy.cells += 1;
                policy.always += usize::from(applying.is_always);
            }
        }
    }

    /// How many cells come to each level; levels without a cell are left out.
    pub fn totals(&self) -> Vec<(Level, usize)> {
        let cells = || self.cells.iter().flatten();
        Level::ALL
            .into_iter()
            .map(|level| (level, cells().filter(|cell| cell.level == level).count()))
            .filter(|(_, count)| *count > 0)
            .collect()
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        None => String::new(),
        Some(first) => first.to_uppercase().chain(letters).collect(),
    }
}

/// Of what nobody named enough of its id to know it again; `None` of what has a name.
fn brief(what: &str, name: &str) -> Option<String> {
    name.parse::<uuid::Uuid>().ok()?;
    let first: String = name.chars().take(8).collect();
    let last: String = name.chars().skip(32).collect();
    Some(format!("{what} {first}…{last}"))
}
