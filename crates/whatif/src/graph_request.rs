//! Graph's body of `evaluate` becomes a situation, or is refused with the path of what is wrong (specification 9.1 to 9.3).

mod device;
#[cfg(test)]
mod tests;

use portcullis_model::conditional_access::ExternalUserType;
use serde_json::{Map, Value};

use crate::situation::{
    ContextText, Country, DescribedUser, DeviceSituation, FlowWord, InsiderRiskWord, RiskWord,
    Situation, UserTypeWord, Who,
};

/// What Graph is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct GraphRequest {
    /// The sign-in; what the body leaves out is absent.
    pub situation: Situation,
    /// Only policies that apply are wanted.
    pub applied_policies_only: bool,
    /// What of the body counts for less than its writer may think.
    pub notes: Vec<String>,
}

/// Why a body is refused: where and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct GraphRequestError {
    /// The JSON path.
    pub path: String,
    /// What is wrong there.
    pub problem: String,
}

impl GraphRequest {
    /// The largest body that is looked at, in bytes.
    pub const SIZE_BYTES_MAX: usize = 256 * 1024;

    /// Reads a body.
    pub fn parse(body: &[u8]) -> Result<Self, GraphRequestError> {
        let at_root = |problem: String| GraphRequestError {
            path: "$".to_owned(),
            problem,
        };
        if body.len() > Self::SIZE_BYTES_MAX {
            return Err(at_root(format!(
                "larger than {} bytes",
                Self::SIZE_BYTES_MAX
            )));
        }
        let value: Value =
            serde_json::from_slice(body).map_err(|error| at_root(format!("no JSON: {error}")))?;
        let Value::Object(members) = value else {
            return Err(at_root(
                "expected an object with `signInIdentity`, `signInContext` and `signInConditions`"
                    .to_owned(),
            ));
        };
        read(Members::new("$", members))
    }
}

/// The members of one object that nobody has asked for yet.
#[derive(Debug)]
struct Members {
    path: String,
    rest: Map<String, Value>,
}

impl Members {
    fn new(path: &str, mut members: Map<String, Value>) -> Self {
        // Annotations aside, and `null` is absence.
        members.retain(|name, value| {
            let is_type = name == "@odata.type";
            !value.is_null() && (is_type || !name.contains("@odata."))
        });
        Self {
            path: path.to_owned(),
            rest: members,
        }
    }

    fn error(&self, member: &str, problem: impl Into<String>) -> GraphRequestError {
        GraphRequestError {
            path: format!("{}.{}", self.path, shown(member)),
            problem: problem.into(),
        }
    }

    fn object(&mut self, member: &str) -> Result<Option<Members>, GraphRequestError> {
        match self.rest.remove(member) {
            None => Ok(None),
            Some(Value::Object(members)) => {
                let path = format!("{}.{member}", self.path);
                Ok(Some(Members::new(&path, members)))
            }
            Some(_) => Err(self.error(member, "expected an object")),
        }
    }

    fn text(&mut self, member: &str) -> Result<Option<String>, GraphRequestError> {
        match self.rest.remove(member) {
            None => Ok(None),
            Some(Value::String(text)) if text.len() <= TEXT_LENGTH_BYTES_MAX => Ok(Some(text)),
            Some(Value::String(_)) => Err(self.error(member, "longer than any such text is")),
            Some(_) => Err(self.error(member, "expected a text")),
        }
    }

    fn flag(&mut self, member: &str) -> Result<Option<bool>, GraphRequestError> {
        match self.rest.remove(member) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(self.error(member, "expected true or false")),
        }
    }

    fn texts(&mut self, member: &str) -> Result<Vec<String>, GraphRequestError> {
        let Some(value) = self.rest.remove(member) else {
            return Ok(Vec::new());
        };
        let texts = value
            .as_array()
            .filter(|list| list.len() <= LIST_LENGTH_MAX);
        let texts = texts.and_then(|list| {
            list.iter()
                .map(|one| one.as_str().map(str::to_owned))
                .collect()
        });
        texts.ok_or_else(|| self.error(member, "expected a list of texts, and not a long one"))
    }

    /// A word of one of our lists; a word that stands for "not said" is absence.
    fn word<W: std::str::FromStr<Err = String>>(
        &mut self,
        member: &str,
        not_said: &[&str],
    ) -> Result<Option<W>, GraphRequestError> {
        let Some(text) = self.text(member)? else {
            return Ok(None);
        };
        if not_said.iter().any(|word| text.eq_ignore_ascii_case(word)) {
            return Ok(None);
        }
        text.parse()
            .map(Some)
            .map_err(|problem| self.error(member, problem))
    }

    /// `@odata.type` without Graph's prefix.
    fn odata_type(&mut self) -> Result<Option<String>, GraphRequestError> {
        let text = self.text("@odata.type")?;
        Ok(text.map(|text| {
            let name = text.trim_start_matches('#');
            name.strip_prefix("microsoft.graph.")
                .unwrap_or(name)
                .to_owned()
        }))
    }

    /// Whatever was not asked for is refused: a misspelt condition would be a condition that was not said.
    fn finish(mut self) -> Result<(), GraphRequestError> {
        self.rest.remove("@odata.type");
        match self.rest.keys().next() {
            None => Ok(()),
            Some(name) => {
                let problem = match RENAMED.iter().find(|(old, _)| old == name) {
                    Some((_, new)) => format!("renamed by Graph in March 2025: it is `{new}` now"),
                    None => "no such member".to_owned(),
                };
                Err(self.error(name, problem))
            }
        }
    }
}

const TEXT_LENGTH_BYTES_MAX: usize = 1024;
const LIST_LENGTH_MAX: usize = 500;

/// Members of the beta before March 2025, and what they are called now.
const RENAMED: [(&str, &str); 3] = [
    ("conditionalAccessWhatIfSubject", "signInIdentity"),
    ("conditionalAccessContext", "signInContext"),
    ("conditionalAccessWhatIfConditions", "signInConditions"),
];

fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}

fn read(mut body: Members) -> Result<GraphRequest, GraphRequestError> {
    let identity = body.object("signInIdentity")?;
    let context = body.object("signInContext")?;
    let conditions = body.object("signInConditions")?;
    let applied_policies_only = body.flag("appliedPoliciesOnly")?.unwrap_or(false);
    let missing = |member: &str, expected: &str| GraphRequestError {
        path: format!("$.{member}"),
        problem: format!("missing: {expected}"),
    };
    // Renamed members first: they are why the new ones are missing.
    let rest = Members {
        path: body.path.clone(),
        rest: body.rest,
    };
    rest.finish()?;
    let identity = identity.ok_or_else(|| {
        missing(
            "signInIdentity",
            "who signs in, a `userSignIn` or a `servicePrincipalSignIn`",
        )
    })?;
    let context = context.ok_or_else(|| {
        missing(
            "signInContext",
            "what is reached, an `applicationContext`, a `userActionContext` or an `authContext`",
        )
    })?;
    let conditions = conditions.ok_or_else(|| missing("signInConditions", "`{}` will do"))?;
    let mut notes = Vec::new();
    let mut situation = Situation::default();
    read_identity(identity, &mut situation)?;
    read_context(context, &mut situation, &mut notes)?;
    read_conditions(conditions, &mut situation, &mut notes)?;
    Ok(GraphRequest {
        situation,
        applied_policies_only,
        notes,
    })
}

fn read_identity(
    mut identity: Members,
    situation: &mut Situation,
) -> Result<(), GraphRequestError> {
    match identity.odata_type()?.as_deref() {
        Some("userSignIn") => {
            let id = identity.text("userId")?;
            let home_tenant = identity.text("externalTenantId")?;
            let user_type = external_user_type(&mut identity)?;
            situation.user = Some(match (id, user_type) {
                (Some(id), None) if home_tenant.is_none() => Who::Named(id),
                (None, None) if home_tenant.is_none() => {
                    return Err(identity.error("userId", "missing: the object id of a user"));
                }
                (_, None) => {
                    return Err(identity.error(
                        "externalUserType",
                        "missing: a user of another tenant is of one of the external types",
                    ));
                }
                (id, Some(user_type)) => Who::Described(DescribedUser {
                    id,
                    user_type: Some(user_type),
                    home_tenant,
                    groups: None,
                    roles: None,
                }),
            });
        }
        Some("servicePrincipalSignIn") => {
            let id = identity.text("servicePrincipalId")?;
            situation.service_principal = Some(id.ok_or_else(|| {
                identity.error("servicePrincipalId", "missing: its object id or appId")
            })?);
        }
        Some("agentSignIn") => {
            return Err(identity.error("@odata.type", "agent identities are not known here"));
        }
        Some(_) | None => {
            return Err(identity.error(
                "@odata.type",
                "expected `#microsoft.graph.userSignIn` or `#microsoft.graph.servicePrincipalSignIn`",
            ));
        }
    }
    identity.finish()
}

/// Flags in the schema, and yet a sign-in has one type (specification 8.1).
fn external_user_type(identity: &mut Members) -> Result<Option<UserTypeWord>, GraphRequestError> {
    let Some(text) = identity.text("externalUserType")? else {
        return Ok(None);
    };
    if text == "none" {
        return Ok(None);
    }
    let names = ExternalUserType::ALL.map(ExternalUserType::name);
    let known = names.iter().any(|name| name.eq_ignore_ascii_case(&text));
    match text.parse() {
        Ok(word) if known => Ok(Some(word)),
        Ok(_) | Err(_) => Err(identity.error(
            "externalUserType",
            format!("expected `none` or one of: {}", names.join(", ")),
        )),
    }
}

fn read_context(
    mut context: Members,
    situation: &mut Situation,
    notes: &mut Vec<String>,
) -> Result<(), GraphRequestError> {
    match context.odata_type()?.as_deref() {
        Some("applicationContext") => {
            let mut ids = context.texts("includeApplications")?;
            // Graph: group names in the request match nothing (specification 9.5).
            ids.retain(|id| {
                let is_id = uuid::Uuid::try_parse(id).is_ok();
                if !is_id {
                    notes.push(format!(
                        "`{}` is no appId and matches nothing; name a member of the group instead",
                        shown(id)
                    ));
                }
                is_id
            });
            situation.app = Some(ids.into());
        }
        Some("userActionContext") => {
            let action = context.word("userAction", &[])?;
            situation.user_action = Some(action.ok_or_else(|| {
                context.error(
                    "userAction",
                    "missing: `registerSecurityInformation` or `registerOrJoinDevices`",
                )
            })?);
        }
        Some("authContext") => {
            let value = context
                .text("authenticationContextValue")?
                .unwrap_or_default();
            let parsed = ContextText::try_from(value)
                .map_err(|problem| context.error("authenticationContextValue", problem))?;
            situation.authentication_context = Some(vec![parsed].into());
        }
        Some(_) | None => {
            return Err(context.error(
                "@odata.type",
                "expected `#microsoft.graph.applicationContext`, `#microsoft.graph.userActionContext` or `#microsoft.graph.authContext`",
            ));
        }
    }
    context.finish()
}

fn read_conditions(
    mut conditions: Members,
    situation: &mut Situation,
    notes: &mut Vec<String>,
) -> Result<(), GraphRequestError> {
    situation.platform = conditions.word("devicePlatform", &["all"])?;
    situation.client_app = conditions.word("clientAppType", &["all"])?;
    // Whoever cannot see risk sees none.
    let mut risk = |member: &str| -> Result<Option<RiskWord>, GraphRequestError> {
        match conditions.rest.get(member).and_then(Value::as_str) {
            Some("hidden") => {
                conditions.rest.remove(member);
                Ok(Some(RiskWord::None))
            }
            Some(_) | None => conditions.word(member, &[]),
        }
    };
    situation.sign_in_risk = risk("signInRiskLevel")?;
    situation.user_risk = risk("userRiskLevel")?;
    situation.service_principal_risk = risk("servicePrincipalRiskLevel")?;
    situation.insider_risk = conditions.word("insiderRiskLevel", &[])?;
    if let Some(country) = conditions.text("country")? {
        let parsed =
            Country::try_from(country).map_err(|problem| conditions.error("country", problem))?;
        situation.country = Some(parsed);
    }
    if let Some(address) = conditions.text("ipAddress")? {
        let parsed = address.parse().map_err(|_| {
            conditions.error(
                "ipAddress",
                format!("`{}` is no IP address", shown(&address)),
            )
        })?;
        situation.ip = Some(parsed);
    }
    if let Some(mut flow) = conditions.object("authenticationFlow")? {
        situation.flow = flow.word("transferMethod", &[])?;
        flow.finish()?;
    }
    if let Some(device) = conditions.object("deviceInfo")? {
        situation.device = Some(device::read(device, notes)?);
    }
    if conditions.text("agentIdRiskLevel")?.is_some() {
        notes.push("`agentIdRiskLevel` is looked at by no policy here".to_owned());
    }
    conditions.finish()
}

impl Situation {
    /// This situation with Graph's defaults for what it does not say: no risk, no transfer, an unregistered device
    /// (specification 9.3). Platform, kind of client and place stay unsaid, and match no policy that names one.
    #[must_use]
    pub fn with_graph_defaults(self) -> Self {
        let defaults = Self {
            sign_in_risk: Some(RiskWord::None),
            user_risk: Some(RiskWord::None),
            service_principal_risk: Some(RiskWord::None),
            insider_risk: Some(InsiderRiskWord::None),
            flow: Some(FlowWord::None),
            device: Some(DeviceSituation::UNREGISTERED),
            ..Self::default()
        };
        self.over(&defaults)
    }
}
