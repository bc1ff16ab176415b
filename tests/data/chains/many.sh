#!/bin/sh
# Writes the tables of `chains.hold` and `more.hold` with 200 rows each (or ROWS) into a folder, each by the runtime it is
# of: `many.sh FOLDER`. Needs node, python3 (pydantic), php, ruby (ActiveSupport), go, java (Jackson), elixir and cargo.
# Without ROWS the same programs write the small tables that are kept beside this file.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
export ROWS="${ROWS:-200}"
cd "$here"
node generate.mjs >"$out/node.sql"
node more.mjs >"$out/more_node.sql"
python3 generate.py >"$out/python.sql"
python3 more.py >"$out/more_python.sql"
php -n -d serialize_precision=-1 generate.php >"$out/php.sql"
php -n -d serialize_precision=-1 more.php >"$out/more_php.sql"
ruby generate.rb >"$out/ruby.sql"
ruby more.rb >"$out/more_ruby.sql"
go run generate.go >"$out/go.sql"
go run more.go >"$out/more_go.sql"
java Generate.java >"$out/java.sql"
java -cp '/usr/share/java/*' More.java >"$out/more_java.sql"
elixir generate.exs >"$out/elixir.sql"
elixir more.exs >"$out/more_elixir.sql"
# Rust has no way to run one file with its crates.
crate=$(mktemp -d)
mkdir "$crate/src"
cp more.rs "$crate/src/main.rs"
cat >"$crate/Cargo.toml" <<'TOML'
[package]
name = "more"
version = "0.0.0"
edition = "2021"
[dependencies]
blake3 = "1"
serde = { version = "1", features = ["derive"] }
serde_json = "1"
[workspace]
TOML
(cd "$crate" && cargo run --quiet >"$out/more_rust.sql")
rm -r "$crate"
for native in native more_native; do
  { echo "set chains.rows = $ROWS;"; cat "$native.sql"; } >"$out/$native.sql"
done
