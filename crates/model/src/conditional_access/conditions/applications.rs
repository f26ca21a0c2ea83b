//! Reads what a policy is about: resources, user actions, or authentication contexts.

use super::{check_stands_alone, read_id, read_name};
use crate::authentication_context::AuthenticationContextId;
use crate::conditional_access::filter::{self, FilterMode};
use crate::conditional_access::{ApplicationCondition, ApplicationConditions, Target, UserAction};
use crate::document::{Findings, Members, Reason, shown_text};

pub(super) fn read(conditions: &Members<'_>, findings: &mut Findings) -> Target {
    let Some(applications) = conditions.object("applications", findings) else {
        if conditions.set("applications").is_none() {
            findings.add(
                "$.conditions.applications",
                Reason::Rule("CA-V03"),
                "no applications",
                "an object with `includeApplications`",
            );
        }
        return Target::Applications(ApplicationConditions {
            include: Vec::new(),
            exclude: Vec::new(),
            filter: None,
        });
    };
    let before = findings.count();
    for name in ["networkAccess", "globalSecureAccess"] {
        applications.refuse(name, "network traffic as target", findings);
    }
    applications.refuse_unknown(KNOWN, findings);
    let named_nothing = applications.set("includeApplications").is_some();
    let resources = read_applications(&applications, findings);
    let actions = read_actions(&applications, findings);
    let contexts = read_contexts(&applications, findings);
    let by_filter = resources
        .filter
        .as_ref()
        .is_some_and(|one| one.mode == FilterMode::Include);
    let is_about_resources = !resources.include.is_empty() || by_filter;
    let takes_out = !resources.exclude.is_empty() || resources.filter.is_some();
    let kinds = [
        is_about_resources || takes_out,
        !actions.is_empty(),
        !contexts.is_empty(),
    ];
    if findings.count() == before {
        if kinds.iter().filter(|kind| **kind).count() > 1 {
            findings.add(
                applications.path(),
                Reason::Rule("CA-V04"),
                "more than one of applications, user actions and authentication contexts",
                "exactly one kind of target",
            );
        }
        let is_about_nothing =
            !is_about_resources && !named_nothing && actions.is_empty() && contexts.is_empty();
        if is_about_nothing {
            findings.add(
                applications.path_of("includeApplications"),
                Reason::Rule("CA-V03"),
                "no applications",
                "`All`, `None` or application ids",
            );
        }
    }
    match (actions.is_empty(), contexts.is_empty()) {
        (false, _) => Target::UserActions(actions),
        (true, false) => Target::AuthenticationContexts(contexts),
        (true, true) => Target::Applications(resources),
    }
}

const KNOWN: &[&str] = &[
    "includeApplications",
    "excludeApplications",
    "includeUserActions",
    "includeAuthenticationContextClassReferences",
    "applicationFilter",
    "networkAccess",
    "globalSecureAccess",
];

fn read_applications(applications: &Members<'_>, findings: &mut Findings) -> ApplicationConditions {
    let include = applications.texts("includeApplications", findings);
    check_stands_alone(&include, &["All", "None"], "CA-V06", findings);
    let include = include
        .into_iter()
        .filter(|(_, text)| !text.eq_ignore_ascii_case("None"))
        .filter_map(|entry| read_application(entry, findings))
        .collect();
    let mut exclude = Vec::new();
    for (path, text) in applications.texts("excludeApplications", findings) {
        match read_application((path.clone(), text), findings) {
            Some(ApplicationCondition::All) => findings.add(
                path,
                Reason::Value,
                shown_text(text),
                "single applications; nothing remains when all are excluded",
            ),
            one => exclude.extend(one),
        }
    }
    ApplicationConditions {
        include,
        exclude,
        filter: filter::read(applications, "applicationFilter", findings),
    }
}

fn read_application(
    (path, text): (String, &str),
    findings: &mut Findings,
) -> Option<ApplicationCondition> {
    const NAMES: [(&str, ApplicationCondition); 3] = [
        ("All", ApplicationCondition::All),
        ("Office365", ApplicationCondition::Office365),
        (
            "MicrosoftAdminPortals",
            ApplicationCondition::MicrosoftAdminPortals,
        ),
    ];
    let named = NAMES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(text));
    if let Some((_, one)) = named {
        return Some(one.clone());
    }
    if text.eq_ignore_ascii_case("AllAgentIdResources") {
        let reason = Reason::NotEnforced("agents' resources as target");
        findings.add(path, reason, shown_text(text), "`All` or application ids");
        return None;
    }
    read_id((path, text), "an application (`appId`)", findings)
        .map(ApplicationCondition::Application)
}

fn read_actions(applications: &Members<'_>, findings: &mut Findings) -> Vec<UserAction> {
    const ACTIONS: [(&str, UserAction); 2] = [
        (
            "urn:user:registersecurityinfo",
            UserAction::RegisterSecurityInformation,
        ),
        ("urn:user:registerdevice", UserAction::RegisterOrJoinDevices),
    ];
    let given = applications.texts("includeUserActions", findings);
    given
        .into_iter()
        .filter_map(|entry| read_name(entry, &ACTIONS, Reason::Rule("CA-V07"), findings))
        .collect()
}

fn read_contexts(
    applications: &Members<'_>,
    findings: &mut Findings,
) -> Vec<AuthenticationContextId> {
    let mut contexts = Vec::new();
    for (path, text) in applications.texts("includeAuthenticationContextClassReferences", findings)
    {
        match text.to_ascii_lowercase().parse() {
            Ok(context) => contexts.push(context),
            Err(_) => findings.add(
                path,
                Reason::Rule("CA-V08"),
                shown_text(text),
                "`c1` to `c99`",
            ),
        }
    }
    contexts
}
