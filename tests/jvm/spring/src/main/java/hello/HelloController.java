package hello;

import java.util.concurrent.TimeUnit;

import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** POST /hello: the body becomes a record. */
@RestController
class HelloController {
    private static final String KEY = "hello-key";

    private final KafkaTemplate<String, String> template;

    HelloController(KafkaTemplate<String, String> template) {
        this.template = template;
    }

    @PostMapping("/hello")
    String hello(@RequestBody String message) throws Exception {
        var metadata = template.send(HelloApplication.TOPIC, KEY, message).get(10, TimeUnit.SECONDS).getRecordMetadata();
        return metadata.partition() + ":" + metadata.offset();
    }
}
