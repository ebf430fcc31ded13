//! The Helm chart: what it renders, and a release of it.

mod definitions;
mod loadtester;
mod release;
mod render;
mod rights;
mod upgrade;
mod values;
