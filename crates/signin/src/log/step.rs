//! The steps of an attempt, in the words of Graph's `authenticationDetails`.

use portcullis_model::Timestamp;
use portcullis_model::credential::{AuthenticationMethod, Factor};
use portcullis_model::id::TenantId;
use portcullis_model::sign_in_log::AuthenticationDetail;
use portcullis_policy::facts::Proof;

/// What R's row says when the home tenant's MFA was believed (specification 8.1).
pub const MFA_BY_CLAIM: &str = "MFA requirement satisfied by claim in the token";
const FIRST_FACTOR_BY_CLAIM: &str = "First factor requirement satisfied by claim in the token";

/// What was proven before and during an attempt, and what was tried and failed.
#[derive(Debug, Clone, Copy)]
pub struct Steps<'a> {
    /// Every proof the attempt stands on, each with its tenant.
    pub proofs: &'a [Proof],
    /// Proofs from then on were given in this attempt; older ones were there already.
    pub began_at: Timestamp,
    /// A proof that was tried and was wrong.
    pub failed: Option<FailedStep>,
}

/// A proof that was tried and was wrong.
#[derive(Debug, Clone, Copy)]
pub struct FailedStep {
    /// In which tenant.
    pub tenant: TenantId,
    /// Which method.
    pub method: AuthenticationMethod,
    /// When.
    pub at: Timestamp,
}

/// Who reads the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    /// The tenant whose application is reached: proofs of the home tenant come to it as claims.
    ResourceTenant,
    /// The user's own tenant: what happened elsewhere is not its business.
    HomeTenant,
}

impl Steps<'_> {
    /// No proof at all: client credentials, or refusals before anything was asked.
    pub const fn none(at: Timestamp) -> Self {
        Self {
            proofs: &[],
            began_at: at,
            failed: None,
        }
    }

    /// The steps as `tenant` may see them, in the order of time.
    pub fn details(&self, tenant: TenantId, viewer: Viewer) -> Vec<AuthenticationDetail> {
        let mut proofs = self.proofs.to_vec();
        proofs.sort_by_key(|proof| proof.at);
        let seen = proofs
            .iter()
            .filter(|proof| proof.tenant == tenant || viewer == Viewer::ResourceTenant)
            .map(|proof| self.detail(proof, tenant));
        let failed = self
            .failed
            .filter(|step| step.tenant == tenant)
            .map(|step| AuthenticationDetail {
                authentication_step_date_time: step.at,
                authentication_method: method_text(step.method).to_owned(),
                authentication_method_detail: None,
                succeeded: false,
                authentication_step_result_detail: failure_text(step.method).to_owned(),
                authentication_step_requirement: requirement_text(step.method).to_owned(),
            });
        seen.chain(failed).collect()
    }

    fn detail(&self, proof: &Proof, viewer: TenantId) -> AuthenticationDetail {
        let given_here = proof.tenant == viewer && proof.at >= self.began_at;
        let (method, result) = match (given_here, is_second_factor(proof.method)) {
            (true, false) => (method_text(proof.method), "Correct password"),
            (true, true) => (method_text(proof.method), "MFA successfully completed"),
            (false, false) => ("Previously satisfied", FIRST_FACTOR_BY_CLAIM),
            (false, true) => ("Previously satisfied", MFA_BY_CLAIM),
        };
        AuthenticationDetail {
            authentication_step_date_time: proof.at,
            authentication_method: method.to_owned(),
            // The words above are those of Entra, which say less than we know.
            authentication_method_detail: Some(detail_text(proof, viewer)),
            succeeded: true,
            authentication_step_result_detail: result.to_owned(),
            authentication_step_requirement: requirement_text(proof.method).to_owned(),
        }
    }
}

/// The words of the log for a method.
fn method_text(method: AuthenticationMethod) -> &'static str {
    use AuthenticationMethod as M;
    match method {
        M::Password => "Password",
        M::Voice => "Phone call",
        M::HardwareOath | M::SoftwareOath => "OATH verification code",
        M::Sms => "Text message",
        M::Fido2 => "Passkey (FIDO2)",
        M::WindowsHelloForBusiness => "Windows Hello for Business",
        M::MicrosoftAuthenticatorPush => "Mobile app notification",
        M::DeviceBasedPush => "Phone sign-in",
        M::TemporaryAccessPassOneTime | M::TemporaryAccessPassMultiUse => "Temporary Access Pass",
        M::Email => "Email one-time passcode",
        M::X509CertificateSingleFactor | M::X509CertificateMultiFactor => "X.509 certificate",
        M::FederatedSingleFactor | M::FederatedMultiFactor => "Federated",
        M::QrCodePin => "QR code and PIN",
    }
}

/// Portcullis: which method it was, by Graph's name, and in which tenant; so that a sign-in can be decided again.
fn detail_text(proof: &Proof, viewer: TenantId) -> String {
    let name = proof.method.name();
    if proof.tenant == viewer {
        name.to_owned()
    } else {
        format!("{name} in the home tenant")
    }
}

/// Whether the log calls it the second step.
fn is_second_factor(method: AuthenticationMethod) -> bool {
    match method.factor() {
        Factor::Second => true,
        Factor::First | Factor::Both => false,
    }
}

fn requirement_text(method: AuthenticationMethod) -> &'static str {
    if is_second_factor(method) {
        "Multifactor authentication"
    } else {
        "Primary authentication"
    }
}

fn failure_text(method: AuthenticationMethod) -> &'static str {
    if is_second_factor(method) {
        "MFA denied; invalid verification code"
    } else {
        "Invalid username or password"
    }
}
