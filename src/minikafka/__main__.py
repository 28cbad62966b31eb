"""`python -m minikafka`: the command line."""

from minikafka.cli import main

if __name__ == "__main__":
    main()
