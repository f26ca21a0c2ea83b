//! Terms of use: what somebody accepts before they get in (Graph `agreement`).

use crate::document::Document;
use crate::id::AgreementId;

/// Graph `agreement`.
#[derive(Debug, Clone, PartialEq)]
pub struct Agreement {
    /// The object id.
    pub id: AgreementId,
    /// The name people see.
    pub display_name: String,
    /// Whether each device accepts anew; B2B users cannot (specification 2.11).
    pub is_per_device_acceptance_required: bool,
    /// The document as it was given, for export without loss.
    pub document: Document,
}
