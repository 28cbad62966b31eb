"""A broker: dispatch, and one handler module per API family. Only here exceptions become codes."""
