//! Webhooks, gates, event sink and alerts over HTTP.
