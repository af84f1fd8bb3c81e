"""What the C library does with memory that tensors on the CPU have freed."""

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
LARGEST_KEPT = 2**30  # bytes of one block; glibc takes a C int


def keep_freed_memory() -> bool:
    """Keep freed memory for the next allocation; return whether the C library can.

    glibc gives a large block back to the system when it is freed, and the next one arrives as pages
    of zeros, each with a fault at its first use. A training frees and allocates the same tensors in
    each step, and its cost of a frame grows with the length of the sequences
    (`benchmarks/bench_sequence_length.py`). The process stays as large as its largest step.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library, or not Unix
        return False
    settings = (M_MMAP_THRESHOLD, LARGEST_KEPT), (M_TRIM_THRESHOLD, 2**31 - 1)
    return all(mallopt(name, value) == 1 for name, value in settings)
