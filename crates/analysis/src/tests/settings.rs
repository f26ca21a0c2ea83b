//! Random cross-tenant access settings: default and partners, both halves allowed or blocked, trust, service providers.

use portcullis_model::cross_tenant_access::{
    AccessType, B2bSetting, CrossTenantAccessPolicy, CrossTenantPartner, CrossTenantSettings,
    InboundTrust, Target, TargetConfiguration, TargetType,
};

use super::dice::Dice;
use super::worlds::{AZURE_PORTAL, FABRIKAM, ONLY_IN_SETTINGS, OWN, WOODGROVE, id};

/// Accounts of other tenants that settings name, and a group of theirs.
pub(super) const ACCOUNTS: [u128; 2] = [0x91, 0x92];
pub(super) const GROUP: u128 = 0x95;

pub(super) fn of_own(dice: &mut Dice) -> CrossTenantAccessPolicy {
    let mut partners = Vec::new();
    for tenant in [FABRIKAM, WOODGROVE] {
        if dice.chance(70) {
            partners.push(CrossTenantPartner {
                tenant_id: id(tenant),
                is_service_provider: dice.maybe(70, &[true, false]),
                settings: settings(dice),
            });
        }
    }
    CrossTenantAccessPolicy {
        default: settings(dice),
        partners,
    }
}

/// Mostly one that lets everybody out.
pub(super) fn of_fabrikam(dice: &mut Dice) -> CrossTenantAccessPolicy {
    let mut default = settings(dice);
    if dice.chance(60) {
        let all = || {
            Some(setting(
                AccessType::Allowed,
                &["AllUsers"],
                AccessType::Allowed,
                &["AllApplications"],
            ))
        };
        default.b2b_collaboration_outbound = all();
        default.b2b_direct_connect_outbound = all();
    }
    let mut partners = Vec::new();
    if dice.chance(20) {
        partners.push(CrossTenantPartner {
            tenant_id: id(OWN),
            is_service_provider: None,
            settings: settings(dice),
        });
    }
    if dice.chance(10) {
        let other = &mut default.other;
        other.insert("blockServiceProviderOutboundAccess".into(), true.into());
    }
    CrossTenantAccessPolicy { default, partners }
}

fn settings(dice: &mut Dice) -> CrossTenantSettings {
    let gate = |dice: &mut Dice, percent| dice.chance(percent).then(|| some_setting(dice));
    let mut settings = CrossTenantSettings {
        b2b_collaboration_inbound: gate(dice, 30),
        b2b_collaboration_outbound: gate(dice, 30),
        b2b_direct_connect_inbound: gate(dice, 70),
        b2b_direct_connect_outbound: gate(dice, 70),
        ..CrossTenantSettings::default()
    };
    let flag = |dice: &mut Dice| dice.maybe(70, &[true, false]);
    if dice.chance(70) {
        settings.inbound_trust = Some(InboundTrust {
            is_mfa_accepted: flag(dice),
            is_compliant_device_accepted: flag(dice),
            is_hybrid_azure_ad_joined_device_accepted: flag(dice),
        });
    }
    settings
}

fn some_setting(dice: &mut Dice) -> B2bSetting {
    let access = [
        AccessType::Allowed,
        AccessType::Allowed,
        AccessType::Blocked,
    ];
    if dice.chance(30) {
        let all = (&["AllUsers"][..], &["AllApplications"][..]);
        return setting(AccessType::Allowed, all.0, AccessType::Allowed, all.1);
    }
    let account = |number: u128| id::<()>(number).to_string();
    let group = format!("g:{}", account(GROUP));
    let users = [
        "AllUsers".to_owned(),
        account(ACCOUNTS[0]),
        account(ACCOUNTS[1]),
        group,
    ];
    let users = dice.several(1, 2, &users);
    let applications = [
        "AllApplications".to_owned(),
        "Office365".to_owned(),
        account(0xa1),
        account(0xa3),
        account(AZURE_PORTAL),
        account(ONLY_IN_SETTINGS),
    ];
    let applications = dice.several(1, 2, &applications);
    let texts = |all: &[String]| {
        all.iter()
            .map(String::as_str)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (users, applications) = (texts(&users), texts(&applications));
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    let applications: Vec<&str> = applications.iter().map(String::as_str).collect();
    let mut made = setting(
        dice.pick(&access),
        &users,
        dice.pick(&access),
        &applications,
    );
    if dice.chance(15) {
        made.users_and_groups = None;
    }
    if dice.chance(15) {
        made.applications = None;
    }
    made
}

/// A user that begins with `g:` is a group.
fn setting(
    users_access: AccessType,
    users: &[&str],
    applications_access: AccessType,
    applications: &[&str],
) -> B2bSetting {
    let target = |target_type, target: &str| Target {
        target: target.to_owned(),
        target_type,
    };
    let user = |text: &&str| match text.strip_prefix("g:") {
        Some(group) => target(TargetType::Group, group),
        None => target(TargetType::User, text),
    };
    B2bSetting {
        users_and_groups: Some(TargetConfiguration {
            access_type: users_access,
            targets: users.iter().map(user).collect(),
        }),
        applications: Some(TargetConfiguration {
            access_type: applications_access,
            targets: applications
                .iter()
                .map(|text| target(TargetType::Application, text))
                .collect(),
        }),
    }
}
