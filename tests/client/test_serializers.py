import pytest

from minikafka.client.serializers import Deserializer, Serializer, bind_serializer


def test_shapes():
    assert bind_serializer(None, "value_serializer") is None
    assert bind_serializer(str.encode, "value_serializer")("t", [], "v") == b"v"
    assert bind_serializer(lambda data: data * 2, "value_serializer")("t", [], b"v") == b"vv"

    class New(Serializer):
        def serialize(self, topic, headers, data):
            return (topic, headers, data)

    class Old:
        def serialize(self, topic, data):
            return (topic, data)

    class Static:
        @staticmethod
        def serialize(topic, data):
            return (topic, data)

    class Any:
        def serialize(self, *args):
            return args

    assert bind_serializer(New(), "x")("t", [("h", b"1")], 1) == ("t", [("h", b"1")], 1)
    assert bind_serializer(Old(), "x")("t", [], 1) == ("t", 1)
    assert bind_serializer(Static(), "x")("t", [], 1) == ("t", 1)
    assert bind_serializer(Any(), "x")("t", [], 1) == ("t", [], 1)


def test_a_type_error_inside_a_serializer_is_the_users():
    class Broken(Serializer):
        def serialize(self, topic, headers, data):
            return len(data)

    with pytest.raises(TypeError, match="len"):
        bind_serializer(Broken(), "x")("t", [], 3)


def test_neither():
    with pytest.raises(TypeError, match="key_serializer=3"):
        bind_serializer(3, "key_serializer")
    for base in (Serializer(), Deserializer()):
        base.close()
    with pytest.raises(NotImplementedError):
        Serializer().serialize("t", [], b"")
    with pytest.raises(NotImplementedError):
        Deserializer().deserialize("t", [], b"")
