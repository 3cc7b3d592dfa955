use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate};

use super::{Command, Ending, help, say};

/// Print completions for a shell
///
/// The shell completes subcommands, options and their values once it has read them.
#[derive(Args)]
#[command(after_long_help = help::COMPLETIONS)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self) -> Ending {
        let mut text = Vec::new();
        generate(self.shell, &mut Command::command(), "cost-alerts", &mut text);
        say(String::from_utf8_lossy(&text).trim_end());
        Ending::Fine
    }
}
