//! The map as data.

use portcullis_analysis::analysis::Analysis;
use portcullis_analysis::lint::Finding;
use portcullis_analysis::map::{Cell, Gate, Map, Neighbour, PolicyTold};
use portcullis_analysis::told::Names;
use portcullis_model::conditional_access::PolicyState;
use serde_json::{Value, json};

use super::super::print;

pub(super) fn json(map: &Map, analysis: &Analysis, names: &Names<'_>) -> Value {
    let columns = map.columns.iter();
    let columns: Vec<Value> = columns
        .map(|one| json!({ "name": one.name, "members": one.members, "isRest": one.is_rest }))
        .collect();
    let rows = map.rows.iter().zip(&map.cells);
    let rows: Vec<Value> = rows
        .map(|(row, cells)| {
            let cells: Vec<Value> = cells.iter().map(|one| cell(one, names)).collect();
            json!({
                "name": row.name, "note": row.note, "section": row.section.name(), "cells": cells,
            })
        })
        .collect();
    let findings = map.findings.iter();
    let findings: Vec<Value> = findings.map(|one| finding(one, names)).collect();
    let neighbours: Vec<Value> = map.neighbours.iter().map(neighbour).collect();
    let policies: Vec<Value> = map.policies.iter().map(policy).collect();
    json!({
        "tenant": analysis.tenant().name(),
        "columns": columns,
        "rows": rows,
        "absent": map.absent,
        "neighbours": neighbours,
        "findings": findings,
        "policies": policies,
        "unknown": analysis.unknown(),
    })
}

fn cell(cell: &Cell, names: &Names<'_>) -> Value {
    let policies = cell.policies.iter();
    let policies: Vec<Value> = policies
        .map(|one| json!({ "id": one.policy, "isAlways": one.is_always }))
        .collect();
    let way_in = cell.way_in.as_ref().map(|way_in| {
        json!({
            "without": way_in.without.words(),
            "witness": print::witness_json(&way_in.witness, names),
        })
    });
    json!({
        "level": cell.level.name(),
        "managedDeviceToo": cell.managed_device_too,
        "mayBeStronger": cell.may_be_stronger,
        "wayIn": way_in,
        "policies": policies,
    })
}

fn finding(finding: &Finding, names: &Names<'_>) -> Value {
    json!({
        "rule": finding.rule.name(),
        "severity": finding.rule.severity().name(),
        "what": finding.what,
        "cure": finding.cure,
        "policies": finding.policies,
        "witness": finding.witness.as_ref().map(|one| print::witness_json(one, names)),
    })
}

fn neighbour(one: &Neighbour) -> Value {
    json!({
        "tenantId": one.tenant,
        "name": one.name,
        "isServiceProvider": one.is_service_provider,
        "b2bCollaborationInbound": gate(&one.collaboration_in),
        "b2bCollaborationOutbound": gate(&one.collaboration_out),
        "b2bDirectConnectInbound": gate(&one.direct_connect_in),
        "b2bDirectConnectOutbound": gate(&one.direct_connect_out),
        "trustsMfa": one.trust.mfa,
        "trustsCompliantDevice": one.trust.compliant_device,
        "trustsHybridJoinedDevice": one.trust.hybrid_joined_device,
    })
}

fn gate(gate: &Gate) -> Value {
    match gate {
        Gate::Open => json!({ "lets": "all" }),
        Gate::Partly(whom) => json!({ "lets": "some", "whom": whom }),
        Gate::Shut(why) => json!({ "lets": "none", "why": why }),
    }
}

fn policy(policy: &PolicyTold) -> Value {
    json!({
        "id": policy.id,
        "displayName": policy.name,
        "state": state(policy.state),
        "isCounted": policy.is_counted,
        "demands": policy.demands,
        "session": policy.session,
        "defect": policy.defect,
        "cells": policy.cells,
        "always": policy.always,
    })
}

const fn state(state: PolicyState) -> &'static str {
    match state {
        PolicyState::Enabled => "enabled",
        PolicyState::ReportOnly => "enabledForReportingButNotEnforced",
        PolicyState::Disabled => "disabled",
    }
}
