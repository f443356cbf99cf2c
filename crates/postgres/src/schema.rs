//! The ledger's tables, triggers, functions and views, held against what the migrations make of them.
//!
//! Whoever gets past the ledger can change the rules instead of the rows: switch off a trigger, drop an index that keeps
//! order numbers apart, or make a view say something else.

use std::collections::BTreeMap;

use ledger_app::store::StoreError;
use sqlx::postgres::PgPool;

use crate::error::store_error;

/// What there is in the database.
const OBJECTS: &str = include_str!("schema.sql");

/// What the migrations make: a line for each object, its parts apart by tabs.
pub const MADE: &str = include_str!("schema.txt");

/// What does something to rows, or hides some, on a table of the ledger: one that the ledger does not know is damage.
/// Whatever else is more, such as an index, is whose who runs the database.
const ACTING: [&str; 4] = ["column", "policy", "rule", "trigger"];

/// An object: its kind, the table that it is of, its name.
type Object = (String, String, String);

/// The objects, each as it is defined.
pub type Objects = BTreeMap<Object, String>;

/// What is not as the migrations make it, one line each.
pub(crate) async fn differences(pool: &PgPool) -> Result<Vec<String>, StoreError> {
    let (made, mut found) = (made(), objects(pool).await?);
    let query = queries(&found);
    let mut lines = Vec::new();
    for (object, definition) in &made {
        // A server of another version writes queries in another way; their columns are with the views.
        if object.0.starts_with("query") && Some(&object.0) != query.as_ref() {
            continue;
        }
        match found.remove(object) {
            None => lines.push(format!("{} is gone", named(object))),
            Some(found) if found != *definition => lines.push(format!("{} was changed", named(object))),
            Some(_) => {}
        }
    }
    let is_ours = |table: &str| made.keys().any(|(kind, _, name)| kind == "table" && name == table);
    let acting = found.keys().filter(|(kind, table, _)| ACTING.contains(&kind.as_str()) && is_ours(table));
    lines.extend(acting.map(|object| format!("{} is none of the ledger's", named(object))));
    Ok(lines)
}

/// The objects that there are.
///
/// # Errors
/// The database's failure.
pub async fn objects(pool: &PgPool) -> Result<Objects, StoreError> {
    let rows: Vec<(String, String, String, String)> =
        sqlx::query_as(OBJECTS).fetch_all(pool).await.map_err(store_error)?;
    let mut objects = Objects::new();
    for (kind, table, name, definition) in rows {
        // Of two functions with one name both count.
        *objects.entry((kind, table, name)).or_default() += &definition.replace(['\n', '\t'], " ");
    }
    Ok(objects)
}

fn made() -> Objects {
    let object = |line: &str| {
        let mut parts = line.splitn(4, '\t').map(str::to_owned);
        Some(((parts.next()?, parts.next()?, parts.next()?), parts.next()?))
    };
    MADE.lines().filter_map(object).collect()
}

/// The kind under which this server writes queries.
fn queries(found: &Objects) -> Option<String> {
    found.keys().map(|(kind, ..)| kind).find(|kind| kind.starts_with("query")).cloned()
}

fn named((kind, table, name): &Object) -> String {
    let kind = if kind.starts_with("query") { "query of" } else { kind };
    if table.is_empty() { format!("the {kind} {name}") } else { format!("the {kind} {name} of {table}") }
}
