package config_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plinth/plinth/internal/platform/config"
)

const (
	database = "DATABASE_URL=postgresql://plinth:pw@db.example.com/plinth"
	strong   = "JWT_SECRET=4f1d0a7be2c9536880b1c4d97fa35e62"
)

func load(t *testing.T, environ ...string) (config.Config, error) {
	t.Helper()
	return config.Load(environ, "", config.Overrides{})
}

func mustLoad(t *testing.T, environ ...string) config.Config {
	t.Helper()
	c, err := load(t, environ...)
	if err != nil {
		t.Fatalf("Load(%q): %v", environ, err)
	}
	return c
}

// refused checks that the error is one line, begins with the variable and says
// why.
func refused(t *testing.T, err error, variable, why string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s was accepted, want an error with %q", variable, why)
		return
	}
	text := err.Error()
	if !strings.HasPrefix(text, variable+" ") || !strings.Contains(text, why) || strings.ContainsAny(text, "\r\n") {
		t.Errorf("error %q, want one line that begins with %s and contains %q", text, variable, why)
	}
}

func pemKey(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func TestDefaults(t *testing.T) {
	want := config.Config{
		Addr: "127.0.0.1:8000", MetricsAddr: "127.0.0.1:9464", PublicURL: "http://127.0.0.1:8000",
		DataDir: "./data", JWTAlgorithm: "HS256", AccessTokenMinutes: 15, RefreshTokenMinutes: 43200,
		MailFrom: "Plinth <plinth@localhost>", LogLevel: "info", LogFormat: "json",
		RateLimitIP: 600000, RateLimitAccount: 300000, RateLimitOrg: 600000, BodyLimit: 1 << 20, TrashDays: 30,
		S3Region: "us-east-1", FilesRequireScan: "auto", FilesMaxSize: 5 << 30,
	}
	// A variable set to nothing is as good as none.
	for _, environ := range [][]string{nil, {"PLINTH_ADDR=", "JWT_SECRET=", "PLINTH_BODY_LIMIT=", "DATABASE_POOL_SIZE=0"}} {
		if diff := cmp.Diff(want, mustLoad(t, environ...)); diff != "" {
			t.Errorf("defaults (-want +got):\n%s", diff)
		}
	}
	if !want.Embedded() || want.AccessTokenLife() != 15*time.Minute || want.RefreshTokenLife() != 30*24*time.Hour {
		t.Error("the default is not embedded, 15 minutes and 30 days")
	}
}

func TestEverySettingIsRead(t *testing.T) {
	key := pemKey(t, ed25519.NewKeyFromSeed(make([]byte, 32)))
	c := mustLoad(t,
		"PLINTH_ADDR=[::]:80", "PLINTH_METRICS_ADDR=off", "PLINTH_PUBLIC_URL=https://plinth.example.com/",
		"PLINTH_HOSTS=Tasks.example.org., 10.0.0.1 ,", "PLINTH_TRUSTED_PROXIES=10.1.2.3/8, ::1,192.0.2.1", "PLINTH_REGION=eu-1",
		"PLINTH_DATA_DIR=/var/lib/plinth", "DATABASE_URL=postgresql+asyncpg://u:p@db/plinth?sslmode=disable",
		"PLINTH_MIGRATE_DATABASE_URL=postgres://owner@db/plinth", "DATABASE_POOL_SIZE=1000", "PLINTH_POSTGRES_BIN=/opt/pg/bin",
		"PLINTH_REQUIRE_PATCHED_POSTGRES=true", strong, "JWT_ALGORITHM=EdDSA", "JWT_PRIVATE_KEY="+strings.ReplaceAll(key, "\n", `\n`),
		"ACCESS_TOKEN_EXPIRE_MINUTES=1440", "REFRESH_TOKEN_EXPIRE_MINUTES=1441", "SMTP_URL=smtp://u:p%40@mail:2525?tls=required",
		"MAIL_FROM=Ann <ann@example.com>", "PLINTH_LOG_LEVEL=warn", "PLINTH_LOG_FORMAT=text", "PLINTH_RATE_LIMIT_IP=1",
		"PLINTH_RATE_LIMIT_ACCOUNT=2", "PLINTH_RATE_LIMIT_ORG=3", "PLINTH_BODY_LIMIT=4", "PLINTH_TRASH_DAYS=5", "PLINTH_EVENT_DAYS=6", "REDIS_URL=rediss://:pw@redis:6379/0",
		"S3_ENDPOINT=http://s3:9000", "S3_BUCKET=b", "S3_REGION=r", "S3_ACCESS_KEY_ID=id", "S3_SECRET_ACCESS_KEY=key",
		"S3_FORCE_PATH_STYLE=true", "FILES_REQUIRE_SCAN=false", "FILES_MAX_SIZE=7", "FILES_QUOTA=8", "CDN_BASE_URL=https://cdn.example.com/",
		"CDN_SIGNING_KEY="+strings.TrimPrefix(strong, "JWT_SECRET="), "CLAMD_ADDR=unix:/run/clamd.sock", "STRIPE_SECRET_KEY=sk_test_1", "STRIPE_WEBHOOK_SECRET=whsec_1",
	)
	want := config.Config{
		Addr: "[::]:80", PublicURL: "https://plinth.example.com", Hosts: []string{"tasks.example.org", "10.0.0.1"},
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("192.0.2.1/32")},
		Region:         "eu-1", DataDir: "/var/lib/plinth", DatabaseURL: "postgresql://u:p@db/plinth?sslmode=disable",
		MigrateDatabaseURL: "postgresql://owner@db/plinth", PoolSize: 1000, PostgresBin: "/opt/pg/bin", RequirePatchedPostgres: true,
		JWTSecret: config.Sensitive(strings.TrimPrefix(strong, "JWT_SECRET=")), JWTAlgorithm: "EdDSA", JWTPrivateKey: config.Sensitive(key),
		AccessTokenMinutes: 1440, RefreshTokenMinutes: 1441, SMTPURL: "smtp://u:p%40@mail:2525?tls=required",
		MailFrom: "Ann <ann@example.com>", LogLevel: "warn", LogFormat: "text", RateLimitIP: 1, RateLimitAccount: 2, RateLimitOrg: 3,
		BodyLimit: 4, TrashDays: 5, EventDays: 6, RedisURL: "rediss://:pw@redis:6379/0", S3Endpoint: "http://s3:9000", S3Bucket: "b", S3Region: "r",
		S3AccessKeyID: "id", S3SecretAccessKey: "key", S3ForcePathStyle: true, FilesRequireScan: "false", FilesMaxSize: 7, FilesQuota: 8,
		CDNBaseURL: "https://cdn.example.com", CDNSigningKey: config.Sensitive(strings.TrimPrefix(strong, "JWT_SECRET=")), ClamdAddr: "unix:/run/clamd.sock", StripeSecretKey: "sk_test_1", StripeWebhookSecret: "whsec_1",
	}
	opt := cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })
	if diff := cmp.Diff(want, c, opt); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for level, want := range map[string]slog.Level{"debug": -4, "info": 0, "warn": 4, "error": 8} {
		if got := mustLoad(t, "PLINTH_LOG_LEVEL="+level).Level(); got != want {
			t.Errorf("%s is %v", level, got)
		}
	}
	if c.Embedded() {
		t.Error("embedded with DATABASE_URL set")
	}
	unused := []string{"STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"}
	if diff := cmp.Diff(unused, c.Unused()); diff != "" {
		t.Errorf("unused (-want +got):\n%s", diff)
	}
	if got := mustLoad(t).Unused(); got != nil {
		t.Errorf("nothing is set, but %q are unused", got)
	}
}

func TestFilesAreKeptBackOnceThereIsAScanner(t *testing.T) {
	for _, test := range []struct {
		settings []string
		want     bool
	}{
		{nil, false},
		{[]string{"CLAMD_ADDR=127.0.0.1:3310"}, true},
		{[]string{"CLAMD_ADDR=127.0.0.1:3310", "FILES_REQUIRE_SCAN=false"}, false},
		{[]string{"FILES_REQUIRE_SCAN=true"}, true},
	} {
		if got := mustLoad(t, test.settings...).RequireScan(); got != test.want {
			t.Errorf("%q: %t", test.settings, got)
		}
	}
}

func TestMalformedSettingsAreRefused(t *testing.T) {
	for _, test := range []struct{ setting, why string }{
		{"PLINTH_ADDR=8000", "host:port"},
		{"PLINTH_ADDR=127.0.0.1:65536", "port"},
		{"PLINTH_ADDR=127.0.0.1:http", "port"},
		{"PLINTH_ADDR=no good:80", "host name"},
		{"PLINTH_METRICS_ADDR=on", "host:port"},
		{"PLINTH_METRICS_ADDR=127.0.0.1:8000", "must differ from PLINTH_ADDR"},
		{"PLINTH_PUBLIC_URL=plinth.example.com", "must begin with http:// or https://"},
		{"PLINTH_PUBLIC_URL=ftp://plinth.example.com", "must begin with http:// or https://"},
		{"PLINTH_PUBLIC_URL=https://", "must name a host"},
		{"PLINTH_PUBLIC_URL=https://a/b", "scheme, host and port only"},
		{"PLINTH_PUBLIC_URL=https://a?b", "scheme, host and port only"},
		{"PLINTH_PUBLIC_URL=https://a#b", "scheme, host and port only"},
		{"PLINTH_PUBLIC_URL=https://u:p@a", "scheme, host and port only"},
		{"PLINTH_PUBLIC_URL=https://a:99999", "port"},
		{"PLINTH_HOSTS=a.example,https://b.example", `"https://b.example"`},
		{"PLINTH_HOSTS=*.example.com", `"*.example.com"`},
		{"PLINTH_TRUSTED_PROXIES=10.0.0.0/33", `"10.0.0.0/33"`},
		{"PLINTH_TRUSTED_PROXIES=proxy", `"proxy"`},
		{"PLINTH_REGION=EU west", "lower-case"},
		{"DATABASE_URL=mysql://u:hunter2@db/x", "must begin with postgresql://"},
		{"DATABASE_URL=postgresql+pg8000://u:hunter2@db/x", "must begin with postgresql://"},
		{"DATABASE_URL=host=db password=hunter2", "must begin with postgresql://"},
		{"DATABASE_URL=postgres://u:hunter2/x@db/x", "percent-encoded"},
		{"DATABASE_URL=postgres://u:hunter2@db/x?sslmode=hunter2", "sslmode"},
		{"PLINTH_MIGRATE_DATABASE_URL=postgres://u:hunter2@db/x", "needs DATABASE_URL"},
		{"DATABASE_POOL_SIZE=many", "whole number"},
		{"DATABASE_POOL_SIZE=-1", "between 0 and 1000"},
		{"DATABASE_POOL_SIZE=1001", "between 0 and 1000"},
		{"PLINTH_REQUIRE_PATCHED_POSTGRES=please", "true or false"},
		{"JWT_ALGORITHM=none", "HS256, EdDSA"},
		{"JWT_ALGORITHM=hs256", "HS256, EdDSA"},
		{"JWT_PRIVATE_KEY=hunter2", "PEM"},
		{"JWT_PRIVATE_KEY_FILE=/none/a\nb", "no such file"},
		{"ACCESS_TOKEN_EXPIRE_MINUTES=0", "between 1 and 1440"},
		{"ACCESS_TOKEN_EXPIRE_MINUTES=1441", "between 1 and 1440"},
		{"ACCESS_TOKEN_EXPIRE_MINUTES=1.5", "whole number"},
		{"REFRESH_TOKEN_EXPIRE_MINUTES=15", "must exceed ACCESS_TOKEN_EXPIRE_MINUTES, which is 15"},
		{"SMTP_URL=mail.example.com:25", "smtp:// or smtps://"},
		{"SMTP_URL=smtp://", "host"},
		{"SMTP_URL=smtp://mail:", "port"},
		{"SMTP_URL=smtp://u:hunter2@mail:0", "port"},
		{"SMTP_URL=smtp://hunter2@mail", "both user and password"},
		{"SMTP_URL=smtp://u:hun%ter2@mail", "percent-encoded"},
		{"SMTP_URL=smtp://u:hunter2@mail/path", "nothing after host and port"},
		{"SMTP_URL=smtp://mail?tls=none", "?tls=required"},
		{"SMTP_URL=smtps://mail?tls=required", "smtp:// only"},
		{"MAIL_FROM=nobody", "mail address"},
		{"MAIL_FROM=a@b.example, c@d.example", "one mail address"},
		{"MAIL_FROM=a@b.example\r\nBcc: c@d.example", "control"},
		{"PLINTH_LOG_LEVEL=loud", "debug, info, warn, error"},
		{"PLINTH_LOG_FORMAT=xml", "json, text"},
		{"PLINTH_RATE_LIMIT_IP=0", "between 1"},
		{"PLINTH_RATE_LIMIT_ACCOUNT=-5", "between 1"},
		{"PLINTH_RATE_LIMIT_ORG=x", "whole number"},
		{"PLINTH_BODY_LIMIT=1MB", "whole number"},
		{"REDIS_URL=http://:hunter2@redis", "redis:// or rediss://"},
		{"S3_ENDPOINT=s3.example.com", "http:// or https://"},
		{"S3_ENDPOINT=https://s3.example.com", "needs S3_BUCKET"},
		{"S3_BUCKET=b", "needs S3_ACCESS_KEY_ID"},
		{"S3_FORCE_PATH_STYLE=yes", "true or false"},
		{"FILES_REQUIRE_SCAN=yes", "one of auto, true, false"},
		{"FILES_MAX_SIZE=0", "between 1 and"},
		{"CDN_BASE_URL=https://cdn.example.com", "needs CDN_SIGNING_KEY"},
		{"CDN_SIGNING_KEY=x", "needs CDN_BASE_URL"},
		{"CLAMD_ADDR=clamd", "host:port or unix:/path"},
		{"CLAMD_ADDR=unix:run/clamd", "absolute"},
		{"STRIPE_SECRET_KEY=pk_hunter2", "sk_ or rk_"},
		{"STRIPE_WEBHOOK_SECRET=hunter2", "whsec_"},
	} {
		name, _, _ := strings.Cut(test.setting, "=")
		_, err := load(t, test.setting)
		refused(t, err, name, test.why)
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the secret in %s shows: %v", test.setting, err)
		}
	}
}

func TestPostgresSchemes(t *testing.T) {
	for _, scheme := range []string{"postgres", "postgresql", "postgresql+asyncpg", "postgresql+psycopg", "postgresql+psycopg2"} {
		c := mustLoad(t, "DATABASE_URL="+scheme+"://u:p@db:5433/plinth", strong)
		if want := config.Sensitive("postgresql://u:p@db:5433/plinth"); c.DatabaseURL != want {
			t.Errorf("%s became %q", scheme, string(c.DatabaseURL))
		}
	}
}

func TestSecretRule(t *testing.T) {
	weak := []string{
		"secret", "changeme", "change-me", "your-secret-key", "password", "dev", "test", "0123456789abcdef0123456789abcde",
		strings.Repeat("x", 64), strings.Repeat("secret", 6), strings.Repeat("ChangeMe-", 5), "your-secret-key-your-secret-key-your",
		"TEST_TEST_TEST_TEST_TEST_TEST_TEST_", "abcdefghijklmnopabcdefghijklmnop", "12345678901234567890123456789012",
		"super-secret-jwt-key-change-me-in-production", "please change this secret before production",
		"a-string-secret-at-least-256-bits-long", "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbc",
	}
	for _, secret := range weak {
		for _, environ := range [][]string{nil, {database}} {
			_, err := load(t, append(environ, "JWT_SECRET="+secret)...)
			if err == nil {
				t.Errorf("%q was accepted", secret)
				continue
			}
			refused(t, err, "JWT_SECRET", "openssl rand -hex 32")
			if len(secret) > 8 && strings.Contains(err.Error(), secret) {
				t.Errorf("the secret shows: %v", err)
			}
		}
	}
	for _, secret := range []string{
		"4f1d0a7be2c9536880b1c4d97fa35e62", "kT9/sQ+2vYx8dW1mZr0LhJ6uNc4PbEaGfSiVoXqRtUw=", "tr0ub4dor & the correct horse stapler",
	} {
		mustLoad(t, "JWT_SECRET="+secret)
		mustLoad(t, "JWT_SECRET="+secret, database)
	}
	_, err := load(t, database)
	refused(t, err, "JWT_SECRET", "must be set when DATABASE_URL is")
}

func TestEdDSAKey(t *testing.T) {
	private := ed25519.NewKeyFromSeed(make([]byte, 32))
	key := pemKey(t, private)
	dir := t.TempDir()
	file := filepath.Join(dir, "key.pem")
	if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, setting := range []string{"JWT_PRIVATE_KEY=" + key, "JWT_PRIVATE_KEY_FILE=" + file} {
		got, err := mustLoad(t, database, "JWT_ALGORITHM=EdDSA", setting).SigningKey()
		if err != nil || !private.Equal(got) {
			t.Errorf("another key than was given, or %v", err)
		}
	}
	if got, err := mustLoad(t, "JWT_ALGORITHM=EdDSA").SigningKey(); got != nil || err != nil {
		t.Errorf("embedded without a key: %v, %v", got, err)
	}

	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		environ       []string
		variable, why string
	}{
		{[]string{database, "JWT_ALGORITHM=EdDSA"}, "JWT_PRIVATE_KEY", "must be set"},
		{[]string{database, "JWT_ALGORITHM=EdDSA", strong}, "JWT_PRIVATE_KEY", "must be set"},
		{[]string{"JWT_PRIVATE_KEY=" + key, "JWT_PRIVATE_KEY_FILE=" + file}, "JWT_PRIVATE_KEY_FILE", "both set"},
		{[]string{"JWT_PRIVATE_KEY_FILE=" + filepath.Join(dir, "none")}, "JWT_PRIVATE_KEY_FILE", "no such file"},
		{[]string{"JWT_PRIVATE_KEY=" + pemKey(t, other)}, "JWT_PRIVATE_KEY", "Ed25519"},
		{[]string{"JWT_PRIVATE_KEY=" + key + key}, "JWT_PRIVATE_KEY", "one PKCS #8 key"},
		{[]string{"JWT_PRIVATE_KEY=-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"}, "JWT_PRIVATE_KEY", "damaged"},
	} {
		_, err := load(t, test.environ...)
		refused(t, err, test.variable, test.why)
	}
}

func TestUnknownNamesAreRefusedWithTheNearest(t *testing.T) {
	for name, nearest := range map[string]string{
		"PLINTH_ADR": "PLINTH_ADDR", "PLINTH_ADDRESS": "PLINTH_ADDR", "PLINTH_DATADIR": "PLINTH_DATA_DIR",
		"PLINTH_RATELIMIT_IP": "PLINTH_RATE_LIMIT_IP", "PLINTH_HOST": "PLINTH_HOSTS",
	} {
		_, err := load(t, name+"=hunter2")
		refused(t, err, name, "did you mean "+nearest+"?")
	}
	mustLoad(t, "PATH=/bin", "SECRET_PLINTH_X=1", "malformed", "PLINTH_ADR=")
}

func TestPublicURLFollowsTheAddress(t *testing.T) {
	for addr, want := range map[string]string{
		"127.0.0.1:8000": "http://127.0.0.1:8000", "0.0.0.0:80": "http://localhost:80", ":8000": "http://localhost:8000",
		"[::]:8000": "http://localhost:8000", "[::1]:8000": "http://[::1]:8000", "box.lan:8000": "http://box.lan:8000", "127.0.0.1:0": "",
	} {
		if got := mustLoad(t, "PLINTH_ADDR="+addr).PublicURL; got != want {
			t.Errorf("on %s the public URL is %q, want %q", addr, got, want)
		}
	}
}

func dotenv(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPrecedence(t *testing.T) {
	file := dotenv(t, "PLINTH_ADDR=127.0.0.1:1\nPLINTH_DATA_DIR=file\nPLINTH_LOG_LEVEL=error\nPLINTH_REGION=file\n")
	environ := []string{"PLINTH_ADDR=127.0.0.1:2", "PLINTH_DATA_DIR=environment", "PLINTH_REGION="}
	c, err := config.Load(environ, file, config.Overrides{Addr: "127.0.0.1:3"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Addr != "127.0.0.1:3" || c.DataDir != "environment" || c.LogLevel != "error" || c.Region != "" || c.PublicURL != "http://127.0.0.1:3" {
		t.Errorf("got %+v", c)
	}
	c, err = config.Load(environ, file, config.Overrides{DataDir: "flag"})
	if err != nil || c.DataDir != "flag" || c.Addr != "127.0.0.1:2" {
		t.Errorf("got %+v, %v", c, err)
	}
	_, err = config.Load(nil, "", config.Overrides{Addr: "nowhere"})
	refused(t, err, "PLINTH_ADDR", "host:port")
}

func TestDotenvForms(t *testing.T) {
	for value, want := range map[string]string{
		"plain":              "plain",
		"  spaced out \t":    "spaced out",
		"a#b":                "a#b",
		"a # comment":        "a",
		"# comment":          "",
		"'single # $x \\n'":  `single # $x \n`,
		`"double # \"q\""`:   `double # "q"`,
		`"a\nb\\c\$d\t" # x`: "a\nb\\c$d\\t",
		`""`:                 "",
		"p$ss=word":          "p$ss=word",
		"it's":               "it's",
		"carriage\r":         "carriage",
	} {
		c, err := config.Load(nil, dotenv(t, "\ufeff# head\n\nexport PLINTH_POSTGRES_BIN = "+value+"\nOTHER=1\n"), config.Overrides{})
		if err != nil || c.PostgresBin != want {
			t.Errorf("%q read as %q, %v, want %q", value, c.PostgresBin, err, want)
		}
	}
	c, err := config.Load(nil, dotenv(t, "PLINTH_POSTGRES_BIN=a\nPLINTH_POSTGRES_BIN=b"), config.Overrides{})
	if err != nil || c.PostgresBin != "b" {
		t.Errorf("the last line does not win: %q, %v", c.PostgresBin, err)
	}
}

func TestMalformedDotenvNamesTheLine(t *testing.T) {
	for content, want := range map[string]string{
		"\n# x\nhunter2":                "line 3: want KEY=VALUE",
		"A=1\nB C=hunter2":              "line 2: want KEY=VALUE",
		"=hunter2":                      "line 1: want KEY=VALUE",
		"JWT_SECRET=\"hunter2":          "line 1: value of JWT_SECRET has no closing quote",
		"JWT_SECRET='hunter2":           "line 1: value of JWT_SECRET has no closing quote",
		"JWT_SECRET=\"a\" hunter2":      "line 1: value of JWT_SECRET goes on after its closing quote",
		"A=1\r\nJWT_SECRET=hunter2\x00": "line 2: value of JWT_SECRET has a NUL",
	} {
		path := dotenv(t, content)
		_, err := config.Load(nil, path, config.Overrides{})
		if err == nil || !strings.HasPrefix(err.Error(), path+" "+want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, want %s", content, err, want)
		}
	}
	if _, err := config.Load(nil, filepath.Join(t.TempDir(), "none"), config.Overrides{}); err != nil {
		t.Errorf("an absent file: %v", err)
	}
	if _, err := config.Load(nil, t.TempDir(), config.Overrides{}); err == nil {
		t.Error("a folder was read as a file")
	}
	_, err := config.Load(nil, dotenv(t, "PLINTH_ADRR=x"), config.Overrides{})
	refused(t, err, "PLINTH_ADRR", "PLINTH_ADDR")
}

func TestSecretsDoNotPrint(t *testing.T) {
	c := mustLoad(t, database, strong, "SMTP_URL=smtp://u:hunter2@mail", "STRIPE_SECRET_KEY=sk_hunter2")
	var logged strings.Builder
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("start", "config", c, "secret", c.JWTSecret)
	slog.New(slog.NewTextHandler(&logged, nil)).Info("start", "config", c, "secret", c.JWTSecret)
	encoded, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		logged.String(), string(encoded), fmt.Sprintf("%v %+v %#v %s %q %x %d", c, c, c, c.SMTPURL, c.SMTPURL, c.SMTPURL, c.SMTPURL),
	} {
		for _, secret := range []string{"hunter2", "pw@", strings.TrimPrefix(strong, "JWT_SECRET="), "68756e74657232"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q shows in %s", secret, text)
			}
		}
		if !strings.Contains(text, "[redacted]") {
			t.Errorf("no secret marked in %s", text)
		}
	}
}

func TestDocument(t *testing.T) {
	settings := map[string]config.Setting{}
	for _, s := range config.Document() {
		if _, twice := settings[s.Name]; twice || s.Name == "" || s.Description == "" {
			t.Errorf("%+v is double or incomplete", s)
		}
		settings[s.Name] = s
	}
	for _, want := range []config.Setting{
		{Name: "PLINTH_LOG_FORMAT", Default: "json", Description: "Form of the log", Values: []string{"json", "text"}},
		{Name: "STRIPE_SECRET_KEY", Description: "Stripe API key, sk_... or rk_...", Secret: true, Unused: true},
	} {
		if diff := cmp.Diff(want, settings[want.Name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", want.Name, diff)
		}
	}
	// Whatever may hold a password must be Sensitive.
	for name, s := range settings {
		holds := strings.Contains(name, "SECRET") || strings.HasSuffix(name, "PRIVATE_KEY") || strings.HasSuffix(name, "SIGNING_KEY") || strings.HasSuffix(name, "_URL") && name != "PLINTH_PUBLIC_URL" && name != "CDN_BASE_URL"
		if s.Secret != holds {
			t.Errorf("%s: secret is %v", name, s.Secret)
		}
	}
}

func FuzzDotenv(f *testing.F) {
	for _, seed := range []string{"A=b", "export A='b' # c", `A="\n\\"`, "A=\"", "=", "\x00", "PLINTH_ADDR=:0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		_, err := config.Load(nil, dotenv(t, content), config.Overrides{})
		if err != nil && strings.ContainsAny(err.Error(), "\r\n") {
			t.Fatalf("more than one line: %q", err)
		}
	})
}
