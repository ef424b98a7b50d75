//! Trees as short s-expressions: what `pipe explain --phase tree` shows and what tests compare. Spans and comments do not
//! show, everything else does: two scripts that print alike mean the same.

use super::ast::*;

/// A script, a statement on a line.
pub fn script(script: &Script) -> String {
    script.statements.iter().map(statement).collect::<Vec<_>>().join("\n")
}

/// A statement.
pub fn statement(statement: &Statement) -> String {
    match statement {
        Statement::Let(l) => format!("(let {} {})", l.name.text, expr(&l.value)),
        Statement::Function(f) => {
            let parameters: Vec<String> = f.parameters.iter().map(function_parameter).collect();
            let result = f.result.as_ref().map_or(String::new(), |ty| format!(" -> {}", type_expr(ty)));
            format!("(fn {} [{}]{result} {})", f.name.text, parameters.join(" "), block(&f.body))
        }
        Statement::Parameter(p) => {
            let doc = p.doc.as_ref().map_or(String::new(), |doc| format!(" {doc:?}"));
            format!("(param {}: {}{}{doc})", p.name.text, type_expr(&p.ty), default(&p.default))
        }
        Statement::Type(t) => format!("(type {} {})", t.name.text, type_expr(&t.ty)),
        Statement::Import(i) => {
            format!(
                "(import {:?}{})",
                i.path,
                i.alias.as_ref().map_or(String::new(), |alias| format!(" as {}", alias.text))
            )
        }
        Statement::Test(t) => format!("(test {:?} {})", t.name, block(&t.body)),
        Statement::Expression(value) => expr(value),
        Statement::Error(_) => "<error>".to_string(),
    }
}

fn function_parameter(parameter: &FunctionParameter) -> String {
    format!("{}: {}{}", parameter.name.text, type_expr(&parameter.ty), default(&parameter.default))
}

fn default(value: &Option<Expr>) -> String {
    value.as_ref().map_or(String::new(), |value| format!(" = {}", expr(value)))
}

fn block(block: &Block) -> String {
    let mut parts: Vec<String> = block.statements.iter().map(statement).collect();
    parts.extend(block.value.iter().map(|value| expr(value)));
    format!("{{{}}}", parts.join("; "))
}

fn type_expr(ty: &TypeExpr) -> String {
    match ty {
        TypeExpr::Named(path, _) => names(path, "::"),
        TypeExpr::Nullable(inner, _) => format!("{}?", type_expr(inner)),
        TypeExpr::List(inner, _) => format!("[{}]", type_expr(inner)),
        TypeExpr::Record { fields, open, .. } => {
            let mut parts: Vec<String> =
                fields.iter().map(|(name, ty)| format!("{}: {}", name.text, type_expr(ty))).collect();
            parts.extend(open.then(|| "..".to_string()));
            format!("{{{}}}", parts.join(", "))
        }
        TypeExpr::Generic(name, inner, _) => format!("{}<{}>", name.text, type_expr(inner)),
        TypeExpr::Function(parameters, result, _) => {
            let parameters: Vec<String> = parameters.iter().map(type_expr).collect();
            format!("fn({}) -> {}", parameters.join(", "), type_expr(result))
        }
        TypeExpr::Error(_) => "<error>".to_string(),
    }
}

fn names(path: &[Name], separator: &str) -> String {
    path.iter().map(|name| &*name.text).collect::<Vec<_>>().join(separator)
}

fn all(items: &[Expr]) -> String {
    items.iter().map(expr).collect::<Vec<_>>().join(" ")
}

fn expr(expr_node: &Expr) -> String {
    let safe = |null_safe: &bool| if *null_safe { "?" } else { "" };
    match &expr_node.kind {
        ExprKind::Int(value) => value.to_string(),
        ExprKind::Float(_, text) => text.to_string(),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Null => "null".to_string(),
        ExprKind::String(text) => format!("{text:?}"),
        ExprKind::RawString(text) => format!("r{text:?}"),
        ExprKind::Interpolated(fragments) => {
            format!("(f {})", fragments.iter().map(fragment).collect::<Vec<_>>().join(" "))
        }
        ExprKind::Date(days) => format!("@{days}"),
        ExprKind::DateTime(at) => format!("@{at}us"),
        ExprKind::Duration(length) => format!("{length}us"),
        ExprKind::Name(name) => name.to_string(),
        ExprKind::It => "it".to_string(),
        ExprKind::Path(path) => names(path, "::"),
        ExprKind::List(items) => format!("[{}]", all(items)),
        ExprKind::Record(items) => format!("{{{}}}", items.iter().map(record_item).collect::<Vec<_>>().join(" ")),
        ExprKind::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| format!("{}=>{}", expr(key), expr(value)));
            format!("(map {})", entries.collect::<Vec<_>>().join(" "))
        }
        ExprKind::Parenthesized(inner) => format!("<{}>", expr(inner)),
        ExprKind::Unary(UnaryOperator::Negate, of) => format!("(- {})", expr(of)),
        ExprKind::Unary(UnaryOperator::Not, of) => format!("(not {})", expr(of)),
        ExprKind::Binary(operator, _, left, right) => {
            let operator = operator.text().replace(' ', "-");
            format!("({operator} {} {})", expr(left), expr(right))
        }
        ExprKind::Range { start, end, inclusive } => {
            let side = |side: &Option<Box<Expr>>| side.as_ref().map_or("_".to_string(), |side| expr(side));
            format!("({} {} {})", if *inclusive { ".." } else { "..<" }, side(start), side(end))
        }
        ExprKind::Call { function, arguments } => format!("({}!{})", names(function, "::"), args(arguments)),
        ExprKind::Method { receiver, function, arguments, null_safe } => {
            format!("({} {}.{}{})", expr(receiver), safe(null_safe), names(function, "::"), args(arguments))
        }
        ExprKind::Field { record, name, null_safe } => format!("{}{}.{}", expr(record), safe(null_safe), name.text),
        ExprKind::Index { value, index, null_safe } => format!("{}[{}]{}", expr(value), expr(index), safe(null_safe)),
        ExprKind::Lambda { parameters, body } => format!("(\\{} {})", names(parameters, ","), expr(body)),
        ExprKind::If { condition, then, otherwise } => {
            let otherwise = otherwise.as_ref().map_or(String::new(), |otherwise| format!(" {}", block(otherwise)));
            format!("(if {} {}{otherwise})", expr(condition), block(then))
        }
        ExprKind::Match { subject, arms } => {
            let arms: Vec<String> = arms.iter().map(arm).collect();
            format!("(match {} {})", expr(subject), arms.join(" "))
        }
        ExprKind::Pipeline { source, stages } => {
            let stages: Vec<String> = stages.iter().map(stage).collect();
            format!("{} {}", expr(source), stages.join(" "))
        }
        ExprKind::Error => "<error>".to_string(),
    }
}

fn fragment(fragment: &Fragment) -> String {
    match fragment {
        Fragment::Text(text) => format!("{text:?}"),
        Fragment::Hole { value, format } => {
            format!(
                "{{{}{}}}",
                expr(value),
                format.as_ref().map_or(String::new(), |format| format!(":{}", format.text))
            )
        }
    }
}

fn record_item(item: &RecordItem) -> String {
    match item {
        RecordItem::Field(name, value) => format!("{}:{}", name.text, expr(value)),
        RecordItem::Short(value) => expr(value),
        RecordItem::Spread(value) => format!("...{}", expr(value)),
    }
}

fn arm(arm: &Arm) -> String {
    let guard = arm.guard.as_ref().map_or(String::new(), |guard| format!(" if {}", expr(guard)));
    format!("[{}{guard} => {}]", pattern(&arm.pattern), expr(&arm.value))
}

fn pattern(node: &Pattern) -> String {
    match node {
        Pattern::Anything(_) => "_".to_string(),
        Pattern::Name(name) => name.text.to_string(),
        Pattern::Value(value) => expr(value),
        Pattern::Record(fields, _) => {
            let field = |(name, inner): &(Name, Option<Pattern>)| match inner {
                Some(inner) => format!("{}:{}", name.text, pattern(inner)),
                None => name.text.to_string(),
            };
            format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(" "))
        }
        Pattern::Either(patterns, _) => format!("(or {})", patterns.iter().map(pattern).collect::<Vec<_>>().join(" ")),
    }
}

fn stage(stage: &Stage) -> String {
    let clause = |word: &str, clause: &Option<(crate::source::Span, Vec<Argument>)>| {
        clause.as_ref().map_or(String::new(), |(_, arguments)| format!(" {word}{}", args(arguments)))
    };
    format!(
        "|{} {}{}{}{}{}",
        if stage.broken { " BROKEN" } else { "" },
        names(&stage.name, "::"),
        if stage.called { "!" } else { "" },
        args(&stage.arguments),
        clause("by", &stage.by),
        clause("on", &stage.on)
    )
}

fn args(arguments: &[Argument]) -> String {
    arguments.iter().map(|argument| format!(" {}", self::argument(argument))).collect()
}

fn argument(argument: &Argument) -> String {
    let value = match &argument.value {
        ArgumentValue::Expr(value) => expr(value),
        ArgumentValue::Type(ty) => type_expr(ty),
    };
    match &argument.label {
        Label::None => value,
        Label::Column(name) => format!("{}={value}", name.text),
        Label::Option(name) => format!("{}:{value}", name.text),
    }
}
