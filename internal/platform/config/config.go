// Package config reads the settings of the process from its environment and a
// .env file, and refuses what it cannot honour before anything is started.
package config

import (
	"cmp"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/mail"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Config is the settings, valid as a whole once [Load] has returned them. A
// variable set to nothing counts as not set.
type Config struct {
	Addr        string `env:"PLINTH_ADDR" envDefault:"127.0.0.1:8000" doc:"Address to serve on, host:port; an empty host means every interface"`
	MetricsAddr string `env:"PLINTH_METRICS_ADDR" envDefault:"127.0.0.1:9464" doc:"Address to serve metrics on, host:port; off for none"`
	PublicURL   string `env:"PLINTH_PUBLIC_URL" doc:"Origin that links in mail point to; default http:// and PLINTH_ADDR"`

	// Hosts are lower-case names without port.
	Hosts          []string       `env:"PLINTH_HOSTS" doc:"Host names to answer to besides that of PLINTH_PUBLIC_URL, comma-separated"`
	TrustedProxies []netip.Prefix `env:"PLINTH_TRUSTED_PROXIES" doc:"Addresses or CIDR ranges whose forwarded headers are believed, comma-separated"`
	Region         string         `env:"PLINTH_REGION" doc:"Name of the region this process serves"`

	DataDir                string    `env:"PLINTH_DATA_DIR" envDefault:"./data" doc:"Folder for the embedded database, files, mail and generated secrets"`
	DatabaseURL            Sensitive `env:"DATABASE_URL" doc:"PostgreSQL to use, postgresql://...; the embedded one when not set"`
	MigrateDatabaseURL     Sensitive `env:"PLINTH_MIGRATE_DATABASE_URL" doc:"The same database for migrations, by its owner and past any pooler; default DATABASE_URL"`
	PoolSize               int       `env:"DATABASE_POOL_SIZE" envDefault:"0" min:"0" max:"1000" doc:"Connections to the database at most; 0 chooses"`
	PostgresBin            string    `env:"PLINTH_POSTGRES_BIN" doc:"Folder of the PostgreSQL programs for the embedded database; looked for when not set"`
	RequirePatchedPostgres bool      `env:"PLINTH_REQUIRE_PATCHED_POSTGRES" envDefault:"false" doc:"Refuse a PostgreSQL with known holes instead of warning"`

	JWTSecret    Sensitive `env:"JWT_SECRET" doc:"Secret that signs access tokens, 32 bytes or more; made and kept in the data directory when not set, with the embedded database only"`
	JWTAlgorithm string    `env:"JWT_ALGORITHM" envDefault:"HS256" oneof:"HS256 EdDSA" doc:"Algorithm that signs access tokens"`
	// JWTPrivateKey is PEM, also where it came from JWT_PRIVATE_KEY_FILE.
	JWTPrivateKey       Sensitive `env:"JWT_PRIVATE_KEY" doc:"Ed25519 key for EdDSA, PKCS #8 in PEM; line breaks may be written as \\n"`
	JWTPrivateKeyFile   string    `env:"JWT_PRIVATE_KEY_FILE" doc:"File to read JWT_PRIVATE_KEY from"`
	AccessTokenMinutes  int       `env:"ACCESS_TOKEN_EXPIRE_MINUTES" envDefault:"15" min:"1" max:"1440" doc:"Life of an access token"`
	RefreshTokenMinutes int       `env:"REFRESH_TOKEN_EXPIRE_MINUTES" envDefault:"43200" min:"2" max:"5256000" doc:"Life of a refresh token, longer than that of an access token"`

	SMTPURL  Sensitive `env:"SMTP_URL" doc:"Mail server, smtp:// (STARTTLS where offered; ?tls=required insists) or smtps://; .eml files in the data directory when not set"`
	MailFrom string    `env:"MAIL_FROM" envDefault:"Plinth <plinth@localhost>" doc:"Sender of mail"`

	LogLevel  string `env:"PLINTH_LOG_LEVEL" envDefault:"info" oneof:"debug info warn error" doc:"Least severe message to log"`
	LogFormat string `env:"PLINTH_LOG_FORMAT" envDefault:"json" oneof:"json text" doc:"Form of the log"`

	RateLimitIP      int `env:"PLINTH_RATE_LIMIT_IP" envDefault:"600000" min:"1" max:"1000000000" doc:"Requests a minute from one IP address"`
	RateLimitAccount int `env:"PLINTH_RATE_LIMIT_ACCOUNT" envDefault:"300000" min:"1" max:"1000000000" doc:"Requests a minute from one account"`
	RateLimitOrg     int `env:"PLINTH_RATE_LIMIT_ORG" envDefault:"600000" min:"1" max:"1000000000" doc:"Requests a minute in one organization"`
	BodyLimit        int `env:"PLINTH_BODY_LIMIT" envDefault:"1048576" min:"1" max:"1073741824" doc:"Bytes of a request body"`

	TrashDays int `env:"PLINTH_TRASH_DAYS" envDefault:"30" min:"0" max:"36500" doc:"Days that a task stays in the trash; 0 keeps it for ever"`
	EventDays int `env:"PLINTH_EVENT_DAYS" envDefault:"0" min:"0" max:"36500" doc:"Days that events are kept, and with them the history of tasks, where an organization's plan does not say; 0 keeps them for ever"`

	// S3Endpoint is "" for Amazon's own. Where S3Bucket is "", files are kept in DataDir.
	S3Endpoint        string    `env:"S3_ENDPOINT" doc:"Object storage, http:// or https://; Amazon's for the region when not set"`
	S3Bucket          string    `env:"S3_BUCKET" doc:"Bucket for files; they are kept in the data directory when not set"`
	S3Region          string    `env:"S3_REGION" envDefault:"us-east-1" doc:"Region of the bucket"`
	S3AccessKeyID     string    `env:"S3_ACCESS_KEY_ID" doc:"Access key of the bucket"`
	S3SecretAccessKey Sensitive `env:"S3_SECRET_ACCESS_KEY" doc:"Secret of the access key"`
	S3ForcePathStyle  bool      `env:"S3_FORCE_PATH_STYLE" envDefault:"false" doc:"Name the bucket in the path and not in the host name, as most servers besides Amazon's need it"`

	ClamdAddr string `env:"CLAMD_ADDR" doc:"Virus scanner (clamd, with AlertExceedsMax yes), host:port or unix:/path; files are not scanned when not set"`
	// FilesRequireScan is read through RequireScan.
	FilesRequireScan string    `env:"FILES_REQUIRE_SCAN" envDefault:"auto" oneof:"auto true false" doc:"Give out only files that were scanned; auto does as soon as CLAMD_ADDR is set"`
	FilesMaxSize     int       `env:"FILES_MAX_SIZE" envDefault:"5368709120" min:"1" max:"5497558138880" doc:"Bytes of a file"`
	FilesQuota       int       `env:"FILES_QUOTA" envDefault:"0" min:"0" max:"9007199254740991" doc:"Bytes that an organization may store where its plan does not say; 0 sets no limit"`
	CDNBaseURL       string    `env:"CDN_BASE_URL" doc:"Origin of a content delivery network in front of this program, to download from"`
	CDNSigningKey    Sensitive `env:"CDN_SIGNING_KEY" doc:"Secret that signs what the network may ask for, 32 bytes or more"`

	RedisURL            Sensitive `env:"REDIS_URL" doc:"Redis 7 or later between several nodes, redis:// or rediss://; without it they meet in the database"`
	StripeSecretKey     Sensitive `env:"STRIPE_SECRET_KEY" unused:"true" doc:"Stripe API key, sk_... or rk_..."`
	StripeWebhookSecret Sensitive `env:"STRIPE_WEBHOOK_SECRET" unused:"true" doc:"Stripe webhook signing secret, whsec_..."`
}

// Overrides are the settings given on the command line, which win over the
// environment. Empty ones are not given.
type Overrides struct{ Addr, DataDir string }

// Load reads the settings. environ is KEY=VALUE as from [os.Environ] and wins
// over the file at the path dotenv, which may be absent; an empty path reads no
// file. An error is one line that names the variable at fault and never shows
// what may be secret.
func Load(environ []string, dotenv string, overrides Overrides) (Config, error) {
	values, err := readDotenv(dotenv)
	if err != nil {
		return Config{}, err
	}
	for _, entry := range environ {
		if key, value, ok := strings.Cut(entry, "="); ok {
			values[key] = value
		}
	}
	setUnlessEmpty(values, "PLINTH_ADDR", overrides.Addr)
	setUnlessEmpty(values, "PLINTH_DATA_DIR", overrides.DataDir)
	for key, value := range values {
		if value == "" {
			delete(values, key)
		}
	}
	if err := checkNames(values); err != nil {
		return Config{}, err
	}
	c, err := parse(values)
	if err != nil {
		return Config{}, err
	}
	if err := c.complete(); err != nil {
		return Config{}, err
	}
	return c, nil
}

func setUnlessEmpty(values map[string]string, key, value string) {
	if value != "" {
		values[key] = value
	}
}

// Embedded says whether the database is the one this program runs itself.
func (c Config) Embedded() bool { return c.DatabaseURL == "" }

// RequireScan says whether a file that was not scanned is kept back.
func (c Config) RequireScan() bool {
	return c.FilesRequireScan == "true" || c.FilesRequireScan == "auto" && c.ClamdAddr != ""
}

// AccessTokenLife is how long an access token is good for.
func (c Config) AccessTokenLife() time.Duration {
	return time.Duration(c.AccessTokenMinutes) * time.Minute
}

// RefreshTokenLife is how long a refresh token is good for.
func (c Config) RefreshTokenLife() time.Duration {
	return time.Duration(c.RefreshTokenMinutes) * time.Minute
}

// Level is LogLevel as package slog knows it.
func (c Config) Level() slog.Level {
	switch c.LogLevel {
	case "debug":
		return slog.LevelDebug
	case "warn":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	}
	return slog.LevelInfo
}

// SigningKey is the key in JWTPrivateKey, nil where there is none.
func (c Config) SigningKey() (ed25519.PrivateKey, error) {
	if c.JWTPrivateKey == "" {
		return nil, nil
	}
	return parseEd25519(c.JWTPrivateKey)
}

// Unused lists the variables that are set but that this version only accepts,
// so that start-up can say so.
func (c Config) Unused() []string {
	var names []string
	for field, value := range reflect.ValueOf(c).Fields() {
		if field.Tag.Get("unused") == "true" && !value.IsZero() {
			names = append(names, field.Tag.Get("env"))
		}
	}
	return names
}

// parse fills a Config from the text of each variable, without looking at how
// they go together.
func parse(values map[string]string) (Config, error) {
	c, err := env.ParseAsWithOptions[Config](env.Options{
		Environment: values,
		FuncMap: map[reflect.Type]env.ParserFunc{
			reflect.TypeFor[[]netip.Prefix](): func(s string) (any, error) { return parsePrefixes(s) },
			reflect.TypeFor[[]string]():       func(s string) (any, error) { return parseHosts(s) },
			reflect.TypeFor[int]():            func(s string) (any, error) { return parseInt(s) },
			reflect.TypeFor[bool]():           func(s string) (any, error) { return parseBool(s) },
		},
	})
	if err == nil {
		return c, checkTags(c)
	}
	var at env.ParseError
	if !errors.As(err, &at) {
		return Config{}, fmt.Errorf("read settings: %w", err)
	}
	field, _ := reflect.TypeFor[Config]().FieldByName(at.Name)
	return Config{}, fmt.Errorf("%s %w", field.Tag.Get("env"), at.Err)
}

// complete checks the settings that have a form of their own or depend on one
// another, and derives those that follow from others.
func (c *Config) complete() error {
	if c.MetricsAddr == "off" {
		c.MetricsAddr = ""
	}
	if err := c.readKeyFile(); err != nil {
		return err
	}
	c.JWTPrivateKey = Sensitive(strings.ReplaceAll(string(c.JWTPrivateKey), `\n`, "\n"))
	c.DatabaseURL = plainPostgres(c.DatabaseURL)
	c.MigrateDatabaseURL = plainPostgres(c.MigrateDatabaseURL)
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")

	err := cmp.Or(
		named("PLINTH_ADDR", checkAddr(c.Addr)),
		named("PLINTH_METRICS_ADDR", c.checkMetricsAddr()),
		named("PLINTH_PUBLIC_URL", checkOrigin(c.PublicURL)),
		named("PLINTH_REGION", checkRegion(c.Region)),
		named("DATABASE_URL", checkPostgres(c.DatabaseURL)),
		named("PLINTH_MIGRATE_DATABASE_URL", c.checkMigrateURL()),
		named("JWT_PRIVATE_KEY", checkKey(c.JWTPrivateKey)),
		c.checkSigning(),
		named("REFRESH_TOKEN_EXPIRE_MINUTES", c.checkLives()),
		named("SMTP_URL", checkSMTP(c.SMTPURL)),
		named("MAIL_FROM", checkMailbox(c.MailFrom)),
		named("REDIS_URL", checkURL(c.RedisURL, "redis", "rediss")),
		named("S3_ENDPOINT", checkURL(Sensitive(c.S3Endpoint), "http", "https")),
		c.checkS3(),
		c.checkCDN(),
		named("CLAMD_ADDR", checkClamd(c.ClamdAddr)),
		named("STRIPE_SECRET_KEY", checkPrefix(c.StripeSecretKey, "sk_", "rk_")),
		named("STRIPE_WEBHOOK_SECRET", checkPrefix(c.StripeWebhookSecret, "whsec_")),
	)
	if err != nil {
		return err
	}
	if c.PublicURL == "" {
		c.PublicURL = Origin(c.Addr)
	}
	return nil
}

// named puts the variable before what is wrong with it.
func named(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %w", name, err)
}

func (c *Config) readKeyFile() error {
	if c.JWTPrivateKeyFile == "" {
		return nil
	}
	if c.JWTPrivateKey != "" {
		return errors.New("JWT_PRIVATE_KEY_FILE and JWT_PRIVATE_KEY are both set: keep one")
	}
	key, err := os.ReadFile(c.JWTPrivateKeyFile)
	if err != nil {
		var at *fs.PathError
		if errors.As(err, &at) {
			err = at.Err // without the path, which is shown quoted
		}
		return fmt.Errorf("JWT_PRIVATE_KEY_FILE cannot be read: %q: %w", c.JWTPrivateKeyFile, err)
	}
	if err := checkKey(Sensitive(key)); err != nil {
		return fmt.Errorf("JWT_PRIVATE_KEY_FILE %w", err)
	}
	c.JWTPrivateKey = Sensitive(key)
	return nil
}

func (c *Config) checkMetricsAddr() error {
	if c.MetricsAddr == "" {
		return nil
	}
	if c.MetricsAddr == c.Addr && !strings.HasSuffix(c.Addr, ":0") {
		return errors.New("must differ from PLINTH_ADDR")
	}
	return checkAddr(c.MetricsAddr)
}

func (c *Config) checkMigrateURL() error {
	if c.MigrateDatabaseURL != "" && c.Embedded() {
		return errors.New("needs DATABASE_URL, which is not set")
	}
	return checkPostgres(c.MigrateDatabaseURL)
}

// checkSigning demands a secret worth the name wherever somebody else can reach
// the database: the embedded default is given a random one instead.
func (c *Config) checkSigning() error {
	if c.JWTSecret != "" {
		if err := checkSecret(string(c.JWTSecret)); err != nil {
			return named("JWT_SECRET", err)
		}
	}
	switch {
	case c.Embedded():
		return nil
	case c.JWTAlgorithm == "HS256" && c.JWTSecret == "":
		return errors.New("JWT_SECRET must be set when DATABASE_URL is: 32 random bytes or more, as from openssl rand -hex 32")
	case c.JWTAlgorithm == "EdDSA" && c.JWTPrivateKey == "":
		return errors.New("JWT_PRIVATE_KEY or JWT_PRIVATE_KEY_FILE must be set for EdDSA when DATABASE_URL is")
	}
	return nil
}

// checkS3 refuses half of a bucket.
func (c *Config) checkS3() error {
	return cmp.Or(
		needs("S3_ENDPOINT", c.S3Endpoint, "S3_BUCKET", c.S3Bucket),
		needs("S3_ACCESS_KEY_ID", c.S3AccessKeyID, "S3_BUCKET", c.S3Bucket),
		needs("S3_SECRET_ACCESS_KEY", string(c.S3SecretAccessKey), "S3_BUCKET", c.S3Bucket),
		needs("S3_BUCKET", c.S3Bucket, "S3_ACCESS_KEY_ID", c.S3AccessKeyID),
		needs("S3_BUCKET", c.S3Bucket, "S3_SECRET_ACCESS_KEY", string(c.S3SecretAccessKey)),
	)
}

// needs refuses a setting without another one that it is nothing without.
func needs(name, value, other, otherValue string) error {
	if value == "" || otherValue != "" {
		return nil
	}
	return fmt.Errorf("%s needs %s, which is not set", name, other)
}

func (c *Config) checkCDN() error {
	c.CDNBaseURL = strings.TrimSuffix(c.CDNBaseURL, "/")
	if c.CDNBaseURL == "" || c.CDNSigningKey == "" {
		return cmp.Or(
			needs("CDN_BASE_URL", c.CDNBaseURL, "CDN_SIGNING_KEY", string(c.CDNSigningKey)),
			needs("CDN_SIGNING_KEY", string(c.CDNSigningKey), "CDN_BASE_URL", c.CDNBaseURL),
		)
	}
	if err := checkOrigin(c.CDNBaseURL); err != nil {
		return named("CDN_BASE_URL", err)
	}
	return named("CDN_SIGNING_KEY", checkSecret(string(c.CDNSigningKey)))
}

func (c *Config) checkLives() error {
	if c.RefreshTokenMinutes <= c.AccessTokenMinutes {
		return fmt.Errorf("must exceed ACCESS_TOKEN_EXPIRE_MINUTES, which is %d", c.AccessTokenMinutes)
	}
	return nil
}

func checkMailbox(s string) error {
	if hasControl(s) {
		return errors.New("must not contain control characters")
	}
	if _, err := mail.ParseAddress(s); err != nil {
		return errors.New("must be one mail address, such as Plinth <plinth@example.com>")
	}
	return nil
}

// checkNames refuses a PLINTH_ variable that nothing reads, because a setting
// that is misspelt would otherwise silently not apply.
func checkNames(values map[string]string) error {
	known := map[string]bool{}
	for _, s := range Document() {
		known[s.Name] = true
	}
	var unknown []string
	for name := range values {
		if strings.HasPrefix(name, "PLINTH_") && !known[name] {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	slices.Sort(unknown)
	return fmt.Errorf("%s is not a setting: did you mean %s?", unknown[0], nearest(unknown[0]))
}
