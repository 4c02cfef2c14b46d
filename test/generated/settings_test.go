package generated_test

import (
	"fmt"
	"strings"

	"github.com/plinth/plinth/internal/platform/config"
)

const settingsHead = `<!-- Written by "make generate" from internal/platform/config. -->
# Settings

Environment variables, or lines of a ` + "`.env`" + ` file in the working directory; the environment wins. All are optional.
`

const unusedHead = `
## Not used by this version

These are accepted and checked, and have no effect yet.
`

// describeSettings writes the page of the settings.
func describeSettings(settings []config.Setting) string {
	var used, unused []config.Setting
	for _, s := range settings {
		if s.Unused {
			unused = append(unused, s)
		} else {
			used = append(used, s)
		}
	}
	page := settingsHead + settingsTable(used)
	if len(unused) > 0 {
		page += unusedHead + settingsTable(unused)
	}
	return page
}

func settingsTable(settings []config.Setting) string {
	var table strings.Builder
	table.WriteString("\n| Name | Default | Meaning |\n|---|---|---|\n")
	cell := strings.NewReplacer("|", `\|`, "\n", " ")
	for _, s := range settings {
		byDefault, meaning := "", s.Description
		if s.Default != "" {
			byDefault = "`" + s.Default + "`"
		}
		if len(s.Values) > 0 {
			meaning += ": `" + strings.Join(s.Values, "`, `") + "`"
		}
		if s.Secret {
			meaning += " (secret)"
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", s.Name, cell.Replace(byDefault), cell.Replace(meaning))
	}
	return table.String()
}
