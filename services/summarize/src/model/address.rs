//! Where the routes of an OpenAI-compatible server are.

use kos_shared::event::HttpUrl;
use url::{Host, Url};

/// The route that is asked for answers.
const CHAT: [&str; 2] = ["chat", "completions"];

/// The addresses of one endpoint.
#[derive(Debug)]
pub(super) struct Addresses {
    /// Where chat completions may be, the likely one first; one or two.
    pub chat: Vec<Url>,
    /// Where the list of models is.
    pub models: Url,
    /// The server itself, for routes that are not OpenAI's.
    root: Url,
}

impl Addresses {
    /// Those under `base`, which may be the whole address of chat completions, too. A host alone gets `/v1`, which most
    /// servers want, and is tried without where that isn't there. A query stays.
    pub fn of(base: &HttpUrl) -> Self {
        let mut base = base.as_url().clone();
        base.set_fragment(None);
        let mut path: Vec<String> = base.path().split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let is_host = path.is_empty();
        if path.ends_with(&CHAT.map(str::to_owned)) {
            path.truncate(path.len() - CHAT.len());
        }
        let at = |path: &[String], more: &[&str]| {
            let mut url = base.clone();
            let path: Vec<&str> = path.iter().map(String::as_str).chain(more.iter().copied()).collect();
            url.set_path(&path.join("/"));
            url
        };
        let versioned = ["v1".to_owned()];
        let (chat, models) = if is_host {
            (vec![at(&versioned, &CHAT), at(&[], &CHAT)], at(&versioned, &["models"]))
        } else {
            (vec![at(&path, &CHAT)], at(&path, &["models"]))
        };
        if path.last().is_some_and(|last| last == "v1") {
            path.pop();
        }
        Self { chat, models, root: at(&path, &[]) }
    }

    /// A route of the server itself, such as `props`, beside the versioned ones.
    pub fn beside(&self, route: &str) -> Url {
        let mut url = self.root.clone();
        let root = self.root.path().trim_end_matches('/');
        url.set_path(&format!("{root}/{route}"));
        url
    }
}

/// Whether an address is on this machine, where no proxy is asked.
pub(super) fn is_loopback(url: &HttpUrl) -> bool {
    match url.as_url().host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        Some(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            name == "localhost" || name.ends_with(".localhost")
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(base: &str) -> Addresses {
        Addresses::of(&base.parse().unwrap())
    }

    #[test]
    fn a_base_is_taken_however_it_ends() {
        let chat = "https://a.test/v1/chat/completions";
        for base in ["/v1", "/v1/", "/v1//", "/v1/chat/completions", "/v1/chat/completions/", "/v1#x"] {
            let addresses = of(&format!("https://a.test{base}"));
            assert_eq!(addresses.chat.iter().map(Url::as_str).collect::<Vec<_>>(), [chat], "{base}");
            assert_eq!(addresses.models.as_str(), "https://a.test/v1/models", "{base}");
            assert_eq!(addresses.beside("api/ps").as_str(), "https://a.test/api/ps", "{base}");
        }
    }

    #[test]
    fn other_paths_and_queries_stay_as_they_are() {
        let one = |base| of(base).chat[0].to_string();
        assert_eq!(one("https://a.test/api/v1beta/openai/"), "https://a.test/api/v1beta/openai/chat/completions");
        assert_eq!(one("https://a.test/dep/x%20y?api=3"), "https://a.test/dep/x%20y/chat/completions?api=3");
        assert_eq!(one("https://a.test/chat/completions"), "https://a.test/chat/completions");
        assert_eq!(of("https://a.test/llm/v1").beside("props").as_str(), "https://a.test/llm/props");
    }

    #[test]
    fn a_host_alone_is_tried_with_a_version_first() {
        let addresses = of("http://127.0.0.1:11434");
        let chat: Vec<_> = addresses.chat.iter().map(Url::path).collect();
        assert_eq!(chat, ["/v1/chat/completions", "/chat/completions"]);
        assert_eq!(addresses.models.path(), "/v1/models");
        assert_eq!(addresses.beside("props").as_str(), "http://127.0.0.1:11434/props");
    }

    #[test]
    fn this_machine_is_known_by_all_its_names() {
        for (url, here) in [
            ("http://127.0.0.1:1/", true),
            ("http://127.9.9.9/", true),
            ("http://[::1]:8/", true),
            ("http://[::ffff:127.0.0.1]/", true),
            ("http://localhost./", true),
            ("http://ollama.localhost/", true),
            ("http://localhost.example/", false),
            ("http://10.0.0.1/", false),
        ] {
            assert_eq!(is_loopback(&url.parse().unwrap()), here, "{url}");
        }
    }
}
