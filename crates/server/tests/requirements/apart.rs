//! Sessions, cookies, tenants and requests that must stay apart, and what a page may show (Q, S, U).

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use http::{Method, Request, StatusCode};
use portcullis_model::id::TenantId;
use portcullis_model::store::TenantWorld;
use portcullis_server::route;
use portcullis_testkit::house::TestHouse;

use super::site::{
    Answer, Browser, CONTOSO, FABRIKAM, INTRANET, PAYROLL, Site, WOODGROVE, at_client,
    form_request, with,
};

const DAVE: &str = "dave@contoso.example";
const ADA: &str = "ada@fabrikam.example";

/// Changes one tenant while the house stands.
async fn change(site: &Site, tenant: &str, edit: impl FnOnce(&mut TenantWorld)) {
    let store = &site.house.house.store;
    let tenant: TenantId = tenant.parse().unwrap();
    let mut worlds = store.export().await.unwrap();
    worlds.retain(|world| world.organization.id == tenant);
    edit(&mut worlds[0]);
    store
        .import(&worlds, site.house.now(), false)
        .await
        .unwrap();
}

#[tokio::test]
async fn s01_every_cookie_of_a_sign_in_is_bound_to_the_host_and_hidden() {
    let site = Site::demo().await;
    for person in [DAVE, ADA, "wendy@woodgrove.example"] {
        let (browser, _) = site.tokens(PAYROLL, person).await;
        assert!(browser.set.len() >= 2, "{person}");
        for set in &browser.set {
            assert!(set.starts_with("__Host-portcullis-"), "{set}");
            for part in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
                assert!(set.contains(part), "{set}");
            }
            assert!(!set.contains("Domain"), "{set}");
            let value = set.split(';').next().unwrap().split_once('=').unwrap().1;
            assert!(value.split('.').all(|part| part.len() >= 43), "{set}");
            assert!(!value.contains(person.split('@').next().unwrap()));
        }
    }
}

#[tokio::test]
async fn s02_s03_k07_no_cookie_is_ever_given_twice_not_even_after_signing_out() {
    let site = Site::demo().await;
    let mut browser = Browser::new(&site);
    // Planted before, as an attacker would: a session that this browser did not earn.
    let (victim, _) = site.tokens(PAYROLL, "carol@contoso.example").await;
    let planted = victim.sessions().into_values().next().unwrap();
    let mut seen = BTreeSet::from([planted]);
    for round in 0..3 {
        browser.sign_in(&PAYROLL.path(), DAVE).await;
        for cookie in browser.sessions().into_values() {
            assert!(seen.insert(cookie), "round {round}");
        }
        let old = browser.cookies.clone();
        let page = browser
            .open(&format!("/{CONTOSO}/oauth2/v2.0/logout"))
            .await;
        let done = browser.submit(&page, &[]).await;
        assert_eq!(done.heading(), "You are signed out");
        let before = site.before().await;
        let mut replay = Browser::new(&site);
        replay.cookies = old;
        let answer = replay.open(&PAYROLL.path_with(&[("prompt", "none")])).await;
        assert_eq!(at_client(&answer)["error"], "login_required");
        site.refused(&before, &answer, 50058).await;
        // Also when the browser has forgotten all it had.
        browser.cookies = BTreeMap::new();
    }
}

#[tokio::test]
async fn s15_cookies_that_are_not_ours_are_no_cookies() {
    let site = Site::demo().await;
    let (browser, _) = site.tokens(PAYROLL, DAVE).await;
    let (name, value) = browser.sessions().into_iter().next().unwrap();
    let silent = PAYROLL.path_with(&[("prompt", "none")]);
    let flow = "__Host-portcullis-flow";
    let bad = [
        format!("{name}="),
        format!("{name}={}", value.chars().take(42).collect::<String>()),
        format!("{name}={value}x"),
        format!("{name}={value}.{value}.{value}.{value}.{value}.{value}"),
        format!("{name}={value}; {name}={value}"),
        format!("{}={value}", name.replace("__Host-", "")),
        format!("{}={value}", name.to_uppercase()),
        format!("{name}=\"{value}\u{e9}\""),
        format!("{name}={}", "A".repeat(20_000)),
        format!("{}{name}={value}", "a=b; ".repeat(4_000)),
        format!("{name}={value}%00"),
        format!("{}={value}", name.replace(CONTOSO, FABRIKAM)),
        format!("{flow}={value}"),
        ";;;===;;".to_owned(),
    ];
    for cookie in bad {
        let before = site.before().await;
        let mut request = Request::get(&silent).body(Body::empty()).unwrap();
        let header = http::HeaderValue::from_bytes(cookie.as_bytes()).unwrap();
        request.headers_mut().insert("cookie", header);
        let answer = site.send(request).await;
        let shown = cookie.chars().take(80).collect::<String>();
        assert_eq!(at_client(&answer)["error"], "login_required", "{shown}");
        site.refused(&before, &answer, 50058).await;
    }
    let mut again = browser;
    let answer = again.open(&silent).await;
    assert!(at_client(&answer).contains_key("code"), "positive control");
}

#[tokio::test]
async fn s09_names_that_are_markup_stay_text_on_every_page() {
    let naughty = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
    let house = TestHouse::edited(|world| {
        for tenant in &mut world.tenants {
            tenant.organization.display_name = naughty.to_owned();
            for user in tenant.users.iter_mut().flatten() {
                user.display_name = naughty.to_owned();
            }
            for application in tenant.applications.iter_mut().flatten() {
                application.display_name = naughty.to_owned();
            }
            for principal in tenant.service_principals.iter_mut().flatten() {
                principal.display_name = naughty.to_owned();
            }
        }
    })
    .await;
    let site = Site::of(house);
    for person in [DAVE, ADA, "wendy@woodgrove.example"] {
        let mut browser = Browser::new(&site);
        browser
            .sign_in(&PAYROLL.path_with(&[("login_hint", naughty)]), person)
            .await;
        browser
            .open(&PAYROLL.path_with(&[("prompt", "select_account")]))
            .await;
        browser.open(&format!("/{CONTOSO}/my-sign-ins")).await;
        browser
            .open(&format!("/{CONTOSO}/oauth2/v2.0/logout"))
            .await;
        browser
            .open(&PAYROLL.path_with(&[("client_id", naughty)]))
            .await;
        let address = [("redirect_uri", "https://evil.example/")];
        browser.open(&PAYROLL.path_with(&address)).await;
        assert!(browser.pages.len() > 8);
        let shown = browser
            .pages
            .iter()
            .filter(|page| page.contains("&#60;script&#62;"));
        assert!(shown.count() > 3, "the name was shown");
        for page in &browser.pages {
            assert!(
                !page.contains("<script>") && !page.contains("<img src=x"),
                "{page}"
            );
        }
    }
}

/// What a page shows a stranger, without what is fresh each time.
fn outline(answer: &Answer, name: &str) -> (StatusCode, Vec<String>, String) {
    let headers = answer.headers.keys().map(ToString::to_string).collect();
    let body = answer.body.replace(name, "NAME");
    let mut text = String::new();
    for (index, part) in body.split("name=\"ctx\" value=\"").enumerate() {
        let rest = if index == 0 {
            part
        } else {
            part.split_once('"').unwrap().1
        };
        text.push_str(rest);
    }
    let (head, foot) = text.split_once("<footer").unwrap_or((&text, ""));
    let foot_bytes = foot.len();
    (answer.status, headers, format!("{head}{foot_bytes}"))
}

#[tokio::test]
async fn q19_the_pages_of_somebody_and_of_nobody_are_the_same_to_the_byte() {
    let site = Site::demo().await;
    for name in ["dave@contoso.example", "ada@fabrikam.example"] {
        let (local, domain) = name.split_once('@').unwrap();
        let nobody = format!("{}@{domain}", "x".repeat(local.len()));
        let mut outlines = Vec::new();
        for typed in [name, nobody.as_str()] {
            let mut browser = Browser::new(&site);
            let page = browser.open(&PAYROLL.path()).await;
            let asked = browser.submit(&page, &[("name", typed)]).await;
            assert_eq!(asked.form_name().as_deref(), Some("password"), "{typed}");
            let before = site.before().await;
            let wrong = browser
                .submit(&asked, &[("password", "certainly wrong")])
                .await;
            site.refused(&before, &wrong, 50126).await;
            outlines.push((outline(&asked, typed), outline(&wrong, typed)));
        }
        assert_eq!(outlines[0], outlines[1], "{name}");
    }
    assert_eq!(
        site.house.passwords.checks(),
        4,
        "the same work for somebody and nobody"
    );
}

#[tokio::test]
async fn q09_u15_an_account_that_is_switched_off_gets_nothing_by_any_way() {
    let site = Site::of(TestHouse::demo().await.without_cache());
    let (mut browser, tokens) = site.tokens(PAYROLL, DAVE).await;
    let (_, code) = site.code(PAYROLL, DAVE).await;
    let access = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
    change(&site, CONTOSO, |world| {
        let mut users = world.users.iter_mut().flatten();
        let dave = users.find(|user| user.user_principal_name == DAVE).unwrap();
        dave.account_enabled = false;
    })
    .await;
    let before = site.before().await;
    let form = site.code_form(PAYROLL, &code);
    let answer = site.token(&PAYROLL.token_path(), &form).await;
    assert_eq!(answer.error().0, "invalid_grant", "{}", answer.body);
    site.refused_somehow(&before, &answer).await;
    let before = site.before().await;
    let answer = site.refresh(PAYROLL, &refresh).await;
    assert_eq!(answer.error().0, "invalid_grant");
    site.refused_somehow(&before, &answer).await;
    let before = site.before().await;
    let answer = browser
        .open(&PAYROLL.path_with(&[("prompt", "none")]))
        .await;
    assert!(at_client(&answer).contains_key("error"));
    site.refused_somehow(&before, &answer).await;
    let request = Request::get("/oidc/userinfo").header("authorization", &access);
    let answer = site.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let before = site.before().await;
    let mut fresh = Browser::new(&site);
    let answer = fresh.sign_in(&PAYROLL.path(), DAVE).await;
    site.refused(&before, &answer, 50057).await;
}

#[tokio::test]
async fn q10_whoever_locks_a_name_does_not_lock_out_who_is_already_in() {
    let site = Site::demo().await;
    let (mut browser, tokens) = site.tokens(PAYROLL, DAVE).await;
    let mut attacker = Browser::new(&site);
    attacker.address = "198.51.100.66".to_owned();
    let page = attacker.open(&PAYROLL.path()).await;
    let mut page = attacker.submit(&page, &[("name", DAVE)]).await;
    for _ in 0..12 {
        page = attacker.submit(&page, &[("password", "a guess")]).await;
    }
    let before = site.before().await;
    let password = site.house.password(DAVE);
    let locked = attacker
        .submit(&page, &[("password", password.expose())])
        .await;
    site.refused(&before, &locked, 50053).await;
    let silent = browser
        .open(&PAYROLL.path_with(&[("prompt", "none")]))
        .await;
    assert!(at_client(&silent).contains_key("code"), "{}", silent.body);
    let refreshed = site
        .refresh(PAYROLL, tokens["refresh_token"].as_str().unwrap())
        .await;
    assert_eq!(refreshed.status, StatusCode::OK);
    // And the lock opens by itself.
    site.house.pass(61);
    let mut later = Browser::new(&site);
    let end = later.sign_in(&PAYROLL.path(), DAVE).await;
    assert!(at_client(&end).contains_key("code"));
}

#[tokio::test]
async fn u02_s06_b10_nothing_of_one_tenant_opens_any_route_of_another() {
    let site = Site::demo().await;
    let (browser, tokens) = site.tokens(PAYROLL, DAVE).await;
    let (_, code) = site.code(PAYROLL, DAVE).await;
    let access = tokens["access_token"].as_str().unwrap().to_owned();
    let jar: Vec<String> = browser
        .cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    // The same cookies under the other tenant's name, too.
    let moved = jar.iter().map(|pair| pair.replace(CONTOSO, FABRIKAM));
    let cookies: Vec<String> = jar
        .iter()
        .cloned()
        .chain(moved)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let forms = [
        site.code_form(PAYROLL, &code),
        site.refresh_form(PAYROLL, tokens["refresh_token"].as_str().unwrap()),
    ];
    let mut tried = 0;
    for path in route::paths().filter(|path| path.contains("{tenant}")) {
        for tenant in [FABRIKAM, WOODGROVE, "fabrikam.example"] {
            for method in [Method::GET, Method::POST] {
                for form in &forms {
                    let before = site.before().await;
                    let target = path.replace("{tenant}", tenant);
                    let body = serde_urlencoded::to_string(with(form.clone(), &[])).unwrap();
                    let request = Request::builder()
                        .method(&method)
                        .uri(format!(
                            "{target}?{}",
                            serde_urlencoded::to_string(with(
                                PAYROLL.request(),
                                &[("prompt", "none")]
                            ))
                            .unwrap()
                        ))
                        .header("content-type", "application/x-www-form-urlencoded")
                        .header("authorization", format!("Bearer {access}"))
                        .header("cookie", cookies.join("; "));
                    let answer = site.send(request.body(Body::from(body)).unwrap()).await;
                    assert_ne!(
                        answer.status,
                        StatusCode::INTERNAL_SERVER_ERROR,
                        "{method} {target}"
                    );
                    site.nothing_issued(&before, &answer).await;
                    for word in ["Dave", "dave@", "Parnas", "Contoso"] {
                        assert!(
                            !answer.body.contains(word),
                            "{method} {target}: {}",
                            answer.body
                        );
                    }
                    tried += 1;
                }
            }
        }
    }
    assert!(tried >= 80, "{tried}");
    let form = site.code_form(PAYROLL, &code);
    let answer = site.token(&PAYROLL.token_path(), &form).await;
    assert_eq!(
        answer.status,
        StatusCode::OK,
        "positive control: {}",
        answer.body
    );
}

#[tokio::test]
async fn u16_what_is_remembered_of_one_tenant_is_never_shown_as_anothers() {
    let site = Site::demo().await;
    let paths = [
        "branding/style.css",
        "branding/logo",
        "v2.0/.well-known/openid-configuration",
        "discovery/v2.0/keys",
    ];
    for path in paths {
        let mut first: BTreeMap<&str, String> = BTreeMap::new();
        for _ in 0..3 {
            for tenant in [CONTOSO, FABRIKAM, WOODGROVE] {
                let answer = site.get(&format!("/{tenant}/{path}")).await;
                assert_eq!(answer.status, StatusCode::OK, "{tenant} {path}");
                let shown = answer.body;
                let known = first.entry(tenant).or_insert_with(|| shown.clone());
                assert_eq!(*known, shown, "{tenant} {path}");
            }
        }
        let different: BTreeSet<&String> = first.values().collect();
        assert_eq!(different.len(), 3, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn u18_of_64_requests_at_once_each_is_answered_with_its_own() {
    let site = std::sync::Arc::new(Site::demo().await);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..64_u32 {
        let site = std::sync::Arc::clone(&site);
        tasks.spawn(async move {
            let canary = format!("canary-{number:04}");
            let id = format!("0f8fad5b-d9cb-469f-a165-7086772{number:05}");
            let (app, error) = match number % 3 {
                0 => (
                    PAYROLL.path_with(&[("state", &canary), ("prompt", "none")]),
                    Some("login_required"),
                ),
                1 => (
                    PAYROLL.path_with(&[
                        ("state", &canary),
                        ("login_hint", &format!("{canary}@contoso.example")),
                    ]),
                    None,
                ),
                _ => (
                    INTRANET.path_with(&[
                        ("state", &canary),
                        ("prompt", "none"),
                        ("response_type", "token"),
                    ]),
                    Some("unsupported_response_type"),
                ),
            };
            let request = Request::get(&app).header("client-request-id", &id);
            let mut answer = site.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.header("x-correlation-id"), Some(id.as_str()));
            if let Some(error) = error {
                let told = at_client(&answer);
                assert_eq!(
                    (told["error"].as_str(), told["state"].as_str()),
                    (error, canary.as_str())
                );
            } else {
                let mut browser = Browser::new(&site);
                answer = browser.open(&app).await;
                assert!(answer.body.contains(&canary), "{}", answer.body);
            }
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", PAYROLL.client),
                ("client_secret", canary.as_str()),
            ];
            let mut request = form_request(
                &PAYROLL.token_path(),
                &serde_urlencoded::to_string(form).unwrap(),
            );
            request
                .headers_mut()
                .insert("client-request-id", id.parse().unwrap());
            let refused = site.send(request).await;
            assert_eq!(refused.json()["correlation_id"], id.as_str());
            (canary, [answer.body, refused.body])
        });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.len(), 64);
    for (own, bodies) in &answers {
        for (other, _) in answers.iter().filter(|(other, _)| other != own) {
            assert!(
                bodies.iter().all(|body| !body.contains(other)),
                "{other} in {own}"
            );
        }
    }
}

#[tokio::test]
async fn u19_the_export_of_a_tenant_has_nothing_that_was_planted_in_another() {
    let canary = |tenant: &TenantId| format!("canary of {tenant}");
    let house = TestHouse::edited(|world| {
        for tenant in &mut world.tenants {
            let planted = canary(&tenant.organization.id);
            for user in tenant.users.iter_mut().flatten() {
                user.given_name = Some(planted.clone());
            }
            for principal in tenant.service_principals.iter_mut().flatten() {
                principal.display_name = planted.clone();
            }
        }
    })
    .await;
    let worlds = house.house.store.export().await.unwrap();
    let tenants: Vec<TenantId> = worlds.iter().map(|world| world.organization.id).collect();
    assert_eq!(tenants.len(), 3);
    for world in &worlds {
        let text = format!("{world:?}");
        for tenant in &tenants {
            let is_own = *tenant == world.organization.id;
            assert_eq!(text.contains(&canary(tenant)), is_own, "{tenant}");
        }
    }
}

#[tokio::test]
async fn q22_a_new_house_knows_nobody() {
    let house = TestHouse::edited(|world| {
        world.tenants.clear();
        world.credentials.clear();
    });
    let site = Site::of(house.await);
    for tenant in [
        "common",
        "organizations",
        "admin",
        "default",
        "localhost",
        CONTOSO,
    ] {
        for name in [
            "admin",
            "administrator",
            "root@localhost",
            "admin@contoso.example",
        ] {
            let mut browser = Browser::new(&site);
            let path =
                super::site::path_of(tenant, &with(PAYROLL.request(), &[("login_hint", name)]));
            let answer = browser.open(&path).await;
            assert!(
                answer.status.is_client_error(),
                "{tenant} {name}: {}",
                answer.status
            );
            assert!(browser.cookies.is_empty());
        }
    }
    assert!(site.house.issued().await.values().all(|count| *count == 0));
}
