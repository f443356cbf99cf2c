//! The passes' common ground: the store, and whom to tell.

use std::sync::Arc;

use tokio::sync::mpsc::Sender;

use super::Told;
use crate::store::Store;

/// What a pass looks with. What it finds is told page by page.
#[derive(Clone)]
pub(super) struct Look {
    pub(super) store: Arc<dyn Store>,
    found: Vec<String>,
    told: Sender<Told>,
}

impl Look {
    pub(super) fn new(store: Arc<dyn Store>, told: Sender<Told>) -> Self {
        Self { store, found: Vec::new(), told }
    }

    /// Notes what is wrong.
    pub(super) fn damage(&mut self, what: impl Into<String>) {
        self.found.push(what.into());
    }

    /// Tells what was found, and how far it went.
    pub(super) async fn progress(&mut self, what: &'static str, done: u64, total: Option<u64>) {
        self.tell().await;
        self.send(Told::Progress { what, done, total }).await;
    }

    /// Tells what was found.
    pub(super) async fn tell(&mut self) {
        for what in std::mem::take(&mut self.found) {
            self.send(Told::Damage(what)).await;
        }
    }

    async fn send(&self, told: Told) {
        // Nobody hears it any more when verification was given up.
        let _ = self.told.send(told).await;
    }
}
