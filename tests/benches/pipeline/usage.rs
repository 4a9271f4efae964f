//! What processes use, as Linux tells it. Source: proc(5).

use std::fs;

use anyhow::Context;

/// The unit of times in `/proc/PID/stat`; Linux shows programs hundredths of a second on every machine.
const TICKS_PER_SECOND: f64 = 100.0;

/// What one process used since it began.
#[derive(Debug, Clone, Copy)]
pub struct ProcessUsage {
    /// Computing time, user and system.
    pub cpu_seconds: f64,
    /// What it had written to disk.
    pub written_bytes: u64,
    /// Resident memory now and at its peak, in kB; nothing for a family, whose members share theirs.
    pub memory: Option<(u64, u64)>,
}

/// What all processes used.
#[derive(Debug, Clone)]
pub struct Usage {
    /// By name.
    pub processes: Vec<(&'static str, ProcessUsage)>,
}

impl Usage {
    /// What was used since `before`; memory is as it is now.
    pub fn since(mut self, before: &Self) -> Self {
        for ((_, now), (_, then)) in self.processes.iter_mut().zip(&before.processes) {
            now.cpu_seconds -= then.cpu_seconds;
            now.written_bytes -= then.written_bytes;
        }
        self
    }
}

/// This process.
pub fn of_this_process() -> anyhow::Result<ProcessUsage> {
    of_process(std::process::id())
}

/// A process by itself.
pub fn of_process(id: u32) -> anyhow::Result<ProcessUsage> {
    let stat = Stat::read(id)?;
    let status = read(id, "status")?;
    let kilobytes = |name| labelled(&status, name).with_context(|| format!("no {name} of process {id}"));
    Ok(ProcessUsage {
        cpu_seconds: stat.own_ticks as f64 / TICKS_PER_SECOND,
        written_bytes: written(id)?,
        memory: Some((kilobytes("VmRSS")?, kilobytes("VmHWM")?)),
    })
}

/// A process with its children: those that ended, and those that run.
pub fn of_family(id: u32) -> anyhow::Result<ProcessUsage> {
    let parent = Stat::read(id)?;
    let mut ticks = parent.own_ticks + parent.ended_children_ticks;
    let mut written_bytes = written(id)?;
    let processes = fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    for process in processes {
        // One that has ended meanwhile is none of ours any more.
        let Ok(stat) = Stat::read(process) else { continue };
        if stat.parent == id {
            ticks += stat.own_ticks;
            written_bytes += written(process).unwrap_or(0);
        }
    }
    Ok(ProcessUsage { cpu_seconds: ticks as f64 / TICKS_PER_SECOND, written_bytes, memory: None })
}

struct Stat {
    parent: u32,
    own_ticks: u64,
    ended_children_ticks: u64,
}

impl Stat {
    fn read(id: u32) -> anyhow::Result<Self> {
        let text = read(id, "stat")?;
        // The name, in parentheses, may hold anything; what follows are numbers, from field 3 on.
        let (_, after_name) = text.rsplit_once(") ").context("no name in stat")?;
        let field = |number: usize| after_name.split(' ').nth(number - 3).and_then(|f| f.parse::<u64>().ok());
        let sum = |first, second| Some(field(first)? + field(second)?);
        let stat = || {
            Some(Self {
                parent: u32::try_from(field(4)?).ok()?,
                own_ticks: sum(14, 15)?,
                ended_children_ticks: sum(16, 17)?,
            })
        };
        stat().with_context(|| format!("can't read the stat of process {id}: {text}"))
    }
}

fn written(id: u32) -> anyhow::Result<u64> {
    labelled(&read(id, "io")?, "write_bytes").context("no write_bytes in io")
}

fn read(id: u32, file: &str) -> anyhow::Result<String> {
    let path = format!("/proc/{id}/{file}");
    fs::read_to_string(&path).context(path)
}

/// The number on the line `name: …`.
fn labelled(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    value.split_whitespace().next()?.parse().ok()
}
