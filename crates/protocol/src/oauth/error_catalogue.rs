//! Every numbered refusal of the house: its number, its name, and what a person is told (specification 12).
//!
//! The numbers are those of Microsoft's list where the meaning is the same, so that runbooks and client
//! libraries keep working; our own start at 9,900,000 (decision 21).

#![expect(
    clippy::unreadable_literal,
    reason = "people look for these numbers as they are written in logs and on pages"
)]

use super::error::OauthError;

/// Where a refusal is going: the same reason has another OAuth code in each place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// The authorization endpoint with a person in front of it.
    Interactive,
    /// The authorization endpoint with `prompt=none`.
    Silent,
    /// The token endpoint.
    Token,
}

/// What kind of refusal it is; decides the OAuth code per [`Channel`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The client sent something wrong; the OAuth code is the same everywhere.
    Fixed(OauthError),
    /// Nobody is signed in, or the sign-in no longer counts.
    NeedsSignIn,
    /// A person could go on at a page: more proof, registration, a choice.
    NeedsInteraction,
    /// A person would have to consent.
    NeedsConsent,
    /// Nothing the person does now helps.
    Refused,
}

/// The `suberror` that client libraries act upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suberror {
    /// The user can resolve it interactively with a simple action.
    BasicAction,
    /// The user can only read why.
    MessageOnly,
    /// Consent is missing.
    ConsentRequired,
    /// The refresh token is no good; drop it.
    BadToken,
}

impl Suberror {
    /// The value on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BasicAction => "basic_action",
            Self::MessageOnly => "message_only",
            Self::ConsentRequired => "consent_required",
            Self::BadToken => "bad_token",
        }
    }
}

impl ErrorCode {
    /// The OAuth code of this refusal where it is going (specification 12, last paragraph; requirement C07).
    pub fn oauth_error(self, channel: Channel) -> OauthError {
        match (self.kind(), channel) {
            (Kind::Fixed(error), _) => error,
            (Kind::NeedsSignIn, Channel::Silent) => OauthError::LoginRequired,
            (Kind::NeedsInteraction, Channel::Silent | Channel::Token) => {
                OauthError::InteractionRequired
            }
            (Kind::NeedsConsent, Channel::Silent) => OauthError::ConsentRequired,
            (
                Kind::NeedsSignIn | Kind::NeedsInteraction | Kind::NeedsConsent | Kind::Refused,
                Channel::Interactive,
            )
            | (Kind::Refused, Channel::Silent) => OauthError::AccessDenied,
            (Kind::NeedsSignIn | Kind::NeedsConsent | Kind::Refused, Channel::Token) => {
                OauthError::InvalidGrant
            }
        }
    }

    /// The `suberror` that goes with it, at the token endpoint only.
    pub fn suberror(self, channel: Channel) -> Option<Suberror> {
        match (channel, self.kind()) {
            (Channel::Interactive | Channel::Silent, _) | (Channel::Token, Kind::Fixed(_)) => None,
            (Channel::Token, Kind::NeedsSignIn) => Some(Suberror::BadToken),
            (Channel::Token, Kind::NeedsInteraction) => Some(Suberror::BasicAction),
            (Channel::Token, Kind::NeedsConsent) => Some(Suberror::ConsentRequired),
            (Channel::Token, Kind::Refused) => Some(Suberror::MessageOnly),
        }
    }
}

macro_rules! catalogue {
    ($($number:literal $variant:ident [$kind:expr] $what:literal $next:literal;)*) => {
        /// A numbered refusal. The name is the symbolic one of the published list.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ErrorCode {
            $(#[doc = $what] $variant,)*
        }

        impl ErrorCode {
            /// All of them, for the look-up page and the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The number a person reads out to the help desk.
            pub fn number(self) -> u32 {
                match self { $(Self::$variant => $number,)* }
            }

            /// The symbolic name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant),)* }
            }

            /// What happened, in words for the person in front of the page.
            pub fn summary(self) -> &'static str {
                match self { $(Self::$variant => $what,)* }
            }

            /// What to do next.
            pub fn advice(self) -> &'static str {
                match self { $(Self::$variant => $next,)* }
            }

            /// What kind of refusal it is.
            pub fn kind(self) -> Kind {
                match self { $(Self::$variant => $kind,)* }
            }

            /// The refusal with this number.
            pub fn find(number: u32) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

use Kind::{Fixed, NeedsConsent, NeedsInteraction, NeedsSignIn, Refused};
use OauthError::{
    InvalidClient, InvalidGrant, InvalidRequest, InvalidScope, RequestNotSupported,
    RequestUriNotSupported, ServerError, TemporarilyUnavailable, UnauthorizedClient,
    UnmetAuthenticationRequirements, UnsupportedGrantType, UnsupportedResponseType,
};

// Texts keep to the characters RFC 6749 allows in error_description (requirement B15): ASCII without quotes and backslash.
catalogue! {
    // Who is signing in.
    16000 InteractionRequired [NeedsInteraction] "More than one account could be meant, or this account is not in the organization." "Choose the account to use.";
    50034 UserAccountNotFound [Refused] "This account does not exist in this organization." "Check the address, or ask the organization to invite you.";
    50020 UserUnauthorized [Refused] "Your account is not a guest of the organization that owns this application." "Ask the organization to invite you, or sign in with another account.";
    90072 PassThroughUserMfaError [Refused] "This account is not known in the organization that owns the application." "It must be added there as an external user first, or another account used.";
    50014 GuestUserInPendingState [Refused] "You were invited but have not accepted the invitation yet." "Open the link in the invitation, then try again.";
    50126 InvalidUserNameOrPassword [Refused] "The account name or the password is not right." "Try again, or reset the password.";
    50053 IdsLocked [Refused] "There were too many failed attempts; sign-in is paused for a while." "Wait some minutes and try again, or ask your administrator.";
    50055 InvalidPasswordExpiredPassword [NeedsInteraction] "The password has expired." "Change it, then sign in again.";
    50057 UserDisabled [Refused] "This account is switched off." "Ask your administrator.";
    50058 UserInformationNotProvided [NeedsSignIn] "Nobody is signed in." "Sign in.";
    50125 PasswordResetRegistrationRequiredInterrupt [NeedsInteraction] "The sign-in was interrupted because the password must be reset." "Reset the password, then sign in again.";
    50140 KmsiInterrupt [NeedsInteraction] "The sign-in was paused to ask whether to stay signed in." "Answer the question.";
    50143 SessionMismatch [NeedsSignIn] "You are signed in with an account of another organization than the application asked for." "Sign out, or choose another account.";
    50105 EntitlementGrantsNotFound [Refused] "You are not assigned to this application." "Ask the owner of the application to assign you.";
    500202 PassThroughUsersNotSupportedOnTenantIndependentEndpoint [Refused] "Guests cannot sign in at an address that names no organization." "Open the address of the organization that invited you.";

    // Proof that is asked for.
    50072 UserStrongAuthEnrollmentRequiredInterrupt [NeedsInteraction] "A second step is required here, and you have not registered one." "Register a method, then go on.";
    50074 UserStrongAuthClientAuthNRequiredInterrupt [NeedsInteraction] "A second step is required." "Confirm that it is you.";
    50076 UserStrongAuthClientAuthNRequired [NeedsInteraction] "A second step is required for this application." "Sign in again and confirm that it is you.";
    50078 UserStrongAuthExpired [NeedsInteraction] "Your last second step was too long ago." "Confirm again that it is you.";
    50079 UserStrongAuthEnrollmentRequired [NeedsInteraction] "A second step is required for this application, and you have not registered one." "Sign in again to register a method.";
    500121 AuthenticationFailedDuringStrongAuthenticationRequest [Refused] "The second step failed, was denied or timed out." "Try again; if you did not start this sign-in, tell your administrator.";
    50097 DeviceAuthenticationRequired [NeedsInteraction] "The device must prove itself." "Use a device that is registered in your organization.";
    50129 DeviceIsNotWorkplaceJoined [Refused] "Terms of use are accepted on each registered device, and this one is not registered." "Register the device with your organization, then sign in again.";
    50142 PasswordChangeRequired [Refused] "Your password must be changed before you can go on, and that cannot be done here." "Ask your administrator to set a new password.";
    50158 ExternalSecurityChallenge [NeedsInteraction] "Another security check was not passed." "Try again and complete the check.";
    50173 FreshTokenNeeded [NeedsSignIn] "The sign-in was ended, for instance because the password changed." "Sign in again.";
    70043 BadTokenDueToSignInFrequency [NeedsSignIn] "This application asks for a sign-in more often, and yours is too old." "Sign in again.";
    700082 ExpiredOrRevokedGrantInactiveToken [NeedsSignIn] "The sign-in was not used for too long." "Sign in again.";
    50132 SsoArtifactInvalidOrExpired [NeedsSignIn] "The session is no longer valid." "Sign in again.";
    50133 SsoArtifactRevoked [NeedsSignIn] "The session was ended by you or an administrator." "Sign in again.";

    // Conditional Access.
    53000 DeviceNotCompliant [Refused] "The device does not meet the rules of its organization." "Use a device that does, or bring this one up to date.";
    53001 DeviceNotDomainJoined [Refused] "The device is not joined to its organization." "Use a device that is.";
    53002 ApplicationUsedIsNotAnApprovedApp [Refused] "The application used is not an approved one." "Use an approved application.";
    53003 BlockedByConditionalAccess [Refused] "You signed in, but a rule of the organization does not let you in under these circumstances." "Ask the organization; give them the numbers below.";
    53004 ProofUpBlockedDueToRisk [Refused] "A second step cannot be registered now, because this sign-in looks unusual." "Sign in from a place or device you normally use, or ask your administrator.";
    53009 AppProtectionPolicyRequired [Refused] "The application used is not under a protection policy of the organization." "Use an application that your organization protects.";
    53010 ProofUpBlockedDueToSecurityInfoAcr [Refused] "A second step cannot be registered from here." "Register it from a place or device the organization trusts.";
    53011 UserBlockedDueToRiskOnHomeTenant [Refused] "Your own organization has marked this account as at risk." "Ask the administrator of your own organization.";
    530004 AcceptCompliantDevice [Refused] "A managed device is required, and this organization does not accept what your organization says about your device." "Ask the organization that owns the application.";
    530033 DeviceCodeBlockedByDevicePolicy [Refused] "A managed device is required, and a sign-in by code from another device cannot show one." "Sign in on the device itself.";
    530034 DelegatedAdminBlockedDueToSuspiciousActivity [Refused] "The account of this service provider is marked as at risk." "Ask the administrator of your own organization.";
    54009 AuthenticationMethodNotSupported [Refused] "An authentication strength is required that none of your methods can give here." "Ask the organization which method to register.";

    // Cross-tenant access.
    500021 BlockedByTenantRestrictions [Refused] "Your network allows sign-in to certain organizations only." "Ask your administrator.";
    500212 NotAllowedByOutboundPolicyTenant [Refused] "Your own organization does not allow you to use applications of that organization." "Ask the administrator of your own organization.";
    500213 NotAllowedByInboundPolicyTenant [Refused] "The organization that owns the application does not let in people from your organization." "Ask the organization that owns the application.";
    90071 PartnerRequiresInboundMfaTrust [Refused] "A second step is required, and this organization does not accept the one done in yours." "Ask the organization that owns the application to accept it.";
    50177 ExternalChallengeNotSupportedForPassthroughUsers [Refused] "A check is required that people from other organizations cannot do here." "Ask the organization that owns the application.";
    50178 SessionControlNotSupportedForPassthroughUsers [Refused] "A session rule is required that cannot be applied to people from other organizations." "Ask the organization that owns the application.";

    // Consent.
    65001 DelegationDoesNotExist [NeedsConsent] "Nobody has agreed to what this application asks for." "Agree when asked, or ask an administrator to.";
    65004 UserDeclinedConsent [Refused] "You did not agree to what the application asks for." "Start again if you change your mind.";
    90094 AdminConsentRequired [Refused] "An administrator has to agree to what this application asks for." "Ask your administrator.";

    // Tenants and applications.
    90002 InvalidTenantName [Fixed(InvalidRequest)] "There is no organization with this name or id here." "Check the address.";
    50059 MissingTenantRealm [Fixed(InvalidRequest)] "It is not clear which organization is meant." "Sign in with a full address, or use the address of the organization.";
    50194 NotMultiTenantApplication [Fixed(InvalidRequest)] "This application belongs to one organization and cannot be reached without naming it." "Use the address of the organization instead of common or organizations.";
    700016 ApplicationNotFound [Fixed(UnauthorizedClient)] "This application is not known in this organization." "Check the application id and the organization.";
    7000112 ApplicationDisabled [Fixed(UnauthorizedClient)] "This application is switched off." "Ask the owner of the application.";
    500011 ResourceNotFound [Fixed(InvalidScope)] "The resource that was asked for is not known in this organization." "Check the resource in the scopes.";
    50011 InvalidReplyTo [Fixed(InvalidRequest)] "The address to return to is not registered for this application." "The owner of the application must register exactly this redirect URI.";
    500113 NoReplyAddress [Fixed(InvalidRequest)] "No address to return to is given, and it is not clear which is meant." "The application must send a redirect URI that is registered.";
    9001023 GrantTypeNotSupportedOnCommon [Fixed(InvalidRequest)] "This grant cannot be used without naming the organization." "Use the address of the organization instead of common or organizations.";

    // Requests.
    900144 MissingRequiredParameter [Fixed(InvalidRequest)] "A required parameter is missing." "The application must send it.";
    9000411 DuplicateParameter [Fixed(InvalidRequest)] "A parameter is given more than once." "The application must send each parameter once.";
    90013 InvalidUserInput [Fixed(InvalidRequest)] "A parameter has a value that cannot be used." "The application must send a valid value.";
    900561 BadHttpMethod [Fixed(InvalidRequest)] "This address does not take requests of this method, or with a body of this kind." "At the token endpoint the application must send a form by POST.";
    70005 UnsupportedResponseType [Fixed(UnsupportedResponseType)] "Only the response type code is supported." "The application must use the authorization code flow.";
    70007 UnsupportedResponseMode [Fixed(InvalidRequest)] "The response mode is not supported for this application." "The application must use query, fragment or form_post.";
    70011 InvalidScope [Fixed(InvalidScope)] "The scope is not valid." "The application must ask for scopes that exist.";
    901002 RequestParameterNotSupported [Fixed(RequestNotSupported)] "The parameter request is not supported." "The application must send plain parameters.";
    9900001 RequestUriParameterNotSupported [Fixed(RequestUriNotSupported)] "The parameter for request objects by reference is not supported." "The application must send plain parameters.";
    9900002 PkceRequired [Fixed(InvalidRequest)] "A code challenge with method S256 is required." "The application must use PKCE with S256.";
    9900003 EssentialClaimUnmet [Fixed(UnmetAuthenticationRequirements)] "The application asked for an assurance that cannot be given." "Ask the owner of the application.";
    9900004 SignInExpired [Refused] "This sign-in took too long, or was already used or started in another browser." "Go back to the application and start again.";
    9900010 SignInCancelled [NeedsSignIn] "You left the sign-in before it was done." "Start again from the application.";
    9900011 TermsOfUseNotShown [Refused] "The organization asks you to accept its terms of use, and they cannot be shown here." "Ask the organization to let you accept them in another way.";
    9900005 StrengthCannotBeMet [Refused] "An authentication strength is required that accounts of your kind cannot prove." "Ask the organization that owns the application.";

    // Clients at the token endpoint.
    7000215 InvalidClientSecret [Fixed(InvalidClient)] "The client secret is not right." "The application must send the secret itself, not its id.";
    7000218 MissingClientCredential [Fixed(InvalidClient)] "The application must authenticate with a secret or a signed assertion." "Send one of them, or register the redirect URI as that of a public client.";
    7000222 ExpiredClientSecret [Fixed(InvalidClient)] "The client secret has expired." "Create a new one.";
    700025 ClientIsPublic [Fixed(InvalidClient)] "The application is public, so neither a signed assertion nor a secret may be sent." "Leave them out.";
    700027 InvalidClientAssertion [Fixed(InvalidClient)] "The client assertion is not signed with a key of this application." "Sign it with a key that is registered.";
    700024 ClientAssertionOutsideValidity [Fixed(InvalidClient)] "The client assertion is not within its time of validity." "Check the clock; an assertion may be valid for ten minutes at most.";
    700023 ClientAssertionAudienceMismatch [Fixed(InvalidClient)] "The client assertion is meant for another audience." "Use the address of the token endpoint as audience.";
    9900006 ClientAssertionReplayed [Fixed(InvalidClient)] "The client assertion was used before." "Make a new one, with a new jti, for each request.";
    9900007 SeveralClientCredentials [Fixed(InvalidRequest)] "The application authenticates in more than one way." "Send one kind of client credential.";
    70001 UnauthorizedClientGrant [Fixed(UnauthorizedClient)] "The application may not use this grant." "Change its registration.";
    70003 UnsupportedGrantType [Fixed(UnsupportedGrantType)] "The grant type is not supported." "Use authorization_code, refresh_token or client_credentials.";
    1002012 InvalidClientCredentialsScope [Fixed(InvalidScope)] "When an application asks for itself, the scope is one resource followed by /.default." "Change the scope.";

    // Codes and refresh tokens.
    70000 InvalidGrant [Fixed(InvalidGrant)] "The code or refresh token is not valid." "Sign in again.";
    70008 ExpiredOrRevokedGrant [Fixed(InvalidGrant)] "The code or refresh token has expired or was revoked." "Sign in again.";
    54005 OAuth2AuthorizationCodeAlreadyRedeemed [Fixed(InvalidGrant)] "The code was already used." "Sign in again.";
    700005 CodeOfAnotherTenant [Fixed(InvalidGrant)] "The code is meant to be used against another organization." "Redeem it where it was issued.";
    700003 GrantOfAnotherClient [Fixed(InvalidGrant)] "The code or refresh token was issued to another application." "Sign in again.";
    501481 CodeVerifierMismatch [Fixed(InvalidGrant)] "The code verifier does not match the code challenge." "Start again.";
    9900008 RefreshTokenReused [Fixed(InvalidGrant)] "The refresh token was used before, so the whole sign-in has been ended." "Sign in again.";
    9900009 RedirectUriMismatch [Fixed(InvalidGrant)] "The redirect URI is not the one the code was issued for." "Send the same redirect URI in both requests.";

    // Our side.
    90033 MsodsServiceUnavailable [Fixed(TemporarilyUnavailable)] "The service cannot answer right now." "Try again in a moment.";
    90055 TooManyRequests [Fixed(TemporarilyUnavailable)] "There are too many requests." "Wait a moment, then try again.";
    9900000 InternalFault [Fixed(ServerError)] "Something went wrong on our side." "Try again; if it stays, give the numbers below to the operator.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::oauth::error::is_description_character;

    #[test]
    fn numbers_and_names_are_unique_and_found_again() {
        let numbers: BTreeSet<u32> = ErrorCode::ALL.iter().map(|code| code.number()).collect();
        assert_eq!(numbers.len(), ErrorCode::ALL.len());
        assert!(
            ErrorCode::ALL
                .iter()
                .all(|code| ErrorCode::find(code.number()) == Some(*code))
        );
        assert_eq!(ErrorCode::find(1), None);
    }

    #[test]
    fn b15_texts_keep_to_the_characters_of_the_rfc() {
        for code in ErrorCode::ALL {
            for text in [code.summary(), code.advice()] {
                assert!(
                    text.chars().all(is_description_character),
                    "{}: {text}",
                    code.name()
                );
                assert!(text.ends_with(['.']), "{}: {text}", code.name());
            }
        }
    }

    #[test]
    fn each_kind_has_its_oauth_code_in_each_channel() {
        use Channel::{Interactive, Silent, Token};
        let check = |code: ErrorCode, interactive: &str, silent: &str, token: &str| {
            let found =
                [Interactive, Silent, Token].map(|channel| code.oauth_error(channel).as_str());
            assert_eq!(found, [interactive, silent, token], "{}", code.name());
        };
        check(
            ErrorCode::UserInformationNotProvided,
            "access_denied",
            "login_required",
            "invalid_grant",
        );
        check(
            ErrorCode::UserStrongAuthClientAuthNRequired,
            "access_denied",
            "interaction_required",
            "interaction_required",
        );
        check(
            ErrorCode::DelegationDoesNotExist,
            "access_denied",
            "consent_required",
            "invalid_grant",
        );
        check(
            ErrorCode::BlockedByConditionalAccess,
            "access_denied",
            "access_denied",
            "invalid_grant",
        );
        check(
            ErrorCode::PartnerRequiresInboundMfaTrust,
            "access_denied",
            "access_denied",
            "invalid_grant",
        );
        check(
            ErrorCode::InvalidScope,
            "invalid_scope",
            "invalid_scope",
            "invalid_scope",
        );
        assert_eq!(
            ErrorCode::BlockedByConditionalAccess.suberror(Token),
            Some(Suberror::MessageOnly)
        );
        assert_eq!(
            ErrorCode::UserStrongAuthClientAuthNRequired.suberror(Token),
            Some(Suberror::BasicAction)
        );
        assert_eq!(ErrorCode::BlockedByConditionalAccess.suberror(Silent), None);
    }
}
