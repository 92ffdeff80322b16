package batchjobs_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	batchjobs "github.com/libbatchjobs/libbatchjobs/bindings/go"
	"github.com/libbatchjobs/libbatchjobs/bindings/go/internal/simulator"
)

// The test binary is run again with this set, beside a library of another version.
const elsewhere = "BATCHJOBS_TEST_OTHER_LIBRARY"

func tellOfNew() {
	_, err := batchjobs.New("crustdata", batchjobs.WithAPIKey("k"))
	fmt.Println(err)
}

func compile(t *testing.T, arguments ...string) string {
	t.Helper()
	output, err := exec.Command("cc", arguments...).CombinedOutput()
	if err != nil {
		return string(output)
	}
	return ""
}

func TestAnotherLibraryIsRefused(t *testing.T) {
	folder := t.TempDir()
	source, stub := filepath.Join(folder, "stub.c"), filepath.Join(folder, "stub.so")
	must(t, os.WriteFile(source, []byte("int bj_abi_version(void) { return 99; }\n"), 0o600))
	if said := compile(t, "-shared", "-fPIC", "-o", stub, source); said != "" {
		t.Fatal(said)
	}
	again := exec.Command(os.Args[0])
	again.Env = append(os.Environ(), elsewhere+"=1", "LD_PRELOAD="+os.Getenv("LD_PRELOAD")+" "+stub, "ASAN_OPTIONS=verify_asan_link_order=0")
	output, err := again.CombinedOutput()
	must(t, err)
	if said := string(output); !strings.Contains(said, "interface 99") || !strings.Contains(said, "made for 1") {
		t.Errorf("beside a library with another interface New says %q", said)
	}
}

func TestAnotherHeaderDoesNotCompile(t *testing.T) {
	root, err := simulator.Repository()
	must(t, err)
	header, err := os.ReadFile(filepath.Join(root, "include", "batchjobs.h"))
	must(t, err)
	for _, row := range []struct{ from, to, says string }{
		{"", "", ""},
		{"BJ_ABI_VERSION 1", "BJ_ABI_VERSION 2", "needs batchjobs.h with BJ_ABI_VERSION 1"},
		{"BJ_VERSION_MINOR 1", "BJ_VERSION_MINOR 0", "needs libbatchjobs 0.1.0 or later"},
	} {
		folder := t.TempDir()
		changed := strings.Replace(string(header), row.from, row.to, 1)
		must(t, os.WriteFile(filepath.Join(folder, "batchjobs.h"), []byte(changed), 0o600))
		said := compile(t, "-fsyntax-only", "-x", "c", "-I", folder, "bridge.h")
		if (said == "") != (row.says == "") || !strings.Contains(said, row.says) {
			t.Errorf("with %s the compiler says %q", row.to, said)
		}
	}
}
