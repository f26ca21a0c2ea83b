//! The `claims` parameter (OpenID Connect Core §5.5): which claims the client wants, and which it cannot do without.
//!
//! A client that needs a second step in this very sign-in asks for it here:
//! `{"id_token":{"amr":{"essential":true,"values":["mfa"]}}}`, see [`ClaimsRequest::demands_mfa`].

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::Fault;
use super::error_catalogue::ErrorCode;
use crate::json;

/// What is asked of each token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsRequest {
    id_token: BTreeMap<String, RequestedClaim>,
    access_token: BTreeMap<String, RequestedClaim>,
    userinfo: BTreeMap<String, RequestedClaim>,
}

/// What is asked of one claim.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestedClaim {
    /// The client cannot do without it.
    pub essential: bool,
    /// The values that will do; empty: any.
    pub values: BTreeSet<String>,
}

/// More claims than this are refused.
const CLAIMS_MAX: usize = 100;

impl ClaimsRequest {
    /// Reads the parameter. Members nobody knows are ignored, as the specification demands.
    pub fn parse(text: Option<&str>) -> Result<Self, Fault> {
        let Some(text) = text else {
            return Ok(Self::default());
        };
        let object = json::parse_object(text.as_bytes())
            .map_err(|cause| refused(format!("claims is {cause}")))?;
        let request = Self {
            id_token: section(&object, "id_token")?,
            access_token: section(&object, "access_token")?,
            userinfo: section(&object, "userinfo")?,
        };
        request.check_subject()?;
        Ok(request)
    }

    /// Asking for somebody is asking for one somebody (requirement A26): lists are a way round the check.
    fn check_subject(&self) -> Result<(), Fault> {
        let several = self.requested("sub").any(|claim| claim.values.len() > 1);
        if several {
            Err(refused("claims asks for more than one sub"))
        } else {
            Ok(())
        }
    }

    /// Holds iff a token for this subject is what was asked for (requirement A26).
    pub fn allows_subject(&self, subject: &str) -> bool {
        self.requested("sub")
            .all(|claim| claim.values.is_empty() || claim.values.contains(subject))
    }

    /// Holds iff the client demands that a second step was taken (an essential `amr` of `mfa`).
    pub fn demands_mfa(&self) -> bool {
        self.requested("amr")
            .any(|claim| claim.essential && claim.values.contains("mfa"))
    }

    /// Authentication contexts that the tokens must hold (`acrs`, specification 7.10).
    pub fn demanded_authentication_contexts(&self) -> BTreeSet<&str> {
        self.essential_values("acrs")
    }

    /// Values of `acr` of which the client cannot do without one (requirement J03).
    pub fn demanded_acr(&self) -> BTreeSet<&str> {
        self.essential_values("acr")
    }

    /// What the client can do, for instance `cp1` (`xms_cc`), in lower case.
    pub fn client_capabilities(&self) -> BTreeSet<String> {
        let named = self
            .access_token
            .get("xms_cc")
            .into_iter()
            .flat_map(|claim| &claim.values);
        named.map(|value| value.to_lowercase()).collect()
    }

    /// Holds iff the id token shall have this claim.
    pub fn wants_in_id_token(&self, name: &str) -> bool {
        self.id_token.contains_key(name)
    }

    /// Holds iff nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn essential_values(&self, name: &str) -> BTreeSet<&str> {
        self.requested(name)
            .filter(|claim| claim.essential)
            .flat_map(|claim| claim.values.iter().map(String::as_str))
            .collect()
    }

    fn requested(&self, name: &str) -> impl Iterator<Item = &RequestedClaim> {
        [&self.id_token, &self.access_token, &self.userinfo]
            .into_iter()
            .filter_map(move |section| section.get(name))
    }
}

fn section(
    object: &Map<String, Value>,
    name: &str,
) -> Result<BTreeMap<String, RequestedClaim>, Fault> {
    let members = match object.get(name) {
        None | Some(Value::Null) => return Ok(BTreeMap::new()),
        Some(Value::Object(members)) if members.len() <= CLAIMS_MAX => members,
        Some(_) => {
            return Err(refused(format!(
                "claims.{name} is not an object of at most {CLAIMS_MAX} claims"
            )));
        }
    };
    members
        .iter()
        .map(|(claim, wanted)| Ok((claim.clone(), requested_claim(wanted)?)))
        .collect()
}

fn requested_claim(wanted: &Value) -> Result<RequestedClaim, Fault> {
    let members = match wanted {
        Value::Null => return Ok(RequestedClaim::default()),
        Value::Object(members) => members,
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            return Err(refused("a requested claim is neither null nor an object"));
        }
    };
    let essential = match members.get("essential") {
        None => false,
        Some(Value::Bool(essential)) => *essential,
        Some(_) => return Err(refused("essential is neither true nor false")),
    };
    let mut values = BTreeSet::new();
    if let Some(value) = members.get("value") {
        values.insert(text_of(value)?);
    }
    match members.get("values") {
        None => {}
        // An empty list would mean "any": what cannot be met must not become what is always met.
        Some(Value::Array(list)) if !list.is_empty() => {
            for value in list {
                values.insert(text_of(value)?);
            }
        }
        Some(_) => return Err(refused("values is not a list with something in it")),
    }
    Ok(RequestedClaim { essential, values })
}

fn text_of(value: &Value) -> Result<String, Fault> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(truth) => Ok(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(refused(
            "a requested value is not a text, a number or a truth value",
        )),
    }
}

fn refused(detail: impl Into<String>) -> Fault {
    Fault::with_detail(ErrorCode::InvalidUserInput, detail)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<ClaimsRequest, Fault> {
        ClaimsRequest::parse(Some(text))
    }

    #[test]
    fn a_client_can_demand_a_second_step() {
        assert!(
            read(r#"{"id_token":{"amr":{"essential":true,"values":["mfa"]}}}"#)
                .unwrap()
                .demands_mfa()
        );
        assert!(
            read(r#"{"access_token":{"amr":{"essential":true,"value":"mfa"}}}"#)
                .unwrap()
                .demands_mfa()
        );
        for weaker in [
            r#"{"id_token":{"amr":{"values":["mfa"]}}}"#,
            r#"{"id_token":{"amr":{"essential":true}}}"#,
            r#"{"id_token":{"amr":null}}"#,
            r#"{"id_token":{"acr":{"essential":true,"values":["mfa"]}}}"#,
            "{}",
        ] {
            assert!(!read(weaker).unwrap().demands_mfa(), "{weaker}");
        }
        assert!(ClaimsRequest::parse(None).unwrap().is_empty());
    }

    #[test]
    fn a_claims_challenge_is_understood() {
        let request = read(
            r#"{"access_token":{"acrs":{"essential":true,"value":"c1"},"xms_cc":{"values":["CP1"]}}}"#,
        );
        let request = request.unwrap();
        assert_eq!(
            request.demanded_authentication_contexts(),
            BTreeSet::from(["c1"])
        );
        assert_eq!(
            request.client_capabilities(),
            BTreeSet::from(["cp1".to_owned()])
        );
        let essential =
            read(r#"{"id_token":{"acr":{"essential":true,"values":["1","2"]}}}"#).unwrap();
        assert_eq!(essential.demanded_acr(), BTreeSet::from(["1", "2"]));
    }

    #[test]
    fn a26_asking_for_another_user_is_seen_and_lists_of_users_are_refused() {
        for text in [
            r#"{"id_token":{"sub":{"value":"victim"}}}"#,
            r#"{"id_token":{"sub":{"essential":true,"values":["victim"]}}}"#,
            r#"{"userinfo":{"sub":{"value":"victim"}}}"#,
            r#"{"access_token":{"sub":{"value":"victim"}}}"#,
        ] {
            let request = read(text).unwrap();
            assert!(
                request.allows_subject("victim") && !request.allows_subject("attacker"),
                "{text}"
            );
        }
        for text in [
            r#"{"id_token":{"sub":{"values":["attacker","victim"]}}}"#,
            r#"{"id_token":{"sub":{"value":"attacker","values":["victim"]}}}"#,
            r#"{"id_token":{"sub":{"value":["victim"]}}}"#,
            r#"{"id_token":{"sub":"victim"}}"#,
            r#"{"id_token":{"sub":["victim"]}}"#,
            r#"{"id_token":{"sub":{"values":[]}}}"#,
            r#"{"id_token":{"sub":{"value":"a"},"sub":{"value":"b"}}}"#,
        ] {
            assert_eq!(
                read(text).unwrap_err().code,
                ErrorCode::InvalidUserInput,
                "{text}"
            );
        }
        assert!(read("{}").unwrap().allows_subject("anyone"));
        assert!(
            read(r#"{"id_token":{"sub":null}}"#)
                .unwrap()
                .allows_subject("anyone")
        );
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in ".{0,200}") {
            let _ = read(&text);
        }
    }
}
