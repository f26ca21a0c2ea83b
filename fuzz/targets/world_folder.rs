//! A folder of files, as a world and as an export: names and contents lie one after the other, parted by zeros.
#![no_main]

use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use portcullis_world::export::parse_export;
use portcullis_world::files::Files;
use portcullis_world::parse::parse_world;

fuzz_target!(|bytes: &[u8]| {
    let parts: Vec<_> = bytes.split(|byte| *byte == 0).collect();
    let named = parts.chunks(2).map(|part| match part {
        [name, content] => (String::from_utf8_lossy(name).into_owned(), content.to_vec()),
        _ => ("contoso/users.json".to_owned(), part.concat()),
    });
    let files = Files(named.collect());
    let _ = parse_world(&files);
    let files: Vec<_> = files
        .0
        .into_iter()
        .map(|(name, content)| (PathBuf::from(name), content))
        .collect();
    let export = parse_export(&files);
    assert_eq!(export.files.len(), files.len());
});
