//! What the user could have to show where a policy demands it, and nobody said.

use std::collections::BTreeSet;

use portcullis_model::conditional_access::ConditionalAccessPolicy;
use portcullis_model::credential::AuthenticationMethod;
use portcullis_model::id::AgreementId;

use super::alternatives::Alternative;
use super::{Answer, AnswerOutcome, Signal, authenticators, refused};
use crate::resolve::Question;
use crate::situation::{
    DeviceSituation, MethodLists, MethodsByPlace, RegisteredDevice, Situation, TrustSituation,
    TrustTypeWord,
};

/// What the user could have to show and nobody said.
pub(super) fn evidence(question: &Question<'_>, answer: &Answer) -> Vec<Alternative> {
    let situation = question.situation;
    if situation.user.is_none() {
        return Vec::new();
    }
    let mut alternatives = devices(situation);
    alternatives.extend(trust(question, answer));
    if situation.accepted.is_none() {
        let policies = &question.tenant.configuration().conditional_access_policies;
        let agreements: BTreeSet<AgreementId> = policies
            .iter()
            .flat_map(ConditionalAccessPolicy::agreements)
            .collect();
        if !agreements.is_empty() {
            let ids: Vec<String> = agreements.iter().map(ToString::to_string).collect();
            let said = Situation {
                accepted: Some(ids.into()),
                ..Situation::default()
            };
            let words = "the terms of use are accepted already";
            alternatives.push(Alternative::new(Signal::Accepted, words, said));
        }
    }
    if situation.approved_app.is_none() {
        let said = Situation {
            approved_app: Some(true),
            ..Situation::default()
        };
        let words = "the client application is an approved one";
        alternatives.push(Alternative::new(Signal::ApprovedApp, words, said));
    }
    if situation.protected_app.is_none() {
        let said = Situation {
            protected_app: Some(true),
            ..Situation::default()
        };
        let words = "the client application is under a protection policy";
        alternatives.push(Alternative::new(Signal::ProtectedApp, words, said));
    }
    alternatives.extend(authenticators::alternatives(question));
    // Whoever is only asked is asked with whatever is registered.
    if situation.methods.is_none() && matches!(answer.outcome, AnswerOutcome::Blocked(_)) {
        let all = MethodLists {
            registered: AuthenticationMethod::ALL.to_vec(),
            registrable: Vec::new(),
        };
        let said = Situation {
            methods: Some(MethodsByPlace {
                home: Some(all.clone()),
                resource: Some(all),
            }),
            ..Situation::default()
        };
        let words = "the methods that are demanded are registered already";
        alternatives.push(Alternative::new(Signal::Methods, words, said));
    }
    alternatives
}

/// What cross-tenant access settings could say that do not lie beside the policies.
fn trust(question: &Question<'_>, answer: &Answer) -> Option<Alternative> {
    let is_unsaid =
        question.tenant.unsaid().cross_tenant_access && question.situation.trust.is_none();
    let is_held_back = refused(&answer.gates).is_some();
    let words = if is_held_back {
        "cross-tenant access settings let the user in"
    } else {
        "the home tenant's word on MFA and devices is trusted"
    };
    let said = Situation {
        trust: Some(TrustSituation {
            mfa: Some(true),
            compliant_device: Some(true),
            hybrid_joined_device: Some(true),
            inbound_access: Some(true),
        }),
        ..Situation::default()
    };
    (is_unsaid && answer.who.home_tenant.is_some())
        .then(|| Alternative::new(Signal::Trust, words, said))
}

/// What the device could be, as far as nobody said.
fn devices(situation: &Situation) -> Vec<Alternative> {
    let (described, is_whole) = match &situation.device {
        None => (RegisteredDevice::default(), false),
        Some(DeviceSituation::Registered(device)) => ((**device).clone(), true),
        Some(DeviceSituation::Unregistered(_)) => return Vec::new(),
    };
    let say = |device: RegisteredDevice| Situation {
        device: Some(DeviceSituation::Registered(Box::new(device))),
        ..Situation::default()
    };
    let mut alternatives = Vec::new();
    if described.is_compliant.is_none() {
        let device = RegisteredDevice {
            is_compliant: Some(true),
            // A device of which nothing is said is not hybrid joined as well: that is asked apart.
            trust_type: described
                .trust_type
                .or((!is_whole).then_some(TrustTypeWord::AzureAd)),
            ..described.clone()
        };
        let words = "the device is compliant";
        alternatives.push(Alternative::new(Signal::Device, words, say(device)));
    }
    if described.trust_type.is_none() {
        let device = RegisteredDevice {
            trust_type: Some(TrustTypeWord::ServerAd),
            is_compliant: described.is_compliant.or((!is_whole).then_some(false)),
            ..described
        };
        let words = "the device is hybrid joined";
        alternatives.push(Alternative::new(Signal::Device, words, say(device)));
    }
    alternatives
}
