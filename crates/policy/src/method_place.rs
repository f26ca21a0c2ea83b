//! Which methods an authentication strength accepts of users of other tenants, by where they are proven (seed article,
//! Table 1; decision 1).

use portcullis_model::credential::AuthenticationMethod as M;

use crate::decision::Place;

/// One row of the table.
struct Row {
    method: M,
    /// Proven in the home tenant, whose word on MFA is trusted.
    at_home: bool,
    /// Proven in the resource tenant, because the home tenant's word is not trusted.
    in_resource: bool,
}

const fn row(method: M, [at_home, in_resource]: [bool; 2]) -> Row {
    Row {
        method,
        at_home,
        in_resource,
    }
}

const YES: bool = true;
const NO: bool = false;

/// Table 1 and what later editions say of the methods it leaves out. First factors have no row there: they are always
/// proven at home, and stand in a combination beside a method that has one.
const ROWS: [Row; 17] = [
    // Method                            home, resource
    row(M::Sms, [YES, YES]),
    row(M::Voice, [YES, YES]),
    row(M::MicrosoftAuthenticatorPush, [YES, YES]),
    // Decision 1: as the seed says; later editions accept it at home only.
    row(M::DeviceBasedPush, [YES, YES]),
    row(M::SoftwareOath, [YES, YES]),
    row(M::HardwareOath, [YES, NO]),
    row(M::Fido2, [YES, NO]),
    row(M::WindowsHelloForBusiness, [YES, NO]),
    // Not in the seed; specification 8.6.
    row(M::X509CertificateSingleFactor, [YES, NO]),
    row(M::X509CertificateMultiFactor, [YES, NO]),
    row(M::TemporaryAccessPassOneTime, [NO, NO]),
    row(M::TemporaryAccessPassMultiUse, [NO, NO]),
    row(M::FederatedMultiFactor, [NO, NO]),
    row(M::Email, [NO, NO]),
    // First factors.
    row(M::Password, [YES, YES]),
    row(M::FederatedSingleFactor, [YES, YES]),
    row(M::QrCodePin, [YES, YES]),
];

/// Whether the method counts for a strength when MFA of a user of another tenant is done in this place.
pub(crate) fn is_accepted(method: M, place: Place) -> bool {
    ROWS.iter()
        .find(|row| row.method == method)
        .is_some_and(|row| match place {
            Place::HomeTenant(_) => row.at_home,
            Place::ResourceTenant(_) => row.in_resource,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_model::id::TenantId;
    use uuid::Uuid;

    #[test]
    fn every_method_has_one_row() {
        for method in M::ALL {
            let rows = ROWS.iter().filter(|row| row.method == method);
            assert_eq!(rows.count(), 1, "{method:?}");
        }
    }

    /// The seed's own eight rows, spelled out once more.
    #[test]
    fn table_1_of_the_seed_article() {
        let tenant = TenantId::new(Uuid::from_u128(1));
        for (method, expect) in [
            (M::Sms, [true, true]),
            (M::Voice, [true, true]),
            (M::MicrosoftAuthenticatorPush, [true, true]),
            (M::DeviceBasedPush, [true, true]),
            (M::SoftwareOath, [true, true]),
            (M::HardwareOath, [true, false]),
            (M::Fido2, [true, false]),
            (M::WindowsHelloForBusiness, [true, false]),
        ] {
            let places = [Place::HomeTenant(tenant), Place::ResourceTenant(tenant)];
            let found = places.map(|place| is_accepted(method, place));
            assert_eq!(found, expect, "{method:?}");
        }
    }
}
