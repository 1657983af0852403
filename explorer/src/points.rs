//! Points in the order of their times, as compact as they can be: 16 bytes for one that is a number and nothing else.
//!
//! They lie in blocks, each of which knows its lowest, its highest and its sum, so that what is drawn of millions is
//! found without looking at each.

mod block;

use std::{collections::VecDeque, ops::Range};

pub(crate) use self::block::Block;
use self::block::FULL;
use crate::{moment::Nanoseconds, point::Point};

/// Points, by place from 0.
#[derive(Debug, Default)]
pub(crate) struct Points {
    blocks: VecDeque<Block>,
    /// For each block where it begins, counted from the first point that ever was.
    starts: VecDeque<usize>,
    /// How many were dropped at the front.
    dropped: usize,
    len: usize,
    bytes: usize,
}

/// Some points that follow each other in one block.
#[derive(Clone, Debug)]
pub(crate) struct Slice<'a> {
    pub(crate) block: &'a Block,
    /// Their places in the block.
    pub(crate) range: Range<usize>,
    /// What is to be added to them for the places in the series.
    pub(crate) offset: usize,
}

impl Slice<'_> {
    /// Whether it is the whole block, so that what the block knows of itself holds for it.
    pub(crate) fn is_whole(&self) -> bool {
        self.range == (0..self.block.len())
    }
}

impl Points {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// What they take in memory, about.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Puts a point into its place; after those of the same time.
    pub(crate) fn insert(&mut self, point: Point) {
        let is_newest = self.blocks.back().is_none_or(|block| block.last_time() <= point.time);
        let at =
            if is_newest { self.back() } else { self.blocks.partition_point(|block| block.last_time() <= point.time) };
        let Some(block) = self.blocks.get_mut(at) else { return };
        let before = block.bytes();
        block.insert(point);
        self.bytes = self.bytes + block.bytes() - before;
        self.len += 1;
        self.starts.iter_mut().skip(at + 1).for_each(|start| *start += 1);
        if self.blocks.get(at).is_some_and(|block| block.len() > 2 * FULL) {
            self.split(at);
        }
    }

    /// The block that takes what is newest.
    fn back(&mut self) -> usize {
        if self.blocks.back().is_none_or(|block| block.len() >= FULL) {
            let block = match self.blocks.back_mut() {
                Some(full) => {
                    self.bytes -= full.bytes();
                    let successor = full.successor();
                    self.bytes += full.bytes();
                    successor
                }
                None => Block::default(),
            };
            self.bytes += block.bytes();
            self.starts.push_back(self.dropped + self.len);
            self.blocks.push_back(block);
        }
        self.blocks.len() - 1
    }

    /// Makes two blocks of one that has become too long.
    fn split(&mut self, at: usize) {
        let (Some(block), Some(start)) = (self.blocks.get_mut(at), self.starts.get(at)) else { return };
        let (start, before) = (*start, block.bytes());
        let rest = block.split_off(FULL);
        self.bytes = self.bytes + block.bytes() + rest.bytes() - before;
        self.blocks.insert(at + 1, rest);
        self.starts.insert(at + 1, start + FULL);
    }

    /// The block with a place, and the place in it.
    fn locate(&self, place: usize) -> Option<(usize, usize)> {
        if place >= self.len {
            return None;
        }
        let ordinal = place + self.dropped;
        let at = self.starts.partition_point(|start| *start <= ordinal).checked_sub(1)?;
        Some((at, ordinal - self.starts.get(at)?))
    }

    pub(crate) fn get(&self, place: usize) -> Option<Point> {
        let (at, within) = self.locate(place)?;
        self.blocks.get(at)?.get(within)
    }

    /// The points at these places, one after the other.
    pub(crate) fn range(&self, places: Range<usize>) -> impl Iterator<Item = Point> + Clone {
        self.slices(places).flat_map(|slice| slice.range.clone().filter_map(move |within| slice.block.get(within)))
    }

    /// The same, block by block.
    pub(crate) fn slices(&self, places: Range<usize>) -> impl Iterator<Item = Slice<'_>> + Clone {
        let end = places.end.min(self.len);
        let (first, begin) = self.locate(places.start).filter(|_| places.start < end).unwrap_or((self.blocks.len(), 0));
        let mut left = end.saturating_sub(places.start);
        let mut begin = begin;
        (first..self.blocks.len()).map_while(move |at| {
            let block = self.blocks.get(at).filter(|_| left > 0)?;
            let range = begin..block.len().min(begin + left);
            left -= range.len();
            begin = 0;
            Some(Slice { block, range, offset: self.starts.get(at)?.saturating_sub(self.dropped) })
        })
    }

    /// How many points there are before the first whose time is not as `is_before` says. Those before come first.
    pub(crate) fn partition_point(&self, is_before: impl Fn(Nanoseconds) -> bool) -> usize {
        let at = self.blocks.partition_point(|block| is_before(block.last_time()));
        match (self.blocks.get(at), self.starts.get(at)) {
            (Some(block), Some(start)) => start + block.partition_point(is_before) - self.dropped,
            _ => self.len,
        }
    }

    /// Drops the oldest points, so many of them.
    pub(crate) fn drop_oldest(&mut self, count: usize) {
        let mut left = count.min(self.len);
        self.len -= left;
        self.dropped += left;
        while let Some(block) = self.blocks.front_mut().filter(|_| left > 0) {
            let before = block.bytes();
            if block.len() <= left {
                left -= block.len();
                self.blocks.pop_front();
                self.starts.pop_front();
                self.bytes -= before;
            } else {
                block.drop_oldest(left);
                self.bytes = self.bytes + block.bytes() - before;
                if let Some(start) = self.starts.front_mut() {
                    *start += left;
                }
                left = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests;
