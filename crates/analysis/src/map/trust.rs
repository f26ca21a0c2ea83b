//! What holds between the tenant and others: who may come and go, and whose word is believed.

use std::collections::BTreeSet;

use portcullis_model::cross_tenant_access::{
    AccessType, B2bSetting, CrossTenantSettings, TargetConfiguration, TargetType,
};
use portcullis_model::id::{ClientId, TenantId};

use super::{Gate, Neighbour};
use crate::analysis::Analysis;
use crate::side::Side;
use crate::space::ANY_OTHER_TENANT;
use crate::told::Names;
use crate::who::{Home, SubjectKind};

/// Why nobody comes though the settings here would let them.
const HELD_BACK: &str = "the other tenant lets nobody out";
/// Why a gate is shut that looks otherwise.
const NOT_EVALUABLE: &str = "the setting names nothing that can be evaluated";

type Pick = fn(&CrossTenantSettings) -> Option<&B2bSetting>;

impl Analysis {
    /// Each partner, and any tenant without an entry.
    pub(super) fn neighbours(&self) -> Vec<Neighbour> {
        let Some(side) = self.sides.first() else {
            return Vec::new();
        };
        let partners: BTreeSet<TenantId> = side.partners().collect();
        let partners = partners.into_iter().map(Some);
        let mut neighbours: Vec<Neighbour> = partners
            .chain([None])
            .map(|tenant| self.neighbour(side, tenant))
            .collect();
        // Any tenant without an entry stays last.
        neighbours.sort_by(|one, other| {
            (one.tenant.is_none(), &one.name).cmp(&(other.tenant.is_none(), &other.name))
        });
        neighbours
    }

    fn neighbour(&self, side: &Side, tenant: Option<TenantId>) -> Neighbour {
        let names = self.names();
        let policy = &side.configuration.cross_tenant_access_policy;
        let mut entries = policy.partners.iter();
        let entries: Vec<_> = entries
            .by_ref()
            .filter(|one| Some(one.tenant_id) == tenant)
            .collect();
        let contradict = entries.len() > 1;
        let entry = entries.first().copied();
        let gate = |pick: Pick, system: AccessType| {
            if contradict {
                return Gate::Shut(Some("two entries contradict each other"));
            }
            let own = entry.and_then(|entry| pick(&entry.settings));
            told([own, pick(&policy.default)], system, &names)
        };
        let home = tenant.map_or(Home::AnyOtherTenant(ANY_OTHER_TENANT), Home::Tenant);
        let inbound = |gate: Gate, kind: SubjectKind| match gate {
            Gate::Open | Gate::Partly(_) if !self.comes(kind, home) => Gate::Shut(Some(HELD_BACK)),
            gate => gate,
        };
        let trust = side.compiled.trust(tenant.unwrap_or(ANY_OTHER_TENANT));
        Neighbour {
            tenant,
            name: tenant.map_or_else(|| "Any other tenant".to_owned(), |id| names.tenant(id)),
            is_service_provider: entry.and_then(|one| one.is_service_provider) == Some(true),
            collaboration_in: inbound(
                gate(
                    |one| one.b2b_collaboration_inbound.as_ref(),
                    AccessType::Allowed,
                ),
                SubjectKind::B2bCollaborationGuest,
            ),
            collaboration_out: gate(
                |one| one.b2b_collaboration_outbound.as_ref(),
                AccessType::Allowed,
            ),
            direct_connect_in: inbound(
                gate(
                    |one| one.b2b_direct_connect_inbound.as_ref(),
                    AccessType::Blocked,
                ),
                SubjectKind::B2bDirectConnectUser,
            ),
            direct_connect_out: gate(
                |one| one.b2b_direct_connect_outbound.as_ref(),
                AccessType::Blocked,
            ),
            trust,
        }
    }

    /// Whether anybody of a kind comes from there to anything, as the engine says of both tenants' settings.
    fn comes(&self, kind: SubjectKind, home: Home) -> bool {
        let mut whos = self.space.whos.values.iter().enumerate();
        whos.any(|(at, who)| who.kind == kind && who.home == home && self.space.can_come(at))
    }
}

/// One half of a setting.
enum Half {
    All,
    Listed(BTreeSet<String>),
    NotEvaluable,
}

/// The first layer that speaks of each half; where none does, everybody and everything under `system`.
fn told(layers: [Option<&B2bSetting>; 2], system: AccessType, names: &Names<'_>) -> Gate {
    use AccessType::{Allowed, Blocked};
    let users = layers
        .into_iter()
        .flatten()
        .find_map(|one| one.users_and_groups.as_ref());
    let applications = layers
        .into_iter()
        .flatten()
        .find_map(|one| one.applications.as_ref());
    let (user_access, users) = half(users, system, names);
    let (application_access, applications) = half(applications, system, names);
    let (users, applications) = match (users, applications) {
        (Half::NotEvaluable, _) | (_, Half::NotEvaluable) => {
            return Gate::Shut(Some(NOT_EVALUABLE));
        }
        (users, applications) => (users, applications),
    };
    match (user_access, &users, application_access, &applications) {
        (Allowed, Half::All, Allowed, Half::All) => Gate::Open,
        (Blocked, Half::All, Blocked, Half::All)
        | (Blocked, Half::All, Allowed, _)
        | (Allowed, _, Blocked, Half::All) => Gate::Shut(None),
        // With both blocked the two lists are one pair.
        (Blocked, _, Blocked, _) => Gate::Partly(format!(
            "all but {} at {}",
            people(&users),
            things(&applications)
        )),
        _ => Gate::Partly(format!(
            "{}{} at {}{}",
            but(user_access, "everybody but "),
            people(&users),
            but(application_access, "everything but "),
            things(&applications)
        )),
    }
}

const fn but(access: AccessType, words: &'static str) -> &'static str {
    match access {
        AccessType::Allowed => "",
        AccessType::Blocked => words,
    }
}

fn people(half: &Half) -> String {
    match half {
        Half::All => "all users".to_owned(),
        Half::Listed(some) if some.len() == 1 => "1 user or group".to_owned(),
        Half::Listed(some) => format!("{} users and groups", some.len()),
        Half::NotEvaluable => "nobody".to_owned(),
    }
}

fn things(half: &Half) -> String {
    match half {
        Half::All => "all applications".to_owned(),
        Half::Listed(some) if some.len() <= 3 => {
            let some: Vec<&str> = some.iter().map(String::as_str).collect();
            some.join(", ")
        }
        Half::Listed(some) => format!("{} applications", some.len()),
        Half::NotEvaluable => "nothing".to_owned(),
    }
}

fn half(
    configured: Option<&TargetConfiguration>,
    system: AccessType,
    names: &Names<'_>,
) -> (AccessType, Half) {
    let Some(configured) = configured else {
        return (system, Half::All);
    };
    if configured.targets.is_empty() {
        return (configured.access_type, Half::NotEvaluable);
    }
    let mut listed = BTreeSet::new();
    let mut is_all = false;
    for target in &configured.targets {
        let text = target.target.as_str();
        match (target.target_type, text) {
            (TargetType::User, "AllUsers") | (TargetType::Application, "AllApplications") => {
                is_all = true;
            }
            (TargetType::Application, "Office365") => {
                listed.insert("Office 365".to_owned());
            }
            (TargetType::Application, id) => match id.parse::<ClientId>() {
                Ok(id) => drop(listed.insert(names.application(id))),
                Err(_) => return (configured.access_type, Half::NotEvaluable),
            },
            (TargetType::User | TargetType::Group, id) => {
                if id.parse::<uuid::Uuid>().is_err() {
                    return (configured.access_type, Half::NotEvaluable);
                }
                listed.insert(id.to_owned());
            }
        }
    }
    let half = if is_all {
        Half::All
    } else {
        Half::Listed(listed)
    };
    (configured.access_type, half)
}
