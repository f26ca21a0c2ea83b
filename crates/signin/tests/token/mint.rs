//! The mint takes only a permit that fits: tenant, client, subject, audience and moment.

use std::collections::BTreeSet;
use std::sync::Arc;

use portcullis_model::conditional_access::ClientAppType;
use portcullis_model::id::{ClientId, ServicePrincipalId};
use portcullis_policy::decide::decide;
use portcullis_policy::facts::{SignIn, Subject};
use portcullis_policy::permit::Permit;
use portcullis_protocol::oidc::access_token::ClientAuthenticationClass;
use portcullis_signin::house::LoadedTenant;
use portcullis_signin::mint::{ApplicationOrder, MintError, mint_for_application};
use portcullis_signin::resource::Resource;

use crate::scene::{App, CONTOSO, FABRIKAM, Scene, id};

const PRINCIPAL: &str = "c0c0c0c0-0005-4000-8000-000000000004";

fn permit(scene: &Scene, tenant: &LoadedTenant) -> Permit {
    let facts = SignIn {
        client_app_type: ClientAppType::MobileAppsAndDesktopClients,
        ..SignIn::new(
            Subject::ServicePrincipal(id(PRINCIPAL)),
            App::Report.client(),
            BTreeSet::from([Resource::GRAPH.client]),
            scene.kit.now(),
        )
    };
    decide(&tenant.compiled, &facts).permit().unwrap()
}

struct Asked {
    tenant: Arc<LoadedTenant>,
    client: ClientId,
    principal: ServicePrincipalId,
    resource: Resource,
    later_seconds: i64,
}

async fn mint(scene: &Scene, permit: Permit, asked: &Asked) -> Result<(), MintError> {
    let order = ApplicationOrder {
        tenant: &asked.tenant,
        principal: asked.principal,
        client: asked.client,
        resource: asked.resource,
        roles: Vec::new(),
        client_class: ClientAuthenticationClass::Secret,
    };
    let now = scene.kit.now() + jiff::SignedDuration::from_secs(asked.later_seconds);
    let mut entropy = scene.kit.entropy();
    let minted = mint_for_application(scene.house(), now, &mut entropy, permit, order).await;
    minted.map(|_| ())
}

#[tokio::test]
async fn each_way_in_which_a_permit_does_not_fit_makes_no_token() {
    let scene = Scene::new().await;
    let contoso = scene_tenant(&scene, CONTOSO).await;
    let fabrikam = scene_tenant(&scene, FABRIKAM).await;
    let fitting = || Asked {
        tenant: Arc::clone(&contoso),
        client: App::Report.client(),
        principal: id(PRINCIPAL),
        resource: Resource::GRAPH,
        later_seconds: 0,
    };
    for later_seconds in [0, 60] {
        let asked = Asked {
            later_seconds,
            ..fitting()
        };
        assert!(mint(&scene, permit(&scene, &contoso), &asked).await.is_ok());
    }
    let wrong = [
        Asked {
            tenant: Arc::clone(&fabrikam),
            ..fitting()
        },
        Asked {
            client: App::Payroll.client(),
            ..fitting()
        },
        Asked {
            principal: id("c0c0c0c0-0005-4000-8000-000000000001"),
            ..fitting()
        },
        Asked {
            resource: Resource::DIRECTORY,
            ..fitting()
        },
        Asked {
            later_seconds: 61,
            ..fitting()
        },
        Asked {
            later_seconds: -1,
            ..fitting()
        },
    ];
    for (number, asked) in wrong.iter().enumerate() {
        let answer = mint(&scene, permit(&scene, &contoso), asked).await;
        assert!(matches!(answer, Err(MintError::Permit(_))), "case {number}");
    }
}

async fn scene_tenant(scene: &Scene, tenant: &str) -> Arc<LoadedTenant> {
    let found = scene.house().tenants.find(id(tenant)).await.unwrap();
    found.unwrap()
}
