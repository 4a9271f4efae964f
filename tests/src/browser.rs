//! Chromium, driven through ChromeDriver (W3C WebDriver).

use std::{
    env,
    io::{self, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use fantoccini::{
    Client, ClientBuilder, Locator,
    elements::Element,
    error::{CmdError, ErrorStatus},
    wd::{Capabilities, WebDriverCompatibleCommand},
};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::{ParseError, Url};

use crate::{Patience, Port, Process, eventually};

const READY_LIMIT: Duration = Duration::from_secs(60);

/// How long a browser may take to end.
const ENDING_LIMIT: Duration = Duration::from_secs(20);

/// How long a page may take to show what is awaited.
const LIMIT: Duration = Duration::from_secs(20);

/// What a reader's browser is like.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    /// The languages that it asks for, as in `Accept-Language`.
    pub languages: &'static str,
    /// Width and height of the window, in CSS pixels.
    pub window: (u32, u32),
    /// Whether it prefers dark colours.
    pub dark: bool,
    /// Whether it runs scripts.
    pub scripts: bool,
}

impl Reader {
    /// Who reads English at a desk.
    pub const AT_A_DESK: Self = Self { languages: "en", window: (1280, 900), dark: false, scripts: true };
}

/// A browser with a profile of its own, which ends when this value is dropped.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    session: String,
    // Before the folder, so that it has ended when the folder is removed.
    _driver: Process,
    folder: TempDir,
    port: Port,
}

/// What a browser told and asked for.
#[derive(Debug, Clone)]
pub struct Noted {
    /// What its console said in earnest, breaches of a page's policy among it. That a page was itself answered with an
    /// error is none.
    pub complaints: Vec<String>,
    /// The addresses that were asked for by pages and whatever is in them; `data:` and the browser's own pages
    /// are left out.
    pub requested: Vec<String>,
}

impl Browser {
    /// Starts ChromeDriver and a browser.
    ///
    /// # Panics
    /// When there is none on this machine, or it isn't ready in time.
    pub async fn start(reader: Reader) -> Self {
        let folder = TempDir::with_prefix("kos-browser-").unwrap_or_else(|e| panic!("can't make a folder: {e}"));
        let port = Port::free();
        let mut command = Command::new(chromedriver_program());
        command.arg(format!("--port={port}")).env("TMPDIR", folder.path());
        let driver = Process::start("chromedriver", command, &folder.path().join("log"));
        let address = format!("http://127.0.0.1:{port}");
        let profile = folder.path().join("profile");
        let mut patience = Patience::new(READY_LIMIT, format!("a browser of ChromeDriver at {address}"));
        let client = loop {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            match builder.capabilities(capabilities(reader, &profile)).connect(&address).await {
                Ok(client) => break client,
                Err(error) => patience.pause(error.to_string()).await,
            }
        };
        let session = client.session_id().await.ok().flatten().unwrap_or_default();
        let browser = Self { client, session, _driver: driver, folder, port };
        browser.resize(reader.window).await;
        browser
    }

    /// The folder of its profile, which its processes name in their arguments.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ends the session, and the browser with it (WebDriver, section 8.2).
    fn end(&self) -> io::Result<()> {
        let mut driver = TcpStream::connect(self.port.address())?;
        driver.set_read_timeout(Some(ENDING_LIMIT))?;
        let session = &self.session;
        write!(driver, "DELETE /session/{session} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        // The answer comes when it has ended.
        driver.read(&mut [0]).map(drop)
    }

    /// Goes to an address and waits until it has loaded.
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|e| panic!("can't open {url}: {e}"));
    }

    /// Where it is.
    pub async fn url(&self) -> Url {
        self.client.current_url().await.unwrap_or_else(|e| panic!("no address: {e}"))
    }

    /// The first element that a CSS selector finds, as soon as there is one.
    pub async fn find(&self, selector: &str) -> Element {
        eventually(LIMIT, selector, async || self.client.find(Locator::Css(selector)).await.ok()).await
    }

    /// All elements that a CSS selector finds now.
    pub async fn all(&self, selector: &str) -> Vec<Element> {
        self.client.find_all(Locator::Css(selector)).await.unwrap_or_else(|e| panic!("{selector}: {e}"))
    }

    /// Clicks at the first element that a CSS selector finds.
    pub async fn click(&self, selector: &str) {
        self.find(selector).await.click().await.unwrap_or_else(|e| panic!("can't click at {selector}: {e}"));
    }

    /// Types into the first element that a CSS selector finds, after what is there is gone.
    pub async fn fill(&self, selector: &str, text: &str) {
        let element = self.find(selector).await;
        element.clear().await.unwrap_or_else(|e| panic!("can't clear {selector}: {e}"));
        element.send_keys(text).await.unwrap_or_else(|e| panic!("can't type into {selector}: {e}"));
    }

    /// The text that a reader sees of the first element that a CSS selector finds.
    pub async fn text(&self, selector: &str) -> String {
        self.find(selector).await.text().await.unwrap_or_else(|e| panic!("no text in {selector}: {e}"))
    }

    /// Waits until the page shows a text.
    pub async fn until_shown(&self, text: &str) {
        eventually(LIMIT, text, async || {
            // It may be on its way to another page.
            let body = self.client.find(Locator::Css("body")).await.map_err(|e| e.to_string())?;
            let shown = body.text().await.map_err(|e| e.to_string())?;
            if shown.contains(text) { Ok(()) } else { Err(shown) }
        })
        .await;
    }

    /// What a script returns: the body of a function, which may await.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(script, arguments).await.unwrap_or_else(|e| panic!("{e} in {script}"))
    }

    /// The window's inside gets another size, in CSS pixels; narrower ones than windows can be are possible.
    pub async fn resize(&self, (width, height): (u32, u32)) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// What the window shows, as PNG.
    pub async fn screenshot(&self) -> Vec<u8> {
        self.client.screenshot().await.unwrap_or_else(|e| panic!("no screenshot: {e}"))
    }

    /// Sends a command of the Chrome DevTools Protocol.
    pub async fn devtools(&self, command: &'static str, parameters: Value) -> Value {
        let sent = self.client.issue_cmd(DevTools { command, parameters }).await;
        sent.unwrap_or_else(|e| panic!("{command}: {e}"))
    }

    /// What was told and asked for since this was last looked at.
    pub async fn noted(&self) -> Noted {
        let messages = self.log("performance").await.into_iter();
        let messages = messages.filter_map(|entry| serde_json::from_str::<Value>(entry["message"].as_str()?).ok());
        let sent = messages.map(|mut message| message["message"].take());
        let sent = sent.filter(|message| message["method"] == "Network.requestWillBeSent");
        let is_own =
            |request: &Value| request["params"]["documentURL"].as_str().is_some_and(|url| url.starts_with("chrome"));
        let sent: Vec<Value> = sent.filter(|request| !is_own(request)).collect();
        let address = |request: &Value| request["params"]["request"]["url"].as_str().unwrap_or_default().to_owned();
        let pages: Vec<String> = sent.iter().filter(|r| r["params"]["type"] == "Document").map(address).collect();
        let is_of_a_page = |text: &str| pages.iter().any(|page| text.starts_with(&format!("{page} - Failed to load")));
        let said = self
            .log("browser")
            .await
            .into_iter()
            .filter(|entry| entry["level"] == "WARNING" || entry["level"] == "SEVERE");
        let said = said.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned());
        Noted {
            complaints: said.filter(|text| !is_of_a_page(text)).collect(),
            requested: sent.iter().map(address).filter(|url| !url.starts_with("data:")).collect(),
        }
    }

    async fn log(&self, kind: &'static str) -> Vec<Value> {
        let entries = self.client.issue_cmd(Log { kind }).await.unwrap_or_else(|e| panic!("no log of {kind}: {e}"));
        entries.as_array().cloned().unwrap_or_default()
    }

    /// Whether an element that was found is still there.
    pub async fn is_there(&self, element: &Element) -> bool {
        match element.tag_name().await {
            Ok(_) => true,
            Err(CmdError::Standard(error)) if error.error == ErrorStatus::StaleElementReference => false,
            Err(error) => panic!("{error}"),
        }
    }
}

impl Drop for Browser {
    /// A driver that is killed leaves its browser running.
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            eprintln!("a browser may go on running: {error}");
        }
    }
}

/// ChromeDriver's own way to the DevTools Protocol.
#[derive(Debug)]
struct DevTools {
    command: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        let body = json!({"cmd": self.command, "params": self.parameters});
        (Method::POST, Some(body.to_string()))
    }
}

/// ChromeDriver's way to what a browser logs.
#[derive(Debug)]
struct Log {
    kind: &'static str,
}

impl WebDriverCompatibleCommand for Log {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({"type": self.kind}).to_string()))
    }
}

fn capabilities(reader: Reader, profile: &Path) -> Capabilities {
    let (width, height) = reader.window;
    let mut arguments = vec![
        "--headless=new".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-quic".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-sync".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--no-proxy-server".to_owned(),
        // Nothing but this machine is reached, whatever a page asks for.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost".to_owned(),
        format!("--window-size={width},{height}"),
        format!("--user-data-dir={}", profile.display()),
    ];
    if reader.dark {
        arguments.push("--blink-settings=preferredColorScheme=0".to_owned());
    }
    let scripts = if reader.scripts { 1 } else { 2 };
    let preferences = json!({
        "intl.accept_languages": reader.languages,
        "profile.managed_default_content_settings.javascript": scripts,
    });
    let capabilities = json!({
        "goog:chromeOptions": {"args": arguments, "prefs": preferences},
        "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
    });
    capabilities.as_object().cloned().unwrap_or_default()
}

fn chromedriver_program() -> PathBuf {
    if let Some(named) = env::var_os("KOS_CHROMEDRIVER").filter(|v| !v.is_empty()) {
        let named = PathBuf::from(named);
        assert!(named.is_file(), "KOS_CHROMEDRIVER names {}, which isn't there", named.display());
        return named;
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).map(|folder| folder.join("chromedriver")).find(|file| file.is_file()).unwrap_or_else(|| {
        panic!("there is no ChromeDriver here: run `make test` once, or set KOS_CHROMEDRIVER to one")
    })
}
