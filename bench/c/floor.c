/* What the platform itself costs: calls through a shared library that do nothing, or only count a reference. */
#include <stdatomic.h>

static atomic_long references = 1;

void floor_empty(void) {}

void *floor_acquire(void) {
    atomic_fetch_add_explicit(&references, 1, memory_order_relaxed);
    return &references;
}

void floor_release(void *counted) { atomic_fetch_sub_explicit((atomic_long *)counted, 1, memory_order_release); }
