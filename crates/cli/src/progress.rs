//! A progress bar on standard error, for people who wait.

use std::io::{IsTerminal, stderr, stdout};

use indicatif::{ProgressBar, ProgressStyle};

use crate::output::words::{counted, grouped};

/// The bar; hidden where nobody watches.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A bar over the file's bytes; without their number, a count of commands.
    ///
    /// It shows only where standard error is a terminal and standard output is none: else outcomes show the progress.
    pub(crate) fn new(total_bytes: Option<u64>) -> Self {
        if !stderr().is_terminal() || stdout().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let (bar, template) = match total_bytes {
            Some(bytes) => (ProgressBar::new(bytes), "{bar:40} {percent} %, {msg}, {eta} left"),
            None => (ProgressBar::new_spinner(), "{spinner} {msg}"),
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        Self(bar.with_style(style))
    }

    /// So much is done.
    pub(crate) fn show(&self, bytes: u64, commands: u64) {
        self.0.set_message(counted(commands, "command", "commands"));
        self.0.set_position(bytes);
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        self.0.finish_and_clear();
    }
}

/// A count of what was looked at, where somebody watches standard error.
pub(crate) struct Count(ProgressBar);

impl Count {
    /// Nothing is counted yet.
    pub(crate) fn new() -> Self {
        let bar = if stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        Self(bar)
    }

    /// So many of these are done.
    pub(crate) fn show(&self, what: &str, done: u64, total: Option<u64>) {
        self.say(how_far(what, done, total));
    }

    /// Shows how far several things are.
    pub(crate) fn say(&self, how_far: String) {
        self.0.set_message(how_far);
        self.0.tick();
    }

    /// Lets something else be written.
    pub(crate) fn beside(&self, write: impl FnOnce()) {
        self.0.suspend(write);
    }

    /// Takes it away.
    pub(crate) fn end(&self) {
        self.0.finish_and_clear();
    }
}

/// How far something is.
pub(crate) fn how_far(what: &str, done: u64, total: Option<u64>) -> String {
    let of = total.map(|total| format!(" of {}", grouped(total))).unwrap_or_default();
    format!("{what}: {}{of}", grouped(done))
}
