package burners

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSteps(t *testing.T) {
	for _, x := range []struct {
		cores, set int
		want       []int
	}{{2, 2, []int{1, 2, 4}}, {2, 3, []int{1, 2, 3, 4}}, {1, 2, []int{1, 2}}, {2, 8, []int{1, 2, 4, 8}},
		{1, 1, []int{1, 2}}, {64, 5, []int{1, 2, 4, 5, 8}}, {3, 6, []int{1, 2, 4, 6}}} {
		if got := sweep(x.cores, x.set); !slices.Equal(got, x.want) {
			t.Errorf("%d cores, %d set: %v, want %v", x.cores, x.set, got, x.want)
		}
	}
}

// A caption claims no more than was measured.
func TestCaptions(t *testing.T) {
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	quiet := measured{1, false, ms(1000), used{ms(990), ms(5)}, true}
	busy := measured{1, false, ms(4000), used{ms(1000), ms(3000)}, true}
	for _, x := range []struct {
		name      string
		serial, m measured
		says      []string
		not       []string
	}{
		{"one", quiet, quiet, []string{"1 burner: 1.00 s for the whole job", "0.99 cores"}, []string{"as fast", "lacked"}},
		{"one in company", busy, busy, []string{"4.00 s", "0.25 cores", "Other programs", "75%"}, nil},
		{"two", quiet, measured{2, false, ms(550), used{ms(1010), ms(10)}, true}, []string{"1.82× as fast as one", "1.84 cores"}, []string{"turns", "cost", "Other"}},
		{"two at a price", quiet, measured{2, false, ms(700), used{ms(1390), ms(10)}, true}, []string{"1.43×", "cost 1.40 times the CPU time"}, []string{"Other"}},
		{"two in company", quiet, measured{2, false, ms(1100), used{ms(1100), ms(1000)}, true}, []string{"slower than one (0.91×)", "45%", "Other programs"}, nil},
		{"four", quiet, measured{4, false, ms(540), used{ms(1020), ms(1100)}, true}, []string{"1.85×", "More burners than cores (2)", "51%"}, []string{"Other"}},
		{"pinned", quiet, measured{2, true, ms(1010), used{ms(1000), ms(1000)}, true}, []string{"about as fast as one (0.99×)", "concurrent, not parallel"}, []string{"Other"}},
		{"busy all along", busy, measured{4, false, ms(1600), used{ms(1280), ms(3800)}, true}, []string{"2.50×", "the machine is busy", "75%"}, []string{"Other"}},
		{"untold", measured{1, false, ms(1000), used{}, false}, measured{2, false, ms(800), used{}, false}, []string{"2 burners: 0.80 s, 1.25× as fast as one."}, []string{"cores", "cost"}},
	} {
		pl := &play{cores: 2, serial: x.serial}
		got := pl.caption(x.m)
		for _, s := range x.says {
			if !strings.Contains(got, s) {
				t.Errorf("%s: %q does not say %q", x.name, got, s)
			}
		}
		for _, s := range x.not {
			if strings.Contains(got, s) {
				t.Errorf("%s: %q says %q", x.name, got, s)
			}
		}
	}
}
