//! A PostgreSQL server for one run of tests or benchmarks, from the installed binaries.
