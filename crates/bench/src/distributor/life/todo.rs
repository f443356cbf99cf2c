//! What is to come for a license.

/// What comes up, by whose business it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Todo {
    Order(Order),
    Server(Server),
    Desk(Desk),
}

/// The distributor's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Order {
    Buy,
    Activate,
    Users,
    UsersRightly,
    Plugin,
    ActivateUpgrade,
    Renew,
    ComeBack,
    BuyTwin,
}

/// The servers', as they report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Server {
    Bring,
    TakeAway,
    Unblock,
    Install,
}

/// The vendor desk's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Desk {
    Rename,
    Reduce,
    Split,
    Merge,
}

impl Todo {
    /// Everything else waits for these, where they are to be done.
    pub(super) const fn cannot_wait(self) -> bool {
        matches!(self, Self::Order(Order::Activate | Order::ActivateUpgrade) | Self::Server(Server::Unblock))
    }

    /// People keep office hours; servers do not.
    pub(super) const fn is_at_any_hour(self) -> bool {
        matches!(self, Self::Server(Server::Bring | Server::TakeAway | Server::Install))
    }
}
