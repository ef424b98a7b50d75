//! Hostile files of CSV, TSV and lines.

use super::{Chance, Hostile, file, with};

pub fn files() -> Vec<Hostile> {
    [nothing(), records(), quotes(), line_ends(), bytes(), headers(), options(), cells(), late(), others()]
        .into_iter()
        .flatten()
        .collect()
}

fn nothing() -> Vec<Hostile> {
    vec![
        file("empty.csv", ""),
        file("newline.csv", "\n"),
        file("newlines.csv", "\n\n\n"),
        file("blanks.csv", "   \n"),
        file("bom_only.csv", "\u{feff}"),
        file("half_bom.csv", &b"\xef\xbb"[..]),
        file("header_only.csv", "a,b\n"),
        file("header_without_newline.csv", "a,b"),
        file("only_delimiters.csv", ",,\n,,\n"),
        file("one_byte.csv", "x"),
        file("empty.tsv", ""),
        with("header: false", file("empty_without_header.csv", "")),
        with("format: \"lines\"", file("empty.log", "")),
    ]
}

fn records() -> Vec<Hostile> {
    let late = |bad: &str| format!("a,b\n{}{bad}\n1,2\n", "1,2\n".repeat(5000));
    vec![
        file("ragged_short.csv", "a,b,c\n1,2,3\n4,5\n6,7,8\n"),
        file("ragged_long.csv", "a,b\n1,2\n3,4,5\n6,7\n"),
        file("ragged_first.csv", "a,b\n1\n2,3\n"),
        file("ragged_last.csv", "a,b\n1,2\n3"),
        file("ragged_late_short.csv", late("1")),
        file("ragged_late_long.csv", late("1,2,3")),
        file("ragged_in_quotes.csv", "a,b\n\"1\n1\",2\n\"3\n3\"\n"),
        file("trailing_delimiter.csv", "a,b\n1,2,\n"),
        file("header_with_trailing_delimiter.csv", "a,b,\n1,2,3\n"),
        file("blank_lines.csv", "a,b\n\n1,2\n\n\n3,4\n\n"),
        file("blank_lines_of_one_column.csv", "a\n\n1\n\n"),
        file("line_of_blanks.csv", "a,b\n1,2\n  \n3,4\n"),
        file("ragged.tsv", "a\tb\n1\t2\n3\n"),
        file("semicolons.csv", "a;b\n1;2\n3;4,5\n"),
        file("long_field.csv", format!("a,b\n1,{}\n2,x\n", "y".repeat(3 << 20))),
    ]
}

fn quotes() -> Vec<Hostile> {
    let late = format!("a,b\n{}3,\"4\n5,6\n", "1,2\n".repeat(5000));
    vec![
        file("unclosed_header.csv", "\"a,b\n1,2\n"),
        file("unclosed_first.csv", "a,b\n\"1,2\n3,4\n"),
        file("unclosed_last.csv", "a,b\n1,2\n3,\"4\n"),
        file("unclosed_late.csv", late),
        file("quote_at_end.csv", "a,b\n1,\""),
        file("lone_quote.csv", "a,b\n1,\"\n2,3\n"),
        file("quote_inside.csv", "a,b\n1,x\"y\n"),
        file("text_after_quote.csv", "a,b\n\"1\"x,2\n"),
        file("quotes_after_quote.csv", "a,b\n\"a\"b\"c\",2\n"),
        file("blank_before_quote.csv", "a,b\n1, \"x,y\"\n"),
        file("doubled_quotes.csv", "a,b\n\"\"\"\",\"\"\"\"\"\"\n"),
        file("three_quotes.csv", "a,b\n1,\"\"\"\n"),
        file("four_quotes.csv", "a,b\n1,\"\"\"\"\n"),
        file("quoted_newline.csv", "a,b\n\"1\n2\",3\n"),
        file("quoted_crlf.csv", "a,b\r\n\"1\r\n2\",3\r\n"),
        file("quoted_delimiter.csv", "a,b\n\"1,2\",3\n"),
        file("quoted_numbers.csv", "a,b\n\"1\",\"2\"\n"),
        file("quoted_nothing.csv", "a,b\n\"\",\n,\"\"\n"),
        file("single_quotes.csv", "a,b\n'1,2',3\n"),
        file("backslash_quote.csv", "a,b\n\"x\\\"y\",3\n"),
        file("quotes.tsv", "a\tb\n\"1\t2\"\t3\n"),
        with("quote: \"\"", file("quotes_that_mean_nothing.csv", "a,b\n\"1,2\"\n\",3\n")),
        with("quote: \"'\"", file("other_quote.csv", "a,b\n'1,2',\"\n")),
    ]
}

fn line_ends() -> Vec<Hostile> {
    vec![
        file("crlf.csv", "a,b\r\n1,2\r\n3,4\r\n"),
        file("crlf_without_last.csv", "a,b\r\n1,2\r\n3,4"),
        file("cr_at_end.csv", "a,b\n1,2\r"),
        file("crlf_and_lf.csv", "a,b\r\n1,2\n3,4\r\n"),
        file("lone_cr.csv", "a,b\r1,2\r3,4\r"),
        file("lone_cr_in_field.csv", "a,b\n1\r,2\n"),
        file("lone_cr_behind_header.csv", "a,b\n1,2\r3,4\r5,6\n"),
        file("cr_cr_lf.csv", "a,b\r\r\n1,2\r\r\n"),
        file("crlf_blank_lines.csv", "a,b\r\n\r\n1,2\r\n\r\n"),
        file("lf_cr.csv", "a,b\n\r1,2\n\r"),
        file("form_feed.csv", "a,b\n1,\u{c}2\n"),
        file("next_line.csv", "a,b\n1\u{85}3,2\n"),
        file("line_separator.csv", "a,b\n1\u{2028}3,2\n"),
        with("format: \"lines\"", file("crlf.log", "a\r\nb\r\r\n\r\nc\r")),
        with("format: \"lines\"", file("no_newline.log", "a\nb")),
    ]
}

fn bytes() -> Vec<Hostile> {
    let utf16 = |order: fn(u16) -> [u8; 2], mark: bool| {
        let text = if mark { "\u{feff}a,b\n1,ä\n" } else { "a,b\n1,ä\n" };
        text.encode_utf16().flat_map(order).collect::<Vec<u8>>()
    };
    let bad = |bytes: &[u8]| [&b"a,b\n1,2\n3,"[..], bytes, b"\n4,5\n"].concat();
    let late = [("a,b\n".to_string() + &"1,x\n".repeat(5000)).as_bytes(), b"1,\xff\n1,x\n"].concat();
    vec![
        file("bom.csv", "\u{feff}a,b\n1,2\n"),
        file("bom_twice.csv", "\u{feff}\u{feff}a,b\n1,2\n"),
        file("bom_and_quote.csv", "\u{feff}\"a\",b\n1,2\n"),
        file("bom_inside.csv", "a,b\n\u{feff}1,2\n"),
        file("nul_only.csv", "\0"),
        file("nuls.csv", vec![0; 1000]),
        file("nul_in_header.csv", "a\0,b\n1,2\n"),
        file("nul_in_cell.csv", "a,b\n1\0,2\n"),
        file("nul_in_text.csv", "a,b\nx\0y,2\n"),
        file("bad_utf8_in_header.csv", &b"a,\xff\n1,2\n"[..]),
        file("bad_utf8_in_cell.csv", bad(b"\xff")),
        file("bad_utf8_late.csv", late),
        file("bad_utf8_in_quotes.csv", bad(b"\"x\n\xfe\"")),
        file("cut_character.csv", &b"a,b\n1,\xc3"[..]),
        file("cut_character_in_cell.csv", bad(b"\xe2\x82")),
        file("overlong.csv", bad(b"\xc0\x80")),
        file("surrogate.csv", bad(b"\xed\xa0\x80")),
        file("beyond_unicode.csv", bad(b"\xf4\x90\x80\x80")),
        file("latin_1.csv", bad(b"M\xfcller")),
        file("utf16_le.csv", utf16(u16::to_le_bytes, true)),
        file("utf16_be.csv", utf16(u16::to_be_bytes, true)),
        file("utf16_le_without_bom.csv", utf16(u16::to_le_bytes, false)),
        file("utf32.csv", &b"\xff\xfe\0\0a\0\0\0,\0\0\0b\0\0\0"[..]),
        with("format: \"lines\"", file("bad_utf8.log", &b"a\nb\xff\nc\n"[..])),
        with("format: \"lines\"", file("nul.log", "a\0b\n\0\n")),
        with("format: \"lines\"", file("utf16.log", utf16(u16::to_le_bytes, true))),
    ]
}

fn headers() -> Vec<Hostile> {
    vec![
        file("duplicate_header.csv", "a,b,a\n1,2,3\n"),
        file("empty_header.csv", ",\n1,2\n"),
        file("empty_names.csv", "a,,\n1,2,3\n"),
        file("empty_name_is_taken.csv", "column_2,,x\n1,2,3\n"),
        file("quoted_empty_name.csv", "a,\"\"\n1,2\n"),
        file("names_of_blanks.csv", " ,  \n1,2\n"),
        file("names_with_blanks.csv", " a , b\n1,2\n"),
        file("names_of_numbers.csv", "1,2\n3,4\n"),
        file("names_in_other_case.csv", "a,A\n1,2\n"),
        file("name_with_newline.csv", "\"a\nb\",c\n1,2\n"),
        file("name_with_tab.csv", "a\tb,c\n1,2\n"),
        file("name_with_backtick.csv", "a`b,c\n1,2\n"),
        file("name_with_quote.csv", "\"a\"\"b\",c\n1,2\n"),
        file("name_with_control.csv", "a\u{1b}[31m,c\n1,2\n"),
        file("name_with_bidi.csv", "a\u{202e}b,c\n1,2\n"),
        file("names_of_words.csv", "by,filter,null\n1,2,3\n"),
        file("long_name.csv", format!("{},b\n1,2\n", "a".repeat(100_000))),
        file("header_twice.csv", "a,b\n1,2\na,b\n3,4\n"),
        file("comment_before_header.csv", "# a file\na,b\n1,2\n"),
        file("title_before_header.csv", "A report\n\na,b\n1,2\n"),
    ]
}

fn options() -> Vec<Hostile> {
    vec![
        with("header: false", file("no_header.csv", "1,2\n3,4\n")),
        with("header: false", file("no_header_ragged.csv", "1,2\n3\n")),
        with("header: false", file("no_header_blank.csv", "\n\n1,2\n")),
        with("skip: 10", file("skip_too_many.csv", "a,b\n1,2\n")),
        with("skip: 1", file("skip_title.csv", "title\na,b\n1,2\n")),
        with("comment: \"#\"", file("comments.csv", "# \"\na,b\n#1\n1,2\n#\n")),
        with("comment: \"#\"", file("comments_only.csv", "# a\n# b\n")),
        with("comment: \"#\"", file("comment_without_newline.csv", "a,b\n1,2\n# end")),
        with("delimiter: \";\"", file("delimiter.csv", "a;b\n1,5;2\n")),
        with("delimiter: \" \"", file("delimiter_of_blanks.csv", "a b\n1  2\n")),
        with("format: \"tsv\"", file("commas_as_tabs.csv", "a,b\n1,2\n")),
        with("null_values: [\"-\"]", file("null_words.csv", "a,b\n1,x\n-,-\nNA,y\n")),
        with("schema: {a: int, b: int}", file("null_in_int.csv", "a,b\n1,2\n,3\n")),
        with("schema: {a: bool, b: date}", file("typed.csv", "a,b\ntrue,2024-02-29\nyes,2023-02-29\n")),
        with("schema: {a: datetime, b: duration}", file("times.csv", "a,b\n2024-01-01 25:00:00,P1X\n")),
    ]
}

fn cells() -> Vec<Hostile> {
    let one = |name: &str, cell: &str| file(name, format!("a\n{cell}\n1\n"));
    let typed = |name: &str, cell: &str| with("schema: {a: int}", file(name, format!("a\n1\n{cell}\n")));
    vec![
        one("int_too_large.csv", "9223372036854775808"),
        one("int_of_30_digits.csv", "123456789012345678901234567890"),
        one("number_of_400_digits.csv", &"9".repeat(400)),
        one("exponent_too_large.csv", "1e999"),
        one("exponent_too_small.csv", "1e-999"),
        one("exponent_absurd.csv", "1e99999999999999999999"),
        one("leading_zeros.csv", "007"),
        one("plus.csv", "+5"),
        one("minus_zero.csv", "-0"),
        one("underscores.csv", "1_000"),
        one("hexadecimal.csv", "0x10"),
        one("not_a_number.csv", "NaN"),
        one("infinite.csv", "-inf"),
        one("other_digits.csv", "٣"),
        one("blank_before_number.csv", " 5"),
        one("lone_minus.csv", "-"),
        one("lone_point.csv", "."),
        one("formula.csv", "=1+1"),
        one("no_such_date.csv", "2024-02-30"),
        one("year_10000.csv", "10000-01-01"),
        typed("misfit_int.csv", "x"),
        typed("misfit_overflow.csv", "9223372036854775808"),
        typed("misfit_float.csv", "1.0"),
        typed("misfit_control.csv", "\u{1b}[31mred\u{7}"),
        typed("misfit_bidi.csv", "\u{202e}12"),
        typed("misfit_long.csv", &"long ".repeat(100_000)),
        typed("misfit_wide.csv", &"字".repeat(200)),
        typed("misfit_combining.csv", &format!("e{}", "\u{301}".repeat(1000))),
        typed("misfit_nul.csv", "\0"),
        typed("misfit_quoted.csv", "\"1\n2\""),
    ]
}

/// What comes behind the sample that types are guessed from.
fn late() -> Vec<Hostile> {
    let late = |name: &str, usual: &str, cell: &str| {
        // So few rows that no block across the file is looked at.
        let rows = format!("{usual}\n").repeat(1500);
        file(name, format!("a\n{rows}{cell}\n{usual}\n"))
    };
    vec![
        late("late_text.csv", "1", "one"),
        late("late_overflow.csv", "1", "99999999999999999999"),
        late("late_float.csv", "1", "1.5"),
        late("late_null.csv", "1", "NA"),
        late("late_bool.csv", "true", "maybe"),
        late("late_date.csv", "2024-01-01", "the nineties"),
        late("late_date_is_time.csv", "2024-01-01", "2024-01-01T00:00:00Z"),
        late("late_zero.csv", "1", "01"),
    ]
}

/// Files of something else.
fn others() -> Vec<Hostile> {
    let mut files = vec![
        file("json.csv", "{\"a\": 1, \"b\": 2}\n{\"a\": 3, \"b\": 4}\n"),
        file("html.csv", "<!DOCTYPE html>\n<html><body>404, not found</body></html>\n"),
        file("png.csv", &b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..]),
        file("parquet.csv", &b"PAR1\x15\x04\x15\x10\x15\x14L"[..]),
        file("zip.csv", &b"PK\x03\x04\x14\0\0\0\x08\0"[..]),
        file("gzip_misnamed.csv", &b"\x1f\x8b\x08\0\0\0\0\0"[..]),
        file("zstd_misnamed.csv", &b"\x28\xb5\x2f\xfd\0\0"[..]),
    ];
    for seed in 0..8 {
        let mut chance = Chance(seed * 7919 + 1);
        let pieces: [&[u8]; 12] =
            [b"a", b",", b"\"", b"\n", b"\r", b"\0", b"\xff", b"1", b"\"\"", b",,", "é".as_bytes(), b"\t"];
        let bytes: Vec<u8> = (0..60).flat_map(|_| pieces[chance.below(12)]).copied().collect();
        files.push(file(format!("noise_{seed}.csv"), [b"a,b\n", &*bytes].concat()));
    }
    files
}
