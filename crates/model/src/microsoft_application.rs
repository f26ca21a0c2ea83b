//! Microsoft's own applications, by the ids they have in every tenant: policies name them, and few directories list them all.
//!
//! From "Verify first-party Microsoft applications in sign-in reports" (Entra docs) and the pages of the products themselves.

use uuid::Uuid;

use crate::id::ClientId;

/// Ascending by id, with the names that the documentation gives them.
const APPLICATIONS: [(u128, &str); 60] = [
    (
        0x0000_0002_0000_0000_c000_0000_0000_0000,
        "Windows Azure Active Directory",
    ),
    (
        0x0000_0002_0000_0ff1_ce00_0000_0000_0000,
        "Office 365 Exchange Online",
    ),
    (0x0000_0003_0000_0000_c000_0000_0000_0000, "Microsoft Graph"),
    (
        0x0000_0003_0000_0ff1_ce00_0000_0000_0000,
        "Office 365 SharePoint Online",
    ),
    (
        0x0000_0004_0000_0ff1_ce00_0000_0000_0000,
        "Skype for Business Online",
    ),
    (0x0000_0005_0000_0ff1_ce00_0000_0000_0000, "Viva Engage"),
    (
        0x0000_0006_0000_0ff1_ce00_0000_0000_0000,
        "Microsoft Office 365 Portal",
    ),
    (0x0000_0007_0000_0000_c000_0000_0000_0000, "Dataverse"),
    (
        0x0000_0007_0000_0ff1_ce00_0000_0000_0000,
        "Microsoft Exchange Online Protection",
    ),
    (
        0x0000_0009_0000_0000_c000_0000_0000_0000,
        "Power BI Service",
    ),
    (
        0x0000_000a_0000_0000_c000_0000_0000_0000,
        "Microsoft Intune",
    ),
    (
        0x0000_000c_0000_0000_c000_0000_0000_0000,
        "Microsoft App Access Panel",
    ),
    (
        0x0000_0012_0000_0000_c000_0000_0000_0000,
        "Microsoft Rights Management Services",
    ),
    (
        0x0229_07d3_0f1b_48f7_badc_1ba6_abab_6d66,
        "Azure SQL Database",
    ),
    (
        0x04b0_7795_8ddb_461a_bbee_02f9_e1bf_7b46,
        "Microsoft Azure CLI",
    ),
    (
        0x05a6_5629_4c1b_48c1_a78b_804c_4abd_d4af,
        "Microsoft Cloud App Security",
    ),
    (
        0x08e1_8876_6177_487e_b8b5_cf95_0c1e_598c,
        "SharePoint Online Web Client Extensibility",
    ),
    (0x0af0_6dc6_e4b5_4f28_818e_e78e_62d1_37a5, "Windows 365"),
    (
        0x0cd1_96ee_71bf_4fd6_a57c_b491_ffd4_fb1e,
        "Media Analysis and Transformation Service",
    ),
    (
        0x0f69_8dd4_f011_4d23_a33e_b364_16dc_b1e6,
        "OfficeClientService",
    ),
    (
        0x14d8_2eec_204b_4c2f_b7e8_296a_70da_b67e,
        "Microsoft Graph Command Line Tools",
    ),
    (
        0x1950_a258_227b_4e31_a9cf_7174_9594_5fc2,
        "Microsoft Azure PowerShell",
    ),
    (0x19db_86c3_b2b9_44cc_b339_36da_233a_3be2, "My Signins"),
    (0x1fec_8e78_bce4_4aaf_ab1b_5451_cc38_7264, "Microsoft Teams"),
    (
        0x243c_63a3_247d_41c5_9d83_7788_c43f_1c43,
        "Office Online Core SSO",
    ),
    (
        0x270e_fc09_cd0d_444b_a71f_39af_4910_ec45,
        "Windows Cloud Login",
    ),
    (0x2793_995e_0a7d_40d7_bd35_6968_ba14_2197, "My Apps"),
    (
        0x29d9_ed98_a469_4536_ade2_f981_bc1d_605e,
        "Microsoft Authentication Broker",
    ),
    (0x2d4d_3d8e_2be3_4bef_9f87_7875_a61c_29de, "OneNote"),
    (
        0x3721_40e0_b3b7_4226_8ef9_d579_8679_6201,
        "Azure Windows VM Sign-In",
    ),
    (0x38aa_3b87_a06d_4817_b275_7a31_6988_d93b, "Windows Sign In"),
    (0x4345_a7b9_9a63_4910_a426_3536_3201_d503, "O365 Suite UX"),
    (
        0x4752_26c6_020e_4fb2_8a90_7a97_2cbf_c1d4,
        "PowerApps Service",
    ),
    (0x4765_445b_32c6_49b0_83e6_1d93_7652_76ca, "OfficeHome"),
    (
        0x4813_382a_8fa7_425e_ab75_3b75_3aab_3abb,
        "Microsoft Authenticator App",
    ),
    (
        0x497e_ffe9_df71_4043_a8bb_14cf_78c4_b63b,
        "Exchange Admin Center",
    ),
    (0x499b_84ac_1321_427f_aa17_267c_a697_5798, "Azure DevOps"),
    (0x4b23_3688_031c_404b_9a80_a4f3_f235_1f90, "Office.com"),
    (
        0x5e3c_e6c0_2b1f_4285_8d4b_75ee_7878_7346,
        "Microsoft Teams Web Client",
    ),
    (
        0x66a8_8757_258c_4c72_893c_3e8b_ed4d_6899,
        "Office 365 Search Service",
    ),
    (
        0x797f_4846_ba00_4fd7_ba43_dac1_f8f6_3013,
        "Windows Azure Service Management API",
    ),
    (
        0x7df0_a125_d3be_4c96_aa54_591f_83ff_541c,
        "Microsoft Flow Service",
    ),
    (
        0x80cc_ca67_54bd_44ab_8625_4b79_c4dc_7775,
        "Protection Center",
    ),
    (
        0x89be_e1f7_5e6e_4d8a_9f3d_ecd6_0125_9da7,
        "Office365 Shell WCSS-Client",
    ),
    (0x8c59_ead7_d703_4a27_9e55_c96a_0054_c8d2, "My Profile"),
    (0x905f_cf26_4eb7_48a0_9ff0_8dcc_7194_b5ba, "Sway"),
    (
        0x93d5_3678_613d_4013_afc1_62e9_e444_a0a5,
        "Office Online Add-in SSO",
    ),
    (
        0x944f_0bd1_117b_4b1c_af26_804e_d95e_767e,
        "Media Analysis and Transformation Service",
    ),
    (0x94c6_3fef_13a3_47bc_8074_75af_8c65_887a, "Office Delve"),
    (
        0x95de_633a_083e_42f5_b444_a429_5d8e_9314,
        "Microsoft Whiteboard Services",
    ),
    (
        0x9cde_ad84_a844_4324_93f2_b2e6_bb76_8d07,
        "Azure Virtual Desktop",
    ),
    (
        0xa4a3_65df_50f1_4397_bc59_1a15_64b8_bb9c,
        "Microsoft Remote Desktop",
    ),
    (
        0xab9b_8c07_8f02_4f72_87fa_8010_5867_a763,
        "OneDrive SyncEngine",
    ),
    (0xc44b_4083_3bb0_49c1_b47d_974e_53cb_df3c, "Azure portal"),
    (0xc9a5_59d2_7aab_4f13_a6ed_e7e9_c52a_ec87, "Microsoft Forms"),
    (
        0xcc15_fd57_2c6c_4117_a88c_83b1_d56b_4bbe,
        "Microsoft Teams Services",
    ),
    (
        0xcf53_fce8_def6_4aeb_8d30_b158_e7b1_cf83,
        "Microsoft Stream Portal",
    ),
    (0xcfa8_b339_82a2_471a_a3c9_0fc0_be7a_4093, "Azure Key Vault"),
    (
        0xd4eb_ce55_015a_49b5_a083_c84d_1797_ae8c,
        "Microsoft Intune Enrollment",
    ),
    (0xe406_a681_f3d4_42a8_90b6_c2b0_2949_7af1, "Azure Storage"),
];

/// The names that portals and people use beside those; they come first: who says `Microsoft Teams` means the service.
const OTHER_NAMES: [(u128, &str); 6] = [
    (0x0000_0002_0000_0ff1_ce00_0000_0000_0000, "Exchange Online"),
    (
        0x0000_0003_0000_0ff1_ce00_0000_0000_0000,
        "SharePoint Online",
    ),
    (
        0x797f_4846_ba00_4fd7_ba43_dac1_f8f6_3013,
        "Windows Azure Service Management API",
    ),
    (
        0x797f_4846_ba00_4fd7_ba43_dac1_f8f6_3013,
        "Microsoft Azure Management",
    ),
    (
        0x80cc_ca67_54bd_44ab_8625_4b79_c4dc_7775,
        "Microsoft 365 Security and Compliance Center",
    ),
    (0xcc15_fd57_2c6c_4117_a88c_83b1_d56b_4bbe, "Microsoft Teams"),
];

/// Whether this is one of them. A policy may name it wherever it is.
pub fn is_microsoft_application(application: ClientId) -> bool {
    let id = application.uuid().as_u128();
    named(id).is_some()
}

/// Those with this name, without regard to case and to space around it: none, one, or two that are called the same.
pub fn microsoft_applications_named(name: &str) -> Vec<ClientId> {
    let with_the_name = |list: &[(u128, &str)]| -> Vec<ClientId> {
        let found = list
            .iter()
            .filter(|(_, known)| known.eq_ignore_ascii_case(name.trim()));
        found
            .map(|(id, _)| ClientId::new(Uuid::from_u128(*id)))
            .collect()
    };
    let other = with_the_name(&OTHER_NAMES);
    if other.is_empty() {
        with_the_name(&APPLICATIONS)
    } else {
        other
    }
}

/// Every name of one of them, in no order.
pub fn microsoft_application_names() -> impl Iterator<Item = &'static str> {
    let lists = OTHER_NAMES.iter().chain(&APPLICATIONS);
    lists.map(|(_, name)| *name)
}

/// What people call this application, if it is one of them.
pub fn microsoft_application_name(application: ClientId) -> Option<&'static str> {
    let id = application.uuid().as_u128();
    let other = OTHER_NAMES.iter().find(|(known, _)| *known == id);
    other.map(|(_, name)| *name).or_else(|| named(id))
}

fn named(id: u128) -> Option<&'static str> {
    let index = APPLICATIONS.binary_search_by_key(&id, |(known, _)| *known);
    APPLICATIONS.get(index.ok()?).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_searchable_and_has_what_policies_name_most() {
        assert!(APPLICATIONS.is_sorted_by_key(|(id, _)| *id));
        let is_known = |id: &str| is_microsoft_application(id.parse().unwrap());
        assert!(is_known("797f4846-ba00-4fd7-ba43-dac1f8f63013"));
        assert!(is_known("00000003-0000-0ff1-ce00-000000000000"));
        assert!(is_known("d4ebce55-015a-49b5-a083-c84d1797ae8c"));
        assert!(is_microsoft_application(ClientId::DIRECTORY));
        assert!(!is_known("11111111-1111-4111-8111-111111111111"));
    }

    #[test]
    fn an_application_has_every_name_that_it_is_called_by() {
        let id = |text: &str| text.parse::<ClientId>().unwrap();
        let exchange = id("00000002-0000-0ff1-ce00-000000000000");
        for name in [" exchange online", "Office 365 Exchange Online"] {
            assert_eq!(microsoft_applications_named(name), [exchange]);
        }
        let teams = id("cc15fd57-2c6c-4117-a88c-83b1d56b4bbe");
        for name in ["Microsoft Teams", "Microsoft Teams Services"] {
            assert_eq!(microsoft_applications_named(name), [teams]);
        }
        let twice = "Media Analysis and Transformation Service";
        assert_eq!(microsoft_applications_named(twice).len(), 2);
        assert_eq!(microsoft_applications_named("Payroll"), []);
        assert_eq!(
            microsoft_application_name(exchange),
            Some("Exchange Online")
        );
        for (other, _) in OTHER_NAMES {
            assert!(named(other).is_some());
        }
    }
}
