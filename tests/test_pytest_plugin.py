import importlib
import pkgutil
import subprocess
import sys

import pytest

import minikafka

# pytester forgets the modules that an inner run has imported; what holds state must not exist twice.
for _, name, _ in pkgutil.walk_packages(minikafka.__path__, "minikafka."):
    importlib.import_module(name)
try:
    import kafka  # noqa: F401
except ImportError:
    pass

IMPORTS = """
import sys
import pytest
before = set(sys.modules)
import minikafka.pytest_plugin
print([name for name in set(sys.modules) - before if not name.startswith("minikafka.pytest_plugin")])
"""


def test_loading_the_plugin_loads_no_cluster():
    output = subprocess.run(
        [sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=True
    ).stdout
    assert output.strip() in ("['minikafka']", "[]")


def test_a_fresh_cluster_for_each_test(pytester):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("run", [1, 2])
        def test_orders(minikafka_broker, run):
            minikafka_broker.create_topic("orders", partitions=3)
            producer = minikafka_broker.producer()
            consumer = minikafka_broker.consumer("orders", group_id="billing", auto_offset_reset="earliest")
            assert producer.send("orders", b"one").get(timeout=10).offset == 0
            [[record]] = consumer.poll(timeout_ms=1000).values()
            assert record.value == b"one"
        """
    )
    pytester.runpytest_inprocess("-p", "no:randomly").assert_outcomes(passed=2)


def test_the_marker_describes_the_cluster(pytester):
    pytester.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.minikafka(brokers=3, seed=5)

        @pytest.mark.minikafka(
            topics={"orders": 3, "audit": {"partitions": 1, "replication_factor": 2}}, seed=7
        )
        def test_it(minikafka_broker):
            assert minikafka_broker.node_ids == [1, 2, 3]
            assert minikafka_broker.seed == 7
            assert len(minikafka_broker.topic("orders").partitions) == 3
            assert len(minikafka_broker.topic("audit").partitions[0].replicas) == 2

        @pytest.mark.minikafka(config={"auto.create.topics.enable": False})
        def test_config(minikafka_broker):
            with pytest.raises(Exception, match="nowhere"):
                minikafka_broker.producer(max_block_ms=100).send("nowhere", b"x")

        @pytest.mark.minikafka(brokers=1, clock="system")
        def test_clock(minikafka_broker):
            assert minikafka_broker.driver.clock_name() == "system"
            assert minikafka_broker.node_ids == [1]
        """
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=3)


def test_a_cluster_that_listens(pytester):
    pytester.makepyfile(
        """
        import socket
        import pytest
        from minikafka.errors import IllegalStateError

        def connect(kafka):
            for address in kafka.listening_on.split(","):
                host, port = address.split(":")
                socket.create_connection((host, int(port))).close()

        @pytest.mark.minikafka(brokers=2, topics={"orders": 3})
        def test_it(minikafka_listening):
            assert minikafka_listening.driver.clock_name() == "system"
            assert len(minikafka_listening.topic("orders").partitions) == 3
            connect(minikafka_listening)

        @pytest.mark.minikafka(clock="manual")
        def test_manual(minikafka_listening):
            assert minikafka_listening.driver.clock_name() == "manual"
            connect(minikafka_listening)

        @pytest.fixture
        def refused(request):
            with pytest.raises(IllegalStateError, match="cannot listen"):
                request.getfixturevalue("minikafka_listening")

        @pytest.mark.minikafka(clock="virtual")
        def test_virtual(refused):
            pass
        """
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=3)


def test_the_ini_options_are_the_defaults(pytester):
    pytester.makeini("[pytest]\nminikafka_brokers = 2\nminikafka_seed = 42\n")
    pytester.makepyfile(
        """
        import pytest

        def test_it(minikafka_broker):
            assert len(minikafka_broker.node_ids) == 2
            assert minikafka_broker.seed == 42

        @pytest.mark.minikafka(brokers=1)
        def test_override(minikafka_broker):
            assert len(minikafka_broker.node_ids) == 1
        """
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=2)


def test_the_factory_starts_several_and_closes_them(pytester):
    pytester.makepyfile(
        """
        import pytest
        from minikafka import bootstrap

        clusters = []

        @pytest.mark.minikafka(brokers=2)
        def test_it(minikafka_cluster):
            one, two = minikafka_cluster(), minikafka_cluster(brokers=1, topics={"orders": 1})
            assert (len(one.node_ids), len(two.node_ids)) == (2, 1)
            assert one.bootstrap_servers != two.bootstrap_servers
            two.producer().send("orders", b"x").get(timeout=10)
            assert len(two.records("orders")) == 1
            clusters.extend([one, two])

        def test_closed():
            assert [bootstrap.find(each.bootstrap_servers) for each in clusters] == [None, None]
        """
    )
    pytester.runpytest_inprocess("-p", "no:randomly").assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("brokers=0", "brokers=0: expected a positive number of brokers"),
        ("brokers='3'", "brokers='3': expected a positive number"),
        ("topics=['orders']", "topics=['orders']: expected {'topic': partitions}"),
        ("clock='sundial'", "clock='sundial': expected 'virtual', 'system' or 'manual'"),
        ("seed='x'", "seed='x': expected an integer"),
        ("config={1: 2}", "config={1: 2}: expected a dict"),
        ("nodes=3", "unknown setting 'nodes': expected one of brokers, topics, clock, seed, config"),
        ("3", "settings are given by name, as brokers=3"),
    ],
)
def test_bad_markers_are_refused(pytester, marker, message):
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.minikafka({marker})
        def test_it(minikafka_broker):
            pass
        """
    )
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    assert message in result.stdout.str()


@pytest.mark.parametrize(
    ("ini", "message"),
    [
        ("minikafka_brokers = many", "the ini option minikafka_brokers: brokers='many'"),
        ("minikafka_clock = 7", "clock='7': expected 'virtual', 'system' or 'manual'"),
        ("minikafka_seed = x", "the ini option minikafka_seed: seed='x'"),
    ],
)
def test_bad_ini_options_are_refused(pytester, ini, message):
    pytester.makeini(f"[pytest]\n{ini}\n")
    pytester.makepyfile("def test_it(minikafka_broker): pass")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    assert message in result.stdout.str()


def test_an_internal_error_fails_the_test_at_teardown(pytester):
    pytester.makepyfile(
        """
        def explode():
            raise ZeroDivisionError("a bug of ours")

        def test_it(minikafka_broker):
            minikafka_broker.scheduler.call_soon(explode)
            minikafka_broker.scheduler.run_ready()
        """
    )
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_it*", "*explode*", "*a bug of ours*"])


def test_a_failure_shows_the_state_of_the_cluster(pytester):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.minikafka(topics={"orders": 2})
        def test_it(minikafka_broker):
            minikafka_broker.producer().send("orders", b"x", partition=1).get(timeout=10)
            consumer = minikafka_broker.consumer("orders", group_id="billing", auto_offset_reset="earliest")
            consumer.poll(timeout_ms=1000)
            assert False
        """
    )
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*- minikafka -*",
            "topic orders: 2 partition(s)*",
            "*orders-1: leader 1 *in sync 1; offsets 0..1, high watermark 1",
            "group billing: Stable, generation 1, coordinator 1",
            "*orders-0, orders-1",
            "*orders-1: committed nothing, end 1, lag 1",
        ]
    )


def test_no_section_without_a_cluster(pytester):
    pytester.makepyfile("def test_it(): assert False")
    result = pytester.runpytest_inprocess()
    assert "minikafka -" not in result.stdout.str()


class TestPatch:
    @pytest.fixture(autouse=True)
    def _kafka_python(self):
        pytest.importorskip("kafka")

    def test_the_fixture(self, pytester):
        pytester.makepyfile(
            """
            import pytest
            from kafka import KafkaProducer

            @pytest.mark.minikafka(topics={"orders": 1})
            def test_it(minikafka_broker, minikafka_patch):
                producer = KafkaProducer(bootstrap_servers="kafka.production:9092")
                producer.send("orders", b"x").get(timeout=10)
                assert len(minikafka_broker.records("orders")) == 1
            """
        )
        pytester.runpytest_inprocess().assert_outcomes(passed=1)

    def test_the_marker_comes_before_the_users_fixtures(self, pytester):
        pytester.makepyfile(
            """
            import pytest
            from kafka import KafkaProducer

            @pytest.fixture
            def producer():
                return KafkaProducer(bootstrap_servers="kafka.production:9092")

            @pytest.mark.minikafka_patch(bootstrap_servers="kafka.production:9092")
            @pytest.mark.minikafka(topics={"orders": 1})
            def test_it(producer, minikafka_broker):
                producer.send("orders", b"x").get(timeout=10)
                assert len(minikafka_broker.records("orders")) == 1
            """
        )
        pytester.runpytest_inprocess().assert_outcomes(passed=1)

    def test_a_bad_marker_is_refused(self, pytester):
        pytester.makepyfile(
            """
            import pytest

            @pytest.mark.minikafka_patch(servers="x:1")
            def test_it():
                pass
            """
        )
        result = pytester.runpytest_inprocess()
        result.assert_outcomes(errors=1)
        assert "'servers': it takes bootstrap_servers" in result.stdout.str()


def test_it_works_under_xdist(pytester):
    pytest.importorskip("xdist")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("run", range(4))
        def test_it(minikafka_broker, run):
            minikafka_broker.create_topic("orders")
            minikafka_broker.producer().send("orders", b"x").get(timeout=10)
            assert len(minikafka_broker.records("orders")) == 1
        """
    )
    pytester.runpytest_subprocess("-n", "2").assert_outcomes(passed=4)
