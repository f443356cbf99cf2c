//! The key's file, and the checkpoints' files.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use ledger_app::seal::KeptCheckpoint;
use ledger_seal::keys::{SecretKey, Verifier};

use crate::exit::Failure;
use crate::given::{cannot_read, cannot_write};

/// Who may read and write a key: its owner.
const OWNER_ONLY: u32 = 0o600;
/// Everybody else.
const OTHERS: u32 = 0o077;

/// A file that goes away again unless it is kept.
pub(super) struct Made(Option<PathBuf>);

impl Made {
    pub(super) fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // Nothing is signed with it: it does no harm where it cannot be removed.
            fs::remove_file(path).ok();
        }
    }
}

/// Writes a new key to a new file, for its owner only.
pub(super) fn make_key(path: &Path, key: &SecretKey) -> Result<Made, Failure> {
    let written = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(path)?;
        file.write_all(key.to_file().as_bytes())?;
        file.sync_all()
    };
    match written() {
        Ok(()) => Ok(Made(Some(path.to_owned()))),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Failure::Usage(format!(
            "{} is there already: a key is never overwritten; move it away, or give another --key",
            path.display()
        ))),
        Err(error) => Err(cannot_write(path, &error)),
    }
}

/// Reads a key, which nobody but its owner may be able to read.
pub(super) fn read_key(path: &Path) -> Result<SecretKey, Failure> {
    let name = path.display();
    let unreadable = |error: io::Error| cannot_read(&name.to_string(), &error);
    let mode = fs::metadata(path).map_err(unreadable)?.permissions().mode();
    if mode & OTHERS != 0 {
        return Err(Failure::Usage(format!("{name} can be read by others: it is secret; `chmod 600 {name}` it")));
    }
    let text = fs::read_to_string(path).map_err(unreadable)?;
    text.parse().map_err(|error| Failure::Usage(format!("{name} holds no secret key: {error}")))
}

/// Puts the file in the place of the other.
pub(super) fn replace(path: &Path, old: &Path) -> Result<(), Failure> {
    fs::rename(path, old).map_err(|error| {
        let (path, old) = (path.display(), old.display());
        Failure::Usage(format!(
            "the ledger's key is in {path} now, and cannot take the place of {old}: {error}; move it"
        ))
    })
}

/// Writes the checkpoint to a file of its own. One that is there already is the same, or is left alone.
pub(super) fn write_checkpoint(folder: &Path, kept: &KeptCheckpoint, verifier: &Verifier) -> Result<PathBuf, Failure> {
    let id = u32::from_be_bytes(verifier.id());
    let path = folder.join(format!("{:012}-{id:08x}.checkpoint", kept.checkpoint.size));
    let write = || -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let new = path.with_added_extension("new");
        let mut file = File::create(&new)?;
        file.write_all(kept.note.as_bytes())?;
        file.sync_all()?;
        fs::rename(new, &path)
    };
    match fs::read_to_string(&path) {
        Ok(there) if there == kept.note => Ok(path),
        Ok(_) => Err(Failure::Refused(format!(
            "{} holds another checkpoint of that size: the ledger was changed, or the file; `license-ledger verify \
             --checkpoint` with it tells",
            path.display()
        ))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            write().map(|()| path.clone()).map_err(|error| cannot_write(&path, &error))
        }
        Err(error) => Err(cannot_read(&path.display().to_string(), &error)),
    }
}
