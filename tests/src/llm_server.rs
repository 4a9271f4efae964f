//! A small real model behind a real server, for the tests that are run when asked for.

use std::{env, process::Command, time::Duration};

use tempfile::TempDir;

use crate::{Patience, Port, Process, http_client};

/// How long the model may take to load: two seconds on an idle machine.
const READY_LIMIT: Duration = Duration::from_secs(120);

/// llama.cpp's server with SmolLM2-135M-Instruct, stopped when it is dropped.
#[derive(Debug)]
pub struct LlmServer {
    // Before the folder, so that it has ended when the folder is removed.
    process: Process,
    port: Port,
    _folder: TempDir,
}

impl LlmServer {
    /// What the model is called there.
    pub const MODEL: &str = "smollm2";

    /// How many tokens it was trained to read.
    pub const CONTEXT: usize = 8192;

    /// Starts it from the folder in `KOS_LLM_SERVER`, for so many calls at once; `None` where that isn't set.
    ///
    /// # Panics
    /// When it isn't ready in time.
    pub async fn start(calls: usize) -> Option<Self> {
        let installed = env::var_os("KOS_LLM_SERVER").filter(|folder| !folder.is_empty())?;
        let folder = TempDir::with_prefix("kos-llm-").unwrap_or_else(|e| panic!("can't make a folder: {e}"));
        let port = Port::free();
        let numbers = [usize::from(port.number()), Self::CONTEXT, calls].map(|number| number.to_string());
        let mut command = Command::new("python3");
        command.args(["-c", include_str!("llm_server.py")]).arg(installed).args(numbers);
        let process = Process::start("llm-server", command, &folder.path().join("log"));
        let mut server = Self { process, port, _folder: folder };
        server.wait_until_ready().await;
        Some(server)
    }

    /// Its base address, as `KOS_LLM_URL` wants it.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.port.address())
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    async fn wait_until_ready(&mut self) {
        let url = format!("http://{}/health", self.port.address());
        let mut patience = Patience::new(READY_LIMIT, format!("200 from {url}"));
        loop {
            if let Some(status) = self.process.exit_status() {
                panic!("it ended before it was ready ({status})\n{}", self.process.log_tail());
            }
            let missing = match http_client().get(&url).send().await {
                Ok(response) if response.status().as_u16() == 200 => return,
                Ok(response) => response.status().to_string(),
                Err(error) => error.to_string(),
            };
            patience.pause(missing).await;
        }
    }
}
