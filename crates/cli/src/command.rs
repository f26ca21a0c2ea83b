//! The command line: every command, option and help text.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use ipnet::IpNet;
use portcullis_model::id::{SessionId, UserId};
use portcullis_server::tenant_budget::REQUESTS_PER_SECOND;
use url::Url;

use crate::analyse::options::{CheckOptions, DiffOptions, GapsOptions, LintOptions, MapOptions};
use crate::output::{LogFormat, OutputFormat};
use crate::whatif::options::{ExplainOptions, WhatifOptions};

/// Portcullis: an identity provider in which organisations open their applications to each other's users, and every
/// token has passed a Conditional Access decision.
#[derive(Debug, Parser)]
#[command(
    name = "portcullis",
    version,
    arg_required_else_help = true,
    after_help = "Start with `portcullis demo`."
)]
pub(crate) struct CommandLine {
    /// How the log is written to standard error (`RUST_LOG` chooses what).
    #[arg(long, global = true, value_enum)]
    pub(crate) log: Option<LogFormat>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs two organisations and a sample application on this machine, and tells five stories to try.
    Demo(DemoOptions),
    /// Serves an installation.
    Serve(ServeOptions),
    /// Makes tenants equal to a folder of Graph-shaped files; all or nothing.
    Import(ImportOptions),
    /// Writes every tenant to a folder that `import` reads; credentials are never written.
    Export(ExportOptions),
    /// Shows a tenant's sign-in log: who came, what Conditional Access decided, and why.
    Signins(SignInsOptions),
    /// Runs policy tests: sign-ins and what they should come to, as files.
    #[command(
        after_help = "Exit codes: 0 all passed, 1 something is not as expected, 2 something could not be run."
    )]
    Test(TestOptions),
    /// Shows where a user is signed in, and ends it.
    Sessions(SessionsOptions),
    /// Rotates a tenant's signing keys.
    Keys(KeysOptions),
    /// Says what Conditional Access would make of a sign-in: on a world, on exported policies, or on an installation.
    Whatif(Box<WhatifOptions>),
    /// Says who can get a token without something, over all possible sign-ins: whole classes, each with a sign-in that shows it.
    Gaps(Box<GapsOptions>),
    /// Checks that what must hold does hold of every possible sign-in.
    Check(Box<CheckOptions>),
    /// Says what changes between two sets of policies: who gets in or not, is asked for more or less, has another session.
    Diff(Box<DiffOptions>),
    /// Finds what is wrong, pointless or dangerous in policies, each with proof.
    Lint(Box<LintOptions>),
    /// Draws who is asked for what, where: users by applications as one page to hand to somebody, with findings and cross-tenant trust.
    Map(Box<MapOptions>),
    /// Says in sentences why a sign-in ended as it did: one of the log, or one that is described.
    Explain(Box<ExplainOptions>),
    /// Shows policies to begin from, and prints the policy that one of them makes.
    Templates(TemplatesOptions),
    /// Decides past sign-ins again under other policies: whom these would have blocked, asked or let in.
    #[command(after_help = REPLAY_HELP)]
    Replay(Box<ReplayOptions>),
    /// Writes a completion script for a shell to standard output.
    Completions(CompletionsOptions),
}

/// Where an installation keeps its data.
#[derive(Debug, Clone, Args)]
pub(crate) struct DataOptions {
    /// The folder with the database and the master key; made when it is not there.
    #[arg(
        long,
        env = "PORTCULLIS_DATA",
        default_value = "portcullis-data",
        value_name = "FOLDER"
    )]
    pub(crate) data: PathBuf,
    /// The file with the 32 bytes that seal secrets at rest [default: master.key in the data folder].
    #[arg(long, env = "PORTCULLIS_MASTER_KEY_FILE", value_name = "FILE")]
    pub(crate) master_key_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DemoOptions {
    /// The folder with the demo's data; a second run finds it again.
    #[arg(long, default_value = "portcullis-demo", value_name = "FOLDER")]
    pub(crate) data: PathBuf,
    /// Forgets the data of earlier runs first.
    #[arg(long)]
    pub(crate) fresh: bool,
    /// The port of Portcullis on loopback; 0 takes a free one.
    #[arg(long, default_value_t = 8400)]
    pub(crate) port: u16,
    /// The port of the sample applications on loopback; 0 takes a free one.
    #[arg(long, default_value_t = 8401)]
    pub(crate) payroll_port: u16,
    /// Speaks TLS with a certificate of a development authority made on the spot.
    #[arg(long, value_enum)]
    pub(crate) tls: Option<TlsMode>,
    /// Tells the countries of addresses: an .mmdb file.
    #[arg(long, env = "PORTCULLIS_COUNTRY_DATABASE", value_name = "FILE")]
    pub(crate) country_database: Option<PathBuf>,
    /// How the introduction is printed.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: OutputFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TlsMode {
    /// A development authority in the data folder; clients must trust its certificate.
    Dev,
}

#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    #[command(flatten)]
    pub(crate) data: DataOptions,
    /// The address to listen on.
    #[arg(long, env = "PORTCULLIS_ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub(crate) address: IpAddr,
    /// The port to listen on; 0 takes a free one.
    #[arg(long, env = "PORTCULLIS_PORT", default_value_t = 8400)]
    pub(crate) port: u16,
    /// Where people and clients reach this installation, for instance `https://login.example.com`; issuers begin with it
    /// [default: the address and port, as localhost].
    #[arg(long, env = "PORTCULLIS_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<Url>,
    /// Certificate chain (PEM); needs --tls-key.
    #[arg(
        long,
        requires = "tls_key",
        conflicts_with = "tls",
        value_name = "FILE"
    )]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// Private key of the certificate (PEM).
    #[arg(long, requires = "tls_certificate", value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Speaks TLS with a certificate of a development authority made on the spot.
    #[arg(long, value_enum)]
    pub(crate) tls: Option<TlsMode>,
    /// A proxy (or a range of them, 10.0.0.0/8) whose X-Forwarded-For is believed; may be given several times. With one, plain HTTP may leave loopback.
    #[arg(
        long,
        env = "PORTCULLIS_TRUSTED_PROXY",
        value_delimiter = ',',
        value_parser = network,
        value_name = "ADDRESS"
    )]
    pub(crate) trusted_proxy: Vec<IpNet>,
    /// Requests each tenant may be asked for per second, so that a flood on one leaves the others theirs; four seconds' worth may come at once.
    #[arg(
        long,
        env = "PORTCULLIS_TENANT_REQUESTS_PER_SECOND",
        default_value_t = REQUESTS_PER_SECOND,
        value_name = "NUMBER"
    )]
    pub(crate) tenant_requests_per_second: NonZeroU32,
    /// Tells the countries of addresses, for policies that name some: an .mmdb file; read again when it changes [default: every country is unknown].
    #[arg(long, env = "PORTCULLIS_COUNTRY_DATABASE", value_name = "FILE")]
    pub(crate) country_database: Option<PathBuf>,
    /// How the address line is printed.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: OutputFormat,
}

/// An address, or a range of them.
fn network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| {
            "expected an address such as 10.0.0.7, or a range such as 10.0.0.0/8".to_owned()
        })
}

#[derive(Debug, Args)]
pub(crate) struct ImportOptions {
    #[command(flatten)]
    pub(crate) data: DataOptions,
    /// The folder: one folder per tenant (docs/reference/world-files.md).
    pub(crate) folder: PathBuf,
    /// Says what would change, and changes nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Only says whether it would break a declared invariant or lock every administrator out: exit code 0 it would not, 1 it
    /// would, 2 it cannot be read.
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) check: bool,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: OutputFormat,
}

#[derive(Debug, Args)]
pub(crate) struct ExportOptions {
    #[command(flatten)]
    pub(crate) data: DataOptions,
    /// The folder to write; it must be empty or not exist.
    pub(crate) folder: PathBuf,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: OutputFormat,
}

#[derive(Debug, Args)]
pub(crate) struct SignInsOptions {
    #[command(flatten)]
    pub(crate) data: DataOptions,
    /// The tenant: its id, a domain, or the beginning of its name.
    #[arg(long)]
    pub(crate) tenant: String,
    /// Only this user's rows: a name or an object id.
    #[arg(long)]
    pub(crate) user: Option<String>,
    /// Only rows of this correlation id, as the error page shows it.
    #[arg(long)]
    pub(crate) correlation_id: Option<uuid::Uuid>,
    /// Only refusals with this number.
    #[arg(long)]
    pub(crate) error_code: Option<u32>,
    /// At most so many rows, newest first.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) top: u16,
    /// How the rows are printed; json is Graph's `signIn`.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: OutputFormat,
}

#[derive(Debug, Args)]
pub(crate) struct TestOptions {
    /// Files of policy tests, or folders with some: there, those whose names end in .test.yaml, .test.yml or .test.json.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Only sign-ins with this in their name, whatever the case.
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,
    /// Names also what passed.
    #[arg(long, short)]
    pub(crate) verbose: bool,
    /// Writes a report in the XML of `JUnit` as well, for a build server.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// How the results are printed.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: OutputFormat,
}

const REPLAY_HELP: &str = "\
Exit codes: 0 nothing would differ, 1 something would or nobody can say, 2 something could not be read or the command line was wrong.

Examples:
  portcullis replay --enable 'Block legacy authentication' --tenant contoso
  portcullis replay exported-policies --signins signIns.json --policies drafts --tenant 11111111-2222-4333-8444-555555555555
  portcullis replay world --signins - --against other-world --output json < signIns.jsonl";

#[derive(Debug, Args)]
pub(crate) struct ReplayOptions {
    /// A world folder, a folder or file of exported policies, or the data folder of an installation [default: the installation in --data].
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) world: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) data: DataOptions,
    /// The log: Graph's `signIns` as JSON Lines, an array or `{"value": [...]}`; `-` is standard input [default: the installation's own].
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) signins: Option<PathBuf>,
    /// Policies to try, a folder or file: they replace those with their ids, or come on top.
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath, conflicts_with = "against")]
    pub(crate) policies: Vec<PathBuf>,
    /// Compares with the same tenant of another world, or with other exported policies.
    #[arg(long, value_name = "WORLD", value_hint = ValueHint::AnyPath)]
    pub(crate) against: Option<PathBuf>,
    /// Tries what would be if this policy were switched on, by id or name; may be given several times.
    #[arg(long, value_name = "POLICY")]
    pub(crate) enable: Vec<String>,
    /// The tenant whose policies decide: its id, a domain, or its name; of exported policies, the id it has in the log.
    #[arg(long)]
    pub(crate) tenant: Option<String>,
    /// Replays under the policies that can be read, where others cannot.
    #[arg(long)]
    pub(crate) leave_out_unreadable: bool,
    /// So many examples of each group, the first of the log.
    #[arg(long, default_value_t = 3, value_name = "NUMBER", value_parser = examples)]
    pub(crate) examples: usize,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: OutputFormat,
}

/// At most so many that a result stays readable, and memory flat.
fn examples(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number <= 100);
    number.ok_or_else(|| "expected a number from 0 to 100".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct SessionsOptions {
    #[command(subcommand)]
    pub(crate) command: SessionsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SessionsCommand {
    /// Shows a user's sessions, last used first.
    List(SessionsOfUser),
    /// Ends one session with its refresh tokens; or all of a user's, and nothing signed in before counts any more, here or where they
    /// are a guest.
    Revoke(SessionsToRevoke),
}

#[derive(Debug, Args)]
pub(crate) struct SessionsOfUser {
    #[command(flatten)]
    pub(crate) data: DataOptions,
    /// The tenant: its id, a domain, or the beginning of its name.
    #[arg(long)]
    pub(crate) tenant: String,
    /// The user: an object id or a userPrincipalName.
    #[arg(long)]
    pub(crate) user: String,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: OutputFormat,
}

#[derive(Debug, Args)]
pub(crate) struct SessionsToRevoke {
    #[command(flatten)]
    pub(crate) data: DataOptions,
    /// The tenant: its id, a domain, or the beginning of its name.
    #[arg(long)]
    pub(crate) tenant: String,
    #[command(flatten)]
    pub(crate) what: WhatToRevoke,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: OutputFormat,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct WhatToRevoke {
    /// Everything of this user: an object id or a userPrincipalName.
    #[arg(long)]
    pub(crate) user: Option<String>,
    /// This one session, by the id that `sessions list` shows.
    #[arg(long, value_name = "ID")]
    pub(crate) session: Option<SessionId>,
}

#[derive(Debug, Args)]
pub(crate) struct TemplatesOptions {
    #[command(subcommand)]
    pub(crate) command: TemplatesCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TemplatesCommand {
    /// Lists the templates: ids, names, what each does and what it is recommended for.
    List(ListTemplatesOptions),
    /// Prints the policy that a template makes, report-only: a file for `whatif --policies`, or for a world that `import` reads.
    Show(ShowTemplateOptions),
}

#[derive(Debug, Args)]
pub(crate) struct ListTemplatesOptions {
    /// How the list is printed; json is Graph's `conditionalAccessTemplate`.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: OutputFormat,
}

#[derive(Debug, Args)]
pub(crate) struct ShowTemplateOptions {
    /// The template: its id, its name, or a part of the name that no other has.
    #[arg(value_name = "NAME_OR_ID")]
    pub(crate) template: String,
    /// The object id of a user to leave out, such as whoever makes the policy; may be given several times.
    #[arg(long, value_name = "ID")]
    pub(crate) exclude_user: Vec<UserId>,
    /// The policy is JSON either way; text says on standard error what it does.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: OutputFormat,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsOptions {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct KeysOptions {
    #[command(subcommand)]
    pub(crate) command: KeysCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Makes the key that signs next.
    Rotate(RotateOptions),
}

#[derive(Debug, Args)]
pub(crate) struct RotateOptions {
    #[command(flatten)]
    pub(crate) data: DataOptions,
    /// The tenant: its id, a domain, or the beginning of its name.
    #[arg(long)]
    pub(crate) tenant: String,
    /// The algorithm whose key is replaced.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) algorithm: Algorithm,
    /// When the new key signs, and what becomes of the old one's tokens.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) when: When,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Algorithm {
    /// RSA, the default of applications.
    #[default]
    Rs256,
    /// ECDSA on P-256.
    Es256,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// Published now, signs in 25 hours: no client notices.
    #[default]
    Planned,
    /// Signs now; tokens of the old key stay good until they expire.
    Now,
    /// The old key leaked: it signs no more, and its tokens are void within seconds.
    Compromised,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }
}
