# The verbs of this project. Plain `just` lists them.
_default:
    @just --list --unsorted

# Everything that must hold: format, lints, licences, docs, all tests.
check:
    .ci/run

# Set up and run all tests, on SQLite and on a real PostgreSQL.
test *args:
    scripts/test {{args}}

# Post the example year and print entitlements and coming SWM expiries.
example:
    scripts/example

# Write the generated files anew: schemas, the fold of the golden histories, expected outcomes of the example year.
regen:
    UPDATE=1 UPDATE_EXAMPLES=1 cargo test -p license-ledger --test it -- schemas:: golden:: examples:: service::deploy:: postgres::schema

# Measure speed side by side, in half an hour: 200,000 events followed and rebuilt, 100,000 in the grown ledger.
bench:
    cargo run --profile dist --locked -p ledger-bench -- all

# The long form: a million of each, commands in a file too.
bench-long:
    cargo run --profile dist --locked -p ledger-bench -- long

# Ten years of a distributor with a million licenses: storage, peaks, rebuild time.
simulate *args:
    cargo run --profile dist --locked -p ledger-bench -- simulate {{args}}

# Crash tests, a hundred kills.
crash-long:
    LICENSE_LEDGER_KILLS=100 cargo test -p license-ledger --test it -- crash::

# The service under load for a minute, on SQLite and on PostgreSQL, in release: rates and times are printed.
load:
    LICENSE_LEDGER_SECONDS=60 cargo test --release --locked -p license-ledger --test it -- --nocapture --test-threads=1 service::load::

# PostgreSQL and the service stopped and killed under load, twenty times each.
faults-long:
    LICENSE_LEDGER_FAULTS=20 cargo test --locked -p license-ledger --test it -- --nocapture --test-threads=1 service::faults::
