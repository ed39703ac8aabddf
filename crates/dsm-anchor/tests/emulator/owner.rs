//! A hostile owner: a chip, its key and its counter, and any command.

use dsm_anchor::Socket;
use dsm_log::Chip;

use crate::audit::{Audited, quote};
use crate::chip::Emulator;
use crate::raw::{self, OWNER, password, send, signing, sized_at};
use crate::shown::Shown;

/// How a chip is shut down, and started.
pub(crate) const CLEAR: u16 = 0;
pub(crate) const STATE: u16 = 1;

pub(crate) struct Owner {
    emulator: Emulator,
    pub(crate) wire: Socket,
    /// The key, loaded.
    pub(crate) key: u32,
    pub(crate) chip: Chip,
    /// All that was shown with it.
    pub(crate) shown: Shown,
}

impl Owner {
    pub(crate) fn new() -> Self {
        let emulator = Emulator::start();
        let chip = emulator.provisioned().chip().clone();
        let mut wire = emulator.wire();
        let key = load(&mut wire);
        Self { emulator, wire, key, chip, shown: Shown::default() }
    }

    pub(crate) fn begin(&mut self) -> Audited {
        Audited::begin(&mut self.wire)
    }

    /// Has the digest signed, and shows all that it can be evidence of.
    pub(crate) fn show(&mut self, session: &Audited) {
        let quoted = session.quote(&mut self.wire, self.key).expect("signed");
        assert_eq!(quoted.0[quoted.0.len() - 32..], session.digest, "what it audited is known");
        self.shown.claim(&self.chip, &session.starts, &quoted);
    }

    /// What the session's digest shows now, alone.
    pub(crate) fn shows(&mut self, session: &Audited) -> Shown {
        let before = std::mem::take(&mut self.shown);
        self.show(session);
        std::mem::replace(&mut self.shown, before)
    }

    /// Takes the counter's value for that before the first entry.
    pub(crate) fn anew(&mut self) {
        self.chip.first_value = self.value();
        self.shown = Shown::default();
    }

    pub(crate) fn value(&mut self) -> u64 {
        let counter = self.chip.counter;
        let read = send(&mut self.wire, 0x14e, &[counter; 2], &[password()], &[0, 8, 0, 0]);
        let read = read.expect("the counter");
        u64::from_be_bytes(sized_at(&read, 4).try_into().expect("8 bytes"))
    }

    /// Increments the counter outside of any session.
    pub(crate) fn increment(&mut self) {
        let counter = self.chip.counter;
        send(&mut self.wire, 0x134, &[counter; 2], &[password()], &[]).expect("incremented");
    }

    /// Says something that has nothing to do with the counter.
    pub(crate) fn chatter(&mut self) {
        send(&mut self.wire, 0x17b, &[], &[], &[0, 8]).expect("random bytes");
        raw::read_public(&mut self.wire, self.chip.counter).expect("the counter");
    }

    pub(crate) fn save(&mut self, session: &Audited) -> Result<Vec<u8>, u32> {
        send(&mut self.wire, 0x162, &[session.handle], &[], &[])
    }

    pub(crate) fn load(&mut self, context: &[u8]) -> Result<u32, u32> {
        send(&mut self.wire, 0x161, &[], &[], context).map(|handle| raw::u32_at(&handle, 0))
    }

    pub(crate) fn flush(&mut self, session: &Audited) {
        raw::flush(&mut self.wire, session.handle);
    }

    /// Announces that the power fails.
    pub(crate) fn shut_down(&mut self, how: u16) {
        send(&mut self.wire, 0x145, &[], &[], &how.to_be_bytes()).expect("shut down");
    }

    /// The power fails and comes again; the chip is started in this way, or anew if it refuses. Gives how it was.
    pub(crate) fn power(&mut self, how: u16) -> u16 {
        self.emulator.power();
        self.wire = self.emulator.wire();
        let started = send(&mut self.wire, 0x144, &[], &[], &how.to_be_bytes());
        let how = match started {
            Ok(_) => how,
            Err(_) => {
                send(&mut self.wire, 0x144, &[], &[], &CLEAR.to_be_bytes()).expect("started");
                CLEAR
            }
        };
        self.key = load(&mut self.wire);
        how
    }

    /// Loads the key again, as after a command that unloads it.
    pub(crate) fn reload(&mut self) {
        self.key = load(&mut self.wire);
    }

    /// A session's handle as if it were of another kind.
    pub(crate) fn quote_as(&mut self, handle: u32) -> Result<crate::shown::Quoted, u32> {
        quote(&mut self.wire, self.key, handle)
    }
}

fn load(wire: &mut Socket) -> u32 {
    raw::create(wire, OWNER, &signing(0x0005_0472, &[], &[])).0
}
