// Command listen prints an organization's events as they happen, one JSON object a line.
//
// It reads BASE_URL, TOKEN and ORG from the environment. The first line is the hello, which says that from now on nothing
// is missed.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

func main() {
	lines := flag.Int("n", 0, "end after this many lines; 0 goes on")
	limit := flag.Duration("for", 0, "end after this time; 0 goes on")
	flag.Parse()
	if err := listen(*lines, *limit); err != nil {
		fmt.Fprintln(os.Stderr, "listen: "+err.Error())
		os.Exit(1)
	}
}

func listen(lines int, limit time.Duration) error {
	base := cmp.Or(os.Getenv("BASE_URL"), "http://127.0.0.1:8000")
	// The token goes into a header: query strings end up in the logs of proxies.
	header := http.Header{"Authorization": {"Bearer " + os.Getenv("TOKEN")}, "X-Org-Id": {os.Getenv("ORG")}}
	conn, resp, err := websocket.DefaultDialer.Dial(strings.Replace(base, "http", "ws", 1)+"/ws", header)
	if err != nil && resp != nil {
		return fmt.Errorf("%s refused: %s", base, resp.Status)
	}
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if limit > 0 {
		if err := conn.SetReadDeadline(time.Now().Add(limit)); err != nil {
			return err
		}
	}
	for n := 0; lines == 0 || n < lines; n++ {
		_, frame, err := conn.ReadMessage()
		if err != nil {
			return err
		}
		if _, err := fmt.Println(string(frame)); err != nil {
			return err
		}
	}
	return nil
}
