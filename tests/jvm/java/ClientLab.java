import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Java's producer and consumer at their defaults: {@code ClientLab roundtrip|groups|load BOOTSTRAP}. */
public final class ClientLab {
    private static final Duration POLL = Duration.ofMillis(100);
    private static final long PATIENCE_MS = 60_000;
    private static final long FIRST_TIMESTAMP = 1_700_000_000_000L;

    private final String bootstrap;

    private ClientLab(String bootstrap) {
        this.bootstrap = bootstrap;
    }

    public static void main(String[] args) throws Exception {
        ClientLab lab = new ClientLab(args[1]);
        switch (args[0]) {
            case "roundtrip" -> lab.roundtrip();
            case "groups" -> lab.groups();
            case "load" -> lab.load(Integer.parseInt(args[2]));
            default -> throw new IllegalArgumentException(args[0]);
        }
        System.out.println("done");
    }

    private KafkaProducer<String, String> producer(Map<String, Object> more) {
        Properties config = new Properties();
        config.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        config.putAll(more);
        return new KafkaProducer<>(config, new StringSerializer(), new StringSerializer());
    }

    private KafkaConsumer<String, String> consumer(Map<String, Object> more) {
        Properties config = new Properties();
        config.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        config.putAll(more);
        return new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer());
    }

    private void create(String topic, int partitions, int replicas) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(List.of(new NewTopic(topic, partitions, (short) replicas))).all().get(30, TimeUnit.SECONDS);
        }
    }

    private static void check(boolean fact, Object told) {
        if (!fact) {
            throw new AssertionError(String.valueOf(told));
        }
    }

    /** Every compression, headers, null keys and values, timestamps, offsets for times, seeking. */
    private void roundtrip() throws Exception {
        create("roundtrip", 3, 1);
        int count = 200;
        Map<String, String> sent = new HashMap<>();
        for (String compression : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
            try (KafkaProducer<String, String> producer = producer(Map.of("compression.type", compression, "linger.ms", 5))) {
                List<Future<RecordMetadata>> futures = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    String key = compression + "-" + i;
                    String value = i % 50 == 49 ? null : "value " + i + " " + "x".repeat(i);
                    ProducerRecord<String, String> record =
                        new ProducerRecord<>("roundtrip", i % 3, FIRST_TIMESTAMP + i, key, value,
                            List.of(new RecordHeader("compression", compression.getBytes(StandardCharsets.UTF_8)),
                                new RecordHeader("empty", null)));
                    sent.put(key, String.valueOf(value));
                    futures.add(producer.send(record));
                }
                for (Future<RecordMetadata> future : futures) {
                    check(future.get(30, TimeUnit.SECONDS).hasOffset(), "no offset");
                }
            }
        }
        try (KafkaConsumer<String, String> consumer = consumer(Map.of())) {
            List<TopicPartition> partitions = List.of(
                new TopicPartition("roundtrip", 0), new TopicPartition("roundtrip", 1), new TopicPartition("roundtrip", 2));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<String, String> read = new HashMap<>();
            until(() -> {
                for (ConsumerRecord<String, String> record : consumer.poll(POLL)) {
                    String compression = new String(record.headers().lastHeader("compression").value(), StandardCharsets.UTF_8);
                    check(record.key().startsWith(compression), record);
                    check(record.headers().lastHeader("empty").value() == null, record);
                    check(record.timestamp() == FIRST_TIMESTAMP + Integer.parseInt(record.key().split("-")[1]), record);
                    check(read.put(record.key(), String.valueOf(record.value())) == null, record);
                }
                return read.size() >= sent.size();
            }, read);
            check(read.equals(sent), "what came is not what was sent");
            var found = consumer.offsetsForTimes(Map.of(partitions.get(0), FIRST_TIMESTAMP + 4, partitions.get(1), Long.MAX_VALUE));
            check(found.get(partitions.get(0)).offset() == 2, found);
            check(found.get(partitions.get(0)).timestamp() == FIRST_TIMESTAMP + 6, found);
            check(found.get(partitions.get(1)) == null, found);
            check(consumer.endOffsets(partitions).values().stream().mapToLong(Long::longValue).sum() == sent.size(), "ends");
            consumer.seek(partitions.get(0), 5);
            check(consumer.position(partitions.get(0)) == 5, "position");
        }
    }

    /** One member of a group, polled by the main thread. */
    private final class Member implements AutoCloseable {
        final KafkaConsumer<String, String> consumer;
        final Set<String> read = new TreeSet<>();

        Member(String group, List<String> assignors) {
            Map<String, Object> config = new HashMap<>(Map.of(ConsumerConfig.GROUP_ID_CONFIG, group));
            if (assignors != null) {
                config.put(ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, assignors);
            }
            consumer = consumer(config);
            consumer.subscribe(List.of("grouped"));
        }

        int poll() {
            for (ConsumerRecord<String, String> record : consumer.poll(POLL)) {
                read.add(record.partition() + ":" + record.offset());
            }
            return consumer.assignment().size();
        }

        @Override
        public void close() {
            consumer.close();
        }
    }

    /** Joins, rebalances, commits, a leave and a resumption; the default assignors and mixed ones. */
    private void groups() throws Exception {
        create("grouped", 4, 1);
        try (KafkaProducer<String, String> producer = producer(Map.of())) {
            for (int i = 0; i < 40; i++) {
                producer.send(new ProducerRecord<>("grouped", i % 4, "k", "v" + i));
            }
        }
        List<String> both = List.of(RangeAssignor.class.getName(), CooperativeStickyAssignor.class.getName());
        List<String> cooperative = List.of(CooperativeStickyAssignor.class.getName());
        pair("defaults", null, null);
        pair("cooperative", cooperative, cooperative);
        pair("mixed", both, cooperative);
    }

    private void pair(String group, List<String> first, List<String> second) {
        try (Member a = new Member(group, first)) {
            until(() -> a.poll() == 4 && a.read.size() == 40, a.read);
            a.consumer.commitSync();
            try (Member b = new Member(group, second)) {
                until(() -> a.poll() == 2 & b.poll() == 2, group);
                Set<TopicPartition> owned = new HashSet<>(a.consumer.assignment());
                owned.addAll(b.consumer.assignment());
                check(owned.size() == 4, owned);
                check(b.read.isEmpty(), b.read);
            }
            until(() -> a.poll() == 4, group);
            check(a.read.size() == 40, a.read);
        }
        try (Member resumed = new Member(group, first)) {
            until(() -> resumed.poll() == 4, group);
            for (TopicPartition partition : resumed.consumer.assignment()) {
                check(resumed.consumer.position(partition) == 10, partition);
            }
            check(resumed.read.isEmpty(), resumed.read);
        }
        System.out.println("group " + group);
    }

    /** Sends while brokers come and go; everything acknowledged is there in the end, once. */
    private void load(int count) throws Exception {
        create("loaded", 6, 3);
        ConcurrentLinkedQueue<String> acknowledged = new ConcurrentLinkedQueue<>();
        ConcurrentLinkedQueue<String> failed = new ConcurrentLinkedQueue<>();
        try (KafkaProducer<String, String> producer = producer(Map.of("retry.backoff.ms", 20))) {
            for (int i = 0; i < count; i++) {
                String value = "v" + i;
                producer.send(new ProducerRecord<>("loaded", "k" + i, value), (metadata, error) -> {
                    if (error == null) {
                        acknowledged.add(value);
                    } else {
                        failed.add(value + ": " + error);
                    }
                });
                if (i % 50 == 49) {
                    producer.flush();
                    System.out.println("sent " + (i + 1));
                }
            }
        }
        System.out.println("acknowledged " + acknowledged.size() + " failed " + failed);
        Map<String, Integer> read = new TreeMap<>();
        try (KafkaConsumer<String, String> consumer = consumer(Map.of(ConsumerConfig.GROUP_ID_CONFIG, "load"))) {
            consumer.subscribe(List.of("loaded"));
            until(() -> {
                for (ConsumerRecord<String, String> record : consumer.poll(POLL)) {
                    read.merge(record.value(), 1, Integer::sum);
                }
                return read.keySet().containsAll(acknowledged);
            }, "records that were acknowledged");
        }
        Collection<String> repeated = read.entrySet().stream().filter(e -> e.getValue() > 1).map(Map.Entry::getKey)
            .collect(Collectors.toList());
        System.out.println("repeated " + repeated.size());
    }

    private static void until(BooleanSupplier fact, Object told) {
        long deadline = System.nanoTime() + PATIENCE_MS * 1_000_000;
        while (!fact.getAsBoolean()) {
            check(System.nanoTime() < deadline, "waited in vain: " + told);
        }
    }
}
