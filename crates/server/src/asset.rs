//! Static files of the pages, compiled in, served under addresses that change with their content.

use std::fmt::Write as _;

use aws_lc_rs::digest;

/// A static file.
#[derive(Debug, Clone)]
pub struct Asset {
    /// Where it is served, for instance `/assets/style-0a1b2c3d4e5f.css`.
    pub path: String,
    /// Its media type.
    pub content_type: &'static str,
    /// Its content.
    pub body: &'static str,
}

/// All static files.
#[derive(Debug, Clone)]
pub struct Assets {
    /// The style sheet of all pages.
    pub style: Asset,
    /// The gate and the signs; also the site's icon.
    pub icons: Asset,
    /// Submits the form of `response_mode=form_post`; the only script there is.
    pub form_post: Asset,
}

impl Assets {
    /// The files as compiled in.
    pub fn embedded() -> Self {
        Self {
            style: asset(
                "style",
                "css",
                include_str!("../../../pages/assets/style.css"),
            ),
            icons: asset(
                "icons",
                "svg",
                include_str!("../../../pages/assets/icons.svg"),
            ),
            form_post: asset(
                "form-post",
                "js",
                include_str!("../../../pages/assets/form-post.js"),
            ),
        }
    }

    /// The file served at this path.
    pub fn find(&self, path: &str) -> Option<&Asset> {
        [&self.style, &self.icons, &self.form_post]
            .into_iter()
            .find(|asset| asset.path == path)
    }
}

fn asset(name: &str, extension: &'static str, body: &'static str) -> Asset {
    let digest = digest::digest(&digest::SHA256, body.as_bytes());
    let mut path = format!("/assets/{name}-");
    for byte in digest.as_ref().iter().take(6) {
        // Writing to a String cannot fail.
        let _ = write!(path, "{byte:02x}");
    }
    path.push('.');
    path.push_str(extension);
    let content_type = match extension {
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "text/javascript; charset=utf-8",
    };
    Asset {
        path,
        content_type,
        body,
    }
}
