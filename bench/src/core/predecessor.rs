//! What the public predecessor spends on signatures for the same job: it makes four of
//! SLH-DSA-SHA2-256f and verifies two.

use fips205::slh_dsa_sha2_256f::{KG, PrivateKey, PublicKey};
use fips205::traits::{KeyGen as _, Signer as _, Verifier as _};

pub(crate) struct Predecessor {
    public: PublicKey,
    secret: PrivateKey,
}

impl Predecessor {
    pub(crate) fn new() -> Self {
        let (public, secret) = KG::keygen_from_seed(&[1; 32], &[2; 32], &[3; 32]);
        Self { public, secret }
    }

    /// The signatures of one transfer.
    pub(crate) fn transfer(&self, number: u8) {
        let signatures = [0, 1, 2, 3].map(|part| {
            let signature = self.secret.try_sign(&[number, part], b"", false);
            (part, signature.expect("a short context"))
        });
        for (part, signature) in signatures.iter().take(2) {
            assert!(self.public.verify(&[number, *part], signature, b""));
        }
    }
}
