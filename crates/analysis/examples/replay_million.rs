//! How fast a log is replayed, and in how much memory: a generated log of a million rows, parsed, decided under two sets of
//! policies and counted: `cargo run --release -p portcullis-analysis --example replay_million [ROWS] [SEED]`.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a bench reads the clock and its arguments, and prints; the crate itself does none of this"
)]

use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Instant;

use portcullis_analysis::replay::batch::Batch;
use portcullis_analysis::replay::split::RowSplitter;
use portcullis_analysis::replay::tally::Tally;
use portcullis_analysis::replay::{Category, OwnLog, Replayer, TenantIdentity};
use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_model::group::Group;
use portcullis_model::named_location::NamedLocation;
use portcullis_model::organization::Organization;
use portcullis_model::store::TenantWorld;
use portcullis_model::user::User;
use portcullis_whatif::directory::{DirectoryTenant, Drafts};
use serde_json::{Value, json};

const USERS: u64 = 20_000;
const GROUPS: u64 = 200;
const POLICIES: u64 = 60;
const WORKERS: usize = 2;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |otherwise: u64| {
        let given = arguments.next().and_then(|text| text.parse().ok());
        given.unwrap_or(otherwise)
    };
    let (rows, seed) = (number(1_000_000), number(2026));
    let before = DirectoryTenant::of_world(world());
    let after = before.clone().with_drafts(drafts());
    let identity = TenantIdentity::Known(before.id());
    let replayer = Replayer::new(
        &before,
        after.configuration(),
        identity,
        OwnLog::EachRowTells,
    );
    let begun = Instant::now();
    let (tally, bytes) = replay(&replayer, rows, seed);
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{rows} rows of {} bytes, {POLICIES} policies, {USERS} users, {WORKERS} workers, seed {seed}",
        bytes / rows.max(1)
    );
    for category in Category::ALL {
        println!("  {:<14} {}", category.name(), tally.sign_ins_of(category));
    }
    println!("  no rows        {}", tally.unreadable);
    #[expect(clippy::cast_precision_loss, reason = "shown to one digit")]
    let (per_second, mebibytes) = (
        rows as f64 / seconds,
        bytes as f64 / 1024.0 / 1024.0 / seconds,
    );
    println!("{seconds:.2} s, {per_second:.0} rows/s, {mebibytes:.0} MiB/s, generating included");
    println!("peak memory {}", peak_memory());
}

fn replay(replayer: &Replayer, rows: u64, seed: u64) -> (Tally, u64) {
    let (sender, receiver) = sync_channel::<Batch>(WORKERS * 2);
    let receiver = Mutex::new(receiver);
    let mut bytes = 0;
    let mut whole = Tally::new(3);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS)
            .map(|_| scope.spawn(|| work(replayer, &receiver)))
            .collect();
        let mut chance = Chance(seed);
        let mut splitter = RowSplitter::default();
        let mut batch = Batch::with_room();
        let mut text = String::new();
        for number in 0..rows {
            row(&mut text, number, &mut chance);
            if text.len() > 1 << 16 {
                bytes += text.len() as u64;
                splitter.feed(text.as_bytes(), &mut batch);
                text.clear();
            }
            if batch.is_full() {
                drop(sender.send(std::mem::replace(&mut batch, Batch::with_room())));
            }
        }
        bytes += text.len() as u64;
        splitter.feed(text.as_bytes(), &mut batch);
        splitter.finish(&mut batch);
        drop(sender.send(batch));
        drop(sender);
        for worker in workers {
            whole.merge(worker.join().unwrap_or_default());
        }
    });
    (whole, bytes)
}

fn work(replayer: &Replayer, batches: &Mutex<Receiver<Batch>>) -> Tally {
    let mut tally = Tally::new(3);
    let next = || batches.lock().ok().and_then(|batches| batches.recv().ok());
    while let Some(batch) = next() {
        batch.decide(replayer, &mut tally);
    }
    tally
}

fn id(kind: u64, number: u64) -> String {
    format!("{kind:08x}-0000-4000-8000-{number:012x}")
}

fn document(value: Value) -> serde_json::Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => serde_json::Map::new(),
    }
}

fn policy(number: u64, name: &str, conditions: &Value, grant: &Value) -> ConditionalAccessPolicy {
    let mut whole = json!({
        "users": {"includeUsers": ["All"]}, "applications": {"includeApplications": ["All"]},
        "clientAppTypes": ["all"],
    });
    if let (Some(whole), Some(members)) = (whole.as_object_mut(), conditions.as_object()) {
        whole.extend(members.clone());
    }
    let policy = json!({
        "id": id(6, number), "displayName": name, "state": "enabled", "conditions": whole, "grantControls": grant,
    });
    let read = ConditionalAccessPolicy::from_document(document(policy));
    #[expect(clippy::expect_used, reason = "the policies of this bench are legal")]
    read.expect("a legal policy")
}

/// A company: policies by group and application, a few about everybody.
fn policies() -> Vec<ConditionalAccessPolicy> {
    let mfa = json!({"operator": "OR", "builtInControls": ["mfa"]});
    let device = json!({"operator": "OR", "builtInControls": ["compliantDevice", "mfa"]});
    let block = json!({"operator": "OR", "builtInControls": ["block"]});
    let by_group = (0..POLICIES - 4).map(|number| {
        let conditions = json!({
            "users": {"includeGroups": [id(2, number % GROUPS)], "excludeGroups": [id(2, (number * 7 + 1) % GROUPS)]},
            "applications": {"includeApplications": [id(4, number % 40)]},
        });
        policy(number, &format!("Group {number}"), &conditions, &device)
    });
    let outside =
        json!({"locations": {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]}});
    let risky = json!({"signInRiskLevels": ["medium", "high"]});
    let insider = json!({"insiderRiskLevels": "elevated"});
    let legacy = json!({"clientAppTypes": ["exchangeActiveSync", "other"]});
    by_group
        .chain([
            policy(1001, "MFA outside", &outside, &mfa),
            policy(1002, "MFA when risky", &risky, &mfa),
            policy(1003, "Insiders", &insider, &block),
            policy(1004, "No legacy clients", &legacy, &block),
        ])
        .collect()
}

/// What is to be tried: administrators by compliant device, nobody from two countries.
fn drafts() -> Drafts {
    let device = json!({"operator": "OR", "builtInControls": ["compliantDevice"]});
    let block = json!({"operator": "OR", "builtInControls": ["block"]});
    let administrators = json!({"users": {"includeGroups": [id(2, 3)]}});
    let countries = json!({"locations": {"includeLocations": [id(5, 2)]}});
    Drafts {
        policies: vec![
            policy(2001, "Devices of administrators", &administrators, &device),
            policy(2002, "Not from there", &countries, &block),
        ],
        ..Drafts::default()
    }
}

#[expect(clippy::expect_used, reason = "the world of this bench is legal")]
fn world() -> TenantWorld {
    let organization = json!({
        "id": id(1, 1), "displayName": "Contoso", "verifiedDomains": [{"name": "contoso.example", "isDefault": true, "isInitial": true}],
    });
    let locations = [
        json!({
            "@odata.type": "#microsoft.graph.ipNamedLocation", "id": id(5, 1), "displayName": "Office", "isTrusted": true,
            "ipRanges": [{"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "10.0.0.0/9"}],
        }),
        json!({
            "@odata.type": "#microsoft.graph.countryNamedLocation", "id": id(5, 2), "displayName": "There",
            "countriesAndRegions": ["KP", "RU"], "includeUnknownCountriesAndRegions": false,
        }),
    ];
    let users = (0..USERS).map(|number| {
        let user = json!({
            "id": id(3, number), "userPrincipalName": format!("user{number}@contoso.example"),
            "displayName": format!("User {number}"), "userType": "Member",
        });
        serde_json::from_value::<User>(user).expect("a legal user")
    });
    let groups = (0..GROUPS).map(|number| {
        let members = (0..USERS).filter(|user| user % GROUPS == number || (user * 31) % GROUPS == number);
        let members: Vec<_> = members.map(|user| id(3, user)).collect();
        let group = json!({"id": id(2, number), "displayName": format!("Group {number}"), "members": members});
        serde_json::from_value::<Group>(group).expect("a legal group")
    });
    let named =
        locations.map(|one| NamedLocation::from_document(document(one)).expect("a legal location"));
    let organization = serde_json::from_value::<Organization>(organization);
    TenantWorld {
        users: Some(users.collect()),
        groups: Some(groups.collect()),
        conditional_access_policies: Some(policies()),
        named_locations: Some(named.to_vec()),
        ..TenantWorld::of_organization(organization.expect("a legal organization"))
    }
}

/// One row as Graph's beta has it.
fn row(text: &mut String, number: u64, chance: &mut Chance) {
    let user = chance.below(USERS);
    let (country, client) = match chance.below(100) {
        0 => ("RU", "Browser"),
        1 => ("DE", "IMAP4"),
        2..=9 => ("DE", "Mobile Apps and Desktop clients"),
        _ => ("NL", "Browser"),
    };
    let risk = match chance.below(5) {
        0 => "hidden",
        1 => "low",
        _ => "none",
    };
    let is_compliant = chance.below(3) > 0;
    let network = if chance.below(2) == 0 { 10 } else { 203 };
    let _infallible = writeln!(
        text,
        r#"{{"id":"{}","createdDateTime":"2026-05-{:02}T{:02}:{:02}:07Z","userDisplayName":"User {user}","userPrincipalName":"user{user}@contoso.example","userId":"{}","userType":"member","appId":"{}","appDisplayName":"Application","resourceId":"{}","resourceDisplayName":"Resource","ipAddress":"{network}.{}.{}.7","clientAppUsed":"{client}","userAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36","correlationId":"{}","conditionalAccessStatus":"success","originalRequestId":"","isInteractive":true,"tokenIssuerName":"","tokenIssuerType":"AzureAD","processingTimeInMilliseconds":120,"riskDetail":"none","riskLevelAggregated":"{risk}","riskLevelDuringSignIn":"{risk}","riskState":"none","riskEventTypes_v2":[],"crossTenantAccessType":"none","homeTenantId":"{}","resourceTenantId":"{}","authenticationRequirement":"multiFactorAuthentication","signInEventTypes":["interactiveUser"],"originalTransferMethod":"none","conditionalAccessAudiences":[],"authenticationContextClassReferences":[],"status":{{"errorCode":0,"failureReason":"Other.","additionalDetails":"MFA requirement satisfied by claim in the token"}},"deviceDetail":{{"deviceId":"{}","displayName":"PC","operatingSystem":"Windows10","browser":"Edge 126.0.0","isCompliant":{is_compliant},"isManaged":{is_compliant},"trustType":"Azure AD joined"}},"location":{{"city":"Utrecht","state":"Utrecht","countryOrRegion":"{country}","geoCoordinates":{{"altitude":null,"latitude":52.09,"longitude":5.12}}}},"authenticationDetails":[{{"authenticationStepDateTime":"2026-05-01T08:00:00Z","authenticationMethod":"Password","authenticationMethodDetail":"Password in the cloud","succeeded":true,"authenticationStepResultDetail":"Correct password","authenticationStepRequirement":"Primary authentication"}},{{"authenticationStepDateTime":"2026-05-01T08:00:03Z","authenticationMethod":"Mobile app notification","authenticationMethodDetail":null,"succeeded":true,"authenticationStepResultDetail":"MFA successfully completed","authenticationStepRequirement":"Multifactor authentication"}}],"appliedConditionalAccessPolicies":[{APPLIED}]}}"#,
        id(9, number),
        1 + number % 30,
        number % 24,
        number % 60,
        id(3, user),
        id(4, chance.below(60)),
        id(4, chance.below(60)),
        number % 120,
        user % 250,
        id(8, number),
        id(1, 1),
        id(1, 1),
        id(7, user),
    );
}

const APPLIED: &str = concat!(
    r#"{"id":"00000006-0000-4000-8000-0000000003e9","displayName":"MFA outside","enforcedGrantControls":["Mfa"],"enforcedSessionControls":[],"result":"success","conditionsSatisfied":"application,users","conditionsNotSatisfied":"none"},"#,
    r#"{"id":"00000006-0000-4000-8000-0000000003ea","displayName":"MFA when risky","enforcedGrantControls":[],"enforcedSessionControls":[],"result":"notApplied","conditionsSatisfied":"application,users","conditionsNotSatisfied":"signInRisk"},"#,
    r#"{"id":"00000006-0000-4000-8000-0000000003eb","displayName":"Insiders","enforcedGrantControls":[],"enforcedSessionControls":[],"result":"notApplied","conditionsSatisfied":"application,users","conditionsNotSatisfied":"insiderRisk"},"#,
    r#"{"id":"00000006-0000-4000-8000-0000000003ec","displayName":"No legacy clients","enforcedGrantControls":[],"enforcedSessionControls":[],"result":"notApplied","conditionsSatisfied":"application,users","conditionsNotSatisfied":"clientType"}"#
);

/// `SplitMix64`: the same numbers for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// What the operating system says, where it says so.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(
        || "is not told here".to_owned(),
        |text| text.trim().to_owned(),
    )
}
