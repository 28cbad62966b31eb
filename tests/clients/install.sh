#!/bin/sh
# Builds what the tests of this folder run, in the folder that is given; leaves out what lacks its tool.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1/kafkajs" "$1/franz_go"

if command -v npm >/dev/null; then
    cp "$here/kafkajs/package.json" "$here/kafkajs/client.js" "$1/kafkajs"
    (cd "$1/kafkajs" && npm install --silent --no-package-lock --no-audit --no-fund)
else
    echo "npm is absent: kafkajs will not be tested"
fi

if command -v go >/dev/null; then
    cp "$here/franz_go/go.mod" "$here/franz_go/main.go" "$1/franz_go"
    (cd "$1/franz_go" && go mod tidy && go build -o client .)
else
    echo "go is absent: franz-go will not be tested"
fi

command -v kcat >/dev/null || echo "kcat is absent (Debian: apt-get install kcat): it will not be tested"
