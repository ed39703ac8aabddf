//! `dsm init`: a wallet with fresh keys.

use bip39::Mnemonic;
use dsm_crypto::{Domain, RecoverySecret, Secret, hash};
use dsm_home::{ChipPlace, Home, fresh};
use dsm_log::Network;
use serde_json::json;

use crate::output::Output;
use crate::passphrase::{self, Wish};

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

pub(crate) fn run(
    home: &Home,
    wish: Wish,
    chip: Option<&ChipPlace>,
    output: &mut Output,
) -> anyhow::Result<()> {
    home.vacant()?;
    let protection = passphrase::choose(home.passphrase_file(), wish)?;
    let mnemonic = Mnemonic::from_entropy(&fresh::<32>()?)?;
    let recovery = recovery(&mnemonic).public_key().clone();
    let device = home.create(Network::TEST, recovery, WINDOW_BLOCKS, &protection, chip)?;
    let words = mnemonic.to_string();
    let text = format!(
        "A wallet in {path}.\nDevice {device}\n{bound}\nIts mnemonic, shown only now. It gives the key that \
         can replace a lost device;\nwrite it down on paper:\n\n  {words}\n\n{keys}\nNext: exchange \
         cards with `dsm id` and `dsm contact add`.",
        path = home.path().display(),
        bound = chip.map_or(String::new(), |place| format!(
            "Bound to the chip at {place}: it signs with this chip, or not at all.\n"
        )),
        keys = passphrase::explain(home, &protection),
    );
    let object = json!({
        "device": device.to_string(), "anchor": chip.map_or("software", |_| "tpm"), "mnemonic": words, "keys": passphrase::name(&protection),
    });
    output.say(&text, &object);
    Ok(())
}
