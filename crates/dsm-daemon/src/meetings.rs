//! First meetings (`spec/introduction.md`), which wait for a person.
//!
//! Always true: nobody is pinned before a yes to the digits, and nobody by a meeting of which it was
//! said that it is over; there are at most so many at a time, and each ends by itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;
use dsm_core::identity::Card;
use dsm_crypto::Secret;
use dsm_engine::{Engine, IntroduceError, mark};
use dsm_home::fresh;
use dsm_log::DeviceId;
use dsm_report::{Event, NOT_THE_SAME, check_card, check_name};
use dsm_session::introduction::Introduced;
use dsm_store::{Changes, Contact, FileKv};
use dsm_transport::{HangUp, Listener, Place};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::desk::Desk;
use crate::problem::{Problem, ProblemReport};
use crate::routes::meetings::{MeetingReport, MeetingState};

/// The most meetings at a time.
const MAX_MEETINGS: usize = 4;
/// The most that can be looked at, those that are over included.
const MAX_SHOWN: usize = 16;

/// Who calls and who waits.
pub(crate) enum Side {
    Calls(Place),
    Waits(Listener),
}

/// How far a meeting has come.
enum Stage {
    /// Nobody is there yet, or the two talk.
    Waiting,
    /// The person compares.
    Compare(Box<Introduced>),
    Pinned(DeviceId),
    Failed(StatusCode, ProblemReport),
}

struct Meeting {
    name: String,
    place: Option<String>,
    stage: Stage,
    hang_up: Option<HangUp>,
    /// One of the few places, as long as it is not over; its thread has it too.
    seat: Option<Arc<OwnedSemaphorePermit>>,
}

impl Meeting {
    fn ends(&mut self, stage: Stage) {
        self.stage = stage;
        self.seat = None;
        if let Some(hang_up) = self.hang_up.take() {
            hang_up();
        }
    }

    fn fails(&mut self, problem: &Problem) {
        self.ends(Stage::Failed(problem.status(), problem.report()));
    }

    fn report(&self, number: u64) -> MeetingReport {
        let mut report = MeetingReport {
            meeting: number,
            name: self.name.clone(),
            state: MeetingState::Waiting,
            place: self.place.clone(),
            digits: None,
            device: None,
            status: None,
            why: None,
        };
        match &self.stage {
            Stage::Waiting => {}
            Stage::Compare(introduced) => {
                report.state = MeetingState::Compare;
                report.digits = Some(introduced.string.to_string());
            }
            Stage::Pinned(device) => {
                report.state = MeetingState::Pinned;
                report.device = Some(device.to_string());
            }
            Stage::Failed(status, why) => {
                report.state = MeetingState::Failed;
                (report.status, report.why) = (Some(status.as_u16()), Some(why.clone()));
            }
        }
        report
    }
}

/// The meetings of a daemon.
pub(crate) struct Meetings {
    all: Mutex<All>,
    seats: Arc<Semaphore>,
}

#[derive(Default)]
struct All {
    count: u64,
    meetings: BTreeMap<u64, Meeting>,
}

impl All {
    fn of(&mut self, number: u64) -> Result<&mut Meeting, Problem> {
        let none = || Problem::Unknown("no such meeting; POST /v1/meetings begins one".to_owned());
        self.meetings.get_mut(&number).ok_or_else(none)
    }
}

impl Meetings {
    pub(crate) fn new() -> Self {
        Self { all: Mutex::default(), seats: Arc::new(Semaphore::new(MAX_MEETINGS)) }
    }

    fn all(&self) -> MutexGuard<'_, All> {
        // Whoever panicked changed one meeting's stage, or not.
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for one more, if there is one.
    pub(crate) fn seat(&self) -> Result<Arc<OwnedSemaphorePermit>, Problem> {
        let seat = Arc::clone(&self.seats).try_acquire_owned();
        seat.map(Arc::new).map_err(|_| Problem::Busy)
    }

    fn begin(
        &self,
        name: String,
        place: Option<String>,
        seat: &Arc<OwnedSemaphorePermit>,
    ) -> MeetingReport {
        let mut all = self.all();
        while all.meetings.len() >= MAX_SHOWN {
            let over = all.meetings.iter().find(|(_, one)| one.seat.is_none());
            let Some(oldest) = over.map(|(number, _)| *number) else { break };
            all.meetings.remove(&oldest);
        }
        all.count = all.count.saturating_add(1);
        let (number, seat) = (all.count, Some(Arc::clone(seat)));
        let meeting = Meeting { name, place, stage: Stage::Waiting, hang_up: None, seat };
        let report = meeting.report(number);
        all.meetings.insert(number, meeting);
        report
    }

    /// How far one has come.
    pub(crate) fn report(&self, number: u64) -> Result<MeetingReport, Problem> {
        Ok(self.all().of(number)?.report(number))
    }

    fn waits(&self, number: u64) -> bool {
        self.all().of(number).is_ok_and(|one| matches!(one.stage, Stage::Waiting))
    }

    /// Somebody came: from now on the end of the meeting hangs up.
    fn came(&self, number: u64, hang_up: HangUp) {
        match self.all().of(number) {
            Ok(meeting) if meeting.seat.is_some() => meeting.hang_up = Some(hang_up),
            _ => hang_up(),
        }
    }

    /// The two talked; gives the digits if they are to be compared.
    fn met(&self, number: u64, met: Result<Introduced, Problem>) -> Option<String> {
        let mut all = self.all();
        let meeting = all.of(number).ok()?;
        if !matches!(meeting.stage, Stage::Waiting) {
            return None;
        }
        match met {
            Ok(introduced) => {
                let string = introduced.string.to_string();
                (meeting.stage, meeting.hang_up) = (Stage::Compare(Box::new(introduced)), None);
                Some(string)
            }
            Err(problem) => {
                meeting.fails(&problem);
                None
            }
        }
    }

    /// The person's yes, or no; `pin` makes a contact. Who asks for the end waits meanwhile.
    fn answer(
        &self,
        number: u64,
        same: bool,
        pin: impl FnOnce(&str, &Card) -> Result<(), Problem>,
    ) -> Result<MeetingReport, Problem> {
        let mut all = self.all();
        let meeting = all.of(number)?;
        let card = match &meeting.stage {
            Stage::Compare(introduced) => introduced.card.clone(),
            Stage::Waiting => {
                let text = "there are no digits to compare yet; ask again how far it has come";
                return Err(Problem::Conflict(text.to_owned()));
            }
            _ => return Err(Problem::Conflict("this meeting is over; begin another".to_owned())),
        };
        if !same {
            meeting.fails(&Problem::refused(NOT_THE_SAME));
        } else if let Err(problem) = pin(&meeting.name, &card) {
            meeting.fails(&problem);
            return Err(problem);
        } else {
            meeting.ends(Stage::Pinned(card.descriptor.id()));
        }
        Ok(meeting.report(number))
    }

    /// Ends a meeting that is not over, and forgets it.
    pub(crate) fn end(&self, number: u64) -> Result<MeetingReport, Problem> {
        let mut all = self.all();
        let meeting = all.of(number)?;
        if meeting.seat.is_some() {
            meeting.fails(&Problem::Conflict("it was ended; nobody is pinned".to_owned()));
        }
        let report = meeting.report(number);
        all.meetings.remove(&number);
        Ok(report)
    }

    /// Its time is over.
    pub(crate) fn late(&self, number: u64) {
        let mut all = self.all();
        let Ok(meeting) = all.of(number) else { return };
        match meeting.stage {
            Stage::Waiting => meeting.fails(&Problem::Away(
                "nobody was met in time and nobody is pinned; begin again on both sides".to_owned(),
            )),
            Stage::Compare(_) => meeting.fails(&Problem::Conflict(
                "nobody said in time whether the digits are the same, and nobody is pinned; begin \
                 again on both sides"
                    .to_owned(),
            )),
            Stage::Pinned(_) | Stage::Failed(..) => {}
        }
    }
}

/// Whether somebody may be pinned under a name, by a card if it is known already.
fn may_pin(engine: &Engine<FileKv>, name: &str, card: Option<&Card>) -> Result<(), Problem> {
    let books = engine.wallet().books()?;
    let checked = check_name(&books, name, None)
        .and_then(|()| card.map_or(Ok(()), |card| check_card(&books, card)));
    books.check()?;
    Ok(checked?)
}

fn failed(error: IntroduceError) -> Problem {
    let text = format!("nobody is pinned; begin again on both sides: {error}");
    match error {
        IntroduceError::Link(_) | IntroduceError::HungUp => Problem::Away(text),
        IntroduceError::Store(error) => error.into(),
        IntroduceError::Stopped => Problem::Stopped,
        _ => Problem::refused(text),
    }
}

/// A place at which anybody may be waited for.
fn listen(place: &Place) -> Result<(Listener, String), Problem> {
    let away = |error| Problem::Away(format!("cannot wait at {place}: {error}"));
    let listener = place.listen(fresh()?, &|salt| mark(None, salt)).map_err(away)?;
    let here = listener.place().map_err(away)?.to_string();
    Ok((listener, here))
}

impl Desk {
    /// Begins a meeting on a thread of its own. It waits for nobody itself.
    pub(crate) fn meet(
        self: &Arc<Self>,
        name: String,
        place: Place,
        waits: bool,
    ) -> Result<MeetingReport, Problem> {
        let wanted = name.clone();
        self.inbox.errand(move |engine| may_pin(engine, &wanted, None))??;
        let seat = self.meetings.seat()?;
        let (side, here) = if waits {
            let (listener, here) = listen(&place)?;
            (Side::Waits(listener), Some(here))
        } else {
            (Side::Calls(place), None)
        };
        let report = self.meetings.begin(name.clone(), here, &seat);
        let (desk, number) = (Arc::clone(self), report.meeting);
        let thread = std::thread::Builder::new().name(format!("meeting {number}"));
        let spawned = thread.spawn(move || {
            let _seat = seat;
            let met = desk.introduced(number, side).and_then(|introduced| {
                let card = introduced.card.clone();
                desk.inbox.errand(move |engine| may_pin(engine, &name, Some(&card)))??;
                Ok(introduced)
            });
            if let Some(string) = desk.meetings.met(number, met) {
                desk.hub.tell(None, Event::String { string, meeting: Some(number) });
            }
        });
        if spawned.is_err() {
            let _ = self.meetings.end(number);
            return Err(Problem::Busy);
        }
        Ok(report)
    }

    /// Meets whoever it is.
    fn introduced(&self, number: u64, side: Side) -> Result<Introduced, Problem> {
        let secret = Secret::from_bytes(fresh()?);
        match side {
            Side::Calls(place) => {
                let link = place.call(fresh()?, &|salt| mark(None, salt));
                let mut link = link.map_err(|error| {
                    Problem::Away(format!(
                        "nobody answers at {place}; the other side runs `dsm contact meet --wait`: \
                         {error}"
                    ))
                })?;
                self.lobby.introduce(&mut link, &secret).map_err(failed)
            }
            Side::Waits(listener) => {
                let waits = || self.meetings.waits(number);
                let (mut link, hang_up) = listener.accept_while(fresh()?, &waits)?;
                self.meetings.came(number, hang_up);
                drop(listener);
                self.lobby.be_introduced(&mut link, &secret).map_err(failed)
            }
        }
    }

    /// What the person says of the digits.
    pub(crate) async fn compared(
        self: &Arc<Self>,
        number: u64,
        same: bool,
    ) -> Result<MeetingReport, Problem> {
        let desk = Arc::clone(self);
        self.errand(move |engine| {
            desk.meetings.answer(number, same, |name, card| {
                may_pin(engine, name, Some(card))?;
                let contacts = vec![Contact { name: name.to_owned(), card: card.clone() }];
                Ok(engine.commit(&Changes { contacts, ..Changes::default() })?)
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use dsm_crypto::RecoverySecret;
    use dsm_home::{Home, Protection};
    use dsm_log::Network;
    use dsm_transport::TcpLink;

    use super::*;

    /// What one of two strangers learns who met over a link.
    fn introduced() -> Introduced {
        let homes = tempfile::tempdir().unwrap();
        let [ada, ben] = [1, 2].map(|owner| {
            let home = Home::new(Some(homes.path().join(owner.to_string()))).unwrap();
            let recovery = RecoverySecret::from_seed(&Secret::from_bytes([owner; 48]));
            let recovery = recovery.public_key().clone();
            home.create(Network::TEST, recovery, 10, &Protection::Clear, None).unwrap();
            home.open().unwrap()
        });
        let (listener, here) = listen(&"tcp:127.0.0.1:0".parse().unwrap()).unwrap();
        let secret = || Secret::from_bytes(fresh().unwrap());
        std::thread::scope(|scope| {
            let (ben, secret) = (&ben, &secret);
            scope.spawn(move || {
                let mut link = listener.accept([7; 4]).unwrap().0;
                ben.be_introduced(&mut link, &secret()).unwrap()
            });
            let mut link = TcpLink::connect(here.strip_prefix("tcp:").unwrap()).unwrap();
            ada.introduce(&mut link, &secret()).unwrap()
        })
    }

    #[test]
    fn digits_of_which_nobody_says_in_time_whether_they_are_the_same_pin_nobody() {
        let meetings = Meetings::new();
        let (number, _listener) = waiting(&meetings);
        let digits = meetings.met(number, Ok(introduced())).unwrap();
        assert_eq!(meetings.report(number).unwrap().digits, Some(digits));
        meetings.late(number);
        let report = meetings.report(number).unwrap();
        assert_eq!((report.state, report.digits), (MeetingState::Failed, None));
        assert!(meetings.answer(number, true, |_, _| panic!("it is too late")).is_err());
        // Whoever was pinned in time stays pinned.
        let (number, _listener) = waiting(&meetings);
        meetings.met(number, Ok(introduced())).unwrap();
        meetings.answer(number, true, |_, _| Ok(())).unwrap();
        meetings.late(number);
        assert_eq!(meetings.report(number).unwrap().state, MeetingState::Pinned);
        // Who comes when it is over is not shown, and is hung up.
        let (number, _listener) = waiting(&meetings);
        meetings.late(number);
        let (hung_up, heard) = std::sync::mpsc::channel();
        meetings.came(number, Box::new(move || hung_up.send(()).unwrap()));
        heard.try_recv().unwrap();
        assert!(meetings.met(number, Ok(introduced())).is_none());
    }

    fn waiting(meetings: &Meetings) -> (u64, Listener) {
        let seat = meetings.seat().unwrap();
        let (listener, here) = listen(&"tcp:127.0.0.1:0".parse().unwrap()).unwrap();
        (meetings.begin("ben".to_owned(), Some(here), &seat).meeting, listener)
    }

    #[test]
    fn a_meeting_to_which_nobody_comes_in_time_ends_and_gives_its_place_back() {
        let meetings = Meetings::new();
        let all: Vec<_> = (0..MAX_MEETINGS).map(|_| waiting(&meetings)).collect();
        assert!(matches!(meetings.seat(), Err(Problem::Busy)));
        for (number, listener) in all {
            std::thread::scope(|scope| {
                let waits = || meetings.waits(number);
                let waiter = scope.spawn(move || listener.accept_while([7; 4], &waits).is_err());
                meetings.late(number);
                assert!(waiter.join().unwrap());
            });
            let report = meetings.report(number).unwrap();
            assert_eq!((report.state, report.status), (MeetingState::Failed, Some(424)));
            assert!(meetings.answer(number, true, |_, _| panic!("nobody came")).is_err());
        }
        assert!(meetings.seat().is_ok());
    }

    #[test]
    fn those_that_are_over_are_forgotten_in_their_order_and_none_that_is_not() {
        let meetings = Meetings::new();
        let (stays, _listener) = waiting(&meetings);
        let over: Vec<u64> = (0..MAX_SHOWN)
            .map(|_| {
                let (number, _) = waiting(&meetings);
                meetings.late(number);
                number
            })
            .collect();
        assert!(meetings.report(over[0]).is_err() && meetings.report(over[1]).is_ok());
        assert_eq!(meetings.report(stays).unwrap().state, MeetingState::Waiting);
        assert!(meetings.end(stays).is_ok() && meetings.end(stays).is_err());
    }
}
