from examples.hello_topic.hello import main


def test_the_listener_hears_what_was_sent(capsys):
    assert main() == ["hello-key: Hello, Kafka!"]
    assert "hello-group-id heard hello-key: Hello, Kafka!" in capsys.readouterr().out
