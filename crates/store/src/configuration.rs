//! Reads a tenant's configuration whole, all of it from one moment.

use portcullis_model::application::{Application, ServicePrincipal};
use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_model::cross_tenant_access::CrossTenantAccessPolicy;
use portcullis_model::id::TenantId;
use portcullis_model::named_location::NamedLocation;
use portcullis_model::organization::Organization;
use portcullis_model::store::{StoreError, TenantConfiguration};
use serde::de::DeserializeOwned;

use crate::engine::{Columns, Connection, Engine};
use crate::query::{About, list_on};
use crate::row::Row;
use crate::sql::directory;
use crate::statement::statement;
use crate::writer::failed;

/// The kinds of object that `configuration_object` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ObjectKind {
    Application,
    ServicePrincipal,
    ConditionalAccessPolicy,
    NamedLocation,
}

impl ObjectKind {
    /// As it is kept: Graph's plural name, which is also the kind's name in an import's summary.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Application => "applications",
            Self::ServicePrincipal => "servicePrincipals",
            Self::ConditionalAccessPolicy => "conditionalAccessPolicies",
            Self::NamedLocation => "namedLocations",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [
            Self::Application,
            Self::ServicePrincipal,
            Self::ConditionalAccessPolicy,
            Self::NamedLocation,
        ]
        .into_iter()
        .find(|kind| kind.name() == name)
    }
}

/// The configuration of a tenant, or `None` when there is no such tenant.
pub(crate) async fn read<E: Engine>(
    engine: &E,
    tenant: TenantId,
) -> Result<Option<TenantConfiguration>, StoreError> {
    let mut snapshot = engine
        .snapshot()
        .await
        .map_err(|cause| failed("begins to read a configuration", cause))?;
    let configuration = read_on(&mut snapshot, tenant).await?;
    snapshot
        .close()
        .await
        .map_err(|cause| failed("ends reading a configuration", cause))?;
    Ok(configuration)
}

/// The same on a connection that the caller holds.
pub(crate) async fn read_on<C: Connection>(
    connection: &mut C,
    tenant: TenantId,
) -> Result<Option<TenantConfiguration>, StoreError> {
    let about = About {
        doing: "reads a tenant",
        table: "tenant",
    };
    let head = list_on(
        connection,
        statement!(directory::FIND_TENANT, tenant),
        about,
        |row| {
            Ok((
                row.count::<u64>("configuration_version")?,
                row.document::<Organization>("organization")?,
                row.document::<CrossTenantAccessPolicy>("cross_tenant_access_policy")?,
            ))
        },
    );
    let Some((version, organization, cross_tenant_access_policy)) = head.await?.pop() else {
        return Ok(None);
    };
    let mut configuration = TenantConfiguration {
        version,
        organization,
        applications: Vec::new(),
        service_principals: Vec::new(),
        conditional_access_policies: Vec::new(),
        named_locations: Vec::new(),
        authentication_strengths: Vec::new(),
        authentication_contexts: Vec::new(),
        agreements: Vec::new(),
        cross_tenant_access_policy,
    };
    let about = About {
        doing: "reads a configuration",
        table: "configuration_object",
    };
    let statement = statement!(directory::LIST_CONFIGURATION_OBJECTS, tenant);
    let objects = list_on(connection, statement, about, object).await?;
    for object in objects {
        match object {
            Object::Application(one) => configuration.applications.push(*one),
            Object::ServicePrincipal(one) => configuration.service_principals.push(one),
            Object::Policy(one) => configuration.conditional_access_policies.push(*one),
            Object::NamedLocation(one) => configuration.named_locations.push(one),
        }
    }
    Ok(Some(configuration))
}

enum Object {
    Application(Box<Application>),
    ServicePrincipal(ServicePrincipal),
    Policy(Box<ConditionalAccessPolicy>),
    NamedLocation(NamedLocation),
}

fn object<R: Columns>(row: &Row<R>) -> Result<Object, StoreError> {
    let name = row.text("kind")?;
    let Some(kind) = ObjectKind::parse(&name) else {
        return Err(row.damaged("kind", format!("`{name}` is not known")));
    };
    Ok(match kind {
        ObjectKind::Application => Object::Application(Box::new(document(row)?)),
        ObjectKind::ServicePrincipal => Object::ServicePrincipal(document(row)?),
        ObjectKind::NamedLocation => Object::NamedLocation(
            NamedLocation::from_document(document(row)?)
                .map_err(|refusal| row.damaged("document", refusal))?,
        ),
        ObjectKind::ConditionalAccessPolicy => {
            // Read as strictly as at its import: a policy that this release does not understand closes the door.
            let policy = ConditionalAccessPolicy::from_document(document(row)?)
                .map_err(|refusal| row.damaged("document", refusal))?;
            Object::Policy(Box::new(policy))
        }
    })
}

fn document<R: Columns, T: DeserializeOwned>(row: &Row<R>) -> Result<T, StoreError> {
    row.document("document")
}
