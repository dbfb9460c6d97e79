//! A server of bare bytes for tests: answers, hangs up or keeps silent as told, and remembers what it heard.

use std::collections::VecDeque;
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does about one request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Writes these bytes and keeps the connection open.
    Write(Vec<u8>),
    /// Writes these bytes and closes the connection.
    BreakOff(Vec<u8>),
    /// Closes the connection without a word.
    HangUp,
    /// Says nothing and keeps the connection open.
    StaySilent,
}

impl Act {
    /// An HTTP answer.
    pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let mut head = format!(
            "HTTP/1.1 {status} Status\r\nContent-Length: {}\r\n",
            body.len()
        );
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        Self::Write(format!("{head}\r\n{body}").into_bytes())
    }
}

/// What it heard, and over how many connections.
#[derive(Debug, Default)]
struct Heard {
    acts: VecDeque<Act>,
    requests: Vec<String>,
    connections: usize,
}

/// The server; it lives as long as the test's runtime.
#[derive(Clone, Debug)]
pub(crate) struct RawServer {
    pub(crate) address: SocketAddr,
    heard: Arc<Mutex<Heard>>,
}

impl RawServer {
    /// Starts on a free port of this machine; hangs up once the acts run out.
    pub(crate) async fn start(acts: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            heard: Arc::new(Mutex::new(Heard {
                acts: acts.into_iter().collect(),
                ..Heard::default()
            })),
        };
        let heard = Arc::clone(&server.heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                heard.lock().unwrap().connections += 1;
                tokio::spawn(serve(stream, Arc::clone(&heard)));
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request as it came over the wire.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.heard.lock().unwrap().requests.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.heard.lock().unwrap().connections
    }
}

async fn serve(mut stream: TcpStream, heard: Arc<Mutex<Heard>>) {
    while let Some(request) = read_request(&mut stream).await {
        let act = {
            let mut heard = heard.lock().unwrap();
            heard.requests.push(request);
            heard.acts.pop_front()
        };
        match act {
            Some(Act::Write(bytes)) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Some(Act::BreakOff(bytes)) => {
                let _ = stream.write_all(&bytes).await;
                return;
            }
            Some(Act::StaySilent) => std::future::pending().await,
            Some(Act::HangUp) | None => return,
        }
    }
}

/// One request with its body; nothing once the other side is gone.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .to_lowercase()
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
                .unwrap_or(0);
            if body.len() >= length {
                return Some(text);
            }
        }
        let mut chunk = [0; 4096];
        let read = stream
            .read(&mut chunk)
            .await
            .ok()
            .filter(|read| *read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
    }
}
