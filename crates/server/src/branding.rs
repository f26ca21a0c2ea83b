//! An organisation's look: its colour as a style sheet of two lines, its logo as an image that is really an image.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portcullis_model::organization::{Organization, OrganizationalBranding};

/// The largest logo we serve, in bytes (Graph's own limit).
pub const LOGO_SIZE_BYTES_MAX: usize = 50 * 1024;

/// A logo, ready to serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    /// `image/png` or `image/jpeg`; nothing that can carry a script (requirement S10).
    pub content_type: &'static str,
    /// The picture.
    pub bytes: Vec<u8>,
}

/// The logo, if there is one and it is a PNG or JPEG of at most 50 kB.
pub fn logo(organization: &Organization) -> Option<Logo> {
    let text = organization.branding.as_ref()?.square_logo.as_deref()?;
    if text.len() > LOGO_SIZE_BYTES_MAX / 3 * 4 + 4 {
        return None;
    }
    let bytes = STANDARD.decode(text).ok()?;
    let content_type = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        "image/png"
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        "image/jpeg"
    } else {
        return None;
    };
    Some(Logo {
        content_type,
        bytes,
    })
}

/// Whether [`logo`] will probably find one; looks at the first letters only, for pages that merely name its address.
pub fn seems_to_have_logo(branding: Option<&OrganizationalBranding>) -> bool {
    branding
        .and_then(|branding| branding.square_logo.as_deref())
        .is_some_and(|text| text.starts_with("iVBORw0KGgo") || text.starts_with("/9j/"))
}

/// The style sheet that colours the page behind the sign-in box: the colour and black or white on it, whichever reads better.
pub fn style_sheet(organization: &Organization) -> Option<String> {
    let color = organization
        .branding
        .as_ref()?
        .background_color
        .as_deref()?;
    let (red, green, blue) = parse_color(color)?;
    let luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
    // WCAG 2.2 contrast ratio against white and against the page's near-black.
    let on_white = 1.05 / (luminance + 0.05);
    let on_dark = (luminance + 0.05) / (0.016 + 0.05);
    let ink = if on_white >= on_dark {
        "#ffffff"
    } else {
        "#1a2233"
    };
    Some(format!(
        ":root{{--brand:#{red:02x}{green:02x}{blue:02x};--on-brand:{ink}}}\n"
    ))
}

fn parse_color(text: &str) -> Option<(u8, u8, u8)> {
    let digits = text.strip_prefix('#')?;
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let value = u32::from_str_radix(digits, 16).ok()?;
    let [_, red, green, blue] = value.to_be_bytes();
    Some((red, green, blue))
}

fn linear(channel: u8) -> f64 {
    let share = f64::from(channel) / 255.0;
    if share <= 0.040_45 {
        share / 12.92
    } else {
        ((share + 0.055) / 1.055).powf(2.4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn organization(branding: OrganizationalBranding) -> Organization {
        Organization {
            id: "11111111-1111-4111-8111-111111111111".parse().unwrap(),
            display_name: "Contoso".into(),
            verified_domains: vec![],
            branding: Some(branding),
            technical_notification_mails: vec![],
            other: serde_json::Map::new(),
        }
    }

    #[test]
    fn s10_only_a_png_or_jpeg_is_a_logo_and_only_a_hex_colour_is_a_colour() {
        let with_logo = |bytes: &[u8]| {
            logo(&organization(OrganizationalBranding {
                square_logo: Some(STANDARD.encode(bytes)),
                ..Default::default()
            }))
            .map(|logo| logo.content_type)
        };
        assert_eq!(with_logo(b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        assert_eq!(with_logo(b"\xff\xd8\xff...."), Some("image/jpeg"));
        assert_eq!(with_logo(b"<svg onload=alert(1)>"), None);
        assert_eq!(with_logo(b""), None);
        let mut large = b"\x89PNG\r\n\x1a\n".to_vec();
        large.resize(LOGO_SIZE_BYTES_MAX + 100, 0);
        assert_eq!(with_logo(&large), None);

        let with_color = |color: &str| {
            style_sheet(&organization(OrganizationalBranding {
                background_color: Some(color.into()),
                ..Default::default()
            }))
        };
        assert_eq!(
            with_color("#0B6A5D").as_deref(),
            Some(":root{--brand:#0b6a5d;--on-brand:#ffffff}\n")
        );
        assert_eq!(
            with_color("#ffe08a").as_deref(),
            Some(":root{--brand:#ffe08a;--on-brand:#1a2233}\n")
        );
        for wrong in ["red", "#fff", "#0b6a5d;}body{display:none}", "", "#ééé"] {
            assert_eq!(with_color(wrong), None, "{wrong}");
        }
    }
}
