package hello;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.stereotype.Component;

/** Logs every record of the topic. */
@Component
class HelloListener {
    private static final Logger LOG = LoggerFactory.getLogger(HelloListener.class);

    @KafkaListener(topics = HelloApplication.TOPIC, groupId = "hello-group-id")
    void listen(ConsumerRecord<String, String> record) {
        LOG.info("received {}={} at {}:{}", record.key(), record.value(), record.partition(), record.offset());
    }
}
