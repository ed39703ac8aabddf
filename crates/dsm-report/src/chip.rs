//! What binds a device's entries, and whether that counts for who looks.

use std::fmt;

use dsm_core::View;
use dsm_log::{Anchor, DeviceDescriptor};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Units;

/// What a device's name says of what binds its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AnchorKind {
    /// Nothing.
    Software,
    /// A chip that is a program.
    Simulated,
    /// A TPM 2.0.
    Tpm,
}

/// What binds a device's entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AnchorReport {
    /// What its name says.
    pub kind: AnchorKind,
    /// Who made its chip: it answered a challenge of this wallet; null if it did not.
    pub maker: Option<String>,
    /// The most base units of a token that may rest on it; null if its chip does not count here.
    pub most: Option<Units>,
}

impl AnchorReport {
    /// Of a device, as a view knows it.
    #[must_use]
    pub fn new(view: &impl View, descriptor: &DeviceDescriptor) -> Self {
        let kind = match descriptor.anchor {
            Anchor::Software {} => AnchorKind::Software,
            Anchor::Simulated { .. } => AnchorKind::Simulated,
            Anchor::Tpm2 { .. } => AnchorKind::Tpm,
        };
        let maker = view.maker(&descriptor.id());
        let counts = |maker| view.settings().makers.get(maker).copied();
        let bound = kind == AnchorKind::Tpm && descriptor.slot_set.is_none();
        let most = maker.as_ref().filter(|_| bound).and_then(counts);
        Self { kind, maker: maker.map(|maker| maker.to_string()), most: most.map(Units) }
    }
}

impl fmt::Display for AnchorReport {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind, &self.maker, self.most) {
            (AnchorKind::Software, ..) => to.write_str("none: it could show two histories"),
            (AnchorKind::Simulated, ..) => to.write_str("a program, which counts for nothing"),
            (AnchorKind::Tpm, None, _) => to.write_str(
                "says that it is a TPM 2.0; nobody vouched for that here (`dsm anchor challenge`)",
            ),
            (AnchorKind::Tpm, Some(maker), Some(most)) => {
                write!(
                    to,
                    "TPM 2.0 of maker {maker}; up to {} base units of a token may rest on it",
                    most.0
                )
            }
            (AnchorKind::Tpm, Some(maker), None) => {
                write!(to, "TPM 2.0 of maker {maker}, whose chips do not count here")
            }
        }
    }
}
