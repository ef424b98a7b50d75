//! Hostile files of JSON, a record a line and as a document.

use super::{Hostile, file, with};

pub fn files() -> Vec<Hostile> {
    [lines(), broken_lines(), documents(), broken_documents(), values()].into_iter().flatten().collect()
}

fn utf16(text: &str) -> Vec<u8> {
    format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn lines() -> Vec<Hostile> {
    let late = |bad: &str| format!("{}{bad}\n{{\"a\":2}}\n", "{\"a\":1}\n".repeat(1500));
    vec![
        file("empty.jsonl", ""),
        file("blank.jsonl", " \n\t\r\n\n"),
        file("blank_lines.jsonl", "\n{\"a\":1}\n\n{\"a\":2}\n \n"),
        file("no_newline.jsonl", "{\"a\":1}\n{\"a\":2}"),
        file("crlf.jsonl", "{\"a\":1}\r\n{\"a\":2}\r\n"),
        file("lone_cr.jsonl", "{\"a\":1}\r{\"a\":2}\r"),
        file("bom.jsonl", "\u{feff}{\"a\":1}\n"),
        file("bom_inside.jsonl", "{\"a\":1}\n\u{feff}{\"a\":2}\n"),
        file("utf16.jsonl", utf16("{\"a\":1}\n")),
        file("other_keys.jsonl", "{\"a\":1}\n{\"b\":2}\n{}\n"),
        file("no_keys.jsonl", "{}\n{}\n"),
        file("empty_key.jsonl", "{\"\":1}\n"),
        file("same_key.jsonl", "{\"a\":1,\"a\":2}\n{\"a\":3}\n"),
        file("nul_key.jsonl", "{\"a\\u0000b\":1}\n"),
        file("keys_in_other_order.jsonl", "{\"a\":1,\"b\":2}\n{\"b\":3,\"a\":4}\n"),
        file("key_written_otherwise.jsonl", "{\"a\":1}\n{\"\\u0061\":2}\n"),
        file("bare_values.jsonl", "1\n2\n\"x\"\nnull\n"),
        file("bare_then_object.jsonl", "1\n{\"a\":1}\n"),
        file("object_then_bare.jsonl", "{\"a\":1}\n1\n"),
        file("lists.jsonl", "[1,2]\n[]\n[\"x\"]\n"),
        file("mixed_in_sample.jsonl", "{\"a\":1}\n{\"a\":\"x\"}\n{\"a\":[1]}\n"),
        file("late_text.jsonl", late("{\"a\":\"x\"}")),
        file("late_float.jsonl", late("{\"a\":1.5}")),
        file("late_overflow.jsonl", late("{\"a\":9223372036854775808}")),
        file("late_null.jsonl", late("{\"a\":null}")),
        file("late_key.jsonl", late("{\"b\":1}")),
        file("late_broken.jsonl", late("{\"a\":1")),
        file(
            "many_keys.jsonl",
            format!("{{{}}}\n", (0..3000).map(|n| format!("\"k{n}\":1")).collect::<Vec<_>>().join(",")),
        ),
        file("long_text.jsonl", format!("{{\"a\":\"{}\"}}\n", "x".repeat(3 << 20))),
        with("schema: {a: int}", file("missing_key.jsonl", "{\"a\":1}\n{\"b\":1}\n")),
        with("schema: {a: int}", file("null_in_int.jsonl", "{\"a\":1}\n{\"a\":null}\n")),
        with("schema: {a: date}", file("no_such_date.jsonl", "{\"a\":\"2024-02-30\"}\n")),
        with("schema: {a: [int]}", file("list_of_others.jsonl", "{\"a\":[1,2]}\n{\"a\":[1,\"x\"]}\n")),
        with("schema: {a: {b: int}}", file("record_of_others.jsonl", "{\"a\":{\"b\":1}}\n{\"a\":{\"b\":true}}\n")),
    ]
}

fn broken_lines() -> Vec<Hostile> {
    let broken = |name: &str, line: &str| file(format!("{name}.jsonl"), format!("{{\"a\":1}}\n{line}\n{{\"a\":3}}\n"));
    let bytes =
        |name: &str, line: &[u8]| file(format!("{name}.jsonl"), [b"{\"a\":1}\n", line, b"\n{\"a\":3}\n"].concat());
    vec![
        broken("cut_key", "{\"a"),
        broken("cut_colon", "{\"a\""),
        broken("cut_value", "{\"a\":"),
        broken("cut_object", "{\"a\":2"),
        broken("cut_text", "{\"a\":\"x"),
        broken("cut_escape", "{\"a\":\"x\\"),
        broken("cut_unicode", "{\"a\":\"\\u12\"}"),
        broken("wrong_escape", "{\"a\":\"\\x41\"}"),
        broken("raw_control", "{\"a\":\"x\u{1}y\"}"),
        broken("raw_tab", "{\"a\":\"x\ty\"}"),
        broken("comma_at_end", "{\"a\":2,}"),
        broken("comma_missing", "{\"a\":2 \"b\":3}"),
        broken("colon_missing", "{\"a\" 2}"),
        broken("single_quotes", "{'a':2}"),
        broken("no_quotes", "{a:2}"),
        broken("comment", "{\"a\":2} // two"),
        broken("two_values", "{\"a\":2}{\"a\":3}"),
        broken("closed_twice", "{\"a\":2}}"),
        broken("wrong_bracket", "{\"a\":[2}"),
        broken("nan", "{\"a\":NaN}"),
        broken("infinite", "{\"a\":-Infinity}"),
        broken("undefined", "{\"a\":undefined}"),
        broken("true_in_capitals", "{\"a\":True}"),
        broken("leading_zero", "{\"a\":01}"),
        broken("leading_plus", "{\"a\":+1}"),
        broken("leading_point", "{\"a\":.5}"),
        broken("point_at_end", "{\"a\":1.}"),
        broken("lone_minus", "{\"a\":-}"),
        broken("exponent_missing", "{\"a\":1e}"),
        broken("hexadecimal", "{\"a\":0x10}"),
        broken("high_surrogate", "{\"a\":\"\\ud83d\"}"),
        broken("low_surrogate", "{\"a\":\"\\ude00\"}"),
        broken("surrogates_reversed", "{\"a\":\"\\ude00\\ud83d\"}"),
        broken("high_surrogates", "{\"a\":\"\\ud83d\\ud83d\"}"),
        broken("surrogate_key", "{\"\\ud83d\":1}"),
        bytes("bad_utf8", b"{\"a\":\"\xff\"}"),
        bytes("cut_character", b"{\"a\":\"\xe2\x82\"}"),
        bytes("surrogate_bytes", b"{\"a\":\"\xed\xa0\x80\"}"),
        bytes("nul", b"\0"),
        file("broken_first.jsonl", "{\"a\":\n{\"a\":1}\n"),
        file("pretty.jsonl", "{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n"),
        file("document.jsonl", "[\n{\"a\":1},\n{\"a\":2}\n]\n"),
        file("csv.jsonl", "a,b\n1,2\n"),
    ]
}

fn documents() -> Vec<Hostile> {
    let many: Vec<String> = (0..1500).map(|n| format!("{{\"a\":{n}}}")).collect();
    let late = |bad: &str| format!("[{},{bad},{{\"a\":1}}]", many.join(","));
    vec![
        file("empty.json", ""),
        file("blank.json", " \n\t "),
        file("empty_list.json", "[]"),
        file("empty_object.json", "{}"),
        file("one_object.json", "{\"a\":1}"),
        file("one_number.json", "5"),
        file("one_text.json", "\"x\""),
        file("null.json", "null"),
        file("blanks_around.json", "\n\n [ {\"a\":1} ,\n {\"a\":2} ] \n\n"),
        file("blanks_of_megabytes.json", format!("{}[{{\"a\":1}}]", " ".repeat(3 << 20))),
        file("bom.json", "\u{feff}[{\"a\":1}]"),
        file("utf16.json", utf16("[{\"a\":1}]")),
        file("list_of_lists.json", "[[1,2],[],[\"x\"]]"),
        file("list_of_others.json", "[{\"a\":1},1]"),
        file("list_of_nulls.json", "[null,null]"),
        file("same_key.json", "[{\"a\":1,\"a\":2}]"),
        file("brackets_in_text.json", "[{\"a\":\"]}\\\"],\"}]"),
        file("late_text.json", late("{\"a\":\"x\"}")),
        file("late_broken.json", late("{\"a\":}")),
        file("late_bare.json", late("7")),
    ]
}

fn broken_documents() -> Vec<Hostile> {
    [
        ("open_list", "["),
        ("closed_list", "]"),
        ("open_object", "{"),
        ("comma_only", "[,]"),
        ("comma_first", "[,{\"a\":1}]"),
        ("comma_last", "[{\"a\":1},]"),
        ("comma_twice", "[{\"a\":1},,{\"a\":2}]"),
        ("comma_missing", "[{\"a\":1} {\"a\":2}]"),
        ("cut_behind_item", "[{\"a\":1}"),
        ("cut_behind_comma", "[{\"a\":1},"),
        ("cut_in_item", "[{\"a\":1},{\"a\""),
        ("cut_in_text", "[{\"a\":\"x"),
        ("cut_object", "{\"a\":1"),
        ("something_behind", "[{\"a\":1}] x"),
        ("two_lists", "[{\"a\":1}][{\"a\":2}]"),
        ("two_objects", "{\"a\":1}{\"a\":2}"),
        ("two_lines", "{\"a\":1}\n{\"a\":2}\n"),
        ("nul_behind", "[{\"a\":1}]\0"),
        ("wrong_bracket", "[{\"a\":1]}"),
        ("comment", "[{\"a\":1} /* one */]"),
        ("nan", "[{\"a\":1},{\"a\":NaN}]"),
        ("high_surrogate", "[{\"a\":\"x\"},{\"a\":\"\\ud83d\"}]"),
    ]
    .map(|(name, text)| file(format!("{name}.json"), text))
    .into_iter()
    .chain([file("bad_utf8.json", &b"[{\"a\":\"x\"},{\"a\":\"\xff\"}]"[..])])
    .collect()
}

fn values() -> Vec<Hostile> {
    let value = |name: &str, value: &str| file(format!("{name}.jsonl"), format!("{{\"a\":{value}}}\n"));
    let nested = |open: &str, middle: &str, close: &str, depth: usize| {
        format!("{}{middle}{}", open.repeat(depth), close.repeat(depth))
    };
    vec![
        value("int_too_large", "9223372036854775808"),
        value("int_of_400_digits", &"9".repeat(400)),
        value("exponent_too_large", "1e999"),
        value("exponent_absurd", "1e99999999999999999999"),
        value("minus_zero", "-0"),
        value("fraction_of_1000_digits", &format!("0.{}", "3".repeat(1000))),
        value("surrogate_pair", "\"\\ud83d\\ude00\""),
        value("escaped_nul", "\"x\\u0000y\""),
        value("all_escapes", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
        value("deep_126", &nested("[", "1", "]", 126)),
        value("deep_127", &nested("[", "1", "]", 127)),
        value("deep_100000", &nested("[", "1", "]", 100_000)),
        value("deep_objects", &nested("{\"a\":", "1", "}", 100_000)),
        value("deep_and_open", &"[".repeat(1_000_000)),
        file("deep_list.json", nested("[", "", "]", 100_000)),
        file("deep_objects.json", nested("{\"a\":", "1", "}", 100_000)),
        file("deep_and_open.json", "[".repeat(1_000_000)),
        file("deep_and_open_objects.json", "{\"a\":".repeat(200_000)),
    ]
}
