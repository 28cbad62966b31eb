import logging

import pytest

from minikafka.client.future import Future
from minikafka.errors import KafkaTimeoutError, MessageSizeTooLargeError


def test_callbacks_run_in_order_with_their_arguments():
    seen = []
    future = Future()
    future.add_callback(lambda *args, **kw: seen.append((args, kw)), 1, 2, x=3).add_callback(seen.append)
    assert not future.is_done
    future.success("v")
    assert seen == [((1, 2, "v"), {"x": 3}), "v"]
    assert future.is_done
    assert future.succeeded()
    assert not future.failed()
    assert future.value == "v"


def test_errbacks_and_failure_by_class_or_instance():
    seen = []
    future = Future().add_errback(seen.append).add_callback(seen.append)
    future.failure(KafkaTimeoutError)
    assert isinstance(seen[0], KafkaTimeoutError)
    assert len(seen) == 1
    assert future.failed()
    assert future.retriable()
    assert not Future().failure(MessageSizeTooLargeError("x")).retriable()
    with pytest.raises(TypeError):
        Future().failure("no exception")


def test_late_callbacks_run_at_once():
    seen = []
    Future().success(1).add_both(seen.append)
    Future().failure(ValueError("x")).add_both(seen.append)
    assert seen[0] == 1
    assert isinstance(seen[1], ValueError)
    assert len(seen) == 2


def test_chain():
    first, second = Future(), Future()
    first.chain(second)
    first.success(5)
    assert second.value == 5


def test_a_raising_callback_is_logged(caplog, monkeypatch):
    seen = []
    with caplog.at_level(logging.ERROR):
        Future().add_callback(lambda _: 1 / 0).add_callback(seen.append).success(1)
    assert "Error processing callback" in caplog.text
    assert seen == [1]
    monkeypatch.setattr(Future, "error_on_callbacks", True)
    with pytest.raises(ZeroDivisionError):
        Future().add_callback(lambda _: 1 / 0).success(1)


def test_callbacks_must_be_callable():
    with pytest.raises(TypeError, match="callable"):
        Future().add_callback(3)
