"""Every message in every version, byte for byte as kio and kafka-python 3 write it."""

from hypothesis import given, settings
from hypothesis import strategies as st

# No public codec at hand knows these: test_coordinator_records checks them by hand.
WITHOUT_ORACLE = {"OffsetCommitKey", "OffsetCommitValue", "GroupMetadataKey", "GroupMetadataValue"}


@settings(max_examples=30)
@given(data=st.data())
def test_encodes_as_the_oracles_do_and_decodes_back(message_class, protocol, data):
    message = data.draw(protocol.messages_of(message_class))
    for version in range(message_class.min_version, message_class.max_version + 1):
        carried = protocol.carried(message, version)
        encoded = carried.encode(version)
        assert message_class.decode(encoded, version) == carried
        by_kio = protocol.kio_encoded(carried, version)
        if by_kio is not None:
            assert encoded == by_kio
            assert protocol.kio_reencoded(message_class, encoded, version) == encoded
        by_kafka_python = protocol.kafka_python_encoded(carried, version)
        if by_kafka_python is not None:
            assert encoded == by_kafka_python


def test_every_version_of_every_message_has_an_oracle(message_class, protocol):
    for version in range(message_class.min_version, message_class.max_version + 1):
        known = protocol.kio_class(message_class, version) is not None
        assert known == (message_class.__name__ not in WITHOUT_ORACLE)
