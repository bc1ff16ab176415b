//! Whom the scratch server runs as: PostgreSQL refuses to be run by root.

use std::path::Path;

use super::trouble::Trouble;

/// A user that programs are run as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    /// Its name.
    pub(super) name: String,
    /// Its number.
    pub(super) id: u32,
    /// The number of its group.
    pub(super) group: u32,
}

/// Users that root may become, the first that there is.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// Nobody else, where this is not root.
///
/// # Errors
/// This is root, and there is nobody to become.
pub(super) fn unprivileged() -> Result<Option<User>, Trouble> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let users = std::fs::read_to_string(Path::new("/etc/passwd")).unwrap_or_default();
    let found = UNPRIVILEGED.iter().find_map(|name| parse(&users, name));
    found.map(Some).ok_or_else(|| {
        Trouble::unproven(
            "this is root, and there is neither a user `postgres` nor `nobody` to run the scratch server as",
        )
    })
}

/// Lines of `passwd(5)`.
fn parse(users: &str, name: &str) -> Option<User> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let named = fields.next()?;
        let (id, group) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        (named == name && id != 0).then(|| User { name: named.to_owned(), id, group })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_never_taken() {
        let users = "root:x:0:0:root:/root:/bin/sh\npostgres:x:101:104::/var/lib/postgresql:/bin/bash\nnobody:x:0:0::/:\n";
        assert_eq!(parse(users, "postgres").map(|user| (user.id, user.group)), Some((101, 104)));
        assert_eq!(parse(users, "nobody"), None);
        assert_eq!(parse(users, "other"), None);
    }
}
