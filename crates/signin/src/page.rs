//! What the browser is shown next: pages as values, without a word of HTML.
//!
//! The server turns each into HTML, and each submitted form into a [`Submission`]. Every page with a form carries the
//! [`Handle`] of its transaction, which is good for one step in the browser that began it.

use portcullis_model::Timestamp;
use portcullis_model::id::{CorrelationId, SessionId, TenantId, TransactionId};
use portcullis_model::organization::Organization;
use portcullis_model::secret::SecretText;
use portcullis_model::session::SessionUse;
use portcullis_model::sign_in_log::SignIn;
use serde::{Deserialize, Serialize};

/// A use case's answer to the browser.
#[derive(Debug)]
pub struct Answer {
    /// What to show or where to go.
    pub step: Step,
    /// Cookies to set, in order.
    pub cookies: Vec<CookieChange>,
}

/// What happens in the browser.
#[derive(Debug)]
pub enum Step {
    /// Show a page of ours.
    Show(Box<Page>),
    /// Go to another step of ours, after a form was posted (303): a path below the public URL.
    SeeOther(String),
    /// Hand the result to the client: 303 to this URL.
    Redirect(String),
    /// Hand the result to the client by an auto-submitted form (`response_mode=form_post`).
    FormPost {
        /// The redirect URI.
        action: String,
        /// The fields.
        fields: Vec<(String, String)>,
    },
    /// Show an error; nothing goes to the client.
    Refuse(Box<Refusal>),
}

/// A cookie to set. Names and attributes are the server's business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CookieChange {
    /// The flow cookie that binds transactions to this browser.
    SetFlow(SecretText),
    /// The session cookies' values of one tenant, most recent first (at most five accounts); empty removes the cookie.
    SetSessions {
        /// The tenant.
        tenant: TenantId,
        /// The values.
        values: Vec<SecretText>,
        /// Outlives the browser until then; `None` ends with the browser.
        expires_at: Option<Timestamp>,
    },
}

/// The cookies of a request.
pub trait Cookies: Sync {
    /// The flow cookie.
    fn flow(&self) -> Option<SecretText>;
    /// The session cookies' values of one tenant, at most five, most recent first.
    fn sessions(&self, tenant: TenantId) -> Vec<SecretText>;
}

/// Names one step of one transaction; written into a form and good for one submission.
///
/// On the wire it is a path and one parameter: `/{page}/signin?ctx={owner}.{transaction}.{version}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handle {
    /// The tenant whose page it is, and to whose path the form is posted: a home password is typed at the home tenant's
    /// page only (nil while undiscovered, written `organizations`).
    pub page: TenantId,
    /// The tenant that owns the transaction (nil while undiscovered).
    pub owner: TenantId,
    /// The transaction.
    pub transaction: TransactionId,
    /// The step.
    pub version: u32,
}

impl Handle {
    /// The parameter (and hidden form field) that carries it.
    pub const PARAMETER: &'static str = "ctx";

    /// Where the form is posted: a path below the public URL.
    pub fn action(&self) -> String {
        format!("/{}/signin", segment(self.page))
    }

    /// The value of the parameter.
    pub fn context(&self) -> String {
        format!("{}.{}.{}", self.owner, self.transaction, self.version)
    }

    /// The page itself: a path below the public URL.
    pub fn path(&self) -> String {
        format!("{}?{}={}", self.action(), Self::PARAMETER, self.context())
    }

    /// Reads what [`Handle::action`] and [`Handle::context`] wrote, from the path's first segment and the parameter.
    pub fn parse(page: &str, context: &str) -> Option<Self> {
        let page = match page {
            "organizations" => TenantId::UNDISCOVERED,
            id => id.parse().ok()?,
        };
        let mut parts = context.split('.');
        let handle = Self {
            page,
            owner: parts.next()?.parse().ok()?,
            transaction: parts.next()?.parse().ok()?,
            version: parts.next()?.parse().ok()?,
        };
        // One spelling only: signs and leading zeros would name a step twice.
        (parts.next().is_none() && handle.context() == context).then_some(handle)
    }
}

fn segment(tenant: TenantId) -> String {
    if tenant == TenantId::UNDISCOVERED {
        "organizations".to_owned()
    } else {
        tenant.to_string()
    }
}

/// What surrounds every page of a sign-in.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The step; `None` on pages without a form of the transaction.
    pub handle: Option<Handle>,
    /// The organisation whose page lies in the background: the resource tenant. `None` at `organizations` and `common`.
    pub background: Option<Organization>,
    /// The organisation in front, whose name and logo head the box: the home tenant once it is known.
    pub front: Option<Organization>,
    /// The organisation that *asks* for what this page wants; said in words. Differs from `front` when a guest does MFA in the resource tenant.
    pub asking: Option<Organization>,
    /// The application the person is on the way to.
    pub application_name: String,
    /// The account, once known.
    pub account_name: Option<String>,
    /// What was wrong with the last submission.
    pub problem: Option<Problem>,
    /// The redirect URI the sign-in ends at, once validated: browsers apply the page's `form-action` to the redirect
    /// that answers a form, so the server must name it there (requirement S08).
    pub client_redirect_uri: Option<String>,
    /// For support.
    pub correlation_id: CorrelationId,
}

/// What was wrong with the last submission; texts are in the message catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Problem {
    /// Name or password wrong: one text for both, whether or not the account exists (50126).
    NameOrPasswordWrong,
    /// Too many attempts; locked for a while (50053).
    TooManyAttempts,
    /// Too many sign-ins at once.
    Busy {
        /// When to try again.
        retry_after_seconds: u32,
    },
    /// The code is wrong or was used (500121).
    CodeWrong,
    /// A field was left empty or is not readable.
    FieldMissing,
    /// No organisation here has this name's domain (at `organizations` and `common`), or the name is not one.
    UnknownRealm,
}

/// A page.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a page is made once per request, and boxed in its step"
)]
pub enum Page {
    /// Who are you?
    UserName {
        /// Around it.
        frame: Frame,
        /// Prefilled name.
        login_hint: Option<String>,
    },
    /// Prove it with your password; always the home tenant's page.
    Password {
        /// Around it.
        frame: Frame,
    },
    /// Pick one of the accounts of this browser.
    AccountPicker {
        /// Around it.
        frame: Frame,
        /// The accounts.
        accounts: Vec<PickableAccount>,
    },
    /// Type the code of your authenticator.
    MfaChallenge {
        /// Around it.
        frame: Frame,
        /// Why it is asked.
        why: WhyMfa,
    },
    /// Set up an authenticator: scan, then confirm with a code.
    MfaRegistration {
        /// Around it.
        frame: Frame,
        /// Why it is asked.
        why: WhyMfa,
        /// `otpauth://` URI as an SVG QR code.
        qr_svg: String,
        /// The seed in base32, for typing.
        secret_base32: SecretText,
    },
    /// Stay signed in?
    StaySignedIn {
        /// Around it.
        frame: Frame,
    },
    /// Let the application act for you?
    Consent {
        /// Around it.
        frame: Frame,
        /// What it asks for, in words of the resource or the scope itself.
        scopes: Vec<ConsentScope>,
        /// The organisation that publishes the application, when known.
        publisher: Option<String>,
    },
    /// Sign out? Asked when nobody proved that the request is the user's (requirement K06).
    ConfirmSignOut {
        /// Around it.
        frame: Frame,
        /// What the form carries back.
        continuation: String,
    },
    /// You are signed out.
    SignedOut {
        /// Around it.
        frame: Frame,
        /// Addresses to load in hidden frames (front-channel logout).
        front_channel: Vec<String>,
        /// Where to go on, if the client registered it.
        continue_to: Option<String>,
        /// The home organisation's sign-out, offered to guests.
        home_sign_out: Option<(Organization, String)>,
    },
    /// Where you are signed in.
    MySessions {
        /// Around it.
        frame: Frame,
        /// The session that asks first, then the others, last used first.
        sessions: Vec<SessionLine>,
        /// What the form carries back.
        continuation: String,
    },
    /// My sign-ins.
    MySignIns {
        /// Around it.
        frame: Frame,
        /// Newest first.
        rows: Vec<SignIn>,
    },
}

/// A session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionLine {
    /// The session.
    pub session: SessionId,
    /// It is the one that asks.
    pub is_this_browser: bool,
    /// When it began.
    pub began_at: Timestamp,
    /// When, where and with what it was last used.
    pub last_use: SessionUse,
}

/// An account this browser has a session of.
#[derive(Debug, Clone)]
pub struct PickableAccount {
    /// The session.
    pub session: SessionId,
    /// The name people see.
    pub display_name: String,
    /// The account's name.
    pub account_name: String,
    /// Its organisation.
    pub organization_name: String,
}

/// Why MFA is asked, for the sentence on the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum WhyMfa {
    /// Policies of the organisation that owns the application demand it, and accept it from the home organisation.
    DemandedByPartner {
        /// Name of the organisation that demands it.
        organization: String,
    },
    /// Policies of the asking organisation demand it.
    DemandedHere,
    /// The application demanded it.
    DemandedByApplication,
}

/// One line of a consent page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentScope {
    /// The scope.
    pub scope: String,
    /// What it means.
    pub meaning: String,
}

/// A refusal page: what happened, what to do next, and what to tell support.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// Around it.
    pub frame: Frame,
    /// The number (AADSTS numbers, decision 21).
    pub error_code: u32,
    /// The time, for support.
    pub at: Timestamp,
    /// Facts that the text for `error_code` names (organisation that refuses, setting that is missing, policy-free).
    pub organization_name: Option<String>,
    /// What the person may do: start again at this path, for instance with another account.
    pub try_again: Option<String>,
    /// The HTTP status.
    pub status: u16,
    /// Goes to the client when the person chooses to return: only for registered redirect URIs.
    pub return_to_client: Option<ReturnToClient>,
    /// For 503 and 429.
    pub retry_after_seconds: Option<u32>,
}

/// The way back to the client, with the error it is told, in the response mode it asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReturnToClient {
    /// An address to go to.
    Link(String),
    /// A form to send (`response_mode=form_post`).
    Form {
        /// The redirect URI.
        action: String,
        /// The fields.
        fields: Vec<(String, String)>,
    },
}

/// A submitted form of a transaction.
#[derive(Debug)]
pub enum Submission {
    /// From [`Page::UserName`].
    UserName {
        /// As typed.
        name: String,
    },
    /// From [`Page::Password`].
    Password {
        /// As typed.
        password: SecretText,
    },
    /// From [`Page::AccountPicker`].
    Account {
        /// The picked session; `None` is "use another account".
        session: Option<SessionId>,
    },
    /// From [`Page::MfaChallenge`] and [`Page::MfaRegistration`].
    Code {
        /// As typed.
        code: SecretText,
    },
    /// From [`Page::StaySignedIn`].
    StaySignedIn {
        /// The choice.
        choice: StayChoice,
    },
    /// From [`Page::Consent`].
    Consent {
        /// The choice.
        choice: ConsentChoice,
    },
    /// "Use another account" or "back", on any page.
    StartOver,
    /// "Cancel", on any page: the client is told `access_denied`.
    Cancel,
}

/// Stay signed in?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StayChoice {
    /// The session outlives the browser.
    Stay,
    /// It does not.
    Leave,
}

/// Consent?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentChoice {
    /// Yes.
    Accept,
    /// No.
    Decline,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_has_one_spelling() {
        let id = "62e90394-69f5-4237-9190-012177145e10";
        let handle = Handle {
            page: TenantId::UNDISCOVERED,
            owner: id.parse().unwrap(),
            transaction: id.parse().unwrap(),
            version: 7,
        };
        assert_eq!(
            handle.path(),
            format!("/organizations/signin?ctx={id}.{id}.7")
        );
        assert_eq!(
            Handle::parse("organizations", &handle.context()),
            Some(handle)
        );
        let wrong = [
            String::new(),
            format!("{id}.{id}"),
            format!("{id}.{id}.+7"),
            format!("{id}.{id}.07"),
            format!("{id}.{id}.7.7"),
        ];
        for wrong in &wrong {
            assert_eq!(Handle::parse(id, wrong), None, "{wrong}");
        }
        assert_eq!(Handle::parse("fabrikam.example", &handle.context()), None);
    }
}
