//! What a policy refers to and cannot be evaluated without (decision 18).

use super::{
    ApplicationCondition, ConditionalAccessPolicy, GrantControl, LocationCondition, Target,
    UserCondition,
};
use crate::authentication_context::AuthenticationContextId;
use crate::id::{AgreementId, AuthenticationStrengthId, ClientId, GroupId, NamedLocationId};

impl ConditionalAccessPolicy {
    /// The named locations it refers to; a policy that names one which is not there must not be stored.
    pub fn named_locations(&self) -> impl Iterator<Item = NamedLocationId> {
        let locations = self.conditions.locations.iter();
        locations
            .flat_map(|condition| condition.include.iter().chain(&condition.exclude))
            .filter_map(|one| match one {
                LocationCondition::NamedLocation(id) => Some(*id),
                LocationCondition::All | LocationCondition::AllTrusted => None,
            })
    }

    /// The strength it demands.
    pub fn authentication_strength(&self) -> Option<AuthenticationStrengthId> {
        self.controls().find_map(|control| {
            let GrantControl::AuthenticationStrength(id) = control else {
                return None;
            };
            Some(*id)
        })
    }

    /// The terms of use it demands.
    pub fn agreements(&self) -> impl Iterator<Item = AgreementId> {
        self.controls().filter_map(|control| {
            let GrantControl::TermsOfUse(id) = control else {
                return None;
            };
            Some(*id)
        })
    }

    /// The authentication contexts it is about.
    pub fn authentication_contexts(&self) -> &[AuthenticationContextId] {
        match &self.conditions.target {
            Target::AuthenticationContexts(contexts) => contexts,
            Target::Applications(_) | Target::UserActions(_) => &[],
        }
    }

    /// The applications it names, included ones first.
    pub fn applications(&self) -> impl Iterator<Item = ClientId> {
        let applications = match &self.conditions.target {
            Target::Applications(applications) => Some(applications),
            Target::UserActions(_) | Target::AuthenticationContexts(_) => None,
        };
        applications
            .into_iter()
            .flat_map(|one| one.include.iter().chain(&one.exclude))
            .filter_map(ApplicationCondition::application)
    }

    fn controls(&self) -> impl Iterator<Item = &GrantControl> {
        let grant = self.grant_controls.iter();
        grant.flat_map(|grant| &grant.controls)
    }
}

impl ApplicationCondition {
    /// The one application it names, if it names one.
    pub fn application(&self) -> Option<ClientId> {
        match self {
            Self::Application(id) => Some(*id),
            Self::All | Self::Office365 | Self::MicrosoftAdminPortals => None,
        }
    }
}

impl UserCondition {
    /// The one group it names, if it names one.
    pub fn group(&self) -> Option<GroupId> {
        match self {
            Self::Group(id) => Some(*id),
            Self::All
            | Self::User(_)
            | Self::Role(_)
            | Self::GuestsOrExternalUsers
            | Self::ExternalUsers { .. } => None,
        }
    }
}
