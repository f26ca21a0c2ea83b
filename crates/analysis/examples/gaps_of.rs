//! Scratch.
fn main() {
    use portcullis_analysis::{
        analysis::Analysis,
        gap::Without,
        selection::{Interest, Selection},
        side::Counted,
    };
    use portcullis_whatif::directory::Directory;
    let path = std::env::args().nth(1).unwrap();
    let world = portcullis_world::read_world(std::path::Path::new(&path)).unwrap();
    let directory = Directory::of_world(world.tenants);
    for tenant in directory.tenants() {
        println!("== {}", tenant.name());
        let t = std::time::Instant::now();
        let mut analysis =
            Analysis::new(&directory, tenant, Counted::Enabled, &Interest::default());
        println!("built in {:?}; {:?}", t.elapsed(), analysis.unknown());
        for (name, without) in [
            ("mfa", Without::mfa()),
            ("phishing", Without::phishing_resistant_mfa()),
            ("device", Without::managed_device()),
            ("policy", Without::AnyPolicy),
        ] {
            let t = std::time::Instant::now();
            let gaps = analysis.gaps(&without, &Selection::people(), 12).unwrap();
            println!(
                "without {name}: {} {:?} in {:?}",
                gaps.gaps.len(),
                gaps.end,
                t.elapsed()
            );
            for gap in &gaps.gaps {
                println!(
                    "  {} [{} people]\n     e.g. {:?} {:?} {:?} {:?}",
                    gap.class,
                    gap.class.people.len(),
                    gap.witness.who,
                    gap.witness.reached,
                    gap.witness.proven,
                    gap.witness.outcome
                );
            }
        }
    }
}
