//! Splitting the text of an address into names and values, with libpq's two syntaxes.
//!
//! Source: "Connection Strings" in the libpq chapter of the PostgreSQL documentation. Nothing here echoes a piece
//! of the text that could be part of a password: an unescaped `@` or blank is the usual way for one to end up
//! in the wrong place.

use super::address_error::AddressError;
use super::parameters;

/// What the text said, in order; a later name overrides an earlier one.
pub(super) struct Split {
    pub(super) settings: Vec<(String, String)>,
    /// Whether it was a URL, where parameters of application libraries are usual.
    pub(super) is_url: bool,
}

/// Splits a URL, a keyword string, or the empty text.
pub(super) fn split(text: &str) -> Result<Split, AddressError> {
    for scheme in ["postgresql://", "postgres://"] {
        if let Some(rest) = text.strip_prefix(scheme) {
            return Ok(Split { settings: url(rest)?, is_url: true });
        }
    }
    if let Some((scheme, _)) = text.split_once("://")
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    {
        return Err(AddressError::new(format!("`{scheme}://` is not the address of a PostgreSQL server"))
            .help("write postgres://user@host:port/database"));
    }
    Ok(Split { settings: keywords(text)?, is_url: false })
}

fn url(rest: &str) -> Result<Vec<(String, String)>, AddressError> {
    let mut settings = Vec::new();
    let mut push = |name: &str, value: String| settings.push((name.to_owned(), value));

    // As libpq: an `@` before the first `/` ends the user information, whatever stands in between.
    let authority_end = rest.find('/').unwrap_or(rest.len());
    let (user_info, rest) =
        match rest.split_at_checked(authority_end).and_then(|(head, _)| head.split_once('@')) {
            Some((info, _)) => (Some(info), rest.split_once('@').map_or("", |(_, after)| after)),
            None => (None, rest),
        };
    if let Some(info) = user_info {
        let (user, password) = info.split_once(':').map_or((info, None), |(user, rest)| (user, Some(rest)));
        if !user.is_empty() {
            push("user", decode(user, "user")?);
        }
        if let Some(password) = password.filter(|password| !password.is_empty()) {
            push("password", decode(password, "password")?);
        }
    }

    let (before_query, query) =
        rest.split_once('?').map_or((rest, None), |(head, query)| (head, Some(query)));
    let (hosts, database) =
        before_query.split_once('/').map_or((before_query, ""), |(hosts, path)| (hosts, path));
    if hosts.contains('@') || database.contains('@') {
        return Err(AddressError::new("the URL holds an `@` where none can be")
            .help("write `@` as %40, `/` as %2F, `:` as %3A inside a user name or password"));
    }
    let (names, ports) = host_list(hosts)?;
    if names.iter().any(|name| !name.is_empty()) {
        push("host", names.join(","));
    }
    if ports.iter().any(|port| !port.is_empty()) {
        push("port", ports.join(","));
    }
    if !database.is_empty() {
        push("dbname", decode(database, "database name")?);
    }
    if let Some(query) = query.filter(|query| !query.is_empty()) {
        for (at, pair) in query.split('&').enumerate() {
            let (name, value) =
                pair.split_once('=').filter(|(_, value)| !value.contains('=')).ok_or_else(|| {
                    AddressError::new(format!(
                        "query parameter {} of the URL is not one `name=value`",
                        at + 1
                    ))
                    .help("separate parameters with `&`, and write `=` as %3D, `&` as %26 inside a value")
                })?;
            let name = decode(name, "name of a query parameter")?;
            let value = decode(value, &name)?;
            // The spelling JDBC uses; libpq takes it in a URL, and only with this value.
            if name == "ssl" && value == "true" {
                push("sslmode", "require".to_owned());
            } else {
                push(&name, value);
            }
        }
    }
    Ok(settings)
}

/// Hosts and ports of `host:port,[v6]:port,...`, one of each per entry.
fn host_list(text: &str) -> Result<(Vec<String>, Vec<String>), AddressError> {
    let mut names = Vec::new();
    let mut ports = Vec::new();
    for entry in text.split(',') {
        let (name, port) = if let Some(inner) = entry.strip_prefix('[') {
            let (name, after) = inner.split_once(']').ok_or_else(|| {
                AddressError::new("the URL opens an IPv6 address with `[` and never closes it")
                    .help("add `]`")
            })?;
            let port = match after.strip_prefix(':') {
                Some(port) => port,
                None if after.is_empty() => "",
                None => {
                    return Err(AddressError::new("the URL has text between `]` and the port")
                        .help("write [::1]:5432"));
                }
            };
            (name, port)
        } else {
            entry.split_once(':').unwrap_or((entry, ""))
        };
        if !port.chars().all(|c| c.is_ascii_digit()) {
            return Err(AddressError::new("the port in the URL is not a number")
                .help("inside a user name or password write `@` as %40, `/` as %2F, `:` as %3A"));
        }
        names.push(decode(name, "host")?);
        ports.push(port.to_owned());
    }
    Ok((names, ports))
}

fn decode(text: &str, what: &str) -> Result<String, AddressError> {
    let bytes = text.as_bytes();
    for (at, _) in text.match_indices('%') {
        let digits = bytes.get(at + 1..at + 3);
        if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
            return Err(AddressError::new(format!(
                "the {what} in the URL has a `%` without two hex digits after it"
            ))
            .help("write `%` as %25"));
        }
    }
    let decoded = percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .map_err(|_| AddressError::new(format!("the {what} in the URL is not UTF-8 after decoding")))?;
    if decoded.contains('\0') {
        return Err(
            AddressError::new(format!("the {what} in the URL holds a zero byte")).help("remove the %00")
        );
    }
    Ok(decoded.into_owned())
}

/// `name=value name = 'quoted value'`, a backslash escaping one character in both kinds of value.
fn keywords(text: &str) -> Result<Vec<(String, String)>, AddressError> {
    let mut settings: Vec<(String, String)> = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let name_end = rest.find(|c: char| c == '=' || c.is_ascii_whitespace()).unwrap_or(rest.len());
        let (name, after) = rest.split_at_checked(name_end).unwrap_or((rest, ""));
        let shown = match settings.last() {
            Some((before, _)) if parameters::is_secret(before) => "the word after the password".to_owned(),
            // A malformed URL is read as words, and one of them may hold the password.
            _ if name.contains([':', '@', '/']) => "a word".to_owned(),
            _ => format!("`{name}`"),
        };
        let Some(value_text) = after.trim_start().strip_prefix('=') else {
            return Err(AddressError::new(format!("{shown} in the address has no `=` after it"))
                .help("write name=value pairs, and put a value with blanks in single quotes"));
        };
        if name.is_empty() {
            return Err(
                AddressError::new("the address has an `=` with no name before it").help("write name=value")
            );
        }
        // A word that only exists because a password was not quoted must not be named by a later message.
        if parameters::find(name).is_none() && !shown.starts_with('`') {
            return Err(AddressError::new(format!("{shown} is not a connection parameter"))
                .help("put a password with blanks in single quotes"));
        }
        let (value, remaining) = value(value_text.trim_start(), &shown)?;
        settings.push((name.to_owned(), value));
        rest = remaining.trim_start();
    }
    Ok(settings)
}

fn value<'a>(text: &'a str, shown: &str) -> Result<(String, &'a str), AddressError> {
    let (quoted, body) = text.strip_prefix('\'').map_or((false, text), |body| (true, body));
    let mut value = String::new();
    let mut chars = body.chars();
    loop {
        let here = chars.as_str();
        match chars.next() {
            None if quoted => {
                return Err(AddressError::new(format!("the quoted value of {shown} never ends"))
                    .help("close it with `'`, and write `'` inside it as \\'"));
            }
            None => return Ok((value, "")),
            Some('\'') if quoted => return Ok((value, chars.as_str())),
            Some(c) if !quoted && c.is_ascii_whitespace() => return Ok((value, here)),
            Some('\\') => value.extend(chars.next()),
            Some(c) => value.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    fn pairs(text: &str) -> Vec<(String, String)> {
        split(text).unwrap().settings
    }

    fn expect(text: &str, wanted: &[(&str, &str)]) {
        let wanted: Vec<_> = wanted.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        assert_eq!(pairs(text), wanted, "{text}");
    }

    fn fails(text: &str, part: &str) -> String {
        let message = split(text).err().unwrap().to_string();
        assert!(message.contains(part), "{message}");
        message
    }

    #[test]
    fn urls() {
        expect("postgres://", &[]);
        expect("postgresql:///mydb", &[("dbname", "mydb")]);
        expect(
            "postgres://a%40b:p%3Aw@h1:1,h2,[::1]:3/d%20b?sslmode=require&host=/tmp",
            &[
                ("user", "a@b"),
                ("password", "p:w"),
                ("host", "h1,h2,::1"),
                ("port", "1,,3"),
                ("dbname", "d b"),
                ("sslmode", "require"),
                ("host", "/tmp"),
            ],
        );
        expect(
            "postgres://%2Fvar%2Frun/db?ssl=true",
            &[("host", "/var/run"), ("dbname", "db"), ("sslmode", "require")],
        );
        expect("postgres://u:p?a@h", &[("user", "u"), ("password", "p?a"), ("host", "h")]);
        expect("postgres://h?dbname=x", &[("host", "h"), ("dbname", "x")]);
        expect("postgres://u@:6000/", &[("user", "u"), ("port", "6000")]);
    }

    #[test]
    fn broken_urls_do_not_show_the_password() {
        for text in [
            "postgres://u:s3cret@s3cret@h/db",
            "postgres://u:s3cret/s3cret@h/db",
            "postgres://u:12/s3cret@h/db",
            "postgres://u:s3cret%zz@h/db",
            "postgres://h/db?password=a&s3cret",
            "postgres://h/db?password=s3cret=s3cret",
            "postgres://u:s3cret@[::1/db",
        ] {
            assert!(!fails(text, "URL").contains("s3cret"));
        }
        fails("postgres://h/a%00", "zero byte");
        fails("mysql://h/a", "`mysql://` is not");
    }

    #[test]
    fn keyword_strings() {
        expect("", &[]);
        expect("  host=h\tport = 5 ", &[("host", "h"), ("port", "5")]);
        expect(r"dbname='a b\'c\\' user=x\ y", &[("dbname", r"a b'c\"), ("user", "x y")]);
        expect("host='' port=5", &[("host", ""), ("port", "5")]);
        // libpq skips blanks after `=`, so an empty value must be quoted.
        expect("host= port=5", &[("host", "port=5")]);
        expect("options='-c a=b'", &[("options", "-c a=b")]);
    }

    #[test]
    fn broken_keyword_strings_say_what_to_do() {
        fails("mydb", "`mydb` in the address has no `=`");
        fails("host 'a'", "`host`");
        fails("host='a", "never ends");
        fails("=a", "no name before it");
        let message = fails("password=a s3cret host=x", "after the password");
        assert!(!message.contains("s3cret"));
        let message = fails("password=a s3cret=4 host=x", "after the password");
        assert!(!message.contains("s3cret"));
    }
}
