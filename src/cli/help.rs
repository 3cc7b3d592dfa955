//! What the long help says beyond the options: variables, exit codes and examples.

macro_rules! zoom_variables {
    () => {
        "  ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET
                             the Zoom app's credentials, if --secret-id is not given
  ZOOM_API_URL               default https://api.zoom.us/v2
  ZOOM_TOKEN_URL             default https://zoom.us/oauth/token
  ZOOM_REQUESTS_PER_SECOND   default 4
"
    };
}

macro_rules! function_variables {
    () => {
        "  ZOOM_SECRET_ID             name or ARN of the secret with Zoom's credentials, or ssm:NAME
  ALERT_TOPIC_ARN            the SNS topic of the receiver default
  LEDGER_TABLE               the DynamoDB table
  POLICY                     ssm:NAME, table:NAME or a path
  ZOOM_API_URL, ZOOM_TOKEN_URL, ZOOM_REQUESTS_PER_SECOND
  FULL_READ_HOURS, LATE_READ_HOURS
                             as the function has them
"
    };
}

macro_rules! table_variables {
    () => {
        "  LEDGER_TABLE               the table that --source table and table:NAME read
  ZOOM_SECRET_ID             tells the account, if ZOOM_ACCOUNT_ID does not
"
    };
}

macro_rules! aws_variables {
    () => {
        "  AWS_PROFILE, AWS_REGION, … as the AWS CLI reads them, where AWS is asked
"
    };
}

macro_rules! terminal_variables {
    () => {
        "  NO_COLOR, COLUMNS, LC_ALL  no colours; how wide; plain signs without UTF-8
"
    };
}

macro_rules! exit_codes {
    ($fine:literal) => {
        concat!(
            "
Exit codes:
  0  ",
            $fine,
            "
  1  the job failed
  2  used wrongly, missing variables and files too
"
        )
    };
}

pub(super) const GENERAL: &str = "\
Exit codes: 0 fine, 1 the job failed, 2 used wrongly (missing variables too), 3 (check) a budget's level is reached.
`cost-alerts COMMAND --help` names the variables that a command reads, and has examples.";

pub(super) const CHECK: &str = concat!(
    "Variables:\n",
    zoom_variables!(),
    table_variables!(),
    aws_variables!(),
    terminal_variables!(),
    exit_codes!("no level is reached"),
    "  3  a budget's level is reached

Examples:
  cost-alerts check --policy policy.toml
  cost-alerts check --policy ssm:/alerts/policy --secret-id alerts --messages
  cost-alerts check --source demo
  cost-alerts check --json | jq '.budgets[] | select(.state == \"over\")'"
);

pub(super) const INIT: &str = concat!(
    "Variables:\n",
    zoom_variables!(),
    table_variables!(),
    aws_variables!(),
    terminal_variables!(),
    exit_codes!("a policy is written"),
    "
Examples:
  cost-alerts init --time-zone America/New_York > policy.toml
  cost-alerts init --alerts-a-year 50 --out policy.toml
  cost-alerts init --source demo"
);

pub(super) const REPLAY: &str = concat!(
    "Variables:\n",
    zoom_variables!(),
    table_variables!(),
    aws_variables!(),
    terminal_variables!(),
    exit_codes!("the past was replayed"),
    "
Examples:
  cost-alerts replay --policy policy.toml
  cost-alerts replay --policy new.toml --against old.toml --since 2026-06 --list
  cost-alerts replay --source table --policy ssm:/zoom-sms-cost-alerts/policy
  cost-alerts replay --source demo"
);

pub(super) const REPORT: &str = concat!(
    "Variables:\n",
    zoom_variables!(),
    table_variables!(),
    aws_variables!(),
    exit_codes!("the page is written, over budget too"),
    "
Examples:
  cost-alerts report --policy policy.toml
  cost-alerts report --source table --policy ssm:/zoom-sms-cost-alerts/policy --out november.html
  cost-alerts report --source demo"
);

pub(super) const EXPORT: &str = concat!(
    "Variables:\n",
    zoom_variables!(),
    table_variables!(),
    aws_variables!(),
    exit_codes!("the rows are written, without days that are not known"),
    "
Examples:
  cost-alerts export --format csv --time-zone America/New_York --out sms.csv
  cost-alerts export --format csv --source demo --since 2026-10
  LEDGER_TABLE=ledger cost-alerts export --format focus --source table --out focus.csv"
);

pub(super) const BACKFILL: &str = concat!(
    "Variables:\n",
    function_variables!(),
    aws_variables!(),
    exit_codes!("all is loaded"),
    "     (1 also if some is missing: run it again tomorrow)

Example:
  AWS_PROFILE=production cost-alerts backfill"
);

pub(super) const DOCTOR: &str = concat!(
    "Variables:\n",
    function_variables!(),
    aws_variables!(),
    exit_codes!("fine, or worth a look"),
    "
Examples:
  AWS_PROFILE=production cost-alerts doctor
  cost-alerts doctor --send-test --operations-topic arn:aws:sns:us-east-1:123456789012:operations"
);

pub(super) const EXPLAIN: &str = concat!(
    "Variables:
  LEDGER_TABLE               the deployment's table
  ZOOM_ACCOUNT_ID            whose messages are meant; or ZOOM_SECRET_ID, which tells it
  POLICY                     the policy, if --policy is not given
",
    aws_variables!(),
    terminal_variables!(),
    exit_codes!("it is explained"),
    "
Examples:
  cost-alerts explain 6228f9c63a09
  cost-alerts explain 6228f9c63a09 --policy ssm:/zoom-sms-cost-alerts/policy --json"
);

pub(super) const SECRET_PUT: &str = concat!(
    "Variables:
  ZOOM_SECRET_ID             name or ARN of the secret, or ssm:NAME, if --secret-id is not given
  ZOOM_API_URL, ZOOM_TOKEN_URL
                             as the function has them
",
    aws_variables!(),
    exit_codes!("put"),
    "
Examples:
  cost-alerts secret put --secret-id zoom-sms-cost-alerts
  cost-alerts secret put --secret-id ssm:/zoom-sms-cost-alerts/zoom
  pass show zoom/app | cost-alerts secret put      three lines: account id, client id, client secret"
);

pub(super) const POLICY: &str = concat!(
    "Variables:
  LEDGER_TABLE               the table that table:NAME is in
",
    zoom_variables!(),
    aws_variables!(),
    terminal_variables!(),
    exit_codes!("valid"),
    "     (1 also if it is not valid)

Examples:
  cost-alerts policy policy.toml
  cost-alerts policy policy.toml --source table
  cost-alerts init --source demo | cost-alerts policy -
  cost-alerts policy put policy.toml --to ssm:/zoom-sms-cost-alerts/policy"
);

pub(super) const POLICY_PUT: &str = concat!(
    "Variables:
  POLICY                     where the deployment reads the policy, if --to is not given
  LEDGER_TABLE               the table that table:NAME is in
",
    aws_variables!(),
    exit_codes!("put, or nothing to change"),
    "
Examples:
  cost-alerts policy put policy.toml --to ssm:/zoom-sms-cost-alerts/policy
  LEDGER_TABLE=ledger cost-alerts policy put policy.toml --to table:budgets --yes"
);

pub(super) const SANDBOX: &str = "\
Variables: none.

Exit codes:
  0  stopped by Ctrl-C
  1  the port cannot be served
  2  used wrongly

Examples:
  cost-alerts sandbox
  cost-alerts sandbox --port 8080 --rows 100000
  cost-alerts sandbox --fault server-500@3";

pub(super) const COMPLETIONS: &str = "\
Exit codes: 0 fine, 2 used wrongly.

Examples:
  cost-alerts completions bash > ~/.local/share/bash-completion/completions/cost-alerts
  cost-alerts completions zsh > \"${fpath[1]}/_cost-alerts\"
  cost-alerts completions fish > ~/.config/fish/completions/cost-alerts.fish";

pub(super) const SCHEMA: &str = "\
Exit codes: 0 fine, 2 used wrongly.

Example:
  cost-alerts schema > policy.schema.json      and the policy's first line: #:schema policy.schema.json";
