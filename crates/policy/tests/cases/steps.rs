//! The article's steps 3 to 6 and the comparison of collaboration with direct connect, row by row.

use portcullis_model::conditional_access::GrantControl::{
    self, Block, CompliantDevice, DomainJoinedDevice, Mfa,
};
use portcullis_model::conditional_access::GrantOperator;
use portcullis_model::device::DeviceTrustType::{self, ServerAd, Workplace};
use portcullis_model::id::TenantId;
use portcullis_policy::cross_tenant::Trust;
use portcullis_policy::facts::SignIn;

use crate::world::*;

fn check(trust: Trust, controls: &[GrantControl], sign_in: &SignIn, expect: &str) {
    let found = outcome(&contoso_with(trust, &[require(controls)]), sign_in);
    assert_eq!(found, expect, "{trust:?} {controls:?} {sign_in:#?}");
}

/// Where MFA is done, by who comes and what is trusted.
#[test]
fn steps_3_to_6_mfa() {
    let (h, r) = (fabrikam(), contoso());
    for (sign_in, trust, expect) in [
        // Step 4: trusted and done at home: straight in.
        (with_mfa(guest(), h), MFA_TRUST, "granted"),
        (with_mfa(direct_connect_user(), h), MFA_TRUST, "granted"),
        // Step 5: trusted, not done: the home tenant asks.
        (guest(), MFA_TRUST, "open: mfa in home"),
        (direct_connect_user(), MFA_TRUST, "open: mfa in home"),
        // Step 6: not trusted: the resource tenant asks a guest, and refuses a direct connect user.
        (guest(), NO_TRUST, "open: mfa in resource"),
        (direct_connect_user(), NO_TRUST, "blocked 90071"),
        // MFA done at home counts for nothing where it is not trusted.
        (with_mfa(guest(), h), NO_TRUST, "open: mfa in resource"),
        (
            with_mfa(direct_connect_user(), h),
            NO_TRUST,
            "blocked 90071",
        ),
        // MFA done in the resource tenant: good where it asks for it, worth nothing where it trusts the home tenant.
        (with_mfa(guest(), r), NO_TRUST, "granted"),
        (with_mfa(guest(), r), MFA_TRUST, "open: mfa in home"),
        (
            with_mfa(direct_connect_user(), r),
            NO_TRUST,
            "blocked 90071",
        ),
        (
            with_mfa(direct_connect_user(), r),
            MFA_TRUST,
            "open: mfa in home",
        ),
        // A third tenant proves nothing.
        (
            with_mfa(guest(), woodgrove()),
            MFA_TRUST,
            "open: mfa in home",
        ),
        (
            with_mfa(guest(), woodgrove()),
            NO_TRUST,
            "open: mfa in resource",
        ),
        // Trust in devices is not trust in MFA.
        (
            with_mfa(guest(), h),
            Trust {
                mfa: false,
                ..FULL_TRUST
            },
            "open: mfa in resource",
        ),
        // Members prove it here, and nowhere else.
        (member(), FULL_TRUST, "open: mfa in resource"),
        (with_mfa(member(), r), NO_TRUST, "granted"),
        (with_mfa(member(), h), FULL_TRUST, "open: mfa in resource"),
    ] {
        check(trust, &[Mfa], &sign_in, expect);
    }
}

/// A second factor alone is not MFA: the first one must be proven too, where the user lives.
#[test]
fn a_second_factor_counts_beside_a_first_one_only() {
    let strip = |mut sign_in: SignIn| {
        sign_in.proofs.remove(0);
        sign_in
    };
    check(
        MFA_TRUST,
        &[Mfa],
        &strip(with_mfa(guest(), fabrikam())),
        "open: primary in home, mfa in home",
    );
    check(
        NO_TRUST,
        &[Mfa],
        &strip(with_mfa(guest(), contoso())),
        "open: primary in home, mfa in resource",
    );
    // Nobody passes without a first factor, whatever the policies say.
    let mut nobody = member();
    nobody.proofs.clear();
    assert_eq!(
        outcome(&contoso_with(NO_TRUST, &[]), &nobody),
        "open: primary in resource"
    );
}

const COMPLIANT: Trust = Trust {
    compliant_device: true,
    ..NO_TRUST
};
const HYBRID: Trust = Trust {
    hybrid_joined_device: true,
    ..NO_TRUST
};

/// A device of the user that is compliant, one that is hybrid joined: never both.
fn compliant(sign_in: SignIn, tenant: TenantId) -> SignIn {
    with_device(sign_in, tenant, true, Workplace)
}
fn hybrid(sign_in: SignIn, tenant: TenantId) -> SignIn {
    with_device(sign_in, tenant, false, ServerAd)
}

/// The comparison table's rows for devices, for both kinds of external users.
#[test]
fn v07_devices_need_their_own_trust() {
    for sign_in in [guest(), direct_connect_user()] {
        for (control, trust, device, expect) in [
            (
                CompliantDevice,
                COMPLIANT,
                compliant as fn(_, _) -> _,
                "granted",
            ),
            (CompliantDevice, HYBRID, compliant, "blocked 530004"),
            (CompliantDevice, NO_TRUST, compliant, "blocked 530004"),
            (CompliantDevice, MFA_TRUST, compliant, "blocked 530004"),
            (CompliantDevice, COMPLIANT, hybrid, "blocked 53000"),
            (DomainJoinedDevice, HYBRID, hybrid, "granted"),
            (DomainJoinedDevice, COMPLIANT, hybrid, "blocked 530004"),
            (DomainJoinedDevice, NO_TRUST, hybrid, "blocked 530004"),
            (DomainJoinedDevice, HYBRID, compliant, "blocked 53001"),
        ] {
            check(
                trust,
                &[control],
                &device(sign_in.clone(), fabrikam()),
                expect,
            );
        }
    }
}

#[test]
fn v07_a_device_counts_by_the_home_tenants_word_only() {
    for sign_in in [guest(), direct_connect_user()] {
        check(FULL_TRUST, &[CompliantDevice], &sign_in, "blocked 53000");
        check(FULL_TRUST, &[DomainJoinedDevice], &sign_in, "blocked 53001");
        check(NO_TRUST, &[CompliantDevice], &sign_in, "blocked 530004");
        for other in [woodgrove(), contoso()] {
            let device = compliant(sign_in.clone(), other);
            check(FULL_TRUST, &[CompliantDevice], &device, "blocked 53000");
        }
    }
}

#[test]
fn members_need_a_device_of_their_own_tenant() {
    for (control, device, expect) in [
        (
            CompliantDevice,
            Some((contoso(), true, Workplace)),
            "granted",
        ),
        (
            CompliantDevice,
            Some((contoso(), false, ServerAd)),
            "blocked 53000",
        ),
        (
            CompliantDevice,
            Some((fabrikam(), true, Workplace)),
            "blocked 53000",
        ),
        (CompliantDevice, None, "blocked 53000"),
        (
            DomainJoinedDevice,
            Some((contoso(), false, ServerAd)),
            "granted",
        ),
        (
            DomainJoinedDevice,
            Some((contoso(), true, DeviceTrustType::AzureAd)),
            "blocked 53001",
        ),
        (DomainJoinedDevice, None, "blocked 53001"),
    ] {
        let mut sign_in = member();
        if let Some((tenant, is_compliant, trust_type)) = device {
            sign_in = with_device(sign_in, tenant, is_compliant, trust_type);
        }
        check(FULL_TRUST, &[control], &sign_in, expect);
    }
}

#[test]
fn block_blocks_everybody_and_nobody_is_asked_first() {
    for sign_in in [member(), guest(), direct_connect_user()] {
        check(FULL_TRUST, &[Block], &sign_in, "blocked 53003");
        // Block stands alone; where it does not, it blocks nonetheless.
        check(FULL_TRUST, &[Mfa, Block], &sign_in, "blocked 53003");
        let either = policy(1, GrantOperator::Or, &[Mfa, Block]);
        let met = with_mfa(sign_in, fabrikam());
        assert_eq!(
            outcome(&contoso_with(FULL_TRUST, &[either]), &met),
            "blocked 53003"
        );
    }
}

/// Decision 15: what nobody can meet refuses before any prompt, in one policy or in another.
#[test]
fn an_unmeetable_control_refuses_before_any_prompt() {
    check(
        NO_TRUST,
        &[Mfa, CompliantDevice],
        &guest(),
        "blocked 530004",
    );
    let mfa = policy(1, GrantOperator::And, &[Mfa]);
    let device = policy(2, GrantOperator::And, &[DomainJoinedDevice]);
    assert_eq!(
        outcome(&contoso_with(MFA_TRUST, &[mfa, device]), &guest()),
        "blocked 530004"
    );
}

/// An untrusted device leaves MFA as the way in.
#[test]
fn either_a_device_or_mfa() {
    let either = || policy(1, GrantOperator::Or, &[CompliantDevice, Mfa]);
    let device = |sign_in| with_device(sign_in, fabrikam(), true, Workplace);
    for (sign_in, trust, expect) in [
        (guest(), NO_TRUST, "open: mfa in resource"),
        (device(guest()), NO_TRUST, "open: mfa in resource"),
        (with_mfa(guest(), contoso()), NO_TRUST, "granted"),
        (device(guest()), COMPLIANT, "granted"),
        (device(direct_connect_user()), COMPLIANT, "granted"),
        // Nothing is left: the first of the order of challenges names the reason.
        (direct_connect_user(), NO_TRUST, "blocked 90071"),
        (direct_connect_user(), MFA_TRUST, "open: mfa in home"),
    ] {
        let found = outcome(&contoso_with(trust, &[either()]), &sign_in);
        assert_eq!(found, expect, "{trust:?} {sign_in:#?}");
    }
}

/// Requirement U10: what a partner says of MFA counts only with all five: trust, the home tenant's word, a first
/// factor, a second one, and freshness.
#[test]
fn u10_a_partners_mfa_claim_counts_only_when_everything_holds() {
    use portcullis_model::conditional_access::{FrequencyAuthenticationType, SignInInterval};
    use portcullis_model::credential::AuthenticationMethod;
    for bits in 0..32u8 {
        let bit = |number: u8| bits & (1 << number) != 0;
        let trust = if bit(0) { MFA_TRUST } else { NO_TRUST };
        let claimant = if bit(1) { fabrikam() } else { woodgrove() };
        let age_seconds = if bit(4) { 60 } else { 7200 };
        let mut sign_in = guest();
        sign_in.proofs.clear();
        if bit(2) {
            sign_in
                .proofs
                .push(proof(claimant, AuthenticationMethod::Password, age_seconds));
        }
        if bit(3) {
            sign_in.proofs.push(proof(
                claimant,
                AuthenticationMethod::SoftwareOath,
                age_seconds,
            ));
        }
        let hourly = frequency(
            2,
            SignInInterval::Hours(1),
            FrequencyAuthenticationType::PrimaryAndSecondaryAuthentication,
        );
        let found = outcome(&contoso_with(trust, &[require(&[Mfa]), hourly]), &sign_in);
        assert_eq!(found == "granted", bits == 31, "{bits:05b} {found}");
        assert!(!found.starts_with("blocked"), "{bits:05b} {found}");
    }
}

/// Requirement U12: the same session, decided again after trust was taken away.
#[test]
fn u12_removed_trust_counts_at_the_next_decision() {
    let sign_in = with_mfa(guest(), fabrikam());
    check(MFA_TRUST, &[Mfa], &sign_in, "granted");
    check(NO_TRUST, &[Mfa], &sign_in, "open: mfa in resource");
}
