//! Where values come from.

use std::{collections::BTreeMap, fmt, path::Path, str::FromStr, time::Duration};

use super::{
    ConfigError,
    variables::{VARIABLES, Variable, variable},
};

/// What tests and scripts read; the environment that they run in is the program's too.
const OF_TESTS: [&str; 5] = ["KOS_CORPORA", "KOS_CRASH", "KOS_CRASH_SEED", "KOS_LLM_SERVER", "KOS_POSTGRES_BIN"];

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nobody set it.
    Default,
    /// The process's environment.
    Environment,
    /// The `.env` file.
    DotEnv,
    /// The file that the `_FILE` twin names.
    File(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Environment => f.write_str("environment"),
            Self::DotEnv => f.write_str(".env"),
            Self::File(path) => f.write_str(path),
        }
    }
}

/// The variables that are set, and what is odd about them.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    values: BTreeMap<&'static str, (String, Source)>,
    warnings: Vec<String>,
}

impl Environment {
    /// Reads the process's environment and, under it, a `.env` file in the working directory.
    ///
    /// # Errors
    /// [`ConfigError`] for a `_FILE` that can't be read and for a `.env` that is none.
    pub fn of_process() -> Result<Self, ConfigError> {
        let mut environment = Self::default();
        match dotenvy::from_path_iter(Path::new(".env")) {
            Ok(lines) => {
                let lines = lines.collect::<Result<Vec<_>, _>>().map_err(|e| ConfigError {
                    variable: ".env".into(),
                    value: e.to_string(),
                    expected: "lines of NAME=value".into(),
                })?;
                environment.add(lines.into_iter(), &Source::DotEnv)?;
            }
            Err(dotenvy::Error::Io(_)) => {}
            Err(e) => environment.warnings.push(format!(".env was not read: {e}")),
        }
        // A variable that isn't UTF-8 is none of ours.
        let set = std::env::vars_os().filter_map(|(n, v)| Some((n.into_string().ok()?, v.into_string().ok()?)));
        environment.add(set, &Source::Environment)?;
        Ok(environment)
    }

    /// These variables and no others.
    ///
    /// # Errors
    /// [`ConfigError`] for a `_FILE` that can't be read.
    pub fn of(set: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let mut environment = Self::default();
        environment.add(set, &Source::Environment)?;
        Ok(environment)
    }

    fn add(&mut self, set: impl Iterator<Item = (String, String)>, source: &Source) -> Result<(), ConfigError> {
        for (name, value) in set {
            if let Some(known) = variable(&name) {
                self.set(known, value, source.clone());
            } else if let Some(known) = name.strip_suffix("_FILE").and_then(variable) {
                if value.trim().is_empty() {
                    continue;
                }
                let content = std::fs::read_to_string(&value).map_err(|e| ConfigError {
                    variable: name.clone(),
                    value: value.clone(),
                    expected: format!("a file that can be read ({e})"),
                })?;
                self.set(known, content.trim_end().to_owned(), Source::File(value));
            } else if name.starts_with("KOS_") && !OF_TESTS.contains(&name.as_str()) {
                self.warnings.push(format!("{name} is not known and was ignored{}", nearest(&name)));
            }
        }
        Ok(())
    }

    fn set(&mut self, variable: &'static Variable, value: String, source: Source) {
        if value.trim().is_empty() {
            return;
        }
        self.values.insert(variable.name, (value, source));
    }

    /// What the operator should know: unknown variables.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Each variable with its value, hidden where it is secret, and where the value came from.
    pub fn in_force(&self) -> impl Iterator<Item = (&'static Variable, Option<String>, Source)> {
        VARIABLES.iter().map(|variable| match self.values.get(variable.name) {
            Some((value, source)) => (variable, Some(shown(variable, value)), source.clone()),
            None => (variable, variable.default.map(str::to_owned), Source::Default),
        })
    }

    /// Sets a variable as if it stood in the environment, for what the command line decides.
    pub fn override_with(&mut self, name: &str, value: String) {
        if let Some(variable) = variable(name) {
            self.values.insert(variable.name, (value, Source::Environment));
        }
    }

    /// The value that was set or is the default.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|(value, _)| value.as_str()).or_else(|| variable(name)?.default)
    }

    /// Whether somebody set a variable.
    pub fn is_set(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.get(name).unwrap_or_default().to_owned()
    }

    pub(super) fn parsed<T: FromStr>(&self, name: &str, expected: &str) -> Result<T, ConfigError> {
        self.text(name).trim().parse().map_err(|_| self.error(name, expected))
    }

    pub(super) fn duration(&self, name: &str) -> Result<Duration, ConfigError> {
        match self.duration_or_none(name)? {
            Duration::ZERO => Err(self.error(name, "a duration longer than nothing")),
            duration => Ok(duration),
        }
    }

    /// A duration that may be zero.
    pub(super) fn duration_or_none(&self, name: &str) -> Result<Duration, ConfigError> {
        let expected = "a duration such as 10s or 500ms";
        let duration: jiff::SignedDuration = self.parsed(name, expected)?;
        Duration::try_from(duration).map_err(|_| self.error(name, expected))
    }

    pub(super) fn one_of<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Result<T, ConfigError> {
        let text = self.text(name);
        let choice = choices.iter().find(|(choice, _)| *choice == text.trim()).map(|(_, value)| *value);
        choice.ok_or_else(|| {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            self.error(name, &format!("one of {}", names.join(", ")))
        })
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, ConfigError> {
        self.one_of(name, &[("0", false), ("1", true), ("false", false), ("true", true)])
    }

    /// An error about a variable's value.
    pub fn error(&self, name: &str, expected: &str) -> ConfigError {
        let value = variable(name).map(|v| shown(v, &self.text(name))).unwrap_or_default();
        ConfigError { variable: name.into(), value, expected: expected.into() }
    }
}

/// A value as it may be printed: without the password in an address, and not at all where the whole is secret.
fn shown(variable: &Variable, value: &str) -> String {
    if variable.secret && !value.contains("://") {
        return "(hidden)".to_owned();
    }
    without_passwords(value)
}

/// An address, or several separated by commas, without the passwords in them.
pub(super) fn without_passwords(addresses: &str) -> String {
    let mut shown: Vec<String> = Vec::new();
    let mut rest = addresses;
    loop {
        // A comma within a password, or between two hosts of one address, ends no address.
        let end = rest.match_indices(',').map(|(at, _)| at).find(|at| begins_with_scheme(&rest[at + 1..]));
        shown.push(without_password(&rest[..end.unwrap_or(rest.len())]));
        match end {
            Some(end) => rest = &rest[end + 1..],
            None => return shown.join(","),
        }
    }
}

fn begins_with_scheme(text: &str) -> bool {
    let scheme = text.trim_start().split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|s| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn without_password(address: &str) -> String {
    let (scheme, rest) = match address.find("://") {
        Some(at) => address.split_at(at + 3),
        None => ("", address),
    };
    match rest.rsplit_once('@') {
        // An address of mail has no password, and may have a scheme without slashes.
        Some((login, place)) if !scheme.is_empty() || (login.contains(':') && !login.starts_with("mailto:")) => {
            let user = login.split(':').next().unwrap_or_default();
            format!("{scheme}{user}:(hidden)@{place}")
        }
        _ => address.to_owned(),
    }
}

/// `; did you mean …?` where a known name differs in a letter or two.
fn nearest(name: &str) -> String {
    let known = VARIABLES.iter().map(|v| v.name).find(|known| {
        known.len().abs_diff(name.len()) <= 1 && known.bytes().zip(name.bytes()).filter(|(a, b)| a != b).count() <= 2
            || known.replace('_', "") == name.replace('_', "")
    });
    known.map(|known| format!("; did you mean {known}?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn environment(set: &[(&str, &str)]) -> Environment {
        Environment::of(set.iter().map(|(n, v)| (n.to_string(), v.to_string()))).unwrap()
    }

    #[test]
    fn an_empty_value_counts_as_unset() {
        assert_eq!(environment(&[("KOS_LISTEN", " ")]).get("KOS_LISTEN"), Some("127.0.0.1:8080"));
    }

    #[test]
    fn an_unknown_variable_is_a_warning_that_names_the_nearest() {
        let warnings = environment(&[("KOS_LISTN", "x"), ("HOME", "/")]).warnings;
        assert_eq!(warnings, ["KOS_LISTN is not known and was ignored; did you mean KOS_LISTEN?"]);
    }

    #[test]
    fn a_secret_comes_from_a_file_and_is_hidden() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "postgres://kos:geheim@db/kos").unwrap();
        let path = file.path().to_str().unwrap();
        let environment = environment(&[("KOS_DATABASE_URL_FILE", path)]);
        assert_eq!(environment.get("KOS_DATABASE_URL"), Some("postgres://kos:geheim@db/kos"));
        let shown = environment.in_force().find(|(v, ..)| v.name == "KOS_DATABASE_URL").unwrap();
        assert_eq!((shown.1.as_deref(), shown.2), (Some("postgres://kos:(hidden)@db/kos"), Source::File(path.into())));
    }

    #[test]
    fn passwords_in_addresses_are_hidden_wherever_they_stand() {
        for (value, expected) in [
            ("nats://127.0.0.1:4222", "nats://127.0.0.1:4222"),
            ("nats://ingest:geheim@bus:4222", "nats://ingest:(hidden)@bus:4222"),
            ("ingest:geheim@bus:4222", "ingest:(hidden)@bus:4222"),
            ("nats://a:x@one, tls://a:y@two,three", "nats://a:(hidden)@one, tls://a:(hidden)@two,three"),
            ("nats://one,nats://a:y@two", "nats://one,nats://a:(hidden)@two"),
            ("postgres://kos:a,b@c@db1,db2/kos", "postgres://kos:(hidden)@db1,db2/kos"),
            ("desk@news.example", "desk@news.example"),
            ("mailto:desk@news.example", "mailto:desk@news.example"),
        ] {
            assert_eq!(without_passwords(value), expected);
        }
    }

    #[test]
    fn a_secret_that_is_no_address_is_hidden_whole() {
        let environment = environment(&[("KOS_NATS_CREDS", "-----BEGIN NATS USER JWT-----")]);
        let shown = environment.in_force().find(|(v, ..)| v.name == "KOS_NATS_CREDS").unwrap();
        assert_eq!(shown.1.as_deref(), Some("(hidden)"));
    }

    #[test]
    fn a_file_that_is_not_there_is_an_error() {
        let set = [("KOS_NATS_CREDS_FILE".to_owned(), "/does/not/exist".to_owned())];
        assert_eq!(Environment::of(set.into_iter()).unwrap_err().variable, "KOS_NATS_CREDS_FILE");
    }
}
