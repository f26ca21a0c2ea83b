//! `portcullis export`: writes every tenant to a folder that `import` reads.

use anyhow::Context as _;
use portcullis_model::store::Store as _;

use crate::command::ExportOptions;
use crate::installation::Installation;
use crate::output::{self, OutputFormat};

pub(crate) async fn run(options: ExportOptions) -> anyhow::Result<()> {
    let installation = Installation::open(&options.data).await?;
    let world = installation.store.export().await?;
    portcullis_world::write_world(&options.folder, &world)
        .with_context(|| format!("cannot export to `{}`", options.folder.display()))?;
    match options.output {
        OutputFormat::Json => {
            let tenants: Vec<_> = world
                .iter()
                .map(|tenant| {
                    let organization = &tenant.organization;
                    serde_json::json!({ "tenantId": organization.id, "displayName": organization.display_name })
                })
                .collect();
            output::json(&serde_json::json!({ "folder": options.folder, "tenants": tenants }))
        }
        OutputFormat::Text => {
            output::line(format_args!(
                "Wrote {} tenants to {}. Passwords, authenticator seeds and client secrets are not in it.",
                world.len(),
                options.folder.display()
            ));
            Ok(())
        }
    }
}
