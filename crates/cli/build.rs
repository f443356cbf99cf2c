//! Embeds the pages of the rules, `docs/rules/ID.md`, so that `license-ledger rule ID` can print them anywhere.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let pages = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../docs/rules").canonicalize()?;
    println!("cargo::rerun-if-changed={}", pages.display());
    let mut files = fs::read_dir(&pages)?.map(|file| Ok(file?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "md"));
    files.sort();
    let mut table = String::from("&[\n");
    for file in files {
        let id = file.file_stem().unwrap_or_default();
        writeln!(table, "({:?}, include_str!({file:?})),", id.display().to_string())?;
    }
    table.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("rule_pages.rs"), table)?;
    Ok(())
}
