//! The operators of the breakers: what must see many rows. An operator takes batches on each worker (`push`), is brought
//! together (`merge`) and gives its result (`finish`). It sees columns only: keys and arguments were computed by the
//! segment before it. It knows no threads: what is worth doing side by side is handed to the driver.

pub mod aggregate;
pub mod join;
pub mod sort;
pub mod window;
