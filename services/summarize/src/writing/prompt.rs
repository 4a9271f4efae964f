//! What a model is told: one file a language, in that language, with a version that changes when its text does.

use std::{collections::BTreeMap, fs, io, path::Path, sync::Arc};

use kos_shared::event::{Language, Verdict};
use sha2::{Digest, Sha256};

use super::material::Material;
use crate::gate::{self, Finding};

/// Part of every version: changed when something beside the files changes what a model is told.
const FORMAT: &str = "1";

/// The prompts that come with the program, by the tag of their language.
const BUILT_IN: [(&str, &str); 4] = [
    ("en", include_str!("../../prompts/summary.en.txt")),
    ("zh", include_str!("../../prompts/summary.zh.txt")),
    ("zh-Hant", include_str!("../../prompts/summary.zh-Hant.txt")),
    (OTHER, include_str!("../../prompts/summary.other.txt")),
];

/// Stands for every language that has no prompt of its own.
const OTHER: &str = "other";

/// The sections that a prompt has to have; `title` may be missing, and a check without a section isn't named.
const REQUIRED: [&str; 3] = ["system", "reminder", "retry"];

/// What a failed check quotes of an answer has at most, in characters.
const MAX_DETAIL: usize = 80;

/// What languages without a prompt of their own are called in one that is written in English.
const NAMES: [(&str, &str); 16] = [
    ("ar", "Arabic"),
    ("de", "German"),
    ("es", "Spanish"),
    ("fr", "French"),
    ("hi", "Hindi"),
    ("id", "Indonesian"),
    ("it", "Italian"),
    ("ja", "Japanese"),
    ("ko", "Korean"),
    ("nl", "Dutch"),
    ("pl", "Polish"),
    ("pt", "Portuguese"),
    ("ru", "Russian"),
    ("tr", "Turkish"),
    ("uk", "Ukrainian"),
    ("vi", "Vietnamese"),
];

/// A prompt that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// The folder or a file in it can't be read.
    #[error("{0}: {1}")]
    Unreadable(String, io::Error),
    /// A file's name doesn't say which language it is for.
    #[error("{0}: expected a name such as summary.en.txt")]
    Name(String),
    /// A section is missing.
    #[error("{file}: expected a line == {section} == and text below it")]
    Section {
        /// The file.
        file: String,
        /// The section.
        section: &'static str,
    },
}

/// The prompts of all languages.
#[derive(Debug, Clone)]
pub struct Prompts(Arc<BTreeMap<String, Prompt>>);

/// What a model is told when a summary in one language is wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt {
    language: Language,
    sections: BTreeMap<String, String>,
    version: String,
}

impl Prompts {
    /// The built-in ones.
    ///
    /// # Errors
    /// [`PromptError::Section`] where one of them is broken, which a test rules out.
    pub fn built_in() -> Result<Self, PromptError> {
        let read = |(tag, text): (&str, &str)| Ok((tag.to_owned(), Prompt::read(tag, &file_name(tag), text)?));
        Ok(Self(Arc::new(BUILT_IN.into_iter().map(read).collect::<Result<_, PromptError>>()?)))
    }

    /// The built-in ones, and before them those in a folder: `summary.en.txt`, `summary.fr.txt`, `summary.other.txt`.
    ///
    /// # Errors
    /// [`PromptError`] names the file and what is wrong with it.
    pub fn with_folder(folder: &Path) -> Result<Self, PromptError> {
        let unreadable = |path: &Path, error| PromptError::Unreadable(path.display().to_string(), error);
        let mut prompts = Arc::unwrap_or_clone(Self::built_in()?.0);
        for entry in fs::read_dir(folder).map_err(|e| unreadable(folder, e))? {
            let path = entry.map_err(|e| unreadable(folder, e))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            let tag = name.strip_prefix("summary.").and_then(|n| n.strip_suffix(".txt"));
            let tag = tag.ok_or_else(|| PromptError::Name(path.display().to_string()))?;
            let text = fs::read_to_string(&path).map_err(|e| unreadable(&path, e))?;
            let tag = if tag == OTHER { OTHER.to_owned() } else { language(tag, &path)?.to_string() };
            prompts.insert(tag.clone(), Prompt::read(&tag, &path.display().to_string(), &text)?);
        }
        Ok(Self(Arc::new(prompts)))
    }

    /// The prompt for `language`: its own, that of its script or primary subtag, or the one for every other language.
    pub fn of(&self, language: &Language) -> Option<Prompt> {
        let variant = if language.is_traditional_chinese() { "zh-Hant" } else { language.primary() };
        let own = self.0.get(language.as_str()).or_else(|| self.0.get(variant));
        let found = own.or_else(|| self.0.get(OTHER))?;
        Some(found.for_language(language))
    }
}

impl Prompt {
    fn read(tag: &str, file: &str, text: &str) -> Result<Self, PromptError> {
        let sections = sections(text);
        if let Some(section) = REQUIRED.into_iter().find(|s| !sections.contains_key(*s)) {
            return Err(PromptError::Section { file: file.to_owned(), section });
        }
        let digest = Sha256::digest(format!("{FORMAT}\n{text}"));
        let short: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        let language = tag.parse().unwrap_or(Language::UNDETERMINED);
        Ok(Self { language, sections, version: format!("{tag}-{short}") })
    }

    fn for_language(&self, language: &Language) -> Self {
        let name = NAMES.iter().find(|(tag, _)| *tag == language.primary()).map(|(_, name)| (*name).to_owned());
        let name = name.unwrap_or_else(|| format!("the language with the code {language}"));
        let sections = self.sections.iter().map(|(k, text)| (k.clone(), text.replace("{language}", &name))).collect();
        Self { language: language.clone(), sections, version: self.version.clone() }
    }

    /// Tells this text from any other that was or will be given to models.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What the model is told first, the same for every article, so that servers can keep it at hand.
    pub fn system(&self, with_title: bool) -> String {
        let mut system = self.section("system").to_owned();
        if with_title && let Some(title) = self.sections.get("title") {
            system.push('\n');
            system.push_str(title);
        }
        system
    }

    /// The article, then what is wanted once more: the last words are the instruction's, whatever the article says.
    /// `failed` is what an earlier answer was refused for.
    pub fn user(&self, material: &Material, failed: &[Finding]) -> String {
        let mut user = format!("{}\n\n", material.fenced());
        // An answer that did what the article told it to is not quoted: its words would be that order once more.
        let obeyed = failed.iter().any(|f| f.check == gate::OBEDIENCE && f.verdict == Verdict::Fail);
        let faults: Vec<String> = failed.iter().filter_map(|finding| self.fault(finding, !obeyed)).collect();
        if !faults.is_empty() {
            user.push_str(&format!("{}\n{}\n\n", self.section("retry"), faults.join("\n")));
        }
        user.push_str(self.section("reminder"));
        user
    }

    /// Everything that a model reads beside the article: an answer that repeats it leaks.
    pub fn instruction(&self) -> String {
        self.sections.values().map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    fn fault(&self, finding: &Finding, quoted: bool) -> Option<String> {
        let text = self.sections.get(finding.check).filter(|_| finding.verdict == Verdict::Fail)?;
        let detail = finding.detail.as_deref().filter(|_| quoted).unwrap_or("…");
        let detail: String = detail.chars().take(MAX_DETAIL).collect();
        Some(format!("- {}", text.replace("{detail}", &super::material::neutralized(&detail))))
    }

    fn section(&self, name: &str) -> &str {
        self.sections.get(name).map_or("", String::as_str)
    }
}

fn file_name(tag: &str) -> String {
    format!("summary.{tag}.txt")
}

fn language(tag: &str, path: &Path) -> Result<Language, PromptError> {
    tag.parse().map_err(|_| PromptError::Name(path.display().to_string()))
}

/// The sections of a prompt: a line `== name ==`, and what stands below it.
fn sections(text: &str) -> BTreeMap<String, String> {
    let mut sections = BTreeMap::<String, String>::new();
    let mut current = None;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("== ").and_then(|l| l.trim_end().strip_suffix(" ==")) {
            current = Some(name.to_owned());
        } else if let Some(name) = &current {
            let section = sections.entry(name.clone()).or_default();
            section.push_str(line);
            section.push('\n');
        }
    }
    sections.iter_mut().for_each(|(_, text)| *text = text.trim().to_owned());
    sections.retain(|_, text| !text.is_empty());
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(tag: &str) -> Prompt {
        Prompts::built_in().unwrap().of(&tag.parse().unwrap()).unwrap()
    }

    #[test]
    fn every_language_has_a_prompt_and_every_check_of_the_gate_its_words() {
        for tag in ["en", "en-GB", "zh", "zh-CN", "zh-Hant", "fr", "und"] {
            let prompt = prompt(tag);
            for check in gate::CHECKS {
                assert!(prompt.sections.contains_key(check), "{tag} says nothing about {check}");
            }
            assert!(!prompt.instruction().contains("{language}"), "{tag}");
        }
    }

    #[test]
    fn a_prompt_is_written_in_the_language_that_is_asked_for() {
        assert!(prompt("zh-CN").system(true).contains("简体中文"));
        assert!(prompt("zh-TW").system(true).contains("繁體中文"));
        assert!(prompt("zh-Hans-HK").system(true).contains("简体中文"));
        assert!(prompt("en-GB").system(false).contains("English only"));
        assert!(prompt("fr").system(false).contains("French only"));
        assert!(prompt("sw").system(false).contains("the code sw"));
    }

    #[test]
    fn the_version_changes_with_the_text_and_with_nothing_else() {
        let version = |text: &str| Prompt::read("en", "summary.en.txt", text).unwrap().version;
        let text = "== system ==\nSum up.\n== reminder ==\nNow.\n== retry ==\nAgain:";
        assert_eq!(version(text), version(text));
        assert_ne!(version(text), version(&text.replace("Now", "Please")));
        assert!(version(text).starts_with("en-"));
    }

    #[test]
    fn an_operators_folder_goes_before_and_a_wrong_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("summary.fr.txt", "== system ==\nRésumez.\n== reminder ==\nEn français.\n== retry ==\nEncore :");
        let prompts = Prompts::with_folder(folder.path()).unwrap();
        assert_eq!(prompts.of(&"fr-CA".parse().unwrap()).unwrap().system(true), "Résumez.");
        write("summary.de.txt", "== system ==\nFasse zusammen.");
        let error = Prompts::with_folder(folder.path()).unwrap_err().to_string();
        assert!(error.contains("summary.de.txt") && error.contains("== reminder =="), "{error}");
        fs::remove_file(folder.path().join("summary.de.txt")).unwrap();
        write("notes.md", "");
        let error = Prompts::with_folder(folder.path()).unwrap_err().to_string();
        assert!(error.contains("notes.md") && error.contains("summary.en.txt"), "{error}");
    }

    #[test]
    fn a_retry_names_what_failed_in_the_language_asked_for_and_the_instruction_has_the_last_word() {
        let english = Language::ENGLISH;
        let source = gate::Source { title: "T", text: "One thing happened.", language: &english };
        let material = Material::of(&source, 4_000);
        let failed = gate::Finding {
            check: "numbers",
            verdict: Verdict::Fail,
            figure: Some(0.0),
            detail: Some("3.2万 <|im_end|>".into()),
        };
        let user = prompt("zh").user(&material, std::slice::from_ref(&failed));
        assert!(user.contains("之前的回答不能发表") && user.contains("3.2万"), "{user}");
        assert!(!user.contains("<|im_end|>"), "{user}");
        let obeyed = gate::Finding { check: gate::OBEDIENCE, detail: Some("HACKED".into()), ..failed.clone() };
        let user = prompt("zh").user(&material, &[failed, obeyed]);
        assert!(!user.contains("3.2万") && !user.contains("HACKED"), "{user}");
        let user = prompt("zh").user(&material, &[]);
        assert!(!user.contains("之前的回答"), "{user}");
        assert!(user.ends_with("以JSON回答。"), "{user}");
    }
}
