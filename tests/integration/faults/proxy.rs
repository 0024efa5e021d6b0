//! What may stand between the daemon and a gateway: by a script it lets requests through to the real
//! gateway, spoils their answers, or answers in its place. Speaks HTTP by hand, so that it can do what
//! no server would.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;

/// A request.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub body: String,
    headers: Vec<(String, String)>,
}

impl Asked {
    /// Whether it would write.
    pub fn writes(&self) -> bool {
        self.path == "/v1/tickets:batch" || self.method == "PUT"
    }

    pub fn is_batch(&self) -> bool {
        self.path == "/v1/tickets:batch"
    }
}

/// What becomes of a request.
pub enum Act {
    /// The gateway answers.
    Forward,
    /// The gateway answers, and its answer is altered.
    Alter(fn(&mut Value)),
    /// The gateway carries it out, and its answer is cut after so many bytes of the body; before the
    /// first byte of all where none is to go through.
    Cut(Option<usize>),
    /// Nothing is ever answered.
    Hang,
    /// This is answered: status, headers, body.
    Answer(u16, &'static str, String),
}

impl Act {
    pub fn page(status: u16) -> Self {
        Self::Answer(status, "content-type: text/html\r\n", format!("<html><h1>{status}</h1>nginx</html>"))
    }
}

type Script = Box<dyn FnMut(&Asked) -> Act + Send>;

/// The proxy.
pub struct Proxy {
    pub address: SocketAddr,
    script: Arc<Mutex<Script>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// Before this gateway; lets everything through.
    pub async fn before(gateway: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script: Arc<Mutex<Script>> = Arc::new(Mutex::new(Box::new(|_| Act::Forward)));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (scripts, seen) = (Arc::clone(&script), Arc::clone(&asked));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (gateway, script, asked) = (gateway.clone(), Arc::clone(&scripts), Arc::clone(&seen));
                tokio::spawn(async move { serve(stream, gateway, script, asked).await });
            }
        });
        Self { address, script, asked, task }
    }

    /// From now on.
    pub fn play(&self, script: impl FnMut(&Asked) -> Act + Send + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
        self.asked.lock().unwrap().clear();
    }

    /// Requests since the script began.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, gateway: Router, script: Arc<Mutex<Script>>, asked: Arc<Mutex<Vec<Asked>>>) {
    let Some(request) = read(&mut stream).await else { return };
    asked.lock().unwrap().push(request.clone());
    let act = (script.lock().unwrap())(&request);
    let (status, headers, body) = match act {
        Act::Answer(status, headers, body) => (status, headers, body.into_bytes()),
        Act::Hang => {
            tokio::time::sleep(Duration::from_secs(600)).await;
            return;
        }
        Act::Forward => {
            let (status, body) = forward(gateway, &request).await;
            (status, "", body)
        }
        Act::Alter(alter) => {
            let (status, body) = forward(gateway, &request).await;
            let mut value = serde_json::from_slice(&body).unwrap();
            alter(&mut value);
            (status, "", value.to_string().into_bytes())
        }
        Act::Cut(kept) => {
            let (status, body) = forward(gateway, &request).await;
            let Some(kept) = kept else { return };
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(head.as_bytes()).await;
            let _ = stream.write_all(&body[..kept.min(body.len())]).await;
            return;
        }
    };
    let head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(&body).await;
    let _ = stream.shutdown().await;
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 65536];
    loop {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let mut lines = head.split("\r\n");
            let mut first = lines.next()?.split(' ');
            let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
            let headers: Vec<(String, String)> = lines
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect();
            let length = headers.iter().find(|(name, _)| name == "content-length");
            let length = length.map_or(0, |(_, length)| length.parse::<usize>().unwrap());
            while bytes.len() < end + 4 + length {
                match stream.read(&mut buffer).await {
                    Ok(0) | Err(_) => return None,
                    Ok(count) => bytes.extend_from_slice(&buffer[..count]),
                }
            }
            let body = String::from_utf8_lossy(&bytes[end + 4..end + 4 + length]).into_owned();
            return Some(Asked { method, path, body, headers });
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

async fn forward(gateway: Router, asked: &Asked) -> (u16, Vec<u8>) {
    let mut request = Request::builder().method(asked.method.as_str()).uri(&asked.path);
    for (name, value) in &asked.headers {
        request = request.header(name, value);
    }
    let response = gateway.oneshot(request.body(Body::from(asked.body.clone())).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    (status, response.into_body().collect().await.unwrap().to_bytes().to_vec())
}
