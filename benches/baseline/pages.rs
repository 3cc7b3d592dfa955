//! Pages as Zoom writes them: 300 rows of twenty documented fields and one that is new, all text, without blanks between.

use std::fmt::Write as _;

/// Rows on a page.
pub(crate) const ROWS: u64 = 300;

/// The body of a page; `number` makes its rows others than those of every other page.
pub(crate) fn page(number: u64) -> String {
    let rows: Vec<_> = (number * ROWS..(number + 1) * ROWS).map(row).collect();
    format!(
        r#"{{"next_page_token":"{number:032}","page_size":300,"total_records":{},"from":"2026-11-01","to":"2026-11-28","sms_charges":[{}]}}"#,
        ROWS * 64,
        rows.join(",")
    )
}

fn row(number: u64) -> String {
    let noise = mixed(number);
    let line = noise % 40;
    let charge = 483 * (1 + noise % 5);
    let fields = [
        ("session_id", format!("{:016x}", mixed(noise))),
        ("message_id", format!("{:08X}-7195-4B54-831E-{:012X}", noise >> 32, mixed(noise + 2) >> 16)),
        ("message_type", if line.is_multiple_of(4) { "MMS" } else { "SMS" }.to_owned()),
        ("from_number", format!("120255501{line:02}")),
        ("from_extension_number", format!("{}", 1000 + line)),
        ("from_display_name", format!("Service Desk {line}")),
        ("from_email", format!("desk-{line}@example.com")),
        ("to_number", format!("4420794{:05}", noise % 100_000)),
        ("to_extension_number", String::new()),
        ("to_display_name", "Customer".to_owned()),
        ("to_email", String::new()),
        (
            "sent_time",
            format!("2026-11-{:02}T{:02}:{:02}:{:02}Z", 1 + number / 900 % 28, noise % 24, number / 5 % 60, noise % 60),
        ),
        ("billing_number", format!("+120255501{line:02}")),
        ("cost_center", format!("CC-{}", 100 + line % 7)),
        ("department", format!("Department {}", line % 5)),
        ("rate", "0.0483".to_owned()),
        ("currency", "USD".to_owned()),
        ("total_charge", format!("{}.{:04}", charge / 10_000, charge % 10_000)),
        ("delivery_status", "Delivered".to_owned()),
        ("delivery_detail", "At the handset".to_owned()),
        ("tax_region", "US-DC".to_owned()),
    ];
    let mut text = String::from("{");
    for (index, (name, value)) in fields.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(text, r#"{comma}"{name}":"{value}""#);
    }
    text.push('}');
    text
}

/// splitmix64
fn mixed(number: u64) -> u64 {
    let mut word = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}
