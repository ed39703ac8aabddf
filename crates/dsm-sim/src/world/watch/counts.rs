//! What happened in worlds, counted.

/// What happened, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Counts {
    /// Actions.
    pub actions: u64,
    /// Frames that somebody said.
    pub frames: u64,
    /// Processes that died.
    pub crashes: u64,
    /// Entries with value that somebody honest accepted.
    pub payments: u64,
    /// Entries without value that somebody honest accepted.
    pub receipts: u64,
    /// Fork proofs that somebody honest kept.
    pub forks: u64,
    /// Ids that somebody honest accepted for the second time.
    pub doubles: u64,
    /// Refusals by a rule.
    pub refusals: u64,
    /// Letters.
    pub letters: u64,
    /// Entries with value that somebody honest accepted in class anchored.
    pub anchored: u64,
    /// Refusals for want of a chip's evidence.
    pub unproven: u64,
    /// Times that a process was refused by its device's chip.
    pub shut_out: u64,
}

impl Counts {
    /// Adds what happened in another world.
    pub fn add(&mut self, other: &Self) {
        let Self {
            actions,
            frames,
            crashes,
            payments,
            receipts,
            forks,
            doubles,
            refusals,
            letters,
            anchored,
            unproven,
            shut_out,
        } = other;
        self.actions += actions;
        self.frames += frames;
        self.crashes += crashes;
        self.payments += payments;
        self.receipts += receipts;
        self.forks += forks;
        self.doubles += doubles;
        self.refusals += refusals;
        self.letters += letters;
        self.anchored += anchored;
        self.unproven += unproven;
        self.shut_out += shut_out;
    }
}
