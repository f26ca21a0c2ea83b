//! Joins a file of policy tests with the world it names: what the file holds replaces the same kind of that world.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use portcullis_model::id::TenantId;
use portcullis_whatif::directory::{Directory, DirectoryTenant};
use portcullis_world::error::WorldError;
use portcullis_world::files::Files;
use portcullis_world::kinds_in;
use portcullis_world::parse::parse_world;
use serde_json::Value;

use crate::fault::Fault;
use crate::file::PolicyTests;
use crate::look_up::Place;
use crate::names::{names_policy, same};

/// What a file's `world` is.
#[derive(Debug, Clone)]
pub enum Base {
    /// The files of a world.
    World(Arc<Files>),
    /// Exported policies and what lay beside them.
    Exported(Arc<DirectoryTenant>),
}

/// What a file names and somebody else must fetch, each by a path seen from the folder of `file`.
pub trait Surroundings {
    /// A world.
    fn world(&self, file: &str, path: &str) -> Result<Base, String>;

    /// The tenant with the policies of a file or folder.
    fn with_policies(
        &self,
        tenant: &DirectoryTenant,
        file: &str,
        path: &str,
    ) -> Result<DirectoryTenant, String>;
}

/// Nothing lies beside a file that holds all it speaks of.
pub struct NothingBeside;

impl Surroundings for NothingBeside {
    fn world(&self, _: &str, path: &str) -> Result<Base, String> {
        Err(format!("there is no `{path}`"))
    }

    fn with_policies(
        &self,
        _: &DirectoryTenant,
        _: &str,
        path: &str,
    ) -> Result<DirectoryTenant, String> {
        Err(format!("there is no `{path}`"))
    }
}

/// Tests that can be run.
#[derive(Debug)]
pub struct Prepared {
    /// The file.
    pub tests: PolicyTests,
    pub(crate) directory: Directory,
    /// The tenant whose policies decide; none: each sign-in shows which.
    pub(crate) tenant: Option<TenantId>,
}

/// The tenant of a file that names no world.
const TENANT: &str = r#"{"id":"00000000-0000-4000-8000-000000000001","displayName":"Contoso",
    "verifiedDomains":[{"name":"contoso.example","isDefault":true,"isInitial":true}]}"#;

/// Finds everything a file names; everything that is wrong is told at once.
pub fn prepare(
    tests: PolicyTests,
    surroundings: &dyn Surroundings,
) -> Result<Prepared, Vec<Fault>> {
    let found = find(&tests, surroundings);
    match found.place {
        Some((directory, tenant)) if found.faults.is_empty() => Ok(Prepared {
            tests,
            directory,
            tenant,
        }),
        Some(_) | None => Err(found.faults),
    }
}

/// What a file is about.
pub(crate) struct Found {
    /// Every tenant there is, and the one whose policies decide, where the file names it. Where something is wrong, names can be
    /// looked up in it all the same.
    pub(crate) place: Option<(Directory, Option<TenantId>)>,
    /// What is wrong.
    pub(crate) faults: Vec<Fault>,
}

pub(crate) fn find(tests: &PolicyTests, surroundings: &dyn Surroundings) -> Found {
    let nowhere = |faults| Found {
        place: None,
        faults,
    };
    let base = match &tests.world {
        Some(path) => match surroundings.world(&tests.file, path) {
            Ok(base) => base,
            Err(error) => return nowhere(vec![tests.fault("world", error)]),
        },
        None => Base::World(Arc::default()),
    };
    let mut faults = Vec::new();
    let directory = match base {
        Base::World(files) => of_world(tests, Files::clone(&files), &mut faults),
        Base::Exported(tenant) => {
            faults.extend(tests.kinds.iter().map(|kind| {
                let message = format!(
                    "`{}` replaces what a world folder has, and this world is exported policies: lay it beside them as a file",
                    kind.name
                );
                tests.fault(&kind.name, message)
            }));
            let is_as_meant = tests.kinds.is_empty();
            is_as_meant.then(|| Directory::new([DirectoryTenant::clone(&tenant)]))
        }
    };
    let Some(mut directory) = directory else {
        return nowhere(faults);
    };
    let tenant = match tests
        .tenant
        .as_deref()
        .map(|name| directory.find_tenant(name))
    {
        Some(Ok(tenant)) => Some(tenant.id()),
        Some(Err(error)) => {
            faults.push(tests.fault("tenant", error.to_string()));
            return nowhere(faults);
        }
        None => None,
    };
    add_policies(tests, (&mut directory, tenant), surroundings, &mut faults);
    Found {
        place: Some((directory, tenant)),
        faults,
    }
}

impl Prepared {
    /// Where the names of sign-ins are looked up.
    pub(crate) fn place(&self) -> Place<'_> {
        (&self.directory, self.tenant)
    }

    /// The directory with only these policies in this tenant.
    pub(crate) fn only(&self, tenant: TenantId, names: &[String]) -> Directory {
        let mut directory = self.directory.clone();
        if let Some(whole) = self.directory.tenant(tenant) {
            directory.put(whole.with_only(|policy| {
                let mut names = names.iter();
                names.any(|name| names_policy(name, policy.id, &policy.display_name))
            }));
        }
        directory
    }
}

/// The tenants of a world folder, with what the file holds.
fn of_world(tests: &PolicyTests, mut files: Files, faults: &mut Vec<Fault>) -> Option<Directory> {
    let folder = match take_over_kinds(tests, &mut files) {
        Ok(folder) => folder,
        Err(more) => {
            faults.extend(more);
            return None;
        }
    };
    // Nobody types a password here, and whom the credentials belong to may have been replaced.
    files
        .0
        .retain(|name, _| !name.ends_with("/credentials.json"));
    match parse_world(&files) {
        Ok(world) => Some(Directory::of_world(world.tenants)),
        Err(error) => {
            faults.extend(told(tests, &folder, error));
            files.0.retain(|name, bytes| !has_no_names(name, bytes));
            let who_is_there = parse_world(&files).ok()?;
            Some(Directory::of_world(who_is_there.tenants))
        }
    }
}

/// Whether a file of a world holds only what sign-ins do not name: without it, names can still be looked up.
fn has_no_names(file: &str, bytes: &[u8]) -> bool {
    const WITHOUT_NAMES: [&str; 5] = [
        "conditionalAccessPolicies",
        "namedLocations",
        "authenticationStrengths",
        "authenticationContextClassReferences",
        "crossTenantAccessPolicy",
    ];
    let Some((_, inside)) = file.split_once('/') else {
        return false;
    };
    let kinds = kinds_in(inside, bytes);
    !kinds.is_empty() && kinds.iter().all(|kind| WITHOUT_NAMES.contains(kind))
}

/// Puts what the file holds in the place of the same kind of its tenant, whose folder it answers.
fn take_over_kinds(tests: &PolicyTests, files: &mut Files) -> Result<String, Vec<Fault>> {
    let folder = match (folders(files).as_slice(), &tests.tenant) {
        ([], _) => {
            let folder = "tenant".to_owned();
            files
                .0
                .insert(format!("{folder}/organization.json"), TENANT.into());
            folder
        }
        ([only], None) => only.clone(),
        (folders, Some(name)) => {
            let found = folders.iter().find(|folder| is_tenant(files, folder, name));
            found.cloned().ok_or_else(|| {
                let message = format!(
                    "the world has no tenant `{name}`; its folders are: {}",
                    folders.join(", ")
                );
                vec![tests.fault("tenant", message)]
            })?
        }
        (_, None) if tests.kinds.is_empty() => String::new(),
        (folders, None) => {
            let message = format!(
                "the world has several tenants: say with `tenant` which of them this is about ({})",
                folders.join(", ")
            );
            return Err(vec![tests.fault("$", message)]);
        }
    };
    let mut faults = Vec::new();
    if !tests.kinds.is_empty() {
        drop_replaced_files(tests, &folder, files, &mut faults);
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    for kind in &tests.kinds {
        let inside = format!("{folder}/{}/", kind.name);
        files.0.retain(|name, _| !name.starts_with(&inside));
        let bytes = kind.value.json().to_string().into_bytes();
        files
            .0
            .insert(format!("{folder}/{}.json", kind.name), bytes);
    }
    Ok(folder)
}

/// A file of any name may hold objects of a kind that the test file replaces: it goes, unless it holds others as well.
fn drop_replaced_files(
    tests: &PolicyTests,
    folder: &str,
    files: &mut Files,
    faults: &mut Vec<Fault>,
) {
    files.0.retain(|name, bytes| {
        let inside = name.strip_prefix(folder);
        let Some(inside) = inside.and_then(|inside| inside.strip_prefix('/')) else {
            return true;
        };
        let kinds = kinds_in(inside, bytes);
        let is_replaced = |kind: &&str| tests.kinds.iter().any(|one| one.name == **kind);
        let replaced: Vec<&str> = kinds.iter().copied().filter(|kind| is_replaced(kind)).collect();
        let Some(first) = replaced.first() else {
            return true;
        };
        if replaced.len() < kinds.len() {
            let message = format!(
                "`{first}` replaces that kind, and `{inside}` of the world holds it among others ({}): give each kind a file of its own there",
                kinds.into_iter().collect::<Vec<_>>().join(", ")
            );
            faults.push(tests.fault(first, message));
        }
        false
    });
}

fn folders(files: &Files) -> Vec<String> {
    let mut folders: Vec<String> = files
        .0
        .keys()
        .filter_map(|name| Some(name.split_once('/')?.0.to_owned()))
        .collect();
    folders.dedup();
    folders
}

/// Whether the tenant in this folder has this name, id or domain.
fn is_tenant(files: &Files, folder: &str, name: &str) -> bool {
    let organization = files.0.get(&format!("{folder}/organization.json"));
    let organization = organization.and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok());
    let Some(organization) = organization else {
        return false;
    };
    let domains = organization
        .get("verifiedDomains")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|domain| domain.get("name"));
    [organization.get("id"), organization.get("displayName")]
        .into_iter()
        .flatten()
        .chain(domains)
        .filter_map(Value::as_str)
        .any(|text| same(text, name))
}

/// What is wrong with a world: at the line of the test file where it comes from there.
fn told(tests: &PolicyTests, folder: &str, error: WorldError) -> Vec<Fault> {
    let WorldError::Refused(findings) = error else {
        return vec![tests.fault("world", error.to_string())];
    };
    let fault = |found: portcullis_world::error::FileFinding| {
        let kind = found
            .file
            .strip_prefix(folder)
            .and_then(|file| file.strip_prefix('/'))
            .and_then(|file| file.strip_suffix(".json"))
            .and_then(|kind| tests.kinds.iter().find(|one| one.name == kind));
        match kind {
            Some(kind) => Fault {
                file: tests.file.clone(),
                position: kind.value.find(&found.finding.path),
                message: format!("{}: {}", kind.name, found.finding),
            },
            None => tests.fault("world", found.to_string()),
        }
    };
    let mut faults: Vec<Fault> = findings.0.into_iter().map(fault).collect();
    faults.sort_by_key(|fault| fault.position);
    faults
}

/// Adds the policies of other files.
fn add_policies(
    tests: &PolicyTests,
    (directory, tenant): (&mut Directory, Option<TenantId>),
    surroundings: &dyn Surroundings,
    faults: &mut Vec<Fault>,
) {
    if tests.policies.is_empty() {
        return;
    }
    let found = {
        let mut tenants = directory.tenants();
        match (tenant, tenants.next(), tenants.next()) {
            (Some(tenant), ..) => directory.tenant(tenant),
            (None, Some(only), None) => Some(only),
            (None, ..) => None,
        }
    };
    let Some(mut tenant) = found.cloned() else {
        let message = "the world has several tenants: say with `tenant` to which of them the policies are added";
        faults.push(tests.fault("policies", message));
        return;
    };
    for path in &tests.policies {
        match surroundings.with_policies(&tenant, &tests.file, path) {
            Ok(with) => tenant = with,
            Err(error) => faults.push(tests.fault("policies", error)),
        }
    }
    directory.put(tenant);
}
