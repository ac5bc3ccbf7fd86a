package early_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"edu/procession/demos/demo"
	"edu/procession/demos/early"
)

// Nothing but the standard library is reached from here, and of that not net.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "edu/procession/demos/early").Output()
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range strings.FieldsSeq(string(out)) {
		first, _, _ := strings.Cut(pkg, "/")
		if pkg == "net" || pkg == "path/filepath" || pkg == "os/exec" || strings.HasPrefix(pkg, "vendor/") || strings.Contains(first, ".") {
			t.Errorf("%s is imported: workers would start late", pkg)
		}
	}
}

// In the program as it is built, a worker is at its role before what draws is
// initialised: of packages outside the standard library only a few have come by
// then, which need little themselves.
func TestOrder(t *testing.T) {
	if len(early.Demos) == 0 {
		t.Fatal("no demo starts early")
	}
	bin := filepath.Join(t.TempDir(), "procession")
	if out, err := exec.Command("go", "build", "-o", bin, "edu/procession").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	info := early.Demos[0].Info()
	for role := range early.Demos[0].Roles() {
		cmd := exec.Command(bin)
		cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1", demo.EnvRole+"="+info.Name+"/"+role)
		out, _ := cmd.CombinedOutput()
		if !strings.Contains(string(out), "worker of procession") {
			t.Fatalf("%s did not get to its role:\n%s", role, out)
		}
		var before []string
		for line := range strings.Lines(string(out)) {
			if f := strings.Fields(line); len(f) > 1 && f[0] == "init" && (strings.Contains(f[1], ".") || f[1] == "net") {
				before = append(before, f[1])
			}
		}
		if all := strings.Join(before, " "); len(before) > 6 || strings.Contains(all, "chroma") || strings.Contains(all, "charm.land") || strings.HasSuffix(all, "net") {
			t.Errorf("these are initialised before the role: %s", all)
		}
		return
	}
}
