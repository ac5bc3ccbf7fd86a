package broker

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/nats-io/nkeys"
)

// net70K sends a message of 70 KB as w2 without the client library, which would
// refuse it itself, and returns what the server says to it.
func net70K(url string, a Access) (string, error) {
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "nats://"))
	if err != nil {
		return "", err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	in := bufio.NewReader(c)
	line, err := in.ReadString('\n')
	if err != nil {
		return "", err
	}
	var info struct {
		Nonce string `json:"nonce"`
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(line, "INFO ")), &info); err != nil {
		return "", err
	}
	k, err := nkeys.FromSeed([]byte(a.Seed))
	if err != nil {
		return "", err
	}
	public, _ := k.PublicKey()
	sig, _ := k.Sign([]byte(info.Nonce))
	fmt.Fprintf(c, "CONNECT {\"verbose\":true,\"name\":\"w2\",\"nkey\":%q,\"sig\":%q,\"protocol\":1}\r\n", public, base64.RawURLEncoding.EncodeToString(sig))
	fmt.Fprintf(c, "PUB %s %d\r\n", a.up("w2", wants), 70<<10)
	fmt.Fprintf(c, "%s\r\n", strings.Repeat("x", 70<<10))
	for {
		line, err := in.ReadString('\n')
		if err != nil || strings.HasPrefix(line, "-ERR") {
			return strings.TrimSpace(line), err
		}
	}
}
