//! What stands around the checks and has no place in JUnit, as properties of the suite named for the policy.

use quick_junit::Property;

use super::xml::property;
use crate::report::drilled;
use crate::report::model::Report;
use crate::report::words;

/// What stands around the checks, one property each.
pub(super) fn properties(report: &Report) -> Vec<Property> {
    let mut out = Vec::new();
    let mut add = |name: String, value: String| out.push(property(&name, &value));
    for parameter in &report.run.parameters {
        add(format!("parameter.{}", parameter.name), parameter.value.clone());
    }
    for objective in &report.objectives {
        let actual = if objective.actual.is_empty() { "not measured" } else { &objective.actual };
        let word = objective.verdict.word();
        let (target, measures) = (&objective.target, &objective.measures);
        let value = format!("{word}: target {target}, actual {actual} ({measures}): {}", objective.reason);
        add(format!("objective.{}", objective.name), value);
        for figure in &objective.beside {
            add(format!("objective.{}.beside", objective.name), words::beside(figure));
        }
    }
    if let Some(drill) = &report.drill {
        for phase in &drill.phases {
            add(format!("drill.phase.{}", phase.name), drilled::phase(phase.took_ms, &phase.expected));
        }
        for (name, value) in drilled::facts(drill) {
            add(format!("drill.{name}"), value);
        }
    }
    for control in &report.controls {
        let value = format!("{}: {}", control.verdict.word(), control.checks.join(", "));
        add(format!("control.{}", control.id), value);
    }
    for waiver in &report.waivers {
        let (state, _) = words::waiver_state(waiver.state);
        let value = format!("{state}: until {}, {}: {}", waiver.until, waiver.owner, waiver.reason);
        add(format!("waiver.{}", waiver.check), value);
    }
    for source in &report.sources {
        let reached = if source.reached { "reached" } else { "not reached" };
        add(format!("source.{}", source.name), format!("{reached}: {} {}", source.kind, source.address));
        for fact in &source.facts {
            add(format!("source.{}.{}", source.name, fact.name), fact.value.clone());
        }
        for note in &source.notes {
            add(format!("source.{}.note", source.name), note.clone());
        }
    }
    for note in &report.notes {
        add("note".to_string(), note.clone());
    }
    out
}
