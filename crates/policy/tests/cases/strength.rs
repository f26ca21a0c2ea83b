//! Authentication strengths: combinations, restrictions, the place of each method, and what the log says (specification 2.9,
//! 5.4, 8.6; seed article, Table 1).

use portcullis_model::authentication_strength::{
    AuthenticationStrengthPolicy, CombinationConfiguration, CombinationRestriction,
};
use portcullis_model::conditional_access::{ConditionalAccessPolicy, GrantControl};
use portcullis_model::credential::{AuthenticationMethod as M, AuthenticationMethods};
use portcullis_model::sign_in_log::AuthenticationStrengthResult as R;
use portcullis_model::store::TenantConfiguration;
use portcullis_policy::cross_tenant::Trust;
use portcullis_policy::facts::{Authenticator, Methods, SignIn};
use serde_json::{Map, json};
use uuid::Uuid;

use super::controls::guest_without_home;
use crate::world::*;

const CUSTOM: u128 = 0x57;

fn of<const N: usize>(methods: [M; N]) -> AuthenticationMethods {
    AuthenticationMethods::of(methods)
}

fn demanding(strength: u128) -> ConditionalAccessPolicy {
    require(&[GrantControl::AuthenticationStrength(id(strength))])
}

fn strength(
    combinations: &[AuthenticationMethods],
    restriction: Option<CombinationRestriction>,
) -> AuthenticationStrengthPolicy {
    AuthenticationStrengthPolicy {
        id: id(CUSTOM),
        display_name: "Custom".into(),
        allowed_combinations: combinations.to_vec(),
        combination_configurations: restriction
            .map(|restriction| CombinationConfiguration {
                applies_to_combinations: combinations.to_vec(),
                restriction,
            })
            .into_iter()
            .collect(),
        document: Map::new(),
    }
}

fn world(trust: Trust, strength: AuthenticationStrengthPolicy) -> TenantConfiguration {
    let mut configuration = contoso_with(trust, &[demanding(CUSTOM)]);
    configuration.authentication_strengths = vec![strength];
    configuration
}

/// A sign-in that proved these a minute ago, one after the other, where each counts, and has nothing else.
fn proving(mut sign_in: SignIn, place: portcullis_model::id::TenantId, methods: &[M]) -> SignIn {
    for (method, seconds) in methods.iter().zip((0..60).rev()) {
        sign_in.proofs.push(proof(place, *method, seconds));
    }
    sign_in.methods = everywhere(Methods::default());
    sign_in
}

fn result(configuration: &TenantConfiguration, sign_in: &SignIn) -> R {
    let policies = decided(configuration, sign_in).policies();
    let strength = policies[0].authentication_strength.as_ref().unwrap();
    strength.authentication_strength_result
}

#[test]
fn the_built_in_strengths_take_what_they_name() {
    for (method, mfa, passwordless, phishing_resistant) in [
        (M::SoftwareOath, true, false, false),
        (M::Sms, true, false, false),
        (M::DeviceBasedPush, true, true, false),
        (M::Fido2, true, true, true),
        (M::X509CertificateMultiFactor, true, true, true),
        (M::TemporaryAccessPassOneTime, true, false, false),
        (M::Email, false, false, false),
    ] {
        for (number, expect) in [(2, mfa), (3, passwordless), (4, phishing_resistant)] {
            let configuration = contoso_with(NO_TRUST, &[demanding(number)]);
            let sign_in = proving(member(), contoso(), &[method]);
            let found = outcome(&configuration, &sign_in);
            let expect = if expect { "granted" } else { "blocked 54009" };
            assert_eq!(found, expect, "{method:?} strength {number}");
        }
    }
}

/// Table 1 of the seed: the method in the tenant whose word counts, proven there.
#[test]
fn each_method_counts_in_its_places() {
    for (method, home, resource) in [
        (M::Sms, true, true),
        (M::Voice, true, true),
        (M::MicrosoftAuthenticatorPush, true, true),
        (M::DeviceBasedPush, true, true),
        (M::SoftwareOath, true, true),
        (M::HardwareOath, true, false),
        (M::Fido2, true, false),
        (M::TemporaryAccessPassMultiUse, false, false),
    ] {
        for (trust, place, expect) in [
            (MFA_TRUST, fabrikam(), home),
            (NO_TRUST, contoso(), resource),
        ] {
            let configuration = contoso_with(trust, &[demanding(2)]);
            let sign_in = proving(guest(), place, &[method]);
            let expect = if expect { "granted" } else { "blocked 54009" };
            assert_eq!(outcome(&configuration, &sign_in), expect, "{method:?}");
        }
        // Never by the word of the other tenant.
        let configuration = contoso_with(NO_TRUST, &[demanding(2)]);
        let elsewhere = proving(guest(), fabrikam(), &[method]);
        assert_eq!(outcome(&configuration, &elsewhere), "blocked 54009");
    }
    let hello = |trust, place| {
        let mut sign_in = proving(guest(), place, &[M::WindowsHelloForBusiness]);
        sign_in.proofs.remove(0);
        outcome(&contoso_with(trust, &[demanding(4)]), &sign_in)
    };
    assert_eq!(hello(MFA_TRUST, fabrikam()), "granted");
    assert_eq!(hello(NO_TRUST, contoso()), "blocked 54009");
}

#[test]
fn windows_hello_counts_only_where_the_sign_in_began_with_it() {
    let configuration = contoso_with(NO_TRUST, &[demanding(4)]);
    let mut began = proving(member(), contoso(), &[M::WindowsHelloForBusiness]);
    let later = began.clone();
    began.proofs.remove(0);
    assert_eq!(outcome(&configuration, &began), "granted");
    assert_eq!(outcome(&configuration, &later), "blocked 54009");
}

#[test]
fn several_strengths_are_each_met_and_by_several_methods() {
    let mut configuration = world(NO_TRUST, strength(&[of([M::Password, M::Sms])], None));
    let mut second = demanding(4);
    second.id = id(2);
    configuration.conditional_access_policies.push(second);
    let one = proving(member(), contoso(), &[M::Sms]);
    assert_eq!(outcome(&configuration, &one), "blocked 54009");
    let both = proving(member(), contoso(), &[M::Sms, M::Fido2]);
    assert_eq!(outcome(&configuration, &both), "granted");
}

#[test]
fn what_is_open_names_the_combinations_within_reach() {
    let both = [of([M::Fido2]), of([M::Password, M::SoftwareOath])];
    let configuration = world(NO_TRUST, strength(&both, None));
    let with = |registered, registrable| {
        let mut sign_in = member();
        sign_in.methods = everywhere(Methods {
            registered,
            registrable,
        });
        sign_in
    };
    let none = AuthenticationMethods::NONE;
    for (sign_in, expect, expect_result) in [
        (
            with(of([M::SoftwareOath]), none),
            "open: strength (password,softwareOath) in resource",
            R::SingleChallengeRequired,
        ),
        (
            with(of([M::SoftwareOath, M::Fido2]), none),
            "open: strength (fido2 or password,softwareOath) in resource",
            R::SingleChallengeRequired,
        ),
        (
            with(of([M::Fido2]), of([M::SoftwareOath])),
            "open: strength (fido2) in resource",
            R::SingleChallengeRequired,
        ),
        (
            with(none, of([M::SoftwareOath])),
            "open: strength (password,softwareOath) in resource",
            R::SingleRegistrationRequired,
        ),
        (with(none, none), "blocked 54009", R::CannotSatisfy),
        (
            proving(member(), contoso(), &[M::SoftwareOath]),
            "granted",
            R::Satisfied,
        ),
    ] {
        assert_eq!(outcome(&configuration, &sign_in), expect);
        assert_eq!(result(&configuration, &sign_in), expect_result, "{expect}");
    }
}

#[test]
fn a_key_is_of_an_allowed_model() {
    let model = Uuid::from_u128(7);
    let restriction = |allowed_aaguids| Some(CombinationRestriction::Fido2 { allowed_aaguids });
    for (allowed, shown, expect) in [
        (vec![model], Authenticator::Fido2(model), "granted"),
        (
            vec![model],
            Authenticator::Fido2(Uuid::from_u128(8)),
            "blocked 54009",
        ),
        (vec![model], Authenticator::Unnamed, "blocked 54009"),
        (vec![], Authenticator::Fido2(model), "blocked 54009"),
    ] {
        let configuration = world(NO_TRUST, strength(&[of([M::Fido2])], restriction(allowed)));
        let mut sign_in = proving(member(), contoso(), &[M::Fido2]);
        sign_in.proofs[1].authenticator = shown;
        assert_eq!(outcome(&configuration, &sign_in), expect);
        if expect != "granted" {
            let found = result(&configuration, &sign_in);
            assert_eq!(found, R::CannotSatisfyDueToCombinationConfiguration);
        }
    }
}

#[test]
fn a_certificate_is_of_an_allowed_issuer_and_under_an_allowed_policy() {
    let oids = |list: &[&str]| list.iter().map(|&oid| oid.to_owned()).collect::<Vec<_>>();
    let check = |base: SignIn, trust, place, issuers: &[&str], policies: &[&str]| {
        let restriction = CombinationRestriction::X509Certificate {
            allowed_issuer_skis: oids(issuers),
            allowed_policy_oids: oids(policies),
        };
        let multifactor = [of([M::X509CertificateMultiFactor])];
        let configuration = world(trust, strength(&multifactor, Some(restriction)));
        let mut sign_in = proving(base, place, &[M::X509CertificateMultiFactor]);
        sign_in.proofs[1].authenticator = Authenticator::Certificate {
            issuer_ski: Some("AB12".into()),
            policy_oids: oids(&["1.9", "1.8", "1.7", "1.6", "1.5", "1.4", "1.3"]),
        };
        outcome(&configuration, &sign_in)
    };
    for (issuers, policies, of_member, of_guest) in [
        (&[][..], &[][..], "granted", "granted"),
        (&["ab12", "cd34"], &[], "granted", "blocked 54009"),
        (&["cd34"], &[], "blocked 54009", "blocked 54009"),
        // The seventh in order, of which a certificate has more than five.
        (&[], &["1.9"], "granted", "granted"),
        (&[], &["2.1"], "blocked 54009", "blocked 54009"),
        (&["ab12"], &["1.3"], "granted", "blocked 54009"),
        (&["ab12"], &["2.1"], "blocked 54009", "blocked 54009"),
    ] {
        let found = check(member(), NO_TRUST, contoso(), issuers, policies);
        assert_eq!(found, of_member, "{issuers:?} {policies:?}");
        let found = check(guest(), MFA_TRUST, fabrikam(), issuers, policies);
        assert_eq!(found, of_guest, "{issuers:?} {policies:?}");
        let found = check(guest(), NO_TRUST, contoso(), issuers, policies);
        assert_eq!(found, "blocked 54009", "never in the resource tenant");
    }
}

/// Decision 6.
#[test]
fn a_guest_without_a_home_tenant_meets_a_strength_only_where_the_tenant_says_so() {
    let combination = of([M::SoftwareOath, M::FederatedSingleFactor]);
    let mut configuration = world(NO_TRUST, strength(&[combination], None));
    let sign_in = proving(guest_without_home(), contoso(), &[M::SoftwareOath]);
    assert_eq!(outcome(&configuration, &sign_in), "blocked 9900005");
    let other = &mut configuration.organization.other;
    other.insert("strengthsForAllGuests".into(), json!(true));
    assert_eq!(outcome(&configuration, &sign_in), "granted");

    // Plain MFA is always this tenant's business; the identity provider's word is one factor.
    let mfa = contoso_with(FULL_TRUST, &[require(&[GrantControl::Mfa])]);
    assert_eq!(outcome(&mfa, &sign_in), "granted");
    let mut federated = guest_without_home();
    federated
        .proofs
        .push(proof(contoso(), M::FederatedMultiFactor, 5));
    assert_eq!(outcome(&mfa, &federated), "open: mfa in resource");
}

/// Decision 18.
#[test]
fn a_strength_that_is_missing_or_allows_nothing_blocks() {
    let sign_in = proving(member(), contoso(), &[M::Fido2]);
    let missing = contoso_with(NO_TRUST, &[demanding(CUSTOM)]);
    assert_eq!(outcome(&missing, &sign_in), "blocked 53003");
    let empty = world(NO_TRUST, strength(&[], None));
    assert_eq!(outcome(&empty, &sign_in), "blocked 53003");
    // An export holds it whole.
    let mut policy = demanding(CUSTOM);
    policy.expanded_strength = Some(Box::new(strength(&[of([M::Fido2])], None)));
    assert_eq!(
        outcome(&contoso_with(NO_TRUST, &[policy]), &sign_in),
        "granted"
    );
}
