from __future__ import annotations

import pytest

from minikafka import errors
from minikafka.log.config import DEFAULT_LOG_CONFIG, LogConfig


def test_defaults_are_kafkas():
    config = LogConfig()
    assert (config.segment_bytes, config.segment_ms) == (1 << 30, 604_800_000)
    assert (config.retention_bytes, config.retention_ms) == (-1, 604_800_000)
    assert config.max_message_bytes == 1_048_588
    assert config.message_timestamp_after_max_ms == 3_600_000
    assert (config.delete, config.compact, config.compression) == (True, False, None)
    assert config == DEFAULT_LOG_CONFIG


def test_from_topic_configs():
    config = LogConfig.from_topic_configs(
        {
            "retention.ms": "-1",
            "cleanup.policy": "compact,delete",
            "message.timestamp.type": "LogAppendTime",
            "compression.type": "zstd",
            "min.cleanable.dirty.ratio": "0.1",
            "min.insync.replicas": "2",
        }
    )
    assert (config.retention_ms, config.compact, config.delete) == (-1, True, True)
    assert (config.log_append_time, config.compression, config.min_cleanable_dirty_ratio) == (True, 4, 0.1)
    assert "retention_ms=-1" in repr(config)
    assert config != DEFAULT_LOG_CONFIG


def test_bad_values():
    with pytest.raises(errors.InvalidConfigurationError, match=r"retention\.ms"):
        LogConfig.from_topic_configs({"retention.ms": "soon"})
    with pytest.raises(errors.InvalidConfigurationError, match=r"compression\.type"):
        LogConfig(compression_type="rar")
