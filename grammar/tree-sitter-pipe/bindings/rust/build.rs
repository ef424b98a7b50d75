//! Compiles the generated parser and the scanner.

fn main() {
    let sources = ["src/parser.c", "src/scanner.c"];
    // The parser is tables; optimizing them takes long and gains nothing in tests.
    cc::Build::new().include("src").std("c11").warnings(false).opt_level(0).files(sources).compile("tree-sitter-pipe");
    for source in sources {
        println!("cargo:rerun-if-changed={source}");
    }
}
