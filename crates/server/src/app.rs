//! What all handlers share: the installation, the pages, and how requests reach us.

use std::sync::{Arc, Mutex};

use portcullis_signin::house::House;

use crate::back_channel::BackChannel;
use crate::client_address::TrustedProxies;
use crate::cookies::Transport;
use crate::page::Pages;
use crate::surroundings::Surroundings;
use crate::tenant_budget::TenantBudgets;

/// The state of the router.
pub(crate) struct App {
    pub(crate) house: Arc<House>,
    pub(crate) pages: Pages,
    pub(crate) transport: Transport,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) back_channel: BackChannel,
    pub(crate) surroundings: Surroundings,
    /// Held for a look and a sum only.
    pub(crate) tenant_budgets: Mutex<TenantBudgets>,
}
