//! Writing a report to a file, so that whoever reads it meanwhile sees the old one or the new one, and no half of either.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

/// Writes a file whole, by way of a new one beside it that then takes its name. What is no plain file (a pipe, a device)
/// is written to as it is, and so is a file whose folder admits no new one.
///
/// # Errors
/// When it cannot be written. A file that was there before is then as it was, unless its folder admits no new one.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    // What a link leads to is replaced, and not the link.
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let plain = match fs::symlink_metadata(&real) {
        Ok(found) => found.is_file(),
        Err(error) => error.kind() == ErrorKind::NotFound,
    };
    if !plain {
        return fs::write(path, text);
    }
    match replace(&real, text) {
        // A file that is mounted by itself, or one in a folder that only others may change.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::PermissionDenied | ErrorKind::ResourceBusy | ErrorKind::CrossesDevices
            ) =>
        {
            fs::write(path, text)
        }
        done => done,
    }
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let name = path.file_name().ok_or(ErrorKind::InvalidInput)?.to_string_lossy();
    // Hidden, and with an ending that no collector of files looks for.
    let new = path.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let done = (|| {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&new)?;
        if let Ok(old) = fs::metadata(path) {
            file.set_permissions(old.permissions())?;
        }
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, path)
    })();
    if done.is_err() {
        // It may never have been made.
        let _gone = fs::remove_file(&new);
    }
    done
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_keeps_its_rights() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("r.prom"), folder.path().join("link"));
        write(&path, "a long first text").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&path, &link).unwrap();
        let reader = fs::File::open(&path).unwrap();
        write(&link, "second").unwrap();
        assert_eq!(
            io::read_to_string(reader).unwrap(),
            "a long first text",
            "who reads the old one goes on doing so"
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), "second");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().map(|e| e.file_name()).collect();
        assert_eq!(names.len(), 2, "{names:?}");
    }

    #[test]
    fn a_device_is_written_to_and_a_missing_folder_is_an_error() {
        write(Path::new("/dev/null"), "x").unwrap();
        assert!(write(Path::new("/dev/full"), "x").is_err());
        assert_eq!(write(Path::new("/nonexistent/r"), "x").unwrap_err().kind(), ErrorKind::NotFound);
    }
}
