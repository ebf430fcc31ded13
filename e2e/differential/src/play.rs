//! A scenario with both operators at the same time.

mod player;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use tokio::time::Instant;

use self::player::{Player, Seen};
use crate::{
    difference,
    intended::Intended,
    sandbox::Shared,
    scenario::{Scenario, Step},
    side::Side,
    transcript::Transcript,
};

/// How long both may take to come to the same: a busy machine delays what follows from a status.
const SETTLE: Duration = Duration::from_secs(60);

/// What both did: Flagger first.
///
/// # Errors
/// A scenario cannot be set up, or an operator ends.
pub(crate) async fn both(
    shared: &Shared,
    scenario: &Scenario,
    intended: &Intended,
) -> Result<[Transcript; 2]> {
    let open = |side| Player::open(shared, scenario, side);
    let (flagger, serin) = tokio::try_join!(open(Side::Flagger), open(Side::Serin))?;
    let mut players = [flagger, serin];
    let played = play(&mut players, scenario, intended).await;
    for player in &players {
        player.write_timeline()?;
    }
    let transcripts = played?;
    for (side, transcript) in [Side::Flagger, Side::Serin].into_iter().zip(&transcripts) {
        std::fs::write(file(&shared.folder, scenario, side), transcript.to_string())?;
    }
    Ok(transcripts)
}

/// What both did in the last run.
///
/// # Errors
/// It has written nothing of the scenario.
pub(crate) fn written(folder: &Path, scenario: &Scenario) -> Result<[Transcript; 2]> {
    let read = |side| {
        let file = file(folder, scenario, side);
        std::fs::read_to_string(&file).with_context(|| file.display().to_string())?.parse()
    };
    Ok([read(Side::Flagger)?, read(Side::Serin)?])
}

fn file(folder: &Path, scenario: &Scenario, side: Side) -> PathBuf {
    folder.join(format!("{}-{}.txt", scenario.name, side.name()))
}

/// Plays the story in parts, each up to a comparison: there both wait for each other.
async fn play(
    players: &mut [Player<'_>; 2],
    scenario: &Scenario,
    intended: &Intended,
) -> Result<[Transcript; 2]> {
    let judge = Judge { scenario, intended };
    let mut begin = 0;
    while let Some((part, point)) = next(&scenario.story, begin) {
        let [flagger, serin] = &mut *players;
        let whole = tokio::try_join!(flagger.act(begin, part), serin.act(begin, part))?;
        if whole != (true, true) {
            break;
        }
        if let Some(point) = point {
            let [of_flagger, of_serin] = judge.settled(players, Some(point)).await?;
            players[0].keep(of_flagger);
            players[1].keep(of_serin);
        }
        begin += part.len() + 1;
    }
    Ok(judge.settled(players, None).await?.map(|seen| seen.transcript))
}

/// The steps up to the next comparison, and its name.
fn next(story: &[Step], begin: usize) -> Option<(&[Step], Option<&str>)> {
    let rest = story.get(begin..).filter(|rest| !rest.is_empty())?;
    let length = rest.iter().take_while(|step| !matches!(step, Step::Compare(_))).count();
    let (part, after) = rest.split_at(length);
    let point = match after.first() {
        Some(Step::Compare(point)) => Some(point.as_str()),
        _ => None,
    };
    Some((part, point))
}

struct Judge<'a> {
    scenario: &'a Scenario,
    intended: &'a Intended,
}

impl Judge<'_> {
    /// What both show at a point, or all in all, once they rest: again until nothing is unexpected, or for so long.
    async fn settled(&self, players: &mut [Player<'_>; 2], point: Option<&str>) -> Result<[Seen; 2]> {
        let limit = Instant::now() + SETTLE;
        let [flagger, serin] = players;
        loop {
            tokio::join!(flagger.sandbox.at_rest(), serin.sandbox.at_rest());
            let seen = tokio::try_join!(flagger.look(point), serin.look(point))?;
            if self.is_fine(&seen.0.transcript, &seen.1.transcript) || Instant::now() >= limit {
                return Ok([seen.0, seen.1]);
            }
        }
    }

    fn is_fine(&self, flagger: &Transcript, serin: &Transcript) -> bool {
        let name = &self.scenario.name;
        let differences = difference::between(flagger, serin);
        differences.iter().all(|difference| self.intended.find(name, difference).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_is_played_from_comparison_to_comparison() {
        let story: Vec<Step> =
            serde_saphyr::from_str("[{release: a}, {rest: 1}, {compare: x}, {compare: y}, {release: b}]")
                .unwrap();
        let parts = |begin| next(&story, begin).map(|(part, point)| (part.len(), point));
        assert_eq!(parts(0), Some((2, Some("x"))));
        assert_eq!(parts(3), Some((0, Some("y"))));
        assert_eq!(parts(4), Some((1, None)));
        assert_eq!(parts(6), None);
    }
}
