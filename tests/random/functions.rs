//! Random functions that are more than an expression with names: those that call themselves, and those that are stages.

use super::program::{Column, Kind, Maker, Ty, UserFunction};

impl Maker<'_> {
    /// A function that calls itself, as often as its first argument says, and one that calls it a few times.
    pub fn recursive_function(&mut self) -> String {
        self.saw("form recursion");
        let (inner, outer, bound) = (self.fresh("f"), self.fresh("f"), self.fresh("v"));
        let (count, state) = (self.fresh("p"), self.fresh("p"));
        let kind =
            *self.draw.pick(&[Kind::Int, Kind::Int, Kind::Float, Kind::String, Kind::Bool, Kind::Ints, Kind::Record]);
        let ty = Ty { kind, nullable: true };
        self.row = vec![
            Column { name: count.clone(), ty: Ty { kind: Kind::Int, nullable: false } },
            Column { name: state.clone(), ty },
        ];
        let next = self.expression(kind, 2).text;
        let stop = if self.draw.chance(40) {
            format!(" or {}", self.expression(Kind::Bool, 1).at_level(1))
        } else {
            String::new()
        };
        self.row.clear();
        let call = format!("{inner}({count} - 1, {next})");
        let again = match kind {
            Kind::Int if self.draw.chance(50) => format!("{call} + {count}"),
            Kind::Float if self.draw.chance(50) => format!("{call} * 0.5 - {inner}({count} - 2, {state})"),
            Kind::String if self.draw.chance(50) => format!("f\"{{{call}}}{{{count}}}\""),
            _ => call,
        };
        let body = if self.draw.chance(30) {
            format!("match {count} {{ ..0 => {state}, {bound} if {bound} == 100{stop} => {state}, _ => {again} }}")
        } else {
            format!("if {count} <= 0{stop} {{ {state} }} else {{ {again} }}")
        };
        self.functions.push(UserFunction {
            name: outer.clone(),
            parameters: vec![Ty { kind: Kind::Int, nullable: false }, ty],
            result: ty,
        });
        format!(
            "fn {inner}({count}: int, {state}: {ty}) -> {ty} {{ {body} }}\n\
             fn {outer}({count}: int, {state}: {ty}) -> {ty} {{ {inner}({count} % 7, {state}) }}"
        )
    }

    /// A function over some of the columns there are, as a stage: the others pass through.
    pub fn user_stage(&mut self) -> String {
        self.saw("form stage of a user's function");
        let (name, rows, bound) = (self.fresh("f"), self.fresh("p"), self.fresh("p"));
        let before = self.row.clone();
        // Lists and records fit only if they are of exactly this type.
        self.row.retain(|column| column.ty.kind.is_plain());
        self.row.truncate(2);
        let mut fields: Vec<String> = Vec::new();
        let mut after = before;
        for column in &mut self.row {
            // What may be null takes what is not, too, and may be null from there on.
            column.ty.nullable = true;
            fields.push(format!("{}: {}", column.name, column.ty));
            after.iter_mut().filter(|it| it.name == column.name).for_each(|it| it.ty.nullable = true);
        }
        let limit = Column { name: bound.clone(), ty: Ty { kind: Kind::Int, nullable: false } };
        self.row.push(limit);
        let condition = self.expression(Kind::Bool, 2);
        let mut stages = format!("filter {} or {bound} > 3", condition.at_level(1));
        if self.draw.chance(50) {
            let (new, kind) = (self.fresh("m"), self.column_kind());
            let value = self.expression(kind, 2);
            stages += &format!(" | derive {new} = {}", value.text);
            after.push(Column { name: new, ty: Ty { kind, nullable: value.nullable } });
        }
        self.row = after;
        let head = format!("fn {name}({rows}: stream<{{{}, ..}}>, {bound}: int)", fields.join(", "));
        self.late.push(format!("{head} {{ {rows} | {stages} }}"));
        format!("{name} {}", self.draw.between(0, 5))
    }
}
