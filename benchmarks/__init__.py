"""The figures that minikafka is held to, each measured beside a floor in the same run."""
