//! `client_info`: the only standard way client libraries learn the home account (specification 7.4).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

/// base64url of `{"uid": home object id, "utid": home tenant id}`.
pub fn client_info(home_user: &str, home_tenant: &str) -> String {
    URL_SAFE_NO_PAD.encode(json!({ "uid": home_user, "utid": home_tenant }).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_info_is_what_msal_decodes() {
        let decoded = URL_SAFE_NO_PAD.decode(client_info("u", "t")).unwrap();
        assert_eq!(decoded, br#"{"uid":"u","utid":"t"}"#);
    }
}
