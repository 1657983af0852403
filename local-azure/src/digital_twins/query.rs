//! The few queries that tools send: all twins or all relationships, and a few conditions on what identifies them.
//!
//! ```text
//! SELECT * FROM digitaltwins [alias] [WHERE condition [AND condition]…]
//!     condition: $dtId = 'id'   IS_OF_MODEL([alias,] 'model' [, exact])
//! SELECT * FROM relationships [alias] [WHERE condition [AND condition]…]
//!     condition: $sourceId = 'id'   $targetId = 'id'   $relationshipId = 'id'   $relationshipName = 'name'
//! ```

use std::ops::Bound;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    error::Error,
    lexer::{self, Token},
    state::{Node, State},
};

/// A query as clients send it: its text, or where to go on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The text of the query. Not needed with a continuation token.
    pub query: Option<String>,
    /// Where the page before ended.
    pub continuation_token: Option<String>,
}

/// A part of what a query finds.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// Twins or relationships.
    pub value: Vec<Value>,
    /// What to ask with for the next page; `None` after the last.
    pub continuation_token: Option<String>,
}

/// What a continuation token says.
#[derive(Debug, Serialize, Deserialize)]
struct Continuation {
    query: String,
    /// The twin after which to go on.
    after: String,
    /// The relationship of that twin after which to go on.
    relationship: Option<String>,
}

#[derive(Debug, PartialEq)]
struct Query {
    collection: Collection,
    conditions: Vec<Condition>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Collection {
    Twins,
    Relationships,
}

#[derive(Debug, PartialEq)]
enum Condition {
    /// This member has this value.
    Is(String, String),
    IsOfModel {
        model: String,
        exact: bool,
    },
}

/// Runs a query on the graph.
pub(super) fn run(state: &State, request: &Request, limit: usize) -> Result<Page, Error> {
    let continuation = match &request.continuation_token {
        Some(token) => Some(serde_json::from_str::<Continuation>(token).map_err(|_| Error::BadContinuationToken)?),
        None => None,
    };
    let text = continuation.as_ref().map(|continuation| &continuation.query).or(request.query.as_ref());
    let text = text.ok_or_else(|| Error::SqlQueryError("The query is missing.".to_owned()))?;
    let query = Query::parse(text).map_err(|problem| {
        Error::SqlQueryError(format!(
            "{problem} This stand-in knows SELECT * FROM digitaltwins or relationships, with WHERE and a few conditions: \
             $dtId = '…', IS_OF_MODEL('…'), $sourceId = '…', $targetId = '…', $relationshipId = '…', \
             $relationshipName = '…', joined by AND."
        ))
    })?;
    let after = continuation.as_ref().map(|continuation| (&continuation.after, continuation.relationship.as_ref()));
    let mut found = query.find(state, after);
    let mut page = Page { value: Vec::new(), continuation_token: None };
    let mut last = None;
    for (twin, relationship, value) in found.by_ref().take(limit.max(1)) {
        page.value.push(value);
        last = Some((twin, relationship));
    }
    if found.next().is_some()
        && let Some((twin, relationship)) = last
    {
        let continuation =
            Continuation { query: text.clone(), after: twin.clone(), relationship: relationship.cloned() };
        page.continuation_token = serde_json::to_string(&continuation).ok();
    }
    Ok(page)
}

type Found<'a> = (&'a String, Option<&'a String>, Value);

impl Query {
    fn find<'a>(
        &'a self,
        state: &'a State,
        after: Option<(&'a String, Option<&'a String>)>,
    ) -> Box<dyn Iterator<Item = Found<'a>> + 'a> {
        let start = match (self.collection, after) {
            (_, None) => Bound::Unbounded,
            // The twin's further relationships may still be wanted.
            (Collection::Relationships, Some((twin, Some(_)))) => Bound::Included(twin.as_str()),
            (_, Some((twin, _))) => Bound::Excluded(twin.as_str()),
        };
        let nodes = state.nodes((start, Bound::Unbounded));
        match self.collection {
            Collection::Twins => {
                let matching = nodes.filter(move |(id, node)| self.matches_twin(state, id, node));
                Box::new(matching.map(|(id, node)| (id, None, node.twin.shown())))
            }
            Collection::Relationships => Box::new(nodes.flat_map(move |(id, node)| {
                let passed = after.filter(|(twin, _)| *twin == id).and_then(|(_, relationship)| relationship);
                let relationships = node.relationships.iter();
                let left =
                    relationships.filter(move |(relationship, _)| passed.is_none_or(|last| *relationship > last));
                let matching = left.filter(|(_, relationship)| self.matches_relationship(relationship.shown()));
                matching.map(move |(name, relationship)| (id, Some(name), relationship.shown().clone()))
            })),
        }
    }

    fn matches_twin(&self, state: &State, id: &str, node: &Node) -> bool {
        self.conditions.iter().all(|condition| match condition {
            Condition::Is(_, value) => id == value,
            Condition::IsOfModel { model, exact: true } => node.twin.model() == model,
            Condition::IsOfModel { model, exact: false } => {
                let shape = state.models.shape(node.twin.model());
                shape.is_some_and(|shape| shape.kinds.contains(model)) || node.twin.model() == model
            }
        })
    }

    fn matches_relationship(&self, relationship: &Value) -> bool {
        self.conditions.iter().all(|condition| match condition {
            Condition::Is(name, value) => relationship[name].as_str() == Some(value),
            Condition::IsOfModel { .. } => false,
        })
    }

    /// Reads a query. The error is a sentence.
    fn parse(text: &str) -> Result<Self, String> {
        let tokens = lexer::tokens(text)?;
        let mut parser = Parser { tokens: &tokens, alias: None };
        parser.keyword("SELECT")?;
        parser.symbol("*")?;
        parser.keyword("FROM")?;
        let collection = match parser.next() {
            Some(word) if word.is_keyword("digitaltwins") => Collection::Twins,
            Some(word) if word.is_keyword("relationships") => Collection::Relationships,
            _ => return Err("FROM must be followed by digitaltwins or relationships.".to_owned()),
        };
        if let Some(Token::Word(word)) = parser.tokens.first()
            && !word.eq_ignore_ascii_case("WHERE")
        {
            parser.alias = Some(word);
            parser.next();
        }
        let mut conditions = Vec::new();
        if !parser.tokens.is_empty() {
            parser.keyword("WHERE")?;
            conditions.push(parser.condition(collection)?);
            while !parser.tokens.is_empty() {
                parser.keyword("AND")?;
                conditions.push(parser.condition(collection)?);
            }
        }
        Ok(Self { collection, conditions })
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    /// What the query calls the collection.
    alias: Option<&'a str>,
}

impl<'a> Parser<'a> {
    fn next(&mut self) -> Option<&'a Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    fn keyword(&mut self, keyword: &str) -> Result<(), String> {
        let next = self.next().filter(|token| token.is_keyword(keyword));
        next.map(|_| ()).ok_or_else(|| format!("{keyword} is missing."))
    }

    fn symbol(&mut self, symbol: &'static str) -> Result<(), String> {
        let next = self.next().filter(|token| **token == Token::Symbol(symbol));
        next.map(|_| ()).ok_or_else(|| format!("{symbol} is missing."))
    }

    fn text(&mut self) -> Result<String, String> {
        match self.next() {
            Some(Token::Text(text)) => Ok(text.clone()),
            _ => Err("A text in single quotes is missing.".to_owned()),
        }
    }

    fn condition(&mut self, collection: Collection) -> Result<Condition, String> {
        let Some(Token::Word(word)) = self.next() else { return Err("A condition is missing.".to_owned()) };
        if word.eq_ignore_ascii_case("IS_OF_MODEL") && collection == Collection::Twins {
            return self.is_of_model();
        }
        let name = match (word.split_once('.'), self.alias) {
            (Some((prefix, name)), Some(alias)) if prefix == alias => name,
            _ => word,
        };
        let names: &[&str] = match collection {
            Collection::Twins => &["$dtId"],
            Collection::Relationships => &["$sourceId", "$targetId", "$relationshipId", "$relationshipName"],
        };
        if !names.contains(&name) {
            return Err(format!("A condition on {word} is not known."));
        }
        self.symbol("=")?;
        Ok(Condition::Is(name.to_owned(), self.text()?))
    }

    fn is_of_model(&mut self) -> Result<Condition, String> {
        self.symbol("(")?;
        if let (Some(Token::Word(word)), Some(alias)) = (self.tokens.first(), self.alias)
            && word == alias
        {
            self.next();
            self.symbol(",")?;
        }
        let model = self.text()?;
        let exact = self.tokens.first() == Some(&Token::Symbol(","));
        if exact {
            self.next();
            self.keyword("exact")?;
        }
        self.symbol(")")?;
        Ok(Condition::IsOfModel { model, exact })
    }
}
