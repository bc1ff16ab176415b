//! A service of the tests' own, which can be told to misbehave.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A running service. Its threads end with the process.
pub(crate) struct Service {
    pub(crate) port: u16,
    asked: Arc<AtomicU32>,
}

impl Service {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let count = Arc::clone(&count);
                std::thread::spawn(move || serve(&stream, port, &count));
            }
        });
        Self { port, asked }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Requests so far.
    pub(crate) fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }
}

fn serve(stream: &TcpStream, port: u16, asked: &AtomicU32) {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    if reader.read_line(&mut first).is_err() {
        return;
    }
    let mut token = String::from("none");
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).is_err() || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("authorization")
        {
            value.trim().clone_into(&mut token);
        }
    }
    let nth = asked.fetch_add(1, Ordering::SeqCst) + 1;
    let path = first.split(' ').nth(1).unwrap_or_default();
    let healthy =
        r#"{"status": "healthy", "database": "connected", "cache": "connected", "n": 3, "version": "1.0.0"}"#;
    let json = |status: &str, body: &str| answer(stream, status, "", body);
    match path {
        "/health" => json("200 OK", healthy),
        "/api/queue" => json("200 OK", r#"{"queueing": true, "pending": 0}"#),
        "/api/journal-entries" if token == "Bearer restored" => json("503 Service Unavailable", "{}"),
        "/api/journal-entries" if token == "Bearer other" => json("200 OK", "[]"),
        "/down" => json("500 Internal Server Error", "<html>sorry</html>"),
        "/sick" => json("200 OK", r#"{"status": "degraded", "database": "connected"}"#),
        "/empty" => json("200 OK", ""),
        "/slow" => {
            std::thread::sleep(Duration::from_millis(1500));
            json("200 OK", healthy);
        }
        "/flaky" if nth < 3 => json("503 Service Unavailable", "{}"),
        "/flaky" => json("200 OK", healthy),
        "/token" => json("200 OK", &format!("{{\"token\": \"{token}\"}}")),
        "/large" => json("200 OK", &format!("{{\"status\": \"{}\"}}", "x".repeat(2 << 20))),
        "/moved" => answer(stream, "302 Found", "Location: /health\r\n", ""),
        "/away" => answer(stream, "302 Found", &format!("Location: http://localhost:{port}/token\r\n"), ""),
        "/inside" => answer(stream, "302 Found", "Location: http://169.254.169.254/latest\r\n", ""),
        "/round" => answer(stream, "302 Found", "Location: /round\r\n", ""),
        "/drip" => {
            let mut stream = stream;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
            for _ in 0..100 {
                std::thread::sleep(Duration::from_millis(100));
                if stream.write_all(b" ").is_err() {
                    return;
                }
            }
        }
        "/short" => {
            let mut stream = stream;
            let _ =
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"status\": \"healthy\"}");
        }
        _ => json("404 Not Found", "{}"),
    }
}

fn answer(mut stream: &TcpStream, status: &str, more: &str, body: &str) {
    let text = format!(
        "HTTP/1.1 {status}\r\n{more}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.write_all(text.as_bytes());
}
