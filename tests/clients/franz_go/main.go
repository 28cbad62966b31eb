// What the tests have franz-go do: one command a process, JSON lines on stdout.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

var codecs = map[string]kgo.CompressionCodec{
	"none":   kgo.NoCompression(),
	"gzip":   kgo.GzipCompression(),
	"snappy": kgo.SnappyCompression(),
	"lz4":    kgo.Lz4Compression(),
	"zstd":   kgo.ZstdCompression(),
}

type record struct {
	Partition int32       `json:"partition"`
	Offset    int64       `json:"offset"`
	Key       *string     `json:"key"`
	Value     *string     `json:"value"`
	Headers   [][]*string `json:"headers"`
}

func tell(what any) {
	line, err := json.Marshal(what)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}

func text(bytes []byte) *string {
	if bytes == nil {
		return nil
	}
	found := string(bytes)
	return &found
}

func tellRecord(r *kgo.Record) {
	headers := [][]*string{}
	for _, header := range r.Headers {
		name := header.Key
		headers = append(headers, []*string{&name, text(header.Value)})
	}
	tell(record{r.Partition, r.Offset, text(r.Key), text(r.Value), headers})
}

func connect(servers string, options ...kgo.Opt) *kgo.Client {
	options = append(options,
		kgo.SeedBrokers(strings.Split(servers, ",")...),
		kgo.ClientID("franz-go"),
		kgo.AllowAutoTopicCreation(),
		kgo.MetadataMinAge(50*time.Millisecond),
		kgo.RetryBackoffFn(func(int) time.Duration { return 50 * time.Millisecond }),
	)
	client, err := kgo.NewClient(options...)
	if err != nil {
		panic(err)
	}
	return client
}

// produce TOPIC CODEC VALUE...: each value under the key "k" with a header; "null" is a null.
func produce(ctx context.Context, servers string, args []string) error {
	client := connect(servers, kgo.DefaultProduceTopic(args[0]), kgo.ProducerBatchCompression(codecs[args[1]]))
	defer client.Close()
	records := []*kgo.Record{}
	for _, value := range args[2:] {
		made := &kgo.Record{Key: []byte("k"), Headers: []kgo.RecordHeader{{Key: "h", Value: []byte("1")}}}
		if value != "null" {
			made.Value = []byte(value)
		}
		records = append(records, made)
	}
	return client.ProduceSync(ctx, records...).FirstErr()
}

// consume TOPIC GROUP COUNT: reads from the beginning or where the group is, commits, leaves.
func consume(ctx context.Context, servers string, args []string) error {
	left, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	client := connect(servers,
		kgo.ConsumeTopics(args[0]),
		kgo.ConsumerGroup(args[1]),
		kgo.DisableAutoCommit(),
		kgo.HeartbeatInterval(100*time.Millisecond),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	)
	defer client.Close()
	for left > 0 {
		fetches := client.PollRecords(ctx, left)
		if err := fetches.Err(); err != nil {
			return err
		}
		records := fetches.Records()
		left -= len(records)
		for _, each := range records {
			tellRecord(each)
		}
		if err := client.CommitRecords(ctx, records...); err != nil {
			return err
		}
	}
	return nil
}

// owned is what a member owns of a topic; it is told whenever that changes.
type owned struct {
	topic string
	lock  sync.Mutex
	parts map[int32]bool
}

func (o *owned) change(changed map[string][]int32, mine bool) {
	o.lock.Lock()
	defer o.lock.Unlock()
	for _, partition := range changed[o.topic] {
		if mine {
			o.parts[partition] = true
		} else {
			delete(o.parts, partition)
		}
	}
	all := []int32{}
	for partition := range o.parts {
		all = append(all, partition)
	}
	slices.Sort(all)
	tell(map[string]any{"assigned": all})
}

func (o *owned) gain(_ context.Context, _ *kgo.Client, gained map[string][]int32) {
	o.change(gained, true)
}

func (o *owned) lose(_ context.Context, _ *kgo.Client, lost map[string][]int32) {
	o.change(lost, false)
}

// member TOPIC GROUP [ASSIGNOR [INSTANCE]]: a member until stdin ends.
func member(ctx context.Context, servers string, args []string) error {
	ctx, cancel := context.WithCancel(ctx)
	mine := &owned{topic: args[0], parts: map[int32]bool{}}
	options := []kgo.Opt{
		kgo.ConsumeTopics(args[0]),
		kgo.ConsumerGroup(args[1]),
		kgo.HeartbeatInterval(100 * time.Millisecond),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.OnPartitionsAssigned(mine.gain),
		kgo.OnPartitionsRevoked(mine.lose),
		kgo.OnPartitionsLost(mine.lose),
	}
	if len(args) > 2 && args[2] == "cooperative-sticky" {
		options = append(options, kgo.Balancers(kgo.CooperativeStickyBalancer()))
	} else {
		options = append(options, kgo.Balancers(kgo.RangeBalancer()))
	}
	if len(args) > 3 {
		options = append(options, kgo.InstanceID(args[3]), kgo.SessionTimeout(30*time.Second))
	} else {
		options = append(options, kgo.SessionTimeout(2*time.Second))
	}
	client := connect(servers, options...)
	defer client.Close()
	go func() {
		<-stdinEnds()
		cancel()
	}()
	for ctx.Err() == nil {
		for _, each := range client.PollFetches(ctx).Records() {
			tellRecord(each)
		}
	}
	return nil
}

// stdinEnds tells when whoever runs this wants it to end.
func stdinEnds() <-chan struct{} {
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, bufio.NewReader(os.Stdin))
		close(ended)
	}()
	return ended
}

// load TOPIC: numbers, one after the other until stdin ends; what was acknowledged is told.
func load(ctx context.Context, servers string, args []string) error {
	client := connect(servers, kgo.DefaultProduceTopic(args[0]))
	defer client.Close()
	ended := stdinEnds()
	for number := 0; ; number++ {
		select {
		case <-ended:
			return nil
		default:
		}
		value := strconv.Itoa(number)
		if err := client.ProduceSync(ctx, kgo.StringRecord(value)).FirstErr(); err != nil {
			return err
		}
		tell(map[string]any{"acknowledged": value})
	}
}

func check(condition bool, what string) {
	if !condition {
		panic("not as expected: " + what)
	}
}

func must[T any](found T, err error) T {
	if err != nil {
		panic(err)
	}
	return found
}

// exercise: all that franz-go's clients ask of the brokers.
func exercise(ctx context.Context, servers string, _ []string) error {
	const topic = "exercised"
	admin := kadm.NewClient(connect(servers))
	defer admin.Close()
	must(admin.CreateTopic(ctx, 1, 1, nil, topic))
	if err := produce(ctx, servers, []string{topic, "gzip", "a", "b"}); err != nil {
		return err
	}
	plain := connect(servers, kgo.DisableIdempotentWrite(), kgo.RequiredAcks(kgo.LeaderAck()))
	defer plain.Close()
	if err := plain.ProduceSync(ctx, &kgo.Record{Topic: topic, Value: []byte("c")}).FirstErr(); err != nil {
		return err
	}
	if err := consume(ctx, servers, []string{topic, "g", "3"}); err != nil {
		return err
	}
	return administer(ctx, admin, topic)
}

func administer(ctx context.Context, admin *kadm.Client, topic string) error {
	value := "-1"
	set := []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "retention.ms", Value: &value}}
	must(admin.AlterTopicConfigs(ctx, set, topic))
	must(admin.AlterTopicConfigsState(ctx, set, topic))
	must(must(admin.DescribeTopicConfigs(ctx, topic)).On(topic, nil))
	must(admin.CreatePartitions(ctx, 1, topic))
	check(len(must(admin.ListTopics(ctx, topic))[topic].Partitions) == 2, "two partitions")
	must(admin.DescribeAllLogDirs(ctx, nil))
	must(admin.ApiVersions(ctx))
	must(admin.DescribeClientQuotas(ctx, false, nil))
	must(admin.DescribeUserSCRAMs(ctx))
	must(admin.ListConfigResources(ctx))
	end := must(admin.ListEndOffsets(ctx, topic))
	found, _ := end.Lookup(topic, 0)
	check(found.Offset == 3, "three records")
	found, _ = must(admin.ListOffsetsAfterMilli(ctx, 0, topic)).Lookup(topic, 0)
	check(found.Offset == 0, "the first record")
	first := kadm.Offsets{}
	first.AddOffset(topic, 0, 1, -1)
	must(admin.DeleteRecords(ctx, first))
	partition := kadm.TopicsSet{}
	partition.Add(topic, 0)
	must(admin.DescribeProducers(ctx, partition))
	must(admin.ElectLeaders(ctx, kadm.ElectPreferredReplica, partition))
	moved := kadm.AlterPartitionAssignmentsReq{}
	moved.Assign(topic, 0, []int32{1})
	must(admin.AlterPartitionAssignments(ctx, moved))
	must(admin.ListPartitionReassignments(ctx, partition))
	check(len(must(admin.ListGroups(ctx)).Groups()) == 1, "one group")
	check(must(admin.DescribeGroups(ctx, "g"))["g"].State == "Empty", "an empty group")
	must(admin.FetchOffsets(ctx, "g"))
	must(admin.CommitOffsets(ctx, "g", first))
	must(admin.DeleteOffsets(ctx, "g", partition))
	must(admin.DeleteGroups(ctx, "g"))
	must(admin.DeleteTopics(ctx, topic))
	return nil
}

var commands = map[string]func(context.Context, string, []string) error{
	"produce":  produce,
	"consume":  consume,
	"member":   member,
	"load":     load,
	"exercise": exercise,
}

func main() {
	command, known := commands[os.Args[1]]
	if !known {
		fmt.Fprintf(os.Stderr, "no command %q\n", os.Args[1])
		os.Exit(2)
	}
	err := command(context.Background(), os.Args[2], os.Args[3:])
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
