package batchjobs_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	batchjobs "github.com/libbatchjobs/libbatchjobs/bindings/go"
	"github.com/libbatchjobs/libbatchjobs/bindings/go/internal/simulator"
)

// collect copies all records of a walk.
func collect(t testing.TB, records func(func(batchjobs.Record, error) bool)) (found [][]byte) {
	t.Helper()
	for record, err := range records {
		must(t, err)
		found = append(found, bytes.Clone(record.Bytes()))
	}
	return found
}

func truth(t testing.TB, service, sample string) *simulator.Truth {
	t.Helper()
	found, err := sim.Records(service, sim.Sample(service, sample), 100000)
	must(t, err)
	return found
}

func same(a, b [][]byte) bool {
	return len(a) == len(b) && bytes.Equal(bytes.Join(a, []byte{'\n'}), bytes.Join(b, []byte{'\n'}))
}

func TestRecordsAreThoseOfTheService(t *testing.T) {
	words := map[string]batchjobs.RecordOutcome{"completed": batchjobs.RecordOK, "failed": batchjobs.RecordFailed,
		"pending": batchjobs.RecordPending, "cancelled": batchjobs.RecordCancelled, "skipped": batchjobs.RecordSkipped}
	for _, service := range services {
		c, wanted := client(t, service), truth(t, service, "large")
		var kept []batchjobs.Record
		for record, err := range c.Results(background, sim.Sample(service, "large")) {
			must(t, err)
			kept = append(kept, record)
		}
		if len(kept) != wanted.Count || wanted.Count < 50 {
			t.Errorf("%s: %d records of %d", service, len(kept), wanted.Count)
			continue
		}
		// They are looked at after the stream is gone: each must own its bytes.
		for i, record := range kept {
			if !bytes.Equal(record.Bytes(), wanted.Records[i]) || record.Index != int64(i) {
				t.Fatalf("%s: record %d is number %d: %.80s", service, i, record.Index, record.Bytes())
			}
			// What the simulator calls an item's key is in the item; its address is what was submitted.
			if service == "reach" && record.Key != wanted.Keys[i] || service == "spidra" && record.Key == "" {
				t.Fatalf("%s: record %d has the key %q, not %q", service, i, record.Key, wanted.Keys[i])
			}
			outcome := batchjobs.RecordOK // of a line of a file
			if wanted.Outcomes != nil {
				outcome = words[wanted.Outcomes[i]]
			}
			if record.Outcome != outcome {
				t.Fatalf("%s: record %d is %v, not %v", service, i, record.Outcome, outcome)
			}
		}
		var object map[string]any
		must(t, kept[0].Decode(&object))
		if len(object) == 0 {
			t.Errorf("%s: record 0 is an empty object", service)
		}
	}
}

// With reuse the bytes are the same while they are good, and others are in their place later.
func TestReuse(t *testing.T) {
	c, wanted := client(t, "crustdata"), truth(t, "crustdata", "large").Records
	id := sim.Sample("crustdata", "large")
	if found := collect(t, c.Results(background, id, batchjobs.WithReuse())); !same(found, wanted) {
		t.Errorf("%d records of %d, or others", len(found), len(wanted))
	}
	var kept [][]byte
	for record, err := range c.Results(background, id, batchjobs.WithReuse()) {
		must(t, err)
		kept = append(kept, record.Bytes())
	}
	if same(kept, wanted) {
		t.Error("all records are as they were: their memory was not used again")
	}
	_, err := c.Job(background, id, batchjobs.WithReuse())
	wantCode(t, err, batchjobs.ErrArgument)
}

// What is appended to a record must not land in the one behind it.
func TestRecordsKeepToThemselves(t *testing.T) {
	var kept []batchjobs.Record
	for record, err := range client(t, "crustdata").Results(background, sim.Sample("crustdata", "succeeded")) {
		must(t, err)
		kept = append(kept, record)
	}
	_ = append(kept[0].Bytes(), "spilled over"...)
	if wanted := truth(t, "crustdata", "succeeded").Records[1]; !bytes.Equal(kept[1].Bytes(), wanted) {
		t.Errorf("record 1 is %s", kept[1].Bytes())
	}
	if err := kept[0].Decode(new(int)); err == nil || !strings.Contains(err.Error(), "record 0") {
		t.Errorf("an object is no number: %v", err)
	}
}

func TestAStreamTellsHowItStands(t *testing.T) {
	c := client(t, "crustdata")
	results, err := c.OpenResults(background, sim.Sample("crustdata", "large"))
	must(t, err)
	defer results.Close()
	if results.Verdict() != batchjobs.VerdictNone || results.Expected() != 5000 || results.Job().ID != sim.Sample("crustdata", "large") {
		t.Errorf("at first %v, %d expected, job %+v", results.Verdict(), results.Expected(), results.Job())
	}
	count := len(collect(t, results.All()))
	done, all := results.Parts()
	progress := results.Progress()
	if results.Verdict() != batchjobs.VerdictVerified || count != 5000 || done != 20 || all != 20 ||
		progress.Records != 5000 || progress.Bytes <= 0 || progress.Bytes != progress.Total {
		t.Errorf("%v after %d records, %d of %d parts, %+v", results.Verdict(), count, done, all, progress)
	}
	for range 2 {
		if _, err := results.Next(); err != io.EOF {
			t.Errorf("behind the end there is %v", err)
		}
	}
}

func TestATornStreamEndsWithAnError(t *testing.T) {
	c := client(t, "crustdata", batchjobs.WithMaxAttempts(1))
	fault(t, "storage", "results", "cut", map[string]any{"bytes": 3000, "of": "body", "times": -1, "path": "part-003"})
	results, err := c.OpenResults(background, sim.Sample("crustdata", "large"))
	must(t, err)
	defer results.Close()
	var found [][]byte
	var last error
	for record, err := range results.All() {
		if last = err; err == nil {
			found = append(found, record.Bytes())
		}
	}
	wantCode(t, last, batchjobs.ErrTruncated)
	if wanted := truth(t, "crustdata", "large"); len(found) < 700 || !same(found, wanted.Records[:len(found)]) {
		t.Errorf("%d records came before the cut, not the first of the job", len(found))
	}
	if results.Verdict() == batchjobs.VerdictVerified {
		t.Error("it is verified nevertheless")
	}
	_, again := results.Next()
	wantCode(t, again, batchjobs.ErrTruncated)
	token, err := results.Token()
	must(t, err)
	must(t, sim.Calm())
	rest := collect(t, c.Results(background, sim.Sample("crustdata", "large"), batchjobs.WithResume(token)))
	if all := append(found, rest...); !same(all, truth(t, "crustdata", "large").Records) {
		t.Errorf("with the rest there are %d records, or others", len(all))
	}
}

func TestATokenGoesOn(t *testing.T) {
	for _, service := range services {
		c, wanted := client(t, service), truth(t, service, "large").Records
		id := sim.Sample(service, "large")
		for _, stop := range []int{0, 1, 37, len(wanted)} {
			results, err := c.OpenResults(background, id)
			must(t, err)
			for range stop {
				_, err := results.Next()
				must(t, err)
			}
			token, err := results.Token()
			must(t, err)
			must(t, results.Close())
			rest := collect(t, c.Results(background, id, batchjobs.WithResume(token)))
			if !same(rest, wanted[stop:]) {
				t.Errorf("%s: behind %d of %d records there are %d", service, stop, len(wanted), len(rest))
			}
			// A token taken at once where another one led is the same place.
			again, err := c.OpenResults(background, id, batchjobs.WithResume(token))
			must(t, err)
			same, err := again.Token()
			must(t, err)
			if again.Progress().Records != int64(stop) || same != token {
				t.Errorf("%s: resumed behind %d it stands at %d, %s, %s", service, stop, again.Progress().Records, token, same)
			}
			again.Close()
		}
	}
}

func TestARecordsTokenWithinTheLoop(t *testing.T) {
	c, wanted := client(t, "reach"), truth(t, "reach", "large").Records
	id := sim.Sample("reach", "large")
	var token string
	var last batchjobs.Record
	for record, err := range c.Results(background, id) {
		must(t, err)
		if last = record; record.Index == 99 {
			token, err = record.Token()
			must(t, err)
			break
		}
	}
	if rest := collect(t, c.Results(background, id, batchjobs.WithResume(token))); !same(rest, wanted[100:]) {
		t.Errorf("%d records follow", len(rest))
	}
	_, err := last.Token()
	wantCode(t, err, batchjobs.ErrState)
}

// ctypes of Python knows the C interface only: what it reads and what Go reads fits together.
func TestATokenCrossesLanguages(t *testing.T) {
	root, err := simulator.Repository()
	must(t, err)
	for _, service := range []string{"crustdata", "reach"} {
		c, wanted := client(t, service), truth(t, service, "large").Records
		id := sim.Sample(service, "large")
		python := func(count int, token ...string) (records [][]byte, place string) {
			arguments := append([]string{"testdata/resume.py", library(root), service, sim.Fact(service), sim.Key(service),
				id, fmt.Sprint(count)}, token...)
			output, err := exec.Command("python3", arguments...).Output()
			if err != nil {
				t.Fatal(err, string(err.(*exec.ExitError).Stderr))
			}
			lines := strings.Fields(string(output))
			for _, line := range lines[:len(lines)-1] {
				record, err := hex.DecodeString(line)
				must(t, err)
				records = append(records, record)
			}
			return records, lines[len(lines)-1]
		}
		// 40 records in Python, 60 in Go, the rest in Python again.
		first, token := python(40)
		results, err := c.OpenResults(background, id, batchjobs.WithResume(token))
		must(t, err)
		for range 60 {
			record, err := results.Next()
			must(t, err)
			first = append(first, record.Bytes())
		}
		token, err = results.Token()
		must(t, err)
		results.Close()
		rest, _ := python(-1, token)
		if all := append(first, rest...); len(first) != 100 || !same(all, wanted) {
			t.Errorf("%s: %d and %d records, which are not the job's %d", service, len(first), len(rest), len(wanted))
		}
	}
}

func library(root string) string {
	if path := os.Getenv("BATCHJOBS_LIBRARY"); path != "" {
		return path
	}
	return root + "/dist/lib/libbatchjobs.so"
}

func TestABadTokenIsRefused(t *testing.T) {
	c := client(t, "crustdata")
	for _, token := range []string{"", "x", "bjr1:spidra:1:2:3"} {
		_, err := c.OpenResults(background, sim.Sample("crustdata", "large"), batchjobs.WithResume(token))
		wantCode(t, err, batchjobs.ErrArgument)
	}
}

// Without the releases there would be a cancel and connections for each of the forty loops.
func TestBreakReleasesTheStream(t *testing.T) {
	c := client(t, "reach")
	before := descriptors(t)
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	for range 20 {
		for _, err := range c.Results(ctx, sim.Sample("reach", "large")) {
			must(t, err)
			break
		}
		for _, err := range c.Jobs(ctx) {
			must(t, err)
			break
		}
	}
	must(t, c.Close())
	if after := descriptors(t); after > before+4 {
		t.Errorf("%d descriptors where there were %d", after, before)
	}
}

func descriptors(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	return len(entries)
}

func TestWriteTo(t *testing.T) {
	c, wanted := client(t, "spidra"), truth(t, "spidra", "large").Records
	results, err := c.OpenResults(background, sim.Sample("spidra", "large"))
	must(t, err)
	defer results.Close()
	var written bytes.Buffer
	count, err := results.WriteTo(&written)
	must(t, err)
	lines := append(bytes.Join(wanted, []byte{'\n'}), '\n')
	if !bytes.Equal(written.Bytes(), lines) || count != int64(len(lines)) {
		t.Errorf("%d bytes, said to be %d, of %d", written.Len(), count, len(lines))
	}
	again, err := c.OpenResults(background, sim.Sample("spidra", "large"))
	must(t, err)
	defer again.Close()
	full := &limited{left: 100000}
	count, err = again.WriteTo(full)
	if !errors.Is(err, errFull) || count != 100000-int64(full.left) {
		t.Errorf("%d bytes into a writer that takes 100000, %v", count, err)
	}
}

var errFull = errors.New("full")

type limited struct{ left int }

func (l *limited) Write(data []byte) (int, error) {
	if len(data) > l.left {
		return 0, errFull
	}
	l.left -= len(data)
	return len(data), nil
}
