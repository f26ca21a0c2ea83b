//! Past sign-ins decided again: whom another set of policies would have blocked, asked or let in.
//!
//! A [`Replayer`] is made once, of the policies before and after, and may be shared between threads. It takes rows of a log one
//! by one ([`Replayer::decide`]) and says of each what would differ; a [`Tally`](tally::Tally) counts, and tallies merge. Both
//! sides are decided by the same engine over the same facts, so that differences come from policies and not from what the log
//! leaves out. Where the answer hangs on something that the row does not say, it is "cannot say", never a guess.
//!
//! How that is known: whatever is missing is supposed twice, once so that least is asked (conditions kept out, proofs given),
//! once so that most is. Adding policies or taking proofs away never opens a door, so everything else lies between the two. A
//! category is certain where both agree and what the differing policies say of the sign-in does not hang on anything missing.

mod asked;
pub mod batch;
mod compare;
pub mod distinct;
mod facts;
pub mod missing;
mod people;
mod proven;
pub mod report;
pub mod row;
mod sides;
pub mod split;
pub mod tally;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use portcullis_model::id::PolicyId;
use portcullis_model::store::TenantConfiguration;
use portcullis_whatif::directory::DirectoryTenant;

use compare::{Comparison, Pair};
use facts::Reader;
use proven::Log;
use row::Row;
use sides::{Bound, Sides};

pub use compare::{Category, LoggedStatus, Why};
pub use facts::TenantIdentity;
pub use sides::Difference;

/// Decides rows under two sets of policies.
#[derive(Debug)]
pub struct Replayer {
    sides: Sides,
    reader: Reader,
    own_log: OwnLog,
    lists_people: bool,
}

/// Whether the rows are known to be of our own log, which says of everything that it was not there by leaving it out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OwnLog {
    /// All of them are.
    Yes,
    /// Each row tells: ours say why a policy did what it did.
    #[default]
    EachRowTells,
}

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replayed {
    /// It was decided under both sets.
    Decided(Verdicts),
    /// It ended before or beside the policies, by this number: a wrong password, an account that is switched off.
    EndedElsewhere(u32),
    /// It is about an application of another tenant, whose policies decided.
    OtherTenant,
}

/// What both sets of policies say of one sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdicts {
    /// What would differ.
    pub category: Category,
    /// The policies that make the difference, each with what it does; of what cannot be said, what is missing.
    pub because: Vec<(Option<PolicyId>, Why)>,
    /// What Conditional Access comes to under the policies before; `None`: that hangs on something missing.
    pub before: Option<LoggedStatus>,
    /// What the log says that it came to.
    pub logged: Option<LoggedStatus>,
    /// Where these differ, the policies whose part the log tells otherwise.
    pub told_otherwise: Vec<(PolicyId, Told)>,
}

/// How the log tells of a policy that the replay decides otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    /// The log does not name it: made or switched on since.
    NotNamed,
    /// It applied then and does not in the replay.
    AppliedOnlyThen,
    /// It applies in the replay and did not then.
    AppliesOnlyNow,
    /// It applied both times, and was met only then.
    MetOnlyThen,
    /// It applied both times, and is met only in the replay.
    MetOnlyNow,
}

impl Replayer {
    /// Compares the policies of this tenant with those of `after`, for the people of this tenant.
    pub fn new(
        before: &DirectoryTenant,
        after: &TenantConfiguration,
        identity: TenantIdentity,
        own_log: OwnLog,
    ) -> Self {
        let configuration = before.configuration();
        let mut after = after.clone();
        // The same tenant with other policies, whatever the folder they came from calls it.
        after.organization.id = configuration.organization.id;
        let sides = Sides::new(configuration, &after);
        Self {
            reader: Reader::new(before, &after, &sides, identity),
            lists_people: before.lists_people(),
            sides,
            own_log,
        }
    }

    /// What would differ for the sign-in of this row.
    pub fn decide(&self, row: &Row<'_>) -> Replayed {
        let log = match self.own_log {
            OwnLog::Yes => Log::Own,
            OwnLog::EachRowTells if row.is_own() => Log::Own,
            OwnLog::EachRowTells => Log::Other,
        };
        if self.reader.is_elsewhere(row) {
            return Replayed::OtherTenant;
        }
        if let Some(code) = compare::ended_elsewhere(row) {
            return Replayed::EndedElsewhere(code);
        }
        let case = self.reader.read(row, log);
        let pair = Pair::new(&self.sides, case);
        let before = pair.decide(&self.sides.before.whole);
        let Comparison { category, because } = if pair.is_touched(&self.sides) {
            let after = pair.decide(&self.sides.after.whole);
            pair.compare(&self.sides, row, (&before, &after))
        } else {
            Comparison::UNCHANGED
        };
        let logged = LoggedStatus::of(row);
        let status = pair.status(&before);
        let told_otherwise = match (status, logged) {
            (Some(one), Some(two)) if one != two => compare::told_otherwise(row, &before.lenient),
            (Some(_) | None, _) => Vec::new(),
        };
        Replayed::Decided(Verdicts {
            category,
            because,
            before: status,
            logged,
            told_otherwise,
        })
    }

    /// The policies that the two sets do not share.
    pub fn differences(&self) -> &BTreeMap<PolicyId, Difference> {
        &self.sides.differences
    }

    /// What a policy is called, in either set.
    pub fn name_of(&self, policy: PolicyId) -> Option<&str> {
        self.sides.names.get(&policy).map(String::as_str)
    }

    /// What the reader of a result should know, in sentences without a full stop.
    pub fn suppositions(&self) -> Vec<&'static str> {
        let mut told = vec![
            "a policy that the log names with a result was then what it is in the world",
            "everybody has registered whatever they are asked for, and cross-tenant access lets them in: a log says neither",
        ];
        if !self.lists_people {
            told.push(
                "the world lists no people: whatever hangs on groups or roles cannot be said",
            );
        }
        if self.sides.has_user_actions {
            told.push(
                "policies about registering security information or devices are not replayed: a log does not say when somebody did so",
            );
        }
        told
    }
}
