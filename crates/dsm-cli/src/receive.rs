//! `dsm receive`: waits for callers and serves them at once.

use std::collections::BTreeMap;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use anyhow::{anyhow, bail};
use cpu_time::ProcessTime;
use dsm_core::{Reject, TokenId};
use dsm_crypto::Secret;
use dsm_engine::{Conversation, ConverseError, Engine, Inbox, Lobby, Visit, VisitError, inbox};
use dsm_home::{Home, fresh};
use dsm_report::{Event, RequestDraft};
use dsm_session::{Goal, Notice, Request, SessionError};
use dsm_store::{FileKv, StoreError};

use crate::exit::{Interrupted, Usage};
use crate::interrupt::{Interrupt, MOMENT};
use crate::link::{Place, Waiting, Way};
use crate::output::Output;
use crate::pay::{Figures, describe};
use crate::{exchange, mail};

/// The most callers that are known, and the most that are not, at a time.
const MAX_CALLERS: usize = 64;
/// The most reports that wait to be printed.
const MAX_REPORTS: usize = 1_024;

/// Something to be told, and how it is said.
type Heard = (Notice, Event);

/// What the threads of a waiting wallet tell the one that prints.
enum Report {
    /// Something to be told of a conversation.
    Heard(Conversation, Heard),
    /// A conversation of a caller is over, and its link may stay for another one.
    Over(Visit, Duration, SyncSender<bool>),
    /// A caller who was not to stay is gone.
    Gone,
    /// A caller could not be let in.
    NotIn(anyhow::Error),
    /// The person pressed Ctrl-C.
    Interrupted,
    /// The engine stopped.
    Stopped(Result<(), StoreError>),
}

/// What whoever calls is asked for.
pub(crate) fn asked(
    engine: &Engine<FileKv>,
    ask: Option<RequestDraft>,
) -> anyhow::Result<Option<Request>> {
    let books = engine.wallet().books()?;
    let request = ask.map(|ask| ask.request(&books)).transpose();
    books.check()?;
    Ok(request?)
}

/// Waits for callers, or collects letters.
pub(crate) fn receive(
    home: &Home,
    way: &Way,
    ask: Option<RequestDraft>,
    from: Option<&str>,
    times: u32,
    output: &mut Output,
) -> anyhow::Result<()> {
    match way {
        Way::Mail(directory) => mail::receive(home, directory, ask, from, output),
        _ if from.is_some() => {
            bail!(Usage(
                "--from is for letters, --link mail:DIRECTORY; here whoever calls is asked"
            ))
        }
        Way::Exchange(place) => exchange::wait(home, place, ask, times, output),
        Way::Talk(place) => serve(home, place, ask, times, output),
    }
}

fn serve(
    home: &Home,
    place: &Place,
    ask: Option<RequestDraft>,
    times: u32,
    output: &mut Output,
) -> anyhow::Result<()> {
    let interrupt = Interrupt::new(output, "interrupted")?;
    let mut engine = home.open()?;
    let ask = asked(&engine, ask)?;
    let own = engine.wallet().me();
    let place = Waiting::at(place, Some(&own), output)?;
    let (inbox, waiting) = inbox();
    let (report, reports) = sync_channel(MAX_REPORTS);
    let lobby = Lobby::new(&engine, inbox.clone(), MAX_CALLERS);
    let (goal, to) = (Goal::Receive { ask: ask.clone() }, report.clone());
    let pressed = report.clone();
    interrupt.does(move || drop(pressed.send(Report::Interrupted)));
    // It waits for callers as long as the process lives.
    thread::spawn(move || let_in(&place, &lobby, &goal, &to));
    thread::spawn(move || {
        let stopped = engine.run(waiting, &mut |wallet, of, notice| {
            let said = wallet.books().map(|books| Event::new(&books, notice));
            let heard = said.map(|said| Report::Heard(of, (notice.clone(), said)));
            // Whoever prints went away only if the process ends.
            heard.into_iter().for_each(|heard| drop(report.send(heard)));
        });
        drop(report.send(Report::Stopped(stopped)));
    });
    let asked = ask.map(|request| (request.token, request.amount));
    let mut tally = Tally { asked, times, met: 0, heard: BTreeMap::new(), last: Ok(()) };
    let mut interrupted = false;
    let _work = output.work("waiting for callers");
    for report in reports {
        match report {
            Report::Heard(of, heard) => tally.heard.entry(of).or_default().push(heard),
            Report::Over(visit, cpu, stay) => {
                tally.over(visit, cpu, output);
                // Whoever came last still has to be told that it may go.
                let _ = stay.send(tally.met < times);
            }
            Report::Gone => inbox.stop(),
            Report::NotIn(error) => output.fail(&error),
            Report::Interrupted => {
                interrupted = true;
                end(&inbox, tally.heard.keys().copied().collect());
            }
            Report::Stopped(stopped) => {
                // Why the store fails says more than that the wallet is closing.
                stopped?;
                if interrupted && tally.met < times {
                    tally.tell(output);
                    bail!(Interrupted(
                        "interrupted; what arrived stays, and the rest is delivered when you meet"
                    ));
                }
                return tally.last;
            }
        }
    }
    tally.last
}

/// Ends conversations, and then the engine: soon, if there are any, so that the others hear why.
fn end(inbox: &Inbox<FileKv>, conversations: Vec<Conversation>) {
    let any = !conversations.is_empty();
    for of in conversations {
        // If it stopped meanwhile nothing is to be ended.
        let _ = inbox.cancel(of);
    }
    let inbox = inbox.clone();
    thread::spawn(move || {
        thread::sleep(if any { MOMENT } else { Duration::ZERO });
        inbox.stop();
    });
}

/// Lets callers in, for ever.
fn let_in(place: &Waiting, lobby: &Lobby<FileKv>, goal: &Goal, report: &SyncSender<Report>) {
    loop {
        if let Err(error) = enter(place, lobby, goal, report) {
            drop(report.send(Report::NotIn(error)));
            // The system lacks something: it may have it again soon.
            thread::sleep(Duration::from_millis(100));
        }
    }
}

fn enter(
    place: &Waiting,
    lobby: &Lobby<FileKv>,
    goal: &Goal,
    report: &SyncSender<Report>,
) -> anyhow::Result<()> {
    let (link, hang_up) = place.accept()?;
    let mut cpu = ProcessTime::now();
    let fresh = (Secret::from_bytes(fresh()?), Secret::from_bytes(fresh()?));
    let mut line = Line { report: report.clone(), stays: true };
    let several = place.takes_several();
    let over = move |visit| {
        let (stay, stays) = sync_channel(1);
        let spent = std::mem::replace(&mut cpu, ProcessTime::now()).elapsed();
        let told = line.report.send(Report::Over(visit, spent, stay));
        line.stays = told.is_ok() && stays.recv().unwrap_or(false);
        line.stays && several
    };
    lobby.admit(link, hang_up, goal.clone(), fresh, over)?;
    Ok(())
}

/// What a caller's thread reports, to its end.
struct Line {
    report: SyncSender<Report>,
    stays: bool,
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.stays {
            // Whoever prints went away only if the process ends.
            drop(self.report.send(Report::Gone));
        }
    }
}

/// What came of the callers so far.
struct Tally {
    asked: Option<(TokenId, u64)>,
    times: u32,
    met: u32,
    heard: BTreeMap<Conversation, Vec<Heard>>,
    last: anyhow::Result<()>,
}

impl Tally {
    /// Tells what was heard in conversations that are not over.
    fn tell(&mut self, output: &mut Output) {
        for (_, event) in std::mem::take(&mut self.heard).into_values().flatten() {
            output.tell(&event);
        }
    }

    /// A caller went: tells what it was about.
    fn over(&mut self, visit: Visit, cpu: Duration, output: &mut Output) {
        let heard = self.heard.remove(&visit.of).unwrap_or_default();
        for (_, event) in &heard {
            output.tell(event);
        }
        if !matches!(visit.result, Err(VisitError::Secure(_))) {
            Figures { traffic: visit.traffic, cpu, wall: visit.time }.tell(output);
        }
        let mut result = visit.result.map_err(|error| match error {
            VisitError::Secure(error) => anyhow!(error),
            VisitError::Converse(error) => describe(error),
        });
        // A stranger does not use up the visit of a contact.
        let came = heard.iter().any(|(notice, _)| matches!(notice, Notice::Met { .. }));
        let stranger = result.as_ref().err().is_some_and(is_stranger);
        // What comes after the last visit says nothing of those that were waited for.
        let counts = (came || !stranger) && self.met < self.times;
        self.met = self.met.saturating_add(u32::from(counts));
        if let (Some(asked), Ok(())) = (self.asked, &result) {
            result = check_received(asked, heard.iter().map(|(notice, _)| notice));
        }
        let is_last = counts && self.met == self.times;
        match result {
            // The command itself fails by it.
            result if is_last => self.last = result,
            Err(error) => output.fail(&error),
            Ok(()) => {}
        }
    }
}

/// Whether what arrived is what was asked for: a payer that is bound may have said something else.
pub(crate) fn check_received<'n>(
    (token, amount): (TokenId, u64),
    mut heard: impl Iterator<Item = &'n Notice>,
) -> anyhow::Result<()> {
    let asked = |notice: &Notice| {
        matches!(notice, Notice::Received { token: of, amount: units, .. }
            if (*of, *units) == (token, amount))
    };
    if heard.any(asked) {
        return Ok(());
    }
    bail!("what was asked for did not arrive; see `dsm history` for what did")
}

/// Whether it may be that somebody failed who is no contact, if none was met.
fn is_stranger(error: &anyhow::Error) -> bool {
    use SessionError::{Form, PeerCancelled, Refused, Rejected, TooLong, Unexpected, WrongPeer};
    match error.downcast_ref::<SessionError>() {
        Some(Rejected(Reject::UnknownPeer { .. } | Reject::Network)) => true,
        Some(Form(_) | TooLong | Unexpected(_) | WrongPeer { .. }) => true,
        Some(Refused { .. } | PeerCancelled) => true,
        Some(_) => false,
        None => {
            let stopped = matches!(error.downcast_ref(), Some(ConverseError::Stopped));
            !stopped && !error.is::<StoreError>()
        }
    }
}

#[cfg(test)]
mod tests {
    use dsm_core::FinalityClass;
    use dsm_crypto::Digest;
    use dsm_encoding::Text;
    use dsm_log::DeviceId;

    use super::*;

    const PEER: DeviceId = DeviceId(Digest::ZERO);
    const TOKEN: TokenId = TokenId(Digest::ZERO);

    /// A caller who was met, said to have paid, and went.
    fn visit(tally: &mut Tally, heard: &[Notice], result: Result<(), ConverseError>) {
        let of = Conversation(0);
        let heard = heard.iter().map(|one| (one.clone(), Event::Bound { entry: 0 }));
        tally.heard.insert(of, heard.collect());
        let result = result.map_err(VisitError::Converse);
        let (traffic, time) = Default::default();
        let visit = Visit { of, peer: None, traffic, time, result };
        tally.over(visit, Duration::ZERO, &mut Output::new(false));
    }

    fn tally(times: u32) -> Tally {
        let heard = BTreeMap::new();
        Tally { asked: Some((TOKEN, 5)), times, met: 0, heard, last: Ok(()) }
    }

    fn paid() -> [Notice; 2] {
        let (class, hops) = (FinalityClass::Exposed, 1);
        let received = Notice::Received { peer: PEER, token: TOKEN, amount: 5, class, hops };
        [Notice::Met { peer: PEER }, received]
    }

    #[test]
    fn whatever_a_stranger_says_it_uses_up_no_visit() {
        let mut tally = tally(1);
        let refused = SessionError::Refused { rule: Text::try_from("R-1").expect("short") };
        let unexpected = SessionError::Unexpected("Done");
        for said in [refused, SessionError::PeerCancelled, unexpected, SessionError::TooLong] {
            visit(&mut tally, &[], Err(ConverseError::Session(said.clone())));
            assert_eq!(tally.met, 0, "{said}");
        }
        visit(&mut tally, &[], Err(ConverseError::HungUp));
        assert_eq!(tally.met, 0);
    }

    #[test]
    fn nobody_who_goes_after_the_last_visit_turns_a_payment_into_a_failure() {
        let mut tally = tally(1);
        visit(&mut tally, &paid(), Ok(()));
        assert!(tally.met == 1 && tally.last.is_ok());
        visit(&mut tally, &[], Err(ConverseError::HungUp));
        visit(&mut tally, &paid()[..1], Err(ConverseError::Stopped));
        assert!(tally.last.is_ok(), "{:?}", tally.last);
    }

    #[test]
    fn a_contact_who_does_not_pay_what_was_asked_is_a_failure() {
        let mut tally = tally(2);
        visit(&mut tally, &paid(), Ok(()));
        visit(&mut tally, &paid()[..1], Ok(()));
        assert!(tally.met == 2 && tally.last.is_err());
    }
}
