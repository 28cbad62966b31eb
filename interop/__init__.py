"""How clients of other libraries speak to the brokers: what they send, against what is served."""
