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

/// Asks feeds again and again. Ends only if the file of headers fails, and says so in place of the feeds.
pub(crate) fn follow(clock: Clock, mut feeds: Sources, desk: &Arc<Desk>) {
    let mut clock = clock;
    loop {
        match round(clock, &mut feeds) {
            Ok(followed) => clock = followed,
            Err(error) => {
                let stance = error.to_string();
                let feed = "file of headers".to_owned();
                desk.heard(vec![FeedReport { feed, given: 0, agrees: None, stance }]);
                return;
            }
        }
        desk.heard(FeedReport::of(&feeds));
        thread::sleep(PAUSE);
    }
}

fn round(mut clock: Clock, feeds: &mut Sources) -> Result<Clock, ClockError> {
    clock.follow(feeds, ROUND)?;
    clock.prune()
}
