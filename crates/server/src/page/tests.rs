//! Shows that every page has its words, escapes what it is given, and can be used by everybody.

#[path = "../../examples/gallery/sample.rs"]
mod sample;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use portcullis_model::secret::SecretText;
use portcullis_model::sign_in_log::SignIn;
use portcullis_protocol::oauth::error_catalogue::ErrorCode;
use portcullis_signin::page::{Frame, Page, PickableAccount, ReturnToClient};

use super::words::Words;
use super::{Pages, presentable_target};
use crate::page as rendering;

fn pages() -> Pages {
    Pages::english().unwrap()
}

/// The text between quotes after each occurrence of `before`.
fn quoted_after(source: &str, before: &str) -> Vec<String> {
    source
        .split(before)
        .skip(1)
        .filter_map(|rest| {
            let rest = rest.trim_start();
            let rest = rest.strip_prefix('"')?;
            Some(rest.split('"').next().unwrap().to_owned())
        })
        .collect()
}

fn sources() -> Vec<(PathBuf, String)> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    ["../../pages", "src/page", "src"]
        .iter()
        .flat_map(|folder| fs::read_dir(here.join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let is_source = path
                .extension()
                .is_some_and(|extension| extension == "html" || extension == "rs");
            is_source && !path.ends_with("page/tests.rs") && !path.ends_with("page/words.rs")
        })
        .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
        .collect()
}

#[test]
fn every_word_a_page_uses_is_in_the_catalogue_and_every_word_there_is_used() {
    let words = Words::english().unwrap();
    let known: BTreeSet<&str> = words.keys().collect();
    let mut used = BTreeSet::new();
    for (path, source) in sources() {
        for before in [".text(", ".plain(", ".sentence("] {
            for key in quoted_after(&source, before) {
                assert!(known.contains(key.as_str()), "{key} in {}", path.display());
                used.insert(key);
            }
        }
    }
    let all_sources: String = sources().into_iter().map(|(_, source)| source).collect();
    for key in known {
        let (page, rest) = key.split_once('.').unwrap();
        let is_composed = ["title", "asks", "asks_nobody", "asks_for_partner"].contains(&rest)
            && all_sources.contains(&format!("\"{page}\""));
        let is_numbered = page == "error" || page == "status";
        let is_named = all_sources.contains(&format!("\"{key}\""));
        assert!(
            used.contains(key) || is_composed || is_numbered || is_named,
            "{key} is used nowhere"
        );
    }
}

#[test]
fn every_refusal_says_what_happened_and_what_to_do_next() {
    let words = Words::english().unwrap();
    let numbers: BTreeSet<&str> = words
        .keys()
        .filter_map(|key| {
            key.strip_prefix("error.")
                .or_else(|| key.strip_prefix("status."))
        })
        .filter_map(|key| key.split_once('.'))
        .map(|(number, _)| number)
        .collect();
    assert!(numbers.len() > 50);
    for number in numbers {
        let is_code = number
            .parse()
            .is_ok_and(|number| ErrorCode::find(number).is_some());
        assert!(
            is_code || number.len() == 3 || number == "default",
            "{number} is no error"
        );
        for what in ["title", "what", "next"] {
            let family = if number.len() == 3 { "status" } else { "error" };
            let key = format!("{family}.{number}.{what}");
            assert_ne!(words.text(&key), key);
        }
    }
}

#[test]
fn a19_no_page_shows_a_hole_a_script_a_style_or_anything_of_a_third_party() {
    for (name, rendered) in sample::rendered(&pages()) {
        let html = &rendered.html;
        assert!(html.starts_with("<!doctype html>"), "{name}");
        // An unknown key would show itself as `page.key`; a value that is missing as an empty <bdi>.
        for hole in [
            "<bdi></bdi>",
            "{organization}",
            "_nobody",
            ".asks",
            ".title",
        ] {
            assert!(!html.contains(hole), "{name} has {hole}");
        }
        for forbidden in [" style=\"", "<style", " onclick", " onload", "javascript:"] {
            assert!(!html.contains(forbidden), "{name} has {forbidden}");
        }
        assert_eq!(
            html.matches("<script").count(),
            usize::from(name == "form-post"),
            "{name}"
        );
        for source in quoted_after(html, " src=")
            .iter()
            .chain(&quoted_after(html, "<link rel=\"stylesheet\" href="))
        {
            let is_front_channel = rendered.frame_sources.contains(source);
            assert!(
                source.starts_with('/') || is_front_channel,
                "{name} loads {source}"
            );
        }
    }
}

#[test]
fn every_page_has_a_language_a_title_one_heading_landmarks_and_labels() {
    for (name, rendered) in sample::rendered(&pages()) {
        let html = &rendered.html;
        for needed in [
            "<html lang=\"en\">",
            "<title>",
            "<main id=\"content\"",
            "<footer",
            "name=\"viewport\"",
        ] {
            assert_eq!(html.matches(needed).count(), 1, "{name}: {needed}");
        }
        assert_eq!(html.matches("<h1>").count(), 1, "{name}");
        let has_field = html.contains("id=\"field\"");
        assert_eq!(has_field, html.contains("for=\"field\""), "{name}");
        if html.contains("id=\"problem\"") {
            assert!(html.contains("role=\"alert\""), "{name}");
            assert_eq!(
                has_field,
                html.contains("aria-describedby=\"problem"),
                "{name}"
            );
            assert_eq!(has_field, html.contains("aria-invalid=\"true\""), "{name}");
        }
        for reference in quoted_after(html, "aria-labelledby=")
            .iter()
            .chain(&quoted_after(html, "for="))
        {
            assert!(
                html.contains(&format!("id=\"{reference}\"")),
                "{name}: {reference}"
            );
        }
    }
}

#[test]
fn fields_tell_password_managers_and_phones_what_they_are() {
    for (name, page) in sample::pages() {
        let html = pages().show(&page).html;
        match page {
            Page::UserName { .. } => assert!(html.contains("autocomplete=\"username\""), "{name}"),
            Page::Password { .. } => {
                assert!(html.contains("autocomplete=\"current-password\""), "{name}");
            }
            Page::MfaChallenge { .. } | Page::MfaRegistration { .. } => {
                assert!(html.contains("autocomplete=\"one-time-code\""), "{name}");
                assert!(html.contains("inputmode=\"numeric\""), "{name}");
            }
            Page::AccountPicker { .. }
            | Page::StaySignedIn { .. }
            | Page::Consent { .. }
            | Page::ConfirmSignOut { .. }
            | Page::SignedOut { .. }
            | Page::MySessions { .. }
            | Page::MySignIns { .. } => {}
        }
    }
}

#[test]
fn a_guest_is_told_which_organisation_asks_for_what() {
    let html = |wanted: &str| {
        let found = sample::rendered(&pages())
            .into_iter()
            .find(|(name, _)| name == wanted);
        found.unwrap().1.html
    };
    let contoso = "<strong><bdi>Contoso</bdi></strong>";
    let fabrikam = "<strong><bdi>Fabrikam</bdi></strong>";
    assert!(html("password-guest").contains(&format!(
        "{fabrikam} asks for your password. {contoso} never sees it."
    )));
    assert!(html("mfa-at-resource").contains(&format!("{contoso} asks you to prove it is you.")));
    assert!(html("mfa-at-resource").contains(&format!(
        "Use the code you set up for {contoso}, not the one of {fabrikam}."
    )));
    assert!(html("mfa-at-home").contains(&format!(
        "{fabrikam} asks you to prove it is you, because {contoso} demands it"
    )));
    assert!(!html("mfa-at-home").contains("Use the code you set up"));
    // Behind: Contoso. In front: Fabrikam.
    for page in ["password-guest", "mfa-at-resource", "mfa-at-home"] {
        assert!(html(page).contains("<bdi>Contoso</bdi></span>"), "{page}");
        assert!(
            html(page).contains("<bdi class=\"front-name\">Fabrikam</bdi>"),
            "{page}"
        );
    }
    assert!(!html("password-member").contains("class=\"behind\""));
}

#[test]
fn s09_names_that_are_markup_stay_text() {
    let naughty = "\"><script>alert(1)</script>{{7*7}}\u{202e}'";
    for (name, page) in sample::pages() {
        let page = with_naughty_names(page, naughty);
        let html = pages().show(&page).html;
        assert!(!html.contains("<script>alert"), "{name}");
        assert!(!html.contains("\"><script"), "{name}");
    }
    for (name, mut refusal) in sample::refusals() {
        refusal.organization_name = Some(naughty.to_owned());
        spoil(&mut refusal.frame, naughty);
        refusal.try_again = Some("//evil.example/".to_owned());
        let script = || "javascript:alert(1)".to_owned();
        let ways = [
            ReturnToClient::Link(script()),
            ReturnToClient::Form {
                action: script(),
                fields: vec![("state".to_owned(), naughty.to_owned())],
            },
            ReturnToClient::Form {
                action: "https://app.example/".to_owned(),
                fields: vec![("state".to_owned(), naughty.to_owned())],
            },
        ];
        for way in ways {
            refusal.return_to_client = Some(way);
            let html = pages().refuse(&refusal).html;
            assert!(!html.contains("<script>alert"), "{name}");
            assert!(!html.contains("javascript:"), "{name}");
            assert!(!html.contains("evil.example"), "{name}");
        }
    }
}

fn spoil(frame: &mut Frame, text: &str) {
    frame.application_name = text.to_owned();
    frame.account_name = Some(text.to_owned());
    for organization in [&mut frame.background, &mut frame.front, &mut frame.asking]
        .into_iter()
        .flatten()
    {
        organization.display_name = text.to_owned();
        organization.technical_notification_mails = vec![text.to_owned()];
        let branding = organization.branding.get_or_insert_default();
        branding.sign_in_page_text = Some(text.to_owned());
        branding.username_hint_text = Some(text.to_owned());
    }
}

fn spoil_account(account: &mut PickableAccount, text: &str) {
    account.display_name = text.to_owned();
    account.account_name = text.to_owned();
    account.organization_name = text.to_owned();
}

fn spoil_row(row: &mut SignIn, text: &str) {
    row.app_display_name = Some(text.to_owned());
    row.status.failure_reason = Some(text.to_owned());
    row.ip_address = Some(text.to_owned());
}

fn with_naughty_names(mut page: Page, text: &str) -> Page {
    match &mut page {
        Page::UserName { frame, login_hint } => {
            spoil(frame, text);
            *login_hint = Some(text.to_owned());
        }
        Page::AccountPicker { frame, accounts } => {
            spoil(frame, text);
            for account in accounts {
                spoil_account(account, text);
            }
        }
        Page::Consent {
            frame,
            scopes,
            publisher,
        } => {
            spoil(frame, text);
            *publisher = Some(text.to_owned());
            for scope in scopes {
                scope.scope = text.to_owned();
                scope.meaning = text.to_owned();
            }
        }
        Page::MfaRegistration {
            frame,
            secret_base32,
            ..
        } => {
            spoil(frame, text);
            *secret_base32 = SecretText::new(text);
        }
        Page::ConfirmSignOut {
            frame,
            continuation,
        } => {
            spoil(frame, text);
            *continuation = text.to_owned();
        }
        Page::MySessions {
            frame,
            sessions,
            continuation,
        } => {
            spoil(frame, text);
            *continuation = text.to_owned();
            for session in sessions {
                session.last_use.user_agent = Some(text.to_owned());
            }
        }
        Page::MySignIns { frame, rows } => {
            spoil(frame, text);
            for row in rows {
                spoil_row(row, text);
            }
        }
        Page::SignedOut {
            frame, continue_to, ..
        } => {
            spoil(frame, text);
            *continue_to = Some("data:text/html,hello".to_owned());
        }
        Page::Password { frame }
        | Page::MfaChallenge { frame, .. }
        | Page::StaySignedIn { frame } => {
            spoil(frame, text);
        }
    }
    page
}

#[test]
fn addresses_that_run_are_not_linked() {
    for bad in [
        "javascript:alert(1)",
        "JaVaScRiPt:x",
        "data:text/html,x",
        " vbscript:x",
        "https://a/\nb",
    ] {
        assert_eq!(presentable_target(bad), None, "{bad}");
    }
    for good in [
        "https://a.example/b",
        "msal00000000-0000-4000-8000-000000000000://auth",
        "http://127.0.0.1:1/",
    ] {
        assert_eq!(presentable_target(good), Some(good));
    }
}

#[test]
fn every_error_of_the_protocol_has_a_page_that_says_what_and_what_next() {
    let (_, sample) = sample::refusals().remove(0);
    let fallback = Words::english()
        .unwrap()
        .sentence("error.default.what", &[("organization", "Contoso")]);
    for code in ErrorCode::ALL {
        let refusal = portcullis_signin::page::Refusal {
            error_code: code.number(),
            ..sample.clone()
        };
        let html = pages().refuse(&refusal).html;
        assert!(
            html.contains(&format!("<dd>{}</dd>", code.number())),
            "{}",
            code.name()
        );
        assert!(
            !html.contains(&fallback),
            "{} says nothing of its own",
            code.name()
        );
    }
}

#[test]
fn a_refusal_sends_people_to_whoever_decided() {
    let html = |wanted: &str| {
        let mut all = sample::rendered(&pages()).into_iter();
        all.find(|(name, _)| name == wanted).unwrap().1.html
    };
    assert!(html("refusal-trust").contains("help@contoso.example"));
    assert!(html("refusal-outbound").contains("help@fabrikam.example"));
    assert!(html("refusal-walked-home").contains("help@contoso.example"));
}
