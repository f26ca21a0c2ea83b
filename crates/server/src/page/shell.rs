//! What surrounds every page: the organisation behind, the one in front, the one that asks, and the form's hidden fields.

use portcullis_model::id::TenantId;
use portcullis_model::organization::Organization;
use portcullis_signin::page::{Frame, Problem};

use crate::asset::Assets;
use crate::branding;

use super::words::Words;

/// The part of a page that `layout.html` shows.
pub(super) struct Shell<'a> {
    pub(super) words: &'a Words,
    pub(super) title: String,
    pub(super) style: &'a str,
    pub(super) icon: &'a str,
    pub(super) brand_style: Option<String>,
    pub(super) masthead: Option<Mark>,
    pub(super) front: Option<Mark>,
    pub(super) asking_mark: Option<Mark>,
    /// HTML: who asks for what.
    pub(super) asks: Option<String>,
    /// HTML: the application at the end of the way.
    pub(super) going_to: Option<String>,
    pub(super) account_name: Option<String>,
    pub(super) problem: Option<String>,
    /// The page has an input with the id `field`, which the problem may point at.
    pub(super) has_field: bool,
    pub(super) below: Option<String>,
    pub(super) correlation_id: Option<String>,
    pub(super) form_action: String,
    pub(super) context: String,
}

/// An organisation's sign: its logo, or its first letter on one of six colours.
pub(super) struct Mark {
    pub(super) name: String,
    pub(super) logo: Option<String>,
    pub(super) alt: String,
    pub(super) initial: String,
    pub(super) tint: u8,
}

impl<'a> Shell<'a> {
    /// A page without a sign-in around it.
    pub(super) fn bare(words: &'a Words, assets: &'a Assets, title: String) -> Self {
        Self {
            words,
            title,
            style: &assets.style.path,
            icon: &assets.icons.path,
            brand_style: None,
            masthead: None,
            front: None,
            asking_mark: None,
            asks: None,
            going_to: None,
            account_name: None,
            problem: None,
            has_field: false,
            below: None,
            correlation_id: None,
            form_action: String::new(),
            context: String::new(),
        }
    }

    /// A page of a sign-in.
    pub(super) fn around(
        words: &'a Words,
        assets: &'a Assets,
        title: String,
        frame: &Frame,
    ) -> Self {
        let mut shell = Self::bare(words, assets, title);
        if let Some(background) = &frame.background {
            let branding = background.branding.as_ref();
            shell.brand_style = branding
                .and_then(|branding| branding.background_color.as_ref())
                .map(|_| format!("/{}/branding/style.css", background.id));
            shell.below = branding.and_then(|branding| branding.sign_in_page_text.clone());
        }
        let is_behind = frame.front.as_ref().map(|front| front.id)
            != frame.background.as_ref().map(|background| background.id);
        shell.masthead = frame
            .background
            .as_ref()
            .filter(|_| is_behind && frame.front.is_some())
            .map(|organization| mark(words, organization));
        shell.front = frame
            .front
            .as_ref()
            .or(frame.background.as_ref())
            .map(|organization| mark(words, organization));
        shell.asking_mark = asking(frame).map(|organization| mark(words, organization));
        if !frame.application_name.is_empty() {
            shell.going_to = Some(words.sentence(
                "common.going_to",
                &[("application", &frame.application_name)],
            ));
        }
        shell.account_name.clone_from(&frame.account_name);
        shell.problem = frame.problem.as_ref().map(|problem| text(words, problem));
        shell.correlation_id = Some(frame.correlation_id.to_string());
        if let Some(handle) = frame.handle {
            shell.form_action = handle.action();
            shell.context = handle.context();
        }
        shell
    }

    pub(super) fn with_asks(mut self, asks: String) -> Self {
        self.asks = Some(asks);
        self
    }

    pub(super) fn with_field(mut self) -> Self {
        self.has_field = true;
        self
    }
}

/// Who asks: said by the use case, else whoever is in front, else whoever is behind.
pub(super) fn asking(frame: &Frame) -> Option<&Organization> {
    frame
        .asking
        .as_ref()
        .or(frame.front.as_ref())
        .or(frame.background.as_ref())
}

/// How a tenant is written into our own addresses; transactions that have no tenant yet go through `organizations`.
pub(super) fn tenant_segment(tenant: TenantId) -> String {
    if tenant == TenantId::UNDISCOVERED {
        "organizations".to_owned()
    } else {
        tenant.to_string()
    }
}

fn mark(words: &Words, organization: &Organization) -> Mark {
    let name = organization.display_name.clone();
    Mark {
        logo: branding::seems_to_have_logo(organization.branding.as_ref())
            .then(|| format!("/{}/branding/logo", organization.id)),
        alt: words.plain("common.logo_of", &[("organization", &name)]),
        initial: initial(&name),
        tint: tint(organization.id.uuid().as_bytes()),
        name,
    }
}

/// The first letter of a name, upper case.
pub(super) fn initial(name: &str) -> String {
    name.chars()
        .find(|letter| letter.is_alphanumeric())
        .map_or_else(|| "·".to_owned(), |letter| letter.to_uppercase().collect())
}

/// One of six colours, the same for the same id.
pub(super) fn tint(bytes: &[u8]) -> u8 {
    bytes
        .iter()
        .fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(*byte))
        % 6
}

fn text(words: &Words, problem: &Problem) -> String {
    match problem {
        Problem::NameOrPasswordWrong => words.text("problem.name_or_password_wrong").to_owned(),
        Problem::TooManyAttempts => words.text("problem.too_many_attempts").to_owned(),
        Problem::Busy {
            retry_after_seconds,
        } => words.plain(
            "problem.busy",
            &[("seconds", &retry_after_seconds.to_string())],
        ),
        Problem::CodeWrong => words.text("problem.code_wrong").to_owned(),
        Problem::FieldMissing => words.text("problem.field_missing").to_owned(),
        Problem::UnknownRealm => words.text("problem.unknown_realm").to_owned(),
    }
}
