//! Ways to say where a server is, none of which shows a password.

use crate::support::{Cluster, Options, Run, Scratch, program};

const SECRET: &str = "s3cr3t-horse";

fn guarded() -> (Cluster, u16) {
    let cluster = Cluster::start(&Options { tcp: true, settings: Vec::new() });
    cluster.psql("postgres", &format!("create role keeper login password '{SECRET}'; create table t (id int); insert into t values (1); grant select on t to keeper"));
    let hba = cluster.folder().join("data/pg_hba.conf");
    std::fs::write(
        &hba,
        "host all keeper 127.0.0.1/32 scram-sha-256\nhost all postgres 127.0.0.1/32 trust\n",
    )
    .unwrap();
    cluster.psql("postgres", "select pg_reload_conf()");
    std::thread::sleep(std::time::Duration::from_millis(300));
    let url = cluster.url("postgres");
    let port = url.rsplit_once(':').unwrap().1.split('/').next().unwrap().parse().unwrap();
    (cluster, port)
}

/// Nothing a run says or writes may hold the password.
#[track_caller]
fn silent(s: &Scratch, run: Run) -> Run {
    let mut all = run.said();
    for file in std::fs::read_dir(s.folder()).unwrap().flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        if name.starts_with("out-") {
            all.push_str(&std::fs::read_to_string(file.path()).unwrap());
        }
    }
    assert!(!all.contains(SECRET), "the password is shown\n{all}");
    run
}

#[test]
fn every_way_leads_to_the_server_and_none_tells_the_password() {
    let (_cluster, port) = guarded();
    let s = Scratch::around("postgres");
    let check = "gate g on db { check c { on t; require id = 1 } }";
    let head = "policy t { language 1; owner \"@t\"; schema public }";
    let pass_file = s.file("pgpass", &format!("127.0.0.1:{port}:*:keeper:{SECRET}\n"));
    std::fs::set_permissions(&pass_file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    s.file(
        "services.conf",
        &format!("[mine]\nhost=127.0.0.1\nport={port}\nuser=keeper\npassword={SECRET}\ndbname=postgres\n"),
    );
    s.file("address", &format!("postgres://keeper:{SECRET}@127.0.0.1:{port}/postgres\n"));
    let keyword = format!("host=127.0.0.1 port={port} user=keeper dbname=postgres");
    let verify = |source: &str, arguments: &[&str], variables: &[(&str, String)]| {
        s.file("p.hold", &format!("{head}\nsource postgres db {source}\n{check}\n"));
        let mut command = program();
        command.current_dir(s.folder()).args(["verify", "p.hold", "-vv", "--format", "json"]).args(arguments);
        for format in crate::support::formats() {
            command.arg("--output").arg(format!("{format}=out-{format}"));
        }
        command.arg("--save-facts").arg("out-facts").envs(variables.iter().map(|(n, v)| (*n, v.as_str())));
        silent(&s, Run::of(&mut command))
    };
    let url = |password: &str| format!("postgresql://keeper:{password}@127.0.0.1:{port}/postgres");
    verify("from env WHERE", &[], &[("WHERE", url(SECRET))]).ends_with(0);
    verify("from env WHERE", &[], &[("WHERE", format!("{keyword} password={SECRET}"))]).ends_with(0);
    verify("from env WHERE", &[], &[("WHERE", keyword.clone()), ("PGPASSWORD", SECRET.to_owned())])
        .ends_with(0);
    verify(
        "from env WHERE",
        &[],
        &[("WHERE", keyword.clone()), ("PGPASSFILE", pass_file.display().to_string())],
    )
    .ends_with(0);
    verify("from file \"address\"", &[], &[]).ends_with(0);
    let services = ("PGSERVICEFILE", s.folder().join("services.conf").display().to_string());
    verify("from \"service=mine\"", &[], std::slice::from_ref(&services)).ends_with(0);
    verify("", &[], &[services, ("PGSERVICE", "mine".to_owned())]).ends_with(0);
    let every = [
        ("PGHOST", "127.0.0.1".to_owned()),
        ("PGPORT", port.to_string()),
        ("PGUSER", "keeper".to_owned()),
        ("PGDATABASE", "postgres".to_owned()),
        ("PGPASSWORD", SECRET.to_owned()),
    ];
    verify("", &[], &every).ends_with(0);
    verify("from env ABSENT", &["--source", &format!("db={}", url(SECRET))], &[])
        .ends_with(0)
        .says("was replaced by `--source`");
    // Each of these fails, and says why without the secret.
    verify("from env WHERE", &[], &[("WHERE", url(&format!("{SECRET}x")))]).ends_with(3);
    verify(
        "from env WHERE",
        &[],
        &[("WHERE", format!("postgresql://keeper:{SECRET}&more=1@127.0.0.1:{port}/postgres"))],
    )
    .ends_with(3);
    verify("from env WHERE", &[], &[("WHERE", format!("{keyword} password='{SECRET}"))]).ends_with(3);
    verify("from env WHERE", &[], &[("WHERE", format!("{keyword} passwrd={SECRET}"))]).ends_with(3);
    verify(
        "from env WHERE",
        &[],
        &[("WHERE", format!("postgresql://keeper:{SECRET}@127.0.0.1:notaport/postgres"))],
    )
    .ends_with(3);
    verify(
        "from \"service=yours\"",
        &[],
        &[("PGSERVICEFILE", s.folder().join("services.conf").display().to_string())],
    )
    .ends_with(3);
    verify("from file \"absent\"", &[], &[]).ends_with(3).says("absent");
}

#[test]
fn a_password_in_a_policy_is_refused() {
    let s = Scratch::around("postgres");
    let head = "policy t { language 1; owner \"@t\"; schema public }";
    for address in [format!("postgres://u:{SECRET}@h/d"), format!("host=h user=u password={SECRET}")] {
        s.file("p.hold", &format!("{head}\nsource postgres db from \"{address}\"\ngate g on db {{ check c {{ on t; require rows > 0 }} }}\n"));
        let run = Run::with(s.folder(), &["verify", "p.hold"]).ends_with(2);
        assert!(run.stderr.contains("HT0216"), "{}", run.said());
    }
}
