//! Refresh tokens: rotation, theft, races, and everything that must end them (requirements C01-C08, U12, U15).

use std::sync::Arc;

use jiff::SignedDuration;
use portcullis_model::id::{GroupId, TenantId};
use portcullis_model::store::Change;
use portcullis_protocol::oauth::error::OauthError;
use serde_json::json;

use crate::scene::{
    ABROAD, App, CONTOSO, FABRIKAM, OFFICE, Person, Scene, access_claims, enforce_rehearsals, id,
    id_claims, refresh_text, refusal, refused,
};

#[tokio::test]
async fn c01_rotation_gives_a_new_token_and_reuse_of_the_old_one_kills_the_family() {
    let scene = Scene::new().await;
    for app in [App::Payroll, App::Mobile] {
        let (_, first) = scene.tokens(Person::Dave, app).await;
        let old = refresh_text(&first);
        let second = scene.send(&scene.refresh_form(app, &old)).await.unwrap();
        let new = refresh_text(&second);
        assert_ne!(old, new);
        assert_eq!(id_claims(&second)["sub"], id_claims(&first)["sub"]);
        assert!(id_claims(&second).get("nonce").is_none());
        let reuse = scene.send(&scene.refresh_form(app, &old)).await;
        refused(&scene, reuse, OauthError::InvalidGrant, 9_900_008).await;
        let after = scene.send(&scene.refresh_form(app, &new)).await;
        refused(&scene, after, OauthError::InvalidGrant, 70008).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn c02_of_concurrent_refreshes_one_wins_and_the_family_lives_on() {
    let scene = Arc::new(Scene::new().await);
    let (_, first) = scene.tokens(Person::Dave, App::Timesheet).await;
    let mut token = refresh_text(&first);
    for round in 0..1000 {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..2 {
            let (scene, form) = (
                Arc::clone(&scene),
                scene.refresh_form(App::Timesheet, &token),
            );
            tasks.spawn(async move { scene.send(&form).await });
        }
        let answers = tasks.join_all().await;
        let (given, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        // A request that begins after the winner's commit presents a spent token: theft, and the family dies with it.
        let numbers: Vec<u32> = lost
            .into_iter()
            .map(|answer| refusal(answer).error_codes[0])
            .collect();
        assert_eq!(given.len(), 1, "round {round}: {numbers:?}");
        let next = refresh_text(given[0].as_ref().unwrap());
        if numbers.iter().all(|number| *number == 70000) {
            token = next;
        } else {
            let dead = refusal(scene.send(&scene.refresh_form(App::Timesheet, &next)).await);
            assert_eq!(dead.error_codes, [70008], "round {round}: {numbers:?}");
            token = refresh_text(&scene.tokens(Person::Dave, App::Timesheet).await.1);
        }
    }
}

#[tokio::test]
async fn c03_another_client_gets_nothing_and_harms_nothing() {
    let scene = Scene::new().await;
    let (_, response) = scene.tokens(Person::Dave, App::Payroll).await;
    let token = refresh_text(&response);
    let stolen = scene.refresh_form(App::Timesheet, &token);
    refused(
        &scene,
        scene.send(&stolen).await,
        OauthError::InvalidGrant,
        700_003,
    )
    .await;
    assert!(
        scene
            .send(&scene.refresh_form(App::Payroll, &token))
            .await
            .is_ok()
    );
    let error = refusal(
        scene
            .send_to(
                FABRIKAM,
                &scene.refresh_form(App::LunchMenu, &token),
                OFFICE,
            )
            .await,
    );
    assert_eq!(error.error_codes, [700_005]);
}

/// Each way in which what a refresh token stands on can go away.
#[tokio::test]
async fn c04_u15_nothing_outlives_what_it_stands_on() {
    type Cut = (
        &'static str,
        Person,
        &'static str,
        u32,
        fn(&mut portcullis_model::store::TenantWorld),
    );
    let cuts: [Cut; 5] = [
        ("switched off here", Person::Dave, CONTOSO, 50057, |world| {
            for user in world.users.iter_mut().flatten() {
                user.account_enabled = user.id != Person::Dave.user();
            }
        }),
        ("guest removed here", Person::Ada, CONTOSO, 70008, |world| {
            world
                .users
                .iter_mut()
                .for_each(|users| users.retain(|user| user.id != Person::Ada.user()));
        }),
        (
            "switched off at home",
            Person::Ada,
            FABRIKAM,
            50057,
            |world| {
                for user in world.users.iter_mut().flatten() {
                    user.account_enabled =
                        Some(user.id) != Person::Ada.home().map(|home| home.user_id);
                }
            },
        ),
        ("removed at home", Person::Ada, FABRIKAM, 50133, |world| {
            let home = Person::Ada.home().map(|home| home.user_id);
            world
                .users
                .iter_mut()
                .for_each(|users| users.retain(|user| Some(user.id) != home));
        }),
        (
            "direct connect user switched off at home",
            Person::Frank,
            FABRIKAM,
            50057,
            |world| {
                for user in world.users.iter_mut().flatten() {
                    user.account_enabled =
                        Some(user.id) != Person::Frank.home().map(|home| home.user_id);
                }
            },
        ),
    ];
    for (what, person, tenant, number, edit) in cuts {
        let scene = Scene::changeable().await;
        let app = if person == Person::Frank {
            App::SharedChannel
        } else {
            App::Payroll
        };
        let (_, response) = scene.tokens(person, app).await;
        let second = scene
            .send(&scene.refresh_form(app, &refresh_text(&response)))
            .await;
        let token = refresh_text(&second.unwrap_or_else(|error| panic!("{what}: {error:?}")));
        scene.change(tenant, edit).await;
        let error = refusal(scene.send(&scene.refresh_form(app, &token)).await);
        assert_eq!(error.error, OauthError::InvalidGrant, "{what} {error:?}");
        assert_eq!(error.error_codes, [number], "{what}");
    }
}

#[tokio::test]
async fn c04_ending_a_session_here_or_at_home_ends_its_refresh_tokens() {
    let scene = Scene::new().await;
    let (arrival, response) = scene.tokens(Person::Ada, App::Payroll).await;
    let end = Change::EndSession(arrival.grant.session);
    scene.commit(id(CONTOSO), vec![end]).await;
    let form = scene.refresh_form(App::Payroll, &refresh_text(&response));
    refused(
        &scene,
        scene.send(&form).await,
        OauthError::InvalidGrant,
        70008,
    )
    .await;

    let (arrival, response) = scene.tokens(Person::Ada, App::Payroll).await;
    let home = arrival.grant.home_session.unwrap();
    scene
        .commit(home.tenant_id, vec![Change::EndSession(home.session_id)])
        .await;
    let form = scene.refresh_form(App::Payroll, &refresh_text(&response));
    refused(
        &scene,
        scene.send(&form).await,
        OauthError::InvalidGrant,
        50133,
    )
    .await;
}

#[tokio::test]
async fn a_home_session_that_merely_expired_takes_no_refresh_token_along() {
    let scene = Scene::new().await;
    let (_, response) = scene.tokens(Person::Dave, App::Payroll).await;
    scene.kit.pass(86_401);
    scene
        .house()
        .store
        .purge_expired(scene.kit.now())
        .await
        .unwrap();
    let form = scene.refresh_form(App::Payroll, &refresh_text(&response));
    assert!(scene.send(&form).await.is_ok());
}

#[tokio::test]
async fn c05_the_family_ends_however_often_it_rotated() {
    let scene = Scene::new().await;
    let lifetimes = scene.house().lifetimes;
    let (_, response) = scene.tokens(Person::Dave, App::Payroll).await;
    let mut token = refresh_text(&response);
    let step = lifetimes.refresh_token_idle_seconds - 1;
    let mut passed = 0;
    while passed + step < lifetimes.refresh_token_family_seconds {
        scene.kit.pass(step);
        passed += step;
        let answer = scene.send(&scene.refresh_form(App::Payroll, &token)).await;
        token = refresh_text(&answer.unwrap());
    }
    scene
        .kit
        .pass(lifetimes.refresh_token_family_seconds - passed);
    let form = scene.refresh_form(App::Payroll, &token);
    refused(
        &scene,
        scene.send(&form).await,
        OauthError::InvalidGrant,
        70008,
    )
    .await;
}

#[tokio::test]
async fn a_refresh_token_that_is_not_used_goes_stale() {
    let scene = Scene::new().await;
    let (_, response) = scene.tokens(Person::Dave, App::Payroll).await;
    scene
        .kit
        .pass(scene.house().lifetimes.refresh_token_idle_seconds);
    let form = scene.refresh_form(App::Payroll, &refresh_text(&response));
    refused(
        &scene,
        scene.send(&form).await,
        OauthError::InvalidGrant,
        700_082,
    )
    .await;
}

#[tokio::test]
async fn c06_scopes_only_shrink_and_the_audience_does_not_widen() {
    let scene = Scene::new().await;
    let (_, response) = scene.tokens(Person::Dave, App::Mobile).await;
    let mut token = refresh_text(&response);
    assert_eq!(
        access_claims(&response)["aud"],
        App::Payroll.client().to_string()
    );
    for wider in [
        "api://payroll/Other",
        "api://vault/.default",
        "openid User.Read",
    ] {
        let form = scene.refresh_form(App::Mobile, &token).with("scope", wider);
        refused(
            &scene,
            scene.send(&form).await,
            OauthError::InvalidScope,
            70011,
        )
        .await;
    }
    let form = scene
        .refresh_form(App::Mobile, &token)
        .with("scope", "openid");
    let narrow = scene.send(&form).await.unwrap();
    assert_eq!(narrow.scope, "openid");
    assert_eq!(access_claims(&narrow)["scp"], "openid");
    assert_eq!(
        access_claims(&narrow)["aud"],
        "00000002-0000-0000-c000-000000000000"
    );
    assert!(id_claims(&narrow).get("name").is_none());
    // What was narrowed is the answer, not the grant (RFC 6749 §6).
    token = refresh_text(&narrow);
    let whole = scene
        .send(&scene.refresh_form(App::Mobile, &token))
        .await
        .unwrap();
    assert_eq!(
        access_claims(&whole)["scp"],
        "access_as_user email openid profile"
    );
}

#[tokio::test]
async fn c07_a_public_client_that_moves_is_decided_upon_where_it_is() {
    let scene = crate::scene::edited(CONTOSO, enforce_rehearsals).await;
    let (_, response) = scene.tokens(Person::Dave, App::Mobile).await;
    let form = scene.refresh_form(App::Mobile, &refresh_text(&response));
    let abroad = scene.send_to(CONTOSO, &form, ABROAD).await;
    let error = refused(&scene, abroad, OauthError::InvalidGrant, 53003).await;
    assert_eq!(error.suberror.as_deref(), Some("message_only"));
    // It was not spent: back in the office it goes on.
    assert!(scene.send_to(CONTOSO, &form, OFFICE).await.is_ok());

    // A confidential client's own address says nothing of the person.
    let (_, response) = scene.tokens(Person::Dave, App::Payroll).await;
    let form = scene.refresh_form(App::Payroll, &refresh_text(&response));
    assert!(scene.send_to(CONTOSO, &form, ABROAD).await.is_ok());
}

#[tokio::test]
async fn c07_a_policy_that_is_switched_on_blocks_the_next_refresh() {
    let scene = Scene::changeable().await;
    let (_, response) = scene.tokens(Person::Dave, App::Mobile).await;
    let form = scene.refresh_form(App::Mobile, &refresh_text(&response));
    scene.change(CONTOSO, enforce_rehearsals).await;
    let abroad = scene.send_to(CONTOSO, &form, ABROAD).await;
    refused(&scene, abroad, OauthError::InvalidGrant, 53003).await;
}

#[tokio::test]
async fn c07_u12_trust_that_is_withdrawn_is_asked_again_at_the_next_refresh() {
    let scene = Scene::changeable().await;
    let (_, response) = scene.tokens(Person::Ada, App::Payroll).await;
    let form = scene.refresh_form(App::Payroll, &refresh_text(&response));
    scene
        .change(CONTOSO, |world| {
            let policy = world.cross_tenant_access_policy.as_mut().unwrap();
            for partner in &mut policy.partners {
                if partner.tenant_id == id::<TenantId>(FABRIKAM) {
                    partner
                        .settings
                        .inbound_trust
                        .as_mut()
                        .unwrap()
                        .is_mfa_accepted = Some(false);
                }
            }
        })
        .await;
    let answer = scene.send(&form).await;
    let error = refused(&scene, answer, OauthError::InteractionRequired, 50076).await;
    assert_eq!(error.suberror.as_deref(), Some("basic_action"));
    let claims: serde_json::Value = serde_json::from_str(error.claims.as_deref().unwrap()).unwrap();
    let expected = json!({"access_token": {"capolids": {
        "essential": true, "values": ["c0c0c0c0-0006-4000-8000-000000000001"]}}});
    assert_eq!(claims, expected);
    let row = scene.row(CONTOSO, 50076).await;
    assert_eq!(row.incoming_token_type, "refreshToken");
    let home = scene.row(FABRIKAM, 50076).await;
    assert!(
        home.applied_conditional_access_policies.is_empty(),
        "not the home tenant's business"
    );
}

#[tokio::test]
async fn u12_a_partner_that_is_shut_out_or_shuts_in_ends_at_the_next_refresh() {
    for (tenant, partner, number) in [(CONTOSO, FABRIKAM, 500_213), (FABRIKAM, CONTOSO, 500_212)] {
        let scene = Scene::changeable().await;
        let (_, response) = scene.tokens(Person::Ada, App::Payroll).await;
        let form = scene.refresh_form(App::Payroll, &refresh_text(&response));
        scene
            .change(tenant, |world| {
                let policy = world.cross_tenant_access_policy.as_mut().unwrap();
                for entry in &mut policy.partners {
                    if entry.tenant_id == id::<TenantId>(partner) {
                        let nobody: portcullis_model::cross_tenant_access::B2bSetting =
                            serde_json::from_value(json!({
                                "usersAndGroups": {"accessType": "blocked", "targets": [{"target": "AllUsers", "targetType": "user"}]},
                                "applications": {"accessType": "blocked", "targets": [{"target": "AllApplications", "targetType": "application"}]},
                            }))
                            .unwrap();
                        entry.settings.b2b_collaboration_inbound = Some(nobody.clone());
                        entry.settings.b2b_collaboration_outbound = Some(nobody);
                    }
                }
            })
            .await;
        refused(
            &scene,
            scene.send(&form).await,
            OauthError::InvalidGrant,
            number,
        )
        .await;
    }
}

#[tokio::test]
async fn a_sign_in_frequency_ends_a_guests_refreshes_and_not_a_members() {
    let scene = Scene::new().await;
    let (_, guest) = scene.tokens(Person::Ada, App::Payroll).await;
    let (_, member) = scene.tokens(Person::Dave, App::Payroll).await;
    scene.kit.pass(12 * 3600);
    let form = scene.refresh_form(App::Payroll, &refresh_text(&guest));
    let error = refused(
        &scene,
        scene.send(&form).await,
        OauthError::InvalidGrant,
        70043,
    )
    .await;
    assert_eq!(error.suberror.as_deref(), Some("bad_token"));
    let form = scene.refresh_form(App::Payroll, &refresh_text(&member));
    assert!(scene.send(&form).await.is_ok());
}

#[tokio::test]
async fn c08_revoking_sessions_here_or_at_home_kills_the_family() {
    for (person, tenant) in [
        (Person::Dave, CONTOSO),
        (Person::Ada, CONTOSO),
        (Person::Ada, FABRIKAM),
    ] {
        let scene = Scene::changeable().await;
        let (_, response) = scene.tokens(person, App::Payroll).await;
        let form = scene.refresh_form(App::Payroll, &refresh_text(&response));
        let moment = scene.kit.now() + SignedDuration::from_secs(1);
        scene.kit.pass(2);
        scene
            .change(tenant, |world| {
                for user in world.users.iter_mut().flatten() {
                    user.sign_in_sessions_valid_from_date_time = Some(moment);
                }
            })
            .await;
        refused(
            &scene,
            scene.send(&form).await,
            OauthError::InvalidGrant,
            50173,
        )
        .await;
    }
}

#[tokio::test]
async fn an_application_that_starts_to_ask_for_assignment_shuts_out_whoever_is_not_assigned() {
    let scene = Scene::changeable().await;
    let (_, response) = scene.tokens(Person::Dave, App::Payroll).await;
    let form = scene.refresh_form(App::Payroll, &refresh_text(&response));
    let nobody: GroupId = id("c0c0c0c0-0002-4000-8000-00000000ffff");
    scene
        .change(CONTOSO, |world| {
            for principal in world.service_principals.iter_mut().flatten() {
                if principal.app_id == App::Payroll.client() {
                    principal.app_role_assignment_required = true;
                    principal.assigned_to = vec![nobody.uuid()];
                }
            }
        })
        .await;
    refused(
        &scene,
        scene.send(&form).await,
        OauthError::InvalidGrant,
        50105,
    )
    .await;
}

#[tokio::test]
async fn s14_no_token_lives_after_a_logout_that_races_a_refresh() {
    let scene = Arc::new(Scene::new().await);
    for round in 0..1000 {
        let (arrival, response) = scene.tokens(Person::Dave, App::Timesheet).await;
        let form = scene.refresh_form(App::Timesheet, &refresh_text(&response));
        let (refreshing, ending) = (Arc::clone(&scene), Arc::clone(&scene));
        let refresh = tokio::spawn(async move { refreshing.send(&form).await });
        let end = tokio::spawn(async move {
            let change = Change::EndSession(arrival.grant.session);
            ending.commit(id(CONTOSO), vec![change]).await;
        });
        end.await.unwrap();
        if let Ok(won) = refresh.await.unwrap() {
            let form = scene.refresh_form(App::Timesheet, &refresh_text(&won));
            let error = refusal(scene.send(&form).await);
            assert_eq!(error.error_codes, [70008], "round {round}");
        }
    }
}

#[tokio::test]
async fn c04_consent_that_an_administrator_withdraws_ends_what_it_carried() {
    let scene = Scene::changeable().await;
    let only_by_administrator = "api://payroll/.default";
    let arrival = scene
        .arrive_as(Person::Dave, App::Mobile, |code| {
            code.grant.scopes = [only_by_administrator, "openid", "offline_access"]
                .map(str::to_owned)
                .into();
        })
        .await;
    let answer = scene
        .send(&scene.code_form(App::Mobile, &arrival.code))
        .await;
    let response = answer.unwrap();
    // `.default` is all that was agreed to at the resource.
    assert_eq!(access_claims(&response)["scp"], "access_as_user openid");
    let form = scene.refresh_form(App::Mobile, &refresh_text(&response));
    scene
        .change(CONTOSO, |world| {
            for principal in world.service_principals.iter_mut().flatten() {
                principal
                    .admin_consented_scopes
                    .retain(|scope| scope == "openid");
            }
        })
        .await;
    let error = refused(
        &scene,
        scene.send(&form).await,
        OauthError::InvalidGrant,
        65001,
    )
    .await;
    assert_eq!(error.suberror.as_deref(), Some("consent_required"));
}
