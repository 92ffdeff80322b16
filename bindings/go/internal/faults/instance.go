package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	batchjobs "github.com/libbatchjobs/libbatchjobs/bindings/go"
	"github.com/libbatchjobs/libbatchjobs/bindings/go/internal/simulator"
)

const (
	goal    = 10 * time.Second
	sampled = 100
)

// A run is one instance at work.
type run struct {
	one                        object
	service, operation, sample string
	problems                   []string

	wanted  [][]byte // the truth, or its beginning
	total   int
	records int
	wrong   int // the place of the first record that is not the truth, plus one
	verdict batchjobs.Verdict
	leaks   int // lines of the log that hold a key or a signature
}

func (r *run) hold(is bool, format string, values ...any) {
	if !is {
		r.problems = append(r.problems, fmt.Sprintf(format, values...))
	}
}

// fail is for what the run itself needs.
func (r *run) fail(err error) { r.hold(err == nil, "%v", err) }

// data gives where the data come from: a fault that names no place goes there.
func (r *run) data() (service, operation string) {
	switch {
	case r.service == "crustdata" && r.operation == "results":
		return "storage", "results"
	case r.operation == "list":
		return r.service, "list"
	}
	return r.service, "get"
}

func (r *run) setSwitches() {
	r.fail(sim.Calm())
	r.fail(sim.Control("DELETE", "/content", nil, nil))
	if content, ok := r.one["content"].(object); ok {
		content = maps.Clone(content)
		content["service"], content["sample"] = r.service, r.sample
		r.fail(sim.Control("PUT", "/content", content, nil))
	}
	faults, _ := r.one["faults"].([]any)
	for _, fault := range faults {
		fault := maps.Clone(fault.(object))
		if _, ok := fault["service"]; !ok {
			service, operation := r.data()
			fault["service"] = service
			if _, ok := fault["operation"]; !ok {
				fault["operation"] = operation
			}
		}
		r.fail(sim.Control("PUT", "/faults", fault, nil))
	}
}

func (r *run) learnTruth() {
	switch r.operation {
	case "list":
		ids, err := sim.Jobs(r.service)
		r.fail(err)
		for _, id := range ids {
			r.wanted = append(r.wanted, []byte(id))
		}
		r.total = len(ids)
	case "results":
		most := 100000
		if numberOf(r.one["count"]) > sampled {
			most = sampled // of a job that is too large to be fetched, only the beginning
		}
		truth, err := r.askRecords(most)
		if r.fail(err); err == nil {
			r.wanted, r.total = truth.Records, truth.Count
		}
	}
}

// What was asked for last: many cases in a row are about the same large job.
var (
	lastTruth *simulator.Truth
	lastAsked string
)

func (r *run) askRecords(most int) (truth *simulator.Truth, err error) {
	asked := fmt.Sprint(r.service, r.sample, most)
	if _, own := r.one["content"]; own {
		asked = ""
	}
	if asked == "" || asked != lastAsked {
		if truth, err = sim.Records(r.service, sim.Sample(r.service, r.sample), most); err != nil {
			return nil, err
		}
		lastTruth, lastAsked = truth, asked
	}
	return lastTruth, nil
}

// count takes what the library gave.
func (r *run) count(data []byte) {
	is := r.records < r.total
	if r.records < len(r.wanted) {
		is = string(data) == string(r.wanted[r.records])
	}
	r.records++
	if !is && r.wrong == 0 {
		r.wrong = r.records
	}
}

func secret(text string) bool {
	for _, service := range services {
		if strings.Contains(text, sim.Key(service)) {
			return true
		}
	}
	return strings.Contains(text, "X-Amz-")
}

// Write makes a run the place that the log goes to.
func (r *run) Write(line []byte) (int, error) {
	if secret(string(line)) {
		r.leaks++
	}
	return len(line), nil
}

func (r *run) client() (*batchjobs.Client, error) {
	logger := slog.New(slog.NewTextHandler(r, &slog.HandlerOptions{Level: slog.LevelDebug}))
	base, authority := sim.Fact(r.service), os.Getenv("SIMULATOR_CA")
	if front := textOf(r.one, "front", ""); front != "" {
		base, authority = sim.Fact(r.service+"@"+front), sim.Fact("ca@fronts")
	}
	options := []batchjobs.Option{batchjobs.WithAPIKey(sim.Key(r.service)), batchjobs.WithBaseURL(base), batchjobs.WithLogger(logger)}
	if r.service == "veryfront" {
		options = append(options, batchjobs.WithProject(sim.Fact("project")))
	}
	if authority != "" {
		options = append(options, batchjobs.WithCAFile(authority))
	}
	os.Unsetenv("https_proxy")
	if around := textOf(r.one, "https_proxy", ""); around != "" {
		os.Setenv("https_proxy", sim.Fact("proxy@"+around))
	}
	if proxy := textOf(r.one, "proxy", ""); proxy != "" {
		options = append(options, batchjobs.WithOption("proxy", sim.Fact("proxy@"+proxy)))
	}
	more, _ := r.one["options"].(object)
	for name, value := range more {
		if batchjobs.Accepts(r.service, name) {
			options = append(options, batchjobs.WithOption(name, value.(string)))
		}
	}
	return batchjobs.New(r.service, options...)
}

// call makes the operation, and gives how it ended.
func (r *run) call(ctx context.Context, c *batchjobs.Client) error {
	id := sim.Sample(r.service, r.sample)
	switch r.operation {
	case "list":
		for job, err := range c.Jobs(ctx) {
			if err != nil {
				return err
			}
			r.count([]byte(job.ID))
		}
		return nil
	case "get", "wait":
		ask := c.Job
		if r.operation == "wait" {
			ask = c.Wait
		}
		job, err := ask(ctx, id)
		if err == nil {
			r.records = 1
			r.hold(job.ID == id, "it is the job %s", job.ID)
		}
		return err
	}
	var options []batchjobs.Option
	if _, bounded := r.one["memory_mib"]; bounded {
		// Where the garbage collector lets records lie is its matter, not the library's.
		options = append(options, batchjobs.WithReuse())
	}
	results, err := c.OpenResults(ctx, id, options...)
	if err != nil {
		return err
	}
	defer results.Close()
	for {
		var record batchjobs.Record
		if record, err = results.Next(); err != nil {
			break
		}
		r.hold(record.Index == int64(r.records), "record %d has the index %d", r.records, record.Index)
		r.count(record.Bytes())
	}
	r.verdict = results.Verdict()
	_, again := results.Next()
	r.hold(again == err, "after %v comes %v", err, again)
	r.hold(results.Progress().Records == int64(r.records), "%d records are said to be %d", r.records, results.Progress().Records)
	if err == io.EOF {
		return nil
	}
	return err
}

func (r *run) checkEnding(err error) {
	expect, records := r.one["expect"], textOf(r.one, "records", "prefix")
	if err == nil {
		exact := r.wrong == 0 && (r.operation == "get" || r.operation == "wait" || r.records == r.total)
		r.hold(has(expect, "ok") || has(expect, "exact"), "it ended well, with %d of %d records", r.records, r.total)
		r.hold(has(expect, "ok") || exact, "%d records of %d, the first wrong one is number %d", r.records, r.total, r.wrong)
		if wanted := r.one["verdict"]; wanted != nil && r.operation == "results" {
			r.hold(has(wanted, r.verdict.String()), "the verdict is %v", r.verdict)
		}
		return
	}
	var found *batchjobs.Error
	if !errors.As(err, &found) {
		r.hold(false, "%v (%T) is no *Error", err, err)
		return
	}
	r.hold(has(expect, found.Code.Name()), "it ended with %s after %d of %d records: %v", found.Code.Name(), r.records, r.total, err)
	r.hold(found.Message != "" && !secret(fmt.Sprintf("%+v", *found)), "the error is not fit to be shown: %+v", *found)
	r.hold(r.verdict != batchjobs.VerdictVerified, "the verdict is verified")
	r.hold(records == "any" || r.wrong == 0, "record %d before the error is wrong", r.wrong)
	r.hold(records != "none" || r.records == 0, "%d records came", r.records)
	r.hold(records != "some" || r.records > 0, "no record came")
	r.hold(records != "all" || r.records == r.total, "%d records of %d came", r.records, r.total)
}

func (r *run) checkBounds(took time.Duration, grown int) {
	limit := goal
	if seconds := numberOf(r.one["seconds"]); seconds > 0 {
		limit = time.Duration(seconds * float64(time.Second))
	}
	r.hold(took <= limit, "it took %v of at most %v", took, limit)
	seen, counters, err := sim.Requests()
	r.fail(err)
	r.hold(counters["credentials_at_storage"] == 0, "a credential reached the storage")
	bounds, _ := r.one["requests"].(object)
	for kind, bound := range bounds {
		found, pair := r.asked(seen, kind), bound.([]any)
		r.hold(float64(found) >= numberOf(pair[0]) && float64(found) <= numberOf(pair[1]), "%d requests (%s), not %v", found, kind, pair)
	}
	if mib := numberOf(r.one["memory_mib"]); mib > 0 {
		r.hold(float64(grown) <= mib*1024, "it needed %d KiB", grown)
	}
	if count, ok := r.one["count"]; ok {
		r.hold(float64(r.records) == numberOf(count), "%d records, not %v", r.records, count)
	}
	r.hold(r.leaks == 0, "%d lines of the log hold a key or a signature", r.leaks)
}

// asked counts the requests of one kind: those that carry the data, those for the job, or all.
func (r *run) asked(seen []simulator.Request, kind string) (count int) {
	service, operation := r.data()
	for _, one := range seen {
		switch {
		case kind == "all", kind == "data" && one.Service == service && one.Operation == operation,
			kind == "job" && one.Service == r.service && one.Operation == "get":
			count++
		}
	}
	return count
}

// status gives a line of the process's own, in KiB.
func status(name string) int {
	data, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(data)) {
		if words := strings.Fields(line); words[0] == name {
			value, _ := strconv.Atoi(words[1])
			return value
		}
	}
	return 0
}

// do runs the instance, and gives what did not hold.
func (r *run) do() []string {
	r.setSwitches()
	r.learnTruth()
	c, err := r.client()
	if err != nil {
		return append(r.problems, err.Error())
	}
	defer c.Close()
	debug.FreeOSMemory()
	os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // forget the peak
	before, began := status("VmRSS:"), time.Now()
	ctx, end := r.amid(textOf(r.one, "amid", ""))
	err = r.call(ctx, c)
	end()
	took, grown := time.Since(began), status("VmHWM:")-before
	r.checkEnding(err)
	r.checkBounds(took, grown)
	return slices.Clip(r.problems)
}
