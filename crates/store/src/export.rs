//! Reads every tenant as a world, credentials aside, all of it from one moment.

use portcullis_model::group::{Group, RoleAssignment};
use portcullis_model::id::TenantId;
use portcullis_model::organization::Organization;
use portcullis_model::store::{ImportedCredentials, StoreError, TenantWorld};
use portcullis_model::user::User;

use crate::configuration;
use crate::engine::{Connection, Engine};
use crate::query::{About, list_on};
use crate::sql::{directory, installation};
use crate::statement::statement;
use crate::writer::failed;

/// Every tenant, by id; within a tenant, objects by id.
pub(crate) async fn export<E: Engine>(engine: &E) -> Result<Vec<TenantWorld>, StoreError> {
    let mut snapshot = engine
        .snapshot()
        .await
        .map_err(|cause| failed("begins an export", cause))?;
    let about = About {
        doing: "lists the tenants",
        table: "tenant",
    };
    let statement = statement!(installation::LIST_TENANTS);
    let organizations = list_on(&mut snapshot, statement, about, |row| {
        row.document::<Organization>("organization")
    });
    let mut world = Vec::new();
    for organization in organizations.await? {
        let one = tenant(&mut snapshot, organization.id).await?;
        world.extend(one.map(|(_, tenant)| tenant));
    }
    snapshot
        .close()
        .await
        .map_err(|cause| failed("ends an export", cause))?;
    Ok(world)
}

/// One tenant with the version of its configuration.
pub(crate) async fn export_one<E: Engine>(
    engine: &E,
    id: TenantId,
) -> Result<Option<(u64, TenantWorld)>, StoreError> {
    let mut snapshot = engine
        .snapshot()
        .await
        .map_err(|cause| failed("begins to export a tenant", cause))?;
    let world = tenant(&mut snapshot, id).await?;
    snapshot
        .close()
        .await
        .map_err(|cause| failed("ends exporting a tenant", cause))?;
    Ok(world)
}

async fn tenant<C: Connection>(
    connection: &mut C,
    tenant: TenantId,
) -> Result<Option<(u64, TenantWorld)>, StoreError> {
    let Some(configuration) = configuration::read_on(connection, tenant).await? else {
        return Ok(None);
    };
    let about = |table| About {
        doing: "exports a tenant",
        table,
    };
    let statement = statement!(directory::LIST_USERS, tenant);
    let users = list_on(connection, statement, about("directory_user"), |row| {
        row.document::<User>("document")
    })
    .await?;
    let statement = statement!(directory::LIST_GROUPS, tenant);
    let groups = list_on(connection, statement, about("directory_group"), |row| {
        row.document::<Group>("document")
    })
    .await?;
    let statement = statement!(directory::LIST_ROLE_ASSIGNMENTS, tenant);
    let role_assignments = list_on(connection, statement, about("role_assignment"), |row| {
        Ok(RoleAssignment {
            principal_id: row.uuid("principal_id")?,
            role_definition_id: row.id("role_id")?,
        })
    })
    .await?;
    let world = TenantWorld {
        organization: configuration.organization,
        users: Some(users),
        groups: Some(groups),
        role_assignments: Some(role_assignments),
        applications: Some(configuration.applications),
        service_principals: Some(configuration.service_principals),
        conditional_access_policies: Some(configuration.conditional_access_policies),
        named_locations: Some(configuration.named_locations),
        authentication_strengths: Some(configuration.authentication_strengths),
        authentication_contexts: Some(configuration.authentication_contexts),
        agreements: Some(configuration.agreements),
        cross_tenant_access_policy: Some(configuration.cross_tenant_access_policy),
        invariants: configuration.invariants,
        credentials: ImportedCredentials::default(),
    };
    Ok(Some((configuration.version, world)))
}
