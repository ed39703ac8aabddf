//! Writes what secure hardware says of a key.

/// What is said, each part as it is written. The numbers are those of the tags.
#[derive(Clone)]
pub(crate) struct Said {
    pub(crate) head: Vec<Vec<u8>>,
    pub(crate) software: Vec<(u32, Vec<u8>)>,
    pub(crate) hardware: Vec<(u32, Vec<u8>)>,
}

/// What was started: the key, whether the device is locked, the state, the digest.
pub(crate) fn boot(locked: bool, state: u8) -> Vec<u8> {
    let locked = value(1, &[if locked { 0xff } else { 0 }]);
    let parts = [value(4, &[7; 32]), locked, value(10, &[state]), value(4, &[8; 32])];
    value(0x30, &parts.concat())
}

impl Said {
    /// What a key must be said to be.
    pub(crate) fn good(challenge: &[u8]) -> Self {
        let head = [number(400), value(10, &[1]), number(400), value(10, &[1])];
        let mut head = head.to_vec();
        head.extend([value(4, challenge), value(4, &[])]);
        Self {
            head,
            software: vec![(701, number(1_900_000)), (709, value(4, b"app"))],
            hardware: vec![
                (1, set(&[2])),
                (2, number(3)),
                (3, number(256)),
                (5, set(&[4])),
                (10, number(1)),
                (405, number(1)),
                (503, value(5, &[])),
                (702, number(0)),
                (704, boot(true, 0)),
                (705, number(160_000)),
                (706, number(202_611)),
                (718, number(20_261_105)),
                (719, number(20_261_101)),
            ],
        }
    }

    /// The same with another value of a tag that hardware enforces, or with none.
    pub(crate) fn with(mut self, tag: u32, value: Option<Vec<u8>>) -> Self {
        let at = self.hardware.partition_point(|(number, _)| *number < tag);
        if self.hardware.get(at).is_some_and(|(number, _)| *number == tag) {
            self.hardware.remove(at);
        }
        if let Some(value) = value {
            self.hardware.insert(at, (tag, value));
        }
        self
    }

    pub(crate) fn written(&self) -> Vec<u8> {
        let list = |list: &[(u32, Vec<u8>)]| {
            let tagged: Vec<_> = list.iter().map(|(tag, value)| tagged(*tag, value)).collect();
            value(0x30, &tagged.concat())
        };
        let mut parts = self.head.clone();
        parts.extend([list(&self.software), list(&self.hardware)]);
        value(0x30, &parts.concat())
    }
}

/// A value after its tag and length.
pub(crate) fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag][..], &length(content.len()), content].concat()
}

pub(crate) fn number(number: u32) -> Vec<u8> {
    let bytes = u64::from(number).to_be_bytes();
    // As short as it may be, with a zero ahead if it would be read as negative.
    let first = (0..7).find(|at| bytes[*at] != 0 || bytes[*at + 1] >= 0x80).unwrap_or(7);
    value(2, &bytes[first..])
}

pub(crate) fn set(numbers: &[u32]) -> Vec<u8> {
    let numbers: Vec<_> = numbers.iter().map(|of| number(*of)).collect();
    value(0x31, &numbers.concat())
}

fn tagged(tag: u32, content: &[u8]) -> Vec<u8> {
    let start = match tag {
        0..31 => vec![0xa0 | tag as u8],
        31..128 => vec![0xbf, tag as u8],
        _ => vec![0xbf, 0x80 | (tag >> 7) as u8, (tag & 0x7f) as u8],
    };
    [start, length(content.len()), content.to_vec()].concat()
}

fn length(length: usize) -> Vec<u8> {
    match length {
        0..128 => vec![length as u8],
        128..256 => vec![0x81, length as u8],
        _ => vec![0x82, (length >> 8) as u8, length as u8],
    }
}
