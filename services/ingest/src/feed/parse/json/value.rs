//! Values of JSON as far as feeds have any use for them. What is of another kind than expected is nothing, and what
//! nobody reads is passed over without being kept: documents are written by anybody.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// How many values of one list are kept.
const MOST: usize = 50;

/// A single value.
#[derive(Debug, Default)]
pub(super) enum One {
    /// Of no use.
    #[default]
    Nothing,
    Text(String),
    /// As it is written.
    Number(String),
    /// A person or a hub.
    Named {
        name: Option<String>,
        url: Option<String>,
        kind: Option<String>,
    },
}

impl One {
    /// What is written there, if there is anything to see.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    /// Its name, which is all of it where it is a text.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Named { name, .. } => name.as_deref(),
            _ => self.text(),
        }
    }

    fn into_text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for One {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneVisitor)
    }
}

struct OneVisitor;

impl<'de> Visitor<'de> for OneVisitor {
    type Value = One;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<One, E> {
        Ok(One::Nothing)
    }

    fn visit_unit<E>(self) -> Result<One, E> {
        Ok(One::Nothing)
    }

    fn visit_i64<E>(self, number: i64) -> Result<One, E> {
        Ok(One::Number(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<One, E> {
        Ok(One::Number(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<One, E> {
        Ok(serde_json::Number::from_f64(number).map_or(One::Nothing, |number| One::Number(number.to_string())))
    }

    fn visit_str<E>(self, text: &str) -> Result<One, E> {
        Ok(One::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<One, E> {
        Ok(One::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<One, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(One::Nothing)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<One, A::Error> {
        let (mut name, mut url, mut kind) = (None, None, None);
        while let Some(member) = map.next_key::<String>()? {
            match member.as_str() {
                "name" => name = map.next_value::<One>()?.into_text(),
                "url" => url = map.next_value::<One>()?.into_text(),
                "type" => kind = map.next_value::<One>()?.into_text(),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(One::Named { name, url, kind })
    }
}

/// The first [`MOST`] values of a list; what is no list is one of one value.
#[derive(Debug, Default)]
pub(super) struct Many(pub(super) Vec<One>);

impl<'de> Deserialize<'de> for Many {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ManyVisitor)
    }
}

struct ManyVisitor;

impl<'de> Visitor<'de> for ManyVisitor {
    type Value = Many;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Many, E> {
        Ok(Many::default())
    }

    fn visit_unit<E>(self) -> Result<Many, E> {
        Ok(Many::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Many, E> {
        Ok(Many::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Many, E> {
        Ok(Many::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Many, E> {
        Ok(Many::default())
    }

    fn visit_str<E>(self, text: &str) -> Result<Many, E> {
        Ok(Many(vec![One::Text(text.to_owned())]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Many, A::Error> {
        let mut all = Vec::new();
        while all.len() < MOST {
            match list.next_element()? {
                Some(one) => all.push(one),
                None => return Ok(Many(all)),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Many(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Many, A::Error> {
        OneVisitor.visit_map(map).map(|one| Many(vec![one]))
    }
}

/// An entry as it is written.
#[derive(Debug, Default)]
pub(super) struct Item {
    pub(super) id: One,
    pub(super) url: One,
    pub(super) external_url: One,
    pub(super) title: One,
    pub(super) content_html: One,
    pub(super) content_text: One,
    pub(super) summary: One,
    pub(super) date_published: One,
    pub(super) date_modified: One,
    pub(super) language: One,
    pub(super) authors: Many,
    pub(super) author: Many,
    pub(super) tags: Many,
}

/// An entry, or nothing where something else stands in its place.
#[derive(Debug)]
pub(super) struct MaybeItem(pub(super) Option<Box<Item>>);

impl<'de> Deserialize<'de> for MaybeItem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ItemVisitor)
    }
}

struct ItemVisitor;

impl<'de> Visitor<'de> for ItemVisitor {
    type Value = MaybeItem;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an item")
    }

    fn visit_bool<E>(self, _: bool) -> Result<MaybeItem, E> {
        Ok(MaybeItem(None))
    }

    fn visit_unit<E>(self) -> Result<MaybeItem, E> {
        Ok(MaybeItem(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<MaybeItem, E> {
        Ok(MaybeItem(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<MaybeItem, E> {
        Ok(MaybeItem(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<MaybeItem, E> {
        Ok(MaybeItem(None))
    }

    fn visit_str<E>(self, _: &str) -> Result<MaybeItem, E> {
        Ok(MaybeItem(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<MaybeItem, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(MaybeItem(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<MaybeItem, A::Error> {
        let mut item = Box::<Item>::default();
        while let Some(member) = map.next_key::<String>()? {
            let place = match member.as_str() {
                "id" => &mut item.id,
                "url" => &mut item.url,
                "external_url" => &mut item.external_url,
                "title" => &mut item.title,
                "content_html" => &mut item.content_html,
                "content_text" => &mut item.content_text,
                "summary" => &mut item.summary,
                "date_published" => &mut item.date_published,
                "date_modified" => &mut item.date_modified,
                "language" => &mut item.language,
                list => {
                    match list {
                        "authors" => item.authors = map.next_value()?,
                        "author" => item.author = map.next_value()?,
                        "tags" => item.tags = map.next_value()?,
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                    continue;
                }
            };
            *place = map.next_value()?;
        }
        Ok(MaybeItem(Some(item)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_value_only_what_is_read_is_kept() {
        let junk = "[[1,{\"a\":2}]],".repeat(1_000);
        let Many(all) = serde_json::from_str(&format!("[{junk}1]")).unwrap();
        assert_eq!(all.len(), MOST);
        assert!(all.iter().all(|one| matches!(one, One::Nothing)), "{all:?}");
        let item = format!("{{\"id\":7,\"title\":[{junk}1],\"x\":[{junk}1],\"tags\":[\"a\",{junk}1],\"url\":\" b \"}}");
        let MaybeItem(item) = serde_json::from_str(&item).unwrap();
        let item = item.unwrap();
        assert!(matches!((&item.id, &item.title), (One::Number(id), One::Nothing) if id == "7"), "{item:?}");
        assert_eq!((item.tags.0.len(), item.url.text()), (MOST, Some("b")));
    }

    #[test]
    fn what_is_of_another_kind_is_nothing() {
        for other in ["1", "null", "true", "\"a\"", "[1]", "-2.5"] {
            assert!(matches!(serde_json::from_str(other), Ok(MaybeItem(None))), "{other}");
        }
        let Many(hubs) =
            serde_json::from_str("{\"type\":\"WebSub\",\"url\":\"https://a.example/\",\"name\":3}").unwrap();
        let [One::Named { name: None, url: Some(_), kind: Some(kind) }] = hubs.as_slice() else { panic!("{hubs:?}") };
        assert_eq!(kind, "WebSub");
    }
}
