package hello;

import org.apache.kafka.clients.admin.NewTopic;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.kafka.config.TopicBuilder;

/** Sends what is posted to it to a topic, and logs what it reads from there. */
@SpringBootApplication
public class HelloApplication {
    static final String TOPIC = "hello-topic";

    public static void main(String[] args) {
        SpringApplication.run(HelloApplication.class, args);
    }

    /** Spring's admin creates the topic when the application starts. */
    @Bean
    NewTopic helloTopic() {
        return TopicBuilder.name(TOPIC).partitions(3).build();
    }
}
