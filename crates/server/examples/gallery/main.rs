//! Writes every page with sample data to a folder, to be looked at: `cargo run -p portcullis-server --example gallery -- DIR`.

mod sample;
use portcullis_server::page as rendering;

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use portcullis_server::branding;
use portcullis_server::page::Pages;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = env::args_os()
        .nth(1)
        .map(PathBuf::from)
        .ok_or("name the folder to write to")?;
    let pages = Pages::english()?;
    for asset in [
        &pages.assets().style,
        &pages.assets().icons,
        &pages.assets().form_post,
    ] {
        // Without the script: it would send the sample form away before anybody has seen it.
        let is_script = asset.path.contains("form-post");
        write(
            &folder,
            &asset.path,
            if is_script { "" } else { asset.body }.as_bytes(),
        )?;
    }
    for organization in [sample::contoso(), sample::fabrikam(), sample::northwind()] {
        if let Some(style) = branding::style_sheet(&organization) {
            let path = format!("/{}/branding/style.css", organization.id);
            write(&folder, &path, style.as_bytes())?;
        }
        if let Some(logo) = branding::logo(&organization) {
            write(
                &folder,
                &format!("/{}/branding/logo", organization.id),
                &logo.bytes,
            )?;
        }
    }
    for (name, rendered) in sample::rendered(&pages) {
        write(&folder, &format!("/{name}.html"), rendered.html.as_bytes())?;
    }
    Ok(())
}

fn write(folder: &Path, path: &str, body: &[u8]) -> io::Result<()> {
    let file = folder.join(path.trim_start_matches('/'));
    if let Some(parent) = file.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(file, body)
}
