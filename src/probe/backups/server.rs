//! A server of Redis or Valkey as a source.

use super::{number, other, size, text};
use crate::facts::Failure;
use crate::policy::facts::Fact;
use crate::probe::redis::{self, Info};
use crate::probe::tells::{Tells, Told};
use crate::value::Value;

/// A server that has said what it says of itself.
#[derive(Debug)]
pub(in crate::probe) struct Server(Info);

/// Asks the server at an address.
///
/// # Errors
/// Why it could not be asked.
pub(in crate::probe) fn server(address: &str, private: bool) -> Result<Server, Failure> {
    redis::ask(address, private).map(Server)
}

/// Seconds as a value.
fn seconds(seconds: u64) -> Result<Value, String> {
    let micros = i64::try_from(seconds).ok().and_then(|seconds| seconds.checked_mul(1_000_000));
    micros
        .map(Value::Duration)
        .ok_or_else(|| format!("{seconds} seconds are longer than can be reckoned with"))
}

impl Server {
    fn value(&self, fact: &str) -> Result<Option<Value>, String> {
        let info = &self.0;
        let replica = || match info.text("role")? {
            "slave" => Ok(()),
            role => Err(format!("the server is no replica, but `{}`", role.escape_debug())),
        };
        Ok(Some(match fact {
            "age" => {
                let (_, now) = info.clock()?;
                // Up to a second is lost on either side.
                seconds(now.saturating_sub(info.saved()?).saturating_add(1))?
            }
            "role" => Value::Text(info.text("role")?.to_owned()),
            "save_ok" => {
                let said = info.either("rdb_last_bgsave_status", "ok", "err")?;
                // A server says `ok` before it has saved anything.
                if said {
                    info.saved()?;
                }
                Value::Bool(said)
            }
            "changes" => number(info.number("rdb_changes_since_last_save")?),
            "loading" => Value::Bool(info.either("loading", "1", "0")?),
            "aof" => Value::Bool(info.either("aof_enabled", "1", "0")?),
            "aof_ok" if !info.either("aof_enabled", "1", "0")? => {
                return Err("the server writes no append-only file".to_owned());
            }
            "aof_ok" => {
                let written = info.either("aof_last_write_status", "ok", "err")?;
                Value::Bool(written && info.either("aof_last_bgrewrite_status", "ok", "err")?)
            }
            "memory" => size(info.number("used_memory")?),
            "memory_limit" => match info.number("maxmemory")? {
                0 => return Err("the server has no limit of memory".to_owned()),
                limit => size(limit),
            },
            "keys" => number(info.keys()?),
            "replicas" => number(info.number("connected_slaves")?),
            "replication_linked" => {
                replica()?;
                Value::Bool(info.either("master_link_status", "up", "down")?)
            }
            "replication_lag" => {
                replica()?;
                if !info.either("master_link_status", "up", "down")? {
                    return Err("the replica is not connected to its primary".to_owned());
                }
                seconds(info.number("master_last_io_seconds_ago")?.saturating_add(1))?
            }
            "uptime" => seconds(info.number("uptime_in_seconds")?)?,
            _ => return Ok(None),
        }))
    }

    fn version(&self) -> Option<&str> {
        ["valkey_version", "redis_version"].iter().find_map(|name| self.0.text(name).ok())
    }
}

impl Tells for Server {
    fn fact(&self, fact: &Fact, _: Option<&str>) -> Result<Told, Failure> {
        if fact.name == "server_version" {
            return text(self.version(), "the server's version");
        }
        let value = self.value(fact.name).map_err(other)?;
        value.map(Told::plain).ok_or_else(|| {
            other(format!("a server does not say `{}`; name the file of its snapshot", fact.name))
        })
    }

    fn identity(&self) -> Vec<(String, String)> {
        let role = self.0.text("role").ok();
        let says = [("server_version", self.version()), ("role", role)];
        says.into_iter().filter_map(|(name, said)| Some((name.to_owned(), said?.to_owned()))).collect()
    }

    fn inspect(&self, _: &crate::plan::Inspection) -> Result<crate::facts::Observed, Failure> {
        Err(other("a server has no checksum over its data; name the file of its snapshot"))
    }
}
