//! From the words of a filter to what it says.

use super::expression::{Attribute, Comparison, Expression, Function, Operand};
use crate::digital_twins::lexer::{self, Token};

/// How deep parentheses and `NOT` may nest, so that no filter can exhaust the stack.
const MAX_DEPTH: usize = 32;

/// How long a filter may be, in bytes.
const MAX_LENGTH: usize = 4096;

pub(super) fn parse(text: &str) -> Result<Expression, String> {
    if text.len() > MAX_LENGTH {
        return Err(format!("The filter is longer than {MAX_LENGTH} bytes."));
    }
    let tokens = lexer::tokens(text)?;
    let mut parser = Parser { tokens: &tokens, depth: 0 };
    let expression = parser.any()?;
    match parser.tokens.first() {
        None => Ok(expression),
        Some(token) => Err(format!("A filter ends before {token}: join expressions by AND or OR.")),
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    depth: usize,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Expression, String> {
        self.joined("OR", Self::all, Expression::Any)
    }

    fn all(&mut self) -> Result<Expression, String> {
        self.joined("AND", Self::not, Expression::All)
    }

    /// One or more of `part`, with a keyword in between.
    fn joined(
        &mut self,
        keyword: &str,
        part: fn(&mut Self) -> Result<Expression, String>,
        join: fn(Vec<Expression>) -> Expression,
    ) -> Result<Expression, String> {
        let first = part(self)?;
        if !self.take_keyword(keyword) {
            return Ok(first);
        }
        let mut parts = vec![first, part(self)?];
        while self.take_keyword(keyword) {
            parts.push(part(self)?);
        }
        Ok(join(parts))
    }

    fn not(&mut self) -> Result<Expression, String> {
        if self.take_keyword("NOT") {
            return self.deeper(|parser| Ok(Expression::Not(Box::new(parser.not()?))));
        }
        if self.take_symbol("(") {
            let inner = self.deeper(Self::any)?;
            self.expect_symbol(")")?;
            return Ok(inner);
        }
        self.simple()
    }

    fn deeper(&mut self, parse: impl FnOnce(&mut Self) -> Result<Expression, String>) -> Result<Expression, String> {
        if self.depth == MAX_DEPTH {
            return Err(format!("The filter nests deeper than {MAX_DEPTH} levels."));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    /// A function call, a comparison, or `true` or `false` alone.
    fn simple(&mut self) -> Result<Expression, String> {
        let function = self.tokens.first().and_then(|token| match token {
            word if word.is_keyword("STARTS_WITH") => Some(Function::StartsWith),
            word if word.is_keyword("ENDS_WITH") => Some(Function::EndsWith),
            word if word.is_keyword("CONTAINS") => Some(Function::Contains),
            _ => None,
        });
        if let Some(function) = function {
            self.next();
            self.expect_symbol("(")?;
            let text = self.operand()?;
            self.expect_symbol(",")?;
            let part = self.operand()?;
            self.expect_symbol(")")?;
            return Ok(Expression::Call(function, text, part));
        }
        let left = self.operand()?;
        match (self.comparison(), left) {
            (Some(comparison), left) => Ok(Expression::Compare(left, comparison, self.operand()?)),
            (None, Operand::Bool(value)) => Ok(Expression::Constant(value)),
            (None, _) => Err(format!("A comparison (=, !=, <, <=, >, >=) is missing before {}.", self.upcoming())),
        }
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let Some(Token::Symbol(symbol)) = self.tokens.first() else { return None };
        let comparison = match *symbol {
            "=" => Comparison::Equal,
            "!=" => Comparison::NotEqual,
            "<" => Comparison::Less,
            "<=" => Comparison::LessOrEqual,
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterOrEqual,
            _ => return None,
        };
        self.next();
        Some(comparison)
    }

    fn operand(&mut self) -> Result<Operand, String> {
        let upcoming = self.upcoming();
        match self.next() {
            Some(Token::Text(text)) => Ok(Operand::Text(text)),
            Some(Token::Number(number)) => Ok(Operand::Number(number)),
            Some(Token::Word(word)) => operand(&word),
            _ => Err(format!("An attribute, $body.…, or a value is missing before {upcoming}.")),
        }
    }

    fn next(&mut self) -> Option<Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first.clone())
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        self.take_if(|token| token.is_keyword(keyword))
    }

    fn take_symbol(&mut self, symbol: &'static str) -> bool {
        self.take_if(|token| *token == Token::Symbol(symbol))
    }

    fn take_if(&mut self, condition: impl FnOnce(&Token) -> bool) -> bool {
        let taken = self.tokens.first().is_some_and(condition);
        if taken {
            self.next();
        }
        taken
    }

    fn expect_symbol(&mut self, symbol: &'static str) -> Result<(), String> {
        if self.take_symbol(symbol) { Ok(()) } else { Err(format!("{symbol} is missing before {}.", self.upcoming())) }
    }

    fn upcoming(&self) -> String {
        self.tokens.first().map_or_else(|| "the end of the filter".to_owned(), Token::to_string)
    }
}

fn operand(word: &str) -> Result<Operand, String> {
    if let Some(path) = word.strip_prefix("$body.") {
        let names: Vec<_> = path.split('.').map(str::to_owned).collect();
        return if names.iter().any(String::is_empty) {
            Err(format!("{word} has an empty name in its path."))
        } else {
            Ok(Operand::Body(names))
        };
    }
    let attribute = match word {
        "type" => Attribute::Type,
        "source" => Attribute::Source,
        "subject" => Attribute::Subject,
        "id" => Attribute::Id,
        "dataschema" => Attribute::DataSchema,
        "datacontenttype" => Attribute::DataContentType,
        "specversion" => Attribute::SpecVersion,
        _ if word.eq_ignore_ascii_case("true") => return Ok(Operand::Bool(true)),
        _ if word.eq_ignore_ascii_case("false") => return Ok(Operand::Bool(false)),
        _ if word.eq_ignore_ascii_case("null") => return Ok(Operand::Null),
        _ => {
            return Err(format!(
                "{word} is not known. There are type, source, subject, id, dataschema, datacontenttype, specversion and \
                 $body.… (all case-sensitive), and texts in single quotes."
            ));
        }
    };
    Ok(Operand::Attribute(attribute))
}
