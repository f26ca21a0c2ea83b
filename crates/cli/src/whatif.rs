//! `portcullis whatif`: what Conditional Access would make of a sign-in.

mod device;
pub(crate) mod options;
pub(crate) mod print;
pub(crate) mod world;

use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use portcullis_model::Timestamp;
use portcullis_model::id::TenantId;
use portcullis_whatif::directory::Directory;
use portcullis_whatif::evaluate::{Answer, evaluate};
use portcullis_whatif::graph_answer::{GraphQuestion, graph_answer};
use portcullis_whatif::graph_request::GraphRequest;
use portcullis_whatif::prose;
use portcullis_whatif::situation::Situation;

use crate::output::{self, OutputFormat};
use options::{AskedOptions, WhatifOptions};

pub(crate) async fn run(options: WhatifOptions) -> anyhow::Result<()> {
    let Question {
        situation,
        notes,
        applied_policies_only,
    } = question(&options.asked)?;
    let asked = ask(&options.asked, situation).await?;
    let applied_policies_only = options.applied_only || applied_policies_only;
    match options.output {
        OutputFormat::Json => {
            let question = GraphQuestion {
                situation: &asked.situation,
                applied_policies_only,
                notes: &notes,
                absent: options.asked.absent(),
            };
            let tenant = asked.directory.tenant(asked.tenant);
            let tenant = tenant.context("the tenant is gone")?;
            output::json(&graph_answer(
                &asked.directory,
                tenant,
                question,
                Timestamp::now(),
            )?)
        }
        OutputFormat::Text => {
            let mut answer = asked.answer(&options.asked)?;
            answer.suppositions.extend(notes);
            let told = if applied_policies_only {
                prose::tell_applied(&answer)
            } else {
                prose::tell(&answer)
            };
            print::print(&told);
            Ok(())
        }
    }
}

/// What is asked: by a request in Graph's shape, and by options over it.
pub(crate) struct Question {
    pub(crate) situation: Situation,
    /// What of the request counts for less than its writer may think.
    pub(crate) notes: Vec<String>,
    applied_policies_only: bool,
}

pub(crate) fn question(options: &AskedOptions) -> anyhow::Result<Question> {
    let request = match &options.request {
        Some(path) => read_request(path)?,
        None => GraphRequest {
            situation: Situation::default(),
            applied_policies_only: false,
            notes: Vec::new(),
        },
    };
    Ok(Question {
        situation: options.situation(&request.situation)?,
        notes: request.notes,
        applied_policies_only: request.applied_policies_only,
    })
}

/// What is asked, and of whom.
pub(crate) struct Asked {
    directory: Directory,
    tenant: TenantId,
    situation: Situation,
}

/// Opens the world, finds the tenant that decides, and puts the drafts on top.
pub(crate) async fn ask(options: &AskedOptions, situation: Situation) -> anyhow::Result<Asked> {
    let mut directory = world::open(
        options.world.as_deref(),
        &options.data,
        options.unreadable(),
    )
    .await?;
    let tenant = match &options.tenant {
        Some(name) => directory.find_tenant(name)?,
        None => directory.tenant_of(&situation)?,
    };
    let mut tenant = tenant.clone();
    for path in &options.policies {
        tenant = world::with_drafts(&tenant, path)?;
    }
    let id = tenant.id();
    directory.put(tenant);
    Ok(Asked {
        directory,
        tenant: id,
        situation,
    })
}

impl Asked {
    pub(crate) fn answer(&self, options: &AskedOptions) -> anyhow::Result<Answer> {
        let tenant = self.directory.tenant(self.tenant);
        let tenant = tenant.context("the tenant is gone")?;
        let question = (&self.situation, options.absent());
        Ok(evaluate(
            &self.directory,
            tenant,
            question,
            Timestamp::now(),
        )?)
    }
}

fn read_request(path: &Path) -> anyhow::Result<GraphRequest> {
    let limit = u64::try_from(GraphRequest::SIZE_BYTES_MAX).unwrap_or(u64::MAX);
    let mut body = Vec::new();
    let cannot = || format!("cannot read `{}`", path.display());
    let input: Box<dyn std::io::Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path).with_context(cannot)?)
    };
    let mut input = input.take(limit.saturating_add(1));
    input.read_to_end(&mut body).with_context(cannot)?;
    GraphRequest::parse(&body).with_context(|| format!("`{}` is refused", path.display()))
}
