//! `vectors/pack`: plans, answers and packs, with every id and head that they stand for.

use dsm_core::pack::{Pack, Plan, Wanted};
use dsm_core::{Facts, Lineage, Value as Operation, examine};
use dsm_encoding::to_vec;
use dsm_log::DeviceId;
use serde_json::{Value, json};

use crate::accept::trade::Trade;
use crate::json::{canonical, device, digest, id, list, member, number, object, same, uint};
use crate::knowledge::Knowledge;
use crate::world::{all, limited};
use crate::{Problem, Vector};

pub(crate) fn vectors() -> Vec<Vector> {
    let mut trade = Trade::new();
    let note = trade.fund();
    let (issuer, ada, ben, cleo) = (trade.issuer, trade.ada, trade.ben, trade.cleo);
    let outputs = vec![trade.output(700, &cleo), trade.output(300, &ada)];
    trade.move_on(&ada, vec![note.id()], outputs);
    let paid = trade.world.note(&ada, 1, 0);
    trade.world.idle(&cleo);
    let outputs = vec![trade.output(600, &ben), trade.output(100, &cleo)];
    let index = trade.move_on(&cleo, vec![paid.id()], outputs);
    let plan = trade.world.plan(&cleo, index, 0);
    let whole = all(&plan);
    let reader = Knowledge::of(&trade.world, &ben);
    let mut knows = reader.clone();
    knows.facts.descriptors.push(trade.world.get(&issuer).descriptor.clone());
    knows.facts.policies.extend(dsm_core::View::policy(&trade.world, &trade.token));
    knows.learn_line(&trade.world, &issuer, 0, 1);
    knows.learn_opened(&trade.world, &issuer, 1);
    let view = knows.view().expect("facts");
    let part = Wanted::of(&view, &plan).expect("a short plan");
    let burn = Operation::Burn { token: trade.token, amount: 100 };
    let left = trade.world.note(&cleo, index, 1);
    let draft = crate::world::Draft {
        spends: vec![left.id()],
        value: Some(burn),
        ..crate::world::Draft::default()
    };
    let burnt = trade.world.write(&cleo, draft);
    let longer = trade.world.plan(&cleo, burnt, 0);
    let one = |name, about, knowledge: &Knowledge, plan: &Plan, wanted: &Wanted, index| {
        let pack = dsm_core::pack::build(&trade.world, plan, wanted).expect("the world knows all");
        let value = json!({
            "view": knowledge.to_json(),
            "device": device(&cleo),
            "index": number(index),
            "plan": canonical(plan),
            "wanted": canonical(wanted),
            "pack": canonical(&pack),
        });
        Vector::new("pack", name, about, described(value).expect("a valid pack"))
    };
    vec![
        one("whole", "Issuer to Ada to Cleo to Ben, all of it.", &reader, &plan, &whole, index),
        one("part", "The same for a reader who knows the issue.", &knows, &plan, &part, index),
        one("burn", "Cleo burns her change.", &reader, &longer, &all(&longer), burnt),
        Vector::new(
            "pack",
            "empty",
            "No lineage at all.",
            json!({
                "plan": canonical(&Plan::default()),
                "wanted": canonical(&Wanted { stretches: limited(vec![]), tokens: limited(vec![]) }),
                "pack": canonical(&Pack::default()),
            }),
        ),
    ]
}

/// Adds what a pack stands for.
fn described(mut value: Value) -> Result<Value, Problem> {
    let (pack, plan): (Pack, Plan) = (object(&value, "pack")?, object(&value, "plan")?);
    let wanted: Wanted = object(&value, "wanted")?;
    for (name, bytes) in
        [("pack", to_vec(&pack)), ("plan", to_vec(&plan)), ("wanted", to_vec(&wanted))]
    {
        same(member(&value, name)?, &crate::json::hex(&bytes))?;
    }
    if value.get("view").is_none() {
        return Ok(value);
    }
    let view = Knowledge::from_json(member(&value, "view")?)?.view()?;
    let (writer, index) = (DeviceId(id(&value, "device")?), uint(&value, "index")?);
    let verdict = examine(&view, &pack, writer, index);
    let (lineage, facts) = verdict.result.map_err(|reject| Problem::new(reject.to_string()))?;
    value["lineage"] = lineage_to_json(&lineage);
    value["facts"] = facts_to_json(&facts);
    Ok(value)
}

fn lineage_to_json(lineage: &Lineage) -> Value {
    let uncertified: Vec<DeviceId> = lineage.uncertified.iter().copied().collect();
    json!({
        "class": lineage.class.name(),
        "hops": number(lineage.hops),
        "uncertified": list(&uncertified, device),
    })
}

fn facts_to_json(facts: &Facts) -> Value {
    json!({
        "devices": list(&facts.descriptors, |one| device(&one.id())),
        "tokens": list(&facts.policies, |one| digest(&one.id().0)),
        "runs": list(&facts.lines, |line| json!({
            "device": device(&line.device),
            "spends": list(&line.records, |record| list(&record.spends, |id| digest(&id.0))),
            "bodies": list(&line.records, |record| digest(&record.body)),
            "heads": list(&line.heads, digest),
        })),
        "opened": list(&facts.opened, |opened| json!({
            "device": device(&opened.device),
            "index": number(opened.index),
            "value": canonical(&opened.value),
            "notes": list(&opened.notes, |id| digest(&id.0)),
        })),
    })
}

pub(crate) fn check(value: &Value) -> Result<(), Problem> {
    same(value, &described(value.clone())?)
}
