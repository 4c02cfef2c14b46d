// Package identity is who people are: sign-up, login, sessions and their rotating refresh tokens.
package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/identity/identitydb"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/authn"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/event"
	"github.com/plinth/plinth/internal/platform/fault"
	"github.com/plinth/plinth/internal/platform/limit"
	"github.com/plinth/plinth/internal/platform/opaque"
)

// Service holds what the identity operations need besides the database.
type Service struct {
	Tokens       *authn.Tokens
	Passwords    *Passwords
	Limiter      *limit.Limiter
	RefreshLife  time.Duration
	Now          func() time.Time
	Found        func(ctx context.Context, s *db.Scope, name string) (Org, error) // makes the signed-up user's organization
	SessionEnded func(session uuid.UUID)                                          // closes the session's sockets
}

// User is a person with an account.
type User struct {
	ID    uuid.UUID `json:"id" format:"uuid"`
	Email string    `json:"email" format:"email" example:"ada@example.com"`
	Name  string    `json:"name" example:"Ada Lovelace"`
}

// Org is the organization made at sign-up.
type Org struct {
	ID        uuid.UUID `json:"id" format:"uuid"`
	Name      string    `json:"name"`
	Slug      string    `json:"slug"`
	Role      string    `json:"role" enum:"admin,member,guest"`
	Version   int32     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Pair is an access token and the refresh token for the next pair.
type Pair struct {
	AccessToken  string `json:"access_token" doc:"For Authorization: Bearer."`
	RefreshToken string `json:"refresh_token" doc:"Good for one refresh; keep it secret."`
	TokenType    string `json:"token_type" enum:"Bearer"`
	ExpiresIn    int    `json:"expires_in" doc:"Seconds the access token lives." example:"900"`
}

// Routes registers the identity operations.
func Routes(r *api.Router, v *Service) {
	const tag = "Auth"
	api.Post(r, "/v1/auth/signup", v.Signup, api.Op{ID: "signup", Tag: tag, Summary: "Create an account, and an organization with it", In: api.Anonymous,
		Emits: []event.Type{event.MemberAdded}, Faults: []fault.Kind{fault.EmailTaken}})
	api.Post(r, "/v1/auth/login", v.Login, api.Op{ID: "login", Tag: tag, Summary: "Log in", In: api.Anonymous, Status: 200, Trips: 2,
		Faults: []fault.Kind{fault.InvalidCredentials}})
	api.Post(r, "/v1/auth/refresh", v.Refresh, api.Op{ID: "refresh", Tag: tag, Summary: "Trade a refresh token for a new pair", In: api.Anonymous, Status: 200,
		Doc:    "A refresh token works once. One that is seen again ends its whole session. Two refreshes at the same moment: one wins, the other gets 409.",
		Faults: []fault.Kind{fault.RefreshReused, fault.Conflict}})
	api.Post(r, "/v1/auth/logout", v.Logout, api.Op{ID: "logout", Tag: tag, Summary: "End a session", In: api.Anonymous,
		Doc: "An unknown token gets the same answer."})
	api.Get(r, "/v1/me", Me, api.Op{ID: "get-me", Tag: tag, Summary: "Who am I, and in which organizations", In: api.AsUser})
}

// SignupInput is the request of Signup.
type SignupInput struct {
	Body SignupBody
}

// SignupBody is its body.
type SignupBody struct {
	Email    string               `json:"email" format:"email" maxLength:"254" example:"ada@example.com"`
	Password string               `json:"password" minLength:"1" maxLength:"1024" doc:"At least 12 characters, and not a common password." example:"correct horse battery staple"`
	Name     string               `json:"name" minLength:"1" maxLength:"200" pattern:"\\S" patternDescription:"some visible text" example:"Ada Lovelace"`
	OrgName  api.Optional[string] `json:"org_name,omitzero" minLength:"1" maxLength:"200" pattern:"\\S" patternDescription:"some visible text" doc:"Makes an organization of this name, with you as its admin." example:"Analytical Engines"`
}

// SignedUp is the answer to Signup.
type SignedUp struct {
	Pair
	User User `json:"user"`
	Org  *Org `json:"org,omitempty"`
}

// signups bounds the accounts made from one address.
var signups = limit.Policy{Name: "signup", Quota: 1000, Window: 1000 * time.Second}

// Signup makes an account and signs it in.
func (v *Service) Signup(ctx context.Context, s *db.Scope, in *SignupInput) (*SignedUp, error) {
	req := api.RequestFrom(ctx)
	if left := v.Limiter.Take(signups, req.Network()); !left.Allowed {
		return nil, api.TooMany(left)
	}
	b := in.Body
	user := User{ID: s.NewID(), Email: normalizeEmail(b.Email), Name: b.Name}
	if err := checkPassword(b.Password, user.Email); err != nil {
		return nil, err
	}
	hash, err := v.Passwords.Hash(ctx, b.Password)
	if err != nil {
		return nil, err
	}
	session, refresh := s.NewID(), newRefreshToken()
	pair, err := v.pair(s.Subject().Reseller, user.ID, session, refresh)
	if err != nil {
		return nil, err
	}
	out := &SignedUp{Pair: pair, User: user}
	ahead := identitydb.New(s.Ahead())
	if err := ahead.CreateUser(ctx, identitydb.CreateUserParams{ID: user.ID, Email: user.Email, Name: user.Name, PasswordHash: hash}); err != nil {
		return nil, err
	}
	create := v.session(req, user.ID, session, refresh)
	if !b.OrgName.Set {
		err = identitydb.New(s).CreateSession(ctx, create)
		return out, fault.ByConstraint(err, constraints)
	}
	if err := ahead.CreateSession(ctx, create); err != nil {
		return nil, err
	}
	if err := ahead.EnterNewAccount(ctx, user.ID); err != nil {
		return nil, err
	}
	org, err := v.Found(ctx, s, b.OrgName.Value)
	if err != nil {
		return nil, fault.ByConstraint(err, constraints)
	}
	out.Org = &org
	return out, nil
}

var constraints = fault.Constraints{"users_reseller_id_email_key": {Kind: fault.EmailTaken}}

// LoginInput is the request of Login.
type LoginInput struct {
	Body LoginBody
}

// LoginBody is its body.
type LoginBody struct {
	Email    string `json:"email" minLength:"1" maxLength:"254" example:"ada@example.com"`
	Password string `json:"password" minLength:"1" maxLength:"1024" example:"correct horse battery staple"`
}

// LoggedIn is the answer to Login.
type LoggedIn struct {
	Pair
	User User `json:"user"`
}

// Login opens a session. An unknown address costs as much time as a wrong password and gets the same answer.
func (v *Service) Login(ctx context.Context, s *db.Scope, in *LoginInput) (*LoggedIn, error) {
	req := api.RequestFrom(ctx)
	email := normalizeEmail(in.Body.Email)
	guard := loginGuard{v.Limiter, req.Network(), email}
	if err := guard.admit(); err != nil {
		return nil, err
	}
	row, err := identitydb.New(s).GetCredentials(ctx, identitydb.GetCredentialsParams{IP: req.IP, Email: email})
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return nil, err
	}
	if err := v.verify(ctx, guard, row, in.Body.Password); err != nil {
		return nil, err
	}
	session, refresh := s.NewID(), newRefreshToken()
	if err := identitydb.New(s).CreateSession(ctx, v.session(req, row.ID, session, refresh)); err != nil {
		return nil, err
	}
	pair, err := v.pair(s.Subject().Reseller, row.ID, session, refresh)
	if err != nil {
		return nil, err
	}
	return &LoggedIn{pair, User{row.ID, row.Email, row.Name}}, nil
}

// verify holds the password against the account's, or against none where the row is empty.
func (v *Service) verify(ctx context.Context, guard loginGuard, row identitydb.GetCredentialsRow, password string) error {
	release, err := v.Passwords.turn(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := guard.take(row.KnownAddress); err != nil {
		return err
	}
	ok, err := v.Passwords.matches(password, row.PasswordHash)
	if err != nil {
		return err
	}
	if !ok {
		return fault.New(fault.InvalidCredentials, "")
	}
	guard.giveBack(row.KnownAddress)
	return nil
}

// RefreshInput is the request of Refresh and Logout.
type RefreshInput struct {
	Body RefreshBody
}

// RefreshBody is its body.
type RefreshBody struct {
	RefreshToken string `json:"refresh_token" minLength:"1" maxLength:"500" doc:"The newest refresh token of the session."`
}

// Refresh trades a refresh token for a new pair.
func (v *Service) Refresh(ctx context.Context, s *db.Scope, in *RefreshInput) (*Pair, error) {
	refresh := newRefreshToken()
	waited := v.Now().Sub(api.RequestFrom(ctx).Arrived)
	row, err := identitydb.New(s).RotateRefreshToken(ctx, identitydb.RotateRefreshTokenParams{
		Hash: opaque.Hash(in.Body.RefreshToken), Successor: opaque.Hash(refresh), Waited: waited.Seconds(), LifeMinutes: v.lifeMinutes(),
	})
	switch {
	case errors.Is(err, db.ErrNoRows):
		return nil, fault.New(fault.RefreshReused, "")
	case err != nil:
		return nil, err
	case row.Used && row.Raced && row.Live:
		return nil, fault.New(fault.Conflict, "Another refresh with this token ran at the same moment; use its answer.")
	case row.Used || !row.Live:
		v.SessionEnded(row.SessionID)
		return nil, fault.New(fault.RefreshReused, "")
	}
	pair, err := v.pair(row.ResellerID, row.UserID, row.SessionID, refresh)
	if err != nil {
		return nil, err
	}
	return &pair, nil
}

// Logout ends the session of a refresh token.
func (v *Service) Logout(ctx context.Context, s *db.Scope, in *RefreshInput) (*api.Nothing, error) {
	session, err := identitydb.New(s).EndSession(ctx, opaque.Hash(in.Body.RefreshToken))
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err == nil {
		v.SessionEnded(session)
	}
	return nil, err
}

// MeInput is the request of Me.
type MeInput struct{}

// Profile is the answer to Me.
type Profile struct {
	ID    uuid.UUID `json:"id" format:"uuid"`
	Email string    `json:"email" format:"email"`
	Name  string    `json:"name"`
	Orgs  []MyOrg   `json:"orgs" nullable:"false"`
}

// MyOrg is an organization of the caller's.
type MyOrg struct {
	ID   uuid.UUID `json:"id" format:"uuid"`
	Name string    `json:"name"`
	Role string    `json:"role" enum:"admin,member,guest"`
}

// Me tells who the caller is.
func Me(ctx context.Context, s *db.Scope, _ *MeInput) (*Profile, error) {
	row, err := identitydb.New(s).GetMe(ctx)
	if err != nil {
		return nil, fault.About("user", err)
	}
	p := Profile{ID: row.ID, Email: row.Email, Name: row.Name}
	if err := json.Unmarshal(row.Orgs, &p.Orgs); err != nil {
		return nil, fmt.Errorf("decode organizations: %w", err)
	}
	return &p, nil
}

func (v *Service) session(req *api.Request, user, session uuid.UUID, refresh string) identitydb.CreateSessionParams {
	return identitydb.CreateSessionParams{ID: session, UserID: user, TokenHash: opaque.Hash(refresh), IP: req.IP, UserAgent: req.UserAgent,
		LifeMinutes: v.lifeMinutes()}
}

func (v *Service) lifeMinutes() int32 { return int32(v.RefreshLife.Minutes()) }

func (v *Service) pair(reseller, user, session uuid.UUID, refresh string) (Pair, error) {
	access, err := v.Tokens.Issue(reseller, user, session)
	if err != nil {
		return Pair{}, err
	}
	return Pair{access, refresh, "Bearer", int(v.Tokens.Life().Seconds())}, nil
}

func newRefreshToken() string { return opaque.New("plr_") }

func normalizeEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }
