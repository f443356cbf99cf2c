//! Reads the pages: a table row with three cells under `## Examples` is an example.

use std::fs;
use std::path::PathBuf;

pub(super) struct Page {
    pub(super) id: String,
    pub(super) file: String,
    pub(super) text: String,
    pub(super) examples: Vec<Example>,
}

pub(super) struct Example {
    pub(super) line: usize,
    pub(super) text: String,
    pub(super) given: Vec<String>,
    pub(super) when: String,
    pub(super) then: String,
}

pub(super) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules")
}

pub(super) fn pages() -> Vec<Page> {
    let mut pages: Vec<Page> = fs::read_dir(folder())
        .expect("docs/rules is there")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .filter(|path| !path.ends_with("README.md"))
        .map(read)
        .collect();
    pages.sort_by(|a, b| a.id.cmp(&b.id));
    pages
}

fn read(path: PathBuf) -> Page {
    let text = fs::read_to_string(&path).expect("a page is text");
    let id = path.file_stem().expect("a name").to_string_lossy().into_owned();
    let file = format!("docs/rules/{id}.md");
    let lines = text.lines().enumerate().skip_while(|(_, line)| *line != "## Examples");
    let rows =
        lines.filter(|(_, line)| line.starts_with('|') && !line.starts_with("|--") && !line.starts_with("| given"));
    let examples = rows.map(|(number, line)| example(number + 1, line)).collect();
    Page { id, file, examples, text }
}

fn example(line: usize, row: &str) -> Example {
    let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
    let [given, when, then] = cells[..] else { panic!("line {line} has not three cells: {row}") };
    let given = given.split(';').map(|step| step.trim().to_owned()).collect();
    Example { line, text: row.to_owned(), given, when: when.to_owned(), then: then.to_owned() }
}
