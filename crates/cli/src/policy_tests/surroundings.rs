//! Fetches what policy tests name: worlds and policies, by paths seen from the test's own folder; each world once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use portcullis_scenario::prepare::{Base, Surroundings};
use portcullis_whatif::directory::DirectoryTenant;

use crate::whatif::world;

/// The folders of this machine.
#[derive(Default)]
pub(super) struct Folders {
    worlds: RefCell<BTreeMap<PathBuf, Result<Base, String>>>,
}

impl Surroundings for Folders {
    fn world(&self, file: &str, path: &str) -> Result<Base, String> {
        let mut worlds = self.worlds.borrow_mut();
        let base = worlds
            .entry(beside(file, path))
            .or_insert_with_key(|path| world::base(path).map_err(|error| told(&error)));
        base.clone()
    }

    fn with_policies(
        &self,
        tenant: &DirectoryTenant,
        file: &str,
        path: &str,
    ) -> Result<DirectoryTenant, String> {
        world::with_drafts(tenant, &beside(file, path)).map_err(|error| told(&error))
    }
}

fn beside(file: &str, path: &str) -> PathBuf {
    let folder = Path::new(file).parent();
    folder.map_or_else(|| PathBuf::from(path), |folder| folder.join(path))
}

fn told(error: &anyhow::Error) -> String {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    causes.join(": ")
}
