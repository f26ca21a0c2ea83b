//! Cuts a stream of bytes into rows without holding more than one: JSON Lines, an array, or Graph's `{"value": [...]}`.
//!
//! Nothing is parsed here. A line that is no JSON costs that line; inside an array rows end where their braces do.

use std::fmt;

use super::row::NoRow;

/// The largest row; Graph's have a few KiB.
pub const ROW_BYTES_MAX: usize = 1 << 20;

/// Whoever takes the rows.
pub trait RowSink {
    /// One row, as JSON that was not looked into, and where it begins.
    fn row(&mut self, at: RowPlace, json: &[u8]);
    /// Something that should have been a row.
    fn no_row(&mut self, at: RowPlace, why: NoRow);
}

/// Where a row stands in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowPlace {
    /// The line it begins in.
    pub line: u64,
    /// Its number among the elements of arrays; `None` where each line is a row.
    pub element: Option<u64>,
}

impl RowPlace {
    /// A line that is a row.
    pub const fn line(line: u64) -> Self {
        Self {
            line,
            element: None,
        }
    }
}

impl fmt::Display for RowPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.element {
            None => write!(formatter, "line {}", self.line),
            Some(element) => write!(formatter, "element {element} (line {})", self.line),
        }
    }
}

/// Where the rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Not known yet.
    Open,
    /// One in each line.
    Lines,
    /// Anywhere: in arrays, in envelopes, one after another.
    Nested,
}

/// Cuts rows out of blocks of bytes, which may end anywhere.
#[derive(Debug)]
pub struct RowSplitter {
    shape: Shape,
    /// The row, or the beginning of the input, as far as it has come.
    held: Vec<u8>,
    /// The line that the next byte is in.
    line: u64,
    /// Where what is held began.
    began: RowPlace,
    /// So many elements were seen.
    elements: u64,
    is_too_large: bool,
    nesting: Nesting,
    has_more_pages: bool,
}

/// How deep the next byte lies, in an input that is read as one document.
#[derive(Debug, Default)]
struct Nesting {
    depth: u32,
    /// The depth outside the braces of the row that is open.
    row_depth: Option<u32>,
    /// Where rows are expected.
    within: Within,
    in_string: bool,
    is_escaped: bool,
    /// The text of the string that was read last, where it could name a member of an envelope.
    name: Vec<u8>,
    /// The name that a colon made a member.
    member: Member,
    /// Something that is no row was told of already.
    is_stray: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Within {
    /// Outside of everything.
    #[default]
    Nothing,
    /// An array of rows.
    List,
    /// Graph's envelope, beside its rows.
    Envelope,
    /// The rows of an envelope.
    Value,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Member {
    #[default]
    Other,
    Value,
    NextLink,
}

enum Event {
    Nothing,
    RowBegins,
    RowEnds,
    /// What began as a row is an envelope.
    NoRowButEnvelope,
    /// Something else stands where a row should.
    Stray,
    MorePages,
}

impl Default for RowSplitter {
    fn default() -> Self {
        Self {
            shape: Shape::Open,
            held: Vec::new(),
            line: 1,
            began: RowPlace::line(1),
            elements: 0,
            is_too_large: false,
            nesting: Nesting::default(),
            has_more_pages: false,
        }
    }
}

impl RowSplitter {
    /// The next bytes.
    pub fn feed(&mut self, bytes: &[u8], sink: &mut impl RowSink) {
        match self.shape {
            Shape::Open => {
                self.held.extend_from_slice(bytes);
                if let Some(shape) = shape_of(&self.held) {
                    self.begin(shape, sink);
                }
            }
            Shape::Lines => self.feed_lines(bytes, sink),
            Shape::Nested => self.feed_nested(bytes, sink),
        }
    }

    /// There are no more.
    pub fn finish(mut self, sink: &mut impl RowSink) -> Ended {
        if self.shape == Shape::Open {
            self.begin(Shape::Lines, sink);
        }
        match self.shape {
            Shape::Open | Shape::Lines => self.end_line(sink),
            Shape::Nested if self.nesting.row_depth.is_some() => {
                sink.no_row(self.began, NoRow::CutOff);
            }
            Shape::Nested if self.nesting.depth > 0 => {
                sink.no_row(RowPlace::line(self.line), NoRow::CutOff);
            }
            Shape::Nested => {}
        }
        Ended {
            has_more_pages: self.has_more_pages,
        }
    }

    fn begin(&mut self, shape: Shape, sink: &mut impl RowSink) {
        self.shape = shape;
        let held = std::mem::take(&mut self.held);
        let text = held.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&held);
        self.feed(text, sink);
    }

    fn feed_lines(&mut self, mut bytes: &[u8], sink: &mut impl RowSink) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(end);
            if self.held.is_empty() && !self.is_too_large && line.len() <= ROW_BYTES_MAX {
                // Most lines lie whole in a block: they are not copied.
                give_line(RowPlace::line(self.line), line, sink);
            } else {
                self.hold(line);
                self.end_line(sink);
            }
            self.line += 1;
            bytes = rest.get(1..).unwrap_or_default();
        }
        self.hold(bytes);
    }

    fn end_line(&mut self, sink: &mut impl RowSink) {
        if std::mem::take(&mut self.is_too_large) {
            sink.no_row(RowPlace::line(self.line), NoRow::TooLarge);
        } else {
            give_line(RowPlace::line(self.line), &self.held, sink);
        }
        self.held.clear();
    }

    fn hold(&mut self, bytes: &[u8]) {
        if self.is_too_large || self.held.len() + bytes.len() > ROW_BYTES_MAX {
            self.is_too_large = true;
            self.held.clear();
        } else {
            self.held.extend_from_slice(bytes);
        }
    }

    fn feed_nested(&mut self, bytes: &[u8], sink: &mut impl RowSink) {
        // Where the row that is open begins in this block.
        let mut from = self.nesting.row_depth.map(|_| 0);
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            match self.nesting.step(*byte) {
                Event::Nothing => {}
                Event::MorePages => self.has_more_pages = true,
                Event::Stray => sink.no_row(self.next_element(), NoRow::NotASignIn),
                Event::RowBegins => {
                    from = Some(at);
                    self.began = self.next_element();
                }
                Event::NoRowButEnvelope => {
                    from = None;
                    self.elements = self.elements.saturating_sub(1);
                    self.is_too_large = false;
                    self.held.clear();
                }
                Event::RowEnds => {
                    let begin = from.take().unwrap_or_default();
                    self.end_row(bytes.get(begin..=at).unwrap_or_default(), sink);
                }
            }
            if *byte == b'\n' {
                self.line += 1;
            }
            at += 1;
            if self.nesting.skips_text() {
                // Most of a row is text.
                let rest = bytes.get(at..).unwrap_or_default();
                at += memchr::memchr3(b'"', b'\\', b'\n', rest).unwrap_or(rest.len());
            }
        }
        if let Some(from) = from {
            self.hold(bytes.get(from..).unwrap_or_default());
        }
    }

    fn next_element(&mut self) -> RowPlace {
        self.elements += 1;
        RowPlace {
            line: self.line,
            element: Some(self.elements),
        }
    }

    /// A row ends with these bytes.
    fn end_row(&mut self, part: &[u8], sink: &mut impl RowSink) {
        if self.held.is_empty() && !self.is_too_large && part.len() <= ROW_BYTES_MAX {
            // Most rows lie whole in a block: they are not copied.
            sink.row(self.began, part);
            return;
        }
        self.hold(part);
        if std::mem::take(&mut self.is_too_large) {
            sink.no_row(self.began, NoRow::TooLarge);
        } else {
            sink.row(self.began, &self.held);
        }
        self.held.clear();
    }
}

/// What is known of an input once it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// An envelope named a next page: there is more than was given.
    pub has_more_pages: bool,
}

impl Nesting {
    fn step(&mut self, byte: u8) -> Event {
        if self.in_string {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.in_string = false,
                _ if self.depth == 1 && self.name.len() < NAME_BYTES_MAX => self.name.push(byte),
                _ => {}
            }
            return Event::Nothing;
        }
        match byte {
            b'"' => {
                self.in_string = true;
                self.name.clear();
                self.stray()
            }
            b'{' | b'[' => self.open(byte),
            b'}' | b']' => self.close(),
            b':' if self.depth == 1 => {
                self.member = match self.name.as_slice() {
                    b"value" => Member::Value,
                    b"@odata.nextLink" => Member::NextLink,
                    _ => Member::Other,
                };
                match self.member {
                    Member::NextLink => Event::MorePages,
                    Member::Value | Member::Other => Event::Nothing,
                }
            }
            b',' | b'\n' => {
                self.is_stray = false;
                Event::Nothing
            }
            _ if byte.is_ascii_whitespace() => Event::Nothing,
            _ => self.stray(),
        }
    }

    /// Whether nothing matters before the end of a text or an escape.
    const fn skips_text(&self) -> bool {
        self.in_string && !self.is_escaped && self.depth != 1
    }

    /// The depth at which rows begin here, if they do.
    const fn rows_at(&self) -> Option<u32> {
        match self.within {
            Within::Nothing => Some(0),
            Within::List => Some(1),
            Within::Value => Some(2),
            Within::Envelope => None,
        }
    }

    fn stray(&mut self) -> Event {
        let is_stray = self.row_depth.is_none() && self.rows_at() == Some(self.depth);
        if is_stray && !std::mem::replace(&mut self.is_stray, true) {
            Event::Stray
        } else {
            Event::Nothing
        }
    }

    fn open(&mut self, byte: u8) -> Event {
        let depth = self.depth;
        self.depth = depth.saturating_add(1);
        self.is_stray = false;
        let is_value = depth == 1 && byte == b'[' && self.member == Member::Value;
        match self.row_depth {
            // Only now is it told from a row.
            Some(0) if is_value => {
                self.row_depth = None;
                self.within = Within::Value;
                Event::NoRowButEnvelope
            }
            Some(_) => Event::Nothing,
            None if byte == b'{' && self.rows_at() == Some(depth) => {
                self.row_depth = Some(depth);
                self.member = Member::Other;
                Event::RowBegins
            }
            None => {
                if depth == 0 {
                    self.within = Within::List;
                } else if is_value && self.within == Within::Envelope {
                    self.within = Within::Value;
                }
                Event::Nothing
            }
        }
    }

    fn close(&mut self) -> Event {
        self.depth = self.depth.saturating_sub(1);
        if self.row_depth == Some(self.depth) {
            self.row_depth = None;
            return Event::RowEnds;
        }
        if self.row_depth.is_none() {
            match (self.within, self.depth) {
                (_, 0) => self.within = Within::Nothing,
                (Within::Value, 1) => self.within = Within::Envelope,
                (Within::Nothing | Within::List | Within::Envelope | Within::Value, _) => {}
            }
        }
        Event::Nothing
    }
}

/// Longer than the longest name that matters.
const NAME_BYTES_MAX: usize = 16;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

fn give_line(at: RowPlace, bytes: &[u8], sink: &mut impl RowSink) {
    let text = bytes.trim_ascii();
    if !text.is_empty() {
        sink.row(at, text);
    }
}

/// The shape of an input that begins so; `None` where more must be seen.
fn shape_of(beginning: &[u8]) -> Option<Shape> {
    if beginning.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(beginning) {
        return None;
    }
    let text = beginning.strip_prefix(BYTE_ORDER_MARK).unwrap_or(beginning);
    let is_long = text.len() > ROW_BYTES_MAX;
    let text = text.trim_ascii_start();
    match text.first() {
        None => return is_long.then_some(Shape::Lines),
        Some(b'[') => return Some(Shape::Nested),
        Some(b'{') => {}
        Some(_) => return Some(Shape::Lines),
    }
    let mut nesting = Nesting::default();
    for byte in text {
        if *byte == b'\n' {
            // An object over several lines.
            return Some(Shape::Nested);
        }
        match nesting.step(*byte) {
            Event::RowEnds => return Some(Shape::Lines),
            Event::NoRowButEnvelope => return Some(Shape::Nested),
            Event::Nothing | Event::RowBegins | Event::Stray | Event::MorePages => {}
        }
    }
    is_long.then_some(Shape::Lines)
}

#[cfg(test)]
mod tests;
