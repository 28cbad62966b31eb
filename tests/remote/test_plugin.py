import pytest

pytest.importorskip("kafka")


@pytest.fixture
def run(pytester, listening):
    """Runs a test module on the real cluster that a listening one stands for."""

    def run_module(source, *options):
        pytester.makepyfile(source)
        return pytester.runpytest_inprocess(
            f"--minikafka-bootstrap-servers={listening.listening_on}", "-rs", *options
        )

    return run_module


def test_an_unchanged_test(run, listening):
    result = run(
        """
        import pytest
        from minikafka import KafkaConsumer, TopicPartition

        @pytest.mark.minikafka(topics={"orders": {"partitions": 2, "configs": {"retention.ms": 60000}}})
        def test_it(minikafka_broker):
            minikafka_broker.producer().send("orders", b"x", partition=1).get(timeout=10)
            consumer = KafkaConsumer(bootstrap_servers=minikafka_broker.bootstrap_servers)
            consumer.assign([TopicPartition("orders", 1)])
            consumer.seek(TopicPartition("orders", 1), 0)
            [[record]] = consumer.poll(timeout_ms=10_000).values()
            assert record.value == b"x"
            consumer.close()

        def test_a_cluster_in_this_process():
            from minikafka import KafkaProducer, MiniKafka

            with MiniKafka() as kafka:
                producer = KafkaProducer(bootstrap_servers=kafka.bootstrap_servers)
                producer.send("orders", b"x").get(timeout=10)
                assert producer in kafka.clients
        """
    )
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines([f"minikafka: on the real Kafka at {listening.listening_on}"])
    assert [name for name in listening.topic_names() if name.startswith("orders-mk-")] == []


def test_minikafkas_names_come_back(run):
    from minikafka import KafkaProducer, TopicPartition, producer, structs

    run("def test_it(): pass").assert_outcomes(passed=1)
    import minikafka

    assert minikafka.KafkaProducer is KafkaProducer is producer.KafkaProducer
    assert minikafka.TopicPartition is TopicPartition is structs.TopicPartition


def test_user_code_by_patch(run):
    result = run(
        """
        import pytest
        from kafka import KafkaConsumer, KafkaProducer

        pytestmark = [pytest.mark.minikafka(topics={"orders": 1}), pytest.mark.minikafka_patch]

        class Shop(KafkaProducer):
            def sell(self, what):
                return self.send("orders", what.encode())

        def test_it(minikafka_broker):
            shop = Shop(bootstrap_servers="kafka.production:9092", security_protocol="SASL_SSL")
            assert shop.sell("espresso").get(timeout=10).topic == "orders"
            consumer = KafkaConsumer("orders", group_id="billing", auto_offset_reset="earliest",
                                     value_deserializer=bytes.decode)
            assert next(iter(consumer)).value == "espresso"
            assert set(minikafka_broker.clients) == {shop, consumer}
        """
    )
    result.assert_outcomes(passed=1)


def test_what_cannot_be_is_skipped_with_its_reason(run):
    result = run(
        """
        import pytest

        @pytest.mark.minikafka(brokers=3)
        def test_brokers(minikafka_broker): ...

        @pytest.mark.minikafka(clock="virtual")
        def test_clock(minikafka_broker): ...

        @pytest.mark.minikafka(seed=7)
        def test_seed(minikafka_broker): ...

        @pytest.mark.minikafka(config={"auto.create.topics.enable": False})
        def test_config(minikafka_broker): ...

        def test_time(minikafka_broker):
            minikafka_broker.advance(seconds=30)

        def test_faults(minikafka_broker):
            minikafka_broker.faults.drop("Produce")

        def test_kill(minikafka_broker):
            minikafka_broker.kill(1)
        """
    )
    result.assert_outcomes(skipped=7)
    result.stdout.fnmatch_lines_random(
        [
            "*brokers=3: the real cluster has 1",
            "*clock='virtual': a real cluster's time cannot be moved",
            "*seed=7: a real cluster draws from no seed",
            "*auto.create.topics.enable is true on broker 1 of the real cluster, not false",
            "*advance: a real cluster's time cannot be moved",
            "*faults: messages of a real cluster cannot be dropped*",
            "*kill: a test cannot kill, stop or start the brokers*",
        ]
    )


def test_what_the_cluster_is_anyway_is_no_reason_to_skip(run):
    run(
        """
        import pytest

        @pytest.mark.minikafka(brokers=1, clock="system", config={"auto.create.topics.enable": True})
        def test_it(minikafka_cluster):
            one, two = minikafka_cluster(topics={"orders": 1}), minikafka_cluster()
            assert one.has_topic("orders")
            assert not two.has_topic("orders")
        """
    ).assert_outcomes(passed=1)


def test_a_failure_shows_what_there_is(run):
    result = run(
        """
        import pytest

        @pytest.mark.minikafka(topics={"orders": 1})
        def test_it(minikafka_broker):
            minikafka_broker.producer().send("orders", b"x").get(timeout=10)
            assert False
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*- minikafka -*",
            "<RealCluster *>",
            "topic orders: 1 partition(s)",
            "*offsets 0..1, high watermark 1",
        ]
    )


def test_the_ini_option_and_the_environment(pytester, listening, monkeypatch):
    pytester.makepyfile(
        """
        def test_it(minikafka_broker, pytestconfig):
            from minikafka.remote.cluster import RealCluster

            assert isinstance(minikafka_broker, RealCluster)
        """
    )
    pytester.makeini(f"[pytest]\nminikafka_bootstrap_servers = {listening.listening_on}\n")
    pytester.runpytest_inprocess().assert_outcomes(passed=1)
    pytester.makeini("[pytest]\nminikafka_bootstrap_servers = 127.0.0.1:1\n")
    monkeypatch.setenv("MINIKAFKA_BOOTSTRAP_SERVERS", listening.listening_on)
    pytester.runpytest_inprocess().assert_outcomes(passed=1)


def test_nobody_there(pytester):
    pytester.makepyfile("def test_it(minikafka_broker): ...")
    result = pytester.runpytest_inprocess("--minikafka-bootstrap-servers=127.0.0.1:1")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*no answer to Metadata from 127.0.0.1:1*"])


def test_a_bad_address_is_refused(pytester):
    result = pytester.runpytest_inprocess("--minikafka-bootstrap-servers=kafka")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*--minikafka-bootstrap-servers: bootstrap_servers='kafka': expected 'host:port'*"]
    )


def test_without_kafka_python_it_says_what_to_install(pytester, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "kafka", None)
    result = pytester.runpytest_inprocess("--minikafka-bootstrap-servers=127.0.0.1:9092")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*install kafka-python*"])
