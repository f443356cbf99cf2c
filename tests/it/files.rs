//! Files that are generated and checked in: compared, and rewritten by `just regen` (`UPDATE=1`).

use std::path::{Path, PathBuf};
use std::{env, fs};

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Compares the file with what it must be; with `UPDATE=1` writes it.
pub(crate) fn update_or_compare(path: &Path, expected: &str) {
    if env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
        fs::write(path, expected).expect("a file can be written");
        return;
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    assert!(found == expected, "{} is not fresh: run `just regen` and look at the difference", path.display());
}
