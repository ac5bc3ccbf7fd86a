// A broker that is killed: what it has acknowledged is in its files.
// It wants github.com/nats-io/nats-server/v2 and nats.go.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// serve is the broker, in a process of its own.
func serve(dir string) {
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT,
		JetStream: true, StoreDir: dir, NoLog: true, NoSigs: true,
	})
	check(err)
	go s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		log.Fatal("the broker takes no connections")
	}
	fmt.Println(s.ClientURL())
	io.Copy(io.Discard, os.Stdin) // until our parent has ended
}

// broker is its process, and our connection to it.
type broker struct {
	cmd *exec.Cmd
	nc  *nats.Conn
	js  jetstream.JetStream
}

func start(dir string) *broker {
	self, err := os.Executable()
	check(err)
	b := &broker{cmd: exec.Command(self, dir)}
	_, err = b.cmd.StdinPipe()
	check(err)
	out, err := b.cmd.StdoutPipe()
	check(err)
	check(b.cmd.Start())
	url, err := bufio.NewReader(out).ReadString('\n')
	check(err)
	b.nc, err = nats.Connect(strings.TrimSpace(url))
	check(err)
	b.js, err = jetstream.New(b.nc)
	check(err)
	return b
}

func (b *broker) kill() {
	check(b.cmd.Process.Kill())
	b.cmd.Wait()
}

// put sends a task once. Nil is the broker's word that it has it; an
// error says nothing about that.
func (b *broker) put(n int) (*jetstream.PubAck, error) {
	second, cancel := context.WithTimeout(
		context.Background(), time.Second)
	defer cancel()
	return b.js.Publish(second, "task", []byte{byte(n)},
		jetstream.WithMsgID(fmt.Sprint("task-", n)))
}

func main() {
	if len(os.Args) == 2 {
		serve(os.Args[1])
		return
	}
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "broker")
	check(err)
	defer os.RemoveAll(dir)
	b := start(dir)
	_, err = b.js.CreateStream(ctx, jetstream.StreamConfig{
		Name: "TASKS", Subjects: []string{"task"},
		Storage: jetstream.FileStorage})
	check(err)
	for n := range 3 {
		ack, err := b.put(n)
		check(err)
		fmt.Println("task", n, "acknowledged, number", ack.Sequence)
	}
	b.kill()
	_, err = b.put(3)
	fmt.Println("killed; task 3 acknowledged:", err == nil)
	b.nc.Close()
	b = start(dir) // an operator, in life
	for n := 2; n < 5; n++ {
		ack, err := b.put(n)
		check(err)
		fmt.Println("task", n, "acknowledged, known:", ack.Duplicate)
	}
	s, err := b.js.Stream(ctx, "TASKS")
	check(err)
	fmt.Println("in the stream:", s.CachedInfo().State.Msgs, "tasks")
	b.kill()
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
