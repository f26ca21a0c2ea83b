//! Reads the documents of an export: first what lies beside policies, which also says what names stand for, then the policies.

use std::collections::BTreeMap;
use std::path::PathBuf;

use portcullis_model::authentication_context::{
    AuthenticationContextClassReference, AuthenticationContextId,
};
use portcullis_model::authentication_strength::AuthenticationStrengthPolicy;
use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_model::cross_tenant_access::{
    CrossTenantAccessPolicy, CrossTenantPartner, CrossTenantSettings,
};
use portcullis_model::document::{Document, Findings, Reason, Refusal, shown_text};
use portcullis_model::id::{
    AgreementId, AuthenticationStrengthId, NamedLocationId, PolicyId, TenantId,
};
use portcullis_model::named_location::NamedLocation;
use portcullis_model::terms_of_use::Agreement;
use serde_json::Value;
use uuid::Uuid;

use super::cross_tenant::{self, is_about};
use super::directory::DirectoryReading;
use super::envelope::{Opened, open};
use super::kind::ListKind;
use super::missing::{Beside, Missing, stand_in};
use super::piece::{Piece, has, piece, piece_in, text};
use super::{Export, ExportFile};
use crate::names::{Directory, Found, NameKind, replace_names};

/// The namespace of ids for policies of one name that say different things.
const POLICIES_OF_ONE_NAME: Uuid = Uuid::from_u128(0x90d4_4a6b_58f2_4b7e_a3c1_17ce_b60d_92f5);

/// A document and where it is.
struct Lying {
    file: usize,
    is_of_settings: bool,
    path: String,
    members: Document,
}

pub(super) struct Reading {
    files: Vec<ExportFile>,
    /// What is wrong with each file.
    findings: Vec<Findings>,
    directory: Directory,
    lying: Vec<Lying>,
    policies: Vec<ConditionalAccessPolicy>,
    /// Where in `policies` an id is.
    policy_by_id: BTreeMap<PolicyId, usize>,
    locations: BTreeMap<NamedLocationId, NamedLocation>,
    strengths: BTreeMap<AuthenticationStrengthId, AuthenticationStrengthPolicy>,
    contexts: BTreeMap<AuthenticationContextId, AuthenticationContextClassReference>,
    agreements: BTreeMap<AgreementId, Agreement>,
    cross_tenant_default: Option<CrossTenantSettings>,
    partners: BTreeMap<TenantId, CrossTenantPartner>,
    people: DirectoryReading,
    missing: Missing,
    has_empty_list_of_policies: bool,
}

impl Reading {
    pub(super) fn new() -> Self {
        Self {
            files: Vec::new(),
            findings: Vec::new(),
            directory: Directory::new(),
            lying: Vec::new(),
            policies: Vec::new(),
            policy_by_id: BTreeMap::new(),
            locations: BTreeMap::new(),
            strengths: BTreeMap::new(),
            contexts: BTreeMap::new(),
            agreements: BTreeMap::new(),
            cross_tenant_default: None,
            partners: BTreeMap::new(),
            people: DirectoryReading::default(),
            missing: Missing::default(),
            has_empty_list_of_policies: false,
        }
    }

    /// This reading, with names for what lies elsewhere.
    pub(super) fn knowing(mut self, known: &[(NameKind, String, String)]) -> Self {
        for (kind, name, id) in known {
            self.directory.note(*kind, name, id);
        }
        self
    }

    pub(super) fn read(mut self, files: &[(PathBuf, Vec<u8>)]) -> Export {
        for (path, bytes) in files {
            self.take_file(path, bytes);
        }
        for policy in std::mem::take(&mut self.lying) {
            self.read_policy(policy);
        }
        let people = std::mem::take(&mut self.people).finish();
        self.missing.note_objects(
            &self.policies,
            &Beside {
                applications: people.applications_listed(),
                locations: self.locations.keys().copied().collect(),
                strengths: self.strengths.keys().copied().collect(),
                agreements: self.agreements.keys().copied().collect(),
            },
        );
        for (file, findings) in self.files.iter_mut().zip(self.findings) {
            file.refusal = findings.into_result(Some(())).err();
        }
        let has_cross_tenant = self.cross_tenant_default.is_some() || !self.partners.is_empty();
        let cross_tenant = CrossTenantAccessPolicy {
            default: self.cross_tenant_default.unwrap_or_default(),
            partners: self.partners.into_values().collect(),
        };
        Export {
            is_without_policies: self.has_empty_list_of_policies && self.policies.is_empty(),
            policies: self.policies,
            named_locations: self.locations.into_values().collect(),
            authentication_strengths: self.strengths.into_values().collect(),
            authentication_contexts: self.contexts.into_values().collect(),
            agreements: self.agreements.into_values().collect(),
            cross_tenant_access_policy: has_cross_tenant.then_some(cross_tenant),
            directory: people,
            files: self.files,
            missing: self.missing.into_list(),
        }
    }

    fn take_file(&mut self, path: &std::path::Path, bytes: &[u8]) {
        let file = self.files.len();
        let Opened {
            documents,
            lists,
            findings,
        } = open(bytes);
        for kind in lists.iter().filter_map(|name| ListKind::named(name)) {
            self.people.note(kind);
        }
        let is_empty = documents.is_empty() && findings.is_empty();
        let empty_kind = ListKind::of_file(path).filter(|_| is_empty);
        if let Some(kind) = empty_kind {
            self.people.note(kind);
        }
        self.has_empty_list_of_policies |= is_empty && is_named_after_policies(path);
        self.findings.push(findings);
        self.files.push(ExportFile {
            path: path.to_owned(),
            policies: 0,
            others: 0,
            refusal: None,
            something_else: (is_empty && empty_kind.is_none()).then(|| "an empty list".to_owned()),
        });
        for document in documents {
            let kind = document.kind.or_else(|| ListKind::of_file(path));
            self.take(
                kind,
                Lying {
                    file,
                    is_of_settings: document.is_of_settings
                        || is_about(path, &document.placed.members),
                    path: document.placed.path,
                    members: document.placed.members,
                },
            );
        }
    }

    fn take(&mut self, kind: Option<ListKind>, lying: Lying) {
        let read = match piece_in(kind, &lying.members) {
            Piece::Policy => {
                self.take_locations_inside(&lying);
                self.lying.push(lying);
                return;
            }
            Piece::SomethingElse(_) if lying.is_of_settings => {
                self.take_cross_tenant_whole(&lying.members)
            }
            Piece::SomethingElse(what) => {
                if let Some(file) = self.files.get_mut(lying.file) {
                    file.something_else.get_or_insert(what);
                }
                return;
            }
            Piece::NamedLocation => self.take_location(lying.members.clone()),
            Piece::AuthenticationStrength => self.take_strength(lying.members.clone()),
            Piece::AuthenticationContext => self.take_context(lying.members.clone()),
            Piece::Agreement => self.take_agreement(lying.members.clone()),
            Piece::CrossTenantDefault => self.take_cross_tenant_default(&lying.members),
            Piece::CrossTenantPartner => self.take_cross_tenant_partner(&lying.members),
            Piece::User => self.take_user(&lying.members),
            Piece::Group => self.take_group(&lying.members),
            Piece::RoleAssignment => self.people.take_role_assignment(&lying.members),
            Piece::Application => self.take_application(&lying.members),
            Piece::ServicePrincipal => self.take_principal(&lying.members),
        };
        match read {
            Ok(()) => self.count(lying.file, |file| file.others += 1),
            Err(refusal) => self.refuse(lying.file, &lying.path, refusal),
        }
    }

    fn count(&mut self, file: usize, count: impl Fn(&mut ExportFile)) {
        self.files.get_mut(file).map(count);
    }

    fn refuse(&mut self, file: usize, path: &str, refusal: Refusal) {
        if let Some(findings) = self.findings.get_mut(file) {
            findings.take_over(path, refusal);
        }
    }

    /// Some tools write the locations that a policy names into the policy itself, as `LocationInfo`.
    fn take_locations_inside(&mut self, lying: &Lying) {
        let inside = has(&lying.members, "LocationInfo").and_then(Value::as_array);
        for (index, location) in inside.into_iter().flatten().enumerate() {
            let Some(members) = location.as_object() else {
                continue;
            };
            if piece(members) != Piece::NamedLocation {
                continue;
            }
            if let Err(refusal) = self.take_location(members.clone()) {
                let path = format!("{}.LocationInfo[{index}]", lying.path);
                self.refuse(lying.file, &path, refusal);
            }
        }
    }

    fn take_location(&mut self, members: Document) -> Result<(), Refusal> {
        let location = NamedLocation::from_document(members)?;
        let (name, id) = (location.display_name.clone(), location.id.to_string());
        keep(&mut self.locations, location.id, location)?;
        self.directory.note(NameKind::NamedLocation, &name, &id);
        Ok(())
    }

    fn take_strength(&mut self, members: Document) -> Result<(), Refusal> {
        if AuthenticationStrengthPolicy::is_built_in(&members) {
            return Ok(());
        }
        let strength = AuthenticationStrengthPolicy::from_document(members)?;
        let (name, id) = (strength.display_name.clone(), strength.id.to_string());
        keep(&mut self.strengths, strength.id, strength)?;
        self.directory
            .note(NameKind::AuthenticationStrength, &name, &id);
        Ok(())
    }

    fn take_context(&mut self, members: Document) -> Result<(), Refusal> {
        let context = AuthenticationContextClassReference::from_document(members)?;
        let (name, id) = (context.display_name.clone(), context.id.to_string());
        keep(&mut self.contexts, context.id, context)?;
        self.directory
            .note(NameKind::AuthenticationContext, &name, &id);
        Ok(())
    }

    fn take_agreement(&mut self, members: Document) -> Result<(), Refusal> {
        let agreement = Agreement::from_document(members)?;
        let (name, id) = (agreement.display_name.clone(), agreement.id.to_string());
        keep(&mut self.agreements, agreement.id, agreement)?;
        self.directory.note(NameKind::Agreement, &name, &id);
        Ok(())
    }

    fn take_cross_tenant_default(&mut self, members: &Document) -> Result<(), Refusal> {
        let read = cross_tenant::read_default(members, TenantId::UNDISCOVERED)?;
        self.keep_cross_tenant_default(read)
    }

    fn keep_cross_tenant_default(&mut self, read: CrossTenantSettings) -> Result<(), Refusal> {
        match &self.cross_tenant_default {
            Some(other) if *other != read => Err(twice("settings")),
            Some(_) | None => {
                self.cross_tenant_default = Some(read);
                Ok(())
            }
        }
    }

    fn take_cross_tenant_partner(&mut self, members: &Document) -> Result<(), Refusal> {
        for partner in cross_tenant::read_partner(members, TenantId::UNDISCOVERED)? {
            keep(&mut self.partners, partner.tenant_id, partner)?;
        }
        Ok(())
    }

    fn take_cross_tenant_whole(&mut self, members: &Document) -> Result<(), Refusal> {
        let read = cross_tenant::read_whole(members, TenantId::UNDISCOVERED)?;
        self.keep_cross_tenant_default(read.default)?;
        for partner in read.partners {
            keep(&mut self.partners, partner.tenant_id, partner)?;
        }
        Ok(())
    }

    fn take_user(&mut self, members: &Document) -> Result<(), Refusal> {
        let user = self.people.take_user(members)?;
        let id = user.id.to_string();
        for name in [&user.user_principal_name, &user.display_name] {
            self.directory.note(NameKind::User, name, &id);
        }
        Ok(())
    }

    fn take_group(&mut self, members: &Document) -> Result<(), Refusal> {
        let group = self.people.take_group(members)?;
        let id = group.id.to_string();
        self.directory
            .note(NameKind::Group, &group.display_name, &id);
        Ok(())
    }

    fn take_application(&mut self, members: &Document) -> Result<(), Refusal> {
        let application = self.people.take_application(members)?;
        let (name, id) = (&application.display_name, application.app_id.to_string());
        self.directory.note(NameKind::Application, name, &id);
        Ok(())
    }

    fn take_principal(&mut self, members: &Document) -> Result<(), Refusal> {
        let principal = self.people.take_principal(members)?;
        let name = &principal.display_name;
        let (client, id) = (principal.app_id.to_string(), principal.id.to_string());
        self.directory.note(NameKind::Application, name, &client);
        self.directory.note(NameKind::ServicePrincipal, name, &id);
        Ok(())
    }

    fn read_policy(&mut self, lying: Lying) {
        let Lying {
            file,
            path,
            mut members,
            is_of_settings: _,
        } = lying;
        let mut names = BTreeMap::new();
        let mut ambiguous = Findings::default();
        let directory = &self.directory;
        replace_names(
            &mut members,
            &mut |place| match directory.find(place.kind, place.name) {
                Found::One(id) => Some(id),
                Found::Nothing if place.kind == NameKind::AuthenticationContext => None,
                Found::Nothing => {
                    let id = stand_in(place.kind, place.name);
                    names.insert((place.kind, id.clone()), place.name.to_owned());
                    Some(id)
                }
                Found::Several(count) => {
                    let found = format!("{}, the name of {count}", shown_text(place.name));
                    let expected = format!("the id of one {}", place.kind);
                    ambiguous.add(&place.path, Reason::Reference, found, expected);
                    None
                }
            },
        );
        let read = ambiguous
            .into_result(Some(()))
            .and_then(|()| ConditionalAccessPolicy::from_document(members.clone()))
            .and_then(|policy| self.told_apart(policy, members, &path));
        match read {
            Ok(policy) => {
                for ((kind, id), name) in names {
                    self.missing.note(kind, (&name, id), policy.id);
                }
                if !self.policy_by_id.contains_key(&policy.id) {
                    self.policy_by_id.insert(policy.id, self.policies.len());
                    self.policies.push(policy);
                }
                self.count(file, |file| file.policies += 1);
            }
            Err(refusal) => self.refuse(file, &path, refusal),
        }
    }

    /// The policy, with an id that no other policy has. One that is there already, word for word, keeps its id.
    fn told_apart(
        &self,
        policy: ConditionalAccessPolicy,
        mut members: Document,
        path: &str,
    ) -> Result<ConditionalAccessPolicy, Refusal> {
        let index = self.policy_by_id.get(&policy.id);
        let Some(other) = index.and_then(|index| self.policies.get(*index)) else {
            return Ok(policy);
        };
        if other.document == policy.document {
            return Ok(policy);
        }
        if text(&members, "id").is_some() {
            return Err(twice("policy of this id"));
        }
        let name = format!(
            "{}\n{}\n{path}",
            policy.display_name,
            serde_text(&policy.document)
        );
        let id = Uuid::new_v5(&POLICIES_OF_ONE_NAME, name.as_bytes());
        members.insert("id".into(), Value::String(id.to_string()));
        ConditionalAccessPolicy::from_document(members)
    }
}

/// Whether a file without anything in it has no policies, by its name or that of its folder.
fn is_named_after_policies(path: &std::path::Path) -> bool {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy());
    match ListKind::of_file(path) {
        Some(kind) => kind == ListKind::Policies,
        None => stem.is_some_and(|stem| stem.to_ascii_lowercase().contains("polic")),
    }
}

fn serde_text(document: &Document) -> String {
    Value::Object(document.clone()).to_string()
}

/// Keeps an object unless it is there already; another one of the same id is refused.
pub(super) fn keep<K: Ord, T: PartialEq>(
    kept: &mut BTreeMap<K, T>,
    id: K,
    object: T,
) -> Result<(), Refusal> {
    match kept.get(&id) {
        Some(other) if *other != object => Err(twice("object of this id")),
        Some(_) | None => {
            kept.insert(id, object);
            Ok(())
        }
    }
}

fn twice(what: &str) -> Refusal {
    let mut findings = Findings::default();
    let found = format!("a second {what} that says something else");
    findings.add("$.id", Reason::Duplicate, found, "each id once");
    match findings.into_result(None::<std::convert::Infallible>) {
        Err(refusal) => refusal,
        Ok(never) => match never {},
    }
}
