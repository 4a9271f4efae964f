//! What is in a backup: `backup.json`.

use std::{
    fs::{self, File},
    io::{Read, Write},
    path::Path,
};

use anyhow::{Context, bail};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The version of how a backup is laid out.
pub const FORMAT: u32 = 1;

const NAME: &str = "backup.json";

/// What is in a backup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// How it is laid out.
    pub format: u32,
    /// The version of `kos` that made it.
    pub version: String,
    /// When it was begun: what was published before is in it.
    pub made_at: Timestamp,
    /// The databases; none where they are PostgreSQL's.
    pub databases: Vec<DatabaseCopy>,
    /// The streams.
    pub streams: Vec<StreamCopy>,
}

/// A database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseCopy {
    /// Whose it is.
    pub service: String,
    /// Its copy.
    pub file: Copied,
}

/// A stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StreamCopy {
    /// Its name.
    pub name: String,
    /// How many messages it had.
    pub messages: u64,
    /// Its settings, as the server gave them.
    pub config: Value,
    /// What was in it, as the server said.
    pub state: Value,
    /// The server's snapshot.
    pub file: Copied,
}

/// A file of the backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copied {
    /// Its name in the folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
}

impl Copied {
    /// A file that was written; it is on the disk afterwards.
    pub fn of(folder: &Path, name: &str) -> anyhow::Result<Self> {
        let path = folder.join(name);
        let read = || {
            let mut file = File::open(&path)?;
            file.sync_all()?;
            let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 16]);
            loop {
                match file.read(&mut buffer)? {
                    0 => break,
                    length => {
                        hash.update(&buffer[..length]);
                        bytes += length as u64;
                    }
                }
            }
            let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
            Ok::<_, std::io::Error>(Self { name: name.to_owned(), bytes, sha256 })
        };
        read().with_context(|| path.display().to_string())
    }

    /// Whether the file is there, and what it was.
    fn check(&self, folder: &Path) -> anyhow::Result<()> {
        if Path::new(&self.name).components().count() != 1 {
            bail!("{NAME}: {:?}: expected a file's name alone", self.name);
        }
        if Self::of(folder, &self.name)? != *self {
            bail!("{} is not what was copied: it was damaged or changed since", folder.join(&self.name).display());
        }
        Ok(())
    }
}

impl Manifest {
    /// Of nothing yet.
    pub fn new(made_at: Timestamp) -> Self {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Self { format: FORMAT, version, made_at, databases: Vec::new(), streams: Vec::new() }
    }

    /// Writes it into the folder.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let path = folder.join(NAME);
        let write = || {
            let mut file = File::create(&path)?;
            serde_json::to_writer_pretty(&mut file, self)?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            File::open(folder)?.sync_all()
        };
        write().with_context(|| path.display().to_string())
    }

    /// Reads it, and all files that it names.
    ///
    /// # Errors
    /// It is no backup, one of another version's format, or one that is damaged.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let path = folder.join(NAME);
        let name = || path.display().to_string();
        let text = fs::read_to_string(&path)
            .with_context(|| format!("{}: expected a folder that `kos backup` completed", name()))?;
        let Format { format } = serde_json::from_str(&text).with_context(name)?;
        if format != FORMAT {
            bail!(
                "{} has format {format}: this version reads {FORMAT}; restore it with the version that made it",
                name()
            );
        }
        let manifest: Self = serde_json::from_str(&text).with_context(name)?;
        let databases = manifest.databases.iter().map(|d| &d.file);
        for file in databases.chain(manifest.streams.iter().map(|s| &s.file)) {
            file.check(folder)?;
        }
        Ok(manifest)
    }
}
