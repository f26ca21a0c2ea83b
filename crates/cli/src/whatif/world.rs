//! Where policies come from: a world folder, one tenant's folder, exported policies, an installation; and drafts on top.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use portcullis_model::conditional_access::UserCondition;
use portcullis_model::document::Refusal;
use portcullis_model::id::{GroupId, TenantId};
use portcullis_model::organization::Organization;
use portcullis_model::store::{ImportedCredentials, Store as _, TenantWorld};
use portcullis_scenario::prepare::Base;
use portcullis_whatif::directory::{Directory, DirectoryTenant, Drafts, NameOf, Unsaid};
use portcullis_whatif::evaluate::Signal;
use portcullis_world::export::{Export, MissingReference, read_export, read_export_beside};
use portcullis_world::names::NameKind;
use portcullis_world::parse::{is_world, read_world_files};
use uuid::Uuid;

use crate::command::DataOptions;
use crate::installation::Installation;
use crate::output;
use crate::whatif::options::Unreadable;

/// The tenants at this path, or of the installation.
pub(crate) async fn open(
    world: Option<&Path>,
    data: &DataOptions,
    unreadable: Unreadable,
) -> anyhow::Result<Directory> {
    let Some(path) = world else {
        return of_installation(data).await;
    };
    anyhow::ensure!(
        path.exists(),
        "there is nothing at `{}`: name a world folder, exported policies, or the data folder of an installation",
        path.display()
    );
    let as_data = DataOptions {
        data: path.to_owned(),
        master_key_file: data.master_key_file.clone(),
    };
    if Installation::exists(&as_data) {
        return of_installation(&as_data).await;
    }
    let cannot = || format!("cannot use `{}`", path.display());
    if is_world(path) {
        let world = portcullis_world::read_world(path).with_context(cannot)?;
        return Ok(Directory::of_world(world.tenants));
    }
    let export = read_export(path).with_context(cannot)?;
    anyhow::ensure!(
        !export.policies.is_empty() || export.is_without_policies,
        "no policy can be read from `{}`:\n{}",
        path.display(),
        what_is_there(&export)
    );
    let wrong = refusals(&export);
    if !wrong.is_empty() && unreadable == Unreadable::Refused {
        anyhow::bail!(
            "not everything in `{}` can be read, and what cannot could change the answer; mend it, or answer without it by --leave-out-unreadable:\n{}",
            path.display(),
            wrong.join("\n")
        );
    }
    warn_of(wrong);
    warn_of_missing(&export.missing);
    note_no_policies(path, &export);
    Ok(Directory::new([of_export(path, export)]))
}

/// What policy tests build on: a world folder, one tenant's folder, or exported policies that can be read whole.
pub(crate) fn base(path: &Path) -> anyhow::Result<Base> {
    let cannot = || format!("cannot use `{}`", path.display());
    if is_world(path) {
        let files = read_world_files(path).with_context(cannot)?;
        return Ok(Base::World(Arc::new(files)));
    }
    let export = read_export(path).with_context(cannot)?;
    let wrong = refusals(&export);
    anyhow::ensure!(
        wrong.is_empty() && (!export.policies.is_empty() || export.is_without_policies),
        "the exported policies in `{}` cannot be tested:\n{}",
        path.display(),
        if wrong.is_empty() {
            what_is_there(&export)
        } else {
            wrong.join("\n")
        }
    );
    warn_of_missing(&export.missing);
    note_no_policies(path, &export);
    Ok(Base::Exported(Arc::new(of_export(path, export))))
}

async fn of_installation(data: &DataOptions) -> anyhow::Result<Directory> {
    let installation = Installation::open(data).await?;
    let world = installation.store.export().await?;
    Ok(Directory::of_world(world))
}

/// A tenant of whom nothing is known but what was exported.
fn of_export(path: &Path, export: Export) -> DirectoryTenant {
    let unsaid = unsaid(&export);
    let directory = export.directory;
    let name = path.file_stem().map_or_else(
        || "the export".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    );
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
    let names = names(&export.missing);
    let tenant = TenantWorld {
        organization: Organization {
            id: directory.tenant_id.unwrap_or(TenantId::new(id)),
            display_name: name,
            verified_domains: Vec::new(),
            branding: None,
            technical_notification_mails: Vec::new(),
            other: serde_json::Map::new(),
        },
        users: directory.users,
        groups: directory.groups,
        role_assignments: directory.role_assignments,
        applications: directory.applications,
        service_principals: directory.service_principals,
        conditional_access_policies: Some(export.policies),
        named_locations: Some(export.named_locations),
        authentication_strengths: Some(export.authentication_strengths),
        authentication_contexts: Some(export.authentication_contexts),
        agreements: Some(export.agreements),
        cross_tenant_access_policy: export.cross_tenant_access_policy,
        invariants: None,
        credentials: ImportedCredentials::default(),
    };
    DirectoryTenant::of_world(tenant)
        .with_names(names)
        .with_unsaid(unsaid)
}

/// What the files beside exported policies leave open: Graph has no home account, no members unless asked, and policies may name
/// groups that no file has.
fn unsaid(export: &Export) -> Unsaid {
    let directory = &export.directory;
    let listed = directory.groups.iter().flatten();
    let listed: BTreeSet<GroupId> = listed.map(|group| group.id).collect();
    let conditions = export.policies.iter().flat_map(|policy| {
        let users = &policy.conditions.users;
        users.include.iter().chain(&users.exclude)
    });
    let mut named = conditions.filter_map(UserCondition::group);
    let mut of_people = BTreeSet::from([Signal::HomeTenant]);
    if !directory.groups_without_members.is_empty() || named.any(|group| !listed.contains(&group)) {
        of_people.insert(Signal::Groups);
    }
    let users = directory.users.iter().flatten();
    let untyped = users.filter(|user| user.user_type.is_none());
    Unsaid {
        of_people,
        service_principals: false,
        attributes: directory.without_attributes.clone(),
        user_types: untyped.map(|user| user.id).collect(),
        cross_tenant_access: export.cross_tenant_access_policy.is_none(),
    }
}

/// Names that policies use, and the ids that stand for them.
fn names(missing: &[MissingReference]) -> Vec<(NameOf, String, Uuid)> {
    let named = missing.iter().filter_map(|one| {
        let of = match one.kind {
            NameKind::User => NameOf::User,
            NameKind::Group => NameOf::Group,
            NameKind::Role => NameOf::Role,
            NameKind::Application => NameOf::Application,
            NameKind::ServicePrincipal => NameOf::ServicePrincipal,
            NameKind::Agreement => NameOf::Agreement,
            NameKind::NamedLocation => NameOf::NamedLocation,
            NameKind::Tenant => NameOf::Tenant,
            NameKind::AuthenticationStrength | NameKind::AuthenticationContext => return None,
        };
        Some((of, one.name.clone(), Uuid::try_parse(&one.id).ok()?))
    });
    named.collect()
}

/// A tenant with policies that are not stored yet.
pub(crate) fn with_drafts(
    tenant: &DirectoryTenant,
    path: &Path,
) -> anyhow::Result<DirectoryTenant> {
    let export = read_export_beside(path, &known(tenant))
        .with_context(|| format!("cannot use `{}`", path.display()))?;
    let wrong = refusals(&export);
    anyhow::ensure!(
        wrong.is_empty() && !export.policies.is_empty(),
        "the policies in `{}` cannot be tried:\n{}",
        path.display(),
        if wrong.is_empty() {
            what_is_there(&export)
        } else {
            wrong.join("\n")
        }
    );
    let names = names(&export.missing);
    let elsewhere = |one: &MissingReference| !is_in(tenant, one);
    let missing: Vec<_> = export.missing.into_iter().filter(elsewhere).collect();
    warn_of_missing(&missing);
    let drafts = Drafts {
        policies: export.policies,
        named_locations: export.named_locations,
        authentication_strengths: export.authentication_strengths,
        authentication_contexts: export.authentication_contexts,
        agreements: export.agreements,
    };
    Ok(tenant.clone().with_names(names).with_drafts(drafts))
}

/// What the tenant has, by the names that a draft may use.
fn known(tenant: &DirectoryTenant) -> Vec<(NameKind, String, String)> {
    let stored = tenant.configuration();
    let mut known = Vec::new();
    let mut note = |kind, name: &str, id: String| known.push((kind, name.to_owned(), id));
    for one in tenant.users() {
        note(NameKind::User, &one.user_principal_name, one.id.to_string());
        note(NameKind::User, &one.display_name, one.id.to_string());
    }
    for (id, name) in tenant.groups() {
        note(NameKind::Group, name, id.to_string());
    }
    for one in &stored.applications {
        note(
            NameKind::Application,
            &one.display_name,
            one.app_id.to_string(),
        );
    }
    for one in &stored.service_principals {
        note(
            NameKind::Application,
            &one.display_name,
            one.app_id.to_string(),
        );
        note(
            NameKind::ServicePrincipal,
            &one.display_name,
            one.id.to_string(),
        );
    }
    for one in &stored.named_locations {
        note(
            NameKind::NamedLocation,
            &one.display_name,
            one.id.to_string(),
        );
    }
    for one in &stored.authentication_strengths {
        note(
            NameKind::AuthenticationStrength,
            &one.display_name,
            one.id.to_string(),
        );
    }
    for one in &stored.authentication_contexts {
        note(
            NameKind::AuthenticationContext,
            &one.display_name,
            one.id.to_string(),
        );
    }
    for one in &stored.agreements {
        note(NameKind::Agreement, &one.display_name, one.id.to_string());
    }
    known
}

/// Whether the tenant has what a draft refers to by id.
fn is_in(tenant: &DirectoryTenant, missing: &MissingReference) -> bool {
    let id = &missing.id;
    let stored = tenant.configuration();
    match missing.kind {
        NameKind::NamedLocation => stored
            .named_locations
            .iter()
            .any(|one| one.id.to_string() == *id),
        NameKind::AuthenticationStrength => {
            let strengths = &stored.authentication_strengths;
            strengths.iter().any(|one| one.id.to_string() == *id)
        }
        NameKind::AuthenticationContext => {
            let contexts = &stored.authentication_contexts;
            contexts.iter().any(|one| one.id.to_string() == *id)
        }
        NameKind::Agreement => stored
            .agreements
            .iter()
            .any(|one| one.id.to_string() == *id),
        NameKind::User
        | NameKind::Group
        | NameKind::Role
        | NameKind::Application
        | NameKind::ServicePrincipal
        | NameKind::Tenant => false,
    }
}

/// One line for each file that could not be read whole.
pub(crate) fn refusals(export: &Export) -> Vec<String> {
    let first = |refusal: &Refusal| {
        let finding = refusal.findings.first();
        finding.map_or_else(String::new, ToString::to_string)
    };
    let files = export.files.iter();
    files
        .filter_map(|file| {
            let refusal = file.refusal.as_ref()?;
            let more = match refusal.findings.len() {
                0 | 1 => String::new(),
                many => format!(" (and {} more)", many - 1),
            };
            Some(format!("{}: {}{more}", file.path.display(), first(refusal)))
        })
        .collect()
}

/// What became of the files of an export without policies; some of many.
fn what_is_there(export: &Export) -> String {
    const FILES_MAX: usize = 8;
    if export.files.is_empty() {
        return "there is no `.json` file".to_owned();
    }
    let wrong = refusals(export).into_iter();
    let others = export.files.iter().filter(|file| file.refusal.is_none());
    let others = others.map(|file| {
        let path = file.path.display();
        match (&file.something_else, file.others) {
            (Some(what), 0) => format!("{path}: {what}"),
            (_, 1) => format!("{path}: one object beside policies, and no policy"),
            (_, many) => format!("{path}: {many} objects beside policies, and no policy"),
        }
    });
    let mut lines: Vec<String> = wrong.chain(others).collect();
    let more = lines.len().saturating_sub(FILES_MAX);
    lines.truncate(FILES_MAX);
    if more > 0 {
        lines.push(format!("and {more} files more"));
    }
    lines.join("\n")
}

pub(crate) fn warn_of(wrong: Vec<String>) {
    if !wrong.is_empty() {
        let files = match wrong.len() {
            1 => "one file".to_owned(),
            many => format!("{many} files"),
        };
        output::warning(format_args!(
            "{files} could not be read whole; what is wrong in them is not in the answer:"
        ));
        for line in wrong {
            output::note(line);
        }
    }
}

/// A tenant without policies lets everybody in: nobody should take that for what their policies say.
fn note_no_policies(path: &Path, export: &Export) {
    if export.is_without_policies {
        output::warning(format_args!(
            "the list of policies in `{}` is empty: this is a tenant without policies",
            path.display()
        ));
    }
}

pub(crate) fn warn_of_missing(missing: &[MissingReference]) {
    if missing.is_empty() {
        return;
    }
    output::warning(
        "policies refer to what is not here; where an answer hangs on it, it cannot be evaluated:",
    );
    for one in missing {
        let policies = match one.policies.len() {
            1 => "1 policy".to_owned(),
            many => format!("{many} policies"),
        };
        output::note(format_args!("{} `{}`, in {policies}", one.kind, one.name));
    }
}
