//! What claims come to.

use jiff::Timestamp;
use kos_shared::event::{AiUse, Rights, Show};

use super::{
    Claims, MAX_VALUE_BYTES, MAX_VALUES, Said, path,
    robots::{Directive, Place, directives},
    tdm, usage,
};

/// What may be done with a page, and who says so.
///
/// - The use by a model is refused by `noai`, by a TDM reservation, and by preferences that say no to it as input.
/// - `nosnippet`, `max-snippet:0`, a passed `unavailable_after` and a refusal of search leave title, source and link.
/// - `max-snippet:N` leaves an excerpt of N characters. `noarchive` and an `unavailable_after` to come leave an excerpt:
///   a whole text here would be the copy that the one doesn't want and that nobody would take down in time for the other.
/// - `noindex` is about search: the article is kept out of it, and its page tells search engines the same.
/// - Refusals of what is never done here (training, use of images) are noted and change nothing.
pub fn decide(claims: &Claims<'_>) -> Rights {
    let mut decision = Decision::default();
    decision.robots(claims);
    decision.tdm(claims);
    decision.usage(claims);
    decision.rights()
}

#[derive(Default)]
struct Decision {
    refused: Option<String>,
    notes: Vec<String>,
    show: Show,
    show_reason: Option<String>,
    max_snippet: Option<u32>,
    noindex: bool,
}

impl Decision {
    fn robots(&mut self, claims: &Claims<'_>) {
        for (name, value) in bounded(&claims.outside.headers).filter(|(name, _)| *name == "x-robots-tag") {
            self.directives(&format!("the {name} header"), directives(value, Place::Header), claims.now);
        }
        for (name, value) in bounded(claims.metas).filter(|(name, _)| !name.starts_with("tdm-")) {
            self.directives(&format!("the page's {name} meta tag"), directives(value, Place::Meta), claims.now);
        }
    }

    fn directives(&mut self, place: &str, said: Vec<Directive>, now: Timestamp) {
        for directive in said {
            match directive {
                Directive::NoAi => self.refuse(|| format!("{place} says noai")),
                Directive::NoImageAi => self.note(format!("{place} says noimageai: no image is given to a model")),
                Directive::NoIndex => self.noindex = true,
                Directive::NoSnippet => self.limit(Show::None, || format!("{place} says nosnippet")),
                Directive::MaxSnippet(characters) => {
                    self.max_snippet = Some(self.max_snippet.map_or(characters, |known| known.min(characters)));
                    self.limit(Show::Excerpt, || format!("{place} says max-snippet:{characters}"));
                }
                Directive::NoArchive => self.limit(Show::Excerpt, || format!("{place} says noarchive")),
                Directive::UnavailableAfter(Some(end)) if end <= now => {
                    self.noindex = true;
                    self.limit(Show::None, || format!("{place} says unavailable_after {end}, which has passed"));
                }
                Directive::UnavailableAfter(Some(end)) => {
                    self.limit(Show::Excerpt, || format!("{place} says unavailable_after {end}"));
                }
                Directive::UnavailableAfter(None) => {
                    self.limit(Show::Excerpt, || format!("{place} says unavailable_after a time that can't be read"));
                }
            }
        }
    }

    /// The page's word goes before the server's, and that before the site's file ("Processing priority" of the report).
    fn tdm(&mut self, claims: &Claims<'_>) {
        let on_page = tdm::of_said(claims.metas).map(|found| ("the page's tdm-reservation meta tag", found));
        let in_header = || tdm::of_said(&claims.outside.headers).map(|found| ("the tdm-reservation header", found));
        let in_file =
            || tdm::of_file(&claims.outside.site.tdm, claims.url).map(|found| ("the site's tdmrep.json", found));
        let Some((place, found)) = on_page.or_else(in_header).or_else(in_file) else { return };
        if found.reserved {
            let policy = found.policy.map(|policy| format!(", conditions at {policy}")).unwrap_or_default();
            self.refuse(|| format!("{place} reserves text and data mining (tdm-reservation: 1{policy})"));
        }
    }

    fn usage(&mut self, claims: &Claims<'_>) {
        for header in ["content-usage", "content-signal"] {
            let values = bounded(&claims.outside.headers).filter(|(name, _)| *name == header);
            self.preferences(&format!("the {header} header"), usage::of_statements(values.map(|(_, value)| value)));
        }
        let (site, path) = (&claims.outside.site, path::of_url(claims.url));
        for rules in [&site.content_usage, &site.content_signal] {
            self.preferences("the site's robots.txt", usage::of_statements(usage::of_rules(rules, &path)));
        }
    }

    fn preferences(&mut self, place: &str, said: usage::Usage) {
        if let Some(words) = said.ai {
            self.refuse(|| format!("{place} says {words}"));
        }
        if let Some(words) = said.search {
            self.noindex = true;
            self.limit(Show::None, || format!("{place} says {words}"));
        }
        if let Some(words) = said.training {
            self.note(format!("{place} says {words}: nothing is trained here"));
        }
    }

    fn refuse(&mut self, reason: impl FnOnce() -> String) {
        self.refused.get_or_insert_with(reason);
    }

    fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn limit(&mut self, show: Show, reason: impl FnOnce() -> String) {
        if show > self.show {
            self.show = show;
            self.show_reason = Some(reason());
        }
    }

    fn rights(self) -> Rights {
        let ai = if self.refused.is_some() { AiUse::Refused } else { AiUse::Allowed };
        let notes = (!self.notes.is_empty()).then(|| self.notes.join("; "));
        Rights {
            ai,
            reason: self.refused.or(notes),
            show: self.show,
            show_reason: self.show_reason,
            max_snippet: self.max_snippet,
            noindex: self.noindex,
        }
    }
}

/// As many values as are weighed, each as far as it is.
fn bounded(said: &[Said]) -> impl Iterator<Item = (&str, &str)> {
    said.iter().take(MAX_VALUES).map(|(name, value)| {
        let end = value.floor_char_boundary(MAX_VALUE_BYTES);
        (name.as_str(), &value[..end])
    })
}
