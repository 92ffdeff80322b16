package batchjobs

// #include "bridge.h"
import "C"

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"math"
	"time"
	"unsafe"
)

// A Job is what the service last told of one job. It is a copy: it stays as it is.
type Job struct {
	ID         string // by which the service knows it
	Provider   string
	Kind       string // what the job does, in the service's word
	StatusWord string // the service's own word for where the job stands
	ErrorText  string // why the job failed, as the service says it
	Phase      Phase
	Outcome    Outcome
	Counts     Counts

	// Times that the service does not give are zero.
	Created, Started, Finished, Updated time.Time

	raw    []byte
	client *Client
}

// Counts are units of work, as the service counts them; -1 where it does not.
type Counts struct {
	Total     int64 // asked for
	Processed int64 // ended, however
	Succeeded int64
	Failed    int64
	Cancelled int64
	Queued    int64
	Running   int64
	Pending   int64 // held back, waiting for something else
	Results   int64 // records to be read with Results
}

func countsOf(count func(which C.int) C.int64_t) Counts {
	return Counts{
		Total:     int64(count(C.BJ_COUNT_TOTAL)),
		Processed: int64(count(C.BJ_COUNT_PROCESSED)),
		Succeeded: int64(count(C.BJ_COUNT_SUCCEEDED)),
		Failed:    int64(count(C.BJ_COUNT_FAILED)),
		Cancelled: int64(count(C.BJ_COUNT_CANCELLED)),
		Queued:    int64(count(C.BJ_COUNT_QUEUED)),
		Running:   int64(count(C.BJ_COUNT_RUNNING)),
		Pending:   int64(count(C.BJ_COUNT_PENDING)),
		Results:   int64(count(C.BJ_COUNT_RESULTS)),
	}
}

func timeOf(milliseconds C.int64_t) time.Time {
	if milliseconds == math.MinInt64 { // BJ_TIME_NONE
		return time.Time{}
	}
	return time.UnixMilli(int64(milliseconds)).UTC()
}

// newJob copies a job of the library.
func newJob(client *Client, from *C.bj_job) *Job {
	var c C.bjgo_job
	C.bjgo_read_job(from, &c)
	return &Job{
		ID: C.GoString(c.id), Provider: C.GoString(c.provider), Kind: C.GoString(c.kind),
		StatusWord: C.GoString(c.word), ErrorText: C.GoString(c.error),
		Phase: Phase(c.phase), Outcome: Outcome(c.outcome),
		Counts:  countsOf(func(which C.int) C.int64_t { return c.counts[which] }),
		Created: timeOf(c.times[C.BJ_TIME_CREATED]), Started: timeOf(c.times[C.BJ_TIME_STARTED]),
		Finished: timeOf(c.times[C.BJ_TIME_FINISHED]), Updated: timeOf(c.times[C.BJ_TIME_UPDATED]),
		raw: bytesOf(c.raw, c.raw_length), client: client,
	}
}

// bytesOf copies bytes of C.
func bytesOf(data *C.char, length C.size_t) []byte {
	return bytes.Clone(unsafe.Slice((*byte)(unsafe.Pointer(data)), length))
}

// Raw gives the service's own JSON for the job, byte for byte. It is not to be changed.
func (j *Job) Raw() json.RawMessage { return j.raw }

// Decode reads the service's own JSON for the job into value, as [json.Unmarshal] does.
func (j *Job) Decode(value any) error { return json.Unmarshal(j.raw, value) }

// Job asks for one job by its id.
func (c *Client) Job(ctx context.Context, id string, options ...Option) (*Job, error) {
	r, err := c.request(ctx, &id, options, wants{limits: []string{"timeout_ms"}})
	if err != nil {
		return nil, err
	}
	defer r.end()
	var job *C.bj_job
	var e *C.bj_error
	status := C.bjgo_get(r.id(), &job, r.pointer, r.text, r.options, r.cancel, &e)
	defer C.bj_job_destroy(job)
	if err := r.check(status, &e); err != nil {
		return nil, err
	}
	return newJob(c, job), nil
}

// maker gives the client that a job came from.
func (j *Job) maker() *Client {
	if j == nil {
		return nil
	}
	return j.client
}

func (j *Job) id() string {
	if j == nil {
		return ""
	}
	return j.ID
}

// Refresh asks for the job again, as [Client.Job].
func (j *Job) Refresh(ctx context.Context, options ...Option) (*Job, error) {
	return j.maker().Job(ctx, j.id(), options...)
}

// Wait waits until the job is done, as [Client.Wait].
func (j *Job) Wait(ctx context.Context, options ...Option) (*Job, error) {
	return j.maker().Wait(ctx, j.id(), options...)
}

// Results walks the job's records, as [Client.Results].
func (j *Job) Results(ctx context.Context, options ...Option) iter.Seq2[Record, error] {
	return j.maker().Results(ctx, j.id(), options...)
}

// OpenResults opens the job's records as a stream, as [Client.OpenResults].
func (j *Job) OpenResults(ctx context.Context, options ...Option) (*Results, error) {
	return j.maker().OpenResults(ctx, j.id(), options...)
}

// Save saves the job's results under a path, as [Client.Save].
func (j *Job) Save(ctx context.Context, path string, options ...Option) error {
	return j.maker().Save(ctx, j.id(), path, options...)
}
