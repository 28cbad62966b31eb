// Asks Kafka's own partitioner where keys go. Input: {"counts": [1, 3], "keys": ["hex", ...]}.
// Output: for each key [its hash, its partition for each count ...].

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.utils.Utils;

public final class Partitions {
    public static void main(String[] arguments) throws Exception {
        ObjectMapper json = new ObjectMapper();
        JsonNode input = json.readTree(System.in);
        List<List<Integer>> answers = new ArrayList<>();
        for (JsonNode hex : input.get("keys")) {
            byte[] key = HexFormat.of().parseHex(hex.asText());
            List<Integer> answer = new ArrayList<>();
            answer.add(Utils.murmur2(key));
            input.get("counts").forEach(
                count -> answer.add(BuiltInPartitioner.partitionForKey(key, count.asInt())));
            answers.add(answer);
        }
        json.writeValue(System.out, answers);
    }
}
