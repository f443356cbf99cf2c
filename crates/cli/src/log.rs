//! Where the service's log goes: a thread of its own writes it, as many lines at once as there are.
//!
//! A line costs whoever says it a copy in memory. To wake the thread for each would cost more than the line itself, and so
//! would a write for each; so after a write the thread rests a moment. None is lost, unless the process is killed.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// How long the thread rests after a write.
const REST: Duration = Duration::from_millis(10);

/// How long the end waits for the last lines: whoever should take them may take nothing any more.
const LAST_LINES: Duration = Duration::from_secs(5);

/// How many bytes wait at most; whoever says more waits until they are written.
const ROOM: usize = 4 << 20;

/// Takes lines.
#[derive(Debug, Clone)]
pub(crate) struct Lines(Arc<Shared>);

/// The thread that writes. Once this is dropped all is written.
#[derive(Debug)]
pub(crate) struct Writing(Lines);

#[derive(Debug, Default)]
struct Shared {
    collected: Mutex<Collected>,
    /// There is something to do, for the thread; or it has taken all, for those who wait for room.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Collected {
    bytes: Vec<u8>,
    /// No more will be said.
    is_over: bool,
    /// All that was said is written.
    is_written: bool,
}

/// Begins to write there.
///
/// # Errors
/// The system gives no thread.
pub(crate) fn begin(to: impl Write + Send + 'static) -> io::Result<(Lines, Writing)> {
    let lines = Lines(Arc::default());
    let writing = lines.clone();
    thread::Builder::new().name("log".to_owned()).spawn(move || writing.write_all_to(to))?;
    Ok((lines.clone(), Writing(lines)))
}

impl Lines {
    fn write_all_to(&self, mut to: impl Write) {
        let mut bytes = Vec::new();
        let mut is_over = false;
        while !is_over {
            {
                let collected = self.collected();
                let waits = |collected: &mut Collected| collected.bytes.is_empty() && !collected.is_over;
                let waited = self.0.changed.wait_while(collected, waits);
                let mut collected = waited.unwrap_or_else(PoisonError::into_inner);
                mem::swap(&mut bytes, &mut collected.bytes);
                is_over = collected.is_over;
            }
            self.0.changed.notify_all();
            // Where the log cannot be written, there is nobody to tell.
            let _ = to.write_all(&bytes).and_then(|()| to.flush());
            bytes.clear();
            if !is_over {
                thread::sleep(REST);
            }
        }
        self.collected().is_written = true;
        self.0.changed.notify_all();
    }

    fn collected(&self) -> MutexGuard<'_, Collected> {
        self.0.collected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for &Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let collected = self.collected();
        let has_none = |collected: &mut Collected| collected.bytes.len() > ROOM && !collected.is_over;
        let waited = self.0.changed.wait_while(collected, has_none);
        let mut collected = waited.unwrap_or_else(PoisonError::into_inner);
        let was_empty = collected.bytes.is_empty();
        collected.bytes.extend_from_slice(line);
        drop(collected);
        if was_empty {
            self.0.changed.notify_all();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'l> MakeWriter<'l> for Lines {
    type Writer = &'l Self;

    fn make_writer(&'l self) -> &'l Self {
        self
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        let Self(lines) = self;
        let mut collected = lines.collected();
        collected.is_over = true;
        lines.0.changed.notify_all();
        // How it ended does not matter: nothing comes after it.
        let _ = lines.0.changed.wait_timeout_while(collected, LAST_LINES, |collected| !collected.is_written);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where lines arrive: the bytes, and in how many writes.
    #[derive(Clone, Default)]
    struct Arrived(Arc<Mutex<(Vec<u8>, usize)>>);

    impl Write for Arrived {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut arrived = self.0.lock().unwrap();
            arrived.0.extend_from_slice(bytes);
            arrived.1 += 1;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn all_that_was_said_is_written_in_its_order_before_the_end() {
        let arrived = Arrived::default();
        let (lines, writing) = begin(arrived.clone()).unwrap();
        let said: String = (0..1_000).map(|number| format!("line {number}\n")).collect();
        for line in said.split_inclusive('\n') {
            lines.make_writer().write_all(line.as_bytes()).unwrap();
        }
        drop(writing);
        assert_eq!(String::from_utf8(arrived.0.lock().unwrap().0.clone()).unwrap(), said);
    }

    #[test]
    fn whoever_says_more_than_there_is_room_for_waits() {
        let arrived = Arrived::default();
        // Nobody writes yet.
        let lines = Lines(Arc::default());
        let line = vec![b'x'; ROOM + 1];
        lines.make_writer().write_all(&line).unwrap();
        let (speaker, writing) = (lines.clone(), lines.clone());
        let second = thread::spawn(move || speaker.make_writer().write_all(b"y").unwrap());
        let to = arrived.clone();
        thread::spawn(move || writing.write_all_to(to));
        second.join().unwrap();
        drop(Writing(lines));
        let arrived = arrived.0.lock().unwrap();
        assert_eq!((arrived.0.len(), arrived.1, arrived.0.last()), (ROOM + 2, 2, Some(&b'y')));
    }
}
