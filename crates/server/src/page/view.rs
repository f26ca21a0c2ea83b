//! The templates' own types: one struct per file in `pages/`, checked against it when the crate is built.

use askama::Template;

use super::shell::Shell;

#[derive(Template)]
#[template(path = "user_name.html")]
pub(super) struct UserName<'a> {
    pub(super) shell: Shell<'a>,
    pub(super) name: &'a str,
    pub(super) placeholder: &'a str,
}

#[derive(Template)]
#[template(path = "password.html")]
pub(super) struct Password<'a> {
    pub(super) shell: Shell<'a>,
}

#[derive(Template)]
#[template(path = "account_picker.html")]
pub(super) struct AccountPicker<'a> {
    pub(super) shell: Shell<'a>,
    pub(super) accounts: Vec<AccountLine<'a>>,
}

/// One account of the picker.
pub(super) struct AccountLine<'a> {
    pub(super) session: String,
    pub(super) display_name: &'a str,
    pub(super) account_name: &'a str,
    pub(super) organization_name: &'a str,
    pub(super) initial: String,
    pub(super) tint: u8,
}

#[derive(Template)]
#[template(path = "mfa_challenge.html")]
pub(super) struct MfaChallenge<'a> {
    pub(super) shell: Shell<'a>,
    /// HTML.
    pub(super) why: String,
    /// HTML: whose code, when two organisations are on the page.
    pub(super) which_code: Option<String>,
}

#[derive(Template)]
#[template(path = "mfa_registration.html")]
pub(super) struct MfaRegistration<'a> {
    pub(super) shell: Shell<'a>,
    /// HTML.
    pub(super) why: String,
    /// HTML: that this registration is apart from the home organisation's.
    pub(super) kept_apart: Option<String>,
    /// SVG, made by us.
    pub(super) qr_svg: &'a str,
    pub(super) secret_in_groups: String,
}

#[derive(Template)]
#[template(path = "stay_signed_in.html")]
pub(super) struct StaySignedIn<'a> {
    pub(super) shell: Shell<'a>,
}

#[derive(Template)]
#[template(path = "consent.html")]
pub(super) struct Consent<'a> {
    pub(super) shell: Shell<'a>,
    /// HTML.
    pub(super) heading: String,
    /// HTML.
    pub(super) publisher: String,
    pub(super) scopes: &'a [portcullis_signin::page::ConsentScope],
}

#[derive(Template)]
#[template(path = "confirm_sign_out.html")]
pub(super) struct ConfirmSignOut<'a> {
    pub(super) shell: Shell<'a>,
    pub(super) action: String,
    pub(super) continuation: &'a str,
}

#[derive(Template)]
#[template(path = "signed_out.html")]
pub(super) struct SignedOut<'a> {
    pub(super) shell: Shell<'a>,
    pub(super) front_channel: &'a [String],
    pub(super) continue_to: Option<&'a str>,
    pub(super) home: Option<HomeOffer<'a>>,
}

/// The offer to sign out of the home organisation too.
pub(super) struct HomeOffer<'a> {
    /// HTML.
    pub(super) sentence: String,
    pub(super) submit: String,
    pub(super) href: &'a str,
}

#[derive(Template)]
#[template(path = "my_sign_ins.html")]
pub(super) struct MySignIns<'a> {
    pub(super) shell: Shell<'a>,
    pub(super) rows: Vec<SignInLine<'a>>,
    /// Where the sessions are.
    pub(super) sessions: Option<String>,
}

#[derive(Template)]
#[template(path = "my_sessions.html")]
pub(super) struct MySessions<'a> {
    pub(super) shell: Shell<'a>,
    pub(super) sessions: Vec<SessionRow<'a>>,
    pub(super) action: String,
    pub(super) continuation: &'a str,
    pub(super) sign_out: String,
    /// Where the record of sign-ins is.
    pub(super) record: String,
}

/// One session.
pub(super) struct SessionRow<'a> {
    pub(super) id: String,
    pub(super) is_this_browser: bool,
    pub(super) browser: String,
    pub(super) last_used: String,
    pub(super) last_used_exact: String,
    pub(super) began: String,
    pub(super) began_exact: String,
    pub(super) address: std::borrow::Cow<'a, str>,
    pub(super) end_label: String,
}

/// One row of the record.
pub(super) struct SignInLine<'a> {
    pub(super) time: String,
    pub(super) time_exact: String,
    pub(super) application: &'a str,
    pub(super) how: Option<&'a str>,
    /// The class of the result: `good`, `open` or `bad`.
    pub(super) look: &'static str,
    /// The sign before it.
    pub(super) sign: &'static str,
    pub(super) result: String,
    pub(super) reason: Option<&'a str>,
    /// How much the policies asked for, whatever was proven.
    pub(super) required: &'a str,
    pub(super) address: &'a str,
}

#[derive(Template)]
#[template(path = "form_post.html")]
pub(super) struct FormPost<'a> {
    pub(super) shell: Shell<'a>,
    pub(super) script: &'a str,
    pub(super) action: &'a str,
    pub(super) fields: &'a [(String, String)],
}

#[derive(Template)]
#[template(path = "refusal.html")]
pub(super) struct Refused<'a> {
    pub(super) shell: Shell<'a>,
    /// HTML.
    pub(super) what: String,
    /// HTML.
    pub(super) next: String,
    pub(super) retry: Option<String>,
    /// HTML.
    pub(super) help: Option<String>,
    pub(super) try_again: Option<&'a str>,
    pub(super) return_link: Option<&'a str>,
    pub(super) return_form: Option<ReturnForm<'a>>,
    pub(super) return_label: String,
    pub(super) facts: Vec<(&'a str, String)>,
}

/// The error on its way to a client that wants forms.
pub(super) struct ReturnForm<'a> {
    pub(super) action: &'a str,
    pub(super) fields: &'a [(String, String)],
}

#[derive(Template)]
#[template(path = "notice.html")]
pub(super) struct Notice<'a> {
    pub(super) shell: Shell<'a>,
    pub(super) heading: &'a str,
    pub(super) what: &'a str,
    pub(super) next: Option<&'a str>,
}
