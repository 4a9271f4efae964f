//! `kos config`: the configuration in force.

use anstream::eprintln;
use kos_shared::config::Environment;
use serde_json::json;

use crate::{
    Ended,
    output::{print_json, print_table},
};

pub fn run(environment: &Environment, as_json: bool) -> anyhow::Result<Ended> {
    let in_force = environment.in_force();
    if as_json {
        let list: Vec<_> = in_force
            .map(|(variable, value, source)| {
                json!({"name": variable.name, "value": value, "source": source.to_string(), "about": variable.about})
            })
            .collect();
        print_json(&list)?;
    } else {
        let rows = in_force.map(|(variable, value, source)| {
            vec![variable.name.to_owned(), value.unwrap_or_default(), source.to_string(), variable.about.to_owned()]
        });
        print_table(&["variable", "value", "from", "what it decides"], rows);
    }
    for warning in environment.warnings() {
        eprintln!("warning: {warning}");
    }
    Ok(Ended::Done)
}
