//! What other languages and tools call the things of Pipe: one table for stages, one for functions and reducers. An
//! alias is never accepted; it names what is meant, so that an error can offer it.
//!
//! Names are looked up without case, underscores and hyphens (`toUpperCase`, `to_upper_case`), so rows are written without.

/// The stages of the language, those included that this version does not have yet.
pub const STAGES: &[&str] = &[
    "filter",
    "derive",
    "select",
    "drop",
    "rename",
    "map",
    "sort",
    "take",
    "skip",
    "take_while",
    "skip_while",
    "distinct",
    "sample",
    "aggregate",
    "window",
    "pivot",
    "unpivot",
    "nest",
    "explode",
    "flat_map",
    "parse",
    "join",
    "left_join",
    "full_join",
    "semi_join",
    "anti_join",
    "asof_join",
    "cross_join",
    "union",
    "scan",
    "fold",
    "assert",
    "tee",
    "write",
    "describe",
];

/// Names of stages elsewhere, and the stage or reducer that is meant.
const STAGE_ALIASES: &[(&str, &str)] = &[
    // SQL
    ("where", "filter"),
    ("having", "filter"),
    ("orderby", "sort"),
    ("limit", "take"),
    ("fetch", "take"),
    ("offset", "skip"),
    ("innerjoin", "join"),
    ("leftouterjoin", "left_join"),
    ("outerjoin", "full_join"),
    ("fullouterjoin", "full_join"),
    ("crossapply", "flat_map"),
    ("unionall", "union"),
    ("avg", "mean"),
    // pandas, Polars, R
    ("query", "filter"),
    ("assign", "derive"),
    ("withcolumn", "derive"),
    ("withcolumns", "derive"),
    ("mutate", "derive"),
    ("agg", "aggregate"),
    ("summarize", "aggregate"),
    ("summarise", "aggregate"),
    ("head", "take"),
    ("slicehead", "take"),
    ("sortvalues", "sort"),
    ("sortby", "sort"),
    ("arrange", "sort"),
    ("order", "sort"),
    ("unique", "distinct"),
    ("dropduplicates", "distinct"),
    ("merge", "join"),
    ("melt", "unpivot"),
    ("pivotlonger", "unpivot"),
    ("pivotwider", "pivot"),
    ("unnest", "explode"),
    ("concat", "union"),
    ("bindrows", "union"),
    ("nrow", "count"),
    ("average", "mean"),
    // KQL
    ("extend", "derive"),
    ("project", "select"),
    ("mvexpand", "explode"),
    ("lookup", "left_join"),
    // Nushell, the shell, jq
    ("insert", "derive"),
    ("upsert", "derive"),
    ("get", "select"),
    ("projectaway", "drop"),
    ("reject", "drop"),
    ("uniq", "distinct"),
    ("uniqby", "distinct"),
    ("each", "map"),
    ("foreach", "map"),
    ("flatten", "explode"),
    ("append", "union"),
    ("reduce", "fold"),
    ("length", "count"),
    ("save", "write"),
    // JavaScript, Rust, LINQ
    ("filtermap", "flat_map"),
    ("flatmap", "flat_map"),
    ("selectmany", "flat_map"),
    ("takewhile", "take_while"),
    ("dropwhile", "skip_while"),
    ("dedup", "distinct"),
    ("chain", "union"),
    ("len", "count"),
    ("size", "count"),
    ("total", "sum"),
    ("fltr", "filter"),
    ("grep", "filter"),
    ("find", "filter"),
    ("put", "derive"),
    ("update", "derive"),
    ("transform", "derive"),
    ("transmute", "select"),
    ("cut", "select"),
    ("pull", "select"),
    ("apply", "map"),
    ("wc", "count"),
    ("tally", "count"),
];

/// Stages elsewhere that are several here, or something else, with what to do instead.
const STAGE_ADVICE: &[(&str, &str)] = &[
    ("tail", "the last rows are the first ones in the other order: `sort -column | take 3`"),
    ("reverse", "the other order is that of a sort: `sort -column`"),
    ("top", "`sort -column | take 3`"),
    ("nlargest", "`sort -column | take 3`"),
    ("nsmallest", "`sort column | take 3`"),
    ("nth", "`skip 4 | take 1` has the fifth row"),
    ("slice", "`skip 2 | take 3` has the rows from the third on"),
    ("iloc", "`skip 2 | take 3` has the rows from the third on"),
    ("valuecounts", "`aggregate n = count() by column | sort -n`"),
    ("countby", "`aggregate n = count() by column`"),
    ("dropna", "`filter column != null` keeps the rows that have a value there"),
    ("fillna", "`derive column = column ?? 0` gives what is null a value"),
    ("fillnull", "`derive column = column ?? 0` gives what is null a value"),
    ("cumsum", "`window total = sum(column, rows: ..0)` adds up the rows so far"),
    ("cumcount", "`window n = row_number()` counts the rows so far"),
    ("shift", "`window before = lag(column)` has the row before"),
    ("diff", "`window change = column - lag(column)` compares with the row before"),
    ("split", "`derive parts = split(column, \",\")`, and `explode parts` for a row for each of them"),
    ("replace", "`derive column = replace(column, \"old\", \"new\")`"),
    ("print", "leave it out: what comes of the last stage is shown"),
    ("show", "leave it out: what comes of the last stage is shown"),
    ("display", "leave it out: what comes of the last stage is shown"),
    ("collect", "leave it out: what comes of the last stage is shown"),
    ("to", "`write \"file.json\"` writes a file; how results are shown is said by `pipe --format json`"),
    ("tojson", "`write \"file.json\"` writes a file; how results are shown is said by `pipe --format json`"),
    ("tocsv", "`write \"file.csv\"` writes a file; how results are shown is said by `pipe --format csv`"),
];

/// Functions and reducers elsewhere: the name that is meant, or a form with the arguments in their order, `$1`, `$2`.
/// The first row with as many arguments as the call has is taken; a plain name takes any number.
const FUNCTION_ALIASES: &[(&str, &str)] = &[
    // Null
    ("nvl", "($1 ?? $2)"),
    ("ifnull", "($1 ?? $2)"),
    ("isnull", "($1 == null)"),
    ("isnull", "($1 ?? $2)"),
    ("fillna", "($1 ?? $2)"),
    ("fillnull", "($1 ?? $2)"),
    ("replacena", "($1 ?? $2)"),
    ("unwrapor", "($1 ?? $2)"),
    ("zeroifnull", "($1 ?? 0)"),
    ("isna", "($1 == null)"),
    ("isempty", "($1 == \"\")"),
    ("isnotnull", "($1 != null)"),
    ("notnull", "($1 != null)"),
    ("notna", "($1 != null)"),
    ("isnotempty", "($1 != \"\")"),
    // Conditions
    ("iif", "(if $1 { $2 } else { $3 })"),
    ("iff", "(if $1 { $2 } else { $3 })"),
    ("if", "(if $1 { $2 } else { $3 })"),
    ("ifelse", "(if $1 { $2 } else { $3 })"),
    ("where", "(if $1 { $2 } else { $3 })"),
    ("and", "($1 and $2)"),
    ("or", "($1 or $2)"),
    ("between", "($1 in $2..$3)"),
    ("isin", "($1 in $2)"),
    ("xor", "($1 != $2)"),
    // Text
    ("length", "len"),
    ("charlength", "len"),
    ("strlen", "len"),
    ("nchar", "len"),
    ("ucase", "upper"),
    ("upcase", "upper"),
    ("toupper", "upper"),
    ("touppercase", "upper"),
    ("asciiupcase", "upper"),
    ("lcase", "lower"),
    ("downcase", "lower"),
    ("tolower", "lower"),
    ("tolowercase", "lower"),
    ("asciidowncase", "lower"),
    ("initcap", "title"),
    ("capitalize", "title"),
    ("proper", "title"),
    ("strip", "trim"),
    ("ltrim", "trim_start"),
    ("lstrip", "trim_start"),
    ("rtrim", "trim_end"),
    ("rstrip", "trim_end"),
    ("startswith", "starts_with"),
    ("strstarts", "starts_with"),
    ("endswith", "ends_with"),
    ("strends", "ends_with"),
    ("includes", "contains"),
    ("strcontains", "contains"),
    ("instr", "contains"),
    ("has", "contains"),
    ("strdetect", "matches"),
    ("grepl", "matches"),
    ("regexplike", "matches"),
    ("regexpmatches", "matches"),
    ("ismatch", "matches"),
    ("strreplace", "replace"),
    ("replaceall", "replace"),
    ("regexpreplace", "replace"),
    ("gsub", "replace"),
    ("substitute", "replace"),
    ("regexpextract", "extract"),
    ("strsplit", "split"),
    ("stringsplit", "split"),
    ("lpad", "pad_left"),
    ("padstart", "pad_left"),
    ("rpad", "pad_right"),
    ("padend", "pad_right"),
    ("concatenate", "f\"{$1}{$2}\""),
    ("concatenate", "f\"{$1}{$2}{$3}\""),
    ("paste0", "f\"{$1}{$2}\""),
    ("strcat", "f\"{$1}{$2}\""),
    ("strcat", "f\"{$1}{$2}{$3}\""),
    // Numbers
    ("ceiling", "ceil"),
    ("fabs", "abs"),
    ("log", "ln"),
    ("power", "pow"),
    ("truncate", "trunc"),
    ("mod", "($1 % $2)"),
    ("div", "($1 // $2)"),
    ("intdiv", "($1 // $2)"),
    ("signum", "sign"),
    ("sgn", "sign"),
    ("max2", "greatest"),
    ("min2", "least"),
    ("isnan", "is_nan"),
    // Conversions
    ("toint", "int"),
    ("tointeger", "int"),
    ("asinteger", "int"),
    ("parseint", "int"),
    ("tolong", "int"),
    ("integer", "int"),
    ("tofloat", "float"),
    ("tonumber", "float"),
    ("todouble", "float"),
    ("tonumeric", "float"),
    ("asnumeric", "float"),
    ("parsefloat", "float"),
    ("double", "float"),
    ("number", "float"),
    ("numeric", "float"),
    ("tostring", "string"),
    ("ascharacter", "string"),
    ("str", "string"),
    ("text", "string"),
    ("tobool", "bool"),
    ("boolean", "bool"),
    ("todate", "date"),
    ("strtodate", "date"),
    ("asdate", "date"),
    ("ymd", "date"),
    ("parsedate", "date"),
    ("date", "make_date($1, $2, $3)"),
    ("datetime", "(datetime(make_date($1, $2, $3)) + $4 * 1h + $5 * 1min)"),
    ("datetime", "(datetime(make_date($1, $2, $3)) + $4 * 1h + $5 * 1min + $6 * 1s)"),
    ("todatetime", "datetime"),
    ("totimestamp", "datetime"),
    ("timestamp", "datetime"),
    ("strptime", "datetime"),
    // Dates
    ("strftime", "format_date"),
    ("dateformat", "format_date"),
    ("formatdatetime", "format_date"),
    ("tochar", "format_date"),
    ("datediff", "($1 - $2)"),
    ("dayofweek", "weekday"),
    ("wday", "weekday"),
    ("dow", "weekday"),
    ("dayofyear", "day_of_year"),
    ("yday", "day_of_year"),
    ("dayofmonth", "day"),
    ("weekofyear", "week"),
    ("isoweek", "week"),
    ("edate", "add_months"),
    ("getdate", "now"),
    ("sysdate", "now"),
    ("currenttimestamp", "now"),
    ("currentdate", "today"),
    // Reducers
    ("avg", "mean"),
    ("average", "mean"),
    ("total", "sum"),
    ("n", "count"),
    ("nrow", "count"),
    ("ndistinct", "count_distinct"),
    ("nunique", "count_distinct"),
    ("dcount", "count_distinct"),
    ("countdistinct", "count_distinct"),
    ("countunique", "count_distinct"),
    ("approxcountdistinct", "count_distinct"),
    ("countif", "count_if"),
    ("sumif", "sum($1, where: $2)"),
    ("avgif", "mean($1, where: $2)"),
    ("averageif", "mean($1, where: $2)"),
    ("std", "stddev"),
    ("stdev", "stddev"),
    ("sd", "stddev"),
    ("stddevsamp", "stddev"),
    ("var", "variance"),
    ("varsamp", "variance"),
    ("percentile", "quantile"),
    ("percentilecont", "quantile"),
    ("collectlist", "list"),
    ("makelist", "list"),
    ("arrayagg", "list"),
    ("makeset", "set"),
    ("collectset", "set"),
    ("stringagg", "string_join"),
    ("groupconcat", "string_join"),
    ("listagg", "string_join"),
    ("argmax", "arg_max"),
    ("maxby", "arg_max"),
    ("argmin", "arg_min"),
    ("minby", "arg_min"),
    ("anyvalue", "first"),
    ("firstvalue", "first"),
    ("lastvalue", "last"),
    ("every", "all"),
    ("some", "any"),
    // Others
    ("typeof", "type_of"),
    ("random", "rand"),
    ("readcsv", "read"),
    ("readtable", "read"),
    ("readparquet", "read"),
    ("readjson", "read"),
    ("loadcsv", "read"),
    ("scancsv", "read"),
    ("open", "read"),
    ("load", "read"),
    ("fromcsv", "read"),
    ("from", "read"),
    ("cat", "read"),
];

/// Words that call something elsewhere and mean nothing in Pipe, with what to do instead.
const ADVICE: &[(&str, &str)] = &[
    ("substr", "`slice(s, from, to)` counts from 0, and what stands at `to` is left out: `slice(s, 0, 3)`"),
    ("substring", "`slice(s, from, to)` counts from 0, and what stands at `to` is left out: `slice(s, 0, 3)`"),
    ("mid", "`slice(s, from, to)` counts from 0, and what stands at `to` is left out: `slice(s, 0, 3)`"),
    ("left", "`slice(s, 0, n)` has the first characters"),
    ("right", "`slice(s, len(s) - n, len(s))` has the last characters"),
    ("print", "a value on a line of its own is shown"),
    ("println", "a value on a line of its own is shown"),
    ("echo", "a value on a line of its own is shown"),
    ("casewhen", "`if a { 1 } else if b { 2 } else { 3 }`"),
    ("switch", "`if a { 1 } else if b { 2 } else { 3 }`, or `match x { 1 => \"one\", _ => \"other\" }`"),
    ("cast", "a conversion is a function named after its type: `int(x)`, `float(x)`, `string(x)`, `date(x)`"),
    ("trycast", "a conversion with a `?` gives null where it fails: `int?(x)`"),
    ("convert", "a conversion is a function named after its type: `int(x)`, `float(x)`, `string(x)`, `date(x)`"),
    ("astype", "a conversion is a function named after its type: `int(x)`, `float(x)`, `string(x)`, `date(x)`"),
    ("datetrunc", "`bin(t, 1h)`, `month_start(d)` and `year_start(d)` round down"),
    ("dateadd", "`d + 7d` adds days; `add_months(d, 1)` and `add_years(d, 1)` the rest"),
    ("datesub", "`d - 7d` subtracts days; `add_months(d, -1)` and `add_years(d, -1)` the rest"),
    ("vlookup", "`left_join other on key` adds the columns of another table"),
    ("xlookup", "`left_join other on key` adds the columns of another table"),
    ("nullif", "`if x == y { null } else { x }`"),
    ("lambda", "a lambda is written `x => x + 1`"),
];

/// Options of `read` elsewhere.
const OPTION_ALIASES: &[(&str, &str)] = &[
    ("sep", "delimiter"),
    ("separator", "delimiter"),
    ("delim", "delimiter"),
    ("fieldsep", "delimiter"),
    ("quotechar", "quote"),
    ("quotechr", "quote"),
    ("commentchar", "comment"),
    ("skiprows", "skip"),
    ("hasheader", "header"),
    ("colnames", "header"),
    ("navalues", "null_values"),
    ("nullstr", "null_values"),
    ("na", "null_values"),
    ("dtype", "schema"),
    ("dtypes", "schema"),
    ("types", "schema"),
    ("coltypes", "schema"),
    ("columns", "schema"),
];

/// Types elsewhere.
const TYPE_ALIASES: &[(&str, &str)] = &[
    ("integer", "int"),
    ("bigint", "int"),
    ("smallint", "int"),
    ("long", "int"),
    ("i32", "int"),
    ("i64", "int"),
    ("u64", "int"),
    ("usize", "int"),
    ("int32", "int"),
    ("int64", "int"),
    ("double", "float"),
    ("real", "float"),
    ("numeric", "float"),
    ("number", "float"),
    ("f32", "float"),
    ("f64", "float"),
    ("float64", "float"),
    ("varchar", "string"),
    ("char", "string"),
    ("text", "string"),
    ("str", "string"),
    ("boolean", "bool"),
    ("logical", "bool"),
    ("timestamp", "datetime"),
    ("interval", "duration"),
    ("timedelta", "duration"),
];

/// Methods that turn a collection into something that can be walked, or back: a pipe needs none of them.
const NOTHING: &[&str] = &["iter", "intoiter", "collect", "tolist", "toarray", "lazy", "copy", "resetindex", "compute"];

/// What Pipe calls an option of `read`.
pub fn option(word: &str) -> Option<&'static str> {
    find(OPTION_ALIASES, word)
}

/// What Pipe calls a type.
pub fn type_name(word: &str) -> Option<&'static str> {
    find(TYPE_ALIASES, word)
}

/// Whether a method elsewhere does what a pipe does by itself.
pub fn is_nothing(word: &str) -> bool {
    NOTHING.contains(&&*plain(word))
}

fn find(table: &[(&str, &'static str)], word: &str) -> Option<&'static str> {
    let word = plain(word);
    table.iter().find(|(alias, _)| *alias == word).map(|(_, meant)| *meant)
}

/// What to do in place of a stage that other languages have.
pub fn stage_advice(word: &str) -> Option<&'static str> {
    find(STAGE_ADVICE, word)
}

/// The stage or reducer that a word means as a stage.
pub fn stage(word: &str) -> Option<&'static str> {
    find(STAGE_ALIASES, word)
}

/// The name, or the form with places for arguments, that a function called with so many arguments means.
pub fn function(word: &str, arguments: usize) -> Option<&'static str> {
    let word = plain(word);
    let fits = |form: &str| places(form).is_none_or(|places| places == arguments);
    FUNCTION_ALIASES.iter().find(|(alias, form)| *alias == word && fits(form)).map(|(_, form)| *form)
}

/// How many arguments a form takes; none of a plain name, which takes any number.
pub fn places(form: &str) -> Option<usize> {
    let count = form.matches('$').count();
    (count > 0).then_some(count)
}

/// What to do instead of calling a function that other languages have.
pub fn advice(word: &str) -> Option<&'static str> {
    find(ADVICE, word)
}

fn plain(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_are_found_however_they_are_spelled() {
        assert_eq!(stage("ORDER_BY"), Some("sort"));
        assert_eq!(function("toUpperCase", 1), Some("upper"));
        assert_eq!(function("isnull", 1), Some("($1 == null)"));
        assert_eq!(function("isnull", 2), Some("($1 ?? $2)"));
        assert_eq!(function("nvl", 3), None);
        assert!(advice("SUBSTR").is_some());
    }

    #[test]
    fn rows_are_written_plainly_and_lead_to_stages() {
        let tables = [STAGE_ALIASES, STAGE_ADVICE, FUNCTION_ALIASES, ADVICE, OPTION_ALIASES, TYPE_ALIASES];
        for (alias, meant) in tables.into_iter().flatten() {
            assert_eq!(plain(alias), *alias, "{alias} → {meant}");
        }
        for (alias, meant) in STAGE_ALIASES {
            let is_reducer = ["mean", "count", "sum"].contains(meant);
            assert!(is_reducer || STAGES.contains(meant), "{alias} → {meant}");
            assert!(!STAGES.contains(alias), "{alias} is a stage");
        }
    }
}
