//! News in Chinese with reference summaries, written for these tests: nothing in them happened.

use serde::Deserialize;

/// A text and what an editor would say of it.
#[derive(Debug, Clone, Deserialize)]
pub struct NewsText {
    /// What it is called, unique.
    pub id: String,
    /// Its headline.
    pub title: String,
    /// Its lines, with datelines, captions, bylines and links as sites have them; 250 to 700 characters.
    pub text: String,
    /// Its summary in other words than its own, 60 to 120 characters.
    pub reference: String,
}

/// The thirty texts of `corpus/chinese_news.json`.
pub fn chinese_news() -> Vec<NewsText> {
    let json = include_str!("../corpus/chinese_news.json");
    serde_json::from_str(json).unwrap_or_else(|error| panic!("corpus/chinese_news.json: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_are_thirty_and_as_long_as_they_should_be() {
        let texts = chinese_news();
        assert_eq!(texts.len(), 30);
        for text in &texts {
            let characters = |text: &str| text.chars().count();
            assert!((250..=700).contains(&characters(&text.text)), "{}", text.id);
            assert!((60..=120).contains(&characters(&text.reference)), "{}", text.id);
            assert_eq!(texts.iter().filter(|other| other.id == text.id).count(), 1, "{}", text.id);
        }
    }
}
