package comment

import (
	"context"
	"regexp"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/plinth/plinth/internal/comment/commentdb"
	"github.com/plinth/plinth/internal/platform/api"
	"github.com/plinth/plinth/internal/platform/db"
	"github.com/plinth/plinth/internal/platform/fault"
)

// MaxEmoji is how many different emoji one comment can have as reactions.
const MaxEmoji = 20

// Reaction is what somebody feels about a comment, in one emoji. It is there or it is not, so it has no version.
type Reaction struct {
	CommentID uuid.UUID `json:"comment_id" format:"uuid"`
	TaskID    uuid.UUID `json:"task_id" format:"uuid"`
	UserID    uuid.UUID `json:"user_id" format:"uuid"`
	Emoji     string    `json:"emoji" example:"👍"`
}

// ReactInput is the request of React.
type ReactInput struct {
	CommentID uuid.UUID `path:"comment_id" format:"uuid"`
	Body      ReactBody
}

// ReactBody is its body.
type ReactBody struct {
	Emoji string `json:"emoji" minLength:"1" maxLength:"32" doc:"One emoji as of UTS #51, or a shortcode such as :thumbsup:; it is kept as given." example:"👍"`
}

// Resolve implements huma.Resolver.
func (in *ReactInput) Resolve(huma.Context) []error { return notEmoji("body.emoji", in.Body.Emoji) }

// React adds a reaction of one's own.
func React(ctx context.Context, s *db.Scope, in *ReactInput) (*Reaction, error) {
	if err := lockThread(ctx, s, in.CommentID); err != nil {
		return nil, err
	}
	row, err := commentdb.New(s).AddReaction(ctx, commentdb.AddReactionParams{OrgID: s.Org(), CommentID: in.CommentID, Emoji: in.Body.Emoji, Most: MaxEmoji})
	if err != nil {
		return nil, fault.About("comment", err)
	}
	reaction := Reaction(row)
	return &reaction, nil
}

// UnreactInput is the request of Unreact.
type UnreactInput struct {
	api.IfMatch
	CommentID uuid.UUID `path:"comment_id" format:"uuid"`
	Emoji     string    `path:"emoji" maxLength:"32" doc:"As it was given, percent-encoded." example:"👍"`
}

// Resolve implements huma.Resolver.
func (in *UnreactInput) Resolve(huma.Context) []error { return notEmoji("path.emoji", in.Emoji) }

// Unreact takes a reaction of one's own back.
func Unreact(ctx context.Context, s *db.Scope, in *UnreactInput) (*api.Nothing, error) {
	if err := lockThread(ctx, s, in.CommentID); err != nil {
		return nil, err
	}
	removed, err := commentdb.New(s).RemoveReaction(ctx, commentdb.RemoveReactionParams{
		OrgID: s.Org(), CommentID: in.CommentID, Emoji: in.Emoji, Versions: in.Versions()})
	if err == nil && !removed {
		return nil, fault.Absent("reaction", "")
	}
	return nil, fault.About("comment", err)
}

func notEmoji(location, text string) []error {
	if text == "" || emoji.MatchString(text) || shortcode.MatchString(text) {
		return nil // what is missing is refused as that
	}
	return []error{&huma.ErrorDetail{Location: location, Message: "expected one emoji, or a shortcode such as :thumbsup:"}}
}

var shortcode = regexp.MustCompile(`^:[a-z0-9_+-]+:$`)

// emoji is a possible emoji by the syntax of UTS #51, 1.4.9. Its characters are the property Extended_Pictographic, which
// holds places for emoji to come, with the modifiers of skin; digits count with their keycap alone, regional indicators
// in pairs.
var emoji = func() *regexp.Regexp {
	const (
		character = `[\x{A9}\x{AE}\x{203C}\x{2049}\x{2122}\x{2139}\x{2194}-\x{2199}\x{21A9}\x{21AA}\x{231A}\x{231B}\x{2328}\x{2388}` +
			`\x{23CF}\x{23E9}-\x{23F3}\x{23F8}-\x{23FA}\x{24C2}\x{25AA}\x{25AB}\x{25B6}\x{25C0}\x{25FB}-\x{25FE}\x{2600}-\x{2605}` +
			`\x{2607}-\x{2612}\x{2614}-\x{2685}\x{2690}-\x{2705}\x{2708}-\x{2712}\x{2714}\x{2716}\x{271D}\x{2721}\x{2728}\x{2733}\x{2734}` +
			`\x{2744}\x{2747}\x{274C}\x{274E}\x{2753}-\x{2755}\x{2757}\x{2763}-\x{2767}\x{2795}-\x{2797}\x{27A1}\x{27B0}\x{27BF}` +
			`\x{2934}\x{2935}\x{2B05}-\x{2B07}\x{2B1B}\x{2B1C}\x{2B50}\x{2B55}\x{3030}\x{303D}\x{3297}\x{3299}` +
			`\x{1F000}-\x{1F0FF}\x{1F10D}-\x{1F10F}\x{1F12F}\x{1F16C}-\x{1F171}\x{1F17E}\x{1F17F}\x{1F18E}\x{1F191}-\x{1F19A}` +
			`\x{1F1AD}-\x{1F1E5}\x{1F201}-\x{1F20F}\x{1F21A}\x{1F22F}\x{1F232}-\x{1F23A}\x{1F23C}-\x{1F23F}\x{1F249}-\x{1F53D}` +
			`\x{1F546}-\x{1F64F}\x{1F680}-\x{1F6FF}\x{1F774}-\x{1F77F}\x{1F7D5}-\x{1F7FF}\x{1F80C}-\x{1F80F}\x{1F848}-\x{1F84F}` +
			`\x{1F85A}-\x{1F85F}\x{1F888}-\x{1F88F}\x{1F8AE}-\x{1F8FF}\x{1F90C}-\x{1F93A}\x{1F93C}-\x{1F945}\x{1F947}-\x{1FAFF}` +
			`\x{1FC00}-\x{1FFFD}]`
		skin    = `[\x{1F3FB}-\x{1F3FF}]`
		tags    = `[\x{E0020}-\x{E007E}]+\x{E007F}`
		flag    = `[\x{1F1E6}-\x{1F1FF}]{2}`
		keycap  = `[0-9#*]\x{FE0F}?\x{20E3}`
		element = `(?:` + character + `(?:` + skin + `|\x{FE0F}\x{20E3}?|` + tags + `)?|` + flag + `|` + keycap + `)`
	)
	return regexp.MustCompile(`^` + element + `(?:\x{200D}` + element + `)*$`)
}()
