//! Random stages that make many rows of one, or columns of a text: `explode`, `flat_map`, `unpivot`, `parse`.

use super::program::{Column, Kind, Maker, Shape, Ty};

/// What of them is to be drawn often enough.
pub const FORMS: [&str; 4] =
    ["explode keeping rows", "flat_map to rows", "unpivot of mixed numbers", "parse with a policy"];

impl Maker<'_> {
    /// `explode`: of a list that is a column, or made here.
    pub fn explode(&mut self, shape: Shape) -> String {
        let kind = *self.draw.pick(&[Kind::Int, Kind::Int, Kind::Float, Kind::String, Kind::Date]);
        let list = self.list(kind, 2);
        let keep = self.draw.chance(40);
        if keep {
            self.saw("form explode keeping rows");
        }
        if shape == Shape::Values {
            self.row[0].name = "value".into();
        }
        let ty = Ty { kind, nullable: list.item.nullable || keep };
        let name = if self.draw.chance(20) { self.draw.pick(&self.row).name.clone() } else { self.fresh("e") };
        match self.row.iter_mut().find(|column| column.name == name) {
            Some(old) => old.ty = ty,
            None => self.row.push(Column { name: name.clone(), ty }),
        }
        format!("explode {name} = {}{}", list.text, if keep { ", keep: true" } else { "" })
    }

    /// `flat_map` to values, or to rows.
    pub fn flat_map(&mut self) -> (String, Shape) {
        if self.draw.chance(35) {
            self.saw("form flat_map to rows");
            let kinds = [self.some_kind(), self.some_kind()];
            let made = [kinds, kinds].map(|kinds| kinds.map(|kind| self.expression(kind, 1)));
            let record = |at: usize| format!("{{x: {}, y: {}}}", made[at][0].text, made[at][1].text);
            let text = format!("flat_map [{}, {}]", record(0), record(1));
            let column = |at: usize, name: &str| {
                let nullable = made.iter().any(|row| row[at].nullable);
                Column { name: name.into(), ty: Ty { kind: kinds[at], nullable } }
            };
            self.row = vec![column(0, "x"), column(1, "y")];
            return (text, Shape::Table);
        }
        let kind = *self.draw.pick(&[Kind::Int, Kind::Float, Kind::String, Kind::Bool]);
        let list = self.list(kind, 2);
        self.row = vec![Column { name: "it".into(), ty: list.item }];
        (format!("flat_map {}", list.text), Shape::Values)
    }

    /// `unpivot` of columns of one kind, or of both kinds of numbers.
    pub fn unpivot(&mut self) -> String {
        let kind = self.leaf_of_row().kind;
        let mixed = kind.is_numeric() && self.draw.chance(40);
        let fits = |column: &Column| column.ty.kind == kind || mixed && column.ty.kind.is_numeric();
        let (chosen, mut rest): (Vec<Column>, Vec<Column>) = self.row.drain(..).partition(fits);
        let is_float = chosen.iter().any(|column| column.ty.kind == Kind::Float);
        if is_float && chosen.iter().any(|column| column.ty.kind == Kind::Int) {
            self.saw("form unpivot of mixed numbers");
        }
        let names: Vec<String> = chosen.iter().map(|column| column.name.clone()).collect();
        let (name, value) = (self.fresh("e"), self.fresh("e"));
        let nullable = chosen.iter().any(|column| column.ty.nullable);
        rest.push(Column { name: name.clone(), ty: Ty { kind: Kind::String, nullable: false } });
        let kind = if is_float { Kind::Float } else { kind };
        rest.push(Column { name: value.clone(), ty: Ty { kind, nullable } });
        self.row = rest;
        format!("unpivot {}, name: \"{name}\", value: \"{value}\"", names.join(", "))
    }

    /// `parse` of a column, or of a text that is made to fit mostly.
    pub fn parse(&mut self, shape: Shape) -> String {
        let column = self.leaf_of_row();
        let (text, nullable) = match self.draw.below(4) {
            0 => {
                let made = self.leaf(Kind::String);
                (made.text, made.nullable)
            }
            1 => (format!("string({})", column.at_level(10)), column.nullable),
            2 => (format!("f\"{{{}}}-{{{}}}\"", column.text, self.leaf_of_row().text), false),
            _ => (format!("f\"x {{{}}}\"", column.text), false),
        };
        let (a, b) = (self.fresh("e"), self.fresh("e"));
        // Behind each template its holes.
        type Holes<'t> = Vec<(&'t str, Kind, bool)>;
        let templates: [(String, Holes); 5] = [
            (format!("{{{a}}}"), vec![(&a, Kind::String, false)]),
            (format!("{{{a}}}-{{{b}:int}}"), vec![(&a, Kind::String, false), (&b, Kind::Int, false)]),
            (format!("{{_}} {{{a}:float?}}"), vec![(&a, Kind::Float, true)]),
            (format!("{{{a}:int}}"), vec![(&a, Kind::Int, false)]),
            (format!("x {{{a}:date?}}"), vec![(&a, Kind::Date, true)]),
        ];
        let (template, holes) = self.draw.pick(&templates).clone();
        let policy = self.draw.weighted(&[(3, "skip"), (2, "null"), (if self.wild { 3 } else { 0 }, "fail")]);
        let option = match policy {
            "fail" => String::new(),
            policy => {
                self.saw("form parse with a policy");
                format!(", on_error: \"{policy}\"")
            }
        };
        if shape == Shape::Values {
            self.row.clear();
        }
        for (name, kind, or_null) in holes {
            let nullable = match policy {
                "skip" => or_null,
                "null" => true,
                _ => or_null || nullable,
            };
            self.row.push(Column { name: name.into(), ty: Ty { kind, nullable } });
        }
        format!("parse {text}, \"{template}\"{option}")
    }
}
