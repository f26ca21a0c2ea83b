//! What the request demands of the proof, beyond the policies: essential `amr` and `acr`, and `acr_values` (OpenID Connect
//! Core §5.5.1.1, requirement J03).

use portcullis_protocol::oauth::authorization_request::AuthorizationRequest;
use portcullis_protocol::oauth::error::Fault;
use portcullis_protocol::oauth::error_catalogue::ErrorCode;

/// The one authentication context class our tokens name (`acr`, specification 7.9); any first factor reaches it.
const CONTEXT_CLASS: &str = "1";

/// Wishes (`acr_values`) that mean "more than one factor", under the names clients use for it. What came of the wish is
/// told by `amr`.
const MFA_WISHES: [&str; 4] = [
    "mfa",
    "possessionorinherence",
    "http://schemas.microsoft.com/claims/multipleauthn",
    "https://refeds.org/profile/mfa",
];

/// Whether the request demands MFA. What it demands and our tokens cannot say is refused, never lowered.
pub(super) fn requests_mfa(asked: &AuthorizationRequest) -> Result<bool, Fault> {
    let demanded = asked.claims.demanded_acr();
    if !demanded.is_empty() && !demanded.contains(CONTEXT_CLASS) {
        return Err(unmet("acr"));
    }
    let wishes = asked.acr_values.iter().map(String::as_str);
    let wishes_mfa = wishes.into_iter().any(|wish| MFA_WISHES.contains(&wish));
    Ok(asked.claims.demands_mfa() || wishes_mfa)
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
        assert!(!of(&[("claims", &essential("acr", "1"))]).unwrap());
        assert!(of(&[("acr_values", "x mfa")]).unwrap());
        assert!(!of(&[("acr_values", "urn:unknown")]).unwrap());
        for (claim, value) in [("acr", "urn:unknown"), ("acr", "mfa")] {
            let fault = of(&[("claims", &essential(claim, value))]).unwrap_err();
            assert_eq!(fault.code, ErrorCode::EssentialClaimUnmet, "{claim}");
        }
    }
}
