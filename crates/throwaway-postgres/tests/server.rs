//! A server comes, serves, is killed, comes back with its data, and goes without a trace.

use std::path::Path;

use sqlx::{Connection, Executor, PgConnection};
use throwaway_postgres::Server;

fn folder_of(url: &str) -> &Path {
    Path::new(url.split_once("host=").map_or("", |(_, folder)| folder))
}

#[tokio::test]
async fn a_killed_server_comes_back_with_its_data_and_a_dropped_one_leaves_nothing() {
    let server = Server::start_durable().unwrap();
    let url = server.new_database().await.unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    connection.execute("CREATE TABLE kept AS SELECT 1 AS one").await.unwrap();
    server.kill().unwrap();
    server.restart().unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let one: i32 = sqlx::query_scalar("SELECT one FROM kept").fetch_one(&mut connection).await.unwrap();
    assert_eq!(one, 1);
    assert!(folder_of(&url).exists());
    drop(server);
    assert!(!folder_of(&url).exists());
}

#[tokio::test]
async fn a_standby_follows_and_can_only_be_read() {
    let server = Server::start().unwrap();
    let url = server.new_database().await.unwrap();
    let standby = server.standby().unwrap();
    let mut primary = PgConnection::connect(&url).await.unwrap();
    primary.execute("CREATE TABLE kept AS SELECT 1 AS one").await.unwrap();
    let mut follower = PgConnection::connect(&standby.url_of(&url)).await.unwrap();
    let begun = std::time::Instant::now();
    while follower.execute("SELECT FROM kept").await.is_err() {
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "the table does not come along");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(follower.execute("CREATE TABLE mine ()").await.is_err());
}

#[tokio::test]
async fn every_database_is_empty_and_its_own() {
    let server = Server::shared().await.unwrap();
    let (first, second) = (server.new_database().await.unwrap(), server.new_database().await.unwrap());
    let mut first = PgConnection::connect(&first).await.unwrap();
    first.execute("CREATE TABLE mine ()").await.unwrap();
    let mut second = PgConnection::connect(&second).await.unwrap();
    assert!(second.execute("SELECT FROM mine").await.is_err());
}
