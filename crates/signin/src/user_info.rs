//! Userinfo (OpenID Connect Core §5.3): who the access token is about, as far as its scopes reach.

use portcullis_protocol::oauth::parameters::Parameters;
use portcullis_protocol::oidc::userinfo::{UserinfoResponse, find_bearer};

use crate::access_token::{self, BearerRefusal, BearerSubject, Wanted};
use crate::house::{House, Moment};
use crate::subject::pairwise;
use crate::visitor::Visitor;
use crate::well_known;

/// How the token arrived: in the header, or in the form body of a POST; never in the query (requirement K03).
#[derive(Clone, Copy)]
pub struct UserInfoCall<'a> {
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The form body of a POST with a form.
    pub form: Option<&'a [u8]>,
}

/// Answers a userinfo request.
pub async fn user_info(
    house: &House,
    moment: &Moment<'_>,
    call: UserInfoCall<'_>,
) -> Result<UserinfoResponse, BearerRefusal> {
    let form = call.form.map(Parameters::parse).transpose();
    let form = form.map_err(|_| BearerRefusal::Malformed)?;
    let token = find_bearer(call.authorization, form.as_ref())?;
    let wanted = Wanted {
        audiences: &[well_known::DIRECTORY, well_known::GRAPH],
        path_tenant: None,
    };
    let bearer = access_token::open(house, moment.now, token.expose(), wanted).await?;
    let visitor = match &bearer.subject {
        BearerSubject::Person(visitor) => visitor,
        BearerSubject::Application => return Err(BearerRefusal::Insufficient("openid")),
    };
    if !bearer.scopes.contains("openid") {
        return Err(BearerRefusal::Insufficient("openid"));
    }
    // The sub of the id token for the same client, not that of the access token.
    let sub = pairwise(house, bearer.tenant.id(), bearer.client, visitor.subject);
    Ok(describe(visitor, sub, |scope| {
        bearer.scopes.contains(scope)
    }))
}

fn describe(visitor: &Visitor, sub: String, holds: impl Fn(&str) -> bool) -> UserinfoResponse {
    let home = visitor.home.as_ref().map(|home| &home.user);
    let user = visitor.object.as_ref().or(home);
    let profile = user.filter(|_| holds("profile"));
    UserinfoResponse {
        sub,
        name: profile.map(|user| user.display_name.clone()),
        given_name: profile.and_then(|user| user.given_name.clone()),
        family_name: profile.and_then(|user| user.surname.clone()),
        email: user
            .filter(|_| holds("email"))
            .and_then(|user| user.mail.clone()),
    }
}
