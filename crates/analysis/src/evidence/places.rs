//! In which tenant a method is proven: at home, where the user's credentials live, or here, where the resource is.
//!
//! A sign-in begins at home. Second factors count at home or here, as the tenant trusts MFA of that home or does not, and
//! never in both places (specification 2.4).

use portcullis_model::credential::{AuthenticationMethod, Factor};
use portcullis_model::id::TenantId;
use portcullis_policy::facts::Authenticator;

use super::{Evidence, Shown, Wallet};

/// Where a method is proven; of the tenant's own users it is the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProvenAt {
    /// In every place where it could count.
    Everywhere,
    /// Where the user's credentials live.
    Home,
    /// Where the resource is.
    Here,
}

impl ProvenAt {
    /// The proofs that there are then, each with the tenant that knows of it.
    pub(super) fn proofs(
        self,
        method: AuthenticationMethod,
        own: TenantId,
        home: TenantId,
    ) -> impl Iterator<Item = (TenantId, AuthenticationMethod)> {
        let (at_home, here) = match self {
            Self::Everywhere => (Some(home), (own != home).then_some(own)),
            Self::Home => (Some(home), None),
            Self::Here => (None, Some(own)),
        };
        // Beside a password such a certificate is a second factor, and a password by itself counts for nothing here.
        let is_certificate = method == AuthenticationMethod::X509CertificateSingleFactor;
        let beside =
            (self == Self::Here && is_certificate).then_some((own, AuthenticationMethod::Password));
        let tenants = at_home.into_iter().chain(here);
        tenants.map(move |tenant| (tenant, method)).chain(beside)
    }
}

/// Each proof once for each place where it could count by itself.
pub(super) fn apart(all: &[Shown]) -> Vec<Shown> {
    let mut apart = Vec::new();
    for shown in all {
        let Shown::Proof(method, authenticator, _) = shown else {
            apart.push(shown.clone());
            continue;
        };
        let at = |place| Shown::Proof(*method, authenticator.clone(), place);
        apart.push(at(ProvenAt::Home));
        if counts_here(*method, authenticator) {
            apart.push(at(ProvenAt::Here));
        }
    }
    apart
}

/// First factors count at home only, whoever is trusted, but for a certificate beside a password, whichever it is.
fn counts_here(method: AuthenticationMethod, authenticator: &Authenticator) -> bool {
    match method.factor() {
        Factor::Second | Factor::Both => true,
        Factor::First => {
            method == AuthenticationMethod::X509CertificateSingleFactor
                && *authenticator == Authenticator::Unnamed
        }
    }
}

impl Wallet {
    /// What of an evidence is shown wherever it could count, so that it does not matter what is trusted.
    pub(crate) fn wherever_it_counts(&self, evidence: Evidence) -> Evidence {
        let is_shown = |method, authenticator: &Authenticator, place| {
            let wanted = Shown::Proof(method, authenticator.clone(), place);
            self.shown(evidence).any(|(_, shown)| *shown == wanted)
        };
        let certificate = AuthenticationMethod::X509CertificateSingleFactor;
        let by_itself = Authenticator::Unnamed;
        let [password, certificate_here] = [
            (AuthenticationMethod::Password, ProvenAt::Home),
            (certificate, ProvenAt::Here),
        ]
        .map(|(method, place)| is_shown(method, &by_itself, place));
        let stays = |shown: &Shown| match shown {
            // What begins a sign-in; a certificate beside a password does more than that.
            Shown::Proof(method, _, ProvenAt::Home) if method.factor() == Factor::First => {
                *method != certificate || !password || certificate_here
            }
            Shown::Proof(method, authenticator, ProvenAt::Home) => {
                is_shown(*method, authenticator, ProvenAt::Here)
            }
            Shown::Proof(method, authenticator, ProvenAt::Here) => {
                let is_begun = method.factor() != Factor::First || password;
                is_begun && is_shown(*method, authenticator, ProvenAt::Home)
            }
            Shown::Proof(_, _, ProvenAt::Everywhere)
            | Shown::Accepted(_)
            | Shown::Vouched(_)
            | Shown::PasswordChanged
            | Shown::RiskRemediated => true,
        };
        let staying = self.shown(evidence).filter(|(_, shown)| stays(shown));
        staying.fold(Evidence::NONE, |so_far, (at, _)| so_far.with(at))
    }
}
