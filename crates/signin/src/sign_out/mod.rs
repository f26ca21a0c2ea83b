//! Signing out (RP-Initiated, Front-Channel and Back-Channel Logout; specification 7.7).

pub mod confirmation;
pub mod end;
pub mod hint;
pub mod request;

pub use end::LogoutDelivery;
pub use request::{SignOutAnswer, SignOutCall, sign_out};
