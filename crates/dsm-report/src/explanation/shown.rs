//! A receipt or a note that somebody shows as text.

use std::fmt;

use dsm_core::Reject;
use dsm_core::receipt::Receipt;
use dsm_crypto::text::{self, TextError};
use dsm_encoding::{DecodeError, from_slice};
use dsm_engine::{Chips, NoteProof, ProofError};
use dsm_log::Network;

use super::{Explanation, Names, NoteReport, ReceiptReport, Sums};
use crate::{NOTE, RECEIPT};

/// Why what is shown is not explained.
#[derive(Debug)]
#[non_exhaustive]
pub enum ExplainError {
    /// It is something else.
    Kind,
    /// It was mistyped or cut.
    Text(TextError),
    /// The bytes are not canonical.
    Form(DecodeError),
    /// The receipt breaks a rule.
    Receipt(Reject),
    /// The note does not hold.
    Note(ProofError),
}

impl ExplainError {
    /// The rule that refuses it, if one does.
    #[must_use]
    pub fn rule(&self) -> Option<&'static str> {
        match self {
            Self::Receipt(reject) | Self::Note(ProofError::Rejected(reject)) => Some(reject.rule()),
            _ => None,
        }
    }
}

impl fmt::Display for ExplainError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::Kind => {
                "this is neither a receipt nor a note; make one with `dsm receipt` or `dsm export`"
            }
            Self::Text(_) | Self::Form(_) => "this is not what was written; ask for it again",
            Self::Receipt(_) => "the receipt does not hold",
            Self::Note(_) => "the note does not hold",
        })
    }
}

impl std::error::Error for ExplainError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Kind => None,
            Self::Text(error) => Some(error),
            Self::Form(error) => Some(error),
            Self::Receipt(reject) => Some(reject),
            Self::Note(error) => Some(error),
        }
    }
}

impl Explanation {
    /// Checks what somebody shows, from nothing but whose chips count, and explains it.
    ///
    /// # Errors
    /// [`ExplainError`].
    pub fn of(
        shown: &str,
        names: Names<'_>,
        sums: Sums<'_>,
        chips: Chips<'_>,
    ) -> Result<Self, ExplainError> {
        let bytes = |prefix| text::decode(prefix, shown).map_err(ExplainError::Text);
        if shown.starts_with(RECEIPT) {
            let receipt: Receipt = from_slice(&bytes(RECEIPT)?).map_err(ExplainError::Form)?;
            let report = ReceiptReport::new(&receipt, Network::TEST, names, sums);
            Ok(Self::Receipt(Box::new(report.map_err(ExplainError::Receipt)?)))
        } else if shown.starts_with(NOTE) {
            let proof: NoteProof = from_slice(&bytes(NOTE)?).map_err(ExplainError::Form)?;
            let report = NoteReport::new(&proof, names, chips).map_err(ExplainError::Note)?;
            Ok(Self::Note(Box::new(report)))
        } else {
            Err(ExplainError::Kind)
        }
    }
}
