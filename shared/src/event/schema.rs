//! The contract as documents: a JSON Schema (draft 2020-12) for each event, and AsyncAPI 3.

use schemars::{Schema, schema_for};
use serde_json::{Map, Value, json};

use super::{
    ArticleIngested, ArticlePublished, ArticleRetracted, ArticleSummarized, CommentPosted, EventType, FeedDue,
    IngestRequested, WebhookDue,
};

/// The JSON Schema of an event's payload.
pub fn json_schema(event_type: EventType) -> Value {
    let mut schema: Schema = match event_type {
        EventType::IngestRequested => schema_for!(IngestRequested),
        EventType::FeedDue => schema_for!(FeedDue),
        EventType::ArticleIngested => schema_for!(ArticleIngested),
        EventType::ArticleRetracted => schema_for!(ArticleRetracted),
        EventType::ArticleSummarized => schema_for!(ArticleSummarized),
        EventType::ArticlePublished => schema_for!(ArticlePublished),
        EventType::CommentPosted => schema_for!(CommentPosted),
        EventType::WebhookDue => schema_for!(WebhookDue),
    };
    schema.insert("$id".into(), json!(event_type.as_str()));
    schema.insert("title".into(), json!(event_type.as_str()));
    schema.to_value()
}

/// The AsyncAPI 3.0 document: every channel, its message and its payload.
pub fn asyncapi() -> Value {
    let (mut channels, mut operations, mut messages) = (Map::new(), Map::new(), Map::new());
    let mut schemas = Map::from_iter([("headers".to_owned(), headers_schema())]);
    for event_type in EventType::ALL {
        let name = event_type.as_str();
        let message = json!({"$ref": format!("#/components/messages/{name}")});
        channels.insert(name.into(), json!({"address": name, "messages": {name: message}}));
        let (action, verb) = match event_type {
            EventType::IngestRequested | EventType::ArticleRetracted => ("receive", "take"),
            _ => ("send", "emit"),
        };
        operations.insert(
            format!("{verb}.{name}"),
            json!({"action": action, "channel": {"$ref": format!("#/channels/{name}")}}),
        );
        messages.insert(
            name.into(),
            json!({
                "name": name,
                "contentType": "application/json",
                "headers": {"$ref": "#/components/schemas/headers"},
                "payload": {"schemaFormat": "application/schema+json;version=draft-2020-12", "schema": embedded_schema(event_type, &mut schemas)},
            }),
        );
    }
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Knowledge OS",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "Apache-2.0"},
            "description": "Events on NATS JetStream: CloudEvents 1.0 in binary mode. Structured mode and a bare JSON body are understood too.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": schemas,
        },
    })
}

/// The attributes of an event as headers.
fn headers_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "ce-specversion": {"const": "1.0"},
            "ce-id": {"type": "string", "minLength": 1},
            "ce-source": {"type": "string", "format": "uri-reference"},
            "ce-type": {"type": "string"},
            "ce-time": {"type": "string", "format": "date-time"},
            "ce-subject": {"type": "string"},
            "ce-causationid": {"type": "string", "description": "the event that caused this one"},
            "ce-replay": {"type": "string", "description": "how often it was replayed by hand"},
            "traceparent": {"type": "string", "description": "W3C Trace Context"},
        },
    })
}

/// An event's schema for use inside the document: its definitions go to `shared`, where references into one
/// document find them.
fn embedded_schema(event_type: EventType, shared: &mut Map<String, Value>) -> Value {
    let mut schema = json_schema(event_type);
    if let Some(own) = schema.as_object_mut() {
        for meta in ["$id", "$schema"] {
            own.remove(meta);
        }
        if let Some(Value::Object(mut definitions)) = own.remove("$defs") {
            definitions.values_mut().for_each(refer_to_shared);
            shared.extend(definitions);
        }
    }
    refer_to_shared(&mut schema);
    schema
}

fn refer_to_shared(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(reference) if name == "$ref" => {
                        *reference = reference.replace("#/$defs/", "#/components/schemas/");
                    }
                    other => refer_to_shared(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(refer_to_shared),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_names_what_is_required() {
        let schema = json_schema(EventType::IngestRequested);
        assert_eq!(schema["required"], json!(["url"]));
        let schema = json_schema(EventType::ArticleSummarized);
        let required = schema["required"].as_array().unwrap();
        for field in ["article_id", "text", "summaries"] {
            assert!(required.contains(&json!(field)), "{field} is not required: {required:?}");
        }
    }

    #[test]
    fn every_event_has_a_channel() {
        let document = asyncapi();
        for event_type in EventType::ALL {
            assert_eq!(document["channels"][event_type.as_str()]["address"], event_type.as_str());
        }
    }

    #[test]
    fn every_reference_of_the_document_leads_somewhere() {
        fn references(value: &Value, found: &mut Vec<String>) {
            match value {
                Value::Object(fields) => {
                    found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                    fields.values().for_each(|v| references(v, found));
                }
                Value::Array(items) => items.iter().for_each(|v| references(v, found)),
                _ => {}
            }
        }
        let document = asyncapi();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 20, "{found:?}");
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
        }
    }
}
