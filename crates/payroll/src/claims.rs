//! The claims of an id token in words: what each is for, and what it says about the person.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// The claims of an id token whose signature was verified.
#[derive(Debug, Clone)]
pub(crate) struct Claims(Map<String, Value>);

/// One line of the table of claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClaimRow {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) meaning: &'static str,
}

impl Claims {
    /// Reads the middle part. Call it only with a token that the client library has verified.
    pub(crate) fn of_verified(token: &str) -> Option<Self> {
        let payload = token.split('.').nth(1)?;
        let decoded = URL_SAFE_NO_PAD.decode(payload).ok()?;
        serde_json::from_slice(&decoded).ok().map(Self)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.0.get(name).and_then(Value::as_i64)
    }

    /// What to call the person.
    pub(crate) fn display_name(&self) -> &str {
        self.text("name")
            .or_else(|| self.text("preferred_username"))
            .unwrap_or("somebody without a name")
    }

    /// Where the person is at home, in words.
    pub(crate) fn belonging(&self) -> String {
        match (self.number("acct"), self.text("idp")) {
            (Some(1), Some(home)) => format!("a guest, at home at {home}"),
            (Some(1), None) => "a guest".to_owned(),
            (_, Some(home)) => format!("at home at {home}"),
            (Some(0), None) => "a member of the organization".to_owned(),
            (_, None) => "from the organization of the provider".to_owned(),
        }
    }

    /// Holds iff the provider says that a second step was taken.
    pub(crate) fn shows_mfa(&self) -> bool {
        let methods = self.0.get("amr").and_then(Value::as_array);
        methods.is_some_and(|methods| methods.iter().any(|method| method == "mfa"))
    }

    /// All of them, times also as dates.
    pub(crate) fn rows(&self) -> Vec<ClaimRow> {
        let row = |(name, value): (&String, &Value)| ClaimRow {
            name: name.clone(),
            value: in_words(name, value),
            meaning: meaning(name),
        };
        self.0.iter().map(row).collect()
    }
}

fn in_words(name: &str, value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(Value::is_string) => items
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(", "),
        Value::Number(number) if TIMES.contains(&name) => match number.as_i64().and_then(date) {
            Some(date) => format!("{number} ({date})"),
            None => number.to_string(),
        },
        other => other.to_string(),
    }
}

const TIMES: [&str; 4] = ["exp", "iat", "nbf", "auth_time"];

/// A point in time for people.
pub(crate) fn date(seconds: i64) -> Option<String> {
    let time = jiff::Timestamp::from_second(seconds).ok()?;
    Some(time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

fn meaning(name: &str) -> &'static str {
    match name {
        "iss" => "The organization that issued this, as an address.",
        "sub" => "You, as this application knows you. Other applications see another value.",
        "aud" => "The application this was issued to.",
        "exp" => "Not to be accepted after this.",
        "iat" => "When it was issued.",
        "nbf" => "Not to be accepted before this.",
        "ver" => "The format of the token.",
        "tid" => "The organization that owns the application.",
        "oid" => "Your object in that organization.",
        "idp" => "Where you are at home, when that is somewhere else.",
        "acct" => "0 for members of the organization, 1 for guests.",
        "auth_time" => "When you last proved who you are.",
        "amr" => "How you proved it; mfa stands for more than one step.",
        "acr" => "The class of that proof.",
        "acrs" => "Stronger requirements that were met.",
        "sid" => "The session at the provider, for signing out everywhere.",
        "nonce" => "Ties the answer to the question this application asked.",
        "name" => "Your name in that organization.",
        "preferred_username" => {
            "The name you sign in with. It can change, and is no proof of anything."
        }
        "email" => "Your mail address. It can change, and is no proof of anything.",
        "given_name" => "Your given name.",
        "family_name" => "Your family name.",
        "roles" => "What you may do in this application.",
        "uti" => "The number of this token, for finding it in the sign-in log.",
        "azp" => "The application that asked for the token.",
        "at_hash" => "Ties an access token to this one.",
        "login_hint" => "What to send as a hint next time.",
        _ => "Something else the provider says.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(value: &Value) -> Claims {
        Claims(value.as_object().unwrap().clone())
    }

    #[test]
    fn a_person_is_described() {
        let guest = claims(&serde_json::json!({"name": "Ada", "acct": 1, "idp": "https://f"}));
        assert_eq!(
            (guest.display_name(), guest.belonging().as_str()),
            ("Ada", "a guest, at home at https://f")
        );
        let member =
            claims(&serde_json::json!({"preferred_username": "dave@contoso.example", "acct": 0}));
        assert_eq!(member.display_name(), "dave@contoso.example");
        assert_eq!(member.belonging(), "a member of the organization");
    }

    #[test]
    fn mfa_is_seen_only_among_the_methods() {
        assert!(claims(&serde_json::json!({"amr": ["pwd", "mfa"]})).shows_mfa());
        for other in [
            serde_json::json!({"amr": ["pwd"]}),
            serde_json::json!({"amr": "mfa"}),
            serde_json::json!({"acr": "mfa"}),
            serde_json::json!({}),
        ] {
            assert!(!claims(&other).shows_mfa());
        }
    }

    #[test]
    fn times_are_dates_and_lists_are_words() {
        let rows =
            claims(&serde_json::json!({"exp": 0, "amr": ["pwd", "mfa"], "x": {"y": 1}})).rows();
        let values: Vec<&str> = rows.iter().map(|row| row.value.as_str()).collect();
        assert_eq!(
            values,
            ["0 (1970-01-01 00:00:00 UTC)", "pwd, mfa", r#"{"y":1}"#]
        );
        assert!(Claims::of_verified("no token").is_none());
    }
}
