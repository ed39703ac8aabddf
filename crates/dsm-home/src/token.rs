//! A new token: an issuing device of its own, and its policy.

use dsm_core::Policy;
use dsm_crypto::{Domain, SecretKey, Signer, hash};
use dsm_engine::Engine;
use dsm_log::{Anchor, DeviceDescriptor, Position};
use dsm_session::Ledger;
use dsm_store::{FileKv, StoreError};

use crate::{Home, HomeError, IssuerSeed, OpenKeys, Seed, fresh};

impl Home {
    /// Makes a token of the policy that is made for its issuing device and that device's place: of the wallet itself if it has a chip,
    /// else of a device of its own, whose key is durable before the token.
    ///
    /// # Errors
    /// [`HomeError`], [`StoreError`], or why there is no such policy.
    pub fn make_token<E: From<HomeError> + From<StoreError>>(
        &self,
        engine: &mut Engine<FileKv>,
        keys: &mut OpenKeys,
        policy: impl FnOnce(&DeviceDescriptor, Position) -> Result<Policy, E>,
    ) -> Result<Policy, E> {
        let main = engine.wallet().founding().descriptor.clone();
        if engine.wallet().is_anchored() {
            // Money is anchored from its issue on if the wallet's own device issues it; a further device would need a chip of its own.
            let floor = engine.wallet().books()?.own_log().at;
            let policy = policy(&main, floor)?;
            engine.begin_token(None, policy.clone())?;
            return Ok(policy);
        }
        let seed = Seed::from_bytes(fresh()?);
        let key = SecretKey::from_seed(seed.secret());
        let issuer = DeviceDescriptor {
            network: main.network,
            recovery: main.recovery,
            slot_set: None,
            key: key.public_key().clone(),
            // An issuing log receives nothing, so it has no KEM key.
            kem: hash(Domain::KemKey, &None::<u64>),
            anchor: Anchor::Software {},
        };
        let device = issuer.id();
        let policy = policy(&issuer, Position::origin(&device))?;
        let issuing = &mut keys.seeds.issuing;
        issuing.push(IssuerSeed { device, seed }).map_err(|_| HomeError::Issuers)?;
        self.write_keys(keys)?;
        engine.begin_token(Some((&issuer, key)), policy.clone())?;
        Ok(policy)
    }
}
