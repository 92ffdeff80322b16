package batchjobs_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	batchjobs "github.com/libbatchjobs/libbatchjobs/bindings/go"
	"github.com/libbatchjobs/libbatchjobs/bindings/go/internal/simulator"
)

var (
	sim      *simulator.Simulator
	services = []string{"crustdata", "spidra", "reach", "veryfront"}
	listing  = services[:3]
)

// Time stands still for the simulated jobs, but for what tests advance.
func TestMain(m *testing.M) {
	if os.Getenv(elsewhere) != "" {
		tellOfNew()
		return
	}
	var err error
	sim, err = simulator.Start("--seed", "1", "--jobs", "230", "--time-scale", "0")
	if errors.Is(err, simulator.ErrNone) {
		fmt.Println("skipped, all tests:", err)
		os.Exit(0)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// The examples read these, as a program might.
	os.Setenv("CRUSTDATA_API_KEY", sim.Key("crustdata"))
	os.Setenv("CRUSTDATA_URL", sim.Fact("crustdata"))
	code := m.Run()
	sim.Stop()
	os.Exit(code)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// account is what New needs for a simulated service.
func account(service string, more ...batchjobs.Option) []batchjobs.Option {
	options := []batchjobs.Option{batchjobs.WithAPIKey(sim.Key(service)), batchjobs.WithBaseURL(sim.Fact(service))}
	if service == "veryfront" {
		options = append(options, batchjobs.WithProject(sim.Fact("project")))
	}
	if service == "crustdata" || service == "spidra" {
		// The simulator counts its rate limit down to one again and again. Whoever has two requests on
		// the wire then waits for the reset, as a client should.
		options = append(options, batchjobs.WithPrefetch(0))
	}
	return append(options, more...)
}

// client makes one of a simulated service, without faults and with no requests seen.
func client(t testing.TB, service string, more ...batchjobs.Option) *batchjobs.Client {
	t.Helper()
	must(t, sim.Calm())
	made, err := batchjobs.New(service, append(account(service, more...), batchjobs.WithHeader(testHeader, testName(t)))...)
	must(t, err)
	t.Cleanup(func() { made.Close() })
	return made
}

// The requests of a test tell whose they are. One that an earlier test sent and gave up may still
// wait in the simulator's socket, and would use a fault up that is not meant for it.
const testHeader = "X-Test"

func testName(t testing.TB) string {
	name, _, _ := strings.Cut(t.Name(), "/")
	return name + "." // no name is the beginning of another
}

// fault adds one of the simulator's faults, for the clients of this test; what the storage of result
// files is asked tells nothing of a test.
func fault(t testing.TB, service, operation, name string, members map[string]any) {
	t.Helper()
	document := map[string]any{"service": service, "operation": operation, "fault": name}
	if service != "storage" {
		document["having"] = testName(t)
	}
	for member, value := range members {
		document[member] = value
	}
	must(t, sim.Control("PUT", "/faults", document, nil))
}

// requests counts those for an operation of a service.
func requests(t testing.TB, service, operation string) (count int) {
	t.Helper()
	seen, _, err := sim.Requests()
	must(t, err)
	name := testName(t)
	for _, one := range seen {
		own := service == "storage" ||
			slices.ContainsFunc(one.Headers, func(header []string) bool { return slices.Contains(header, name) })
		if own && one.Service == service && one.Operation == operation {
			count++
		}
	}
	return count
}

// wantCode holds that an error is of a kind, and fit to be shown.
func wantCode(t testing.TB, err error, code batchjobs.Code) *batchjobs.Error {
	t.Helper()
	var found *batchjobs.Error
	if !errors.As(err, &found) {
		t.Fatalf("%v (%T) is no *Error", err, err)
	}
	if found.Code != code || !errors.Is(err, code) {
		t.Fatalf("%s: %v; want %s", found.Code.Name(), err, code.Name())
	}
	if found.Message == "" {
		t.Error("there is no message")
	}
	return found
}

// within holds that a function is done in time.
func within(t testing.TB, limit time.Duration, what string, work func()) {
	t.Helper()
	began := time.Now()
	work()
	if took := time.Since(began); took > limit {
		t.Errorf("%s took %v, more than %v", what, took, limit)
	}
}

var background = context.Background()
