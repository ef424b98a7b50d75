//! The routines above the statements. Their heads are read first, since they may call each other.

use super::{Cursor, Label, NOWHERE, Parsed, ReadError, Reader, error};
use crate::ir::{Routine, RoutineId};
use crate::scalar::Scalar;
use crate::ty::Type;

impl Reader<'_> {
    /// Reads all routines at the start of the lines; how many lines they are.
    pub(super) fn routines(&mut self, lines: &[(usize, &str)]) -> Result<usize, ReadError> {
        let is_routine = |line: &str| line.starts_with("routine ");
        let behind = |line: &str| line.starts_with(' ');
        let count = match lines.first() {
            Some((_, first)) if is_routine(first) => {
                lines.iter().take_while(|(_, line)| is_routine(line) || behind(line)).count()
            }
            _ => return Ok(0),
        };
        let mut bodies = Vec::new();
        for (number, line) in lines[..count].iter().filter(|(_, line)| is_routine(line)) {
            bodies.push(self.head(line).map_err(|message| error(*number, message))?);
        }
        let mut at = 0;
        for (id, body) in bodies.into_iter().enumerate() {
            let number = lines[at].0;
            self.enter(None);
            for column in self.plan.routines[id].parameters.clone() {
                self.scope.insert(self.plan.column(column).name.to_string(), column);
            }
            at += 1 + self.lines_behind(&lines[at + 1..count])?;
            let read = |reader: &mut Self| -> Parsed<()> {
                let mut cursor = Cursor::new(body);
                reader.plan.routines[id].body = reader.expr(&mut cursor)?;
                cursor.end()
            };
            read(self).map_err(|message| error(number, message))?;
        }
        Ok(count)
    }

    /// `routine $gcd(a: int, b: int) -> int = …`: adds the routine and gives the text of its body.
    fn head<'t>(&mut self, line: &'t str) -> Parsed<&'t str> {
        let mut cursor = Cursor::new(line);
        cursor.word("routine")?;
        cursor.expect("$")?;
        let name = cursor.label()?.name;
        cursor.expect("(")?;
        let mut parameters = Vec::new();
        while !cursor.eat(")") {
            if !parameters.is_empty() {
                cursor.expect(",")?;
            }
            let parameter = cursor.name()?;
            cursor.expect(":")?;
            let ty = cursor.ty()?;
            parameters.push(self.plan.add_column(parameter, ty));
        }
        cursor.expect("->")?;
        let result = cursor.ty()?;
        cursor.expect("=")?;
        let body = self.plan.exprs.literal(Scalar::Null, Type::NULL);
        self.plan.routines.push(Routine { name, parameters, result, body });
        Ok(cursor.rest())
    }

    /// The routine that a label names.
    pub(super) fn routine_named(&self, label: &Label) -> Parsed<RoutineId> {
        let mut named = self.plan.routines.iter().enumerate().filter(|(_, routine)| routine.name == label.name);
        let found = label.number.checked_sub(1).and_then(|at| named.nth(at));
        let missing = || format!("there is no routine `{}#{}`", label.name, label.number);
        found.map(|(at, _)| RoutineId(at as u32)).ok_or_else(missing)
    }

    /// A call of a routine, its `$` read already.
    pub(super) fn recurse(&mut self, cursor: &mut Cursor) -> Parsed<crate::ir::ExprId> {
        let label = cursor.label()?;
        let routine = self.routine_named(&label)?;
        let fails = cursor.eat_touching("!");
        cursor.expect("(")?;
        let arguments = self.operands(cursor, ")")?;
        let expr = crate::ir::Expr::Recurse(routine, arguments.into());
        if fails { self.build_at(expr, Some(NOWHERE)) } else { self.build_at(expr, None) }
    }
}
