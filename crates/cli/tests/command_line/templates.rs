//! The templates on the command line: what is listed, and that every policy printed can be asked about and imported.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::running::Place;

const DEMO_WORLD: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../scenarios/two-organisations"
);
/// Carol, the administrator of Contoso in the demo world.
const CAROL: &str = "c0c0c0c0-0001-4000-8000-000000000001";

fn listed(place: &Place) -> Vec<Value> {
    let list = place.run_well(&["templates", "list", "--output", "json"]);
    let list: Value = serde_json::from_str(&list).unwrap();
    list["value"].as_array().unwrap().clone()
}

fn shown(place: &Place, arguments: &[&str]) -> Value {
    let policy = place.run_well(&[&["templates", "show"], arguments].concat());
    serde_json::from_str(&policy).unwrap()
}

#[test]
fn the_list_names_every_template_with_its_id_and_what_it_does() {
    let place = Place::new();
    let templates = listed(&place);
    assert_eq!(templates.len(), 18);
    let mut list = place.command(&["templates", "list"]);
    let text = list.env("COLUMNS", "400").output().unwrap().stdout;
    let text = String::from_utf8(text).unwrap();
    for template in &templates {
        for member in ["id", "name", "description"] {
            let part = template[member].as_str().unwrap();
            assert!(text.contains(part), "`{part}` in: {text}");
        }
    }
    // A page wide where no terminal reads, and as wide as it is where one does.
    for (columns, wide) in [(None, 100), (Some("70"), 70)] {
        let mut list = place.command(&["templates", "list"]);
        list.env_remove("COLUMNS")
            .envs(columns.map(|columns| ("COLUMNS", columns)));
        let text = String::from_utf8(list.output().unwrap().stdout).unwrap();
        let fits = |line: &str| line.chars().count() <= wide && line == line.trim_end();
        assert!(text.lines().all(fits), "{text}");
    }
    assert!(
        text.contains("(secureFoundation, zeroTrust, remoteWork)"),
        "{text}"
    );
    assert_eq!(fs::read_dir(place.folder.path()).unwrap().count(), 0);
}

#[test]
fn a_template_is_found_by_id_by_name_and_by_what_no_other_name_has() {
    let place = Place::new();
    let by_id = shown(&place, &["0B2282F9-2862-4178-88b5-d79340b36cb8"]);
    assert_eq!(by_id, shown(&place, &["block legacy authentication"]));
    assert_eq!(by_id, shown(&place, &["legacy", "--output", "json"]));
    assert_eq!(by_id["displayName"], "Block legacy authentication");
    assert_eq!(by_id["templateId"], "0b2282f9-2862-4178-88b5-d79340b36cb8");
    assert_eq!(by_id["state"], "enabledForReportingButNotEnforced");
    assert_eq!(by_id["conditions"]["users"]["excludeUsers"], json!([]));
    let without_carol = shown(&place, &["legacy", "--exclude-user", CAROL]);
    assert_eq!(
        without_carol["conditions"]["users"]["excludeUsers"],
        json!([CAROL])
    );

    // People are told what it does and what to mind, machines get the policy alone.
    let said = place.run(&["templates", "show", "legacy"]);
    assert!(said.error.contains("Blocks clients") && said.error.contains("--exclude-user"));
    let said = place.run(&["templates", "show", "legacy", "--output", "json"]);
    assert_eq!(said.error, "");

    let show = |wanted: &'static str| place.run(&["templates", "show", wanted]);
    show("nothing").assert_refused(1, &["no template is called `nothing`", "templates list"]);
    show("hybrid joined").assert_refused(1, &["`hybrid joined` could be `Require", "` or `"]);
    show("").assert_refused(1, &["could be"]);
    let named = ["templates", "show", "legacy", "--exclude-user", "carol"];
    place.run(&named).assert_refused(2, &["an object id"]);
}

#[test]
fn every_policy_printed_is_taken_by_what_if_and_by_import() {
    let place = Place::new();
    copy(Path::new(DEMO_WORLD), &place.path("world"));
    let policies = place.path("world/contoso/conditionalAccessPolicies");
    for (index, template) in listed(&place).iter().enumerate() {
        let id = template["id"].as_str().unwrap();
        let policy = place.run_well(&["templates", "show", id, "--exclude-user", CAROL]);
        fs::write(place.path("draft.json"), &policy).unwrap();
        let asked = [
            "whatif",
            DEMO_WORLD,
            "--user",
            "carol@contoso.example",
            "--app",
            "Payroll",
            "--complete",
            "--policies",
            "draft.json",
            "--output",
            "json",
        ];
        let answer: Value = serde_json::from_str(&place.run_well(&asked)).unwrap();
        let name = &template["name"];
        let told = answer["value"].as_array().unwrap();
        let ours = told.iter().find(|one| one["displayName"] == *name);
        let ours = ours.unwrap_or_else(|| panic!("{name} is not told of"));
        assert_eq!(ours["policyApplies"], false, "carol is left out of {name}");
        fs::write(policies.join(format!("template-{index}.json")), policy).unwrap();
    }
    place.run_well(&["import", "world"]);
    place.run_well(&["export", "out"]);
    let exported: String = fs::read_dir(place.path("out"))
        .unwrap()
        .filter_map(|tenant| {
            let file = tenant
                .unwrap()
                .path()
                .join("conditionalAccessPolicies.json");
            fs::read_to_string(file).ok()
        })
        .collect();
    for template in listed(&place) {
        let id = template["id"].as_str().unwrap();
        assert!(exported.contains(id), "{id}");
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
