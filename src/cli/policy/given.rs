//! The policy that a command is given by its name, or without one.

use super::{parameters, render};
use crate::cli::fault::Fault;
use crate::cli::source::Place;
use crate::cli::{complain, demo, variable};
use crate::clients::parameters::ParameterError;
use crate::config::PolicySource;
use crate::domain::policy::Policy;
use crate::error::{Code, RunError};
use crate::run;

/// The policy of this name, of the sample account if it is that one's; `None` if its faults were shown.
pub(in crate::cli) async fn given(name: Option<&str>, place: &Place, json: bool) -> Result<Option<Policy>, Fault> {
    place.look()?;
    let Some(name) = name.or((*place != Place::Demo).then_some("policy.toml")) else {
        let policy = Policy::parse(demo::POLICY);
        return policy
            .map(Some)
            .map_err(|faults| RunError::new(Code::Internal, format!("the sample policy: {faults}")).into());
    };
    let source = place_of(name)?;
    if !is_sound(name, &source, json)? {
        return Ok(None);
    }
    Ok(Some(run::policy(&parameters(&source).await, &source).await?))
}

/// Where a policy of this name is.
pub(in crate::cli) fn place_of(name: &str) -> Result<PolicySource, Fault> {
    PolicySource::parse(name).map_err(|problem| Fault::wrong_use(format!("the policy {name:?} {problem}")))
}

/// Whether a policy in a file is valid; if not, its faults are shown where they are. In JSON, and for what is no file, reading it says so.
pub(in crate::cli) fn is_sound(name: &str, source: &PolicySource, json: bool) -> Result<bool, Fault> {
    if let (PolicySource::Table(name), None) = (source, variable("LEDGER_TABLE")) {
        let missing = ParameterError::NoTable(name.clone());
        let error = RunError::new(Code::ConfigInvalid, format!("environment: {missing}"));
        return Err(Fault::used_wrongly(error));
    }
    let PolicySource::File(path) = source else { return Ok(true) };
    let document = std::fs::read_to_string(path).map_err(|error| {
        let message = format!("the policy {name:?} cannot be read: {error}; give a TOML file with --policy, or make one: cost-alerts init --out policy.toml");
        Fault::used_wrongly(RunError::new(Code::PolicyInvalid, message))
    })?;
    match Policy::parse(&document) {
        Err(faults) if !json => {
            complain(&render(name, &document, &faults));
            Ok(false)
        }
        _ => Ok(true),
    }
}
