//! Filters for devices (specification 6): rows of the table on absent devices and hidden attributes, and what another tenant's
//! word is worth.

use portcullis_model::conditional_access::GrantControl::Block;
use portcullis_model::conditional_access::filter::{
    Comparison, DeviceProperty, Expression, Filter, FilterMode, FilterOperator, FilterRule, Operand,
};
use portcullis_model::conditional_access::{DeviceCondition, DeviceState};
use portcullis_model::device::DeviceTrustType;
use portcullis_model::id::TenantId;
use portcullis_policy::cross_tenant::Trust;
use portcullis_policy::decision::{BlockReason, Outcome};
use portcullis_policy::facts::SignIn;

use crate::world::*;

use DeviceProperty::{ExtensionAttribute, IsCompliant, Model, TrustType};
use FilterMode::{Exclude, Include};
use FilterOperator::{Equal, NotEqual, NotStartsWith, StartsWith};

const INTUNE: &str = "0000000a-0000-0000-c000-000000000000";

fn hits(trust: Trust, sign_in: &SignIn, condition: DeviceCondition) -> bool {
    let mut policy = require(&[Block]);
    policy.conditions.devices = Some(condition);
    match decided(&contoso_with(trust, &[policy]), sign_in).outcome {
        Outcome::Granted => false,
        Outcome::Blocked(block) if block.reason == BlockReason::BlockedByPolicy => true,
        other => panic!("{other:?}"),
    }
}

fn filter(
    mode: FilterMode,
    property: DeviceProperty,
    operator: FilterOperator,
    text: &str,
) -> DeviceCondition {
    DeviceCondition::Filter(Filter {
        mode,
        rule: FilterRule {
            text: String::new(),
            expression: Expression::Compare(Comparison {
                property,
                operator,
                operand: Operand::Text(text.to_owned()),
            }),
        },
    })
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Management {
    None,
    Intune,
    Compliant,
    HybridJoined,
}

/// A device that a tenant vouches for, with `extensionAttribute1` and model `SAW`.
fn on_device(sign_in: SignIn, tenant: TenantId, management: Management) -> SignIn {
    let trust_type = match management {
        Management::HybridJoined => DeviceTrustType::ServerAd,
        Management::None | Management::Intune | Management::Compliant => DeviceTrustType::Workplace,
    };
    let mut sign_in = with_device(
        sign_in,
        tenant,
        management == Management::Compliant,
        trust_type,
    );
    let attributes = &mut sign_in.device.as_mut().unwrap().attributes;
    attributes.model = Some("SAW".to_owned());
    attributes.extension_attributes.insert(1, "SAW".to_owned());
    attributes.mdm_app_id = (management == Management::Intune).then(|| INTUNE.to_owned());
    sign_in
}

const EXT: DeviceProperty = ExtensionAttribute(1);

/// A row of the table of specification 6.3: on a device managed like this (`None`: unregistered), whether the rule is fulfilled.
type Row = (
    Option<Management>,
    DeviceProperty,
    FilterOperator,
    &'static str,
    bool,
);

const ROWS: &[Row] = &[
    // Positive, any attribute, unregistered: no.
    (None, Model, Equal, "SAW", false),
    (None, Model, StartsWith, "S", false),
    (None, EXT, Equal, "SAW", false),
    (None, IsCompliant, Equal, "False", false),
    // Positive, registered: if the criteria are met.
    (Some(Management::None), Model, Equal, "saw", true),
    (Some(Management::None), Model, Equal, "PAW", false),
    // Positive, extension attribute: seen of managed devices only.
    (Some(Management::Intune), EXT, Equal, "SAW", true),
    (Some(Management::Intune), EXT, Equal, "PAW", false),
    (Some(Management::None), EXT, Equal, "SAW", false),
    (Some(Management::Compliant), EXT, Equal, "SAW", true),
    (Some(Management::HybridJoined), EXT, Equal, "SAW", true),
    // Negative, any attribute, unregistered: yes.
    (None, Model, NotEqual, "SAW", true),
    (None, EXT, NotStartsWith, "S", true),
    // Negative, registered: if the criteria are met.
    (Some(Management::None), Model, NotEqual, "SAW", false),
    (Some(Management::None), Model, NotEqual, "PAW", true),
    (Some(Management::Intune), EXT, NotEqual, "SAW", false),
    (Some(Management::Intune), EXT, NotEqual, "PAW", true),
    (Some(Management::Compliant), EXT, NotEqual, "SAW", false),
    (Some(Management::HybridJoined), EXT, NotEqual, "PAW", true),
    // A hidden attribute is null: an unmanaged device does not slip out of a policy for everything but SAW.
    (Some(Management::None), EXT, NotEqual, "SAW", true),
    // Words that are not attributes of their own.
    (
        Some(Management::Compliant),
        IsCompliant,
        Equal,
        "true",
        true,
    ),
    (Some(Management::None), IsCompliant, Equal, "False", true),
    (
        Some(Management::HybridJoined),
        TrustType,
        Equal,
        "ServerAD",
        true,
    ),
    (Some(Management::None), TrustType, Equal, "Workplace", true),
    (
        Some(Management::None),
        DeviceProperty::DeviceId,
        Equal,
        "00000000-0000-0000-0000-0000000000DE",
        true,
    ),
    (
        Some(Management::None),
        DeviceProperty::DisplayName,
        NotEqual,
        "x",
        true,
    ),
];

/// An include filter applies where its rule is fulfilled, an exclude filter where it is not.
#[test]
fn v09_the_table_of_absent_devices_and_hidden_attributes() {
    for (management, property, operator, text, fulfilled) in ROWS {
        let sign_in = match management {
            None => member(),
            Some(management) => on_device(member(), contoso(), *management),
        };
        let told = format!("{property:?} {operator:?} {text} on {management:?}");
        let include = hits(
            NO_TRUST,
            &sign_in,
            filter(Include, *property, *operator, text),
        );
        assert_eq!(include, *fulfilled, "{told}");
        let exclude = hits(
            NO_TRUST,
            &sign_in,
            filter(Exclude, *property, *operator, text),
        );
        assert_eq!(exclude, !*fulfilled, "{told}");
    }
}

/// A device counts only when the user's own tenant vouches for it, and another tenant's word only through its trust.
#[test]
fn v09_devices_of_other_tenants_are_seen_through_trust() {
    let of_guest = |tenant| on_device(guest(), tenant, Management::HybridJoined);
    let (home, here) = (of_guest(fabrikam()), of_guest(contoso()));
    let compliance = Trust {
        compliant_device: true,
        ..NO_TRUST
    };
    let join = Trust {
        hybrid_joined_device: true,
        ..NO_TRUST
    };
    let ext = ExtensionAttribute(1);
    for (sign_in, trust, property, text, fulfilled) in [
        (&home, NO_TRUST, Model, "SAW", false),
        (&home, MFA_TRUST, Model, "SAW", false),
        (&here, FULL_TRUST, Model, "SAW", false),
        (&home, compliance, Model, "SAW", true),
        (&home, join, Model, "SAW", true),
        // Each claim through its own trust.
        (&home, compliance, TrustType, "ServerAD", false),
        (&home, join, TrustType, "ServerAD", true),
        (&home, compliance, IsCompliant, "False", true),
        (&home, join, IsCompliant, "False", false),
        (&home, compliance, ext, "SAW", false),
        (&home, join, ext, "SAW", true),
    ] {
        let found = hits(trust, sign_in, filter(Include, property, Equal, text));
        assert_eq!(found, fulfilled, "{trust:?} {property:?} {text}");
    }
    let strangers = on_device(member(), fabrikam(), Management::Compliant);
    assert!(!hits(
        FULL_TRUST,
        &strangers,
        filter(Include, Model, Equal, "SAW")
    ));
}

#[test]
fn deprecated_device_states_are_left_out() {
    use DeviceState::{Compliant, DomainJoined};
    let sign_ins = [
        member(),
        on_device(member(), contoso(), Management::None),
        on_device(member(), contoso(), Management::Compliant),
        on_device(member(), contoso(), Management::HybridJoined),
        on_device(guest(), fabrikam(), Management::Compliant),
    ];
    for (states, expect) in [
        (vec![], [true; 5]),
        (vec![Compliant], [true, true, false, true, true]),
        (vec![DomainJoined], [true, true, true, false, true]),
        (
            vec![Compliant, DomainJoined],
            [true, true, false, false, true],
        ),
    ] {
        let found = sign_ins.each_ref().map(|sign_in| {
            hits(
                NO_TRUST,
                sign_in,
                DeviceCondition::AllExceptStates(states.clone()),
            )
        });
        assert_eq!(found, expect, "{states:?}");
    }
}
