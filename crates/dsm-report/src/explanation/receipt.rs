//! Explains a receipt.

use dsm_core::Reject;
use dsm_core::receipt::{Receipt, ReceiptSide};
use dsm_log::{DeviceId, Network, Position};

use super::{Check, Names, Party, ReceiptReport, ReceiptStep, Sums, Threat};
use crate::Sum;

impl ReceiptReport {
    /// Checks a receipt, knowing nothing but the network, and explains it. A receipt holds no policies: what
    /// amounts look like is for the one who looks.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn new(
        receipt: &Receipt,
        network: Network,
        names: Names<'_>,
        sums: Sums<'_>,
    ) -> Result<Self, Reject> {
        let proven = receipt.verify(network)?;
        let (payer, payee) = (Party::new(&proven.payer, names), Party::new(&proven.payee, names));
        let (paid, answered) = (proven.payer_at.index, proven.payee_at.index);
        let outputs = given(&receipt.payer, &proven.payee, sums);
        let texts: Vec<String> = outputs.iter().map(ToString::to_string).collect();
        let what = match texts.is_empty() {
            true => format!("{payer} #{paid} gives no value to {payee}"),
            false => format!("{payer} #{paid} gives {} to {payee}", texts.join(", ")),
        };
        let pays = side(1, &receipt.payer, &proven.payer_at, &payer, outputs.clone(), what);
        let what = format!("{payee} #{answered} acknowledges entry {paid} of {payer}");
        let answers = side(2, &receipt.payee, &proven.payee_at, &payee, Vec::new(), what);
        Ok(Self {
            payer: payer.device.clone(),
            payer_entry: paid,
            payee: payee.device.clone(),
            payee_entry: answered,
            outputs,
            proven: checks((&payer, paid), (&payee, answered)),
            assumed: [
                "the two contact cards are theirs: compare the ids with those that you pinned",
                "BLAKE3 holds, and of Ed25519 and ML-DSA-44 at least one does",
                "you have this program from somebody else than the one whom you doubt",
            ]
            .map(str::to_owned)
            .to_vec(),
            not_shown: [
                "that the value is good: check the note (`dsm export`), its class stands there",
                "anything about earlier or later entries of either",
            ]
            .map(str::to_owned)
            .to_vec(),
            threats: vec![threat(payer, paid), threat(payee, answered)],
            entries: vec![pays, answers],
        })
    }
}

fn threat(who: Party, index: u64) -> Threat {
    let how = format!(
        "by another entry {index} for somebody else; with this receipt that is a proof of two histories"
    );
    Threat { who, how }
}

fn checks((payer, paid): (&Party, u64), (payee, answered): (&Party, u64)) -> Vec<Check> {
    vec![
        Check::new(format!("{payer} signed entry {paid} to {payee}"), &["R-13", "R-38", "R-54"]),
        Check::new(
            format!(
                "{payee} acknowledged it in entry {answered}, which names the head of that entry"
            ),
            &["R-13", "R-38", "R-55"],
        ),
        Check::new("each entry changed only this relationship in its writer's tip tree", &["R-39"]),
        Check::new(
            "both devices are active in the rosters of their owners, on this network",
            &["R-02", "R-36", "R-49", "R-50", "R-51", "R-52", "R-53"],
        ),
    ]
}

fn given(side: &ReceiptSide, to: &DeviceId, sums: Sums<'_>) -> Vec<Sum> {
    let outputs = side.entry.value.iter().flat_map(|value| value.outputs());
    outputs
        .filter(|output| output.lock.device().is_some_and(|(owner, _)| owner == to))
        .map(|output| sums(&output.token, output.amount))
        .collect()
}

fn side(
    step: usize,
    side: &ReceiptSide,
    at: &Position,
    writer: &Party,
    gives: Vec<Sum>,
    what: String,
) -> ReceiptStep {
    ReceiptStep {
        step,
        writer: writer.clone(),
        index: at.index,
        head: at.head.to_string(),
        before: side.before.head.to_string(),
        stitch: side.entry.stitch.map(|head| head.to_string()),
        tip_before: side.tip.map(|tip| tip.to_string()),
        tips: side.entry.tips.to_string(),
        consumes: side.entry.spends.iter().map(ToString::to_string).collect(),
        gives,
        what,
    }
}
