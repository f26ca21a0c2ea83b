//! Names of browsers and operating systems for the log, from the user agent. A hint: nothing is decided on it here.

use portcullis_model::conditional_access::DevicePlatform;
use portcullis_policy::platform::platform_of_user_agent;

/// The browser's name. The order matters: everybody claims to be somebody older.
pub fn browser(user_agent: &str) -> Option<String> {
    const MARKS: [(&str, &str); 6] = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("CriOS/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    let (_, name) = MARKS.iter().find(|(mark, _)| user_agent.contains(mark))?;
    Some((*name).to_owned())
}

/// The operating system's name.
pub fn operating_system(user_agent: &str) -> Option<String> {
    let name = match platform_of_user_agent(user_agent)? {
        DevicePlatform::Android => "Android",
        DevicePlatform::Ios => "iOS",
        DevicePlatform::Windows => "Windows",
        DevicePlatform::WindowsPhone => "Windows Phone",
        DevicePlatform::MacOs => "macOS",
        DevicePlatform::Linux => "Linux",
    };
    Some(name.to_owned())
}
