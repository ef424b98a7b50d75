//! Pipe beside rhai, roto, rune, LuaJIT (or Luau) and hand-written Rust: what a call, a compilation, a batch and a call of the host
//! cost, how long a run goes on behind its limit, and the sort of 10,000 objects of the host.
//!
//! Arguments are the names of the parts that are wanted: `call event compile filter host stop sort`; none is all.

mod batch;
mod calls;
mod compile;
mod measure;
mod peers;
mod sort;
mod stop;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let parts: [(&str, fn()); 7] = [
        ("call", calls::scalar),
        ("event", calls::event),
        ("compile", compile::run),
        ("filter", batch::run),
        ("host", calls::host),
        ("stop", stop::run),
        ("sort", sort::run),
    ];
    for (name, run) in parts {
        if wanted.is_empty() || wanted.iter().any(|it| it == name) {
            run();
        }
    }
}
