import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionReplica;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.quota.ClientQuotaFilter;
import org.apache.kafka.common.quota.ClientQuotaFilterComponent;
import org.apache.kafka.common.serialization.StringSerializer;

/** Asks Java's admin client all that a cluster without transactions and new groups can answer, and prints what it says. */
public final class AdminLab {
    private static final TopicPartition FIRST = new TopicPartition("administered", 0);
    private static final TopicPartition BEYOND = new TopicPartition("administered", 9);

    private AdminLab() {}

    public static void main(String[] args) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", args[0],
                "default.api.timeout.ms", 5000, "request.timeout.ms", 4000))) {
            topics(admin);
            records(admin, args[0]);
            groups(admin);
            configs(admin);
            cluster(admin);
        }
        System.out.println("done");
    }

    private static void topics(Admin admin) {
        say("create", () -> get(admin.createTopics(List.of(
            new NewTopic("administered", 2, (short) 1).configs(Map.of("retention.ms", "3600000")))).config("administered"))
            .entries().stream().filter(e -> e.source() == ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG)
            .map(AdminLab::entry).collect(Collectors.toList()));
        say("create again", () -> get(admin.createTopics(List.of(new NewTopic("administered", 2, (short) 1))).all()));
        say("create by default", () -> get(admin.createTopics(List.of(
            new NewTopic("by-default", Optional.empty(), Optional.empty()))).numPartitions("by-default")));
        say("create too wide", () -> get(admin.createTopics(List.of(new NewTopic("wide", 1, (short) 9))).all()));
        say("describe", () -> get(admin.describeTopics(List.of("administered"),
            new DescribeTopicsOptions().includeAuthorizedOperations(true)).allTopicNames()).values().stream()
            .map(d -> d.name() + " " + d.isInternal() + " " + d.partitions().size() + " "
                + sorted(d.authorizedOperations()) + " " + d.partitions().get(0).replicas().size()
                + " " + d.partitions().get(0).elr() + d.partitions().get(0).lastKnownElr()).collect(Collectors.toList()));
        say("describe nothing", () -> get(admin.describeTopics(List.of("nothing")).allTopicNames()));
        say("list", () -> get(admin.listTopics(new ListTopicsOptions().listInternal(false)).names()).stream()
            .filter(n -> n.equals("administered") || n.equals("by-default")).sorted().collect(Collectors.toList()));
        say("more partitions", () -> get(admin.createPartitions(Map.of("administered", NewPartitions.increaseTo(3))).all()));
        say("fewer partitions", () -> get(admin.createPartitions(Map.of("administered", NewPartitions.increaseTo(1))).all()));
        say("partitions of nothing", () -> get(admin.createPartitions(Map.of("nothing", NewPartitions.increaseTo(2))).all()));
        say("delete", () -> get(admin.deleteTopics(List.of("by-default")).all()));
        say("delete again", () -> get(admin.deleteTopics(List.of("by-default")).all()));
    }

    private static void records(Admin admin, String bootstrap) throws Exception {
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrap), new StringSerializer(), new StringSerializer())) {
            for (int i = 0; i < 10; i++) {
                producer.send(new ProducerRecord<>("administered", 0, 1_700_000_000_000L + i, "k", "v")).get(30, TimeUnit.SECONDS);
            }
        }
        for (OffsetSpec spec : List.of(OffsetSpec.earliest(), OffsetSpec.latest(), OffsetSpec.maxTimestamp(),
                OffsetSpec.earliestLocal(), OffsetSpec.latestTiered(), OffsetSpec.forTimestamp(1_700_000_000_005L))) {
            say("offsets " + spec.getClass().getSimpleName(), () -> get(admin.listOffsets(Map.of(FIRST, spec)).all()));
        }
        say("delete records", () -> get(admin.deleteRecords(Map.of(FIRST, RecordsToDelete.beforeOffset(3))).lowWatermarks().get(FIRST)).lowWatermark());
        say("delete too many", () -> get(admin.deleteRecords(Map.of(FIRST, RecordsToDelete.beforeOffset(99))).all()));
        say("producers", () -> get(admin.describeProducers(List.of(FIRST)).all()).get(FIRST).activeProducers().stream()
            .map(p -> p.producerEpoch() + " " + p.lastSequence() + " " + p.lastTimestamp() + " " + p.coordinatorEpoch()
                + " " + p.currentTransactionStartOffset()).collect(Collectors.toList()));
        say("log dirs", () -> get(admin.describeLogDirs(List.of(1)).allDescriptions()).get(1).values().stream()
            .map(d -> d.error() + " " + new TreeMap<>(d.replicaInfos().entrySet().stream()
                .filter(e -> e.getKey().topic().equals("administered"))
                .collect(Collectors.toMap(e -> e.getKey().toString(), e -> e.getValue().toString())))).collect(Collectors.toList()));
        say("replica log dirs", () -> get(admin.describeReplicaLogDirs(List.of(new TopicPartitionReplica("administered", 0, 1))).all())
            .values().stream().map(i -> (i.getCurrentReplicaLogDir() != null) + " " + i.getCurrentReplicaOffsetLag() + " "
                + i.getFutureReplicaLogDir()).collect(Collectors.toList()));
        String dir = get(admin.describeLogDirs(List.of(1)).allDescriptions()).get(1).keySet().iterator().next();
        say("move", () -> get(admin.alterReplicaLogDirs(Map.of(new TopicPartitionReplica("administered", 0, 1), dir)).all()));
        say("move away", () -> get(admin.alterReplicaLogDirs(Map.of(new TopicPartitionReplica("administered", 0, 1), "/nowhere")).all()));
        say("move nothing", () -> get(admin.alterReplicaLogDirs(Map.of(new TopicPartitionReplica("nothing", 0, 1), dir)).all()));
    }

    private static void groups(Admin admin) {
        say("no group", () -> get(admin.describeConsumerGroups(List.of("absent")).all()));
        say("no classic group", () -> get(admin.describeClassicGroups(List.of("absent")).all()));
        say("alter offsets", () -> get(admin.alterConsumerGroupOffsets("admins", Map.of(FIRST, new OffsetAndMetadata(5, Optional.of(0), "why"))).all()));
        say("alter offsets beyond", () -> get(admin.alterConsumerGroupOffsets("admins", Map.of(BEYOND, new OffsetAndMetadata(5))).all()));
        say("group offsets", () -> get(admin.listConsumerGroupOffsets("admins").partitionsToOffsetAndMetadata()));
        say("group offsets of one", () -> get(admin.listConsumerGroupOffsets(Map.of("admins",
            new ListConsumerGroupOffsetsSpec().topicPartitions(List.of(FIRST, new TopicPartition("administered", 1))))).partitionsToOffsetAndMetadata("admins")));
        say("offsets of nobody", () -> get(admin.listConsumerGroupOffsets("absent").partitionsToOffsetAndMetadata()));
        say("describe group", () -> get(admin.describeConsumerGroups(List.of("admins"),
            new DescribeConsumerGroupsOptions().includeAuthorizedOperations(true)).all()).values().stream()
            .map(g -> g.groupId() + " " + g.type() + " " + g.groupState() + " " + g.isSimpleConsumerGroup() + " " + g.members()
                + " " + g.partitionAssignor() + " " + sorted(g.authorizedOperations())).collect(Collectors.toList()));
        say("list groups", () -> get(admin.listGroups().all()).stream().filter(g -> g.groupId().equals("admins"))
            .map(Object::toString).collect(Collectors.toList()));
        say("delete offsets", () -> get(admin.deleteConsumerGroupOffsets("admins", Set.of(FIRST)).all()));
        say("delete offsets again", () -> get(admin.deleteConsumerGroupOffsets("admins", Set.of(FIRST)).all()));
        say("delete group", () -> get(admin.deleteConsumerGroups(List.of("admins")).all()));
        say("delete nobody", () -> get(admin.deleteConsumerGroups(List.of("absent")).all()));
    }

    private static void configs(Admin admin) {
        ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, "administered");
        say("alter config", () -> get(admin.incrementalAlterConfigs(Map.of(topic, List.of(
            new AlterConfigOp(new ConfigEntry("cleanup.policy", "compact"), AlterConfigOp.OpType.APPEND)))).all()));
        say("alter badly", () -> get(admin.incrementalAlterConfigs(Map.of(topic, List.of(
            new AlterConfigOp(new ConfigEntry("retention.ms", "soon"), AlterConfigOp.OpType.SET)))).all()));
        say("topic configs", () -> get(admin.describeConfigs(List.of(topic)).all()).get(topic).entries().stream()
            .map(AdminLab::entry).sorted().collect(Collectors.toList()));
        for (ConfigResource.Type type : ConfigResource.Type.values()) {
            if (type == ConfigResource.Type.UNKNOWN || type == ConfigResource.Type.BROKER_LOGGER || type == ConfigResource.Type.GROUP) {
                continue;  // loggers and options of groups are not modelled
            }
            say("resources " + type, () -> get(admin.listConfigResources(Set.of(type), new org.apache.kafka.clients.admin.ListConfigResourcesOptions()).all())
                .stream().filter(r -> r.type() != ConfigResource.Type.TOPIC || r.name().equals("administered"))
                .map(Object::toString).sorted().collect(Collectors.toList()));
        }
        say("quotas", () -> get(admin.describeClientQuotas(ClientQuotaFilter.all()).entities()));
        say("quotas of ips and users", () -> get(admin.describeClientQuotas(ClientQuotaFilter.contains(List.of(
            ClientQuotaFilterComponent.ofEntityType("ip"), ClientQuotaFilterComponent.ofEntity("user", "alice")))).entities()));
        say("quotas of planets", () -> get(admin.describeClientQuotas(ClientQuotaFilter.contains(List.of(
            ClientQuotaFilterComponent.ofEntityType("planet")))).entities()));
        say("credentials", () -> get(admin.describeUserScramCredentials().all()));
        say("credentials of alice", () -> get(admin.describeUserScramCredentials(List.of("alice")).all()));
    }

    private static void cluster(Admin admin) {
        say("nodes", () -> get(admin.describeCluster().nodes()).size());
        say("operations", () -> sorted(get(admin.describeCluster(new DescribeClusterOptions().includeAuthorizedOperations(true)).authorizedOperations())));
        say("elect", () -> get(admin.electLeaders(ElectionType.PREFERRED, Set.of(FIRST)).partitions()));
        say("elect beyond", () -> get(admin.electLeaders(ElectionType.UNCLEAN, Set.of(BEYOND)).partitions()));
        say("reassign", () -> get(admin.alterPartitionReassignments(Map.of(FIRST,
            Optional.of(new NewPartitionReassignment(List.of(1))))).all()));
        say("reassign to nobody", () -> get(admin.alterPartitionReassignments(Map.of(FIRST,
            Optional.of(new NewPartitionReassignment(List.of(77))))).all()));
        say("cancel", () -> get(admin.alterPartitionReassignments(Map.of(FIRST, Optional.empty())).all()));
        say("reassignments", () -> get(admin.listPartitionReassignments().reassignments()));
        say("metadata version", () -> get(admin.describeFeatures().featureMetadata()).finalizedFeatures().get("metadata.version"));
    }

    private static void say(String what, Callable<Object> question) {
        Object answer;
        try {
            answer = question.call();
        } catch (ExecutionException e) {
            // What the client retries until its time is over is told without the number of tries.
            answer = e.getCause() instanceof TimeoutException ? "in vain" : e.getCause();
        } catch (Exception e) {
            answer = e;
        }
        System.out.println(what + ": " + answer);
    }

    private static <T> T get(KafkaFuture<T> future) throws Exception {
        return future.get(30, TimeUnit.SECONDS);
    }

    private static List<String> sorted(Collection<?> things) {
        return things.stream().map(Object::toString).sorted().collect(Collectors.toList());
    }

    private static String entry(ConfigEntry entry) {
        return entry.name() + "=" + entry.value() + " " + entry.source() + " " + entry.type() + " " + entry.isReadOnly()
            + " " + entry.isSensitive() + " " + Arrays.toString(entry.synonyms().toArray());
    }
}
