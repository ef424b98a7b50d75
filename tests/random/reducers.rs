//! Random calls of reducers: in `aggregate` and as last stages.

use super::expressions::Made;
use super::program::{Column, Kind, Maker, Shape, Ty};
use pipelang_lang::catalog::{ConstantDef, ReducerDef};
use pipelang_lang::ty;

impl<'a> Maker<'a> {
    /// An expression over one or two reducers, now and then.
    pub fn around_reducer(&mut self, made: Made) -> Made {
        if !made.kind.is_numeric() || !self.draw.chance(25) {
            return made;
        }
        let Some(other) = self.reducer_call().filter(|other| other.kind.is_numeric()) else { return made };
        self.saw("form expression of reducers");
        let (kind, nullable) = (Kind::Float, made.nullable || other.nullable);
        Made { text: format!("{} / {}", made.text, other.text), level: 7, kind, nullable }
    }

    /// A reducer with its arguments, options aside: its definition, their text, its type.
    fn reducer(&mut self) -> Option<(&'a ReducerDef, Vec<Made>, Ty)> {
        let catalog = self.catalog;
        let reducers: Vec<&ReducerDef> = catalog.reducers().collect();
        let def = *self.draw.pick(&reducers);
        let (least, most) = def.arity;
        let count = least + self.draw.below(most - least + 1) - usize::from(def.constant.is_some());
        for _ in 0..8 {
            let mut arguments = Vec::new();
            for _ in 0..count {
                let kind = self.some_kind();
                // Columns as they are have more odd values than what is computed of them.
                let plain = self.draw.chance(45);
                arguments.push(if plain { self.argument_of_row() } else { self.expression(kind, 2) });
            }
            arguments.extend(def.constant.as_ref().map(|constant| self.constant_of_reducer(constant)));
            if let Some(ty) = reduced(def, &arguments) {
                return Some((def, arguments, ty));
            }
        }
        None
    }

    fn constant_of_reducer(&mut self, constant: &ConstantDef) -> Made {
        let (text, kind) = match constant.kind {
            ty::Kind::Float => (*self.draw.pick(&["0.0", "0.25", "0.5", "0.9", "1.0"]), Kind::Float),
            _ => (*self.draw.pick(&["\"\"", "\"-\"", "\", \""]), Kind::String),
        };
        Made { text: text.into(), level: 10, kind, nullable: false }
    }

    /// The options of a reducer of these arguments, each with a chance of so many in 100.
    fn reducer_options(&mut self, def: &ReducerDef, arguments: &[Made], chance: u64) -> Vec<String> {
        let mut options = Vec::new();
        if def.weighted && arguments[0].kind.is_numeric() && self.draw.chance(chance) {
            self.saw("form weight:");
            let kind = *self.draw.pick(&[Kind::Int, Kind::Float]);
            options.push(format!("weight: {}", self.expression(kind, 2).text));
        }
        if self.draw.chance(chance) {
            self.saw("form where:");
            options.push(format!("where: {}", self.expression(Kind::Bool, 2).text));
        }
        options
    }

    /// A column, of whatever kind.
    pub fn argument_of_row(&mut self) -> Made {
        let column = self.draw.pick(&self.row).clone();
        Made { text: column.name, level: 10, kind: column.ty.kind, nullable: column.ty.nullable }
    }

    pub fn reducer_call(&mut self) -> Option<Made> {
        self.reducer_call_with(&[])
    }

    /// A call of a reducer, with these options besides.
    pub fn reducer_call_with(&mut self, besides: &[String]) -> Option<Made> {
        let (def, arguments, ty) = self.reducer()?;
        let name = def.name;
        let mut options = self.reducer_options(def, &arguments, 25);
        options.extend_from_slice(besides);
        self.saw(format!("reducer {name}"));
        // What does not count is null to the reducer.
        let never_null = matches!(name, "count" | "count_if" | "count_distinct" | "sum" | "wrapping_sum");
        let nullable = ty.nullable || !never_null && !options.is_empty();
        let texts: Vec<String> = arguments.into_iter().map(|argument| argument.text).chain(options).collect();
        let call = format!("{name}({})", texts.join(", "));
        // Lists whose items are never null have no kind of their own here.
        let text = if matches!(name, "list" | "set") && ty.kind == Kind::Int { format!("{call}.len()") } else { call };
        Some(Made { text, level: 10, kind: ty.kind, nullable })
    }

    /// A reducer as the last stage.
    pub fn last_reducer(&mut self, shape: Shape) -> (String, Shape) {
        if self.draw.chance(15) {
            return self.fold(shape);
        }
        let made = self.reducer().filter(|(def, ..)| !matches!(def.name, "list" | "set"));
        let Some((def, mut arguments, ty)) = made else {
            self.saw("reducer count");
            self.row = vec![Column { name: "it".into(), ty: Ty { kind: Kind::Int, nullable: false } }];
            return ("count".into(), Shape::Scalar);
        };
        let (name, least) = (def.name, def.arity.0);
        let options = self.reducer_options(def, &arguments, 15);
        let is_int = |text: &str| text.replace('_', "").parse::<i64>().is_ok();
        if matches!(name, "first" | "last") && arguments.iter().all(|argument| is_int(&argument.text)) {
            // `first 1` is refused: it is hardly what is meant.
            arguments[0].text = format!("({} + 0)", arguments[0].text);
        }
        let mut texts: Vec<String> = arguments.into_iter().map(|argument| Self::without_minus(argument).text).collect();
        // `first 5` is taken for `take 5`, and refused.
        if matches!(name, "first" | "last") && is_int(&texts[0]) {
            texts[0] = format!("0 + {}", texts[0]);
        }
        texts.extend(options);
        self.saw(format!("reducer {name}"));
        self.saw("form reducer as a stage");
        let element = (shape == Shape::Values && least == 1 && texts.len() == 1)
            .then(|| self.argument_of_row())
            .filter(|_| self.draw.chance(30));
        let (text, ty) = match element.and_then(|element| reduced(def, &[element])) {
            Some(ty) => (name.to_string(), ty),
            None => (format!("{name} {}", texts.join(", ")).trim_end().to_string(), ty),
        };
        self.row = vec![Column { name: "it".into(), ty: Ty { nullable: true, ..ty } }];
        (text, Shape::Scalar)
    }
}

/// What a reducer makes of arguments, if it takes them: of a list whose items are never null, its length.
fn reduced(def: &ReducerDef, arguments: &[Made]) -> Option<Ty> {
    let full = |argument: &Made| match argument.kind {
        Kind::Int if def.in_floats => Ty { kind: Kind::Float, nullable: argument.nullable }.full(),
        kind => Ty { kind, nullable: argument.nullable }.full(),
    };
    let ty = (def.result)(&arguments.iter().map(full).collect::<Vec<_>>())?;
    let kind = match ty.kind {
        ty::Kind::Wide if arguments[0].kind == Kind::Duration => Kind::Duration,
        ty::Kind::List(_) if matches!(def.name, "list" | "set") => Kind::Int,
        kind => Kind::of(&kind)?,
    };
    Some(Ty { kind, nullable: ty.nullable })
}
