//! Follows Bitcoin's headers as long as the daemon lives.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use dsm_clock::{Clock, ClockError};
use dsm_feed::Sources;
use dsm_report::FeedReport;

use crate::desk::Desk;

/// How long feeds are asked at a time.
const ROUND: Duration = Duration::from_secs(10 * 60);
/// How long it is until they are asked again: a block comes every ten minutes.
const PAUSE: Duration = Duration::from_secs(30);

/// Asks feeds again and again. If the file of headers fails, it says so in place of the feeds, and opens it again.
pub(crate) fn follow(clock: Clock, mut feeds: Sources, desk: &Arc<Desk>) {
    let network = clock.chain().network();
    let mut kept = Some(clock);
    loop {
        let clock =
            kept.take().map_or_else(|| Clock::open(&desk.headers_path(), Some(network)), Ok);
        match clock.and_then(|clock| round(clock, &mut feeds)) {
            Ok(followed) => {
                kept = Some(followed);
                desk.heard(FeedReport::of(&feeds));
            }
            Err(error) => {
                let (feed, stance) = ("file of headers".to_owned(), error.to_string());
                desk.heard(vec![FeedReport { feed, given: 0, agrees: None, stance }]);
            }
        }
        thread::sleep(PAUSE);
    }
}

fn round(mut clock: Clock, feeds: &mut Sources) -> Result<Clock, ClockError> {
    clock.follow(feeds, ROUND)?;
    clock.prune()
}
