//! What a row does not say, by the member that would have said it.

use portcullis_policy::what_if::{NotGiven, Signal};

macro_rules! missing {
    ($($(#[$doc:meta])* $one:ident = $member:literal, $sentence:literal;)*) => {
        /// Something that a policy asks for and a row does not say.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Missing {
            $($(#[$doc])* $one,)*
        }

        impl Missing {
            /// All of them, in the order in which they are told.
            pub const ALL: &'static [Self] = &[$(Self::$one),*];

            /// The member of a `signIn` that says it, or a name for what no member says.
            pub const fn member(self) -> &'static str {
                match self { $(Self::$one => $member),* }
            }

            /// What is not known, in words without a full stop.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$one => $sentence),* }
            }
        }
    };
}

missing! {
    /// Who.
    Subject = "userId", "who signed in";
    /// Where the account lives, and how it came in.
    Origin = "crossTenantAccessType", "whether the account is this tenant's own, and how it came in";
    /// Member or guest.
    UserType = "userType", "whether the user is a member or a guest";
    /// Groups and roles.
    Memberships = "memberships", "which groups and roles the user had: the world does not list this user";
    /// What was reached.
    Target = "resourceId", "which application was reached";
    /// What the application asked for by name.
    Contexts = "authenticationContextClassReferences", "whether an authentication context was asked for";
    /// By what kind of client.
    ClientApp = "clientAppUsed", "the kind of client";
    /// From what platform.
    Platform = "deviceDetail.operatingSystem", "the platform";
    /// From what address.
    IpAddress = "ipAddress", "the address";
    /// From what country.
    Country = "location.countryOrRegion", "the country";
    /// By the coordinates of an authenticator.
    GpsCountry = "gpsCountry", "the country by an authenticator's coordinates, which no log says";
    /// Through the compliant network.
    CompliantNetwork = "compliantNetwork", "whether it came through the compliant network, which no log says";
    /// How risky the sign-in was.
    SignInRisk = "riskLevelDuringSignIn", "the risk of the sign-in";
    /// How risky the user was.
    UserRisk = "userRisk", "the risk of the user at that time, which a `signIn` does not say";
    /// How risky the service principal was.
    ServicePrincipalRisk = "servicePrincipalRisk", "the risk of the service principal, which a `signIn` does not say";
    /// Insider risk.
    InsiderRisk = "insiderRisk", "the insider risk, which a `signIn` does not say";
    /// Which device.
    Device = "deviceDetail.deviceId", "whether a registered device was used";
    /// Whether it was compliant.
    Compliance = "deviceDetail.isCompliant", "whether the device was compliant";
    /// How it was joined.
    TrustType = "deviceDetail.trustType", "how the device was joined";
    /// What filters ask beside.
    DeviceAttributes = "deviceAttributes", "what a device filter asks for beyond what a `signIn` says of the device";
    /// Moved from another device.
    TransferMethod = "originalTransferMethod", "whether the session was moved from another device";
    /// Whether a second factor was proven.
    Mfa = "authenticationDetails", "whether multifactor authentication was proven";
    /// By which method.
    Method = "authenticationDetails.authenticationMethod", "by which method it was proven";
    /// How long ago.
    ProofAge = "authenticationDetails.authenticationStepDateTime", "how old the proof was";
    /// Accepted terms.
    TermsOfUse = "termsOfUse", "whether the terms of use were accepted, which a `signIn` does not say";
    /// Custom controls.
    CustomControls = "customControls", "whether the custom control was met, which a `signIn` does not say";
    /// Approved or protected application.
    ClientProtection = "clientProtection", "whether the client application is approved or protected, which a `signIn` does not say";
    /// Changed password, remediated risk.
    Remediation = "remediation", "whether the password was changed or the risk remediated, which a `signIn` does not say";
}

/// A set of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MissingSet(u32);

impl MissingSet {
    /// Nothing.
    pub const NOTHING: Self = Self(0);

    /// This set and one more.
    #[must_use]
    pub const fn with(self, one: Missing) -> Self {
        Self(self.0 | 1 << one as u32)
    }

    /// What is in either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Adds one.
    pub const fn add(&mut self, one: Missing) {
        *self = self.with(one);
    }

    /// Whether it is in the set.
    pub const fn contains(self, one: Missing) -> bool {
        self.0 & 1 << one as u32 != 0
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its members, in the order in which they are told.
    pub fn iter(self) -> impl Iterator<Item = Missing> {
        let all = Missing::ALL.iter().copied();
        all.filter(move |one| self.contains(*one))
    }

    /// The signals of a What If that are left out with these.
    pub fn not_given(self) -> NotGiven {
        self.iter().filter_map(signal).collect()
    }
}

impl FromIterator<Missing> for MissingSet {
    fn from_iter<T: IntoIterator<Item = Missing>>(all: T) -> Self {
        all.into_iter().fold(Self::NOTHING, Self::with)
    }
}

/// The condition that is left open with it; the others are no conditions.
const fn signal(missing: Missing) -> Option<Signal> {
    match missing {
        Missing::ClientApp => Some(Signal::ClientAppType),
        Missing::Platform => Some(Signal::DevicePlatform),
        Missing::IpAddress => Some(Signal::IpAddress),
        Missing::Country => Some(Signal::Country),
        Missing::GpsCountry => Some(Signal::GpsCountry),
        Missing::CompliantNetwork => Some(Signal::CompliantNetwork),
        Missing::SignInRisk => Some(Signal::SignInRisk),
        Missing::UserRisk => Some(Signal::UserRisk),
        Missing::ServicePrincipalRisk => Some(Signal::ServicePrincipalRisk),
        Missing::InsiderRisk => Some(Signal::InsiderRisk),
        Missing::Device | Missing::Compliance | Missing::TrustType | Missing::DeviceAttributes => {
            Some(Signal::Device)
        }
        Missing::TransferMethod => Some(Signal::AuthenticationFlow),
        Missing::Subject
        | Missing::Origin
        | Missing::UserType
        | Missing::Memberships
        | Missing::Target
        | Missing::Contexts
        | Missing::Mfa
        | Missing::Method
        | Missing::ProofAge
        | Missing::TermsOfUse
        | Missing::CustomControls
        | Missing::ClientProtection
        | Missing::Remediation => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in_and_names_each_once() {
        let all: MissingSet = Missing::ALL.iter().copied().collect();
        assert_eq!(all.iter().collect::<Vec<_>>(), Missing::ALL);
        assert!(MissingSet::NOTHING.is_empty() && MissingSet::NOTHING.iter().next().is_none());
        let mut names: Vec<_> = Missing::ALL.iter().map(|one| one.member()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Missing::ALL.len());
        let two = MissingSet::NOTHING
            .with(Missing::Country)
            .with(Missing::Mfa);
        assert_eq!(two.and(all), two);
        assert!(two.not_given().contains(Signal::Country));
        assert!(!two.not_given().contains(Signal::IpAddress));
    }
}
