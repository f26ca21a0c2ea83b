//! Reads a tenant's configuration whole, all of it from one moment.

use portcullis_model::application::{Application, ServicePrincipal};
use portcullis_model::authentication_context::AuthenticationContextClassReference;
use portcullis_model::authentication_strength::AuthenticationStrengthPolicy;
use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_model::cross_tenant_access::CrossTenantAccessPolicy;
use portcullis_model::declared_invariants::DeclaredInvariants;
use portcullis_model::document::{Document, Refusal};
use portcullis_model::id::TenantId;
use portcullis_model::named_location::NamedLocation;
use portcullis_model::organization::Organization;
use portcullis_model::store::{StoreError, TenantConfiguration};
use portcullis_model::terms_of_use::Agreement;
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
    AuthenticationStrength,
    AuthenticationContext,
    Agreement,
    Invariants,
}

impl ObjectKind {
    const ALL: [Self; 8] = [
        Self::Application,
        Self::ServicePrincipal,
        Self::ConditionalAccessPolicy,
        Self::NamedLocation,
        Self::AuthenticationStrength,
        Self::AuthenticationContext,
        Self::Agreement,
        Self::Invariants,
    ];

    /// As it is kept: Graph's plural name, which is also the kind's name in an import's summary.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Application => "applications",
            Self::ServicePrincipal => "servicePrincipals",
            Self::ConditionalAccessPolicy => "conditionalAccessPolicies",
            Self::NamedLocation => "namedLocations",
            Self::AuthenticationStrength => "authenticationStrengths",
            Self::AuthenticationContext => "authenticationContextClassReferences",
            Self::Agreement => "agreements",
            Self::Invariants => "invariants",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
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
        invariants: None,
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
            Object::Strength(one) => configuration.authentication_strengths.push(one),
            Object::Context(one) => configuration.authentication_contexts.push(one),
            Object::Agreement(one) => configuration.agreements.push(one),
            Object::Invariants(one) => configuration.invariants = Some(one),
        }
    }
    Ok(Some(configuration))
}

enum Object {
    Application(Box<Application>),
    ServicePrincipal(ServicePrincipal),
    Policy(Box<ConditionalAccessPolicy>),
    NamedLocation(NamedLocation),
    Strength(AuthenticationStrengthPolicy),
    Context(AuthenticationContextClassReference),
    Agreement(Agreement),
    Invariants(DeclaredInvariants),
}

fn object<R: Columns>(row: &Row<R>) -> Result<Object, StoreError> {
    let name = row.text("kind")?;
    let Some(kind) = ObjectKind::parse(&name) else {
        return Err(row.damaged("kind", format!("`{name}` is not known")));
    };
    Ok(match kind {
        ObjectKind::Application => Object::Application(Box::new(document(row)?)),
        ObjectKind::ServicePrincipal => Object::ServicePrincipal(document(row)?),
        // Read as strictly as at its import: what this release does not understand closes the door.
        ObjectKind::NamedLocation => {
            Object::NamedLocation(strictly(row, NamedLocation::from_document)?)
        }
        ObjectKind::ConditionalAccessPolicy => {
            let policy = strictly(row, ConditionalAccessPolicy::from_document)?;
            Object::Policy(Box::new(policy))
        }
        ObjectKind::AuthenticationStrength => {
            Object::Strength(strictly(row, AuthenticationStrengthPolicy::from_document)?)
        }
        ObjectKind::AuthenticationContext => Object::Context(strictly(
            row,
            AuthenticationContextClassReference::from_document,
        )?),
        ObjectKind::Agreement => Object::Agreement(strictly(row, Agreement::from_document)?),
        ObjectKind::Invariants => {
            Object::Invariants(strictly(row, DeclaredInvariants::from_document)?)
        }
    })
}

fn strictly<R: Columns, T>(
    row: &Row<R>,
    read: impl Fn(Document) -> Result<T, Refusal>,
) -> Result<T, StoreError> {
    read(document(row)?).map_err(|refusal| row.damaged("document", refusal))
}

fn document<R: Columns, T: DeserializeOwned>(row: &Row<R>) -> Result<T, StoreError> {
    row.document("document")
}
