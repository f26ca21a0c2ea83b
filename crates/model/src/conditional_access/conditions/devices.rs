//! Reads the condition on devices: a filter, or one of the deprecated forms that name states.

use super::{check_stands_alone, read_name};
use crate::conditional_access::{DeviceCondition, DeviceState, filter};
use crate::document::{Findings, Members, Reason};

/// The forms in which states are named: the member, its include list and its exclude list.
const STATE_LISTS: [(&str, &str, &str); 3] = [
    ("devices", "includeDevices", "excludeDevices"),
    ("devices", "includeDeviceStates", "excludeDeviceStates"),
    ("deviceStates", "includeStates", "excludeStates"),
];

pub(super) fn read(conditions: &Members<'_>, findings: &mut Findings) -> Option<DeviceCondition> {
    let mut given = Vec::new();
    let mut paths = Vec::new();
    if let Some(devices) = conditions.object("devices", findings) {
        let known = [
            "deviceFilter",
            "includeDevices",
            "excludeDevices",
            "includeDeviceStates",
            "excludeDeviceStates",
        ];
        devices.refuse_unknown(&known, findings);
        if devices.set("deviceFilter").is_some() {
            paths.push(devices.path_of("deviceFilter"));
        }
        given.extend(filter::read(&devices, "deviceFilter", findings).map(DeviceCondition::Filter));
    }
    if let Some(states) = conditions.object("deviceStates", findings) {
        states.refuse_unknown(&["includeStates", "excludeStates"], findings);
    }
    for (member, include, exclude) in STATE_LISTS {
        let Some(members) = conditions.object(member, findings) else {
            continue;
        };
        if members.set(include).is_some() || members.set(exclude).is_some() {
            paths.push(members.path_of(include));
            given.extend(read_states(&members, include, exclude, findings));
        }
    }
    if let [_, second, ..] = paths.as_slice() {
        findings.add(
            second,
            Reason::Rule("CA-V14"),
            "a second condition on devices",
            "one: `deviceFilter`, or one list of states",
        );
    }
    given.into_iter().next()
}

/// `All` but some states. `All` without exception is no condition.
fn read_states(
    members: &Members<'_>,
    include: &str,
    exclude: &str,
    findings: &mut Findings,
) -> Option<DeviceCondition> {
    const STATES: [(&str, DeviceState); 2] = [
        ("Compliant", DeviceState::Compliant),
        ("DomainJoined", DeviceState::DomainJoined),
    ];
    let reason = Reason::Rule("CA-V14");
    let included = members.texts(include, findings);
    check_stands_alone(&included, &["All"], "CA-V14", findings);
    if included.is_empty() {
        findings.add(
            members.path_of(include),
            reason,
            "nothing on the include side",
            "`All`",
        );
    }
    for entry in included {
        read_name(entry, &[("All", ())], reason, findings);
    }
    let excluded = members.texts(exclude, findings);
    let states: Vec<_> = excluded
        .into_iter()
        .filter_map(|entry| read_name(entry, &STATES, reason, findings))
        .collect();
    (!states.is_empty()).then_some(DeviceCondition::AllExceptStates(states))
}
