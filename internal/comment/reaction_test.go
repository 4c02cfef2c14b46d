package comment

import (
	"strings"
	"testing"
)

func TestEmoji(t *testing.T) {
	for _, text := range []string{
		"👍", "❤", "❤️", "☺️", "©️", "™", "ℹ️", "👍🏽", "👩‍❤️‍💋‍👨", "👩🏽‍❤️‍💋‍👨🏻", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🏴‍☠️", "👁️‍🗨️", "🧑🏿‍🚀", "🇩🇪", "1️⃣", "#️⃣", "*⃣",
		"🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F", "🫠", "🪿", "㊗️", "🔟", "⌚", "⏏️", "🀄", "🏽",
		":thumbsup:", ":+1:", ":-1:", ":e-mail:", ":100:", ":man_in_tuxedo:",
	} {
		if errs := notEmoji("body.emoji", text); errs != nil {
			t.Errorf("%q is refused: %v", text, errs)
		}
	}
	for _, text := range []string{
		" ", "a", "é", "1", "#", "12", "👍 ", " 👍", "👍👍", "👍a", "a👍", "👍\n", "\n👍", "\t", "👍\x00", "👍\u202e", "\ufe0f", "\u200d", "👍\u200d", "\u200d👍", "👍\u200d\u200d👍",
		"🇩", "🇩🇪🇫", "🇩🇪🇫🇷", "漢", "→", "☭\u0301", "👍\u0301", "<b>", "::", ":a", "a:", ":A:", ":é:", ":a b:", ":a:b:", ":a:👍", ":a:\n", "\xff", "\xf0\x9f", "👍\xff",
	} {
		errs := notEmoji("body.emoji", text)
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), "body.emoji") {
			t.Errorf("%q: %v", text, errs)
		}
	}
}
