//! Secret bytes: wiped when dropped, never shown.

use core::fmt;

use dsm_encoding::Encode;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::Domain;

/// `N` secret bytes.
///
/// It has no equality: comparing secrets byte by byte would leak them by time.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret<const N: usize>([u8; N]);

impl<const N: usize> Secret<N> {
    /// Takes secret bytes. The caller wipes its own copy.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    /// The bytes, for the one who must use them.
    #[must_use]
    pub const fn expose(&self) -> &[u8; N] {
        &self.0
    }
}

impl Secret<32> {
    /// Derives another secret for a purpose: H(domain, secret, value).
    #[must_use]
    pub fn derive<T: Encode + ?Sized>(&self, domain: Domain, value: &T) -> Self {
        let mut hasher = blake3::hazmat::HasherExt::new_from_context_key(domain.key());
        derive_into(&mut hasher, &self.0, &dsm_encoding::to_vec(value));
        let derived = Self(*hasher.finalize().as_bytes());
        hasher.zeroize();
        derived
    }
}

/// Feeds the canonical array of a 32-byte string and `value` piece by piece, leaving no copy.
fn derive_into(hasher: &mut blake3::Hasher, secret: &[u8; 32], value: &[u8]) {
    const ARRAY_OF_TWO_THEN_32_BYTES: [u8; 3] = [0x82, 0x58, 0x20];
    hasher.update(&ARRAY_OF_TWO_THEN_32_BYTES).update(secret).update(value);
}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(alloc::format!("{:?}", Secret::from_bytes([0x41; 32])), "Secret(redacted)");
    }

    #[test]
    fn is_wiped_on_drop() {
        const fn wiped<T: ZeroizeOnDrop>() {}
        wiped::<Secret<32>>();
        let mut secret = Secret::from_bytes([0x41; 32]);
        secret.zeroize();
        assert_eq!(secret.expose(), &[0; 32]);
    }

    #[test]
    fn derived_is_the_hash_of_the_pair() {
        let secret = Secret::from_bytes([9; 32]);
        let derived = secret.derive(Domain::Seed, &("mailbox", 7_u64));
        let expected = crate::hash(Domain::Seed, &([9_u8; 32], ("mailbox", 7_u64)));
        assert_eq!(derived.expose(), expected.as_bytes());
    }
}
