//! The words of a row for kinds of clients, platforms, risk and flows.

use portcullis_model::conditional_access::signal::{RiskLevel, TransferMethod};
use portcullis_model::conditional_access::{ClientAppType, DevicePlatform};
use portcullis_policy::platform::platform_of_user_agent;

use crate::replay::proven::Log;
use crate::replay::row::{Row, said};

/// The kind of client by the words of the log: what is no browser and no modern client is a legacy protocol.
pub(super) fn client_app_type(text: &str) -> Option<ClientAppType> {
    const LEGACY: [&str; 17] = [
        "Other clients",
        "Authenticated SMTP",
        "SMTP",
        "Autodiscover",
        "Exchange Online PowerShell",
        "Exchange Web Services",
        "IMAP",
        "IMAP4",
        "MAPI Over HTTP",
        "Offline Address Book",
        "Other clients; Older Office clients",
        "Other clients; IMAP",
        "Other clients; POP",
        "Other clients; SMTP",
        "Outlook Anywhere (RPC over HTTP)",
        "POP3",
        "Reporting Web Services",
    ];
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    if is("Browser") {
        Some(ClientAppType::Browser)
    } else if is("Mobile Apps and Desktop clients") {
        Some(ClientAppType::MobileAppsAndDesktopClients)
    } else if is("Exchange ActiveSync") {
        Some(ClientAppType::ExchangeActiveSync)
    } else {
        LEGACY
            .iter()
            .any(|word| is(word))
            .then_some(ClientAppType::Other)
    }
}

/// The platform: by the user agent where there is one, as at a sign-in; else by the name of the operating system. Outer `None`: the
/// row does not say.
#[expect(
    clippy::option_option,
    reason = "an unknown platform is something that a row may say"
)]
pub(super) fn platform(row: &Row<'_>, log: Log) -> Option<Option<DevicePlatform>> {
    let user_agent = said(row.user_agent.as_ref());
    let device = row.device_detail.as_ref();
    let system = said(device.and_then(|device| device.operating_system.as_ref()));
    match (user_agent.map(platform_of_user_agent), system) {
        (Some(Some(platform)), _) => Some(Some(platform)),
        (_, Some(system)) => {
            let system = system.to_ascii_lowercase();
            let words = [
                ("windows phone", DevicePlatform::WindowsPhone),
                ("windows", DevicePlatform::Windows),
                ("android", DevicePlatform::Android),
                ("ios", DevicePlatform::Ios),
                ("ipados", DevicePlatform::Ios),
                ("mac", DevicePlatform::MacOs),
                ("linux", DevicePlatform::Linux),
            ];
            let mut words = words.into_iter();
            let found = words.find(|(word, _)| system.starts_with(word));
            found.map(|(_, platform)| Some(platform))
        }
        // Our server read the platform from there and found none.
        (Some(None), None) => Some(None),
        (None, None) => match log {
            Log::Own => Some(None),
            Log::Other => None,
        },
    }
}

/// A level of risk; `hidden`, and whatever comes in future, says nothing.
pub(super) fn risk(text: &str) -> Option<RiskLevel> {
    match text {
        "none" => Some(RiskLevel::None),
        "low" => Some(RiskLevel::Low),
        "medium" => Some(RiskLevel::Medium),
        "high" => Some(RiskLevel::High),
        _ => None,
    }
}

/// How the session was moved; outer `None`: the row does not say.
#[expect(
    clippy::option_option,
    reason = "not at all is something that a row may say"
)]
pub(super) fn transfer_method(row: &Row<'_>) -> Option<Option<TransferMethod>> {
    match said(row.original_transfer_method.as_ref()) {
        Some("none") => return Some(None),
        Some("deviceCodeFlow") => return Some(Some(TransferMethod::DeviceCodeFlow)),
        Some("authenticationTransfer") => {
            return Some(Some(TransferMethod::AuthenticationTransfer));
        }
        Some(_) | None => {}
    }
    match said(row.authentication_protocol.as_ref()) {
        Some("deviceCode") => Some(Some(TransferMethod::DeviceCodeFlow)),
        Some("authenticationTransfer") => Some(Some(TransferMethod::AuthenticationTransfer)),
        Some(_) | None => None,
    }
}
