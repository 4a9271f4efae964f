//! The JSON Schema of an answer, for servers that make models follow one.
//!
//! Servers that do so have a model write the properties in the order in which the schema has them, so it is the order of
//! the prompt's example, and text: a JSON object in memory has no order. With `sources` first, SmolLM2-135M listed
//! numbers until its tokens were spent and never came to a sentence.

/// One sentence after the other, within what strict servers take: every property required, nothing else allowed.
macro_rules! sentences {
    () => {
        r#""sentences":{"type":"array","items":{"type":"object","properties":{"text":{"type":"string"},"sources":{"type":"array","items":{"type":"integer"}}},"required":["text","sources"],"additionalProperties":false}}"#
    };
}

const WITHOUT_TITLE: &str = concat!(
    r#"{"type":"object","properties":{"#,
    sentences!(),
    r#"},"required":["sentences"],"additionalProperties":false}"#
);

const WITH_TITLE: &str = concat!(
    r#"{"type":"object","properties":{"title":{"type":"string"},"#,
    sentences!(),
    r#"},"required":["title","sentences"],"additionalProperties":false}"#
);

/// `{"title": …, "sentences": [{"text": …, "sources": […]}]}`.
pub(super) fn of_answer(with_title: bool) -> &'static str {
    if with_title { WITH_TITLE } else { WITHOUT_TITLE }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_schema_has_its_properties_in_the_order_of_the_prompt() {
        for with_title in [false, true] {
            let schema = of_answer(with_title);
            let read: Value = serde_json::from_str(schema).unwrap();
            assert_eq!(read["properties"].get("title").is_some(), with_title);
            let places: Vec<_> = ["title", "sentences", "text", "sources"]
                .into_iter()
                .filter_map(|name| schema.find(&format!("\"{name}\":{{")))
                .collect();
            assert_eq!((places.len(), places.is_sorted()), (3 + usize::from(with_title), true), "{schema}");
        }
    }
}
