//! Where a policy and credentials are read from, as people write it.

use std::path::PathBuf;

/// Where a policy is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicySource {
    /// A parameter of AWS Systems Manager, by name.
    Parameter(String),
    /// An item of the ledger's table, by name.
    Table(String),
    /// A TOML file.
    File(PathBuf),
}

impl PolicySource {
    /// Reads `ssm:NAME`, `table:NAME` or a path.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub fn parse(text: &str) -> Result<PolicySource, String> {
        let text = text.trim();
        if let Some(name) = text.strip_prefix("table:") {
            let is_name = (1..=255).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
            let named = is_name.then(|| PolicySource::Table(name.to_owned()));
            return named.ok_or_else(|| {
                "names no item of the ledger's table; write table:NAME, such as table:budgets, up to 255 characters without blanks"
                    .to_owned()
            });
        }
        match text.strip_prefix("ssm:") {
            Some("") => Err("names no parameter; write ssm:NAME, such as ssm:/zoom-sms-cost-alerts/policy".to_owned()),
            Some(name) => Ok(PolicySource::Parameter(name.to_owned())),
            None if text.is_empty() => {
                Err("is empty; write ssm:NAME, table:NAME or the path of a TOML file".to_owned())
            }
            None => Ok(PolicySource::File(PathBuf::from(text))),
        }
    }
}

/// As it is written.
impl std::fmt::Display for PolicySource {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PolicySource::Parameter(name) => write!(out, "ssm:{name}"),
            PolicySource::Table(name) => write!(out, "table:{name}"),
            PolicySource::File(path) => path.display().fmt(out),
        }
    }
}

/// Where Zoom's credentials are read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// A secret of AWS Secrets Manager, by name or ARN.
    Secret(String),
    /// A SecureString parameter of AWS Systems Manager, by name.
    Parameter(String),
}

impl SecretSource {
    /// Reads the name or ARN of a secret, or `ssm:NAME`. Whoever sets the secret itself in place of its name shall not read it in a log, so
    /// that only the characters of AWS's names are taken.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub fn parse(text: &str) -> Result<SecretSource, String> {
        let consists_of = |name: &str, signs: &str| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || signs.contains(c))
        };
        match text.strip_prefix("ssm:") {
            Some(name) if consists_of(name, "/_.-:") => Ok(SecretSource::Parameter(name.to_owned())),
            Some(_) => Err("names no parameter; write ssm:NAME, such as ssm:/zoom-sms-cost-alerts/zoom".to_owned()),
            None if consists_of(text, "/_+=.@-:!") => Ok(SecretSource::Secret(text.to_owned())),
            None => {
                Err("is no name or ARN of a secret, and no ssm:NAME; give the name, never the secret itself".to_owned())
            }
        }
    }
}

/// As it is written.
impl std::fmt::Display for SecretSource {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SecretSource::Secret(id) => out.write_str(id),
            SecretSource::Parameter(name) => write!(out, "ssm:{name}"),
        }
    }
}
