//! The machine that holdtrue runs on.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use bigdecimal::BigDecimal;
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use super::tells::{Tells, Told, other, unread};
use crate::facts::Failure;
use crate::policy::facts::Fact;
use crate::value::Value;

/// Longest that a server program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(10);

/// This machine.
#[derive(Debug, Default)]
pub(super) struct Host {
    servers: OnceLock<Vec<Server>>,
}

/// A PostgreSQL server program that said its version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Server {
    major: u32,
    minor: u32,
    version: String,
}

impl Tells for Host {
    fn identity(&self) -> Vec<(String, String)> {
        System::host_name().map(|name| ("name".to_owned(), name)).into_iter().collect()
    }

    fn fact(&self, fact: &Fact, argument: Option<&str>) -> Result<Told, Failure> {
        let size = |bytes: u64| Value::Size(BigDecimal::from(bytes));
        match (fact.name, argument) {
            ("load", Some(span)) => load(span),
            ("cores", None) => Ok(Told::plain(Value::Number(BigDecimal::from(cores()?)))),
            ("memory_total", None) => Ok(Told::plain(size(memory()?.0))),
            ("memory_free", None) => {
                let (total, free) = memory()?;
                Ok(Told::of(size(free), format!("of {}", size(total))))
            }
            (name, Some(path)) if ["free", "free_share", "total"].contains(&name) => room(name, path),
            ("postgres_versions", None) => {
                let versions: Vec<&str> = self.servers().iter().map(|s| s.version.as_str()).collect();
                if versions.is_empty() {
                    return Err(other(
                        "no PostgreSQL server was found where packages put it, nor on the PATH",
                    ));
                }
                Ok(Told::plain(Value::Text(versions.join(", "))))
            }
            ("has_postgres", Some(major)) => {
                let found = self.servers();
                let there = found.iter().any(|s| s.major.to_string() == major);
                let versions: Vec<&str> = found.iter().map(|s| s.version.as_str()).collect();
                let because = match versions.as_slice() {
                    [] => "no server was found here".to_owned(),
                    list => format!("there are {}", list.join(", ")),
                };
                Ok(Told::of(Value::Bool(there), because))
            }
            (name, _) => Err(other(format!("`{name}` is no fact of a machine"))),
        }
    }
}

fn cores() -> Result<u64, Failure> {
    std::thread::available_parallelism()
        .map(|n| n.get() as u64)
        .map_err(|error| other(format!("the number of cores is not known: {error}")))
}

/// The load average as a share of the cores.
fn load(span: &str) -> Result<Told, Failure> {
    if cfg!(windows) {
        return Err(other("this system keeps no load averages"));
    }
    let load =
        System::load_average().map_err(|e| other(format!("the system gives no load averages: {e}")))?;
    let figure = match span {
        "1min" => load.one,
        "5min" => load.five,
        "15min" => load.fifteen,
        _ => return Err(other(format!("no load average is kept over {span}"))),
    };
    share_of_cores(figure, cores()?)
}

/// A load average, which comes as a floating-point number, as an exact share.
fn share_of_cores(figure: f64, cores: u64) -> Result<Told, Failure> {
    let text = format!("{figure:.2}");
    let exact = text.parse::<BigDecimal>().ok().filter(|n| figure.is_finite() && *n >= 0);
    let Some(exact) = exact else { return Err(other(format!("the system gives `{figure}` as its load"))) };
    let share = (&exact / BigDecimal::from(cores)).with_scale_round(4, bigdecimal::RoundingMode::Up);
    Ok(Told::of(Value::Percent(share), format!("a load of {text} on {cores} cores")))
}

/// Memory in all and memory that is free, in bytes, within the limit of a container.
fn memory() -> Result<(u64, u64), Failure> {
    let what = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(what)
        .map_err(|e| other(format!("the system does not say how much memory there is: {e}")))?;
    let (mut total, mut free) = (system.total_memory(), system.available_memory());
    if total == 0 || free > total {
        return Err(other("the system does not say how much memory there is"));
    }
    if let Some(limits) = system.cgroup_limits().filter(|limits| limits.total_memory > 0) {
        total = total.min(limits.total_memory);
        free = free.min(limits.free_memory);
    }
    Ok((total, free))
}

/// Room on the file system of a path.
fn room(name: &str, path: &str) -> Result<Told, Failure> {
    let stat = rustix::fs::statvfs(Path::new(path))
        .map_err(|error| unread(&format!("the file system of `{}`", path.escape_debug()), &error.into()))?;
    let bytes = |blocks: u64| BigDecimal::from(blocks) * BigDecimal::from(stat.f_frsize);
    // What only the superuser may fill is not free for a restore, nor part of what could be.
    let usable = stat.f_blocks.saturating_sub(stat.f_bfree.saturating_sub(stat.f_bavail));
    let (free, total) = (bytes(stat.f_bavail), bytes(usable));
    let because = format!("of {}", Value::Size(total.clone()));
    match name {
        "free" => Ok(Told::of(Value::Size(free), because)),
        "total" => Ok(Told::plain(Value::Size(total))),
        _ if usable == 0 => Err(other(format!("the file system of `{path}` has no size"))),
        _ => {
            let shown = Value::Size(free.clone());
            let share = (free / total).with_scale_round(4, bigdecimal::RoundingMode::Down);
            Ok(Told::of(Value::Percent(share), format!("{shown} {because}")))
        }
    }
}

impl Host {
    /// PostgreSQL servers that are installed and say their version, each version once.
    fn servers(&self) -> &[Server] {
        self.servers.get_or_init(|| {
            let mut found: Vec<Server> = programs().iter().filter_map(|program| server(program)).collect();
            found.sort();
            found.dedup();
            found
        })
    }
}

/// Where packages put server programs, and the PATH.
fn programs() -> Vec<PathBuf> {
    let places = [
        "/usr/lib/postgresql/*/bin/postgres",
        "/usr/pgsql-*/bin/postgres",
        "/opt/homebrew/opt/postgresql@*/bin/postgres",
    ];
    let mut found: Vec<PathBuf> =
        places.iter().filter_map(|p| glob::glob(p).ok()).flat_map(Iterator::flatten).collect();
    if let Some(path) = std::env::var_os("PATH") {
        found.extend(
            std::env::split_paths(&path).map(|folder| folder.join("postgres")).filter(|p| p.is_file()),
        );
    }
    found
}

/// What a server program says it is. One that does not answer is none.
fn server(program: &Path) -> Option<Server> {
    let mut child = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let started = Instant::now();
    let status = loop {
        match child.try_wait().ok()? {
            Some(status) => break status,
            None if started.elapsed() > PATIENCE => {
                let (_killed, _waited) = (child.kill(), child.wait());
                return None;
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let mut said = String::new();
    std::io::Read::read_to_string(&mut std::io::Read::take(child.stdout.take()?, 1000), &mut said).ok()?;
    if status.success() { version(&said) } else { None }
}

/// `postgres (PostgreSQL) 15.6 (Debian 15.6-0+deb12u1)`.
fn version(said: &str) -> Option<Server> {
    let version = said.strip_prefix("postgres (PostgreSQL) ")?.split_whitespace().next()?.to_owned();
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    let mut parts = version.split('.');
    let major = digits(parts.next()?).parse().ok()?;
    let minor = parts.next().map(digits).and_then(|d| d.parse().ok()).unwrap_or_default();
    Some(Server { major, minor, version })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_is_a_share_of_the_cores() {
        let share = |figure, cores| share_of_cores(figure, cores).unwrap().value.to_string();
        assert_eq!(share(1.2, 2), "60%");
        assert_eq!(share(0.0, 8), "0%");
        assert_eq!(share(16.0, 8), "200%");
        // Rounded up: a limit is never met by rounding.
        assert_eq!(share(1.0, 3), "33.34%");
        for odd in [f64::NAN, f64::INFINITY, -1.0] {
            assert!(share_of_cores(odd, 2).is_err());
        }
    }

    #[test]
    fn versions_are_those_the_server_states() {
        let debian = version("postgres (PostgreSQL) 15.6 (Debian 15.6-0+deb12u1)\n").unwrap();
        assert_eq!((debian.major, debian.version.as_str()), (15, "15.6"));
        assert_eq!(version("postgres (PostgreSQL) 18beta1\n").unwrap().major, 18);
        assert!(version("postgres: command not found").is_none());
    }

    #[test]
    fn this_machine_has_memory_cores_and_room() {
        let (total, free) = memory().unwrap();
        assert!(free <= total && total > 0);
        assert!(cores().unwrap() > 0);
        assert!(room("free", "/").is_ok() && room("free_share", "/").is_ok());
        let failure = room("free", "/no/such/path").unwrap_err();
        assert!(failure.message.contains("`/no/such/path`"), "{}", failure.message);
    }
}
