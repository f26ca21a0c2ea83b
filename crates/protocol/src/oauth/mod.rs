//! OAuth 2.0 messages: what arrives at the authorization and token endpoints and what is answered.

pub mod authorization_request;
pub mod authorization_response;
pub mod claims_request;
pub mod client_assertion;
pub mod client_authentication;
pub mod error;
pub mod error_catalogue;
pub mod parameters;
pub mod pkce;
pub mod redirect_uri;
pub mod scope;
pub mod token_request;
pub mod token_response;
