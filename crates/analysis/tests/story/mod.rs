//! Tenants written down in few words: policies, places and settings as Graph has them.

use portcullis_analysis::analysis::Analysis;
use portcullis_analysis::gap::{Gaps, Without};
use portcullis_analysis::region::End;
use portcullis_analysis::selection::{Interest, Selection};
use portcullis_analysis::side::Counted;
use portcullis_analysis::who::SubjectKind;
use portcullis_analysis::witness::Witness;
use portcullis_model::authentication_strength::BuiltInStrength;
use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_model::id::{Id, TenantId};
use portcullis_model::named_location::NamedLocation;
use portcullis_model::store::TenantConfiguration;
use portcullis_policy::compile::CompiledTenant;
use portcullis_whatif::directory::{Directory, DirectoryTenant, People};
use serde_json::{Value, json};
use uuid::Uuid;

/// The id of any kind with this number.
pub(crate) fn id<K>(number: u128) -> Id<K> {
    Id::new(Uuid::from_u128(number))
}

/// The same, as documents have it.
pub(crate) fn text(number: u128) -> String {
    Uuid::from_u128(number).to_string()
}

pub(crate) fn contoso() -> TenantId {
    id(0xc0)
}
pub(crate) const FABRIKAM: u128 = 0xfa;
pub(crate) const PAYROLL: u128 = 0xa1;
pub(crate) const WIKI: u128 = 0xa2;

/// One tenant, whose people are not listed, and others that it may know.
pub(crate) struct Story {
    pub(crate) configuration: TenantConfiguration,
    pub(crate) others: Vec<TenantConfiguration>,
    pub(crate) counted: Counted,
}

/// What a policy says beside its name: conditions and grant controls, as Graph has them.
#[expect(
    clippy::needless_pass_by_value,
    reason = "stories write `json!` in place"
)]
pub(crate) fn policy(number: u128, conditions: Value, grant: Value) -> ConditionalAccessPolicy {
    let mut document = json!({
        "id": text(number),
        "displayName": format!("Policy {number}"),
        "state": "enabled",
        "conditions": {
            "users": { "includeUsers": ["All"] },
            "applications": { "includeApplications": ["All"] },
            "clientAppTypes": ["all"],
        },
        "grantControls": grant,
    });
    let configured = document["conditions"].as_object_mut().unwrap();
    for (name, condition) in conditions.as_object().unwrap() {
        configured.insert(name.clone(), condition.clone());
    }
    let shown = document.to_string();
    ConditionalAccessPolicy::from_document(document.as_object().unwrap().clone())
        .unwrap_or_else(|refusal| panic!("{shown}\nrefused: {refusal}"))
}

pub(crate) fn mfa() -> Value {
    json!({ "operator": "OR", "builtInControls": ["mfa"] })
}

pub(crate) fn block() -> Value {
    json!({ "operator": "OR", "builtInControls": ["block"] })
}

/// One of the three strengths that every tenant has.
pub(crate) fn strength(number: usize) -> Value {
    let id = BuiltInStrength::ALL[number].id;
    json!({
        "operator": "OR",
        "builtInControls": [],
        "authenticationStrength": { "id": id.to_string() },
    })
}

pub(crate) fn location(number: u128, mut document: Value) -> NamedLocation {
    let root = document.as_object_mut().unwrap();
    root.insert("id".into(), json!(text(number)));
    root.insert("displayName".into(), json!(format!("Place {number}")));
    NamedLocation::from_document(root.clone()).unwrap()
}

pub(crate) fn ranges(number: u128, ranges: &[&str]) -> NamedLocation {
    let range = |range: &&str| {
        let family = if range.contains(':') {
            "iPv6CidrRange"
        } else {
            "iPv4CidrRange"
        };
        json!({ "@odata.type": format!("#microsoft.graph.{family}"), "cidrAddress": range })
    };
    location(
        number,
        json!({
            "@odata.type": "#microsoft.graph.ipNamedLocation",
            "isTrusted": false,
            "ipRanges": ranges.iter().map(range).collect::<Vec<Value>>(),
        }),
    )
}

pub(crate) fn countries(number: u128, codes: &[&str], with_unknown: bool) -> NamedLocation {
    location(
        number,
        json!({
            "@odata.type": "#microsoft.graph.countryNamedLocation",
            "countriesAndRegions": codes,
            "countryLookupMethod": "clientIpAddress",
            "includeUnknownCountriesAndRegions": with_unknown,
        }),
    )
}

impl Story {
    pub(crate) fn new(policies: impl IntoIterator<Item = ConditionalAccessPolicy>) -> Self {
        let mut configuration = TenantConfiguration::empty(contoso());
        configuration.conditional_access_policies = policies.into_iter().collect();
        Self {
            configuration,
            others: Vec::new(),
            counted: Counted::Enabled,
        }
    }

    pub(crate) fn at(mut self, locations: impl IntoIterator<Item = NamedLocation>) -> Self {
        self.configuration.named_locations.extend(locations);
        self
    }

    /// Cross-tenant access settings as Graph has them.
    pub(crate) fn with_settings(mut self, settings: Value) -> Self {
        self.configuration.cross_tenant_access_policy = serde_json::from_value(settings).unwrap();
        self
    }

    pub(crate) fn directory(&self) -> Directory {
        let tenant = |configuration: &TenantConfiguration| {
            let compiled = CompiledTenant::compile(configuration);
            DirectoryTenant::new(configuration.clone(), compiled, People::NotListed)
        };
        let own = [&self.configuration];
        Directory::new(self.others.iter().chain(own).map(tenant))
    }

    pub(crate) fn analysis(&self, selections: &[&Selection]) -> Analysis {
        let directory = self.directory();
        let own = directory.tenant(contoso()).unwrap();
        let interest = Interest::of(selections.iter().copied());
        Analysis::new(&directory, own, self.counted, &interest)
    }

    pub(crate) fn gaps(&self, without: &Without, selection: &Selection) -> Gaps {
        let mut analysis = self.analysis(&[selection]);
        analysis.gaps(without, selection, 200).unwrap()
    }

    /// Nobody among them gets a token without that.
    #[track_caller]
    pub(crate) fn is_covered(&self, without: &Without, selection: &Selection) {
        let gaps = self.gaps(without, selection);
        assert_eq!(gaps.end, End::Complete);
        let told: Vec<String> = gaps.gaps.iter().map(|gap| gap.class.to_string()).collect();
        assert_eq!(told, Vec::<String>::new());
    }

    /// The engine lets nobody among them in, for want of what a policy refers to.
    #[track_caller]
    pub(crate) fn is_not_known(&self, without: &Without, selection: &Selection) {
        let gaps = self.gaps(without, selection);
        assert_eq!(gaps.end, End::Unknown);
        assert!(gaps.gaps.is_empty(), "somebody gets in");
    }

    /// Somebody does; one witness of each class.
    #[track_caller]
    pub(crate) fn is_open(&self, without: &Without, selection: &Selection) -> Vec<Witness> {
        let gaps = self.gaps(without, selection);
        assert_eq!(gaps.end, End::Complete);
        assert!(!gaps.gaps.is_empty(), "nobody gets in");
        gaps.gaps.into_iter().map(|gap| gap.witness).collect()
    }
}

/// Members of the tenant, whatever application they reach.
pub(crate) fn members() -> Selection {
    use portcullis_analysis::selection::Reaching;
    Selection::of_kinds([SubjectKind::Member]).reaching(Reaching::Applications)
}

/// The same of people of another kind.
pub(crate) fn of(kind: SubjectKind) -> Selection {
    Selection {
        kinds: [kind].into(),
        ..members()
    }
}
