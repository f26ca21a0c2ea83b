//! Writes a world as a folder that [`crate::read_world`] reads again; credentials are never written.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use portcullis_model::document::Document;
use portcullis_model::store::TenantWorld;
use serde::Serialize;

use crate::error::WorldError;

/// Writes the tenants into a new or empty folder, each into its own folder, in a stable order.
pub fn write_world(folder: &Path, tenants: &[TenantWorld]) -> Result<(), WorldError> {
    create_empty(folder)?;
    let mut names = BTreeSet::new();
    for tenant in tenants {
        let domain = tenant.organization.initial_domain();
        let name = domain.filter(|domain| names.insert((*domain).to_owned()));
        let name = name.map_or_else(|| tenant.organization.id.to_string(), str::to_owned);
        write_tenant(&folder.join(name), tenant)?;
    }
    Ok(())
}

fn create_empty(folder: &Path) -> Result<(), WorldError> {
    fs::create_dir_all(folder).map_err(|cause| cannot_write(folder, cause))?;
    let mut entries = fs::read_dir(folder).map_err(|cause| cannot_write(folder, cause))?;
    if entries.next().is_some() {
        return Err(WorldError::NotEmpty {
            path: folder.to_owned(),
        });
    }
    Ok(())
}

fn write_tenant(folder: &Path, tenant: &TenantWorld) -> Result<(), WorldError> {
    fs::create_dir_all(folder).map_err(|cause| cannot_write(folder, cause))?;
    let file = |kind: &str| folder.join(format!("{kind}.json"));
    write_json(file("organization"), Some(&tenant.organization))?;
    write_json(file("users"), tenant.users.as_ref())?;
    write_json(file("groups"), tenant.groups.as_ref())?;
    write_json(file("roleAssignments"), tenant.role_assignments.as_ref())?;
    write_json(file("applications"), tenant.applications.as_ref())?;
    write_json(
        file("servicePrincipals"),
        tenant.service_principals.as_ref(),
    )?;
    write_documents(
        file("conditionalAccessPolicies"),
        tenant.conditional_access_policies.as_deref(),
        |policy| &policy.document,
    )?;
    write_documents(
        file("namedLocations"),
        tenant.named_locations.as_deref(),
        |location| &location.document,
    )?;
    write_documents(
        file("authenticationStrengths"),
        tenant.authentication_strengths.as_deref(),
        |strength| &strength.document,
    )?;
    write_documents(
        file("authenticationContextClassReferences"),
        tenant.authentication_contexts.as_deref(),
        |context| &context.document,
    )?;
    write_documents(
        file("agreements"),
        tenant.agreements.as_deref(),
        |agreement| &agreement.document,
    )?;
    let cross_tenant = tenant.cross_tenant_access_policy.as_ref();
    write_json(file("crossTenantAccessPolicy"), cross_tenant)?;
    write_json(file("invariants"), tenant.invariants.as_ref())
}

/// Objects as the documents they came as.
fn write_documents<T>(
    path: PathBuf,
    objects: Option<&[T]>,
    document: impl Fn(&T) -> &Document,
) -> Result<(), WorldError> {
    let documents = objects.map(|objects| objects.iter().map(document).collect::<Vec<_>>());
    write_json(path, documents.as_ref())
}

fn write_json<T: Serialize>(path: PathBuf, content: Option<&T>) -> Result<(), WorldError> {
    let Some(content) = content else {
        return Ok(());
    };
    let mut text = match serde_json::to_string_pretty(content) {
        Ok(text) => text,
        Err(cause) => return Err(WorldError::Serialize { path, cause }),
    };
    text.push('\n');
    fs::write(&path, text).map_err(|cause| cannot_write(&path, cause))
}

fn cannot_write(path: &Path, cause: std::io::Error) -> WorldError {
    WorldError::Write {
        path: path.to_owned(),
        cause,
    }
}
