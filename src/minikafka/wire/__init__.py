"""Kafka's protocol over sockets: `listener.Listener` opens the ports, `connection.Connection` knows the bytes."""
