//! The published JSON Schema of policy tests and what is really read name the same members and words.

use std::collections::BTreeSet;

use portcullis_model::credential::AuthenticationMethod;
use portcullis_scenario::expectation::{
    AuthenticationTypeWord, CloudAppSecurityWord, ContinuousAccessEvaluationWord, ControlWord,
    DetailedAsk, Expectation, OutcomeWord, PersistentBrowserWord, ResultWord, SessionExpectation,
};
use portcullis_scenario::file::{KINDS, MEMBERS, SIGN_IN_MEMBERS};
use portcullis_whatif::evaluate::Signal;
use portcullis_whatif::situation::{
    ClientAppWord, DescribedUser, DetailedProof, FlowWord, InsiderRiskWord, MethodLists,
    MethodsByPlace, PlaceWord, PlatformWord, RegisteredDevice, RiskWord, Situation, TrustSituation,
    TrustTypeWord, UserActionWord, UserTypeWord,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn schema() -> Value {
    serde_json::from_str(include_str!(
        "../../../../docs/reference/policy-test.schema.json"
    ))
    .unwrap()
}

/// What serde says it could have read in the place of something it cannot.
fn expected<T: DeserializeOwned>(wrong: Value) -> BTreeSet<String> {
    let Err(error) = serde_json::from_value::<T>(wrong) else {
        panic!("nothing is wrong with it")
    };
    let told = error.to_string();
    let list = told.split_once("expected").unwrap().1;
    list.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

fn members<T: DeserializeOwned>() -> BTreeSet<String> {
    expected::<T>(json!({ "?": 1 }))
}

fn variants<T: DeserializeOwned>() -> BTreeSet<String> {
    expected::<T>(json!("?"))
}

fn properties(pointer: &str) -> BTreeSet<String> {
    let schema = schema();
    let object = schema.pointer(pointer).unwrap();
    assert_eq!(object["additionalProperties"], false, "{pointer}");
    object["properties"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect()
}

fn words(pointer: &str) -> BTreeSet<String> {
    let schema = schema();
    let list = schema
        .pointer(pointer)
        .and_then(|it| it["enum"].as_array().cloned());
    let list = list.unwrap_or_else(|| panic!("{pointer} has no `enum`"));
    list.iter()
        .map(|word| word.as_str().unwrap().to_owned())
        .collect()
}

fn set<'a>(words: impl IntoIterator<Item = &'a &'a str>) -> BTreeSet<String> {
    words.into_iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn the_members_are_the_same() {
    assert_eq!(properties(""), set(MEMBERS.iter().chain(&KINDS)));
    let situation = members::<Situation>();
    assert_eq!(properties("/$defs/situation"), situation);
    let mut sign_in = set(&SIGN_IN_MEMBERS);
    sign_in.extend(situation);
    assert_eq!(properties("/$defs/signIn"), sign_in);
    for (pointer, members) in [
        ("/$defs/expect", members::<Expectation>()),
        ("/$defs/ask", members::<DetailedAsk>()),
        ("/$defs/session", members::<SessionExpectation>()),
        ("/$defs/describedUser", members::<DescribedUser>()),
        ("/$defs/device", members::<RegisteredDevice>()),
        ("/$defs/proof", members::<DetailedProof>()),
        ("/$defs/methodLists", members::<MethodLists>()),
        ("/$defs/methodsByPlace", members::<MethodsByPlace>()),
        ("/$defs/trust", members::<TrustSituation>()),
    ] {
        assert_eq!(properties(pointer), members, "{pointer}");
    }
}

#[test]
fn the_words_are_the_same() {
    let situation = |member: &str| format!("/$defs/situation/properties/{member}");
    let session = |member: &str| format!("/$defs/session/properties/{member}");
    for (pointer, said) in [
        (situation("userAction"), set(UserActionWord::WORDS)),
        (situation("clientApp"), set(ClientAppWord::WORDS)),
        (situation("platform"), set(PlatformWord::WORDS)),
        (situation("insiderRisk"), set(InsiderRiskWord::WORDS)),
        (situation("flow"), set(FlowWord::WORDS)),
        ("/$defs/risk".to_owned(), set(RiskWord::WORDS)),
        ("/$defs/place".to_owned(), set(PlaceWord::WORDS)),
        (
            "/$defs/method".to_owned(),
            set(&AuthenticationMethod::ALL.map(AuthenticationMethod::name)),
        ),
        (
            "/$defs/describedUser/properties/type".to_owned(),
            set(UserTypeWord::WORDS),
        ),
        (
            "/$defs/device/properties/trustType".to_owned(),
            set(TrustTypeWord::WORDS),
        ),
        (
            "/$defs/expect/properties/dependsOn/oneOf/0".to_owned(),
            set(Signal::WORDS),
        ),
        (
            "/$defs/expect/properties/outcome".to_owned(),
            variants::<OutcomeWord>(),
        ),
        (
            "/$defs/expect/properties/policies/additionalProperties".to_owned(),
            variants::<ResultWord>(),
        ),
        ("/$defs/control".to_owned(), variants::<ControlWord>()),
        (
            session("authenticationType"),
            variants::<AuthenticationTypeWord>(),
        ),
        (
            session("persistentBrowser"),
            variants::<PersistentBrowserWord>(),
        ),
        (
            session("cloudAppSecurity"),
            variants::<CloudAppSecurityWord>(),
        ),
        (
            session("continuousAccessEvaluation"),
            variants::<ContinuousAccessEvaluationWord>(),
        ),
    ] {
        assert_eq!(words(&pointer), said, "{pointer}");
    }
}
