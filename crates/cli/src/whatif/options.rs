//! The options that describe a sign-in, the same for `whatif` and `explain`, and the situation they make.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, ValueHint};
use portcullis_model::credential::AuthenticationMethod;
use portcullis_whatif::situation::{
    Absent, Ago, ClientAppWord, ContextText, Country, DescribedUser, DetailedProof, FlowWord,
    InsiderRiskWord, MethodLists, MethodsByPlace, PlaceWord, PlatformWord, Proven, RiskWord,
    Situation, TrustSituation, UserActionWord, UserTypeWord, Who, method,
};

use crate::command::DataOptions;
use crate::output::OutputFormat;

/// What both commands say of names, methods and silence.
macro_rules! after_help {
    ($examples:literal) => {
        concat!(
            "\
Names: users, applications, groups, roles and tenants are given by id or by name; an application may be any appId.
Methods: password, softwareOath, hardwareOath, sms, voice, fido2, windowsHelloForBusiness, microsoftAuthenticatorPush,
deviceBasedPush, temporaryAccessPassOneTime, temporaryAccessPassMultiUse, email, x509CertificateSingleFactor,
x509CertificateMultiFactor, federatedSingleFactor, federatedMultiFactor, qrCodePin.
What is not said is not known: a policy that asks for it \"depends\" on it. With --complete it is not there.

Examples:
",
            $examples
        )
    };
}

/// What becomes of exported policies that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// Nothing is answered: a policy that is not looked at could have blocked.
    Refused,
    /// They are named, and left out.
    LeftOut,
}

/// What `portcullis whatif` is told.
#[derive(Debug, Args)]
#[command(after_help = after_help!("\
  portcullis whatif scenarios/two-organisations --user ada@fabrikam.example --app Payroll
  portcullis whatif exported-policies --user-type b2bCollaborationGuest --app 'Exchange Online' --ip 203.0.113.7
  portcullis whatif world --user dave@contoso.example --app Vault --device isCompliant=true --policies drafts"))]
pub(crate) struct WhatifOptions {
    #[command(flatten)]
    pub(crate) asked: AskedOptions,
    /// Leaves out of the answer's list the policies that do not apply.
    #[arg(long)]
    pub(crate) applied_only: bool,
    /// How the answer is printed; json is Graph's `whatIfAnalysisResult`, with ours under `portcullis`.
    #[arg(long, value_enum, default_value_t, help_heading = "Answer")]
    pub(crate) output: OutputFormat,
}

/// What `portcullis explain` is told.
#[derive(Debug, Args)]
#[command(after_help = after_help!("\
  portcullis explain scenarios/two-organisations --user ada@fabrikam.example --app Payroll
  portcullis explain exported-policies --user-type member --app 'Exchange Online' --platform windows
  portcullis explain --tenant contoso.example --correlation-id 00000000-0000-4000-8000-000000000001"))]
pub(crate) struct ExplainOptions {
    #[command(flatten)]
    pub(crate) asked: AskedOptions,
    /// Explains the sign-in of the log with this correlation id, as the error page shows it; needs --tenant.
    #[arg(long, requires = "tenant", conflicts_with_all = ["world", "request", "user", "service_principal", "app"])]
    pub(crate) correlation_id: Option<uuid::Uuid>,
    /// How the explanation is printed.
    #[arg(long, value_enum, default_value_t, help_heading = "Answer")]
    pub(crate) output: OutputFormat,
}

/// Where to ask, and about which sign-in.
#[derive(Debug, Args)]
pub(crate) struct AskedOptions {
    /// A world folder, a folder or file of exported policies, or the data folder of an installation [default: the installation in --data].
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) world: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) data: DataOptions,
    /// Takes the sign-in from the body of Graph's `evaluate` in this file, `-` is standard input; what other options say of it comes on
    /// top, and wins.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["user", "service_principal", "app", "user_action", "authentication_context"])]
    pub(crate) request: Option<PathBuf>,
    /// The tenant whose policies decide: its id, a domain, or its name [default: the one that knows the user and the application].
    #[arg(long)]
    pub(crate) tenant: Option<String>,
    /// A folder or file of policies that are not stored yet: they replace those with their ids, or come on top.
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) policies: Vec<PathBuf>,
    /// Answer from the policies that can be read, where others cannot: the answer may then be kinder than the tenant is.
    #[arg(long)]
    leave_out_unreadable: bool,
    /// What is not said is not there: no risk, no device, no address, an unknown platform.
    #[arg(long)]
    pub(crate) complete: bool,
    #[command(flatten)]
    who: WhoOptions,
    #[command(flatten)]
    target: TargetOptions,
    #[command(flatten)]
    circumstances: CircumstanceOptions,
    #[command(flatten)]
    proofs: ProofOptions,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Who")]
struct WhoOptions {
    /// A user: object id, userPrincipalName, mail address or display name.
    #[arg(long)]
    user: Option<String>,
    /// What kind of user, for somebody the directory does not have.
    #[arg(long, value_name = "TYPE", value_parser = words::<UserTypeWord>(UserTypeWord::WORDS), ignore_case = true)]
    user_type: Option<UserTypeWord>,
    /// The tenant of that user's account; `none` for social and federated identities and passcodes by mail.
    #[arg(long, value_name = "TENANT", requires = "user_type")]
    home_tenant: Option<String>,
    /// A group the user is in, for somebody the directory does not have; may be given several times.
    #[arg(long)]
    group: Vec<String>,
    /// A role the user holds, likewise.
    #[arg(long)]
    role: Vec<String>,
    /// An application on its own behalf: object id, appId or name.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["user", "user_type", "group", "role"])]
    service_principal: Option<String>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "What is reached")]
struct TargetOptions {
    /// An application: appId, name or identifier URI; may be given several times.
    #[arg(long)]
    app: Vec<String>,
    /// What the user does to their own account.
    #[arg(long, value_name = "ACTION", value_parser = words::<UserActionWord>(UserActionWord::WORDS), ignore_case = true)]
    user_action: Option<UserActionWord>,
    /// What the application asks for by name: c1 to c99; may be given several times.
    #[arg(long, value_name = "CONTEXT", value_parser = |text: &str| ContextText::try_from(text.to_owned()))]
    authentication_context: Vec<ContextText>,
    /// The client, where it is another application.
    #[arg(long, value_name = "APP")]
    client: Option<String>,
    /// The request itself demands MFA.
    #[arg(long)]
    requests_mfa: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Circumstances")]
struct CircumstanceOptions {
    /// By what kind of client.
    #[arg(long, value_name = "KIND", value_parser = words::<ClientAppWord>(ClientAppWord::WORDS), ignore_case = true)]
    client_app: Option<ClientAppWord>,
    /// From what platform.
    #[arg(long, value_parser = words::<PlatformWord>(PlatformWord::WORDS), ignore_case = true)]
    platform: Option<PlatformWord>,
    /// From what address.
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<IpAddr>,
    /// From what country, by the address: two letters, or `unknown`.
    #[arg(long, value_parser = |text: &str| Country::try_from(text.to_owned()))]
    country: Option<Country>,
    /// From what country, by an authenticator's coordinates.
    #[arg(long, value_name = "COUNTRY", value_parser = |text: &str| Country::try_from(text.to_owned()))]
    gps_country: Option<Country>,
    /// Whether the session comes through the tenant's compliant network.
    #[arg(long, value_name = "YES|NO", value_parser = yes_or_no())]
    compliant_network: Option<bool>,
    /// `unregistered`, or what a tenant says of the device: isCompliant=true, trustType=ServerAD|AzureAD|Workplace,
    /// vouchedBy=home|resource, deviceOwnership=Company, operatingSystem=Windows, extensionAttribute1=…; several by commas.
    #[arg(long, value_name = "NAME=VALUE", value_delimiter = ',')]
    device: Vec<String>,
    /// The risk of this sign-in.
    #[arg(long, value_name = "LEVEL", value_parser = words::<RiskWord>(RiskWord::WORDS), ignore_case = true)]
    sign_in_risk: Option<RiskWord>,
    /// The risk of the user, by the user's own tenant.
    #[arg(long, value_name = "LEVEL", value_parser = words::<RiskWord>(RiskWord::WORDS), ignore_case = true)]
    user_risk: Option<RiskWord>,
    /// The risk of the service principal.
    #[arg(long, value_name = "LEVEL", value_parser = words::<RiskWord>(RiskWord::WORDS), ignore_case = true)]
    service_principal_risk: Option<RiskWord>,
    /// Insider risk.
    #[arg(long, value_name = "LEVEL", value_parser = words::<InsiderRiskWord>(InsiderRiskWord::WORDS), ignore_case = true)]
    insider_risk: Option<InsiderRiskWord>,
    /// How the sign-in came here from another device.
    #[arg(long, value_parser = words::<FlowWord>(FlowWord::WORDS), ignore_case = true)]
    flow: Option<FlowWord>,
    /// What is supposed that the tenant believes of the home tenant, whatever its settings say: mfa, compliantDevice,
    /// hybridJoinedDevice, and inboundAccess for letting its users in; several by commas.
    #[arg(long, value_name = "CLAIM=YES|NO", value_delimiter = ',', value_parser = trust)]
    trust: Vec<(TrustClaim, bool)>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "What is proven and can be")]
struct ProofOptions {
    /// Proven so far: METHOD, METHOD@home, METHOD@resource, each perhaps with `:5m` for how long ago; `none` for nothing; may be
    /// given several times [default: a password, just now, at home].
    #[arg(long, value_name = "METHOD", value_parser = proof)]
    proven: Vec<Option<DetailedProof>>,
    /// Registered: METHOD or METHOD@resource; may be given several times.
    #[arg(long, value_name = "METHOD", value_parser = placed_method)]
    registered: Vec<(AuthenticationMethod, PlaceWord)>,
    /// Not registered, and could be now, likewise [default, if nothing is said of either: everything].
    #[arg(long, value_name = "METHOD", value_parser = placed_method)]
    registrable: Vec<(AuthenticationMethod, PlaceWord)>,
    /// Terms of use that are accepted; may be given several times.
    #[arg(long, value_name = "TERMS")]
    accepted: Vec<String>,
    /// A custom control whose provider has vouched, by id.
    #[arg(long, value_name = "ID")]
    custom_factor: Vec<String>,
    /// How long ago the password was changed in this sign-in: `now`, `5m`.
    #[arg(long, value_name = "AGO")]
    password_changed: Option<Ago>,
    /// How long ago the risk was remediated in this sign-in.
    #[arg(long, value_name = "AGO")]
    risk_remediated: Option<Ago>,
    /// The client application is an approved one.
    #[arg(long)]
    approved_app: bool,
    /// The client application is under a protection policy.
    #[arg(long)]
    protected_app: bool,
    /// Nobody is there to answer.
    #[arg(long)]
    silent: bool,
}

/// One of what a tenant may believe of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TrustClaim {
    Mfa,
    CompliantDevice,
    HybridJoinedDevice,
    InboundAccess,
}

fn words<W>(list: &'static [&'static str]) -> impl clap::builder::TypedValueParser<Value = W>
where
    W: std::str::FromStr<Err = String> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(list).try_map(|word| word.parse::<W>())
}

fn yes_or_no() -> impl clap::builder::TypedValueParser<Value = bool> {
    PossibleValuesParser::new(["yes", "no"]).map(|word| word == "yes")
}

fn trust(text: &str) -> Result<(TrustClaim, bool), String> {
    let (claim, answer) = text.split_once('=').unwrap_or((text, "yes"));
    let claim = match claim {
        "mfa" => TrustClaim::Mfa,
        "compliantDevice" => TrustClaim::CompliantDevice,
        "hybridJoinedDevice" => TrustClaim::HybridJoinedDevice,
        "inboundAccess" => TrustClaim::InboundAccess,
        _ => {
            return Err(
                "claims are: mfa, compliantDevice, hybridJoinedDevice, inboundAccess".to_owned(),
            );
        }
    };
    match answer {
        "yes" => Ok((claim, true)),
        "no" => Ok((claim, false)),
        _ => Err("say yes or no, as in `mfa=no`".to_owned()),
    }
}

fn placed_method(text: &str) -> Result<(AuthenticationMethod, PlaceWord), String> {
    let (name, place) = match text.split_once('@') {
        Some((name, place)) => (name, place.parse()?),
        None => (text, PlaceWord::Home),
    };
    Ok((method(name)?, place))
}

fn proof(text: &str) -> Result<Option<DetailedProof>, String> {
    if text == "none" {
        return Ok(None);
    }
    let (placed, ago) = match text.split_once(':') {
        Some((placed, ago)) => (placed, Some(ago.parse()?)),
        None => (text, None),
    };
    let (method, place) = placed_method(placed)?;
    Ok(Some(DetailedProof {
        method,
        at: Some(place),
        ago,
        aaguid: None,
        issuer_ski: None,
        policy_oids: Vec::new(),
    }))
}

impl AskedOptions {
    /// What becomes of policies that cannot be read.
    pub(crate) fn unreadable(&self) -> Unreadable {
        if self.leave_out_unreadable {
            Unreadable::LeftOut
        } else {
            Unreadable::Refused
        }
    }

    /// What an absent member means.
    pub(crate) const fn absent(&self) -> Absent {
        if self.complete {
            Absent::Nothing
        } else {
            Absent::Unknown
        }
    }

    /// The sign-in that the options describe, over the one of a request.
    pub(crate) fn situation(&self, request: &Situation) -> anyhow::Result<Situation> {
        let around = &self.circumstances;
        let proofs = &self.proofs;
        let says_nothing_is_proven = proofs.proven.iter().any(Option::is_none);
        anyhow::ensure!(
            !says_nothing_is_proven || proofs.proven.len() == 1,
            "`--proven none` says that nothing is proven, and stands alone: leave it out, or what is proven"
        );
        let said = Situation {
            user: self.who.user(request)?,
            service_principal: self.who.service_principal.clone(),
            app: many(&self.target.app),
            user_action: self.target.user_action,
            authentication_context: many(&self.target.authentication_context),
            client: self.target.client.clone(),
            client_app: around.client_app,
            platform: around.platform,
            ip: around.ip,
            country: around.country,
            gps_country: around.gps_country,
            compliant_network: around.compliant_network,
            device: super::device::device(&around.device)?,
            sign_in_risk: around.sign_in_risk,
            user_risk: around.user_risk,
            service_principal_risk: around.service_principal_risk,
            insider_risk: around.insider_risk,
            flow: around.flow,
            proven: (!proofs.proven.is_empty()).then(|| {
                let proven = proofs.proven.iter().flatten().cloned();
                proven.map(Proven::Detailed).collect()
            }),
            methods: proofs.methods(),
            accepted: many(&proofs.accepted),
            custom_factors: many(&proofs.custom_factor),
            password_changed: proofs.password_changed,
            risk_remediated: proofs.risk_remediated,
            approved_app: proofs.approved_app.then_some(true),
            protected_app: proofs.protected_app.then_some(true),
            interactive: proofs.silent.then_some(false),
            requests_mfa: self.target.requests_mfa.then_some(true),
            trust: trusted(&around.trust),
        };
        Ok(said.over(request))
    }
}

fn many<T: Clone>(list: &[T]) -> Option<portcullis_whatif::situation::OneOrMany<T>> {
    (!list.is_empty()).then(|| list.to_vec().into())
}

impl WhoOptions {
    /// Who signs in, as far as the options say it; what they describe is over whom a request describes.
    fn user(&self, request: &Situation) -> anyhow::Result<Option<Who>> {
        let said = [
            ("--user-type", self.user_type.is_some()),
            ("--home-tenant", self.home_tenant.is_some()),
            ("--group", !self.group.is_empty()),
            ("--role", !self.role.is_empty()),
        ];
        let Some((option, _)) = said.into_iter().find(|(_, is_said)| *is_said) else {
            return Ok(self.user.clone().map(Who::Named));
        };
        anyhow::ensure!(
            request.service_principal.is_none(),
            "{option} describes a user, and the request asks of a service principal: leave it out"
        );
        let requested = match &request.user {
            None => DescribedUser::default(),
            Some(Who::Named(name)) => DescribedUser {
                id: Some(name.clone()),
                ..DescribedUser::default()
            },
            Some(Who::Described(described)) => described.clone(),
        };
        Ok(Some(Who::Described(DescribedUser {
            id: self.user.clone().or(requested.id),
            user_type: self.user_type.or(requested.user_type),
            home_tenant: self.home_tenant.clone().or(requested.home_tenant),
            groups: many(&self.group).or(requested.groups),
            roles: many(&self.role).or(requested.roles),
        })))
    }
}

impl ProofOptions {
    fn methods(&self) -> Option<MethodsByPlace> {
        if self.registered.is_empty() && self.registrable.is_empty() {
            return None;
        }
        let at = |wanted: PlaceWord| {
            let in_place = |list: &[(AuthenticationMethod, PlaceWord)]| {
                let here = list.iter().filter(|(_, place)| *place == wanted);
                here.map(|(method, _)| *method).collect::<Vec<_>>()
            };
            let lists = MethodLists {
                registered: in_place(&self.registered),
                registrable: in_place(&self.registrable),
            };
            (lists != MethodLists::default()).then_some(lists)
        };
        Some(MethodsByPlace {
            home: at(PlaceWord::Home),
            resource: at(PlaceWord::Resource),
        })
    }
}

fn trusted(claims: &[(TrustClaim, bool)]) -> Option<TrustSituation> {
    let mut trusted = TrustSituation::default();
    for (claim, believed) in claims {
        let member = match claim {
            TrustClaim::Mfa => &mut trusted.mfa,
            TrustClaim::CompliantDevice => &mut trusted.compliant_device,
            TrustClaim::HybridJoinedDevice => &mut trusted.hybrid_joined_device,
            TrustClaim::InboundAccess => &mut trusted.inbound_access,
        };
        *member = Some(*believed);
    }
    (!claims.is_empty()).then_some(trusted)
}
