import subprocess
import sys

import pytest

from seqstudio.core.memory import keep_freed_memory

MIB = 2**20
COUNT_FAULTS = """
import resource
import torch
from seqstudio.core.memory import keep_freed_memory

def use():
    torch.empty(40 * 2**20, dtype=torch.uint8).fill_(1)

keep_freed_memory()
for _ in range(30):  # what is freed first has no room for the next tensor's alignment
    use()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    use()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before, resource.getpagesize())
"""


@pytest.mark.medium
def test_a_tensor_takes_the_memory_of_one_that_was_freed() -> None:
    if not keep_freed_memory():
        pytest.skip("the C library is not glibc")
    command = [sys.executable, "-c", COUNT_FAULTS]  # what this process has freed would matter
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    faults, page_bytes = map(int, printed.split())
    assert faults < 40 * MIB // page_bytes  # without it, each of the five faults for each page
