//! The options of questions about policies.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};
use portcullis_analysis::side::Counted;

use crate::command::DataOptions;
use crate::output::OutputFormat;
use crate::whatif::options::Unreadable;

/// Whose policies are asked about.
#[derive(Debug, Args)]
pub(crate) struct OfTenant {
    /// A world folder, a folder or file of exported policies, or the data folder of an installation [default: the installation in --data].
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) world: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) data: DataOptions,
    /// The tenant whose policies are asked about: its id, a domain, or its name [default: the only one].
    #[arg(long)]
    pub(crate) tenant: Option<String>,
    /// Policies that are not stored yet, on top of those that are: a file or a folder; may be given several times.
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) policies: Vec<PathBuf>,
    /// Counts policies that only report as if they were enforced.
    #[arg(long)]
    pub(crate) report_only_too: bool,
    /// Answers without the exported policies that cannot be read, instead of not at all.
    #[arg(long)]
    pub(crate) leave_out_unreadable: bool,
    /// At most so many classes of sign-ins for each question.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) limit: u16,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: OutputFormat,
}

impl OfTenant {
    pub(crate) fn counted(&self) -> Counted {
        if self.report_only_too {
            Counted::ReportOnlyToo
        } else {
            Counted::Enabled
        }
    }

    pub(crate) fn unreadable(&self) -> Unreadable {
        if self.leave_out_unreadable {
            Unreadable::LeftOut
        } else {
            Unreadable::Refused
        }
    }

    pub(crate) fn limit(&self) -> usize {
        usize::from(self.limit)
    }
}

/// What `portcullis gaps` is told.
#[derive(Debug, Args)]
#[command(after_help = "\
Each class of sign-ins comes with one of them, which the engine has decided: it really gets in.
Where people are listed (users.json), only those exist; their names are told with each class.

Exit codes: 0 there is no gap, 1 there is one, or that is not known, 2 it could not be asked.

Examples:
  portcullis gaps exported-policies
  portcullis gaps scenarios/two-organisations --tenant Contoso --without phishingResistantMfa --app Payroll")]
pub(crate) struct GapsOptions {
    #[command(flatten)]
    pub(crate) of: OfTenant,
    /// Without what somebody gets in: mfa, phishingResistantMfa, passwordlessMfa, compliantDevice, domainJoinedDevice, approvedApplication,
    /// compliantApplication, passwordChange, anyPolicy, or the name or id of an authentication strength or of terms of use. Given several times: without
    /// any of these.
    #[arg(long, value_name = "WHAT", default_value = "mfa")]
    pub(crate) without: Vec<String>,
    /// Only sign-ins to this application (name or appId), and nothing of what people register; may be given several times.
    #[arg(long, value_name = "APP")]
    pub(crate) app: Vec<String>,
}

/// What `portcullis check` is told.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 everything holds, 1 something does not, or that is not known, 2 it could not be asked.

Examples:
  portcullis check world --invariants rules.yaml
  portcullis check exported-policies --starter --junit invariants.xml")]
pub(crate) struct CheckOptions {
    #[command(flatten)]
    pub(crate) of: OfTenant,
    /// A file of invariants in YAML or JSON (docs/reference/invariants.md); may be given several times.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, required_unless_present = "starter")]
    pub(crate) invariants: Vec<PathBuf>,
    /// Checks the starter set too: what public baselines agree on.
    #[arg(long)]
    pub(crate) starter: bool,
    /// Writes a report in the XML of `JUnit` as well, for a build server.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) junit: Option<PathBuf>,
}

/// What `portcullis diff` is told.
#[derive(Debug, Args)]
#[command(after_help = "\
Compared is what the policies come to for every possible sign-in: names, order and wording make no difference.

Exit codes: 0 both decide alike about every sign-in, 1 something changes, 2 it could not be asked.

Examples:
  portcullis diff exported-policies --policies drafts
  portcullis diff last-week this-week")]
pub(crate) struct DiffOptions {
    #[command(flatten)]
    pub(crate) of: OfTenant,
    /// What it is compared with, instead of drafts: anything that can stand for WORLD.
    #[arg(value_name = "AFTER", conflicts_with = "policies", value_hint = ValueHint::AnyPath)]
    pub(crate) after: Option<PathBuf>,
}

/// What `portcullis lint` is told.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 nothing as bad as --fail-on was found, 1 something was, 2 it could not be asked.")]
pub(crate) struct LintOptions {
    #[command(flatten)]
    pub(crate) of: OfTenant,
    /// From which severity on the exit code is 1.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) fail_on: FailOn,
    /// Leaves out findings of this rule; may be given several times.
    #[arg(long, value_name = "RULE")]
    pub(crate) except: Vec<String>,
}

/// What `portcullis map` is told.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 it is written, 2 it could not be made.

Examples:
  portcullis map exported-policies --html report.html
  portcullis map scenarios/two-organisations --tenant Contoso --html contoso.html --output json")]
pub(crate) struct MapOptions {
    #[command(flatten)]
    pub(crate) of: OfTenant,
    /// Where the page is written, over what is there: one file that loads nothing and runs nothing.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) html: Option<PathBuf>,
}

/// How bad it must be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Only errors.
    #[default]
    Error,
    /// Warnings too.
    Warning,
    /// Anything.
    Note,
}
