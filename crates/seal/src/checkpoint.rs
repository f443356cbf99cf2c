//! Checkpoints (c2sp.org/tlog-checkpoint): how long the log is, and its root, signed.

use std::fmt;

use crate::hash::Hash;
use crate::keys::{SecretKey, Verifier};
use crate::note::{NoteError, SignedNote};

/// The log at a size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: the name of the keys that sign for it.
    pub origin: String,
    /// How many leaves it has.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// Why a checkpoint is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// It is no note, or not signed by a known key.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Its text is no checkpoint.
    #[error("no checkpoint: {0}")]
    Malformed(&'static str),
    /// It is of another log.
    #[error("it is a checkpoint of the log {found}, not of {expected}")]
    OtherLog {
        /// The log that is asked about.
        expected: String,
        /// The log that it is of.
        found: String,
    },
}

impl Checkpoint {
    /// Signs it with each of the keys.
    ///
    /// # Errors
    /// [`CheckpointError`] for an origin that cannot be one, or without a key.
    pub fn sign(&self, keys: &[&SecretKey]) -> Result<SignedNote, CheckpointError> {
        Self::read(&self.to_string())?;
        Ok(SignedNote::sign(self.to_string(), keys)?)
    }

    /// Reads a signed checkpoint of the log, and checks its signatures.
    ///
    /// # Errors
    /// [`CheckpointError`] unless it is one, of this log, signed by one of the keys.
    pub fn open(note: &str, origin: &str, keys: &[Verifier]) -> Result<Self, CheckpointError> {
        Self::of_note(&SignedNote::parse(note)?, origin, keys)
    }

    /// As [`Checkpoint::open`], of a note that was read.
    ///
    /// # Errors
    /// As there.
    pub fn of_note(note: &SignedNote, origin: &str, keys: &[Verifier]) -> Result<Self, CheckpointError> {
        let read = Self::read(note.text())?;
        if read.origin != origin {
            return Err(CheckpointError::OtherLog { expected: origin.to_owned(), found: read.origin });
        }
        note.verify(keys)?;
        Ok(read)
    }

    /// Reads the text of a checkpoint, signed or not.
    ///
    /// # Errors
    /// [`CheckpointError::Malformed`] for anything but its three lines: extension lines cannot be audited.
    pub fn read(text: &str) -> Result<Self, CheckpointError> {
        let refused = CheckpointError::Malformed;
        let lines = text.strip_suffix('\n').ok_or(refused("its last line has no end"))?;
        let lines: Vec<_> = lines.split('\n').collect();
        let [origin, size, root] = lines.as_slice() else {
            return Err(refused("it has three lines: the log, its size, its root"));
        };
        if origin.is_empty() {
            return Err(refused("its first line, the log, is empty"));
        }
        let size = decimal(size).ok_or(refused("its second line is no size in digits"))?;
        let root = root.parse().map_err(|_| refused("its third line is no hash in Base64"))?;
        Ok(Self { origin: (*origin).to_owned(), size, root })
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, size, root } = self;
        write!(f, "{origin}\n{size}\n{root}\n")
    }
}

/// A number in ASCII digits, without leading zeroes.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|digit| digit.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| is_plain)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::hash::empty_root;
    use crate::keys::tests::key;

    #[test]
    fn a_checkpoint_is_signed_and_opened() {
        let (key, stranger) = (key("log.example/1", 1), key("log.example/1", 2));
        let checkpoint = Checkpoint { origin: "log.example/1".to_owned(), size: 7, root: empty_root() };
        let note = checkpoint.sign(&[&key]).unwrap().to_string();
        assert!(note.starts_with("log.example/1\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— log.example/1 "));
        let keys = [key.verifier().clone()];
        assert_eq!(Checkpoint::open(&note, "log.example/1", &keys).unwrap(), checkpoint);
        let other = Checkpoint::open(&note, "log.example/2", &keys).unwrap_err();
        assert_eq!(other.to_string(), "it is a checkpoint of the log log.example/1, not of log.example/2");
        let unknown = Checkpoint::open(&note, "log.example/1", &[stranger.verifier().clone()]).unwrap_err();
        assert!(matches!(unknown, CheckpointError::Note(NoteError::Unknown(_))), "{unknown}");
    }

    #[test]
    fn the_example_of_the_standard_is_read_and_written_alike() {
        let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let read = Checkpoint::read(text).unwrap();
        assert_eq!((read.size, read.to_string().as_str()), (20_852_163, text));
        let note = format!(
            "{text}\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
        );
        assert_eq!(SignedNote::parse(&note).unwrap().to_string(), note);
    }

    #[test]
    fn anything_else_is_refused() {
        let root = empty_root().to_string();
        for text in [
            String::new(),
            format!("log\n7\n{root}"),
            format!("log\n7\n{root}\nextension\n"),
            format!("\n7\n{root}\n"),
            "log\n7\n".to_owned(),
            format!("log\n07\n{root}\n"),
            format!("log\n+7\n{root}\n"),
            format!("log\n-7\n{root}\n"),
            format!("log\n 7\n{root}\n"),
            format!("log\n\n{root}\n"),
            format!("log\n18446744073709551616\n{root}\n"),
            "log\n7\nAAAA\n".to_owned(),
        ] {
            assert!(Checkpoint::read(&text).is_err(), "{text:?}");
        }
        let two_lines = Checkpoint { origin: "log\n7".to_owned(), size: 1, root: empty_root() };
        assert!(two_lines.sign(&[&key("log", 1)]).is_err());
    }
}
