//! Links that break their threads, and people who listen slowly: nobody keeps a place or hangs for ever.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use dsm_crypto::Secret;
use dsm_engine::{ConverseError, Lobby, inbox};
use dsm_link::{Link, LinkError};
use dsm_session::{Goal, SessionError};

use crate::crowd::{Served, all_pay_one, crowd, secrets};
use crate::disk::Disk;
use crate::raw::{OPEN, hello};
use crate::wire::{Wire, fresh, wire};

const LONG: Duration = Duration::from_secs(20);

/// A medium whose driver has a fault.
struct Faulty;

impl Link for Faulty {
    fn send(&mut self, _: &[u8]) -> Result<(), LinkError> {
        Ok(())
    }

    fn receive(&mut self, _: usize) -> Result<Option<Vec<u8>>, LinkError> {
        panic!("a fault")
    }
}

/// Whether something happens in time.
fn soon<T: Send + 'static>(what: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (to, from) = channel();
    thread::spawn(move || drop(to.send(what())));
    from.recv_timeout(LONG).ok()
}

#[test]
fn a_thread_that_dies_gives_its_place_back() {
    let (ben, mut payers) = crowd(1);
    let card = ben.card();
    let served = Served::new(ben, 1);
    for _ in 0..3 {
        let lobby = served.lobby.clone();
        let admitted = soon(move || {
            lobby.admit(Faulty, Box::new(|| ()), OPEN, secrets(), |_| true).expect("a thread")
        });
        assert!(admitted.is_some(), "nobody gets in any more");
    }
    let met = all_pay_one(&served, &card, &mut payers[0]);
    assert!(met.is_acknowledged(), "{met:?}");
    assert!(served.stop().1.is_ok());
}

#[test]
fn callers_who_went_and_are_not_told_of_yet_keep_their_places() {
    let (ben, _) = crowd(0);
    let served = Served::new(ben, 2);
    let told = Arc::new(AtomicUsize::new(0));
    // Whoever prints is stuck.
    let stuck = Arc::new(Mutex::new(()));
    let guard = stuck.lock().expect("nobody panics");
    let callers = thread::spawn({
        let (lobby, told, stuck) = (served.lobby.clone(), told.clone(), stuck.clone());
        move || {
            for _ in 0..12 {
                // It hangs up at once.
                let (_, far) = wire();
                let hang_up = Box::new(far.hang_up());
                let (told, stuck) = (told.clone(), stuck.clone());
                let over = move |_| {
                    told.fetch_add(1, Ordering::SeqCst);
                    drop(stuck.lock());
                    true
                };
                lobby.admit(far, hang_up, OPEN, secrets(), over).expect("a thread");
            }
        }
    });
    thread::sleep(Duration::from_millis(300));
    let threads = told.load(Ordering::SeqCst);
    drop(guard);
    callers.join().expect("no panic");
    assert!((1..=2).contains(&threads), "{threads} threads wait for whoever prints");
    assert!(served.stop().1.is_ok());
}

/// A caller who says nothing, and a thread that is slow to leave.
fn silent(lobby: &Lobby<Disk>, hung_up: &Arc<Mutex<Vec<usize>>>, number: usize) -> Wire {
    let (near, far) = wire();
    let hung_up = hung_up.clone();
    let hang_up = Box::new(move || hung_up.lock().expect("nobody panics").push(number));
    lobby.admit(far, hang_up, OPEN, secrets(), |_| true).expect("a thread");
    near
}

#[test]
fn one_new_caller_ends_one_old_one_and_no_more() {
    let (ben, payers) = crowd(1);
    let card = ben.card();
    let served = Served::new(ben, 2);
    // A contact who is known by now.
    let (near, far) = wire();
    let over = served.admit(far);
    let mut link =
        payers[0].0.engine.call(near, &card.kem, Secret::from_bytes(fresh())).expect("a channel");
    link.send(&dsm_encoding::to_vec(&hello(payers[0].0.id(), 0, None))).expect("a hello");
    link.receive(1 << 10).expect("an answer").expect("a hello");
    let hung_up: Arc<Mutex<Vec<usize>>> = Arc::default();
    let strangers = [silent(&served.lobby, &hung_up, 0), silent(&served.lobby, &hung_up, 1)];
    let third = thread::spawn({
        let (lobby, hung_up) = (served.lobby.clone(), hung_up.clone());
        move || silent(&lobby, &hung_up, 2)
    });
    // Others come and go meanwhile.
    thread::sleep(Duration::from_millis(200));
    drop(link);
    over.recv_timeout(LONG).expect("an end");
    thread::sleep(Duration::from_millis(200));
    assert_eq!(*hung_up.lock().expect("nobody panics"), [0]);
    drop(strangers);
    drop(third.join().expect("no panic"));
    assert!(served.stop().1.is_ok());
}

#[test]
fn a_stop_never_waits_and_whoever_calls_after_it_is_told() {
    let (inbox, waiting) = inbox();
    let filled = inbox.clone();
    // More than may wait; nobody takes any.
    thread::spawn(move || while filled.cancel(filled.conversation()).is_ok() {});
    thread::sleep(Duration::from_millis(100));
    let stops = inbox.clone();
    assert!(soon(move || stops.stop()).is_some(), "it waits for those whom it stops");
    let (mut ben, _) = crowd(0);
    let ran = soon(move || ben.engine.run(waiting, &mut |_, _, _| ()).is_ok());
    assert_eq!(ran, Some(true), "it does not stop");
    let result: Receiver<_> = {
        let (to, from) = channel();
        thread::spawn(move || {
            let (_near, mut far) = wire();
            let goal: Goal = OPEN;
            let of = inbox.conversation();
            let _ = to.send(inbox.converse(of, &mut far, (goal, fresh()), &mut |_| Ok(())));
        });
        from
    };
    let result = result.recv_timeout(LONG).expect("it is told");
    assert!(matches!(result, Err(ConverseError::Stopped)), "{result:?}");
}

#[test]
fn a_conversation_that_is_cancelled_before_it_begins_ends_at_once() {
    let (ben, payers) = crowd(1);
    let served = Served::new(ben, 1);
    let (mut near, mut far) = wire();
    let of = served.inbox.conversation();
    // The handshake still goes on, say.
    served.inbox.cancel(of).expect("it runs");
    near.send(&dsm_encoding::to_vec(&hello(payers[0].0.id(), 0, None))).expect("a hello");
    let result = served.inbox.converse(of, &mut far, (OPEN, fresh()), &mut |_| Ok(()));
    let cancelled = matches!(result, Err(ConverseError::Session(SessionError::Cancelled)));
    assert!(cancelled, "{result:?}");
    assert!(served.stop().1.is_ok());
}
