//! The watchdog that outlives this process by a moment.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::Error;
use crate::cluster::Cluster;

/// Waits for the end of its input, then stops the server and removes the folder.
///
/// The end comes when [`Watchdog`] is dropped, and also when this process dies, however it dies: the kernel closes the
/// pipe. It stands in a process group of its own and ignores the terminal's signals, so that an interrupted test run
/// does not take it along; and it holds none of our outputs, or whoever reads those would wait for it.
const SCRIPT: &str = r#"trap "" HUP INT TERM; cat >/dev/null; "$@"; rm -rf "$FOLDER""#;

/// The running watchdog.
#[derive(Debug)]
pub(crate) struct Watchdog {
    child: Child,
    input: Option<ChildStdin>,
}

impl Watchdog {
    /// Lets one watch over the cluster in the folder.
    pub(crate) fn over(cluster: &Cluster, folder: &Path) -> Result<Self, Error> {
        let stop = cluster.stop();
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "watchdog"]).arg(stop.get_program()).args(stop.get_args());
        command.env("FOLDER", folder).current_dir("/").process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let input = child.stdin.take();
        Ok(Self { child, input })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.input.take());
        // There is nothing to be done about a watchdog that cannot be waited for.
        let _ = self.child.wait();
    }
}
