//! The permissions Microsoft Graph publishes: the only words a scope that names no resource can be.

use std::collections::BTreeSet;
use std::sync::LazyLock;

const PUBLISHED: &str = include_str!("graph_permissions.txt");

/// In lower case, as clients write them in any.
static NAMES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    PUBLISHED
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_ascii_whitespace)
        .map(str::to_ascii_lowercase)
        .collect()
});

/// Whether a person can let an application have this permission of Microsoft Graph.
pub fn is_published(name: &str) -> bool {
    NAMES.contains(&name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_ask_for_is_known_in_any_letter_case_and_nothing_else() {
        for known in ["User.Read", "user.read", "Mail.Read", "AuditLog.Read.All"] {
            assert!(is_published(known), "{known}");
        }
        // The last are an application's own permission and words of the file's first lines.
        for unknown in [
            "",
            "User",
            "User.Read.",
            "User.Read User.Read.All",
            "access_as_user",
            "openid",
            "Calls.AccessMedia.All",
            "#",
            "delegated",
        ] {
            assert!(!is_published(unknown), "{unknown}");
        }
        assert_eq!(NAMES.len(), 740);
    }
}
