//! The two sets of policies that a replay compares, from the options.

use anyhow::Context as _;
use portcullis_analysis::replay::TenantIdentity;
use portcullis_model::conditional_access::PolicyState;
use portcullis_model::id::TenantId;
use portcullis_model::store::TenantConfiguration;
use portcullis_whatif::directory::{Directory, DirectoryTenant};

use crate::command::ReplayOptions;
use crate::whatif::options::Unreadable;
use crate::whatif::world;

/// The tenant as it is, and what it is compared with.
pub(super) struct Compared {
    pub(super) before: DirectoryTenant,
    pub(super) after: TenantConfiguration,
    pub(super) identity: TenantIdentity,
}

impl Compared {
    pub(super) async fn open(options: &ReplayOptions) -> anyhow::Result<Self> {
        let unreadable = if options.leave_out_unreadable {
            Unreadable::LeftOut
        } else {
            Unreadable::Refused
        };
        let directory = world::open(options.world.as_deref(), &options.data, unreadable).await?;
        let (before, identity) = tenant(&directory, options.tenant.as_deref())?;
        let mut after = match &options.against {
            None => before.configuration().clone(),
            Some(path) => {
                let other = world::open(Some(path), &options.data, unreadable).await?;
                against(&before, &other)
                    .with_context(|| format!("cannot compare with `{}`", path.display()))?
            }
        };
        let mut tried = before.clone();
        for path in &options.policies {
            tried = world::with_drafts(&tried, path)?;
            after = tried.configuration().clone();
        }
        for name in &options.enable {
            enable(&mut after, name)?;
        }
        Ok(Self {
            before,
            after,
            identity,
        })
    }
}

/// The tenant that is meant. An export of policies does not say which it is of; whoever knows says its id.
fn tenant(
    directory: &Directory,
    name: Option<&str>,
) -> anyhow::Result<(DirectoryTenant, TenantIdentity)> {
    let mut tenants = directory.tenants();
    let (first, second) = (tenants.next(), tenants.next());
    match (name, first, second) {
        (Some(name), Some(only), None) if is_export(only) => {
            let id: TenantId = name.parse().ok().context(
                "exported policies do not say which tenant they are of: give its id with `--tenant`",
            )?;
            Ok((only.clone(), TenantIdentity::Known(id)))
        }
        (Some(name), ..) => {
            let tenant = directory.find_tenant(name)?;
            Ok((tenant.clone(), TenantIdentity::Known(tenant.id())))
        }
        (None, Some(only), None) if is_export(only) => Ok((only.clone(), TenantIdentity::Unsaid)),
        (None, Some(only), None) => Ok((only.clone(), TenantIdentity::Known(only.id()))),
        (None, ..) => {
            let names: Vec<_> = directory.tenants().map(DirectoryTenant::name).collect();
            anyhow::bail!(
                "name the tenant whose log it is with `--tenant`; there are: {}",
                names.join(", ")
            )
        }
    }
}

/// Whether nothing is known of the tenant but its policies.
fn is_export(tenant: &DirectoryTenant) -> bool {
    !tenant.lists_people()
        && tenant
            .configuration()
            .organization
            .verified_domains
            .is_empty()
}

/// The same tenant in the other world, or the only one there. Of an export only what it holds is taken.
fn against(before: &DirectoryTenant, other: &Directory) -> anyhow::Result<TenantConfiguration> {
    let mut tenants = other.tenants();
    let (first, second) = (tenants.next(), tenants.next());
    let tenant = match (other.tenant(before.id()), first, second) {
        (Some(same), ..) => same,
        (None, Some(only), None) if is_export(only) || is_export(before) => only,
        (None, ..) => anyhow::bail!("it has no tenant `{}` ({})", before.name(), before.id()),
    };
    let configuration = tenant.configuration().clone();
    if !is_export(tenant) {
        return Ok(configuration);
    }
    Ok(TenantConfiguration {
        conditional_access_policies: configuration.conditional_access_policies,
        named_locations: configuration.named_locations,
        authentication_strengths: configuration.authentication_strengths,
        authentication_contexts: configuration.authentication_contexts,
        agreements: configuration.agreements,
        ..before.configuration().clone()
    })
}

/// Switches on what is disabled or only reports.
fn enable(configuration: &mut TenantConfiguration, name: &str) -> anyhow::Result<()> {
    let name = name.trim();
    let is_meant =
        |id: String, called: &str| id == name || called.to_lowercase() == name.to_lowercase();
    let policies = &mut configuration.conditional_access_policies;
    let mut meant: Vec<_> = policies
        .iter_mut()
        .filter(|policy| is_meant(policy.id.to_string(), &policy.display_name))
        .collect();
    match meant.as_mut_slice() {
        [policy] => {
            policy.state = PolicyState::Enabled;
            Ok(())
        }
        [] => anyhow::bail!("no policy is called `{name}`, nor has that id"),
        _ => anyhow::bail!("several policies are called `{name}`: give the id"),
    }
}
