//! Random stages that look at rows in their order: `distinct`, `take` and `skip` by keys, `assert`.

use super::program::{Kind, Maker};

impl Maker<'_> {
    /// `distinct`, by keys or as it is.
    pub fn distinct(&mut self) -> String {
        let whole = self.row.iter().all(|column| column.ty.kind.is_plain());
        if whole && self.draw.chance(50) {
            self.saw("form distinct rows");
            return "distinct".into();
        }
        format!("distinct{}", self.by())
    }

    /// `assert`, of what mostly holds.
    pub fn assert(&mut self) -> String {
        let condition = self.expression(Kind::Bool, 1).at_level(4);
        let holds = match self.draw.chance(if self.wild { 25 } else { 6 }) {
            true => condition,
            false => format!("{condition} == true or {condition} != true"),
        };
        if self.draw.chance(40) {
            self.saw("form assert with a message");
            return format!("assert {holds}, {}", self.expression(Kind::String, 1).text);
        }
        format!("assert {holds}")
    }

    /// `take` or `skip`, sometimes by keys.
    pub fn slice(&mut self, name: &str, counts: &[(u64, u64)]) -> String {
        let count = self.draw.weighted(counts);
        if self.draw.chance(30) {
            self.saw("form slice by keys");
            return format!("{name} {}{}", count.min(3), self.by());
        }
        format!("{name} {count}")
    }

    /// One or two keys behind a `by`.
    pub fn by(&mut self) -> String {
        let mut keys = Vec::new();
        for _ in 0..self.draw.weighted(&[(4, 1), (1, 2)]) {
            let made = match self.draw.below(100) {
                0..5 if self.wild => {
                    let by = self.leaf(Kind::Int);
                    self.division(&by)
                }
                0..65 => self.leaf_of_row(),
                _ => {
                    let kind = *self.draw.pick(&[Kind::Int, Kind::Bool, Kind::String, Kind::Float]);
                    self.expression(kind, 2)
                }
            };
            keys.push(made.text);
        }
        format!(" by {}", keys.join(", "))
    }
}
