//! Listing keys, page by page.

use std::borrow::Cow;
use std::sync::Arc;

use object_store::ListResult;
use object_store::list::PaginatedListOptions;

use super::Trouble;
use super::store::Store;
use crate::failure::FailureKind;

/// Pages that are asked for at most for one prefix, of mostly 1,000 keys each.
const MOST_PAGES: usize = 1_000;

/// Hands over everything under a prefix of keys, at any depth.
///
/// # Errors
/// A page could not be had, or there are too many.
pub(super) fn all(store: &Arc<Store>, prefix: &str, take: &mut dyn FnMut(ListResult)) -> Result<(), Trouble> {
    pages(store, prefix, false, take)
}

/// Hands over what lies directly under a prefix of keys: objects, and the prefixes up to the next slash.
///
/// # Errors
/// A page could not be had, or there are too many.
pub(super) fn each(
    store: &Arc<Store>,
    prefix: &str,
    take: &mut dyn FnMut(ListResult),
) -> Result<(), Trouble> {
    pages(store, prefix, true, take)
}

fn pages(
    store: &Arc<Store>,
    prefix: &str,
    flat: bool,
    take: &mut dyn FnMut(ListResult),
) -> Result<(), Trouble> {
    let mut token = None;
    for _ in 0..MOST_PAGES {
        let (asked, under) = (Arc::clone(store), prefix.to_owned());
        let page_token = token.take();
        let page = store.bridge.wait(async move {
            let options = PaginatedListOptions {
                delimiter: flat.then_some(Cow::Borrowed("/")),
                page_token,
                ..PaginatedListOptions::default()
            };
            let prefix = (!under.is_empty()).then_some(under.as_str());
            asked.listing.list_paginated(prefix, options).await.map_err(|error| asked.trouble(&error, &under))
        })?;
        take(page.result);
        token = page.page_token;
        if token.is_none() {
            return Ok(());
        }
    }
    Err(Trouble {
        kind: FailureKind::OutOfResources,
        message: format!(
            "`{}...`: more keys than are looked through; write more of the key, or more of it before the first `*`",
            store.named(prefix)
        ),
    })
}
