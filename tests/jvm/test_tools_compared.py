"""Kafka's console tools say the same of one minikafka broker as of one real broker."""

from __future__ import annotations


def test_topics(one):
    one("""
        kafka-topics --create --topic orders --partitions 2
        kafka-topics --create --topic orders --partitions 2
        kafka-topics --create --topic orders --partitions 2 --if-not-exists
        kafka-topics --create --topic defaults
        kafka-topics --create --topic placed --config retention.ms=1000 --config cleanup.policy=compact --replica-assignment 1,1,1
        kafka-topics --create --topic with.dot_and_underscore
        kafka-topics --create --topic bad/name
        kafka-topics --create --topic wide --replication-factor 3
        kafka-topics --create --topic elsewhere --replica-assignment 7
        kafka-topics --create --topic none --partitions 0
        kafka-topics --create --topic mistaken --config retention.ms=abc
        kafka-topics --create --topic mistaken --config retention.xx=1
        kafka-topics --list --topic orders|placed
        kafka-topics --list --exclude-internal --topic defaults
        kafka-topics --describe --topic orders
        kafka-topics --describe --topic placed
        kafka-topics --describe --topic nothing
        kafka-topics --describe --topic nothing --if-exists
        kafka-topics --describe --topics-with-overrides --topic placed|orders
        kafka-topics --describe --under-replicated-partitions
        kafka-topics --describe --unavailable-partitions
        kafka-topics --describe --under-min-isr-partitions
        kafka-topics --describe --at-min-isr-partitions --topic orders
        kafka-topics --describe --topic orders --partition-size-limit-per-response 1
        kafka-topics --alter --topic orders --partitions 4
        kafka-topics --alter --topic orders --partitions 4
        kafka-topics --alter --topic orders --partitions 3
        kafka-topics --alter --topic orders --partitions 5 --replica-assignment 1,1,1,1,1
        kafka-topics --alter --topic nothing --partitions 3
        kafka-topics --alter --topic nothing --partitions 3 --if-exists
        kafka-topics --describe --topic orders
        kafka-topics --delete --topic placed
        kafka-topics --delete --topic placed
        kafka-topics --delete --topic placed --if-exists
        kafka-topics --list --topic placed
        kafka-topics --help
        kafka-topics --version
    """)  # noqa: E501 - a command is a line


def test_records(one):
    one("""
        kafka-topics --create --topic lines --partitions 1
        kafka-console-producer --topic lines <<< one\\ntwo\\nthree
        kafka-console-producer --topic lines --reader-property parse.key=true --reader-property key.separator=: <<< k:four
        kafka-console-producer --topic lines --compression-codec zstd --command-property acks=1 <<< five
        kafka-console-consumer --topic lines --group readers --from-beginning --max-messages 5
        kafka-console-consumer --topic lines --partition 0 --offset 3 --max-messages 2 --formatter-property print.key=true --formatter-property print.offset=true --formatter-property print.partition=true --formatter-property print.headers=true
        kafka-console-consumer --topic lines --partition 0 --offset latest --timeout-ms 500
        kafka-console-consumer --topic nothing-here --partition 0 --offset earliest --timeout-ms 500
        kafka-get-offsets --topic lines
        kafka-get-offsets --topic lines --time -2
        kafka-get-offsets --topic lines --time earliest
        kafka-get-offsets --topic lines --time max-timestamp
        kafka-get-offsets --topic lines --time earliest-local
        kafka-get-offsets --topic lines --time latest-tiered
        kafka-get-offsets --topic lines --time 1
        kafka-get-offsets --topic-partitions lines:0
        kafka-get-offsets --topic-partitions lines:0-1,nothing:3 --exclude-internal-topics
        kafka-get-offsets --topic nothing-at-all
        kafka-log-dirs --describe --topic-list nothing-at-all
        kafka-log-dirs --describe --topic-list lines --broker-list 7
        kafka-topics --create --topic sized
        kafka-console-producer --topic sized <<< one
        kafka-log-dirs --describe --topic-list sized
    """)  # noqa: E501 - a command is a line
    (one.directory / "delete.json").write_text(
        '{"partitions": [{"topic": "lines", "partition": 0, "offset": 2}], "version": 1}'
    )
    (one.directory / "too-far.json").write_text(
        '{"partitions": [{"topic": "lines", "partition": 0, "offset": 99}], "version": 1}'
    )
    (one.directory / "all.json").write_text(
        '{"partitions": [{"topic": "lines", "partition": 0, "offset": -1}], "version": 1}'
    )
    one("""
        kafka-delete-records --offset-json-file {dir}/delete.json
        kafka-delete-records --offset-json-file {dir}/too-far.json
        kafka-get-offsets --topic lines --time earliest
        kafka-console-consumer --topic lines --group late-readers --from-beginning --max-messages 3
        kafka-delete-records --offset-json-file {dir}/all.json
        kafka-get-offsets --topic lines --time earliest
    """)


def test_configs_of_topics(one):
    one("""
        kafka-topics --create --topic configured
        kafka-configs --describe --entity-type topics --entity-name configured
        kafka-configs --describe --topic nothing
        kafka-configs --alter --topic configured --add-config retention.ms=1000,cleanup.policy=[compact,delete]
        kafka-configs --describe --topic configured
        kafka-configs --alter --topic configured --add-config retention.ms=abc
        kafka-configs --alter --topic configured --add-config retention.xx=abc
        kafka-configs --alter --topic configured --delete-config retention.ms
        kafka-configs --alter --topic configured --delete-config retention.ms
        kafka-configs --alter --topic nothing --add-config retention.ms=1
        kafka-configs --alter --topic configured --add-config leader.replication.throttled.replicas=[0:1],follower.replication.throttled.replicas=[0:1]
        kafka-configs --describe --topic configured
        kafka-topics --describe --topic configured
    """)  # noqa: E501 - a command is a line


def test_configs_of_brokers(one):
    one("""
        kafka-configs --describe --entity-type brokers --entity-name 1
        kafka-configs --describe --entity-type brokers --entity-default
        kafka-configs --describe --broker 7
        kafka-configs --alter --broker 1 --add-config log.retention.ms=5000
        kafka-configs --alter --broker-defaults --add-config log.retention.ms=7000
        kafka-configs --describe --broker 1
        kafka-configs --describe --broker-defaults
        kafka-configs --describe --entity-type brokers
        kafka-configs --alter --broker 1 --add-config num.partitions=5
        kafka-configs --alter --broker 1 --add-config log.retention.ms=abc
        kafka-configs --alter --broker 1 --delete-config log.retention.ms
        kafka-configs --alter --broker-defaults --delete-config log.retention.ms
        kafka-configs --alter --broker-defaults --delete-config log.retention.ms
        kafka-configs --describe --entity-type brokers
        kafka-configs --alter --broker 1 --add-config leader.replication.throttled.rate=1000
        kafka-configs --alter --broker-defaults --add-config follower.replication.throttled.rate=2000
        kafka-configs --alter --broker-defaults --add-config follower.replication.throttled.rate=-5
        kafka-configs --describe --entity-type brokers
        kafka-configs --alter --broker 1 --delete-config leader.replication.throttled.rate
        kafka-configs --alter --broker-defaults --delete-config follower.replication.throttled.rate
        kafka-configs --describe --entity-type brokers
    """)


def test_groups(one):
    one("kafka-topics --create --topic billed --partitions 4")
    one.fill("billed", 4)
    one.join("billing", "billed", 4, "m1", "m2")
    one("""
        kafka-consumer-groups --describe --group nothing
        kafka-consumer-groups --describe --group nothing --members
        kafka-consumer-groups --describe --group nothing --state
        kafka-consumer-groups --list
        kafka-consumer-groups --list --state
        kafka-consumer-groups --list --state Stable
        kafka-consumer-groups --list --state Empty,Dead
        kafka-consumer-groups --list --type
        kafka-consumer-groups --list --type classic
        kafka-consumer-groups --list --type consumer
        kafka-consumer-groups --list --type classic --state
        kafka-groups --list --consumer
        kafka-groups --list --share
        kafka-groups --list --streams
        kafka-groups --list --group-type classic
        kafka-groups --list --protocol consumer
        kafka-share-groups --list
        kafka-streams-groups --list
        kafka-consumer-groups --describe --group billing
        kafka-consumer-groups --describe --group billing --offsets --verbose
        kafka-consumer-groups --describe --group billing --members
        kafka-consumer-groups --describe --group billing --members --verbose
        kafka-consumer-groups --describe --group billing --state
        kafka-consumer-groups --describe --group billing --state --verbose
        kafka-consumer-groups --reset-offsets --group billing --topic billed --to-earliest --execute
        kafka-consumer-groups --delete --group billing
        kafka-consumer-groups --delete-offsets --group billing --topic billed
        kafka-consumer-groups --delete --group nothing
    """)
    one.leave()
    (one.directory / "offsets.csv").write_text("billed,0,1\nbilled,1,1\n")
    one("""
        kafka-consumer-groups --describe --group billing
        kafka-consumer-groups --describe --group billing --members
        kafka-consumer-groups --describe --group billing --state
        kafka-consumer-groups --reset-offsets --group billing --topic billed --to-earliest --dry-run
        kafka-consumer-groups --reset-offsets --group billing --topic billed --to-latest --dry-run
        kafka-consumer-groups --reset-offsets --group billing --topic billed --to-current --dry-run
        kafka-consumer-groups --reset-offsets --group billing --topic billed --to-offset 1 --dry-run
        kafka-consumer-groups --reset-offsets --group billing --topic billed --to-offset 99 --dry-run
        kafka-consumer-groups --reset-offsets --group billing --topic billed --shift-by -1 --dry-run
        kafka-consumer-groups --reset-offsets --group billing --topic billed --shift-by 100 --dry-run
        kafka-consumer-groups --reset-offsets --group billing --topic billed --to-datetime 2020-01-01T00:00:00.000 --dry-run
        kafka-consumer-groups --reset-offsets --group billing --topic billed --to-datetime 2050-01-01T00:00:00.000 --dry-run
        kafka-consumer-groups --reset-offsets --group billing --topic billed --by-duration PT1H --dry-run
        kafka-consumer-groups --reset-offsets --group billing --topic billed:0,2 --to-offset 0 --execute
        kafka-consumer-groups --reset-offsets --group billing --from-file {dir}/offsets.csv --execute
        kafka-consumer-groups --describe --group billing
        kafka-consumer-groups --reset-offsets --group billing --all-topics --to-latest --execute
        kafka-consumer-groups --reset-offsets --group billing --all-topics --to-earliest --export --dry-run
        kafka-consumer-groups --reset-offsets --group billing --topic billed:9 --to-earliest --dry-run
        kafka-consumer-groups --reset-offsets --group fresh --topic billed --to-earliest --execute
        kafka-consumer-groups --reset-offsets --group fresh --topic nothing-at-all --to-earliest --execute
        kafka-consumer-groups --reset-offsets --group billing --topic billed --to-earliest
        kafka-consumer-groups --describe --group fresh
        kafka-consumer-groups --delete-offsets --group billing --topic billed:0
        kafka-consumer-groups --delete-offsets --group billing --topic billed
        kafka-consumer-groups --delete-offsets --group billing --topic nothing-at-all
        kafka-consumer-groups --describe --group billing
        kafka-consumer-groups --delete --group billing --group fresh
        kafka-consumer-groups --delete --group billing
        kafka-consumer-groups --list --state Empty
        kafka-consumer-groups --validate-regex a.*
    """)  # noqa: E501 - a command is a line


def test_the_cluster(one):
    one("""
        kafka-cluster cluster-id
        kafka-cluster list-endpoints
        kafka-cluster list-endpoints --include-fenced-brokers
        kafka-leader-election --election-type preferred --topic nothing-at-all --partition 0
    """)


def test_performance_tools_run(one):
    """What they measure differs; that they get everything does not."""
    one("kafka-topics --create --topic measured --partitions 3")
    for which in (0, 1):
        said = one.run(
            which,
            "kafka-producer-perf-test --topic measured --num-records 2000 --record-size 100 --throughput -1",
        )
        assert "2000 records sent" in said
        said = one.run(
            which,
            "kafka-consumer-perf-test --topic measured --group measurers --num-records 2000 --timeout 10000",
        )
        assert ", 2000, " in said, said
        said = one.run(
            which, "kafka-e2e-latency --topic measured --num-records 20 --producer-acks all --record-size 10"
        )
        assert "Avg latency" in said, said
        # Its group is named after the time, and other tests list groups.
        for group in one.run(which, "kafka-consumer-groups --list").splitlines():
            if group.startswith("test-group-"):
                said = one.run(which, f"kafka-consumer-groups --delete --group {group}")
                assert "was successful" in said, said


def test_features_quorum_and_what_is_not_there(one):
    one("""
        kafka-features version-mapping
        kafka-features upgrade --feature metadata.version=29 --dry-run
        kafka-features upgrade --feature metadata.version=20 --dry-run
        kafka-features downgrade --feature metadata.version=20 --dry-run
        kafka-features downgrade --feature metadata.version=20 --unsafe
        kafka-features upgrade --feature metadata.version=99
        kafka-features upgrade --feature nothing=1
        kafka-features disable --feature nothing
        kafka-configs --describe --entity-type users
        kafka-configs --describe --entity-type users --entity-name alice
        kafka-configs --describe --user alice
        kafka-configs --describe --user-defaults
        kafka-configs --describe --entity-type clients
        kafka-configs --describe --client c1
        kafka-configs --describe --client-defaults
        kafka-configs --describe --entity-type users --entity-type clients
        kafka-configs --describe --entity-type ips
        kafka-configs --describe --ip 127.0.0.1
        kafka-configs --describe --group nobody
        kafka-configs --describe --entity-type client-metrics
        kafka-configs --describe --client-metrics nothing
        kafka-configs --describe --entity-type broker-loggers --entity-name 7
        kafka-client-metrics --list
        kafka-client-metrics --describe
        kafka-client-metrics --describe --name nothing
        kafka-share-groups --list
        kafka-streams-groups --list
    """)


def test_producers(one):
    one("kafka-topics --create --topic remembered")
    for which in (0, 1):
        one.run(which, "kafka-console-producer --topic remembered <<< one")
        said = one.run(which, "kafka-transactions describe-producers --topic remembered --partition 0")
        (head, state, *_) = said.splitlines()
        assert head.startswith("ProducerId"), said
        producer_id, epoch, coordinator_epoch, sequence, _, start = map(str.strip, state.split("\t"))
        assert int(producer_id) >= 0
        assert [epoch, coordinator_epoch, sequence, start] == ["0", "-1", "0", "None"], said


def test_the_admin_client(one):
    """What java/AdminLab.java asks of Java's admin client, beyond what the tools ask."""
    one("admin-lab {bootstrap}")
