//! Facts: what verified packs teach. The first wins, and of a forked device nothing more is learned.

use dsm_core::Facts;
use dsm_core::pack::{Line, OpenedEntry};
use dsm_encoding::to_vec;
use dsm_log::{
    DeviceId, ForkProof, HeadSignature, Position, Record, SignedHead, Verified, value_hash,
};

use super::Stage;
use crate::StoreError;
use crate::kv::{Snapshot, Table};
use crate::rows::{NewsRow, OpenedRow, OriginRow, bytes, device_key, joined, place};

impl<S: Snapshot> Stage<'_, S> {
    /// A device that showed two histories.
    pub(super) fn fork(&mut self, proof: &Verified<ForkProof>) -> Result<(), StoreError> {
        let device = proof.device();
        let key = device_key(&device).to_vec();
        if self.put_first(Table::Forks, key, bytes::<ForkProof>(proof))? {
            self.news(NewsRow::Fork { device });
        }
        Ok(())
    }

    pub(super) fn facts(&mut self, facts: &Facts) -> Result<(), StoreError> {
        for descriptor in &facts.descriptors {
            self.descriptor(descriptor)?;
        }
        for policy in &facts.policies {
            self.policy(policy)?;
        }
        for line in &facts.lines {
            self.line(line)?;
        }
        for opened in &facts.opened {
            self.opened(opened)?;
        }
        for (token, device, proof) in &facts.allowances {
            let key = joined(token.0.as_bytes(), device_key(device));
            self.put_first(Table::Allowances, key, bytes(proof))?;
        }
        Ok(())
    }

    fn is_forked(&self, device: &DeviceId) -> Result<bool, StoreError> {
        self.has(Table::Forks, device_key(device))
    }

    /// Whether a run says anything else than what is known.
    fn contradicts(&self, line: &Line) -> Result<bool, StoreError> {
        let heads = std::iter::once(&line.start.head).chain(&line.heads);
        for (index, head) in (line.start.index..).zip(heads) {
            if self.head(&line.device, index)?.is_some_and(|known| known != *head) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn line(&mut self, line: &Line) -> Result<(), StoreError> {
        let device = line.device;
        let own = self.own.contains(&device);
        if (!own && self.is_forked(&device)?) || self.contradicts(line)? {
            return Ok(());
        }
        self.put_first(Table::Heads, place(&device, line.start.index), bytes(&line.start.head))?;
        let indexes = line.start.index.saturating_add(1)..;
        for ((index, head), record) in indexes.zip(&line.heads).zip(&line.records) {
            let key = place(&device, index);
            self.put_first(Table::Heads, key.clone(), bytes(head))?;
            if self.put_first(Table::Records, key, bytes(record))? {
                for id in record.spends.iter() {
                    let of = joined(device_key(&device), id.0.as_bytes());
                    self.put(Table::Spends, joined(&of, &index.to_be_bytes()), Vec::new());
                }
            }
        }
        let at = line.end();
        let key = place(&device, at.index);
        let new = self.signature(key, &line.signature)?;
        if new && !own {
            self.news_of_head(device, at)?;
        }
        Ok(())
    }

    /// What a device says of a head: of two, the one with evidence of more entries is kept. Says whether there was none.
    fn signature(&mut self, key: Vec<u8>, signature: &HeadSignature) -> Result<bool, StoreError> {
        let known: Option<HeadSignature> = self.load(Table::Signatures, &key)?;
        let further = |known: &HeadSignature| {
            signature.first().is_some_and(|first| known.first().is_none_or(|known| first < known))
        };
        if known.as_ref().is_none_or(further) {
            self.put(Table::Signatures, key, bytes(signature));
        }
        Ok(known.is_none())
    }

    /// An opened entry is kept if it opens the known record.
    fn opened(&mut self, opened: &OpenedEntry) -> Result<(), StoreError> {
        let (device, index) = (opened.device, opened.index);
        let key = place(&device, index);
        let Some(known) = self.load::<Record>(Table::Records, &key)? else { return Ok(()) };
        let value = value_hash(&to_vec(&opened.value));
        if Record::from_parts(known.spends.clone(), &opened.rest, &value) != known {
            return Ok(());
        }
        let row: OpenedRow = (opened.rest, opened.value.clone());
        self.put_first(Table::Opened, key, bytes(&row))?;
        for (number, id, output) in opened.made() {
            let row: OriginRow = (device, index, number, output);
            self.put_first(Table::Origins, id.0.as_bytes().to_vec(), bytes(&row))?;
        }
        Ok(())
    }

    fn news(&mut self, news: NewsRow) -> u64 {
        let sequence = self.next_news;
        self.next_news = sequence.saturating_add(1);
        self.put(Table::News, sequence.to_be_bytes().to_vec(), bytes(&news));
        sequence
    }

    /// A newly learned signed head. It replaces the news of an earlier head of that device; one
    /// before the newest stands beside it.
    fn news_of_head(&mut self, device: DeviceId, at: Position) -> Result<(), StoreError> {
        let key = device_key(&device).to_vec();
        let newest: Option<(u64, u64)> = self.load(Table::Newest, &key)?;
        let sequence = self.news(NewsRow::Head { device, at });
        if newest.is_none_or(|(_, index)| index <= at.index) {
            if let Some((before, _)) = newest {
                self.remove(Table::News, before.to_be_bytes().to_vec());
            }
            self.put(Table::Newest, key, bytes(&(sequence, at.index)));
        }
        Ok(())
    }

    /// A later head of a log of one's own than was written here: from now on nothing can be.
    pub(super) fn shown(&mut self, signed: &Verified<SignedHead>) -> Result<(), StoreError> {
        let key = place(&signed.device, signed.at.index);
        if self.put_first(Table::Heads, key.clone(), bytes(&signed.at.head))? {
            self.signature(key, &signed.signature)?;
        }
        Ok(())
    }

    /// A peer was told all news up to a place.
    pub(super) fn told(&mut self, peer: &DeviceId, upto: u64) -> Result<(), StoreError> {
        let key = device_key(peer).to_vec();
        let before: Option<u64> = self.load(Table::Told, &key)?;
        if before.is_none_or(|before| before < upto) {
            self.put(Table::Told, key, bytes(&upto));
        }
        Ok(())
    }
}
