//! Who looks at a page about themselves: the most recent session of this browser that counts, here and at home.

use portcullis_model::Timestamp;
use portcullis_model::credential::Factor;
use portcullis_model::session::{AuthenticationSession, SessionSubject};
use portcullis_model::store::StoreError;

use crate::house::{House, LoadedTenant, Moment};
use crate::my_sign_ins::frame;
use crate::page::{Cookies, Frame};
use crate::token::text;
use crate::visitor::{Stop, Visitor};

/// Somebody who is signed in at a tenant in this browser.
pub(crate) struct Onlooker {
    /// By this session.
    pub(crate) session: AuthenticationSession,
    /// Who it is.
    pub(crate) visitor: Visitor,
}

impl Onlooker {
    pub(crate) async fn find(
        house: &House,
        moment: &Moment<'_>,
        tenant: &LoadedTenant,
        cookies: &dyn Cookies,
    ) -> Result<Option<Self>, StoreError> {
        let store = house.store.tenant(tenant.id());
        for cookie in cookies.sessions(tenant.id()) {
            let found = store
                .find_session_by_cookie(text::hash(cookie.expose()))
                .await?;
            let Some(session) = found.filter(|session| moment.now < session.expires_at) else {
                continue;
            };
            let visitor = match Visitor::find(house, tenant, session.subject).await {
                Ok(visitor) => visitor,
                Err(Stop::Denied(_)) => continue,
                Err(Stop::Store(error)) => return Err(error),
            };
            let proven_at = first_factor_at(house, moment, &session, &visitor).await?;
            let valid_from = visitor.sessions_valid_from();
            let counts = proven_at.is_some_and(|at| valid_from.is_none_or(|from| at >= from))
                && visitor.check_accounts(tenant).is_ok();
            if counts {
                return Ok(Some(Self { session, visitor }));
            }
        }
        Ok(None)
    }

    /// Around a page of theirs.
    pub(crate) fn frame(&self, moment: &Moment<'_>, tenant: &LoadedTenant) -> Frame {
        Frame {
            account_name: Some(self.visitor.account_name().to_owned()),
            ..frame(moment, Some(tenant))
        }
    }
}

/// When the first factor was proven, in the session itself or in the one at home behind it; `None` when that is too long
/// ago (requirement Q15), or the session at home was ended.
async fn first_factor_at(
    house: &House,
    moment: &Moment<'_>,
    session: &AuthenticationSession,
    visitor: &Visitor,
) -> Result<Option<Timestamp>, StoreError> {
    let proving = match (&visitor.home, session.home_session) {
        (None, _) => Some(session.clone()),
        (Some(_), None) => None,
        (Some(home), Some(pointer)) => {
            let account = home.account();
            let store = house.store.tenant(account.tenant_id);
            let found = store.find_session(pointer.session_id).await?;
            found.filter(|found| {
                pointer.tenant_id == account.tenant_id
                    && found.subject == SessionSubject::User(account.user_id)
                    && moment.now < found.expires_at
            })
        }
    };
    Ok(proving.and_then(|mut proving| {
        house.lifetimes.assurance.lapse(&mut proving, moment.now);
        let first = proving
            .proofs
            .iter()
            .filter(|proof| match proof.method.factor() {
                Factor::First | Factor::Both => true,
                Factor::Second => false,
            });
        first.map(|proof| proof.at).max()
    }))
}
