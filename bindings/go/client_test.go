package batchjobs_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	batchjobs "github.com/libbatchjobs/libbatchjobs/bindings/go"
)

func TestTheLibraryIsKnown(t *testing.T) {
	if found := batchjobs.Providers(); !slices.Equal(found, services) {
		t.Errorf("providers %v", found)
	}
	if batchjobs.Version() != "0.1.0" {
		t.Errorf("version %s", batchjobs.Version())
	}
	if name := batchjobs.ErrNotFound.Name(); name != "BJ_E_NOT_FOUND" {
		t.Errorf("name %s", name)
	}
	if words := batchjobs.ErrNotFound.Error(); words != "batchjobs: not found" {
		t.Errorf("in words %s", words)
	}
	if word := batchjobs.Phase(77).String(); word != "number 77" {
		t.Errorf("an unknown phase is %s", word)
	}
	if !client(t, "spidra").Supports(batchjobs.CanList) || client(t, "veryfront").Supports(batchjobs.CanList) {
		t.Error("spidra lists, veryfront does not")
	}
}

func TestNewRefusesWhatIsWrong(t *testing.T) {
	key := batchjobs.WithAPIKey("k")
	rows := []struct {
		name, provider string
		options        []batchjobs.Option
		says           string
	}{
		{"unknown service", "nobody", []batchjobs.Option{key}, "nobody"},
		{"no service", "", []batchjobs.Option{key}, "provider"},
		{"NUL in the service", "spidra\x00x", []batchjobs.Option{key}, "NUL"},
		{"no key", "spidra", nil, "api_key"},
		{"empty key", "spidra", []batchjobs.Option{batchjobs.WithAPIKey("")}, "api_key"},
		{"NUL in the key", "spidra", []batchjobs.Option{batchjobs.WithAPIKey("a\x00b")}, "NUL"},
		{"an option that is no text", "spidra", []batchjobs.Option{key, batchjobs.WithResume("\xff")}, `"resume" is not UTF-8`},
		{"unknown option", "spidra", []batchjobs.Option{key, batchjobs.WithOption("colour", "red")}, "colour"},
		{"zero option", "spidra", []batchjobs.Option{key, {}}, "option"},
		{"NUL in an option's name", "spidra", []batchjobs.Option{key, batchjobs.WithOption("status\x00", "x")}, "NUL"},
		{"out of range", "spidra", []batchjobs.Option{key, batchjobs.WithMaxAttempts(0)}, "max_attempts"},
		{"less than a millisecond", "spidra", []batchjobs.Option{key, batchjobs.WithTimeout(time.Microsecond)}, "timeout_ms"},
		{"no choice", "spidra", []batchjobs.Option{key, batchjobs.WithHTTPVersion("3")}, "http_version"},
		{"of another service", "spidra", []batchjobs.Option{key, batchjobs.WithProject("p")}, "project"},
		{"an address that is none", "spidra", []batchjobs.Option{key, batchjobs.WithBaseURL("://")}, "base_url"},
		{"no project", "veryfront", []batchjobs.Option{key}, "project"},
		{"a hook of a call", "spidra", []batchjobs.Option{key, batchjobs.WithUpdates(func(*batchjobs.Job) {})}, "WithUpdates"},
	}
	for _, row := range rows {
		c, err := batchjobs.New(row.provider, row.options...)
		if found := wantCode(t, err, batchjobs.ErrArgument); c != nil || !strings.Contains(found.Message, row.says) {
			t.Errorf("%s: %v, %q does not hold %q", row.name, c, found.Message, row.says)
		}
	}
}

// last gives the error that a walk ends with.
func last[Value any](walk iter.Seq2[Value, error]) (err error) {
	for _, err = range walk {
	}
	return err
}

// everyCall makes each call of a client once, and gives their errors by name.
func everyCall(ctx context.Context, c *batchjobs.Client, id string, options ...batchjobs.Option) map[string]error {
	_, job := c.Job(ctx, id, options...)
	_, wait := c.Wait(ctx, id, options...)
	_, open := c.OpenResults(ctx, id, options...)
	return map[string]error{
		"Job": job, "Wait": wait, "OpenResults": open,
		"Jobs":     last(c.Jobs(ctx, options...)),
		"Pages":    last(c.Pages(ctx, options...)),
		"WaitMany": last(c.WaitMany(ctx, []string{id}, options...)),
		"Results":  last(c.Results(ctx, id, options...)),
		"Save":     c.Save(ctx, id, "/tmp/never-written", options...),
	}
}

func TestCallsRefuseWhatIsWrong(t *testing.T) {
	c, id := client(t, "crustdata"), sim.Sample("crustdata", "succeeded")
	closed := client(t, "crustdata")
	must(t, closed.Close())
	must(t, closed.Close())
	var none *batchjobs.Client
	var zero batchjobs.Client
	rows := []struct {
		name   string
		errors map[string]error
		code   batchjobs.Code
		says   string
	}{
		{"nil context", everyCall(nil, c, id), batchjobs.ErrArgument, "context"}, //nolint:staticcheck
		{"unknown option", everyCall(background, c, id, batchjobs.WithOption("colour", "red")), batchjobs.ErrArgument, "colour"},
		{"an option of New", everyCall(background, c, id, batchjobs.WithProxy("none")), batchjobs.ErrArgument, "proxy"},
		{"a hook of New", everyCall(background, c, id, batchjobs.WithLogger(nil), batchjobs.WithTokenProvider(nil)), batchjobs.ErrArgument, "WithLogger"},
		{"closed", everyCall(background, closed, id), batchjobs.ErrState, "closed"},
		{"nil client", everyCall(background, none, id), batchjobs.ErrState, "New"},
		{"zero client", everyCall(background, &zero, id), batchjobs.ErrState, "New"},
	}
	for _, row := range rows {
		for call, err := range row.errors {
			if found := wantCode(t, err, row.code); !strings.Contains(found.Message, row.says) {
				t.Errorf("%s, %s: %q does not hold %q", row.name, call, found.Message, row.says)
			}
		}
	}
	for _, id := range []string{"", ".", "..", "\xff", "a\x00b"} {
		for call, err := range everyCall(background, c, id) {
			if call == "Jobs" || call == "Pages" {
				must(t, err)
			} else if call == "WaitMany" && err == nil {
				t.Errorf("%q is an id for %s", id, call)
			} else {
				wantCode(t, err, batchjobs.ErrArgument)
			}
		}
	}
	if seen := requests(t, "crustdata", "get"); seen != 0 {
		t.Errorf("%d requests for jobs were sent", seen)
	}
}

func TestAJobWithoutAClient(t *testing.T) {
	var none *batchjobs.Job
	for _, job := range []*batchjobs.Job{none, {}, {ID: "x"}} {
		_, err := job.Refresh(background)
		wantCode(t, err, batchjobs.ErrState)
		_, err = job.Wait(background)
		wantCode(t, err, batchjobs.ErrState)
		wantCode(t, last(job.Results(background)), batchjobs.ErrState)
		wantCode(t, job.Save(background, "x"), batchjobs.ErrState)
	}
	_, err := batchjobs.Record{}.Token()
	wantCode(t, err, batchjobs.ErrState)
	for _, results := range []*batchjobs.Results{nil, new(batchjobs.Results)} {
		_, err = results.Next()
		wantCode(t, err, batchjobs.ErrState)
		_, err = results.Token()
		wantCode(t, err, batchjobs.ErrState)
		if done, all := results.Parts(); results.Job() != nil || results.Verdict() != batchjobs.VerdictNone ||
			results.Expected() != 0 || results.Progress() != (batchjobs.Progress{}) || done != 0 || all != 0 {
			t.Error("results that were not opened tell of some")
		}
		must(t, results.Close())
	}
	var nobody *batchjobs.Client
	if nobody.Provider() != "" || nobody.Supports(batchjobs.CanList) {
		t.Error("no client has a service")
	}
	must(t, nobody.Close())
}

// A client may be closed while its iterators live: they go on.
func TestCloseLeavesIteratorsBe(t *testing.T) {
	c := client(t, "crustdata")
	results, err := c.OpenResults(background, sim.Sample("crustdata", "large"))
	must(t, err)
	defer results.Close()
	jobs := 0
	for _, err := range c.Jobs(background) {
		must(t, err)
		if jobs++; jobs == 1 {
			must(t, c.Close())
		}
	}
	if records := len(collect(t, results.All())); jobs != 230 || records != 5000 {
		t.Errorf("%d jobs and %d records after the client was closed", jobs, records)
	}
}

// While one goroutine waits in Next, another one has nothing to wait for.
func TestTwoGoroutinesOnOneStream(t *testing.T) {
	c := client(t, "crustdata")
	fault(t, "storage", "results", "stall", map[string]any{"bytes": 0, "of": "body", "seconds": 20, "times": -1})
	results, err := c.OpenResults(background, sim.Sample("crustdata", "large"))
	must(t, err)
	ended := make(chan error)
	go func() {
		_, err := results.Next()
		ended <- err
	}()
	time.Sleep(200 * time.Millisecond)
	within(t, time.Second, "asking a busy stream", func() {
		_, err := results.Next()
		wantCode(t, err, batchjobs.ErrBusy)
		_, err = results.Token()
		wantCode(t, err, batchjobs.ErrBusy)
		if results.Verdict() != batchjobs.VerdictNone || results.Progress().Records != 0 || results.Job() == nil {
			t.Error("a busy stream tells other things of itself")
		}
	})
	within(t, time.Second, "closing a busy stream", func() {
		must(t, results.Close())
		if found := wantCode(t, <-ended, batchjobs.ErrCancelled); found.Message != "the results were closed meanwhile" {
			t.Errorf("the call that was cut short says %q", found.Message)
		}
	})
	_, err = results.Next()
	wantCode(t, err, batchjobs.ErrState)
	must(t, results.Close())
	if results.Verdict() == batchjobs.VerdictVerified {
		t.Error("a closed stream is verified")
	}
}

// Whoever closes a stream first and whoever leaves it last, each does so once.
func TestAStreamIsClosedByMany(t *testing.T) {
	c := client(t, "reach")
	for range 100 {
		results, err := c.OpenResults(background, sim.Sample("reach", "succeeded"))
		must(t, err)
		var group sync.WaitGroup
		for range 3 {
			group.Add(2)
			go func() {
				defer group.Done()
				must(t, results.Close())
			}()
			go func() {
				defer group.Done()
				_, err := results.Next()
				var found *batchjobs.Error
				if err != nil && err != io.EOF && (!errors.As(err, &found) ||
					found.Code != batchjobs.ErrBusy && found.Code != batchjobs.ErrCancelled && found.Code != batchjobs.ErrState) {
					t.Errorf("a stream that others close ends with %v", err)
				}
			}()
		}
		group.Wait()
	}
}

// Many goroutines pull one stream: each record comes to one of them, or none is given.
func TestManyGoroutinesOnOneStream(t *testing.T) {
	c := client(t, "crustdata")
	results, err := c.OpenResults(background, sim.Sample("crustdata", "large"))
	must(t, err)
	defer results.Close()
	var mutex sync.Mutex
	seen := make(map[int64]int)
	var group sync.WaitGroup
	for range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			for {
				record, err := results.Next()
				if errors.Is(err, batchjobs.ErrBusy) {
					runtime.Gosched()
					continue
				}
				if err != nil {
					return
				}
				mutex.Lock()
				seen[record.Index]++
				mutex.Unlock()
			}
		}()
	}
	group.Wait()
	for index := range int64(5000) {
		if seen[index] != 1 {
			t.Fatalf("record %d came %d times", index, seen[index])
		}
	}
}

// What is not closed is cleaned up once nobody refers to it.
func TestWhatIsForgottenIsCleanedUp(t *testing.T) {
	client(t, "crustdata") // calm
	before := descriptors(t)
	for range 20 {
		c, err := batchjobs.New("crustdata", account("crustdata")...)
		must(t, err)
		results, err := c.OpenResults(background, sim.Sample("crustdata", "large"))
		must(t, err)
		_, err = results.Next()
		must(t, err)
	}
	if during := descriptors(t); during < before+20 {
		t.Errorf("%d descriptors after %d: twenty streams have fewer than one each", during, before)
	}
	for deadline := time.Now().Add(20 * time.Second); descriptors(t) > before+4; time.Sleep(20 * time.Millisecond) {
		runtime.GC()
		if time.Now().After(deadline) {
			t.Fatalf("%d descriptors where there were %d", descriptors(t), before)
		}
	}
}
