// Lets Kafka's own assignors divide what standard input describes, and writes what each member got.
//
// Input: [{"rounds": [{"topics": {"t0": 3}, "members": [{"id": "m0", "topics": ["t0"], "instance": null}]}]}].
// Output, for each case: {"range": [round, ...], "roundrobin": ..., "sticky": ..., "cooperative-sticky": ...},
// where a round is {"m0": {"t0": [0, 1, 2]}}. The members of the sticky ones remember from round to round.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.GroupSubscription;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.RebalanceProtocol;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.consumer.RoundRobinAssignor;
import org.apache.kafka.clients.consumer.StickyAssignor;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;

public final class Assignments {
    private static final Map<String, Supplier<ConsumerPartitionAssignor>> ASSIGNORS = new LinkedHashMap<>();

    static {
        ASSIGNORS.put("range", RangeAssignor::new);
        ASSIGNORS.put("roundrobin", RoundRobinAssignor::new);
        ASSIGNORS.put("sticky", StickyAssignor::new);
        ASSIGNORS.put("cooperative-sticky", CooperativeStickyAssignor::new);
    }

    public static void main(String[] arguments) throws Exception {
        ObjectMapper json = new ObjectMapper().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);
        List<Object> answers = new ArrayList<>();
        for (JsonNode input : json.readTree(System.in)) {
            Map<String, Object> answer = new TreeMap<>();
            ASSIGNORS.forEach((name, make) -> answer.put(name, new Group(make).play(input.get("rounds"))));
            answers.add(answer);
        }
        json.writeValue(System.out, answers);
    }

    private static final class Group {
        private final Supplier<ConsumerPartitionAssignor> make;
        private final Map<String, ConsumerPartitionAssignor> members = new HashMap<>();
        private final Map<String, List<TopicPartition>> owned = new HashMap<>();
        private int generation;

        Group(Supplier<ConsumerPartitionAssignor> make) {
            this.make = make;
        }

        List<Object> play(JsonNode rounds) {
            List<Object> results = new ArrayList<>();
            for (JsonNode round : rounds) {
                results.add(divide(round));
            }
            return results;
        }

        private Map<String, Map<String, TreeSet<Integer>>> divide(JsonNode round) {
            Map<String, Subscription> subscriptions = new HashMap<>();
            for (JsonNode member : round.get("members")) {
                subscriptions.put(member.get("id").asText(), subscription(member));
            }
            members.keySet().retainAll(subscriptions.keySet());
            owned.keySet().retainAll(subscriptions.keySet());
            ConsumerPartitionAssignor leader = make.get();
            Map<String, Assignment> divided =
                leader.assign(cluster(round.get("topics")), new GroupSubscription(subscriptions)).groupAssignment();
            generation++;
            Map<String, Map<String, TreeSet<Integer>>> result = new TreeMap<>();
            divided.forEach((id, assignment) -> {
                ConsumerGroupMetadata metadata = new ConsumerGroupMetadata(
                    "g", generation, id, subscriptions.get(id).groupInstanceId());
                members.get(id).onAssignment(assignment, metadata);
                owned.put(id, assignment.partitions());
                Map<String, TreeSet<Integer>> byTopic = new TreeMap<>();
                for (TopicPartition each : assignment.partitions()) {
                    byTopic.computeIfAbsent(each.topic(), topic -> new TreeSet<>()).add(each.partition());
                }
                result.put(id, byTopic);
            });
            return result;
        }

        private Subscription subscription(JsonNode member) {
            String id = member.get("id").asText();
            ConsumerPartitionAssignor assignor = members.computeIfAbsent(id, unused -> make.get());
            List<String> topics = new ArrayList<>();
            member.get("topics").forEach(topic -> topics.add(topic.asText()));
            boolean cooperative = assignor.supportedProtocols().contains(RebalanceProtocol.COOPERATIVE)
                && !assignor.supportedProtocols().contains(RebalanceProtocol.EAGER);
            // Range and round robin support only the eager protocol; cooperative-sticky supports both and is
            // used cooperatively where it is used alone.
            cooperative |= assignor instanceof CooperativeStickyAssignor;
            List<TopicPartition> kept = cooperative ? owned.getOrDefault(id, List.of()) : List.of();
            ByteBuffer userData = assignor.subscriptionUserData(new HashSet<>(topics));
            int told = owned.getOrDefault(id, List.of()).isEmpty() ? -1 : generation;
            Subscription subscription = new Subscription(topics, userData, kept, told, Optional.empty());
            JsonNode instance = member.get("instance");
            subscription.setGroupInstanceId(
                instance.isNull() ? Optional.empty() : Optional.of(instance.asText()));
            return subscription;
        }

        private static Cluster cluster(JsonNode topics) {
            Node node = new Node(1, "localhost", 9092);
            Node[] replicas = {node};
            List<PartitionInfo> partitions = new ArrayList<>();
            topics.fields().forEachRemaining(entry -> {
                for (int index = 0; index < entry.getValue().asInt(); index++) {
                    partitions.add(new PartitionInfo(entry.getKey(), index, node, replicas, replicas));
                }
            });
            return new Cluster("c", List.of(node), partitions, new HashSet<>(), new HashSet<>());
        }
    }
}
