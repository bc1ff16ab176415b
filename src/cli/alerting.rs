//! Telling people what a run found. It changes no verdict: what cannot be delivered is said, and sent again by the next run.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::settings::{Channel, Profile, Target};
use super::shared::Ready;
use super::terminal::Talk;
use crate::alert::{Due, Route, Situation, State, due, payload, unrouted};
use crate::policy::SourceAddress;
use crate::probe::deliver;
use crate::probe::http::{Post, origin, post};
use crate::record::FILE;
use crate::report::model::Report;
use crate::verdict::ExitStatus;

/// Longest that all alerts of a run may take. A run's report does not wait for longer.
const ALL: Duration = Duration::from_secs(30);

/// Longest that one attempt may take.
const LIMIT: Duration = Duration::from_secs(10);

/// An attempt with less time than this is not worth making.
const LEAST: Duration = Duration::from_secs(1);

/// What is done with alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Alerting {
    /// Send them
    Send,
    /// Print on standard error what would be sent, and send nothing
    Show,
}

/// Alerts of a run, if there are to be any.
pub(super) struct Alerts<'a> {
    how: Alerting,
    profile: &'a Profile,
    state: Option<PathBuf>,
}

impl<'a> Alerts<'a> {
    /// Whether everything is there that is needed to tell somebody; said before anything is looked at.
    pub(super) fn prepare(
        how: Option<Alerting>,
        ready: &'a Ready,
        record: Option<&Path>,
        talk: &Talk,
    ) -> Result<Option<Self>, ExitStatus> {
        let gates: Vec<&str> = ready.policy.gates.iter().map(|gate| gate.id.as_str()).collect();
        let checks: Vec<&str> = ready.policy.checks.iter().map(|check| check.id.as_str()).collect();
        let Some(profile) = &ready.profile else {
            return match how {
                Some(_) => Err(talk.stop("`--alert` needs a profile with routes; see docs/alerts.md")),
                None => Ok(None),
            };
        };
        for Channel { route, .. } in &profile.routes {
            route.gates.iter().try_for_each(|name| profile.knows(("gate", name), &gates, talk))?;
            route.checks.iter().try_for_each(|name| profile.knows(("check", name), &checks, talk))?;
        }
        let Some(how) = how else { return Ok(None) };
        if profile.routes.is_empty() {
            return Err(talk.stop(&format!("`--alert`: {} has no routes", profile.place())));
        }
        let state = profile.alert_state.clone().or_else(|| record.map(|folder| folder.join("alerts.json")));
        if state.as_ref().is_some_and(|path| path.file_name().is_some_and(|name| name == FILE)) {
            return Err(talk.stop(&format!("{}: `alert_state` is a record", profile.place())));
        }
        let late = profile.routes.iter().find(|c| c.route.after.is_some() && state.is_none());
        if let Some(late) = late {
            return Err(talk.stop(&format!(
                "{}: route `{}` has `after`, so something must keep since when; give `alert_state` or `--record`",
                profile.place(),
                late.route.name
            )));
        }
        Ok(Some(Self { how, profile, state }))
    }

    /// Tells everybody, and returns what a report has to say of it.
    pub(super) fn tell(
        &self,
        report: &Report,
        tenant: Option<&str>,
        runtime: &tokio::runtime::Runtime,
        talk: &Talk,
    ) -> Vec<String> {
        if report.run.replayed {
            return vec!["nobody was alerted: kept facts tell of another time".to_owned()];
        }
        let mut notes = Vec::new();
        let mut say = |note: String, wrong: bool| {
            if wrong {
                talk.say(&format!("error: {note}"));
            }
            notes.push(note);
        };
        let (mut state, lost) = self.before();
        if let Some(why) = lost {
            say(format!("what was alerted earlier is not known, so it is alerted again: {why}"), true);
        }
        let now = jiff::Timestamp::now();
        let at = Situation { profile: &self.profile.name, tenant, now };
        let routes: Vec<Route> = self.profile.routes.iter().map(|channel| channel.route.clone()).collect();
        let lost = unrouted(report, &routes);
        if lost > 0 {
            say(format!("{lost} of what does not hold is told to nobody: no route is for it"), false);
        }
        let all = due(report, &routes, &mut state, at);
        let over = Instant::now() + ALL;
        let mut left = u32::try_from(all.len()).unwrap_or(u32::MAX);
        for Due { route, alerts, told } in all {
            // Each gets its share of what is left, so that one that hangs keeps nobody else from being told.
            let share = over.saturating_duration_since(Instant::now()) / left.max(1);
            left = left.saturating_sub(1);
            let Some(channel) = self.profile.routes.iter().find(|one| one.route.name == route.name) else {
                continue;
            };
            let body = payload(route, report, tenant, &alerts, now);
            let (name, number) = (&route.name, alerts.len());
            if self.how == Alerting::Show {
                talk.say(&format!("would be sent to `{name}`: {body:#}"));
                continue;
            }
            match runtime.block_on(send(channel, &body.to_string(), share)) {
                Ok(()) => {
                    say(format!("{number} alerted by route `{name}`"), false);
                    state.delivered(told, now);
                }
                Err(why) => say(format!("{number} NOT alerted: route `{name}` failed: {why}"), true),
            }
        }
        if self.how == Alerting::Show {
            return vec!["nobody was alerted: alerts were only shown".to_owned()];
        }
        if let Err(why) = self.keep(&state) {
            say(format!("what was alerted cannot be kept, so it is alerted again: {why}"), true);
        }
        notes
    }

    /// What was told earlier. What cannot be read keeps nobody from being told.
    fn before(&self) -> (State, Option<String>) {
        let Some(path) = &self.state else { return (State::default(), None) };
        let shown = path.display();
        match std::fs::read_to_string(path) {
            Ok(text) => match State::read(&text) {
                Ok(state) => (state, None),
                Err(why) => (State::default(), Some(format!("`{shown}`: {why}"))),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => (State::default(), None),
            Err(error) => (State::default(), Some(format!("`{shown}` cannot be read: {error}"))),
        }
    }

    fn keep(&self, state: &State) -> Result<(), String> {
        let Some(path) = &self.state else { return Ok(()) };
        let text = serde_json::to_string_pretty(state).map_err(|error| error.to_string())?;
        super::outfile::write(path, &text)
            .map_err(|error| format!("`{}` cannot be written: {error}", path.display()))
    }
}

/// Sends to one route, with all attempts that it may make and that its time admits. The first is always made.
async fn send(channel: &Channel, body: &str, share: Duration) -> Result<(), String> {
    let over = Instant::now() + share;
    let left = || over.saturating_duration_since(Instant::now());
    let mut wait = Duration::try_from(channel.wait).unwrap_or(ALL);
    let mut attempt = 1;
    loop {
        let (why, again, asked) = match once(&channel.target, body, LIMIT.min(left().max(LEAST))).await {
            Ok(()) => return Ok(()),
            Err(failed) => failed,
        };
        let pause = asked.unwrap_or(wait);
        let late = pause.saturating_add(LEAST) > left();
        if !again || late || attempt >= channel.attempts {
            let times = if attempt == 1 { "1 attempt".to_owned() } else { format!("{attempt} attempts") };
            let short = if again && late && attempt < channel.attempts {
                ", and there is no time for another in this run"
            } else {
                ""
            };
            return Err(format!("{why}, after {times}{short}"));
        }
        tokio::time::sleep(pause).await;
        wait = wait.saturating_mul(2);
        attempt += 1;
    }
}

/// Why an attempt failed, whether another is worth it, and how long the other side wants to be left alone.
type Failed = (String, bool, Option<Duration>);

async fn once(target: &Target, body: &str, limit: Duration) -> Result<(), Failed> {
    match target {
        Target::Command(words) => deliver::command(words, body, limit).map_err(|why| (why, true, None)),
        Target::Webhook { url, headers, private } => {
            let never = |why| (why, false, None);
            let address = secret(url).map_err(never)?;
            let mut sent = Vec::new();
            for (name, from) in headers {
                sent.push((
                    name.clone(),
                    secret(from).map_err(|why| (format!("header `{name}`: {why}"), false, None))?,
                ));
            }
            let ask = Post { address: &address, headers: &sent, body, private: *private, limit };
            post(&ask).await.map_err(|failed| {
                (format!("{}: {}", origin(&address), failed.why), failed.again, failed.wait)
            })
        }
    }
}

/// A text that the settings only say where to find.
fn secret(from: &SourceAddress) -> Result<String, String> {
    let text = match from {
        SourceAddress::Env(name) => std::env::var(name).map_err(|_| format!("`{name}` is not set")),
        SourceAddress::File(path) => {
            std::fs::read_to_string(path).map_err(|error| format!("`{path}` cannot be read: {error}"))
        }
        SourceAddress::Literal(text) => Ok(text.clone()),
        SourceAddress::Default => Err("there is no address".to_owned()),
    }?;
    Ok(text.trim().to_owned())
}
