//! The chips of devices. A chip lies in its device: it outlives every process and is in no copy of a disk, so that copies share it. A program
//! that calls itself a chip is copied like any other file.
//!
//! What always holds: a true chip never goes back, whatever its owner does. A process without it can lie about it ([`Deceit`]), and that is
//! all.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use dsm_core::Dealt;
use dsm_crypto::{Digest, Secret};
use dsm_encoding::{from_slice, to_vec};
use dsm_log::{AbsorbError, Absorber, ChipEvidence, DeviceId, SimulatedChip};
use dsm_session::Message;

use super::event::Deceit;
use crate::actor::bytes;
use crate::edit;

/// What a device begins with.
#[derive(Clone, Debug)]
pub(crate) struct Born {
    pub(crate) chip: SimulatedChip,
    /// Whether its owner made it, and copies it as he likes.
    pub(crate) program: bool,
}

/// When a process dies while its chip absorbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    /// Before it absorbs anything.
    Before,
    /// Once it absorbed one head.
    After,
    /// It is dead.
    Dead,
}

/// A chip, with what it did, and what it said of single entries.
#[derive(Clone, Debug)]
struct Lasting {
    chip: SimulatedChip,
    said: BTreeMap<u64, ChipEvidence>,
    /// The head that it absorbed at each value, counted as entries are.
    heads: BTreeMap<u64, Digest>,
}

/// What a process shows that has no evidence.
#[derive(Clone, Debug)]
struct Lie {
    how: Deceit,
    own: SimulatedChip,
    /// Of each entry that its own chip absorbed: what it shows instead, if it shows anything.
    shown: BTreeMap<u64, Option<ChipEvidence>>,
}

/// How a process drives a chip. Clones drive the same one, for the same process.
#[derive(Clone, Debug)]
pub(crate) struct Drive {
    lasting: Arc<Mutex<Lasting>>,
    program: bool,
    death: Arc<Mutex<Option<Death>>>,
    lie: Arc<Mutex<Option<Lie>>>,
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().expect("no panic while it was held")
}

impl Lasting {
    fn absorb(&mut self, head: &Digest) -> Option<ChipEvidence> {
        let piece = self.chip.absorb(head)?;
        self.said.insert(piece.last, piece.clone());
        self.heads.insert(piece.last, *head);
        Some(piece)
    }
}

impl Lie {
    /// Its own chip absorbs heads, wherever it stood. Its pieces never join those of others.
    fn absorb(
        &mut self,
        lasting: &mut Lasting,
        first: u64,
        heads: &[Digest],
    ) -> Option<Vec<ChipEvidence>> {
        let mut evidence = Vec::new();
        for (index, head) in (first..).zip(heads) {
            self.own.danger_go_to(index);
            let piece = self.own.absorb(head)?;
            let further = self.how == Deceit::Mixed && !self.shown.is_empty();
            while further && lasting.chip.next() < Some(index) {
                lasting.absorb(&Digest::ZERO)?;
            }
            let there = further && lasting.chip.next() == Some(index);
            let shown = match self.how {
                Deceit::Foreign | Deceit::Lent => Some(piece.clone()),
                Deceit::Nothing => None,
                Deceit::Elsewhere => {
                    lasting.absorb(head).map(|true_one| ChipEvidence { last: index, ..true_one })
                }
                Deceit::Mixed if there => lasting.absorb(head),
                Deceit::Mixed => Some(piece.clone()),
            };
            self.shown.insert(index, shown);
            evidence.push(piece);
        }
        Some(evidence)
    }

    /// What is shown of a piece.
    fn of(&self, lasting: &Lasting, piece: &ChipEvidence) -> Option<ChipEvidence> {
        let index = piece.last;
        let Some(shown) = self.shown.get(&index).filter(|_| piece.first == index) else {
            return Some(piece.clone());
        };
        let lent = lasting.said.get(&index).filter(|_| self.how == Deceit::Lent);
        lent.cloned().or_else(|| shown.clone())
    }
}

impl Drive {
    pub(crate) fn new(born: &Born) -> Self {
        let (said, heads) = (BTreeMap::new(), BTreeMap::new());
        let lasting = Lasting { chip: born.chip.clone(), said, heads };
        Self {
            lasting: Arc::new(Mutex::new(lasting)),
            program: born.program,
            death: Arc::default(),
            lie: Arc::default(),
        }
    }

    /// For a copy of the disk.
    pub(crate) fn copied(&self) -> Self {
        let lasting = if self.program {
            Arc::new(Mutex::new(held(&self.lasting).clone()))
        } else {
            Arc::clone(&self.lasting)
        };
        let lie = Arc::new(Mutex::new(held(&self.lie).clone()));
        Self { lasting, program: self.program, death: Arc::default(), lie }
    }

    /// From now on this process lies, if its chip is none that it could copy.
    pub(crate) fn deceive(&self, how: Deceit) -> bool {
        if !self.program {
            let own =
                SimulatedChip::new(Secret::from_bytes(bytes("a chip of one's own", 1)), 1_000);
            *held(&self.lie) = Some(Lie { how, own, shown: BTreeMap::new() });
        }
        !self.program
    }

    /// Whether the chip absorbed a head at the value of an entry.
    pub(crate) fn has_absorbed(&self, index: u64, head: &Digest) -> bool {
        held(&self.lasting).heads.get(&index) == Some(head)
    }

    /// The power fails.
    pub(crate) fn cut(&self) {
        held(&self.lasting).chip.restart();
    }

    /// The process dies as its chip next absorbs something.
    pub(crate) fn arm(&self, death: Option<Death>) {
        *held(&self.death) = death;
    }

    /// Absorbs heads that are not durable: a bug.
    pub(crate) fn absorb_early(&self, heads: &[Digest]) {
        let mut lasting = held(&self.lasting);
        for head in heads {
            lasting.absorb(head);
        }
    }

    pub(crate) fn absorber(&self) -> Box<dyn Absorber> {
        Box::new(self.clone())
    }

    /// A message as this process says it.
    pub(crate) fn say(&self, me: &DeviceId, frame: Vec<u8>) -> Vec<u8> {
        let lie = held(&self.lie);
        let (Some(lie), Ok(message)) = (lie.as_ref(), from_slice::<Message>(&frame)) else {
            return frame;
        };
        let lasting = held(&self.lasting);
        let lies = |mut dealt: Box<Dealt>| {
            let at = dealt.pack.devices.iter().position(|one| one.id() == *me);
            edit(&mut dealt.pack.runs, |runs| {
                for run in runs.iter_mut().filter(|run| Some(run.device as usize) == at) {
                    edit(&mut run.signature.evidence, |evidence| {
                        *evidence =
                            evidence.iter().filter_map(|one| lie.of(&lasting, one)).collect();
                    });
                }
            });
            dealt
        };
        match message {
            Message::Pay { dealt } => to_vec(&Message::Pay { dealt: lies(dealt) }),
            Message::Receipt { dealt } => to_vec(&Message::Receipt { dealt: lies(dealt) }),
            _ => frame,
        }
    }
}

impl Absorber for Drive {
    fn stand(&self) -> Vec<u8> {
        held(&self.lasting).chip.stand()
    }

    fn absorb(
        &mut self,
        stand: Option<&[u8]>,
        first: u64,
        heads: &[Digest],
    ) -> Result<Vec<ChipEvidence>, AbsorbError> {
        let mut lasting = held(&self.lasting);
        let mut death = held(&self.death);
        let died = || Err(AbsorbError::Failed("the process died".into()));
        let heads = match *death {
            None => heads,
            Some(_) if heads.is_empty() => heads,
            Some(Death::After) => heads.get(..1).unwrap_or_default(),
            Some(Death::Before | Death::Dead) => return died(),
        };
        // Whoever is dead tries nothing again.
        let dies = death.is_some() && !heads.is_empty();
        if dies {
            *death = Some(Death::Dead);
        }
        let evidence = if let Some(lie) = held(&self.lie).as_mut() {
            let evidence = lie.absorb(&mut lasting, first, heads);
            evidence.ok_or(AbsorbError::Ended { index: first })?
        } else {
            let evidence = Absorber::absorb(&mut lasting.chip, stand, first, heads)?;
            let single = evidence.iter().filter(|piece| piece.first == piece.last);
            lasting.said.extend(single.map(|piece| (piece.last, piece.clone())));
            lasting.heads.extend((first..).zip(heads.iter().copied()));
            evidence
        };
        if dies { died() } else { Ok(evidence) }
    }
}
