//! Moves a policy's conditions into the index, and says what of them cannot be evaluated (decision 18).

use portcullis_model::conditional_access::filter::{AttributeFilter, FilterMode};
use portcullis_model::conditional_access::{
    ApplicationCondition, ApplicationConditions, ClientApplicationConditions, Conditions,
    ExternalUserType, IncludeExclude, LocationCondition, PlatformCondition,
    ServicePrincipalCondition, Target, UserCondition,
};

use crate::attribute_class::AttributeClass;
use crate::dimension::DimensionBuilder;
use crate::index::IndexBuilder;
use crate::location::Source;
use crate::table::Key;
use crate::value::{LocationValue, PlatformValue, TargetValue, UserValue, WorkloadValue};

/// One policy on its way into the index.
pub(super) struct Compilation<'a> {
    /// The policy's number.
    pub(super) number: usize,
    pub(super) conditions: &'a Conditions,
    pub(super) index: &'a mut IndexBuilder,
    pub(super) defects: &'a mut Vec<String>,
}

impl Compilation<'_> {
    pub(super) fn run(mut self) {
        self.users();
        self.workloads();
        self.target();
        self.client_app_types();
        self.platforms();
        self.locations();
        self.signals();
        self.devices();
    }

    fn users(&mut self) {
        let users = &self.conditions.users;
        for condition in &users.include {
            for value in user_rules(condition) {
                self.index.users.include(value, self.number);
            }
        }
        for condition in &users.exclude {
            if *condition == UserCondition::All {
                self.defects
                    .push("it excludes all users, which no policy can say".into());
                continue;
            }
            for value in user_rules(condition) {
                self.index.users.exclude(value, self.number);
            }
        }
    }

    fn workloads(&mut self) {
        let Some(workloads) = &self.conditions.client_applications else {
            return;
        };
        if !self.conditions.users.include.is_empty() {
            self.defects
                .push("it is about users and applications on their own behalf at once".into());
        }
        let ClientApplicationConditions {
            include,
            exclude,
            filter,
        } = workloads;
        let value = |condition: &ServicePrincipalCondition| match condition {
            ServicePrincipalCondition::All => WorkloadValue::All,
            ServicePrincipalCondition::ServicePrincipal(id) => WorkloadValue::ServicePrincipal(*id),
        };
        let (included, excluded) = filtered(self.index, filter.as_ref());
        let dimension = &mut self.index.workloads;
        for value in include.iter().map(value) {
            dimension.include(value, self.number);
        }
        for class in included {
            dimension.include(WorkloadValue::Attributes(class), self.number);
        }
        for condition in exclude {
            match condition {
                ServicePrincipalCondition::All => self
                    .defects
                    .push("it excludes all service principals, which no policy can say".into()),
                ServicePrincipalCondition::ServicePrincipal(_) => {
                    dimension.exclude(value(condition), self.number);
                }
            }
        }
        for class in excluded {
            dimension.exclude(WorkloadValue::Attributes(class), self.number);
        }
    }

    fn target(&mut self) {
        let conditions = self.conditions;
        let named: Vec<TargetValue> = match &conditions.target {
            Target::Applications(applications) => return self.applications(applications),
            Target::UserActions(actions) => actions
                .iter()
                .copied()
                .map(TargetValue::UserAction)
                .collect(),
            Target::AuthenticationContexts(contexts) => contexts
                .iter()
                .copied()
                .map(TargetValue::AuthenticationContext)
                .collect(),
        };
        if named.is_empty() {
            self.defects.push("its target names nothing".into());
            self.index.targets.always.insert(self.number);
        }
        for value in named {
            self.index.targets.include(value, self.number);
        }
    }

    fn applications(&mut self, applications: &ApplicationConditions) {
        let value = |condition: &ApplicationCondition| match condition {
            ApplicationCondition::All => TargetValue::All,
            ApplicationCondition::Office365 => TargetValue::Office365,
            ApplicationCondition::MicrosoftAdminPortals => TargetValue::MicrosoftAdminPortals,
            ApplicationCondition::Application(application) => {
                TargetValue::Application(*application)
            }
        };
        let (included, excluded) = filtered(self.index, applications.filter.as_ref());
        let dimension = &mut self.index.targets;
        for value in applications.include.iter().map(value) {
            dimension.include(value, self.number);
        }
        for class in included {
            dimension.include(TargetValue::Attributes(class), self.number);
        }
        for value in applications.exclude.iter().map(value) {
            if value == TargetValue::All {
                self.defects
                    .push("it excludes all resources, which no policy can say".into());
            } else {
                dimension.exclude(value, self.number);
            }
        }
        for class in excluded {
            dimension.exclude(TargetValue::Attributes(class), self.number);
        }
    }

    /// No list, and an empty list, is no condition.
    fn client_app_types(&mut self) {
        let types = self.conditions.client_app_types.as_deref();
        let types = types.unwrap_or_default().iter().copied();
        one_of(&mut self.index.client_app_types, types, self.number);
    }

    fn platforms(&mut self) {
        let conditions = self.conditions;
        let Some(IncludeExclude { include, exclude }) = &conditions.platforms else {
            return self.index.platforms.always.insert(self.number);
        };
        if include.is_empty() {
            self.defects
                .push("its platform condition includes none".into());
            self.index.platforms.always.insert(self.number);
        }
        let value = |condition: &PlatformCondition| match condition {
            PlatformCondition::All => PlatformValue::All,
            PlatformCondition::Platform(platform) => PlatformValue::Platform(*platform),
        };
        for condition in include {
            self.index.platforms.include(value(condition), self.number);
        }
        for condition in exclude {
            self.index.platforms.exclude(value(condition), self.number);
        }
    }

    fn locations(&mut self) {
        let conditions = self.conditions;
        let Some(IncludeExclude { include, exclude }) = &conditions.locations else {
            return self.index.locations.always.insert(self.number);
        };
        if include.is_empty() {
            self.defects
                .push("its location condition includes none".into());
            self.index.locations.always.insert(self.number);
        }
        for condition in include {
            match self.location(condition) {
                Some((value, None)) => self.index.locations.include(value, self.number),
                Some((_, Some(unlocated))) => {
                    self.index.locations.include(unlocated, self.number);
                }
                // The missing location could have been anywhere.
                None => self.index.locations.always.insert(self.number),
            }
        }
        for condition in exclude {
            // A missing location on the exclude side excludes nobody.
            if let Some((value, _)) = self.location(condition) {
                self.index.locations.exclude(value, self.number);
            }
        }
    }

    /// The value of a location, and the one that takes its place on an include list if it goes by coordinates.
    fn location(
        &mut self,
        condition: &LocationCondition,
    ) -> Option<(LocationValue, Option<LocationValue>)> {
        match condition {
            LocationCondition::All => Some((LocationValue::All, None)),
            LocationCondition::AllTrusted => Some((LocationValue::AllTrusted, None)),
            LocationCondition::NamedLocation(id) => {
                let Some(source) = self.index.named_locations.source(*id) else {
                    self.defects
                        .push(format!("it names location `{id}`, which does not exist"));
                    return None;
                };
                let unlocated = match source {
                    Source::GpsCountry => Some(LocationValue::NamedOrUnlocated(*id)),
                    Source::IpAddress | Source::Country | Source::CompliantNetwork => None,
                };
                Some((LocationValue::Named(*id), unlocated))
            }
        }
    }

    /// Risk and flows: sets of what matches; an empty one is no condition.
    fn signals(&mut self) {
        let (conditions, number) = (self.conditions, self.number);
        let index = &mut *self.index;
        one_of(
            &mut index.sign_in_risk,
            conditions.sign_in_risk_levels.iter(),
            number,
        );
        one_of(
            &mut index.user_risk,
            conditions.user_risk_levels.iter(),
            number,
        );
        one_of(
            &mut index.service_principal_risk,
            conditions.service_principal_risk_levels.iter(),
            number,
        );
        one_of(
            &mut index.insider_risk,
            conditions.insider_risk_levels.iter(),
            number,
        );
        one_of(
            &mut index.transfer_methods,
            conditions.transfer_methods.iter(),
            number,
        );
    }

    fn devices(&mut self) {
        match &self.conditions.devices {
            None => self.index.any_device.insert(self.number),
            Some(condition) => self.index.devices.push(self.number, condition),
        }
    }
}

/// A condition that is a list of what matches; an empty one is none.
fn one_of<V: Key>(
    dimension: &mut DimensionBuilder<V>,
    values: impl Iterator<Item = V>,
    number: usize,
) {
    let mut values = values.peekable();
    if values.peek().is_none() {
        dimension.always.insert(number);
    }
    for value in values {
        dimension.include(value, number);
    }
}

/// The classes of applications that a filter brings in, and those that it takes out.
fn filtered(
    index: &IndexBuilder,
    filter: Option<&AttributeFilter>,
) -> (Vec<AttributeClass>, Vec<AttributeClass>) {
    let Some(filter) = filter else {
        return (Vec::new(), Vec::new());
    };
    let fulfilling = index.attributes.fulfilling(filter);
    match filter.mode {
        FilterMode::Include => (fulfilling, Vec::new()),
        FilterMode::Exclude => (Vec::new(), fulfilling),
    }
}

/// The values that satisfy a user condition.
fn user_rules(condition: &UserCondition) -> Vec<UserValue> {
    let any_tenant = |one| UserValue::External(one, None);
    match condition {
        UserCondition::All => vec![UserValue::All],
        UserCondition::User(user) => vec![UserValue::User(*user)],
        UserCondition::Group(group) => vec![UserValue::Group(*group)],
        UserCondition::Role(role) => vec![UserValue::Role(*role)],
        // Decision 5: all six types, all tenants.
        UserCondition::GuestsOrExternalUsers => {
            ExternalUserType::ALL.into_iter().map(any_tenant).collect()
        }
        UserCondition::ExternalUsers {
            types,
            tenants: None,
        } => types.iter().map(any_tenant).collect(),
        UserCondition::ExternalUsers {
            types,
            tenants: Some(tenants),
        } => types
            .iter()
            .flat_map(|one| match one {
                // Internal guests have no home tenant: the list says nothing of them (specification 4.2).
                ExternalUserType::InternalGuest => vec![any_tenant(one)],
                ExternalUserType::B2bCollaborationGuest
                | ExternalUserType::B2bCollaborationMember
                | ExternalUserType::B2bDirectConnectUser
                | ExternalUserType::OtherExternalUser
                | ExternalUserType::ServiceProvider => tenants
                    .iter()
                    .map(|tenant| UserValue::External(one, Some(*tenant)))
                    .collect(),
            })
            .collect(),
    }
}
