//! The groups of Microsoft's applications that a policy can name with one word, by application id.
//!
//! Microsoft admin portals: "Conditional Access: Target resources", section "Microsoft Admin Portals" (Entra docs, 2026).
//! Office 365: the names of "Apps included in Conditional Access Office 365 app suite" (Entra docs, 6 December 2024), with
//! the ids that "Verify first-party Microsoft applications in sign-in reports" (5 December 2023) publishes for them. Names
//! without a published id are not here; whoever needs one names the application itself.

use portcullis_model::id::ClientId;
use uuid::Uuid;

/// `MicrosoftAdminPortals`, ascending.
const MICROSOFT_ADMIN_PORTALS: [u128; 4] = [
    0x0000_0006_0000_0ff1_ce00_0000_0000_0000, // Microsoft Office 365 Portal
    0x497e_ffe9_df71_4043_a8bb_14cf_78c4_b63b, // Exchange Admin Center
    0x80cc_ca67_54bd_44ab_8625_4b79_c4dc_7775, // Microsoft 365 Security and Compliance Center
    0xc44b_4083_3bb0_49c1_b47d_974e_53cb_df3c, // Azure portal
];

/// `Office365`, ascending.
const OFFICE_365: [u128; 28] = [
    0x0000_0002_0000_0ff1_ce00_0000_0000_0000, // Office 365 Exchange Online
    0x0000_0003_0000_0ff1_ce00_0000_0000_0000, // Office 365 SharePoint Online
    0x0000_0004_0000_0ff1_ce00_0000_0000_0000, // Skype for Business Online
    0x0000_0005_0000_0ff1_ce00_0000_0000_0000, // Viva Engage
    0x0000_0006_0000_0ff1_ce00_0000_0000_0000, // Microsoft Office 365 Portal
    0x0000_0007_0000_0ff1_ce00_0000_0000_0000, // Microsoft Exchange Online Protection
    0x08e1_8876_6177_487e_b8b5_cf95_0c1e_598c, // SharePoint Online Web Client Extensibility
    0x0cd1_96ee_71bf_4fd6_a57c_b491_ffd4_fb1e, // Media Analysis and Transformation Service
    0x0f69_8dd4_f011_4d23_a33e_b364_16dc_b1e6, // OfficeClientService
    0x1fec_8e78_bce4_4aaf_ab1b_5451_cc38_7264, // Microsoft Teams
    0x243c_63a3_247d_41c5_9d83_7788_c43f_1c43, // Office Online Core SSO
    0x2d4d_3d8e_2be3_4bef_9f87_7875_a61c_29de, // OneNote
    0x4345_a7b9_9a63_4910_a426_3536_3201_d503, // O365 Suite UX
    0x4765_445b_32c6_49b0_83e6_1d93_7652_76ca, // OfficeHome
    0x4b23_3688_031c_404b_9a80_a4f3_f235_1f90, // Office.com
    0x5e3c_e6c0_2b1f_4285_8d4b_75ee_7878_7346, // Microsoft Teams Web Client
    0x66a8_8757_258c_4c72_893c_3e8b_ed4d_6899, // Office 365 Search Service
    0x80cc_ca67_54bd_44ab_8625_4b79_c4dc_7775, // Protection Center
    0x89be_e1f7_5e6e_4d8a_9f3d_ecd6_0125_9da7, // Office365 Shell WCSS-Client
    0x905f_cf26_4eb7_48a0_9ff0_8dcc_7194_b5ba, // Sway
    0x93d5_3678_613d_4013_afc1_62e9_e444_a0a5, // Office Online Add-in SSO
    0x944f_0bd1_117b_4b1c_af26_804e_d95e_767e, // Media Analysis and Transformation Service
    0x94c6_3fef_13a3_47bc_8074_75af_8c65_887a, // Office Delve
    0x95de_633a_083e_42f5_b444_a429_5d8e_9314, // Microsoft Whiteboard Services
    0xab9b_8c07_8f02_4f72_87fa_8010_5867_a763, // OneDrive SyncEngine
    0xc9a5_59d2_7aab_4f13_a6ed_e7e9_c52a_ec87, // Microsoft Forms
    0xcc15_fd57_2c6c_4117_a88c_83b1_d56b_4bbe, // Microsoft Teams Services
    0xcf53_fce8_def6_4aeb_8d30_b158_e7b1_cf83, // Microsoft Stream Portal
];

/// What `MicrosoftAdminPortals` means.
pub fn microsoft_admin_portals() -> impl Iterator<Item = ClientId> {
    let ids = MICROSOFT_ADMIN_PORTALS.into_iter();
    ids.map(|id| ClientId::new(Uuid::from_u128(id)))
}

/// What `Office365` means.
pub fn office_365() -> impl Iterator<Item = ClientId> {
    let ids = OFFICE_365.into_iter();
    ids.map(|id| ClientId::new(Uuid::from_u128(id)))
}

/// Whether `Office365` means this application too.
pub(crate) fn is_office_365(application: ClientId) -> bool {
    let id = application.uuid().as_u128();
    OFFICE_365.binary_search(&id).is_ok()
}

/// Whether `MicrosoftAdminPortals` means this application too.
pub(crate) fn is_microsoft_admin_portal(application: ClientId) -> bool {
    let id = application.uuid().as_u128();
    MICROSOFT_ADMIN_PORTALS.binary_search(&id).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lists_are_searchable_and_hold_what_the_documentation_names() {
        assert!(OFFICE_365.is_sorted());
        assert!(MICROSOFT_ADMIN_PORTALS.is_sorted());
        let all = OFFICE_365.iter().chain(&MICROSOFT_ADMIN_PORTALS);
        let mut ids = all.map(|id| ClientId::new(uuid::Uuid::from_u128(*id)));
        assert!(ids.all(portcullis_model::microsoft_application::is_microsoft_application));
        let id = |text: &str| text.parse::<ClientId>().unwrap();
        let share_point = id("00000003-0000-0ff1-ce00-000000000000");
        let azure_portal = id("c44b4083-3bb0-49c1-b47d-974e53cbdf3c");
        assert!(is_office_365(share_point) && !is_microsoft_admin_portal(share_point));
        assert!(!is_office_365(azure_portal) && is_microsoft_admin_portal(azure_portal));
        assert!(!is_office_365(ClientId::DIRECTORY));
    }
}
