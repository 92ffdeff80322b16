package batchjobs_test

import (
	"cmp"
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	batchjobs "github.com/libbatchjobs/libbatchjobs/bindings/go"
	"github.com/libbatchjobs/libbatchjobs/bindings/go/internal/simulator"
)

// A vector is what a service answers, and what must come of it: Tests/Vectors/README.md.
type vector struct {
	Provider, Call, ID, Answer string
	Options                    map[string]string
	HTTP                       struct {
		Status  int
		Headers map[string]string
	}
	Jobs         []vectorJob
	More         bool
	Records      []vectorRecord
	Files        map[string]string
	RecordsError *vectorError `json:"records_error"`
	Error        *vectorError
}

type vectorJob struct {
	ID, Kind, Word, Phase, Outcome string
	ErrorText                      string `json:"error_text"`
	Counts, Times                  map[string]int64
}

type vectorRecord struct{ Key, Outcome, Data string }

type vectorError struct {
	Status       string
	HTTPStatus   int `json:"http_status"`
	Code         string
	RequestID    string `json:"request_id"`
	Message      string
	Retryable    *bool
	RetryAfterMS int64 `json:"retry_after_ms"`
	Path, Errors string
}

func TestVectors(t *testing.T) {
	root, err := simulator.Repository()
	must(t, err)
	count := 0
	must(t, filepath.WalkDir(filepath.Join(root, "Tests", "Vectors"), func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".expected.json") {
			count++
			name := strings.TrimSuffix(filepath.Base(path), ".expected.json")
			t.Run(filepath.Base(filepath.Dir(path))+"/"+name, func(t *testing.T) { runVector(t, path) })
		}
		return err
	}))
	if count < 40 {
		t.Errorf("only %d vectors were found", count)
	}
}

func runVector(t *testing.T, path string) {
	var v vector
	data, err := os.ReadFile(path)
	must(t, err)
	must(t, json.Unmarshal(data, &v))
	body, err := os.ReadFile(filepath.Join(filepath.Dir(path), v.Answer))
	must(t, err)
	answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Date"] = nil
		for name, value := range v.HTTP.Headers {
			w.Header().Set(name, value)
		}
		w.WriteHeader(cmp.Or(v.HTTP.Status, http.StatusOK))
		w.Write(body)
	})
	server := httptest.NewServer(answer)
	defer server.Close()
	options := []batchjobs.Option{batchjobs.WithAPIKey("k"), batchjobs.WithBaseURL(server.URL), batchjobs.WithMaxAttempts(1)}
	if v.Provider == "veryfront" {
		options = append(options, batchjobs.WithProject("p"))
	}
	for name, value := range v.Options {
		options = append(options, batchjobs.WithOption(name, value))
	}
	for link, file := range v.Files {
		v.Files[link] = filepath.Join(filepath.Dir(path), file)
	}
	if len(v.Files) > 0 {
		proxy, trusted := standIn(t, v.Files, answer)
		options = append(options, batchjobs.WithProxy(proxy), batchjobs.WithCAFile(trusted))
	}
	c, err := batchjobs.New(v.Provider, options...)
	must(t, err)
	defer c.Close()
	if v.Call == "list" {
		v.list(t, c, body)
	} else {
		v.get(t, c)
	}
}

func (v *vector) list(t *testing.T, c *batchjobs.Client, body []byte) {
	var jobs []*batchjobs.Job
	for page, err := range c.Pages(background) {
		if v.Error != nil {
			v.Error.check(t, err)
			return
		}
		must(t, err)
		jobs = page.Jobs
		if (page.NextCursor != "") != v.More || string(page.Raw()) != string(body) {
			t.Errorf("the next page is at %q, the answer was %s", page.NextCursor, page.Raw())
		}
		break // the rest of a list is not the vector's matter
	}
	if v.Error != nil || len(jobs) != len(v.Jobs) {
		t.Fatalf("%d jobs, want %d or the error %v", len(jobs), len(v.Jobs), v.Error)
	}
	for i, job := range jobs {
		v.Jobs[i].check(t, job)
	}
}

func (v *vector) get(t *testing.T, c *batchjobs.Client) {
	job, err := c.Job(background, v.ID)
	if v.Error != nil {
		v.Error.check(t, err)
		v.Error.check(t, last(c.Results(background, v.ID)))
		return
	}
	must(t, err)
	v.Jobs[0].check(t, job)
	if v.RecordsError != nil {
		v.RecordsError.check(t, last(job.Results(background)))
		return
	}
	count := 0
	for record, err := range job.Results(background) {
		must(t, err)
		if count < len(v.Records) {
			wanted := v.Records[count]
			if string(record.Bytes()) != wanted.Data || record.Key != wanted.Key || record.Outcome.String() != wanted.Outcome {
				t.Errorf("record %d is %q %v %s, want %+v", count, record.Key, record.Outcome, record.Bytes(), wanted)
			}
		}
		count++
	}
	if count != len(v.Records) {
		t.Errorf("%d records, want %d", count, len(v.Records))
	}
}

func (v *vectorJob) check(t *testing.T, job *batchjobs.Job) {
	t.Helper()
	if job.ID != v.ID || job.Kind != v.Kind || job.StatusWord != v.Word || job.ErrorText != v.ErrorText ||
		job.Phase.String() != v.Phase || job.Outcome.String() != v.Outcome {
		t.Errorf("%+v, want %+v", job, v)
	}
	counts := map[string]int64{
		"total": job.Counts.Total, "processed": job.Counts.Processed, "succeeded": job.Counts.Succeeded,
		"failed": job.Counts.Failed, "cancelled": job.Counts.Cancelled, "queued": job.Counts.Queued,
		"running": job.Counts.Running, "pending": job.Counts.Pending, "results": job.Counts.Results,
	}
	for name, count := range counts {
		wanted, given := v.Counts[name]
		if !given {
			wanted = -1
		}
		if count != wanted {
			t.Errorf("%s: %s is %d, want %d", job.ID, name, count, wanted)
		}
	}
	times := map[string]time.Time{"created": job.Created, "started": job.Started, "finished": job.Finished, "updated": job.Updated}
	for name, at := range times {
		if wanted, given := v.Times[name]; given && at.UnixMilli() != wanted || !given && !at.IsZero() {
			t.Errorf("%s: %s is %v, want %d", job.ID, name, at, wanted)
		}
	}
}

func (v *vectorError) check(t *testing.T, err error) {
	t.Helper()
	var code batchjobs.Code
	for number := range 100 {
		if batchjobs.Code(-number).Name() == v.Status {
			code = batchjobs.Code(-number)
		}
	}
	found := wantCode(t, err, code)
	if found.HTTPStatus != v.HTTPStatus && v.HTTPStatus != 0 || found.ServiceCode != v.Code && v.Code != "" ||
		found.RequestID != v.RequestID && v.RequestID != "" || !strings.Contains(found.Message, v.Message) ||
		v.Retryable != nil && found.Retryable() != *v.Retryable ||
		v.RetryAfterMS != 0 && found.RetryAfter.Milliseconds() != v.RetryAfterMS ||
		v.Path != "" && found.Details["path"] != v.Path || v.Errors != "" && found.Details["errors"] != v.Errors {
		t.Errorf("%+v, want %+v", found, v)
	}
}
