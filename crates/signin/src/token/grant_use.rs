//! One use of a grant: every gate and every policy asked again, then tokens; or a refusal, written down.
//!
//! Codes and refresh tokens both come through here, so that no path to a token goes round a decision (requirement V05).
//! The platform is always that of the browser that signed in: the user agent of a client library names none. So is the
//! address, but for the refresh of a public client, which runs on the person's own device and brings its own.

use std::collections::BTreeSet;
use std::sync::Arc;

use portcullis_model::artefact::Grant;
use portcullis_model::authentication_context::AuthenticationContextId;
use portcullis_model::id::{ClientId, PolicyId};
use portcullis_model::store::{Change, CommitError, StoreError};
use portcullis_policy::decision::{Decision, Outcome, Requirement};
use portcullis_policy::facts::{Proof, SignIn};
use portcullis_protocol::oauth::claims_request::ClaimsRequest;
use portcullis_protocol::oauth::error::Fault;
use portcullis_protocol::oauth::error_catalogue::ErrorCode;
use portcullis_protocol::oauth::scope::{RequestedScope, Scopes};
use serde_json::json;

use crate::authentication_contexts;
use crate::facts::{GrantCircumstances, decided, sign_in_of_grant};
use crate::house::{House, LoadedTenant, Moment};
use crate::journey::consent::is_consented;
use crate::log::row::{Attempt, AttemptKind, Who};
use crate::log::step::Steps;
use crate::mint::{Minted, UserOrder, mint_for_user};
use crate::next_step::{Next, next_step};
use crate::resource::Resource;
use crate::token::client::AuthenticatedClient;
use crate::token::error::TokenError;
use crate::token::record::Rows;
use crate::visitor::{Stop, Visitor};
use crate::whereabouts::Whereabouts;

/// Authentication contexts of one request.
type Contexts = BTreeSet<AuthenticationContextId>;

/// A code or refresh token whose form, owner and freshness are checked.
pub struct GrantUse<'a> {
    /// The tenant it belongs to.
    pub tenant: &'a Arc<LoadedTenant>,
    /// Who presents it.
    pub client: &'a AuthenticatedClient,
    /// What it stands for.
    pub grant: &'a Grant,
    /// By which door.
    pub kind: AttemptKind,
    /// From where, as far as the decision may know.
    pub whereabouts: Whereabouts,
    /// The claims that were asked for in this request.
    pub claims: &'a ClaimsRequest,
    /// The scopes that were asked for; none means all of the grant.
    pub requested: &'a Scopes,
    /// Echoed in the id token.
    pub nonce: Option<&'a str>,
}

/// Tokens, and what must be written before they leave.
pub struct Granted {
    /// The tokens.
    pub minted: Minted,
    /// The scopes they have.
    pub scopes: BTreeSet<String>,
    /// Who got them.
    pub visitor: Visitor,
    /// The rows of the success.
    pub rows: Rows,
}

/// A refusal, and its rows.
struct Refused {
    fault: Fault,
    rows: Rows,
}

enum Failure {
    Refused(Box<Refused>),
    Error(TokenError),
}

impl<E: Into<TokenError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

impl GrantUse<'_> {
    /// Decides and mints. A refusal is committed with `on_refusal` before it is told.
    pub async fn exercise(
        &self,
        house: &House,
        moment: &mut Moment<'_>,
        on_refusal: Vec<Change>,
    ) -> Result<Granted, TokenError> {
        match self.attempt(house, moment).await {
            Ok(granted) => Ok(granted),
            Err(Failure::Error(error)) => Err(error),
            Err(Failure::Refused(refused)) => {
                self.write_refusal(house, refused.rows, on_refusal).await?;
                Err(TokenError::Logged(refused.fault))
            }
        }
    }

    /// Refuses for a reason of form; written down like every other.
    pub async fn refuse(
        &self,
        house: &House,
        moment: &mut Moment<'_>,
        fault: Fault,
        on_refusal: Vec<Change>,
    ) -> Result<TokenError, TokenError> {
        let visitor = self.find_visitor(house).await?;
        let rows = self.rows(moment, visitor.as_ref(), None, Some(fault.code), None);
        self.write_refusal(house, rows, on_refusal).await?;
        Ok(TokenError::Logged(fault))
    }

    /// Writes the rows, the home tenant's first: a row too many is a smaller evil than a token without one.
    pub async fn write(
        &self,
        house: &House,
        rows: Rows,
        mut changes: Vec<Change>,
    ) -> Result<(), CommitError> {
        if let Some((home, row)) = rows.home {
            house.store.tenant(home).commit(vec![row]).await?;
        }
        changes.extend(rows.resource);
        house.store.tenant(self.tenant.id()).commit(changes).await
    }

    /// An assertion is spent by a refusal as well (requirement F02).
    async fn write_refusal(
        &self,
        house: &House,
        rows: Rows,
        on_refusal: Vec<Change>,
    ) -> Result<(), TokenError> {
        let spend = self.client.spend.iter().cloned();
        let changes: Vec<Change> = spend.chain(on_refusal).collect();
        match self.write(house, rows, changes).await {
            Ok(()) => Ok(()),
            Err(CommitError::Lost { index: 0 }) if self.client.spend.is_some() => {
                Err(ErrorCode::ClientAssertionReplayed.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn attempt(&self, house: &House, moment: &mut Moment<'_>) -> Result<Granted, Failure> {
        let (scopes, resource) = match self.narrow(house).await? {
            Ok(narrowed) => narrowed,
            Err(fault) => return Err(self.refused(house, moment, fault).await?),
        };
        if let Err(fault) = self.check_home_session(house, moment).await? {
            return Err(self.refused(house, moment, fault).await?);
        }
        let (demanded, contexts) = match self.contexts() {
            Ok(contexts) => contexts,
            Err(fault) => return Err(self.refused(house, moment, fault).await?),
        };
        let mut audiences = self.grant.resources.clone();
        audiences.insert(resource.client);
        let circumstances = GrantCircumstances {
            client_app_type: self.grant.client_app_type,
            audiences: &audiences,
            authentication_contexts: &contexts,
            whereabouts: self.whereabouts,
            user_agent: self.grant.user_agent.as_deref(),
            at: moment.now,
        };
        let found = sign_in_of_grant(house, self.tenant, self.grant, circumstances).await;
        let (visitor, facts) = match found {
            Ok(found) => found,
            Err(Stop::Denied(denied)) => {
                return Err(self.refused(house, moment, denied.code.into()).await?);
            }
            Err(Stop::Store(error)) => return Err(error.into()),
        };
        let consented = self.consented_scopes(house, &visitor).await?;
        let scopes = match with_defaults(scopes, consented.as_deref()) {
            Ok(scopes) => scopes,
            Err(fault) => {
                let rows = self.rows(moment, Some(&visitor), None, Some(fault.code), None);
                return Err(Failure::Refused(Box::new(Refused { fault, rows })));
            }
        };
        let decision = self.decided(house, &visitor, facts, &demanded).await?;
        if let Err(fault) = outcome(&decision) {
            let code = Some(fault.code);
            let rows = self.rows(moment, Some(&visitor), Some(&decision), code, None);
            return Err(Failure::Refused(Box::new(Refused { fault, rows })));
        }
        let permit = decision.permit().ok_or(TokenError::Lost)?;
        let order = UserOrder {
            tenant: self.tenant,
            visitor: &visitor,
            grant: self.grant,
            scopes: &scopes,
            proofs: &decision.sign_in().proofs,
            authentication_contexts: &decision.sign_in().authentication_contexts,
            resource,
            client_class: self.client.class,
            client_algorithm: self.client.algorithm,
            nonce: self.nonce,
        };
        let minted = mint_for_user(house, moment.now, moment.entropy, permit, order).await?;
        let uti = Some(minted.unique_token_identifier.clone());
        let rows = self.rows(moment, Some(&visitor), Some(&decision), None, uti);
        Ok(Granted {
            minted,
            scopes,
            visitor,
            rows,
        })
    }

    /// The authentication contexts this use cannot do without, and all that it asks for. A code is nothing without the
    /// contexts it was asked for with; a refresh token goes on without those that are not met any more.
    fn contexts(&self) -> Result<(Contexts, Contexts), Fault> {
        let mut demanded = authentication_contexts::demanded(self.tenant, self.claims)?;
        let mut all = authentication_contexts::remembered(self.tenant, self.grant);
        all.extend(&demanded);
        match self.kind {
            AttemptKind::Refresh => {}
            AttemptKind::CodeRedemption
            | AttemptKind::Interactive
            | AttemptKind::Silent
            | AttemptKind::ClientCredentials => demanded.clone_from(&all),
        }
        Ok((demanded, all))
    }

    /// Decides, and once more without what is only remembered where that stands in the way: the tokens then do not name it.
    async fn decided(
        &self,
        house: &House,
        visitor: &Visitor,
        facts: SignIn,
        demanded: &Contexts,
    ) -> Result<Decision, StoreError> {
        let decision = decided(house, self.tenant, visitor, facts).await?;
        let facts = decision.sign_in();
        if decision.outcome == Outcome::Granted || facts.authentication_contexts == *demanded {
            return Ok(decision);
        }
        let without = SignIn {
            authentication_contexts: demanded.clone(),
            ..facts.clone()
        };
        decided(house, self.tenant, visitor, without).await
    }

    /// The scopes of the answer and the one resource they reach: asked for, and part of the grant (requirement C06).
    async fn narrow(
        &self,
        house: &House,
    ) -> Result<Result<(BTreeSet<String>, Resource), Fault>, StoreError> {
        let scopes: BTreeSet<String> = if self.requested.is_empty() {
            self.grant.scopes.clone()
        } else {
            self.requested.iter().map(str::to_owned).collect()
        };
        if !scopes.is_subset(&self.grant.scopes) {
            let detail = "a scope is asked for that is not part of the grant";
            return Ok(Err(Fault::with_detail(ErrorCode::InvalidScope, detail)));
        }
        let named = Resource::of_scopes(house, self.tenant, &scopes).await?;
        if !named.unknown.is_empty() {
            return Ok(Err(ErrorCode::ResourceNotFound.into()));
        }
        let mut known = named.known.into_iter();
        Ok(match (known.next(), known.next()) {
            (None, _) => Ok((scopes, Resource::DIRECTORY)),
            (Some(resource), None) if self.reaches(resource.client) => Ok((scopes, resource)),
            (Some(_), None) => Err(Fault::with_detail(
                ErrorCode::InvalidScope,
                "a resource is asked for that is not part of the grant",
            )),
            (Some(_), Some(_)) => Err(Fault::with_detail(
                ErrorCode::InvalidScope,
                "ask for the scopes of one resource at a time",
            )),
        })
    }

    /// The directory answers for the scopes of our own API (decision 20).
    fn reaches(&self, resource: ClientId) -> bool {
        let granted = &self.grant.resources;
        granted.contains(&resource)
            || (resource == Resource::GRAPH.client && granted.contains(&Resource::DIRECTORY.client))
    }

    /// A home session that is gone before its time was ended, and what hung on it ends too (requirement C04).
    async fn check_home_session(
        &self,
        house: &House,
        moment: &Moment<'_>,
    ) -> Result<Result<(), Fault>, StoreError> {
        let Some(home) = self.grant.home_session else {
            return Ok(Ok(()));
        };
        if home.expires_at <= moment.now {
            return Ok(Ok(()));
        }
        let store = house.store.tenant(home.tenant_id);
        Ok(match store.find_session(home.session_id).await? {
            Some(_) => Ok(()),
            None => Err(ErrorCode::SsoArtifactRevoked.into()),
        })
    }

    /// What administrator and person have agreed to by now (requirement C04). Nothing is remembered with people who have no
    /// object here: they are asked at every sign-in, and their grant is their consent.
    async fn consented_scopes(
        &self,
        house: &House,
        visitor: &Visitor,
    ) -> Result<Option<Vec<String>>, StoreError> {
        let Some(object) = &visitor.object else {
            return Ok(None);
        };
        let store = house.store.tenant(self.tenant.id());
        let mut consented = store.consented_scopes(object.id, self.grant.client).await?;
        consented.extend_from_slice(&self.client.principal.admin_consented_scopes);
        Ok(Some(consented))
    }

    async fn refused(
        &self,
        house: &House,
        moment: &mut Moment<'_>,
        fault: Fault,
    ) -> Result<Failure, Failure> {
        let visitor = self.find_visitor(house).await?;
        let rows = self.rows(moment, visitor.as_ref(), None, Some(fault.code), None);
        Ok(Failure::Refused(Box::new(Refused { fault, rows })))
    }

    /// Whom the grant is about, for the row of a refusal.
    async fn find_visitor(&self, house: &House) -> Result<Option<Visitor>, StoreError> {
        match Visitor::find(house, self.tenant, self.grant.subject).await {
            Ok(visitor) => Ok(Some(visitor)),
            Err(Stop::Denied(_)) => Ok(None),
            Err(Stop::Store(error)) => Err(error),
        }
    }

    fn rows(
        &self,
        moment: &mut Moment<'_>,
        visitor: Option<&Visitor>,
        decision: Option<&Decision>,
        failure: Option<ErrorCode>,
        unique_token_identifier: Option<String>,
    ) -> Rows {
        let unproven = Who::Unproven {
            name: None,
            home: None,
            account: None,
        };
        let proofs: &[Proof] = decision.map_or(&[], |decision| &decision.sign_in().proofs);
        let attempt = Attempt {
            at: moment.now,
            correlation_id: moment.correlation_id,
            whereabouts: self.whereabouts,
            user_agent: self.grant.user_agent.as_deref(),
            kind: self.kind,
            resource: self.tenant,
            client: Some(self.grant.client),
            client_app_type: self.grant.client_app_type,
            audiences: &self.grant.resources,
            who: visitor.map_or(unproven, Who::Visitor),
            decision,
            failure,
            steps: Steps {
                proofs,
                began_at: moment.now,
                failed: None,
            },
            device: self.grant.device.as_ref(),
            session: Some(self.grant.session),
            unique_token_identifier,
        };
        Rows::of(&attempt, moment)
    }
}

/// The scopes as they are consented to now: 65001 if one is not; `.default` stands for all of its resource.
fn with_defaults(
    mut scopes: BTreeSet<String>,
    consented: Option<&[String]>,
) -> Result<BTreeSet<String>, Fault> {
    let Some(consented) = consented else {
        return Ok(scopes);
    };
    if !scopes.iter().all(|scope| is_consented(consented, scope)) {
        return Err(ErrorCode::DelegationDoesNotExist.into());
    }
    let meant = consented
        .iter()
        .filter(|word| match RequestedScope::of(word) {
            RequestedScope::Permission { resource, .. } => {
                scopes.contains(&format!("{resource}/.default"))
            }
            RequestedScope::OpenId
            | RequestedScope::Profile
            | RequestedScope::Email
            | RequestedScope::OfflineAccess
            | RequestedScope::Default { .. }
            | RequestedScope::Directory { .. } => false,
        });
    let meant: Vec<String> = meant.cloned().collect();
    scopes.extend(meant);
    Ok(scopes)
}

/// What a decision means where nobody is there to answer (specification 7.5, requirement C07).
pub fn outcome(decision: &Decision) -> Result<(), Fault> {
    match &decision.outcome {
        Outcome::Granted => Ok(()),
        Outcome::Blocked(block) => {
            let number = block.reason.error_code();
            let code = ErrorCode::find(number).unwrap_or(ErrorCode::BlockedByConditionalAccess);
            Err(code.into())
        }
        Outcome::Open(requirements) => {
            let contexts = &decision.sign_in().authentication_contexts;
            Err(challenge(requirements, contexts))
        }
    }
}

/// What the client sends back to the authorization endpoint: the policies to satisfy, and what it asked for itself.
fn challenge(requirements: &[Requirement], contexts: &Contexts) -> Fault {
    let code = match next_step(requirements) {
        Next::FirstFactor => ErrorCode::BadTokenDueToSignInFrequency,
        Next::SecondFactor(_) => ErrorCode::UserStrongAuthClientAuthNRequired,
        // No page shows it, so nobody is sent to one.
        Next::Refuse(code) => return code.into(),
    };
    let policies: BTreeSet<PolicyId> = requirements
        .iter()
        .flat_map(|open| open.policies.iter().copied())
        .collect();
    let mut wanted = json!({"capolids": {"essential": true, "values": policies}});
    if !contexts.is_empty()
        && let Some(members) = wanted.as_object_mut()
    {
        let contexts = json!({"essential": true, "values": contexts});
        members.insert("acrs".to_owned(), contexts);
    }
    let claims = json!({"access_token": wanted});
    Fault::new(code).challenging(claims.to_string())
}
