//! Values of types of the host, which Pipe hands on and never looks into.

use std::any::Any;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind};
use std::sync::Arc;

/// A value counts as so many bytes at most, whatever its host says: sums of them stay far from the greatest integer.
const MOST: usize = (64_usize << 20).saturating_mul(1 << 10);

/// A value of a type of the host. Copies share it.
#[derive(Clone)]
pub struct Opaque(Arc<Held<dyn Any + Send + Sync>>);

/// What there is to know of a value, and the value.
struct Held<T: ?Sized> {
    type_name: &'static str,
    size: usize,
    value: T,
}

/// A value of the host, there until it is dropped. It may be dropped by any thread and behind any error, so that a panic of
/// its `Drop` goes no further.
struct Guarded<T>(Option<T>);

impl<T> Drop for Guarded<T> {
    fn drop(&mut self) {
        let _ = catch_unwind(AssertUnwindSafe(|| drop(self.0.take())));
    }
}

impl Opaque {
    /// A value of the type that scripts know by this name, which takes about so many bytes.
    pub fn new<T: Any + Send + Sync>(type_name: &'static str, size: usize, value: T) -> Opaque {
        Opaque(Arc::new(Held { type_name, size: size.min(MOST), value: Guarded(Some(value)) }))
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
        self.0.value.downcast_ref::<Guarded<T>>()?.0.as_ref()
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
