package config

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5"
)

// Errors here follow the name of a variable: "must be ...". Those of net/url,
// pgx and their like quote what they were given, which may hold a password, and
// are replaced, not wrapped.

var (
	// hostName is RFC 1123 with the underscore that container networks use.
	hostName   = regexp.MustCompile(`(?i)^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$`)
	regionName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
)

func parseInt(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, errors.New("must be a whole number")
	}
	return n, nil
}

func parseBool(s string) (bool, error) {
	b, err := strconv.ParseBool(s)
	if err != nil {
		return false, errors.New("must be true or false")
	}
	return b, nil
}

func parsePrefixes(s string) ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for _, item := range list(s) {
		prefix, err := parsePrefix(item)
		if err != nil {
			return nil, fmt.Errorf("must list IP addresses or CIDR ranges: %q is neither", item)
		}
		prefixes = append(prefixes, prefix)
	}
	return prefixes, nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	if strings.Contains(s, "/") {
		prefix, err := netip.ParsePrefix(s)
		return prefix.Masked(), err
	}
	addr, err := netip.ParseAddr(s)
	if err != nil || addr.Zone() != "" {
		return netip.Prefix{}, errors.New("not an IP address")
	}
	addr = addr.Unmap()
	return netip.PrefixFrom(addr, addr.BitLen()), nil
}

func parseHosts(s string) ([]string, error) {
	var hosts []string
	for _, item := range list(s) {
		host := strings.TrimSuffix(strings.ToLower(item), ".")
		if !isHost(host) {
			return nil, fmt.Errorf("must list host names without scheme or port: %q is none", item)
		}
		hosts = append(hosts, host)
	}
	return hosts, nil
}

func list(s string) []string {
	var items []string
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// checkTags holds each field to its min, max and oneof tags.
func checkTags(c Config) error {
	for field, value := range reflect.ValueOf(c).Fields() {
		name := field.Tag.Get("env")
		if allowed := choices(field); allowed != nil && !slices.Contains(allowed, value.String()) {
			return fmt.Errorf("%s must be one of %s", name, strings.Join(allowed, ", "))
		}
		low, high := field.Tag.Get("min"), field.Tag.Get("max")
		if low != "" && outside(value.Int(), low, high) {
			return fmt.Errorf("%s must be between %s and %s", name, low, high)
		}
	}
	return nil
}

func outside(n int64, low, high string) bool {
	least, errLow := strconv.ParseInt(low, 10, 64)
	most, errHigh := strconv.ParseInt(high, 10, 64)
	return errLow != nil || errHigh != nil || n < least || n > most
}

func choices(field reflect.StructField) []string {
	if tag, ok := field.Tag.Lookup("oneof"); ok {
		return strings.Fields(tag)
	}
	return nil
}

// Origin is the URL under which a listener at addr, host:port, is reached from
// its own machine. It is empty for port 0, whose number is known only once the
// listener is there.
func Origin(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || port == "0" {
		return ""
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

func checkAddr(s string) error {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return errors.New("must be host:port, such as 127.0.0.1:8000 or [::1]:8000")
	}
	if host != "" && !isHost(host) {
		return errors.New("must begin with an IP address or a host name")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return errors.New("must end in a port between 0 and 65535")
	}
	return nil
}

func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	return len(s) <= 253 && hostName.MatchString(s)
}

func checkRegion(s string) error {
	if s != "" && !regionName.MatchString(s) {
		return errors.New("must be up to 63 lower-case letters, digits and hyphens")
	}
	return nil
}

func checkOrigin(s string) error {
	if s == "" {
		return nil
	}
	if err := checkURL(Sensitive(s), "http", "https"); err != nil {
		return err
	}
	u, err := url.Parse(s)
	if err != nil || u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.User != nil || strings.Contains(s, "#") {
		return errors.New("must be scheme, host and port only, such as https://plinth.example.com")
	}
	return nil
}

// checkURL demands one of the schemes, a host, and a port that is a number.
func checkURL(s Sensitive, schemes ...string) error {
	if s == "" {
		return nil
	}
	want := strings.Join(schemes, ":// or ") + "://"
	u, err := url.Parse(string(s))
	if err != nil {
		return fmt.Errorf("must be a %s URL; special characters in a password are percent-encoded", want)
	}
	if !slices.Contains(schemes, u.Scheme) {
		return fmt.Errorf("must begin with %s", want)
	}
	if !isHost(u.Hostname()) {
		return errors.New("must name a host")
	}
	if strings.HasSuffix(u.Host, ":") {
		return errors.New("must have a port after the colon")
	}
	if port := u.Port(); port != "" && !isPort(port) {
		return errors.New("must have a port between 1 and 65535")
	}
	return nil
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

// plainPostgres drops the driver that SQLAlchemy's URLs name after the scheme,
// because settings are often carried over from there.
func plainPostgres(s Sensitive) Sensitive {
	scheme, rest, ok := strings.Cut(string(s), "://")
	if !ok {
		return s
	}
	switch strings.ToLower(scheme) {
	case "postgres", "postgresql", "postgresql+asyncpg", "postgresql+psycopg", "postgresql+psycopg2":
		return Sensitive("postgresql://" + rest)
	}
	return s
}

func checkPostgres(s Sensitive) error {
	if s == "" {
		return nil
	}
	if !strings.HasPrefix(string(s), "postgresql://") {
		return errors.New("must begin with postgresql:// or postgres://")
	}
	if _, err := url.Parse(string(s)); err != nil {
		return errors.New("must be a URL; special characters in a password are percent-encoded")
	}
	if _, err := pgx.ParseConfig(string(s)); err != nil {
		return errors.New("is not understood by the PostgreSQL driver: check port, sslmode and certificate files, also in PG* variables")
	}
	return nil
}

func checkSMTP(s Sensitive) error {
	if s == "" {
		return nil
	}
	if err := checkURL(s, "smtp", "smtps"); err != nil {
		return err
	}
	u, err := url.Parse(string(s))
	if err != nil || strings.Trim(u.Path, "/") != "" || strings.Contains(string(s), "#") {
		return errors.New("must have nothing after host and port but ?tls=required")
	}
	if u.RawQuery != "" && (u.Scheme != "smtp" || u.RawQuery != "tls=required") {
		return errors.New("must have no option but ?tls=required, and that for smtp:// only")
	}
	if password, ok := u.User.Password(); u.User != nil && (u.User.Username() == "" || !ok || password == "") {
		return errors.New("must have both user and password, or neither")
	}
	return nil
}

func checkClamd(s string) error {
	if s == "" {
		return nil
	}
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		if !strings.HasPrefix(path, "/") {
			return errors.New("must be unix: and an absolute path")
		}
		return nil
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil || !isHost(host) || !isPort(port) {
		return errors.New("must be host:port or unix:/path")
	}
	return nil
}

func checkPrefix(s Sensitive, prefixes ...string) error {
	if s == "" {
		return nil
	}
	for _, prefix := range prefixes {
		if rest, ok := strings.CutPrefix(string(s), prefix); ok && rest != "" && !hasControl(rest) {
			return nil
		}
	}
	return fmt.Errorf("must begin with %s", strings.Join(prefixes, " or "))
}

func checkKey(s Sensitive) error {
	if s == "" {
		return nil
	}
	_, err := parseEd25519(s)
	return err
}

func parseEd25519(s Sensitive) (ed25519.PrivateKey, error) {
	block, rest := pem.Decode([]byte(s))
	if block == nil || block.Type != "PRIVATE KEY" || strings.TrimSpace(string(rest)) != "" {
		return nil, errors.New("must be one PKCS #8 key in PEM, as from openssl genpkey -algorithm ed25519")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("is damaged: its PEM holds no PKCS #8 key")
	}
	private, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, errors.New("must be an Ed25519 key")
	}
	return private, nil
}

func hasControl(s string) bool { return strings.ContainsFunc(s, unicode.IsControl) }
