//! The map as a stranger would have it made: one file that loads nothing, whatever the names in it say.

use std::fs;

use serde_json::{Value, json};

use crate::running::Place;

const DEMO_WORLD: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../scenarios/two-organisations"
);

/// What no page may have that comes from a stranger and is opened by an auditor.
#[track_caller]
fn assert_loads_nothing(page: &str) {
    for part in [
        "<script", "http:", "https:", "src=", "@import", "<link", "<iframe", "<object",
    ] {
        assert!(!page.contains(part), "`{part}` is on the page");
    }
    let loads = page.matches("url(").count();
    assert_eq!(loads, page.matches("url(#").count(), "something is loaded");
    assert!(page.contains("default-src 'none'"));
}

/// One for wide screens and paper, one for phones; neither scrolls, and what one refers to is its own.
#[test]
fn the_picture_of_trust_is_drawn_wide_and_narrow() {
    let place = Place::new();
    let asked = [
        "map", DEMO_WORLD, "--tenant", "Contoso", "--html", "map.html",
    ];
    place.run_well(&asked);
    let page = fs::read_to_string(place.path("map.html")).unwrap();
    for shape in ["wide", "narrow"] {
        assert_eq!(
            page.matches(&format!("class=\"picture {shape}\"")).count(),
            1
        );
        let marker = format!("id=\"{shape}-open\"");
        assert_eq!(page.matches(&marker).count(), 1);
        assert!(page.contains(&format!("url(#{shape}-open)")));
    }
    assert!(page.contains("viewBox=\"0 0 340 "));
    assert!(!page.contains("scroll picture"));
}

#[test]
fn contosos_map_is_one_file_that_loads_nothing() {
    let place = Place::new();
    let asked = [
        "map", DEMO_WORLD, "--tenant", "Contoso", "--html", "map.html",
    ];
    let said = place.run_well(&asked);
    assert!(said.contains("written: map.html"), "{said}");
    let page = fs::read_to_string(place.path("map.html")).unwrap();
    assert_loads_nothing(&page);
    for part in [
        "<title>Conditional Access map · Contoso</title>",
        "Vault needs a compliant device",
        "1 reporting only (not counted)",
        "Users of Woodgrove",
        "scope=\"row\"",
        "<summary>",
        "@media print",
        "never-met",
    ] {
        assert!(page.contains(part), "`{part}` is not on the page");
    }
    // Written over, as it says.
    fs::write(place.path("map.html"), "old").unwrap();
    place.run_well(&asked);
    assert_eq!(fs::read_to_string(place.path("map.html")).unwrap(), page);
}

#[test]
fn the_same_map_is_told_as_data() {
    let place = Place::new();
    let said = place.run_well(&["map", DEMO_WORLD, "--tenant", "Contoso", "--output", "json"]);
    let map: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(map["tenant"], "Contoso");
    let columns = map["columns"].as_array().unwrap();
    let vault = columns
        .iter()
        .position(|one| one["name"] == "Vault")
        .unwrap();
    let rows = map["rows"].as_array().unwrap();
    let level = |name: &str| {
        let row = rows.iter().find(|one| one["name"] == name).unwrap();
        assert_eq!(row["cells"].as_array().unwrap().len(), columns.len());
        row["cells"][vault]["level"].clone()
    };
    assert_eq!(level("Members"), "managedDevice");
    assert_eq!(level("Global Administrator"), "mfa");
    assert_eq!(level("Users of Woodgrove"), "blocked");
    assert_eq!(map["neighbours"][0]["trustsMfa"], true);
}

#[test]
fn hostile_names_stay_text() {
    let place = Place::new();
    let folder = place.path("<img onerror=alert(1)> & \"Sons\"");
    fs::create_dir(&folder).unwrap();
    let policy = json!({
        "displayName": "</td><script>alert(1)</script>", "state": "enabled",
        "conditions": {
            "users": { "includeUsers": ["All"], "excludeGroups": ["f0f0f0f0-0000-4000-8000-000000000001"] },
            "applications": { "includeApplications": ["All"] }, "clientAppTypes": ["all"]
        },
        "grantControls": { "operator": "OR", "builtInControls": ["block"] }
    });
    fs::write(folder.join("policy.json"), policy.to_string()).unwrap();
    let group = json!([{
        "id": "f0f0f0f0-0000-4000-8000-000000000001",
        "displayName": "\" onmouseover='alert(1)' <b>",
    }]);
    fs::write(folder.join("groups.json"), group.to_string()).unwrap();
    place.run_well(&["map", folder.to_str().unwrap(), "--html", "map.html"]);
    let page = fs::read_to_string(place.path("map.html")).unwrap();
    assert_loads_nothing(&page);
    for part in ["<img", "<b>", "\" onmouseover", "</td><s"] {
        assert!(!page.contains(part), "`{part}` is on the page");
    }
    assert!(page.contains("&#60;script&#62;alert(1)&#60;/script&#62;"));
    assert!(page.contains("onmouseover"), "the group has a row");
}

#[test]
fn a_tenant_without_policies_has_a_map_that_says_so() {
    let place = Place::new();
    place.run_well(&[
        "map",
        DEMO_WORLD,
        "--tenant",
        "Woodgrove",
        "--html",
        "map.html",
    ]);
    let page = fs::read_to_string(place.path("map.html")).unwrap();
    assert_loads_nothing(&page);
    assert!(page.contains("There are none: nothing is demanded of anybody."));
}

#[test]
fn a_map_that_would_go_nowhere_or_cannot_be_written_exits_2() {
    let place = Place::new();
    let of_contoso = ["map", DEMO_WORLD, "--tenant", "Contoso"];
    place.run(&of_contoso).assert_refused(2, &["--html"]);
    let nowhere = [&of_contoso[..], &["--html", "no-such-folder/map.html"]].concat();
    let said = place.run(&nowhere);
    said.assert_refused(2, &["cannot write `no-such-folder/map.html`"]);
    let everybody = ["map", DEMO_WORLD, "--html", "map.html"];
    place
        .run(&everybody)
        .assert_refused(2, &["there are several tenants"]);
}
