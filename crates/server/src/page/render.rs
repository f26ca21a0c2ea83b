//! One function per page: picks the sentences that say which organisation asks for what, and fills the template.

use portcullis_model::id::TenantId;
use portcullis_model::organization::Organization;
use portcullis_model::sign_in_log::SignIn;
use portcullis_protocol::oauth::error_catalogue::{ErrorCode, Kind};
use portcullis_signin::my_sessions;
use portcullis_signin::page::{
    ConsentScope, Frame, Page, PickableAccount, Refusal, ReturnToClient, SessionLine, WhyMfa,
};

use crate::asset::Assets;

use super::session_line::session_line;
use super::shell::{Shell, asking, initial, tenant_segment, tint};
use super::view;
use super::words::Words;
use super::{Rendered, finish, presentable_target, readable};

/// What the functions below share.
struct Studio<'a> {
    words: &'a Words,
    assets: &'a Assets,
}

pub(super) fn page(words: &Words, assets: &Assets, page: &Page) -> Rendered {
    let studio = Studio { words, assets };
    let (frame, mut rendered) = match page {
        Page::UserName { frame, login_hint } => {
            (frame, studio.user_name(frame, login_hint.as_deref()))
        }
        Page::Password { frame } => (frame, studio.password(frame)),
        Page::AccountPicker { frame, accounts } => (frame, studio.account_picker(frame, accounts)),
        Page::MfaChallenge { frame, why } => (frame, studio.mfa_challenge(frame, why)),
        Page::MfaRegistration {
            frame,
            why,
            qr_svg,
            secret_base32,
        } => {
            let secret = in_groups(secret_base32.expose());
            (frame, studio.mfa_registration(frame, why, qr_svg, secret))
        }
        Page::StaySignedIn { frame } => (frame, studio.stay_signed_in(frame)),
        Page::Consent {
            frame,
            scopes,
            publisher,
        } => (frame, studio.consent(frame, scopes, publisher.as_deref())),
        Page::ConfirmSignOut {
            frame,
            continuation,
        } => (frame, studio.confirm_sign_out(frame, continuation)),
        Page::SignedOut {
            frame,
            front_channel,
            continue_to,
            home_sign_out,
        } => {
            let mut rendered = studio.signed_out(
                frame,
                front_channel,
                continue_to.as_deref(),
                home_sign_out.as_ref(),
            );
            rendered.frame_sources.clone_from(front_channel);
            (frame, rendered)
        }
        Page::MySessions {
            frame,
            sessions,
            continuation,
        } => (frame, studio.my_sessions(frame, sessions, continuation)),
        Page::MySignIns { frame, rows } => (frame, studio.my_sign_ins(frame, rows)),
    };
    rendered
        .form_targets
        .extend(frame.client_redirect_uri.clone());
    rendered
}

impl<'a> Studio<'a> {
    /// The shell with the sentence at `asks`, if there is an organisation to name.
    fn shell(&self, page: &str, asks: &str, frame: &'a Frame) -> Shell<'a> {
        let words = self.words;
        let title = words.text(&format!("{page}.title")).to_owned();
        // The borrow of the catalogue outlives the studio.
        let shell = Shell::around(words, self.assets, title, frame);
        if let Some(organization) = asking(frame) {
            return shell.with_asks(words.sentence(
                asks,
                &[
                    ("organization", &organization.display_name),
                    ("application", application(words, frame)),
                    ("partner", partner(frame)),
                ],
            ));
        }
        let key = format!("{page}.asks_nobody");
        if words.has(&key) {
            return shell.with_asks(words.sentence(&key, &[]));
        }
        shell
    }

    fn user_name(&self, frame: &'a Frame, login_hint: Option<&str>) -> Rendered {
        let hint = frame
            .background
            .as_ref()
            .and_then(|organization| organization.branding.as_ref())
            .and_then(|branding| branding.username_hint_text.as_deref());
        finish(
            200,
            &view::UserName {
                shell: self
                    .shell("user_name", "user_name.asks", frame)
                    .with_field(),
                name: login_hint.unwrap_or_default(),
                placeholder: hint.unwrap_or_else(|| self.words.text("user_name.hint")),
            },
        )
    }

    fn password(&self, frame: &'a Frame) -> Rendered {
        let asks = if is_guest_of_another(frame) {
            "password.asks_partner"
        } else {
            "password.asks"
        };
        finish(
            200,
            &view::Password {
                shell: self.shell("password", asks, frame).with_field(),
            },
        )
    }

    fn account_picker(&self, frame: &'a Frame, accounts: &'a [PickableAccount]) -> Rendered {
        let accounts = accounts
            .iter()
            .map(|account| view::AccountLine {
                session: account.session.to_string(),
                display_name: &account.display_name,
                account_name: &account.account_name,
                organization_name: &account.organization_name,
                initial: initial(&account.display_name),
                tint: tint(account.account_name.as_bytes()),
            })
            .collect();
        finish(
            200,
            &view::AccountPicker {
                shell: self.shell("account_picker", "account_picker.asks", frame),
                accounts,
            },
        )
    }

    fn mfa_challenge(&self, frame: &'a Frame, why: &WhyMfa) -> Rendered {
        let (shell, why) = self.mfa("mfa_challenge", frame, why);
        let view = view::MfaChallenge {
            shell,
            why,
            which_code: self.apart(frame, "mfa_challenge.which_code"),
        };
        finish(200, &view)
    }

    fn mfa_registration(
        &self,
        frame: &'a Frame,
        why: &WhyMfa,
        qr_svg: &'a str,
        secret_in_groups: String,
    ) -> Rendered {
        let (shell, why) = self.mfa("mfa_registration", frame, why);
        let view = view::MfaRegistration {
            shell,
            why,
            kept_apart: self.apart(frame, "mfa_registration.kept_apart"),
            qr_svg,
            secret_in_groups,
        };
        finish(200, &view)
    }

    /// The shell and the reason of a page that wants a second proof.
    fn mfa(&self, page: &str, frame: &'a Frame, why: &WhyMfa) -> (Shell<'a>, String) {
        let words = self.words;
        let organization = asking_name(words, frame);
        let title = words.text(&format!("{page}.title")).to_owned();
        let shell = Shell::around(words, self.assets, title, frame).with_field();
        let (asks, why) = match why {
            WhyMfa::DemandedByPartner {
                organization: partner,
            } => (
                words.sentence(
                    &format!("{page}.asks_for_partner"),
                    &[("organization", organization), ("partner", partner)],
                ),
                words.sentence("mfa_challenge.why_partner", &[("partner", partner)]),
            ),
            WhyMfa::DemandedHere => (
                words.sentence(&format!("{page}.asks"), &[("organization", organization)]),
                words.sentence("mfa_challenge.why_here", &[("organization", organization)]),
            ),
            WhyMfa::DemandedByApplication => (
                words.sentence(&format!("{page}.asks"), &[("organization", organization)]),
                words.sentence(
                    "mfa_challenge.why_application",
                    &[("application", application(words, frame))],
                ),
            ),
        };
        (shell.with_asks(asks), why)
    }

    /// The sentence that tells two organisations' proofs apart, when both are on the page.
    fn apart(&self, frame: &Frame, key: &str) -> Option<String> {
        let asking = frame.asking.as_ref()?;
        let front = frame.front.as_ref().filter(|front| front.id != asking.id)?;
        Some(self.words.sentence(
            key,
            &[
                ("organization", &asking.display_name),
                ("other", &front.display_name),
            ],
        ))
    }

    fn consent(
        &self,
        frame: &'a Frame,
        scopes: &'a [ConsentScope],
        publisher: Option<&str>,
    ) -> Rendered {
        let words = self.words;
        let publisher = match publisher {
            Some(name) => words.sentence("consent.publisher", &[("publisher", name)]),
            None => words.sentence("consent.publisher_unknown", &[]),
        };
        let view = view::Consent {
            shell: self.shell("consent", "consent.asks", frame),
            heading: words.sentence(
                "consent.heading",
                &[("application", application(words, frame))],
            ),
            publisher,
            scopes,
        };
        finish(200, &view)
    }

    fn signed_out(
        &self,
        frame: &'a Frame,
        front_channel: &'a [String],
        continue_to: Option<&'a str>,
        home_sign_out: Option<&'a (Organization, String)>,
    ) -> Rendered {
        let words = self.words;
        let home = home_sign_out.map(|(organization, href)| {
            let values = [("organization", organization.display_name.as_str())];
            view::HomeOffer {
                sentence: words.sentence("signed_out.home", &values),
                submit: words.plain("signed_out.home_submit", &values),
                href,
            }
        });
        let view = view::SignedOut {
            shell: self.shell("signed_out", "signed_out.asks", frame),
            front_channel,
            continue_to: continue_to.and_then(presentable_target),
            home,
        };
        finish(200, &view)
    }

    fn stay_signed_in(&self, frame: &'a Frame) -> Rendered {
        let shell = self.shell("stay_signed_in", "stay_signed_in.asks", frame);
        finish(200, &view::StaySignedIn { shell })
    }

    fn confirm_sign_out(&self, frame: &'a Frame, continuation: &'a str) -> Rendered {
        let tenant = frame.background.as_ref().or(frame.front.as_ref());
        let segment = tenant.map_or_else(
            || "organizations".to_owned(),
            |organization| tenant_segment(organization.id),
        );
        let view = view::ConfirmSignOut {
            shell: self.shell("confirm_sign_out", "confirm_sign_out.asks", frame),
            action: format!("/{segment}/oauth2/v2.0/logout"),
            continuation,
        };
        finish(200, &view)
    }

    fn my_sign_ins(&self, frame: &'a Frame, rows: &'a [SignIn]) -> Rendered {
        let view = view::MySignIns {
            shell: self.shell("my_sign_ins", "my_sign_ins.asks", frame),
            rows: rows
                .iter()
                .map(|row| sign_in_line(self.words, row))
                .collect(),
            sessions: asking(frame).map(|organization| my_sessions::path(organization.id)),
        };
        finish(200, &view)
    }

    fn my_sessions(
        &self,
        frame: &'a Frame,
        sessions: &[SessionLine],
        continuation: &'a str,
    ) -> Rendered {
        let tenant = asking(frame).map_or(TenantId::UNDISCOVERED, |organization| organization.id);
        let segment = tenant_segment(tenant);
        let view = view::MySessions {
            shell: self.shell("my_sessions", "my_sessions.asks", frame),
            sessions: sessions
                .iter()
                .map(|session| session_line(self.words, session))
                .collect(),
            action: my_sessions::path(tenant),
            continuation,
            sign_out: format!("/{segment}/oauth2/v2.0/logout"),
            record: format!("/{segment}/my-sign-ins"),
        };
        finish(200, &view)
    }
}

pub(super) fn refusal(words: &Words, assets: &Assets, refusal: &Refusal) -> Rendered {
    let frame = &refusal.frame;
    let named = refusal
        .organization_name
        .as_deref()
        .or_else(|| asking(frame).map(|organization| organization.display_name.as_str()));
    let organization = named.unwrap_or_else(|| words.text("common.someone"));
    let values = [
        ("organization", organization),
        ("application", application(words, frame)),
        (
            "account",
            frame
                .account_name
                .as_deref()
                .unwrap_or_else(|| words.text("common.this_account")),
        ),
    ];
    let [title, what, next] = keys(words, refusal);
    let shell = Shell::around(words, assets, words.plain(&title, &values), frame);
    let retry = refusal
        .retry_after_seconds
        .map(|seconds| words.plain("refusal.retry", &[("seconds", &seconds.to_string())]));
    // Whoever decided is whom to ask.
    let parties = [&frame.background, &frame.front, &frame.asking];
    let decider = parties
        .into_iter()
        .flatten()
        .find(|party| party.display_name == organization)
        .or_else(|| asking(frame));
    let help = decider
        .and_then(|organization| organization.technical_notification_mails.first())
        .map(|mail| words.sentence("refusal.help", &[("mail", mail)]));
    // A number without a text of its own is told in the words that go to applications.
    let own_text = words.has(&format!("error.{}.what", refusal.error_code));
    let told = ErrorCode::find(refusal.error_code).filter(|_| !own_text);
    let (what, next) = match told {
        Some(code) => (Words::bare(code.summary()), Words::bare(code.advice())),
        None => (
            words.sentence(&what, &values),
            words.sentence(&next, &values),
        ),
    };
    let (return_link, return_form) = ways_back(refusal.return_to_client.as_ref());
    // The button may lead to that one address, and to nothing else (requirement S08).
    let form_targets = return_form.iter().map(|form| form.action.to_owned());
    let form_targets = form_targets.collect();
    let view = view::Refused {
        shell: Shell {
            correlation_id: None,
            ..shell
        },
        what,
        next,
        retry,
        help,
        try_again: refusal
            .try_again
            .as_deref()
            .filter(|path| is_our_path(path)),
        return_link,
        return_form,
        return_label: words.plain("refusal.return", &values),
        facts: facts(words, refusal, named),
    };
    Rendered {
        retry_after_seconds: refusal.retry_after_seconds,
        form_targets,
        ..finish(refusal.status, &view)
    }
}

/// The way back to the client, as a link or as a form.
fn ways_back(way: Option<&ReturnToClient>) -> (Option<&str>, Option<view::ReturnForm<'_>>) {
    match way {
        None => (None, None),
        Some(ReturnToClient::Link(address)) => (presentable_target(address), None),
        Some(ReturnToClient::Form { action, fields }) => {
            let form = presentable_target(action).map(|action| view::ReturnForm { action, fields });
            (None, form)
        }
    }
}

/// What support will ask for.
/// The lines for support; who decided is left out where nobody is known to have.
fn facts<'a>(
    words: &'a Words,
    refusal: &Refusal,
    organization: Option<&str>,
) -> Vec<(&'a str, String)> {
    let decided_by = organization.map(|name| (words.text("refusal.organization"), name.to_owned()));
    let lines = [
        Some((
            words.text("refusal.error_code"),
            refusal.error_code.to_string(),
        )),
        decided_by,
        Some((
            words.text("common.correlation_id"),
            refusal.frame.correlation_id.to_string(),
        )),
        Some((words.text("refusal.time"), readable(refusal.at))),
    ];
    lines.into_iter().flatten().collect()
}

/// What a row came to, for the person it is about.
enum Outcome {
    SignedIn,
    /// The person was asked for more; what they answered is in a row of its own.
    Interrupted,
    Refused,
}

fn outcome(error_code: u32) -> Outcome {
    match (error_code, ErrorCode::find(error_code).map(ErrorCode::kind)) {
        (0, _) => Outcome::SignedIn,
        (_, Some(Kind::NeedsSignIn | Kind::NeedsInteraction | Kind::NeedsConsent)) => {
            Outcome::Interrupted
        }
        (_, Some(Kind::Refused | Kind::Fixed(_)) | None) => Outcome::Refused,
    }
}

fn sign_in_line<'a>(words: &'a Words, row: &'a SignIn) -> view::SignInLine<'a> {
    let code = row.status.error_code.to_string();
    let values = [("code", code.as_str())];
    let (look, sign, result) = match outcome(row.status.error_code) {
        Outcome::SignedIn => (
            "good",
            "check",
            words.plain("my_sign_ins.succeeded", &values),
        ),
        Outcome::Interrupted => (
            "open",
            "note",
            words.plain("my_sign_ins.interrupted", &values),
        ),
        Outcome::Refused => ("bad", "stop", words.plain("my_sign_ins.refused", &values)),
    };
    let how = match row.cross_tenant_access_type.as_str() {
        "b2bCollaboration" => Some(words.text("my_sign_ins.cross_collaboration")),
        "b2bDirectConnect" => Some(words.text("my_sign_ins.cross_direct_connect")),
        _ if !row.is_interactive => Some(words.text("my_sign_ins.silent")),
        _ => None,
    };
    let required = if row.authentication_requirement == "multiFactorAuthentication" {
        words.text("my_sign_ins.multi_factor")
    } else {
        words.text("my_sign_ins.single_factor")
    };
    view::SignInLine {
        time: readable(row.created_date_time),
        time_exact: row.created_date_time.to_string(),
        application: row
            .app_display_name
            .as_deref()
            .unwrap_or_else(|| words.text("my_sign_ins.unknown")),
        how,
        look,
        sign,
        result,
        reason: row
            .status
            .failure_reason
            .as_deref()
            .filter(|_| row.status.error_code != 0),
        required,
        address: row
            .ip_address
            .as_deref()
            .unwrap_or_else(|| words.text("my_sign_ins.unknown")),
    }
}

/// The keys of title, reason and advice. Whoever wants to see a page of their own and is not signed in is told so: no
/// application asked for anything.
fn keys(words: &Words, refusal: &Refusal) -> [String; 3] {
    let is_signed_out = refusal.error_code == ErrorCode::UserInformationNotProvided.number();
    if is_signed_out && refusal.frame.application_name.is_empty() {
        let keys = [
            "not_signed_in.title",
            "not_signed_in.what",
            "not_signed_in.next",
        ];
        return keys.map(str::to_owned);
    }
    ["title", "what", "next"].map(|what| words.numbered("error", refusal.error_code, what))
}

fn application<'a>(words: &'a Words, frame: &'a Frame) -> &'a str {
    if frame.application_name.is_empty() {
        words.text("common.the_application")
    } else {
        &frame.application_name
    }
}

fn asking_name<'a>(words: &'a Words, frame: &'a Frame) -> &'a str {
    asking(frame).map_or_else(
        || words.text("common.someone"),
        |organization| &organization.display_name,
    )
}

/// The organisation behind, when it is not the one that asks.
fn partner(frame: &Frame) -> &str {
    frame
        .background
        .as_ref()
        .map_or("", |organization| &organization.display_name)
}

fn is_guest_of_another(frame: &Frame) -> bool {
    match (&frame.background, asking(frame)) {
        (Some(background), Some(asking)) => background.id != asking.id,
        (None, _) | (_, None) => false,
    }
}

/// A path of this installation, never an address of somebody else (requirement T10).
fn is_our_path(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && !path.chars().any(char::is_control)
}

/// A base32 secret in groups of four, as people type it.
fn in_groups(secret: &str) -> String {
    let mut grouped = String::with_capacity(secret.len() + secret.len() / 4);
    for (place, letter) in secret.chars().enumerate() {
        if place > 0 && place % 4 == 0 {
            grouped.push(' ');
        }
        grouped.push(letter);
    }
    grouped
}
