//! Sorts what lies in a tenant's files by what it is, with the reader of exports: whatever What If takes from a folder of exported
//! policies, an import takes from the folder of a tenant. The name of a file helps where a document does not say what it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use portcullis_model::document::{Document, Reason, read_json};
use serde_json::Value;

use super::{Placed, SINGLE_KINDS, TenantFiles, invariants};
use crate::error::WorldFindings;
use crate::export::cross_tenant::is_about;
use crate::export::envelope::open;
use crate::export::kind::{LIST_KINDS, ListKind};
use crate::export::piece::{Piece, has, piece, piece_in};

/// A part of cross-tenant access settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SettingsPart {
    Whole,
    Default,
    Partner,
}

/// Everything in a tenant's files but what is there once. A kind of which a file speaks is there, whatever the file has of it.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    pub(super) lists: BTreeMap<ListKind, Vec<Placed<Document>>>,
    pub(super) settings: Vec<(SettingsPart, Placed<Document>)>,
    /// The locations inside policies that were taken, as they are written.
    locations_inside: BTreeSet<String>,
}

/// What a document belongs to.
enum Belonging {
    List(ListKind),
    Settings(SettingsPart),
    Nothing(String),
}

impl TenantFiles<'_> {
    pub(super) fn sort(&self, findings: &mut WorldFindings) -> Sorted {
        let mut sorted = Sorted::default();
        for (name, bytes) in &self.files {
            let is_apart = *name == "organization.json"
                || *name == "credentials.json"
                || invariants::FILES.contains(name);
            if !is_apart {
                self.sort_file(name, bytes, &mut sorted, findings);
            }
        }
        self.refuse_file_beside_folder(findings);
        sorted
    }

    fn sort_file(
        &self,
        name: &str,
        bytes: &[u8],
        sorted: &mut Sorted,
        findings: &mut WorldFindings,
    ) {
        let file = Path::new(name);
        let is_json = file
            .extension()
            .is_some_and(|one| one.eq_ignore_ascii_case("json"));
        if !is_json {
            let found = "a file that belongs to no kind".into();
            let expected = "JSON as `.json`, and invariants as `.yaml` or `.json`";
            findings.add(&self.place(name), Reason::Unknown, found, expected);
            return;
        }
        if file == Path::new("crossTenantAccessPolicy.json")
            && let Some(members) = whole_settings(bytes)
        {
            let place = self.place(name);
            let value = members;
            sorted
                .settings
                .push((SettingsPart::Whole, Placed { place, value }));
            return;
        }
        let opened = open(bytes);
        let named = ListKind::of_file(file);
        let lists = opened.lists.iter().filter_map(|name| ListKind::named(name));
        let spoken_of: Vec<ListKind> = named.into_iter().chain(lists).collect();
        let is_about_something = !spoken_of.is_empty() || !opened.documents.is_empty();
        for kind in spoken_of {
            sorted.lists.entry(kind).or_default();
        }
        if let Err(refusal) = opened.findings.into_result(Some(())) {
            findings.take_over(&self.place(name), refusal);
        } else if !is_about_something {
            let found = "an empty list, of which nobody can say what it is a list of".to_owned();
            findings.add(&self.place(name), Reason::Unknown, found, &expected());
        }
        for document in opened.documents {
            let mut place = self.place(name);
            place.path = document.placed.path;
            let value = document.placed.members;
            let is_of_settings = document.is_of_settings || is_about(file, &value);
            let kind = document.kind;
            match belonging(&value, (kind, named), is_of_settings) {
                Belonging::List(ListKind::Policies) => {
                    sorted.take_locations_inside(&Placed {
                        place: place.clone(),
                        value: value.clone(),
                    });
                    let policies = sorted.lists.entry(ListKind::Policies).or_default();
                    policies.push(Placed { place, value });
                }
                Belonging::List(kind) => {
                    sorted
                        .lists
                        .entry(kind)
                        .or_default()
                        .push(Placed { place, value });
                }
                Belonging::Settings(part) => sorted.settings.push((part, Placed { place, value })),
                Belonging::Nothing(what) => {
                    findings.add(&place, Reason::Unknown, what, &expected());
                }
            }
        }
    }

    /// A kind is one file or one folder of files: of both nobody knows which is the old one.
    fn refuse_file_beside_folder(&self, findings: &mut WorldFindings) {
        for (kind, _) in LIST_KINDS {
            let (file, folder) = (format!("{kind}.json"), format!("{kind}/"));
            let has_folder = self.files.keys().any(|name| name.starts_with(&folder));
            if has_folder && self.files.contains_key(file.as_str()) {
                let found = format!("beside the folder `{folder}`");
                let expected = "either the file or the folder";
                findings.add(&self.place(&file), Reason::Duplicate, found, expected);
            }
        }
    }
}

impl Sorted {
    /// Some tools write the locations that a policy names into the policy itself, the same one into several.
    fn take_locations_inside(&mut self, policy: &Placed<Document>) {
        let inside = has(&policy.value, "LocationInfo").and_then(Value::as_array);
        for (index, location) in inside.into_iter().flatten().enumerate() {
            let Some(members) = location.as_object() else {
                continue;
            };
            let is_new = self.locations_inside.insert(location.to_string());
            if is_new && piece(members) == Piece::NamedLocation {
                let locations = self.lists.entry(ListKind::NamedLocations).or_default();
                locations.push(Placed {
                    place: policy.place.below(&format!(".LocationInfo[{index}]")),
                    value: members.clone(),
                });
            }
        }
    }
}

/// What a document is: by its own members, else by where it lies.
fn belonging(
    members: &Document,
    (inside, named): (Option<ListKind>, Option<ListKind>),
    is_of_settings: bool,
) -> Belonging {
    let kind = match piece_in(inside.or(named), members) {
        Piece::Policy => ListKind::Policies,
        Piece::NamedLocation => ListKind::NamedLocations,
        Piece::AuthenticationStrength => ListKind::Strengths,
        Piece::AuthenticationContext => ListKind::Contexts,
        Piece::Agreement => ListKind::Agreements,
        Piece::User => ListKind::Users,
        Piece::Group => ListKind::Groups,
        Piece::RoleAssignment => ListKind::RoleAssignments,
        Piece::Application => ListKind::Applications,
        Piece::ServicePrincipal => ListKind::ServicePrincipals,
        Piece::CrossTenantDefault => return Belonging::Settings(SettingsPart::Default),
        Piece::CrossTenantPartner => return Belonging::Settings(SettingsPart::Partner),
        Piece::SomethingElse(what) => match named {
            _ if is_of_settings => return Belonging::Settings(SettingsPart::Whole),
            Some(kind) => kind,
            None => return Belonging::Nothing(what),
        },
    };
    Belonging::List(kind)
}

/// The settings of a file that is named after them, as world files have them.
fn whole_settings(bytes: &[u8]) -> Option<Document> {
    let Ok(Value::Object(members)) = read_json(bytes) else {
        return None;
    };
    let is_part = |name: &str| members.contains_key(name);
    (members.is_empty() || is_part("default") || is_part("partners")).then_some(members)
}

fn expected() -> String {
    let kinds: Vec<&str> = LIST_KINDS.iter().map(|(name, _)| *name).collect();
    format!(
        "{}, or documents of one of the kinds {}, in a file of any name or one named after its kind",
        SINGLE_KINDS.join(", "),
        kinds.join(", ")
    )
}

/// The kinds of which a file of a tenant speaks, by their names: of a policy test that replaces a kind, nothing of the file may stay.
pub fn kinds_in(file: &str, bytes: &[u8]) -> BTreeSet<&'static str> {
    let folder = "tenant";
    let files = BTreeMap::from([(file, bytes)]);
    let sorted = TenantFiles::new(folder, files).sort(&mut WorldFindings::default());
    let lists = LIST_KINDS.into_iter();
    let mut kinds: BTreeSet<&str> = lists
        .filter(|(_, kind)| sorted.lists.contains_key(kind))
        .map(|(name, _)| name)
        .collect();
    if !sorted.settings.is_empty() {
        kinds.insert("crossTenantAccessPolicy");
    }
    kinds
}
