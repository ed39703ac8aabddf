//! Hashes a context string while compiling.
//!
//! BLAKE3's derive-key mode hashes its context first. The contexts are constants, so the compiler
//! does that once. Only for strings of one block; the tests of the table compare with `blake3`.

const IV: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];
const PERMUTATION: [usize; 16] = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];
const CHUNK_START: u32 = 1;
const CHUNK_END: u32 = 2;
const ROOT: u32 = 8;
const DERIVE_KEY_CONTEXT: u32 = 32;
const BLOCK: usize = 64;

/// The context key of derive-key mode.
pub(crate) const fn context_key(context: &str) -> [u8; 32] {
    let context = context.as_bytes();
    assert!(context.len() <= BLOCK, "a context string fits in one block");
    let mut block = [0; 16];
    let mut i = 0;
    while i < context.len() {
        block[i / 4] |= (context[i] as u32) << (8 * (i % 4));
        i += 1;
    }
    let words = compress(block, context.len() as u32);
    let mut key = [0; 32];
    let mut i = 0;
    while i < key.len() {
        key[i] = (words[i / 4] >> (8 * (i % 4))) as u8;
        i += 1;
    }
    key
}

/// One compression of a block that is first, last and root at once.
const fn compress(mut block: [u32; 16], length: u32) -> [u32; 8] {
    let flags = CHUNK_START | CHUNK_END | ROOT | DERIVE_KEY_CONTEXT;
    let mut s = [
        IV[0], IV[1], IV[2], IV[3], IV[4], IV[5], IV[6], IV[7], IV[0], IV[1], IV[2], IV[3], 0, 0,
        length, flags,
    ];
    let mut round = 0;
    while round < 7 {
        s = mix(s, [0, 4, 8, 12], block[0], block[1]);
        s = mix(s, [1, 5, 9, 13], block[2], block[3]);
        s = mix(s, [2, 6, 10, 14], block[4], block[5]);
        s = mix(s, [3, 7, 11, 15], block[6], block[7]);
        s = mix(s, [0, 5, 10, 15], block[8], block[9]);
        s = mix(s, [1, 6, 11, 12], block[10], block[11]);
        s = mix(s, [2, 7, 8, 13], block[12], block[13]);
        s = mix(s, [3, 4, 9, 14], block[14], block[15]);
        block = permute(block);
        round += 1;
    }
    let mut words = [0; 8];
    let mut i = 0;
    while i < words.len() {
        words[i] = s[i] ^ s[i + 8];
        i += 1;
    }
    words
}

/// The quarter round on the four words at `at`.
const fn mix(mut s: [u32; 16], at: [usize; 4], x: u32, y: u32) -> [u32; 16] {
    let [a, b, c, d] = at;
    s[a] = s[a].wrapping_add(s[b]).wrapping_add(x);
    s[d] = (s[d] ^ s[a]).rotate_right(16);
    s[c] = s[c].wrapping_add(s[d]);
    s[b] = (s[b] ^ s[c]).rotate_right(12);
    s[a] = s[a].wrapping_add(s[b]).wrapping_add(y);
    s[d] = (s[d] ^ s[a]).rotate_right(8);
    s[c] = s[c].wrapping_add(s[d]);
    s[b] = (s[b] ^ s[c]).rotate_right(7);
    s
}

/// The words of a block in the order of the next round.
const fn permute(block: [u32; 16]) -> [u32; 16] {
    let mut next = [0; 16];
    let mut i = 0;
    while i < next.len() {
        next[i] = block[PERMUTATION[i]];
        i += 1;
    }
    next
}
