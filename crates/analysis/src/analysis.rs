//! The analysis of one tenant, or of two versions of it: built once, asked often.

use batsat::Lit;
use portcullis_whatif::directory::{Directory, DirectoryTenant};

use crate::evidence::Wallet;
use crate::gap::LackingEvidences;
use crate::grant::Encoded;
use crate::selection::Interest;
use crate::side::{Counted, Side};
use crate::space::Space;
use crate::who::{SubjectKind, Who};

/// Policies and sign-ins in one circuit. Questions are methods, each in a module of its own.
pub struct Analysis {
    pub(crate) directory: Directory,
    pub(crate) tenant: DirectoryTenant,
    pub(crate) sides: Vec<Side>,
    pub(crate) space: Space,
    pub(crate) wallet: Wallet,
    pub(crate) encoded: Vec<Encoded>,
    unknown: Vec<String>,
    not_looked_at: Vec<String>,
    pub(crate) lacking: LackingEvidences,
}

impl Analysis {
    /// Of one tenant's policies.
    pub fn new(
        directory: &Directory,
        tenant: &DirectoryTenant,
        counted: Counted,
        interest: &Interest,
    ) -> Self {
        Self::of(directory, (tenant, None), counted, interest)
    }

    /// Of the same tenant before and after a change. Its people are those of `before`.
    pub fn of_change(
        directory: &Directory,
        before: &DirectoryTenant,
        after: &DirectoryTenant,
        counted: Counted,
        interest: &Interest,
    ) -> Self {
        Self::of(directory, (before, Some(after)), counted, interest)
    }

    fn of(
        directory: &Directory,
        (tenant, after): (&DirectoryTenant, Option<&DirectoryTenant>),
        counted: Counted,
        interest: &Interest,
    ) -> Self {
        let mut sides: Vec<Side> = std::iter::once(tenant)
            .chain(after)
            .map(|side| Side::new(side, tenant.id(), directory, counted))
            .collect();
        Side::suppose_a_trusted_place(&mut sides);
        let mut unknown: Vec<String> = sides
            .iter()
            .flat_map(|side| side.unknown.iter().cloned())
            .collect();
        let mut space = Space::new(&sides, tenant, interest);
        let mut doubts: Vec<String> = sides.iter().flat_map(Side::not_evaluable).collect();
        doubts.extend(sides.iter().filter_map(Side::without_its_places));
        let counts_elsewhere = match sides.as_slice() {
            [before, after] => {
                let whos = space.whos.values.iter();
                let mut homes = whos.filter_map(Who::home_tenant);
                homes.any(|home| before.trusts_mfa_unlike(after, home))
            }
            _ => false,
        };
        let wallet = Wallet::of(&sides, counts_elsewhere, &mut unknown);
        let encoded = sides
            .iter()
            .enumerate()
            .map(|(at, side)| Encoded::new(&mut space, at, side))
            .collect();
        unknown.sort();
        unknown.dedup();
        let not_looked_at = unknown.clone();
        unknown.extend(doubts);
        unknown.sort();
        unknown.dedup();
        Self {
            directory: directory.clone(),
            tenant: tenant.clone(),
            sides,
            space,
            wallet,
            encoded,
            unknown,
            not_looked_at,
            lacking: LackingEvidences::default(),
        }
    }

    /// What could not be encoded exactly, in sentences without a full stop: a "no" does not cover it.
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }

    /// Of these, what is not for want of what policies refer to: that is found by lint.
    pub fn not_looked_at(&self) -> &[String] {
        &self.not_looked_at
    }

    /// Whether the directory lists its people, and nobody of this kind among them, who would have an object here.
    pub fn has_nobody(&self, kind: SubjectKind) -> bool {
        self.space.has_nobody(kind)
    }

    /// The tenant that was asked about; the earlier one of two.
    pub fn tenant(&self) -> &DirectoryTenant {
        &self.tenant
    }

    /// Asked as if policies were not there of which it is not known what they say: the most that could be granted. `None` where there are
    /// none.
    pub(crate) fn leniently<T>(
        &mut self,
        at: usize,
        ask: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        let encoded = self.encoded.get_mut(at)?;
        if encoded.is_lenient || !encoded.has_doubts() {
            return None;
        }
        encoded.is_lenient = true;
        let asked = ask(self);
        self.encoded.get_mut(at)?.is_lenient = false;
        Some(asked)
    }

    /// Granted by a side with this evidence.
    pub(crate) fn granted(&mut self, at: usize, evidence: crate::evidence::Evidence) -> Lit {
        let never = self.space.circuit.never();
        let (Some(encoded), Some(side)) = (self.encoded.get_mut(at), self.sides.get(at)) else {
            return never;
        };
        encoded.granted(&mut self.space, side, &self.wallet, evidence)
    }
}
