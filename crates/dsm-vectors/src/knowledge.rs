//! What a verifier knows, as facts: to JSON, and back into a view.

use dsm_core::pack::{Line, OpenedEntry};
use dsm_core::{
    Allowed, Facts, FinalityClass, Lineage, Lock, MakerId, MemoryView, Note, Output, Peer, Policy,
    Settings, TokenId, View,
};
use dsm_crypto::{Digest, Signature};
use dsm_encoding::{List, from_slice};
use dsm_log::{
    ChipEvidence, DeviceDescriptor, DeviceId, ForkProof, HeadSignature, Network, Pair, Position,
    Record, SpendId,
};
use dsm_merkle::ListProof;
use serde_json::{Value, json};

use crate::Problem;
use crate::json::{
    as_bytes, as_digest, as_number, as_option, bytes, canonical, device, digest, hex, id, items,
    list, member, number, object, option, place, position, text, truth, uint,
};
use crate::world::{NETWORK, World};

/// Facts, settings and contacts of one verifier.
#[derive(Clone)]
pub(crate) struct Knowledge {
    pub(crate) network: Network,
    pub(crate) me: DeviceId,
    /// Further devices of the same owner.
    pub(crate) own: Vec<DeviceId>,
    pub(crate) settings: Settings,
    pub(crate) peers: Vec<(DeviceId, Peer)>,
    pub(crate) facts: Facts,
    /// How much of a token it holds whose lineage has an uncertified spend by a device.
    pub(crate) exposures: Vec<(DeviceId, TokenId, u64)>,
    pub(crate) forks: Vec<ForkProof>,
    /// Who made the chips of devices.
    pub(crate) makers: Vec<(DeviceId, MakerId)>,
}

impl Knowledge {
    /// A verifier that knows its own log and nobody.
    pub(crate) fn of(world: &World, me: &DeviceId) -> Self {
        let mut this = Self {
            network: NETWORK,
            me: *me,
            own: Vec::new(),
            settings: Settings::default(),
            peers: Vec::new(),
            facts: Facts::default(),
            exposures: Vec::new(),
            forks: Vec::new(),
            makers: Vec::new(),
        };
        if !world.get(me).log.is_empty() {
            this.learn_line(world, me, 0, world.at(me).index);
        }
        this
    }

    /// Pins a contact's device with which it has not dealt.
    pub(crate) fn pin(&mut self, world: &World, device: &DeviceId) {
        self.facts.descriptors.push(world.get(device).descriptor.clone());
        self.peers.push((*device, Peer { active: true, tip: None, stitch: None }));
    }

    pub(crate) fn peer_mut(&mut self) -> &mut Peer {
        self.peers.first_mut().map(|(_, peer)| peer).expect("a contact")
    }

    /// Keeps a stretch of a log under a signed head.
    pub(crate) fn learn_line(&mut self, world: &World, device: &DeviceId, from: u64, to: u64) {
        let head = |index| world.head(device, index).expect("an entry");
        let records = (from + 1..=to).filter_map(|index| world.record(device, index)).collect();
        let signature = world.signed(device, to).expect("an entry").signature;
        self.facts.lines.push(Line {
            device: *device,
            start: Position { index: from, head: head(from) },
            records,
            heads: (from + 1..=to).map(head).collect(),
            signature,
        });
    }

    pub(crate) fn learn_opened(&mut self, world: &World, device: &DeviceId, index: u64) {
        self.facts.opened.push(world.opened(device, index).expect("an entry"));
    }

    /// The view that these facts make.
    pub(crate) fn view(&self) -> Result<MemoryView, Problem> {
        let mut view = MemoryView::new(self.network, self.me);
        view.own.extend(&self.own);
        view.settings = self.settings.clone();
        view.learn(&self.facts);
        view.peers.extend(self.peers.iter().copied());
        view.makers.extend(self.makers.iter().copied());
        for (device, token, amount) in &self.exposures {
            let lineage =
                Lineage { class: FinalityClass::Exposed, uncertified: [*device].into(), hops: 1 };
            let lock = Lock::Vault { root: Digest::ZERO };
            let output = Output { token: *token, amount: *amount, lock };
            view.expose(&lineage, &Note { output, head: Digest::ZERO, number: 0 });
        }
        for fork in &self.forks {
            let proof = fork.clone().verify();
            let proof = proof.map_err(|error| Problem::new(error.to_string()))?;
            view.forks.insert(proof.device(), proof);
        }
        Ok(view)
    }

    pub(crate) fn to_json(&self) -> Value {
        let Facts { descriptors, policies, lines, opened, allowances } = &self.facts;
        let allowance = |(token, owner, allowed): &(TokenId, DeviceId, Allowed)| {
            json!({
                "token": digest(&token.0),
                "device": device(owner),
                "index": number(allowed.index),
                "count": number(allowed.count),
                "siblings": hex(&allowed.proof.siblings),
            })
        };
        let exposure = |(owner, token, amount): &(DeviceId, TokenId, u64)| {
            json!({
                "device": device(owner),
                "token": digest(&token.0),
                "amount": number(*amount),
            })
        };
        json!({
            "network": self.network.0,
            "me": device(&self.me),
            "own": list(&self.own, device),
            "settings": settings(&self.settings),
            "peers": list(&self.peers, |(id, peer)| json!({
                "device": device(id),
                "active": peer.active,
                "tip": option(peer.tip, digest),
                "stitch": option(peer.stitch, |index| number(*index)),
            })),
            "descriptors": list(descriptors, canonical),
            "policies": list(policies, canonical),
            "lines": list(lines, line_to_json),
            "opened": list(opened, |one| json!({
                "device": device(&one.device),
                "index": number(one.index),
                "rest": digest(&one.rest),
                "value": canonical(&one.value),
            })),
            "allowances": list(allowances, allowance),
            "exposures": list(&self.exposures, exposure),
            "forks": list(&self.forks, canonical),
            "makers": list(&self.makers, |(id, maker)| json!({
                "device": device(id),
                "maker": digest(&maker.0),
            })),
        })
    }

    pub(crate) fn from_json(value: &Value) -> Result<Self, Problem> {
        let mut facts = Facts {
            descriptors: all(value, "descriptors", decoded::<DeviceDescriptor>)?,
            policies: all(value, "policies", decoded::<Policy>)?,
            lines: all(value, "lines", line_from_json)?,
            opened: Vec::new(),
            allowances: all(value, "allowances", allowance_from_json)?,
        };
        for one in items(value, "opened")? {
            facts.opened.push(opened_from_json(one, &facts.lines)?);
        }
        Ok(Self {
            network: network(value)?,
            me: DeviceId(id(value, "me")?),
            own: all(value, "own", |id| as_digest(id).map(DeviceId))?,
            settings: settings_from_json(member(value, "settings")?)?,
            peers: all(value, "peers", |peer| {
                let tip = as_option(member(peer, "tip")?, as_digest)?;
                let stitch = as_option(member(peer, "stitch")?, as_number)?;
                let active = truth(peer, "active")?;
                Ok((DeviceId(id(peer, "device")?), Peer { active, tip, stitch }))
            })?,
            facts,
            exposures: all(value, "exposures", |one| {
                let device = DeviceId(id(one, "device")?);
                Ok((device, TokenId(id(one, "token")?), uint(one, "amount")?))
            })?,
            forks: all(value, "forks", decoded::<ForkProof>)?,
            makers: all(value, "makers", |one| {
                Ok((DeviceId(id(one, "device")?), MakerId(id(one, "maker")?)))
            })?,
        })
    }
}

pub(crate) fn network(value: &Value) -> Result<Network, Problem> {
    let number = u32::try_from(uint(value, "network")?);
    number.map(Network).map_err(|_| Problem::new("a network has 32 bits"))
}

fn all<T>(
    value: &Value,
    name: &str,
    read: impl Fn(&Value) -> Result<T, Problem>,
) -> Result<Vec<T>, Problem> {
    let all: Result<Vec<T>, Problem> = items(value, name)?.iter().map(read).collect();
    all.map_err(|problem| problem.at(name))
}

fn decoded<T: dsm_encoding::Decode>(value: &Value) -> Result<T, Problem> {
    from_slice(&as_bytes(value)?).map_err(|error| Problem::new(error.to_string()))
}

fn settings(of: &Settings) -> Value {
    let caps = of.exposed_caps.iter();
    json!({
        "enough": of.enough.name(),
        "exposed_cap": number(of.exposed_cap),
        "exposed_caps": caps.map(|(token, cap)| json!({
            "token": digest(&token.0),
            "cap": number(*cap),
        })).collect::<Vec<_>>(),
        "makers": of.makers.iter().map(|(maker, most)| json!({
            "maker": digest(&maker.0),
            "most": number(*most),
        })).collect::<Vec<_>>(),
        "max_hops": number(of.max_hops),
        "max_gap": number(of.max_gap),
    })
}

fn settings_from_json(value: &Value) -> Result<Settings, Problem> {
    let caps =
        all(value, "exposed_caps", |one| Ok((TokenId(id(one, "token")?), uint(one, "cap")?)))?;
    let makers = all(value, "makers", |one| Ok((MakerId(id(one, "maker")?), uint(one, "most")?)))?;
    Ok(Settings {
        enough: class_named(text(value, "enough")?)?,
        exposed_cap: uint(value, "exposed_cap")?,
        exposed_caps: caps.into_iter().collect(),
        makers: makers.into_iter().collect(),
        max_hops: uint(value, "max_hops")?,
        max_gap: uint(value, "max_gap")?,
    })
}

fn class_named(name: &str) -> Result<FinalityClass, Problem> {
    use FinalityClass::{Anchored, Exposed, Purse, Registered};
    let found = [Exposed, Anchored, Registered, Purse].into_iter().find(|one| one.name() == name);
    found.ok_or_else(|| Problem::new(format!("no class `{name}`")))
}

/// A run; its heads are computed.
fn line_to_json(line: &Line) -> Value {
    json!({
        "device": device(&line.device),
        "start": position(&line.start),
        "records": list(&line.records, |record| json!({
            "spends": list(&record.spends, |id| digest(&id.0)),
            "body": digest(&record.body),
        })),
        "signature": hex(line.signature.signature.as_bytes()),
        "evidence": list(&line.signature.evidence, canonical),
    })
}

fn line_from_json(value: &Value) -> Result<Line, Problem> {
    let records = all(value, "records", |one| {
        let spends = all(one, "spends", |id| as_digest(id).map(SpendId))?;
        let spends = List::try_from(spends).map_err(|error| Problem::new(error.to_string()))?;
        Ok(Record { spends, body: id(one, "body")? })
    })?;
    let start = place(value, "start")?;
    let pairs: Vec<Pair> = records.iter().map(Record::pair).collect();
    let mut at = start;
    let mut heads = Vec::new();
    for pair in &pairs {
        at = at.after(pair).ok_or_else(|| Problem::new("an index is out of range"))?;
        heads.push(at.head);
    }
    let signature = Signature::from_bytes(&bytes(value, "signature")?);
    let signature = signature.map_err(|error| Problem::new(error.to_string()))?;
    let evidence = List::try_from(all(value, "evidence", decoded::<ChipEvidence>)?);
    let evidence = evidence.map_err(|error| Problem::new(error.to_string()))?;
    let signature = HeadSignature { signature, evidence };
    Ok(Line { device: DeviceId(id(value, "device")?), start, records, heads, signature })
}

/// An opened entry; the ids of its notes are computed from the head that a line shows.
fn opened_from_json(value: &Value, lines: &[Line]) -> Result<OpenedEntry, Problem> {
    let (device, index) = (DeviceId(id(value, "device")?), uint(value, "index")?);
    let on = lines.iter().filter(|line| line.device == device);
    let head = on.filter_map(|line| line.head(index)).next();
    let head = head.ok_or_else(|| Problem::new("an opened entry lies on no line"))?;
    let what: Option<dsm_core::Value> = object(value, "value")?;
    let outputs = what.as_ref().map_or(&[][..], dsm_core::Value::outputs);
    let notes = (0..).zip(outputs).map(|(number, output)| {
        let note = Note { output: *output, head, number };
        note.id()
    });
    let notes = notes.collect();
    Ok(OpenedEntry { device, index, rest: id(value, "rest")?, value: what, notes })
}

fn allowance_from_json(value: &Value) -> Result<(TokenId, DeviceId, Allowed), Problem> {
    let siblings = bytes(value, "siblings")?.try_into();
    let siblings = siblings.map_err(|_| Problem::new("too many siblings"))?;
    let (index, count) = (uint(value, "index")?, uint(value, "count")?);
    let allowed = Allowed { index, count, proof: ListProof { siblings } };
    Ok((TokenId(id(value, "token")?), DeviceId(id(value, "device")?), allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knowledge_comes_back_from_its_json() {
        let mut world = World::default();
        let (ada, ben) = (world.device("ada"), world.device("ben"));
        world.idle(&ben);
        let mut knowledge = Knowledge::of(&world, &ben);
        knowledge.pin(&world, &ada);
        knowledge.exposures.push((ada, TokenId(Digest::ZERO), u64::MAX));
        let value = knowledge.to_json();
        let back = Knowledge::from_json(&value).unwrap();
        assert_eq!(back.to_json(), value);
        assert_eq!(back.facts, knowledge.facts);
    }
}
