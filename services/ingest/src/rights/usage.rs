//! Preferences for the use by AI: IETF AIPREF (`Content-Usage`) and Cloudflare's Content Signals (`Content-Signal`).
//!
//! Followed are draft-ietf-aipref-vocab-07 and draft-ietf-aipref-attach-05 (19 August 2026), and the Content Signals
//! Policy of contentsignals.org. Vocabulary 07 has two categories, `train-ai` and `search`, and none for what is done
//! here: giving a text to a model that writes a summary of it. Categories of earlier versions and of Content Signals
//! had one (`ai-input`, `ai-use`, `ai-output`, `inference`) or included it (`bots`, `all`, `tdm`, `ai`); who says no
//! to one of them is obeyed. No to training alone (`train-ai`, `ai-train`, `train-genai`, `genai`) is no to
//! something that is never done here.

use super::path;

/// Categories that are what is done here, or nearly.
const AI_USE: [&str; 4] = ["ai-input", "ai-use", "ai-output", "inference"];

/// Categories that include what is done here, unless one of [`AI_USE`] says otherwise.
const ANY_USE: [&str; 4] = ["bots", "all", "tdm", "ai"];

/// Categories that include search, unless `search` says otherwise.
const ANY_SEARCH: [&str; 2] = ["bots", "all"];

/// Categories of training.
const TRAINING: [&str; 4] = ["train-ai", "ai-train", "train-genai", "genai"];

/// What is said about three kinds of use: in whose words it is refused, or that it is not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// Use as a model's input.
    pub(super) ai: Option<String>,
    /// Search results: a link and an excerpt.
    pub(super) search: Option<String>,
    /// Training.
    pub(super) training: Option<String>,
}

/// What statements of preference come to, the most restrictive of them for each kind of use. More is understood than the
/// drafts allow: capital letters, `yes` and `no`, and what stands beside what can't be read.
pub(super) fn of_statements<'s>(statements: impl IntoIterator<Item = &'s str>) -> Usage {
    let mut usage = Usage::default();
    for statement in statements {
        let said = preferences(statement);
        let refused = |labels: &[&str]| {
            said.iter().find(|(label, allowed)| !allowed && labels.contains(&label.as_str())).map(|(label, _)| label)
        };
        // The narrower category holds.
        let narrowest = |own: &[&str], wider: &[&str]| match refused(own) {
            None if said.iter().any(|(label, _)| own.contains(&label.as_str())) => None,
            None => refused(wider),
            refused => refused,
        };
        let ai = narrowest(&AI_USE, &ANY_USE);
        let words =
            |label: &String| if label.starts_with("ai-") { format!("{label}=no") } else { format!("{label}=n") };
        usage.ai = usage.ai.or(ai.map(words));
        usage.search = usage.search.or(narrowest(&["search"], &ANY_SEARCH).map(words));
        usage.training = usage.training.or(refused(&TRAINING).map(words));
    }
    usage
}

/// Those of robots.txt's rules that are for a path: of the longest pattern that matches, all of them.
pub(super) fn of_rules<'r>(rules: &'r [String], path: &str) -> Vec<&'r str> {
    let mut longest = 0;
    let mut found = Vec::new();
    for rule in rules {
        let (pattern, statement) = split(rule);
        if !path::matches(pattern, path) || pattern.len() < longest {
            continue;
        }
        if pattern.len() > longest {
            longest = pattern.len();
            found.clear();
        }
        found.push(statement);
    }
    found
}

/// A rule's path pattern, empty for all paths, and what it states.
fn split(rule: &str) -> (&str, &str) {
    let rule = rule.split('#').next().unwrap_or_default().trim();
    let rule = match rule.split_once(':') {
        Some((label, rest)) if ["content-usage", "content-signal"].contains(&&*label.trim().to_ascii_lowercase()) => {
            rest.trim()
        }
        _ => rule,
    };
    if rule.starts_with('/') { rule.split_once([' ', '\t']).unwrap_or((rule, "")) } else { ("", rule) }
}

/// The preferences of a statement (a dictionary of RFC 8941 section 3.2), each label with whether it is allowed. Of a label
/// that stands twice the last holds.
fn preferences(statement: &str) -> Vec<(String, bool)> {
    let mut found: Vec<(String, bool)> = Vec::new();
    for member in statement.split(',') {
        let member = member.split(';').next().unwrap_or_default();
        let Some((label, value)) = member.split_once('=') else { continue };
        let label = label.trim().to_ascii_lowercase();
        let allowed = match value.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => true,
            "n" | "no" => false,
            _ => continue,
        };
        found.retain(|(known, _)| *known != label);
        found.push((label, allowed));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(statement: &str) -> (Option<String>, Option<String>, Option<String>) {
        let Usage { ai, search, training } = of_statements([statement]);
        (ai, search, training)
    }

    #[test]
    fn no_to_training_alone_is_no_refusal_of_a_summary() {
        for training in ["train-ai=n", "ai-train=no, search=yes", "train-genai=n, train-ai=y"] {
            let (ai, search, training) = refused(training);
            assert!(ai.is_none() && search.is_none() && training.is_some(), "{training:?}");
        }
        assert_eq!(refused("train-ai=y, search=y"), (None, None, None));
        assert_eq!(refused(""), (None, None, None));
    }

    #[test]
    fn no_to_use_as_input_is_a_refusal() {
        for input in ["ai-input=no", "search=yes, AI-Input=No, ai-train=yes", "ai-use=n", "inference=n;x=1", "bots=n"] {
            assert!(refused(input).0.is_some(), "{input}");
        }
        assert_eq!(refused("ai-input=no").0.as_deref(), Some("ai-input=no"));
        assert_eq!(refused("bots=n, ai-output=y").0, None, "the narrower category holds");
        assert_eq!(refused("search=n").1.as_deref(), Some("search=n"));
    }

    #[test]
    fn no_to_every_use_is_no_to_search_unless_search_is_allowed_by_name() {
        assert_eq!(refused("bots=n").1.as_deref(), Some("bots=n"));
        assert_eq!(refused("all=no").1.as_deref(), Some("all=n"));
        assert_eq!(refused("bots=n, search=y").1, None);
        assert_eq!(refused("tdm=n").1, None, "mining is not search");
    }

    #[test]
    fn what_is_no_preference_is_none() {
        for odd in ["ai-input", "ai-input=\"n\"", "ai-input=?0", "=n", "ai-input=maybe", "n", ",,;;=="] {
            assert_eq!(refused(odd), (None, None, None), "{odd}");
        }
        assert_eq!(refused("ai-input=no, ai-input=yes").0, None, "the last one holds");
        let statements = ["ai-input=yes", "ai-input=no"];
        assert!(of_statements(statements).ai.is_some(), "of two statements the stricter one holds");
    }

    #[test]
    fn the_rule_with_the_longest_path_is_for_a_page() {
        let rules: Vec<String> = ["train-ai=n", "/ai-ok/ ai-input=yes", "Content-Signal: /paid/ ai-input=no # always"]
            .map(str::to_owned)
            .into();
        assert_eq!(of_rules(&rules, "/test"), ["train-ai=n"]);
        assert_eq!(of_rules(&rules, "/ai-ok/1"), ["ai-input=yes"]);
        assert_eq!(of_rules(&rules, "/paid/1"), ["ai-input=no"]);
        let twice: Vec<String> = ["search=n", "Content-Usage: ai-input=n"].map(str::to_owned).into();
        assert_eq!(of_rules(&twice, "/").len(), 2, "rules with the same path all apply");
    }
}
