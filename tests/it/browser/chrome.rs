//! A real Chromium of a test's own, and what it saw: its windows, its log, every address it asked for.
//!
//! It knows nothing of the product. It ends with the test, whether that passes or not.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{Semaphore, SemaphorePermit};

/// How long a page is given to show what is expected of it.
const PATIENCE: Duration = Duration::from_secs(20);
const GLANCE: Duration = Duration::from_millis(30);
/// More browsers than this at once only slow each other down.
static SEATS: Semaphore = Semaphore::const_new(2);
const INSTALL: &str =
    "the browser tests need Chromium and its driver: `apt-get install chromium chromium-driver`";

/// What the browser stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Screen {
    /// 390 × 844, with touch.
    Phone,
    /// 1280 × 900.
    Desktop,
}

/// A running browser.
pub(super) struct Chrome {
    pub(super) client: Client,
    http: reqwest::Client,
    port: u16,
    session: String,
    driver: Child,
    _profile: TempDir,
    _seat: SemaphorePermit<'static>,
}

impl Chrome {
    /// Starts a browser that can reach this machine only.
    pub(super) async fn start(screen: Screen) -> Self {
        let seat = SEATS.acquire().await.unwrap();
        let http = crate::app::http();
        let profile = tempfile::tempdir().unwrap();
        let (driver, port) = start_driver();
        let client = ClientBuilder::rustls()
            .unwrap()
            .capabilities(capabilities(screen, &profile))
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap_or_else(|error| panic!("{INSTALL}: {error}"));
        let session = client.session_id().await.unwrap().unwrap();
        Self {
            client,
            http,
            port,
            session,
            driver,
            _profile: profile,
            _seat: seat,
        }
    }

    pub(super) async fn goto(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Runs a script in the page; what it returns.
    pub(super) async fn script(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Waits until a script's expression holds; its value.
    pub(super) async fn until(&self, what: &str, expression: &str) -> Value {
        let script = format!("return {expression}");
        let look = async {
            loop {
                // A page on its way to the next one answers nothing.
                let seen = self.client.execute(&script, Vec::new()).await;
                match seen {
                    Ok(seen) if is_truth(&seen) => return seen,
                    _ => tokio::time::sleep(GLANCE).await,
                }
            }
        };
        if let Ok(seen) = tokio::time::timeout(PATIENCE, look).await {
            return seen;
        }
        let page = self.client.execute(
            "return location.href + '\\n' + document.body.innerText",
            Vec::new(),
        );
        let page = page.await.unwrap_or_default();
        panic!(
            "waited in vain for {what}; the page is {}",
            page.as_str().unwrap_or("gone")
        );
    }

    /// Waits until something is there to be seen.
    pub(super) async fn see(&self, css: &str) {
        self.until(
            css,
            &format!("document.querySelector({css:?})?.checkVisibility()"),
        )
        .await;
    }

    /// Waits until the page says this somewhere.
    pub(super) async fn read(&self, text: &str) {
        self.until(text, &format!("document.body.innerText.includes({text:?})"))
            .await;
    }

    /// Presses something as a person does, once it can be pressed.
    pub(super) async fn click(&self, css: &str) {
        let ready = format!(
            "(node => node && node.checkVisibility() && !node.disabled)(document.querySelector({css:?}))"
        );
        for _ in 0..10 {
            self.until(css, &ready).await;
            let pressed = match self.client.find(Locator::Css(css)).await {
                Ok(found) => found.click().await,
                Err(gone) => Err(gone),
            };
            match pressed {
                Ok(()) => return,
                // Redrawn between the look and the press: a person simply presses the new one.
                Err(error) if error.is_stale_element_reference() || error.is_no_such_element() => {}
                Err(error) => panic!("cannot press {css}: {error}"),
            }
        }
        panic!("{css} is redrawn for ever");
    }

    /// Types into a field, once it is there.
    pub(super) async fn fill(&self, css: &str, text: &str) {
        self.see(css).await;
        let field = self.client.find(Locator::Css(css)).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Presses keys where the focus is.
    /// Chooses a value of a list.
    pub(super) async fn choose(&self, form: &str, name: &str, value: &str) {
        let list = format!("{form} [name='{name}']");
        self.see(&list).await;
        let set = format!("document.querySelector({list:?}).value = {value:?}");
        self.script(&set).await;
    }

    pub(super) async fn press(&self, keys: &str) {
        let focused = self.client.active_element().await.unwrap();
        focused.send_keys(keys).await.unwrap();
    }

    /// Tells the browser's own tools something, in the window that is in front.
    pub(super) async fn tool(&self, command: &str, params: Value) -> Value {
        let body = json!({ "cmd": command, "params": params });
        self.ask("goog/cdp/execute", &body).await
    }

    /// A picture of the whole page, below the fold too, as PNG.
    pub(super) async fn picture(&self) -> Vec<u8> {
        let params = json!({ "format": "png", "captureBeyondViewport": true });
        let taken = self.tool("Page.captureScreenshot", params).await;
        BASE64.decode(taken["data"].as_str().unwrap()).unwrap()
    }

    /// Nothing went wrong in the browser's eyes but what was expected, and no request left the machine.
    pub(super) async fn check(&self, expected: &[&str]) {
        let complaints = self.complaints().await;
        let unexpected = |line: &&String| !expected.iter().any(|part| line.contains(part));
        let unexpected: Vec<_> = complaints.iter().filter(unexpected).collect();
        assert!(
            unexpected.is_empty(),
            "the browser complained: {unexpected:#?}"
        );
        let asked = self.asked().await;
        // Browsers have pages of their own, such as the empty tab; they are on no network.
        let inner = [
            "http://127.0.0.1:",
            "http://localhost:",
            "data:",
            "blob:",
            "chrome:",
        ];
        let is_far = |url: &&String| !inner.iter().any(|start| url.starts_with(start));
        let far: Vec<_> = asked.iter().filter(is_far).collect();
        assert!(far.is_empty(), "asked of another machine: {far:?}");
        assert!(
            !asked.is_empty(),
            "the browser's record of addresses is empty"
        );
    }

    /// What went wrong in the browser's eyes, content policies included.
    async fn complaints(&self) -> Vec<String> {
        let log = self.ask("se/log", &json!({ "type": "browser" })).await;
        let entries = log.as_array().cloned().unwrap_or_default();
        let bad = entries
            .iter()
            .filter(|entry| matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING")));
        bad.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Every address asked for since this was last called.
    async fn asked(&self) -> Vec<String> {
        let log = self.ask("se/log", &json!({ "type": "performance" })).await;
        let entries = log.as_array().cloned().unwrap_or_default();
        let lines = entries.iter().filter_map(|entry| entry["message"].as_str());
        lines
            .filter_map(|line| {
                let line: Value = serde_json::from_str(line).ok()?;
                let message = &line["message"];
                let sent = message["method"] == "Network.requestWillBeSent";
                sent.then(|| {
                    message["params"]["request"]["url"]
                        .as_str()
                        .map(str::to_owned)
                })
                .flatten()
            })
            .collect()
    }

    async fn ask(&self, path: &str, body: &Value) -> Value {
        let url = format!(
            "http://127.0.0.1:{}/session/{}/{path}",
            self.port, self.session
        );
        let answer = crate::app::ask(self.http.post(url).json(body)).await;
        answer.expect(200)["value"].take()
    }
}

impl Drop for Chrome {
    /// Ends the browser over a plain socket: a test that failed has no runtime left to wait on.
    fn drop(&mut self) {
        if let Ok(mut wire) = TcpStream::connect(("127.0.0.1", self.port)) {
            let line = format!(
                "DELETE /session/{} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
                self.session
            );
            let _ = wire.set_read_timeout(Some(Duration::from_secs(5)));
            let _ = wire.write_all(line.as_bytes());
            let _ = wire.read(&mut [0; 256]);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn is_truth(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false)) && value.as_str() != Some("")
}

/// Takes any free port. Now and then the one it draws is taken on one of the two loopback addresses
/// and it ends at once: then it draws again.
fn start_driver() -> (Child, u16) {
    for _ in 0..5 {
        if let Some(started) = try_to_start_driver() {
            return started;
        }
    }
    panic!("the driver never says where it listens");
}

fn try_to_start_driver() -> Option<(Child, u16)> {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{INSTALL}: {error}"));
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    let port = lines.find_map(|line| {
        let line = line.ok()?;
        let port = line.split_once("successfully on port ")?.1;
        port.trim_end_matches('.').parse().ok()
    });
    let Some(port) = port else {
        driver.wait().unwrap();
        return None;
    };
    // It says little more; what it says must not break its pipe.
    std::thread::spawn(move || lines.for_each(drop));
    Some((driver, port))
}

fn capabilities(screen: Screen, profile: &TempDir) -> fantoccini::wd::Capabilities {
    let mut args = vec![
        "--headless=new".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-quic".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1".to_owned(),
        format!("--user-data-dir={}", profile.path().display()),
    ];
    let mut options = json!({});
    match screen {
        Screen::Desktop => args.push("--window-size=1280,900".to_owned()),
        Screen::Phone => {
            let metrics = json!({ "width": 390, "height": 844, "pixelRatio": 2, "touch": true, "mobile": true });
            options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
        }
    }
    options["args"] = json!(args);
    let capabilities = json!({
        "browserName": "chrome",
        "goog:chromeOptions": options,
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
    });
    capabilities.as_object().cloned().unwrap()
}
