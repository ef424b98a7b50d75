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
    /// What it means, why Pipe is strict here and what to do, in a paragraph or two.
    pub explanation: &'static str,
    /// A script that gives it; the tests run it. Empty where no script gives it by itself.
    pub example: &'static str,
    /// The example as it should be, which gives no error; empty where the fault is not the script's.
    pub mended: &'static str,
}

/// A table of codes: each row makes the constant and the entry of [`CODES`].
macro_rules! codes {
    ($($name:ident = $number:literal, $title:literal, $explanation:literal, $example:literal => $mended:literal;)*) => {
        $(#[doc = $title] pub const $name: Code = Code($number);)*

        /// All codes, ascending.
        pub const CODES: &[CodeInfo] = &[$(CodeInfo {
            code: $name, title: $title, explanation: $explanation, example: $example, mended: $mended,
        }),*];
    };
}

codes! {
    E0101 = 101, "unknown stage",
        "The word after a `|` names a stage or a reducer, and there is none of this name.\n\n\
         Words that other languages use for a stage (`where`, `mutate`, `summarize`, `limit`) are known well enough to \
         name the stage that is meant, but they are not accepted: with one name for each thing, everybody can read \
         every script.",
        "1..5 | tke 3" => "1..5 | take 3";
    E0102 = 102, "unknown character",
        "Text stands in straight double quotes, \"like this\", and in nothing else, so that a script fits between the \
         single quotes of a shell. Typographic quotes, which word processors make, and stray or invisible characters \
         are pointed at.\n\n\
         A name with other letters than a to z, digits and `_` stands in backticks.",
        "[\"x\", \"y\"] | filter it != 'x'" => "[\"x\", \"y\"] | filter it != \"x\"";
    E0103 = 103, "bracket never closed",
        "A `(`, `[` or `{` has no partner, or a closing bracket has none. The report shows where it was opened and, \
         where that can be guessed, before what it should have been closed.",
        "1..5 | filter (it > 2 | take 1" => "1..5 | filter (it > 2) | take 1";
    E0104 = 104, "`=` where `==` is meant",
        "`=` gives a name to a value, and two values are compared with `==`. Were both spelled alike, `filter x = 1` \
         and `derive x = 1` would look the same and mean different things.",
        "1..5 | filter it = 3" => "1..5 | filter it == 3";
    E0105 = 105, "text never ends",
        "A text that begins with a double quote ends with one on the same line, so that a forgotten quote does not \
         swallow the rest of the script. A newline inside a text is written `\\n`, a quote `\\\"`.",
        "1..5 | derive x = \"abc" => "1..5 | derive x = \"abc\"";
    E0106 = 106, "operator of another language",
        "Pipe writes `and`, `or`, `not`, `!=` and `~` where other languages write `&&`, `||`, `!`, `<>` and `=~`.",
        "1..5 | filter it > 1 && it < 4" => "1..5 | filter it > 1 and it < 4";
    E0107 = 107, "a group without anything to compute",
        "`aggregate` makes one row of each group, so it wants at least one reducer: `aggregate n = count() by key`. \
         There is no stage that only groups: the keys stand behind `by`, in the stage that uses the groups.",
        "1..5 | aggregate by it" => "1..5 | aggregate n = count() by it";
    E0108 = 108, "`sort by`",
        "`sort` takes its keys directly, and a leading minus sorts descending: `sort -price, name`. `by` means \"per \
         group\" everywhere in Pipe.",
        "1..5 | sort by it desc" => "1..5 | sort -it";
    E0109 = 109, "SQL",
        "A query of SQL begins with what comes out; a pipeline begins with its table and names each step where it \
         happens. The report has the same query in Pipe where it is simple:\n\n\
         `where` is `filter`, `group by` is `aggregate … by`, `having` is a `filter` behind it, `order by` is `sort`, \
         `limit` is `take`.",
        "let orders = [{id: 1, qty: 5}]\nselect id from orders where qty > 3"
        => "let orders = [{id: 1, qty: 5}]\norders | filter qty > 3 | select id";
    E0110 = 110, "a stage is missing",
        "A `|` is followed by a stage. A doubled or trailing `|` has none.",
        "1..5 | | take 3" => "1..5 | take 3";
    E0111 = 111, "not a number",
        "Numbers are written `42`, `1_000`, `0xff`, `3.14` or `1e9`. A comma never stands in a number, and a number has \
         no suffix.",
        "10k" => "10_000";
    E0112 = 112, "reserved word as a name",
        "`let fn if else match in and or not true false null it by on` are reserved. A column of such a name is written \
         in backticks.",
        "let by = 3" => "let `by` = 3";
    E0113 = 113, "call without parentheses",
        "A call has parentheses, and its `(` touches the name: `upper(name)`, or with a dot, `name.upper()`. Only stages \
         take their arguments without.",
        "1..5 | derive x = string it" => "1..5 | derive x = string(it)";
    E0114 = 114, "word of another language",
        "Pipe writes `x ~ r\"^S\"` for `like`, `x in a..b` for `between`, `x == null` for `is null`, `count()` for \
         `count(*)`, and `if` for `case` and `? :`.",
        "1..5 | filter it between 2 and 4" => "1..5 | filter it in 2..4";
    E0115 = 115, "a dot where a pipe belongs",
        "Dots are for values, pipes for streams: `name.upper()` calls a function on a value, `rows | filter x > 1` feeds \
         rows to a stage. Inside a stage a column is named by its name alone, without a dot or a table before it.\n\n\
         So a pipeline reads in one direction, and it can be seen where rows flow.",
        "let orders = read(\"orders.csv\")\norders.filter(qty > 2)" => "let orders = read(\"orders.csv\")\norders | filter(qty > 2)";
    E0116 = 116, "nothing changes here",
        "A name is bound once, with `let`, and keeps its value. There is no assignment and no loop: a stage works on all \
         rows by itself, and `fold` and `scan` carry a state through a stream. So rows can be worked on in any order, \
         and on all cores at once.",
        "x = 5" => "let x = 5";
    E0117 = 117, "chained comparison",
        "A comparison has two sides: write `x in 2..4`, or `1 < x and x < 5`.",
        "1..9 | filter 1 < it < 5" => "1..9 | filter 1 < it and it < 5";
    E0118 = 118, "parameter without a type",
        "The parameters of a function have types, so that a mistake in a call is told where the call is, and one in the \
         body where the body is.",
        "fn f(x) { x + 1 }" => "fn f(x: int) { x + 1 }";
    E0119 = 119, "lambda as a value",
        "A lambda is an argument only, so that it can always be inlined and compiled. A function with a name is written \
         with `fn`.",
        "let f = x => x + 1" => "fn f(x: int) { x + 1 }";
    E0120 = 120, "something after the parentheses of a stage",
        "A `(` that touches the stage's name closes its arguments: after the `)` only `by`, `on`, `|` or the end may \
         follow. To compute with the result, put the whole pipeline into parentheses.",
        "1..5 | sum(it) / 2" => "(1..5 | sum(it)) / 2";
    E0121 = 121, "a stage without rows",
        "A stage works on the rows that come out of what stands before its `|`. A newline is never a pipe: a stage on a \
         line of its own begins with `|`.",
        "1..5\nfilter it > 2" => "1..5\n| filter it > 2";
    E0130 = 130, "syntax",
        "Something else was expected here; the report says what.",
        "let = 3" => "let x = 3";
    E0201 = 201, "unknown column",
        "Inside a stage the columns of the row are in scope by name, and there is none of this name, nor a `let`. The \
         report lists the columns that there are at this point, and the one that was probably meant.\n\n\
         Columns are known before the first row is read, so a misspelt one costs no time. `pipe check --schema FILE` \
         shows the columns behind each stage.",
        "1..5 | derive half = it / 2 | filter hlaf > 1.0" => "1..5 | derive half = it / 2 | filter half > 1.0";
    E0202 = 202, "column gone",
        "An earlier stage left this column out: `select` keeps only what it names, `aggregate` only its keys and its \
         results, `drop` leaves out, `rename` gives another name. Add the column there, or move this stage before it.",
        "1..5 | derive a = it, b = 2 | select a | filter b > 1"
        => "1..5 | derive a = it, b = 2 | select a, b | filter b > 1";
    E0203 = 203, "unknown function",
        "There is no function of this name. `pipe functions` lists them all. Names that other languages use (`nvl`, \
         `substr`, `avg`) are known well enough to say what Pipe calls it.",
        "1..5 | derive x = squrt(it)" => "1..5 | derive x = sqrt(it)";
    E0204 = 204, "a name is a column and a binding",
        "A name that is both a column and an outer `let`, `param` or parameter is never picked silently: a new column in \
         a file would change what the script means. Rename the binding, or say `it.name` for the column.",
        "let rate = 2\n1..5 | derive rate = 1 | filter rate > 1"
        => "let the_rate = 2\n1..5 | derive rate = 1 | filter rate > 1";
    E0205 = 205, "two columns of one name",
        "The columns of a row have distinct names, so that a name always means one of them.",
        "1..5 | select a = it, a = 2" => "1..5 | select a = it, b = 2";
    E0206 = 206, "unknown option, clause or type",
        "A stage, function or format has no option or clause of this name, or there is no type of this name. An option \
         that is not known is never ignored: it was written because it matters.",
        "read(\"orders.csv\", delimeter: \",\")" => "read(\"orders.csv\", delimiter: \",\")";
    E0207 = 207, "header surprise",
        "The file spells this column with a blank at an end, in another case or with an invisible mark, which does not \
         show. Names are taken as the file has them; in backticks any of them can be written.",
        "read(\"header.csv\") | filter Amount > 1" => "read(\"header.csv\") | filter ` Amount` > 1";
    E0208 = 208, "defined twice",
        "A name is bound once in a script: what it means never changes from one line to the next.",
        "let a = 1\nlet a = 2" => "let a = 1\nlet b = 2";
    E0209 = 209, "a column without a name",
        "A column takes its name from a plain column or field. What is computed is named: `derive half = price / 2`, \
         `aggregate total = sum(price * qty)`.",
        "1..5 | derive it * 2" => "1..5 | derive double = it * 2";
    E0210 = 210, "a column of a stream of single values",
        "The rows of `1..5` or `[1, 2]` are single values without columns: the value itself is `it`. A `derive` or \
         `select` makes columns of them.",
        "1..5 | filter value > 2" => "1..5 | filter it > 2";
    E0211 = 211, "imports go in a circle",
        "What a module imports is checked before it, so two modules cannot import each other, not even by way of others. \
         Put what both need into a module of its own.",
        "" => "";
    E0212 = 212, "unknown module",
        "The name before `::` is that of an `import`: the stem of the file, or what stands after `as`. The imports of a \
         module are its own: what is needed of them is imported again.",
        "geo::distance(1, 2)" => "";
    E0213 = 213, "not for modules",
        "Of a module only its functions, types and `let`s are used. It has no parameters of its own: only the script that \
         is run is given values, and hands them on as arguments. Its other expressions and its tests are not run where \
         it is imported.",
        "" => "";
    E0214 = 214, "not an assertion",
        "A test consists of `let`s and assertions: `assert(condition)`, `assert(condition, \"message\")`, and `assert_eq(what_is, what_should_be)`, which compares values, records or whole streams. `pipe test FILE` runs the tests of a script.",
        "test \"one\" { 1 + 1 == 2 }" => "test \"one\" { assert(1 + 1 == 2) }";
    E0301 = 301, "types that cannot be compared or matched",
        "The two operands of a comparison have one type; the only conversion that happens by itself is int to float. \
         Were a text compared with a number, the answer would depend on which of them was converted, so the script \
         says it: `int(name) > 5`.",
        "[\"1\", \"7\"] | filter it > 5" => "[\"1\", \"7\"] | filter int(it) > 5";
    E0302 = 302, "operator on types that it does not take",
        "Arithmetic is for numbers. Texts are put together with `f\"{a}{b}\"`, and a text that holds a number is converted \
         with `int(…)` or `float(…)`.",
        "\"1\" + 1" => "int(\"1\") + 1";
    E0303 = 303, "condition that is not true or false",
        "`filter`, `if`, `and`, `or` and `not` want a `bool`. No number, text or null counts as true by itself: compare \
         it with something.",
        "1..5 | filter it" => "1..5 | filter it > 0";
    E0304 = 304, "wrong type of an argument",
        "A function or stage does not take a value of this type. The report shows its signature, and a conversion where \
         there is one.",
        "1..5 | derive x = upper(it)" => "1..5 | derive x = upper(string(it))";
    E0305 = 305, "wrong number of arguments",
        "A function, reducer or stage takes another number of arguments. The report shows its signature.",
        "sqrt(1.0, 2.0)" => "sqrt(1.0)";
    E0306 = 306, "branches differ",
        "All results of an `if` or `match`, both sides of `??` and all items of a list have one type, so that what comes \
         out has one.",
        "if true { 1 } else { \"a\" }" => "if true { \"1\" } else { \"a\" }";
    E0307 = 307, "null where none may be",
        "A value of type `T?` may be null, and here a `T` is wanted. Give a value for null with `??`, or leave null out \
         before with `filter x != null`.",
        "1..5 | derive b = if it > 2 { true } else { null } | filter not b"
        => "1..5 | derive b = if it > 2 { true } else { null } | filter not (b ?? false)";
    E0308 = 308, "a negated comparison keeps null",
        "A comparison with null is false, so its negation is true: `not (x < 3)` holds where `x` is null, while `x >= 3` \
         does not. This is a warning: say `x >= 3` to leave null out, or `x >= 3 or x == null` to keep it.",
        "[1, null, 5] | filter not (it < 3)" => "[1, null, 5] | filter it >= 3";
    E0309 = 309, "`match` does not cover all values",
        "A `match` has an arm for every value that its subject can have. The report names values for which it has none; \
         `_ => …` at the end is for all that is left. An arm with a guard, `pattern if condition`, covers nothing for sure.",
        "match 3 { ..0 => \"none\", 1 => \"one\" }" => "match 3 { ..0 => \"none\", 1 => \"one\", _ => \"many\" }";
    E0310 = 310, "number out of range",
        "An int has 64 bits: from -9_223_372_036_854_775_808 to 9_223_372_036_854_775_807. A number with a `.` in it is a \
         float, which reaches further and is less exact.",
        "99999999999999999999" => "99999999999999999999.0";
    E0311 = 311, "a type that holds itself",
        "Every value of a type has the same depth, so that it can be laid out in columns. A type cannot hold itself, not \
         even by way of others; data of any depth are `json`.",
        "type Tree = {value: int, left: Tree}" => "";
    E0312 = 312, "an arm that is never reached",
        "The arms above it cover all values that its pattern covers, or there are no such values. Arms are tried from the \
         top, so the narrower pattern stands first.",
        "match 3 { _ => \"any\", 1 => \"one\" }" => "match 3 { 1 => \"one\", _ => \"any\" }";
    E0313 = 313, "a function that calls itself",
        "A function that calls itself, directly or by way of others, says the type of its result, for its calls are \
         checked before its body is. It takes and gives single values and records; what works on a stream or with a \
         function is called outside of it.",
        "fn factorial(n: int) { if n < 2 { 1 } else { n * factorial(n - 1) } }\nfactorial(20)"
        => "fn factorial(n: int) -> int { if n < 2 { 1 } else { n * factorial(n - 1) } }\nfactorial(20)";
    E0314 = 314, "format of a text",
        "Behind the `:` of a hole stands how its value is written: `{x:.2}` two decimals, `{n:,}` thousands, `{n:05}` \
         zeros in front, `{s:>10}` ten characters wide and to the right, `{x:.1%}` per cent, `{n:x}` hexadecimal, \
         `{x:.2e}` an exponent; of dates a pattern such as `{d:%Y-%m}`.",
        "f\"{1:.2.3}\"" => "f\"{1:.2}\"";
    E0401 = 401, "reducer outside `aggregate` and `window`",
        "A reducer works on many rows, and `lag`, `rank` and the like look at other rows; `derive`, `select` and `filter` \
         look at one row at a time, so that it shows in the stage's name what a step costs. In `aggregate` a reducer \
         makes one row of each group, in `window` a column of the rows as they are, and as the last stage of a stream \
         it makes one value of all rows.",
        "1..5 | derive s = sum(it)" => "1..5 | aggregate s = sum(it)";
    E0402 = 402, "plain column inside `aggregate`",
        "Each group has many values of a column. Say which (`first(city)`, `max(city)`), or add it to `by`.",
        "1..5 | derive a = it, b = 1 | aggregate s = a by b" => "1..5 | derive a = it, b = 1 | aggregate s = first(a) by b";
    E0403 = 403, "endless input",
        "A stage that needs its whole input stands behind a stream that never ends. End the stream before it.",
        "1.. | sort -it" => "1.. | take 10 | sort -it";
    E0404 = 404, "tables do not go together",
        "Keys of a join, and columns of a union, have one type on both sides; only int becomes float by itself. The \
         tables of a union have the same columns, unless `fill: true` puts nulls where one has none.",
        "let t = [{id: \"1\", n: 2}]\n[{id: 1}] | join t on id"
            => "let t = [{id: \"1\", n: 2}]\n[{id: 1}] | join (t | derive id = int(id)) on id";
    E0405 = 405, "not granted",
        "A program may touch files, the clock and the environment only where the host of the script has granted it, and \
         what it reads is known before it runs: a path and the name of a variable are written as text or come from a \
         `param`, never from a row.",
        "[\"a.csv\"] | map read(it)" => "read(\"orders.csv\")";
    E0406 = 406, "columns that are not known",
        "A `pivot` makes a column of each value of its key. Where it is the last stage of a statement, these are \
         found when it runs. Whatever stands behind it wants to know them before, so there the values are written down.",
        "[{k: \"a\", x: 1}, {k: \"b\", x: 2}] | pivot sum(x), key: k | select a" =>
        "[{k: \"a\", x: 1}, {k: \"b\", x: 2}] | pivot sum(x), key: k, values: [\"a\", \"b\"] | select a";
    E0407 = 407, "a join without `on`",
        "A join says behind `on` which rows match: a column that both tables have, or comparisons, of which one at \
         least is a `==`. What has no such condition is a `cross_join`.",
        "let t = [{id: 1, n: 2}]\n[{id: 1}] | join t" => "let t = [{id: 1, n: 2}]\n[{id: 1}] | join t on id";
    E0408 = 408, "columns that are not declared",
        "With `--locked` no types are inferred: a script that runs by itself should not change its meaning with the first \
         rows of a file. The fix has the types as they were inferred; `pipe schema FILE` prints them as a `type`.",
        "" => "";
    E0409 = 409, "what comes once is read twice",
        "What comes in by stdin, by a FIFO or by a device comes once: what has been read is gone, and a script does not \
         keep it. Every use of a stream runs it, so a name for `stdin` that is used twice reads it twice. Write it to a file first, or get both \
         results in one `aggregate`.",
        "" => "";
    E0501 = 501, "a cell does not fit its column",
        "A cell of a file is not of the column's type. Types that no `schema:` gives are inferred from a sample of the \
         file, and a later cell may be different. Read the column as text and convert it, or say which type it has.",
        "read(\"garbage.csv\", schema: {a: int?, ..}) | filter a > 0"
        => "read(\"garbage.csv\", schema: {a: string?, ..}) | filter int?(a) > 0";
    E0502 = 502, "wrong number of fields",
        "A record of the file has more or fewer fields than its header. Mostly a field has the delimiter in it and is not \
         quoted. `on_error: \"skip\"` leaves such records out, and counts them.",
        "read(\"ragged.csv\") | count" => "";
    E0503 = 503, "quote never closed",
        "A quote that begins a field of a CSV file is never closed, so the rest of the file belongs to that field. If \
         quotes mean nothing in this file, read it with `quote: \"\"`.",
        "read(\"unclosed.csv\")" => "";
    E0504 = 504, "not UTF-8",
        "Text is UTF-8 unless `encoding:` says what else it is, and this file has bytes that are not. It was probably written \
         in another encoding. A file that begins with a byte order mark of UTF-16 is read with `encoding: \"utf-16\"`, an \
         old one perhaps with `encoding: \"latin1\"`.",
        "read(\"utf16.csv\")" => "read(\"utf16.csv\", encoding: \"utf-16\")";
    E0505 = 505, "a record is not JSON",
        "Each line of a `.jsonl` file is one JSON value, mostly an object. `NaN`, comments, keys without quotes and commas \
         before a closing brace are not JSON.",
        "read(\"broken.jsonl\")" => "";
    E0506 = 506, "a value of another type in JSON",
        "A value is of another sort than its column: a text where there were numbers. Types that no `schema:` gives are \
         inferred from a sample of the file; what is mixed in the sample is `json`. Read the column as `json` and convert \
         it, or say which type it has.",
        "read(\"mixed.jsonl\", schema: {price: float?, ..}) | filter price > 1"
        => "read(\"mixed.jsonl\", schema: {price: json?, ..}) | filter float?(price) > 1";
    E0507 = 507, "damaged file",
        "A Parquet or Arrow file contradicts itself, or is cut off: it was not written or copied to its end. Write or fetch \
         it again.",
        "read(\"columnar/cut.parquet\")" => "";
    E0508 = 508, "the file is empty or has no header",
        "The first record of a CSV file names its columns, and there is none.",
        "read(\"empty.csv\")" => "";
    E0509 = 509, "a column of a foreign type",
        "A column of a Parquet or Arrow file is of a type that has no counterpart in Pipe, such as intervals of months, \
         unions, or maps whose keys are no texts. Who does not ask for it can read the file: `select` the other columns, \
         or `drop` this one.",
        "read(\"columnar/intervals.arrow\")" => "";
    E0601 = 601, "overflow",
        "An int has 64 bits, and a result that does not fit is an error, never a wrong number. Compute in floats \
         (`float(a) * b`) where that is precise enough. Dates, datetimes and durations have an end, too: datetimes that \
         of the year 294247.",
        "9223372036854775807 + 1" => "9223372036854775807.0 + 1";
    E0602 = 602, "an operation without a result",
        "`//` and `%` by zero, an int to a negative power, and the int root of what is below zero have no int as a \
         result. `/` divides floats and gives `inf` or `nan`.",
        "1..3 | derive x = 6 // (it - 2)" => "1..3 | filter it != 2 | derive x = 6 // (it - 2)";
    E0603 = 603, "a host function failed",
        "A function that the host of the script registered gave an error or panicked, or what it gave to be read from panicked. \
         What it says is in the report.",
        "" => "";
    E0604 = 604, "a conversion failed",
        "The text is not a value of that type. The form with a question mark, `int?(x)`, gives null instead.",
        "int(\"x\")" => "int?(\"x\")";
    E0605 = 605, "an assertion failed",
        "What an `assert` or a test of the script claims is not so.",
        "[3, 1, 7] | assert it < 5" => "[3, 1, 7] | assert it < 8";
    E0606 = 606, "a key is not unique",
        "A join with `unique: true` wants at most one row on the right for each key, so that no row of the left side \
         comes out twice. Make the right side unique before it is joined, or leave the option out.",
        "let t = [{k: 1}, {k: 1}]\n[{k: 1}] | join c = t on k, unique: true"
            => "let t = [{k: 1}, {k: 1}]\n[{k: 1}] | join c = t on k";
    E0607 = 607, "rows out of order",
        "What stands behind `on` in a `window`, and the time of `session`, are to be sorted within each group, ascending \
         and nulls last: otherwise the rows before a row are not those of the time before. Sort the rows before.",
        "[{t: 2}, {t: 1}] | window n = count(range: -5..0) on t"
        => "[{t: 2}, {t: 1}] | sort t | window n = count(range: -5..0) on t";
    E0701 = 701, "no such file",
        "The file is not there, or may not be read. A path is looked up from where the program was started.",
        "read(\"missing.csv\")" => "read(\"orders.csv\")";
    E0702 = 702, "output failed",
        "What was to be written could not be: the disk is full, or the target may not be written.",
        "" => "";
    E0703 = 703, "unknown format",
        "The format of a file follows from its extension, or from the option `format`.",
        "read(\"orders.txt\")" => "read(\"orders.txt\", format: \"csv\")";
    E0704 = 704, "not a module",
        "`import` names a file of Pipe, whose name ends in `.pipe`. A table is read with `read(…)`.",
        "import \"data.csv\"" => "let data = read(\"orders.csv\")";
    E0705 = 705, "parameter of the script",
        "The parameters of a script stand after its file: `pipe report.pipe --year 2024`. Each has the type that its \
         `param` says, and is required if that has no default. A list is given once for each value, or as a script has it: \
         `--ids '[1, 2]'`. `pipe report.pipe --help` lists them.",
        "param year: int\nyear" => "param year: int = 2024\nyear";
    E0801 = 801, "a limit was reached",
        "Scripts run under limits of nesting, size, rows, memory and time, so that one that was given to a host cannot \
         harm it. The report names the limit, and the host sets it.",
        "" => "";
    E0802 = 802, "interrupted",
        "The run was cancelled. What was written before is exact.",
        "" => "";
    E0901 = 901, "internal error",
        "This is a bug in Pipe, not in your script. Please report it with the script.",
        "" => "";
    E0902 = 902, "not there yet",
        "The language has this, but this version of Pipe does not.",
        "[{a: [1, 2]}] | map (a | take 1 by it)" => "";
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
