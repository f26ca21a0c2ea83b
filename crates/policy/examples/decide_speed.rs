//! How long a decision takes, beside the naive reference evaluator, in one run:
//! `cargo run --release -p portcullis-policy --example decide_speed`.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a bench reads the clock and prints; the crate itself does neither"
)]

use std::collections::BTreeSet;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_model::Timestamp;
use portcullis_model::conditional_access::{
    ApplicationCondition, ApplicationConditions, ClientAppType, ConditionalAccessPolicy,
    Conditions, DevicePlatform, ExternalUserTypes, GrantControl, GrantControls, GrantOperator,
    IncludeExclude, LocationCondition, PlatformCondition, PolicyState, SessionControls, Target,
    UserCondition,
};
use portcullis_model::credential::AuthenticationMethod;
use portcullis_model::cross_tenant_access::CrossTenantAccessPolicy;
use portcullis_model::id::{GroupId, Id};
use portcullis_model::named_location::{NamedLocation, NamedLocationKind};
use portcullis_model::organization::Organization;
use portcullis_model::store::TenantConfiguration;
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::decide::decide;
use portcullis_policy::facts::{
    Authenticator, ClientProtection, Fulfilled, Interaction, MethodFacts, Origin, PlaceFacts,
    Proof, RiskFacts, SignIn, Subject, UserSubject,
};
use serde_json::Map;
use uuid::Uuid;

#[path = "../tests/reference/mod.rs"]
mod reference;

fn main() {
    println!(
        "policies  groups of the user   decide     + trace   reference   ratio   p99 of decide   compile"
    );
    for (policies, groups) in [(20, 20), (200, 20), (1000, 20), (2000, 20), (1000, 10_000)] {
        let configuration = configuration(policies);
        let begun = Instant::now();
        let tenant = CompiledTenant::compile(&configuration);
        let compiled = begun.elapsed();
        let sign_ins: Vec<SignIn> = (0..16).map(|number| sign_in(number, groups)).collect();
        let shared: Vec<Arc<SignIn>> = sign_ins.iter().map(Arc::from).collect();
        let decided = measure(&shared, |sign_in| {
            black_box(decide(&tenant, Arc::clone(sign_in)));
        });
        let traced = measure(&sign_ins, |sign_in| {
            black_box(decide(&tenant, sign_in).policies());
        });
        // The reference is asked for the outcome of policies in scope, as often as it has patience for.
        let naive = measure(&sign_ins, |sign_in| {
            black_box(reference::evaluate(&configuration, sign_in));
        });
        println!(
            "{policies:>8}  {groups:>18}   {:>7}   {:>7}   {:>9}   {:>5.0}   {:>13}   {:>7}",
            text(decided.median),
            text(traced.median),
            text(naive.median),
            naive.median.as_secs_f64() / decided.median.as_secs_f64(),
            text(decided.p99),
            text(compiled),
        );
    }
}

struct Measured {
    median: Duration,
    p99: Duration,
}

/// Runs for about half a second, one sign-in after the other.
fn measure<S>(sign_ins: &[S], mut run: impl FnMut(&S)) -> Measured {
    let started = Instant::now();
    let mut times = Vec::new();
    while started.elapsed() < Duration::from_millis(500) || times.len() < 32 {
        // The clock takes as long as a small decision: it is asked once for all of them.
        let begun = Instant::now();
        for sign_in in sign_ins {
            run(sign_in);
        }
        times.push(begun.elapsed() / u32::try_from(sign_ins.len()).unwrap_or(1));
    }
    times.sort_unstable();
    let at = |percent: usize| {
        times
            .get(times.len() * percent / 100)
            .copied()
            .unwrap_or_default()
    };
    Measured {
        median: at(50),
        p99: at(99),
    }
}

fn text(time: Duration) -> String {
    if time < Duration::from_millis(1) {
        format!("{:.1} µs", time.as_secs_f64() * 1e6)
    } else {
        format!("{:.2} ms", time.as_secs_f64() * 1e3)
    }
}

fn id<K>(number: usize) -> Id<K> {
    Id::new(Uuid::from_u128(number as u128))
}

/// Policies as an organisation of some size has them: by group with exceptions, a third about single applications, some
/// by platform or place.
fn configuration(policies: usize) -> TenantConfiguration {
    TenantConfiguration {
        version: 1,
        organization: Organization {
            id: id(1),
            display_name: "Contoso".into(),
            verified_domains: Vec::new(),
            branding: None,
            technical_notification_mails: Vec::new(),
            other: Map::new(),
        },
        applications: Vec::new(),
        service_principals: Vec::new(),
        conditional_access_policies: (0..policies).map(policy).collect(),
        named_locations: (0..100)
            .filter_map(|number| {
                Some(NamedLocation {
                    id: id(number),
                    display_name: String::new(),
                    kind: NamedLocationKind::IpRanges {
                        is_trusted: number % 10 == 0,
                        ranges: vec![format!("10.{number}.0.0/16").parse().ok()?],
                    },
                    document: Map::new(),
                })
            })
            .collect(),
        authentication_strengths: Vec::new(),
        authentication_contexts: Vec::new(),
        agreements: Vec::new(),
        cross_tenant_access_policy: CrossTenantAccessPolicy::default(),
        invariants: None,
    }
}

fn policy(number: usize) -> ConditionalAccessPolicy {
    let group = |offset: usize| UserCondition::Group(id((number * 7 + offset * 131) % 10_000));
    let application = ApplicationCondition::Application(id(number % 50));
    let every = |period: usize| number.is_multiple_of(period);
    let users = IncludeExclude {
        include: if every(20) {
            vec![UserCondition::All]
        } else {
            (0..5).map(group).collect()
        },
        exclude: vec![group(9), UserCondition::User(id(number))],
    };
    let target = Target::Applications(ApplicationConditions {
        include: vec![if every(3) {
            application
        } else {
            ApplicationCondition::All
        }],
        exclude: Vec::new(),
        filter: None,
    });
    ConditionalAccessPolicy {
        id: id(number),
        display_name: format!("Policy {number}"),
        state: if every(10) {
            PolicyState::ReportOnly
        } else {
            PolicyState::Enabled
        },
        conditions: Conditions {
            client_app_types: None,
            platforms: every(5).then(|| IncludeExclude {
                include: vec![PlatformCondition::All],
                exclude: vec![PlatformCondition::Platform(DevicePlatform::Ios)],
            }),
            locations: every(4).then(|| IncludeExclude {
                include: vec![LocationCondition::All],
                exclude: vec![
                    LocationCondition::AllTrusted,
                    LocationCondition::NamedLocation(id(number % 100)),
                ],
            }),
            ..Conditions::new(users, target)
        },
        grant_controls: Some(GrantControls {
            operator: GrantOperator::Or,
            controls: vec![GrantControl::Mfa, GrantControl::CompliantDevice],
        }),
        session_controls: SessionControls::default(),
        expanded_strength: None,
        document: Map::new(),
    }
}

fn sign_in(number: usize, groups: usize) -> SignIn {
    let at = Timestamp::UNIX_EPOCH;
    let proof = |method| Proof {
        tenant: id(1),
        method,
        at,
        authenticator: Authenticator::Unnamed,
    };
    let groups: BTreeSet<GroupId> = (0..groups)
        .map(|group| id((number * 977 + group * 53) % 10_000))
        .collect();
    SignIn {
        subject: Subject::User(UserSubject {
            user: Some(id(100_000 + number)),
            origin: Origin::Internal,
            external_user_types: ExternalUserTypes::NONE,
            groups: groups.into_iter().collect(),
            roles: [].into(),
        }),
        audiences: BTreeSet::from([id(number % 50)]),
        client: id(number % 50),
        client_app_type: ClientAppType::Browser,
        platform: Some(DevicePlatform::Windows),
        ip_address: format!("10.{number}.3.4").parse().ok(),
        country: None,
        place: PlaceFacts::default(),
        client_protection: ClientProtection::default(),
        risk: RiskFacts::default(),
        transfer_method: None,
        fulfilled: Fulfilled::default(),
        methods: MethodFacts::default(),
        user_action: None,
        authentication_contexts: BTreeSet::new(),
        device: None,
        proofs: vec![
            proof(AuthenticationMethod::Password),
            proof(AuthenticationMethod::SoftwareOath),
        ],
        interaction: Interaction::Interactive,
        requests_mfa: false,
        at,
    }
}
