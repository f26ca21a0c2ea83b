//! `portcullis templates`: the policies to begin from, and the policy that one of them makes.

use anyhow::bail;
use comfy_table::{ContentArrangement, Table, presets};
use portcullis_model::conditional_access::template::ConditionalAccessTemplate;

use crate::command::{
    ListTemplatesOptions, ShowTemplateOptions, TemplatesCommand, TemplatesOptions,
};
use crate::output::{self, OutputFormat};

pub(crate) fn run(options: TemplatesOptions) -> anyhow::Result<()> {
    let templates = ConditionalAccessTemplate::catalogue()?;
    match options.command {
        TemplatesCommand::List(options) => list(&templates, &options),
        TemplatesCommand::Show(options) => show(&templates, &options),
    }
}

fn list(
    templates: &[ConditionalAccessTemplate],
    options: &ListTemplatesOptions,
) -> anyhow::Result<()> {
    match options.output {
        OutputFormat::Json => output::json(&serde_json::json!({ "value": templates })),
        OutputFormat::Text => {
            let mut table = Table::new();
            table
                .load_style(presets::NOTHING)
                .set_content_arrangement(ContentArrangement::Dynamic)
                .set_width(width());
            for template in templates {
                table.add_row([template.id.to_string(), template.name.clone()]);
                let scenarios = template.scenarios.to_string().replace(',', ", ");
                let more = format!("  {} ({scenarios})", template.description);
                table.add_row([String::new(), more]);
            }
            for line in table.to_string().lines() {
                output::line(line.trim_end());
            }
            Ok(())
        }
    }
}

/// As wide as the terminal, and as a page where none reads.
fn width() -> u16 {
    const PAGE: u16 = 100;
    output::width().map_or(PAGE, |width| u16::try_from(width).unwrap_or(PAGE))
}

/// The policy alone is on standard output, so that it can be sent into a file; for people, what it does stands beside it.
fn show(
    templates: &[ConditionalAccessTemplate],
    options: &ShowTemplateOptions,
) -> anyhow::Result<()> {
    let template = find(templates, &options.template)?;
    if options.output == OutputFormat::Text {
        output::warning(&template.description);
        if options.exclude_user.is_empty() {
            output::note(
                "Before you enforce it, exclude an account that is left to repair it: --exclude-user ID",
            );
        }
    }
    output::json(&template.policy(&options.exclude_user))
}

/// The template with this id or name, or the only one with this in its name.
fn find<'t>(
    templates: &'t [ConditionalAccessTemplate],
    wanted: &str,
) -> anyhow::Result<&'t ConditionalAccessTemplate> {
    let wanted = wanted.trim().to_lowercase();
    let is_wanted = |one: &&ConditionalAccessTemplate| {
        one.id.to_string() == wanted || one.name.to_lowercase() == wanted
    };
    if let Some(found) = templates.iter().find(is_wanted) {
        return Ok(found);
    }
    let alike: Vec<_> = templates
        .iter()
        .filter(|one| one.name.to_lowercase().contains(&wanted))
        .collect();
    match alike.as_slice() {
        [found] => Ok(found),
        [] => bail!("no template is called `{wanted}`; `portcullis templates list` shows them"),
        several => {
            let names: Vec<_> = several
                .iter()
                .map(|one| format!("`{}`", one.name))
                .collect();
            bail!("`{wanted}` could be {}", names.join(" or "))
        }
    }
}
