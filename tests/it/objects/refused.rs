//! What is not to be had, in words that say why and what to do.

use super::{Fault, SECRET, Stand, bundled};

#[test]
fn what_is_not_there_is_named() {
    let stand = Stand::with("tala/tala_1.dump");
    stand.server.put("empty.dump", Vec::new());
    stand.server.put("junk.dump", b"hello".to_vec());
    for (key, because) in [
        ("none.dump", "there is no object `s3://backups/none.dump` (NoSuchKey"),
        ("none/", "there is no object under `s3://backups/none/`"),
        ("empty.dump", "`s3://backups/empty.dump` is empty: the dump was not written"),
        ("junk.dump", "`s3://backups/junk.dump` is not a pg_dump archive: it is text"),
        ("tala//x.dump", "a key with an empty part"),
    ] {
        stand.source(key).ends_with(3).judges("books", "unproven", because);
    }
    for key in ["x.dump", "x*.dump"] {
        let run = stand.verify(&["p.hold", "--source", &format!("backup=s3://elsewhere/{key}")]);
        run.ends_with(3).judges("books", "unproven", "there is no bucket `elsewhere` (NoSuchBucket");
    }
}

#[test]
fn what_is_not_allowed_is_named() {
    let stand = Stand::with("tala/tala_1.dump");
    for (fault, because) in [
        (Fault::Refuse(403, "AccessDenied", "Access Denied"), "access denied (AccessDenied: Access Denied)"),
        (Fault::Refuse(403, "InvalidAccessKeyId", "It does not exist"), "the credentials are not accepted"),
        (Fault::Refuse(403, "SignatureDoesNotMatch", "Check your key"), "the credentials are not accepted"),
        (Fault::Refuse(403, "RequestTimeTooSkewed", "Too large"), "this machine's clock is wrong"),
        (Fault::Refuse(400, "ExpiredToken", "It has expired"), "the credentials have expired"),
        (Fault::Refuse(400, "AuthorizationHeaderMalformed", "Expecting x"), "set AWS_REGION"),
        (Fault::Refuse(301, "PermanentRedirect", "Elsewhere"), "the bucket is in another region"),
        (Fault::Refuse(403, "InvalidObjectState", "It is archived"), "access denied (InvalidObjectState"),
        // A server that repeats what it was sent.
        (Fault::Refuse(403, "AccessDenied", SECRET), "access denied (AccessDenied: (hidden))"),
        (Fault::NoTag, "has no ETag"),
    ] {
        stand.server.fails_from(0, fault.clone());
        stand.source("tala/tala_1.dump").ends_with(3).judges("books", "unproven", because);
    }
    let stand = Stand::with("tala/tala_1.dump");
    stand.server.denies_listing();
    stand.verify(&["p.hold"]).ends_with(3).judges(
        "books",
        "unproven",
        "access denied (AccessDenied: User is not",
    );
    stand.source("tala/tala_1.dump").ends_with(0);
    stand.source("none.dump").ends_with(3).judges("books", "unproven", "there is no object");
}

#[test]
fn who_cannot_be_reached_is_named() {
    let stand = Stand::with("tala/tala_1.dump");
    let with = |name: &str, value: Option<&str>, because: &str| {
        let mut command = stand.command(&["p.hold"]);
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
        let run = crate::support::Run::of(&mut command);
        assert!(!run.said().contains(SECRET), "{}", run.said());
        run.ends_with(3).judges("books", "unproven", because);
    };
    with(
        "AWS_ENDPOINT_URL",
        Some("http://127.0.0.1:1"),
        "no connection to the store at http://127.0.0.1:1: Connection",
    );
    with(
        "AWS_ENDPOINT_URL_S3",
        Some("http://127.0.0.1:1"),
        "no connection to the store at http://127.0.0.1:1",
    );
    with("AWS_ENDPOINT_URL", Some("127.0.0.1:9000"), "AWS_ENDPOINT_URL does not begin with");
    with(
        "AWS_ENDPOINT_URL",
        Some(&format!("http://me:{SECRET}@127.0.0.1:1")),
        "AWS_ENDPOINT_URL carries a credential",
    );
    with(
        "AWS_ENDPOINT_URL",
        Some(&stand.server.url().replace("http:", "https:")),
        "no connection to the store at https://",
    );
    with("AWS_SECRET_ACCESS_KEY", None, "Missing SecretAccessKey");
    with("AWS_SECRET_ACCESS_KEY", Some(""), "Missing SecretAccessKey");
}

#[test]
fn nobody_is_let_in_without_credentials() {
    let stand = Stand::with("tala/tala_1.dump");
    let mut command = stand.command(&["p.hold"]);
    command
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .env_remove("AWS_SESSION_TOKEN");
    let because = "the environment holds no credentials";
    crate::support::Run::of(&mut command).ends_with(3).judges("books", "unproven", because);
    // Nor anonymously, where the bucket is not public.
    command.env("AWS_SKIP_SIGNATURE", "true");
    crate::support::Run::of(&mut command).ends_with(3).judges("books", "unproven", "access denied");
}

#[test]
fn a_credential_in_an_address_is_refused_and_not_repeated() {
    let stand = Stand::new();
    stand.server.put("tala/tala_1.dump", bundled("tala_clean.dump"));
    for address in [
        format!("s3://AKID:{SECRET}@backups/tala/tala_1.dump"),
        format!("dump:s3://{SECRET}@backups/tala/tala_1.dump"),
        format!("dump:https://backups/tala/tala_1.dump?X-Amz-Signature={SECRET}"),
        format!("az://backups/tala_1.dump?sv=2024&sig={SECRET}"),
    ] {
        let run = stand.verify(&["p.hold", "--source", &format!("backup={address}")]);
        run.ends_with(3).judges("books", "unproven", "the address of an object carries a credential");
        std::fs::write(
            stand.folder.path().join("bad.hold"),
            format!("policy p {{ language 1 }}\nsource dump b from \"{address}\"\ngate g on b {{ check c {{ require b.size > 1B }} }}\n"),
        )
        .unwrap();
        let run = stand.verify(&["bad.hold"]).ends_with(2).says("HT0216");
        let _ = run;
    }
    assert_eq!(stand.server.served().0, 0, "nothing was asked for");
    stand
        .verify(&["p.hold", "--source", "backup=https://host/backups/x"])
        .ends_with(2)
        .says("AWS_ENDPOINT_URL");
}
