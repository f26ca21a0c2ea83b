//! What has the same id in every tenant, by name: built-in roles, authentication strengths, and groups of applications.

use portcullis_model::authentication_strength::BuiltInStrength;
use portcullis_model::built_in_role::built_in_role_names;

use super::{Directory, NameKind};

impl Directory {
    /// Notes everything that needs no file.
    pub(super) fn note_known(&mut self) {
        for (name, id) in built_in_role_names() {
            self.note(NameKind::Role, name, id);
        }
        for (name, id) in APPLICATIONS {
            self.note(NameKind::Application, name, id);
        }
        for strength in BuiltInStrength::ALL {
            let id = strength.id.to_string();
            self.note(NameKind::AuthenticationStrength, strength.display_name, &id);
        }
        let [_, _, resistant] = BuiltInStrength::ALL.map(|strength| strength.id.to_string());
        let hyphenated = "Phishing-resistant MFA";
        self.note(NameKind::AuthenticationStrength, hyphenated, &resistant);
    }
}

/// Graph's words for groups of applications, under the names that portals show.
const APPLICATIONS: [(&str, &str); 2] = [
    ("Office 365", "Office365"),
    ("Microsoft Admin Portals", "MicrosoftAdminPortals"),
];
