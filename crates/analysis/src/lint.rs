//! Lint: what in a tenant's policies is wrong, pointless or dangerous, each shown by proof or by a sign-in.

mod contradiction;
mod controls;
mod cover;
mod filters;
mod limits;
mod lockout;
mod platforms;
mod reach;
mod references;
mod risk;
mod shut;
mod trust;

use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_model::id::PolicyId;

use crate::analysis::Analysis;
use crate::circuit::Answer;
use crate::told::Class;
use crate::witness::{Disagreement, Witness};

pub(crate) use lockout::Account;
pub use lockout::{Administrators, Lockout};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Somebody cannot work, or a door is open that looks shut.
    Error,
    /// It does not do what it seems to do.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// The word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident = $name:literal, $severity:ident, $why:literal;)*) => {
        /// What is looked for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $($(#[$doc])* $rule,)*
        }

        impl Rule {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$rule),*];

            /// Its name, for configuration and for machines.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$rule => $name),* }
            }

            /// How bad it is.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$rule => Severity::$severity),* }
            }

            /// Why it matters.
            pub const fn why(self) -> &'static str {
                match self { $(Self::$rule => $why),* }
            }
        }
    };
}

rules! {
    /// No administrator gets in.
    Lockout = "lockout", Error,
        "once the last session ends nobody can change a policy any more";
    /// No administrator gets in whatever the circumstances.
    NoBreakGlass = "no-break-glass", Warning,
        "when devices or a location fail, somebody must still get in to repair it, with a security key for instance";
    /// Somebody with a role never reaches what the role is for.
    AdministratorShutOut = "administrator-shut-out", Warning,
        "a role is of no use to somebody who is blocked, and one administrator fewer can repair things";
    /// Something that nobody reaches.
    NobodyGetsIn = "nobody-gets-in", Warning,
        "what nobody reaches, whoever they are and whatever they show, is shut on purpose or by a slip";
    /// The policy cannot be evaluated.
    NotEvaluable = "not-evaluable", Error,
        "a policy that cannot be evaluated blocks whomever it could be about";
    /// Nobody in scope can meet what the policy demands.
    NeverMet = "never-met", Error,
        "for these users the policy is a block that does not look like one";
    /// Nobody can meet what the policy demands on some platform it is about.
    NeverMetOnPlatform = "never-met-on-platform", Warning,
        "on these platforms the policy is a block that does not look like one";
    /// A policy demands what the clients it is about never show: of legacy clients anything, in the device code flow a device.
    NeverMetByClient = "never-met-by-client", Warning,
        "a demand that these clients cannot meet is a block that does not look like one";
    /// One alternative is met by nobody.
    PointlessAlternative = "pointless-alternative", Warning,
        "an alternative that nobody can meet only looks like a way in";
    /// No sign-in is ever in scope.
    NeverApplies = "never-applies", Warning,
        "it protects nothing, whatever its name says";
    /// The exclusions take out everything that is included.
    SwallowedByExclusion = "swallowed-by-exclusion", Error,
        "its exclusions take out everybody it includes, so that it protects nothing";
    /// Nobody of the directory is in scope.
    NobodyToday = "nobody-today", Note,
        "it says nothing of anybody the directory has";
    /// Without it nothing would change.
    Redundant = "redundant", Note,
        "the other policies demand as much already; one policy fewer is one fewer to understand";
    /// Names something that does not exist.
    MissingReference = "missing-reference", Warning,
        "a name that stands for nothing includes and excludes nobody";
    /// Higher risks are out of scope.
    RiskIsNoThreshold = "risk-is-no-threshold", Error,
        "risk levels are a list, not a threshold: a higher risk that is not listed is not in scope";
    /// Unregistered devices are out of scope.
    UnregisteredDevicesOut = "unregistered-devices-out", Error,
        "whoever signs in on a device that nobody knows is not asked by this policy";
    /// Addresses without a country are out of scope.
    UnknownCountryOut = "unknown-country-out", Warning,
        "an address that the database does not know has no country, and is in no list of countries";
    /// Trust that no policy uses.
    UnusedTrust = "unused-trust", Note,
        "a claim that is believed and never asked for only widens what can go wrong";
    /// A session control that direct connect users never get.
    SessionControlNotApplied = "session-control-not-applied", Warning,
        "this session control is not supported for B2B direct connect users and is not applied to them";
    /// A control that is being retired.
    RetiredControl = "retired-control", Note,
        "approvedApplication is retired in March 2026; compliantApplication takes its place";
    /// More than Entra takes.
    EntraLimit = "entra-limit", Note,
        "Microsoft Entra refuses more; here it works";
}

/// Something that was found.
#[derive(Debug, Clone)]
pub struct Finding {
    /// By which rule.
    pub rule: Rule,
    /// Which policies it is about; none, if it is about all of them or about settings.
    pub policies: Vec<PolicyId>,
    /// What it is, in a sentence without a full stop.
    pub what: String,
    /// What to change, likewise.
    pub cure: String,
    /// Whom it is about.
    pub class: Option<Class>,
    /// A sign-in that shows it.
    pub witness: Option<Witness>,
}

impl Finding {
    fn about(rule: Rule, policy: &ConditionalAccessPolicy, what: String, cure: &str) -> Self {
        Self {
            rule,
            policies: vec![policy.id],
            what,
            cure: cure.to_owned(),
            class: None,
            witness: None,
        }
    }

    fn general(rule: Rule, what: String, cure: &str) -> Self {
        Self {
            rule,
            policies: Vec::new(),
            what,
            cure: cure.to_owned(),
            class: None,
            witness: None,
        }
    }
}

impl Analysis {
    /// Everything that is found, the worst first.
    pub fn lint(&mut self, administrators: &Administrators) -> Result<Vec<Finding>, Disagreement> {
        let mut found = Vec::new();
        self.lint_lockout(administrators, &mut found)?;
        self.lint_shut(&mut found)?;
        self.lint_references(&mut found);
        self.lint_reach(&mut found);
        self.lint_controls(&mut found);
        self.lint_risk(&mut found)?;
        self.lint_filters(&mut found)?;
        self.lint_trust(&mut found);
        self.lint_limits(&mut found);
        found.sort_by_key(|one| (one.rule.severity(), one.rule));
        Ok(found)
    }

    /// The policies of the (earlier) side, by number.
    fn numbered(&self) -> Vec<(usize, ConditionalAccessPolicy)> {
        let policies = self.sides.first().map_or(&[][..], |side| side.policies());
        policies.iter().cloned().enumerate().collect()
    }

    fn scope(&self, number: usize) -> batsat::Lit {
        let encoded = self.encoded.first();
        let scope = encoded.and_then(|encoded| encoded.scopes.get(number));
        scope.copied().unwrap_or(self.space.circuit.never())
    }

    /// Whether a policy cannot be evaluated, and so blocks whomever it could be about: what it demands does not count then.
    fn is_defective(&self, number: usize) -> bool {
        let encoded = self.encoded.first();
        encoded.is_some_and(|encoded| encoded.defects.get(number) == Some(&true))
    }

    /// Whether there can be a sign-in with all of these, people as they are listed or anybody at all.
    fn is_possible(&mut self, all: &[batsat::Lit], who: Whom) -> Answer {
        match who {
            Whom::Anybody => self.space.circuit.possible(all),
            Whom::Listed => {
                let mut all = all.to_vec();
                all.push(self.space.populated);
                self.space.circuit.possible(&all)
            }
        }
    }
}

/// Among whom something is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whom {
    /// Whoever could be.
    Anybody,
    /// Those the directory lists.
    Listed,
}
