//! What `deploy/kubernetes` gives a cluster, as kubectl builds it.

use std::{
    env, fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// A copy of what stands in `deploy`, without anybody's secrets.
#[derive(Debug)]
pub struct Manifests {
    tools: PathBuf,
    folder: TempDir,
}

/// Manifests, and what the schemas of Kubernetes have against them.
#[derive(Debug)]
pub struct Checked {
    /// The objects.
    pub objects: Vec<Value>,
    /// What is wrong, by object and version.
    pub wrong: Vec<String>,
}

impl Manifests {
    /// Copies them.
    ///
    /// # Panics
    /// When what they are built and checked with isn't on this machine.
    pub fn copy() -> Self {
        let tools = env::var_os("KOS_KUBERNETES_TOOLS").filter(|folder| !folder.is_empty()).map(PathBuf::from);
        let tools = tools.filter(|folder| folder.is_dir()).unwrap_or_else(|| {
            panic!(
                "kubectl and the schemas of Kubernetes are missing: run `make test`, or set KOS_KUBERNETES_TOOLS to what \
                 deploy/install/kubernetes-tools.sh prints"
            )
        });
        let folder = TempDir::with_prefix("kos-deploy-").unwrap_or_else(|e| panic!("can't make a folder: {e}"));
        let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
        let parts = ["install", "kubernetes", "nats", "postgres", "secrets.sh"];
        let mut copy = Command::new("cp");
        copy.arg("-R").args(parts.map(|part| deploy.join(part))).arg(folder.path());
        succeeded("cp", copy.output());
        Self { tools, folder }
    }

    /// A file or folder of the copy.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// The text of a file of the copy.
    ///
    /// # Panics
    /// When it isn't there.
    pub fn text(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    /// Replaces a piece of a file of the copy, which has to be there.
    ///
    /// # Panics
    /// When it isn't.
    pub fn replace(&self, path: &str, from: &str, to: &str) {
        let text = self.text(path);
        assert!(text.contains(from), "{path} has no {from}");
        fs::write(self.path(path), text.replace(from, to)).unwrap_or_else(|e| panic!("{path}: {e}"));
    }

    /// What a kustomization of the copy gives.
    ///
    /// # Panics
    /// When it can't be built.
    pub fn build(&self, kustomization: &str) -> String {
        let mut kubectl = Command::new(self.tools.join("bin/kubectl"));
        kubectl.arg("kustomize").arg(self.path(kustomization));
        succeeded(kustomization, kubectl.output())
    }

    /// What a script of the copy prints, with kubectl on its `PATH` and these variables.
    ///
    /// # Panics
    /// When it fails.
    pub fn run(&self, script: &str, environment: &[(&str, &str)]) -> String {
        let path = format!("{}:{}", self.tools.join("bin").display(), env::var("PATH").unwrap_or_default());
        let mut command = Command::new(self.path(script));
        succeeded(script, command.env("PATH", path).envs(environment.iter().copied()).output())
    }

    /// Reads manifests, and holds the schemas of these versions of Kubernetes against them.
    ///
    /// # Panics
    /// When they can't be read.
    pub fn check(&self, manifests: &str, versions: &[&str]) -> Checked {
        let mut python = Command::new("python3");
        python.args(["-c", include_str!("manifests.py")]).arg(self.tools.join("python")).args(versions);
        python.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = python.spawn().and_then(|mut child| {
            // It reads all of it before it writes anything.
            child.stdin.take().map_or(Ok(()), |mut input| input.write_all(manifests.as_bytes()))?;
            child.wait_with_output()
        });
        let mut read: Value = serde_json::from_str(&succeeded("reading manifests", output))
            .unwrap_or_else(|e| panic!("no JSON of manifests: {e}"));
        let wrong = read["wrong"].as_array().into_iter().flatten().map(|w| w.as_str().unwrap_or_default().to_owned());
        let wrong = wrong.collect();
        let Value::Array(objects) = read["objects"].take() else { panic!("no objects") };
        Checked { objects, wrong }
    }
}

fn succeeded(what: &str, output: std::io::Result<Output>) -> String {
    let output = output.unwrap_or_else(|e| panic!("{what}: {e}"));
    assert!(output.status.success(), "{what}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
