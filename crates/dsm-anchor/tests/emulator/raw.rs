//! What the driver never says: any command, as bytes.

use dsm_anchor::{Socket, Wire};

pub(crate) const OWNER: u32 = 0x4000_0001;
pub(crate) const LOCKOUT: u32 = 0x4000_000a;
pub(crate) const ENDORSEMENT: u32 = 0x4000_000b;
pub(crate) const PLATFORM: u32 = 0x4000_000c;
pub(crate) const NULL: u32 = 0x4000_0007;

/// An answer that asks to be asked again.
const AGAIN: u32 = 0x922;

/// Bytes that begin with their length.
pub(crate) fn sized(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u16).to_be_bytes(), bytes].concat()
}

/// A session with an empty password.
pub(crate) fn password() -> Vec<u8> {
    vec![0x40, 0, 0, 9, 0, 0, 1, 0, 0]
}

/// Says something; gives what follows the header of the answer, or the code with which it is refused.
pub(crate) fn send(
    wire: &mut Socket,
    code: u32,
    handles: &[u32],
    sessions: &[Vec<u8>],
    parameters: &[u8],
) -> Result<Vec<u8>, u32> {
    let mut body: Vec<u8> = handles.iter().flat_map(|handle| handle.to_be_bytes()).collect();
    if !sessions.is_empty() {
        let area = sessions.concat();
        body.extend((area.len() as u32).to_be_bytes());
        body.extend(area);
    }
    body.extend(parameters);
    let tag: u16 = if sessions.is_empty() { 0x8001 } else { 0x8002 };
    let length = body.len() as u32 + 10;
    let command =
        [&tag.to_be_bytes()[..], &length.to_be_bytes(), &code.to_be_bytes(), &body].concat();
    loop {
        let answer = wire.exchange(&command).expect("the chip");
        match u32_at(&answer, 6) {
            0 => return Ok(answer[10..].to_vec()),
            AGAIN => (),
            refused => return Err(refused),
        }
    }
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().expect("4 bytes"))
}

/// Bytes with their length, at a place.
pub(crate) fn sized_at(bytes: &[u8], at: usize) -> &[u8] {
    let length = usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
    &bytes[at + 2..at + 2 + length]
}

/// Makes a primary key; gives its handle and its public area.
pub(crate) fn create(wire: &mut Socket, hierarchy: u32, template: &[u8]) -> (u32, Vec<u8>) {
    let parameters = [&sized(&[0; 4])[..], &sized(template), &[0; 6]].concat();
    let made = send(wire, 0x131, &[hierarchy], &[password()], &parameters).expect("a key");
    (u32_at(&made, 0), sized_at(&made, 8).to_vec())
}

pub(crate) fn flush(wire: &mut Socket, handle: u32) {
    send(wire, 0x165, &[], &[], &handle.to_be_bytes()).expect("flushed");
}

/// A key that signs, on P-256, with these attributes; a template without coordinates.
pub(crate) fn signing(attributes: u32, x: &[u8], y: &[u8]) -> Vec<u8> {
    let scheme = [0, 0x10, 0, 0x18, 0, 0x0b, 0, 3, 0, 0x10];
    let attributes = attributes.to_be_bytes();
    [&[0, 0x23, 0, 0x0b][..], &attributes, &[0, 0], &scheme, &sized(x), &sized(y)].concat()
}

/// Defines an index; its attributes with its kind.
pub(crate) fn define(
    wire: &mut Socket,
    by: u32,
    index: u32,
    attributes: u32,
    size: u16,
) -> Result<(), u32> {
    let area = [
        &index.to_be_bytes()[..],
        &[0, 0x0b],
        &attributes.to_be_bytes(),
        &[0, 0],
        &size.to_be_bytes(),
    ]
    .concat();
    let parameters = [&[0, 0][..], &sized(&area)].concat();
    send(wire, 0x12a, &[by], &[password()], &parameters).map(drop)
}

pub(crate) fn undefine(wire: &mut Socket, by: u32, index: u32) -> Result<(), u32> {
    send(wire, 0x122, &[by, index], &[password()], &[]).map(drop)
}

/// An index's name, and its public area.
pub(crate) fn read_public(wire: &mut Socket, index: u32) -> Result<(Vec<u8>, Vec<u8>), u32> {
    let read = send(wire, 0x169, &[index], &[], &[])?;
    let area = sized_at(&read, 0).to_vec();
    let name = sized_at(&read, 2 + area.len()).to_vec();
    Ok((name, area))
}

/// Writes an index by its own authorisation.
pub(crate) fn write(wire: &mut Socket, index: u32, bytes: &[u8]) -> Result<(), u32> {
    for (at, piece) in bytes.chunks(512).enumerate() {
        let offset = (at as u16 * 512).to_be_bytes();
        let parameters = [&sized(piece)[..], &offset].concat();
        send(wire, 0x137, &[index, index], &[password()], &parameters)?;
    }
    Ok(())
}

/// Answers a challenge for a key on P-256 with any loaded object in the place of the attestation key.
pub(crate) fn activate(wire: &mut Socket, object: u32, credential: &[u8]) -> Result<Vec<u8>, u32> {
    let policy = [
        0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7,
        0x24, 0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14,
        0x69, 0xaa,
    ];
    let cipher = [0, 6, 0, 0x80, 0, 0x43, 0, 0x10, 0, 3, 0, 0x10];
    let zero = sized(&[0; 32]);
    let template =
        [&[0, 0x23, 0, 0x0b, 0, 3, 0, 0xb2][..], &sized(&policy), &cipher, &zero, &zero].concat();
    let (key, _) = create(wire, ENDORSEMENT, &template);
    let parameters = [&sized(&[0; 32])[..], &[0, 0, 1, 0, 0x10, 0, 0x0b]].concat();
    let begun = send(wire, 0x176, &[NULL, NULL], &[], &parameters).expect("a session");
    let session = u32_at(&begun, 0);
    send(wire, 0x151, &[ENDORSEMENT, session], &[password()], &[0; 10]).expect("permitted");
    let once = [&session.to_be_bytes()[..], &[0; 5]].concat();
    let opened = send(wire, 0x147, &[object, key], &[password(), once], credential);
    if opened.is_err() {
        flush(wire, session);
    }
    flush(wire, key);
    opened.map(|bytes| sized_at(&bytes, 4).to_vec())
}
