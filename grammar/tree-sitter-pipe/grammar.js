/**
 * The grammar of Pipe for tree-sitter. `../pipe.ebnf` is normative; this one is a little more liberal, for an editor
 * shows scripts that are being typed. Which newline ends a statement, and what an opening bracket is where that takes a
 * look ahead, is decided in `src/scanner.c`.
 */

/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

// Tighter binds stronger.
const LEVEL = {
  or: 1,
  and: 2,
  not: 3,
  comparison: 4,
  coalesce: 5,
  range: 6,
  sum: 7,
  product: 8,
  unary: 9,
  power: 10,
  postfix: 11,
};

// The reserved words, in the order of the lexer's; a test holds them to those.
const RESERVED = [
  'let', 'fn', 'if', 'else', 'match', 'in', 'and', 'or', 'not', 'true', 'false', 'null', 'it', 'by', 'on',
];

const ESCAPE = /\\u\{[0-9A-Fa-f]*\}|\\[^\n]/;

const separated = (rule) => seq(rule, repeat(seq(',', rule)));
const listed = (rule) => seq(separated(rule), optional(','));

module.exports = grammar({
  name: 'pipe',

  externals: ($) => [
    $._newline,
    $._block_open,
    $._lambda_open,
    $._wrap_open,
    $._type_word,
    $._param_word,
    $._import_word,
    $._test_word,
    $._error_sentinel,
  ],

  extras: ($) => [/[\s\uFEFF]/, $.comment],

  word: ($) => $.identifier,

  supertypes: ($) => [$._statement, $._expression, $._type, $._pattern],

  rules: {
    script: ($) => seq(repeat(';'), optional($._statements)),

    _end: ($) => choice($._newline, ';'),

    _statements: ($) => seq($._statement, repeat(seq(repeat1($._end), $._statement)), repeat($._end)),

    comment: () => token(/#[^\n]*/),

    // Statements.

    _statement: ($) =>
      choice($.let_statement, $.function, $.parameter, $.type_alias, $.import, $.test, $.pipeline, $._expression),

    let_statement: ($) => seq('let', field('name', $._name), '=', field('value', $._pipeline)),

    function: ($) =>
      seq(
        'fn',
        field('name', $._name),
        '(',
        optional(listed($.function_parameter)),
        ')',
        optional(seq('->', field('result', $._type))),
        field('body', $.block),
      ),

    function_parameter: ($) =>
      seq(field('name', $._name), ':', field('type', $._type), optional(seq('=', field('default', $._expression)))),

    parameter: ($) =>
      seq(
        alias($._param_word, 'param'),
        field('name', $._name),
        ':',
        field('type', $._type),
        optional(seq('=', field('default', $._expression))),
      ),

    type_alias: ($) => seq(alias($._type_word, 'type'), field('name', $._name), '=', field('type', $._type)),

    import: ($) =>
      seq(alias($._import_word, 'import'), field('path', $.string), optional(seq('as', field('alias', $._name)))),

    test: ($) => seq(alias($._test_word, 'test'), field('name', $.string), field('body', $.block)),

    // Also the body of a test, which need not end in an expression.
    block: ($) => seq(alias($._block_open, '{'), repeat($._end), optional($._statements), '}'),

    // Pipelines.

    _pipeline: ($) => choice($.pipeline, $._expression),

    pipeline: ($) => seq(field('source', $._expression), repeat1(seq('|', $.stage))),

    stage: ($) =>
      prec.right(
        seq(
          field('name', alias($.path, $.stage_name)),
          optional(choice($.call_arguments, $.wrapped_arguments, $.arguments)),
          repeat(choice($.by_clause, $.on_clause)),
        ),
      ),

    arguments: ($) => separated($._argument),

    call_arguments: ($) => seq(token.immediate('('), optional(listed($._argument)), ')'),

    wrapped_arguments: ($) => seq(alias($._wrap_open, '('), listed($._argument), ')'),

    by_clause: ($) => seq('by', separated($._argument)),
    on_clause: ($) => seq('on', separated($._argument)),

    _argument: ($) => choice($.schema_argument, $.option_argument, $.column_argument, $.lambda, $._expression),

    schema_argument: ($) => prec(1, seq(field('name', alias('schema', $.identifier)), ':', field('value', $._type))),

    option_argument: ($) => seq(field('name', $._name), ':', field('value', choice($.lambda, $._expression))),

    column_argument: ($) => seq(field('name', $._name), '=', field('value', choice($.lambda, $._expression))),

    lambda: ($) => seq(field('parameters', $.lambda_parameters), '=>', field('body', $._expression)),

    lambda_parameters: ($) => choice($._name, seq(alias($._lambda_open, '('), optional(listed($._name)), ')')),

    // Names. `schema` is one, but before the `:` of an argument.

    identifier: () => /[A-Za-z_][A-Za-z0-9_]*/,

    quoted_identifier: () => /`[^`\n]+`/,

    _name: ($) => choice($.identifier, $.quoted_identifier, alias('schema', $.identifier)),

    path: ($) => seq($._name, repeat(seq('::', $._name))),

    // `int?`, before a `(`.
    safe_name: ($) => seq($.identifier, token.immediate('?')),

    _function_path: ($) => seq(repeat(seq($._name, '::')), choice($._name, $.safe_name)),

    // Expressions.

    _expression: ($) =>
      choice(
        $.binary_expression,
        $.unary_expression,
        $.range,
        $.field_expression,
        $.method_call,
        $.index_expression,
        $.call,
        $.module_value,
        $._name,
        $.parenthesized,
        $.list,
        $.record,
        $.map,
        $.interpolated,
        $.if_expression,
        $.match_expression,
        $._literal,
      ),

    binary_expression: ($) => {
      const left = (level, operator) =>
        prec.left(
          level,
          seq(field('left', $._expression), field('operator', operator), field('right', $._expression)),
        );
      return choice(
        left(LEVEL.or, 'or'),
        left(LEVEL.and, 'and'),
        left(LEVEL.comparison, choice('==', '!=', '<', '<=', '>', '>=', '~', 'in', $.not_in)),
        left(LEVEL.coalesce, '??'),
        left(LEVEL.sum, choice('+', '-')),
        left(LEVEL.product, choice('*', '/', '//', '%')),
        prec.right(
          LEVEL.power,
          seq(field('left', $._expression), field('operator', '**'), field('right', $._expression)),
        ),
      );
    },

    not_in: () => seq('not', 'in'),

    unary_expression: ($) =>
      choice(prec(LEVEL.not, seq('not', $._expression)), prec(LEVEL.unary, seq('-', $._expression))),

    range: ($) =>
      prec.right(
        LEVEL.range,
        choice(
          seq(field('start', $._expression), choice('..', '..<'), optional(field('end', $._expression))),
          seq(choice('..', '..<'), field('end', $._expression)),
        ),
      ),

    field_expression: ($) =>
      prec.left(
        LEVEL.postfix,
        seq(field('value', $._expression), choice('.', '?.'), field('field', alias($._member, $.field_name))),
      ),

    _member: ($) => choice($.identifier, $.quoted_identifier),

    method_call: ($) =>
      prec.left(
        LEVEL.postfix,
        seq(
          field('receiver', $._expression),
          choice('.', '?.'),
          field('function', alias($._method_path, $.function_name)),
          field('arguments', $.call_arguments),
        ),
      ),

    _method_path: ($) =>
      choice($._member, $.safe_name, seq($._member, '::', $._function_path)),

    call: ($) =>
      prec.left(
        LEVEL.postfix,
        seq(field('function', alias($._function_path, $.function_name)), field('arguments', $.call_arguments)),
      ),

    // A `let` of a module.
    module_value: ($) => seq(repeat1(seq($._name, '::')), $._name),

    index_expression: ($) =>
      prec.left(
        LEVEL.postfix,
        seq(field('value', $._expression), token.immediate('['), field('index', $._expression), ']', optional('?')),
      ),

    parenthesized: ($) => seq('(', $._pipeline, ')'),

    list: ($) => seq('[', optional(listed($._expression)), ']'),

    record: ($) => seq('{', optional(listed(choice($.spread, $.field, $._short_field))), '}'),

    spread: ($) => seq('...', $._expression),

    field: ($) => seq(field('name', $._field_name), ':', field('value', $._expression)),

    _short_field: ($) => choice($._name, $.field_expression),

    // Before a `:` any word is a name.
    _field_name: ($) => choice($._name, ...RESERVED.map((word) => alias(word, $.identifier))),

    map: ($) => seq('{', listed($.entry), '}'),

    entry: ($) => seq(field('key', $.string), ':', field('value', $._expression)),

    if_expression: ($) =>
      seq(
        'if',
        field('condition', $._expression),
        field('then', $.block),
        'else',
        field('otherwise', choice($.block, $.if_expression)),
      ),

    match_expression: ($) =>
      seq(
        'match',
        field('subject', $._expression),
        alias($._block_open, '{'),
        repeat($._end),
        optional(seq($.arm, repeat(seq(repeat1(choice(',', $._end)), $.arm)), repeat(choice(',', $._end)))),
        '}',
      ),

    arm: ($) =>
      seq(
        field('pattern', $._pattern),
        optional(seq('if', field('guard', $._expression))),
        '=>',
        field('value', $._expression),
      ),

    // Patterns.

    _pattern: ($) => choice($.alternatives, $._single_pattern),

    alternatives: ($) => seq($._single_pattern, repeat1(seq('or', $._single_pattern))),

    _single_pattern: ($) => choice($._name, $._signed, $.range_pattern, $.record_pattern),

    _signed: ($) => choice($._constant, $.negative),

    negative: ($) => seq('-', $._constant),

    range_pattern: ($) =>
      prec.right(choice(seq($._signed, choice('..', '..<'), optional($._signed)), seq(choice('..', '..<'), $._signed))),

    record_pattern: ($) => seq('{', optional(listed($.field_pattern)), '}'),

    field_pattern: ($) =>
      choice(field('name', $._name), seq(field('name', $._field_name), ':', field('pattern', $._pattern))),

    // Types.

    _type: ($) => choice($.named_type, $.generic_type, $.list_type, $.record_type, $.function_type, $.nullable_type),

    named_type: ($) => $.path,

    generic_type: ($) => seq(field('name', $._name), '<', $._type, '>'),

    list_type: ($) => seq('[', $._type, ']'),

    record_type: ($) =>
      seq('{', optional(choice('..', seq(separated($.field_type), optional(seq(',', '..'))))), optional(','), '}'),

    field_type: ($) => seq(field('name', $._field_name), ':', field('type', $._type)),

    function_type: ($) => seq('fn', '(', optional(listed($._type)), ')', '->', field('result', $._type)),

    nullable_type: ($) => prec(1, seq($._type, '?')),

    // Literals.

    _literal: ($) => choice($._constant, $.it),

    _constant: ($) =>
      choice(
        $.integer,
        $.float,
        $.duration,
        $.date,
        $.datetime,
        $.string,
        $.raw_string,
        $.true,
        $.false,
        $.null,
      ),

    integer: () => token(choice(/[0-9][0-9_]*/, /0[xX][0-9A-Fa-f_]+/)),

    float: () => token(choice(/[0-9][0-9_]*\.[0-9][0-9_]*([eE][+-]?[0-9][0-9_]*)?/, /[0-9][0-9_]*[eE][+-]?[0-9][0-9_]*/)),

    duration: () => token(/[0-9][0-9_]*(ms|s|min|h|d|w)/),

    date: () => token(/@[0-9]{4}-[0-9]{2}-[0-9]{2}/),

    datetime: () =>
      token(/@[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?/),

    true: () => 'true',
    false: () => 'false',
    null: () => 'null',
    it: () => 'it',

    string: ($) => seq('"', repeat(choice(token.immediate(prec(1, /[^"\\\n]+/)), $.escape)), token.immediate('"')),

    escape: () => token.immediate(ESCAPE),

    raw_string: () => token(/r"[^"\n]*"/),

    interpolated: ($) => seq('f"', repeat(choice($.format_text, $.hole)), token.immediate('"')),

    format_text: ($) => prec.right(repeat1(choice(token.immediate(prec(1, /[^"\\{}\n]+/)), alias($._format_escape, $.escape)))),

    _format_escape: () => token.immediate(choice(ESCAPE, '{{', '}}')),

    hole: ($) =>
      seq(
        token.immediate('{'),
        field('value', $._expression),
        optional(seq(':', optional(field('format', alias(token.immediate(prec(1, /[^}"\n]+/)), $.format))))),
        '}',
      ),
  },
});
