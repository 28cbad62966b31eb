import google_crc32c
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikafka.crc32c import crc32c, pure_crc32c


@pytest.mark.parametrize("function", [crc32c, pure_crc32c])
def test_the_standard_check_value(function):
    assert function(b"123456789") == 0xE3069283


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_pure_python_agrees_with_the_library_and_continues(data, more):
    assert pure_crc32c(data) == google_crc32c.value(data)
    assert pure_crc32c(more, pure_crc32c(data)) == google_crc32c.value(data + more)
    assert crc32c(memoryview(data)) == google_crc32c.value(data)
