//! Random stages that look at the rows before.

use super::program::{Column, Kind, Maker, Shape, Ty};

impl Maker<'_> {
    /// `take_while` or `skip_while`.
    pub fn while_stage(&mut self, name: &str) -> String {
        format!("{name} {}", self.expression(Kind::Bool, 2).text)
    }

    /// `scan`, with a name or alone, and the shape of its rows.
    pub fn scan(&mut self, shape: Shape) -> (String, Shape) {
        let (states, ty) = self.states(shape);
        if shape == Shape::Table && self.draw.chance(60) {
            let name = self.fresh("m");
            self.row.push(Column { name: name.clone(), ty });
            return (format!("scan {name} = {states}"), Shape::Table);
        }
        self.row = vec![Column { name: "it".into(), ty }];
        (format!("scan {states}"), Shape::Values)
    }

    /// `fold`, the last stage.
    pub fn fold(&mut self, shape: Shape) -> (String, Shape) {
        self.saw("stage fold");
        let (states, ty) = self.states(shape);
        self.row = vec![Column { name: "it".into(), ty }];
        (format!("fold {states}"), Shape::Scalar)
    }

    /// `init, (state, row) => next`
    fn states(&mut self, shape: Shape) -> (String, Ty) {
        let kind = self.draw.weighted(&[(5, Kind::Int), (3, Kind::Float), (2, Kind::Bool), (1, Kind::String)]);
        let init = match kind {
            Kind::Int => "0",
            Kind::Float => "1.5",
            Kind::Bool => "true",
            _ => "\"s\"",
        };
        let (state, row) = (self.fresh("s"), self.fresh("r"));
        let before = self.row.clone();
        for column in &mut self.row {
            column.name = if shape == Shape::Values { row.clone() } else { format!("{row}.{}", column.name) };
        }
        for _ in 0..before.len() {
            // It is named as often as the columns together.
            self.row.push(Column { name: state.clone(), ty: Ty { kind, nullable: true } });
        }
        self.is_state_text = kind == Kind::String;
        let next = self.expression(kind, 3);
        self.is_state_text = false;
        self.row = before;
        (format!("{init}, ({state}, {row}) => {}", next.text), Ty { kind, nullable: true })
    }
}
