//! Load generator, gates and command runner behind webhooks.
