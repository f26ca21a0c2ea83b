//! What a replay found, as one JSON document.

use serde_json::{Map, Value, json};

use super::compare::{Category, Why};
use super::distinct::{Distinct, Users};
use super::tally::{Agreement, Count, Example, Found, Group, Tally};
use super::{Difference, Replayer, Told};
use portcullis_policy::decision::{BlockReason, Challenge};
use portcullis_whatif::prose::block_sentence;

/// The result as JSON (docs/reference/replay.md).
pub fn report(replayer: &Replayer, tally: &Tally) -> Value {
    let categories = Category::ALL.map(|category| {
        let count = tally.categories.get(&category);
        let mut shown = count.map_or_else(|| counted(&Count::default()), counted);
        let groups = largest_first(tally, category);
        let groups = groups.into_iter().map(|one| group(replayer, one));
        if category != Category::Unchanged {
            shown.insert("groups".to_owned(), groups.collect());
        }
        (category.name().to_owned(), Value::Object(shown))
    });
    let unreadable = tally.unreadable_examples.iter();
    let unreadable = unreadable.map(
        |(at, why)| json!({"line": at.line, "element": at.element, "reason": why.to_string()}),
    );
    let elsewhere = tally.ended_elsewhere.iter();
    let elsewhere = elsewhere.map(|(code, count)| json!({"errorCode": code, "signIns": count}));
    json!({
        "policies": differences(replayer),
        "signIns": Value::Object(counted(&tally.decided)),
        "from": tally.span.map(|(first, _)| first),
        "to": tally.span.map(|(_, last)| last),
        "changes": categories.into_iter().collect::<Map<_, _>>(),
        "endedElsewhere": elsewhere.collect::<Vec<_>>(),
        "otherTenants": tally.other_tenants,
        "unreadable": { "count": tally.unreadable, "examples": unreadable.collect::<Vec<_>>() },
        "log": agreement(replayer, &tally.agreement),
        "suppositions": replayer.suppositions(),
    })
}

/// The groups of a category, the largest first.
pub fn largest_first(tally: &Tally, category: Category) -> Vec<(&Group, &Found)> {
    let groups = tally.groups.iter();
    let mut groups: Vec<_> = groups
        .filter(|(group, _)| group.category == category)
        .collect();
    groups.sort_by_key(|(_, found)| std::cmp::Reverse(found.count.sign_ins));
    groups
}

/// How a policy differs, in a word.
pub const fn difference_name(difference: Difference) -> &'static str {
    match difference {
        Difference::Added => "added",
        Difference::Removed => "removed",
        Difference::Changed => "changed",
    }
}

/// Why, in a sentence without a full stop.
pub fn sentence(why: &Why) -> String {
    match why {
        Why::Blocks(reason) => block_sentence(*reason).to_owned(),
        Why::Asks(challenge) => challenge_words(challenge).to_owned(),
        Why::Missing(missing) => missing.sentence().to_owned(),
    }
}

const fn challenge_words(challenge: &Challenge) -> &'static str {
    match challenge {
        Challenge::PrimaryAuthentication => "the first factor again",
        Challenge::AuthenticationStrength(_) => "a stronger method",
        Challenge::MultifactorAuthentication => "multifactor authentication",
        Challenge::RiskRemediation => "a remediation of the risk",
        Challenge::PasswordChange => "another password",
        Challenge::TermsOfUse(_) => "an acceptance of terms of use",
        Challenge::CustomAuthenticationFactor(_) => "a custom control",
    }
}

/// How the log tells of a policy, in words that follow its name.
pub const fn told_sentence(told: Told) -> &'static str {
    match told {
        Told::NotNamed => {
            "applies in the replay, and the log does not name it: it was made since, or the log was cut"
        }
        Told::AppliedOnlyThen => "applied then, and does not in the replay",
        Told::AppliesOnlyNow => "applies in the replay, and did not then",
        Told::MetOnlyThen => "was met then, and is not in the replay",
        Told::MetOnlyNow => "was not met then, and is in the replay",
    }
}

const fn told_name(told: Told) -> &'static str {
    match told {
        Told::NotNamed => "notNamed",
        Told::AppliedOnlyThen => "appliedOnlyThen",
        Told::AppliesOnlyNow => "appliesOnlyNow",
        Told::MetOnlyThen => "metOnlyThen",
        Told::MetOnlyNow => "metOnlyNow",
    }
}

fn counted(count: &Count) -> Map<String, Value> {
    let (users, is_estimate) = users(&count.users);
    let mut shown = Map::new();
    shown.insert("signIns".to_owned(), count.sign_ins.into());
    shown.insert("users".to_owned(), users.into());
    shown.insert("usersAreEstimated".to_owned(), is_estimate.into());
    shown
}

const fn users_of(users: Users) -> (u64, bool) {
    match users {
        Users::Exactly(count) => (count, false),
        Users::About(count) => (count, true),
    }
}

fn users(distinct: &Distinct) -> (u64, bool) {
    users_of(distinct.count())
}

fn differences(replayer: &Replayer) -> Value {
    let differences = replayer.differences().iter();
    let shown = differences.map(|(id, difference)| {
        json!({
            "id": id, "displayName": replayer.name_of(*id), "difference": difference_name(*difference),
        })
    });
    shown.collect()
}

fn group(replayer: &Replayer, (group, found): (&Group, &Found)) -> Value {
    let mut shown = counted(&found.count);
    let name = group.policy.and_then(|id| replayer.name_of(id));
    let policy = group
        .policy
        .map(|id| json!({"id": id, "displayName": name}));
    let (kind, word) = match &group.why {
        Why::Blocks(reason) => ("reason", json!(block_word(*reason))),
        Why::Asks(challenge) => ("challenge", json!(challenge_word(challenge))),
        Why::Missing(missing) => ("missing", json!(missing.member())),
    };
    shown.insert("policy".to_owned(), policy.into());
    shown.insert(kind.to_owned(), word);
    if let Why::Blocks(reason) = &group.why {
        shown.insert("errorCode".to_owned(), reason.error_code().into());
    }
    shown.insert("sentence".to_owned(), sentence(&group.why).into());
    shown.insert("examples".to_owned(), examples(&found.examples));
    Value::Object(shown)
}

fn block_word(reason: BlockReason) -> String {
    lower_first(&format!("{reason:?}"))
}

fn challenge_word(challenge: &Challenge) -> String {
    match challenge {
        Challenge::PrimaryAuthentication => "primaryAuthentication".to_owned(),
        Challenge::AuthenticationStrength(id) => format!("authenticationStrength:{id}"),
        Challenge::MultifactorAuthentication => "multifactorAuthentication".to_owned(),
        Challenge::RiskRemediation => "riskRemediation".to_owned(),
        Challenge::PasswordChange => "passwordChange".to_owned(),
        Challenge::TermsOfUse(id) => format!("termsOfUse:{id}"),
        Challenge::CustomAuthenticationFactor(id) => format!("customAuthenticationFactor:{id}"),
    }
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().into_iter().flat_map(char::to_lowercase);
    first.chain(characters).collect()
}

fn examples(examples: &[Example]) -> Value {
    let shown = examples.iter().map(|one| {
        json!({
            "line": one.place.line, "element": one.place.element, "createdDateTime": one.at, "user": one.who, "resource": one.reached,
            "ipAddress": one.from, "correlationId": one.correlation_id,
        })
    });
    shown.collect()
}

fn agreement(replayer: &Replayer, agreement: &Agreement) -> Value {
    let disagreed = agreement.disagreed.iter();
    let disagreed = disagreed.map(|((logged, replayed), count)| {
        json!({"logged": logged.name(), "replayed": replayed.name(), "signIns": count})
    });
    let policies = agreement.policies.iter();
    let policies = policies.map(|((id, told), count)| {
        json!({
            "id": id, "displayName": replayer.name_of(*id), "told": told_name(*told),
            "sentence": told_sentence(*told), "signIns": count,
        })
    });
    json!({
        "agreed": agreement.agreed,
        "disagreed": disagreed.collect::<Vec<_>>(),
        "notComparable": agreement.not_comparable,
        "policies": policies.collect::<Vec<_>>(),
        "examples": examples(&agreement.examples),
    })
}
