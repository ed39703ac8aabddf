//! Application state: the same on both sides, whoever cheats, whatever arrives first
//! (`spec/state.md`).

use dsm_core::data::{Author, Contribution, Reduced, Reducer, Turn, check_order, reduce, schema};
use dsm_core::{Dealing, Op, Reject};
use dsm_log::relationship;
use dsm_sim::{Actor, introduce};

/// Turns: each says a number other than 0, until ten were said.
struct Numbers;

impl Reducer for Numbers {
    type State = Vec<(Author, u8)>;
    const SCHEMA: &'static str = "numbers";

    fn start(&self) -> Self::State {
        Vec::new()
    }

    fn turn(&self, said: &Self::State) -> Turn {
        match said.len() {
            10 => Turn::Nobody,
            even if even % 2 == 0 => Turn::Only(Author::First),
            _ => Turn::Only(Author::Second),
        }
    }

    fn apply(&self, said: &Self::State, author: Author, bytes: &[u8]) -> Option<Self::State> {
        let [number @ 1..=255] = bytes else { return None };
        Some([&said[..], &[(author, *number)]].concat())
    }
}

/// No turns: sums.
struct Sums;

impl Reducer for Sums {
    type State = [u64; 2];
    const SCHEMA: &'static str = "sums";

    fn start(&self) -> Self::State {
        [0; 2]
    }

    fn apply(&self, sums: &Self::State, author: Author, bytes: &[u8]) -> Option<Self::State> {
        let [number] = bytes else { return None };
        let mut sums = *sums;
        sums[usize::from(author == Author::Second)] += u64::from(*number);
        Some(sums)
    }
}

/// No turns, and not indifferent: who comes last wins.
struct Last;

impl Reducer for Last {
    type State = Vec<u8>;
    const SCHEMA: &'static str = "last";

    fn start(&self) -> Self::State {
        Vec::new()
    }

    fn apply(&self, _: &Self::State, _: Author, bytes: &[u8]) -> Option<Self::State> {
        Some(bytes.to_vec())
    }
}

fn data(number: u8) -> Vec<Op> {
    let bytes = vec![number].try_into().expect("one byte");
    vec![Op::Data { schema: schema("numbers"), bytes }]
}

/// Ada and Ben, Ada first.
fn pair() -> (Actor, Actor) {
    let (mut ada, mut ben) = (Actor::new("ada"), Actor::new("ben"));
    if ben.id() < ada.id() {
        (ada, ben) = (ben, ada);
    }
    introduce(&mut ada, &mut ben);
    (ada, ben)
}

fn say(from: &mut Actor, to: &Actor, number: u8) -> Dealing {
    let written = from.write(Some(to.id()), vec![], None, data(number), None);
    written.dealing.expect("an addressed entry")
}

fn contributions(dealings: &[&Dealing]) -> Vec<Contribution> {
    let schema = schema("numbers");
    let of = |one: &&Dealing| Contribution::of(&one.entry, one.stitch, &schema).collect::<Vec<_>>();
    dealings.iter().flat_map(of).collect()
}

/// The trap: a verifier that refuses what is not stitched to its own last entry. Both write at once,
/// each refuses the other's, and nothing that either writes from then on is accepted.
#[test]
fn refusing_what_crossed_would_end_the_relationship() {
    let (mut ada, mut ben) = pair();
    let (from_ada, from_ben) = (say(&mut ada, &ben, 1), say(&mut ben, &ada, 2));
    let is_last = |to: &Actor, dealing: &Dealing| dealing.stitch == Some(to.at().index);
    assert!(!is_last(&ben, &from_ada) && !is_last(&ada, &from_ben));
    // Both skip what they would refuse. Whatever follows shows a tip that they do not know.
    for _ in 0..3 {
        let next = say(&mut ada, &ben, 3);
        let refusal = ben.refusal(&ada.insist(&next), None);
        assert_eq!(refusal, Some(Reject::TipReplacement), "{refusal:?}");
        let next = say(&mut ben, &ada, 4);
        assert_eq!(ada.refusal(&ben.insist(&next), None), Some(Reject::TipReplacement));
    }
    assert_eq!(ben.view.peers[&ada.id()].tip, None, "{:?}", relationship(&ada.id(), &ben.id()));
}

/// The same two entries, accepted: one is void, and the relationship goes on.
#[test]
fn what_crossed_is_void_and_the_relationship_goes_on() {
    let (mut ada, mut ben) = pair();
    let (one, crossed) = (say(&mut ada, &ben, 1), say(&mut ben, &ada, 2));
    let (to_ben, to_ada) = (ada.deal(&one, &ben), ben.deal(&crossed, &ada));
    ben.receive(&to_ben, None).result.expect("valid, out of turn or not");
    ada.receive(&to_ada, None).result.expect("valid, out of turn or not");
    let two = say(&mut ben, &ada, 3);
    let to_ada = ben.deal(&two, &ada);
    ada.receive(&to_ada, None).result.expect("a valid answer");
    let reduced = reduce(&Numbers, &contributions(&[&one]), &contributions(&[&crossed, &two]));
    assert_eq!(reduced.state, [(Author::First, 1), (Author::Second, 3)]);
    assert_eq!(reduced.void, [(Author::Second, crossed.entry.index)]);
}

/// Numbers that look random and are the same each time (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

/// One side: what it wrote, and how much of the other's it has heard.
#[derive(Default)]
struct Side {
    log: Vec<Contribution>,
    heard: usize,
    /// What it knows in the order in which it came to know it.
    arrived: Vec<(Author, u8)>,
}

/// What a side makes of what it knows.
fn view(sides: &[Side; 2], of: usize) -> Reduced<Vec<(Author, u8)>> {
    let known = |side: usize| match side == of {
        true => &sides[side].log[..],
        false => &sides[side].log[..sides[of].heard],
    };
    reduce(&Numbers, known(0), known(1))
}

const AUTHORS: [Author; 2] = [Author::First, Author::Second];

/// Writes if it may, or if it cheats: then with any stitch that `accept` takes.
fn write(sides: &mut [Side; 2], of: usize, cheats: bool, dice: &mut Dice) -> Option<u64> {
    let number = u8::try_from(dice.roll(9)).expect("small");
    let mut seen = sides[of].heard as u64;
    let reduced = view(sides, of);
    let may = Numbers.turn(&reduced.state) == Turn::Only(AUTHORS[of]) && number > 0;
    if !may && !cheats {
        return None;
    }
    if cheats {
        let before = sides[of].log.last().and_then(|last| last.seen).unwrap_or(0);
        let most = sides[1 - of].log.len() as u64;
        seen = before + dice.roll(most - before + 1);
    }
    let index = sides[of].log.len() as u64 + 1;
    let seen = Some(seen).filter(|seen| *seen > 0);
    sides[of].log.push(Contribution { index, seen, bytes: vec![number] });
    sides[of].arrived.push((AUTHORS[of], number));
    (!cheats).then_some(index)
}

#[test]
fn both_sides_see_one_game_whatever_crosses_and_whoever_cheats() {
    let (mut arrival_differs, mut voids, mut over) = (0, 0, 0);
    for seed in 1..=2_000 {
        let mut dice = Dice(seed << 20 | 0x55);
        let cheat = usize::try_from(dice.roll(3)).expect("small");
        let mut sides = [Side::default(), Side::default()];
        let (mut honest, mut views) = (Vec::new(), Vec::new());
        for _ in 0..80 {
            let of = usize::try_from(dice.roll(2)).expect("small");
            if dice.roll(2) == 0 {
                let cheats = of == cheat && dice.roll(2) == 0;
                honest.extend(write(&mut sides, of, cheats, &mut dice).map(|at| (AUTHORS[of], at)));
            } else if sides[of].heard < sides[1 - of].log.len() {
                let bytes = sides[1 - of].log[sides[of].heard].bytes.clone();
                sides[of].arrived.push((AUTHORS[1 - of], bytes[0]));
                sides[of].heard += 1;
            }
            views.push(view(&sides, of).counted);
        }
        for of in [0, 1] {
            for at in sides[of].heard..sides[1 - of].log.len() {
                let number = sides[1 - of].log[at].bytes[0];
                sides[of].arrived.push((AUTHORS[1 - of], number));
            }
            sides[of].heard = sides[1 - of].log.len();
        }
        let end = view(&sides, 0);
        assert_eq!(end, view(&sides, 1));
        assert_eq!(end.counted.len() + end.void.len(), sides[0].heard + sides[1].heard);
        // What counted once counts for ever, and in that place.
        assert!(views.iter().all(|counted| end.counted.starts_with(counted)), "seed {seed}");
        // Nobody can make an honest move void.
        assert!(honest.iter().all(|one| end.counted.contains(one)), "seed {seed}");
        voids += end.void.len();
        over += usize::from(end.state.len() == 10);
        // Whoever applies what arrives as it arrives sees another game.
        let naive = |side: &Side| {
            side.arrived.iter().fold(Vec::new(), |state, (author, number)| {
                let turn = Numbers.turn(&state) == Turn::Only(*author);
                let after = turn.then(|| Numbers.apply(&state, *author, &[*number])).flatten();
                after.unwrap_or(state)
            })
        };
        arrival_differs += usize::from(naive(&sides[0]) != naive(&sides[1]));
    }
    println!("{voids} void, {over} played to the end, {arrival_differs} that arrival would change");
    assert!(voids > 1_000 && over > 100 && arrival_differs > 100);
}

#[test]
fn moving_twice_out_of_turn_or_unseen_is_void() {
    let one = |index, seen, number| Contribution { index, seen, bytes: vec![number] };
    // Twice in one entry, twice in a row, and after it is the other's turn.
    let first = [one(1, None, 5), one(1, None, 6), one(2, None, 7), one(3, Some(1), 8)];
    let second = [one(1, Some(3), 1), one(2, Some(2), 2)];
    let reduced = reduce(&Numbers, &first, &second[..1]);
    assert_eq!(reduced.state, [(Author::First, 5), (Author::Second, 1), (Author::First, 8)]);
    assert_eq!(reduced.void, [(Author::First, 1), (Author::First, 2)]);
    // Whoever did not see the last counted one moves in vain.
    let reduced = reduce(&Numbers, &first, &second);
    assert_eq!(reduced.counted.len(), 3);
    assert_eq!(reduced.void.last(), Some(&(Author::Second, 2)));
}

#[test]
fn what_the_rules_do_not_allow_is_void_and_the_turn_stays() {
    let one = |index, bytes: &[u8]| Contribution { index, seen: None, bytes: bytes.to_vec() };
    let first = [one(1, &[]), one(2, &[0]), one(3, &[1, 2]), one(4, &[9])];
    let reduced = reduce(&Numbers, &first, &[]);
    assert_eq!(reduced.counted, [(Author::First, 4)]);
    assert_eq!(reduced.void.len(), 3);
}

#[test]
fn without_turns_everything_counts_after_what_it_saw() {
    let one = |index, seen, bytes: u8| Contribution { index, seen, bytes: vec![bytes] };
    let first = [one(1, None, 1), one(2, Some(2), 3)];
    let second = [one(1, None, 10), one(2, Some(1), 20)];
    let reduced = reduce(&Sums, &first, &second);
    assert_eq!(reduced.state, [4, 30]);
    assert_eq!(reduced.counted.last(), Some(&(Author::First, 2)));
    // Stitches that no two logs can have are no reason to stop or to panic.
    let (first, second) = ([one(1, Some(1), 1)], [one(1, Some(1), 1)]);
    assert_eq!(reduce(&Sums, &first, &second).state, [1, 1]);
}

#[test]
fn another_schema_contributes_nothing() {
    let (mut ada, ben) = pair();
    let dealing = say(&mut ada, &ben, 1);
    assert_eq!(Contribution::of(&dealing.entry, None, &schema("sums")).count(), 0);
    assert_eq!(Contribution::of(&dealing.entry, None, &schema("numbers")).count(), 1);
}

#[test]
fn the_check_of_order_finds_who_is_not_indifferent() {
    let (first, second): (&[&[u8]], &[&[u8]]) = (&[&[1], &[2]], &[&[3], &[4]]);
    assert_eq!(check_order(&Sums, &[0; 2], first, second, 50), Ok(()));
    assert!(check_order(&Last, &vec![], first, second, 0).is_err());
    // One that the two extreme orders do not find.
    let found = check_order(&Numbers, &vec![], &[&[1]], &[&[2]], 8);
    assert!(found.is_err_and(|order| order.len() == 2));
    assert_eq!(check_order(&Last, &vec![], first, &[], 50), Ok(()));
}
