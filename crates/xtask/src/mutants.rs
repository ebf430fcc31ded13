//! Mistakes made on purpose, one at a time: each has to fail a test.
//!
//! A mistake is a text of the sources and what takes its place. It is made in a copy of the sources, so that nothing
//! happens to the ones that are worked on, whatever ends the run. Tests run in groups, those first that are quick and
//! likely to notice; the first group that fails is the answer.

mod copy;
mod suite;
mod table;

use std::{fs, path::Path, time::Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::{files, report::Report};
use copy::Sources;
use suite::{Killer, Suite};

/// A mistake.
struct Mutant {
    /// What goes wrong, in a few words.
    name: &'static str,
    /// The source file.
    file: &'static str,
    /// A text that the file has once.
    before: &'static str,
    /// What takes its place.
    after: &'static str,
}

/// Makes each mistake whose name contains `only`, and prints which test notices. Whether all were noticed.
pub(crate) fn run(only: &str) -> Result<bool> {
    let chosen: Vec<&Mutant> = table::ALL.iter().filter(|mutant| mutant.name.contains(only)).collect();
    ensure!(!chosen.is_empty(), "no mistake has {only:?} in its name");
    let sources = Sources::copied(&files::root())?;
    let suite = Suite::new(&sources);
    let begun = Instant::now();
    if let Some(failed) = suite.first_failure("")? {
        bail!("a test fails without any mistake: {failed}");
    }
    println!("without a mistake, every test passes ({} s)", begun.elapsed().as_secs());
    let mut survivors = 0;
    for mutant in &chosen {
        let begun = Instant::now();
        let killer = killer(&sources, &suite, mutant)?;
        survivors += usize::from(killer.is_none());
        let verdict = killer.map_or_else(|| "SURVIVES".to_owned(), |killer| killer.to_string());
        println!("{:<62} {:>4} s  {verdict}", mutant.name, begun.elapsed().as_secs());
    }
    println!("mutants: {} of {} killed", chosen.len() - survivors, chosen.len());
    Ok(survivors == 0)
}

/// The test that notices.
fn killer(sources: &Sources, suite: &Suite<'_>, mutant: &Mutant) -> Result<Option<Killer>> {
    let source = sources.read(mutant.file)?;
    ensure!(source.matches(mutant.before).count() == 1, "{}: its text is not there", mutant.name);
    sources.write(mutant.file, &source.replace(mutant.before, mutant.after))?;
    let killer = suite.first_failure(mutant.file);
    sources.write(mutant.file, &source)?;
    killer.with_context(|| mutant.name)
}

/// Each mistake can be made: its text is there, once.
pub(crate) fn check(root: &Path) -> Result<Report> {
    let mut problems = Vec::new();
    for mutant in table::ALL {
        let source = fs::read_to_string(root.join(mutant.file)).with_context(|| mutant.file)?;
        let found = source.matches(mutant.before).count();
        if found != 1 {
            problems.push(format!(
                "{}: {} has its text {found} times: {}",
                mutant.name, mutant.file, mutant.before
            ));
        }
    }
    Ok(Report { problems, summary: format!("mutants: {}", table::ALL.len()) })
}
