package batchjobs

// #include "bridge.h"
// #include <stdlib.h>
import "C"

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"unsafe"
)

// Wait waits until a job is done, however it ended, and gives it: [Job].Outcome says how. The job is
// asked for again and again, at first after [WithPollMin], then more and more seldom up to
// [WithPollMax]. [WithUpdates] shows what becomes of it meanwhile.
//
// The whole wait ends after [WithWaitTimeout], a day unless set, or at the context's deadline, with
// [ErrTimeout]: the job still runs, and Details tell its last "phase" and "word".
func (c *Client) Wait(ctx context.Context, id string, options ...Option) (*Job, error) {
	r, err := c.request(ctx, &id, options,
		wants{taken: []string{"WithUpdates"}, limits: []string{"timeout_ms", "wait_timeout_ms"}})
	if err != nil {
		return nil, err
	}
	defer r.end()
	var job *C.bj_job
	var e *C.bj_error
	updates := flag(r.hooks.update != nil)
	status := C.bjgo_wait(r.id(), updates, &job, r.pointer, r.text, r.options, r.cancel, &e)
	defer C.bj_job_destroy(job)
	if err := r.check(status, &e); err != nil {
		return nil, err
	}
	return newJob(c, job), nil
}

// An Event is what became of one of the jobs that [Client.WaitMany] waits for.
type Event struct {
	Index int    // the place in the ids
	ID    string // and what stands there
	Job   *Job   // as it stands now; nil where there is an error
	Err   error  // why it cannot be waited for any longer
	Final bool   // the last event of its place: the job is done, or there is an error
}

// WaitMany waits for many jobs on one goroutine. Each place of ids gets any number of events that
// show progress and then a final one. One job's error is not another's: it comes as Event.Err, and
// the others go on. An error of the whole, such as a context that ended, comes as the last pair.
// After [WithWaitTimeout] each job that is not done has its [ErrTimeout].
//
// Where the service lists jobs and that takes fewer requests, pages of its list are read instead of
// single jobs; Event.Job can then have fewer members than a single answer.
func (c *Client) WaitMany(ctx context.Context, ids []string, options ...Option) iter.Seq2[Event, error] {
	ids = slices.Clone(ids) // the caller may go on with its own
	return func(yield func(Event, error) bool) {
		call, waits, err := c.openWaits(ctx, ids, options)
		if err != nil {
			yield(Event{}, err)
			return
		}
		defer call.end()
		defer C.bj_waits_destroy(waits)
		for {
			var event *C.bj_event
			var e *C.bj_error
			status := C.bjgo_waits_next(call.id(), &event, waits, &e)
			if err := call.check(status, &e); err != nil {
				yield(Event{}, err)
				return
			}
			if status == C.BJ_END || !yield(c.event(ids, event), nil) {
				return
			}
		}
	}
}

func (c *Client) event(ids []string, from *C.bj_event) Event {
	index := int(C.bj_event_index(from))
	event := Event{Index: index, ID: ids[index], Final: C.bj_event_is_final(from) == 1}
	if job := C.bj_event_job(from); job != nil {
		event.Job = newJob(c, job)
	} else {
		event.Err = errorFrom(c.provider, C.bj_event_error(from))
	}
	return event
}

func (c *Client) openWaits(ctx context.Context, ids []string, options []Option) (*call, *C.bj_waits, error) {
	r, err := c.request(ctx, nil, options, wants{limits: []string{"timeout_ms"}, iterator: true})
	if err != nil {
		return nil, nil, err
	}
	defer r.end()
	texts, err := cTexts(ids)
	if err != nil {
		return nil, nil, err
	}
	defer freeTexts(texts)
	var waits *C.bj_waits
	var e *C.bj_error
	status := C.bj_waits_open(&waits, r.pointer, unsafe.SliceData(texts), C.size_t(len(texts)), r.options, r.cancel, &e)
	if err := r.check(status, &e); err != nil {
		return nil, nil, err
	}
	return r.detach(), waits, nil
}

// cTexts copies the ids to C, the table of them included.
func cTexts(ids []string) ([]*C.char, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	table := unsafe.Slice((**C.char)(C.calloc(C.size_t(len(ids)), C.size_t(unsafe.Sizeof((*C.char)(nil))))), len(ids))
	for i, id := range ids {
		var err error
		if table[i], err = cText(fmt.Sprintf("the id at place %d", i), id); err != nil {
			freeTexts(table)
			return nil, err
		}
	}
	return table, nil
}

func freeTexts(table []*C.char) {
	for _, text := range table {
		C.free(unsafe.Pointer(text))
	}
	C.free(unsafe.Pointer(unsafe.SliceData(table)))
}
