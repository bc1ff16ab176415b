//! `pg_service.conf`: named sets of connection parameters.
//!
//! Source: "The Connection Service File" in the libpq chapter of the PostgreSQL documentation. The user's file is
//! searched first, then the system's; the first definition found is used, and within it the first value of a name.

use std::path::{Path, PathBuf};

use super::address_error::AddressError;
use super::environment::Environment;

/// System directories searched when `PGSYSCONFDIR` is not set: what Debian's and Red Hat's packages are built with.
const SYSTEM_DIRECTORIES: [&str; 2] = ["/etc/postgresql-common", "/etc/sysconfig/pgsql"];

/// A name, its value, and the line it stands on, from 1.
pub type Line = (String, String, usize);

/// One service as found.
#[derive(Debug, PartialEq, Eq)]
pub struct Service {
    /// The file it was found in.
    pub file: PathBuf,
    /// Names and values in the order of the file.
    pub settings: Vec<Line>,
}

/// Finds a service by name. `named_file` is `servicefile=` or `PGSERVICEFILE`.
///
/// # Errors
/// The named file cannot be read, a file is malformed, or no file defines the service.
pub fn find(service: &str, named_file: Option<&str>, env: &dyn Environment) -> Result<Service, AddressError> {
    let mut searched = Vec::new();
    for (file, must_exist) in candidates(named_file, env) {
        let content = match env.read(&file) {
            Ok(content) => content,
            Err(error) if must_exist => {
                return Err(AddressError::new(format!(
                    "service file {} cannot be read: {error}",
                    file.display()
                ))
                .help("correct PGSERVICEFILE or `servicefile`, or unset it"));
            }
            Err(_) => continue,
        };
        let text = String::from_utf8(content)
            .map_err(|_| AddressError::new(format!("service file {} is not UTF-8", file.display())))?;
        if let Some(settings) = parse(&text, service, &file)? {
            return Ok(Service { file, settings });
        }
        searched.push(file.display().to_string());
    }
    let places = if searched.is_empty() {
        "no service file exists".to_owned()
    } else {
        format!("searched {}", searched.join(", "))
    };
    Err(AddressError::new(format!("service `{service}` is not defined: {places}"))
        .help("define it in ~/.pg_service.conf, or name the file in PGSERVICEFILE"))
}

fn candidates(named_file: Option<&str>, env: &dyn Environment) -> Vec<(PathBuf, bool)> {
    let mut files = Vec::new();
    match (named_file.filter(|name| !name.is_empty()), env.home()) {
        (Some(name), _) => files.push((PathBuf::from(name), true)),
        (None, Some(home)) => files.push((home.join(".pg_service.conf"), false)),
        (None, None) => {}
    }
    match env.var("PGSYSCONFDIR").filter(|dir| !dir.is_empty()) {
        Some(dir) => files.push((Path::new(&dir).join("pg_service.conf"), false)),
        None => files.extend(SYSTEM_DIRECTORIES.map(|dir| (Path::new(dir).join("pg_service.conf"), false))),
    }
    files
}

/// The settings of one service, or `None` where the text does not define it.
fn parse(text: &str, service: &str, file: &Path) -> Result<Option<Vec<Line>>, AddressError> {
    let mut found: Option<Vec<Line>> = None;
    for (at, line) in text.lines().enumerate() {
        let number = at + 1;
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            if found.is_some() {
                break;
            }
            if header.strip_suffix(']') == Some(service) {
                found = Some(Vec::new());
            }
            continue;
        }
        let Some(settings) = &mut found else { continue };
        let place = format!("{} line {number}", file.display());
        if line.starts_with("ldap") {
            return Err(AddressError::new(format!("{place}: looking a service up in LDAP is not supported"))
                .help("write the parameters into the file"));
        }
        let (name, value) = line.split_once('=').ok_or_else(|| {
            AddressError::new(format!("{place}: not a `name=value`"))
                .help("correct the line, or put `#` before it")
        })?;
        if name.ends_with(char::is_whitespace) || value.starts_with(char::is_whitespace) {
            return Err(AddressError::new(format!(
                "{place}: blanks beside `=` are not allowed in a service file"
            ))
            .help("write name=value"));
        }
        if matches!(name, "service" | "servicefile") {
            return Err(AddressError::new(format!("{place}: a service cannot refer to another one"))
                .help("write its parameters here"));
        }
        if settings.iter().all(|(known, _, _)| known != name) {
            settings.push((name.to_owned(), value.to_owned(), number));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::environment::fake::FakeEnvironment;
    use super::find;

    const FILE: &str =
        "# ours\n[tala]\nhost=db1\nport=5433\nhost=db2\n\n[other]\nhost=elsewhere\n[tala]\nuser=x\n";

    #[test]
    fn the_first_definition_and_the_first_value_win() {
        let env = FakeEnvironment::new().file("/home/ann/.pg_service.conf", 0o644, FILE);
        let service = find("tala", None, &env).unwrap();
        assert_eq!(
            service.settings,
            [("host".to_owned(), "db1".to_owned(), 3), ("port".to_owned(), "5433".to_owned(), 4)]
        );
    }

    #[test]
    fn the_named_file_comes_first_and_the_system_file_last() {
        let env = FakeEnvironment::new()
            .with("PGSYSCONFDIR", "/sys")
            .file("/mine", 0o644, "[a]\nhost=mine\n")
            .file("/home/ann/.pg_service.conf", 0o644, "[b]\nhost=home\n")
            .file("/sys/pg_service.conf", 0o644, "[a]\nhost=sys\n[c]\nhost=c\n");
        assert_eq!(find("a", Some("/mine"), &env).unwrap().settings[0].1, "mine");
        assert_eq!(find("c", Some("/mine"), &env).unwrap().settings[0].1, "c");
        assert_eq!(find("b", None, &env).unwrap().settings[0].1, "home");
        // A named file replaces the one in the home directory.
        let message = find("b", Some("/mine"), &env).unwrap_err().to_string();
        assert!(
            message.contains("service `b` is not defined: searched /mine, /sys/pg_service.conf"),
            "{message}"
        );
    }

    #[test]
    fn faults_name_file_and_line() {
        let env =
            FakeEnvironment::new().file("/f", 0o644, "[a]\nhost=h\nport 5\n[b]\nhost = h\n[c]\nservice=a\n");
        assert!(
            find("a", Some("/f"), &env).unwrap_err().to_string().contains("/f line 3: not a `name=value`")
        );
        assert!(
            find("b", Some("/f"), &env).unwrap_err().to_string().contains("/f line 5: blanks beside `=`")
        );
        assert!(
            find("c", Some("/f"), &env)
                .unwrap_err()
                .to_string()
                .contains("/f line 7: a service cannot refer")
        );
        assert!(find("a", Some("/none"), &env).unwrap_err().to_string().contains("/none cannot be read"));
    }
}
