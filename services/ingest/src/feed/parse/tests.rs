//! Feeds in, entries out.
