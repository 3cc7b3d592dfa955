//! Draws a [`Page`]: as a document of its own, or as a part of another page.

use crate::domain::page::Page;

/// The colours of the page that a widget is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Dark text on a light ground.
    Light,
    /// Light text on a dark ground.
    Dark,
}

/// A self-contained HTML document: no request, no script, light and dark.
#[must_use]
pub fn document(page: &Page) -> String {
    maud::html! { h1 { (page.verdict) } }.into_string()
}

/// A fragment of HTML under one class, without ids, for a place of so many CSS pixels.
#[must_use]
pub fn widget(page: &Page, theme: Theme, width: u32) -> String {
    let _ = (theme, width);
    maud::html! { h1 { (page.verdict) } }.into_string()
}
