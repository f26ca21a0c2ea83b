//! Through which application something is reached, as far as cross-tenant access settings tell clients apart, and who gets
//! through there.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::id::{ClientId, UserId};

use crate::probe::ACCOUNT;
use crate::side::Side;
use crate::target::Reached;
use crate::who::{SubjectKind, Who};

/// Applications that open the same doors, whatever is reached through them. Without members it is the application that is
/// reached itself, or any that opens and shuts nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Through {
    /// The first one is that of a witness.
    pub(crate) clients: Vec<ClientId>,
}

/// Who reaches something through a class of applications, on one side.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    /// For each kind of subject an account that may.
    pub(crate) admitted: Vec<Option<UserId>>,
    /// For each kind of subject whether they could come by direct connect, which adds that type.
    pub(crate) direct_connect: Vec<bool>,
}

/// Whether a kind of subject may come, and could by direct connect too.
pub(crate) type Passing = (bool, bool);

impl Through {
    /// By what this is reached.
    pub(crate) fn client(&self, reached: ClientId) -> ClientId {
        self.clients.first().copied().unwrap_or(reached)
    }
}

impl Door {
    pub(crate) fn new(side: &Side, reached: Reached, through: &Through, whos: &[Who]) -> Self {
        let account = |who: &Who| match reached.application() {
            Some(application) => side.admitted(who, application, through.client(application)),
            // Nothing is crossed for.
            None => Some(ACCOUNT),
        };
        let could = |who: &Who| {
            let by_direct_connect = Who {
                kind: SubjectKind::B2bDirectConnectUser,
                home: who.home,
            };
            who.kind.is_external()
                && who.home_tenant().is_some()
                && reached.application().is_some()
                && account(&by_direct_connect).is_some()
        };
        Self {
            admitted: whos.iter().map(account).collect(),
            direct_connect: whos.iter().map(could).collect(),
        }
    }

    pub(crate) fn passing(&self) -> impl Iterator<Item = Passing> {
        let admitted = self.admitted.iter().map(Option::is_some);
        admitted.zip(self.direct_connect.iter().copied())
    }

    /// Whether somebody of this kind may come.
    pub(crate) fn admits(&self, who: usize) -> bool {
        self.admitted.get(who).is_some_and(Option::is_some)
    }

    /// Whether somebody of this kind could come by direct connect too.
    pub(crate) fn adds_direct_connect(&self, who: usize) -> bool {
        self.direct_connect.get(who) == Some(&true)
    }
}

/// All classes of clients; first the application itself.
pub(crate) fn throughs(sides: &[Side], whos: &[Who], targets: &[Reached]) -> Vec<Through> {
    let doors = |through: &Through| -> Vec<Passing> {
        let mut doors = Vec::new();
        for side in sides {
            for reached in targets {
                doors.extend(Door::new(side, *reached, through, whos).passing());
            }
        }
        doors
    };
    let itself = Through::default();
    let as_good = doors(&itself);
    let mut classes: BTreeMap<Vec<Passing>, Through> = BTreeMap::new();
    let clients: BTreeSet<ClientId> = sides.iter().flat_map(Side::clients).collect();
    for client in clients {
        let alone = Through {
            clients: vec![client],
        };
        let opened = doors(&alone);
        if opened != as_good {
            classes.entry(opened).or_default().clients.push(client);
        }
    }
    std::iter::once(itself)
        .chain(classes.into_values())
        .collect()
}
