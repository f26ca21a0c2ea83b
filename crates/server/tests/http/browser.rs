//! A browser without a window: keeps cookies, follows redirects below our own address, fills in forms it finds in the HTML.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, Method, Request, StatusCode};
use portcullis_model::Timestamp;
use portcullis_server::route::{ServerConfiguration, router_with};
use portcullis_server::surroundings::Surroundings;
use portcullis_testkit::house::TestHouse;
use tower::ServiceExt as _;
use url::Url;

/// The server under test.
pub(crate) struct Site {
    pub(crate) house: Arc<TestHouse>,
    router: Router,
}

/// An answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    /// The heading of a page.
    pub(crate) fn heading(&self) -> &str {
        let rest = self
            .body
            .split("<h1>")
            .nth(1)
            .unwrap_or_else(|| panic!("no heading: {}", self.body));
        rest.split("</h1>").next().unwrap()
    }

    /// The fields of the page's form, with the values they hold.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        let form = self.body.split("<form").nth(1).expect("a form");
        let form = form.split("</form>").next().unwrap();
        form.split("<input")
            .skip(1)
            .filter_map(|input| {
                let input = input.split('>').next().unwrap();
                Some((
                    attribute(input, "name")?,
                    attribute(input, "value").unwrap_or_default(),
                ))
            })
            .collect()
    }

    /// Where the page's form goes.
    pub(crate) fn action(&self) -> String {
        let form = self.body.split("<form").nth(1).expect("a form");
        attribute(form.split('>').next().unwrap(), "action").expect("an action")
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag
        .split(&format!(" {name}=\""))
        .nth(1)?
        .split('"')
        .next()?;
    Some(
        value
            .replace("&#38;", "&")
            .replace("&#34;", "\"")
            .replace("&#39;", "'")
            .replace("&#60;", "<")
            .replace("&#62;", ">"),
    )
}

impl Site {
    pub(crate) async fn demo() -> Self {
        Self::of(TestHouse::demo().await)
    }

    pub(crate) fn of(house: TestHouse) -> Self {
        Self::configured(
            house,
            ServerConfiguration {
                is_secure: true,
                ..ServerConfiguration::default()
            },
        )
    }

    pub(crate) fn configured(house: TestHouse, configuration: ServerConfiguration) -> Self {
        let house = Arc::new(house);
        let (clock, chance) = (Arc::clone(&house), Arc::clone(&house));
        let surroundings = Surroundings {
            clock: Arc::new(move || -> Timestamp { clock.now() }),
            entropy: Arc::new(move || Box::new(chance.entropy())),
        };
        let router = router_with(Arc::clone(&house.house), configuration, surroundings).unwrap();
        Self { house, router }
    }

    /// What answers, to be served on a socket.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 22).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(form_request(
            path,
            &serde_urlencoded::to_string(fields).unwrap(),
        ))
        .await
    }
}

pub(crate) fn form_request(path: &str, body: &str) -> Request<Body> {
    Request::post(path)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

/// One browser.
pub(crate) struct Browser<'s> {
    pub(crate) site: &'s Site,
    pub(crate) cookies: BTreeMap<String, String>,
    /// Every answer's status, in order.
    pub(crate) statuses: Vec<(Method, StatusCode)>,
}

impl<'s> Browser<'s> {
    pub(crate) fn new(site: &'s Site) -> Self {
        Self {
            site,
            cookies: BTreeMap::new(),
            statuses: Vec::new(),
        }
    }

    /// Opens an address and follows redirects, until a page is shown or the way leads out of the house.
    pub(crate) async fn open(&mut self, path: &str) -> Answer {
        let request = Request::get(path).body(Body::empty()).unwrap();
        self.go(request).await
    }

    /// Sends the page's form with these fields typed in; a name that the form lacks is a button.
    pub(crate) async fn submit(&mut self, page: &Answer, typed: &[(&str, &str)]) -> Answer {
        let mut fields = page.fields();
        for (name, value) in typed {
            match fields.iter_mut().find(|(known, _)| known == name) {
                Some(field) => (*value).clone_into(&mut field.1),
                None => fields.push(((*name).to_owned(), (*value).to_owned())),
            }
        }
        let mut request = form_request(
            &page.action(),
            &serde_urlencoded::to_string(&fields).unwrap(),
        );
        request
            .headers_mut()
            .insert("sec-fetch-site", "same-origin".parse().unwrap());
        self.go(request).await
    }

    async fn go(&mut self, mut request: Request<Body>) -> Answer {
        for _ in 0..10 {
            let method = request.method().clone();
            let jar: Vec<String> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            if !jar.is_empty() {
                request
                    .headers_mut()
                    .insert(COOKIE, jar.join("; ").parse().unwrap());
            }
            let answer = self.site.send(request).await;
            self.statuses.push((method, answer.status));
            self.keep(&answer);
            match answer.header(LOCATION.as_str()) {
                Some(path) if path.starts_with('/') => {
                    request = Request::get(path).body(Body::empty()).unwrap();
                }
                Some(_) | None => return answer,
            }
        }
        panic!("redirected without end");
    }

    fn keep(&mut self, answer: &Answer) {
        for value in answer.headers.get_all(SET_COOKIE) {
            let cookie = cookie::Cookie::parse(value.to_str().unwrap().to_owned()).unwrap();
            if cookie
                .max_age()
                .is_some_and(cookie::time::SignedDuration::is_zero)
            {
                self.cookies.remove(cookie.name());
            } else {
                self.cookies
                    .insert(cookie.name().to_owned(), cookie.value().to_owned());
            }
        }
    }
}

/// What the client reads from the address it is given.
pub(crate) fn at_client(answer: &Answer) -> BTreeMap<String, String> {
    let location = answer
        .header("location")
        .unwrap_or_else(|| panic!("not at the client: {}", answer.body));
    Url::parse(location)
        .unwrap()
        .query_pairs()
        .into_owned()
        .collect()
}
