//! The other languages, each with its script loaded: `rule(a, b)` computes three operations, `through(x)` calls the host.

use roto::load::FileTree;
use roto::runtime::context::NoCtx;
use roto::{Runtime, library};
use rune::{Context, ContextError, Module, Source, Sources, Vm};
use std::hint::black_box;
use std::sync::Arc;

/// What the host gives to all of them.
pub fn twice(x: f64) -> f64 {
    black_box(x) * 2.0
}

pub struct Rhai {
    pub engine: rhai::Engine,
    pub script: rhai::AST,
}

pub fn rhai() -> Rhai {
    let mut engine = rhai::Engine::new();
    engine.set_optimization_level(rhai::OptimizationLevel::Full);
    engine.register_fn("twice", twice);
    let script = engine.compile(include_str!("../scripts/rule.rhai")).expect("the script compiles");
    Rhai { engine, script }
}

impl Rhai {
    pub fn call<T: Clone + Send + Sync + 'static>(&self, name: &str, arguments: impl rhai::FuncArgs) -> T {
        self.engine.call_fn(&mut rhai::Scope::new(), &self.script, name, arguments).expect("the call succeeds")
    }
}

pub fn roto_runtime() -> Runtime<NoCtx> {
    Runtime::from_lib(library! {
        fn twice(x: f64) -> f64 {
            crate::peers::twice(x)
        }
    })
    .expect("the library is right")
}

pub fn roto_file(source: &str) -> FileTree {
    FileTree::test_file("rule.roto", source, 0)
}

pub const ROTO: &str = include_str!("../scripts/rule.roto");

pub struct Rune {
    pub context: Context,
    pub machine: Vm,
}

pub fn rune_context() -> Result<Context, ContextError> {
    let mut context = Context::with_default_modules()?;
    let mut host = Module::new();
    host.function("twice", twice).build()?;
    context.install(host)?;
    Ok(context)
}

pub fn rune_unit(context: &Context, source: &str) -> Arc<rune::Unit> {
    let mut sources = Sources::new();
    sources.insert(Source::memory(source).expect("the source is short")).expect("there is room for it");
    Arc::new(rune::prepare(&mut sources).with_context(context).build().expect("the script compiles"))
}

pub const RUNE: &str = include_str!("../scripts/rule.rune");

pub fn rune() -> Rune {
    let context = rune_context().expect("the module is right");
    let unit = rune_unit(&context, RUNE);
    let runtime = Arc::new(context.runtime().expect("there is memory"));
    Rune { machine: Vm::new(runtime, unit), context }
}

/// Which Lua it is.
pub const NAME_OF_LUA: &str = if cfg!(feature = "luau") { "Luau" } else { "LuaJIT" };

pub const LUA: &str = include_str!("../scripts/rule.lua");

pub fn lua() -> mlua::Lua {
    let lua = mlua::Lua::new();
    let function = lua.create_function(|_, x: f64| Ok(twice(x))).expect("there is memory");
    lua.globals().set("twice", function).expect("a global can be set");
    lua.load(LUA).exec().expect("the script runs");
    lua
}

pub fn lua_function(lua: &mlua::Lua, name: &str) -> mlua::Function {
    lua.globals().get(name).expect("the script has it")
}
