//! What can be said to `kos`.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use kos_shared::{
    config::Environment,
    event::{HttpUrl, Language},
};

use crate::output::duration_of;

/// Knowledge OS: publish a link, get a clean, bilingual article page.
#[derive(Debug, Parser)]
#[command(
    name = "kos",
    version,
    about,
    after_help = "Exit codes: 0 done, 1 it failed, 2 wrong usage, 3 partly done.\nVariables: see `kos config`."
)]
pub struct Arguments {
    /// Print JSON for machines.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run all three services, and a NATS server unless KOS_NATS_URL names one.
    Up(Up),
    /// Publish ingest events.
    Ingest(Ingest),
    /// Follow feeds: what they announce is taken in.
    #[command(subcommand)]
    Feed(Feed),
    /// Show what each stage has to do, and which workers are alive.
    Status(WatchStatus),
    /// Show the way of an article through the stages.
    Trace {
        /// An article's id, an address, or an event's id.
        key: String,
    },
    /// Look at dead letters, replay or discard them.
    #[command(subcommand)]
    Dead(Dead),
    /// Feed a stage its events again.
    Replay(Replay),
    /// Withdraw an article.
    Retract(Retract),
    /// Make the streams and consumers that are missing, and change those with other settings. Workers do it by
    /// themselves where the server allows them to.
    Prepare(Prepare),
    /// Copy streams and SQLite databases to a folder, while all goes on.
    Backup(Backup),
    /// Bring back what `kos backup` copied, while nothing runs.
    Restore(Restore),
    /// Check server, durability, streams, workers; say what to do about each finding.
    Doctor,
    /// Print the JSON Schema of an event, or the AsyncAPI document.
    Schema(Schema),
    /// Extract the article from a page on standard input.
    Extract {
        /// Where the page is from.
        #[arg(long)]
        url: Option<HttpUrl>,
    },
    /// Summarize an article (JSON) or a text on standard input.
    Summarize(Summarize),
    /// Judge a summary of the article (JSON) or text on standard input: a verdict a check. Exits with 1 where one failed.
    Check(Check),
    /// Print the configuration in force, and where each value came from.
    Config,
}

/// `kos up`
#[derive(Debug, Args)]
pub struct Up {
    /// The folder for databases and the server's streams.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Where the site listens.
    #[arg(long, value_parser = listen)]
    pub listen: Option<SocketAddr>,
    /// Where the NATS server that is started here listens.
    #[arg(long, default_value = "127.0.0.1:4222", value_parser = listen)]
    pub nats_listen: SocketAddr,
    /// Publish the sample articles once all is ready.
    #[arg(long)]
    pub samples: bool,
}

impl Up {
    /// What the command line says goes before the environment.
    pub fn override_environment(&self, environment: &mut Environment) {
        if let Some(data) = &self.data {
            environment.override_with("KOS_DATA", data.display().to_string());
        }
        if let Some(listen) = &self.listen {
            environment.override_with("KOS_LISTEN", listen.to_string());
        }
    }
}

/// `kos ingest`
#[derive(Debug, Args)]
pub struct Ingest {
    /// Addresses, HTML files, or `-` for standard input (a page, or an address a line).
    #[arg(required = true)]
    pub inputs: Vec<String>,
    /// Where the page in a file or on standard input is from, if the page doesn't say.
    #[arg(long)]
    pub url: Option<HttpUrl>,
    /// Take it in again, even if it did not change or was retracted.
    #[arg(long)]
    pub force: bool,
    /// Wait until the pages are there, and print their addresses.
    #[arg(long)]
    pub wait: bool,
    /// How long to wait, in seconds.
    #[arg(long, default_value_t = 300, requires = "wait")]
    pub timeout_seconds: u64,
}

/// `kos status`
#[derive(Debug, Args)]
pub struct WatchStatus {
    /// Show it again and again until Ctrl-C, every 2s, or as often as this says, such as 5s. With --json a line a time.
    #[arg(long, value_name = "EVERY", num_args = 0..=1, default_missing_value = "2s", value_parser = often)]
    pub watch: Option<Duration>,
}

/// How often something may be looked at.
fn often(text: &str) -> Result<Duration, String> {
    duration_of(text, Duration::from_millis(100))
}

/// Where something listens.
fn listen(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "expected an address and a port, such as 127.0.0.1:8080")
}

/// `kos feed`
#[derive(Debug, Subcommand)]
pub enum Feed {
    /// Follow feeds, given by their addresses or by those of their sites.
    Add {
        /// The addresses.
        #[arg(required = true)]
        urls: Vec<String>,
    },
    /// List the feeds that are followed, and how each is.
    List,
    /// Follow feeds no longer. What was taken in stays.
    Remove {
        /// Their ids or addresses.
        #[arg(required = true)]
        feeds: Vec<String>,
    },
    /// Poll feeds now, also those that are gone.
    Poll {
        /// Their ids or addresses.
        #[arg(required = true)]
        feeds: Vec<String>,
    },
    /// Decide how much of a feed's articles may be shown, and which of its entries are wanted.
    Set {
        /// Its id or address.
        feed: String,
        /// How much may be shown; `default` takes a decision back.
        #[arg(long, value_enum, required_unless_present = "rules")]
        policy: Option<Policy>,
        /// Which entries are wanted: a JSON object, or a file that holds one; `{}` for all.
        #[arg(long)]
        rules: Option<String>,
    },
    /// Follow the feeds of an OPML file. Their first polls are spread over a minute.
    Import {
        /// The file, or `-` for standard input.
        file: String,
    },
    /// Write the feeds that are followed as OPML.
    Export {
        /// The file; standard output where there is none.
        file: Option<PathBuf>,
    },
    /// Tell what feed is at an address, or in a file, and follow nothing.
    Check {
        /// The address of a feed or of a site, a file, or `-` for standard input.
        input: String,
    },
}

/// How much of a feed's articles may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Policy {
    /// All of them.
    Full,
    /// Summaries and beginnings.
    Excerpt,
    /// Summaries.
    Summary,
    /// Titles and links.
    None,
    /// As much as their publisher allows.
    Default,
}

impl Policy {
    /// As the workers know it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Excerpt => "excerpt",
            Self::Summary => "summary",
            Self::None => "none",
            Self::Default => "",
        }
    }
}

/// `kos dead`
#[derive(Debug, Subcommand)]
pub enum Dead {
    /// List dead letters, the newest last.
    List {
        /// Only those of one service.
        #[arg(long)]
        service: Option<Service>,
    },
    /// Show one, whole.
    Show {
        /// Its number in the list.
        number: u64,
    },
    /// Publish their events again, as new causes, and remove them.
    Replay(Selection),
    /// Remove them.
    Discard(Selection),
}

/// Which dead letters.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Selection {
    /// Their numbers in the list.
    pub numbers: Vec<u64>,
    /// All of them.
    #[arg(long)]
    pub all: bool,
}

/// A service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Service {
    /// Fetches and extracts.
    Ingest,
    /// Summarizes.
    Summarize,
    /// Shows.
    Publish,
}

impl Service {
    /// All of them, in the order in which an article meets them.
    pub const ALL: [Self; 3] = [Self::Ingest, Self::Summarize, Self::Publish];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Summarize => "summarize",
            Self::Publish => "publish",
        }
    }
}

/// `kos summarize`
#[derive(Debug, Args)]
pub struct Summarize {
    /// A language that is wanted, once or more; default: KOS_LANGUAGES.
    #[arg(long = "lang")]
    pub languages: Vec<Language>,
    /// Show what models were asked and answered, each check, and what carries each sentence.
    #[arg(long)]
    pub explain: bool,
}

/// `kos check`
#[derive(Debug, Args)]
pub struct Check {
    /// The language that the summary is to be in.
    #[arg(long = "lang")]
    pub language: Language,
    /// The file with the summary.
    #[arg(long)]
    pub summary: PathBuf,
    /// The article's title in that language, to be judged as well.
    #[arg(long)]
    pub title: Option<String>,
}

/// `kos replay`
#[derive(Debug, Args)]
pub struct Replay {
    /// The stage that gets its events again.
    #[arg(long)]
    pub stage: Service,
    /// Only events since then: a time (RFC 3339) or a duration such as 2h. Events that are no longer in their stream
    /// (after 7 days those of ingest, after 30 those of the other stages) can't be replayed.
    #[arg(long)]
    pub since: Option<String>,
}

/// `kos retract`
#[derive(Debug, Args)]
pub struct Retract {
    /// An article's id or address.
    pub article: String,
    /// Why. Readers see it.
    #[arg(long)]
    pub reason: String,
}

/// `kos prepare`
#[derive(Debug, Args)]
pub struct Prepare {
    /// How long to wait for the server, in seconds.
    #[arg(long, default_value_t = 60)]
    pub timeout_seconds: u64,
}

/// `kos backup`
#[derive(Debug, Args)]
pub struct Backup {
    /// The folder for the copy. It is made, or empty.
    pub folder: PathBuf,
    /// The place of what is copied.
    #[command(flatten)]
    pub place: Place,
}

/// `kos restore`
#[derive(Debug, Args)]
pub struct Restore {
    /// The folder with the copy.
    pub folder: PathBuf,
    /// Replace databases and streams that are there: what is in them is lost.
    #[arg(long)]
    pub force: bool,
    /// The place to bring it back to.
    #[command(flatten)]
    pub place: Place,
}

/// What `kos up` works on.
#[derive(Debug, Args)]
pub struct Place {
    /// The folder of databases and the server's streams: KOS_DATA.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Where a NATS server listens that has to be started for this, where `kos up` doesn't run and KOS_NATS_URL names none.
    #[arg(long, default_value = "127.0.0.1:4222", value_parser = listen)]
    pub nats_listen: SocketAddr,
}

impl Place {
    /// What the command line says goes before the environment.
    pub fn override_environment(&self, environment: &mut Environment) {
        if let Some(data) = &self.data {
            environment.override_with("KOS_DATA", data.display().to_string());
        }
    }
}

/// `kos schema`
#[derive(Debug, Args)]
pub struct Schema {
    /// An event, such as kos.ingest.requested; none for the AsyncAPI document.
    pub event: Option<String>,
    /// Write all documents to this folder instead.
    #[arg(long, conflicts_with = "event")]
    pub write_to: Option<PathBuf>,
}
