//! The same fault ends the same way, whichever command meets it.

use super::doctor::Practice;
use super::run;
use crate::support::setup;
use jiff::Timestamp;
use zoom_sms_cost_alerts::sandbox::{ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET};

/// A fault: what Zoom does, what becomes of the variables, the policy, and how each command ends that meets it.
struct Fault {
    name: &'static str,
    zoom: &'static str,
    variables: &'static [(&'static str, &'static str)],
    policy: &'static str,
    code: i32,
    /// In what is said.
    part: &'static str,
    commands: &'static [&'static str],
}

const GOOD: &str = "[[budget]]\nname = \"n\"\nscope = \"account\"\ncurrency = \"USD\"\namount = 100\n";
const NO_FAULT: Fault = Fault { name: "", zoom: "", variables: &[], policy: GOOD, code: 0, part: "", commands: &[] };
const OF_ZOOM: &[&str] = &["check", "replay", "init", "backfill", "doctor"];

const FAULTS: &[Fault] = &[
    Fault {
        name: "variables are missing",
        variables: &[
            ("ZOOM_ACCOUNT_ID", ""),
            ("ZOOM_CLIENT_SECRET", ""),
            ("ZOOM_SECRET_ID", ""),
            ("LEDGER_TABLE", ""),
            ("POLICY", ""),
        ],
        code: 2,
        part: "missing",
        commands: &[
            "check",
            "replay",
            "init",
            "backfill",
            "doctor",
            "explain",
            "secret put",
            "policy table",
            "policy put",
        ],
        ..NO_FAULT
    },
    Fault {
        name: "the address is not https",
        variables: &[("ZOOM_API_URL", "http://api.zoom.us")],
        code: 2,
        part: "is not https",
        commands: &["check", "replay", "init", "backfill", "doctor", "secret put"],
        ..NO_FAULT
    },
    Fault {
        name: "there is no such policy file",
        policy: "",
        code: 2,
        part: "cannot be read",
        commands: &["check", "replay", "policy", "policy put", "backfill", "doctor"],
        ..NO_FAULT
    },
    Fault {
        name: "the policy is not valid",
        policy: "[[budget]]\nname = \"n\"\n",
        code: 1,
        part: "scope",
        commands: &["check", "replay", "policy", "policy put", "backfill", "doctor"],
        ..NO_FAULT
    },
    Fault {
        name: "Zoom refuses the credentials",
        zoom: "--token-fault invalid-client@1xall",
        code: 1,
        part: "client_id or client_secret",
        commands: &["check", "replay", "init", "backfill", "doctor", "secret put"],
        ..NO_FAULT
    },
    Fault {
        name: "the app lacks the scope",
        zoom: "--fault scope-missing@1xall",
        code: 1,
        part: "lacks the scope",
        commands: OF_ZOOM,
        ..NO_FAULT
    },
    Fault {
        name: "the base address is wrong",
        variables: &[("ZOOM_API_URL", "ZOOM/elsewhere")],
        code: 1,
        part: "the base address is wrong, not the account; check ZOOM_API_URL",
        commands: OF_ZOOM,
        ..NO_FAULT
    },
    Fault {
        name: "the token's address is wrong",
        variables: &[("ZOOM_TOKEN_URL", "ZOOM/elsewhere")],
        code: 1,
        part: "check ZOOM_TOKEN_URL",
        commands: &["check", "replay", "init", "backfill", "doctor", "secret put"],
        ..NO_FAULT
    },
];

#[tokio::test]
async fn a_fault_ends_each_command_the_same_way() {
    for fault in FAULTS {
        let mut practice = Practice::of(setup().now(Timestamp::now()).zoom(fault.zoom)).await;
        let file = practice.environment["POLICY"].clone();
        if fault.policy.is_empty() {
            std::fs::remove_file(&file).unwrap();
        } else {
            std::fs::write(&file, fault.policy).unwrap();
        }
        let origin = practice.environment["ZOOM_API_URL"].trim_end_matches("/v2").to_owned();
        practice.environment.extend([
            ("ZOOM_ACCOUNT_ID", ACCOUNT_ID.to_owned()),
            ("ZOOM_CLIENT_ID", CLIENT_ID.to_owned()),
            ("ZOOM_CLIENT_SECRET", CLIENT_SECRET.to_owned()),
        ]);
        for (name, value) in fault.variables {
            practice.environment.insert(name, value.replace("ZOOM", &origin));
        }
        for command in fault.commands {
            let arguments: &[&str] = match *command {
                "check" => &["check", "--policy", &file],
                "replay" => &["replay", "--policy", &file],
                "policy" => &["policy", &file],
                "policy table" => &["policy", "table:budgets"],
                "policy put" => &["policy", "put", &file, "--yes"],
                "explain" => &["explain", "6228f9c63a09"],
                "secret put" => &["secret", "put"],
                other => &[other],
            };
            let ended = if *command == "secret put" {
                super::secret::put(&practice, &format!("{ACCOUNT_ID}\n{CLIENT_ID}\n{CLIENT_SECRET}\n"), &[]).await
            } else {
                run(arguments, &practice.environment).await
            };
            let said = format!("{}{}", ended.out, ended.err);
            assert_eq!(ended.code, fault.code, "{}, {command}: {said}", fault.name);
            assert!(said.contains(fault.part), "{}, {command}: {said}", fault.name);
        }
    }
}
