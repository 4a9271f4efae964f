//! What can be asked of the API: the table that routes and document are made of.

use axum::{
    extract::DefaultBodyLimit,
    http::Method,
    routing::{MethodRouter, get, post},
};
use kos_shared::event::IngestRequested;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::{
    Api, articles, ingest, openapi,
    parameters::{self, Parameter},
    sources,
};
use crate::{
    comments::api as comments,
    search,
    site::{ArticleView, ResultsView},
};

/// Makes the schema of a type.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One thing that can be asked.
#[derive(Debug, Clone)]
pub struct Operation {
    /// How.
    pub method: Method,
    /// Where, below the API's base.
    pub path: &'static str,
    /// Its name in programs.
    pub name: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// Who may.
    pub who: Who,
    /// What the address can say.
    pub parameters: Vec<Parameter>,
    /// What the body is.
    pub body: Option<SchemaOf>,
    /// The answer where all is well.
    pub answer: Answer,
    /// Answers that are problems, beside those that every operation has.
    pub problems: &'static [(u16, &'static str)],
    /// What answers.
    pub handler: fn() -> MethodRouter<Api>,
}

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Everybody.
    Anyone,
    /// Who shows the operator's token.
    Operator,
}

/// An answer where all is well.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// What it is.
    pub description: &'static str,
    /// Its body.
    pub body: SchemaOf,
}

/// The OpenAPI document.
#[derive(JsonSchema)]
#[schemars(extend("type" = "object"))]
#[expect(dead_code, reason = "it is described and never made")]
struct OpenApi {
    /// The version of the specification.
    openapi: String,
}

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

const fn ok<T: JsonSchema>(description: &'static str) -> Answer {
    Answer { status: 200, description, body: of::<T> }
}

fn reading(path: &'static str, name: &'static str, summary: &'static str, answer: Answer) -> Operation {
    Operation {
        method: Method::GET,
        path,
        name,
        summary,
        who: Who::Anyone,
        parameters: vec![],
        body: None,
        answer,
        problems: &[],
        handler: MethodRouter::new,
    }
}

const UNREADABLE: (u16, &str) = (400, "A parameter can't be read; `detail` names it.");

const NO_COMMENT: (u16, &str) = (404, "No such comment, or no operator's token is set.");

const NOT_LET_IN: (u16, &str) = (401, "Without the operator's token.");

/// All of them.
pub fn all() -> Vec<Operation> {
    let state = "What was decided about the comments.";
    let decision = |path, name, summary, handler| Operation {
        method: Method::POST,
        who: Who::Operator,
        parameters: vec![parameters::id("The comment.")],
        problems: &[NOT_LET_IN, NO_COMMENT, (409, "The article was retracted.")],
        handler,
        ..reading(path, name, summary, ok::<comments::View>("The comment, as it is now."))
    };
    vec![
        Operation {
            parameters: vec![
                parameters::source(),
                parameters::language(),
                parameters::limit(articles::PAGE, parameters::MOST),
                parameters::after(),
            ],
            problems: &[UNREADABLE],
            handler: || get(articles::list),
            ..reading(
                "/articles",
                "listArticles",
                "Articles, the newest first. A story that several sources tell stands there once, unless a source is named.",
                ok::<articles::ArticleList>("A page of the list."),
            )
        },
        Operation {
            parameters: vec![parameters::id("The article.")],
            problems: &[(404, "No such article."), (410, "The article was retracted; `detail` says when and why.")],
            handler: || get(articles::one),
            ..reading(
                "/articles/{id}",
                "getArticle",
                "An article with its summaries, as far as its publisher lets the site have it.",
                ok::<ArticleView>("The article."),
            )
        },
        Operation {
            parameters: vec![
                parameters::id("The article."),
                parameters::limit(comments::PAGE, comments::LARGEST_PAGE),
                parameters::after(),
            ],
            problems: &[
                UNREADABLE,
                (404, "No such article, or comments are switched off."),
                (410, "The article was retracted; `detail` says when and why."),
            ],
            handler: || get(comments::of_article),
            ..reading(
                "/articles/{id}/comments",
                "listArticleComments",
                "The comments that readers see, in the order in which they were written.",
                ok::<comments::List>("A page of the list."),
            )
        },
        Operation {
            parameters: vec![
                parameters::words(search::query::QUERY_CHARS),
                parameters::language(),
                parameters::source(),
                parameters::day("from", "Only articles of this day (UTC) and later ones."),
                parameters::day("to", "Only articles of this day (UTC) and earlier ones."),
                parameters::limit(search::filters::PAGE, search::filters::MOST),
                parameters::after(),
            ],
            problems: &[UNREADABLE, (503, "Too many searches are at work.")],
            handler: || get(search::json),
            ..reading(
                "/search",
                "search",
                "Articles by their words, the best first.",
                ok::<ResultsView>("What was found."),
            )
        },
        Operation {
            parameters: vec![parameters::limit(sources::PAGE, parameters::MOST), parameters::after()],
            problems: &[UNREADABLE],
            handler: || get(sources::list),
            ..reading(
                "/sources",
                "listSources",
                "The sites that articles are from, by host.",
                ok::<sources::SourceList>("A page of the list."),
            )
        },
        Operation {
            method: Method::POST,
            who: Who::Operator,
            body: Some(of::<IngestRequested>),
            answer: Answer {
                status: 202,
                description: "The event is on the bus; the page will be taken in.",
                body: of::<ingest::Accepted>,
            },
            problems: &[
                (400, "The body broke off."),
                NOT_LET_IN,
                (404, "No operator's token is set."),
                (413, "The body is too large."),
                (415, "The body is not said to be JSON."),
                (422, "The body is no such event; `detail` names the field and says what was expected."),
                (503, "The bus takes no events now."),
            ],
            handler: || post(ingest::ingest).layer(DefaultBodyLimit::max(ingest::BODY_BYTES)),
            ..reading(
                "/ingest",
                "ingest",
                "Take in a page: publishes `kos.ingest.requested` with the body as its payload.",
                ok::<ingest::Accepted>(""),
            )
        },
        Operation {
            who: Who::Operator,
            parameters: vec![
                parameters::choice("state", state, &["pending", "approved", "rejected"], "pending"),
                parameters::limit(comments::PAGE, comments::LARGEST_PAGE),
                parameters::after(),
            ],
            problems: &[UNREADABLE, NOT_LET_IN, (404, "No operator's token is set.")],
            handler: || get(comments::queue),
            ..reading(
                "/comments",
                "listComments",
                "The comments that wait for a decision, or that were decided on; the longest first.",
                ok::<comments::List>("A page of the list."),
            )
        },
        Operation {
            parameters: vec![parameters::id("The comment."), parameters::revision()],
            problems: &[
                UNREADABLE,
                NOT_LET_IN,
                NO_COMMENT,
                (409, "The comment has another `revision` by now, or the article was retracted."),
            ],
            ..decision("/comments/{id}/approve", "approveComment", "Lets readers see a comment.", || {
                post(comments::approve)
            })
        },
        decision("/comments/{id}/reject", "rejectComment", "Hides a comment from readers.", || post(comments::reject)),
        Operation {
            handler: || get(openapi),
            ..reading("/openapi.json", "getOpenApi", "This document.", ok::<OpenApi>("The document (OpenAPI 3.1)."))
        },
    ]
}
