//! Generated tenants and sign-ins of a small universe, so that policies and sign-ins meet: a few of each thing, borders and
//! empty lists among them.

mod filters;
mod policies;
mod sign_ins;

pub(crate) use policies::configuration;
pub(crate) use sign_ins::sign_in;

use portcullis_model::authentication_context::AuthenticationContextId;
use portcullis_model::conditional_access::DevicePlatform;
use portcullis_model::country::CountryCode;
use portcullis_model::credential::{AuthenticationMethod, AuthenticationMethods};
use portcullis_model::id::{ClientId, ServicePrincipalId, TenantId};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::world::*;

/// How many sign-ins each test of the normal run generates. The example `differential` runs as many as it is told.
pub(crate) const CASES: u32 = 600;

/// A part of a suite that policies name as a whole.
const EXCHANGE: u128 = 0x0000_0002_0000_0ff1_ce00_0000_0000_0000;
/// The portal that administrators use.
const AZURE_PORTAL: u128 = 0xc44b_4083_3bb0_49c1_b47d_974e_53cb_df3c;

/// Everything that can be reached.
fn audiences() -> Vec<ClientId> {
    [0xa1, 0xa2, 0xa3, EXCHANGE, AZURE_PORTAL].map(id).into()
}

fn application() -> impl Strategy<Value = ClientId> + Clone {
    prop_oneof![
        3 => Just(payroll()),
        3 => Just(id(0xa2)),
        2 => Just(id(0xa3)),
        1 => Just(id(EXCHANGE)),
        1 => Just(id(AZURE_PORTAL)),
    ]
}

/// Of this tenant alone, of other tenants too, from another tenant, unknown.
fn service_principal() -> impl Strategy<Value = ServicePrincipalId> + Clone {
    select(vec![0x51, 0x51, 0x51, 0x52, 0x53, 0x54]).prop_map(id)
}

fn tenant_of() -> impl Strategy<Value = TenantId> {
    select(vec![contoso(), fabrikam(), woodgrove()])
}

fn small() -> impl Strategy<Value = u128> + Clone {
    1..=3u128
}

fn context() -> impl Strategy<Value = AuthenticationContextId> + Clone {
    select(
        ["c1", "c2", "c99"]
            .map(|text| text.parse().unwrap())
            .to_vec(),
    )
}

fn country() -> impl Strategy<Value = CountryCode> + Clone {
    select(
        ["NL", "DE", "US"]
            .map(|text| text.parse().unwrap())
            .to_vec(),
    )
}

fn platform() -> impl Strategy<Value = DevicePlatform> + Clone {
    select(vec![
        DevicePlatform::Windows,
        DevicePlatform::Ios,
        DevicePlatform::Linux,
    ])
}

fn methods_of(
    all: &[AuthenticationMethod],
    count: usize,
) -> impl Strategy<Value = AuthenticationMethods> {
    subsequence(all.to_vec(), 0..=count).prop_map(|list| {
        let none = AuthenticationMethods::NONE;
        list.into_iter().fold(none, AuthenticationMethods::with)
    })
}

/// Two kinds of security key, two issuers, two policies.
const AAGUIDS: [u128; 2] = [0xf1d0, 0xf1d1];
const ISSUERS: [&str; 2] = ["aa01", "BB02"];
const OIDS: [&str; 2] = ["1.2.3", "1.2.4"];
/// What attributes and rules say.
const TEXTS: [&str; 6] = ["SAW", "saw-01", "Contoso SAW", "s", "", "10.0.19045"];
