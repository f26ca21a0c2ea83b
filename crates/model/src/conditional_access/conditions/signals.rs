//! Reads the conditions on risk and on how a sign-in was transferred.

use super::read_name;
use crate::conditional_access::signal::{
    InsiderRiskLevel, InsiderRiskLevels, RiskLevel, RiskLevels, TransferMethod, TransferMethods,
};
use crate::document::{Findings, Members, Reason};

/// A list of levels; it is what matches, not a threshold (specification 4.7).
pub(super) fn read_risk(
    conditions: &Members<'_>,
    name: &str,
    findings: &mut Findings,
) -> RiskLevels {
    let names = RiskLevel::ALL.map(|one| (one.name(), one));
    let mut levels = RiskLevels::default();
    for entry in conditions.texts(name, findings) {
        let level = read_name(entry, &names, Reason::Rule("CA-V15"), findings);
        levels = level.map_or(levels, |one| levels.with(one));
    }
    levels
}

pub(super) fn read_insider_risk(
    conditions: &Members<'_>,
    findings: &mut Findings,
) -> InsiderRiskLevels {
    let names = InsiderRiskLevel::ALL.map(|one| (one.name(), one));
    let levels = read_flags(conditions, "insiderRiskLevels", &names, findings);
    let none = InsiderRiskLevels::default();
    levels.into_iter().fold(none, InsiderRiskLevels::with)
}

pub(super) fn read_transfer(conditions: &Members<'_>, findings: &mut Findings) -> TransferMethods {
    let names = TransferMethod::ALL.map(|one| (one.name(), one));
    let none = TransferMethods::default();
    let Some(flows) = conditions.object("authenticationFlows", findings) else {
        return none;
    };
    flows.refuse_unknown(&["transferMethods"], findings);
    let methods = read_flags(&flows, "transferMethods", &names, findings);
    methods.into_iter().fold(none, TransferMethods::with)
}

/// The members of a flags enum, which Graph writes as one text with commas; `none` is the empty set.
fn read_flags<T: Copy>(
    members: &Members<'_>,
    name: &str,
    names: &[(&str, T)],
    findings: &mut Findings,
) -> Vec<T> {
    let given = members.texts(name, findings);
    let words = given
        .iter()
        .flat_map(|(path, text)| text.split(',').map(move |word| (path, word.trim())));
    words
        .filter(|(_, word)| !word.is_empty() && !word.eq_ignore_ascii_case("none"))
        .filter_map(|(path, word)| read_name((path.clone(), word), names, Reason::Value, findings))
        .collect()
}
