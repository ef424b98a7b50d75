; Colours for Pipe. Later patterns win where two of them match a node.

(comment) @comment

[
  "let"
  "fn"
  "type"
  "param"
  "import"
  "as"
  "test"
] @keyword

[
  "if"
  "else"
  "match"
] @keyword.conditional

[
  "and"
  "or"
  "not"
  (not_in)
  "in"
] @keyword.operator

[
  "by"
  "on"
] @keyword

[
  "+" "-" "*" "/" "//" "%" "**"
  "==" "!=" "<" "<=" ">" ">=" "~"
  "??" ".." "..<" "..." "=" "=>" "->"
] @operator

"|" @operator
(nullable_type "?" @operator)
(index_expression "?" @operator)

["(" ")" "[" "]" "{" "}"] @punctuation.bracket
["," ";" ":" "::" "." "?."] @punctuation.delimiter
(hole ["{" "}"] @punctuation.special)

(identifier) @variable
(quoted_identifier) @variable
(it) @variable.builtin

(integer) @number
(float) @number.float
[(duration) (date) (datetime)] @number
[(true) (false)] @boolean
(null) @constant.builtin
(string) @string
(raw_string) @string
(interpolated ["f\"" "\""] @string)
(format_text) @string
(format) @string.special
(escape) @string.escape

(stage_name (_) @function.builtin)
(function_name (_) @function.call)
(function name: (_) @function)
(function_parameter name: (_) @variable.parameter)
(lambda_parameters (_) @variable.parameter)
(parameter name: (_) @variable.parameter)

(field_name (_) @variable.member)
(field name: (_) @variable.member)
(field_pattern name: (_) @variable.member)
(field_type name: (_) @variable.member)
(column_argument name: (_) @variable.member)
(option_argument name: (_) @property)
(schema_argument name: (_) @property)

(named_type (path (_) @type))
(generic_type name: (_) @type)
(type_alias name: (_) @type.definition)
(import alias: (_) @module)
