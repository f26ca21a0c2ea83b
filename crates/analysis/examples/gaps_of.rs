//! Scratch.
use portcullis_analysis::{
    analysis::Analysis, gap::Without, lint::Administrators, selection::Selection, side::Counted,
};
use portcullis_model::{
    id::TenantId,
    organization::Organization,
    store::{ImportedCredentials, TenantWorld},
};
use portcullis_whatif::directory::{Directory, DirectoryTenant};
fn export(path: &std::path::Path) -> DirectoryTenant {
    let export = portcullis_world::export::read_export(path).unwrap();
    println!(
        "{} policies, {} locations, missing {}",
        export.policies.len(),
        export.named_locations.len(),
        export.missing.len()
    );
    DirectoryTenant::of_world(TenantWorld {
        organization: Organization {
            id: TenantId::new(uuid::Uuid::from_u128(77)),
            display_name: "the export".into(),
            verified_domains: vec![],
            branding: None,
            technical_notification_mails: vec![],
            other: Default::default(),
        },
        users: None,
        groups: None,
        role_assignments: None,
        applications: None,
        service_principals: None,
        conditional_access_policies: Some(export.policies),
        named_locations: Some(export.named_locations),
        authentication_strengths: Some(export.authentication_strengths),
        authentication_contexts: Some(export.authentication_contexts),
        agreements: Some(export.agreements),
        cross_tenant_access_policy: export.cross_tenant_access_policy,
        invariants: None,
        credentials: ImportedCredentials::default(),
    })
}
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let path = std::path::Path::new(&path);
    let counted = if std::env::args().nth(2).is_some() {
        Counted::ReportOnlyToo
    } else {
        Counted::Enabled
    };
    let directory = if std::fs::read_dir(path)
        .unwrap()
        .flatten()
        .any(|e| e.path().join("organization.json").is_file())
    {
        Directory::of_world(portcullis_world::read_world(path).unwrap().tenants)
    } else {
        Directory::new([export(path)])
    };
    for tenant in directory.tenants() {
        println!(
            "== {} {} policies",
            tenant.name(),
            tenant.configuration().conditional_access_policies.len()
        );
        let t = std::time::Instant::now();
        let administrators = Administrators::default();
        let mut analysis = Analysis::new(&directory, tenant, counted, &administrators.interest());
        println!("built in {:?}; {:?}", t.elapsed(), analysis.unknown());
        for (name, without) in [
            ("mfa", Without::mfa()),
            ("phishing", Without::phishing_resistant_mfa()),
            ("device", Without::managed_device()),
            ("policy", Without::AnyPolicy),
        ] {
            let t = std::time::Instant::now();
            let first = analysis
                .gap(&without, &Selection::people())
                .unwrap()
                .1
                .is_some();
            let one = t.elapsed();
            let t = std::time::Instant::now();
            let gaps = analysis.gaps(&without, &Selection::people(), 6).unwrap();
            println!(
                "without {name}: {first} in {one:?}; {} {:?} in {:?}",
                gaps.gaps.len(),
                gaps.end,
                t.elapsed()
            );
            for gap in &gaps.gaps {
                println!(
                    "  {} [{} people]\n     e.g. {:?} {:?} {:?} {:?} {:?}",
                    gap.class,
                    gap.class.people.len(),
                    gap.witness.who.kind,
                    gap.witness.reached,
                    gap.witness.platform,
                    gap.witness.proven,
                    gap.witness.groups.len()
                );
            }
        }
        let t = std::time::Instant::now();
        let found = analysis.lint(&administrators).unwrap();
        println!("lint: {} in {:?}", found.len(), t.elapsed());
        for one in found {
            println!(
                "  {} {}: {}\n      cure: {}\n      {}",
                one.rule.severity().name(),
                one.rule.name(),
                one.what,
                one.cure,
                one.class.map_or(String::new(), |c| c.to_string())
            );
        }
    }
}
