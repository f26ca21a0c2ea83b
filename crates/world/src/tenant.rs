//! Reads the files of one tenant: each kind as one file or as a folder of files.

mod invariants;

use std::collections::BTreeMap;

use portcullis_model::application::{Application, ServicePrincipal};
use portcullis_model::authentication_context::AuthenticationContextClassReference;
use portcullis_model::authentication_strength::AuthenticationStrengthPolicy;
use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_model::cross_tenant_access::CrossTenantAccessPolicy;
use portcullis_model::declared_invariants::DeclaredInvariants;
use portcullis_model::document::{
    Document, Findings, Reason, Refusal, read_documents, read_json, shown, shown_text,
};
use portcullis_model::group::{Group, RoleAssignment};
use portcullis_model::id::TenantId;
use portcullis_model::named_location::NamedLocation;
use portcullis_model::organization::Organization;
use portcullis_model::terms_of_use::Agreement;
use portcullis_model::user::User;

use crate::error::{Place, WorldFindings};
use crate::names::{Directory, Found, NameKind, replace_names};

/// An object with the place it came from.
#[derive(Debug)]
pub(crate) struct Placed<T> {
    pub(crate) place: Place,
    pub(crate) value: T,
}

/// All objects of one kind; `None` when no file speaks of the kind.
pub(crate) type Kind<T> = Option<Vec<Placed<T>>>;

/// One tenant as its files describe it.
#[derive(Debug)]
pub(crate) struct PlacedTenant {
    pub(crate) organization: Placed<Organization>,
    pub(crate) users: Kind<User>,
    pub(crate) groups: Kind<Group>,
    pub(crate) role_assignments: Kind<RoleAssignment>,
    pub(crate) applications: Kind<Application>,
    pub(crate) service_principals: Kind<ServicePrincipal>,
    pub(crate) conditional_access_policies: Kind<ConditionalAccessPolicy>,
    pub(crate) named_locations: Kind<NamedLocation>,
    pub(crate) authentication_strengths: Kind<AuthenticationStrengthPolicy>,
    pub(crate) authentication_contexts: Kind<AuthenticationContextClassReference>,
    pub(crate) agreements: Kind<Agreement>,
    pub(crate) cross_tenant_access_policy: Option<Placed<CrossTenantAccessPolicy>>,
    pub(crate) invariants: Option<Placed<DeclaredInvariants>>,
    pub(crate) credentials: Option<Placed<Document>>,
}

impl PlacedTenant {
    /// What in the tenant's files has a name that policies may use.
    fn directory(&self) -> Directory {
        fn each<T>(kind: Option<&Vec<Placed<T>>>) -> impl Iterator<Item = &T> {
            kind.into_iter().flatten().map(|placed| &placed.value)
        }
        let mut directory = Directory::new();
        for user in each(self.users.as_ref()) {
            let id = user.id.to_string();
            directory.note(NameKind::User, &user.user_principal_name, &id);
            directory.note(NameKind::User, &user.display_name, &id);
        }
        for group in each(self.groups.as_ref()) {
            let id = group.id.to_string();
            directory.note(NameKind::Group, &group.display_name, &id);
        }
        for application in each(self.applications.as_ref()) {
            let id = application.app_id.to_string();
            directory.note(NameKind::Application, &application.display_name, &id);
        }
        for principal in each(self.service_principals.as_ref()) {
            let (name, client) = (&principal.display_name, principal.app_id.to_string());
            directory.note(NameKind::Application, name, &client);
            let id = principal.id.to_string();
            directory.note(NameKind::ServicePrincipal, name, &id);
        }
        for location in each(self.named_locations.as_ref()) {
            let id = location.id.to_string();
            directory.note(NameKind::NamedLocation, &location.display_name, &id);
        }
        for strength in each(self.authentication_strengths.as_ref()) {
            let (kind, id) = (NameKind::AuthenticationStrength, strength.id.to_string());
            directory.note(kind, &strength.display_name, &id);
        }
        for context in each(self.authentication_contexts.as_ref()) {
            let (kind, id) = (NameKind::AuthenticationContext, context.id.to_string());
            directory.note(kind, &context.display_name, &id);
        }
        for agreement in each(self.agreements.as_ref()) {
            let id = agreement.id.to_string();
            directory.note(NameKind::Agreement, &agreement.display_name, &id);
        }
        directory
    }
}

/// What a tenant's folder may hold: `KIND.json`, or for lists a folder `KIND/` of files.
const SINGLE_KINDS: [&str; 3] = ["organization", "crossTenantAccessPolicy", "credentials"];
const LIST_KINDS: [&str; 10] = [
    "users",
    "groups",
    "roleAssignments",
    "applications",
    "servicePrincipals",
    "conditionalAccessPolicies",
    "namedLocations",
    "authenticationStrengths",
    "authenticationContextClassReferences",
    "agreements",
];

/// The files of one tenant, by their path inside the tenant's folder.
pub(crate) struct TenantFiles<'f> {
    folder: &'f str,
    files: BTreeMap<&'f str, &'f [u8]>,
}

impl<'f> TenantFiles<'f> {
    pub(crate) fn new(folder: &'f str, files: BTreeMap<&'f str, &'f [u8]>) -> Self {
        Self { folder, files }
    }

    /// The tenant, unless it has no organization to read; everything wrong is added to `findings`.
    pub(crate) fn read(&self, findings: &mut WorldFindings) -> Option<PlacedTenant> {
        self.refuse_unknown_files(findings);
        let organization = self.organization(findings);
        let own = organization.as_ref().map(|it| it.value.id);
        let mut tenant = PlacedTenant {
            users: self.list("users", User::from_document, findings),
            groups: self.list("groups", Group::from_document, findings),
            role_assignments: self.list("roleAssignments", RoleAssignment::from_document, findings),
            applications: self.list("applications", Application::from_document, findings),
            service_principals: self.list(
                "servicePrincipals",
                ServicePrincipal::from_document,
                findings,
            ),
            named_locations: self.list("namedLocations", NamedLocation::from_document, findings),
            authentication_strengths: self.strengths(findings),
            authentication_contexts: self.list(
                "authenticationContextClassReferences",
                AuthenticationContextClassReference::from_document,
                findings,
            ),
            agreements: self.list("agreements", Agreement::from_document, findings),
            conditional_access_policies: None,
            cross_tenant_access_policy: self.cross_tenant_access_policy(own, findings),
            invariants: self.invariants(findings),
            credentials: self.single("credentials", findings),
            organization: organization?,
        };
        tenant.conditional_access_policies = self.policies(&tenant.directory(), findings);
        Some(tenant)
    }

    /// The policies, with the ids of whatever they name.
    fn policies(
        &self,
        directory: &Directory,
        findings: &mut WorldFindings,
    ) -> Kind<ConditionalAccessPolicy> {
        let read = |mut document: Document| {
            let mut ambiguous = Findings::default();
            replace_names(
                &mut document,
                &mut |place| match directory.find(place.kind, place.name) {
                    Found::One(id) => Some(id),
                    Found::Nothing => None,
                    Found::Several(count) => {
                        let found = format!("{}, the name of {count}", shown_text(place.name));
                        let expected = format!("the id of one {}", place.kind);
                        ambiguous.add(&place.path, Reason::Reference, found, expected);
                        None
                    }
                },
            );
            ambiguous.into_result(Some(()))?;
            ConditionalAccessPolicy::from_document(document)
        };
        self.list("conditionalAccessPolicies", read, findings)
    }

    /// The strengths but those that everybody has; exports list them too.
    fn strengths(&self, findings: &mut WorldFindings) -> Kind<AuthenticationStrengthPolicy> {
        let read = |document: Document| {
            if AuthenticationStrengthPolicy::is_built_in(&document) {
                return Ok(None);
            }
            AuthenticationStrengthPolicy::from_document(document).map(Some)
        };
        let listed = self.list("authenticationStrengths", read, findings)?;
        let own = listed.into_iter().filter_map(|Placed { place, value }| {
            let value = value?;
            Some(Placed { place, value })
        });
        Some(own.collect())
    }

    fn place(&self, file: &str) -> Place {
        Place::root(&format!("{}/{file}", self.folder))
    }

    fn refuse_unknown_files(&self, findings: &mut WorldFindings) {
        for name in self.files.keys() {
            let known = if let Some((folder, file)) = name.split_once('/') {
                LIST_KINDS.contains(&folder) && file.strip_suffix(".json").is_some()
            } else {
                let kind = name.strip_suffix(".json");
                let mut kinds = SINGLE_KINDS.iter().chain(&LIST_KINDS);
                invariants::FILES.contains(name) || kinds.any(|one| Some(*one) == kind)
            };
            if !known {
                let expected = format!(
                    "{} as `.json`; invariants as `.yaml` or `.json`; {} as `.json` or as a folder of `.json` files",
                    SINGLE_KINDS.join(", "),
                    LIST_KINDS.join(", ")
                );
                let place = self.place(name);
                let found = "a file that belongs to no kind".into();
                findings.add(&place, Reason::Unknown, found, &expected);
            }
        }
    }

    /// The one object in `KIND.json`.
    fn single(&self, kind: &str, findings: &mut WorldFindings) -> Option<Placed<Document>> {
        let file = format!("{kind}.json");
        let bytes = self.files.get(file.as_str())?;
        let place = self.place(&file);
        match read_json(bytes) {
            Ok(serde_json::Value::Object(value)) => Some(Placed { place, value }),
            Ok(other) => {
                findings.add(&place, Reason::Shape, shown(&other), "one object");
                None
            }
            Err(refusal) => {
                findings.take_over(&place, refusal);
                None
            }
        }
    }

    fn organization(&self, findings: &mut WorldFindings) -> Option<Placed<Organization>> {
        if !self.files.contains_key("organization.json") {
            let found = "no such file".into();
            let expected = "the organization's id, name and domains";
            let place = self.place("organization.json");
            findings.add(&place, Reason::Missing, found, expected);
        }
        let Placed { place, value } = self.single("organization", findings)?;
        let organization = Organization::from_document(value);
        accept(place, organization, findings)
    }

    fn cross_tenant_access_policy(
        &self,
        own: Option<TenantId>,
        findings: &mut WorldFindings,
    ) -> Option<Placed<CrossTenantAccessPolicy>> {
        let Placed { place, value } = self.single("crossTenantAccessPolicy", findings)?;
        // Without an organization the tenant is refused anyway; the rest of the file is still worth a look.
        let own = own.unwrap_or(TenantId::UNDISCOVERED);
        accept(
            place,
            CrossTenantAccessPolicy::from_document(&value, own),
            findings,
        )
    }

    /// The objects of `KIND.json`, or of every file in `KIND/`.
    fn list<T>(
        &self,
        kind: &str,
        read: impl Fn(Document) -> Result<T, Refusal>,
        findings: &mut WorldFindings,
    ) -> Kind<T> {
        let file = format!("{kind}.json");
        let folder = format!("{kind}/");
        let (own, nested): (Vec<_>, Vec<_>) = self
            .files
            .iter()
            .filter(|(name, _)| **name == file || name.starts_with(&folder))
            .partition(|(name, _)| **name == file);
        if !own.is_empty() && !nested.is_empty() {
            let found = format!("beside the folder `{folder}`");
            let expected = "either the file or the folder";
            findings.add(&self.place(&file), Reason::Duplicate, found, expected);
        }
        if own.is_empty() && nested.is_empty() {
            return None;
        }
        let mut objects = Vec::new();
        for (name, bytes) in own.into_iter().chain(nested) {
            let documents = match read_documents(bytes) {
                Ok(documents) => documents,
                Err(refusal) => {
                    findings.take_over(&self.place(name), refusal);
                    continue;
                }
            };
            for document in documents {
                let mut place = self.place(name);
                place.path = document.path;
                objects.extend(accept(place, read(document.members), findings));
            }
        }
        Some(objects)
    }
}

fn accept<T>(
    place: Place,
    read: Result<T, Refusal>,
    findings: &mut WorldFindings,
) -> Option<Placed<T>> {
    match read {
        Ok(value) => Some(Placed { place, value }),
        Err(refusal) => {
            findings.take_over(&place, refusal);
            None
        }
    }
}
