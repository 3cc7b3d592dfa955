use std::io::{BufRead as _, IsTerminal as _};

use clap::{Args, Subcommand};
use console::Term;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use tokio::sync::oneshot;

use super::source::secret_of_environment;
use super::{Ending, complain, failed, help, say, show, variable};
use crate::clients::secrets::{Secrets, named};
use crate::clients::zoom::Zoom;
use crate::clients::{Credentials, Deadline, sdk_config};
use crate::config::{SecretSource, ZoomConfig};
use crate::error::{Code, RunError};

/// Put Zoom's credentials where the deployment reads them
#[derive(Args)]
pub(super) struct SecretCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    Put(Put),
}

impl SecretCommand {
    pub(super) async fn run(&self) -> Ending {
        let Action::Put(put) = &self.action;
        match put.put().await {
            Ok(()) => Ending::Fine,
            Err(error) => failed(&error, put.json),
        }
    }
}

/// Ask for Zoom's credentials, try them, and put them where the deployment reads them
///
/// Asks for account id, client id and client secret of the Server-to-Server OAuth app, shows none of them, and writes nothing to disk.
/// Zoom must give a token for them before they are put. Where standard input is no terminal, its first three lines are read in that order.
/// A secret must be there; a parameter is made, as SecureString, if there is none. AWS keeps the value before this one: of a secret as
/// AWSPREVIOUS, of a parameter in its history.
#[derive(Args)]
#[command(after_long_help = help::SECRET_PUT)]
struct Put {
    /// Name or ARN of the secret in AWS Secrets Manager, or ssm:NAME [default: the variable ZOOM_SECRET_ID]
    #[arg(long, value_name = "ID", value_parser = SecretSource::parse)]
    secret_id: Option<SecretSource>,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// What is asked for, in the order of the lines of a pipe.
const ASKED: [&str; 3] = ["Zoom account id", "Client id", "Client secret"];

impl Put {
    async fn put(&self) -> Result<(), RunError> {
        let missing = || {
            let fix = "set it to the secret's name or ARN or to ssm:NAME, or give --secret-id";
            RunError::new(Code::ConfigInvalid, format!("environment: ZOOM_SECRET_ID is missing ({fix})"))
        };
        let id = self.secret_id.clone().map(Ok).or_else(secret_of_environment).ok_or_else(missing)??;
        let config = ZoomConfig::read(variable)?;
        let credentials = credentials(given().await?)?;
        let spinner = show::spinner("trying the credentials at Zoom");
        let zoom = Zoom::new(config).map_err(|error| RunError::new(Code::Internal, error.to_string()))?;
        let authorized = zoom.authorize(&credentials, Deadline::never()).await;
        authorized.map_err(|error| RunError::new(error.code(), format!("{error}; nothing was put")))?;
        spinner.set_message("putting them where the deployment reads them");
        let put = Secrets::aws(&sdk_config().await).put(&id, &credentials).await;
        spinner.finish_and_clear();
        put.map_err(|error| RunError::new(Code::SecretUnreadable, error.to_string()))?;
        let account = &credentials.account_id;
        if self.json {
            say(&json!({"put": true, "secret_id": id.to_string(), "account_id": account}).to_string());
        } else {
            say(&format!(
                "Zoom gave a token for account {account}, and {} holds its credentials now. The next run reads them.",
                named(&id)
            ));
        }
        Ok(())
    }
}

/// The three texts, as they were given.
async fn given() -> Result<[SecretString; 3], RunError> {
    let wrong = |problem: String| RunError::new(Code::ConfigInvalid, format!("{problem}; nothing was put"));
    if !std::io::stdin().is_terminal() {
        let mut lines = std::io::stdin().lock().lines();
        let mut line = |what: &str| {
            let line = lines.next().transpose().map_err(|error| format!("standard input cannot be read: {error}"))?;
            line.map(SecretString::from)
                .ok_or_else(|| format!("standard input ended before the line with the {}", what.to_lowercase()))
        };
        let [account, client, secret] = ASKED;
        let mut three = || Ok::<_, String>([line(account)?, line(client)?, line(secret)?]);
        return three().map_err(wrong);
    }
    if !Term::stderr().is_term() {
        return Err(wrong("standard error is no terminal to ask on".to_owned()));
    }
    complain(
        "Of Zoom's app (marketplace.zoom.us, Manage, the app, App Credentials). What you type or paste is not shown.",
    );
    let [account, client, secret] = ASKED;
    Ok([asked(account).await?, asked(client).await?, asked(secret).await?])
}

/// Asks on the terminal, which shows nothing of the answer; one that would show it is not asked.
async fn asked(what: &'static str) -> Result<SecretString, RunError> {
    let fault = |problem: String| RunError::new(Code::ConfigInvalid, format!("{problem}; nothing was put"));
    let echo = Echo::now();
    let (send, answer) = oneshot::channel();
    // A thread of its own, which nobody waits for when the question is broken off.
    std::thread::spawn(move || {
        let term = Term::stderr();
        let read = term.write_str(&format!("{what}: ")).and_then(|()| term.read_secure_line());
        _ = send.send(read.map(SecretString::from));
    });
    tokio::select! {
        answer = answer => match answer {
            Ok(Ok(text)) => Ok(text),
            Ok(Err(error)) => Err(fault(format!("the terminal cannot be kept from showing what is typed: {error}"))),
            Err(_) => Err(fault("the terminal gave no answer".to_owned())),
        },
        _ = tokio::signal::ctrl_c() => {
            echo.restore();
            complain("");
            Err(fault("broken off".to_owned()))
        }
    }
}

fn credentials(given: [SecretString; 3]) -> Result<Credentials, RunError> {
    for (what, text) in ASKED.into_iter().zip(&given) {
        if text.expose_secret().trim().is_empty() {
            let message = format!("the {} is empty; nothing was put", what.to_lowercase());
            return Err(RunError::new(Code::ConfigInvalid, message));
        }
    }
    let [account_id, client_id, client_secret] = given.map(|text| text.expose_secret().trim().to_owned());
    Ok(Credentials { account_id, client_id, client_secret: SecretString::from(client_secret) })
}

/// How the terminal was before a question.
struct Echo {
    #[cfg(unix)]
    before: Option<rustix::termios::Termios>,
}

impl Echo {
    fn now() -> Echo {
        Echo {
            #[cfg(unix)]
            before: rustix::termios::tcgetattr(std::io::stdin()).ok(),
        }
    }

    fn restore(self) {
        #[cfg(unix)]
        if let Some(before) = self.before {
            let now = rustix::termios::OptionalActions::Now;
            _ = rustix::termios::tcsetattr(std::io::stdin(), now, &before);
        }
    }
}
