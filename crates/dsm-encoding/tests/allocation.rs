//! What a hostile length makes a decoder allocate. A program by itself: the count is of the whole process, in which nothing else runs.

use std::fmt::Debug;

use dsm_encoding::{Blob, Decode, DecodeError, List, Reader, Text, from_slice};
use peak_alloc::PeakAlloc;

#[global_allocator]
static PEAK: PeakAlloc = PeakAlloc;

fn refused_within<T: Decode + Debug>(bytes: &[u8], reason: DecodeError, limit: usize) {
    PEAK.reset_peak_usage();
    let before = PEAK.current_usage();
    let result = from_slice::<T>(bytes).map(|_| ());
    let taken = PEAK.peak_usage() - before;
    assert_eq!(result, Err(reason));
    assert!(taken <= limit, "{taken} bytes taken, {limit} allowed");
}

fn main() {
    a_claimed_length_allocates_nothing_that_the_bytes_do_not_pay_for();
}

fn a_claimed_length_allocates_nothing_that_the_bytes_do_not_pay_for() {
    const ALL: usize = usize::MAX;
    type Record = [u8; 500];
    // What is made once, at the first use, is not counted.
    assert!(from_slice::<Blob<ALL>>(&[]).is_err());
    for len in [1u64 << 20, 1 << 32, u64::MAX] {
        for (major, width) in [(2u8, 27u8), (3, 27), (4, 27)] {
            let wide = len.to_be_bytes();
            let mut bytes = vec![major << 5 | width];
            bytes.extend(if len < 1 << 32 { &wide[4..] } else { &wide });
            if len < 1 << 32 {
                bytes[0] = major << 5 | 26;
            }
            bytes.extend([0; 16]);
            match major {
                2 => refused_within::<Blob<ALL>>(&bytes, DecodeError::Truncated, 0),
                3 => refused_within::<Text<ALL>>(&bytes, DecodeError::Truncated, 0),
                _ => refused_within::<List<u8, ALL>>(&bytes, DecodeError::Truncated, 0),
            }
        }
    }

    // A million elements claimed and a million bytes there, but none of them an element.
    let mut bytes = vec![0x9a, 0, 0x10, 0, 0];
    bytes.extend(vec![0; 1 << 20]);
    refused_within::<List<Record, ALL>>(&bytes, DecodeError::Unexpected, 1 << 20);
    refused_within::<List<Record, 1000>>(&bytes, DecodeError::TooLong, 0);

    // Lists in lists, each claiming all that is left, take no more than the bytes there are.
    type Nested = List<List<List<List<Record, ALL>, ALL>, ALL>, ALL>;
    let mut bytes = Vec::new();
    for _ in 0..4 {
        bytes.extend([0x9a, 0, 0x0f, 0, 0]);
    }
    bytes.extend(vec![0; 1 << 20]);
    refused_within::<Nested>(&bytes, DecodeError::Unexpected, 4 << 20);

    PEAK.reset_peak_usage();
    let before = PEAK.current_usage();
    assert_eq!(Reader::new(&bytes).item().map(<[u8]>::len), Err(DecodeError::Truncated));
    assert_eq!(PEAK.peak_usage(), before);
}
