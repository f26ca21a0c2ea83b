//! Reads what a policy demands (grant controls) and what it says of the session (session controls).

mod grant;
mod session;

use super::{GrantControls, SessionControls};
use crate::authentication_strength::AuthenticationStrengthPolicy;
use crate::document::{Findings, Members, Reason};

/// Both kinds of controls.
pub(super) struct ReadControls {
    pub(super) grant: Option<GrantControls>,
    pub(super) session: SessionControls,
    /// The strength among the grant controls, when the document holds it whole.
    pub(super) expanded_strength: Option<Box<AuthenticationStrengthPolicy>>,
}

pub(super) fn read(root: &Members<'_>, findings: &mut Findings) -> ReadControls {
    let before = findings.count();
    let grant = grant::read(root, findings);
    let (grant, expanded_strength) = match grant {
        Some(read) => (Some(read.controls), read.expanded_strength),
        None => (None, None),
    };
    let session = session::read(root, findings);
    let demands_nothing = grant.is_none() && session == SessionControls::default();
    if demands_nothing && findings.count() == before {
        findings.add(
            "$",
            Reason::Rule("CA-V03"),
            "neither a grant control nor a session control that is enabled",
            "at least one of `grantControls` and `sessionControls`",
        );
    }
    ReadControls {
        grant,
        session,
        expanded_strength,
    }
}
