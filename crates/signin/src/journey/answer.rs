//! What leaves for the client: a code or an error, always with `iss` (RFC 9207, requirement J01).

use portcullis_protocol::oauth::authorization_response::{
    AuthorizationResponse, Delivery, ReturnAddress,
};
use portcullis_protocol::oauth::error::{ErrorStamp, Fault};
use portcullis_protocol::oauth::error_catalogue::Channel;
use uuid::Builder;

use super::walk::Walk;
use crate::page::Step;
use crate::realm;

/// What the browser does with an answer.
pub(super) fn deliver(response: AuthorizationResponse) -> Step {
    match response.delivery() {
        Delivery::Redirect { location } => Step::Redirect(location.expose().to_owned()),
        Delivery::Form { action, fields } => Step::FormPost {
            action,
            fields: fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.expose().to_owned()))
                .collect(),
        },
    }
}

impl Walk<'_, '_> {
    /// The error response for a client.
    pub(super) fn tell(
        &mut self,
        address: ReturnAddress,
        fault: &Fault,
        channel: Channel,
    ) -> AuthorizationResponse {
        let mut octets = [0; 16];
        self.moment.entropy.fill(&mut octets);
        let stamp = ErrorStamp {
            trace_id: Builder::from_random_bytes(octets).into_uuid().to_string(),
            correlation_id: self.moment.correlation_id.to_string(),
            timestamp: self.moment.now,
            error_uri_base: Some(realm::base(&self.house.public_url).to_owned()),
        };
        AuthorizationResponse::refusal(address, &fault.wire(channel, &stamp))
    }
}
