// What the grammar of tree-sitter cannot say: which newline ends a statement, which words are keywords where they stand,
// and which opening brackets begin the parameters of a lambda or wrap all arguments of a stage. The same is decided by
// `lang/src/syntax/{layout,brackets}.rs`. There is no state between tokens.

#include "tree_sitter/parser.h"

#include <string.h>

enum Token {
  NEWLINE,
  BLOCK_OPEN,
  LAMBDA_OPEN,
  WRAP_OPEN,
  TYPE_WORD,
  PARAM_WORD,
  IMPORT_WORD,
  TEST_WORD,
  ERROR_SENTINEL,
};

// Longer than any keyword.
#define WORD 8
// As deep as brackets may be nested.
#define NESTING 256

static bool is_blank(int32_t c) { return c == ' ' || c == '\t' || c == '\r'; }

static bool is_letter(int32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

static bool is_word(int32_t c) { return is_letter(c) || (c >= '0' && c <= '9'); }

static void go(TSLexer *lexer) { lexer->advance(lexer, false); }

static void skip_blanks(TSLexer *lexer) {
  while (is_blank(lexer->lookahead)) go(lexer);
}

static void skip_line(TSLexer *lexer) {
  while (!lexer->eof(lexer) && lexer->lookahead != '\n') go(lexer);
}

// Over blanks, newlines and comments.
static void skip_space(TSLexer *lexer) {
  for (;;) {
    if (is_blank(lexer->lookahead) || lexer->lookahead == '\n') go(lexer);
    else if (lexer->lookahead == '#') skip_line(lexer);
    else return;
  }
}

// Reads a word; what does not fit is read too, but not kept.
static void read_word(TSLexer *lexer, char word[WORD]) {
  unsigned length = 0;
  while (is_word(lexer->lookahead)) {
    if (length < WORD) word[length] = (char)lexer->lookahead;
    length++;
    go(lexer);
  }
  word[length < WORD ? length : 0] = 0;
}

static bool is_among(const char *word, const char *const words[], unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    if (strcmp(word, words[i]) == 0) return true;
  }
  return false;
}

// Whether a line that begins here goes on from the line before it.
static bool continues(TSLexer *lexer) {
  int32_t first = lexer->lookahead;
  if (is_letter(first)) {
    static const char *const words[] = {"by", "on", "else", "and", "or", "in"};
    char word[WORD];
    read_word(lexer, word);
    if (is_among(word, words, sizeof words / sizeof *words)) return true;
    if (strcmp(word, "not") != 0) return false;
    skip_space(lexer);
    read_word(lexer, word);
    return strcmp(word, "in") == 0;
  }
  go(lexer);
  int32_t second = lexer->lookahead;
  switch (first) {
    case '|': case '*': case '/': case '%': case '+': case '<': case '>': case '~':
      return true;
    case '=': case '!':
      return second == '=';
    case '.':
      return second != '.';
    case '?':
      return second == '?' || second == '.';
    default:
      return false;
  }
}

// The end of a line that ends a statement.
static bool scan_newline(TSLexer *lexer) {
  go(lexer);
  lexer->mark_end(lexer);
  skip_space(lexer);
  lexer->result_symbol = NEWLINE;
  return lexer->eof(lexer) || !continues(lexer);
}

// `type` and `param` with a name behind them, `import` and `test` with a text.
static bool scan_keyword(TSLexer *lexer, const bool *valid) {
  static const char *const words[] = {"type", "param", "import", "test"};
  static const char *const reserved[] = {"let", "fn", "if", "else", "match", "in", "and", "or",
                                         "not", "true", "false", "null", "it", "by", "on"};
  char word[WORD], next[WORD];
  read_word(lexer, word);
  lexer->mark_end(lexer);
  skip_blanks(lexer);
  int32_t first = lexer->lookahead;
  bool names = first == '`';
  if (is_letter(first)) {
    read_word(lexer, next);
    names = !is_among(next, reserved, sizeof reserved / sizeof *reserved);
  }
  for (unsigned i = 0; i < 4; i++) {
    bool fits = i < 2 ? names : first == '"';
    if (valid[TYPE_WORD + i] && fits && strcmp(word, words[i]) == 0) {
      lexer->result_symbol = TYPE_WORD + i;
      return true;
    }
  }
  return false;
}

// From behind the quote of a text to behind its end.
static void skip_text(TSLexer *lexer, int32_t quote, bool escapes) {
  while (!lexer->eof(lexer) && lexer->lookahead != '\n') {
    int32_t c = lexer->lookahead;
    go(lexer);
    if (c == quote) return;
    if (c == '\\' && escapes) go(lexer);
  }
}

// From behind the quote of an interpolated text to behind its end, with the texts and brackets in its holes.
static void skip_interpolated(TSLexer *lexer) {
  bool is_text[NESTING] = {true};
  unsigned depth = 1;
  while (depth > 0 && depth < NESTING && !lexer->eof(lexer) && lexer->lookahead != '\n') {
    int32_t c = lexer->lookahead;
    go(lexer);
    if (is_text[depth - 1]) {
      if (c == '\\') go(lexer);
      else if (c == '"') depth--;
      else if (c == '{' && lexer->lookahead == '{') go(lexer);
      else if (c == '{') is_text[depth++] = false;
    } else if (c == '{') {
      is_text[depth++] = false;
    } else if (c == '}') {
      depth--;
    } else if (c == '`') {
      skip_text(lexer, '`', false);
    } else if (c == '"') {
      skip_text(lexer, '"', true);
    } else if (is_word(c)) {
      bool first = true;
      int32_t last = c;
      while (is_word(lexer->lookahead)) {
        first = false;
        last = lexer->lookahead;
        go(lexer);
      }
      if (!first || lexer->lookahead != '"') continue;
      if (last == 'r') go(lexer), skip_text(lexer, '"', false);
      else if (last == 'f') go(lexer), is_text[depth++] = true;
    }
  }
}

// Goes over one token of whatever stands here that is no bracket. Gives the letter or sign that it begins with, or 'a'
// for a name.
static int32_t skip_token(TSLexer *lexer) {
  int32_t c = lexer->lookahead;
  if (is_word(c)) {
    unsigned length = 0;
    while (is_word(lexer->lookahead)) length++, go(lexer);
    if (length == 1 && lexer->lookahead == '"' && (c == 'r' || c == 'f')) {
      go(lexer);
      if (c == 'f') skip_interpolated(lexer);
      else skip_text(lexer, '"', false);
      return '"';
    }
    return is_letter(c) ? 'a' : c;
  }
  go(lexer);
  if (c == '"') skip_text(lexer, '"', true);
  if (c == '`') {
    skip_text(lexer, '`', false);
    return 'a';
  }
  return c;
}

// A `(`: does it begin the parameters of a lambda, which a `=>` follows, or does it wrap all arguments of a stage? It does
// if a comma, `NAME =` or `NAME :` stands directly in it before any `|`.
static bool scan_parenthesis(TSLexer *lexer, const bool *valid) {
  go(lexer);
  lexer->mark_end(lexer);
  unsigned depth = 1;
  bool wraps = false, decided = false, after_name = false;
  while (depth > 0) {
    skip_space(lexer);
    if (lexer->eof(lexer)) return false;
    int32_t c = lexer->lookahead;
    if (c == '(' || c == '[' || c == '{') {
      depth++;
      go(lexer);
      after_name = false;
    } else if (c == ')' || c == ']' || c == '}') {
      depth--;
      go(lexer);
      after_name = false;
    } else {
      c = skip_token(lexer);
      int32_t next = lexer->lookahead;
      bool doubled = next == c || (c == '=' && next == '>');
      if (depth == 1 && !decided) {
        wraps = c == ',' || (after_name && (c == '=' || c == ':') && !doubled);
        decided = wraps || c == '|';
      }
      if ((c == '=' || c == ':') && doubled) go(lexer);
      after_name = c == 'a';
    }
  }
  skip_space(lexer);
  if (lexer->lookahead == '=') {
    go(lexer);
    if (lexer->lookahead == '>') {
      lexer->result_symbol = LAMBDA_OPEN;
      return valid[LAMBDA_OPEN];
    }
  }
  lexer->result_symbol = WRAP_OPEN;
  return wraps && valid[WRAP_OPEN];
}

bool tree_sitter_pipe_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid) {
  (void)payload;
  if (valid[ERROR_SENTINEL]) return false;
  bool touches = true;
  while (is_blank(lexer->lookahead) || (lexer->lookahead == '\n' && !valid[NEWLINE])) {
    lexer->advance(lexer, true);
    touches = false;
  }
  switch (lexer->lookahead) {
    case '\n':
      return scan_newline(lexer);
    case '{':
      if (!valid[BLOCK_OPEN]) return false;
      go(lexer);
      lexer->mark_end(lexer);
      lexer->result_symbol = BLOCK_OPEN;
      return true;
    case '(':
      // A `(` that touches the name of a stage is a call.
      if (!valid[LAMBDA_OPEN] || (valid[WRAP_OPEN] && touches)) return false;
      return scan_parenthesis(lexer, valid);
    case 't': case 'p': case 'i':
      return valid[TYPE_WORD] && scan_keyword(lexer, valid);
    default:
      return false;
  }
}

void *tree_sitter_pipe_external_scanner_create(void) { return NULL; }

void tree_sitter_pipe_external_scanner_destroy(void *payload) { (void)payload; }

unsigned tree_sitter_pipe_external_scanner_serialize(void *payload, char *buffer) {
  (void)payload, (void)buffer;
  return 0;
}

void tree_sitter_pipe_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
  (void)payload, (void)buffer, (void)length;
}
