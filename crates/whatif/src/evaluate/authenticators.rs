//! Security keys and certificates that were proven, and of which nobody said what a strength asks of them.

use std::collections::BTreeSet;

use portcullis_model::authentication_strength::{
    AuthenticationStrengthPolicy, CombinationRestriction,
};
use portcullis_model::credential::AuthenticationMethod;
use uuid::Uuid;

use super::Signal;
use super::alternatives::Alternative;
use crate::resolve::Question;
use crate::situation::{DetailedProof, Proven, Situation};

/// At most so many models of keys, and kinds of certificates, are asked about.
const EACH_MAX: usize = 16;

/// What was proven, each time with something that some strength allows.
pub(super) fn alternatives(question: &Question<'_>) -> Vec<Alternative> {
    let Some(proven) = &question.situation.proven else {
        return Vec::new();
    };
    let restrictions: Vec<&CombinationRestriction> = strengths(question)
        .flat_map(|strength| &strength.combination_configurations)
        .map(|configuration| &configuration.restriction)
        .collect();
    let keys = models(&restrictions).into_iter().map(|model| {
        let with_key = |proof: &DetailedProof| of_model(proof, model);
        let words = format!("the security key is of the model {model}");
        (words, each(proven, &with_key))
    });
    let certificates = certificates(&restrictions).into_iter().map(|one| {
        let with_certificate = |proof: &DetailedProof| of_kind(proof, one);
        let words = "the certificate is one that a strength allows".to_owned();
        (words, each(proven, &with_certificate))
    });
    keys.take(EACH_MAX)
        .chain(certificates.take(EACH_MAX))
        .filter(|(_, other)| other != proven)
        .map(|(words, proven)| {
            let said = Situation {
                proven: Some(proven),
                ..Situation::default()
            };
            Alternative::new(Signal::Proven, words, said)
        })
        .collect()
}

/// The tenant's, and those that a policy brings with it.
fn strengths<'q>(
    question: &Question<'q>,
) -> impl Iterator<Item = &'q AuthenticationStrengthPolicy> {
    let configuration = question.tenant.configuration();
    let policies = configuration.conditional_access_policies.iter();
    let whole = policies.filter_map(|policy| policy.expanded_strength.as_deref());
    configuration.authentication_strengths.iter().chain(whole)
}

/// Every model of a security key that a strength names.
fn models(restrictions: &[&CombinationRestriction]) -> BTreeSet<Uuid> {
    let named = restrictions.iter().filter_map(|one| match one {
        CombinationRestriction::Fido2 { allowed_aaguids } => Some(allowed_aaguids),
        CombinationRestriction::X509Certificate { .. } => None,
    });
    named.flatten().copied().collect()
}

/// An issuer and a policy of certificates.
type Kind<'r> = (Option<&'r String>, Option<&'r String>);

/// Every kind of certificate that a strength names; what it does not ask for is left open.
fn certificates<'r>(restrictions: &[&'r CombinationRestriction]) -> BTreeSet<Kind<'r>> {
    let mut kinds = BTreeSet::new();
    for one in restrictions {
        match one {
            CombinationRestriction::Fido2 { .. } => {}
            CombinationRestriction::X509Certificate {
                allowed_issuer_skis: issuers,
                allowed_policy_oids: policies,
            } => {
                for issuer in any_of(issuers) {
                    kinds.extend(any_of(policies).map(|policy| (issuer, policy)));
                }
            }
        }
    }
    kinds
}

/// Each of them, or nothing where none is named.
fn any_of(names: &[String]) -> impl Iterator<Item = Option<&String>> {
    let nothing = names.is_empty().then_some(None);
    names.iter().map(Some).chain(nothing)
}

fn each(proven: &[Proven], with: &impl Fn(&DetailedProof) -> Option<DetailedProof>) -> Vec<Proven> {
    let proofs = proven.iter().map(|proof| {
        let detailed = match proof {
            Proven::Method(method) => DetailedProof {
                method: *method,
                at: None,
                ago: None,
                aaguid: None,
                issuer_ski: None,
                policy_oids: Vec::new(),
            },
            Proven::Detailed(detailed) => detailed.clone(),
        };
        with(&detailed).map_or_else(|| proof.clone(), Proven::Detailed)
    });
    proofs.collect()
}

/// The same proof by a key of this model; `None`: it is no key, or its model was said.
fn of_model(proof: &DetailedProof, model: Uuid) -> Option<DetailedProof> {
    let is_open = proof.method == AuthenticationMethod::Fido2 && proof.aaguid.is_none();
    is_open.then(|| DetailedProof {
        aaguid: Some(model),
        ..proof.clone()
    })
}

/// The same proof by such a certificate; `None`: it is none, or what was said of it is something else.
fn of_kind(proof: &DetailedProof, (issuer, policy): Kind<'_>) -> Option<DetailedProof> {
    let is_certificate = matches!(
        proof.method,
        AuthenticationMethod::X509CertificateSingleFactor
            | AuthenticationMethod::X509CertificateMultiFactor
    );
    let is_whole = proof.issuer_ski.is_some() && !proof.policy_oids.is_empty();
    let policies = match policy {
        Some(policy) if proof.policy_oids.is_empty() => vec![policy.clone()],
        Some(_) | None => proof.policy_oids.clone(),
    };
    (is_certificate && !is_whole).then(|| DetailedProof {
        issuer_ski: proof.issuer_ski.clone().or_else(|| issuer.cloned()),
        policy_oids: policies,
        ..proof.clone()
    })
}
