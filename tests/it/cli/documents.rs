//! The documents say what the program does: commands run, links lead somewhere, samples are valid, and nothing is left out.

use super::{Ended, Environment, cost_alerts, run};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(project().join(path)).unwrap()
}

/// All documents, by their paths from the top of the project.
fn documents() -> Vec<String> {
    let within = |folder: &str| {
        let entries = std::fs::read_dir(project().join(folder)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".md")).map(|name| format!("{folder}{name}")).collect::<Vec<_>>()
    };
    let found = [within("./"), within("docs/")].concat();
    assert!(found.len() > 10, "{found:?}");
    found
}

/// A fenced block: where it stands, what follows its fence (`sh runnable`), and its lines without the indentation of the fence.
struct Block {
    place: String,
    kind: String,
    lines: Vec<String>,
}

/// The fenced blocks of a document, and its lines outside them.
fn parts(path: &str) -> (Vec<Block>, Vec<String>) {
    let (mut blocks, mut prose) = (Vec::new(), Vec::new());
    let mut open: Option<(usize, Block)> = None;
    for (number, line) in read(path).lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (None, Some(kind)) => {
                let place = format!("{path}:{}", number + 1);
                open = Some((indent, Block { place, kind: kind.to_owned(), lines: Vec::new() }));
            }
            (Some(_), Some(_)) => blocks.extend(open.take().map(|(_, block)| block)),
            (Some((indent, block)), None) => block.lines.push(line.get(*indent..).unwrap_or_default().to_owned()),
            (None, None) => prose.push(line.to_owned()),
        }
    }
    assert!(open.is_none(), "{path}: a block has no end");
    (blocks, prose)
}

fn all_blocks(kind: &str) -> Vec<Block> {
    let blocks = documents().into_iter().flat_map(|path| parts(&path).0);
    blocks.filter(|block| block.kind.split(' ').next() == Some(kind)).collect()
}

/// What stands between the two marks, each time.
fn between<'t>(text: &'t str, start: &str, end: &str) -> Vec<&'t str> {
    text.split(start).skip(1).filter_map(|rest| rest.split(end).next()).collect()
}

/// The words in `code` of a text.
fn code_spans(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The name of a heading's anchor, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase().replace(' ', "-");
    kept.chars().filter(|letter| letter.is_alphanumeric() || "-_".contains(*letter)).collect()
}

fn anchors(path: &str) -> Vec<String> {
    let (_, prose) = parts(path);
    prose.iter().filter(|line| line.starts_with('#')).map(|line| anchor(line.trim_start_matches('#'))).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut faults = Vec::new();
    let mut count = 0;
    for path in documents() {
        let (_, prose) = parts(&path);
        let folder = Path::new(&path).parent().unwrap();
        for link in prose.iter().flat_map(|line| between(line, "](", ")")) {
            if link.starts_with("https://") {
                continue;
            }
            count += 1;
            let (file, name) = link.split_once('#').map_or((link, None), |(file, name)| (file, Some(name)));
            let target = if file.is_empty() { PathBuf::from(&path) } else { folder.join(file) };
            let target = target.to_str().unwrap();
            let exists = project().join(target).exists();
            let has_anchor = || name.is_none_or(|name| anchors(target).iter().any(|anchor| anchor == name));
            if !exists || !has_anchor() {
                faults.push(format!("{path}: {link}"));
            }
        }
    }
    assert!(count > 50, "{count} links");
    assert!(faults.is_empty(), "{faults:#?}");
}

#[tokio::test]
async fn every_policy_in_the_documents_is_valid() {
    let blocks = all_blocks("toml");
    assert!(blocks.len() >= 3);
    for block in blocks {
        let mut command = cost_alerts(&["policy", "-", "--json"], &Environment::new());
        let mut checked = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut input = checked.stdin.take().unwrap();
        input.write_all(block.lines.join("\n").as_bytes()).await.unwrap();
        drop(input);
        let checked = checked.wait_with_output().await.unwrap();
        let said: Value = serde_json::from_slice(&checked.stdout).unwrap();
        let faults = said["faults"].as_array().cloned().unwrap_or_default();
        assert!(faults.is_empty(), "{}: {faults:#?}", block.place);
    }
}

/// What a help names, as clap prints it.
struct Help {
    subcommands: Vec<String>,
    options: BTreeSet<String>,
    text: String,
}

async fn help(path: &[&str]) -> Help {
    let ended = run(&[path, &["--help"]].concat(), &Environment::new()).await;
    assert_eq!(ended.code, 0, "{path:?}: {}", ended.err);
    let named = |line: &str| line.strip_prefix("  ").and_then(|rest| rest.split(' ').next().map(str::to_owned));
    let commands =
        ended.out.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let subcommands = commands.filter_map(named).filter(|name| !name.is_empty() && name != "help").collect();
    let options = ended.out.lines().filter(|line| line.starts_with("  ")).filter_map(|line| {
        let line = line.trim_start();
        let line = if line.starts_with("-") && line.get(2..4) == Some(", ") { line.get(4..)? } else { line };
        line.starts_with("--").then(|| line.split([' ', '=', ',']).next().unwrap().to_owned())
    });
    let options = options.filter(|name| name != "--help" && name != "--version").collect();
    Help { subcommands, options, text: ended.out }
}

/// All commands with their help: `policy`, and `policy put`.
async fn commands() -> Vec<(Vec<String>, Help)> {
    let mut found = Vec::new();
    let mut open = vec![Vec::new()];
    while let Some(path) = open.pop() {
        let words: Vec<&str> = path.iter().map(String::as_str).collect();
        let help = help(&words).await;
        open.extend(help.subcommands.iter().map(|name| [path.clone(), vec![name.clone()]].concat()));
        found.push((path, help));
    }
    found
}

#[tokio::test]
async fn every_command_is_in_the_readme_and_every_option_in_the_reference() {
    let (readme, reference) = (read("README.md"), read("docs/reference.md"));
    let commands = commands().await;
    let (_, top) = commands.iter().find(|(path, _)| path.is_empty()).unwrap();
    for name in &top.subcommands {
        assert!(readme.contains(&format!("\n| `cost-alerts {name}` |")), "the README's table has no {name}");
    }
    for option in &top.options {
        assert!(reference.contains(&format!("{option}`")), "the reference has no {option}, which all commands have");
    }
    for (path, help) in commands.iter().filter(|(path, _)| !path.is_empty()) {
        // A command that only has others is described by them.
        let (name, is_group) = (path.join(" "), help.text.contains("<COMMAND>\n") && !help.subcommands.is_empty());
        let is_row = |line: &&str| {
            let rest = line.strip_prefix(&format!("| `cost-alerts {name}"));
            let others =
                help.subcommands.iter().any(|other| rest.is_some_and(|rest| rest.starts_with(&format!(" {other}"))));
            rest.is_some_and(|rest| rest.starts_with([' ', '`'])) && !others
        };
        let Some(row) = reference.lines().find(is_row) else {
            assert!(is_group, "the reference has no row for cost-alerts {name}");
            continue;
        };
        if name == "sandbox" {
            continue; // its switches have a document of their own
        }
        let form = code_spans(row)[0];
        let given = form.split([' ', '[', ']']).filter(|word| word.starts_with("--")).map(str::to_owned);
        let given: BTreeSet<_> = given.collect();
        let known = help.options.difference(&top.options);
        assert_eq!(
            given,
            known.cloned().collect(),
            "the options of cost-alerts {name}, in docs/reference.md and in its help"
        );
    }
}

#[tokio::test]
async fn every_switch_of_the_sandbox_with_each_value_is_in_its_document() {
    let help = help(&["sandbox"]).await;
    let document = read("docs/sandbox.md");
    let words: BTreeSet<&str> = code_spans(&document).into_iter().flat_map(|span| span.split([' ', '@'])).collect();
    let everywhere = self::help(&[]).await.options;
    for option in help.options.difference(&everywhere) {
        assert!(words.contains(option.as_str()), "docs/sandbox.md has no {option}");
    }
    for word in words.iter().filter(|word| word.starts_with("--") && **word != "--help") {
        assert!(help.options.contains(*word), "the sandbox has no {word}");
    }
    // `- inclusive: the end belongs to the range`, and `server-500: HTTP 500` below "Kinds:".
    let named = help.text.lines().filter_map(|line| {
        let (name, _) = line.trim_start().split_once(':')?;
        let indent = line.len() - line.trim_start().len();
        let name = if indent == 12 { name } else { name.strip_prefix("- ")? };
        name.bytes()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-')
            .then_some(name)
    });
    let named: BTreeSet<&str> = named.collect();
    assert!(named.contains("inclusive") && named.contains("silently-short"), "{named:?}");
    for name in named {
        assert!(words.contains(name), "docs/sandbox.md has no {name}");
    }
}

#[test]
fn every_error_code_has_its_entry_and_every_entry_its_code() {
    let source = read("src/error.rs");
    let codes: BTreeSet<&str> = between(&source, "pub enum Code {", "\n}")[0]
        .lines()
        .filter_map(|line| line.trim().strip_suffix(','))
        .collect();
    let operations = read("docs/operations.md");
    let rows = between(&operations, "\n| code |", "\n\n")[0]
        .lines()
        .filter_map(|row| row.strip_prefix("| `")?.split('`').next());
    assert_eq!(rows.collect::<BTreeSet<_>>(), codes);
    assert!(codes.len() > 10);
}

/// The names that stand in quotes in a source file, without its tests: of variables, fields or metrics.
fn quoted(source: &str, is_name: impl Fn(&str) -> bool) -> BTreeSet<&str> {
    let production = source.split("#[cfg(test)]").next().unwrap();
    // What stands between two quotes of different strings is no name.
    production.split('"').filter(|text| is_name(text)).collect()
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[test]
fn every_variable_field_metric_and_key_is_documented() {
    let (reference, operations, policy) =
        (read("docs/reference.md"), read("docs/operations.md"), read("docs/policy.md"));
    let is_variable = |text: &str| {
        text.len() > 3 && is_word(text) && text.to_uppercase() == text && !text.starts_with(char::is_numeric)
    };
    let config = read("src/config.rs");
    let variables = quoted(&config, is_variable);
    assert!(variables.contains("ZOOM_SECRET_ID") && variables.len() > 8, "{variables:?}");
    let request = read("src/request.rs");
    let fields = between(&request, "const FIELDS:", "];")[0];
    let fields = quoted(fields, is_word);
    assert!(fields.contains("as_of") && fields.len() > 9, "{fields:?}");
    for name in variables.iter().chain(&fields) {
        assert!(code_spans(&reference).contains(name), "docs/reference.md has no {name}");
    }

    let telemetry = read("src/telemetry.rs");
    let metrics = between(&telemetry, "let counts = ", "];").into_iter().flat_map(|counts| quoted(counts, is_word));
    let metrics: Vec<_> = metrics.collect();
    assert!(metrics.contains(&"RunCompleted"), "{metrics:?}");
    for name in metrics {
        assert!(code_spans(&operations).contains(&name), "docs/operations.md has no {name}");
    }

    let schema: Value = serde_json::from_str(&read("docs/policy.schema.json")).unwrap();
    let mut keys = BTreeSet::new();
    collect_keys(&schema, &mut keys);
    assert!(keys.contains("min_extra") && keys.contains("time_zone"), "{keys:?}");
    let (blocks, _) = parts("docs/policy.md");
    let samples: Vec<&String> =
        blocks.iter().filter(|block| block.kind == "toml").flat_map(|block| &block.lines).collect();
    let names = |line: &str, key: &str| line == format!("[[{key}]]") || line.split([' ', '=']).next() == Some(key);
    for key in keys {
        let is_in_a_sample = samples.iter().any(|line| names(without_comment(line), &key));
        // In prose with its value: `all = true`.
        let is_in_prose = || code_spans(&policy).iter().any(|span| names(span, &key));
        assert!(is_in_a_sample || is_in_prose(), "docs/policy.md has no {key}");
    }
}

fn collect_keys(schema: &Value, keys: &mut BTreeSet<String>) {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        keys.extend(properties.keys().cloned());
    }
    for inner in schema.as_object().into_iter().flat_map(|object| object.values()) {
        collect_keys(inner, keys);
    }
    for inner in schema.as_array().into_iter().flatten() {
        collect_keys(inner, keys);
    }
}

fn without_comment(line: &str) -> &str {
    line.split(" #").next().unwrap().trim()
}

/// A shell's line in an empty place that has the samples, with the command on the path.
fn in_shell(line: &str, place: &Path) -> tokio::process::Command {
    let programs = Path::new(env!("CARGO_BIN_EXE_cost-alerts")).parent().unwrap();
    let mut command = tokio::process::Command::new("sh");
    command.args(["-c", line]).current_dir(place).env_clear().stdin(Stdio::null()).kill_on_drop(true);
    command.env("PATH", format!("{}:/usr/bin:/bin", programs.display()));
    command
}

#[tokio::test]
async fn every_command_that_is_marked_runnable_runs() {
    let blocks = all_blocks("sh").into_iter().filter(|block| block.kind == "sh runnable");
    let mut count = 0;
    for block in blocks {
        let place = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(project().join("events"), place.path().join("events")).unwrap();
        for line in block.lines.iter().map(|line| without_comment(line)) {
            count += 1;
            if line.starts_with("cost-alerts sandbox") {
                let mut served =
                    in_shell(&format!("exec {line}"), place.path()).stdout(Stdio::piped()).spawn().unwrap();
                let mut said = BufReader::new(served.stdout.take().unwrap()).lines();
                assert!(said.next_line().await.unwrap().is_some(), "{}: {line}", block.place);
                served.kill().await.unwrap();
                continue;
            }
            let ended = Ended::of(in_shell(line, place.path())).await;
            // `check` ends with 3 if a level is reached.
            let is_fine = ended.code == 0 || ended.code == 3 && line.starts_with("cost-alerts check");
            assert!(is_fine, "{}: {line}\nends with {}: {}", block.place, ended.code, ended.err);
        }
    }
    assert!(count >= 6, "{count} lines");
}

/// Those that need an account are read by the command as far as its help: a wrong name or option ends with 2.
#[tokio::test]
async fn every_command_that_is_shown_has_the_options_that_it_is_given() {
    // The changelog names what was.
    let shown = documents().into_iter().filter(|path| !path.ends_with("CHANGELOG.md")).flat_map(|path| {
        let (blocks, prose) = parts(&path);
        let lines = blocks.into_iter().filter(|block| block.kind.starts_with("sh")).flat_map(|block| block.lines);
        let spans = prose.iter().flat_map(|line| code_spans(line)).map(str::to_owned).collect::<Vec<_>>();
        lines.chain(spans).map(move |line| (path.clone(), without_comment(&line).to_owned())).collect::<Vec<_>>()
    });
    let mut seen = BTreeSet::new();
    for (path, line) in shown {
        let line = line.replace("cargo run -- ", "cost-alerts ");
        let Some(rest) = line.strip_prefix("cost-alerts ") else { continue };
        // Forms with alternatives are held by the tests above.
        if rest.contains(['[', '|', '…']) || !seen.insert(line.clone()) {
            continue;
        }
        let words: Vec<&str> = rest.split_whitespace().collect();
        // The command is not run, but clap reads its values.
        let words: Vec<&str> = words
            .into_iter()
            .map(|word| match word {
                "ID" => "6228f9c63a09",
                "SHELL" => "bash",
                word => word,
            })
            .collect();
        let ended = run(&[&words[..], &["--help"]].concat(), &Environment::new()).await;
        assert_eq!(ended.code, 0, "{path}: {line}: {}", ended.err);
    }
    assert!(seen.len() > 15, "{seen:?}");
}

/// Its parts, between lines of dots, are what the command shows of the sample account, in that order.
#[tokio::test]
async fn the_mail_in_the_readme_is_a_real_one() {
    let (blocks, _) = parts("README.md");
    let mail = blocks.iter().find(|block| block.kind == "text").unwrap().lines.join("\n");
    let arguments = ["check", "--source", "demo", "--policy", "events/policy.toml", "--messages"];
    let mut command = cost_alerts(&arguments, &Environment::new());
    let shown = Ended::of({
        command.current_dir(project());
        command
    });
    let shown = shown.await.out;
    let mut rest = shown.as_str();
    for part in mail.split("\n...").map(str::trim).filter(|part| !part.is_empty()) {
        let Some((_, after)) = rest.split_once(part) else {
            panic!("no longer in the mail:\n{part}\n\nthe mail is now:\n{shown}")
        };
        rest = after;
    }
}

/// The README is read in five minutes; what it does not need is in docs/.
#[test]
fn the_readme_is_short() {
    assert!(read("README.md").lines().count() <= 130);
}
