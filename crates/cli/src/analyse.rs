//! Questions about policies, answered over all possible sign-ins: `gaps`, `check`, `diff`, `lint` and `map`.
//!
//! Exit codes of all of them: 0 nothing to tell, 1 something is told, 2 it could not be asked.

mod check;
mod diff;
mod force;
mod gaps;
mod lint;
mod map;
pub(crate) mod options;
mod print;

use std::process::ExitCode;

use anyhow::Context as _;
use portcullis_analysis::analysis::Analysis;
use portcullis_analysis::selection::Interest;
use portcullis_analysis::side::Counted;
use portcullis_model::id::TenantId;
use portcullis_whatif::directory::{Directory, DirectoryTenant};

use crate::output;
use crate::whatif::world;
use options::{CheckOptions, DiffOptions, GapsOptions, LintOptions, MapOptions, OfTenant};

/// What is asked about.
pub(crate) struct Opened {
    directory: Directory,
    tenant: TenantId,
}

impl Opened {
    pub(crate) async fn open(options: &OfTenant) -> anyhow::Result<Self> {
        let unreadable = options.unreadable();
        let mut directory =
            world::open(options.world.as_deref(), &options.data, unreadable).await?;
        let mut tenant = one_tenant(&directory, options.tenant.as_deref())?.clone();
        for path in &options.policies {
            tenant = world::with_drafts(&tenant, path)?;
        }
        let id = tenant.id();
        directory.put(tenant);
        Ok(Self {
            directory,
            tenant: id,
        })
    }

    fn tenant(&self) -> anyhow::Result<&DirectoryTenant> {
        self.directory
            .tenant(self.tenant)
            .context("the tenant is gone")
    }

    fn analysis(&self, counted: Counted, interest: &Interest) -> anyhow::Result<Analysis> {
        let tenant = self.tenant()?;
        anyhow::ensure!(
            !tenant
                .configuration()
                .conditional_access_policies
                .is_empty(),
            "{} has no policies: there is nothing to ask about",
            tenant.name()
        );
        Ok(Analysis::new(&self.directory, tenant, counted, interest))
    }
}

/// The tenant of this name, or the only one.
fn one_tenant<'d>(
    directory: &'d Directory,
    name: Option<&str>,
) -> anyhow::Result<&'d DirectoryTenant> {
    if let Some(name) = name {
        return Ok(directory.find_tenant(name)?);
    }
    let mut tenants = directory.tenants();
    match (tenants.next(), tenants.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => anyhow::bail!("there is no tenant here"),
        (Some(_), Some(_)) => {
            let names: Vec<&str> = directory.tenants().map(DirectoryTenant::name).collect();
            anyhow::bail!(
                "there are several tenants: say with --tenant which one is asked about ({})",
                names.join(", ")
            )
        }
    }
}

pub(crate) async fn gaps(options: &GapsOptions) -> ExitCode {
    code(gaps::run(options).await)
}

pub(crate) async fn check(options: &CheckOptions) -> ExitCode {
    code(check::run(options).await)
}

pub(crate) async fn diff(options: &DiffOptions) -> ExitCode {
    code(diff::run(options).await)
}

pub(crate) async fn lint(options: &LintOptions) -> ExitCode {
    code(lint::run(options).await)
}

pub(crate) async fn map(options: &MapOptions) -> ExitCode {
    code(map::run(options).await)
}

/// Whether something was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    Nothing,
    Something,
}

fn code(told: anyhow::Result<Told>) -> ExitCode {
    match told {
        Ok(Told::Nothing) => ExitCode::SUCCESS,
        Ok(Told::Something) => ExitCode::from(1),
        Err(error) => {
            output::failure(&error);
            ExitCode::from(2)
        }
    }
}
