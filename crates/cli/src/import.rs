//! `portcullis import`: makes tenants equal to a folder, all or nothing, and says what changed.

mod guard;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use comfy_table::{CellAlignment, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use portcullis_model::Timestamp;
use portcullis_model::conditional_access::signal::{RiskLevel, RiskLevels};
use portcullis_model::conditional_access::{Conditions, PolicyState};
use portcullis_model::credential::{ClientSecret, PasswordCredential, TotpCredential};
use portcullis_model::secret::{SealPurpose, Sealer as _, SecretText, TokenHash};
use portcullis_model::store::{ImportSummary, ImportedCredentials, Store as _, TenantWorld};
use portcullis_world::credentials::PlainCredentials;
use portcullis_world::export::read_export;
use portcullis_world::{World, is_world};

use crate::command::{DataOptions, ImportOptions};
use crate::installation::Installation;
use crate::output::{self, OutputFormat};
use crate::whatif::world::{refusals, warn_of, warn_of_missing};

pub(crate) async fn run(options: ImportOptions) -> anyhow::Result<ExitCode> {
    if options.check {
        return Ok(match check(&options).await {
            Ok(code) => code,
            Err(error) => {
                output::failure(&error);
                ExitCode::from(2)
            }
        });
    }
    let nothing = || format!("nothing was imported from `{}`", options.folder.display());
    let world = read(&options.folder).with_context(nothing)?;
    let never_at_risk = policies_on_risk(&world);
    let is_there = Installation::exists(&options.data);
    // What would change in an installation that is not there yet: nothing of it may stay behind.
    let folder = (options.dry_run && !is_there)
        .then(tempfile::tempdir)
        .transpose()
        .context("cannot make a folder for the dry run")?;
    let data = folder.as_ref().map(|folder| DataOptions {
        data: folder.path().to_owned(),
        master_key_file: None,
    });
    let existing = if is_there {
        Some(Installation::open(&options.data).await?)
    } else {
        None
    };
    let report = guard::look(&stored(existing.as_ref()).await?, &world).with_context(nothing)?;
    report.warn();
    anyhow::ensure!(
        !report.is_refused(),
        "nothing was imported from `{}`: it would break what must hold (above); mend the policies, or say with `policyChangeGuard` in organization.json that such a change is let through",
        options.folder.display()
    );
    let installation = match existing {
        Some(installation) => installation,
        None => Installation::open_or_create(data.as_ref().unwrap_or(&options.data)).await?,
    };
    let summaries = import(&installation, world, options.dry_run).await?;
    installation.store.close().await;
    for policy in never_at_risk {
        output::warning(policy);
    }
    match options.output {
        OutputFormat::Json => {
            let mut answer = as_json(&summaries, options.dry_run);
            if let Some(answer) = answer.as_object_mut() {
                answer.insert("guard".to_owned(), report.json());
            }
            output::json(&answer)?;
        }
        OutputFormat::Text => print(&summaries, options.dry_run),
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a world. Of exported policies without an organization it says what is there and what lacks: whatever a question can be asked
/// about, somebody may want to run.
fn read(folder: &Path) -> anyhow::Result<World> {
    if !is_world(folder)
        && let Ok(export) = read_export(folder)
        && !export.policies.is_empty()
    {
        warn_of(refusals(&export));
        warn_of_missing(&export.missing);
        let policies = match export.policies.len() {
            1 => "one policy".to_owned(),
            many => format!("{many} policies"),
        };
        anyhow::bail!(
            "`{}` holds {policies}, and no `organization.json` says of which tenant: lay one beside, with `id`, `displayName` and `verifiedDomains`, and import their folder",
            folder.display()
        );
    }
    let world = portcullis_world::read_world(folder)?;
    note_passed_over(&world.passed_over);
    Ok(world)
}

/// Names what was not looked at; some of many.
fn note_passed_over(files: &[String]) {
    const FILES_MAX: usize = 8;
    if files.is_empty() {
        return;
    }
    let named = files.iter().take(FILES_MAX).map(|file| format!("`{file}`"));
    let named: Vec<String> = named.collect();
    let more = match files.len().saturating_sub(FILES_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    output::warning(format_args!(
        "passed over, as neither JSON nor named after anything that is read here: {}{more}",
        named.join(", ")
    ));
}

/// Only asks the guard; nothing is made, opened for writing or changed.
async fn check(options: &ImportOptions) -> anyhow::Result<ExitCode> {
    let cannot = || format!("cannot check `{}`", options.folder.display());
    let world = read(&options.folder).with_context(cannot)?;
    let existing = if Installation::exists(&options.data) {
        Some(Installation::open(&options.data).await?)
    } else {
        None
    };
    let report = guard::look(&stored(existing.as_ref()).await?, &world).with_context(cannot)?;
    match options.output {
        OutputFormat::Json => output::json(&report.json())?,
        OutputFormat::Text => {
            report.warn();
            report.note_unguarded();
            output::line(match (report.is_broken(), report.is_refused()) {
                (false, _) => "Nothing would be broken.",
                (true, false) => "It would be imported, with the warnings above.",
                (true, true) => "It would be refused.",
            });
        }
    }
    Ok(if report.is_broken() {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}

/// What is stored; nothing, where there is no installation yet.
async fn stored(existing: Option<&Installation>) -> anyhow::Result<Vec<TenantWorld>> {
    match existing {
        Some(installation) => Ok(installation.store.export().await?),
        None => Ok(Vec::new()),
    }
}

/// Enabled policies that ask for a risk, each with a sentence: nothing here tells of risk yet, so every sign-in has none of it.
fn policies_on_risk(world: &World) -> Vec<String> {
    let policies = |tenant: &TenantWorld| {
        let policies = tenant.conditional_access_policies.iter().flatten();
        policies
            .filter(|policy| policy.state == PolicyState::Enabled)
            .filter(|policy| asks_for_risk(&policy.conditions))
            .map(|policy| {
                format!(
                    "policy `{}` of `{}` asks for a risk, and no source of risk is connected: it applies to nobody until one is",
                    policy.display_name, tenant.organization.display_name
                )
            })
            .collect::<Vec<_>>()
    };
    world.tenants.iter().flat_map(policies).collect()
}

/// Whether the conditions want a risk that is more than none.
fn asks_for_risk(conditions: &Conditions) -> bool {
    let levels = [
        conditions.sign_in_risk_levels,
        conditions.user_risk_levels,
        conditions.service_principal_risk_levels,
    ];
    let beyond_none = |levels: &RiskLevels| !levels.is_empty() && !levels.contains(RiskLevel::None);
    levels.iter().any(beyond_none) || !conditions.insider_risk_levels.is_empty()
}

/// Imports a world that was read, unless the guard refuses it.
pub(crate) async fn import_guarded(
    installation: &Installation,
    world: World,
) -> anyhow::Result<Vec<ImportSummary>> {
    let report = guard::look(&stored(Some(installation)).await?, &world)?;
    report.warn();
    anyhow::ensure!(
        !report.is_refused(),
        "nothing was imported: it would break what must hold (above)"
    );
    import(installation, world, false).await
}

/// Imports a world that was read: hashes and seals what is new among its credentials first.
async fn import(
    installation: &Installation,
    world: World,
    dry_run: bool,
) -> anyhow::Result<Vec<ImportSummary>> {
    let now = Timestamp::now();
    let mut tenants = world.tenants;
    let passwords = world.credentials.iter().map(|plain| plain.passwords.len());
    let progress = progress(passwords.sum());
    for (tenant, plain) in tenants.iter_mut().zip(&world.credentials) {
        tenant.credentials = Credentials {
            installation,
            plain,
            now,
            progress: &progress,
        }
        .prepare()
        .await?;
    }
    progress.finish_and_clear();
    Ok(installation.store.import(&tenants, now, dry_run).await?)
}

/// Passwords are hashed slowly on purpose: a bar on standard error tells how far it is, if a terminal is there.
fn progress(passwords: usize) -> ProgressBar {
    let length = u64::try_from(passwords).unwrap_or(u64::MAX);
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}");
    ProgressBar::new(length)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        .with_message("Checking passwords")
}

/// Finds out which credentials differ from what is stored, so that importing twice changes nothing.
struct Credentials<'a> {
    installation: &'a Installation,
    plain: &'a PlainCredentials,
    now: Timestamp,
    progress: &'a ProgressBar,
}

impl Credentials<'_> {
    async fn prepare(&self) -> anyhow::Result<ImportedCredentials> {
        Ok(ImportedCredentials {
            passwords: self.passwords().await?,
            totp: self.totp().await?,
            client_secrets: self.client_secrets().await?,
        })
    }

    async fn passwords(&self) -> anyhow::Result<Vec<PasswordCredential>> {
        let tenant = self.installation.store.tenant(self.plain.tenant);
        let mut changed = Vec::new();
        for plain in &self.plain.passwords {
            self.progress.inc(1);
            let stored = tenant.find_password(plain.user).await?;
            let passwords = &self.installation.passwords;
            if stored.is_some_and(|stored| passwords.is_password(&stored.hash, &plain.password)) {
                continue;
            }
            let hash = passwords.hash(&plain.password).with_context(|| {
                format!(
                    "the password of `{}` cannot be used",
                    plain.user_principal_name
                )
            })?;
            changed.push(PasswordCredential {
                user: plain.user,
                hash,
                changed_at: self.now,
            });
        }
        Ok(changed)
    }

    async fn totp(&self) -> anyhow::Result<Vec<TotpCredential>> {
        let tenant = self.installation.store.tenant(self.plain.tenant);
        let sealer = &self.installation.master_key;
        let mut changed = Vec::new();
        for plain in &self.plain.totp {
            let stored = tenant.list_totp(plain.user).await?;
            let is_stored = stored.iter().any(|stored| {
                let open = sealer.open(self.plain.tenant, SealPurpose::TotpSeed, &stored.seed);
                stored.id == plain.id && open.is_ok_and(|seed| *seed == *plain.seed)
            });
            if is_stored {
                continue;
            }
            changed.push(TotpCredential {
                id: plain.id,
                user: plain.user,
                seed: sealer.seal(self.plain.tenant, SealPurpose::TotpSeed, &plain.seed)?,
                last_step: 0,
                created_at: self.now,
            });
        }
        Ok(changed)
    }

    async fn client_secrets(&self) -> anyhow::Result<Vec<ClientSecret>> {
        let tenant = self.installation.store.tenant(self.plain.tenant);
        let mut changed = Vec::new();
        for client in self.plain.client_secrets.iter().map(|plain| plain.client) {
            let wanted: Vec<ClientSecret> = self
                .plain
                .client_secrets
                .iter()
                .filter(|plain| plain.client == client)
                .map(|plain| ClientSecret {
                    client,
                    hash: hash(&plain.secret),
                    hint: plain.secret.expose().chars().take(3).collect(),
                    expires_at: None,
                })
                .collect();
            let stored = tenant.list_client_secrets(client).await?;
            let is_stored =
                |secret: &ClientSecret| stored.iter().any(|one| one.hash == secret.hash);
            let is_done = changed
                .iter()
                .any(|done: &ClientSecret| done.client == client);
            let is_unchanged = stored.len() == wanted.len() && wanted.iter().all(is_stored);
            if !is_done && !is_unchanged {
                changed.extend(wanted);
            }
        }
        Ok(changed)
    }
}

fn hash(secret: &SecretText) -> TokenHash {
    portcullis_signin::token::text::hash(secret.expose())
}

fn print(summaries: &[ImportSummary], dry_run: bool) {
    for summary in summaries {
        output::line(format_args!(
            "{} ({})",
            summary.display_name, summary.tenant
        ));
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(["", "added", "changed", "removed", "unchanged"]);
        for (kind, counts) in &summary.kinds {
            let numbers = [
                counts.added,
                counts.changed,
                counts.removed,
                counts.unchanged,
            ];
            let mut row = vec![format!("  {kind}")];
            row.extend(numbers.map(|number| number.to_string()));
            table.add_row(row);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        output::line(table);
    }
    let changes: usize = summaries
        .iter()
        .flat_map(|summary| summary.kinds.values())
        .map(|counts| counts.added + counts.changed + counts.removed)
        .sum();
    output::line(match (changes, dry_run) {
        (0, _) => "Nothing changed.".to_owned(),
        (changes, true) => {
            format!("{changes} changes would be made; nothing was changed (--dry-run).")
        }
        (changes, false) => format!("{changes} changes made."),
    });
}

fn as_json(summaries: &[ImportSummary], dry_run: bool) -> serde_json::Value {
    let tenants = summaries.iter().map(|summary| {
        let kinds: serde_json::Map<_, _> = summary
            .kinds
            .iter()
            .map(|(kind, counts)| {
                let counts = serde_json::json!({
                    "added": counts.added, "changed": counts.changed,
                    "removed": counts.removed, "unchanged": counts.unchanged,
                });
                (kind.clone(), counts)
            })
            .collect();
        serde_json::json!({ "tenantId": summary.tenant, "displayName": summary.display_name, "kinds": kinds })
    });
    serde_json::json!({ "dryRun": dry_run, "tenants": tenants.collect::<Vec<_>>() })
}
