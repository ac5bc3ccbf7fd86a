package tui

import (
	"reflect"
	"testing"
)

// TestKeysAreTold: every binding has a key, a word and a sentence, and is in
// exactly one group of the help.
func TestKeysAreTold(t *testing.T) {
	k := DefaultKeys()
	listed := map[string]int{}
	for _, g := range k.Groups() {
		for _, b := range g.Bindings {
			listed[b.Doc]++
		}
	}
	v := reflect.ValueOf(k)
	for i := range v.NumField() {
		b, name := v.Field(i).Interface().(Binding), v.Type().Field(i).Name
		if len(b.Keys) == 0 || b.Word == "" || b.Doc == "" {
			t.Errorf("%s is not explained: %+v", name, b)
		}
		if want := 1; name != "Dismiss" && listed[b.Doc] != want { // Dismiss is on the bar of what it closes
			t.Errorf("%s is listed %d times", name, listed[b.Doc])
		}
	}
}

// TestKeysDoNotClash: no key means two things on one page.
func TestKeysDoNotClash(t *testing.T) {
	k := DefaultKeys()
	for _, page := range [][]string{
		{"The stage: processes", "The stage: step mode", "The stage: time", "The stage: what is shown", "Everywhere"},
		{"The course", "Moving", "Everywhere"},
		{"Recordings", "Moving", "Everywhere"},
		{"Exploring", "Moving", "Everywhere"},
	} {
		seen := map[string]string{}
		for _, g := range k.groups(page...) {
			for _, b := range g.Bindings {
				for _, key := range b.Keys {
					if was, ok := seen[key]; ok {
						t.Errorf("%s: %s is %q and %q", page[0], key, was, b.Word)
					}
					seen[key] = b.Word
				}
			}
		}
	}
}

// TestKeyPress: what a click on the key bar presses is that key.
func TestKeyPress(t *testing.T) {
	for _, g := range DefaultKeys().Groups() {
		for _, b := range g.Bindings {
			if got := keyPress(b.Keys[0]).String(); got != b.Keys[0] {
				t.Errorf("pressing %q gives %q", b.Keys[0], got)
			}
		}
	}
}
