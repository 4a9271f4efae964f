//! The API as an OpenAPI 3.1 document (<https://spec.openapis.org/oas/v3.1.1.html>).

use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{
    BASE, ingest,
    operations::{Operation, Who},
    parameters::Parameter,
    problem::{MEDIA_TYPE, Problem},
    rate,
};
use crate::site::SiteInfo;

/// Problems that every operation may answer with.
const ALWAYS: [(u16, &str); 5] = [
    (400, "The request names no host."),
    (408, "The request took too long."),
    (421, "The request names a host that this site isn't."),
    (429, "Too many requests from this address."),
    (500, "The site failed; its log says why."),
];

/// Headers of an answer that is no problem, and of one that is about the limit.
const LIMITS: [&str; 2] = ["RateLimit-Policy", "RateLimit"];

/// The document of the API of `site`.
pub fn openapi(site: &SiteInfo, operations: &[Operation]) -> Value {
    let settings = || SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = DEFINITIONS.into());
    let mut sent = settings().for_serialize().into_generator();
    let mut taken = settings().for_deserialize().into_generator();
    let problem = sent.subschema_for::<Problem<'static>>().to_value();
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations {
        let described = described(operation, &problem, &mut sent, &mut taken);
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method.as_str().to_lowercase()] = described;
    }
    let mut schemas = taken.take_definitions(true);
    schemas.extend(sent.take_definitions(true));
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": site.name,
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Articles with summaries that were checked, and what belongs to them.",
            "description": format!(
                "Lists go on behind the `next` of an answer. A parameter that is empty counts as none. Errors are problems (RFC 9457). An address may ask {} times \
                 in {} seconds, who shows the operator's token as often as need be. Who sends the `ETag` of an answer \
                 back in `If-None-Match` gets 304 where nothing changed.",
                rate::QUOTA,
                rate::WINDOW_S,
            ),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": site.absolute(BASE)}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "headers": headers(),
            "securitySchemes": {
                "operator": {"type": "http", "scheme": "bearer", "description": "`KOS_ADMIN_TOKEN`"},
            },
        },
    })
}

const DEFINITIONS: &str = "/components/schemas";

fn headers() -> Value {
    let header = |description: &str, schema: Value| json!({"description": description, "schema": schema});
    let text = || json!({"type": "string"});
    json!({
        "RateLimit-Policy": header("How many requests (`q`) an address may make in how many seconds (`w`).", text()),
        "RateLimit": header("How many of them are left (`r`), and in how many seconds they are all there again (`t`).", text()),
        "Retry-After": header("In how many seconds to try again.", json!({"type": "integer", "minimum": 0})),
        "WWW-Authenticate": header("How to show the token.", text()),
        "ETag": header("What tells this answer from others.", text()),
    })
}

fn described(operation: &Operation, problem: &Value, sent: &mut SchemaGenerator, taken: &mut SchemaGenerator) -> Value {
    let mut responses = Map::new();
    for (status, description) in ALWAYS.iter().chain(operation.problems) {
        let mut names: Vec<&str> = LIMITS.to_vec();
        names.extend((matches!(status, 429 | 503)).then_some("Retry-After"));
        names.extend((*status == 401).then_some("WWW-Authenticate"));
        let body = json!({MEDIA_TYPE: {"schema": problem}});
        // What an operation says of a status stands before what is always so.
        let said = responses.get(&status.to_string()).and_then(|known| known["description"].as_str());
        let description = said.map_or((*description).to_owned(), |known| format!("{description} {known}"));
        responses.insert(status.to_string(), response(&description, Some(body), &names));
    }
    let answer = &operation.answer;
    let is_read = operation.method == axum::http::Method::GET;
    let mut names = LIMITS.to_vec();
    names.extend(is_read.then_some("ETag"));
    let body = json!({"application/json": {"schema": (answer.body)(sent).to_value()}});
    responses.insert(answer.status.to_string(), response(answer.description, Some(body), &names));
    if is_read {
        responses.insert("304".into(), response("It is what `If-None-Match` names.", None, &names));
    }
    let mut described = json!({
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": operation.parameters.iter().map(parameter).collect::<Vec<_>>(),
        "responses": responses,
    });
    if let Some(schema) = operation.body {
        let schema = schema(taken).to_value();
        described["requestBody"] = json!({
            "description": format!("Up to {} bytes.", ingest::BODY_BYTES),
            "required": true,
            "content": {"application/json": {"schema": schema}},
        });
    }
    described["security"] = match operation.who {
        Who::Operator => json!([{"operator": []}]),
        Who::Anyone => json!([]),
    };
    described
}

fn response(description: &str, content: Option<Value>, headers: &[&str]) -> Value {
    let headers: Map<String, Value> = headers
        .iter()
        .map(|name| ((*name).to_owned(), json!({"$ref": format!("#/components/headers/{name}")})))
        .collect();
    let mut response = json!({"description": description, "headers": headers});
    if let Some(content) = content {
        response["content"] = content;
    }
    response
}

fn parameter(parameter: &Parameter) -> Value {
    let mut described = json!({
        "name": parameter.name,
        "in": if parameter.in_path { "path" } else { "query" },
        "required": parameter.in_path,
        "description": parameter.description,
        "schema": parameter.schema,
    });
    if !parameter.in_path {
        described["allowEmptyValue"] = json!(true);
    }
    described
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kos_shared::event::Language;
    use schemars::JsonSchema;

    use super::{
        super::{operations, parameters},
        *,
    };
    use crate::site::fixtures;

    fn document() -> Value {
        openapi(&fixtures::site(), &operations::all())
    }

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

    /// Each operation with its path and method.
    fn described(document: &Value) -> Vec<(String, String, Value)> {
        let paths = document["paths"].as_object().unwrap().iter();
        let methods = |(path, methods): (&String, &Value)| {
            let methods = methods.as_object().unwrap().clone().into_iter();
            methods.map(|(method, operation)| (path.clone(), method, operation)).collect::<Vec<_>>()
        };
        paths.flat_map(methods).collect()
    }

    #[test]
    fn every_operation_is_described_once() {
        let document = document();
        let described = described(&document);
        assert_eq!(described.len(), operations::all().len());
        let names: BTreeSet<_> = described.iter().map(|(.., operation)| operation["operationId"].to_string()).collect();
        assert_eq!(names.len(), described.len(), "{names:?}");
        for (path, method, operation) in described {
            let in_path = path.matches('{').count();
            let parameters = operation["parameters"].as_array().unwrap();
            let said = parameters.iter().filter(|parameter| parameter["in"] == "path" && parameter["required"] == true);
            assert_eq!(said.count(), in_path, "{method} {path}");
            let responses = operation["responses"].as_object().unwrap();
            for (status, response) in responses {
                let media_type = if status.as_str() < "400" { "application/json" } else { "application/problem+json" };
                let schema = &response["content"][media_type]["schema"];
                assert!(status == "304" || schema.is_object(), "{method} {path} {status}: {response}");
            }
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_schema_is_used() {
        let document = document();
        let mut found = Vec::new();
        references(&document, &mut found);
        for reference in &found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
        }
        for name in document["components"]["schemas"].as_object().unwrap().keys() {
            assert!(found.contains(&format!("#/components/schemas/{name}")), "{name} is used nowhere");
        }
    }

    #[test]
    fn schemas_are_those_of_what_is_sent() {
        let document = document();
        let schemas = &document["components"]["schemas"];
        let required = |name: &str| schemas[name]["required"].as_array().unwrap().clone();
        assert!(required("ArticleView").contains(&json!("related")), "{}", schemas["ArticleView"]);
        assert_eq!(required("IngestRequested"), [json!("url")]);
        assert_eq!(schemas["Problem"]["properties"]["status"]["minimum"], 400);
        let pattern = Language::json_schema(&mut SchemaGenerator::default());
        let language = parameters::language();
        assert_eq!(Some(&language.schema["pattern"]), pattern.get("pattern"), "one pattern for languages");
    }
}
