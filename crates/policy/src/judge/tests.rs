//! Every combination of control states, under AND and under OR.

use portcullis_model::id::TenantId;
use uuid::Uuid;

use super::*;
use crate::decision::Place;

fn tenant() -> TenantId {
    TenantId::new(Uuid::from_u128(1))
}

fn states() -> [ControlState; 4] {
    [
        ControlState::Met(tenant()),
        ControlState::Open(asks()),
        ControlState::Unobtainable(BlockReason::DeviceNotCompliant),
        ControlState::Unobtainable(BlockReason::DeviceNotDomainJoined),
    ]
}

fn asks() -> Vec<Ask> {
    vec![Ask {
        challenge: Challenge::MultifactorAuthentication,
        place: Place::ResourceTenant(tenant()),
        combinations: Vec::new(),
    }]
}

/// Every list of up to four states.
fn every_list() -> Vec<Vec<ControlState>> {
    let mut lists = vec![vec![]];
    let mut longest = lists.clone();
    for _ in 0..4 {
        longest = longest
            .iter()
            .flat_map(|list| {
                states().map(|state| {
                    let mut list: Vec<_> = list.clone();
                    list.push(state);
                    list
                })
            })
            .collect();
        lists.extend(longest.clone());
    }
    lists
}

#[test]
fn v02_v03_and_is_met_by_all_or_by_any_and_nothing_meets_an_empty_list() {
    let met = |state: &ControlState| matches!(state, ControlState::Met(_));
    let open = |state: &ControlState| matches!(state, ControlState::Open(_));
    let refused = |state: &ControlState| matches!(state, ControlState::Unobtainable(_));
    let lists = every_list();
    assert_eq!(lists.len(), 1 + 4 + 16 + 64 + 256);
    for states in lists {
        let list = &states;
        let first_reason = states.iter().find_map(|state| match state {
            ControlState::Unobtainable(reason) => Some(*reason),
            ControlState::Met(_) | ControlState::Open(_) => None,
        });
        let nothing = Ok(Vec::new());
        let here = Ok(asks());

        let all = all_of(states.iter().cloned());
        assert_eq!(
            all == nothing,
            !states.is_empty() && states.iter().all(met),
            "{list:?}"
        );
        assert_eq!(
            all == here,
            states.iter().any(open) && !states.iter().any(refused),
            "{list:?}"
        );
        assert_eq!(
            all.err(),
            if states.is_empty() {
                Some(BlockReason::PolicyNotEvaluable)
            } else {
                first_reason
            },
            "{list:?}"
        );

        let any = any_of(states.iter().cloned());
        assert_eq!(any == nothing, states.iter().any(met), "{list:?}");
        assert_eq!(
            any == here,
            states.iter().any(open) && !states.iter().any(met),
            "{list:?}"
        );
        assert_eq!(any.is_err(), states.iter().all(refused), "{list:?}");
    }
}
