//! What the request demands of the proof, beyond the policies: essential `amr` and `acr`, and `acr_values` (OpenID Connect
//! Core §5.5.1.1, requirement J03).

use portcullis_protocol::oauth::authorization_request::AuthorizationRequest;
use portcullis_protocol::oauth::error::Fault;
use portcullis_protocol::oauth::error_catalogue::ErrorCode;

/// Authentication context classes that mean "more than one factor", under the names clients use for it.
const MFA_CONTEXT_CLASSES: [&str; 4] = [
    "mfa",
    "possessionorinherence",
    "http://schemas.microsoft.com/claims/multipleauthn",
    "https://refeds.org/profile/mfa",
];

/// Whether the request demands MFA. What it demands and nobody here can give is refused, never lowered.
pub(super) fn requests_mfa(asked: &AuthorizationRequest) -> Result<bool, Fault> {
    let is_mfa = |value: &&str| MFA_CONTEXT_CLASSES.contains(value);
    let demanded = asked.claims.demanded_acr();
    if !demanded.is_empty() && !demanded.iter().any(is_mfa) {
        return Err(unmet("acr"));
    }
    if !asked.claims.demanded_authentication_contexts().is_empty() {
        return Err(unmet("acrs"));
    }
    let wished = asked.acr_values.iter().map(String::as_str);
    Ok(asked.claims.demands_mfa()
        || !demanded.is_empty()
        || wished.clone().any(|value| is_mfa(&value)))
}

fn unmet(claim: &str) -> Fault {
    Fault::with_detail(ErrorCode::EssentialClaimUnmet, claim)
}

#[cfg(test)]
mod tests {
    use portcullis_protocol::oauth::parameters::Parameters;

    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Result<bool, Fault> {
        let all = [("response_type", "code"), ("scope", "openid")];
        let parameters: Parameters = all.iter().chain(pairs).copied().collect();
        requests_mfa(&AuthorizationRequest::parse(&parameters).unwrap())
    }

    #[test]
    fn j03_an_essential_acr_is_met_or_refused_and_never_lowered() {
        let essential = |claim: &str, value: &str| {
            format!(r#"{{"id_token":{{"{claim}":{{"essential":true,"value":"{value}"}}}}}}"#)
        };
        assert!(!of(&[]).unwrap());
        assert!(of(&[("claims", &essential("amr", "mfa"))]).unwrap());
        assert!(of(&[("claims", &essential("acr", "mfa"))]).unwrap());
        assert!(of(&[("acr_values", "x mfa")]).unwrap());
        assert!(!of(&[("acr_values", "urn:unknown")]).unwrap());
        for (claim, value) in [("acr", "urn:unknown"), ("acrs", "c1")] {
            let fault = of(&[("claims", &essential(claim, value))]).unwrap_err();
            assert_eq!(fault.code, ErrorCode::EssentialClaimUnmet, "{claim}");
        }
    }
}
