//! A server that speaks as much of the protocol of S3 (and of Google's like it) as reading takes: `ListObjectsV2`, and
//! `GET` and `HEAD` of objects with ranges and conditions. It does not verify signatures, only that there is one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The one bucket.
const BUCKET: &str = "backups";

/// Keys per page of a listing: few, so that pages have to be turned.
const PAGE: usize = 2;

/// What goes wrong, with answers about objects only.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fault {
    /// An error instead of an answer: status, code, message.
    Refuse(u16, &'static str, &'static str),
    /// Half of the body, and then the connection is closed.
    HangUp,
    /// Half of the body, announced as if it were all, but for the range.
    Short,
    /// The whole object, whatever was asked for.
    Whole,
    /// Another length of the object than before.
    OtherLength,
    /// No ETag.
    NoTag,
    /// No answer, ever.
    Silence,
}

#[derive(Clone, Debug)]
struct Stored {
    bytes: Arc<Vec<u8>>,
    version: u64,
    modified: jiff::Timestamp,
}

/// What happens to answers, by the number of the request for an object, from 0.
#[derive(Debug)]
enum Event {
    Fault(Fault),
    /// The object is replaced just before the answer.
    Replace,
}

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<String, Stored>,
    events: BTreeMap<u64, Event>,
    /// The fault of all requests from this one on.
    from: Option<(u64, Fault)>,
    requests: u64,
    bytes: u64,
    versions: u64,
    ignores_conditions: bool,
    denies_listing: bool,
    page: Option<usize>,
    says: Vec<(String, String)>,
}

/// A running server. Its threads end with the process.
#[derive(Clone, Debug)]
pub(super) struct Server {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Server {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self { port: listener.local_addr().unwrap().port(), state: Arc::default() };
        let accepting = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = accepting.clone();
                std::thread::spawn(move || serving.serve(&stream));
            }
        });
        server
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn put(&self, key: &str, bytes: Vec<u8>) {
        self.put_at(key, bytes, jiff::Timestamp::now());
    }

    pub(super) fn put_at(&self, key: &str, bytes: Vec<u8>, modified: jiff::Timestamp) {
        let mut state = self.state();
        state.versions += 1;
        let stored = Stored { bytes: Arc::new(bytes), version: state.versions, modified };
        state.objects.insert(key.to_owned(), stored);
    }

    /// The nth request for an object goes wrong, from 0.
    pub(super) fn fails_once(&self, nth: u64, fault: Fault) {
        self.state().events.insert(nth, Event::Fault(fault));
    }

    /// So do all from the nth on.
    pub(super) fn fails_from(&self, nth: u64, fault: Fault) {
        self.state().from = Some((nth, fault));
    }

    /// Before the nth request for an object, that object is replaced by one with other content of the same length.
    pub(super) fn replaces_at(&self, nth: u64) {
        self.state().events.insert(nth, Event::Replace);
    }

    /// `If-Match` means nothing to it.
    pub(super) fn ignores_conditions(&self) {
        self.state().ignores_conditions = true;
    }

    /// Every object comes with a header.
    pub(super) fn says(&self, name: &str, value: &str) {
        self.state().says.push((name.to_owned(), value.to_owned()));
    }

    /// Everything in a folder, under a prefix of keys; listings are as long as those of real servers from now on.
    pub(super) fn put_all(&self, prefix: &str, folder: &std::path::Path) {
        self.state().page = Some(1000);
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let key = format!("{prefix}/{}", path.file_name().unwrap().to_str().unwrap());
            if path.is_dir() && !path.is_symlink() {
                self.put_all(&key, &path);
            } else if path.is_file() {
                let changed = std::fs::metadata(&path).unwrap().modified().unwrap();
                self.put_at(&key, std::fs::read(&path).unwrap(), changed.try_into().unwrap());
            }
        }
    }

    /// Changes one byte of an object that stays as it is otherwise.
    pub(super) fn flip(&self, key: &str, at: usize) {
        let mut bytes = self.state().objects[key].bytes.to_vec();
        bytes[at] ^= 1;
        let modified = self.state().objects[key].modified;
        self.put_at(key, bytes, modified);
    }

    /// Takes an object away.
    pub(super) fn take(&self, key: &str) -> Vec<u8> {
        self.state().objects.remove(key).unwrap().bytes.to_vec()
    }

    /// The keys that end so.
    pub(super) fn ending(&self, end: &str) -> Vec<String> {
        self.state().objects.keys().filter(|key| key.ends_with(end)).cloned().collect()
    }

    pub(super) fn denies_listing(&self) {
        self.state().denies_listing = true;
    }

    /// Requests for objects so far, and the bytes of their answers.
    pub(super) fn served(&self) -> (u64, u64) {
        let state = self.state();
        (state.requests, state.bytes)
    }

    fn serve(&self, stream: &TcpStream) {
        // Or each answer would wait for the one before it to be acknowledged.
        stream.set_nodelay(true).unwrap();
        let mut reader = BufReader::new(stream);
        while let Some(request) = Request::read(&mut reader) {
            let goes_on = match self.answer(&request) {
                Some(answer) => answer.write(stream, request.method == "HEAD"),
                None => false,
            };
            if !goes_on {
                return;
            }
        }
    }

    /// The answer; none is silence.
    fn answer(&self, request: &Request) -> Option<Answer> {
        let signed = |a: &String| a.starts_with("AWS4-HMAC-SHA256 ") || a.starts_with("Bearer ");
        let by_address = request.query.contains_key("X-Amz-Signature");
        if !by_address && !request.headers.get("authorization").is_some_and(signed) {
            return Some(Answer::error(403, "AccessDenied", "Anonymous users may not read"));
        }
        let path = request.path.trim_start_matches('/');
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        if bucket != BUCKET {
            return Some(Answer::error(404, "NoSuchBucket", "The specified bucket does not exist"));
        }
        let mut state = self.state();
        if key.is_empty() {
            return Some(if state.denies_listing {
                Answer::error(403, "AccessDenied", "User is not authorized to perform: s3:ListBucket")
            } else {
                state.list(request)
            });
        }
        let nth = state.requests;
        state.requests += 1;
        let fault = match state.events.remove(&nth) {
            Some(Event::Fault(fault)) => Some(fault),
            Some(Event::Replace) => {
                state.versions += 1;
                let version = state.versions;
                let stored = state.objects.get_mut(key).unwrap();
                stored.bytes = Arc::new(stored.bytes.iter().map(|byte| byte ^ 1).collect());
                stored.version = version;
                None
            }
            None => state.from.clone().filter(|(from, _)| *from <= nth).map(|(_, fault)| fault),
        };
        if fault == Some(Fault::Silence) {
            drop(state);
            std::thread::sleep(Duration::from_secs(300));
            return None;
        }
        let answer = state.get(key, request, fault);
        state.bytes += answer.body.len() as u64;
        Some(answer)
    }
}

impl State {
    fn list(&self, request: &Request) -> Answer {
        let ask = |name: &str| request.query.get(name).cloned().unwrap_or_default();
        let (prefix, delimiter, after) = (ask("prefix"), ask("delimiter"), ask("continuation-token"));
        let mut seen: BTreeSet<(String, bool)> = BTreeSet::new();
        for key in self.objects.keys().filter(|key| key.starts_with(&prefix)) {
            let rest = key.strip_prefix(&prefix).unwrap();
            match rest.split_once('/').filter(|_| !delimiter.is_empty()) {
                Some((name, _)) => seen.insert((format!("{prefix}{name}/"), true)),
                None => seen.insert((key.clone(), false)),
            };
        }
        let mut left = seen.into_iter().filter(|(name, _)| *name > after).peekable();
        let mut body = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult>");
        let mut last = String::new();
        for (name, is_prefix) in left.by_ref().take(self.page.unwrap_or(PAGE)) {
            let text = name.replace('&', "&amp;").replace('<', "&lt;");
            if is_prefix {
                write!(body, "<CommonPrefixes><Prefix>{text}</Prefix></CommonPrefixes>").unwrap();
            } else {
                let stored = &self.objects[&name];
                write!(
                    body,
                    "<Contents><Key>{text}</Key><LastModified>{}</LastModified><ETag>&quot;v{}&quot;</ETag><Size>{}</Size></Contents>",
                    stored.modified.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                    stored.version,
                    stored.bytes.len()
                )
                .unwrap();
            }
            last = name;
        }
        let more = left.peek().is_some();
        write!(body, "<IsTruncated>{more}</IsTruncated>").unwrap();
        if more {
            write!(body, "<NextContinuationToken>{last}</NextContinuationToken>").unwrap();
        }
        body.push_str("</ListBucketResult>");
        Answer { status: 200, headers: Vec::new(), length: body.len(), body: body.into_bytes() }
    }

    fn get(&self, key: &str, request: &Request, fault: Option<Fault>) -> Answer {
        if let Some(Fault::Refuse(status, code, message)) = fault {
            return Answer::error(status, code, message);
        }
        let Some(stored) = self.objects.get(key) else {
            return Answer::error(404, "NoSuchKey", "The specified key does not exist.");
        };
        let tag = format!("\"v{}\"", stored.version);
        let condition = request.headers.get("if-match").filter(|_| !self.ignores_conditions);
        if condition.is_some_and(|wanted| *wanted != tag) {
            let message = "At least one of the pre-conditions you specified did not hold";
            return Answer::error(412, "PreconditionFailed", message);
        }
        let size = stored.bytes.len();
        let mut range = request.headers.get("range").map(|range| {
            let (from, to) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
            (from.parse::<usize>().unwrap(), (to.parse::<usize>().unwrap() + 1).min(size))
        });
        if range.is_some_and(|(from, _)| from >= size) {
            return Answer::error(416, "InvalidRange", "The requested range is not satisfiable");
        }
        if fault == Some(Fault::Whole) {
            range = None;
        }
        let mut headers = vec![(
            "Last-Modified".to_owned(),
            stored.modified.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string(),
        )];
        for (name, value) in &self.says {
            headers.push((name.clone(), value.clone()));
        }
        if fault != Some(Fault::NoTag) {
            headers.push(("ETag".to_owned(), tag));
        }
        let (from, to) = range.unwrap_or((0, size));
        if range.is_some() {
            let size = if fault == Some(Fault::OtherLength) { size + 1 } else { size };
            headers.push(("Content-Range".to_owned(), format!("bytes {from}-{}/{size}", to - 1)));
        }
        let mut body = stored.bytes[from..to].to_vec();
        let mut length = body.len();
        if matches!(fault, Some(Fault::HangUp | Fault::Short)) {
            body.truncate(length / 2);
        }
        if fault == Some(Fault::Short) {
            length = body.len();
        }
        Answer { status: if range.is_some() { 206 } else { 200 }, headers, length, body }
    }
}

struct Request {
    method: String,
    path: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
}

impl Request {
    fn read(reader: &mut impl BufRead) -> Option<Self> {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let mut words = line.split_whitespace();
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let decode = |text: &str| {
            percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
        };
        let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (decode(name), decode(value)));
        let query = query.split('&').filter_map(pair).collect();
        Some(Self { method, path: decode(path), query, headers })
    }
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// What it is said to be long.
    length: usize,
}

impl Answer {
    fn error(status: u16, code: &str, message: &str) -> Self {
        let body = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>").into_bytes();
        Self { status, headers: Vec::new(), length: body.len(), body }
    }

    /// Whether the connection may be used again.
    fn write(&self, mut stream: &TcpStream, head: bool) -> bool {
        let mut text = format!("HTTP/1.1 {} Said\r\nContent-Length: {}\r\n", self.status, self.length);
        for (name, value) in &self.headers {
            write!(text, "{name}: {value}\r\n").unwrap();
        }
        text.push_str("\r\n");
        let body: &[u8] = if head { &[] } else { &self.body };
        let written = stream.write_all(text.as_bytes()).and_then(|()| stream.write_all(body));
        written.is_ok() && (head || self.body.len() == self.length)
    }
}
