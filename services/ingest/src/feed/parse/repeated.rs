//! Entries that a document has twice, and GUIDs that name nothing because several entries have them.

use std::collections::HashMap;

use super::super::{Entry, Feed};

/// Takes out what is the same entry twice, and the GUIDs that different entries share.
pub(super) fn take_out(feed: &mut Feed) {
    let mut by_guid: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut is_twice = vec![false; feed.entries.len()];
    for (index, entry) in feed.entries.iter().enumerate() {
        let Some(guid) = entry.guid.as_deref() else { continue };
        let others = by_guid.entry(guid).or_default();
        is_twice[index] = others.iter().any(|other| are_same(&feed.entries[*other], entry));
        if !is_twice[index] {
            others.push(index);
        }
    }
    let shared: Vec<usize> = by_guid.into_values().filter(|entries| entries.len() > 1).flatten().collect();
    if !shared.is_empty() {
        feed.repairs.push("several entries have the same guid".into());
    }
    for index in shared {
        feed.entries[index].guid = None;
    }
    let before = feed.entries.len();
    let mut twice = is_twice.into_iter();
    feed.entries.retain(|_| !twice.next().unwrap_or(false));
    if feed.entries.len() < before {
        feed.repairs.push("an entry was there twice".into());
    }
}

/// Whether two entries of one GUID are one: a GUID alone doesn't tell, where a template gives all the same.
fn are_same(one: &Entry, other: &Entry) -> bool {
    one.url == other.url && one.title == other.title && one.content_html == other.content_html
}
