//! nginx with one file.

use std::{env, fs, path::PathBuf, process::Command, time::Duration};

use anyhow::Context;
use kos_tests::{Patience, Port, Process};
use tempfile::TempDir;

use crate::load::{self, Answer};

const READY_LIMIT: Duration = Duration::from_secs(10);

/// How long it may take to end before it is killed.
const END_LIMIT: Duration = Duration::from_secs(5);

/// A server of Debian's nginx with a worker a core, and no log.
pub struct Nginx {
    // Before the folder, so that it has ended when the folder is removed.
    process: Process,
    _folder: TempDir,
    address: String,
    _port: Port,
}

impl Nginx {
    /// Serves the body of `answer` at `/`, under the same headers.
    pub async fn start(answer: &Answer) -> anyhow::Result<Self> {
        let program = env::var_os("KOS_NGINX").map(PathBuf::from);
        let program =
            program.context("KOS_NGINX names no nginx: `make bench` gets one, or run deploy/install/nginx.sh")?;
        let (folder, port) = (TempDir::with_prefix("kos-nginx-")?, Port::free());
        let address = port.address().to_string();
        fs::write(folder.path().join("page"), &answer.body)?;
        let kept = ["content-type", "content-encoding", "content-security-policy", "etag", "vary", "cache-control"];
        let headers =
            answer.head.lines().filter_map(|line| line.split_once(": ")).filter(|(name, _)| kept.contains(name));
        let headers: String = headers
            .filter(|(name, _)| *name != "content-type")
            .map(|(name, value)| format!("add_header {name} '{}';\n", value.replace('\'', "\\'")))
            .collect();
        let configuration = format!(
            "daemon off;\nmaster_process on;\nworker_processes auto;\npid {root}/pid;\nerror_log stderr warn;\n\
             events {{ worker_connections 1024; }}\n\
             http {{\naccess_log off;\nsendfile on;\ntcp_nopush on;\nopen_file_cache max=10;\n\
             keepalive_requests 1000000;\ndefault_type 'text/html; charset=utf-8';\n\
             client_body_temp_path {root};\nproxy_temp_path {root};\nfastcgi_temp_path {root};\n\
             uwsgi_temp_path {root};\nscgi_temp_path {root};\n\
             server {{\nlisten {address};\nroot {root};\nlocation = / {{\ntry_files /page =404;\n{headers}}}\n}}\n}}\n",
            root = folder.path().display(),
        );
        let file = folder.path().join("nginx.conf");
        fs::write(&file, configuration)?;
        let mut command = Command::new(program);
        command.arg("-p").arg(folder.path()).arg("-c").arg(&file);
        let process = Process::start("nginx", command, &folder.path().join("log"));
        let mut patience = Patience::new(READY_LIMIT, format!("nginx at {address}"));
        while let Err(error) = load::once(&address, "/").await {
            patience.pause(error.to_string()).await;
        }
        Ok(Self { process, _folder: folder, address, _port: port })
    }

    /// Where it answers.
    pub fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Nginx {
    /// Workers end with a master that is asked to, not with one that is killed.
    fn drop(&mut self) {
        self.process.terminate();
        self.process.wait_blocking(END_LIMIT);
    }
}
