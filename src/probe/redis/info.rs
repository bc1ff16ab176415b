//! What a server of Redis or Valkey says of itself in `INFO`: `genRedisInfoString` in `server.c`.

use std::collections::BTreeMap;

/// The fields of `INFO`, and the sections that there were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::probe) struct Info {
    fields: BTreeMap<String, String>,
    sections: Vec<String>,
}

impl Info {
    /// Reads what was sent. A name that stands twice could mean either.
    ///
    /// # Errors
    /// A line that is no field.
    pub(in crate::probe) fn read(text: &str) -> Result<Self, String> {
        let mut info = Self::default();
        for line in text.split("\r\n").filter(|line| !line.is_empty()) {
            if let Some(section) = line.strip_prefix('#') {
                info.sections.push(section.trim().to_ascii_lowercase());
                continue;
            }
            let (name, value) = line.split_once(':').ok_or("sent a line of INFO that is no field")?;
            if info.fields.insert(name.to_owned(), value.to_owned()).is_some() {
                return Err(format!("sent `{}` twice in INFO", name.escape_debug()));
            }
        }
        Ok(info)
    }

    /// A field.
    ///
    /// # Errors
    /// There is none of this name.
    pub(in crate::probe) fn text(&self, name: &str) -> Result<&str, String> {
        let found = self.fields.get(name).map(String::as_str).filter(|value| !value.is_empty());
        found.ok_or_else(|| format!("the server does not say `{name}`"))
    }

    /// A field that is a whole number, not below zero.
    ///
    /// # Errors
    /// It is not said, or is something else.
    pub(in crate::probe) fn number(&self, name: &str) -> Result<u64, String> {
        let text = self.text(name)?;
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| digits).ok_or_else(|| no(name, text, "no number"))
    }

    /// A field that is one of two words.
    ///
    /// # Errors
    /// It is not said, or is something else.
    pub(in crate::probe) fn either(&self, name: &str, yes: &str, not: &str) -> Result<bool, String> {
        match self.text(name)? {
            said if said == yes => Ok(true),
            said if said == not => Ok(false),
            said => Err(no(name, said, &format!("neither `{yes}` nor `{not}`"))),
        }
    }

    /// Keys in all databases. Those without keys are not listed.
    ///
    /// # Errors
    /// Databases are not listed at all, or not so that they could be read.
    pub(in crate::probe) fn keys(&self) -> Result<u64, String> {
        if !self.sections.iter().any(|section| section == "keyspace") {
            return Err("the server does not say how many keys it has".to_owned());
        }
        let numbered = |name: &&String| {
            name.strip_prefix("db").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        };
        let mut keys = 0_u64;
        for name in self.fields.keys().filter(numbered) {
            let said = self.text(name)?;
            let of = said.split(',').find_map(|part| part.strip_prefix("keys=")).and_then(|n| n.parse().ok());
            let more: u64 = of.ok_or_else(|| no(name, said, "no number of keys"))?;
            keys = keys.checked_add(more).ok_or_else(|| no(name, said, "too large"))?;
        }
        Ok(keys)
    }

    /// When the server was started, by its own clock, and what that says now; both in seconds.
    ///
    /// # Errors
    /// One of them is not said.
    pub(in crate::probe) fn clock(&self) -> Result<(u64, u64), String> {
        let now = self.number("server_time_usec")? / 1_000_000;
        let up = self.number("uptime_in_seconds")?;
        let started = now.checked_sub(up).ok_or("the server says that it runs for longer than its clock")?;
        Ok((started, now))
    }

    /// When a snapshot was last saved, in seconds. A server that was just started gives its start instead.
    ///
    /// # Errors
    /// Nothing was saved since, or that is not said.
    pub(in crate::probe) fn saved(&self) -> Result<u64, String> {
        let saved = self.number("rdb_last_save_time")?;
        let (started, now) = self.clock()?;
        if saved > now.saturating_add(1) {
            return Err("the server's last save is in the future of its own clock".to_owned());
        }
        // Both are cut to seconds, one of them twice.
        if saved <= started.saturating_add(1) {
            return Err("the server has saved no snapshot since it was started".to_owned());
        }
        Ok(saved)
    }
}

fn no(name: &str, said: &str, what: &str) -> String {
    let said: String = said.chars().take(80).collect();
    format!("the server says `{name}:{}`, which is {what}", said.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Server\r\nredis_version:7.0.15\r\nserver_time_usec:1700000100000000\r\nuptime_in_seconds:90\r\n\r\n\
        # Persistence\r\nrdb_last_save_time:1700000050\r\nrdb_last_bgsave_status:ok\r\n\r\n# Keyspace\r\n\
        db0:keys=3,expires=0,avg_ttl=0\r\ndb12:keys=4,expires=1,avg_ttl=5\r\n";

    #[test]
    fn fields() {
        let info = Info::read(TEXT).unwrap();
        assert_eq!((info.keys(), info.clock()), (Ok(7), Ok((1_700_000_010, 1_700_000_100))));
        assert_eq!(info.saved(), Ok(1_700_000_050));
        assert_eq!(info.either("rdb_last_bgsave_status", "ok", "err"), Ok(true));
        assert!(info.number("redis_version").unwrap_err().contains("no number"));
        assert!(info.text("role").unwrap_err().contains("does not say `role`"));
        assert!(info.either("redis_version", "ok", "err").is_err());
    }

    #[test]
    fn what_is_not_said_is_not_zero() {
        let without = |from: &str, to: &str| Info::read(&TEXT.replace(from, to)).unwrap();
        assert!(without("# Keyspace\r\n", "").keys().is_err());
        assert!(without("keys=3,", "").keys().is_err());
        assert!(without("rdb_last_save_time:1700000050", "rdb_last_save_time:1700000011").saved().is_err());
        assert!(without("rdb_last_save_time:1700000050", "rdb_last_save_time:1800000000").saved().is_err());
        assert!(without("uptime_in_seconds:90", "uptime_in_seconds:9999999999").saved().is_err());
        assert!(without("uptime_in_seconds:90\r\n", "").saved().is_err());
        assert!(Info::read("a:1\r\na:2\r\n").is_err() && Info::read("nothing").is_err());
    }
}
