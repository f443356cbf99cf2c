//! What is given for a run by options: the files of `--catalog` and `--prices`, verifiers; files that cannot be read or
//! written.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::{fs, io};

use ledger_seal::keys::{KeyError, Verifier};

use crate::exit::Failure;

/// A file given by an option, or the word that goes back to the built-in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GivenFile {
    /// `builtin`. A file of that name is given as `./builtin`.
    BuiltIn,
    /// A file.
    Path(PathBuf),
}

impl FromStr for GivenFile {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(if text == "builtin" { Self::BuiltIn } else { Self::Path(text.into()) })
    }
}

impl GivenFile {
    /// The file's text.
    pub(crate) fn read(&self, built_in: &str) -> Result<String, Failure> {
        match self {
            Self::BuiltIn => Ok(built_in.to_owned()),
            Self::Path(path) => {
                fs::read_to_string(path).map_err(|error| cannot_read(&path.display().to_string(), &error))
            }
        }
    }
}

/// The public part of a key that seals, as an option gives it.
pub(crate) fn verifier(text: &str) -> Result<Verifier, String> {
    text.trim().parse().map_err(|error: KeyError| error.to_string())
}

/// An input that cannot be read.
pub(crate) fn cannot_read(name: &str, error: &io::Error) -> Failure {
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => "check the name",
        io::ErrorKind::PermissionDenied => "check its permissions",
        io::ErrorKind::InvalidData => "write it in UTF-8",
        _ => "give a file that can be read",
    };
    Failure::Usage(format!("cannot read {name}: {error}; {remedy}"))
}

/// An output that cannot be written.
pub(crate) fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => "give a folder that is there",
        io::ErrorKind::PermissionDenied => "check the folder's permissions",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some space, or write elsewhere",
        _ => "write elsewhere",
    };
    Failure::Usage(format!("cannot write {}: {error}; {remedy}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_builtin_is_no_file() {
        assert_eq!("builtin".parse(), Ok(GivenFile::BuiltIn));
        assert_eq!("./builtin".parse(), Ok(GivenFile::Path("./builtin".into())));
    }
}
