"""The clients' asynchronous machines: producer, consumer and admin, and what the three share."""
