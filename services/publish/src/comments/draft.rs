//! A comment as it was typed, and what is wrong with it.

use super::text::{count_links, is_visible, normalized, one_line, paragraphs_of};

/// The longest name, in characters.
pub const NAME_CHARS: usize = 40;

/// The longest text, in characters.
pub const TEXT_CHARS: usize = 4_000;

/// The most links in a text.
pub const LINKS: usize = 2;

/// What a form brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// What the author wants to be called.
    pub name: String,
    /// What the author says.
    pub text: String,
    /// The comment that is answered.
    pub parent: Option<String>,
    /// The field that people don't see, and programs fill in.
    pub trap: String,
    /// The form's token.
    pub token: String,
}

impl Draft {
    /// Reads the body of a form; what isn't known is passed over.
    pub fn of_form(body: &[u8]) -> Self {
        let mut draft = Self::default();
        for (name, value) in url::form_urlencoded::parse(body) {
            match &*name {
                "name" => draft.name = value.into_owned(),
                "text" => draft.text = value.into_owned(),
                "parent" => draft.parent = Some(value.into_owned()).filter(|parent| !parent.is_empty()),
                "website" => draft.trap = value.into_owned(),
                "token" => draft.token = value.into_owned(),
                _ => {}
            }
        }
        draft
    }
}

/// What a comment says, cleaned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// What its author goes by.
    pub name: String,
    /// Its text.
    pub text: String,
    /// What another of the same words has, too.
    pub normalized: String,
}

/// Why a comment was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The name has no characters that can be seen.
    NameMissing,
    /// The name is longer than [`NAME_CHARS`].
    NameTooLong,
    /// The text has no characters that can be seen.
    TextMissing,
    /// The text is longer than [`TEXT_CHARS`].
    TextTooLong,
    /// The text has more links than [`LINKS`].
    TooManyLinks,
    /// The field that nobody sees is filled in.
    Trapped,
    /// The form is not one of ours, or is for something else.
    FormUnknown,
    /// The form was made too long ago.
    FormTooOld,
    /// The form came back faster than anybody writes.
    TooFast,
    /// The form was sent from another site.
    Elsewhere,
    /// The same was said about the article already.
    Duplicate,
    /// The comment that is answered is not there, or is an answer itself.
    NothingToAnswer,
    /// So many comments came from this address that it has to wait.
    AddressLimit,
    /// So many comments came from everywhere that all have to wait.
    GlobalLimit,
    /// The time to change it is over.
    TooLate,
    /// It was changed, or decided about, while its author changed it.
    ChangedMeanwhile,
    /// It was changed as often as anything may be.
    TooManyChanges,
}

impl Refusal {
    /// The message that says so.
    pub const fn message(self) -> &'static str {
        match self {
            Self::NameMissing => "comments-name-missing",
            Self::NameTooLong => "comments-name-too-long",
            Self::TextMissing => "comments-text-missing",
            Self::TextTooLong => "comments-text-too-long",
            Self::TooManyLinks => "comments-too-many-links",
            Self::Trapped => "comments-trapped",
            Self::FormUnknown => "comments-form-unknown",
            Self::FormTooOld => "comments-form-too-old",
            Self::TooFast => "comments-too-fast",
            Self::Elsewhere => "comments-elsewhere",
            Self::Duplicate => "comments-duplicate",
            Self::NothingToAnswer => "comments-nothing-to-answer",
            Self::AddressLimit => "comments-address-limit",
            Self::GlobalLimit => "comments-global-limit",
            Self::TooLate => "comments-too-late",
            Self::ChangedMeanwhile => "comments-changed-meanwhile",
            Self::TooManyChanges => "comments-too-many-changes",
        }
    }

    /// The status of the answer.
    pub const fn status(self) -> u16 {
        match self {
            Self::Elsewhere | Self::FormUnknown | Self::TooLate => 403,
            Self::Duplicate | Self::ChangedMeanwhile => 409,
            Self::AddressLimit | Self::GlobalLimit | Self::TooManyChanges => 429,
            _ => 422,
        }
    }

    /// Whether it is about the name.
    pub const fn is_about_name(self) -> bool {
        matches!(self, Self::NameMissing | Self::NameTooLong)
    }

    /// Whether it is about the text.
    pub const fn is_about_text(self) -> bool {
        matches!(self, Self::TextMissing | Self::TextTooLong | Self::TooManyLinks | Self::Duplicate)
    }
}

/// What a draft says, or all that is wrong with it.
///
/// # Errors
/// What is wrong, in the order of the form's fields.
pub fn check(draft: &Draft) -> Result<Words, Vec<Refusal>> {
    let (name, text) = (one_line(&draft.name), paragraphs_of(&draft.text));
    let mut refusals = vec![];
    let mut refuse_if = |is_so: bool, refusal| {
        if is_so {
            refusals.push(refusal);
        }
    };
    refuse_if(!is_visible(&name), Refusal::NameMissing);
    refuse_if(name.chars().count() > NAME_CHARS, Refusal::NameTooLong);
    refuse_if(!is_visible(&text), Refusal::TextMissing);
    refuse_if(text.chars().count() > TEXT_CHARS, Refusal::TextTooLong);
    refuse_if(count_links(&text) > LINKS || count_links(&name) > 0, Refusal::TooManyLinks);
    refuse_if(!draft.trap.is_empty(), Refusal::Trapped);
    if refusals.is_empty() {
        let normalized = normalized(&text);
        Ok(Words { name, text, normalized })
    } else {
        Err(refusals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(name: &str, text: &str) -> Result<Words, Vec<Refusal>> {
        check(&Draft { name: name.into(), text: text.into(), ..Draft::default() })
    }

    #[test]
    fn limits_hold_to_the_character() {
        assert!(checked(&"名".repeat(40), &"字".repeat(4_000)).is_ok());
        assert_eq!(checked(&"n".repeat(41), &"t".repeat(4_001)), Err(vec![Refusal::NameTooLong, Refusal::TextTooLong]));
        assert_eq!(checked("\u{202e} ", "\u{200b}"), Err(vec![Refusal::NameMissing, Refusal::TextMissing]));
        assert!(checked("a", "https://a.example https://b.example").is_ok());
        assert_eq!(checked("a", "www.a.example www.b.example www.c.example"), Err(vec![Refusal::TooManyLinks]));
        assert_eq!(checked("www.a.example", "hello"), Err(vec![Refusal::TooManyLinks]));
    }

    #[test]
    fn a_filled_trap_is_said() {
        let draft = Draft { trap: "x".into(), name: "a".into(), text: "b".into(), ..Draft::default() };
        assert_eq!(check(&draft), Err(vec![Refusal::Trapped]));
    }

    #[test]
    fn any_body_is_a_draft() {
        let draft = Draft::of_form(b"name=A+B&text=%E4%BD%A0%0D%0A%FF&parent=&website&x=y&&=");
        assert_eq!((draft.name.as_str(), draft.text.as_str(), draft.parent), ("A B", "你\r\n\u{fffd}", None));
    }
}
