//! Contenders in turns: what disturbs the machine disturbs both alike.

use anyhow::Result;

use crate::samples::Samples;

/// What the turns gave.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    /// The floor's, one more than the contender's: it is first and last.
    pub(crate) floor: Samples,
    /// The contender's.
    pub(crate) contender: Samples,
    /// Each turn of the contender as a share of the mean of the floor before and after it.
    pub(crate) ratios: Samples,
}

/// Lets the floor and the contender take turns: floor, contender, floor, …, floor.
pub(crate) async fn in_turns(
    rounds: u32,
    mut floor: impl AsyncFnMut() -> Result<f64>,
    mut contender: impl AsyncFnMut() -> Result<f64>,
) -> Result<Turns> {
    let mut turns = Turns::default();
    let mut before = floor().await?;
    turns.floor.push(before);
    for _ in 0..rounds {
        let measured = contender().await?;
        let after = floor().await?;
        turns.contender.push(measured);
        turns.floor.push(after);
        turns.ratios.push(measured / f64::midpoint(before, after));
        before = after;
    }
    Ok(turns)
}
