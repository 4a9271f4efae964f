//! What was measured, as a table.

use std::thread::available_parallelism;

use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};

use crate::{floor::Floor, run::Latencies, usage::Usage};

/// A measured run.
pub struct Round {
    /// How many articles went through.
    pub articles: usize,
    /// How long that took.
    pub seconds: f64,
    /// What their computing alone takes.
    pub floor: Floor,
    /// What the processes used.
    pub usage: Usage,
}

impl Round {
    fn rate(&self) -> f64 {
        self.articles as f64 / self.seconds
    }

    fn floor_rate(&self) -> f64 {
        self.articles as f64 / self.floor.seconds
    }

    fn share(&self) -> f64 {
        100.0 * self.rate() / self.floor_rate()
    }

    /// The result in a line.
    pub fn line(&self) -> String {
        let (rate, floor) = (self.rate(), self.floor_rate());
        format!("{rate:.0} articles a second, compute floor {floor:.0}, share of it {:.0} %", self.share())
    }

    fn milliseconds(&self, seconds: f64) -> String {
        format!("{:.2}", 1_000.0 * seconds / self.articles as f64)
    }
}

/// Prints the median round, and the latencies.
pub fn print(mut rounds: Vec<Round>, latencies: Latencies) {
    rounds.sort_by(|a, b| a.share().total_cmp(&b.share()));
    let round = &rounds[rounds.len() / 2];
    let cores = available_parallelism().map_or(0, usize::from);

    let mut figures = table(&["figure", "value"]);
    let mut figure = |name: &str, value: String| {
        figures.add_row([name.to_owned(), value]);
    };
    figure("articles", format!("{} in {:.2} s", round.articles, round.seconds));
    figure("articles a second", format!("{:.0}", round.rate()));
    figure(&format!("compute floor, articles a second on {cores} cores"), format!("{:.0}", round.floor_rate()));
    figure("share of the compute floor", format!("{:.0} %", round.share()));
    for (what, mut latencies) in [
        ("single event on an idle system, to its page", latencies.whole),
        ("the summarize stage of it, bus and all", latencies.summarize),
    ] {
        latencies.sort_unstable();
        for (name, share) in [("p50", 0.50), ("p95", 0.95), ("p99", 0.99)] {
            // The nearest rank.
            let rank = (share * latencies.len() as f64).ceil() as usize;
            if let Some(latency) = latencies.get(rank.saturating_sub(1)) {
                let name = format!("{what}, {name} of {}", latencies.len());
                figure(&name, format!("{:.1} ms", latency.as_secs_f64() * 1_000.0));
            }
        }
    }
    let within = &latencies.summarize_within;
    if let Some(all) = within.last().map(|(_, count)| *count).filter(|all| *all > 0) {
        let stage = "the summarize stage without the bus";
        let share = |count: u64| count as f64 / all as f64;
        for (limit, count) in within.iter().take_while(|(limit, _)| *limit <= 0.01) {
            figure(&format!("{stage}, within {} ms", limit * 1_000.0), format!("{:.1} %", 100.0 * share(*count)));
        }
        if let Some((limit, _)) = within.iter().find(|(limit, count)| limit.is_finite() && share(*count) >= 0.99) {
            figure(&format!("{stage}, p99"), format!("at most {} ms", limit * 1_000.0));
        }
    }
    println!("\n{figures}");

    let mut processes = table(&["process", "CPU ms an article", "written kB an article", "resident MiB", "peak MiB"]);
    for (name, used) in &round.usage.processes {
        let memory = |pick: fn((u64, u64)) -> u64| used.memory.map_or("-".into(), |m| (pick(m) / 1_024).to_string());
        processes.add_row([
            (*name).to_owned(),
            round.milliseconds(used.cpu_seconds),
            format!("{:.0}", used.written_bytes as f64 / 1_000.0 / round.articles as f64),
            memory(|(now, _)| now),
            memory(|(_, peak)| peak),
        ]);
    }
    let all = round.usage.processes.iter().map(|(_, used)| used.cpu_seconds).sum();
    processes.add_row(["all of them".to_owned(), round.milliseconds(all)]);
    processes.add_row(["the compute floor".to_owned(), round.milliseconds(round.floor.cpu_seconds)]);
    println!("\n{processes}");
}

fn table(columns: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(columns.iter().copied());
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
