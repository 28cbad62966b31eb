"""Why a broker option is refused: Kafka has it and minikafka does not model it, or nobody knows it."""

from __future__ import annotations

from minikafka.errors import KafkaConfigurationError, UnsupportedOptionError

SET_BY_THE_CLUSTER = {
    "broker.id": "node ids are given by MiniKafka, from 1",
    "node.id": "node ids are given by MiniKafka, from 1",
    "process.roles": "MiniKafka runs its brokers and its controller as nodes of their own",
    "advertised.listeners": "say MiniKafka.listen(advertised_host=..., advertised_port=...)",
    "listeners": "say MiniKafka.listen(host, port)",
    "log.dir": "logs live in memory",
    "log.dirs": "logs live in memory",
    "metadata.log.dir": "metadata lives in memory",
}

UNSUPPORTED = """
alter.config.policy.class.name alter.log.dirs.replication.quota.window.num
alter.log.dirs.replication.quota.window.size.seconds authorizer.class.name background.threads
broker.heartbeat.interval.ms client.quota.callback.class connection.failed.authentication.delay.ms
connections.max.reauth.ms controlled.shutdown.enable controller.listener.names
controller.performance.always.log.threshold.ms controller.performance.sample.period.ms
controller.quorum.append.linger.ms controller.quorum.auto.join.enable controller.quorum.bootstrap.servers
controller.quorum.election.backoff.max.ms controller.quorum.election.timeout.ms
controller.quorum.fetch.timeout.ms controller.quorum.request.timeout.ms controller.quorum.retry.backoff.ms
controller.quorum.voters controller.quota.window.num controller.quota.window.size.seconds
controller.socket.timeout.ms create.topic.policy.class.name delegation.token.expiry.check.interval.ms
delegation.token.expiry.time.ms delegation.token.max.lifetime.ms delegation.token.secret.key
delete.records.purgatory.purge.interval.requests early.start.listeners
fetch.purgatory.purge.interval.requests follower.replication.throttled.rate group.consumer.assignors
group.consumer.heartbeat.interval.ms group.consumer.max.heartbeat.interval.ms
group.consumer.max.session.timeout.ms group.consumer.max.size group.consumer.migration.policy
group.consumer.min.heartbeat.interval.ms group.consumer.min.session.timeout.ms
group.consumer.regex.refresh.interval.ms group.consumer.session.timeout.ms
group.coordinator.append.linger.ms group.coordinator.cached.buffer.max.bytes
group.coordinator.rebalance.protocols group.coordinator.threads group.share.assignors
group.share.delivery.count.limit group.share.enable group.share.heartbeat.interval.ms
group.share.initialize.retry.interval.ms group.share.max.heartbeat.interval.ms
group.share.max.record.lock.duration.ms group.share.max.session.timeout.ms group.share.max.share.sessions
group.share.max.size group.share.min.heartbeat.interval.ms group.share.min.record.lock.duration.ms
group.share.min.session.timeout.ms group.share.partition.max.record.locks group.share.persister.class.name
group.share.record.lock.duration.ms group.share.session.timeout.ms group.streams.heartbeat.interval.ms
group.streams.max.heartbeat.interval.ms group.streams.max.session.timeout.ms group.streams.max.size
group.streams.max.standby.replicas group.streams.min.heartbeat.interval.ms
group.streams.min.session.timeout.ms group.streams.num.standby.replicas group.streams.session.timeout.ms
initial.broker.registration.timeout.ms inter.broker.listener.name kafka.metrics.polling.interval.secs
kafka.metrics.reporters leader.imbalance.per.broker.percentage leader.replication.throttled.rate
listener.security.protocol.map log.cleaner.backoff.ms log.cleaner.dedupe.buffer.size log.cleaner.enable
log.cleaner.io.buffer.load.factor log.cleaner.io.buffer.size log.cleaner.io.max.bytes.per.second
log.cleaner.threads log.dir.failure.timeout.ms log.flush.offset.checkpoint.interval.ms
log.flush.scheduler.interval.ms log.flush.start.offset.checkpoint.interval.ms
max.connection.creation.rate max.connections.per.ip max.connections.per.ip.overrides
metadata.log.max.record.bytes.between.snapshots metadata.log.max.snapshot.interval.ms
metadata.log.segment.bytes metadata.log.segment.ms metadata.max.idle.interval.ms metadata.max.retention.bytes
metadata.max.retention.ms metric.reporters metrics.num.samples metrics.recording.level
metrics.sample.window.ms num.io.threads num.network.threads num.recovery.threads.per.data.dir
num.replica.alter.log.dirs.threads num.replica.fetchers offsets.load.buffer.size
offsets.topic.compression.codec password.encoder.cipher.algorithm principal.builder.class
producer.purgatory.purge.interval.requests queued.max.request.bytes queued.max.requests quota.window.num
quota.window.size.seconds remote.fetch.max.wait.ms remote.list.offsets.request.timeout.ms
remote.log.manager.thread.pool.size remote.log.metadata.manager.class.name
remote.log.storage.manager.class.name remote.log.storage.system.enable
replica.alter.log.dirs.io.max.bytes.per.second
replica.high.watermark.checkpoint.interval.ms replica.selector.class replica.socket.receive.buffer.bytes
replica.socket.timeout.ms replication.quota.window.num replication.quota.window.size.seconds
sasl.client.callback.handler.class sasl.enabled.mechanisms sasl.jaas.config sasl.kerberos.service.name
sasl.login.callback.handler.class sasl.login.class sasl.mechanism.controller.protocol
sasl.mechanism.inter.broker.protocol sasl.server.callback.handler.class sasl.server.max.receive.size
security.inter.broker.protocol security.providers server.max.startup.time.ms
share.coordinator.append.linger.ms
share.coordinator.load.buffer.size share.coordinator.snapshot.update.records.per.snapshot
share.coordinator.state.topic.compression.codec share.coordinator.state.topic.min.isr
share.coordinator.state.topic.num.partitions share.coordinator.state.topic.prune.interval.ms
share.coordinator.state.topic.replication.factor share.coordinator.state.topic.segment.bytes
share.coordinator.threads share.coordinator.write.timeout.ms share.fetch.purgatory.purge.interval.requests
socket.connection.setup.timeout.max.ms socket.connection.setup.timeout.ms
socket.receive.buffer.bytes socket.send.buffer.bytes ssl.cipher.suites
ssl.client.auth ssl.enabled.protocols ssl.endpoint.identification.algorithm ssl.engine.factory.class
ssl.key.password ssl.keymanager.algorithm ssl.keystore.certificate.chain ssl.keystore.key
ssl.keystore.location ssl.keystore.password ssl.keystore.type ssl.principal.mapping.rules ssl.protocol
ssl.provider ssl.secure.random.implementation ssl.trustmanager.algorithm ssl.truststore.certificates
ssl.truststore.location ssl.truststore.password ssl.truststore.type telemetry.max.bytes
transaction.abort.timed.out.transaction.cleanup.interval.ms transaction.max.timeout.ms
transaction.partition.verification.enable transaction.remove.expired.transaction.cleanup.interval.ms
transaction.state.log.load.buffer.size transaction.two.phase.commit.enable transactional.id.expiration.ms
unclean.leader.election.interval.ms unstable.api.versions.enable unstable.feature.versions.enable
"""
"""Options of a Kafka 4.x broker that nothing here obeys; as text, for it is seldom read."""


def explain(name: str, dotted: str) -> KafkaConfigurationError:
    """The error for an option that `BrokerConfig` does not take.

    Args:
        name: the option as the user wrote it.
        dotted: its name in Kafka's spelling.
    """
    reason = SET_BY_THE_CLUSTER.get(dotted)
    if reason is not None:
        return UnsupportedOptionError(f"the broker option {name!r} cannot be set: {reason}")
    if dotted in UNSUPPORTED.split():
        return UnsupportedOptionError(
            f"the broker option {name!r} is one of Kafka's that minikafka does not model"
        )
    from difflib import get_close_matches

    from minikafka.config.broker import BROKER_CONFIGS

    matches = get_close_matches(dotted, [*BROKER_CONFIGS, *SET_BY_THE_CLUSTER], n=3, cutoff=0.6)
    hint = f"; did you mean {' or '.join(repr(match) for match in matches)}?" if matches else ""
    return KafkaConfigurationError(f"unknown broker option {name!r}{hint}")
