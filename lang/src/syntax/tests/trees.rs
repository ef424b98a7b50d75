//! What is right, and what it means.

use super::tree;

#[test]
fn operators_bind_as_written_in_the_language() {
    let cases = [
        ("1 + 2 * 3", "(+ 1 (* 2 3))"),
        ("1 - 2 - 3", "(- (- 1 2) 3)"),
        ("2 ** 3 ** 2", "(** 2 (** 3 2))"),
        ("-a ** 2", "(- (** a 2))"),
        ("2 ** -a", "(** 2 (- a))"),
        ("2 ** -a * 3", "(* (** 2 (- a)) 3)"),
        ("-a.b", "(- a.b)"),
        ("a // b % c / d", "(/ (% (// a b) c) d)"),
        ("1..n + 1", "(.. 1 (+ n 1))"),
        ("x in 1..<5 and y", "(and (in x (..<  1 5)) y)"),
        ("a ?? b..c", "(?? a (.. b c))"),
        ("a ?? b == c ?? d", "(== (?? a b) (?? c d))"),
        ("not a == b", "(not (== a b))"),
        ("not a and b or c", "(or (and (not a) b) c)"),
        ("a or b and c", "(or a (and b c))"),
        ("a not in [1, 2]", "(not-in a [1 2])"),
        ("x ~ r\"\\d\"", "(~ x r\"\\\\d\")"),
        ("..b", "(.. _ b)"),
        ("1..", "(.. 1 _)"),
        ("0.05..0.07", "(.. 0.05 0.07)"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("a - -1", "(- a (- 1))"),
        ("1.max(2)", "(1 .max 2)"),
        ("(a)", "<a>"),
    ];
    for (text, wanted) in cases {
        assert_eq!(tree(text), wanted.replace("  ", " "), "{text}");
    }
}

#[test]
fn operands() {
    let cases = [
        ("f(x, y: 2, z = 3)", "(f! x y:2 z=3)"),
        ("x.f(y).g", "(x .f y).g"),
        ("a?.b.c?.d()", "(a?.b.c ?.d)"),
        ("geo::f(1)", "(geo::f! 1)"),
        ("x.geo::f(1)", "(x .geo::f 1)"),
        ("xs[0]?", "xs[0]?"),
        ("xs[9]?.a", "xs[9]??.a"),
        ("xs[1][2]", "xs[1][2]"),
        ("int?(s)", "(int?! s)"),
        ("s.date?(fmt)", "(s .date? fmt)"),
        ("x.in.by", "x.in.by"),
        ("[1, 2,]", "[1 2]"),
        ("[]", "[]"),
        ("{}", "{}"),
        ("{id: 1, name, o.id, ...it, in: 3}", "{id:1 name o.id ...it in:3}"),
        ("{\"US\": 1, \"DE\": 2}", "(map \"US\"=>1 \"DE\"=>2)"),
        ("`Order Date` + 1", "(+ Order Date 1)"),
        ("5min + 1d", "(+ 300000000us 86400000000us)"),
        ("@1970-01-02..@1970-01-03", "(.. @1 @2)"),
        ("f\"a{x:.2} {{}} {g(\"}\", {a: 1}.a)}\"", "(f \"a\" {x:.2} \" {} \" {(g! \"}\" {a:1}.a)})"),
        ("f\"{f\"{x}\"}\"", "(f {(f {x})})"),
        ("\"\\u{e9}\\n\"", "\"é\\n\""),
        ("if a { 1 } else if b { 2 } else { 3 }", "(if a {1} {(if b {2} {3})})"),
        ("if x in 1.. { 1 } else { 2 }", "(if (in x (.. 1 _)) {1} {2})"),
        ("xs.map((a, b) => a + b)", "(xs .map (\\a,b (+ a b)))"),
        ("(xs | take 3).len()", "(<xs | take 3> .len)"),
        ("if a { let b = 1; b } else { c }", "(if a {(let b 1); b} {c})"),
    ];
    for (text, wanted) in cases {
        assert_eq!(tree(text), wanted, "{text}");
    }
}

#[test]
fn pipelines() {
    let cases = [
        ("xs | take 3", "xs | take 3"),
        ("xs | count | sum(x)", "xs | count | sum! x"),
        ("xs | sort -score, name", "xs | sort (- score) name"),
        ("xs | sort -(a + b)", "xs | sort (- <(+ a b)>)"),
        ("xs | sort (-score)", "xs | sort <(- score)>"),
        ("xs | filter (a + b) * 2 > 3", "xs | filter (> (* <(+ a b)> 2) 3)"),
        ("xs | aggregate (n = count(), s = sum(x)) by k", "xs | aggregate n=(count!) s=(sum! x) by k"),
        ("xs | aggregate(n = count()) by k", "xs | aggregate! n=(count!) by k"),
        ("xs | select (a, b)", "xs | select a b"),
        (
            "xs | aggregate n = count() by h = bin(ts, 1h), host",
            "xs | aggregate n=(count!) by h=(bin! ts 3600000000us) host",
        ),
        ("a | join b on id, x == y", "a | join b on id (== x y)"),
        ("a | window r = sum(x) on ts by k", "a | window r=(sum! x) by k on ts"),
        ("a | join c = customers on id, unique: true", "a | join c=customers on id unique:true"),
        ("a | geo::near 5", "a | geo::near 5"),
        ("read(\"s\", schema: {a: int?, ..})", "(read! \"s\" schema:{a: int?, ..})"),
        (
            "a | map o => {o.id, big: (o.items | filter qty > o.min)}",
            "a | map (\\o {o.id big:<o.items | filter (> qty o.min)>})",
        ),
        ("a | fold 0, (s, x) => s + x", "a | fold 0 (\\s,x (+ s x))"),
        ("a | fold (s, x) => s + x", "a | fold (\\s,x (+ s x))"),
        ("a | map {id, n: 1}", "a | map {id n:1}"),
        (
            "a | window x = sum(b, rows: ..0), y = sum(b, rows: -6..0)",
            "a | window x=(sum! b rows:(.. _ 0)) y=(sum! b rows:(.. (- 6) 0))",
        ),
        ("a | filter x in (t | select k)", "a | filter (in x <t | select k>)"),
        ("let w = a | take 3", "(let w a | take 3)"),
        ("1.. | take 3", "(.. 1 _) | take 3"),
        ("a | derive x = if b { 1 } else { 2 }, y = 3", "a | derive x=(if b {1} {2}) y=3"),
    ];
    for (text, wanted) in cases {
        assert_eq!(tree(text), wanted, "{text}");
    }
}

#[test]
fn newlines_end_statements_where_the_language_says() {
    let cases = [
        ("a\nb", "a\nb"),
        ("a; b;\n\n;c", "a\nb\nc"),
        ("a\n| take 3\n\n# comment\n| count", "a | take 3 | count"),
        ("a |\n  take 3", "a | take 3"),
        ("a +\n b", "(+ a b)"),
        ("a\n+ b", "(+ a b)"),
        ("a\n- b", "a\n(- b)"),
        ("a -\nb", "(- a b)"),
        ("1..\n2", "(.. 1 _)\n2"),
        ("1\n..2", "1\n(.. _ 2)"),
        ("x\n.f()\n?.g", "(x .f)?.g"),
        ("a\nand b\nor c", "(or (and a b) c)"),
        ("a\nnot in b", "(not-in a b)"),
        ("a\nnot b", "a\n(not b)"),
        ("a\n?? b", "(?? a b)"),
        ("a | aggregate n = count(),\n  s = sum(x)\n  by k", "a | aggregate n=(count!) s=(sum! x) by k"),
        ("f(\n  a,\n  b\n)\nc", "(f! a b)\nc"),
        ("[\n1,\n2\n]", "[1 2]"),
        ("{\n a: 1,\n b\n}", "{a:1 b}"),
        ("if a\n{ 1 } else { 2 }", "never"),
        ("if a {\n  let b = 1\n  b\n}\nelse {\n  2\n}", "(if a {(let b 1); b} {2})"),
        ("f(if a {\n let b = 1\n b\n} else { 2 })", "(f! (if a {(let b 1); b} {2}))"),
        ("match x {\n  1 => a\n  2 => b, 3 => c\n}", "(match x [1 => a] [2 => b] [3 => c])"),
        ("let x =\n  3\nx", "(let x 3)\nx"),
    ];
    for (text, wanted) in cases {
        if wanted != "never" {
            assert_eq!(tree(text), wanted, "{text}");
        } else {
            assert!(!super::parse(text).1.is_empty(), "{text}");
        }
    }
}

#[test]
fn definitions() {
    let cases = [
        (
            "fn f(a: int, b: string?, n: int = 3) -> [float] { a }",
            "(fn f [a: int b: string? n: int = 3] -> [float] {a})",
        ),
        (
            "fn f(k: fn({..}) -> float) -> stream<{a: int?, ..}> { k }",
            "(fn f [k: fn({..}) -> float] -> stream<{a: int?, ..}> {k})",
        ),
        ("fn f() -> {a: int} { {a: 1} }", "(fn f [] -> {a: int} {{a:1}})"),
        (
            "fn f(x: geo::Point) { let y = x | take 3; y | count }",
            "(fn f [x: geo::Point] {(let y x | take 3); y | count})",
        ),
        ("# The year.\n# Really.\nparam year: int = 2024", "(param year: int = 2024 \"The year.\\nReally.\")"),
        ("param n: int", "(param n: int)"),
        ("type Sale = {date: date, m: map<[int]>}", "(type Sale {date: date, m: map<[int]>})"),
        ("import \"lib/geo.pipe\" as g", "(import \"lib/geo.pipe\" as g)"),
        ("import \"a\"", "(import \"a\")"),
        (
            "test \"adds\" {\n assert(1 == 1)\n assert_eq(1, 2)\n}",
            "(test \"adds\" {(assert! (== 1 1)); (assert_eq! 1 2)})",
        ),
        ("type | take 3\nparam + 1", "type | take 3\n(+ param 1)"),
        (
            "match r { {a: \"X\", b} if b > 1 => {c: 1}\n{d: null} => 2\n 1..5 or -1 => 3\n _ => 4 }",
            "(match r [{a:\"X\" b} if (> b 1) => {c:1}] [{d:null} => 2] [(or (.. 1 5) (- 1)) => 3] [_ => 4])",
        ),
    ];
    for (text, wanted) in cases {
        assert_eq!(tree(text), wanted, "{text}");
    }
}

#[test]
fn the_scripts_of_the_language_are_read() {
    for text in [
        r#"# sales report
param year: int = 2024
type Sale = {date: date, region: string, sku: string, qty: int, price: float, promo: string?}
let sales = read("sales/*.csv.gz", schema: Sale) | filter date.year() == year
sales
| aggregate revenue = sum(qty * price), orders = count(), promo_rate = mean(int(promo != null)) by region
| window share = revenue / sum(revenue)
| sort -revenue
| tee "report.csv""#,
        r#"lines("access.log.gz")
| parse it, "{ip} - {_} [{ts}] \"{method} {path} {_}\" {status:int} {bytes:int?} {_}", on_error: "skip"
| derive ts = datetime(ts, "%d/%b/%Y:%H:%M:%S %z")
| filter status >= 500
| aggregate hits = count(), mb = sum(bytes) / 1e6, sample = first(path) by hour = bin(ts, 1h), status
| sort -hits
| take 20"#,
        r#"people | sort -score | take 3 by dept
lines("book.txt") | flat_map it.lower().split(r"\W+") | filter it != "" | aggregate n = count() by word = it | sort -n | take 20
tx | sort ts | window balance = sum(amount, rows: ..0), prev = lag(amount) by account
orders | left_join customers on customer_id == id, unique: true | derive segment = segment ?? "unknown" | write "enriched.parquet""#,
        r#"type Decision = {action: string, reason: string}
fn decide(r: Request) -> Decision {
  match r {
    {country: "XX"}                                        => {action: "deny", reason: "country"}
    {amount, age_days} if amount > 1000.0 and age_days < 7 => {action: "review", reason: f"new account, {amount:.0}"}
    {score: null}                                          => {action: "review", reason: "no score"}
    _                                                      => {action: "allow", reason: "default"}
  }
}
input | derive d = decide(it) | filter d.action != "allow" | select id, d.action, d.reason"#,
        r#"fn collatz(n: int, steps: int = 0) -> int { if n == 1 { steps } else { collatz(if n % 2 == 0 { n // 2 } else { 3 * n + 1 }, steps + 1) } }
fn gcd(a: int, b: int) -> int { if b == 0 { a } else { gcd(b, a % b) } }
1..1_000_000 | filter it % 2 == 1 | sum it * it
1..3_000_000 | arg_max collatz(it)
iterate(0.5, x => 3.7 * x * (1.0 - x)) | skip 100 | take 5"#,
        r#"xs | pivot revenue = sum(x), key: month, values: ["jan", "feb"] by region
xs | unpivot ["2000", "2005"], name: "year", value: "amount"
xs | scan bal = init, (s, row) => next
xs | asof_join t on k, time >= t_time, within: 5min
xs | mean cols(float) | explode x = path.to.list, keep: true"#,
    ] {
        tree(text);
    }
}
