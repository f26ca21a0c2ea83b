//! Finds the tenant that somebody named on the command line.

use portcullis_model::organization::Organization;
use portcullis_model::store::Store;

/// The tenant with this id or domain, else the only one whose name or domain begins so (without case).
pub(crate) async fn find(store: &dyn Store, asked: &str) -> anyhow::Result<Organization> {
    let wanted = asked.trim().to_lowercase();
    let tenants = store.list_tenants().await?;
    let known = || {
        let names: Vec<_> = tenants
            .iter()
            .map(|tenant| tenant.display_name.as_str())
            .collect();
        match names.as_slice() {
            [] => "this installation has no tenants yet".to_owned(),
            names => format!("tenants are: {}", names.join(", ")),
        }
    };
    let is_exactly = |tenant: &&Organization| {
        tenant.id.to_string() == wanted || domains(tenant).any(|domain| domain == wanted)
    };
    if let Some(tenant) = tenants.iter().find(is_exactly) {
        return Ok(tenant.clone());
    }
    let begins = |tenant: &&Organization| {
        tenant.display_name.to_lowercase().starts_with(&wanted)
            || domains(tenant).any(|domain| domain.starts_with(&wanted))
    };
    let mut candidates = tenants.iter().filter(begins);
    match (candidates.next(), candidates.next()) {
        (Some(tenant), None) if !wanted.is_empty() => Ok(tenant.clone()),
        (Some(_), Some(_)) if !wanted.is_empty() => {
            anyhow::bail!(
                "more than one tenant begins with `{asked}`: give its id or domain; {}",
                known()
            )
        }
        _ => anyhow::bail!("no tenant is called `{asked}`; {}", known()),
    }
}

fn domains(tenant: &Organization) -> impl Iterator<Item = &str> {
    tenant
        .verified_domains
        .iter()
        .map(|domain| domain.name.as_str())
}
