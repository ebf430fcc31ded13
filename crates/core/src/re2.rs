//! Which regular expressions are RE2's: the gateways that match by them know no others.
//!
//! This follows the grammar of RE2 to the letter, so that nothing is refused that a gateway takes. A parser of other
//! expressions would not do: RE2 has `\Q…\E`, `\C`, octal numbers and braces that stand for themselves, and it has no
//! `a**`, which others take.

use std::{iter::Peekable, str::Chars};

use thiserror::Error;

mod class;

/// Most repetitions, also of a repetition.
const MOST: u32 = 1000;

/// Why a text is no regular expression of RE2; every message names the construct.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum NotRe2 {
    /// A lookahead or lookbehind.
    #[error("{0} looks around, which RE2 does not have")]
    LookAround(&'static str),
    /// A group that is not given back.
    #[error("(?> begins an atomic group, which RE2 does not have")]
    Atomic,
    /// Something else after `(?`.
    #[error("(?{0} begins a group that RE2 does not have")]
    Group(String),
    /// `\1`, `\k<name>`.
    #[error("\\{0} refers back to a group, which RE2 does not have")]
    BackReference(char),
    /// `\Z`, `\h`, …
    #[error("\\{0} is an escape that RE2 does not have")]
    Escape(char),
    /// A backslash at the end.
    #[error("it ends with a backslash")]
    TrailingBackslash,
    /// `a*+`, `a**`.
    #[error("{0} repeats a repetition, or is possessive, which RE2 does not have")]
    Repeated(String),
    /// `*a`, `(+a)`.
    #[error("{0} has nothing to repeat")]
    NothingToRepeat(char),
    /// `a{1001}`, `a{2,1}`, `(a{100}){100}`.
    #[error("{0} is no repetition that RE2 takes: at most {MOST}, also taken together")]
    Count(String),
    /// `(a`.
    #[error("a parenthesis is not closed")]
    Unclosed,
    /// `a)`.
    #[error("a parenthesis is closed that was not opened")]
    Unopened,
    /// `[a`.
    #[error("a bracket is not closed")]
    UnclosedClass,
    /// `[b-a]`, `[[:word:]]` and the like.
    #[error("{0} is no range or class of characters")]
    Class(String),
}

/// Whether `pattern` is a regular expression of RE2.
pub(crate) fn check(pattern: &str) -> Result<(), NotRe2> {
    let mut scanner = Scanner { rest: pattern.chars().peekable(), frames: vec![Frame::default()] };
    while scanner.step()? {}
    if scanner.frames.len() > 1 { Err(NotRe2::Unclosed) } else { Ok(()) }
}

/// Characters that are still to be read.
type Rest<'a> = Peekable<Chars<'a>>;

struct Scanner<'a> {
    rest: Rest<'a>,
    frames: Vec<Frame>,
}

/// A group that is open.
#[derive(Default)]
struct Frame {
    /// The greatest number of repetitions of anything in it.
    most: u32,
    /// The number of repetitions in the last part that can be repeated; `None` where there is none.
    last: Option<u32>,
    /// The repetition that stands directly before, if any.
    repetition: Option<String>,
}

impl Scanner<'_> {
    /// Reads one item. Whether there was any.
    fn step(&mut self) -> Result<bool, NotRe2> {
        let Some(c) = self.rest.next() else { return Ok(false) };
        match c {
            '(' => self.open()?,
            ')' => self.close()?,
            '|' => self.alternative(),
            '[' => {
                class::read(&mut self.rest)?;
                self.operand(1);
            }
            '*' | '+' | '?' => self.repeat(c.to_string(), c, 1)?,
            '{' => self.brace()?,
            '\\' => self.escape()?,
            _ => self.operand(1),
        }
        Ok(true)
    }

    fn top(&mut self) -> Option<&mut Frame> {
        self.frames.last_mut()
    }

    fn operand(&mut self, repetitions: u32) {
        if let Some(frame) = self.top() {
            frame.most = frame.most.max(repetitions);
            frame.last = Some(repetitions);
            frame.repetition = None;
        }
    }

    fn alternative(&mut self) {
        if let Some(frame) = self.top() {
            frame.last = None;
            frame.repetition = None;
        }
    }

    fn open(&mut self) -> Result<(), NotRe2> {
        if self.rest.peek() == Some(&'?') {
            self.rest.next();
            return self.special();
        }
        self.frames.push(Frame::default());
        Ok(())
    }

    /// What stands after `(?`.
    fn special(&mut self) -> Result<(), NotRe2> {
        let ahead: String = self.rest.clone().take(2).collect();
        match ahead.chars().next() {
            Some('=') => return Err(NotRe2::LookAround("(?=")),
            Some('!') => return Err(NotRe2::LookAround("(?!")),
            Some('>') => return Err(NotRe2::Atomic),
            _ if ahead == "<=" => return Err(NotRe2::LookAround("(?<=")),
            _ if ahead == "<!" => return Err(NotRe2::LookAround("(?<!")),
            Some('<') => return self.named(1),
            _ if ahead == "P<" => return self.named(2),
            _ => {}
        }
        let flags: String = self.rest.clone().take_while(|c| "imsU-".contains(*c)).collect();
        let after = self.rest.clone().nth(flags.len());
        let minus = flags.matches('-').count();
        let sound = minus == 0 || minus == 1 && !flags.ends_with('-');
        match after {
            Some(end @ (')' | ':')) if sound => {
                class::skip(&mut self.rest, flags.len() + 1);
                if end == ':' {
                    self.frames.push(Frame::default());
                }
                Ok(())
            }
            _ => Err(NotRe2::Group(self.rest.clone().take(2).collect())),
        }
    }

    /// A group with a name; `skip` characters stand before it.
    fn named(&mut self, skip: usize) -> Result<(), NotRe2> {
        let shown: String = self.rest.clone().take(skip + 1).collect();
        class::skip(&mut self.rest, skip);
        let mut name = String::new();
        for c in self.rest.by_ref() {
            if c == '>' && !name.is_empty() {
                self.frames.push(Frame::default());
                return Ok(());
            }
            if !(c.is_alphanumeric() || c == '_') {
                break;
            }
            name.push(c);
        }
        Err(NotRe2::Group(shown))
    }

    fn close(&mut self) -> Result<(), NotRe2> {
        if self.frames.len() < 2 {
            return Err(NotRe2::Unopened);
        }
        let repetitions = self.frames.pop().map_or(1, |frame| frame.most.max(1));
        self.operand(repetitions);
        Ok(())
    }

    /// A repetition `text` of what stands before it, `count` times at most; `?` behind it makes it lazy.
    fn repeat(&mut self, mut text: String, first: char, count: u32) -> Result<(), NotRe2> {
        if self.rest.peek() == Some(&'?') {
            self.rest.next();
            text.push('?');
        }
        let Some(frame) = self.top() else { return Err(NotRe2::Unopened) };
        if let Some(before) = &frame.repetition {
            return Err(NotRe2::Repeated(format!("{before}{text}")));
        }
        let inner = frame.last.ok_or(NotRe2::NothingToRepeat(first))?;
        let product = inner.saturating_mul(count.max(1));
        if product > MOST {
            return Err(NotRe2::Count(text));
        }
        self.operand(product);
        if let Some(frame) = self.top() {
            frame.repetition = Some(text);
        }
        Ok(())
    }

    /// `{2}`, `{2,}` and `{2,3}`; any other brace stands for itself.
    fn brace(&mut self) -> Result<(), NotRe2> {
        let Some((text, low, high)) = bounds(&self.rest) else {
            self.operand(1);
            return Ok(());
        };
        class::skip(&mut self.rest, text.len() - 1);
        if low > MOST || high.is_some_and(|high| high > MOST || high < low) {
            return Err(NotRe2::Count(text));
        }
        self.repeat(text, '{', high.unwrap_or(low))
    }

    fn escape(&mut self) -> Result<(), NotRe2> {
        match self.rest.peek().copied() {
            Some('Q') => {
                self.rest.next();
                self.quoted();
                return Ok(());
            }
            // The end of a quotation that did not begin is nothing.
            Some('E') => {
                self.rest.next();
                return Ok(());
            }
            Some('A' | 'z' | 'b' | 'B' | 'C') => class::skip(&mut self.rest, 1),
            _ if class::shorthand(&mut self.rest)? => {}
            _ => {
                class::escaped(&mut self.rest)?;
            }
        }
        self.operand(1);
        Ok(())
    }

    fn quoted(&mut self) {
        while let Some(c) = self.rest.next() {
            if c == '\\' && self.rest.peek() == Some(&'E') {
                self.rest.next();
                return;
            }
            self.operand(1);
        }
    }
}

/// The repetition that begins before `rest`, as text and numbers. Numbers that are too long are beyond [`MOST`].
fn bounds(rest: &Rest<'_>) -> Option<(String, u32, Option<u32>)> {
    let inner: String = rest.clone().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
    if rest.clone().nth(inner.len()) != Some('}') {
        return None;
    }
    let number = |text: &str| {
        let sound = !text.is_empty() && !text.contains(',') && (text == "0" || !text.starts_with('0'));
        sound.then(|| text.parse().unwrap_or(u32::MAX))
    };
    let (low, high) = match inner.split_once(',') {
        None => (number(&inner)?, Some(number(&inner)?)),
        Some((low, "")) => (number(low)?, None),
        Some((low, high)) => (number(low)?, Some(number(high)?)),
    };
    Some((format!("{{{inner}}}"), low, high))
}

#[cfg(test)]
mod tests;
