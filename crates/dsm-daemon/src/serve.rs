//! Serves a wallet: one thread for the engine, one for each place, and the requests on tokio.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use axum::Router;
use dsm_clock::Clock;
use dsm_crypto::Secret;
use dsm_engine::{Engine, Lobby, inbox, mark};
use dsm_feed::Sources;
use dsm_home::{Home, HomeError, OpenKeys, fresh};
use dsm_link::LinkError;
use dsm_report::Event;
use dsm_store::{FileKv, StoreError};
use dsm_transport::{Listener, Place};
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::access::Access;
use crate::desk::Desk;
use crate::door::{Door, Seat};
use crate::follow::follow;
use crate::routes;

/// The most callers that are known, and the most that are not, at a time.
const MAX_CALLERS: usize = 64;
/// The most bytes of a request's head.
const MAX_HEAD: usize = 32 << 10;
/// How long a client that has shown the token may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a daemon is to do.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Where to listen for clients, on a loopback address; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where to wait for contacts.
    pub links: Vec<Place>,
}

/// A daemon that can be asked.
pub struct Ready {
    /// How.
    pub access: Access,
    /// Where it waits for contacts.
    pub links: Vec<String>,
    /// Ends it, once.
    pub stop: Stop,
}

/// Ends a daemon.
pub type Stop = Box<dyn FnOnce() + Send>;

/// Why a daemon does not begin, or ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum DaemonError {
    /// The address for clients is not one of this machine only.
    NotLoopback {
        /// The address.
        address: SocketAddr,
    },
    /// A contact would have to be waited for with letters, which a daemon does not do.
    Slow {
        /// Where.
        place: String,
    },
    /// The system refuses.
    System(std::io::Error),
    /// A place is not there, or taken.
    Place {
        /// Which.
        place: String,
        /// Why.
        source: LinkError,
    },
    /// The wallet's directory.
    Home(HomeError),
    /// The store fails.
    Store(StoreError),
}

impl DaemonError {
    /// Whether what it is to do makes no sense, wherever and whenever.
    #[must_use]
    pub fn is_misused(&self) -> bool {
        matches!(self, Self::NotLoopback { .. } | Self::Slow { .. })
    }
}

impl std::fmt::Display for DaemonError {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotLoopback { address } => {
                write!(to, "{address} can be reached by others; listen on 127.0.0.1:PORT")
            }
            Self::Slow { place } => {
                write!(to, "a daemon does not wait at {place}; use `dsm receive --link {place}`")
            }
            Self::System(error) => write!(to, "{error}; is another daemon running?"),
            Self::Place { place, source } => write!(to, "cannot wait at {place}: {source}"),
            Self::Home(error) => error.fmt(to),
            Self::Store(error) => error.fmt(to),
        }
    }
}

impl std::error::Error for DaemonError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NotLoopback { .. } | Self::Slow { .. } => None,
            Self::System(error) => Some(error),
            Self::Place { source, .. } => Some(source),
            Self::Home(error) => Some(error),
            Self::Store(error) => Some(error),
        }
    }
}

impl From<std::io::Error> for DaemonError {
    fn from(error: std::io::Error) -> Self {
        Self::System(error)
    }
}

impl From<HomeError> for DaemonError {
    fn from(error: HomeError) -> Self {
        Self::Home(error)
    }
}

/// Serves the wallet of a directory until it is stopped or its store fails; follows Bitcoin's headers if feeds are given.
///
/// # Errors
/// [`DaemonError`].
pub fn serve(
    home: &Home,
    (mut engine, keys): (Engine<FileKv>, OpenKeys),
    setup: &Setup,
    headers: Option<(Clock, Sources)>,
    ready: impl FnOnce(Ready),
) -> Result<(), DaemonError> {
    if !setup.listen.ip().is_loopback() {
        return Err(DaemonError::NotLoopback { address: setup.listen });
    }
    let own = engine.wallet().me();
    let listeners = setup.links.iter().map(|place| listen(place, &own));
    let listeners: Vec<Listener> = listeners.collect::<Result<_, _>>()?;
    let places = listeners.iter().zip(&setup.links).map(|(listener, asked)| {
        listener.place().map_or_else(|_| asked.to_string(), |place| place.to_string())
    });
    let places: Vec<String> = places.collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let clients = runtime.block_on(TcpListener::bind(setup.listen))?;
    let access = Access::new(clients.local_addr()?, fresh()?);
    let written = access.write(home.path())?;
    let (inbox, waiting) = inbox();
    let lobby = Lobby::new(&engine, inbox.clone(), MAX_CALLERS);
    let desk = Arc::new(Desk::new((home.clone(), keys), inbox.clone(), lobby, places.clone()));
    for listener in listeners {
        let desk = Arc::clone(&desk);
        // It waits for callers as long as the process lives.
        thread::Builder::new().spawn(move || let_in(&listener, &desk))?;
    }
    if let Some((clock, feeds)) = headers {
        let desk = Arc::clone(&desk);
        // What it wrote holds, wherever the process ends.
        thread::Builder::new().spawn(move || follow(clock, feeds, &desk))?;
    }
    let (stopped, ends) = oneshot::channel();
    let hub = Arc::clone(&desk);
    let engine = thread::Builder::new().spawn(move || {
        let ran = engine.run(waiting, &mut |wallet, of, notice| {
            // If the store fails the loop ends by itself.
            if let Ok(books) = wallet.books() {
                hub.hub.tell(Some(of), Event::new(&books, notice));
            }
        });
        // Nobody may wait for it any more.
        let _ = stopped.send(());
        ran
    })?;
    let stop = Box::new(move || inbox.stop());
    ready(Ready { access: access.clone(), links: places, stop });
    runtime.block_on(answer(clients, desk, access, ends));
    runtime.shutdown_timeout(Duration::from_secs(1));
    drop(written);
    let ran = engine.join();
    ran.unwrap_or(Err(StoreError::Reopen)).map_err(DaemonError::Store)
}

fn listen(place: &Place, own: &dsm_log::DeviceId) -> Result<Listener, DaemonError> {
    if matches!(place, Place::Qr { .. }) {
        return Err(DaemonError::Slow { place: place.to_string() });
    }
    let listener = place.listen(fresh()?, &|salt| mark(Some(own), salt));
    listener.map_err(|source| DaemonError::Place { place: place.to_string(), source })
}

/// Lets contacts in, for ever.
fn let_in(listener: &Listener, desk: &Arc<Desk>) {
    loop {
        if enter(listener, desk).is_err() {
            // The system lacks something: it may have it again soon.
            thread::sleep(Duration::from_millis(100));
        }
    }
}

fn enter(listener: &Listener, desk: &Arc<Desk>) -> Result<(), DaemonError> {
    let failed = |source| DaemonError::Place { place: String::new(), source };
    let (link, hang_up) = listener.accept(fresh()?).map_err(failed)?;
    let fresh = (Secret::from_bytes(fresh()?), Secret::from_bytes(fresh()?));
    let several = listener.takes_several();
    desk.lobby.admit(link, hang_up, desk.goal(), fresh, move |_| several)?;
    Ok(())
}

/// Answers clients until the engine stops.
async fn answer(
    clients: TcpListener,
    desk: Arc<Desk>,
    access: Access,
    ends: oneshot::Receiver<()>,
) {
    let service = TowerToHyperService::new(routes::router(desk, access));
    let door = Door::new();
    let serve = async {
        loop {
            let Ok((stream, _)) = clients.accept().await else {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let (seat, service) = (door.enter(), service.clone());
            tokio::spawn(attend(stream, seat, service));
        }
    };
    tokio::select! {
        () = serve => {}
        _ = ends => {}
    }
}

/// Answers one connection: as long as it likes once it has shown the token.
async fn attend(stream: TcpStream, seat: Arc<Seat>, service: TowerToHyperService<Router>) {
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(MAX_HEAD);
    let of = Arc::clone(&seat);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Arc::clone(&of));
        service.call(request)
    });
    let mut connection = pin!(server.serve_connection(TokioIo::new(stream), service));
    // A client that breaks off is no concern of others.
    tokio::select! {
        biased;
        _ = connection.as_mut() => {}
        () = seat.shown() => drop(connection.await),
        () = seat.is_over() => {}
    }
}
