//! Every grant control, row by row: when it is met, when it is open, and when nobody can meet it (specification 5.4, 5.5, 8.3).

use portcullis_model::conditional_access::signal::TransferMethod;
use portcullis_model::conditional_access::{
    ClientAppType, ConditionalAccessPolicy, DevicePlatform, GrantControl, GrantOperator, Target,
    UserAction,
};
use portcullis_model::credential::AuthenticationMethod as M;
use portcullis_model::device::DeviceTrustType;
use portcullis_model::store::TenantConfiguration;
use portcullis_model::terms_of_use::Agreement;
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::cross_tenant::{CrossTenantChannel, admit_without_home};
use portcullis_policy::external_user::external_user_types;
use portcullis_policy::facts::{ExternalUserFacts, Origin, SignIn};
use serde_json::Map;

use crate::world::*;

const TERMS: u128 = 0x70;
const TERMS_PER_DEVICE: u128 = 0x71;

/// Contoso with these policies and two agreements.
pub(super) fn world(policies: &[ConditionalAccessPolicy]) -> TenantConfiguration {
    let mut configuration = contoso_with(NO_TRUST, policies);
    configuration.agreements = [(TERMS, false), (TERMS_PER_DEVICE, true)]
        .map(|(number, is_per_device_acceptance_required)| Agreement {
            id: id(number),
            display_name: format!("Terms {number:x}"),
            is_per_device_acceptance_required,
            document: Map::new(),
        })
        .into();
    configuration
}

fn comes_to(control: GrantControl, sign_in: &SignIn) -> String {
    outcome(&world(&[require(&[control])]), sign_in)
}

/// The sign-in after an edit.
pub(super) fn but(mut sign_in: SignIn, edit: impl FnOnce(&mut SignIn)) -> SignIn {
    edit(&mut sign_in);
    sign_in
}

/// A guest of a social identity provider, whom contoso's default setting lets in.
pub(super) fn guest_without_home() -> SignIn {
    let compiled = CompiledTenant::compile(&tenant(contoso()));
    let mut sign_in = guest();
    sign_in.proofs = vec![proof(contoso(), M::FederatedSingleFactor, 60)];
    let audiences = sign_in.audiences.clone();
    edit_user(&mut sign_in, |user| {
        let admission = admit_without_home(&compiled, payroll(), &audiences).unwrap();
        user.origin = Origin::WithoutHome(admission);
    });
    sign_in
}

/// A user of fabrikam, which administers contoso.
fn service_provider_user() -> SignIn {
    but(direct_connect_user(), |sign_in| {
        edit_user(sign_in, |user| {
            user.external_user_types = external_user_types(&ExternalUserFacts {
                object: None,
                channel: portcullis_policy::facts::Channel::ServiceProvider,
                direct_connect_eligible: false,
            });
        });
    })
}

#[test]
fn applications_are_vouched_for_on_their_platforms_and_never_for_external_users() {
    use GrantControl::{ApprovedApplication as Approved, CompliantApplication as Protected};
    for (control, platform, approved, protected, expect) in [
        (Approved, Some(DevicePlatform::Ios), true, false, "granted"),
        (
            Approved,
            Some(DevicePlatform::Android),
            true,
            false,
            "granted",
        ),
        (
            Approved,
            Some(DevicePlatform::Windows),
            true,
            false,
            "blocked 53002",
        ),
        (Approved, None, true, false, "blocked 53002"),
        (
            Approved,
            Some(DevicePlatform::Ios),
            false,
            true,
            "blocked 53002",
        ),
        (Protected, Some(DevicePlatform::Ios), false, true, "granted"),
        (
            Protected,
            Some(DevicePlatform::Windows),
            false,
            true,
            "granted",
        ),
        (
            Protected,
            Some(DevicePlatform::MacOs),
            false,
            true,
            "blocked 53009",
        ),
        (
            Protected,
            Some(DevicePlatform::Ios),
            true,
            false,
            "blocked 53009",
        ),
    ] {
        let edit = |sign_in: &mut SignIn| {
            sign_in.platform = platform;
            sign_in.client_protection.is_approved = approved;
            sign_in.client_protection.is_compliant = protected;
        };
        assert_eq!(comes_to(control.clone(), &but(member(), edit)), expect);
        // Decision 11: not supported, so never met; under OR the alternative counts.
        let refused = comes_to(control.clone(), &but(guest(), edit));
        assert!(refused.starts_with("blocked 5300"), "{refused}");
        let either = policy(1, GrantOperator::Or, &[control, GrantControl::Mfa]);
        let either = world(&[either]);
        assert_eq!(
            outcome(&either, &but(guest(), edit)),
            "open: mfa in resource"
        );
    }
}

#[test]
fn a_device_code_shows_no_device() {
    let device = |sign_in| with_device(sign_in, contoso(), true, DeviceTrustType::ServerAd);
    for control in [
        GrantControl::CompliantDevice,
        GrantControl::DomainJoinedDevice,
    ] {
        for (method, expect) in [
            (None, "granted"),
            (Some(TransferMethod::AuthenticationTransfer), "granted"),
            (Some(TransferMethod::DeviceCodeFlow), "blocked 530033"),
        ] {
            let sign_in = but(device(member()), |it| it.transfer_method = method);
            assert_eq!(comes_to(control.clone(), &sign_in), expect, "{method:?}");
        }
    }
}

#[test]
fn terms_are_accepted_one_by_one_by_whoever_has_an_object_here() {
    let terms = || GrantControl::TermsOfUse(id(TERMS));
    let per_device = || GrantControl::TermsOfUse(id(TERMS_PER_DEVICE));
    let accepted = |sign_in| {
        but(sign_in, |it| {
            it.fulfilled.terms_of_use = [TERMS, TERMS_PER_DEVICE].map(id).into();
        })
    };
    let registered = |it| with_device(it, contoso(), false, DeviceTrustType::Workplace);
    for (control, sign_in, expect) in [
        (terms(), member(), "open: terms 70 in resource"),
        (terms(), accepted(member()), "granted"),
        (terms(), guest(), "open: terms 70 in resource"),
        (terms(), accepted(guest()), "granted"),
        (terms(), guest_without_home(), "open: terms 70 in resource"),
        (terms(), accepted(direct_connect_user()), "blocked 50177"),
        (terms(), accepted(service_provider_user()), "blocked 50177"),
        (per_device(), accepted(guest()), "blocked 50177"),
        (
            GrantControl::TermsOfUse(id(0x79)),
            member(),
            "blocked 53003",
        ),
    ] {
        assert_eq!(comes_to(control, &sign_in), expect);
    }
    let both = world(&[require(&[terms(), per_device()])]);
    assert_eq!(
        outcome(&both, &registered(member())),
        "open: terms 70 in resource, terms 71 in resource"
    );
}

/// Specification 2.11: what is accepted on each device needs one that is registered here.
#[test]
fn terms_of_each_device_need_a_registered_one() {
    let per_device = || GrantControl::TermsOfUse(id(TERMS_PER_DEVICE));
    let accepted = |sign_in| {
        but(sign_in, |it: &mut SignIn| {
            it.fulfilled.terms_of_use = [id(TERMS_PER_DEVICE)].into();
        })
    };
    let registered = |it| with_device(it, contoso(), false, DeviceTrustType::Workplace);
    let by_device_code = |sign_in| {
        but(sign_in, |it: &mut SignIn| {
            it.transfer_method = Some(TransferMethod::DeviceCodeFlow);
        })
    };
    for (sign_in, expect) in [
        (member(), "blocked 50129"),
        (accepted(member()), "blocked 50129"),
        (registered(member()), "open: terms 71 in resource"),
        (accepted(registered(member())), "granted"),
        (
            accepted(with_device(
                member(),
                fabrikam(),
                true,
                DeviceTrustType::AzureAd,
            )),
            "blocked 50129",
        ),
        (
            accepted(by_device_code(registered(member()))),
            "blocked 530033",
        ),
        (
            accepted(with_device(
                guest(),
                contoso(),
                true,
                DeviceTrustType::AzureAd,
            )),
            "blocked 50177",
        ),
    ] {
        assert_eq!(comes_to(per_device(), &sign_in), expect);
    }
    // Nobody is kept from registering the device that the terms need (specification 4.3).
    let registering = but(member(), |it| {
        it.audiences.clear();
        it.user_action = Some(UserAction::RegisterOrJoinDevices);
    });
    let mut everything = require(&[per_device()]);
    assert_eq!(
        outcome(&world(&[everything.clone()]), &registering),
        "granted"
    );
    everything.conditions.target = Target::UserActions(vec![UserAction::RegisterOrJoinDevices]);
    assert_eq!(
        outcome(&world(&[everything]), &registering),
        "blocked 50129"
    );
}

/// Decision 7: a custom control is a matter of this tenant.
#[test]
fn custom_controls_are_answered_by_their_provider_here() {
    let custom = || GrantControl::CustomAuthenticationFactor("Duo".into());
    let vouched = |sign_in| {
        but(sign_in, |it: &mut SignIn| {
            it.fulfilled.custom_factors = ["Duo".to_owned()].into();
        })
    };
    for (sign_in, expect) in [
        (member(), "open: custom Duo in resource"),
        (vouched(member()), "granted"),
        (guest(), "open: custom Duo in resource"),
        (vouched(guest()), "granted"),
        (vouched(direct_connect_user()), "blocked 50177"),
    ] {
        assert_eq!(comes_to(custom(), &sign_in), expect);
    }
}

/// Legacy clients show nothing: any grant blocks (specification 4.6).
#[test]
fn any_control_blocks_a_legacy_client() {
    for client in [
        ClientAppType::ExchangeActiveSync,
        ClientAppType::EasSupported,
        ClientAppType::Other,
    ] {
        for control in [
            GrantControl::Mfa,
            GrantControl::AuthenticationStrength(id(2)),
            GrantControl::ApprovedApplication,
            GrantControl::TermsOfUse(id(TERMS)),
            GrantControl::CustomAuthenticationFactor("Duo".into()),
        ] {
            let legacy = but(with_mfa(member(), contoso()), |it| {
                it.client_app_type = client;
            });
            // With Exchange ActiveSync nothing blocks: another application would do.
            let expect = match (&control, client) {
                (GrantControl::ApprovedApplication, ClientAppType::Other) => "blocked 53003",
                (GrantControl::ApprovedApplication, _) => "blocked 53002",
                _ => "blocked 53003",
            };
            assert_eq!(comes_to(control, &legacy), expect, "{client:?}");
        }
    }
}

#[test]
fn a_service_provider_comes_in_by_delegation_alone() {
    use portcullis_policy::cross_tenant::{CrossTenantRefusal, Crossing, admit};
    use std::collections::BTreeSet;
    let audiences = BTreeSet::from([payroll()]);
    let ask = |is_provider, held_back: bool| {
        let mut resource = contoso_with(NO_TRUST, &[]);
        resource.cross_tenant_access_policy.partners[0].is_service_provider = is_provider;
        let mut home = tenant(fabrikam());
        let default = &mut home.cross_tenant_access_policy.default;
        default.other.insert(
            "blockServiceProviderOutboundAccess".into(),
            held_back.into(),
        );
        let crossing = Crossing {
            channel: CrossTenantChannel::ServiceProvider,
            home: portcullis_model::user::HomeAccount {
                tenant_id: fabrikam(),
                user_id: home_user(),
            },
            home_groups: &BTreeSet::new(),
            client: payroll(),
            resources: &audiences,
        };
        let compile = |one| CompiledTenant::compile(one);
        admit(&compile(&home), &compile(&resource), &crossing).map(|_| ())
    };
    assert_eq!(ask(Some(true), false), Ok(()));
    assert_eq!(ask(Some(false), false), Err(CrossTenantRefusal::Inbound));
    assert_eq!(ask(None, false), Err(CrossTenantRefusal::Inbound));
    assert_eq!(ask(Some(true), true), Err(CrossTenantRefusal::Outbound));
}

/// Decision 2: only the default setting, and of its users only all of them.
#[test]
fn u_guests_without_a_home_tenant_are_let_in_by_the_default_alone() {
    use portcullis_model::cross_tenant_access::AccessType::{Allowed, Blocked};
    let audiences = [payroll()].into();
    let somebody = home_user().to_string();
    for (users, expect) in [
        (
            setting(Allowed, &["AllUsers"], Allowed, &["AllApplications"]),
            true,
        ),
        (
            setting(Blocked, &["AllUsers"], Blocked, &["AllApplications"]),
            false,
        ),
        (
            setting(Allowed, &[&somebody], Allowed, &["AllApplications"]),
            false,
        ),
        (
            setting(Blocked, &[&somebody], Blocked, &["AllApplications"]),
            true,
        ),
    ] {
        let mut configuration = contoso_with(NO_TRUST, &[]);
        configuration
            .cross_tenant_access_policy
            .default
            .b2b_collaboration_inbound = Some(users);
        let compiled = CompiledTenant::compile(&configuration);
        let found = admit_without_home(&compiled, payroll(), &audiences);
        assert_eq!(found.is_ok(), expect);
        let nothing = admit_without_home(&compiled, payroll(), &[].into());
        assert!(nothing.is_err(), "an empty set opens no door");
    }
}
