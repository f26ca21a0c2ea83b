//! Reads the conditions on the client: its type and its platform.

use super::{check_include_side, check_stands_alone, read_name};
use crate::conditional_access::{ClientAppType, DevicePlatform, IncludeExclude, PlatformCondition};
use crate::document::{Findings, Members, Reason, shown_text};

pub(super) fn read_types(
    conditions: &Members<'_>,
    findings: &mut Findings,
) -> Option<Vec<ClientAppType>> {
    const TYPES: [(&str, ClientAppType); 5] = [
        ("browser", ClientAppType::Browser),
        (
            "mobileAppsAndDesktopClients",
            ClientAppType::MobileAppsAndDesktopClients,
        ),
        ("exchangeActiveSync", ClientAppType::ExchangeActiveSync),
        ("easSupported", ClientAppType::EasSupported),
        ("other", ClientAppType::Other),
    ];
    let given = conditions.texts("clientAppTypes", findings);
    check_stands_alone(&given, &["all"], "CA-V06", findings);
    let mut types = Vec::new();
    for (path, text) in given {
        if text.eq_ignore_ascii_case("all") {
            return None;
        }
        types.extend(read_name((path, text), &TYPES, Reason::Value, findings));
    }
    (!types.is_empty()).then_some(types)
}

pub(super) fn read_platforms(
    conditions: &Members<'_>,
    findings: &mut Findings,
) -> Option<IncludeExclude<PlatformCondition>> {
    let platforms = conditions.object("platforms", findings)?;
    platforms.refuse_unknown(&["includePlatforms", "excludePlatforms"], findings);
    let include = platforms.texts("includePlatforms", findings);
    let exclude = platforms.texts("excludePlatforms", findings);
    check_include_side(&platforms, "includePlatforms", include.len(), findings);
    check_stands_alone(&include, &["all"], "CA-V13", findings);
    for (path, text) in &exclude {
        if text.eq_ignore_ascii_case("all") {
            findings.add(
                path,
                Reason::Rule("CA-V13"),
                shown_text(text),
                "single platforms; `all` belongs to the include side",
            );
        }
    }
    let mut read = |list: Vec<(String, &str)>| {
        list.into_iter()
            .filter_map(|entry| read_platform(entry, findings))
            .collect()
    };
    Some(IncludeExclude {
        include: read(include),
        exclude: read(exclude),
    })
}

fn read_platform(entry: (String, &str), findings: &mut Findings) -> Option<PlatformCondition> {
    const PLATFORMS: [(&str, PlatformCondition); 7] = [
        ("all", PlatformCondition::All),
        (
            "android",
            PlatformCondition::Platform(DevicePlatform::Android),
        ),
        ("iOS", PlatformCondition::Platform(DevicePlatform::Ios)),
        (
            "windows",
            PlatformCondition::Platform(DevicePlatform::Windows),
        ),
        (
            "windowsPhone",
            PlatformCondition::Platform(DevicePlatform::WindowsPhone),
        ),
        ("macOS", PlatformCondition::Platform(DevicePlatform::MacOs)),
        ("linux", PlatformCondition::Platform(DevicePlatform::Linux)),
    ];
    read_name(entry, &PLATFORMS, Reason::Value, findings)
}
