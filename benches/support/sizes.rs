//! Figures by the number of billing numbers: each size is a process of its own, so that its peak is its own.

use std::error::Error;
use std::process::Command;

/// Runs this program once more for so many numbers, and returns what it prints.
pub(crate) fn measured<const FIGURES: usize>(numbers: u32) -> Result<[f64; FIGURES], Box<dyn Error>> {
    let child = Command::new(std::env::current_exe()?).env("NUMBERS", numbers.to_string()).output()?;
    let said = String::from_utf8(child.stdout)?;
    let values = said.split_whitespace().map(str::parse).collect::<Result<Vec<f64>, _>>()?;
    values.try_into().map_err(|_| format!("{numbers}: {said}{}", String::from_utf8_lossy(&child.stderr)).into())
}

/// The most memory that this process held, in MiB.
pub(crate) fn peak_mib() -> Result<f64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no peak")?;
    let peak: f64 = peak.trim().trim_end_matches(" kB").parse()?;
    Ok(peak / 1024.0)
}
