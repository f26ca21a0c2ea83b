//! The demo world, compiled in: the binary tells its stories without the repository beside it.

use crate::error::WorldError;
use crate::files::Files;
use crate::parse::{World, parse_world};

macro_rules! embedded {
    ($($file:literal,)*) => {
        &[$(($file, include_bytes!(concat!("../../../scenarios/two-organisations/", $file)).as_slice()),)*]
    };
}

/// The files of `scenarios/two-organisations`.
const TWO_ORGANISATIONS: &[(&str, &[u8])] = embedded![
    "README.md",
    "contoso/applications.json",
    "contoso/conditionalAccessPolicies/emergency-stop.json",
    "contoso/conditionalAccessPolicies/guest-sessions-are-short.json",
    "contoso/conditionalAccessPolicies/mfa-for-guests.json",
    "contoso/conditionalAccessPolicies/report-block-outside-trusted-locations.json",
    "contoso/conditionalAccessPolicies/vault-mfa-for-administrators.json",
    "contoso/conditionalAccessPolicies/vault-needs-a-compliant-device.json",
    "contoso/credentials.json",
    "contoso/crossTenantAccessPolicy.json",
    "contoso/groups.json",
    "contoso/namedLocations.json",
    "contoso/organization.json",
    "contoso/roleAssignments.json",
    "contoso/servicePrincipals.json",
    "contoso/users.json",
    "fabrikam/applications.json",
    "fabrikam/conditionalAccessPolicies/intranet-mfa.json",
    "fabrikam/credentials.json",
    "fabrikam/crossTenantAccessPolicy.json",
    "fabrikam/groups.json",
    "fabrikam/organization.json",
    "fabrikam/servicePrincipals.json",
    "fabrikam/users.json",
    "woodgrove/credentials.json",
    "woodgrove/crossTenantAccessPolicy.json",
    "woodgrove/organization.json",
    "woodgrove/servicePrincipals.json",
    "woodgrove/users.json",
];

/// The files of the demo world, for instance to write them into a folder.
pub fn two_organisations_files() -> Files {
    let files = TWO_ORGANISATIONS.iter();
    Files(
        files
            .map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec()))
            .collect(),
    )
}

/// The demo world itself (see `scenarios/two-organisations/README.md`).
pub fn two_organisations() -> Result<World, WorldError> {
    parse_world(&two_organisations_files())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_folder_is_compiled_in_whole() {
        let folder =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/two-organisations");
        assert_eq!(Files::read(&folder).unwrap(), two_organisations_files());
    }

    #[test]
    fn the_demo_world_is_a_world() {
        let world = two_organisations().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(world.tenants.len(), 3);
    }
}
