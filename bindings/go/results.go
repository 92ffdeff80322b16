package batchjobs

// #include "bridge.h"
import "C"

import (
	"bufio"
	"context"
	"io"
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
)

// Results is a stream of the records of one job, in the service's order. One goroutine at a time may
// read it, another fails with [ErrBusy]; Verdict, Progress, Expected and Parts may be asked for from
// anywhere. It must be closed.
type Results struct{ stream *stream }

// stream is what a Results and its records share.
type stream struct {
	reading sync.Mutex // held by who uses what follows
	pointer *C.bj_results
	call    *call
	batch   batch
	next    int   // the place in the batch of the record to be given next
	err     error // how the stream ended; io.EOF when well
	job     *Job
	closing sync.Once
	closed  atomic.Bool
	given   atomic.Int64 // the records given so far

	telling  sync.Mutex // held while standing is read or changed
	standing C.bjgo_standing
}

// Results walks the records of a job. With [WithResume] it begins behind the record after which the
// token was taken. An error comes as the last pair; all records before it are good. Each range over
// it opens the results anew, and leaving the loop ends the transfers.
//
// Where the service says how many records there are, a loop that ends without an error has had all
// of them; [Client.OpenResults] gives a stream that tells how much is proven.
func (c *Client) Results(ctx context.Context, id string, options ...Option) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		results, err := c.OpenResults(ctx, id, options...)
		if err != nil {
			yield(Record{}, err)
			return
		}
		defer results.Close()
		results.All()(yield)
	}
}

// OpenResults asks for the job once and opens its results as a stream. The context ends the stream
// as well: it must last as long as that.
func (c *Client) OpenResults(ctx context.Context, id string, options ...Option) (*Results, error) {
	r, err := c.request(ctx, &id, options,
		wants{taken: []string{"WithReuse"}, limits: []string{"timeout_ms"}, iterator: true, closable: true})
	if err != nil {
		return nil, err
	}
	defer r.end()
	s := &stream{batch: batch{reuse: r.reuse}}
	var e *C.bj_error
	status := C.bjgo_results_open(r.id(), &s.pointer, r.pointer, r.text, r.options, r.cancel, &e)
	defer func() {
		if s.call == nil { // a hook panicked, or it failed
			C.bj_results_destroy(s.pointer)
		}
	}()
	if err := r.check(status, &e); err != nil {
		return nil, err
	}
	s.call = r.detach()
	s.job = newJob(c, C.bj_results_job(s.pointer))
	C.bjgo_read_standing(s.pointer, &s.standing)
	s.given.Store(int64(s.standing.records))
	results := &Results{stream: s}
	runtime.AddCleanup(results, (*stream).close, s)
	return results, nil
}

// Next gives the next record; [io.EOF] at the end. All records before an error are good, and the
// stream ends with it: open the results again, with a token, to go on.
func (r *Results) Next() (Record, error) {
	defer runtime.KeepAlive(r)
	s := r.opened()
	if err := s.enter(); err != nil {
		return Record{}, err
	}
	defer s.leave()
	for s.next == s.batch.count() {
		if s.err != nil {
			return Record{}, s.err
		}
		s.fetch()
	}
	s.next++
	s.given.Add(1)
	return s.batch.record(s, s.next-1), nil
}

// All walks what is left of the stream, which it does not close.
func (r *Results) All() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for {
			record, err := r.Next()
			if err == io.EOF || !yield(record, err) || err != nil {
				return
			}
		}
	}
}

// fetch copies the next batch, or notes how the stream ended.
func (s *stream) fetch() {
	var batch C.bjgo_batch
	var e *C.bj_error
	status := C.bjgo_next_batch(s.call.id(), &batch, s.pointer, &e)
	s.telling.Lock()
	s.standing = batch.standing
	s.telling.Unlock()
	s.next = 0
	s.batch.clear()
	if s.err = s.call.check(status, &e); s.err == nil && status == C.BJ_END {
		s.err = io.EOF
	}
	if status == C.BJ_OK {
		s.batch.copy(&batch)
	}
}

// enter claims the stream for this goroutine; leave must follow.
func (s *stream) enter() error {
	if s == nil {
		return failure(ErrState, "these results were not opened by OpenResults")
	}
	if !s.reading.TryLock() {
		return failure(ErrBusy, "another goroutine reads these results")
	}
	if s.closed.Load() {
		s.leave()
		return failure(ErrState, "the results are closed")
	}
	return nil
}

// leave gives the stream up. Who leaves a closed one last frees it.
func (s *stream) leave() {
	s.reading.Unlock()
	s.free()
}

// close ends a call in progress, which then frees the stream.
func (s *stream) close() {
	s.closing.Do(func() {
		C.bj_cancel_fire(s.call.cancel)
		s.closed.Store(true) // now, and not before, it may be freed
	})
	s.free()
}

func (s *stream) free() {
	if !s.closed.Load() || !s.reading.TryLock() {
		return
	}
	defer s.reading.Unlock()
	if s.pointer != nil {
		C.bj_results_destroy(s.pointer)
		s.pointer = nil
		s.call.end()
	}
}

// Close ends the transfers and gives the stream back. A call in progress fails with [ErrCancelled],
// later ones with [ErrState]; records stay good. It may be called more than once, from anywhere.
func (r *Results) Close() error {
	if s := r.opened(); s != nil {
		s.close()
	}
	return nil
}

// Token gives the place behind the record that was given last as a text. [WithResume] takes it, in
// another process, year or language: the stream goes on there without a gap and without a repeat.
// The token holds no link and no key.
func (r *Results) Token() (string, error) {
	defer runtime.KeepAlive(r)
	s := r.opened()
	if err := s.enter(); err != nil {
		return "", err
	}
	defer s.leave()
	return s.token(s.given.Load() - 1)
}

func (s *stream) token(index int64) (string, error) {
	var text *C.char
	var e *C.bj_error
	if err := s.call.check(C.bj_results_token_at(&text, s.pointer, C.int64_t(index), &e), &e); err != nil {
		return "", err
	}
	return C.GoString(text), nil
}

// opened gives the stream; nil where OpenResults did not make it.
func (r *Results) opened() *stream {
	if r == nil {
		return nil
	}
	return r.stream
}

// Job gives the job as it stood when the results were opened.
func (r *Results) Job() *Job {
	if s := r.opened(); s != nil {
		return s.job
	}
	return nil
}

// stands gives how the stream stands, and the number of records given.
func (r *Results) stands() (standing C.bjgo_standing, given int64) {
	s := r.opened()
	if s == nil {
		return standing, 0
	}
	s.telling.Lock()
	defer s.telling.Unlock()
	return s.standing, s.given.Load()
}

// Verdict tells how much of the results is proven; [VerdictNone] until the stream has ended.
func (r *Results) Verdict() Verdict {
	stands, _ := r.stands()
	return Verdict(stands.verdict)
}

// Expected gives the number of records that the service says there are; -1 where it says none.
func (r *Results) Expected() int64 {
	stands, _ := r.stands()
	return int64(stands.expected)
}

// Parts gives the number of result files that were read to their end, and of all; 0 where the records
// stand in the job itself.
func (r *Results) Parts() (done, all int64) {
	stands, _ := r.stands()
	return int64(stands.parts_done), int64(stands.parts)
}

// Progress tells how far the stream has come: the bytes received, and the records given, those before
// a resumed place included.
func (r *Results) Progress() Progress {
	stands, given := r.stands()
	return Progress{Bytes: int64(stands.bytes), Total: int64(stands.bytes_total), Records: given}
}

// WriteTo writes what is left of the records to a writer, one a line.
func (r *Results) WriteTo(to io.Writer) (int64, error) {
	written := &counter{to: to}
	buffer := bufio.NewWriterSize(written, 64<<10)
	for record, err := range r.All() {
		if err != nil {
			buffer.Flush() // the records before it are good
			return written.count, err
		}
		buffer.Write(record.data) // an error stays until the next write
		if err := buffer.WriteByte('\n'); err != nil {
			return written.count, err
		}
	}
	err := buffer.Flush()
	return written.count, err
}

// A counter counts what it passes on.
type counter struct {
	to    io.Writer
	count int64
}

func (c *counter) Write(data []byte) (int, error) {
	count, err := c.to.Write(data)
	c.count += int64(count)
	return count, err
}
