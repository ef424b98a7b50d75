//! 10,000 objects of the host, sorted by name: as in `script-bench-rs`, but the host makes the objects, once for all. The
//! other languages sort by a quicksort of their own that asks the host which of two objects comes first.

use crate::measure::{contender, race};
use crate::peers::{self, NAME_OF_LUA};
use mlua::{MetaMethod, UserData, UserDataMethods, UserDataRef};
use pipelang::{Engine, Row};
use roto::value::{List, Val};
use roto::{Runtime, library};
use std::hint::black_box;
use std::sync::Arc;

const OBJECTS: usize = 10_000;

#[derive(Row, Clone)]
struct Object {
    name: String,
}

/// An object as the other languages hold it: it is cheap to hand over.
#[derive(Clone, PartialEq)]
struct Shared(Arc<str>);

impl UserData for Shared {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Lt, |_, this, other: UserDataRef<Self>| Ok(this.0 < other.0));
    }
}

/// Names of 8 to 23 letters.
fn names() -> Vec<String> {
    let mut state = 1u64;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut name = || {
        let length = 8 + random(16);
        (0..length).map(|_| char::from(b"0123456789abcdef"[random(16) as usize])).collect::<String>()
    };
    (0..OBJECTS).map(|_| name()).collect()
}

pub fn run() {
    let names = names();
    let objects: Vec<Object> = names.iter().map(|name| Object { name: name.clone() }).collect();
    let shared: Vec<Shared> = names.iter().map(|name| Shared(name.as_str().into())).collect();

    let engine = Engine::builder().threads(2).build().expect("nothing clashes");
    let pipe = engine.compile::<Object, Object>("sort.pipe", "input | sort name").expect("it compiles");

    let library = library! {
        #[clone] type Item = Val<Shared>;
        impl Val<Shared> {
            fn before(this: Val<Shared>, other: Val<Shared>) -> bool {
                this.0.0 < other.0.0
            }
        }
    };
    let runtime = Runtime::from_lib(library).expect("the library is right");
    let source = include_str!("../scripts/sort.roto");
    let mut package = runtime.compile(peers::roto_file(source)).map_err(|e| e.to_string()).expect("it compiles");
    let roto = package.get_function::<fn(List<Val<Shared>>) -> List<Val<Shared>>>("sorted").expect("the script has it");

    let lua = mlua::Lua::new();
    lua.load(include_str!("../scripts/sort.lua")).exec().expect("the script runs");
    let in_lua: mlua::Function = lua.globals().get("sorted").expect("the script has it");
    let table = lua.create_sequence_from(shared.iter().cloned()).expect("there is memory");

    let mut rhai = rhai::Engine::new();
    rhai.register_type_with_name::<Shared>("Item").register_fn("<", |a: &mut Shared, b: Shared| a.0 < b.0);
    let script = rhai.compile(include_str!("../scripts/sort.rhai")).expect("it compiles");
    let array: rhai::Array = shared.iter().cloned().map(rhai::Dynamic::from).collect();

    let mut sorted = names.clone();
    sorted.sort();
    let by_pipe = pipe.run(&objects).collect().expect("no row fails");
    assert!(by_pipe.iter().map(|it| &it.name).eq(&sorted));
    let by_roto = roto.call(shared.iter().cloned().map(Val).collect());
    assert!(by_roto.to_vec().iter().map(|it| &*it.0.0).eq(sorted.iter().map(String::as_str)));

    race(
        "10,000 objects of the host sorted by name",
        20,
        1,
        vec![
            contender("Rust", || {
                let mut sorted = objects.clone();
                sorted.sort_by(|a, b| a.name.cmp(&b.name));
                drop(black_box(sorted));
            }),
            contender("Pipe", || drop(black_box(pipe.run(&objects).collect().expect("no row fails")))),
            contender("roto", || drop(black_box(roto.call(shared.iter().cloned().map(Val).collect())))),
            contender(NAME_OF_LUA, || {
                drop(black_box(in_lua.call::<mlua::Table>(&table).expect("it succeeds")));
            }),
            contender("rhai", || {
                let sorted = rhai.call_fn::<rhai::Array>(&mut rhai::Scope::new(), &script, "sorted", (array.clone(),));
                drop(black_box(sorted.expect("it succeeds")));
            }),
        ],
    );
}
