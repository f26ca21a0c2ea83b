//! Reads a Graph `authenticationStrengthPolicy`: only combinations that Graph knows, and restrictions that restrict.

use serde_json::Value;
use uuid::Uuid;

use super::{
    AuthenticationStrengthPolicy, BuiltInStrength, CombinationConfiguration,
    CombinationRestriction, is_legal_combination,
};
use crate::credential::{AuthenticationMethod, AuthenticationMethods};
use crate::document::{
    Document, Findings, Members, Reason, Refusal, WithoutId, in_graph_spelling, read_id, shown,
    shown_text, with_id,
};
use crate::id::AuthenticationStrengthId;
use crate::organization::check_name;

const CONFIGURATIONS: &str = "combinationConfigurations";

impl AuthenticationStrengthPolicy {
    /// Whether a document is one of the strengths that everybody has, as lists of strengths show them.
    pub fn is_built_in(document: &Document) -> bool {
        let is = |name: &str, test: &dyn Fn(&str) -> bool| {
            let mut members = document.iter();
            let value = members.find(|(member, _)| member.eq_ignore_ascii_case(name));
            value
                .and_then(|(_, value)| value.as_str())
                .is_some_and(test)
        };
        let known = |id: &str| {
            let mut all = BuiltInStrength::ALL.iter();
            all.any(|one| id.parse() == Ok(one.id))
        };
        is("id", &known) && is("policyType", &|kind| kind.eq_ignore_ascii_case("builtIn"))
    }

    /// The strength a Graph document describes, with all that is wrong with it.
    pub fn from_document(document: Document) -> Result<Self, Refusal> {
        let mut findings = Findings::default();
        let document = in_graph_spelling(document, &mut findings);
        let root = Members::root(&document);
        let name = root.text("displayName", &mut findings);
        check_name(name.unwrap_or_default(), &mut findings);
        let id = read_id(
            &root,
            WithoutId::AuthenticationStrength,
            name,
            &mut findings,
        );
        refuse_built_in(&root, id, &mut findings);
        let allowed_combinations = read_combinations(&root, "allowedCombinations", &mut findings);
        let combination_configurations = read_configurations(&root, &mut findings);
        let display_name = name.unwrap_or_default().to_owned();
        let strength = id.map(|id| Self {
            id,
            display_name,
            allowed_combinations,
            combination_configurations,
            document: with_id(document, id),
        });
        findings.into_result(strength)
    }
}

/// The built-in strengths are the same for everybody; a document cannot change them.
fn refuse_built_in(
    root: &Members<'_>,
    id: Option<AuthenticationStrengthId>,
    findings: &mut Findings,
) {
    let by_id = BuiltInStrength::ALL.iter().any(|one| Some(one.id) == id);
    let kind = root.text("policyType", findings);
    if by_id || kind.is_some_and(|kind| kind.eq_ignore_ascii_case("builtIn")) {
        findings.add(
            if by_id { "$.id" } else { "$.policyType" },
            Reason::Value,
            "a built-in strength",
            "a custom one; the built-in ones are there without a file",
        );
    } else if let Some(kind) = kind.filter(|kind| !kind.eq_ignore_ascii_case("custom")) {
        findings.add("$.policyType", Reason::Value, shown_text(kind), "`custom`");
    }
}

/// At least one combination, each of them known to Graph.
fn read_combinations(
    members: &Members<'_>,
    name: &str,
    findings: &mut Findings,
) -> Vec<AuthenticationMethods> {
    let given = members.texts(name, findings);
    if given.is_empty() && members.set(name).is_none() {
        let expected = "at least one combination of methods";
        findings.add(members.path_of(name), Reason::Missing, "none", expected);
    }
    // Graph writes one combination as one text with commas; a text alone is never a list of several.
    let mut combinations: Vec<AuthenticationMethods> = Vec::new();
    for (path, text) in given {
        let methods = text.parse().ok().filter(|one| is_legal_combination(*one));
        match methods {
            Some(one) if combinations.contains(&one) => {}
            Some(one) => combinations.push(one),
            None => findings.add(
                path,
                Reason::Value,
                shown_text(text),
                "a combination that Graph knows, for instance `fido2` or `password,softwareOath`",
            ),
        }
    }
    combinations
}

fn read_configurations(
    root: &Members<'_>,
    findings: &mut Findings,
) -> Vec<CombinationConfiguration> {
    let link = format!("{CONFIGURATIONS}@odata.navigationLink");
    if root.value(CONFIGURATIONS).is_none() && root.value(&link).is_some() {
        // Without them the strength may be weaker than it is where it came from.
        let expected = "the configurations themselves; export with `$expand`";
        let path = root.path_of(CONFIGURATIONS);
        findings.add(path, Reason::Missing, "a link instead", expected);
    }
    let objects = root.objects(CONFIGURATIONS, findings);
    objects
        .iter()
        .filter_map(|one| read_configuration(one, findings))
        .collect()
}

fn read_configuration(
    configuration: &Members<'_>,
    findings: &mut Findings,
) -> Option<CombinationConfiguration> {
    let has = |name: &str| configuration.set(name).is_some();
    let restriction = match configuration.odata_type() {
        Some("fido2CombinationConfiguration") => Some(read_fido2(configuration, findings)),
        Some("x509CertificateCombinationConfiguration") => Some(read_x509(configuration, findings)),
        None if has("allowedAAGUIDs") => Some(read_fido2(configuration, findings)),
        None if has("allowedIssuerSkis") || has("allowedPolicyOIDs") => {
            Some(read_x509(configuration, findings))
        }
        other => {
            let found = other.map_or_else(|| "no type".into(), shown_text);
            let expected = "`#microsoft.graph.fido2CombinationConfiguration` or `#microsoft.graph.x509CertificateCombinationConfiguration`";
            let path = configuration.path_of("@odata.type");
            findings.add(path, Reason::Value, found, expected);
            None
        }
    };
    let applies = read_combinations(configuration, "appliesToCombinations", findings);
    let restriction = restriction?;
    let about = |methods: &AuthenticationMethods| match restriction {
        CombinationRestriction::Fido2 { .. } => methods.contains(AuthenticationMethod::Fido2),
        CombinationRestriction::X509Certificate { .. } => {
            methods.contains(AuthenticationMethod::X509CertificateSingleFactor)
                || methods.contains(AuthenticationMethod::X509CertificateMultiFactor)
        }
    };
    if !applies.iter().all(about) {
        findings.add(
            configuration.path_of("appliesToCombinations"),
            Reason::Value,
            "a combination without the method that is restricted",
            "combinations with that method",
        );
    }
    Some(CombinationConfiguration {
        applies_to_combinations: applies,
        restriction,
    })
}

fn read_fido2(configuration: &Members<'_>, findings: &mut Findings) -> CombinationRestriction {
    let known = ["id", "appliesToCombinations", "allowedAAGUIDs"];
    configuration.refuse_unknown(&known, findings);
    let allowed_aaguids = read_each(configuration, "allowedAAGUIDs", findings, |text| {
        Uuid::try_parse(text).ok()
    });
    refuse_empty(
        configuration,
        "allowedAAGUIDs",
        allowed_aaguids.is_empty(),
        findings,
    );
    CombinationRestriction::Fido2 { allowed_aaguids }
}

fn read_x509(configuration: &Members<'_>, findings: &mut Findings) -> CombinationRestriction {
    let known = [
        "id",
        "appliesToCombinations",
        "allowedIssuerSkis",
        "allowedPolicyOIDs",
    ];
    configuration.refuse_unknown(&known, findings);
    let allowed_issuer_skis = read_each(configuration, "allowedIssuerSkis", findings, |text| {
        let digits: String = text.chars().filter(|one| *one != ':').collect();
        let is_hexadecimal =
            !digits.is_empty() && digits.bytes().all(|one| one.is_ascii_hexdigit());
        is_hexadecimal.then(|| digits.to_ascii_lowercase())
    });
    let allowed_policy_oids = read_each(configuration, "allowedPolicyOIDs", findings, |text| {
        let is_number =
            |part: &str| !part.is_empty() && part.bytes().all(|one| one.is_ascii_digit());
        (text.contains('.') && text.split('.').all(is_number)).then(|| text.to_owned())
    });
    let is_empty = allowed_issuer_skis.is_empty() && allowed_policy_oids.is_empty();
    refuse_empty(configuration, "allowedIssuerSkis", is_empty, findings);
    CombinationRestriction::X509Certificate {
        allowed_issuer_skis,
        allowed_policy_oids,
    }
}

/// The values of a list, each with a finding of its own when it means nothing.
fn read_each<T>(
    members: &Members<'_>,
    name: &str,
    findings: &mut Findings,
    read: impl Fn(&str) -> Option<T>,
) -> Vec<T> {
    let mut values = Vec::new();
    for (path, text) in members.texts(name, findings) {
        if let Some(value) = read(text.trim()) {
            values.push(value);
        } else {
            let expected = match name {
                "allowedAAGUIDs" => "the id of a model of security key (a GUID)",
                "allowedIssuerSkis" => "a subject key identifier in hexadecimal digits",
                _ => "an object identifier such as `1.2.3.4`",
            };
            findings.add(path, Reason::Value, shown_text(text), expected);
        }
    }
    values
}

/// A restriction that restricts nothing is a mistake, and which way it was meant nobody knows.
fn refuse_empty(configuration: &Members<'_>, name: &str, is_empty: bool, findings: &mut Findings) {
    if is_empty && configuration.set(name).is_none() {
        let found = configuration
            .value(name)
            .map_or_else(|| "none".into(), |value: &Value| shown(value));
        let expected = "at least one value, or no configuration at all";
        findings.add(
            configuration.path_of(name),
            Reason::Missing,
            found,
            expected,
        );
    }
}
