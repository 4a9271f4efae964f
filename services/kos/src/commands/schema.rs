//! `kos schema`: the contract as documents.

use anyhow::Context;
use kos_shared::event::{EventType, schema};
use serde_json::Value;

use crate::{Ended, WrongUsage, arguments::Schema, output::print_json};

pub fn run(arguments: Schema) -> anyhow::Result<Ended> {
    if let Some(folder) = arguments.write_to {
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        for (name, document) in documents() {
            let file = folder.join(name);
            let text = format!("{}\n", serde_json::to_string_pretty(&document)?);
            std::fs::write(&file, text).with_context(|| file.display().to_string())?;
        }
        return Ok(Ended::Done);
    }
    match arguments.event {
        None => print_json(&schema::asyncapi())?,
        Some(name) => {
            let event_type = EventType::of_subject(&name).ok_or_else(|| {
                let names: Vec<_> = EventType::ALL.iter().map(|t| t.as_str()).collect();
                WrongUsage(format!("no event is called {name:?}: expected one of {}", names.join(", ")))
            })?;
            print_json(&schema::json_schema(event_type))?;
        }
    }
    Ok(Ended::Done)
}

/// Each document with the name of its file.
fn documents() -> impl Iterator<Item = (String, Value)> {
    let schemas = EventType::ALL.into_iter().map(|t| (format!("{t}.json"), schema::json_schema(t)));
    schemas.chain([("asyncapi.json".to_owned(), schema::asyncapi())])
}
