//! Reads the condition on workload identities: service principals that ask on their own behalf.

use super::{check_stands_alone, read_id};
use crate::conditional_access::filter::{self, FilterMode};
use crate::conditional_access::{ClientApplicationConditions, ServicePrincipalCondition};
use crate::document::{Findings, Members, Reason};

const ALL: &str = "ServicePrincipalsInMyTenant";

pub(super) fn read(
    conditions: &Members<'_>,
    findings: &mut Findings,
) -> Option<ClientApplicationConditions> {
    let clients = conditions.object("clientApplications", findings)?;
    let before = findings.count();
    for name in [
        "includeAgentIdServicePrincipals",
        "excludeAgentIdServicePrincipals",
        "agentIdServicePrincipalFilter",
    ] {
        clients.refuse(name, "a condition on agents", findings);
    }
    clients.refuse_unknown(
        &[
            "includeServicePrincipals",
            "excludeServicePrincipals",
            "servicePrincipalFilter",
            "includeAgentIdServicePrincipals",
            "excludeAgentIdServicePrincipals",
            "agentIdServicePrincipalFilter",
        ],
        findings,
    );
    let include = clients.texts("includeServicePrincipals", findings);
    check_stands_alone(&include, &[ALL, "None"], "CA-V06", findings);
    let include = read_list(include, findings);
    let exclude = clients.texts("excludeServicePrincipals", findings);
    let exclude = read_list(exclude, findings);
    let filter = filter::read(&clients, "servicePrincipalFilter", findings);
    let brings_in = filter
        .as_ref()
        .is_some_and(|one| one.mode == FilterMode::Include);
    let takes_out = filter.is_some() || !exclude.is_empty();
    if include.is_empty() && !brings_in && findings.count() == before {
        if takes_out {
            findings.add(
                clients.path_of("includeServicePrincipals"),
                Reason::Rule("CA-V42"),
                "nobody on the include side",
                format!("`{ALL}` or ids of service principals"),
            );
        }
        return None;
    }
    Some(ClientApplicationConditions {
        include,
        exclude,
        filter,
    })
}

fn read_list(list: Vec<(String, &str)>, findings: &mut Findings) -> Vec<ServicePrincipalCondition> {
    let named = list
        .into_iter()
        .filter(|(_, text)| !text.eq_ignore_ascii_case("None"));
    named
        .filter_map(|(path, text)| {
            if text.eq_ignore_ascii_case(ALL) {
                return Some(ServicePrincipalCondition::All);
            }
            let id = read_id((path, text), "a service principal", findings);
            id.map(ServicePrincipalCondition::ServicePrincipal)
        })
        .collect()
}
