//! What a policy can look at and nobody may have said.

use portcullis_policy::what_if::{self, Reason};

use crate::word::words;

words! {
    /// What a policy looks at and nobody may have said; the word is the situation's member, where it has one.
    #[derive(PartialOrd, Ord)]
    Signal {
        /// Which user it is, of those whom policies name by an id.
        User = "user",
        /// The groups of the user.
        Groups = "groups",
        /// The roles of the user.
        Roles = "roles",
        /// What kind of user it is.
        UserType = "userType",
        /// The tenant that owns the user's account.
        HomeTenant = "homeTenant",
        /// Which application is reached, of those that policies call by a name that nothing has.
        App = "app",
        /// Which service principal signs in, of those that policies call by a name that nothing has.
        ServicePrincipal = "servicePrincipal",
        /// The kind of client.
        ClientApp = "clientApp",
        /// The platform.
        Platform = "platform",
        /// The address.
        Ip = "ip",
        /// The country, by the address.
        Country = "country",
        /// The country, by an authenticator's coordinates.
        GpsCountry = "gpsCountry",
        /// Whether the session comes through the compliant network.
        CompliantNetwork = "compliantNetwork",
        /// The device.
        Device = "device",
        /// The risk of the sign-in.
        SignInRisk = "signInRisk",
        /// The risk of the user.
        UserRisk = "userRisk",
        /// The risk of the service principal.
        ServicePrincipalRisk = "servicePrincipalRisk",
        /// Insider risk.
        InsiderRisk = "insiderRisk",
        /// The transfer from another device.
        Flow = "flow",
        /// The custom security attributes of an application: a file of service principals has them.
        CustomSecurityAttributes = "customSecurityAttributes",
        /// What the tenant believes of the user's own one, and whether it lets its users in.
        Trust = "trust",
        /// What was proven: with what security key or certificate.
        Proven = "proven",
        /// What could still be proven.
        Methods = "methods",
        /// Terms of use that are accepted.
        Accepted = "accepted",
        /// Whether the client application is an approved one.
        ApprovedApp = "approvedApp",
        /// Whether the client application is under a protection policy.
        ProtectedApp = "protectedApp",
    }
}

impl Signal {
    /// Graph's reason where a policy asks for it and nobody said it; `None` for what no condition looks at.
    pub const fn condition(self) -> Option<Reason> {
        Some(match self {
            Self::User | Self::Groups | Self::Roles | Self::UserType | Self::HomeTenant => {
                Reason::Users
            }
            Self::ClientApp => Reason::ClientApps,
            Self::Platform => Reason::DevicePlatform,
            Self::Ip | Self::Country | Self::GpsCountry | Self::CompliantNetwork => {
                Reason::Location
            }
            Self::Device => Reason::Devices,
            Self::SignInRisk => Reason::SignInRisk,
            Self::UserRisk => Reason::UserRisk,
            Self::ServicePrincipalRisk => Reason::ServicePrincipalRisk,
            Self::InsiderRisk => Reason::InsiderRisk,
            Self::Flow => Reason::AuthenticationFlow,
            Self::App | Self::CustomSecurityAttributes => Reason::Application,
            Self::ServicePrincipal => Reason::WorkloadIdentities,
            Self::Trust
            | Self::Proven
            | Self::Methods
            | Self::Accepted
            | Self::ApprovedApp
            | Self::ProtectedApp => return None,
        })
    }
}

impl From<what_if::Signal> for Signal {
    fn from(signal: what_if::Signal) -> Self {
        match signal {
            what_if::Signal::ClientAppType => Self::ClientApp,
            what_if::Signal::DevicePlatform => Self::Platform,
            what_if::Signal::IpAddress => Self::Ip,
            what_if::Signal::Country => Self::Country,
            what_if::Signal::GpsCountry => Self::GpsCountry,
            what_if::Signal::CompliantNetwork => Self::CompliantNetwork,
            what_if::Signal::SignInRisk => Self::SignInRisk,
            what_if::Signal::UserRisk => Self::UserRisk,
            what_if::Signal::ServicePrincipalRisk => Self::ServicePrincipalRisk,
            what_if::Signal::InsiderRisk => Self::InsiderRisk,
            what_if::Signal::Device => Self::Device,
            what_if::Signal::AuthenticationFlow => Self::Flow,
        }
    }
}
