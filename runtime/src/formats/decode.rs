//! Text with bytes that are no UTF-8, of which the records around them can still be read.

use arrow_buffer::Buffer;

/// The same text with `filler` in the place of each byte that is no UTF-8, and where these are; nothing if there is none.
/// Every other byte keeps its place. The filler is ASCII.
pub fn filled(text: &[u8], filler: u8) -> Option<(Buffer, Vec<usize>)> {
    if std::str::from_utf8(text).is_ok() {
        return None;
    }
    let (mut copy, mut places) = (Vec::with_capacity(text.len()), Vec::new());
    for part in text.utf8_chunks() {
        copy.extend_from_slice(part.valid().as_bytes());
        places.extend(copy.len()..copy.len() + part.invalid().len());
        copy.resize(copy.len() + part.invalid().len(), filler);
    }
    Some((Buffer::from_vec(copy), places))
}

/// Whether one of these places, which ascend, lies in a part of the text.
pub fn lies_in(places: &[usize], start: usize, end: usize) -> bool {
    places.get(places.partition_point(|place| *place < start)).is_some_and(|place| *place < end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_filled() {
        assert!(filled("a\né".as_bytes(), b'x').is_none());
        let (text, places) = filled(b"a\xff\n\xc3\xc3\xa9b\xe2\x82", b'x').expect("it is no UTF-8");
        assert_eq!((text.as_slice(), places.as_slice()), ("ax\nxébxx".as_bytes(), &[1usize, 3, 7, 8][..]));
        assert!(lies_in(&places, 0, 2) && !lies_in(&places, 4, 7) && lies_in(&places, 8, 9));
    }
}
