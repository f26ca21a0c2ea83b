//! From files to tenants: every document is read, then all are checked together, and only a world without findings comes out.

use std::collections::BTreeMap;
use std::path::Path;

use portcullis_model::document::Reason;
use portcullis_model::id::TenantId;
use portcullis_model::store::{ImportedCredentials, TenantWorld};

use crate::check;
use crate::credentials::{self, PlainCredentials};
use crate::error::{Place, WorldError, WorldFindings};
use crate::files::{Files, is_foreign};
use crate::tenant::{Kind, PlacedTenant, TenantFiles};

/// A world that was read: its tenants by id, and their credentials in clear.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    /// The tenants, ordered by id; their `credentials` are empty until the caller has hashed and sealed the plain ones.
    pub tenants: Vec<TenantWorld>,
    /// The credentials of the tenants, in the same order.
    pub credentials: Vec<PlainCredentials>,
    /// The files that declare invariants, to name them where an invariant turns out to name nothing.
    pub invariant_files: BTreeMap<TenantId, String>,
    /// The files that were not looked at, since they are no JSON or YAML and nothing of a tenant is called so.
    pub passed_over: Vec<String>,
}

/// Reads the world in a folder, or the only tenant whose folder it is.
pub fn read_world(folder: &Path) -> Result<World, WorldError> {
    parse_world(&read_world_files(folder)?)
}

/// The files of the world in a folder. The folder of one tenant is a world of one, and the folder's name the tenant's.
pub fn read_world_files(folder: &Path) -> Result<Files, WorldError> {
    let files = Files::read(folder)?;
    if !has_organization(folder) {
        return Ok(files);
    }
    let name = std::path::absolute(folder).ok();
    let name = name.as_deref().and_then(Path::file_name);
    let name = name.map_or_else(|| "tenant".into(), |name| name.to_string_lossy());
    let files = files.0.into_iter();
    let files = files.map(|(file, bytes)| (format!("{name}/{file}"), bytes));
    Ok(Files(files.collect()))
}

/// Whether the folder is a world's, or the folder of one tenant: without an organization nobody knows whose the files are.
pub fn is_world(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut entries = entries.filter_map(Result::ok);
    has_organization(folder) || entries.any(|entry| has_organization(&entry.path()))
}

fn has_organization(folder: &Path) -> bool {
    folder.join("organization.json").is_file()
}

/// The world these files describe.
pub fn parse_world(files: &Files) -> Result<World, WorldError> {
    let mut findings = WorldFindings::default();
    let (ours, passed_over) = set_foreign_apart(files);
    let folders = by_tenant_folder(ours, &mut findings);
    let mut tenants: Vec<PlacedTenant> = folders
        .into_iter()
        .filter_map(|(folder, files)| TenantFiles::new(folder, files).read(&mut findings))
        .collect();
    tenants.sort_by_key(|tenant| tenant.organization.value.id);
    // What refers to an object that was refused would be reported as if the object were not there.
    refuse_if_any(&mut findings)?;
    let credentials = tenants
        .iter()
        .map(|tenant| credentials::read(tenant, &mut findings))
        .collect();
    check::check_world(&tenants, &mut findings);
    refuse_if_any(&mut findings)?;
    let declared = tenants.iter().filter_map(|tenant| {
        let file = &tenant.invariants.as_ref()?.place.file;
        Some((tenant.organization.value.id, file.clone()))
    });
    Ok(World {
        invariant_files: declared.collect(),
        passed_over,
        tenants: tenants.into_iter().map(without_places).collect(),
        credentials,
    })
}

fn refuse_if_any(findings: &mut WorldFindings) -> Result<(), WorldError> {
    if findings.0.is_empty() {
        Ok(())
    } else {
        Err(WorldError::Refused(std::mem::take(findings)))
    }
}

/// What may be read here, and the names of what lies there for people or other tools: read-me files, scripts, pictures.
fn set_foreign_apart(files: &Files) -> (Vec<(&str, &[u8])>, Vec<String>) {
    let each = files.0.iter();
    let each = each.map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    let (foreign, ours): (Vec<_>, Vec<_>) = each.partition(|(name, bytes)| is_foreign(name, bytes));
    let foreign = foreign.into_iter().map(|(name, _)| name.to_owned());
    // A world has one of its own.
    let foreign = foreign.filter(|name| name != "README.md");
    (ours, foreign.collect())
}

fn by_tenant_folder<'f>(
    files: Vec<(&'f str, &'f [u8])>,
    findings: &mut WorldFindings,
) -> BTreeMap<&'f str, BTreeMap<&'f str, &'f [u8]>> {
    let mut folders: BTreeMap<&str, BTreeMap<&str, &[u8]>> = BTreeMap::new();
    for (name, bytes) in files {
        if let Some((folder, file)) = name.split_once('/') {
            folders.entry(folder).or_default().insert(file, bytes);
        } else {
            let found = "a file outside every tenant's folder".into();
            let expected = "one folder for each tenant, and perhaps a `README.md`";
            findings.add(&Place::root(name), Reason::Unknown, found, expected);
        }
    }
    if folders.is_empty() {
        let expected = "one folder for each tenant, with an `organization.json`";
        let place = Place::root(".");
        findings.add(&place, Reason::Missing, "no tenant".into(), expected);
    }
    folders
}

fn without_places(tenant: PlacedTenant) -> TenantWorld {
    fn values<T>(kind: Kind<T>) -> Option<Vec<T>> {
        kind.map(|objects| objects.into_iter().map(|placed| placed.value).collect())
    }
    TenantWorld {
        organization: tenant.organization.value,
        users: values(tenant.users),
        groups: values(tenant.groups),
        role_assignments: values(tenant.role_assignments),
        applications: values(tenant.applications),
        service_principals: values(tenant.service_principals),
        conditional_access_policies: values(tenant.conditional_access_policies),
        named_locations: values(tenant.named_locations),
        authentication_strengths: values(tenant.authentication_strengths),
        authentication_contexts: values(tenant.authentication_contexts),
        agreements: values(tenant.agreements),
        cross_tenant_access_policy: tenant
            .cross_tenant_access_policy
            .map(|borders| borders.value),
        invariants: tenant.invariants.map(|placed| placed.value),
        credentials: ImportedCredentials::default(),
    }
}
