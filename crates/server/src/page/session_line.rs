//! A session in words its owner recognises: which browser, on what, when and where.

use portcullis_signin::page::SessionLine;
use portcullis_signin::user_agent;

use super::readable;
use super::view;
use super::words::Words;

/// The row of a session.
pub(super) fn session_line<'a>(words: &'a Words, line: &SessionLine) -> view::SessionRow<'a> {
    let browser = browser(words, line.last_use.user_agent.as_deref());
    let last_used = readable(line.last_use.at);
    view::SessionRow {
        id: line.session.to_string(),
        is_this_browser: line.is_this_browser,
        end_label: words.plain(
            "my_sessions.end_label",
            &[("browser", &browser), ("time", &last_used)],
        ),
        browser,
        last_used,
        last_used_exact: line.last_use.at.to_string(),
        began: readable(line.began_at),
        began_exact: line.began_at.to_string(),
        address: line.last_use.ip_address.map_or_else(
            || words.text("my_sessions.unknown").into(),
            |address| address.to_string().into(),
        ),
    }
}

/// `Firefox on Linux`, as far as the browser lets itself be known.
fn browser(words: &Words, agent: Option<&str>) -> String {
    let name = agent.and_then(user_agent::browser);
    let system = agent.and_then(user_agent::operating_system);
    match (name, system) {
        (Some(name), Some(system)) => words.plain(
            "my_sessions.browser_on",
            &[("browser", &name), ("system", &system)],
        ),
        (Some(name), None) => name,
        (None, Some(system)) => words.plain(
            "my_sessions.browser_on",
            &[
                ("browser", words.text("my_sessions.some_browser")),
                ("system", &system),
            ],
        ),
        (None, None) => words.text("my_sessions.unknown_browser").to_owned(),
    }
}
