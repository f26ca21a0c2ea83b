//! The end of a sign-in: a code, its session and its rows, all or nothing, against a permit.

use portcullis_model::artefact::{AuthorizationCode, Grant};
use portcullis_model::conditional_access::PersistentBrowser;
use portcullis_model::id::GrantId;
use portcullis_model::session::{ProvenMethod, SessionClient};
use portcullis_model::store::Change;
use portcullis_policy::decision::Decision;
use portcullis_policy::facts::Proof;
use portcullis_policy::permit::Permit;
use portcullis_policy::platform::client_app_type;
use portcullis_protocol::oauth::authorization_response::{
    AuthorizationResponse, AuthorizationSuccess,
};
use portcullis_protocol::oidc::client_info::client_info;
use portcullis_protocol::secret::SecretText;

use super::answer::deliver;
use super::arrival::Present;
use super::consent;
use super::session::{Held, Persistence};
use super::walk::{Halt, Progress, Walk, later};
use crate::authentication_contexts::names;
use crate::page::{StayChoice, Step};
use crate::subject;
use crate::token::text::{self, ArtefactKind};

/// Issues a code for a granted decision. The code, the session it came from, the consent, the rows and the end of the
/// transaction are one commit of the resource tenant; what the home tenant is told is durable before.
pub(super) async fn issue(
    walk: &mut Walk<'_, '_>,
    progress: Progress,
    mut present: Present,
    decision: Decision,
) -> Result<Step, Halt> {
    let permit = decision
        .permit()
        .ok_or(Halt::Fault("a code is to be issued without a permit"))?;
    settle_sessions(walk, &mut present, &permit)?;
    consent::remember(walk, &present);
    let minted = text::mint(
        ArtefactKind::AuthorizationCode,
        permit.tenant(),
        walk.moment.entropy,
    );
    let grant = grant(walk, &present, permit)?;
    let tenant = present.tenant.id();
    let request = &present.request;
    let code = AuthorizationCode {
        hash: minted.hash,
        redirect_uri: request.address.redirect_uri.as_str().to_owned(),
        code_challenge: request
            .asked
            .code_challenge
            .as_ref()
            .map(|challenge| challenge.as_str().to_owned()),
        nonce: request.asked.nonce.clone(),
        expires_at: later(walk.moment.now, walk.house.lifetimes.code_seconds),
        grant,
    };
    walk.ledger.push(
        tenant,
        Change::JoinSession(SessionClient {
            session: code.grant.session,
            client: request.client,
            subject: subject::pairwise(walk.house, tenant, request.client, code.grant.subject),
            correlation_id: request.correlation_id,
        }),
    );
    walk.ledger.push(tenant, Change::IssueCode(code));
    walk.record(&present.case(Some(&decision)), None);
    walk.end(progress);
    walk.commit(tenant).await?;
    let account = present.traveller.account;
    let success = AuthorizationSuccess {
        code: SecretText::new(minted.text.expose()),
        client_info: request
            .asked
            .client_info
            .then(|| client_info(&account.user_id.to_string(), &account.tenant_id.to_string())),
        session_state: None,
    };
    Ok(deliver(AuthorizationResponse::success(
        request.address.clone(),
        success,
    )))
}

/// Opens or renews the session in the resource tenant, and lets it outlive the browser or not: a policy's word first, else
/// the person's (specification 5.9).
fn settle_sessions(
    walk: &mut Walk<'_, '_>,
    present: &mut Present,
    permit: &Permit,
) -> Result<(), Halt> {
    let control = permit.session().persistent_browser.as_ref();
    let by_policy = control.map(|(control, _)| match control {
        PersistentBrowser::Always => Persistence::OutlivesBrowser,
        PersistentBrowser::Never => Persistence::EndsWithBrowser,
    });
    let by_person = present.traveller.stay.map(|choice| match choice {
        StayChoice::Stay => Persistence::OutlivesBrowser,
        StayChoice::Leave => Persistence::EndsWithBrowser,
    });
    let (now, lifetimes) = (walk.moment.now, walk.house.lifetimes);
    let Some(mut home) = present.home.take() else {
        return Err(Halt::Fault(
            "a code is to be issued without a session at home",
        ));
    };
    if present.visitor.home.is_none() {
        if let Some(persistence) = by_policy.or(by_person) {
            home.persist(persistence, now, lifetimes, walk.moment.entropy);
        }
        walk.save(&mut home);
        present.home = Some(home);
        return Ok(());
    }
    // The resource tenant's policies do not reach the session at home; the person's choice does.
    if let Some(persistence) = by_person {
        home.persist(persistence, now, lifetimes, walk.moment.entropy);
    }
    walk.save(&mut home);
    let mut held = match present.resource.take() {
        Some(held) => held,
        None => Held::open(
            present.tenant.id(),
            present.visitor.subject,
            now,
            lifetimes,
            walk.moment.entropy,
        ),
    };
    held.take_proofs(&present.traveller.resource_proofs, walk.moment.entropy);
    held.stand_on(home.pointer(), walk.moment.entropy);
    if let Some(persistence) = by_policy.or(by_person) {
        held.persist(persistence, now, lifetimes, walk.moment.entropy);
    }
    walk.save(&mut held);
    present.home = Some(home);
    present.resource = Some(held);
    Ok(())
}

/// What the code can be exchanged for: nothing that the permit does not say.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a permit is spent: nothing else can be made of it"
)]
fn grant(walk: &mut Walk<'_, '_>, present: &Present, permit: Permit) -> Result<Grant, Halt> {
    let session = present
        .resource_session()
        .ok_or(Halt::Fault("a code is to be issued without a session"))?;
    let authenticated_at = present
        .authenticated_at()
        .ok_or(Halt::Fault("a code is to be issued without a first factor"))?;
    let request = &present.request;
    let tenant = permit.tenant();
    let home = present.visitor.home.as_ref().map(|home| home.tenant.id());
    Ok(Grant {
        id: GrantId::random(walk.moment.entropy),
        client: permit.client(),
        subject: present.visitor.subject,
        session: session.session.id,
        home_session: session.session.home_session,
        scopes: request.asked.scopes.iter().map(str::to_owned).collect(),
        resources: request.reach.audiences.clone(),
        proofs: proven_in(&present.proofs, tenant),
        home_proofs: home.map_or_else(Vec::new, |home| proven_in(&present.proofs, home)),
        device: present.device.clone(),
        authentication_contexts: names(&request.authentication_contexts),
        authenticated_at,
        ip_address: walk.moment.ip_address,
        user_agent: walk.moment.session_use().user_agent,
        client_app_type: client_app_type(request.client_kind()),
        redirect_kind: request.redirect_kind,
        granted_at: permit.granted_at(),
        correlation_id: request.correlation_id,
    })
}

fn proven_in(proofs: &[Proof], tenant: portcullis_model::id::TenantId) -> Vec<ProvenMethod> {
    let own = proofs.iter().filter(|proof| proof.tenant == tenant);
    own.map(|proof| ProvenMethod {
        method: proof.method,
        at: proof.at,
    })
    .collect()
}
