//! Reading ahead: while a page is worked on, the next one comes.

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::store::StoreError;

/// Pages that a task of its own reads, one ahead of whoever takes them.
pub(crate) struct Ahead<Page> {
    pages: mpsc::Receiver<Result<Page, StoreError>>,
    reader: JoinSet<()>,
}

impl<Page: Send + 'static> Ahead<Page> {
    /// Reads from a place on; each page comes with the place of the next, if there is one.
    pub(crate) fn read<Place, Read, Reading>(from: Place, mut read: Read) -> Self
    where
        Place: Send + 'static,
        Read: FnMut(Place) -> Reading + Send + 'static,
        Reading: Future<Output = Result<(Page, Option<Place>), StoreError>> + Send,
    {
        let (read_ones, pages) = mpsc::channel(1);
        let mut reader = JoinSet::new();
        reader.spawn(async move {
            let mut next = Some(from);
            while let Some(place) = next.take() {
                let page = read(place).await.map(|(page, after)| {
                    next = after;
                    page
                });
                if read_ones.send(page).await.is_err() {
                    return;
                }
            }
        });
        Self { pages, reader }
    }

    /// The next page; `None` behind the last.
    pub(crate) async fn next(&mut self) -> Result<Option<Page>, StoreError> {
        match self.pages.recv().await {
            Some(page) => page.map(Some),
            // A reader that broke off has not come to the end. One that has ended holds the store no more.
            None => self.reader.join_next().await.transpose().map(|_| None).map_err(|error| broken_off(&error)),
        }
    }
}

/// Does the work on another thread; it ends with whoever waits for it.
pub(crate) async fn beside<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    let mut task = JoinSet::new();
    let handle = task.spawn(work);
    match task.join_next().await {
        Some(Ok(done)) => done,
        Some(Err(error)) => Err(broken_off(&error)),
        None => Err(broken_off(&handle.id())),
    }
}

/// What a task that panicked, or was given up, means to whoever waits for it.
pub(crate) fn broken_off(why: &dyn std::fmt::Display) -> StoreError {
    StoreError::Unavailable(format!("reading it broke off: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn to_three(place: u64) -> Result<(u64, Option<u64>), StoreError> {
        Ok((place * 10, Some(place + 1).filter(|next| *next < 3)))
    }

    #[tokio::test]
    async fn every_page_comes_once_and_in_order() {
        let mut pages = Ahead::read(0, to_three);
        for expected in [Some(0), Some(10), Some(20), None, None] {
            assert_eq!(pages.next().await.unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn a_failure_is_no_end() {
        let mut pages = Ahead::read(0, |place| async move {
            if place == 1 { Err(StoreError::HalfImported) } else { to_three(place).await }
        });
        assert_eq!(pages.next().await.unwrap(), Some(0));
        assert!(matches!(pages.next().await, Err(StoreError::HalfImported)));
    }

    #[tokio::test]
    async fn a_reader_that_panics_is_no_end() {
        let mut pages = Ahead::read(0, |place| async move {
            assert_eq!(place, 0, "it breaks off");
            to_three(place).await
        });
        assert_eq!(pages.next().await.unwrap(), Some(0));
        assert!(matches!(pages.next().await, Err(StoreError::Unavailable(_))));
        let panics = async { if to_three(0).await.is_ok() { panic!("it breaks off") } else { Ok(()) } };
        assert!(matches!(beside(panics).await, Err(StoreError::Unavailable(_))));
    }
}
