package hostile_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/plinth/plinth/internal/platform/config"
	"github.com/plinth/plinth/test/apitest"
)

const jwtSecret = "Vq3zR8nL0xJd5TgW7yKc1BmF4sHp9QuE"

// forger makes tokens for a session that is really live, so that a token is refused for its forgery and nothing else.
type forger struct {
	server *apitest.Server
	ada    *apitest.Client
	header map[string]any
	claims map[string]any
}

func newForger(t *testing.T, change func(*config.Config)) *forger {
	t.Helper()
	s := apitest.New(t, apitest.WithConfig(change))
	f := &forger{server: s, ada: s.SignUp(t, "ada")}
	parts := strings.Split(f.ada.Token, ".")
	f.header, f.claims = decodePart(t, parts[0]), decodePart(t, parts[1])
	return f
}

func decodePart(t *testing.T, part string) map[string]any {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

type member struct {
	name  string
	value any // nil removes
}

func with(base map[string]any, changes ...member) map[string]any {
	m := maps.Clone(base)
	for _, c := range changes {
		if m[c.name] = c.value; c.value == nil {
			delete(m, c.name)
		}
	}
	return m
}

func part(v map[string]any) string {
	text, _ := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(text)
}

func hs256(secret []byte, header, claims map[string]any) string {
	text := part(header) + "." + part(claims)
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

func signed(t *testing.T, method jwt.SigningMethod, key any, header, claims map[string]any) string {
	t.Helper()
	header = with(header, member{"alg", method.Alg()})
	text := part(header) + "." + part(claims)
	signature, err := method.Sign(text, key)
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// refuse holds a token to 401 invalid-token over REST and at the socket.
func (f *forger) refuse(t *testing.T, token, kind string) {
	t.Helper()
	c := *f.ada
	c.Token = token
	r := c.Do(t, "GET", "/v1/me", nil)
	r.WantProblem(t, 401, kind)
	if wrong := wrongWith(r); wrong != "" {
		t.Errorf("%s: %s", wrong, r.Body)
	}
	if r.Header.Get("WWW-Authenticate") == "" {
		t.Error("no WWW-Authenticate")
	}
	conn, resp, err := f.server.Dial("?org_id="+c.Org, http.Header{"Authorization": {"Bearer " + token}})
	if err == nil {
		_ = conn.Close()
		t.Fatal("the socket opened")
	}
	if resp == nil || resp.StatusCode != 401 {
		t.Errorf("socket answered %v, %v", resp, err)
	}
}

// Row 20.
func TestForgedTokensOfAnHS256Installation(t *testing.T) {
	t.Parallel()
	f := newForger(t, func(c *config.Config) { c.JWTSecret = jwtSecret })
	secret := []byte(jwtSecret)
	now := time.Now().Unix()
	ticket := f.ada.Do(t, "POST", "/v1/ws/tickets", map[string]any{}).Want(t, 201).Text(t, "ticket")
	bob := f.server.SignUp(t, "bob")
	genuine := hs256(secret, f.header, f.claims)

	t.Run("control", func(t *testing.T) {
		c := *f.ada
		c.Token = genuine
		c.Do(t, "GET", "/v1/me", nil).Want(t, 200)
	})
	public, private, _ := ed25519.GenerateKey(rand.Reader)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	rsaPublic, _ := x509.MarshalPKIXPublicKey(&rsaKey.PublicKey)
	other := []byte(strings.ToLower(jwtSecret))
	unsigned := func(alg any) string { return part(with(f.header, member{"alg", alg})) + "." + part(f.claims) + "." }
	ours := func(changes ...member) string { return hs256(secret, f.header, with(f.claims, changes...)) }
	headed := func(changes ...member) string { return hs256(secret, with(f.header, changes...), f.claims) }
	jwk := map[string]any{"kty": "oct", "k": base64.RawURLEncoding.EncodeToString(other)}
	okp := map[string]any{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(public)}

	for name, token := range map[string]string{
		"alg none":                  unsigned("none"),
		"alg None":                  unsigned("None"),
		"alg NONE":                  unsigned("NONE"),
		"alg empty":                 unsigned(""),
		"alg missing":               unsigned(nil),
		"alg null":                  strings.Replace(unsigned("x"), part(with(f.header, member{"alg", "x"})), base64.RawURLEncoding.EncodeToString([]byte(`{"alg":null,"typ":"at+jwt"}`)), 1),
		"none, genuine signature":   unsigned("none") + genuine[strings.LastIndex(genuine, ".")+1:],
		"no signature":              genuine[:strings.LastIndex(genuine, ".")+1],
		"two parts":                 genuine[:strings.LastIndex(genuine, ".")],
		"four parts":                genuine + ".x",
		"other secret":              hs256(other, f.header, f.claims),
		"empty secret":              hs256(nil, f.header, f.claims),
		"default secret":            hs256([]byte("secret"), f.header, f.claims),
		"HS384 with our secret":     signed(t, jwt.SigningMethodHS384, secret, f.header, f.claims),
		"HS512 with our secret":     signed(t, jwt.SigningMethodHS512, secret, f.header, f.claims),
		"RS256":                     signed(t, jwt.SigningMethodRS256, rsaKey, f.header, f.claims),
		"HS256 with an RSA key":     hs256(rsaPublic, f.header, f.claims),
		"EdDSA":                     signed(t, jwt.SigningMethodEdDSA, private, f.header, f.claims),
		"EdDSA in jwk":              signed(t, jwt.SigningMethodEdDSA, private, with(f.header, member{"jwk", okp}), f.claims),
		"jwk":                       hs256(other, with(f.header, member{"jwk", jwk}), f.claims),
		"jku":                       hs256(other, with(f.header, member{"jku", "https://evil.example/keys"}), f.claims),
		"x5u":                       hs256(other, with(f.header, member{"x5u", "https://evil.example/cert"}), f.claims),
		"kid is a path":             hs256(nil, with(f.header, member{"kid", "../../../../dev/null"}), f.claims),
		"kid is SQL":                hs256(other, with(f.header, member{"kid", "x' union select 'k"}), f.claims),
		"crit":                      headed(member{"crit", []string{"exp"}}),
		"crit, b64":                 headed(member{"crit", []string{"b64"}}, member{"b64", false}),
		"typ missing":               headed(member{"typ", nil}),
		"typ JWT":                   headed(member{"typ", "JWT"}),
		"typ of another kind":       headed(member{"typ", "rt+jwt"}),
		"typ no text":               headed(member{"typ", 1}),
		"iss missing":               ours(member{"iss", nil}),
		"iss foreign":               ours(member{"iss", "other"}),
		"aud missing":               ours(member{"aud", nil}),
		"aud foreign":               ours(member{"aud", []string{"other"}}),
		"exp missing":               ours(member{"exp", nil}),
		"exp zero":                  ours(member{"exp", 0}),
		"expired":                   ours(member{"exp", now - 1}),
		"iat in the future":         ours(member{"iat", now + 3600}),
		"nbf in the future":         ours(member{"nbf", now + 3600}),
		"sub missing":               ours(member{"sub", nil}),
		"sub no id":                 ours(member{"sub", "ada"}),
		"sid missing":               ours(member{"sid", nil}),
		"sid nil":                   ours(member{"sid", "00000000-0000-0000-0000-000000000000"}),
		"rsl missing":               ours(member{"rsl", nil}),
		"signature with loose bits": loosen(genuine),
		"refresh token":             f.ada.Refresh,
		"ticket":                    ticket,
		"invitation":                "pli_" + strings.Repeat("A", 43),
		"words":                     "null",
		"dots":                      "..",
		"thousand dots":             strings.Repeat(".", 1000),
		"100,000 dots":              strings.Repeat(".", 100_000),
		"longer than any":           genuine + strings.Repeat("A", 3000),
		"newline inside":            genuine[:20] + "\t" + genuine[20:],
		"two tokens":                genuine + " " + genuine,
		"comma":                     genuine + "," + genuine,
	} {
		t.Run(name, func(t *testing.T) {
			if name == "ticket" { // it does open a socket, once
				c := *f.ada
				c.Token = token
				c.Do(t, "GET", "/v1/me", nil).WantProblem(t, 401, "invalid-token")
				return
			}
			f.refuse(t, token, "invalid-token")
		})
	}
	// What is signed but does not fit together is the database's to refuse.
	for name, token := range map[string]string{
		"another's subject": ours(member{"sub", bob.User}),
		"unknown session":   ours(member{"sid", nobody}),
		"foreign reseller":  ours(member{"rsl", nobody}),
	} {
		t.Run(name, func(t *testing.T) { f.refuse(t, token, "session-ended") })
	}
}

// loosen changes the unused bits of the last character of a signature, which a lax decoder ignores.
func loosen(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	return token[:len(token)-1] + string(alphabet[last^1])
}

// Row 20.
func TestForgedTokensOfAnEdDSAInstallation(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	f := newForger(t, func(c *config.Config) {
		c.JWTAlgorithm = "EdDSA"
		c.JWTPrivateKey = config.Sensitive(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	})
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	asHS := with(f.header, member{"alg", "HS256"})
	_, stranger, _ := ed25519.GenerateKey(rand.Reader)
	strangerJWK := map[string]any{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(stranger.Public().(ed25519.PublicKey))}
	for name, token := range map[string]string{
		"HS256 with the public key":        hs256(public, asHS, f.claims),
		"HS256 with the public key, SPKI":  hs256(spki, asHS, f.claims),
		"HS256 with the public key, PEM":   hs256(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}), asHS, f.claims),
		"HS256 with the seed":              hs256(private.Seed(), asHS, f.claims),
		"HS256 with nothing":               hs256(nil, asHS, f.claims),
		"none":                             part(with(f.header, member{"alg", "none"})) + "." + part(f.claims) + ".",
		"another key":                      signed(t, jwt.SigningMethodEdDSA, stranger, f.header, f.claims),
		"another key in jwk":               signed(t, jwt.SigningMethodEdDSA, stranger, with(f.header, member{"jwk", strangerJWK}), f.claims),
		"EdDSA named, HMAC made":           hs256(public, f.header, f.claims),
		"right key, wrong typ":             signed(t, jwt.SigningMethodEdDSA, private, with(f.header, member{"typ", "JWT"}), f.claims),
		"right key, expired":               signed(t, jwt.SigningMethodEdDSA, private, f.header, with(f.claims, member{"exp", 1})),
		"signature of nothing, all zeroes": part(f.header) + "." + part(f.claims) + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 64)),
	} {
		t.Run(name, func(t *testing.T) { f.refuse(t, token, "invalid-token") })
	}
	c := *f.ada
	c.Token = signed(t, jwt.SigningMethodEdDSA, private, f.header, f.claims)
	c.Do(t, "GET", "/v1/me", nil).Want(t, 200)
}

// Row 20: the header around the token. RFC 7235 has the scheme's name in any case.
func TestAuthorizationHeader(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	ada := s.SignUp(t, "ada")
	for name, test := range map[string]struct {
		lines  string
		status int
		kind   string
	}{
		"as it should be":    {"Authorization: Bearer " + ada.Token, 200, ""},
		"lower case scheme":  {"Authorization: bearer " + ada.Token, 200, ""},
		"trailing spaces":    {"Authorization: Bearer " + ada.Token + "   ", 200, ""},
		"none":               {"X-Nothing: here", 401, "unauthenticated"},
		"empty":              {"Authorization:", 401, "invalid-token"},
		"scheme alone":       {"Authorization: Bearer", 401, "invalid-token"},
		"no scheme":          {"Authorization: " + ada.Token, 401, "invalid-token"},
		"other scheme":       {"Authorization: Basic " + ada.Token, 401, "invalid-token"},
		"longer scheme":      {"Authorization: BearerX " + ada.Token, 401, "invalid-token"},
		"two headers":        {"Authorization: Bearer " + ada.Token + "\r\nAuthorization: Bearer " + ada.Token, 401, "invalid-token"},
		"two, one of them x": {"Authorization: Bearer x\r\nauthorization: Bearer " + ada.Token, 401, "invalid-token"},
		"list":               {"Authorization: Bearer x, Bearer " + ada.Token, 401, "invalid-token"},
		"only in the query":  {"X-Token: " + ada.Token, 401, "unauthenticated"},
		"only in a cookie":   {"Cookie: access_token=" + ada.Token, 401, "unauthenticated"},
	} {
		t.Run(name, func(t *testing.T) {
			resp := raw(t, address(s), "GET /v1/me HTTP/1.1\r\nHost: localhost\r\n"+test.lines+"\r\n\r\n")
			if resp == nil || resp.StatusCode != test.status {
				t.Fatalf("answer %v, want %d", resp, test.status)
			}
			var p problem
			_ = json.NewDecoder(resp.Body).Decode(&p)
			if test.kind != "" && p.Type != "/problems/"+test.kind {
				t.Errorf("problem %q, want %s", p.Type, test.kind)
			}
		})
	}
	r := (&apitest.Client{Server: s}).Do(t, "GET", "/v1/me?access_token="+ada.Token, nil)
	r.WantProblem(t, 401, "unauthenticated")
}

// Row 22: config_test.go holds the rules one by one; these are the secrets that people really deploy.
func TestWeakSecretsRefuseToStart(t *testing.T) {
	t.Parallel()
	given := "DATABASE_URL=postgres://plinth@db/plinth"
	for _, secret := range []string{"", "secret", "changeme", strings.Repeat("a", 32), "your-256-bit-secret-your-256-bit-secret",
		"change-this-secret-in-production-please", "supersecretsupersecretsupersecret", strings.Repeat("0123456789", 4), strings.Repeat(" ", 40)} {
		if _, err := config.Load([]string{given, "JWT_SECRET=" + secret}, "", config.Overrides{}); err == nil || !strings.Contains(err.Error(), "JWT_SECRET") {
			t.Errorf("JWT_SECRET=%q: %v", secret, err)
		} else if secret != "" && strings.Contains(err.Error(), secret) {
			t.Errorf("the refusal shows the secret: %v", err)
		}
	}
	if _, err := config.Load([]string{given, "JWT_SECRET=" + jwtSecret}, "", config.Overrides{}); err != nil {
		t.Errorf("a good secret: %v", err)
	}
}

// Row 22: with nothing configured each installation makes a secret of its own.
func TestInstallationsDoNotShareASecret(t *testing.T) {
	t.Parallel()
	here, there := apitest.New(t), apitest.New(t)
	ada := here.SignUp(t, "ada")
	ada.Do(t, "GET", "/v1/me", nil).Want(t, 200)
	elsewhere := there.Anonymous()
	elsewhere.Token = ada.Token
	elsewhere.Do(t, "GET", "/v1/me", nil).WantProblem(t, 401, "invalid-token")
	claims := map[string]any{"iss": "plinth", "aud": []string{"plinth-api"}, "exp": time.Now().Unix() + 60, "sub": nobody, "sid": nobody, "rsl": nobody}
	elsewhere.Token = hs256(nil, map[string]any{"alg": "HS256", "typ": "at+jwt"}, claims)
	elsewhere.Do(t, "GET", "/v1/me", nil).WantProblem(t, 401, "invalid-token")
}
