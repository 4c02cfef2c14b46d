package config

import "reflect"

// Setting describes one variable for help texts and documentation.
type Setting struct {
	Name        string
	Default     string
	Description string
	// Values are the only ones allowed, where there are few.
	Values []string
	// Secret values are never shown.
	Secret bool
	// Unused ones are accepted and checked, but have no effect in this version.
	Unused bool
}

// Document lists every setting in the order of [Config].
func Document() []Setting {
	var settings []Setting
	for field := range reflect.TypeFor[Config]().Fields() {
		settings = append(settings, Setting{
			Name:        field.Tag.Get("env"),
			Default:     field.Tag.Get("envDefault"),
			Description: field.Tag.Get("doc"),
			Values:      choices(field),
			Secret:      field.Type == reflect.TypeFor[Sensitive](),
			Unused:      field.Tag.Get("unused") == "true",
		})
	}
	return settings
}

// nearest returns the setting whose name takes the fewest edits to reach.
func nearest(name string) string {
	best, least := "", len(name)+100
	for _, s := range Document() {
		if d := distance(name, s.Name); d < least {
			best, least = s.Name, d
		}
	}
	return best
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitute := diagonal
			if a[i] != b[j] {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
