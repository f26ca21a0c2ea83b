//! The country database of a server: opened before anything is served, looked at again while it runs, and missed aloud
//! where policies name countries.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use portcullis_custody::country_database::{CountryDatabase, Refreshed};
use portcullis_model::conditional_access::{LocationCondition, PolicyState};
use portcullis_model::named_location::{CountryLookup, NamedLocationKind};
use portcullis_model::store::{Store, StoreError, TenantConfiguration};

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// The database at this path, if there is one; a path to something else is refused.
pub(crate) fn open(file: Option<&Path>) -> anyhow::Result<Option<Arc<CountryDatabase>>> {
    let Some(file) = file else {
        return Ok(None);
    };
    let database = CountryDatabase::open(file)?;
    let (kind, built_at) = database.description();
    tracing::info!(file = %file.display(), kind, built_at, "countries of addresses are known");
    Ok(Some(Arc::new(database)))
}

/// Reads the database again whenever its file is replaced; without one, says once whose policies miss it.
pub(crate) async fn attend(database: Option<Arc<CountryDatabase>>, store: Arc<dyn Store>) {
    let Some(database) = database else {
        match tenants_that_name_countries(&*store).await {
            Ok(tenants) if tenants.is_empty() => {}
            Ok(tenants) => tracing::warn!(
                ?tenants,
                "policies name countries and there is no country database: every country is unknown; name a file with --country-database"
            ),
            Err(error) => tracing::warn!(%error, "could not look for policies that name countries"),
        }
        return;
    };
    let mut every = tokio::time::interval(LOOK_EVERY);
    loop {
        every.tick().await;
        let looked_at = Arc::clone(&database);
        match tokio::task::spawn_blocking(move || looked_at.refresh()).await {
            Ok(Ok(Refreshed::Unchanged)) => {}
            Ok(Ok(Refreshed::Replaced)) => {
                let (kind, built_at) = database.description();
                tracing::info!(kind, built_at, "the country database was read again");
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "the country database in memory stays");
            }
            Err(error) => {
                tracing::error!(%error, "the country database is not looked at any more");
                return;
            }
        }
    }
}

/// The domains of tenants with a policy in force, or on trial, that asks for the country of an address.
async fn tenants_that_name_countries(store: &dyn Store) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    for organization in store.list_tenants().await? {
        let configuration = store.tenant(organization.id).configuration().await?;
        if configuration.is_some_and(|configuration| names_countries(&configuration)) {
            let domain = organization.verified_domains.first();
            found.push(domain.map_or_else(|| organization.id.to_string(), |it| it.name.clone()));
        }
    }
    Ok(found)
}

fn names_countries(configuration: &TenantConfiguration) -> bool {
    let by_address = |location: &&portcullis_model::named_location::NamedLocation| match location
        .kind
    {
        NamedLocationKind::Countries { lookup, .. } => match lookup {
            CountryLookup::ClientIpAddress => true,
            CountryLookup::AuthenticatorAppGps => false,
        },
        NamedLocationKind::IpRanges { .. } | NamedLocationKind::CompliantNetwork { .. } => false,
    };
    let countries = configuration.named_locations.iter().filter(by_address);
    let countries: BTreeSet<_> = countries.map(|location| location.id).collect();
    let mut policies = configuration.conditional_access_policies.iter();
    policies.any(|policy| {
        let counts = match policy.state {
            PolicyState::Enabled | PolicyState::ReportOnly => true,
            PolicyState::Disabled => false,
        };
        let locations = policy.conditions.locations.iter();
        let mut named = locations.flat_map(|it| it.include.iter().chain(&it.exclude));
        counts
            && named.any(|condition| match condition {
                LocationCondition::NamedLocation(id) => countries.contains(id),
                LocationCondition::All | LocationCondition::AllTrusted => false,
            })
    })
}
