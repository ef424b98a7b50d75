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
