//! What can be read off a parsed query.

use std::time::Duration;

use promql_parser::parser::{Expr, VectorSelector};

/// The parts of an expression, one level down.
fn parts(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Aggregate(aggregate) => vec![&aggregate.expr],
        Expr::Unary(unary) => vec![&unary.expr],
        Expr::Binary(binary) => vec![&binary.lhs, &binary.rhs],
        Expr::Paren(paren) => vec![&paren.expr],
        Expr::Subquery(subquery) => vec![&subquery.expr],
        Expr::Call(call) => call.args.args.iter().map(AsRef::as_ref).collect(),
        _ => Vec::new(),
    }
}

fn everything(expr: &Expr) -> Vec<&Expr> {
    let below = parts(expr).into_iter().flat_map(everything);
    std::iter::once(expr).chain(below).collect()
}

/// The selectors of a query.
pub(crate) fn selectors(expr: &Expr) -> Vec<VectorSelector> {
    let selector = |part: &&Expr| match part {
        Expr::VectorSelector(selector) => Some(selector.clone()),
        Expr::MatrixSelector(selector) => Some(selector.vs.clone()),
        _ => None,
    };
    everything(expr).iter().filter_map(selector).collect()
}

/// The metrics of a query.
pub(crate) fn metrics(expr: &Expr) -> Vec<String> {
    selectors(expr).into_iter().filter_map(|selector| selector.name).collect()
}

/// The ranges of a query.
pub(crate) fn ranges(expr: &Expr) -> Vec<Duration> {
    let range = |part: &&Expr| match part {
        Expr::MatrixSelector(selector) => Some(selector.range),
        _ => None,
    };
    everything(expr).iter().filter_map(range).collect()
}

/// The first argument of `histogram_quantile`.
pub(crate) fn quantile(expr: &Expr) -> Option<f64> {
    everything(expr).iter().find_map(|part| match part {
        Expr::Call(call) if call.func.name == "histogram_quantile" => {
            match call.args.args.first()?.as_ref() {
                Expr::NumberLiteral(number) => Some(number.val),
                _ => None,
            }
        }
        _ => None,
    })
}

/// Whether a query can have no more than one series.
pub(crate) fn is_single(expr: &Expr) -> bool {
    match expr {
        Expr::NumberLiteral(_) => true,
        Expr::Paren(paren) => is_single(&paren.expr),
        Expr::Binary(binary) => is_single(&binary.lhs) && is_single(&binary.rhs),
        Expr::Aggregate(aggregate) => aggregate.modifier.is_none(),
        Expr::Call(call) if call.func.name == "vector" => true,
        Expr::Call(call) if call.func.name == "histogram_quantile" => {
            call.args.args.last().is_some_and(|buckets| is_by_bucket(buckets))
        }
        _ => false,
    }
}

fn is_by_bucket(expr: &Expr) -> bool {
    let Expr::Aggregate(aggregate) = expr else { return false };
    aggregate.modifier.as_ref().is_some_and(|by| by.is_include() && by.labels().labels == ["le"])
}
