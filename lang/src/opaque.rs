//! Values of types of the host, which Pipe hands on and never looks into.

use std::any::Any;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

/// A value of a type of the host. Copies share it.
#[derive(Clone)]
pub struct Opaque(Arc<Held<dyn Any + Send + Sync>>);

/// What there is to know of a value, and the value.
struct Held<T: ?Sized> {
    type_name: &'static str,
    size: usize,
    value: T,
}

impl Opaque {
    /// A value of the type that scripts know by this name, which takes about so many bytes.
    pub fn new<T: Any + Send + Sync>(type_name: &'static str, size: usize, value: T) -> Opaque {
        Opaque(Arc::new(Held { type_name, size, value }))
    }

    /// The name of its type in scripts.
    pub fn type_name(&self) -> &'static str {
        self.0.type_name
    }

    /// About how many bytes it takes.
    pub fn size(&self) -> usize {
        self.0.size
    }

    /// How many copies share it.
    pub fn holders(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    /// The value, if it is of that type.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.value.downcast_ref()
    }

    fn address(&self) -> usize {
        Arc::as_ptr(&self.0).cast::<()>() as usize
    }
}

/// What a panic leaves in a value is the host's affair, as it is in the host's own functions.
impl UnwindSafe for Opaque {}
impl RefUnwindSafe for Opaque {}

/// Copies of one value are equal, and no others: no script can ask, but plans find constants again by it.
impl PartialEq for Opaque {
    fn eq(&self, other: &Opaque) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Opaque {}

impl Hash for Opaque {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.address().hash(state);
    }
}

impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "<{}>", self.0.type_name)
    }
}
