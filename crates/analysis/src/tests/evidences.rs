//! Evidence counted out: over every set of a few proofs, the fullest that do not meet a demand are the ones that are found, and
//! more proofs never make a sign-in worse.

use std::collections::BTreeSet;

use portcullis_model::conditional_access::GrantControl;
use portcullis_model::id::ClientId;

use super::dice::Dice;
use super::worlds::{id, world};
use crate::evidence::{Ask, Evidence, Wallet};
use crate::grant::demanding_any;
use crate::selection::Interest;
use crate::target::Reached;

/// So many proofs, of which every set is tried.
const PROOFS: usize = 9;

fn demands() -> Vec<Vec<GrantControl>> {
    let strength = |number: u128| GrantControl::AuthenticationStrength(id(number));
    let mut all: Vec<Vec<GrantControl>> = [2, 3, 4, 0x61, 0x62, 0x63, 0x64]
        .map(|number| vec![strength(number)])
        .to_vec();
    all.push(vec![GrantControl::Mfa]);
    all.push(vec![GrantControl::PasswordChange]);
    all.push(vec![GrantControl::RiskRemediation]);
    all.push(vec![GrantControl::TermsOfUse(id(0x71)), GrantControl::Mfa]);
    all.push(vec![strength(4), strength(0x61)]);
    all.push(vec![strength(0x62), GrantControl::Mfa]);
    all
}

/// The wallet with only some of its proofs.
fn fewer(dice: &mut Dice, wallet: &Wallet) -> Wallet {
    let mut fewer = wallet.clone();
    while fewer.all.len() > PROOFS {
        fewer.all.remove(dice.below(fewer.all.len()));
    }
    fewer
}

#[test]
fn the_fullest_evidences_without_are_those_that_trying_every_set_finds() {
    let mut compared = 0;
    let mut meeting = [0, 0];
    for seed in 0..60 {
        let mut dice = Dice::new(seed);
        let world = world(&mut dice, 4);
        let analysis = world.analysis(&Interest::default());
        let side = &analysis.sides[0];
        let controls = dice.pick(&demands());
        let [demanding, _] = demanding_any(side, &controls, None);
        let named: Vec<_> = controls.iter().map(|control| (control, None)).collect();
        let tells_places_apart = seed % 2 == 1;
        let whole = Wallet::of(&analysis.sides, tells_places_apart, &mut Vec::new());
        let wallet = fewer(&mut dice, &whole);
        let whos = analysis.space.whos.values.iter();
        let whos: Vec<_> = whos.filter(|who| who.kind.is_person()).collect();
        for who in dice.several(2, 2, &whos) {
            let reached = Reached::Application(ClientId::DIRECTORY);
            let ask = Ask { side, who, reached };
            let every = 0..1u64 << wallet.all.len();
            let set = |bits: u64| {
                let held = (0..wallet.all.len()).filter(|at| bits & (1 << at) != 0);
                held.fold(Evidence::NONE, Evidence::with)
            };
            let without: Vec<u64> = every
                .filter(|bits| !ask.meets(&demanding, &wallet, set(*bits)))
                .collect();
            meeting[usize::from(tells_places_apart)] += (1 << wallet.all.len()) - without.len();
            let known: BTreeSet<u64> = without.iter().copied().collect();
            // Whoever meets it meets it with more: then the fullest say it all.
            for bits in &without {
                for at in (0..wallet.all.len()).filter(|at| bits & (1 << at) != 0) {
                    assert!(known.contains(&(bits & !(1 << at))), "seed {seed}");
                }
            }
            let is_fullest = |bits: &&u64| {
                let mut more = (0..wallet.all.len()).filter(|at| *bits & (1 << at) == 0);
                more.all(|at| !known.contains(&(*bits | 1 << at)))
            };
            let fullest = without.iter().filter(is_fullest).map(|bits| set(*bits));
            let fullest: BTreeSet<Evidence> = fullest.filter(|one| wallet.begins(*one)).collect();
            let found = wallet.fullest_without_any(&named, &ask);
            let found: BTreeSet<Evidence> = found.into_iter().collect();
            assert_eq!(found, fullest, "seed {seed}: {controls:?} of {who:?}");
            compared += 1;
        }
    }
    assert!(compared == 120, "{compared}");
    assert!(meeting.iter().all(|count| *count > 500), "{meeting:?}");
}
