//! One row of a sign-in log as it was written: Graph's `signIn` (v1.0 or beta), or ours, read without copying its texts.
//!
//! Members that nobody here knows are passed over, and any may be absent. Nothing is guessed here and nothing looked up; what
//! a row means is said in `facts`.

use std::borrow::Cow;
use std::fmt;

use portcullis_model::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// A text of the row, borrowed where it holds no escape.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Text<'_> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text, if there is one that says anything.
pub(super) fn said<'a>(text: Option<&'a Text<'_>>) -> Option<&'a str> {
    let text = text?.as_str().trim();
    (!text.is_empty()).then_some(text)
}

/// One row.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
#[expect(missing_docs, reason = "the members are Graph's, and documented there")]
pub struct Row<'a> {
    pub id: Option<Text<'a>>,
    pub created_date_time: Option<Timestamp>,
    pub correlation_id: Option<Text<'a>>,
    pub user_id: Option<Text<'a>>,
    pub user_principal_name: Option<Text<'a>>,
    pub user_display_name: Option<Text<'a>>,
    pub user_type: Option<Text<'a>>,
    pub app_id: Option<Text<'a>>,
    pub app_display_name: Option<Text<'a>>,
    pub resource_id: Option<Text<'a>>,
    pub resource_display_name: Option<Text<'a>>,
    pub resource_service_principal_id: Option<Text<'a>>,
    pub conditional_access_audiences: Option<Vec<Audience<'a>>>,
    pub service_principal_id: Option<Text<'a>>,
    pub service_principal_name: Option<Text<'a>>,
    pub client_app_used: Option<Text<'a>>,
    pub user_agent: Option<Text<'a>>,
    pub device_detail: Option<Device<'a>>,
    pub location: Option<Location<'a>>,
    pub ip_address: Option<Text<'a>>,
    pub risk_level_during_sign_in: Option<Text<'a>>,
    pub home_tenant_id: Option<Text<'a>>,
    pub resource_tenant_id: Option<Text<'a>>,
    pub cross_tenant_access_type: Option<Text<'a>>,
    pub is_interactive: Option<bool>,
    pub sign_in_event_types: Option<Vec<Text<'a>>>,
    pub original_transfer_method: Option<Text<'a>>,
    pub authentication_protocol: Option<Text<'a>>,
    pub authentication_context_class_references: Option<Vec<Context<'a>>>,
    pub authentication_requirement: Option<Text<'a>>,
    pub authentication_details: Option<Vec<Step<'a>>>,
    pub authentication_methods_used: Option<Vec<Text<'a>>>,
    pub status: Option<Status>,
    pub conditional_access_status: Option<Text<'a>>,
    pub applied_conditional_access_policies: Option<Vec<AppliedPolicy<'a>>>,
}

/// An audience: an appId, or the object that Graph's documentation shows.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged, bound(deserialize = "'de: 'a"))]
#[expect(missing_docs, reason = "the members are Graph's, and documented there")]
pub enum Audience<'a> {
    Id(Text<'a>),
    #[serde(rename_all = "camelCase")]
    Object {
        application_id: Option<Text<'a>>,
    },
}

impl Audience<'_> {
    /// Its appId.
    pub(super) fn id(&self) -> Option<&str> {
        match self {
            Self::Id(text) => said(Some(text)),
            Self::Object { application_id } => said(application_id.as_ref()),
        }
    }
}

/// `deviceDetail`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
#[expect(missing_docs, reason = "the members are Graph's, and documented there")]
pub struct Device<'a> {
    pub device_id: Option<Text<'a>>,
    pub operating_system: Option<Text<'a>>,
    pub is_compliant: Option<bool>,
    pub is_managed: Option<bool>,
    pub trust_type: Option<Text<'a>>,
}

/// `location`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
#[expect(missing_docs, reason = "the members are Graph's, and documented there")]
pub struct Location<'a> {
    pub country_or_region: Option<Text<'a>>,
}

/// `authenticationContext`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
#[expect(missing_docs, reason = "the members are Graph's, and documented there")]
pub struct Context<'a> {
    pub id: Option<Text<'a>>,
    pub detail: Option<Text<'a>>,
}

/// `authenticationDetail`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
#[expect(missing_docs, reason = "the members are Graph's, and documented there")]
pub struct Step<'a> {
    pub authentication_step_date_time: Option<Timestamp>,
    pub authentication_method: Option<Text<'a>>,
    pub authentication_method_detail: Option<Text<'a>>,
    pub authentication_step_requirement: Option<Text<'a>>,
    pub succeeded: Option<bool>,
}

/// `signInStatus`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the members are Graph's, and documented there")]
pub struct Status {
    pub error_code: Option<u32>,
}

/// `appliedConditionalAccessPolicy`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
#[expect(missing_docs, reason = "the members are Graph's, and documented there")]
pub struct AppliedPolicy<'a> {
    pub id: Option<Text<'a>>,
    pub display_name: Option<Text<'a>>,
    pub result: Option<Text<'a>>,
    /// Ours alone: whoever has it was written by Portcullis.
    pub reason: Option<IgnoredAny>,
}

/// Why something in a log is no row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoRow {
    /// It is not JSON, or a member is of another kind than Graph's.
    Unreadable(String),
    /// It is a JSON object, and no `signIn`.
    NotASignIn,
    /// It is larger than a row may be.
    TooLarge,
    /// The input ends in the middle of it.
    CutOff,
}

impl fmt::Display for NoRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => write!(formatter, "cannot be read: {why}"),
            Self::NotASignIn => formatter.write_str(
                "is no `signIn`: it has no `createdDateTime`, or names neither a user nor a service principal",
            ),
            Self::TooLarge => formatter.write_str("is larger than 1 MiB"),
            Self::CutOff => formatter.write_str("is cut off: the input ends in the middle of it"),
        }
    }
}

impl<'a> Row<'a> {
    /// The row in these bytes of JSON.
    pub fn read(json: &'a [u8]) -> Result<Self, NoRow> {
        let row: Row<'a> = serde_json::from_slice(json)
            .map_err(|error| NoRow::Unreadable(why_unreadable(json, &error)))?;
        if row.created_date_time.is_none() || row.who().is_none() {
            return Err(NoRow::NotASignIn);
        }
        Ok(row)
    }

    /// Whoever signed in, as well as the row names them.
    pub(super) fn who(&self) -> Option<&str> {
        [
            &self.user_principal_name,
            &self.user_id,
            &self.service_principal_name,
            &self.service_principal_id,
        ]
        .into_iter()
        .find_map(|name| said(name.as_ref()))
    }

    /// What tells users apart.
    pub(super) fn identity(&self) -> &str {
        [
            &self.user_id,
            &self.user_principal_name,
            &self.service_principal_id,
            &self.service_principal_name,
        ]
        .into_iter()
        .find_map(|name| said(name.as_ref()).filter(|name| !is_zeros(name)))
        .unwrap_or_default()
    }

    /// Whether we wrote it: then what is absent was looked for and not there.
    pub(super) fn is_own(&self) -> bool {
        let mut policies = self.applied_conditional_access_policies.iter().flatten();
        policies.any(|policy| policy.reason.is_some())
    }

    /// 0, or the number of the refusal.
    pub(super) fn error_code(&self) -> Option<u32> {
        self.status.as_ref()?.error_code
    }
}

/// The object id of nobody in particular.
fn is_zeros(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0' | b'-'))
}

/// The member that is wrong, and why; the place in the row is no place in the file, and is left out.
fn why_unreadable(json: &[u8], error: &serde_json::Error) -> String {
    let mut again = serde_json::Deserializer::from_slice(json);
    let found = serde_path_to_error::deserialize::<_, Row<'_>>(&mut again).err();
    let member = found.map(|error| error.path().to_string());
    let member = member.filter(|path| path != ".");
    let text = error.to_string();
    if error.is_syntax() {
        let what = text.split(" at line ").next().unwrap_or_default();
        return match what {
            // What a parser says of a text that is nothing like it.
            "expected ident" | "expected value" => "it is no JSON".to_owned(),
            _ => format!("it is no JSON: {what}"),
        };
    }
    let text = text.split(" at line ").next().unwrap_or_default();
    let text = member.map_or_else(|| text.to_owned(), |path| format!("`{path}`: {text}"));
    text.chars().take(160).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_borrowed_and_unknown_members_passed_over() {
        let json = br#"{"createdDateTime":"2026-06-01T12:00:00Z","userPrincipalName":"ada@fabrikam.example","processingTimeInMilliseconds":7,"location":null,
            "conditionalAccessAudiences":["00000003-0000-0000-c000-000000000000",{"applicationId":"x"}]}"#;
        let row = Row::read(json).unwrap();
        assert!(matches!(
            row.user_principal_name,
            Some(Text(Cow::Borrowed("ada@fabrikam.example")))
        ));
        assert_eq!(row.location, None);
        let audiences: Vec<_> = row.conditional_access_audiences.iter().flatten().collect();
        assert_eq!(audiences[1].id(), Some("x"));
        assert!(!row.is_own());
    }

    #[test]
    fn what_is_no_row_says_why() {
        let why = |json: &str| Row::read(json.as_bytes()).unwrap_err();
        assert_eq!(why("{}"), NoRow::NotASignIn);
        assert_eq!(
            why(r#"{"createdDateTime":"2026-06-01T12:00:00Z","userId":""}"#),
            NoRow::NotASignIn
        );
        for (json, part) in [
            ("", "EOF"),
            ("nonsense", "it is no JSON"),
            (r#"{"userId":"x" 7}"#, "it is no JSON: expected `,`"),
            ("[]", "invalid"),
            (
                r#"{"createdDateTime":"yesterday","userId":"x"}"#,
                "`createdDateTime`: ",
            ),
            (r#"{"createdDateTime":null,"userId":7}"#, "`userId`: "),
            (
                r#"{"deviceDetail":{"isCompliant":"yes"}}"#,
                "`deviceDetail.isCompliant`: ",
            ),
        ] {
            let NoRow::Unreadable(text) = why(json) else {
                panic!("{json}");
            };
            assert!(
                text.contains(part) && !text.contains("at line"),
                "{json}: {text}"
            );
        }
    }
}
