//! A folder with a policy that needs no server, and a service that writes down what it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::support::{Run, program};

/// A policy of one check, and settings.
pub(super) struct Place {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

impl Place {
    pub(super) fn new(settings: &str) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap(), environment: Vec::new() };
        place.file("holdtrue.toml", settings);
        place.file(
            "p.hold",
            "policy t { language 1; owner \"@t\" }\nsource files dumps from \"b/*.dump\"\n\
             gate g {\ncheck kept \"Dumps are kept\" { require dumps.count >= 2 }\n}\n",
        );
        place
    }

    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn file(&self, name: &str, content: &str) {
        std::fs::write(self.path().join(name), content).unwrap();
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A run that finds too few files.
    #[track_caller]
    pub(super) fn broken(&self, arguments: &[&str]) -> Run {
        self.run(1, arguments)
    }

    /// A run that finds enough.
    #[track_caller]
    pub(super) fn holding(&self, arguments: &[&str]) -> Run {
        self.run(2, arguments)
    }

    /// A run that finds nothing to look at.
    #[track_caller]
    pub(super) fn empty(&self, arguments: &[&str]) -> Run {
        self.run(0, arguments)
    }

    #[track_caller]
    fn run(&self, files: usize, arguments: &[&str]) -> Run {
        let folder = self.path().join("b");
        let _gone = std::fs::remove_dir_all(&folder);
        for number in 0..files {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(format!("{number}.dump")), "x").unwrap();
        }
        let mut command = program();
        command.current_dir(self.path()).args(["verify", "p.hold", "--format", "json", "--profile", "ops"]);
        command.envs(self.environment.iter().map(|(n, v)| (n, v)));
        Run::of(command.args(arguments))
    }

    /// Contents of the files of a folder.
    pub(super) fn written(&self, folder: &str) -> Vec<String> {
        let files = std::fs::read_dir(self.path().join(folder)).unwrap().flatten();
        let plain = files.filter(|file| file.file_type().is_ok_and(|kind| kind.is_file()));
        plain.map(|file| String::from_utf8_lossy(&std::fs::read(file.path()).unwrap()).into_owned()).collect()
    }
}

/// What was asked of the service.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) path: String,
    /// Everything before the body, in small letters.
    pub(super) head: String,
    pub(super) body: String,
}

impl Request {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

#[derive(Default)]
struct Known {
    requests: Vec<Request>,
    answers: Vec<u16>,
    header: String,
}

/// A running service. Its threads end with the process.
pub(super) struct Listener {
    port: u16,
    known: Arc<Mutex<Known>>,
}

impl Listener {
    /// Answers with these statuses one after the other, and with the last of them from then on.
    pub(super) fn start(answers: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let known = Arc::new(Mutex::new(Known { answers: answers.to_vec(), ..Known::default() }));
        let shared = Arc::clone(&known);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _broken_off = serve(&stream, port, &shared);
            }
        });
        Self { port, known }
    }

    /// An address where nobody listens.
    pub(super) fn closed() -> String {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        format!("http://127.0.0.1:{port}/")
    }

    /// With another line in every answer's head.
    pub(super) fn asking(self, header: &str) -> Self {
        self.known.lock().unwrap().header = format!("{header}\r\n");
        self
    }

    /// Answers so from now on.
    pub(super) fn answers(&self, answers: &[u16]) {
        self.known.lock().unwrap().answers = answers.to_vec();
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Everything that was asked so far.
    pub(super) fn requests(&self) -> Vec<Request> {
        self.known.lock().unwrap().requests.clone()
    }
}

fn serve(mut stream: &TcpStream, port: u16, known: &Mutex<Known>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or_default()];
    reader.read_exact(&mut body)?;
    let body = String::from_utf8_lossy(&body).into_owned();
    let (status, header) = {
        let mut known = known.lock().unwrap();
        known.requests.push(Request { path, head, body });
        let next = known.answers[0];
        if known.answers.len() > 1 {
            known.answers.remove(0);
        }
        (next, known.header.clone())
    };
    let moved = if status == 302 {
        format!("Location: http://127.0.0.1:{port}/elsewhere\r\n")
    } else {
        String::new()
    };
    let answer =
        format!("HTTP/1.1 {status} Said\r\n{header}{moved}Content-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes())
}
