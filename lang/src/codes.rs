//! The one list of error codes: number, title, explanation. A released number is never used again.
//!
//! Ranges: 01xx syntax · 02xx names · 03xx types · 04xx stages · 05xx data · 06xx values · 07xx the outside world ·
//! 08xx limits · 09xx Pipe itself.

use std::fmt;

/// The number of a diagnostic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub u16);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "E{:04}", self.0)
    }
}

/// What `pipe explain E0201` prints.
#[derive(Clone, Copy, Debug)]
pub struct CodeInfo {
    /// The number.
    pub code: Code,
    /// The situation in a few words.
    pub title: &'static str,
    /// Why it is an error and what to do, in a paragraph or two.
    pub explanation: &'static str,
    /// A script that gives it; the tests run it.
    pub example: &'static str,
}

/// A table of codes: each row makes the constant and the entry of [`CODES`].
macro_rules! codes {
    ($($name:ident = $number:literal, $title:literal, $explanation:literal, $example:literal;)*) => {
        $(#[doc = $title] pub const $name: Code = Code($number);)*

        /// All codes, ascending.
        pub const CODES: &[CodeInfo] = &[$(CodeInfo {
            code: $name, title: $title, explanation: $explanation, example: $example,
        }),*];
    };
}

codes! {
    E0101 = 101, "unknown stage",
        "The word after a `|` names a stage. Stages have plain names (`filter`, `derive`, `select`, `aggregate`, `sort`, `take`); words of other languages (`where`, `mutate`, `summarize`, `limit`) are understood well enough to name the stage that is meant.",
        "1..5 | tke 3";
    E0102 = 102, "unknown character",
        "Text stands in straight double quotes, \"like this\", and nothing else: single quotes are left to the shell. Typographic quotes and stray characters are pointed at.",
        "1..5 | filter it != 'x'";
    E0103 = 103, "bracket never closed",
        "A `(`, `[` or `{` has no partner, or a closing bracket has none. The report shows where it was opened and where it should have been closed.",
        "1..5 | filter (it > 2 | take 1";
    E0104 = 104, "`=` where `==` is meant",
        "`=` names a column or a binding; two values are compared with `==`.",
        "1..5 | filter it = 3";
    E0105 = 105, "text never ends",
        "A text that begins with a double quote ends with one on the same line; a newline inside it is written `\\n`.",
        "1..5 | derive x = \"abc";
    E0106 = 106, "operator of another language",
        "Pipe writes `and`, `or`, `not`, `!=` and `~` where other languages write `&&`, `||`, `!`, `<>` and `=~`.",
        "1..5 | filter it > 1 && it < 4";
    E0107 = 107, "`aggregate` without anything to compute",
        "`aggregate` wants at least one reducer before `by`: `aggregate n = count() by key`.",
        "1..5 | aggregate by it";
    E0108 = 108, "`sort by`",
        "`sort` takes its keys directly, and a leading minus sorts descending: `sort -price, name`.",
        "1..5 | sort by it desc";
    E0109 = 109, "SQL",
        "A query of SQL begins with what it selects; a pipeline begins with its table and names each step where it happens: `orders | filter qty > 3 | select id, qty`.",
        "select id from orders where qty > 3";
    E0110 = 110, "a stage is missing",
        "A `|` is followed by a stage. A doubled or trailing `|` has none.",
        "1..5 | | take 3";
    E0111 = 111, "not a number",
        "Numbers are written `42`, `1_000`, `0xff`, `3.14` or `1e9`.",
        "1.2.3";
    E0112 = 112, "reserved word as a name",
        "`let fn if else match in and or not true false null it by on` are reserved. A column of such a name is written in backticks.",
        "let by = 3";
    E0113 = 113, "call without parentheses",
        "A call has parentheses: `upper(name)`, or with a dot, `name.upper()`.",
        "1..5 | derive x = string it";
    E0114 = 114, "word of another language",
        "Pipe writes `x ~ r\"^S\"` for `like`, `x in a..b` for `between`, `x == null` for `is null`, and `if` for `case` and `? :`.",
        "1..5 | filter it between 2 and 4";
    E0116 = 116, "nothing changes here",
        "A name is bound once, with `let`. There is no assignment and no loop; `fold` and `scan` carry a state through a stream.",
        "x = 5";
    E0117 = 117, "chained comparison",
        "A comparison has two sides: write `x in 2..4`, or `1 < x and x < 5`.",
        "1..9 | filter 1 < it < 5";
    E0118 = 118, "parameter without a type",
        "The parameters of a function have types: `fn f(x: int) { x + 1 }`.",
        "fn f(x) { x + 1 }";
    E0119 = 119, "lambda as a value",
        "A lambda is an argument only, so that it can always be inlined and compiled. A function with a name is written with `fn`.",
        "let f = x => x + 1";
    E0120 = 120, "something after the parentheses of a stage",
        "A `(` that touches the stage's name closes its arguments: after the `)` only `by`, `on`, `|` or the end may follow. To compute with the result, put the whole pipeline into parentheses.",
        "1..5 | sum(it) / 2";
    E0130 = 130, "syntax",
        "Something else was expected here; the report says what.",
        "let = 3";
    E0201 = 201, "unknown column",
        "Inside a stage the columns of the row are in scope by name. The report lists the columns that there are, and the one that was probably meant.",
        "1..5 | derive half = it / 2 | filter hlaf > 1";
    E0202 = 202, "column gone",
        "An earlier `select`, `drop` or `aggregate` left this column out. Add it there.",
        "1..5 | derive a = it, b = 2 | select a | filter b > 1";
    E0203 = 203, "unknown function",
        "There is no function of this name. `pipe functions` lists them all.",
        "1..5 | derive x = squrt(it)";
    E0204 = 204, "a name is a column and a binding",
        "A name that is both a column and an outer `let`, `param` or parameter is never picked silently. Rename the binding, or say `it.name` for the column.",
        "let rate = 2\n1..5 | derive rate = 1 | filter rate > 1";
    E0205 = 205, "two columns of one name",
        "The columns of a row have distinct names.",
        "1..5 | select a = it, a = 2";
    E0206 = 206, "unknown option",
        "A stage, function or format has no option of this name.",
        "1..5 | take 3, fill: true";
    E0207 = 207, "header surprise",
        "The file spells this column with a space, another case or a byte order mark.",
        "";
    E0208 = 208, "defined twice",
        "A name is bound once in a script.",
        "let a = 1\nlet a = 2";
    E0209 = 209, "a column without a name",
        "A column takes its name from a plain column or field. What is computed is named: `derive half = price / 2`, `aggregate total = sum(price * qty)`.",
        "1..5 | derive it * 2";
    E0210 = 210, "a column of a stream of single values",
        "The rows of `1..5` or `[1, 2]` are single values without columns: the value itself is `it`. A `derive` or `select` makes columns of them.",
        "1..5 | filter value > 2";
    E0211 = 211, "imports go in a circle",
        "What a module imports is checked before it, so two modules cannot import each other, not even by way of others. Put what both need into a module of its own.",
        "";
    E0212 = 212, "unknown module",
        "The name before `::` is that of an `import`: the stem of the file, or what stands after `as`. The imports of a module are its own: what is needed of them is imported again.",
        "geo::distance(1, 2)";
    E0213 = 213, "not for modules",
        "Of a module only its functions, types and `let`s are used. It has no parameters of its own: only the script that is run is given values, and hands them on as arguments. Its other expressions and its tests are not run where it is imported.",
        "";
    E0214 = 214, "not an assertion",
        "A test consists of `let`s and assertions: `assert(condition)`, `assert(condition, \"message\")`, and `assert_eq(what_is, what_should_be)`, which compares values, records or whole streams. `pipe test FILE` runs the tests of a script.",
        "test \"one\" { 1 + 1 == 2 }";
    E0301 = 301, "types that cannot be compared or matched",
        "The two operands of a comparison have one type; the only conversion that happens by itself is int to float. Convert one side: `int(name) > 5`.",
        "1..5 | filter it == \"a\"";
    E0302 = 302, "operator on types that it does not take",
        "Arithmetic is for numbers. Texts are put together with `f\"{a}{b}\"`.",
        "\"a\" + 1";
    E0303 = 303, "condition that is not true or false",
        "`filter`, `if`, `and`, `or` and `not` want a `bool`: compare with something.",
        "1..5 | filter it + 1";
    E0304 = 304, "wrong type of an argument",
        "A function or stage does not take a value of this type. The report shows its signature.",
        "1..5 | derive x = upper(it)";
    E0305 = 305, "wrong number of arguments",
        "The report shows the signature.",
        "sqrt(1.0, 2.0)";
    E0306 = 306, "branches differ",
        "All results of an `if` or `match` have one type.",
        "if true { 1 } else { \"a\" }";
    E0307 = 307, "null where none may be",
        "A value of type `T?` may be null, and here a `T` is wanted. Give a value for null with `??`.",
        "1..5 | derive b = if it > 2 { true } else { null } | filter not b";
    E0310 = 310, "number out of range",
        "An int has 64 bits: from -9_223_372_036_854_775_808 to 9_223_372_036_854_775_807.",
        "99999999999999999999";
    E0311 = 311, "a type that holds itself",
        "Every value of a type has the same depth, so that it can be laid out in columns. A type cannot hold itself, not even by way of others; data of any depth are `json`.",
        "type Tree = {value: int, left: Tree}";
    E0312 = 312, "format of a text",
        "Behind the `:` of a hole stands how its value is written: `{x:.2}` two decimals, `{n:,}` thousands, `{n:05}` zeros in front, `{s:>10}` ten characters wide and to the right, `{x:.1%}` per cent, `{n:x}` hexadecimal, `{x:.2e}` an exponent; of dates a pattern such as `{d:%Y-%m}`.",
        "f\"{1:.2.3}\"";
    E0401 = 401, "reducer outside `aggregate`",
        "A reducer works on many rows; `derive`, `select` and `filter` see one row at a time.",
        "1..5 | derive s = sum(it)";
    E0402 = 402, "plain column inside `aggregate`",
        "Each group has many values of a column. Say which (`first(city)`, `max(city)`), or add it to `by`.",
        "1..5 | derive a = it, b = 1 | aggregate s = a by b";
    E0403 = 403, "endless input",
        "A stage that needs its whole input stands behind a stream that never ends.",
        "1.. | sort -it";
    E0405 = 405, "not granted",
        "A program may touch files, the clock and the environment only where the host of the script has granted it.",
        "";
    E0501 = 501, "a cell does not fit its column",
        "A cell of a file is not of the column's type. Types that no `schema:` gives are inferred from a sample.",
        "";
    E0502 = 502, "wrong number of fields",
        "A record of the file has more or fewer fields than its header.",
        "";
    E0503 = 503, "quote never closed",
        "A quote that begins a field of a CSV file is never closed.",
        "";
    E0504 = 504, "not UTF-8",
        "Text is UTF-8.",
        "";
    E0508 = 508, "the file is empty or has no header",
        "The first record of a CSV file names its columns.",
        "";
    E0601 = 601, "integer overflow",
        "An int has 64 bits, and a result that does not fit is an error, never a wrong number. Compute in floats (`float(a) * b`) where that is precise enough.",
        "9223372036854775807 + 1";
    E0602 = 602, "an operation without a result",
        "`//` and `%` by zero, an int to a negative power, and the int root of what is below zero have no int as a result. `/` divides floats and gives `inf` or `nan`.",
        "1..3 | derive x = 6 // (it - 2)";
    E0603 = 603, "a host function failed",
        "A function that the host of the script registered gave an error or panicked.",
        "";
    E0604 = 604, "a conversion failed",
        "The text is not a value of that type. The form with a question mark, `int?(x)`, gives null instead.",
        "int(\"x\")";
    E0605 = 605, "an assertion failed",
        "What an `assert` or a test of the script claims is not so.",
        "";
    E0701 = 701, "no such file",
        "The file is not there, or may not be read.",
        "read(\"missing.csv\")";
    E0702 = 702, "output failed",
        "What was to be written could not be.",
        "";
    E0703 = 703, "unknown format",
        "The format of a file follows from its extension, or from the option `format`.",
        "read(\"data.xyz\")";
    E0704 = 704, "not a module",
        "`import` names a file of Pipe, whose name ends in `.pipe`. A table is read with `read(…)`.",
        "import \"data.csv\"";
    E0801 = 801, "a limit was reached",
        "Scripts run under limits of nesting, size, rows, memory and time, which the host sets.",
        "";
    E0802 = 802, "interrupted",
        "The run was cancelled.",
        "";
    E0901 = 901, "internal error",
        "This is a bug in Pipe, not in your script.",
        "";
    E0902 = 902, "not there yet",
        "The language has this, but this version of Pipe does not.",
        "1..5 | distinct";
}

/// The entry of a code.
pub fn info(code: Code) -> Option<&'static CodeInfo> {
    CODES.iter().find(|info| info.code == code)
}

/// The code that `E0201` or `e0201` names.
pub fn parse(text: &str) -> Option<Code> {
    let digits = text.strip_prefix(['E', 'e'])?;
    digits.parse().ok().map(Code).filter(|code| info(*code).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_ascend_and_parse() {
        assert!(CODES.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert_eq!(parse("E0201"), Some(E0201));
        assert_eq!(parse("E9999"), None);
        assert_eq!(E0201.to_string(), "E0201");
    }
}
