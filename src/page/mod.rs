//! Draws a [`Page`]: as a document of its own, or as a part of another page. Texts are escaped by construction.
//!
//! Both ask for nothing and run nothing. They share their parts and one stylesheet, under the class `zc`, so that they look the same.

mod bars;
mod curves;
mod document;
mod geometry;
mod parts;
mod strips;
mod widget;

use crate::domain::page::Page;

const STYLE: &str = include_str!("style.css");

/// The colours of the page that a widget is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Dark text on a light ground.
    Light,
    /// Light text on a dark ground.
    Dark,
}

/// A self-contained HTML document: no request, no script; light or dark as the reader's system is.
#[must_use]
pub fn document(page: &Page) -> String {
    document::document(page).into_string()
}

/// A fragment of HTML under one class, without ids, for a place of so many CSS pixels.
#[must_use]
pub fn widget(page: &Page, theme: Theme, width: u32) -> String {
    widget::widget(page, theme, width).into_string()
}
