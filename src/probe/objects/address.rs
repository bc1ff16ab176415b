//! Addresses of objects: `s3://BUCKET/KEY`, `gs://BUCKET/KEY`, `az://CONTAINER/KEY`.

use std::fmt;

use super::Trouble;
use crate::failure::FailureKind;

/// Which protocol a store speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    /// Amazon S3, and everything that speaks its protocol.
    S3,
    /// Google Cloud Storage.
    Google,
    /// Azure Blob Storage.
    Azure,
}

impl Service {
    const ALL: [Self; 3] = [Self::S3, Self::Google, Self::Azure];

    /// The scheme of its addresses.
    pub(super) fn scheme(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Google => "gs",
            Self::Azure => "az",
        }
    }

    /// What holds objects there.
    pub(super) fn container(self) -> &'static str {
        match self {
            Self::S3 | Self::Google => "bucket",
            Self::Azure => "container",
        }
    }
}

/// Where an object is. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) service: Service,
    pub(super) bucket: String,
    /// Key, prefix of keys, or pattern of keys.
    pub(super) key: String,
}

/// The scheme of an address, if it has one.
pub(super) fn scheme(text: &str) -> Option<&str> {
    text.split_once("://").map(|(scheme, _)| scheme)
}

/// Parts of a query that signs an address: who has it, may read.
const SIGNED: [&str; 8] = [
    "x-amz-signature=",
    "x-amz-credential=",
    "x-amz-security-token=",
    "awsaccesskeyid=",
    "x-goog-signature=",
    "x-goog-credential=",
    "&sig=",
    "?sig=",
];

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// A sentence that repeats nothing of an address with a credential in it.
    pub(super) fn parse(text: &str) -> Result<Self, Trouble> {
        let wrong = |message: String| Trouble { kind: FailureKind::Other, message };
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        let low = text.to_ascii_lowercase();
        if bucket.contains('@') || SIGNED.iter().any(|part| low.contains(part)) {
            return Err(wrong(
                "the address of an object carries a credential; write `s3://BUCKET/KEY` alone, and give credentials in the \
                 environment, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                    .to_owned(),
            ));
        }
        let Some(service) = Service::ALL.into_iter().find(|s| s.scheme() == scheme) else {
            let what = match scheme {
                "http" | "https" => {
                    "archives are not read from web addresses; for a server that speaks the protocol of S3, write \
                     `s3://BUCKET/KEY` and set AWS_ENDPOINT_URL to the server's address"
                }
                _ => {
                    "archives are read from a path, `s3://BUCKET/KEY`, `gs://BUCKET/KEY` or `az://CONTAINER/KEY`"
                }
            };
            return Err(wrong(format!("`{scheme}://` cannot be read: {what}")));
        };
        let shape = format!("write `{scheme}://{}/KEY`", service.container().to_ascii_uppercase());
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if bucket.is_empty() || !bucket.chars().all(plain) {
            return Err(wrong(format!("`{text}` names no {}: {shape}", service.container())));
        }
        if key.is_empty() {
            return Err(wrong(format!("`{text}` names no object: {shape}")));
        }
        let parts: Vec<&str> = key.strip_suffix('/').unwrap_or(key).split('/').collect();
        let odd =
            |part: &&str| part.is_empty() || [".", ".."].contains(part) || part.contains(char::is_control);
        if parts.iter().any(odd) {
            return Err(wrong(format!(
                "`{}` cannot be read: a key with an empty part, `.`, `..` or control characters between its slashes",
                text.escape_debug()
            )));
        }
        Ok(Self { service, bucket: bucket.to_owned(), key: key.to_owned() })
    }

    /// Reads the address of a folder, whose key ends with a slash; that of a whole bucket is empty.
    ///
    /// # Errors
    /// As [`Address::parse`].
    pub(super) fn folder(text: &str) -> Result<Self, Trouble> {
        // A bucket without a key is no object, and is a folder.
        let address = Self::parse(&format!("{}/x", text.strip_suffix('/').unwrap_or(text)))?;
        let key = address.key.strip_suffix('x').unwrap_or_default().to_owned();
        Ok(Self { key, ..address })
    }

    /// The same place with another key.
    pub(super) fn with_key(&self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self.clone() }
    }

    /// Whether several keys may match.
    pub(super) fn is_pattern(&self) -> bool {
        self.key.contains(['*', '?', '['])
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}/{}", self.service.scheme(), self.bucket, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_and_a_key() {
        let address = Address::parse("s3://backups/tala/tala db_*.dump").unwrap();
        assert_eq!((address.bucket.as_str(), address.key.as_str()), ("backups", "tala/tala db_*.dump"));
        assert_eq!(address.to_string(), "s3://backups/tala/tala db_*.dump");
        assert!(address.is_pattern());
        assert_eq!(Address::parse("az://c/k").unwrap().service, Service::Azure);
        assert_eq!(Address::parse("gs://c/folder/").unwrap().key, "folder/");
    }

    #[test]
    fn a_folder_may_be_a_whole_bucket() {
        for (text, key) in [("s3://b", ""), ("s3://b/", ""), ("s3://b/a", "a/"), ("gs://b/a/c/", "a/c/")] {
            assert_eq!(Address::folder(text).unwrap().key, key, "{text}");
        }
        for text in ["s3://", "s3://b/a//c", "s3://b//", "s3://b/../a", "s3://k@b/a"] {
            assert!(Address::folder(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_said() {
        for (text, why) in [
            ("s3://", "names no bucket"),
            ("s3:///key", "names no bucket"),
            ("s3://a b/key", "names no bucket"),
            ("az://container", "names no object: write `az://CONTAINER/KEY`"),
            ("s3://bucket/", "names no object"),
            ("s3://bucket//key", "an empty part"),
            ("s3://bucket/a/../b", "`..`"),
            ("https://host/bucket/key", "AWS_ENDPOINT_URL"),
            ("ftp://host/key", "`ftp://` cannot be read"),
        ] {
            let message = Address::parse(text).unwrap_err().message;
            assert!(message.contains(why), "{text}: {message}");
        }
    }

    #[test]
    fn a_credential_is_refused_and_not_repeated() {
        for text in [
            "s3://AKIA:hunter2@bucket/key",
            "s3://hunter2@bucket/key",
            "https://bucket/key?X-Amz-Credential=hunter2&X-Amz-Signature=0",
            "az://container/key?sv=1&sig=hunter2",
        ] {
            let message = Address::parse(text).unwrap_err().message;
            assert!(message.contains("carries a credential") && !message.contains("hunter2"), "{message}");
        }
    }
}
