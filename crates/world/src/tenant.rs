//! Reads the files of one tenant: what is there once, each in its file, and lists in files of any name.

mod borders;
mod invariants;
mod sort;

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::application::{Application, ServicePrincipal};
use portcullis_model::authentication_context::AuthenticationContextClassReference;
use portcullis_model::authentication_strength::AuthenticationStrengthPolicy;
use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_model::declared_invariants::DeclaredInvariants;
use portcullis_model::document::{
    Document, Findings, Reason, Refusal, read_json, shown, shown_text,
};
use portcullis_model::group::{Group, RoleAssignment};
use portcullis_model::id::TenantId;
use portcullis_model::named_location::NamedLocation;
use portcullis_model::organization::Organization;
use portcullis_model::terms_of_use::Agreement;
use portcullis_model::user::User;
use serde_json::Value;

use crate::error::{Place, WorldFindings};
use crate::export::directory::{is_narrow, name_after_account, name_members_by_id};
use crate::export::piece::has;
use crate::names::{Directory, Found, NameKind, replace_names};

use crate::export::kind::ListKind;
use borders::borders;
use sort::Sorted;

pub(crate) use borders::PlacedBorders;
pub use sort::kinds_in;

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
    pub(crate) cross_tenant_access_policy: Option<PlacedBorders>,
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

/// What a tenant has once, each in a file of its own.
pub(crate) const SINGLE_KINDS: [&str; 3] =
    ["organization", "crossTenantAccessPolicy", "credentials"];

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
        let mut sorted = self.sort(findings);
        let settings = std::mem::take(&mut sorted.settings);
        let organization = self.organization(findings);
        // Without an organization the tenant is refused anyway; the rest of the files is still worth a look.
        let own = organization.as_ref().map(|it| it.value.id);
        let own = own.unwrap_or(TenantId::UNDISCOVERED);
        let mut tenant = PlacedTenant {
            users: list(&mut sorted, ListKind::Users, user, findings),
            groups: list(&mut sorted, ListKind::Groups, group, findings),
            role_assignments: role_assignments(&mut sorted, findings),
            applications: list(
                &mut sorted,
                ListKind::Applications,
                Application::from_document,
                findings,
            ),
            service_principals: list(
                &mut sorted,
                ListKind::ServicePrincipals,
                ServicePrincipal::from_document,
                findings,
            ),
            named_locations: list(
                &mut sorted,
                ListKind::NamedLocations,
                NamedLocation::from_document,
                findings,
            ),
            authentication_strengths: strengths(&mut sorted, findings),
            authentication_contexts: list(
                &mut sorted,
                ListKind::Contexts,
                AuthenticationContextClassReference::from_document,
                findings,
            ),
            agreements: list(
                &mut sorted,
                ListKind::Agreements,
                Agreement::from_document,
                findings,
            ),
            conditional_access_policies: None,
            cross_tenant_access_policy: borders(settings, own, findings),
            invariants: self.invariants(findings),
            credentials: self.single("credentials", findings),
            organization: organization?,
        };
        tenant.conditional_access_policies = policies(&mut sorted, &tenant.directory(), findings);
        Some(tenant)
    }

    fn place(&self, file: &str) -> Place {
        Place::root(&format!("{}/{file}", self.folder))
    }

    /// The one object in `KIND.json`.
    fn single(&self, kind: &str, findings: &mut WorldFindings) -> Option<Placed<Document>> {
        let file = format!("{kind}.json");
        let bytes = self.files.get(file.as_str())?;
        let place = self.place(&file);
        match read_json(bytes) {
            Ok(Value::Object(value)) => Some(Placed { place, value }),
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
}

/// The objects of a kind, if a file speaks of it.
fn list<T>(
    sorted: &mut Sorted,
    kind: ListKind,
    read: impl Fn(Document) -> Result<T, Refusal>,
    findings: &mut WorldFindings,
) -> Kind<T> {
    let documents = sorted.lists.remove(&kind)?.into_iter();
    // Word for word the same in two files is one object: exports overlap. Of one id with two meanings nobody knows which counts.
    let mut seen = BTreeSet::new();
    let objects = documents.filter_map(|Placed { place, value }| {
        let text = Value::Object(value.clone()).to_string();
        let object = accept(place, read(value), findings)?;
        seen.insert(text).then_some(object)
    });
    Some(objects.collect())
}

fn role_assignments(sorted: &mut Sorted, findings: &mut WorldFindings) -> Kind<RoleAssignment> {
    let assignments = sorted.lists.get_mut(&ListKind::RoleAssignments)?;
    assignments.retain(|assignment| !is_narrow(&assignment.value));
    let read = RoleAssignment::from_document;
    list(sorted, ListKind::RoleAssignments, read, findings)
}

fn user(mut document: Document) -> Result<User, Refusal> {
    // A name that is empty was emptied by somebody, where Graph has null.
    if has(&document, "displayName").is_none() {
        name_after_account(&mut document);
    }
    User::from_document(document)
}

fn group(mut document: Document) -> Result<Group, Refusal> {
    name_members_by_id(&mut document);
    Group::from_document(document)
}

/// The policies, with the ids of whatever they name.
fn policies(
    sorted: &mut Sorted,
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
        ConditionalAccessPolicy::from_document(document).map_err(or_a_name_that_lies_beside)
    };
    list(sorted, ListKind::Policies, read, findings)
}

/// Who is told that a name stands for nothing may lay beside what it should stand for.
fn or_a_name_that_lies_beside(mut refusal: Refusal) -> Refusal {
    for finding in &mut refusal.findings {
        if finding.reason == Reason::NameForId {
            let expected = &finding.expected;
            finding.expected =
                format!("{expected}, or the name of one that another file of the tenant has");
        }
    }
    refusal
}

/// The strengths but those that everybody has; exports list them too.
fn strengths(
    sorted: &mut Sorted,
    findings: &mut WorldFindings,
) -> Kind<AuthenticationStrengthPolicy> {
    let read = |document: Document| {
        if AuthenticationStrengthPolicy::is_built_in(&document) {
            return Ok(None);
        }
        AuthenticationStrengthPolicy::from_document(document).map(Some)
    };
    let listed = list(sorted, ListKind::Strengths, read, findings)?;
    let own = listed.into_iter().filter_map(|Placed { place, value }| {
        let value = value?;
        Some(Placed { place, value })
    });
    Some(own.collect())
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
