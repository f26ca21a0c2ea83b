//! OpenID Connect: tokens about people, discovery, userinfo, logout.

pub mod access_token;
pub mod client_info;
pub mod discovery;
pub mod id_token;
pub mod logout;
pub mod subject;
pub mod userinfo;
