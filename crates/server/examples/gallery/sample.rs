//! Sample data for every page: two organisations as in the demo, one guest, and the refusals people meet.

use std::fmt::Write as _;

use portcullis_model::Timestamp;
use portcullis_model::id::Id;
use portcullis_model::organization::{Organization, OrganizationalBranding};
use portcullis_model::secret::SecretText;
use portcullis_model::session::SessionUse;
use portcullis_model::sign_in_log::{
    ConditionalAccessStatus, DeviceDetail, SignIn, SignInLocation, SignInStatus,
};
use portcullis_signin::page::{
    ConsentScope, Frame, Handle, Page, PickableAccount, Problem, Refusal, ReturnToClient,
    SessionLine, WhyMfa,
};
use rendering::{Pages, Rendered};
use uuid::Uuid;

use super::rendering;

fn organization(number: u8, name: &str, color: Option<&str>) -> Organization {
    Organization {
        id: Id::new(Uuid::from_bytes([number; 16])),
        display_name: name.to_owned(),
        verified_domains: vec![],
        branding: color.map(|color| OrganizationalBranding {
            background_color: Some(color.to_owned()),
            sign_in_page_text: Some(format!(
                "Trouble signing in? The service desk of {name} helps on weekdays from 8 to 18."
            )),
            ..OrganizationalBranding::default()
        }),
        technical_notification_mails: vec![format!("help@{}.example", name.to_lowercase())],
        other: serde_json::Map::new(),
    }
}

/// Owns the application.
pub(crate) fn contoso() -> Organization {
    organization(0x11, "Contoso", Some("#0b5c6a"))
}

/// The guest's own organisation.
pub(crate) fn fabrikam() -> Organization {
    organization(0x2b, "Fabrikam", Some("#f1c65b"))
}

/// Has no branding.
pub(crate) fn northwind() -> Organization {
    organization(0x35, "Northwind Traders", None)
}

fn frame(background: Option<Organization>, front: Option<Organization>) -> Frame {
    Frame {
        handle: Some(Handle {
            page: Id::new(Uuid::from_bytes([0x11; 16])),
            owner: Id::new(Uuid::from_bytes([0x11; 16])),
            transaction: Id::new(Uuid::from_bytes([7; 16])),
            version: 3,
        }),
        asking: front.clone(),
        background,
        front,
        application_name: "Payroll".to_owned(),
        account_name: Some("gwen@fabrikam.example".to_owned()),
        problem: None,
        client_redirect_uri: Some("https://payroll.contoso.example/callback".to_owned()),
        correlation_id: Id::new(Uuid::from_bytes([0xc0; 16])),
    }
}

/// Contoso behind, Fabrikam in front and asking.
fn guest() -> Frame {
    frame(Some(contoso()), Some(fabrikam()))
}

/// Contoso behind and asking, Fabrikam in front.
fn guest_asked_by_contoso() -> Frame {
    Frame {
        asking: Some(contoso()),
        ..guest()
    }
}

fn member() -> Frame {
    Frame {
        account_name: Some("ada@contoso.example".to_owned()),
        ..frame(Some(contoso()), Some(contoso()))
    }
}

fn nobody_yet(background: Option<Organization>) -> Frame {
    Frame {
        account_name: None,
        asking: background.clone(),
        ..frame(background, None)
    }
}

fn qr_svg() -> String {
    let mut path = String::new();
    for place in 0_u32..900 {
        let (x, y) = (place % 30, place / 30);
        if (x * 7 + y * 13 + x * y) % 3 == 0 {
            let _ = write!(path, "M{x},{y}h1v1h-1z");
        }
    }
    format!(
        r##"<svg viewBox="-2 -2 34 34" xmlns="http://www.w3.org/2000/svg"><path d="{path}" fill="#000"/></svg>"##
    )
}

fn at() -> Timestamp {
    "2026-11-22T19:40:03Z".parse().unwrap_or_default()
}

fn session(is_this_browser: bool, address: &str, user_agent: &str) -> SessionLine {
    SessionLine {
        session: Id::new(Uuid::from_u128(address.len() as u128)),
        is_this_browser,
        began_at: at(),
        last_use: SessionUse {
            at: at(),
            ip_address: address.parse().ok(),
            user_agent: (!user_agent.is_empty()).then(|| format!("Mozilla/5.0 ({user_agent})")),
        },
    }
}

fn sign_in(error_code: u32, kind: &str) -> SignIn {
    SignIn {
        id: Id::new(Uuid::from_bytes([9; 16])),
        created_date_time: at(),
        correlation_id: Id::new(Uuid::from_bytes([0xc0; 16])),
        user_display_name: Some("Gwen Guest".into()),
        user_principal_name: Some("gwen@fabrikam.example".into()),
        user_id: None,
        user_type: Some("guest".into()),
        app_id: None,
        app_display_name: Some("Payroll".into()),
        resource_id: None,
        resource_display_name: None,
        service_principal_id: None,
        service_principal_name: None,
        ip_address: Some("203.0.113.9".into()),
        location: SignInLocation::default(),
        client_app_used: Some("Browser".into()),
        user_agent: None,
        is_interactive: true,
        sign_in_event_types: vec!["interactiveUser".into()],
        authentication_protocol: "authorizationCodeWithPkce".into(),
        incoming_token_type: "none".into(),
        home_tenant_id: None,
        resource_tenant_id: contoso().id,
        cross_tenant_access_type: kind.into(),
        status: SignInStatus {
            error_code,
            failure_reason: (error_code != 0).then(|| "blocked by a policy".to_owned()),
            additional_details: None,
        },
        conditional_access_status: ConditionalAccessStatus::Success,
        applied_conditional_access_policies: vec![],
        conditional_access_audiences: vec![],
        authentication_context_class_references: vec![],
        authentication_requirement: "multiFactorAuthentication".into(),
        authentication_details: vec![],
        device_detail: DeviceDetail::default(),
        unique_token_identifier: None,
        session_id: None,
    }
}

fn accounts() -> Vec<PickableAccount> {
    ["Ada Lovelace", "Gwen Guest"]
        .into_iter()
        .enumerate()
        .map(|(place, name)| PickableAccount {
            session: Id::new(Uuid::from_u128(place as u128 + 1)),
            display_name: name.to_owned(),
            account_name: format!("{}@contoso.example", name.to_lowercase().replace(' ', ".")),
            organization_name: "Contoso".to_owned(),
        })
        .collect()
}

fn consent(frame: Frame) -> Page {
    let scope = |scope: &str, meaning: &str| ConsentScope {
        scope: scope.to_owned(),
        meaning: meaning.to_owned(),
    };
    Page::Consent {
        frame,
        scopes: vec![
            scope("openid", "Know that it is you"),
            scope("profile", "Read your name and account"),
            scope("offline_access", "Stay connected while you are away"),
            scope("api://payroll/Reports.Read", "Read your payroll reports"),
        ],
        publisher: Some("Contoso".to_owned()),
    }
}

fn refusal(error_code: u32, frame: Frame, organization_name: &str) -> Refusal {
    Refusal {
        frame: Frame {
            handle: None,
            ..frame
        },
        error_code,
        at: at(),
        organization_name: Some(organization_name.to_owned()),
        try_again: Some("/contoso.example/signin?again=1".to_owned()),
        status: 403,
        return_to_client: Some(ReturnToClient::Link(
            "https://payroll.contoso.example/callback?error=access_denied".into(),
        )),
        retry_after_seconds: (error_code == 50053).then_some(60),
    }
}

/// Every page by name.
#[expect(clippy::too_many_lines, reason = "a list of samples")]
pub(crate) fn pages() -> Vec<(&'static str, Page)> {
    let wrong = |frame: Frame, problem| Frame {
        problem: Some(problem),
        ..frame
    };
    let registration = |frame, why| Page::MfaRegistration {
        frame,
        why,
        qr_svg: qr_svg(),
        secret_base32: SecretText::new("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"),
    };
    let by_contoso = || WhyMfa::DemandedByPartner {
        organization: "Contoso".to_owned(),
    };
    vec![
        (
            "user-name",
            Page::UserName {
                frame: nobody_yet(Some(contoso())),
                login_hint: None,
            },
        ),
        (
            "user-name-organizations",
            Page::UserName {
                frame: wrong(nobody_yet(None), Problem::UnknownRealm),
                login_hint: Some("gwen".into()),
            },
        ),
        (
            "user-name-unbranded",
            Page::UserName {
                frame: nobody_yet(Some(northwind())),
                login_hint: None,
            },
        ),
        ("password-member", Page::Password { frame: member() }),
        (
            "password-guest",
            Page::Password {
                frame: wrong(guest(), Problem::NameOrPasswordWrong),
            },
        ),
        (
            "password-busy",
            Page::Password {
                frame: wrong(
                    member(),
                    Problem::Busy {
                        retry_after_seconds: 5,
                    },
                ),
            },
        ),
        (
            "password-locked",
            Page::Password {
                frame: wrong(member(), Problem::TooManyAttempts),
            },
        ),
        (
            "account-picker",
            Page::AccountPicker {
                frame: nobody_yet(Some(contoso())),
                accounts: accounts(),
            },
        ),
        (
            "account-picker-organizations",
            Page::AccountPicker {
                frame: nobody_yet(None),
                accounts: accounts(),
            },
        ),
        (
            "mfa-at-home",
            Page::MfaChallenge {
                frame: guest(),
                why: by_contoso(),
            },
        ),
        (
            "mfa-at-resource",
            Page::MfaChallenge {
                frame: wrong(guest_asked_by_contoso(), Problem::CodeWrong),
                why: WhyMfa::DemandedHere,
            },
        ),
        (
            "mfa-empty",
            Page::MfaChallenge {
                frame: wrong(member(), Problem::FieldMissing),
                why: WhyMfa::DemandedHere,
            },
        ),
        (
            "mfa-step-up",
            Page::MfaChallenge {
                frame: member(),
                why: WhyMfa::DemandedByApplication,
            },
        ),
        (
            "mfa-registration",
            registration(guest_asked_by_contoso(), WhyMfa::DemandedHere),
        ),
        (
            "mfa-registration-at-home",
            registration(guest(), by_contoso()),
        ),
        (
            "mfa-registration-application",
            registration(member(), WhyMfa::DemandedByApplication),
        ),
        ("stay-signed-in", Page::StaySignedIn { frame: member() }),
        ("consent", consent(guest_asked_by_contoso())),
        (
            "consent-unknown-publisher",
            Page::Consent {
                frame: member(),
                scopes: vec![],
                publisher: None,
            },
        ),
        (
            "confirm-sign-out",
            Page::ConfirmSignOut {
                frame: member(),
                continuation: "c".into(),
            },
        ),
        (
            "signed-out",
            Page::SignedOut {
                frame: Frame {
                    handle: None,
                    account_name: None,
                    application_name: String::new(),
                    ..guest_asked_by_contoso()
                },
                front_channel: vec!["https://payroll.contoso.example/signed-out?sid=1".into()],
                continue_to: Some("https://payroll.contoso.example/".into()),
                home_sign_out: Some((fabrikam(), "/fabrikam.example/oauth2/v2.0/logout".into())),
            },
        ),
        (
            "my-sign-ins",
            Page::MySignIns {
                frame: Frame {
                    handle: None,
                    ..guest_asked_by_contoso()
                },
                rows: vec![
                    sign_in(0, "b2bCollaboration"),
                    sign_in(53003, "none"),
                    sign_in(50074, "b2bCollaboration"),
                    sign_in(0, "b2bDirectConnect"),
                    SignIn {
                        is_interactive: false,
                        app_display_name: None,
                        authentication_requirement: "singleFactorAuthentication".into(),
                        ip_address: None,
                        ..sign_in(0, "none")
                    },
                ],
            },
        ),
        (
            "my-sessions",
            Page::MySessions {
                frame: Frame {
                    handle: None,
                    ..guest_asked_by_contoso()
                },
                sessions: vec![
                    session(true, "203.0.113.7", "X11; Linux x86_64 Firefox/140.0"),
                    session(
                        false,
                        "2001:db8::7",
                        "iPhone; iPhone OS 19_0 Version/19 Safari/605",
                    ),
                    session(false, "198.51.100.4", ""),
                ],
                continuation: "sealed".to_owned(),
            },
        ),
        (
            "my-sessions-alone",
            Page::MySessions {
                frame: member(),
                sessions: vec![session(true, "203.0.113.7", "Windows NT 10.0 Edg/140")],
                continuation: "sealed".to_owned(),
            },
        ),
        (
            "my-sign-ins-empty",
            Page::MySignIns {
                frame: member(),
                rows: vec![],
            },
        ),
    ]
}

/// Somebody opens a page of their own, and no application has asked for anything.
fn not_signed_in() -> Refusal {
    let frame = Frame {
        application_name: String::new(),
        account_name: None,
        ..member()
    };
    Refusal {
        try_again: None,
        return_to_client: None,
        status: 401,
        ..refusal(50058, frame, "Contoso")
    }
}

/// Refusals by name.
pub(crate) fn refusals() -> Vec<(&'static str, Refusal)> {
    vec![
        (
            "refusal-blocked",
            refusal(53003, guest_asked_by_contoso(), "Contoso"),
        ),
        (
            "refusal-trust",
            refusal(90071, guest_asked_by_contoso(), "Contoso"),
        ),
        (
            "refusal-inbound",
            refusal(500_213, guest_asked_by_contoso(), "Contoso"),
        ),
        ("refusal-outbound", refusal(500_212, guest(), "Fabrikam")),
        ("refusal-walked-home", refusal(530_004, guest(), "Contoso")),
        (
            "refusal-register",
            refusal(53010, guest_asked_by_contoso(), "Contoso"),
        ),
        (
            "refusal-terms",
            refusal(9_900_011, guest_asked_by_contoso(), "Contoso"),
        ),
        ("refusal-locked", refusal(50053, member(), "Contoso")),
        (
            "refusal-form",
            Refusal {
                return_to_client: Some(ReturnToClient::Form {
                    action: "https://payroll.contoso.example/callback".into(),
                    fields: vec![
                        ("error".into(), "access_denied".into()),
                        ("state".into(), "st-1".into()),
                    ],
                }),
                ..refusal(53003, guest_asked_by_contoso(), "Contoso")
            },
        ),
        ("refusal-not-signed-in", not_signed_in()),
        (
            "refusal-unknown",
            Refusal {
                try_again: None,
                return_to_client: None,
                organization_name: None,
                ..refusal(
                    1,
                    Frame {
                        application_name: String::new(),
                        ..nobody_yet(None)
                    },
                    "",
                )
            },
        ),
    ]
}

/// Everything, rendered.
pub(crate) fn rendered(pages: &Pages) -> Vec<(String, Rendered)> {
    let fields = [
        ("code".to_owned(), "c0de".to_owned()),
        ("state".to_owned(), "<&\"'>".to_owned()),
    ];
    let correlation_id = Id::new(Uuid::from_bytes([0xc0; 16]));
    let mut all: Vec<(String, Rendered)> = vec![
        ("start".to_owned(), pages.start()),
        (
            "form-post".to_owned(),
            pages.form_post("https://payroll.contoso.example/callback", &fields),
        ),
    ];
    for status in [400, 403, 404, 405, 408, 411, 413, 415, 429, 500, 503] {
        all.push((
            format!("status-{status}"),
            pages.status(status, correlation_id),
        ));
    }
    all.extend(
        self::pages()
            .iter()
            .map(|(name, page)| ((*name).to_owned(), pages.show(page))),
    );
    all.extend(
        refusals()
            .iter()
            .map(|(name, refusal)| ((*name).to_owned(), pages.refuse(refusal))),
    );
    all
}
