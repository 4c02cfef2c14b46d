package bus_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/test/redis"
)

// TestCluster of two servers, of which the nodes know one. Slots that move take their organizations with them.
func TestCluster(t *testing.T) {
	one, two := redis.Start(t, "--cluster-enabled", "yes"), redis.Start(t, "--cluster-enabled", "yes")
	command(t, one, "CLUSTER ADDSLOTSRANGE 0 8191")
	command(t, two, "CLUSTER ADDSLOTSRANGE 8192 16383")
	command(t, one, "CLUSTER MEET "+strings.ReplaceAll(address(two), ":", " "))
	until(t, "the cluster is complete", func() bool {
		// x is in the second half of the slots and b in the first
		return strings.HasPrefix(one.Do(t, "GET x"), "-MOVED") && strings.HasPrefix(two.Do(t, "GET b"), "-MOVED")
	})
	open := overRedis(t, one.URL)
	a, b := run(t, open), run(t, open)
	halves, taken := map[bool][]uuid.UUID{}, map[int]bool{}
	for len(halves[true]) < 20 || len(halves[false]) < 20 {
		org := uuid.New()
		at := slot(t, one, org)
		if taken[at] { // it would move together with another
			continue
		}
		taken[at] = true
		b.Join(org)
		halves[at < 8192] = append(halves[at < 8192], org)
	}
	for _, org := range slices.Concat(halves[true], halves[false]) {
		meet(t, org, a, b)
	}
	channels := func(s *redis.Server, want int) bool { return s.Do(t, "PUBSUB SHARDCHANNELS") == fmt.Sprint("*", want) }
	if !channels(one, len(halves[true])) || !channels(two, len(halves[false])) {
		t.Error("the organizations are not where their slots are")
	}

	two.Do(t, "CLUSTER BUMPEPOCH") // or what the first server still tells of the slot could win
	moving := halves[true][0]
	setSlot := fmt.Sprintf("CLUSTER SETSLOT %d NODE %s", slot(t, one, moving), two.Do(t, "CLUSTER MYID"))
	command(t, two, setSlot)
	command(t, one, setSlot)
	until(t, "the subscription has moved", func() bool { return channels(one, len(halves[true])-1) && channels(two, len(halves[false])+1) })
	meet(t, moving, a, b)
	b.Leave(moving)
	until(t, "it is left there", func() bool { return channels(two, len(halves[false])) })
	if a.lost()+b.lost() > 0 {
		t.Errorf("the connection was lost over it:\n%s%s", a.log, b.log)
	}

	two.Kill(t)
	until(t, "the loss of one is noticed", func() bool { return b.lost() == 1 })
	two.Restart(t)
	until(t, "b is back", func() bool { return b.back() == 1 })
	for _, orgs := range halves {
		meet(t, orgs[1], a, b)
	}
}

func command(t testing.TB, s *redis.Server, command string) {
	t.Helper()
	if answer := s.Do(t, command); answer != "+OK" {
		t.Fatalf("%s: %s", command, answer)
	}
}

func slot(t testing.TB, s *redis.Server, org uuid.UUID) int {
	t.Helper()
	answer := s.Do(t, "CLUSTER KEYSLOT {"+org.String()+"}")
	n, err := strconv.Atoi(strings.TrimPrefix(answer, ":"))
	if err != nil {
		t.Fatalf("KEYSLOT: %s", answer)
	}
	return n
}

func address(s *redis.Server) string { return strings.TrimPrefix(s.URL, "redis://") }

// TestRedisOverTLS passes through a proxy that speaks TLS.
func TestRedisOverTLS(t *testing.T) {
	server := redis.Start(t)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate(t)}, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go forward(conn, address(server))
		}
	}()
	org, url := uuid.New(), "rediss://"+listener.Addr().String()
	trusting := overRedis(t, url+"?skip_verify=true")
	a, b := run(t, trusting), run(t, trusting)
	b.Join(org)
	meet(t, org, a, b)
	careful := run(t, overRedis(t, url))
	until(t, "the certificate is refused", func() bool { return strings.Contains(careful.log.String(), "x509") })
}

func forward(conn net.Conn, target string) {
	defer func() { _ = conn.Close() }()
	to, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer func() { _ = to.Close() }()
	go func() {
		_, _ = io.Copy(to, conn)
		_ = to.Close()
	}()
	_, _ = io.Copy(conn, to)
}

func certificate(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
