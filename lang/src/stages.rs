//! The table of stages: what scripts may write behind a pipe, and all that is particular to one of them. How each is
//! checked stands in `check/stage.rs`.

/// A stage as scripts see it.
#[derive(Debug)]
pub struct StageDef {
    /// Which it is.
    pub kind: StageKind,
    /// Its name.
    pub name: &'static str,
    /// One sentence.
    pub doc: &'static str,
    /// How it is written.
    pub signature: &'static str,
    /// What may stand behind its name.
    pub takes: Takes,
    /// Which columns it looks at.
    pub sees: Sees,
    /// Whether lists that are values have it too: `(order.items | filter qty > 2)`.
    pub of_lists: bool,
}

/// What may stand behind the name of a stage.
#[derive(Clone, Copy, Debug)]
pub struct Takes {
    /// What its arguments are.
    pub arguments: Arguments,
    /// Whether it does something without any.
    pub alone: bool,
    /// Whether it takes `by`.
    pub by: By,
    /// Whether it takes `on`.
    pub on: bool,
}

/// What the arguments of a stage mostly are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arguments {
    /// A condition, where `name = value` can only be meant as `==`.
    Condition,
    /// Values, alone or with a name.
    Value,
    /// Names of columns.
    Columns,
    /// The name of a file.
    File,
    /// Something of its own.
    Other,
}

/// What the keys behind `by` are to a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// It takes none.
    Never,
    /// They say which rows belong together.
    Groups,
    /// They are columns of what comes out, too, so that each has a name.
    Columns,
}

/// Which columns a stage looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sees {
    /// Those that it names; it carries the others along or drops them.
    Named,
    /// Its keys, or all columns where it has none.
    KeysOrAll,
    /// All columns, whatever it names.
    All,
}

/// Which stage it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table says what each does")]
pub enum StageKind {
    Filter,
    Derive,
    Select,
    Drop,
    Rename,
    Map,
    Sort,
    Take,
    Skip,
    TakeWhile,
    SkipWhile,
    Distinct,
    Sample,
    Aggregate,
    Window,
    Pivot,
    Unpivot,
    Nest,
    Explode,
    FlatMap,
    Parse,
    Join,
    LeftJoin,
    FullJoin,
    SemiJoin,
    AntiJoin,
    AsofJoin,
    CrossJoin,
    Union,
    Scan,
    Fold,
    Assert,
    Tee,
    Write,
    Describe,
}

/// The stage of that name.
pub fn named(name: &str) -> Option<&'static StageDef> {
    STAGES.iter().find(|def| def.name == name)
}

/// The stages that there are.
pub const STAGES: &[StageDef] = &[
    StageDef {
        kind: StageKind::Filter,
        name: "filter",
        doc: "Keeps the rows for which a condition is true.",
        signature: "filter condition",
        takes: Takes { arguments: Arguments::Condition, alone: false, by: By::Never, on: false },
        sees: Sees::Named,
        of_lists: true,
    },
    StageDef {
        kind: StageKind::Derive,
        name: "derive",
        doc: "Adds columns, or redefines some, from each row.",
        signature: "derive name = value, …",
        takes: Takes { arguments: Arguments::Value, alone: false, by: By::Never, on: false },
        sees: Sees::Named,
        of_lists: true,
    },
    StageDef {
        kind: StageKind::Select,
        name: "select",
        doc: "Keeps these columns only, in this order.",
        signature: "select column, name = value, …",
        takes: Takes { arguments: Arguments::Columns, alone: false, by: By::Never, on: false },
        sees: Sees::Named,
        of_lists: true,
    },
    StageDef {
        kind: StageKind::Drop,
        name: "drop",
        doc: "Leaves out columns.",
        signature: "drop column, …",
        takes: Takes { arguments: Arguments::Columns, alone: false, by: By::Never, on: false },
        sees: Sees::Named,
        of_lists: false,
    },
    StageDef {
        kind: StageKind::Rename,
        name: "rename",
        doc: "Gives columns other names.",
        signature: "rename new = old, …",
        takes: Takes { arguments: Arguments::Other, alone: false, by: By::Never, on: false },
        sees: Sees::Named,
        of_lists: false,
    },
    StageDef {
        kind: StageKind::Map,
        name: "map",
        doc: "Makes each row a value or a record.",
        signature: "map value",
        takes: Takes { arguments: Arguments::Value, alone: false, by: By::Never, on: false },
        sees: Sees::Named,
        of_lists: true,
    },
    StageDef {
        kind: StageKind::Sort,
        name: "sort",
        doc: "Sorts rows; a leading minus sorts descending, and equal rows keep their order.",
        signature: "sort -key, key, …",
        takes: Takes { arguments: Arguments::Columns, alone: true, by: By::Never, on: false },
        sees: Sees::Named,
        of_lists: true,
    },
    StageDef {
        kind: StageKind::Take,
        name: "take",
        doc: "Gives the first rows and stops; with a `by`, the first of each group.",
        signature: "take count by key, …",
        takes: Takes { arguments: Arguments::Other, alone: false, by: By::Groups, on: false },
        sees: Sees::Named,
        of_lists: true,
    },
    StageDef {
        kind: StageKind::Skip,
        name: "skip",
        doc: "Leaves out the first rows; with a `by`, the first of each group.",
        signature: "skip count by key, …",
        takes: Takes { arguments: Arguments::Other, alone: false, by: By::Groups, on: false },
        sees: Sees::Named,
        of_lists: true,
    },
    StageDef {
        kind: StageKind::TakeWhile,
        name: "take_while",
        doc: "Gives the rows before the first for which a condition is not true, and stops.",
        signature: "take_while condition",
        takes: Takes { arguments: Arguments::Condition, alone: false, by: By::Never, on: false },
        sees: Sees::Named,
        of_lists: true,
    },
    StageDef {
        kind: StageKind::SkipWhile,
        name: "skip_while",
        doc: "Leaves out the rows before the first for which a condition is not true.",
        signature: "skip_while condition",
        takes: Takes { arguments: Arguments::Condition, alone: false, by: By::Never, on: false },
        sees: Sees::Named,
        of_lists: true,
    },
    StageDef {
        kind: StageKind::Distinct,
        name: "distinct",
        doc: "Keeps the first of the rows that are the same, or that have the same keys.",
        signature: "distinct by key, …",
        takes: Takes { arguments: Arguments::Columns, alone: true, by: By::Groups, on: false },
        sees: Sees::KeysOrAll,
        of_lists: false,
    },
    StageDef {
        kind: StageKind::Sample,
        name: "sample",
        doc: "Gives some of the rows by chance, the same for the same seed; with a `by`, so many of each group.",
        signature: "sample n: 100, fraction: 0.01, seed: 1 by key, …",
        takes: Takes { arguments: Arguments::Other, alone: false, by: By::Groups, on: false },
        sees: Sees::Named,
        of_lists: false,
    },
    StageDef {
        kind: StageKind::Aggregate,
        name: "aggregate",
        doc: "Computes reducers, for each group if there is a `by`.",
        signature: "aggregate name = reducer(value), … by key, …",
        takes: Takes { arguments: Arguments::Other, alone: false, by: By::Columns, on: false },
        sees: Sees::Named,
        of_lists: false,
    },
    StageDef {
        kind: StageKind::Window,
        name: "window",
        doc: "Adds columns, or redefines some, from each row and the others of its group: neighbours, ranks, reducers over \
              the group or a frame of it.",
        signature: "window name = reducer(value, rows: first..last), … by key, … on time",
        takes: Takes { arguments: Arguments::Other, alone: false, by: By::Groups, on: true },
        sees: Sees::Named,
        of_lists: false,
    },
    StageDef {
        kind: StageKind::Pivot,
        name: "pivot",
        doc: "Computes reducers for each value of a key, in a column for each.",
        signature: "pivot name = reducer(value), key: column, values: [value, …] by key, …",
        takes: Takes { arguments: Arguments::Other, alone: false, by: By::Columns, on: false },
        sees: Sees::Named,
        of_lists: false,
    },
    StageDef {
        kind: StageKind::Unpivot,
        name: "unpivot",
        doc: "Makes rows of columns: each row once for each of them, with its name and its value.",
        signature: "unpivot [\"column\", …], name: \"name\", value: \"value\"",
        takes: Takes { arguments: Arguments::Other, alone: false, by: By::Never, on: false },
        sees: Sees::All,
        of_lists: false,
    },
    StageDef {
        kind: StageKind::Nest,
        name: "nest",
        doc: "Makes a row of each group, with its rows as a list.",
        signature: "nest name: \"rows\" by key, …",
        takes: Takes { arguments: Arguments::Other, alone: true, by: By::Columns, on: false },
        sees: Sees::All,
        of_lists: false,
    },
    StageDef {
        kind: StageKind::Explode,
        name: "explode",
        doc: "Gives each row once for every item of a list; the other columns stay.",
        signature: "explode name = list, keep: true",
        takes: Takes { arguments: Arguments::Other, alone: false, by: By::Never, on: false },
        sees: Sees::Named,
        of_lists: false,
    },
    StageDef {
        kind: StageKind::FlatMap,
        name: "flat_map",
        doc: "Makes each row any number of rows: the items of a list.",
        signature: "flat_map list",
        takes: Takes { arguments: Arguments::Value, alone: false, by: By::Never, on: false },
        sees: Sees::Named,
        of_lists: true,
    },
    StageDef {
        kind: StageKind::Parse,
        name: "parse",
        doc: "Adds columns from the holes of a template that a text fits.",
        signature: "parse text, \"{name} {size:int}\", on_error: \"skip\"",
        takes: Takes { arguments: Arguments::Other, alone: false, by: By::Never, on: false },
        sees: Sees::Named,
        of_lists: false,
    },
    StageDef {
        kind: StageKind::Join,
        name: "join",
        doc: "Puts each row beside the rows of another table that match it.",
        signature: "join table on key, left == right",
        takes: Takes { arguments: Arguments::Other, alone: false, by: By::Never, on: true },
        sees: Sees::Named,
        of_lists: false,
    },
    StageDef {
        kind: StageKind::LeftJoin,
        name: "left_join",
        doc: "The same, and rows without a match stay, with nulls beside them.",
        signature: "left_join table on key, left == right",
        takes: Takes { arguments: Arguments::Other, alone: false, by: By::Never, on: true },
        sees: Sees::Named,
        of_lists: false,
    },
    StageDef {
        kind: StageKind::FullJoin,
        name: "full_join",
        doc: "The same, and behind them come the other table's rows without a match.",
        signature: "full_join table on key, left == right",
        takes: Takes { arguments: Arguments::Other, alone: false, by: By::Never, on: true },
        sees: Sees::All,
        of_lists: false,
    },
    StageDef {
        kind: StageKind::SemiJoin,
        name: "semi_join",
        doc: "Keeps the rows that have a match in another table.",
        signature: "semi_join table on key, left == right",
        takes: Takes { arguments: Arguments::Other, alone: false, by: By::Never, on: true },
        sees: Sees::Named,
        of_lists: false,
    },
    StageDef {
        kind: StageKind::AntiJoin,
        name: "anti_join",
        doc: "Keeps the rows that have no match in another table.",
        signature: "anti_join table on key, left == right",
        takes: Takes { arguments: Arguments::Other, alone: false, by: By::Never, on: true },
        sees: Sees::Named,
        of_lists: false,
    },
    StageDef {
        kind: StageKind::AsofJoin,
        name: "asof_join",
        doc: "Puts each row beside the last row of another table that is not later.",
        signature: "asof_join table on key, time >= its_time, within: 5min",
        takes: Takes { arguments: Arguments::Other, alone: false, by: By::Never, on: true },
        sees: Sees::Named,
        of_lists: false,
    },
    StageDef {
        kind: StageKind::CrossJoin,
        name: "cross_join",
        doc: "Puts each row beside every row of another table.",
        signature: "cross_join table",
        takes: Takes { arguments: Arguments::Other, alone: false, by: By::Never, on: false },
        sees: Sees::Named,
        of_lists: false,
    },
    StageDef {
        kind: StageKind::Union,
        name: "union",
        doc: "Gives the rows, and behind them those of other tables, by the names of the columns.",
        signature: "union table, …, fill: true",
        takes: Takes { arguments: Arguments::Other, alone: false, by: By::Never, on: false },
        sees: Sees::All,
        of_lists: false,
    },
    StageDef {
        kind: StageKind::Scan,
        name: "scan",
        doc: "Carries a state through the rows and gives each state, alone or as a column.",
        signature: "scan name = first, (state, row) => next",
        takes: Takes { arguments: Arguments::Other, alone: false, by: By::Never, on: false },
        sees: Sees::Named,
        of_lists: true,
    },
    StageDef {
        kind: StageKind::Fold,
        name: "fold",
        doc: "Carries a state through the rows and gives the last one.",
        signature: "fold first, (state, row) => next",
        takes: Takes { arguments: Arguments::Other, alone: false, by: By::Never, on: false },
        sees: Sees::Named,
        of_lists: true,
    },
    StageDef {
        kind: StageKind::Assert,
        name: "assert",
        doc: "Gives all rows, and fails at the first for which a condition is not true.",
        signature: "assert condition, message",
        takes: Takes { arguments: Arguments::Condition, alone: false, by: By::Never, on: false },
        sees: Sees::Named,
        of_lists: false,
    },
    StageDef {
        kind: StageKind::Tee,
        name: "tee",
        doc: "Writes the rows to a file, which is replaced when it is complete, and lets them go on.",
        signature: "tee \"file.csv\", format: \"csv\", compression: \"zstd\"",
        takes: Takes { arguments: Arguments::File, alone: false, by: By::Never, on: false },
        sees: Sees::All,
        of_lists: false,
    },
    StageDef {
        kind: StageKind::Write,
        name: "write",
        doc: "Writes the rows to a file, which is replaced when it is complete.",
        signature: "write \"file.csv\", format: \"csv\", compression: \"zstd\"",
        takes: Takes { arguments: Arguments::File, alone: false, by: By::Never, on: false },
        sees: Sees::All,
        of_lists: false,
    },
    StageDef {
        kind: StageKind::Describe,
        name: "describe",
        doc: "Says of each column how many values and nulls it has, how many differ, and what they are like.",
        signature: "describe",
        takes: Takes { arguments: Arguments::Other, alone: true, by: By::Never, on: false },
        sees: Sees::All,
        of_lists: false,
    },
];
