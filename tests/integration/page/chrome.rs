//! A headless Chromium of a test's own, and the accessibility checker that looks at its pages.

use fantoccini::wd::{TimeoutConfiguration, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use url::{ParseError, Url};

/// The package of Python's registry that holds the checker (axe-core), and its version.
const CHECKER: &str = "axe-playwright-python==0.1.8";
/// The checker inside it.
const SCRIPT: &str = "axe_playwright_python/axe.min.js";

/// How a page is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    pub name: &'static str,
    width: u32,
    height: u32,
    phone: bool,
    dark: bool,
}

pub const DESKTOP: Look = Look { name: "desktop", width: 1280, height: 900, phone: false, dark: false };
pub const DESKTOP_DARK: Look = Look { name: "desktop-dark", dark: true, ..DESKTOP };
pub const PHONE: Look = Look { name: "phone", width: 390, height: 844, phone: true, dark: false };
pub const PHONE_DARK: Look = Look { name: "phone-dark", dark: true, ..PHONE };
pub const LOOKS: [Look; 4] = [DESKTOP, DESKTOP_DARK, PHONE, PHONE_DARK];

/// A command of Chromium's developer tools.
#[derive(Debug)]
struct DevTools {
    method: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "cmd": self.method, "params": self.parameters }).to_string()))
    }
}

/// A browser with a profile that is new.
pub struct Chrome {
    pub driver: Client,
    process: Child,
    checker: String,
    _profile: TempDir,
}

impl Drop for Chrome {
    fn drop(&mut self) {
        // Killed alone, the driver would leave its browser behind.
        let group = format!("-{}", self.process.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.process.wait();
    }
}

/// The driver, and the port that it listens at.
fn start() -> (Child, u16) {
    let mut command = Command::new("chromedriver");
    command.arg("--port=0").process_group(0).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process = command.spawn().unwrap_or_else(|error| {
        panic!(
            "chromedriver cannot be started ({error}): scripts/install-missing installs chromium and chromium-driver"
        )
    });
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
    let port = lines.find_map(|line| line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok());
    // What it goes on to say is read, else it would wait for a reader one day.
    std::thread::spawn(move || lines.for_each(drop));
    (process, port.expect("chromedriver does not say at which port it listens"))
}

impl Chrome {
    pub async fn start() -> Self {
        let checker = tokio::task::spawn_blocking(checker).await.unwrap();
        let (process, port) = start();
        let profile = tempfile::tempdir().unwrap();
        let folder = format!("--user-data-dir={}", profile.path().display());
        let mut arguments =
            vec!["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", &folder];
        if is_root() {
            // Chromium's own walls want an account that is not root.
            arguments.push("--no-sandbox");
        }
        let wished = json!({ "browserName": "chrome", "goog:chromeOptions": { "args": arguments } });
        let driver = ClientBuilder::new(HttpConnector::new())
            .capabilities(wished.as_object().unwrap().clone())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await;
        let driver = driver.unwrap_or_else(|error| {
            panic!("no Chromium is started ({error}): scripts/install-missing installs chromium and chromium-driver")
        });
        let patience = Some(Duration::from_secs(60));
        driver.update_timeouts(TimeoutConfiguration::new(patience, patience, None)).await.unwrap();
        Self { driver, process, checker, _profile: profile }
    }

    /// A command of the browser's own, beyond what every browser has.
    pub async fn tell(&self, method: &'static str, parameters: Value) -> Value {
        self.driver.issue_cmd(DevTools { method, parameters }).await.unwrap()
    }

    /// Size of the window and colours that are wished.
    pub async fn look(&self, look: Look) {
        let metrics = json!({
            "width": look.width, "height": look.height, "mobile": look.phone,
            "deviceScaleFactor": 1,
        });
        self.tell("Emulation.setDeviceMetricsOverride", metrics).await;
        let scheme = if look.dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.tell("Emulation.setEmulatedMedia", media).await;
    }

    /// What the accessibility checker finds on the page that is shown: a sentence each.
    pub async fn findings(&self) -> Vec<String> {
        let asked = format!(
            "{}; const done = arguments[arguments.length - 1]; \
             axe.run(document).then(found => done(found.violations.flatMap(rule => rule.nodes.map(node => \
             `${{rule.id}}: ${{node.html}} ${{node.failureSummary}}`)))).catch(error => done([String(error)]));",
            self.checker
        );
        let found = self.driver.execute_async(&asked, Vec::new()).await.unwrap();
        serde_json::from_value(found).unwrap()
    }

    /// Whether something stands out on the right, so that the page would have to be pushed about.
    pub async fn is_too_wide(&self) -> bool {
        let wide = "return document.documentElement.scrollWidth > document.documentElement.clientWidth;";
        self.driver.execute(wide, Vec::new()).await.unwrap() == Value::Bool(true)
    }

    /// A picture of the whole page.
    pub async fn picture(&self, file: &Path) {
        let whole = json!({ "format": "png", "captureBeyondViewport": true });
        let answer = self.tell("Page.captureScreenshot", whole).await;
        let bytes =
            base64::Engine::decode(&base64::engine::general_purpose::STANDARD, answer["data"].as_str().unwrap());
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes.unwrap()).unwrap();
    }

    /// Follows a link or presses a button by what is written on it.
    pub async fn press(&self, words: &str) {
        let words_of = quoted(words);
        let path = format!("//*[self::a or self::button or self::summary][normalize-space()={words_of}]");
        // The page before may still be on its way out.
        let _ = self.soon(async || self.driver.find(Locator::XPath(&path)).await.is_ok()).await;
        let found = self.driver.find(Locator::XPath(&path)).await;
        let found = found.unwrap_or_else(|error| panic!("there is no “{words}” to press: {error}"));
        found.click().await.unwrap();
    }

    /// Types into the field of a name.
    pub async fn fill(&self, name: &str, text: &str) {
        let field = self.driver.find(Locator::Css(&format!("[name='{name}']:not([type='hidden'])"))).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Waits until the page says something; all that it says.
    pub async fn shows(&self, words: &str) -> String {
        let mut text = String::new();
        self.soon(async || {
            // Between two pages there is none.
            if let Ok(body) = self.driver.find(Locator::Css("body")).await {
                text = body.text().await.unwrap_or_default();
            }
            text.contains(words)
        })
        .await
        .unwrap_or_else(|()| panic!("the page does not say “{words}”: {text}"));
        text
    }

    /// Waits until a page is there, by its path.
    pub async fn is_at(&self, path: &str) {
        let mut shown = String::new();
        self.soon(async || {
            let url = self.driver.current_url().await.unwrap();
            shown = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
            shown == path
        })
        .await
        .unwrap_or_else(|()| panic!("it is {shown} that is shown, not {path}"));
    }

    async fn soon(&self, mut wanted: impl AsyncFnMut() -> bool) -> Result<(), ()> {
        for _ in 0..100 {
            if wanted().await {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(())
    }
}

/// A text in an expression of XPath.
fn quoted(text: &str) -> String {
    if text.contains('\'') { format!("\"{text}\"") } else { format!("'{text}'") }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// The checker's script: fetched once from Python's registry, kept in the target folder.
fn checker() -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(CHECKER.replace("==", "-"));
    let script = folder.join(SCRIPT);
    if !script.exists() {
        let fetched = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let place = fetched.path().to_str().unwrap();
        python(&["-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check", "-d", place, CHECKER]);
        let wheel = std::fs::read_dir(place).unwrap().next().unwrap().unwrap().path();
        let out = fetched.path().join("out");
        python(&["-m", "zipfile", "-e", wheel.to_str().unwrap(), out.to_str().unwrap()]);
        // Another run may have put it there meanwhile.
        let _ = std::fs::rename(out, &folder);
    }
    std::fs::read_to_string(&script).unwrap_or_else(|error| panic!("{}: {error}", script.display()))
}

fn python(arguments: &[&str]) {
    let output = Command::new("/usr/bin/python3").args(arguments).output();
    let output = output.unwrap_or_else(|error| {
        panic!("the accessibility checker cannot be fetched ({error}): scripts/install-missing installs python3-pip")
    });
    assert!(
        output.status.success(),
        "the accessibility checker ({CHECKER}) cannot be fetched: it takes python3-pip (scripts/install-missing) and a way to \
         Python's registry, once. {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
