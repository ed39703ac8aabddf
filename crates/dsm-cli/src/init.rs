//! `dsm init`: a wallet with fresh keys.

use bip39::Mnemonic;
use dsm_crypto::{Domain, RecoverySecret, Secret, hash};
use dsm_home::{Home, fresh};
use dsm_log::Network;
use serde_json::json;

use crate::output::Output;

/// Blocks between Close and End of a lost software device: about a week.
const WINDOW_BLOCKS: u32 = 1_008;

/// The recovery key of a mnemonic: 48 bytes from its BIP-39 seed.
fn recovery(mnemonic: &Mnemonic) -> RecoverySecret {
    let seed = mnemonic.to_seed("");
    let mut wide = [0; 48];
    let halves = [1_u8, 2].map(|half| *hash(Domain::Seed, &("recovery", seed, half)).as_bytes());
    for (to, from) in wide.iter_mut().zip(halves.as_flattened()) {
        *to = *from;
    }
    RecoverySecret::from_seed(&Secret::from_bytes(wide))
}

pub(crate) fn run(home: &Home, output: &mut Output) -> anyhow::Result<()> {
    let mnemonic = Mnemonic::from_entropy(&fresh::<32>()?)?;
    let recovery = recovery(&mnemonic).public_key().clone();
    let device = home.create(Network::TEST, recovery, WINDOW_BLOCKS)?;
    let words = mnemonic.to_string();
    let text = format!(
        "A wallet in {path}.\nDevice {device}\n\nIts mnemonic, shown only now. It gives the key that \
         can replace a lost device;\nwrite it down on paper:\n\n  {words}\n\nThe keys lie unencrypted \
         in {path}/keys: whoever reads that file can spend.\nNext: exchange cards with `dsm id` and \
         `dsm contact add`.",
        path = home.path().display()
    );
    output.say(&text, &json!({ "device": device.to_string(), "mnemonic": words }));
    Ok(())
}
