//! Walks over metadata of Parquet without taking anything over, to see what sizes it claims before a library believes
//! them. The encoding is Thrift's compact protocol.

/// How deep values may be nested in each other.
const DEEPEST: usize = 32;

/// The kinds of values that are told apart here.
pub(super) const LIST: u8 = 9;
pub(super) const STRUCTURE: u8 = 12;

/// Some bytes being walked over; every step is `None` where they end too early or make no sense.
pub(super) struct Walker<'a> {
    bytes: &'a [u8],
    pub at: usize,
    depth: usize,
}

impl<'a> Walker<'a> {
    pub fn new(bytes: &'a [u8]) -> Walker<'a> {
        Walker { bytes, at: 0, depth: 0 }
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    /// An int that is never negative.
    pub fn unsigned(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// An int of any width.
    pub fn int(&mut self) -> Option<i64> {
        let value = self.unsigned()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// The head of a list: the kind of its items, and how many. Each item has at least one byte.
    pub fn list(&mut self) -> Option<(u8, usize)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.unsigned()?,
            few => few.into(),
        };
        let count = usize::try_from(count).ok()?;
        (count <= self.bytes.len() - self.at).then_some((head & 0x0f, count))
    }

    /// Walks over a structure. `field` is called with the number and the kind of each field; it walks over the value and
    /// says `Some(true)`, or leaves that to be done.
    pub fn structure(&mut self, field: &mut dyn FnMut(&mut Walker<'a>, i64, u8) -> Option<bool>) -> Option<()> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut number = 0;
        loop {
            let head = self.byte()?;
            if head == 0 {
                self.depth -= 1;
                return Some(());
            }
            number = match head >> 4 {
                0 => self.int()?,
                step => number + i64::from(step),
            };
            if !field(self, number, head & 0x0f)? {
                self.skip(head & 0x0f, false)?;
            }
        }
    }

    /// Walks over a value. Where a structure has a bool, its kind says which one it is.
    pub fn skip(&mut self, kind: u8, in_list: bool) -> Option<()> {
        match kind {
            1 | 2 if !in_list => {}
            1..=3 => self.at += 1,
            4..=6 => {
                self.unsigned()?;
            }
            7 => self.at += 8,
            8 => {
                let length = usize::try_from(self.unsigned()?).ok()?;
                self.at = self.at.checked_add(length)?;
            }
            LIST | 10 => {
                let (kind, count) = self.list()?;
                self.nested(|walker| (0..count).try_for_each(|_| walker.skip(kind, true)))?;
            }
            11 => {
                let count = usize::try_from(self.unsigned()?).ok().filter(|count| *count <= self.bytes.len())?;
                let kinds = if count > 0 { self.byte()? } else { 0 };
                self.nested(|walker| {
                    (0..count).try_for_each(|_| {
                        walker.skip(kinds >> 4, true)?;
                        walker.skip(kinds & 0x0f, true)
                    })
                })?;
            }
            STRUCTURE => self.structure(&mut |_, _, _| Some(false))?,
            _ => return None,
        }
        (self.at <= self.bytes.len()).then_some(())
    }

    fn nested(&mut self, walk: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        walk(self)?;
        self.depth -= 1;
        Some(())
    }
}
