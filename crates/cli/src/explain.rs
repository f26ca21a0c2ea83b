//! `portcullis explain`: in sentences, why a sign-in ended as it did.

use anyhow::Context as _;
use portcullis_model::store::{SignInQuery, Store as _};
use portcullis_whatif::graph_answer::answer_json;
use portcullis_whatif::prose;
use portcullis_whatif::prose::logged::tell_logged;

use crate::installation::Installation;
use crate::output::{self, OutputFormat};
use crate::whatif::options::ExplainOptions;
use crate::whatif::{ask, print, question};

pub(crate) async fn run(options: ExplainOptions) -> anyhow::Result<()> {
    if let Some(correlation_id) = options.correlation_id {
        return explain_logged(&options, correlation_id).await;
    }
    let question = question(&options.asked)?;
    let asked = ask(&options.asked, question.situation).await?;
    let mut answer = asked.answer(&options.asked)?;
    answer.suppositions.extend(question.notes);
    match options.output {
        OutputFormat::Json => output::json(&answer_json(&answer)),
        OutputFormat::Text => {
            print::print(&prose::explain(&answer));
            Ok(())
        }
    }
}

/// Every row of one sign-in, the first one first: a sign-in may be refused, asked again, and let in.
async fn explain_logged(
    options: &ExplainOptions,
    correlation_id: uuid::Uuid,
) -> anyhow::Result<()> {
    let asked = &options.asked;
    let installation = Installation::open(&asked.data).await?;
    let name = asked
        .tenant
        .as_deref()
        .context("name the tenant with --tenant")?;
    let tenant = crate::tenant::find(installation.store.as_ref(), name).await?;
    let query = SignInQuery {
        correlation_id: Some(correlation_id),
        top: 100,
        ..SignInQuery::default()
    };
    let mut rows = installation
        .store
        .tenant(tenant.id)
        .list_sign_ins(&query)
        .await?;
    rows.reverse();
    anyhow::ensure!(
        !rows.is_empty(),
        "{} has no sign-in with correlation id `{correlation_id}`: the page that showed it may be another tenant's",
        tenant.display_name
    );
    match options.output {
        OutputFormat::Json => output::json(&serde_json::json!({ "value": rows })),
        OutputFormat::Text => {
            for (index, row) in rows.iter().enumerate() {
                if index > 0 {
                    output::line("");
                }
                print::print(&tell_logged(row));
            }
            Ok(())
        }
    }
}
