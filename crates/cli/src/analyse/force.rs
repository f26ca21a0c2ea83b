//! How many policies are in force: where none is, an answer about them says little.

use owo_colors::OwoColorize as _;
use portcullis_analysis::side::Counted;
use portcullis_model::conditional_access::PolicyState;
use portcullis_whatif::directory::DirectoryTenant;
use serde_json::{Value, json};

use crate::output;

/// How many policies what was found, or not found, is about.
pub(super) struct Force {
    all: usize,
    enforced: usize,
    report_only: usize,
}

impl Force {
    pub(super) fn of(tenant: &DirectoryTenant, counted: Counted) -> Self {
        let policies = &tenant.configuration().conditional_access_policies;
        let count = |state: PolicyState| policies.iter().filter(|one| one.state == state).count();
        let (enabled, reporting) = (count(PolicyState::Enabled), count(PolicyState::ReportOnly));
        let (enforced, report_only) = match counted {
            Counted::Enabled => (enabled, reporting),
            Counted::ReportOnlyToo => (enabled.saturating_add(reporting), 0),
        };
        Self {
            all: policies.len(),
            enforced,
            report_only,
        }
    }

    /// Where none is in force, "nothing found" says nothing.
    fn sentence(&self) -> Option<String> {
        (self.enforced == 0).then(|| {
            let cure = match self.report_only {
                0 => String::new(),
                many => format!(
                    "; {many} only report: --report-only-too counts those as if they were enforced"
                ),
            };
            format!(
                "0 of {} policies are in force: nothing is protected{cure}",
                self.all
            )
        })
    }

    pub(super) fn tell(&self) {
        if let Some(sentence) = self.sentence() {
            output::line(format_args!("{}", sentence.yellow()));
        }
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "all": self.all, "inForce": self.enforced, "reportOnly": self.report_only,
            "note": self.sentence(),
        })
    }
}
