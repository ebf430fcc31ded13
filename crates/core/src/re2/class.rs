//! Classes of characters, and escapes.

use super::{NotRe2, Rest};

/// Names of POSIX classes, as in `[[:alpha:]]`.
const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "word", "xdigit",
];

/// Leaves so many characters out.
pub(super) fn skip(rest: &mut Rest<'_>, count: usize) {
    for _ in 0..count {
        rest.next();
    }
}

/// Reads a class whose `[` has been read.
pub(super) fn read(rest: &mut Rest<'_>) -> Result<(), NotRe2> {
    if rest.peek() == Some(&'^') {
        rest.next();
    }
    let mut first = true;
    loop {
        match rest.peek() {
            None => return Err(NotRe2::UnclosedClass),
            Some(']') if !first => {
                rest.next();
                return Ok(());
            }
            Some(_) => item(rest)?,
        }
        first = false;
    }
}

fn item(rest: &mut Rest<'_>) -> Result<(), NotRe2> {
    if posix(rest)? {
        return Ok(());
    }
    if rest.peek() == Some(&'\\') {
        let mut ahead = rest.clone();
        ahead.next();
        if shorthand(&mut ahead)? {
            *rest = ahead;
            return Ok(());
        }
    }
    let low = character(rest)?;
    let mut ahead = rest.clone();
    if ahead.next() == Some('-') && ahead.peek().is_some_and(|c| *c != ']') {
        *rest = ahead;
        let high = character(rest)?;
        if high < low {
            return Err(NotRe2::Class(format!("{}-{}", shown(low), shown(high))));
        }
    }
    Ok(())
}

/// Reads `[:name:]` if that is what comes.
fn posix(rest: &mut Rest<'_>) -> Result<bool, NotRe2> {
    let text: String = rest.clone().collect();
    let Some((name, _)) = text.strip_prefix("[:").and_then(|text| text.split_once(":]")) else {
        return Ok(false);
    };
    if !POSIX.contains(&name.strip_prefix('^').unwrap_or(name)) {
        return Err(NotRe2::Class(format!("[:{name}:]")));
    }
    skip(rest, name.chars().count() + 4);
    Ok(true)
}

fn character(rest: &mut Rest<'_>) -> Result<u32, NotRe2> {
    match rest.next() {
        None => Err(NotRe2::UnclosedClass),
        Some('\\') => escaped(rest),
        Some(c) => Ok(c.into()),
    }
}

fn shown(code: u32) -> String {
    char::from_u32(code).map_or_else(|| format!("\\x{{{code:X}}}"), String::from)
}

/// Reads `\d`, `\pL` and the like, whose backslash has been read, if that is what comes.
pub(super) fn shorthand(rest: &mut Rest<'_>) -> Result<bool, NotRe2> {
    match rest.peek().copied() {
        Some('d' | 'D' | 's' | 'S' | 'w' | 'W') => skip(rest, 1),
        Some(property @ ('p' | 'P')) => {
            rest.next();
            match rest.next() {
                Some('{') => {
                    let name: String = rest.by_ref().take_while(|c| *c != '}').collect();
                    let word = name.strip_prefix('^').unwrap_or(&name);
                    if word.is_empty() || !word.chars().all(|c| c.is_ascii_alphabetic() || c == '_') {
                        return Err(NotRe2::Class(format!("\\{property}{{{name}}}")));
                    }
                }
                Some(c) if c.is_ascii_alphabetic() => {}
                _ => return Err(NotRe2::Escape(property)),
            }
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// The character that an escape stands for, whose backslash has been read.
pub(super) fn escaped(rest: &mut Rest<'_>) -> Result<u32, NotRe2> {
    let Some(c) = rest.next() else { return Err(NotRe2::TrailingBackslash) };
    match c {
        'a' => Ok(7),
        'f' => Ok(12),
        'n' => Ok(10),
        'r' => Ok(13),
        't' => Ok(9),
        'v' => Ok(11),
        '0' => Ok(octal(0, rest)),
        // A digit alone would refer to a group.
        '1'..='7' if rest.peek().is_some_and(|next| next.is_digit(8)) => {
            Ok(octal(c.to_digit(8).unwrap_or_default(), rest))
        }
        '1'..='9' | 'k' | 'g' => Err(NotRe2::BackReference(c)),
        'x' => hexadecimal(rest),
        c if c.is_ascii() && !c.is_ascii_alphanumeric() && c != '_' => Ok(c.into()),
        c => Err(NotRe2::Escape(c)),
    }
}

/// Two more octal digits at most.
fn octal(first: u32, rest: &mut Rest<'_>) -> u32 {
    let mut code = first;
    for _ in 0..2 {
        let Some(digit) = rest.peek().and_then(|c| c.to_digit(8)) else { break };
        code = code * 8 + digit;
        rest.next();
    }
    code
}

fn hexadecimal(rest: &mut Rest<'_>) -> Result<u32, NotRe2> {
    let digits: String = if rest.peek() == Some(&'{') {
        rest.next();
        rest.by_ref().take_while(|c| *c != '}').collect()
    } else {
        rest.by_ref().take(2).collect()
    };
    let code = u32::from_str_radix(&digits, 16).ok().filter(|code| *code <= 0x10_FFFF);
    code.filter(|_| !digits.starts_with('+')).ok_or(NotRe2::Escape('x'))
}
