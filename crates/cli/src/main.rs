//! The one binary of Serin.
fn main() {}
