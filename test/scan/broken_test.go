package scan_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/plinth/plinth/internal/platform/scan"
	"github.com/plinth/plinth/test/clamd"
)

// TestSourceFails: what was read until then is no file, and gets no verdict even if it is infected.
func TestSourceFails(t *testing.T) {
	c := scan.New(clamd.Start(t).Addr)
	for name, cause := range map[string]error{
		"anything": errors.New("the disk is gone"),
		"cut off":  io.ErrUnexpectedEOF,
		"wrapped":  fmt.Errorf("get a part: %w", io.EOF),
	} {
		for _, size := range []int{0, 1, 64 << 10, mib} {
			verdict, err := c.Scan(t.Context(), io.MultiReader(bytes.NewReader(noise(size)), iotest.ErrReader(cause)))
			if !errors.Is(err, scan.ErrSource) || !errors.Is(err, cause) || verdict != (scan.Verdict{}) {
				t.Errorf("%s after %d bytes: %+v, %v", name, size, verdict, err)
			}
		}
	}
	for name, source := range map[string]io.Reader{
		"byte by byte":            iotest.OneByteReader(bytes.NewReader(clamd.EICAR())),
		"the end with the last":   iotest.DataErrReader(bytes.NewReader(clamd.EICAR())),
		"the end after an amount": io.MultiReader(bytes.NewReader(noise(128<<10)), bytes.NewReader(clamd.EICAR())),
	} {
		if verdict, err := c.Scan(t.Context(), source); err != nil || verdict.Status != scan.Infected {
			t.Errorf("%s: %+v, %v", name, verdict, err)
		}
	}
}

func TestNobodyIsThere(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	for _, addr := range []string{listener.Addr().String(), "unix:" + filepath.Join(t.TempDir(), "none"), "", "clamd", "unix:"} {
		refuses(t, scan.New(addr))
	}
}

// TestNonsense: no answer that is not clamd's is a verdict.
func TestNonsense(t *testing.T) {
	for _, answer := range []string{
		"", "\x00", "nonsense", "nonsense\x00", "1: ClamAV 1", "1: ClamAV 1\x00", "ClamAV 1\x00stream: OK\x00", "1: ClamAV 1\x002: \x00",
		"1: ClamAV 1\x00stream: OK\x00", "1: ClamAV 1\x001: stream: OK\x00", "1: ClamAV 1\x003: stream: OK\x00", "1: ClamAV 1\x002: stream: OK",
		"1: ClamAV 1\x002: stream: ok\x00", "1: ClamAV 1\x002: OK\x00", "1: ClamAV 1\x002: stream: OK \x00", "1: ClamAV 1\x002: stream: OKFOUND\x00",
		"1: ClamAV 1\x002: stream:  FOUND\x00", "1: ClamAV 1\x002: Virus FOUND\x00", "1: ClamAV 1\x002: stream: Can't allocate memory ERROR\x00",
		"1: nonsense\x002: stream: OK\x00", "1: ClamAV 1\x002: UNKNOWN COMMAND\x00", "1: ClamAV 1\x002: " + strings.Repeat("x", 1<<20) + "\x00",
		"1: UNKNOWN COMMAND\x00", "HTTP/1.1 400 Bad Request\r\n\r\n",
	} {
		c := scan.New(impostor(t, answer), scan.Patience(200*time.Millisecond, 200*time.Millisecond))
		verdict, err := c.Scan(t.Context(), strings.NewReader("nothing bad"))
		if err == nil || errors.Is(err, scan.ErrSource) || verdict != (scan.Verdict{}) {
			t.Errorf("%.40q: %+v, %v", answer, verdict, err)
		}
	}
	c := scan.New(impostor(t, "1: ClamAV 1\x002: stream: OK\x00"))
	judge(t, c, []byte("nothing bad"), scan.Clean) // so it is not the impostor that fails
}

// TestNothingIsCleanBeforeItsEnd: an answer is no verdict on what clamd did not take.
func TestNothingIsCleanBeforeItsEnd(t *testing.T) {
	for _, answer := range []string{"stream: OK", "stream: Virus FOUND", "nonsense"} {
		addr := listen(t, func(conn net.Conn) {
			_, _ = fmt.Fprintf(conn, "1: ClamAV 1\x002: %s\x00", answer)
			_, _ = io.CopyN(io.Discard, conn, mib)
		})
		if verdict, err := scan.New(addr).Scan(t.Context(), &unending{}); err == nil {
			t.Errorf("%s: %+v", answer, verdict)
		}
	}
}

// impostor answers all at once and reads on until the stream ends, as clamd would.
func impostor(t testing.TB, answer string) string {
	t.Helper()
	return listen(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, answer)
		r := bufio.NewReader(conn)
		for range 3 {
			_, _ = r.ReadString(0)
		}
		_, _ = io.ReadFull(r, make([]byte, 4+len("nothing bad")+4))
	})
}

// listen serves one connection after another until the test ends.
func listen(t testing.TB, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
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
			serve(conn)
			_ = conn.Close()
		}
	}()
	return listener.Addr().String()
}
