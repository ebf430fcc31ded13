//! The Services, and the endpoints behind them.

use serin_core::{
    Seen,
    observe::{Endpoints, Services, Strangers, Synced},
    plan::ServiceRole,
};

use super::{MISSING, VirtualPrimary, World};

/// Whose pods a Service selects.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Selects {
    /// The target's.
    Target,
    /// The primary's.
    Primary,
    /// Those of the primary of this former target, a key of [`World::formers`].
    Former(String),
}

/// The Services of a Canary. One that does not exist selects nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct VirtualServices {
    /// `<apex>`.
    pub apex: Option<Selects>,
    /// Whether the user made `<apex>`, so that it has clients and stays when the Canary goes.
    pub users_apex: bool,
    /// `<apex>-primary`.
    pub primary: Option<Selects>,
    /// Whether `<apex>-canary` exists; it selects the target's pods.
    pub canary: bool,
}

impl VirtualServices {
    /// A Service of the user's under the name of the apex, which selects the target's pods.
    pub fn in_use() -> Self {
        Self { apex: Some(Selects::Target), users_apex: true, ..Self::default() }
    }

    /// Whether all of them are as they should be.
    pub fn are_made(&self) -> bool {
        self.apex == Some(Selects::Primary) && self.primary == Some(Selects::Primary) && self.canary
    }

    pub(super) fn apply(&mut self, role: ServiceRole) {
        match role {
            ServiceRole::Apex => self.apex = Some(Selects::Primary),
            ServiceRole::Primary => self.primary = Some(Selects::Primary),
            ServiceRole::Canary => self.canary = true,
        }
    }

    /// The user's own Service selects the target's pods again; a generated one goes with its Canary.
    pub(super) fn revert_apex(&mut self) {
        if self.users_apex {
            self.apex = Some(Selects::Target);
        }
    }

    /// What the garbage collector leaves when the Canary is gone.
    pub(super) fn of_the_user(self) -> Self {
        Self { apex: self.apex.filter(|_| self.users_apex), users_apex: self.users_apex, ..Self::default() }
    }

    /// The primary becomes that of a former target, and what selects it goes on to do so.
    pub(super) fn follow_former(&mut self, entry: &str) {
        for selects in [&mut self.apex, &mut self.primary].into_iter().flatten() {
            if *selects == Selects::Primary {
                *selects = Selects::Former(entry.to_owned());
            }
        }
        self.canary = false;
    }

    /// A former target is the target again, and its primary the primary.
    pub(super) fn follow_again(&mut self, entry: &str) {
        for selects in [&mut self.apex, &mut self.primary].into_iter().flatten() {
            if *selects == Selects::Former(entry.to_owned()) {
                *selects = Selects::Primary;
            }
        }
    }
}

impl World {
    pub(super) fn see_services(&self) -> Services {
        let VirtualServices { apex, primary, canary, .. } = &self.services;
        let missing = |unknown: bool, made: bool| match (unknown, made) {
            (true, _) => Synced::Unknown(MISSING.to_owned()),
            (false, true) => Synced::Yes,
            (false, false) => Synced::No,
        };
        let others = |selects: &Option<Selects>| selects.as_ref().is_some_and(|it| *it != Selects::Primary);
        let unknown = self.target_gone && self.primary.is_none();
        Services {
            apex: missing(unknown, *apex == Some(Selects::Primary)),
            apex_in_use: !unknown && others(apex),
            primary: missing(unknown, *primary == Some(Selects::Primary)),
            canary: missing(self.target_gone, *canary),
            elsewhere: !unknown && others(primary),
        }
    }

    pub(super) fn see_endpoints(&self) -> Endpoints {
        let count = |ready: bool, n: i32| Seen::Present(if ready { n.unsigned_abs() } else { 0 });
        let selected = !matches!(self.services.primary, Some(Selects::Target | Selects::Former(_)));
        let primary = self.primary.as_ref().filter(|_| selected);
        Endpoints {
            primary: count(primary.is_some_and(VirtualPrimary::serves), primary.map_or(0, |p| p.replicas)),
            canary: count(self.target_serves(), self.target.replicas),
            leaving: Seen::Present(self.leaving),
            strangers: Strangers { primary: self.strangers(), canary: Vec::new() },
            unreachable: None,
            follow: true,
        }
    }

    /// The workload of a former target behind the primary's Service, by the beginning of its pods' names.
    fn strangers(&self) -> Vec<String> {
        let Some(Selects::Former(entry)) = &self.services.primary else { return Vec::new() };
        let name = entry.split_once('/').map_or(entry.as_str(), |(_, name)| name);
        let serves = self.formers.get(entry).is_some_and(VirtualPrimary::serves);
        serves.then(|| format!("{name}-primary-86ff4bdf6")).into_iter().collect()
    }

    /// Whether requests to what a Service selects are answered.
    pub(super) fn selected_serve(&self, selects: &Selects) -> bool {
        match selects {
            Selects::Target => self.target_serves(),
            Selects::Primary => self.primary.as_ref().is_some_and(VirtualPrimary::serves),
            Selects::Former(entry) => self.formers.get(entry).is_some_and(VirtualPrimary::serves),
        }
    }
}
