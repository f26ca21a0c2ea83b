//! "My sign-ins": what one tenant's log says of the person who looks at it, where they sat in front of it.

use portcullis_model::session::SessionSubject;
use portcullis_model::store::{SignInQuery, StoreError};
use portcullis_protocol::oauth::error_catalogue::ErrorCode;

use crate::house::{House, LoadedTenant, Moment};
use crate::onlooker::Onlooker;
use crate::page::{Answer, Cookies, Frame, Page, Refusal, Step};
use crate::realm::{Realm, RealmError};

/// Shows the rows of whoever is signed in at this tenant in this browser; the most recent session counts.
pub async fn my_sign_ins(
    house: &House,
    moment: &Moment<'_>,
    segment: &str,
    cookies: &dyn Cookies,
) -> Answer {
    let step = match Realm::find(house, segment).await {
        Ok(Realm::Tenant(tenant)) => match show(house, moment, &tenant, cookies).await {
            Ok(Some(page)) => Step::Show(Box::new(page)),
            Ok(None) => refuse(moment, Some(&tenant), ErrorCode::UserInformationNotProvided),
            Err(_) => refuse(moment, Some(&tenant), ErrorCode::MsodsServiceUnavailable),
        },
        // Which organisation's log is meant must be said.
        Ok(Realm::Undiscovered) => refuse(moment, None, ErrorCode::MissingTenantRealm),
        Err(RealmError::Unknown) => refuse(moment, None, ErrorCode::InvalidTenantName),
        Err(RealmError::Store(_)) => refuse(moment, None, ErrorCode::MsodsServiceUnavailable),
    };
    Answer {
        step,
        cookies: Vec::new(),
    }
}

async fn show(
    house: &House,
    moment: &Moment<'_>,
    tenant: &LoadedTenant,
    cookies: &dyn Cookies,
) -> Result<Option<Page>, StoreError> {
    let Some(onlooker) = Onlooker::find(house, moment, tenant, cookies).await? else {
        return Ok(None);
    };
    let user = match onlooker.session.subject {
        SessionSubject::User(user) => user.to_string(),
        SessionSubject::DirectConnect(account) => account.user_id.to_string(),
    };
    let query = SignInQuery {
        user: Some(user),
        // What an application does afterwards in the person's name would read like sign-ins of their own.
        is_interactive: Some(true),
        top: ROWS_MAX,
        ..SignInQuery::default()
    };
    let store = house.store.tenant(tenant.id());
    Ok(Some(Page::MySignIns {
        frame: onlooker.frame(moment, tenant),
        rows: store.list_sign_ins(&query).await?,
    }))
}

const ROWS_MAX: usize = 50;

/// Around a page that belongs to no transaction.
pub(crate) fn frame(moment: &Moment<'_>, tenant: Option<&LoadedTenant>) -> Frame {
    let organization = tenant.map(|tenant| tenant.configuration.organization.clone());
    Frame {
        handle: None,
        background: organization.clone(),
        front: organization,
        asking: None,
        application_name: String::new(),
        account_name: None,
        problem: None,
        client_redirect_uri: None,
        correlation_id: moment.correlation_id,
    }
}

/// A refusal outside any transaction.
pub(crate) fn refuse(moment: &Moment<'_>, tenant: Option<&LoadedTenant>, code: ErrorCode) -> Step {
    let is_ours = code == ErrorCode::MsodsServiceUnavailable;
    Step::Refuse(Box::new(Refusal {
        frame: frame(moment, tenant),
        error_code: code.number(),
        at: moment.now,
        organization_name: tenant
            .map(|tenant| tenant.configuration.organization.display_name.clone()),
        try_again: None,
        status: match code {
            ErrorCode::UserInformationNotProvided => 401,
            _ if is_ours => 503,
            _ => 400,
        },
        return_to_client: None,
        retry_after_seconds: is_ours.then_some(RETRY_AFTER_SECONDS),
    }))
}

const RETRY_AFTER_SECONDS: u32 = 5;
