//! What the words of What If mean to a selection.

use portcullis_model::conditional_access::signal::{RiskLevel, TransferMethod};
use portcullis_model::conditional_access::{ClientAppType, DevicePlatform, UserAction};
use portcullis_whatif::situation::{
    ClientAppWord, FlowWord, PlatformWord, RiskWord, UserActionWord, UserTypeWord,
};

use crate::who::SubjectKind;

pub(super) const fn kind(word: UserTypeWord) -> SubjectKind {
    match word {
        UserTypeWord::Member => SubjectKind::Member,
        UserTypeWord::InternalGuest => SubjectKind::InternalGuest,
        UserTypeWord::B2bCollaborationGuest => SubjectKind::B2bCollaborationGuest,
        UserTypeWord::B2bCollaborationMember => SubjectKind::B2bCollaborationMember,
        UserTypeWord::B2bDirectConnectUser => SubjectKind::B2bDirectConnectUser,
        UserTypeWord::OtherExternalUser => SubjectKind::OtherExternalUser,
        UserTypeWord::ServiceProvider => SubjectKind::ServiceProvider,
    }
}

pub(super) const fn action(word: UserActionWord) -> UserAction {
    match word {
        UserActionWord::RegisterSecurityInformation => UserAction::RegisterSecurityInformation,
        UserActionWord::RegisterOrJoinDevices => UserAction::RegisterOrJoinDevices,
    }
}

/// `easSupported` is a word of policies; a sign-in is Exchange `ActiveSync` or it is not.
pub(super) const fn client(word: ClientAppWord) -> ClientAppType {
    match word {
        ClientAppWord::Browser => ClientAppType::Browser,
        ClientAppWord::MobileAppsAndDesktopClients => ClientAppType::MobileAppsAndDesktopClients,
        ClientAppWord::ExchangeActiveSync | ClientAppWord::EasSupported => {
            ClientAppType::ExchangeActiveSync
        }
        ClientAppWord::Other => ClientAppType::Other,
    }
}

pub(super) const fn platform(word: PlatformWord) -> Option<DevicePlatform> {
    match word {
        PlatformWord::Android => Some(DevicePlatform::Android),
        PlatformWord::Ios => Some(DevicePlatform::Ios),
        PlatformWord::Windows => Some(DevicePlatform::Windows),
        PlatformWord::WindowsPhone => Some(DevicePlatform::WindowsPhone),
        PlatformWord::MacOs => Some(DevicePlatform::MacOs),
        PlatformWord::Linux => Some(DevicePlatform::Linux),
        PlatformWord::Unknown => None,
    }
}

pub(super) const fn risk(word: RiskWord) -> RiskLevel {
    match word {
        RiskWord::None => RiskLevel::None,
        RiskWord::Low => RiskLevel::Low,
        RiskWord::Medium => RiskLevel::Medium,
        RiskWord::High => RiskLevel::High,
    }
}

pub(super) const fn flow(word: FlowWord) -> Option<TransferMethod> {
    match word {
        FlowWord::None => None,
        FlowWord::DeviceCodeFlow => Some(TransferMethod::DeviceCodeFlow),
        FlowWord::AuthenticationTransfer => Some(TransferMethod::AuthenticationTransfer),
    }
}
