//! The words of the two small languages that the service speaks: route filters and queries.

/// A piece of text that means something.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name or keyword, dots and dollar signs included: `type`, `$body.modelId`, `AND`.
    Word(String),
    /// A text in single quotes; a backslash takes the next character as it is.
    Text(String),
    Number(f64),
    /// `=`, `!=`, `<`, `<=`, `>`, `>=`, `(`, `)`, `,` or `*`.
    Symbol(&'static str),
}

impl Token {
    /// Whether this is that keyword, in whatever case.
    pub(super) fn is_keyword(&self, keyword: &str) -> bool {
        matches!(self, Self::Word(word) if word.eq_ignore_ascii_case(keyword))
    }
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Text(text) => write!(f, "'{text}'"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Symbol(symbol) => f.write_str(symbol),
        }
    }
}

/// Longer ones first, so that `<=` is not read as `<`.
const SYMBOLS: [&str; 10] = ["!=", "<=", ">=", "=", "<", ">", "(", ")", ",", "*"];

/// Takes a text apart. The error is a sentence.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = if first == '\'' {
            quoted(&rest[1..])?
        } else if let Some(symbol) = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
            (Token::Symbol(symbol), &rest[symbol.len()..])
        } else if first.is_ascii_digit() || matches!(first, '-' | '+' | '.') {
            number(rest)?
        } else if is_part_of_word(first) {
            let end = rest.find(|c| !is_part_of_word(c)).unwrap_or(rest.len());
            (Token::Word(rest[..end].to_owned()), &rest[end..])
        } else {
            let at = text.len() - rest.len();
            return Err(format!("The character {first:?} at byte {at} has no meaning here."));
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    Ok(tokens)
}

fn is_part_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$' | '.')
}

fn quoted(rest: &str) -> Result<(Token, &str), String> {
    let mut text = String::new();
    let mut characters = rest.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '\'' => return Ok((Token::Text(text), &rest[at + 1..])),
            '\\' => text.extend(characters.next().map(|(_, escaped)| escaped)),
            c => text.push(c),
        }
    }
    Err(format!("The text '{text} has no closing quote."))
}

fn number(rest: &str) -> Result<(Token, &str), String> {
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'))).unwrap_or(rest.len());
    let (number, after) = rest.split_at(end);
    let value = number.parse().ok().filter(|value: &f64| value.is_finite());
    Ok((Token::Number(value.ok_or_else(|| format!("{number} is no number."))?), after))
}
