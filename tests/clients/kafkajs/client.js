// What the tests have kafkajs do: one command a process, JSON lines on stdout.
"use strict";
const readline = require("node:readline");
const {
  Kafka,
  CompressionTypes,
  CompressionCodecs,
  AssignerProtocol,
  ConfigResourceTypes,
  logLevel,
} = require("kafkajs");
const lz4 = require("lz4js");
const snappy = require("snappyjs");
const zstd = require("@bokuweb/zstd-wasm");

const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);

CompressionCodecs[CompressionTypes.Snappy] = () => ({
  async compress({ buffer }) {
    const block = Buffer.from(snappy.compress(buffer));
    const size = Buffer.alloc(4);
    size.writeInt32BE(block.length);
    return Buffer.concat([XERIAL, size, block]);
  },
  async decompress(buffer) {
    if (!buffer.subarray(0, 8).equals(XERIAL.subarray(0, 8))) return Buffer.from(snappy.uncompress(buffer));
    const blocks = [];
    for (let at = XERIAL.length; at < buffer.length; ) {
      const end = at + 4 + buffer.readInt32BE(at);
      blocks.push(Buffer.from(snappy.uncompress(buffer.subarray(at + 4, end))));
      at = end;
    }
    return Buffer.concat(blocks);
  },
});
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: async ({ buffer }) => Buffer.from(lz4.compress(buffer)),
  decompress: async (buffer) => Buffer.from(lz4.decompress(buffer)),
});
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async ({ buffer }) => Buffer.from(zstd.compress(buffer)),
  decompress: async (buffer) => Buffer.from(zstd.decompress(buffer)),
});
const CODECS = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
};

// Kafka's range assignor, which kafkajs lacks: a group of several libraries needs one in common.
const range = ({ cluster }) => ({
  name: "range",
  version: 0,
  protocol: ({ topics }) => ({
    name: "range",
    metadata: AssignerProtocol.MemberMetadata.encode({ version: 0, topics, userData: Buffer.alloc(0) }),
  }),
  async assign({ members, topics }) {
    const sorted = members.map((member) => member.memberId).sort();
    const assignments = Object.fromEntries(sorted.map((id) => [id, {}]));
    for (const topic of topics) {
      const ids = cluster.findTopicPartitionMetadata(topic).map((each) => each.partitionId).sort((a, b) => a - b);
      const least = Math.floor(ids.length / sorted.length);
      let at = 0;
      sorted.forEach((id, index) => {
        const count = least + (index < ids.length % sorted.length ? 1 : 0);
        if (count) assignments[id][topic] = ids.slice(at, at + count);
        at += count;
      });
    }
    return sorted.map((memberId) => ({
      memberId,
      memberAssignment: AssignerProtocol.MemberAssignment.encode({
        version: 0,
        assignment: assignments[memberId],
        userData: Buffer.alloc(0),
      }),
    }));
  },
});

const tell = (what) => process.stdout.write(JSON.stringify(what) + "\n");
const text = (bytes) => (bytes === null || bytes === undefined ? null : bytes.toString());
const expect = (condition, what) => {
  if (!condition) throw new Error(`not as expected: ${what}`);
};
const stdinEnds = () => new Promise((done) => readline.createInterface({ input: process.stdin }).on("close", done));

function connect(servers) {
  return new Kafka({
    clientId: "kafkajs",
    brokers: servers.split(","),
    logLevel: logLevel.NOTHING,
    requestTimeout: 10000,
    retry: { initialRetryTime: 50, maxRetryTime: 300, retries: 100 },
  });
}

async function withClient(client, work) {
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.disconnect();
  }
}

const commands = {
  // TOPIC CODEC VALUE...: each value under the key "k" with a header, in one batch; "null" is a null.
  async produce(kafka, topic, codec, ...values) {
    await withClient(kafka.producer(), (producer) =>
      producer.send({
        topic,
        acks: -1,
        compression: CODECS[codec],
        messages: values.map((value) => ({
          key: "k",
          value: value === "null" ? null : value,
          headers: { h: "1" },
        })),
      }),
    );
  },

  // TOPIC GROUP COUNT: reads from the beginning or where the group is, commits, leaves.
  async consume(kafka, topic, groupId, count) {
    const consumer = kafka.consumer({ groupId, heartbeatInterval: 100 });
    await withClient(consumer, async () => {
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      let left = Number(count);
      await new Promise((done, failed) => {
        consumer.on(consumer.events.CRASH, ({ payload }) => failed(payload.error));
        consumer
          .run({
            autoCommit: false,
            eachMessage: async ({ topic, partition, message }) => {
              if (left === 0) return;
              tellMessage(partition, message);
              const offset = String(Number(message.offset) + 1);
              await consumer.commitOffsets([{ topic, partition, offset }]);
              left -= 1;
              if (left === 0) done();
            },
          })
          .catch(failed);
      });
    });
  },

  // TOPIC GROUP: a member until stdin ends.
  async member(kafka, topic, groupId) {
    const consumer = kafka.consumer({
      groupId,
      partitionAssigners: [range],
      heartbeatInterval: 100,
      sessionTimeout: 10000,
      maxWaitTimeInMs: 100,
    });
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) =>
      tell({ assigned: payload.memberAssignment[topic] ?? [] }),
    );
    await withClient(consumer, async () => {
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({ eachMessage: async ({ partition, message }) => tellMessage(partition, message) });
      await stdinEnds();
    });
  },

  // TOPIC: numbers, one after the other until stdin ends; what was acknowledged is told.
  async load(kafka, topic) {
    let goesOn = true;
    stdinEnds().then(() => (goesOn = false));
    await withClient(kafka.producer({ idempotent: true, maxInFlightRequests: 1 }), async (producer) => {
      for (let number = 0; goesOn; number++) {
        const value = String(number);
        await producer.send({ topic, acks: -1, messages: [{ value }] });
        tell({ acknowledged: value });
      }
    });
  },

  // All that kafkajs can ask of the brokers.
  async exercise(kafka) {
    const topic = "exercised";
    await withClient(kafka.admin(), async (admin) => {
      expect(await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true }), "created");
      for (const options of [{ idempotent: true }, {}]) {
        await withClient(kafka.producer(options), (producer) =>
          producer.send({ topic, messages: [{ value: "a" }] }),
        );
      }
      await commands.consume(kafka, topic, "g", 2);
      await administer(admin, topic);
    });
  },
};

function tellMessage(partition, message) {
  const headers = Object.entries(message.headers).map(([name, value]) => [name, text(value)]);
  tell({
    partition,
    offset: Number(message.offset),
    key: text(message.key),
    value: text(message.value),
    headers,
  });
}

async function administer(admin, topic) {
  expect((await admin.listTopics()).includes(topic), "listed");
  await admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] });
  const metadata = await admin.fetchTopicMetadata({ topics: [topic] });
  expect(metadata.topics[0].partitions.length === 2, "two partitions");
  const offsets = await admin.fetchTopicOffsets(topic);
  expect(offsets.find((each) => each.partition === 0).high === "2", "two records");
  expect((await admin.fetchTopicOffsetsByTimestamp(topic, 0))[0].offset === "0", "the first record");
  const resource = { type: ConfigResourceTypes.TOPIC, name: topic };
  await admin.alterConfigs({
    resources: [{ ...resource, configEntries: [{ name: "retention.ms", value: "-1" }] }],
  });
  const described = await admin.describeConfigs({
    resources: [{ ...resource, configNames: ["retention.ms"] }],
  });
  expect(described.resources[0].configEntries[0].configValue === "-1", "the option is set");
  expect((await admin.describeCluster()).brokers.length > 0, "brokers");
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "1" }] });
  expect((await admin.listGroups()).groups[0].groupId === "g", "the group");
  expect((await admin.describeGroups(["g"])).groups[0].state === "Empty", "an empty group");
  expect((await admin.fetchOffsets({ groupId: "g", topics: [topic] }))[0].partitions[0].offset === "2", "committed");
  await admin.setOffsets({ groupId: "g", topic, partitions: [{ partition: 0, offset: "1" }] });
  await admin.resetOffsets({ groupId: "g", topic, earliest: true });
  await admin.alterPartitionReassignments({
    topics: [{ topic, partitionAssignment: [{ partition: 0, replicas: [1] }] }],
  });
  await admin.listPartitionReassignments({ topics: [{ topic, partitions: [0] }] });
  await admin.deleteGroups(["g"]);
  await admin.deleteTopics({ topics: [topic] });
}

async function main([command, servers, ...rest]) {
  await zstd.init();
  await commands[command](connect(servers), ...rest);
}

main(process.argv.slice(2)).then(
  () => process.stdout.write("", () => process.exit(0)),
  (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  },
);
