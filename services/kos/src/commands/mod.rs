//! The commands, a file each.

mod article;
pub mod backup;
pub mod check;
pub mod config;
pub mod dead;
pub mod doctor;
pub mod extract;
pub mod feed;
pub mod ingest;
pub mod prepare;
pub mod replay;
pub mod retract;
pub mod schema;
pub mod status;
pub mod summarize;
pub mod trace;
