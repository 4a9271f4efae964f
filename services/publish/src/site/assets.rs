//! What the pages load, compiled in. The address of an asset holds a hash of its content, so that
//! it can be kept for ever and still changes at once.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

/// The `Cache-Control` of an asset.
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// A file that pages load.
#[derive(Debug)]
pub struct Asset {
    /// Where it is served, such as `/assets/site.5f0c….css`.
    pub path: String,
    /// Its `Content-Type`.
    pub content_type: &'static str,
    /// Its content.
    pub content: &'static str,
}

/// The styles of all features in one, since one request is faster than several. What holds for every page comes first.
const STYLES: &str = concat!(
    include_str!("../../assets/base.css"),
    include_str!("../../assets/list.css"),
    include_str!("../../assets/article.css"),
    include_str!("../../assets/comments.css"),
    include_str!("../../assets/desk.css"),
    include_str!("../../assets/search.css"),
    include_str!("../../assets/related.css"),
    include_str!("../../assets/digest.css"),
);

/// The stylesheet.
pub static STYLESHEET: LazyLock<Asset> = LazyLock::new(|| Asset {
    path: hashed_path("site", "css", STYLES),
    content_type: "text/css; charset=utf-8",
    content: STYLES,
});

/// The scripts of all features in one. Pages work without.
const SCRIPTS: &str = include_str!("../../assets/time.js");

/// The script.
pub static SCRIPT: LazyLock<Asset> = LazyLock::new(|| Asset {
    path: hashed_path("site", "js", SCRIPTS),
    content_type: "text/javascript; charset=utf-8",
    content: SCRIPTS,
});

/// The icon.
pub static ICON: LazyLock<Asset> = LazyLock::new(|| Asset {
    path: hashed_path("icon", "svg", include_str!("../../assets/icon.svg")),
    content_type: "image/svg+xml",
    content: include_str!("../../assets/icon.svg"),
});

/// What listens for new articles.
pub static LIVE: LazyLock<Asset> = LazyLock::new(|| Asset {
    path: hashed_path("live", "js", include_str!("../../assets/live.js")),
    content_type: "text/javascript; charset=utf-8",
    content: include_str!("../../assets/live.js"),
});

/// The asset that is served at `path`.
pub fn find(path: &str) -> Option<&'static Asset> {
    [&*STYLESHEET, &*SCRIPT, &*ICON, &*LIVE].into_iter().find(|asset| asset.path == path)
}

fn hashed_path(name: &str, extension: &str, content: &str) -> String {
    let digest = Sha256::digest(content);
    let hash: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("/assets/{name}.{hash}.{extension}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_found_at_its_hashed_path_only() {
        assert!(std::ptr::eq(find(&STYLESHEET.path).unwrap(), &*STYLESHEET));
        assert!(std::ptr::eq(find(&ICON.path).unwrap(), &*ICON));
        assert!(find("/assets/site.css").is_none());
    }

    #[test]
    fn other_content_has_another_path() {
        assert_ne!(hashed_path("site", "css", "a{}"), hashed_path("site", "css", "b{}"));
    }

    #[test]
    fn the_stylesheet_loads_nothing() {
        for bad in ["url(", "@import", "http"] {
            assert!(!STYLESHEET.content.contains(bad), "{bad}");
        }
    }
}
