"""The protocol: one class per request and response, whose field declarations are its schema."""
