//! Turns what a use case wants to show into HTML: typed templates, one catalogue of words, no script but one.

mod render;
mod session_line;
mod shell;
#[cfg(test)]
mod tests;
mod view;
mod words;

use askama::Template;
use portcullis_model::Timestamp;
use portcullis_model::id::CorrelationId;
use portcullis_protocol::oauth::error_catalogue::ErrorCode;
use portcullis_signin::page::{Page, Refusal};

use crate::asset::Assets;

pub use words::WordsError;

use shell::Shell;
use words::Words;

/// A page as HTML, with what its headers must allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The HTTP status.
    pub status: u16,
    /// The document.
    pub html: String,
    /// Addresses that its forms, or the redirects that answer them, lead to (CSP `form-action`).
    pub form_targets: Vec<String>,
    /// Addresses it loads in frames (CSP `frame-src`).
    pub frame_sources: Vec<String>,
    /// For the `Retry-After` header.
    pub retry_after_seconds: Option<u32>,
}

/// Renders pages.
#[derive(Debug, Clone)]
pub struct Pages {
    words: Words,
    assets: Assets,
}

impl Pages {
    /// The pages in English.
    pub fn english() -> Result<Self, WordsError> {
        Ok(Self {
            words: Words::english()?,
            assets: Assets::embedded(),
        })
    }

    /// The static files the pages refer to.
    pub fn assets(&self) -> &Assets {
        &self.assets
    }

    /// A page of a sign-in.
    pub fn show(&self, page: &Page) -> Rendered {
        render::page(&self.words, &self.assets, page)
    }

    /// A refusal.
    pub fn refuse(&self, refusal: &Refusal) -> Rendered {
        render::refusal(&self.words, &self.assets, refusal)
    }

    /// The form that carries an answer to the client (`response_mode=form_post`).
    pub fn form_post(&self, action: &str, fields: &[(String, String)]) -> Rendered {
        let view = view::FormPost {
            shell: Shell::bare(
                &self.words,
                &self.assets,
                self.words.text("form_post.title").to_owned(),
            ),
            script: &self.assets.form_post.path,
            action: presentable_target(action).unwrap_or_default(),
            fields,
        };
        Rendered {
            form_targets: vec![action.to_owned()],
            ..finish(200, &view)
        }
    }

    /// The start page: says what this is and names nobody.
    pub fn start(&self) -> Rendered {
        let words = &self.words;
        finish(
            200,
            &view::Notice {
                shell: Shell::bare(words, &self.assets, words.text("start.title").to_owned()),
                heading: words.text("start.heading"),
                what: words.text("start.what"),
                next: None,
            },
        )
    }

    /// What an error number means; `None` for a number that is none of ours.
    pub fn error(&self, number: u32) -> Option<Rendered> {
        let words = &self.words;
        let code = ErrorCode::find(number)?;
        let heading = words.plain("error_look_up.heading", &[("code", &number.to_string())]);
        let view = view::Notice {
            shell: Shell::bare(words, &self.assets, heading.clone()),
            heading: &heading,
            what: code.summary(),
            next: Some(code.advice()),
        };
        Some(finish(200, &view))
    }

    /// A page about the request itself, for instance 404; `correlation_id` finds it in the logs.
    pub fn status(&self, status: u16, correlation_id: CorrelationId) -> Rendered {
        let words = &self.words;
        let key = |what| words.numbered("status", u32::from(status), what);
        let (title, what, next) = (key("title"), key("what"), key("next"));
        let mut shell = Shell::bare(words, &self.assets, words.text(&title).to_owned());
        shell.correlation_id = Some(correlation_id.to_string());
        finish(
            status,
            &view::Notice {
                shell,
                heading: words.text(&title),
                what: words.text(&what),
                next: Some(words.text(&next)),
            },
        )
    }
}

/// The document of a template. A template cannot fail, since it writes to memory; if it did, an empty 500 is shown.
fn finish(status: u16, template: &impl Template) -> Rendered {
    let (status, html) = match template.render() {
        Ok(html) => (status, html),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            (500, String::new())
        }
    };
    Rendered {
        status,
        html,
        form_targets: Vec::new(),
        frame_sources: Vec::new(),
        retry_after_seconds: None,
    }
}

/// An address a page may lead to: anything but schemes that run or carry content.
fn presentable_target(address: &str) -> Option<&str> {
    let scheme = address.split_once(':').map(|(scheme, _)| scheme.trim());
    let is_executable = scheme.is_some_and(|scheme| {
        ["javascript", "data", "vbscript", "blob", "file"]
            .iter()
            .any(|bad| scheme.eq_ignore_ascii_case(bad))
    });
    (!is_executable && !address.chars().any(char::is_control)).then_some(address)
}

/// A moment as people read it.
fn readable(at: Timestamp) -> String {
    at.strftime("%-d %B %Y, %H:%M:%S UTC").to_string()
}
