//! One report model, one file per format.
//!
//! | format     | for whom                              | module       |
//! |------------|---------------------------------------|--------------|
//! | `text`     | a person at a terminal                | [`text`]     |
//! | `json`     | programs; `docs/report.schema.json`   | [`json`]     |
//! | `junit`    | CI systems that show test results     | [`junit`]    |
//! | `sarif`    | code scanning and SARIF viewers       | [`sarif`]    |
//! | `markdown` | pull requests and tickets             | [`markdown`] |
//! | `github`   | the log of a GitHub Actions step      | [`github`]   |
//! | `tap`      | test harnesses                        | [`tap`]      |
//! | `prometheus` | Prometheus' node exporter           | [`prometheus`] |
//! | `nagios`   | Nagios, Icinga                        | [`nagios`]   |
//! | `html`     | a browser, a printer, an auditor      | [`html`]     |
//!
//! Beside them [`dashboard`] is a page over a restore record, with the look of `html`.
//!
//! Every format shows every verdict and every listed finding, and says so when more were found than are listed.
//! No format believes an open verdict that the report itself does not bear out: [`standing::Standing`] checks
//! that once for all of them, because an empty or contradictory report must not come out green anywhere.

pub mod controls;
pub mod dashboard;
pub mod drilled;
pub mod escape;
mod figure;
pub mod format;
pub mod github;
pub mod html;
pub mod json;
pub mod junit;
pub mod limits;
pub mod markdown;
pub mod model;
pub mod nagios;
pub mod prometheus;
mod redact;
mod render;
pub mod sarif;
pub mod section;
pub mod standing;
pub mod style;
pub mod tap;
pub mod text;
pub mod words;
mod yaml;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod formats_test;

pub use format::{Format, RenderError};
pub use redact::{REDACTED, redact};
pub use render::render;
pub use style::Style;
