//! A type of the host: scripts hand its values on, and look into them by the methods that the host gives them.
//!
//! ```text
//! 10.0.0.0/8: 700 bytes, first 10.0.0.7
//! 192.0.0.0/8: 500 bytes, first 192.168.1.2
//! from ::1
//!
//! error[E0301]: values of the host's type `Address` cannot be compared
//!    ╭─[ same.pipe:1:16 ]
//!  1 │ input | filter from == address("::1")
//!    │                ───────────┬────────── only the host knows what is in them
//! ───╯ help: compare what its methods give: is_loopback, version, network, string     more: pipe explain E0301
//! ```

use pipelang::{Engine, HostType, Row};
use std::error::Error;
use std::io::Write;
use std::net::{AddrParseError, IpAddr};

/// An address of the network. The type of the standard library is not ours, so it is put into one that is.
#[derive(Clone, Debug)]
struct Address(IpAddr);

impl HostType for Address {
    const NAME: &'static str = "Address";
}

#[derive(Row)]
struct Request {
    from: Address,
    bytes: i64,
}

#[derive(Row)]
struct Guest {
    network: String,
    bytes: i64,
    first: Address,
}

const GUESTS: &str = "
    fn is_guest(from: Address) -> bool { not from.is_loopback() and from.version() == 4 }

    input
    | filter is_guest(from)
    | aggregate bytes = sum(bytes), first = first(from) by network = from.network(8)
    | sort -bytes
    | derive first = first ?? address(\"0.0.0.0\")
";

fn engine() -> Result<Engine, pipelang::Report> {
    Engine::builder()
        .host_type::<Address>(|address| {
            address
                .describe("An address of the network, version 4 or 6.")
                .method("is_loopback", |it: &Address| it.0.is_loopback())
                .method("version", |it: &Address| if it.0.is_ipv4() { 4 } else { 6 })
                .try_method("network", network)
                // What `f\"{from}\"` and `string(from)` call.
                .method("string", |it: &Address| it.0.to_string())
        })
        .try_func("address", |text: &str| -> Result<Address, AddrParseError> { Ok(Address(text.parse()?)) })
        .build()
}

fn network(of: &Address, bits: i64) -> Result<String, String> {
    match of.0 {
        IpAddr::V4(address) if (1..=32).contains(&bits) => {
            Ok(format!("{}/{bits}", std::net::Ipv4Addr::from_bits(address.to_bits() & (u32::MAX << (32 - bits)))))
        }
        _ => Err(format!("no network of {bits} bits around {}", of.0)),
    }
}

pub fn run(out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let engine = engine()?;
    let request = |from: &str, bytes| from.parse().map(|from| Request { from: Address(from), bytes });
    let requests =
        [request("10.0.0.7", 300)?, request("127.0.0.1", 9)?, request("192.168.1.2", 500)?, request("10.1.2.3", 400)?];

    let program = engine.compile::<Request, Guest>("guests.pipe", GUESTS)?;
    for Guest { network, bytes, first: Address(first) } in program.run(&requests).collect()? {
        writeln!(out, "{network}: {bytes} bytes, first {first}")?;
    }
    writeln!(out, "{}", engine.eval::<String>("f\"from {address(\"::1\")}\"")?)?;

    // Pipe does not know when two addresses are equal.
    if let Err(report) = engine.compile::<Request, Request>("same.pipe", "input | filter from == address(\"::1\")") {
        writeln!(out, "\n{report}")?;
    }
    Ok(())
}
