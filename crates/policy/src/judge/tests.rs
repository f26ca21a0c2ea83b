//! Every combination of control states, under AND and under OR.

use super::*;

fn states() -> [Found; 4] {
    [
        Found::Met,
        Found::Open,
        Found::Unobtainable(BlockReason::DeviceNotCompliant),
        Found::Unobtainable(BlockReason::DeviceNotDomainJoined),
    ]
}

/// Every list of up to four states.
fn every_list() -> Vec<Vec<Found>> {
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
    let refused = |state: &Found| matches!(state, Found::Unobtainable(_));
    let lists = every_list();
    assert_eq!(lists.len(), 1 + 4 + 16 + 64 + 256);
    for states in lists {
        let nothing = Found::Unobtainable(BlockReason::PolicyNotEvaluable);
        let first_refusal = states.iter().copied().find(|state| refused(state));
        let is_any = |wanted: Found| states.contains(&wanted);
        let all = match first_refusal {
            _ if states.is_empty() => nothing,
            Some(refusal) => refusal,
            None if is_any(Found::Open) => Found::Open,
            None => Found::Met,
        };
        assert_eq!(all_of(states.iter().copied().map(Some)), all, "{states:?}");
        let any = match first_refusal {
            _ if states.is_empty() => nothing,
            _ if is_any(Found::Met) => Found::Met,
            _ if is_any(Found::Open) => Found::Open,
            Some(refusal) => refusal,
            None => panic!("{states:?} is neither met nor open nor refused"),
        };
        assert_eq!(any_of(states.iter().copied().map(Some)), any, "{states:?}");
        // What is not asked for now is passed over, and alone demands nothing.
        let with_exempt = || [None].into_iter().chain(states.iter().copied().map(Some));
        let of_exempt = |expect| {
            if states.is_empty() {
                Found::Met
            } else {
                expect
            }
        };
        assert_eq!(all_of(with_exempt()), of_exempt(all), "{states:?}");
        assert_eq!(any_of(with_exempt()), of_exempt(any), "{states:?}");
    }
}
