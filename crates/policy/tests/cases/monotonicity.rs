//! More policies never let more people in; more evidence never keeps more people out (requirement V15).

use portcullis_model::conditional_access::{GrantControl, GrantOperator, PolicyState};
use portcullis_model::credential::{AuthenticationMethod, AuthenticationMethods};
use portcullis_model::device::{DeviceAttributes, DeviceClaims, DeviceTrustType};
use portcullis_model::store::TenantConfiguration;
use portcullis_policy::decision::Outcome;
use portcullis_policy::facts::{Authenticator, Proof, SignIn, Subject};
use proptest::prelude::*;

use crate::generated::{CASES, configuration, sign_in};
use crate::world::*;

/// What laws do not hold of, by the specification itself: a policy about registering security information may replace a
/// stricter strength (5.4), registering a device is exempt from device controls (4.3), Windows Hello can only be shown by
/// whoever begins anew (5.4), which a sign-in frequency makes them do, and a remediation takes precedence over a password
/// change that cannot be had (3.3).
fn ordinary(mut sign_in: SignIn) -> SignIn {
    let hello = AuthenticationMethod::WindowsHelloForBusiness;
    let without = |methods: AuthenticationMethods| {
        let kept = methods.iter().filter(|method| *method != hello);
        kept.fold(AuthenticationMethods::NONE, AuthenticationMethods::with)
    };
    sign_in.user_action = None;
    sign_in.proofs.retain(|proof| proof.method != hello);
    for methods in [&mut sign_in.methods.home, &mut sign_in.methods.resource] {
        methods.registered = without(methods.registered).with(AuthenticationMethod::Password);
    }
    sign_in
}

/// The same policies, whatever the device.
fn without_devices(mut configuration: TenantConfiguration) -> TenantConfiguration {
    for policy in &mut configuration.conditional_access_policies {
        policy.conditions.devices = None;
    }
    configuration
}

/// How far a sign-in came: refused, asked, granted.
fn reach(configuration: &TenantConfiguration, sign_in: &SignIn) -> u8 {
    match decided(configuration, sign_in).outcome {
        Outcome::Blocked(_) => 0,
        Outcome::Open(_) => 1,
        Outcome::Granted => 2,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES / 3, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn v15_taking_a_policy_away_never_keeps_anybody_out(
        configuration in configuration(),
        sign_in in sign_in().prop_map(ordinary),
        which in any::<prop::sample::Index>(),
    ) {
        let mut fewer = configuration.clone();
        let policies = &mut fewer.conditional_access_policies;
        if !policies.is_empty() {
            policies.remove(which.index(policies.len()));
        }
        prop_assert!(reach(&configuration, &sign_in) <= reach(&fewer, &sign_in));
    }

    #[test]
    fn v15_enforcing_a_policy_never_lets_anybody_in(
        configuration in configuration(),
        sign_in in sign_in().prop_map(ordinary),
    ) {
        let mut stricter = configuration.clone();
        for policy in &mut stricter.conditional_access_policies {
            policy.state = PolicyState::Enabled;
        }
        prop_assert!(reach(&stricter, &sign_in) <= reach(&configuration, &sign_in));
    }

    #[test]
    fn v15_one_more_proof_never_keeps_anybody_out(
        configuration in configuration(),
        sign_in in sign_in().prop_map(ordinary),
        proofs in proptest::collection::vec(
            (prop::sample::select(vec![contoso(), fabrikam(), woodgrove()]), any::<bool>(), 0..20_000i64),
            1..3,
        ),
    ) {
        let mut more = sign_in.clone();
        more.proofs.extend(proofs.into_iter().map(|(tenant, second, age_seconds)| Proof {
            tenant,
            method: if second { AuthenticationMethod::SoftwareOath } else { AuthenticationMethod::Password },
            at: ago(age_seconds),
            authenticator: Authenticator::Unnamed,
        }));
        prop_assert!(reach(&configuration, &sign_in) <= reach(&configuration, &more));
    }

    #[test]
    fn v15_a_better_device_never_keeps_anybody_out(
        configuration in configuration().prop_map(without_devices),
        sign_in in sign_in().prop_map(ordinary),
    ) {
        let tenant_id = match &sign_in.subject {
            Subject::User(user) => user.home().map_or(contoso(), |home| home.tenant_id),
            Subject::ServicePrincipal(_) => contoso(),
        };
        let mut better = sign_in.clone();
        better.device = Some(DeviceClaims {
            tenant_id,
            device_id: id(0xde),
            is_compliant: true,
            trust_type: DeviceTrustType::ServerAd,
            attributes: DeviceAttributes::default(),
        });
        prop_assert!(reach(&configuration, &sign_in) <= reach(&configuration, &better));
    }

    /// Trust moves where MFA is done and opens what was refused; it never refuses. (It may ask at home for what was
    /// proven in the resource tenant: asked instead of granted, not refused.) That needs methods at home.
    #[test]
    fn v15_more_trust_never_refuses(
        configuration in configuration().prop_map(without_devices),
        sign_in in sign_in().prop_map(ordinary),
    ) {
        let mut sign_in = sign_in;
        let everything = AuthenticationMethod::ALL.into_iter();
        sign_in.methods.home.registered =
            everything.fold(AuthenticationMethods::NONE, AuthenticationMethods::with);
        let mut trusting = configuration.clone();
        let full = contoso_with(FULL_TRUST, &[]);
        trusting.cross_tenant_access_policy.partners = full.cross_tenant_access_policy.partners;
        let (before, after) = (reach(&configuration, &sign_in), reach(&trusting, &sign_in));
        prop_assert!(before == 0 || after > 0);
    }

    /// Nobody being there changes nothing: what is open stays open.
    #[test]
    fn interaction_does_not_change_the_decision(configuration in configuration(), sign_in in sign_in().prop_map(ordinary)) {
        let mut silent = sign_in.clone();
        silent.interaction = portcullis_policy::facts::Interaction::Silent;
        let [loud, silent] = [sign_in, silent].map(|sign_in| decided(&configuration, &sign_in));
        prop_assert_eq!(loud.outcome.clone(), silent.outcome.clone());
        prop_assert_eq!(loud.policies(), silent.policies());
    }

    /// The order of configuration carries no meaning (specification 4.1).
    #[test]
    fn the_order_of_policies_changes_nothing(configuration in configuration(), sign_in in sign_in().prop_map(ordinary)) {
        let mut reversed = configuration.clone();
        reversed.conditional_access_policies.reverse();
        let [forth, back] = [configuration, reversed].map(|world| decided(&world, &sign_in));
        prop_assert_eq!(words(&forth), words(&back));
        prop_assert_eq!(results(&forth), results(&back));
        prop_assert_eq!(forth.status, back.status);
    }
}

fn every_control() -> impl Strategy<Value = Vec<GrantControl>> {
    prop::sample::subsequence(
        vec![
            GrantControl::Mfa,
            GrantControl::AuthenticationStrength(id(2)),
            GrantControl::AuthenticationStrength(id(4)),
            GrantControl::CompliantDevice,
            GrantControl::DomainJoinedDevice,
            GrantControl::ApprovedApplication,
            GrantControl::PasswordChange,
            GrantControl::RiskRemediation,
            GrantControl::CustomAuthenticationFactor("Duo".into()),
        ],
        2..=5,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES / 3, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn v15_fewer_controls_under_and_never_refuse_and_fewer_alternatives_never_grant(
        configuration in configuration(),
        sign_in in sign_in().prop_map(ordinary),
        controls in every_control(),
        which in any::<prop::sample::Index>(),
    ) {
        let mut fewer = controls.clone();
        fewer.remove(which.index(fewer.len()));
        let reach_of = |operator, controls: &[GrantControl]| {
            let mut configuration = configuration.clone();
            configuration.conditional_access_policies.push(policy(99, operator, controls));
            reach(&configuration, &sign_in)
        };
        // The sign-in frequency that a remediation brings goes with it.
        let [all, all_but_one] = [&controls, &fewer].map(|list| reach_of(GrantOperator::And, list));
        prop_assert!(all <= all_but_one);
        if !controls.contains(&GrantControl::RiskRemediation) {
            let [any, any_but_one] = [&controls, &fewer].map(|list| reach_of(GrantOperator::Or, list));
            prop_assert!(any_but_one <= any);
        }
    }

    /// Who need not look up methods gets the same answer with any.
    #[test]
    fn what_does_not_depend_on_methods_is_the_same_with_any(
        configuration in configuration(),
        sign_in in sign_in().prop_map(ordinary),
        controls in every_control(),
        methods in prop::sample::select(vec![EVERYDAY, portcullis_policy::facts::Methods::default()]),
    ) {
        let mut configuration = configuration;
        configuration.conditional_access_policies.push(policy(99, GrantOperator::Or, &controls));
        let mut without = sign_in.clone();
        without.methods = everywhere(portcullis_policy::facts::Methods::default());
        let mut with = sign_in;
        with.methods = everywhere(methods);
        let [without, with] = [without, with].map(|sign_in| decided(&configuration, &sign_in));
        if !without.depends_on_methods() {
            prop_assert_eq!(&without.outcome, &with.outcome);
            prop_assert_eq!(without.policies(), with.policies());
        }
    }
}
