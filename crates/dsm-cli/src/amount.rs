//! Amounts as people write them.

use anyhow::{Context, bail};
use dsm_core::Policy;

use crate::output::plain;

/// Base units as a decimal with the ticker.
pub(crate) fn show(units: u64, policy: &Policy) -> String {
    format!("{} {}", decimal(units, policy.decimals), plain(&policy.ticker))
}

fn decimal(units: u64, decimals: u8) -> String {
    let digits = format!("{units:0>width$}", width = usize::from(decimals) + 1);
    let (whole, part) = digits.split_at(digits.len() - usize::from(decimals));
    if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") }
}

/// A decimal as base units.
pub(crate) fn read(text: &str, policy: &Policy) -> anyhow::Result<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let decimals = usize::from(policy.decimals);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) {
        bail!("{text:?} is no amount; write it like 12 or 12.50");
    }
    if part.len() > decimals {
        bail!("{} has {decimals} decimal places; {text} has more", plain(&policy.ticker));
    }
    let units: u64 =
        format!("{whole}{part:0<decimals$}").parse().context("the amount is too large")?;
    if units == 0 {
        bail!("the amount is zero");
    }
    Ok(units)
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn decimals_are_kept() {
        assert_eq!(decimal(1_050, 2), "10.50");
        assert_eq!(decimal(5, 2), "0.05");
        assert_eq!(decimal(7, 0), "7");
        assert_eq!(decimal(0, 3), "0.000");
    }
}
