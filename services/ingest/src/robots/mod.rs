//! robots.txt (RFC 9309): what a site wants robots to leave alone, and what else it says to them.
//!
//! [`RobotsPolicy`] reads one; [`cache`] keeps what sites say, for all workers.

pub mod cache;
mod path;

use std::time::Duration;

use path::Pattern;

/// How much of a robots.txt is read, in bytes (RFC 9309 section 2.5 asks for at least that).
pub const READ_BYTES: usize = 500 * 1024;

/// The longest `Crawl-delay` that is obeyed.
const LONGEST_DELAY: Duration = Duration::from_secs(30);

/// How much of a line is read, in bytes: addresses are no longer.
const LONGEST_LINE: usize = 2_100;

/// How many rules of a group are kept.
const MOST_RULES: usize = 10_000;

/// How many lines about the use of content are kept, of each kind.
const MOST_PREFERENCES: usize = 100;

/// What one robot may do at a site.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RobotsPolicy {
    rules: Vec<Rule>,
    /// How long to wait between two requests; not in the RFC, and at most 30 seconds.
    pub crawl_delay: Option<Duration>,
    /// The values of `Content-Usage` lines (draft-ietf-aipref-attach), as they stand in the robot's groups.
    pub content_usage: Vec<String>,
    /// The values of `Content-Signal` lines (contentsignals.org), likewise.
    pub content_signal: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
struct Rule {
    pattern: Pattern,
    allows: bool,
    line: Box<str>,
}

/// Whom the group that is being read is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Us,
    Everybody,
    Others,
}

impl RobotsPolicy {
    /// What the robot `product` (its name in the User-Agent header, without a version) may do by this text. Groups
    /// that name it are taken together; where none does, those for `*` are (section 2.2.1).
    pub fn read(text: &[u8], product: &str) -> Self {
        let text = String::from_utf8_lossy(&text[..text.len().min(READ_BYTES)]);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let (mut ours, mut everybodys) = (None::<Self>, Self::default());
        let mut group = Group::Others;
        let mut naming = false;
        for whole in text.split(['\n', '\r']) {
            let line = &whole[..whole.floor_char_boundary(LONGEST_LINE)];
            let Some((key, value)) = key_and_value(line) else { continue };
            // Cut off, a rule fits more than was meant: it may refuse that, and not allow it.
            if key == "allow" && line.len() < whole.len() {
                continue;
            }
            if key == "user-agent" {
                let named = match value.split(|c: char| !c.is_ascii_alphabetic() && !matches!(c, '-' | '_')).next() {
                    Some(name) if name.eq_ignore_ascii_case(product) => Group::Us,
                    _ if value.starts_with('*') => Group::Everybody,
                    _ => Group::Others,
                };
                // Of several names of one group, the one that is ours counts.
                group = match (naming, group, named) {
                    (true, Group::Us, _) | (_, _, Group::Us) => Group::Us,
                    (true, Group::Everybody, _) | (_, _, Group::Everybody) => Group::Everybody,
                    _ => Group::Others,
                };
                naming = true;
                if group == Group::Us {
                    ours.get_or_insert_default();
                }
                continue;
            }
            let policy = match group {
                Group::Us => ours.get_or_insert_default(),
                Group::Everybody => &mut everybodys,
                Group::Others => &mut Self::default(),
            };
            policy.take(&key, value, line);
            // Only rules end the naming; other lines don't interfere (section 2.2.4).
            naming &= !matches!(key.as_str(), "allow" | "disallow");
        }
        ours.unwrap_or(everybodys)
    }

    /// Takes a line of a group in.
    fn take(&mut self, key: &str, value: &str, line: &str) {
        match key {
            "allow" | "disallow" if self.rules.len() < MOST_RULES => {
                let allows = key == "allow";
                if let Some(pattern) = Pattern::read(value).filter(|pattern| !(allows && pattern.is_cut())) {
                    self.rules.push(Rule { pattern, allows, line: line.trim().into() });
                }
            }
            "crawl-delay" => {
                let seconds = value.parse::<f64>().ok().filter(|s| s.is_finite() && *s >= 0.0);
                let delay = seconds.map(|s| Duration::from_secs_f64(s.min(LONGEST_DELAY.as_secs_f64())));
                self.crawl_delay = self.crawl_delay.max(delay);
            }
            "content-usage" if self.content_usage.len() < MOST_PREFERENCES => self.content_usage.push(value.to_owned()),
            "content-signal" if self.content_signal.len() < MOST_PREFERENCES => {
                self.content_signal.push(value.to_owned());
            }
            _ => {}
        }
    }

    /// How much memory it takes, about, in bytes.
    pub fn bytes(&self) -> usize {
        // What an allocator adds to each text.
        const OVERHEAD: usize = 32;
        let rules = self.rules.iter().map(|r| size_of::<Rule>() + r.pattern.octets() + r.line.len() + OVERHEAD);
        let values = self.content_usage.iter().chain(&self.content_signal);
        size_of::<Self>()
            + rules.sum::<usize>()
            + values.map(|v| size_of::<String>() + v.len() + OVERHEAD).sum::<usize>()
    }

    /// Whether the robot may fetch `path` (with its query).
    pub fn allowed(&self, path: &str) -> bool {
        self.refusal(path).is_none()
    }

    /// The line that keeps the robot from `path` (with its query), if there is one: the longest rule that fits decides,
    /// and of two as long the one that allows (section 2.2.2).
    pub fn refusal(&self, path: &str) -> Option<&str> {
        let path = path::normalised(path);
        if path == "/robots.txt" {
            return None;
        }
        let fitting = self.rules.iter().filter(|r| r.pattern.fits(&path));
        let longest = fitting.max_by_key(|r| (r.pattern.octets(), r.allows))?;
        (!longest.allows).then_some(&*longest.line)
    }
}

/// A line's key in lower case and its value, both without space around and without a comment.
fn key_and_value(line: &str) -> Option<(String, &str)> {
    let (key, value) = line.split('#').next()?.split_once(':')?;
    let key = match key.trim().to_ascii_lowercase() {
        // Misspellings that robots commonly forgive.
        key if matches!(key.as_str(), "useragent" | "user agent") => "user-agent".to_owned(),
        key => key,
    };
    Some((key, value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> RobotsPolicy {
        RobotsPolicy::read(text.as_bytes(), "KnowledgeOS")
    }

    fn check(text: &str, cases: &[(&str, bool)]) {
        for (path, allowed) in cases {
            assert_eq!(policy(text).allowed(path), *allowed, "{path} by\n{text}");
        }
    }

    #[test]
    fn nothing_said_is_everything_allowed() {
        for text in ["", "<html>not found</html>", "User-agent: *\nDisallow:", "Disallow: /", "Sitemap: /s.xml"] {
            check(text, &[("/", true), ("/news?a=b", true)]);
        }
    }

    #[test]
    fn our_group_counts_and_else_everybodys() {
        let all = "User-agent: *\nDisallow: /all\n\nUser-agent: OtherBot\nDisallow: /other\n";
        check(all, &[("/all", false), ("/other", true)]);
        check(&format!("{all}User-Agent: knowledgeos\nDisallow: /ours"), &[("/all", true), ("/ours", false)]);
        // A group for us without rules allows everything.
        check("User-agent: *\nDisallow: /\n\nUser-agent: KnowledgeOS/1.0", &[("/", true)]);
        // Another robot whose name begins like ours.
        check("User-agent: KnowledgeOSX\nDisallow: /", &[("/", true)]);
    }

    #[test]
    fn groups_of_several_names_and_several_groups_of_one_name() {
        let text = "user-agent: A\nSitemap: /x\n# comment\nuser-agent: KnowledgeOS # us\nuser-agent: B\ndisallow: /1\n\
                    \nuser-agent: C\ndisallow: /2\nuser-agent: KNOWLEDGEOS\ndisallow: /3\n";
        check(text, &[("/1", false), ("/2", true), ("/3", false)]);
        check("User-agent: A\nUser-agent: *\nDisallow: /x", &[("/x", false)]);
    }

    #[test]
    fn the_longest_rule_decides_and_a_tie_allows() {
        let text = "User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/c\nAllow: /same\nDisallow: /same";
        check(text, &[("/a/x", false), ("/a/b/x", true), ("/a/b/c", false), ("/same", true), ("/", true)]);
        check("User-agent: *\nDisallow: /\nAllow: /$", &[("/", true), ("/x", false)]);
    }

    #[test]
    fn wildcards_and_ends() {
        let text = "User-agent: *\nDisallow: /*.pdf$\nDisallow: /private*/x\nDisallow: *?print=";
        check(
            text,
            &[
                ("/a.pdf", false),
                ("/a.pdf?x", true),
                ("/private/x", false),
                ("/private-a/b/xy", false),
                ("/private", true),
                ("/page?print=1", false),
            ],
        );
    }

    #[test]
    fn paths_are_compared_as_the_same_bytes() {
        let text = "User-agent: *\nDisallow: /新闻\nDisallow: /a%2fb\nDisallow: /%7Euser";
        check(
            text,
            &[
                ("/%E6%96%B0%E9%97%BB/1", false),
                ("/%e6%96%b0%e9%97%bb", false),
                ("/a%2Fb", false),
                ("/a/b", true),
                ("/~user", false),
            ],
        );
        check("User-agent: *\nDisallow: /", &[("/robots.txt", true), ("/robots.txt2", false)]);
    }

    #[test]
    fn line_ends_marks_and_odd_bytes() {
        for text in
            ["User-agent: *\rDisallow: /x", "User-agent:*\r\nDisallow:/x", "\u{feff}User-agent : *\nDISALLOW : /x"]
        {
            check(text, &[("/x", false), ("/y", true)]);
        }
        let policy = RobotsPolicy::read(b"User-agent: *\nDisallow: /\xff\nDisallow: /x\0", "KnowledgeOS");
        assert!(policy.allowed("/"));
    }

    #[test]
    fn the_refusing_line_is_named() {
        let policy = policy("User-agent: *\n  Disallow: /admin/  # keep out");
        assert_eq!(policy.refusal("/admin/1"), Some("Disallow: /admin/  # keep out"));
    }

    #[test]
    fn what_else_is_said_to_us_is_kept() {
        let text = "User-agent: *\nCrawl-delay: 2.5\nContent-Signal: search=yes, ai-train=no\nContent-Usage: /a train-ai=n\n\
                    Allow: /\n\nUser-agent: Other\nCrawl-delay: 20\nContent-Usage: train-ai=y";
        let found = policy(text);
        assert_eq!(found.crawl_delay, Some(Duration::from_millis(2_500)));
        assert_eq!(found.content_usage, ["/a train-ai=n"]);
        assert_eq!(found.content_signal, ["search=yes, ai-train=no"]);
        for (value, delay) in [("9999", Some(30)), ("-1", None), ("NaN", None), ("soon", None), ("1e400", None)] {
            let found = policy(&format!("User-agent: *\nCrawl-delay: {value}")).crawl_delay;
            assert_eq!(found, delay.map(Duration::from_secs), "{value}");
        }
    }

    #[test]
    fn lines_that_are_no_rules_do_not_come_between_names_and_rules() {
        for line in ["Crawl-delay: 2", "Content-Usage: train-ai=n", "Content-Signal: ai-train=no", "Foo: bar"] {
            let found = policy(&format!("User-agent: KnowledgeOS\n{line}\nUser-agent: B\nDisallow: /x\n"));
            assert!(!found.allowed("/x"), "{line}");
        }
        // What stands between the names is for the names before it.
        let found = policy("User-agent: B\nCrawl-delay: 9\nUser-agent: *\nDisallow: /x");
        assert_eq!((found.crawl_delay, found.allowed("/x")), (None, false));
    }

    #[test]
    fn a_rule_that_is_too_long_refuses_more_and_allows_nothing() {
        let long = format!("/{}", "é".repeat(2_000));
        check(&format!("User-agent: *\nDisallow: {long}"), &[(&long, false), ("/x", true)]);
        let stars = "/*a".repeat(500);
        let text = format!("User-agent: *\nDisallow: /\nAllow: {long}\nAllow: {stars}");
        check(&text, &[(&long, false), (&stars.replace('*', "-"), false)]);
    }

    #[test]
    fn a_hostile_file_takes_little_memory() {
        for line in [format!("Disallow: /{}", "*a".repeat(1_000)), "Disallow: /a".into(), "Content-Usage: a".into()] {
            let found = policy(&format!("User-agent: *\n{}", format!("{line}\n").repeat(READ_BYTES / line.len())));
            assert!(found.bytes() < 2 << 20, "{line:.20} takes {}", found.bytes());
        }
    }

    #[test]
    fn what_is_past_the_limit_is_not_read() {
        let filler = "# filler\n".repeat(READ_BYTES / 9 + 1);
        check(&format!("User-agent: *\nDisallow: /a\n{filler}Disallow: /b"), &[("/a", false), ("/b", true)]);
    }

    #[test]
    fn hostile_rules_cost_little() {
        let rule = format!("Disallow: /{}b\n", "*a".repeat(1_000));
        let found = policy(&format!("User-agent: *\n{}", rule.repeat(240)));
        assert!(found.allowed(&format!("/{}", "a".repeat(99))));
        assert!(!found.allowed(&format!("/{}", "a".repeat(2_000))));
    }
}
